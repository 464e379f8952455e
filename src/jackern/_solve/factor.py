"""Factorisations of arrays: tridiagonal and band matrices, stacks of blocks.  Each gives a solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array

FEW = 64  # right-hand sides; more than so many, and than a quarter of the rows, are worth LAPACK's blocking


class Singular(np.linalg.LinAlgError):
    """There is no solution for every right-hand side: the determinant is zero."""


class ZeroPivot(Singular):
    """Elimination has come to a zero in this row."""

    def __init__(self, row: int):
        super().__init__(f"solve: the pivot in row {row} is zero; the Jacobian is singular.")
        self.row = row


class Solver(NamedTuple):
    """What solves with one square matrix of n rows."""

    solve: Callable[[Array], Array]  # rows (k, n) of right-hand sides, not written to, to new rows of solutions
    logabsdet: Callable[[], Any]


def diagonal_solver(d: Array) -> Solver:
    """Return the solver of a diagonal matrix; d (n,)."""
    zeros = d == 0
    if zeros.any():
        raise ZeroPivot(int(zeros.argmax()))

    def solve(rows: Array) -> Array:
        return np.asarray(_core.uncounted_value(_core.op_named("divide"), rows, d))

    def logabsdet() -> Any:
        return log_of_product(d)

    return Solver(solve, logabsdet)


def permutation_solver(rows: Array, columns: Array, values: Array, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a matrix with these entries, one in every row and every column."""
    by_row = np.empty_like(values, dtype)
    by_row[rows] = values
    diagonal = diagonal_solver(by_row)

    def solve(right: Array) -> Array:
        scaled = diagonal.solve(right)
        result = np.empty_like(scaled)
        result[:, columns] = scaled[:, rows]
        return result

    return Solver(solve, diagonal.logabsdet)


def tridiagonal_solver(lower: Array, diagonal: Array, upper: Array) -> Solver:
    """Return the solver of the matrix with these diagonals, (n - 1,), (n,) and (n - 1,)."""
    n = len(diagonal)
    factor = _core.new_output((4, n), diagonal.dtype)
    swapped = np.empty(n, np.uint8)
    eliminate(_core.tridiagonal_factor, lower, diagonal, upper, factor, swapped)

    def solve(rows: Array) -> Array:
        x = copied(rows)
        _core.tridiagonal_solve(factor, swapped, x)
        return x

    def logabsdet() -> Any:
        return log_of_product(factor[0])

    return Solver(solve, logabsdet)


def band_solver(l: int, u: int, band: Array) -> Solver:
    """Return the solver of the matrix with a[i, j] in ``band[i, j - i + l]``; band (n, 2 * l + u + 1), overwritten.

    The last l columns are zero.
    """
    if l == u and is_symmetric_band(u, band):
        upper = np.ascontiguousarray(band[:, u : 2 * u + 1])
        try:
            _core.band_cholesky(upper)
        except _core.BadPivot:
            pass
        else:
            return cholesky_band_solver(upper)
    pivots = np.empty(len(band), np.intp)
    eliminate(_core.band_factor, l, u, band, pivots)

    def solve(rows: Array) -> Array:
        x = copied(rows)
        _core.band_solve(l, u, band, pivots, False, x)
        return x

    def logabsdet() -> Any:
        return log_of_product(band[:, l])

    return Solver(solve, logabsdet)


def is_symmetric_band(u: int, band: Array) -> bool:
    """Whether Cholesky's factorisation is worth a try: equal halves and a positive diagonal."""
    n = len(band)
    return bool((band[:, u] > 0).all()) and all(
        np.array_equal(band[: n - d, u + d], band[d:, u - d]) for d in range(1, u + 1)
    )


def cholesky_band_solver(factor: Array) -> Solver:
    """Return the solver of what `band_cholesky` factored."""

    def solve(rows: Array) -> Array:
        x = copied(rows)
        _core.band_cholesky_solve(factor, x)
        return x

    def logabsdet() -> Any:
        return log_of_product(factor[:, 0])

    return Solver(solve, logabsdet)


def block_solver(blocks: Array) -> Solver:
    """Return the solver of the matrix with these blocks along its diagonal, (n_blocks, m, m)."""
    n_blocks, m, _ = blocks.shape
    triangles = cholesky(blocks)

    def solve(rows: Array) -> Array:
        by_block = rows.reshape(len(rows), n_blocks, m).swapaxes(0, 1)
        if triangles is not None and len(rows) <= max(FEW, m // 4):
            x = copied(by_block)
            _core.triangular_solve(triangles, False, x)
            _core.triangular_solve(triangles, True, x)
        else:
            try:
                x = np.linalg.solve(blocks, by_block.swapaxes(1, 2)).swapaxes(1, 2)
            except np.linalg.LinAlgError:
                raise ZeroPivot(zero_pivot(blocks)) from None
        return x.swapaxes(0, 1).reshape(rows.shape)

    def logabsdet() -> Any:
        if triangles is not None:
            return 2 * log_of_product(np.diagonal(triangles, axis1=1, axis2=2))
        return np.sum(np.linalg.slogdet(blocks)[1])

    return Solver(solve, logabsdet)


def cholesky(blocks: Array) -> Array | None:
    """Return the lower triangles of symmetric positive definite blocks; None if one is not."""
    diagonals = np.diagonal(blocks, axis1=1, axis2=2)
    if not (diagonals > 0).all() or not np.array_equal(blocks, blocks.swapaxes(1, 2)):
        return None
    try:
        return np.ascontiguousarray(np.linalg.cholesky(blocks))
    except np.linalg.LinAlgError:
        return None


def eliminate(factor: Callable[..., None], *operands: Any) -> None:
    """Call a factorisation of the binding."""
    try:
        factor(*operands)
    except _core.BadPivot as error:
        raise ZeroPivot(error.args[0]) from None


def copied(rows: Array) -> Array:
    """Return a C-contiguous copy, in recycled memory where it is large."""
    result: Array = _core.new_output(rows.shape, rows.dtype)
    result[...] = rows
    return result


def log_of_product(pivots: Array) -> Any:
    """Return the logarithm of the absolute value of the product of all pivots."""
    return np.sum(np.log(np.abs(pivots)))


def zero_pivot(blocks: Array) -> int:
    """Return the row of the zero that elimination comes to, by blocks of which one at least is singular."""
    at = int((np.linalg.slogdet(blocks)[0] == 0).argmax())
    a = blocks[at].copy()
    sizes = np.zeros(len(a), a.dtype)
    for k in range(len(a)):
        p = k + int(np.abs(a[k:, k]).argmax())
        a[[k, p]] = a[[p, k]]
        sizes[k] = np.abs(a[k, k])
        if sizes[k] == 0:
            break
        a[k + 1 :, k:] -= np.outer(a[k + 1 :, k] / a[k, k], a[k, k:])
    return at * len(a) + int(sizes[: k + 1].argmin())
