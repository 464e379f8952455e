"""Activations: what is left of celu's slope by its parameter."""

import mpmath as mp
from minimax import Fit

FITS = (
    Fit(
        "celu_tail",
        "(expm1(z) - z*exp(z))/z**2 for -1 <= z <= 0",
        lambda z: (mp.expm1(z) - z * mp.exp(z)) / z**2,
        lambda z: z**2 / (mp.expm1(z) - z * mp.exp(z)),
        mp.mpf(-1),
        mp.mpf(0),
    ),
)
