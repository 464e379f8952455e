"""JAX in float64: `jvp` and `vjp`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.scipy.special as special
from jax import lax, nn

jax.config.update("jax_enable_x64", True)
version = jax.__version__
words = {"jax": jax, "jnp": jnp, "nn": nn, "special": special, "lax": lax}


def value(f, args):
    """Return f(*args)."""
    return f(*args)


def by_one(f, args, k):
    """Return f as a function of its argument k."""
    return lambda x: f(*args[:k], x, *args[k + 1 :])


def forward(f, args, k):
    """Return the product with a tangent of ones."""
    return jax.jvp(by_one(f, args, k), (args[k],), (jnp.ones(1),))[1]


def reverse(f, args, k):
    """Return the product with a cotangent of ones."""
    y, pullback = jax.vjp(by_one(f, args, k), args[k])
    return pullback(jnp.ones_like(y))[0]
