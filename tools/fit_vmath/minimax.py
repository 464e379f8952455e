"""Minimax polynomials, and the C functions that compute them."""

from dataclasses import dataclass

import mpmath as mp


@dataclass(frozen=True)
class Fit:
    """A polynomial in t on [start, end]; `weight` turns its error into one relative to a result.

    That error shall be below 2**-bits, or where no number of bits is given a quarter of an ulp.
    """

    name: str
    meaning: str
    function: object
    weight: object
    start: object
    end: object
    bits: int | None = None


def root(function):
    """Return t -> function(sqrt(t)), for an even function."""
    return lambda t: function(mp.sqrt(t))


def minimax(function, weight, start, end, n):
    """Return n coefficients, constant first, that minimise the weighted error, and that error (Remez exchange)."""
    grid = [(start + end) / 2 - (end - start) / 2 * mp.cospi((i + mp.mpf(1) / 2) / 600) for i in range(600)]
    values = [(t, function(t), weight(t)) for t in grid]
    # The error alternates at n + 1 points of the grid; first guess: the extrema of a Chebyshev polynomial.
    points = [values[round((i + 0.5) / (n + 1) * 600 - 0.5)] for i in range(n + 1)]
    for _ in range(20):
        rows = [[w * t**j for j in range(n)] + [(-1) ** i] for i, (t, _, w) in enumerate(points)]
        *coefficients, level = mp.lu_solve(mp.matrix(rows), mp.matrix([w * f for _, f, w in points]))
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
    rule makes leaves the processor waiting.
    """
    n, error = 1, 1
    while error > mp.mpf(2) ** -(fit.bits or dtype.precision + 2):
        n += 1
        coefficients, error = minimax(fit.function, fit.weight, fit.start, fit.end, n)
    terms = [dtype.hexadecimal(dtype.rounded(c)) for c in coefficients]
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
    return "\n".join(
        [
            f"\n/* {fit.meaning}: error 2**{float(mp.log(error, 2)):.1f} */",
            f"JK_INLINE {dtype.c} {fit.name}_{dtype.name}({dtype.c} t)",
            "{",
            *lines,
            f"    return {terms[0]};",
            "}",
        ]
    )
