"""exp and its kin: remainders of their series on reduced arguments."""

import mpmath as mp
from minimax import Fit, root

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
        "exp2_tail",
        "(2**t - 1 - t*log(2))/t**2 for |t| <= 1/2",
        lambda t: (mp.expm1(t * mp.ln2) - t * mp.ln2) / t**2,
        lambda t: t**2 / mp.expm1(t * mp.ln2),
        -mp.mpf(1) / 2,
        mp.mpf(1) / 2,
    ),
)
