"""MyGrad, which has the reverse mode alone: `backward`."""

from __future__ import annotations

import mygrad as mg
import numpy as np
from mygrad.nnet import activations

version = mg.__version__
words = {"mg": mg, "activations": activations}
forward = None


def value(f, args):
    """Return f(*args)."""
    return np.asarray(f(*[mg.tensor(arg, constant=True) for arg in args]))


def reverse(f, args, k):
    """Return the product with a cotangent of ones.

    A result without a derivative is a constant, or no tensor; or MyGrad says ValueError of a "non-constant" tensor.
    """
    args = [mg.tensor(arg, constant=j != k) for j, arg in enumerate(args)]
    try:
        y = f(*args)
    except ValueError as error:
        if "non-constant" in str(error):
            return None
        raise
    if not isinstance(y, mg.Tensor) or y.constant:
        return None
    y.backward(np.ones(y.shape))
    return args[k].grad
