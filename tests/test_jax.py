"""Values, products with first and with second derivatives, against JAX in float64, of every op that JAX has.

The first half of the points is of the row's domain, the other nearer to its ends, to 0 and to infinity.  A result may
differ by LIMITS machine epsilons, of itself or of the largest of its kind in the domain, whichever is larger: jackern's
values are within 4 units in the last place and its derivatives within 8 (docs/ops.md); JAX composes its derivatives of
as many roundings, second ones of twice as many, and has them from y, as the 1 - y*y of tanh, accurate to epsilons of
the largest.  Where JAX is further off, EXCEPTIONS says so; there mpmath agrees with jackern.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import products
import pytest

jax = pytest.importorskip("jax")
jnp, special = pytest.importorskip("jax.numpy"), pytest.importorskip("jax.scipy.special")

names = runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools/conventions/names.py"))
WORDS = {"jax": jax, "jnp": jnp, "nn": jax.nn, "special": special, "lax": jax.lax}
IN_JAX = {op: f for op in products.OPS if (f := names["function"]("jax", WORDS, [op.name, *op.aliases]))}
N = 400
EPS = np.finfo(np.float64).eps
LIMITS = {"value": 16, "jvp": 16, "vjp": 16, "vjp2": 32}

FIRST = ("jvp", "vjp")
EVERYTHING = tuple(LIMITS)


def anywhere(*args):
    """All points."""
    return np.ones(len(args[0]), bool)


def within(limit, products):
    """The same limit for several products."""
    return dict.fromkeys(products, limit)


# op: where JAX is compared at all, other limits by product, and why JAX is further off.
EXCEPTIONS = {
    "sinc": (lambda x: abs(x) > 0.1, {"vjp2": 64}, "the difference cos(pi*x) - sinc(x) cancels near 0"),
    "arctanh": (anywhere, {"value": 64}, "log1p of a quotient that is rounded"),
    "erfcx": (anywhere, within(512, EVERYTHING), "exp(x*x), where x*x of some 500 is rounded"),
    "erfinv": (lambda x: abs(x) < 0.99, {}, "1 - x*x loses the distance from 1"),
    "log_ndtr": (
        lambda x: x > -5,
        within(64, FIRST) | {"vjp2": 1024},
        "exp(-x*x/2 - y), and a short series from -20 on",
    ),
    "gelu_tanh": (anywhere, within(256, FIRST) | {"vjp2": 4096}, "1 - tanh(u)**2 times x and slopes of u beyond 100"),
    "mish": (anywhere, within(256, (*FIRST, "vjp2")), "1 - tanh(u)**2 times x"),
    "arctan2": (anywhere, {"vjp2": 256}, "a*a - b*b cancels where |a| is nearly |b|"),
    "hypot": (
        lambda a, b: (a < 10 * b) & (b < 10 * a),
        {"vjp2": 256},
        "1 - (a/y)**2 cancels where a is nearly y (0.12)",
    ),
    "kl_div": (lambda a, b: b < 100 * a, {"vjp2": 256}, "1 - (1 - a/b) cancels where a is far below b (0.12)"),
    "celu": (lambda x, alpha: (x > 0) | (abs(x / alpha + 1) < 0.9), {"vjp2": 64}, "terms that cancel to x/alpha**2"),
    "power": (anywhere, within(256, (*FIRST, "vjp2")), "a**(b - 1), where b - 1 is rounded and log(a) is large"),
    "squareplus": (anywhere, {"vjp2": 128}, "1 - x*x/(x*x + b) cancels where x*x is beyond b"),
}

# Rows that jump between and near numbers of their domain: nothing beyond it.
JUMPING = {"floor", "ceil", "trunc", "rint", "remainder", "fmod"}


def further(rng, low, high):
    """Numbers of the interval that the domain stands for: near 0, near its ends and far out, but not extreme."""
    near = np.exp(rng.uniform(np.log(1e-8), np.log(0.1), N))
    far = np.exp(rng.uniform(np.log(4), np.log(30), N))
    if high <= 1:  # ends at 1, and at 0 or -1
        choices = [near, 1 - near, *([-near, near - 1] if low < 0 else [])]
    elif -1 < low < 0:  # of log1p
        choices = [near, near - 1, far, 1000 * far]
    elif low == 1.1:  # of arccosh
        choices = [1 + near, far, 1000 * far]
    else:
        choices = [near, far, *([-near, -far] if low < 0 else [])]
    return np.choose(rng.integers(0, len(choices), N), choices)


def arguments(op):
    """One array for each argument, N numbers of the domain and N of what it stands for."""
    rng = np.random.default_rng(7)
    inside = [rng.uniform(*domain, N) for domain in op.domain]
    if op.name in JUMPING:
        return inside
    return [np.concatenate([x, further(rng, *domain)]) for x, domain in zip(inside, op.domain, strict=True)]


def weights(op, n):
    """Tangents and cotangents, of size 1/2 to 2: for a product, for every argument, for every cotangent."""
    rng = np.random.default_rng(8)
    sign = rng.choice([-1.0, 1.0], (2 * op.nin + 1, n))
    return sign * rng.uniform(0.5, 2, sign.shape)


def by_jax(f, args, y_bar, tangents, hs):
    """All that is compared, by JAX: lists of arrays by what they are."""
    f = jax.vmap(f)  # erfcx of JAX 0.12 has second derivatives of single numbers alone

    def pullback(y_bar, *args):
        return jax.vjp(f, *args)[1](y_bar)

    def alone(vectors, k):
        return tuple(v if j == k else jnp.zeros_like(v) for j, v in enumerate(vectors))

    n_args = len(args)
    with jax.enable_x64(True):
        return {
            "value": [f(*args)],
            "jvp": [jax.jvp(f, tuple(args), alone(tangents, k))[1] for k in range(n_args)],
            "vjp": list(pullback(y_bar, *args)),
            "vjp2": [bar for k in range(n_args) for bar in jax.vjp(pullback, y_bar, *args)[1](alone(hs, k))],
        }


def by_jackern(op, args, y_bar, tangents, hs):
    """The same by jackern.  One tangent or cotangent at a time, so that no sum of two products cancels."""

    def alone(vectors, k):
        return [v if j == k else np.zeros_like(v) for j, v in enumerate(vectors)]

    every = range(op.nin)
    return {
        "value": [op(*args)],
        "jvp": [products.jvp(op, alone(tangents, k), args) for k in every],
        "vjp": list(products.vjp(op, y_bar, args)),
        "vjp2": [bar for k in every for bar in products.vjp2(op, alone(hs, k), y_bar, args)],
    }


def epsilons(ours, theirs):
    """The differences, in epsilons of the result or of the largest result in the domain."""
    scale = np.maximum(np.abs(theirs), np.nanmax(np.abs(theirs[:N])))
    with np.errstate(invalid="ignore"):
        return np.where(ours == theirs, 0, np.abs(ours - theirs) / (EPS * scale))


@pytest.mark.parametrize("row", IN_JAX, ids=lambda op: op.name)
def test_jax_computes_the_same_values_and_products(row):
    where, limits, _ = EXCEPTIONS.get(row.name, (anywhere, {}, ""))
    args = arguments(row)
    args = [x[where(*args)] for x in args]
    y_bar, *vectors = weights(row, len(args[0]))
    tangents, hs = vectors[: row.nin], vectors[row.nin :]
    theirs = by_jax(IN_JAX[row], args, y_bar, tangents, hs)
    ours = by_jackern(row, args, y_bar, tangents, hs)
    wrong = []
    for product, results in ours.items():
        for k, (a, b) in enumerate(zip(results, map(np.asarray, theirs[product]), strict=True)):
            assert b.dtype == np.float64
            errors = epsilons(a, b)
            at = np.argmax(errors)  # NaN is the largest
            if not errors[at] <= (LIMITS | limits)[product]:
                place = [float(x[at]) for x in args]
                wrong.append(f"{product} {k} at {place}: {a[at]} here, {b[at]} by JAX, {errors[at]:.3g} epsilons")
    assert not wrong, "\n".join(wrong)


def test_most_ops_are_in_jax():
    assert len(IN_JAX) > 0.8 * len(products.OPS)


def test_exceptions_are_of_ops():
    assert set(EXCEPTIONS) <= {op.name for op in products.EVERY}
