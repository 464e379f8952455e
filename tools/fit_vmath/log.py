"""log and log1p: what is left of the series of atanh."""

import mpmath as mp
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
)
