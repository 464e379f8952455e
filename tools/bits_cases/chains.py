"""Products of random Jacobians of every structure, and sums of such products."""

from __future__ import annotations

import itertools
import math

import numpy as np

import jackern as jk
from bits_cases.arrays import F32, generator
from bits_cases.jacobians import Numbers, combination

ENDS = [(6,), (2, 3), (3, 2), (12,), (4, 3), (2, 2, 3), (3, 4), (24,), (2, 12), (4, 6), (1, 6), (5,), (8,), (), (1,)]
LONG_ENDS = [(300,), (10, 30), (60, 5), (600,)]


def random_factor(rng, made, m, n):
    """Return a Jacobian ``(m,) <- (n,)`` of a random structure."""
    key, step = int(rng.integers(1000)), int(rng.choice([1, 2, -1, -2]))
    common = math.gcd(m, n)
    # Places of the shorter end in the longer one, from its first or last element on.
    short, long = min(m, n), max(m, n)
    fits = (short - 1) * abs(step) < long
    places = slice(None, None, step if fits else 1)
    index = rng.integers(0, n, m) if n <= m else rng.permutation(n)[:m]

    def taken():
        return jk.select(places, long, made.dtype).reshape(len(range(long)[places]), long)

    def cut():
        chosen = jk.select(np.s_[:short], len(range(long)[places]), made.dtype) @ taken()
        return chosen if m == short else chosen.T

    def diagonals():
        offsets = rng.permutation(np.arange(1 - m, n))[: rng.integers(1, 4)]
        return jk.banded(made(len(offsets), n, key=key), offsets, (m, n))

    makers = {
        "dense": lambda: jk.dense(made(m, n, key=key)),
        "rank one": lambda: jk.broadcast(made(m, key=key), ()) @ jk.reduction(made(n, key=key)),
        "gather": lambda: jk.select(index, n, made.dtype),
        "scatter": lambda: jk.select(rng.integers(0, m, n), m, made.dtype).T,
        "sparse": lambda: jk.sparse(made.csr(m, n, key=key)),
        "linear map": lambda: made.linear_map(m, n),
        "banded": diagonals,
        "cut": cut,
    }
    if rng.random() < 0.05:
        makers = {"zero": lambda: jk.zero(m, n, made.dtype)}
    if m == n:
        parts = (common // 2, 2) if common % 2 == 0 else (1, common)
        makers |= {
            "diagonal": lambda: jk.diagonal(made(m, key=key)),
            "identity": lambda: jk.identity(m, made(key=key), made.dtype),
            "permutation": lambda: jk.einsum("i,ij->ji", made(parts[0], key=key), parts).reshape(m, m),
            "tridiagonal": lambda: jk.banded(made(3, n, key=key), [-1, 0, 1], (n, n)),
        }
    if m % n == 0 and m > n:
        makers["broadcast"] = lambda: jk.broadcast(made(m // n, n, key=key), n).reshape(m, n)
        makers["broadcast of columns"] = lambda: jk.broadcast(made(n, m // n, key=key), (n, 1)).reshape(m, n)
    if n % m == 0 and n > m:
        makers["reduction"] = lambda: jk.reduction(made(n // m, m, key=key), axis=0).reshape(m, n)
        makers["reduction of columns"] = lambda: jk.reduction(made(m, n // m, key=key), axis=1).reshape(m, n)
    if common > 1:
        shape = common, m // common, n // common
        makers["blocks"] = lambda: jk.block_diagonal(made(*shape, key=key)).reshape(m, n)
        if made.exact:  # a matmul
            kept = made(*shape[1:], key=key)
            makers["shared block"] = lambda: jk.einsum("ij,bj->bi", kept, (common, n // common)).reshape(m, n)
            makers["block from the left"] = lambda: jk.einsum("ij,jb->ib", kept, (n // common, common)).reshape(m, n)
    names = list(makers)
    return makers[names[rng.integers(len(names))]]()


def random_chain(rng, made, ends):
    """Return factors between these shapes, some of them sums."""
    factors = []
    for out_shape, in_shape in itertools.pairwise(ends):
        m, n = math.prod(out_shape), math.prod(in_shape)
        factor = random_factor(rng, made, m, n)
        if rng.random() < 0.25:
            other = random_factor(rng, made, m, n)
            factor = factor + other if rng.random() < 0.5 else factor - other
        factors.append(factor.reshape(out_shape, in_shape))
    return factors


def chains(record, dtype, exact):
    """Record products of two and of three factors, and sums of such products, from a fixed list of seeds."""
    kind = f"{dtype}{', whole' if exact else ''}"
    for seed in range(100):
        rng = generator("chain", seed)
        lengths = LONG_ENDS if seed % 13 == 0 else ENDS
        ends = [lengths[k] for k in rng.integers(0, len(lengths), 3 + seed % 2)]
        makers = [Numbers(dtype, exact), Numbers(F32 if seed % 5 == 0 else dtype, exact)]
        factors = record(f"products/{kind}/{seed}/factors", random_chain, rng, makers[seed % 2], ends)
        if factors is None:
            continue
        combination(record, f"products/{kind}/{seed}", exact, multiplied, factors)
        other = record(f"sums/{kind}/{seed}/factors", random_chain, rng, makers[1], ends)
        if other is not None:
            combination(record, f"sums/{kind}/{seed}", exact, added, factors, other)


def multiplied(factors):
    """Return the product, from the left."""
    total = factors[0]
    for factor in factors[1:]:
        total = total @ factor
    return total


def added(factors, others):
    """Return the sum of two products."""
    return multiplied(factors) + multiplied(others)
