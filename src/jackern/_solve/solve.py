"""Solving ``J x = b`` by structure.

A product is solved by one group of factors after the other, cut where it is square.  All else is brought to a sum of
terms, apart from products of low rank: `choose` has the solver of that.  `factor` has the solvers of arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jackern._arrays.arguments import as_native_beside
from jackern._arrays.operands import Array, quiet
from jackern._solve.choose import LOW_RANK, Pair, by_rank, low_rank_solver, solver_of_terms
from jackern._solve.expand import expanded, product_of
from jackern._solve.factor import Singular, Solver, ZeroPivot
from jackern._structures.base import Jacobian
from jackern._structures.of_terms import cut_at_diagonal
from jackern._terms import combine
from jackern._terms.term import Term


@quiet
def solve(jacobian: Jacobian, b: ArrayLike) -> Any:
    """Return x with ``J x = b``; see `Jacobian.solve`."""
    b = as_native_beside(b, "solve", "b", jacobian)
    n = check_square(jacobian, "solve")
    n_batch = b.ndim - len(jacobian.out_shape)
    if n_batch < 0 or b.shape[n_batch:] != jacobian.out_shape:
        batched = ", ".join(["*batch", *map(str, jacobian.out_shape)])
        raise ValueError(f"solve: b has shape {b.shape}, expected {jacobian.out_shape} or ({batched}).")
    batch = b.shape[:n_batch]
    dtype = np.promote_types(jacobian.dtype, b.dtype)
    if b.size == 0:
        return np.empty(batch + jacobian.in_shape, dtype)
    rows = np.ascontiguousarray(b, dtype).reshape(math.prod(batch), n)
    x = solver_of(jacobian, dtype).solve(rows)
    if not np.isfinite(x).all():
        check_finite(jacobian, rows, x)
    return x.reshape(batch + jacobian.in_shape)[()]


def check_finite(jacobian: Jacobian, rows: Array, x: Array) -> None:
    """Raise LinAlgError for a solution that is not finite where all that it was computed from is."""
    bad = np.isfinite(rows).all(axis=1) & ~np.isfinite(x).all(axis=1)
    if bad.any() and all(np.isfinite(array).all() for array in jacobian._arrays()):
        raise np.linalg.LinAlgError(
            f"solve: x overflows {x.dtype} for finite b; the Jacobian is singular, or nearly so, or badly scaled."
        )


@quiet
def logabsdet(jacobian: Jacobian) -> Any:
    """Return ``log(abs(det J))``; see `Jacobian.logabsdet`."""
    if check_square(jacobian, "logabsdet") == 0:
        return jacobian.dtype.type(0)
    try:
        return solver_of(jacobian, jacobian.dtype).logabsdet()
    except Singular:
        return jacobian.dtype.type(-np.inf)


def check_square(jacobian: Jacobian, where: str) -> int:
    """Return the number of rows; ValueError unless there are as many columns."""
    m, n = jacobian.shape
    if m != n:
        raise ValueError(f"{where}: the matrix has {m} rows and {n} columns; expected as many of both.")
    return n


def solver_of(jacobian: Jacobian, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a square Jacobian of at least one row."""
    n = jacobian.shape[0]
    terms = jacobian._terms()
    if terms is not None:
        return solver_of_terms(terms, n, dtype)
    if len(jacobian._summands()) > 1:
        return solver_of_sum(jacobian, n, dtype)
    if len(jacobian._factors()) > 1:
        return solver_of_product(jacobian, n, dtype)
    raise refusal(jacobian)


def refusal(jacobian: Jacobian) -> ValueError:
    """Return the error that says how else to solve."""
    if jacobian._lists_entries:
        return ValueError("solve: a sparse Jacobian has no solver here; use scipy.sparse.linalg.spsolve(J.tocsr(), b).")
    return ValueError(
        f"solve: the entries of a {jacobian.structure} are not known; solve by iteration, for example with "
        "scipy.sparse.linalg.gmres(J.aslinearoperator(), b)."
    )


# ---- products ----------------------------------------------------------------------------------------------------


def solver_of_product(product: Jacobian, n: int, dtype: np.dtype[Any]) -> Solver:
    """Return what solves with one square group of factors after the other, from the left."""
    groups: list[list[Jacobian]] = [[]]
    for part in product._factors():
        groups[-1].append(part)
        if part.shape[1] == n:
            groups.append([])
    solvers = []
    for group in groups[:-1]:
        if len(group) == 1:
            solvers.append(solver_of(group[0], dtype))
            continue
        rank = min(part.shape[1] for part in group)
        if rank < n:
            raise ZeroPivot(rank)
        whole = product if len(group) == len(product._factors()) else product_of(group)
        solvers.append(solver_of_terms(expanded(whole, dtype), n, dtype))

    def solve(rows: Array) -> Array:
        for solver in solvers:
            rows = solver.solve(rows)
        return rows

    def logabsdet() -> Any:
        return sum(solver.logabsdet() for solver in solvers)

    return Solver(solve, logabsdet)


# ---- sums ---------------------------------------------------------------------------------------------------------


def solver_of_sum(total: Jacobian, n: int, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a sum in which there are products: of low rank, or else multiplied out."""
    terms: list[Term] = []
    pairs: list[Pair] = []
    for part in total._summands():
        own, factors = part._terms(), part._factors()
        if own is None and len(factors) == 1:
            raise refusal(part)
        if own is None and (pair := cut_at_waist(factors, n)):
            pairs.append(pair)
        else:
            terms += expanded(part, dtype) if own is None else own
    if not pairs:
        return solver_of_terms(combine.sum_of(terms), n, dtype)
    base, low = by_rank(terms, n)

    def direct() -> Solver:
        return solver_of_terms(combine.sum_of(expanded(total, dtype)), n, dtype)

    return low_rank_solver(base, [*pairs, *(cut_at_diagonal(term, (n,), (n,)) for term in low)], n, dtype, direct)


def cut_at_waist(parts: Sequence[Jacobian], n: int) -> Pair | None:
    """Return a product as two, cut where the fewest numbers pass; None if those are many."""
    k = min(range(1, len(parts)), key=lambda k: parts[k].shape[0])
    rank = parts[k].shape[0]
    if rank * LOW_RANK > n:
        return None
    return product_of(parts[:k]).reshape(n, rank), product_of(parts[k:]).reshape(rank, n)
