"""Sums of terms in an order of rows and columns that suits elimination, and the arrays that it works on.

Axes that carry the same letter at both ends in every term count blocks, and come first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jackern._arrays.operands import Array
from jackern._solve.expand import check_size
from jackern._solve.factor import ZeroPivot
from jackern._terms import entries
from jackern._terms.letters import aligned
from jackern._terms.term import Axis, KeptApart, Term, covers, with_equal_axes


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
        if self.out_axes == (0,) and self.n_shared == 1:
            return rows
        by_axis = rows.reshape(len(rows), *self.out)
        return by_axis.transpose(0, *(1 + k for k in self.out_axes)).reshape(-1, self.n)

    def scattered(self, rows: Array) -> Array:
        if self.in_axes == (0,) and self.n_shared == 1:
            return rows
        k = len(rows) // self.n_shared
        by_axis = rows.reshape(k, *(self.in_[k] for k in self.in_axes))
        return by_axis.transpose(
            0, *(1 + k for k in sorted(range(len(self.in_axes)), key=self.in_axes.__getitem__))
        ).reshape(k, -1)

    def placed(self, error: ZeroPivot) -> ZeroPivot:
        """Return the error with the row of the Jacobian."""
        rows = np.arange(math.prod(self.out)).reshape(1, -1)
        return ZeroPivot(int(self.gathered(rows)[0, error.row]))


def arranged(terms: Sequence[Term], n: int) -> tuple[list[Term], Order]:
    """Return the terms between axes in the order of elimination, those that all blocks share left out."""
    if any(len(term.out) == len(term.in_) == 1 and not is_pair(term, 0, 0) for term in terms):
        return list(terms), Order((n,), (n,), (0,), (0,), 1, 1, n)
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


def is_pair(term: Term, i: int, j: int) -> bool:
    """Whether one letter covers this axis of the output and that of the input."""
    x, y = term.out[i], term.in_[j]
    return x.letter is not None and x.letter == y.letter and all(covers(axis, term.lengths) for axis in (x, y))


def by_diagonal(terms: Sequence[Term]) -> dict[int, list[Term]] | None:
    """Return the terms by the offset of the diagonal on which they lie; None if one lies on several."""
    result: dict[int, list[Term]] = {}
    for term in terms:
        (first_row, row_steps), (first, steps) = entries.strides(term.out), entries.strides(term.in_)
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
        entries.fill(term._replace(in_=()), result)
    return result[max(0, -offset) :][:length, 0]


def band_of(diagonals: Mapping[int, Sequence[Term]], l: int, u: int, n: int, dtype: np.dtype[Any]) -> Array:
    """Return a band with a[i, j] in column j - i + l, and l more columns of zeros."""
    width = 2 * l + u + 1
    check_size((n, width), dtype)
    band = np.zeros((n, width), dtype)
    for offset, terms in diagonals.items():
        for term in terms:
            entries.fill(term._replace(in_=(Axis(None, width, offset + l),)), band)
    return band


def permutation_of(terms: Sequence[Term], n: int) -> tuple[Array, Array, Array] | None:
    """Return rows, columns and numbers if there is one entry in every row and every column, else None."""
    if sum(term.nnz for term in terms) != n:
        return None
    rows, columns, values = (np.concatenate(x) for x in zip(*map(entries.entries, terms), strict=True))
    if any((np.bincount(places, minlength=n) != 1).any() for places in (rows, columns)):
        return None
    return rows, columns, values


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
        entries.fill(term._replace(in_=term.in_[n_stack:]), blocks)
    return blocks.reshape(shape)
