"""CasADi, by its scalar symbols SX: `jtimes`, forward and transposed."""

from __future__ import annotations

import functools

import casadi

version = casadi.__version__
words = {"casadi": casadi}


@functools.cache
def compiled(f, n_args, k, is_transposed):
    """Return the derivative by argument k as a function; k = None: the function itself."""
    args = [casadi.SX.sym("x") for _ in range(n_args)]
    y = f(*args)
    return casadi.Function("f", args, [y if k is None else casadi.jtimes(y, args[k], casadi.SX(1), is_transposed)])


def value(f, args):
    """Return f(*args)."""
    return compiled(f, len(args), None, False)(*args)


def forward(f, args, k):
    """Return the product with a tangent of ones."""
    return compiled(f, len(args), k, False)(*args)


def reverse(f, args, k):
    """Return the product with a cotangent of ones."""
    return compiled(f, len(args), k, True)(*args)
