"""Prints csrc/loops/vmath_polynomials.h: the numbers of the vector math, computed by mpmath.

Run `python tools/fit_vmath.py > csrc/loops/vmath_polynomials.h`.  Every polynomial is the weighted minimax fit with the
fewest coefficients whose error, relative to the function that it serves, stays below a quarter of an ulp.
"""

import re
from dataclasses import dataclass

import mpmath as mp

mp.mp.prec = 200

HEAD = """\
/* Polynomials and constants of the vector math, in both dtypes.  Made by
 *     python tools/fit_vmath.py > csrc/loops/vmath_polynomials.h
 * Change that, not this. */
#ifndef JK_VMATH_POLYNOMIALS_H
#define JK_VMATH_POLYNOMIALS_H

#include <stdint.h>
"""
TAIL = """
#endif"""


@dataclass(frozen=True)
class Dtype:
    """An IEEE binary format in C: its names, the bits of its significand, the bits of its exponent."""

    name: str
    c: str
    literal: str
    precision: int
    exponent: int

    def rounded(self, x, bits=None):
        """Return the mpf `x` with the significand of this format, or with as many bits of it."""
        return mp.fadd(x, 0, prec=bits or self.precision)

    def hexadecimal(self, x):
        """Return the literal of C for `x`, which must be a number of this format."""
        value = float(x)
        assert mp.mpf(value) == x == self.rounded(x)
        return re.sub(r"\.?0+p", "p", value.hex()) + self.literal


DTYPES = (Dtype("f64", "double", "", 53, 11), Dtype("f32", "float", "f", 24, 8))


@dataclass(frozen=True)
class Fit:
    """A polynomial in t on (0, end] or [-end, end]; `weight` turns its error into one relative to a result."""

    name: str
    meaning: str
    function: object
    weight: object
    start: object
    end: object


def root(function):
    """Return t -> function(sqrt(t)), for an even function."""
    return lambda t: function(mp.sqrt(t))


HALF_LN2 = mp.ln2 / 2
FITS = (
    Fit(
        "exp_tail",
        "(exp(t) - 1 - t)/t**2 for |t| <= log(2)/2",
        lambda t: (mp.expm1(t) - t) / t**2,
        lambda t: t**2 / mp.expm1(t),
        -HALF_LN2,
        HALF_LN2,
    ),
    Fit(
        "tanh_tail",
        "(x*coth(x) - 1)/x**2 in t = x**2 for |x| <= 0.55",
        root(lambda x: (x * mp.coth(x) - 1) / x**2),
        root(lambda x: x * mp.tanh(x)),
        mp.mpf(0),
        mp.mpf("0.55") ** 2,
    ),
    Fit(
        "sinh_tail",
        "(sinh(r) - r)/r**3 in t = r**2 for |r| <= log(2)/2",
        root(lambda r: (mp.sinh(r) - r) / r**3),
        root(lambda r: r**3 / mp.sinh(r)),
        mp.mpf(0),
        HALF_LN2**2,
    ),
    Fit(
        "cosh_tail",
        "(cosh(r) - 1)/r**2 in t = r**2 for |r| <= log(2)/2",
        root(lambda r: (mp.cosh(r) - 1) / r**2),
        root(lambda r: r**2 / mp.cosh(r)),
        mp.mpf(0),
        HALF_LN2**2,
    ),
    Fit(
        "log1p_tail",
        "(log(1 + f) - 2*s)/s**3 in t = s**2, where s = f/(2 + f), for 0 <= f <= 1",
        root(lambda s: 2 * (mp.atanh(s) - s) / s**3),
        root(lambda s: s**3 / (2 * mp.atanh(s))),
        mp.mpf(0),
        mp.mpf(1) / 9,
    ),
    Fit(
        "log_tail",
        "the same for sqrt(1/2) <= 1 + f <= sqrt(2)",
        root(lambda s: 2 * (mp.atanh(s) - s) / s**3),
        root(lambda s: s**3 / (2 * mp.atanh(s))),
        mp.mpf(0),
        ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2,
    ),
)


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
    while error > mp.mpf(2) ** -(dtype.precision + 2):
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


def constants(dtype):
    """Return the C constants of a dtype."""
    bias = 2 ** (dtype.exponent - 1) - 1
    n_fraction = dtype.precision - 1
    # k*ln2_hi is exact for every k that can occur, |k| < 2**exponent: it leaves that many bits free.
    ln2_hi = dtype.rounded(mp.ln2, dtype.precision - dtype.exponent)
    values = (
        ("exp_overflow", "exp of this is infinite", mp.ceil((bias + 1) * mp.ln2)),
        ("log2e", "log2(e)", 1 / mp.ln2),
        ("ln2_hi", f"log(2), its first {dtype.precision - dtype.exponent} bits", ln2_hi),
        ("ln2_lo", "and its rest", mp.ln2 - ln2_hi),
        ("sqrt_half", "sqrt(1/2)", mp.sqrt(mp.mpf(1) / 2)),
        ("two_to_fraction", "the last digit of its significand counts 1", mp.mpf(2) ** n_fraction),
        ("bias", "what is added to the exponent", mp.mpf(bias)),
        ("least_normal", "numbers below it have fewer digits", mp.mpf(2) ** (1 - bias)),
        (
            "round_shift",
            "a sum with it is rounded to an integer, k, and ends with the bits of k + bias",
            mp.mpf(1.5) * 2**n_fraction + bias,
        ),
    )
    lines = [
        f"\ntypedef uint{dtype.precision + dtype.exponent}_t word_{dtype.name};",
        f"enum {{ n_fraction_{dtype.name} = {n_fraction} }};",
    ]
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return "\n".join(lines)


def main():
    """Print the header."""
    print(HEAD, end="")
    for dtype in DTYPES:
        print(constants(dtype))
        for fit in FITS:
            print(polynomial(fit, dtype))
    print(TAIL)


if __name__ == "__main__":
    main()
