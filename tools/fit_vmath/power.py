"""Powers and roots: logarithms to the base 2 with twice the digits, and in double for float32."""

import mpmath as mp
from formats import DTYPES, WIDE, named
from minimax import Fit, polynomial, root

FITS = ()


def in_two_parts(dtype, name, meaning, x):
    """Return the lines for x as the sum of its first half of digits and the rest."""
    high = dtype.rounded(x, dtype.precision // 2)
    return named(
        dtype,
        ((f"{name}_hi", f"{meaning}, the first half of its digits", high), (f"{name}_lo", "and its rest", x - high)),
    )


def log2_tail(dtype):
    """Return what log2 in two parts is made of."""
    largest = (mp.sqrt(mp.mpf(3) / 2) - 1) / (mp.sqrt(mp.mpf(3) / 2) + 1)
    fit = Fit(
        "log2_tail",
        "(3*atanh(s)/s - 3 - s**2)/s**4 in t = s**2, relative to the logarithm",
        root(lambda s: (3 * mp.atanh(s) / s - 3 - s**2) / s**4),
        root(lambda s: s**5 / (3 * mp.atanh(s))),
        mp.mpf(0),
        largest**2,
        bits=dtype.precision + 16,
    )
    return [
        "",
        *named(
            dtype,
            (
                ("sqrt_three_quarters", "sqrt(3)/2", mp.sqrt(3) / 2),
                ("sqrt_three_halves", "sqrt(3/2)", mp.sqrt(mp.mpf(3) / 2)),
            ),
        ),
        *named(dtype, (("two_thirds_log2e", "2/3*log2(e)", 2 / (3 * mp.ln2)),)),
        *in_two_parts(dtype, "two_thirds_log2e", "the same", 2 / (3 * mp.ln2)),
        *in_two_parts(dtype, "log2_three_halves", "log2(3/2)", mp.log(mp.mpf(3) / 2, 2)),
        polynomial(fit, dtype),
    ]


def wide():
    """Return the functions in double of which float32 is made."""
    largest = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
    log2 = Fit(
        "log2_over_s",
        "log2((1 + s)/(1 - s))/s in t = s**2",
        root(lambda s: 2 * mp.atanh(s) / s / mp.ln2),
        root(lambda s: s * mp.ln2 / (2 * mp.atanh(s))),
        mp.mpf(0),
        largest**2,
        bits=38,
    )
    half = mp.mpf(1) / 2
    exp2 = Fit(
        "exp2_slope", "(2**t - 1)/t for |t| <= 1/2", lambda t: (2**t - 1) / t, lambda t: t / 2**t, -half, half, bits=31
    )
    return [polynomial(log2, WIDE), polynomial(exp2, WIDE)]


def middle(bias):
    """Return the number whose bits are 3/2 of those of 1, less what makes the relative error of a start the least."""
    bits = mp.mpf(3) / 2 * (bias - mp.mpf("0.0450466"))
    exponent = mp.floor(bits)
    return mp.ldexp(1 + (bits - exponent), int(exponent) - bias)


def constants(dtype):
    """Return the constants and polynomials of a dtype."""
    third = mp.mpf(1) / 3
    start = Fit(
        "cbrt_start",
        "t**(-1/3) for 1 <= t <= 2, half of its digits",
        lambda t: t**-third,
        lambda t: t**third,
        mp.mpf(1),
        mp.mpf(2),
        bits=dtype.precision // 2 + 1,
    )
    lines = log2_tail(dtype) if dtype is DTYPES[0] else wide()
    bias = 2 ** (dtype.exponent - 1) - 1
    values = (
        ("cbrt_two", "2**(1/3)", mp.cbrt(2)),
        ("cbrt_half", "2**(-1/3)", mp.cbrt(mp.mpf(1) / 2)),
        (
            "large_square",
            "the squares of this and of its inverse are far from the ends of the range",
            mp.mpf(2) ** (bias * 2 // 5),
        ),
        ("to_smaller", "takes what is larger to the middle of the range", mp.mpf(2) ** -(bias * 7 // 10)),
        ("inverse_root_start", "its bits less half of those of x are about those of 1/sqrt(x)", middle(bias)),
    )
    return "\n".join([*lines, *named(dtype, values), polynomial(start, dtype)])
