"""Banded Jacobians: sums of diagonals, each on a slice of the output and of the input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures import apply
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.stored import DiagonalTerms, once
from jackern._terms import entries
from jackern._terms.letters import aligned
from jackern._terms.term import Axis, KeptApart, Term, canonical, with_equal_axes

# values with an axis per axis of the output and the input, then starts and steps of their slices
Band = tuple[Array, Shape, Shape, Shape, Shape]


class BandedJacobian(_core.BandedProducts, DiagonalTerms):
    """A sum of terms whose letters all stand at both ends, in the same order; one call makes its product."""

    __slots__ = ("_terms_when_asked",)

    @property
    def dtype(self) -> Any:
        return np.result_type(*(values.dtype for values, *_ in self._bands))

    @property
    def _n_entries(self) -> int:
        return sum(math.prod(values.shape) for values, *_ in self._bands)

    @property
    def T(self) -> BandedJacobian:
        bands = tuple((values, i, j, k, m) for values, k, m, i, j in self._bands)
        return BandedJacobian(bands, self._in_lengths, self._out_lengths, self.in_shape, self.out_shape)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> BandedJacobian:
        return BandedJacobian(self._bands, self._out_lengths, self._in_lengths, *reshaped(self, out_shape, in_shape))

    def _with_values(self, function: Callable[[Array], Array]) -> BandedJacobian:
        def changed(values: Array) -> Array:
            return np.broadcast_to(function(once(values)), values.shape)

        bands = tuple((changed(values), i, j, k, m) for values, i, j, k, m in self._bands)
        return BandedJacobian(bands, self._out_lengths, self._in_lengths, self.out_shape, self.in_shape)

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        return apply.by_one_call(self, v, batch, out, accumulate, transposed, self._out_lengths, self._in_lengths)

    def _arrays(self) -> tuple[Array, ...]:
        return tuple(term.values for term in self._terms())

    @property
    def _stored(self) -> int:
        return sum(term.stored for term in self._terms())

    def _made_terms(self) -> tuple[Term, ...]:
        axes = range(len(self._out_lengths))

        def term(values: Array, out_start: Shape, out_step: Shape, in_start: Shape, in_step: Shape) -> Term | None:
            out = map(Axis, axes, self._out_lengths, out_start, out_step)
            in_ = map(Axis, axes, self._in_lengths, in_start, in_step)
            return canonical(values, tuple(axes), out, in_, dict(enumerate(values.shape)))

        return tuple(filter(None, (term(*band) for band in self._bands)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A broadcast view would be pickled with all its repetitions.
        bands = tuple((once(values), values.shape, i, j, k, m) for values, i, j, k, m in self._bands)
        return _core.restored, ("banded", bands, self._out_lengths, self._in_lengths, self.out_shape, self.in_shape)


def rebuilt(bands: Sequence[tuple[Any, ...]], *lengths_and_shapes: Shape) -> BandedJacobian:
    """Return a pickled Jacobian."""
    stretched = tuple((np.broadcast_to(values, shape), *places) for values, shape, *places in bands)
    return BandedJacobian(stretched, *lengths_and_shapes)


_core.register("banded", rebuilt)


def fused(terms: Sequence[Term], out_shape: Shape, in_shape: Shape) -> BandedJacobian:
    """Return the sum of terms that have every letter at both ends, in the same order.

    Raises
    ------
    KeptApart
        The ends cannot be cut to axes that are paired the same way in all terms.
    """
    terms = with_equal_axes(terms)
    pairs = paired(terms)

    def band(term: Term) -> Band:
        out, in_ = (
            [Axis(None, 1) if k is None else axes[k] for k in ks]
            for axes, ks in zip((term.out, term.in_), zip(*pairs, strict=True), strict=True)
        )
        letters = [x.letter for x in out]
        if letters != [x.letter for x in in_]:
            raise KeptApart("their slices pair other axes")
        shape = [1 if x is None else term.lengths[x] for x in letters]
        values = np.broadcast_to(aligned(term.values, term.letters, letters), shape)
        (out_start, out_step), (in_start, in_step) = (
            (tuple(x.start for x in axes), tuple(x.step for x in axes)) for axes in (out, in_)
        )
        return values, out_start, out_step, in_start, in_step

    out_lengths = tuple(1 if k is None else terms[0].out[k].full for k, _ in pairs)
    in_lengths = tuple(1 if k is None else terms[0].in_[k].full for _, k in pairs)
    return BandedJacobian(tuple(map(band, terms)), out_lengths, in_lengths, out_shape, in_shape)


def paired(terms: Sequence[Term]) -> list[tuple[int | None, int | None]]:
    """Return which axis of the output goes with which of the input: those on which a term has the same letter.

    Between such pairs the others follow in their order, each with None where the other end has no more of them.
    """
    same = {
        (i, j)
        for term in terms
        for i, x in enumerate(term.out)
        for j, y in enumerate(term.in_)
        if x.letter is not None and x.letter == y.letter
    }
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    for k, m in [*sorted(same), (len(terms[0].out), len(terms[0].in_))]:
        if k < i or m < j:
            raise KeptApart("their slices pair other axes")
        while i < k or j < m:
            pairs.append((i if i < k else None, j if j < m else None))
            i, j = min(i + 1, k), min(j + 1, m)
        if (k, m) in same:
            pairs.append((k, m))
            i, j = k + 1, m + 1
    return pairs


def diagonals(terms: Sequence[Term], n: int, dtype: Any, where: str) -> tuple[list[int], Array]:
    """Return the offsets, ascending, and the numbers, ``(len(offsets), n)``, in the column they stand in.

    That is the layout of ``scipy.sparse.dia_array((data, offsets), shape)``.  ValueError for terms that are no
    diagonals of the matrix.
    """
    rows: dict[int, Array] = {}
    for term in terms:
        (first_row, row_steps), (first, steps) = entries.strides(term.out), entries.strides(term.in_)
        if row_steps != steps:
            raise ValueError(f"{where}: a {term.structure} term is no sum of diagonals of the matrix; see tocsr().")
        row = rows.setdefault(first - first_row, np.zeros(n, dtype))
        entries.fill(term._replace(out=()), row.reshape(1, n))
    offsets = sorted(rows)
    return offsets, np.array([rows[k] for k in offsets], dtype).reshape(len(offsets), n)


def tobanded(jacobian: Jacobian, max_bytes: int | None) -> tuple[tuple[int, int], Array]:
    """Return ``(l, u)`` and the numbers in LAPACK's layout, ``ab[u + i - j, j]``; see `Jacobian.tobanded`."""
    terms, n = jacobian._terms(), jacobian.shape[1]
    if terms is None:
        raise ValueError(
            f"tobanded: a {jacobian.structure} Jacobian is no sum of diagonals of the matrix; see tocsr()."
        )
    offsets, data = diagonals(terms, n, jacobian.dtype, "tobanded")
    l, u = -min([0, *offsets]), max([0, *offsets])
    nbytes = (l + u + 1) * n * jacobian.dtype.itemsize
    if max_bytes is not None and nbytes > max_bytes:
        raise MemoryError(
            f"tobanded: {l + u + 1} diagonals of a matrix of shape {jacobian.shape} take {nbytes} bytes, more than "
            f"max_bytes={max_bytes}; see tocsr(), or max_bytes=None, which lifts the cap."
        )
    ab = np.zeros((l + u + 1, n), jacobian.dtype)
    for offset, row in zip(offsets, data, strict=True):
        ab[u - offset] = row
    return (l, u), ab
