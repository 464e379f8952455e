"""Claims about matrices that are known by their products alone, probed with random vectors.

A claim is tested with a few products, and where it is broken an entry that breaks it is found by bisection: in
logarithmically many products with vectors that are zero from some column on.  Nothing larger than a vector is made.
Numbers below the tolerance, relative to the largest of a product, are not told from rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jackern._arrays.operands import EPS, Array, quiet
from jackern._structures.base import Jacobian

SEED = 0


@quiet
def check_linear_map(jacobian: Jacobian) -> None:
    """Raise ValueError unless both functions of a linear map are linear and one is the transpose of the other."""
    rng = np.random.default_rng(SEED)
    check_linear("jvp", jacobian, rng)
    if not math.isinf(jacobian._costs[1]):
        check_linear("vjp", jacobian.T, rng)
        check_adjoint(jacobian, rng)


def check_linear(name: str, jacobian: Jacobian, rng: np.random.Generator) -> None:
    """Raise ValueError unless ``f(0) = 0`` and ``f(a x + b y) = a f(x) + b f(y)`` for the function f = jvp."""
    n = jacobian.shape[1]
    of_zero = jacobian @ np.zeros(n, jacobian.dtype)
    if np.any(of_zero):
        row = int(np.flatnonzero(of_zero)[0])
        raise ValueError(f"linear_map: {name} is not linear: of zeros it makes {of_zero[row]!s} at {row}, expected 0.")
    x, y = random(rng, n, jacobian), random(rng, n, jacobian)
    a, b = -0.5, -2.0  # powers of two are exact; negative ones show abs and relu, whatever x and y are

    def sides(k: int) -> tuple[Array, Array]:
        """Both sides of the law for the first k elements of x and y."""
        p, q = head(x, k), head(y, k)
        return jacobian @ (a * p + b * q), a * (jacobian @ p) + b * (jacobian @ q)

    left, right = sides(n)
    limit = tolerance(jacobian) * max(largest(left), largest(right))
    wrong = ~(np.abs(left - right) <= limit)
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])

        def is_broken(k: int) -> bool:
            left, right = sides(k)
            return not abs(left[row] - right[row]) <= limit

        column = first(is_broken, n)
        # What this column adds to both sides, by its element of a x + b y.
        before, after = (np.array([side[row] for side in sides(k)]) for k in (column, column + 1))
        together, apart = (after - before) / (a * x[column] + b * y[column])
        entry = (row, column) if name == "jvp" else (column, row)
        raise ValueError(
            f"linear_map: {name} is not linear: entry {entry} is {together:.6g} by a x + b y "
            f"and {apart:.6g} by x and y, multiplied one by one."
        )


def check_adjoint(jacobian: Jacobian, rng: np.random.Generator) -> None:
    """Raise ValueError unless ``⟨u, J v⟩ = ⟨Jᵀ u, v⟩``."""
    m, n = jacobian.shape
    u, v = random(rng, m, jacobian), random(rng, n, jacobian)

    def broken(forward: Callable[[int], Array], u: Array, backward: Array, v: Array) -> Callable[[int], bool]:
        """Whether ``⟨u, forward(k)⟩`` differs from ``⟨backward, v⟩`` over the first k elements, as a function of k."""
        whole = forward(len(v))
        limit = tolerance(jacobian) * (inner(np.abs(u), np.abs(whole)) + inner(np.abs(backward), np.abs(v)))
        return lambda k: not abs(inner(u, forward(k)) - inner(backward[:k], v[:k])) <= limit

    is_broken = broken(lambda k: jacobian @ head(v, k), u, u @ jacobian, v)
    if not is_broken(n):
        return
    column = first(is_broken, n)
    unit = np.eye(1, n, column, jacobian.dtype)[0]
    by_jvp = jacobian @ unit
    row = first(broken(lambda k: head(u, k) @ jacobian, unit, by_jvp, u), m)
    by_vjp = np.eye(1, m, row, jacobian.dtype)[0] @ jacobian
    raise ValueError(
        f"linear_map: vjp is not the transpose of jvp: entry {row, column} is {by_jvp[row]!s} by jvp "
        f"and {by_vjp[column]!s} by vjp."
    )


def random(rng: np.random.Generator, n: int, jacobian: Jacobian) -> Array:
    """Return n random numbers of the dtype of the Jacobian, from 1 to 2 and of random sign: none hides an entry."""
    return (rng.uniform(1, 2, n) * rng.choice([-1, 1], n)).astype(jacobian.dtype)


def tolerance(jacobian: Jacobian) -> float:
    """What is taken for rounding, relative to the largest number: 2e-12 in float64, 6e-6 in float32."""
    return EPS[jacobian.dtype] ** 0.75


def largest(numbers: Array) -> float:
    return float(np.max(np.abs(numbers), initial=0))


def inner(u: Array, v: Array) -> float:
    return float(np.dot(u.astype(np.float64), v.astype(np.float64)))


def head(vector: Array, k: int) -> Array:
    """Return a copy of a vector, zero from its k-th element on."""
    result = np.zeros_like(vector)
    result[:k] = vector[:k]
    return result


def first(is_broken: Callable[[int], Any], n: int) -> int:
    """Return k such that a claim holds for the first k elements and is broken for one more, given that n break it."""
    whole, broken = 0, n
    while broken - whole > 1:
        middle = (whole + broken) // 2
        if is_broken(middle):
            broken = middle
        else:
            whole = middle
    return whole
