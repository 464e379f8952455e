"""PyTensor: `pushforward` and `pullback`, rewritten and compiled as it does by default, by numba."""

from __future__ import annotations

import functools
import os

os.environ["PYTENSOR_FLAGS"] = "cxx=,floatX=float64"  # it looks for a C compiler otherwise

import pytensor
import pytensor.tensor as pt
from pytensor.gradient import NullTypeGradError, pullback, pushforward
from pytensor.tensor import special

version = pytensor.__version__
words = {"pt": pt, "special": special}


@functools.cache
def compiled(f, n_args, k, is_forward):
    """Return the compiled derivative by argument k, or None; k = None: the function itself."""
    args = [pt.vector(shape=(1,)) for _ in range(n_args)]
    y = f(*args)
    if k is None:
        result = y
    else:
        try:
            if is_forward:
                result = pushforward(y, args[k], pt.ones_like(args[k]), disconnected_outputs="ignore")
            else:
                result = pullback(y, args[k], pt.ones_like(y), disconnected_inputs="ignore")
        except (NotImplementedError, NullTypeGradError):
            return None
    return pytensor.function(args, result, on_unused_input="ignore")


def value(f, args):
    """Return f(*args)."""
    return compiled(f, len(args), None, False)(*args)


def derivative(f, args, k, is_forward):
    """Return the derivative in one of the modes."""
    function = compiled(f, len(args), k, is_forward)
    return None if function is None else function(*args)


def forward(f, args, k):
    """Return the product with a tangent of ones."""
    return derivative(f, args, k, True)


def reverse(f, args, k):
    """Return the product with a cotangent of ones."""
    return derivative(f, args, k, False)
