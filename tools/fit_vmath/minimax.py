"""Minimax polynomials, and the C functions that compute them."""

from dataclasses import dataclass
from functools import cache

import mpmath as mp


@dataclass(frozen=True)
class Fit:
    """A polynomial in t on [start, end]; `weight` turns its error into one relative to a result.

    That error shall be below 2**-bits, or where no number of bits is given a quarter of an ulp.  The first terms,
    `leading` of them up to two, are added last: where they are the largest, the roundings of the others do not count.
    """

    name: str
    meaning: str
    function: object
    weight: object
    start: object
    end: object
    leading: int = 0
    bits: int | None = None


def root(function):
    """Return t -> function(sqrt(t)), for an even function."""
    return lambda t: function(mp.sqrt(t))


@cache
def samples(fit):
    """Return triples of t, the function and its weight on a grid."""
    middle, half = (fit.start + fit.end) / 2, (fit.end - fit.start) / 2
    grid = [middle - half * mp.cospi((i + mp.mpf(1) / 2) / 600) for i in range(600)]
    return [(t, fit.function(t), fit.weight(t)) for t in grid]


def minimax(fit, n, enough):
    """Return n coefficients, constant first, that minimise the weighted error, and that error (Remez exchange).

    Where they cannot be `enough`, it stops early: the error of an alternation is a lower bound (de la Vallee Poussin).
    """
    values = samples(fit)
    # The error alternates at n + 1 points of the grid; first guess: the extrema of a Chebyshev polynomial.
    points = [values[round((i + 0.5) / (n + 1) * 600 - 0.5)] for i in range(n + 1)]
    for _ in range(20):
        rows = [[w * t**j for j in range(n)] + [(-1) ** i] for i, (t, _, w) in enumerate(points)]
        *coefficients, level = mp.lu_solve(mp.matrix(rows), mp.matrix([w * f for _, f, w in points]))
        if abs(level) > enough:
            return coefficients, abs(level)
        errors = [w * (mp.polyval(coefficients[::-1], t) - f) for t, f, w in values]
        largest = max(map(abs, errors))
        if largest < abs(level) * mp.mpf("1.001"):
            return coefficients, largest
        # The largest error of every stretch of one sign; at one more than needed, the smaller end goes.
        extrema = []
        for error, value in zip(errors, values, strict=True):
            if extrema and mp.sign(error) == mp.sign(extrema[-1][0]):
                extrema[-1] = max(extrema[-1], (error, value), key=lambda extremum: abs(extremum[0]))
            else:
                extrema.append((error, value))
        while len(extrema) > n + 1:
            extrema.pop(0 if abs(extrema[0][0]) < abs(extrema[-1][0]) else -1)
        assert len(extrema) == n + 1, "the error does not alternate: take a finer grid"
        points = [value for _, value in extrema]
    raise ArithmeticError("the exchange does not converge")


def polynomial(fit, dtype):
    """Return the C function of a fit: the fewest coefficients that are accurate enough.

    Terms are joined in pairs, then pairs of pairs (Estrin's scheme): a chain of operations as long as Horner's
    rule makes leaves the processor waiting.  Leading terms are the exception.
    """
    n, error = 1, 1
    enough = mp.mpf(2) ** -(fit.bits or dtype.precision + 2)
    while error > enough:
        n += 1
        coefficients, error = minimax(fit, n, enough)
    terms = [dtype.hexadecimal(dtype.rounded(c)) for c in coefficients]
    leading, terms = terms[: fit.leading], terms[fit.leading :]
    lines = []
    power, level = "t", 1
    while len(terms) > 1:
        if level > 1:
            lines.append(f"    const {dtype.c} t{level} = {power} * {power};")
            power = f"t{level}"
        joined = [f"{low} + {high} * {power}" for low, high in zip(terms[::2], terms[1::2], strict=False)]
        names = [f"p{level}_{i}" for i in range(len(joined))]
        lines += [
            f"    const {dtype.c} {name} = {sum_};".replace("+ -", "- ")
            for name, sum_ in zip(names, joined, strict=True)
        ]
        terms = names + terms[len(terms) // 2 * 2 :]
        level *= 2
    result = terms[0]
    if leading:
        head = " + ".join(leading[:1] + [f"{c} * t" for c in leading[1:]])
        result = f"({head}) + {'t' if len(leading) == 1 else 't2'} * {result}".replace("+ -", "- ")
    return "\n".join(
        [
            f"\n/* {fit.meaning}: error 2**{float(mp.log(error, 2)):.1f} */",
            f"JK_INLINE {dtype.c} {fit.name}_{dtype.name}({dtype.c} t)",
            "{",
            *lines,
            f"    return {result};",
            "}",
        ]
    )
