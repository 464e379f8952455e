"""Solving ``J x = b`` by structure.

A Jacobian is brought to a sum of terms, or to a product of square factors, each of which is one.  Axes that carry the
same letter at both ends in every term count blocks; what remains of a block is a band, a permutation or dense.  Terms
and products of low rank are taken out first where that pays, by the formula of Sherman, Morrison and Woodbury.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jackern import _algebra, _factor, _general, _terms
from jackern._base import MAX_BYTES, Array, Jacobian
from jackern._combined import Combination, ProductJacobian, SumJacobian
from jackern._factor import Solver, ZeroPivot
from jackern._gram import GramJacobian
from jackern._products import aligned
from jackern._terms import Axis, Composition, KeptApart, Term

LOW_RANK = 16  # a rank of at most the number of rows over this is low
N_TRIALS = 4  # of solving for a residual again, before the formula is given up


@_general.quiet
def solve(jacobian: Jacobian, b: ArrayLike) -> Any:
    """Return x with ``J x = b``; see `Jacobian.solve`."""
    b = _general.as_native(b, "solve", "b")
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
    return solver_of(jacobian, dtype).solve(rows).reshape(batch + jacobian.in_shape)[()]


@_general.quiet
def logabsdet(jacobian: Jacobian) -> Any:
    """Return ``log(abs(det J))``; see `Jacobian.logabsdet`."""
    if check_square(jacobian, "logabsdet") == 0:
        return jacobian.dtype.type(0)
    try:
        return solver_of(jacobian, jacobian.dtype).logabsdet()
    except ZeroPivot:
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
    if isinstance(jacobian, SumJacobian):
        return solver_of_sum(jacobian, n, dtype)
    if isinstance(jacobian, Combination):
        return solver_of_product(jacobian, n, dtype)
    if jacobian.structure == "sparse":
        raise ValueError("solve: a sparse Jacobian has no solver here; use scipy.sparse.linalg.spsolve(J.tocsr(), b).")
    raise ValueError(
        f"solve: the entries of a {jacobian.structure} are not known; solve by iteration, for example with "
        "scipy.sparse.linalg.gmres(J.aslinearoperator(), b)."
    )


# ---- products ----------------------------------------------------------------------------------------------------


def solver_of_product(product: Combination, n: int, dtype: np.dtype[Any]) -> Solver:
    """Return what solves with one square group of factors after the other, from the left."""
    groups: list[list[Jacobian]] = [[]]
    for part in product._parts:
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
        whole = product if len(group) == len(product._parts) else product_of(group)
        solvers.append(solver_of_terms(expanded(whole, dtype), n, dtype))

    def solve(rows: Array) -> Array:
        for solver in solvers:
            rows = solver.solve(rows)
        return rows

    def logabsdet() -> Any:
        return sum(solver.logabsdet() for solver in solvers)

    return Solver(solve, logabsdet)


def multiplied_out(parts: Sequence[Jacobian], dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return the terms of a product of several factors, whatever they store; one dense term if there are no others."""
    result: Sequence[Term] | None = None
    for part in [part for part in parts if not is_one(part)] or parts[:1]:
        terms = expanded(part, dtype)
        if result is None:
            result = terms
            continue
        try:
            pairs = [_terms.composition(p, q) for p, q in itertools.product(result, terms)]
            result = _terms.sum_of(filter(None, (contracted(pair, dtype) for pair in pairs if pair is not None)))
        except KeptApart:
            shape = parts[0].shape[0], parts[-1].shape[1]
            check_size(shape, dtype)
            return [dense_term(product_of(parts).toarray(max_bytes=None))]
    return result or ()


def is_one(jacobian: Jacobian) -> bool:
    """Whether a factor changes nothing."""
    return jacobian.structure == "identity" and jacobian.values == 1


def expanded(jacobian: Jacobian, dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return terms of any Jacobian."""
    terms = jacobian._terms()
    if terms is not None:
        return terms
    if isinstance(jacobian, SumJacobian):
        return _terms.sum_of(term for part in jacobian._parts for term in expanded(part, dtype))
    if isinstance(jacobian, GramJacobian):
        # Symmetric but for rounding, which would keep it from Cholesky's factorisation.
        halves = [term._replace(values=term.values * 0.5) for term in multiplied_out(jacobian._parts, dtype)]
        return _terms.sum_of([*halves, *(half.T for half in halves)])
    if isinstance(jacobian, Combination):
        return multiplied_out(jacobian._parts, dtype)
    check_size(jacobian.shape, dtype)
    return [dense_term(jacobian.toarray(max_bytes=None))]


def contracted(pair: Composition, dtype: np.dtype[Any]) -> Term | None:
    """Multiply out by np.matmul, which takes sums over letters of both factors to the BLAS."""
    a, b = pair.a, pair.b
    summed = [x for x in a.letters if x in b.letters and x not in pair.letters]
    check_size([pair.lengths[x] for x in pair.letters], dtype)
    if not summed or any(x not in (*pair.letters, *summed) for x in (*a.letters, *b.letters)):
        return pair.term()
    stack = [x for x in pair.letters if x in a.letters and x in b.letters]
    rows, columns = ([x for x in pair.letters if x in own.letters and x not in stack] for own in (a, b))

    def matrices(term: Term, *ends: Sequence[int]) -> Array:
        sizes = [math.prod(term.lengths[x] for x in end) for end in ends]
        letters = [*stack, *(x for end in ends for x in end)]
        return aligned(term.values, term.letters, letters).reshape([*(term.lengths[x] for x in stack), *sizes])

    values = np.matmul(matrices(a, rows, summed), matrices(b, summed, columns))
    letters = (*stack, *rows, *columns)
    lengths = {x: n for x, n in pair.lengths.items() if x in {*a.out_letters, *b.in_letters}}
    values = values.reshape([lengths[x] for x in letters])
    if pair.repeats > 1:
        values *= pair.repeats
    return _terms.canonical(values, letters, a.out, b.in_, lengths)


def dense_term(matrix: Array) -> Term:
    """Return a matrix as a term."""
    m, n = matrix.shape
    term = _terms.canonical(matrix, (0, 1), [Axis(0, m)], [Axis(1, n)], {0: m, 1: n})
    assert term is not None
    return term


def check_size(shape: Iterable[int], dtype: np.dtype[Any]) -> None:
    """Raise MemoryError for a dense array over the cap."""
    shape = tuple(shape)
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes > MAX_BYTES:
        raise MemoryError(
            f"solve: a dense array of shape {shape} would take {nbytes} bytes, more than {MAX_BYTES}; solve by "
            "iteration, for example with scipy.sparse.linalg.gmres(J.aslinearoperator(), b)."
        )


# ---- low rank ----------------------------------------------------------------------------------------------------

Pair = tuple[Jacobian, Jacobian]  # (n,) <- (r,) and (r,) <- (n,): the left and the right part of a product


def solver_of_sum(total: SumJacobian, n: int, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a sum in which there are products: of low rank, or else multiplied out."""
    terms: list[Term] = []
    pairs: list[Pair] = []
    for part in total._parts:
        if part.structure in ("sparse", "linear-map"):
            solver_of(part, dtype)
        own = part._terms()
        if own is None and isinstance(part, Combination) and (pair := cut_at_waist(part._parts, n)):
            pairs.append(pair)
        else:
            terms += expanded(part, dtype) if own is None else own
    if not pairs:
        return solver_of_terms(_terms.sum_of(terms), n, dtype)
    base, low = by_rank(terms, n)

    def direct() -> Solver:
        return solver_of_terms(_terms.sum_of(expanded(total, dtype)), n, dtype)

    return low_rank_solver(base, [*pairs, *(cut_at_diagonal(term, n) for term in low)], n, dtype, direct)


def cut_at_waist(parts: Sequence[Jacobian], n: int) -> Pair | None:
    """Return a product as two, cut where the fewest numbers pass; None if those are many."""
    k = min(range(1, len(parts)), key=lambda k: parts[k].shape[0])
    rank = parts[k].shape[0]
    if rank * LOW_RANK > n:
        return None
    return product_of(parts[:k]).reshape(n, rank), product_of(parts[k:]).reshape(rank, n)


def product_of(parts: Sequence[Jacobian]) -> Jacobian:
    """Return the product of factors as it is."""
    return parts[0] if len(parts) == 1 else ProductJacobian(tuple(parts), ("",) * (len(parts) - 1))


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
        return _algebra.from_terms([Term(values, letters, out, in_, lengths)], shape[:1], shape[1:], values.dtype)

    rank = rank_of(term)
    return half(term.out, middle, stored_left, (n, rank)), half(middle, term.in_, not stored_left, (rank, n))


def jacobian_of(terms: Sequence[Term], n: int, dtype: np.dtype[Any]) -> Jacobian:
    """Return terms with n rows and columns as a Jacobian between vectors."""
    return _algebra.from_terms(terms, (n,), (n,), dtype)


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

    def singular(error: ZeroPivot) -> Solver:
        # C is singular exactly where the sum is, but for rounding.
        try:
            return direct()
        except MemoryError:
            raise ZeroPivot(error.row, " of the low-rank part") from None

    try:
        inner = solver_of_terms(base, n, dtype)
    except ZeroPivot:
        return direct()
    try:
        outer = capacitance_solver(base, inner, pairs, dtype)
    except ZeroPivot as error:
        return singular(error)
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
        except ZeroPivot as pivot:
            return singular(pivot).solve(rows)
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
    if len(base) == 1 and base[0].structure in ("identity", "diagonal") and len({*ranks}) == 1:
        inverse = base[0]._replace(values=np.asarray(1 / base[0].values.astype(dtype)))
        terms = capacitance_of(jacobian_of([inverse], n, dtype), pairs, dtype)
        return solver_of_terms(terms, sum(ranks), dtype)
    check_size((sum(ranks), n), dtype)
    columns = inner.solve(np.concatenate([left.T.toarray(max_bytes=None) for left, _ in pairs], dtype=dtype))
    products = np.concatenate([right.jvp(columns) for _, right in pairs], axis=1)
    return _factor.block_solver((np.eye(sum(ranks), dtype=dtype) + products.T)[None])


def capacitance_of(inverse: Jacobian, pairs: Sequence[Pair], dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return ``I + V B⁻¹ U`` for several pairs of one rank, with an axis in front that counts the pairs."""
    n_pairs, rank = len(pairs), pairs[0][0].shape[1]
    ends = [Axis(0, n_pairs), Axis(1, rank)]
    identity = _terms.canonical(np.ones((), dtype), (), ends, ends, {0: n_pairs, 1: rank})
    terms = [identity] if identity else []
    for (k, (_, right)), (j, (left, _)) in itertools.product(enumerate(pairs), repeat=2):
        for term in multiplied_out([right, inverse, left], dtype):
            if n_pairs > 1:
                term = term._replace(out=(Axis(None, n_pairs, k), *term.out), in_=(Axis(None, n_pairs, j), *term.in_))
            terms.append(term)
    return _terms.sum_of(terms)


# ---- terms -------------------------------------------------------------------------------------------------------


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


class Order(NamedTuple):
    """How rows of right-hand sides are arranged for elimination.

    First come axes along which all blocks are the same, which count as right-hand sides, then those that count blocks,
    then the others.
    """

    out: tuple[int, ...]  # lengths of axes
    in_: tuple[int, ...]
    out_axes: tuple[int, ...]  # in which order they are taken
    in_axes: tuple[int, ...]
    n_shared: int  # right-hand sides that stand for one
    n_blocks: int
    n: int  # rows of the matrix that is left

    def gathered(self, rows: Array) -> Array:
        by_axis = rows.reshape(len(rows), *self.out)
        return by_axis.transpose(0, *(1 + k for k in self.out_axes)).reshape(-1, self.n)

    def scattered(self, rows: Array) -> Array:
        k = len(rows) // self.n_shared
        by_axis = rows.reshape(k, *(self.in_[k] for k in self.in_axes))
        return by_axis.transpose(0, *(1 + int(k) for k in np.argsort(self.in_axes))).reshape(k, -1)

    def placed(self, error: ZeroPivot) -> ZeroPivot:
        """Return the error with the row of the Jacobian."""
        rows = np.arange(math.prod(self.out)).reshape(1, -1)
        return ZeroPivot(int(self.gathered(rows)[0, error.row]))


def arranged(terms: Sequence[Term], n: int) -> tuple[list[Term], Order]:
    """Return the terms between axes in the order of elimination, those that all blocks share left out."""
    try:
        terms = with_equal_axes(terms)
    except KeptApart:
        return list(terms), Order((n,), (n,), (0,), (0,), 1, 1, n)
    first = terms[0]
    pairs = [
        (i, j)
        for i, j in itertools.product(range(len(first.out)), range(len(first.in_)))
        if all(is_pair(term, i, j) for term in terms)
    ]
    shared = [(i, j) for i, j in pairs if not any(term.out[i].letter in term.letters for term in terms)]
    blocks = [pair for pair in pairs if pair not in shared]
    own, other = zip(*shared, *blocks, strict=True) if pairs else ((), ())
    out_axes = (*own, *(i for i in range(len(first.out)) if i not in own))
    in_axes = (*other, *(j for j in range(len(first.in_)) if j not in other))
    out, in_ = (tuple(axis.full for axis in end) for end in (first.out, first.in_))
    n_shared, n_blocks = (math.prod(out[i] for i, _ in some) for some in (shared, blocks))

    def kept(term: Term) -> Term:
        gone = {term.out[i].letter for i, _ in shared}
        return term._replace(
            out=tuple(term.out[i] for i in out_axes[len(shared) :]),
            in_=tuple(term.in_[j] for j in in_axes[len(shared) :]),
            lengths={x: k for x, k in term.lengths.items() if x not in gone},
        )

    order = Order(out, in_, out_axes, in_axes, n_shared, n_blocks, n // n_shared)
    return [kept(term) for term in terms], order


def with_equal_axes(terms: Sequence[Term]) -> list[Term]:
    """Return the terms with the same axes; raises KeptApart where they cannot have them."""
    result = list(terms)
    for _ in result:
        if len({tuple(axis.full for axis in term.out + term.in_) for term in result}) == 1:
            return result
        for k, end in itertools.product(range(len(result)), ("out", "in_")):
            result[k - 1], result[k] = _terms.matched(result[k - 1], end, result[k], end)
    raise KeptApart("their axes have no common refinement")


def is_pair(term: Term, i: int, j: int) -> bool:
    """Whether one letter covers this axis of the output and that of the input."""
    x, y = term.out[i], term.in_[j]
    return x.letter is not None and x.letter == y.letter and all(_terms.covers(axis, term.lengths) for axis in (x, y))


def arranged_solver(terms: Sequence[Term], order: Order, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of arranged terms: diagonal, tridiagonal, band, low rank, permutation or blocks."""
    n, m = order.n, order.n // order.n_blocks
    diagonals = by_diagonal(terms)
    if diagonals is not None:
        l, u = -min(0, *diagonals), max(0, *diagonals)
        if l == u == 0:
            return _factor.diagonal_solver(diagonal_at(0, diagonals, n, dtype))
        if l <= 1 and u <= 1:
            return _factor.tridiagonal_solver(*(diagonal_at(k, diagonals, n, dtype) for k in (-1, 0, 1)))
        if 2 * l + u + 1 <= m:
            return _factor.band_solver(l, u, band_of(diagonals, l, u, n, dtype))
    base, low = by_rank(terms, n)

    def direct() -> Solver:
        if (places := permutation_of(terms, n)) is not None:
            return permutation_solver(*places, dtype)
        return _factor.block_solver(blocks_of(terms, order, dtype))

    if base and low:
        return low_rank_solver(base, [cut_at_diagonal(term, n) for term in low], n, dtype, direct)
    return direct()


def by_diagonal(terms: Sequence[Term]) -> dict[int, list[Term]] | None:
    """Return the terms by the offset of the diagonal on which they lie; None if one lies on several."""
    result: dict[int, list[Term]] = {}
    for term in terms:
        (first_row, row_steps), (first, steps) = _terms.strides(term.out), _terms.strides(term.in_)
        if row_steps != steps:
            return None
        result.setdefault(first - first_row, []).append(term)
    return result


def diagonal_at(offset: int, diagonals: Mapping[int, Sequence[Term]], n: int, dtype: np.dtype[Any]) -> Array:
    """Return one diagonal, ``(n - abs(offset),)``; a view where one term has it all."""
    length = n - abs(offset)
    terms = diagonals.get(offset, ())
    if not terms:
        return np.broadcast_to(np.zeros((), dtype), length)
    term = terms[0]
    if len(terms) == 1 and term.nnz == length and len(term.lengths) <= 1 and term.values.dtype == dtype:
        return np.broadcast_to(term.values, length)
    result = np.zeros((n, 1), dtype)
    for term in terms:
        _terms.fill(term._replace(in_=()), result)
    return result[max(0, -offset) :][:length, 0]


def band_of(diagonals: Mapping[int, Sequence[Term]], l: int, u: int, n: int, dtype: np.dtype[Any]) -> Array:
    """Return a band with a[i, j] in column j - i + l, and l more columns of zeros."""
    width = 2 * l + u + 1
    check_size((n, width), dtype)
    band = np.zeros((n, width), dtype)
    for offset, terms in diagonals.items():
        for term in terms:
            _terms.fill(term._replace(in_=(Axis(None, width, offset + l),)), band)
    return band


def permutation_of(terms: Sequence[Term], n: int) -> tuple[Array, Array, Array] | None:
    """Return rows, columns and numbers if there is one entry in every row and every column, else None."""
    if sum(term.nnz for term in terms) != n:
        return None
    rows, columns, values = (np.concatenate(x) for x in zip(*map(_terms.entries, terms), strict=True))
    if any((np.bincount(places, minlength=n) != 1).any() for places in (rows, columns)):
        return None
    return rows, columns, values


def permutation_solver(rows: Array, columns: Array, values: Array, dtype: np.dtype[Any]) -> Solver:
    """Return the solver of a matrix with these entries, one in every row and every column."""
    by_row = np.empty_like(values, dtype)
    by_row[rows] = values
    diagonal = _factor.diagonal_solver(by_row)

    def solve(right: Array) -> Array:
        scaled = diagonal.solve(right)
        result = np.empty_like(scaled)
        result[:, columns] = scaled[:, rows]
        return result

    return Solver(solve, diagonal.logabsdet)


def blocks_of(terms: Sequence[Term], order: Order, dtype: np.dtype[Any]) -> Array:
    """Return the blocks of arranged terms, ``(n_blocks, m, m)``."""
    m = order.n // order.n_blocks
    shape = order.n_blocks, m, m
    n_stack = 0
    while math.prod(axis.full for axis in terms[0].out[:n_stack]) < order.n_blocks:
        n_stack += 1
    if len(terms) == 1 and terms[0].is_plain and len(terms[0].letters) == len(terms[0].lengths):
        letters = (*terms[0].out_letters, *terms[0].in_letters[n_stack:])
        return aligned(terms[0].values, terms[0].letters, letters).reshape(shape).astype(dtype, copy=False)
    check_size(shape, dtype)
    blocks = np.zeros((order.n, m), dtype)
    for term in terms:
        # A letter that counts blocks steps along their stack alone.
        _terms.fill(term._replace(in_=term.in_[n_stack:]), blocks)
    return blocks.reshape(shape)
