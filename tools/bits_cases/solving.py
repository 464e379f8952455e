"""Solutions, determinants and Gram matrices."""

from __future__ import annotations

import math
from operator import methodcaller

import numpy as np

import jackern as jk
from bits_cases.arrays import F64, every_other, fortran, generator, numbers, whole
from bits_cases.jacobians import Numbers, combination, grid_stencil


def solves(record, dtype):
    """Record solutions and determinants of what is solved by kernels of jackern, from above or below LAPACK."""

    def made(*shape, key="kept"):
        """Return numbers from 0.5 to 1.5, of either sign."""
        rng = generator(key, shape)
        return np.asarray((0.5 + rng.random(shape)) * rng.choice([-1, 1], shape), dtype)

    def bands(n, *offsets, main=6.0):
        data = made(len(offsets), n)
        data[list(offsets).index(0)] *= dtype.type(main)
        return jk.banded(data, offsets, (n, n))

    def symmetric(*shape):
        """Return symmetric positive definite blocks."""
        a = whole("kept", shape, dtype)  # whole, so that a @ a.T is exact
        return a @ a.swapaxes(-1, -2) + dtype.type(20 * shape[-1]) * np.eye(shape[-1], dtype=dtype)

    def symmetric_band(n, main):
        up = jk.banded(np.abs(made(2, n)), [1, 2], (n, n))
        return up + up.T + jk.identity(n, main, dtype)

    def softmax(n):
        p = np.abs(made(n))
        p /= p.sum()
        return jk.diagonal(p) - jk.broadcast(p, ()) @ jk.reduction(p)

    def corners(n):
        ends = [jk.select(k, n, dtype).T @ jk.select(j, n, dtype) for k, j in ((0, n - 1), (n - 1, 0))]
        return ends[0] - ends[1]

    def shuffled(n):
        half = (n + 1) // 2
        first = jk.select(np.s_[:half], n, dtype).T @ jk.select(np.s_[::2], n, dtype)
        return first - 2 * jk.select(np.s_[half:], n, dtype).T @ jk.select(np.s_[1::2], n, dtype)

    def low_rank(n):
        return jk.dense(made(n, 2)) @ jk.dense(made(2, n, key="rows"))

    table = {
        "identity": lambda: jk.identity((2, 3), -2.0, dtype),
        "diagonal": lambda: jk.diagonal(made(5, 7)),
        "diagonal, singular": lambda: jk.diagonal(np.arange(5, dtype=dtype)),
        "diagonal, constant along an axis": lambda: jk.diagonal(np.broadcast_to(made(5, 1), (5, 7))),
        "permutation": lambda: jk.einsum("i,ijk->kji", made(2), (2, 3, 4)),
        "flip": lambda: jk.select(np.s_[::-1], 9, dtype),
        "shuffle": lambda: shuffled(9),
        "bidiagonal": lambda: bands(9, 0, 1),
        "bidiagonal below": lambda: bands(9, 0, -1),
        "periodic": lambda: bands(40, -1, 0, 1) + corners(40),
        "grid": lambda: grid_stencil(4, 12, dtype),
        "blocks": lambda: jk.block_diagonal(symmetric(3, 8, 8)),
        "one block, shared": lambda: jk.einsum("ij,bj->bi", symmetric(9, 9), (3, 9)),
        "one block from the left": lambda: jk.einsum("ij,jb->ib", symmetric(9, 9), (9, 3)),
        "symmetric dense": lambda: jk.dense(symmetric(33, 33)),
        "softmax step": lambda: jk.identity(50, dtype=dtype) - 0.5 * softmax(50),
        "diagonal plus low rank": lambda: jk.diagonal(np.abs(made(60))) + low_rank(60),
        "tridiagonal plus low rank": lambda: bands(60, -1, 0, 1) + low_rank(60),
        "product of bands": lambda: (
            bands(12, -1, 0, 1) @ jk.einsum("i,ij->ji", made(3), (3, 4)).reshape(12, 12) @ bands(12, 0, 2)
        ),
        "product of blocks and bands": lambda: jk.block_diagonal(symmetric(3, 4, 4)).reshape(12, 12) @ bands(12, 0, 1),
        "sum of a band and blocks": lambda: jk.identity((3, 4), 9.0, dtype) + jk.block_diagonal(symmetric(3, 4, 4)),
        "band of a gram": lambda: bands(20, 0, 1).gram(np.abs(made(20))),
        "sparse": lambda: jk.sparse(Numbers(dtype, exact=True).csr(5, 5)),
        "not square": lambda: jk.dense(made(3, 4)),
    }
    for n in (2, 3, 7, 8, 33, 200):
        table |= {
            f"tridiagonal of {n}": lambda n=n: bands(n, -1, 0, 1),
            f"tridiagonal with interchanges of {n}": lambda n=n: bands(n, -1, 0, 1, main=0.01),
        }
    for n in (8, 33, 200):
        table |= {
            f"tridiagonal with zeros of {n}": lambda n=n: bands(n, -1, 0, 1, main=0.0),
            f"tridiagonal of constants of {n}": lambda n=n: (
                jk.identity(n, 4.0, dtype) + jk.banded(np.broadcast_to(made(2, 1), (2, n)), [-1, 1], (n, n))
            ),
            f"band of {n}": lambda n=n: bands(n, -2, -1, 0, 3),
            f"band with interchanges of {n}": lambda n=n: bands(n, -2, -1, 0, 1, 3, main=0.01),
            f"band with zeros of {n}": lambda n=n: bands(n, -2, -1, 0, 1, 3, main=0.0),
            f"symmetric band of {n}": lambda n=n: symmetric_band(n, 9.0),
            f"symmetric band, not definite, of {n}": lambda n=n: symmetric_band(n, 0.5),
        }
    for name, make in table.items():
        J = record(f"solves/{dtype}/{name}", make)
        if J is not None:
            solutions(record, f"solves/{dtype}/{name}", J, dtype)


def solutions(record, name, J, dtype):
    """Record solutions for one right-hand side and for several, of the transpose too, and the determinant."""
    for way, matrix in (("", J), ("/transposed", J.T)):
        for batch in ((), (3,), (2, 9)):
            b = numbers("b", batch + matrix.out_shape, dtype)
            record(f"{name}{way}/solve {batch}", methodcaller("solve", b), matrix)
            record(f"{name}{way}/solve {batch} in float64", methodcaller("solve", b.astype(F64)), matrix)
        b = every_other(numbers("b", matrix.out_shape, dtype))
        record(f"{name}{way}/solve, every other", methodcaller("solve", b), matrix)
        record(f"{name}{way}/logabsdet", methodcaller("logabsdet"), matrix)


def grams(record, dtype, exact):
    """Record Gram matrices: their products with one vector, and in whole numbers all else."""
    made = Numbers(dtype, exact)
    table = {
        "dense": lambda: jk.dense(made(30, 6)),
        "dense of some size": lambda: jk.dense(made(67, 131)),
        "dense in Fortran order": lambda: jk.dense(fortran(made(30, 6))),
        "block-diagonal": lambda: jk.block_diagonal(made(3, 50, 4)),
        "diagonal": lambda: jk.diagonal(made(5, 7)),
        "banded": lambda: jk.banded(made(3, 20), [0, 1, -2], (20, 20)),
        "broadcast": lambda: jk.broadcast(made(5, 7), (7,)),
        "reduction": lambda: jk.reduction(made(5, 7), axis=0),
        "sparse": lambda: jk.sparse(made.csr(12, 10)),
        "select": lambda: jk.select(np.s_[::2], 9, dtype),
        "linear map": lambda: made.linear_map(5, 7),
    }
    for name, make in table.items():
        J = record(f"grams/{dtype}{', whole' if exact else ''}/{name}/of", make)
        if J is None:
            continue
        for kind, weights in (("", None), (", weighted", np.abs(made(*J.out_shape, key="weights"))), (", by 2", 2.0)):
            case = f"grams/{dtype}{', whole' if exact else ''}/{name}{kind}"
            combination(record, case, exact, methodcaller("gram", weights), J)
            if exact and math.prod(J.in_shape) < 100:
                step = record(f"{case}/step", lambda J=J, w=weights: J.gram(w) + 4.0 * jk.identity(J.in_shape))
                if step is not None:
                    solutions(record, f"{case}/step", step, dtype)
