"""autograd: `make_jvp` and `make_vjp`."""

from __future__ import annotations

import importlib.metadata

import autograd.numpy as np
import autograd.scipy.special as special
from autograd import make_jvp, make_vjp

version = importlib.metadata.version("autograd")
words = {"np": np, "special": special}


def value(f, args):
    """Return f(*args)."""
    return f(*args)


def forward(f, args, k):
    """Return the product with a tangent of ones.

    autograd says NotImplementedError of an op that lacks it, and KeyError where one of its arguments does.
    """
    try:
        return make_jvp(f, argnum=k)(*args)(np.ones(1))[1]
    except (NotImplementedError, KeyError):
        return None


def reverse(f, args, k):
    """Return the product with a cotangent of ones."""
    try:
        pullback, y = make_vjp(f, argnum=k)(*args)
        return pullback(np.ones_like(y))
    except NotImplementedError:
        return None
