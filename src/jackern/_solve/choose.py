"""The solver of a sum of terms, chosen by its structure: bands, blocks, permutations, low rank taken out first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern._arrays.operands import EPS, Array
from jackern._solve import factor
from jackern._solve.expand import TooLarge, check_size, multiplied_out
from jackern._solve.factor import Singular, Solver, ZeroPivot
from jackern._solve.order import Order, arranged, band_of, blocks_of, by_diagonal, diagonal_at, permutation_of
from jackern._structures.base import Jacobian
from jackern._structures.of_terms import cut_at_diagonal, from_terms
from jackern._terms import combine
from jackern._terms.term import Axis, Term, canonical, rank_of

LOW_RANK = 16  # a rank of at most the number of rows over this is low
N_TRIALS = 4  # of solving for a residual again, before the formula is given up

Pair = tuple[Jacobian, Jacobian]  # (n,) <- (r,) and (r,) <- (n,): the left and the right part of a product


def solver_of_terms(terms: Sequence[Term], n: int, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a sum of terms with n rows."""
    if not terms:
        raise ZeroPivot(0)
    terms, order = arranged(terms, n)
    try:
        solver = arranged_solver(terms, order, dtype)
    except ZeroPivot as error:
        raise order.placed(error) from None

    def solve(rows: Array) -> Array:
        try:
            return order.scattered(solver.solve(order.gathered(rows)))
        except ZeroPivot as error:
            raise order.placed(error) from None

    def logabsdet() -> Any:
        return order.n_shared * solver.logabsdet()

    return Solver(solve, logabsdet)


def arranged_solver(terms: Sequence[Term], order: Order, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of arranged terms: diagonal, tridiagonal, band, low rank, permutation or blocks."""
    n, m = order.n, order.n // order.n_blocks
    diagonals = by_diagonal(terms)
    if diagonals is not None:
        l, u = -min(0, *diagonals), max(0, *diagonals)
        if l == u == 0:
            return factor.diagonal_solver(diagonal_at(0, diagonals, n, dtype))
        if l <= 1 and u <= 1:
            return factor.tridiagonal_solver(*(diagonal_at(k, diagonals, n, dtype) for k in (-1, 0, 1)))
        if 2 * l + u + 1 <= m:
            return factor.band_solver(l, u, band_of(diagonals, l, u, n, dtype))
    base, low = by_rank(terms, n)

    def direct() -> Solver:
        if (places := permutation_of(terms, n)) is not None:
            return factor.permutation_solver(*places, dtype)
        return factor.block_solver(blocks_of(terms, order, dtype))

    if base and low:
        return low_rank_solver(base, [cut_at_diagonal(term, (n,), (n,)) for term in low], n, dtype, direct)
    return direct()


# ---- low rank -----------------------------------------------------------------------------------------------------


def by_rank(terms: Sequence[Term], n: int) -> tuple[list[Term], list[Term]]:
    """Return the terms of high rank and those of low rank."""
    low = [term for term in terms if rank_of(term) * LOW_RANK <= n]
    return [term for term in terms if not any(term is x for x in low)], low


def jacobian_of(terms: Sequence[Term], n: int, dtype: np.dtype[Any]) -> Jacobian:
    """Return terms with n rows and columns as a Jacobian between vectors."""
    return from_terms(terms, (n,), (n,), dtype)


def low_rank_solver(
    base: Sequence[Term], pairs: Sequence[Pair], n: int, dtype: np.dtype[Any], direct: Callable[[], Solver]
) -> Solver:
    """Return the solver of ``B + U V``, by the formula of Sherman, Morrison and Woodbury.

    With the capacitance C = I + V B⁻¹ U, the solution is ``x = B⁻¹ (b - U C⁻¹ V B⁻¹ b)``, and det (B + U V) is
    det B det C.  Where B is diagonal, C is formed in its structure: for a batch of softmaxes it is diagonal.

    The formula loses digits where B is nearer to a singular matrix than the sum is.  So a solution is taken if its
    residual is small, if need be after solving for it again, and a determinant if C times solutions with C, by its
    parts, gives back what they were solved for.  Otherwise, and where B is singular, the solver is `direct`.
    """
    ranks = [left.shape[1] for left, _ in pairs]

    try:
        inner = solver_of_terms(base, n, dtype)
    except ZeroPivot:
        return direct()
    try:
        outer = capacitance_solver(base, inner, pairs, dtype)
        outer.solve(np.zeros((1, sum(ranks)), dtype))  # raises if C is singular
    except ZeroPivot as error:
        # So is the sum then, but for rounding.
        row = error.row
        try:
            return direct()
        except TooLarge:
            raise Singular(
                f"solve: the pivot in row {row} of the low-rank part is zero; the Jacobian is singular."
            ) from None
    matrix = jacobian_of(base, n, dtype)

    def from_right(rows: Array) -> Array:
        return np.concatenate([right._product(rows) for _, right in pairs], axis=1)

    def add_left(middle: Array, rows: Array) -> Array:
        """Add U times the middle, in place."""
        first = 0
        for (left, _), rank in zip(pairs, ranks, strict=True):
            left._product(middle[:, first : first + rank], rows, True)
            first += rank
        return rows

    def once(rows: Array) -> Array:
        return inner.solve(add_left(-outer.solve(from_right(inner.solve(rows))), rows.copy()))

    def solve(rows: Array) -> Array:
        error: Any = np.inf
        try:
            x = once(rows)
            for _ in range(N_TRIALS):
                rest, error = residual(rows, x, matrix, pairs)
                if error <= 100 * EPS[dtype] or (np.isnan(error) and not is_finite(matrix, pairs)):
                    return x
                x += once(rest)
        except ZeroPivot:
            pass
        return instead(f"solve: the residual stays at {error:.1e} of its largest part").solve(rows)

    def logabsdet() -> Any:
        signs = np.random.default_rng(0).choice([-1, 1], (2, sum(ranks))).astype(dtype)
        solved = outer.solve(signs)
        again = solved + from_right(inner.solve(add_left(solved, np.zeros((2, n), dtype))))
        # The size of the error of log det C: the trace of an error of C times the inverse.
        error = np.abs(again - signs).sum(axis=1).max()
        if error <= EPS[dtype] ** (2 / 3) or not is_finite(matrix, pairs):
            return inner.logabsdet() + outer.logabsdet()
        return instead(f"logabsdet: the logarithm of the determinant may be off by {error:.1e}").logabsdet()

    def instead(reason: str) -> Solver:
        """Return the direct solver; LinAlgError where that takes too much room."""
        try:
            return direct()
        except TooLarge as error:
            raise np.linalg.LinAlgError(
                f"{reason}, since what is left without the terms of low rank is nearly singular; {error}"
            ) from None

    return Solver(solve, logabsdet)


def residual(rows: Array, x: Array, matrix: Jacobian, pairs: Sequence[Pair]) -> tuple[Array, Any]:
    """Return ``b - B x - U V x``, and its size relative to the largest part, the worst of all rows with a finite b."""
    rest = rows.copy()
    scale = np.abs(rows).max(axis=1)
    finite = np.isfinite(scale)
    for part in itertools.chain([matrix._product(x)], (left._product(right._product(x)) for left, right in pairs)):
        rest -= part
        scale = np.maximum(scale, np.abs(part, out=part).max(axis=1))
    errors = np.abs(rest).max(axis=1) / np.where(scale > 0, scale, 1)
    return rest, np.max(errors, where=finite, initial=0)


def is_finite(matrix: Jacobian, pairs: Sequence[Pair]) -> bool:
    """Whether all numbers of ``B + U V`` are."""
    return all(np.isfinite(array).all() for part in (matrix, *itertools.chain(*pairs)) for array in part._arrays())


def capacitance_solver(base: Sequence[Term], inner: Solver, pairs: Sequence[Pair], dtype: np.dtype[Any]) -> Solver:
    """Return the solver of ``C = I + V B⁻¹ U``."""
    n = pairs[0][0].shape[0]
    ranks = [left.shape[1] for left, _ in pairs]
    if len(base) == 1 and base[0].is_diagonal and base[0].is_plain and len({*ranks}) == 1:
        inverse = base[0]._replace(values=np.asarray(1 / base[0].values.astype(dtype)))
        terms = capacitance_of(jacobian_of([inverse], n, dtype), pairs, dtype)
        return solver_of_terms(terms, sum(ranks), dtype)
    check_size((sum(ranks), n), dtype)
    columns = inner.solve(np.concatenate([left.T.toarray(max_bytes=None) for left, _ in pairs], dtype=dtype))
    products = np.concatenate([right._product(columns) for _, right in pairs], axis=1)
    return factor.block_solver((np.eye(sum(ranks), dtype=dtype) + products.T)[None])


def capacitance_of(inverse: Jacobian, pairs: Sequence[Pair], dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return ``I + V B⁻¹ U`` for several pairs of one rank, with an axis in front that counts the pairs."""
    n_pairs, rank = len(pairs), pairs[0][0].shape[1]
    ends = [Axis(0, n_pairs), Axis(1, rank)]
    identity = canonical(np.ones((), dtype), (), ends, ends, {0: n_pairs, 1: rank})
    terms = [identity] if identity else []
    for (k, (_, right)), (j, (left, _)) in itertools.product(enumerate(pairs), repeat=2):
        for term in multiplied_out([right, inverse, left], dtype):
            if n_pairs > 1:
                term = term._replace(out=(Axis(None, n_pairs, k), *term.out), in_=(Axis(None, n_pairs, j), *term.in_))
            terms.append(term)
    return combine.sum_of(terms)
