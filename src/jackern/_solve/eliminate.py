"""Solving with a sum of terms: by blocks, which may be bands or permutations, terms of low rank taken out first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern._arrays.operands import Array
from jackern._solve import factor
from jackern._solve.expand import check_size, multiplied_out
from jackern._solve.factor import Solver, ZeroPivot
from jackern._solve.order import Order, arranged, band_of, blocks_of, by_diagonal, diagonal_at, permutation_of
from jackern._structures.base import Jacobian
from jackern._structures.of_terms import from_terms
from jackern._terms import combine
from jackern._terms.term import Axis, Term, canonical

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
        return low_rank_solver(base, [cut_at_diagonal(term, n) for term in low], n, dtype, direct)
    return direct()


# ---- low rank -----------------------------------------------------------------------------------------------------


def by_rank(terms: Sequence[Term], n: int) -> tuple[list[Term], list[Term]]:
    """Return the terms of high rank and those of low rank."""
    low = [term for term in terms if rank_of(term) * LOW_RANK <= n]
    return [term for term in terms if not any(term is x for x in low)], low


def rank_of(term: Term) -> int:
    """Return a bound of the rank.

    Where the numbers are the same in all columns, or in all rows, that belong to one another, only letters of both
    ends count.
    """
    own, other = {*term.out_letters}, {*term.in_letters}
    if (own - other) & {*term.letters} and (other - own) & {*term.letters}:
        return min(term.shape)
    return math.prod(term.lengths[x] for x in own & other)


def cut_at_diagonal(term: Term, n: int) -> Pair:
    """Return a term as a product whose middle has the letters of both ends."""
    middle = tuple(Axis(x, term.lengths[x]) for x in term.out_letters if x in term.in_letters)
    one = np.ones((), term.values.dtype)
    stored_left = {*term.letters} <= {*term.out_letters}

    def half(out: tuple[Axis, ...], in_: tuple[Axis, ...], stored: bool, shape: tuple[int, int]) -> Jacobian:
        lengths = {x.letter: term.lengths[x.letter] for x in (*out, *in_) if x.letter is not None}
        values, letters = (term.values, term.letters) if stored else (one, ())
        return from_terms([Term(values, letters, out, in_, lengths)], shape[:1], shape[1:], values.dtype)

    rank = rank_of(term)
    return half(term.out, middle, stored_left, (n, rank)), half(middle, term.in_, not stored_left, (rank, n))


def jacobian_of(terms: Sequence[Term], n: int, dtype: np.dtype[Any]) -> Jacobian:
    """Return terms with n rows and columns as a Jacobian between vectors."""
    return from_terms(terms, (n,), (n,), dtype)


def low_rank_solver(
    base: Sequence[Term], pairs: Sequence[Pair], n: int, dtype: np.dtype[Any], direct: Callable[[], Solver]
) -> Solver:
    """Return the solver of ``B + U V``, by the formula of Sherman, Morrison and Woodbury.

    With the capacitance C = I + V B⁻¹ U, the solution is ``x = B⁻¹ (b - U C⁻¹ V B⁻¹ b)``, and det (B + U V) is
    det B det C.  Where B is diagonal, C is formed in its structure: for a batch of softmaxes it is diagonal.

    The formula loses digits where B is nearer to a singular matrix than the sum is, so the residual is looked at and
    solved for again; where that does not help, or B is singular, the solver is `direct`.
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
        except MemoryError:
            raise np.linalg.LinAlgError(
                f"solve: the pivot in row {row} of the low-rank part is zero; the Jacobian is singular."
            ) from None
    matrix = jacobian_of(base, n, dtype)

    def once(rows: Array) -> Array:
        first = inner.solve(rows)
        middle = outer.solve(np.concatenate([right.jvp(first) for _, right in pairs], axis=1))
        rest = rows.copy()
        for (left, _), part in zip(pairs, np.split(-middle, np.cumsum(ranks)[:-1], axis=1), strict=True):
            left.jvp(part, out=rest, accumulate=True)
        return inner.solve(rest)

    def solve(rows: Array) -> Array:
        try:
            x = once(rows)
            for _ in range(N_TRIALS):
                rest, error = residual(rows, x, matrix, pairs)
                if not error > 100 * np.finfo(dtype).eps:
                    return x
                x += once(rest)
        except ZeroPivot:
            pass
        return direct().solve(rows)

    def logabsdet() -> Any:
        return inner.logabsdet() + outer.logabsdet()

    return Solver(solve, logabsdet)


def residual(rows: Array, x: Array, matrix: Jacobian, pairs: Sequence[Pair]) -> tuple[Array, Any]:
    """Return ``b - B x - U V x``, and its size relative to the largest part, the worst of all rows."""
    rest = rows.copy()
    scale = np.abs(rows).max(axis=1)
    for part in itertools.chain([matrix.jvp(x)], (left.jvp(right.jvp(x)) for left, right in pairs)):
        rest -= part
        scale = np.maximum(scale, np.abs(part, out=part).max(axis=1))
    return rest, np.max(np.abs(rest).max(axis=1) / np.where(scale > 0, scale, 1))


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
    products = np.concatenate([right.jvp(columns) for _, right in pairs], axis=1)
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
