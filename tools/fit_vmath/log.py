"""log and log1p: what is left of the series of atanh."""

import mpmath as mp
from formats import named
from minimax import Fit, root

FITS = (
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
    Fit(
        "log_third_tail",
        "the same for 1/3 <= 1 + f <= 3",
        root(lambda s: 2 * (mp.atanh(s) - s) / s**3),
        root(lambda s: s**3 / (2 * mp.atanh(s))),
        mp.mpf(0),
        mp.mpf(1) / 4,
    ),
)


def constants(dtype):
    """Return what takes a natural logarithm to another base."""
    values = []
    for name, meaning, x in (("log2e", "log2(e)", 1 / mp.ln2), ("log10e", "log10(e)", 1 / mp.ln10)):
        high = dtype.rounded(x, dtype.precision // 2)
        values += [
            (f"{name}_hi", f"{meaning}, the first half of its digits", high),
            (f"{name}_lo", "and its rest", x - high),
        ]
    # k*log10_2_hi is exact, as k*ln2_hi is.
    high = dtype.rounded(mp.log10(2), dtype.precision - dtype.exponent)
    values += [
        ("log10_2_hi", f"log10(2), its first {dtype.precision - dtype.exponent} bits", high),
        ("log10_2_lo", "and its rest", mp.log10(2) - high),
    ]
    return "\n".join(["", *named(dtype, values)])
