"""Sums and products of sparse Jacobians, entry by entry."""

from __future__ import annotations

import math

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape
from jackern._structures.base import Jacobian
from jackern._structures.sparse import SparseJacobian
from jackern._terms.term import KeptApart


def as_sparse(jacobian: Jacobian) -> SparseJacobian:
    """Return a Jacobian with no more than one entry per row and column in each of its terms, as a sparse one."""
    if isinstance(jacobian, SparseJacobian):
        return jacobian
    terms = jacobian._terms()
    if terms is None or any({*term.out_letters} != {*term.in_letters} for term in terms):
        raise KeptApart(f"a {jacobian.structure} and a sparse one have no product of the storage of both")
    return from_entries(*jacobian._entries(), jacobian.out_shape, jacobian.in_shape)


def from_entries(rows: Array, columns: Array, values: Array, out_shape: Shape, in_shape: Shape) -> SparseJacobian:
    """Return the Jacobian with these entries, in any order; equal places add up.

    Values of stride 0 are kept as one number where no two add up.
    """
    m, n = math.prod(out_shape), math.prod(in_shape)
    is_constant = values.strides == (0,) and values.size > 1
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    if not is_constant or not is_first.all():
        values = values[order]
    if not is_first.all():
        first = np.flatnonzero(is_first)
        rows, columns, values = rows[first], columns[first], np.add.reduceat(values, first)
    one_each = len(rows) == m and np.array_equal(rows, np.arange(m))
    indptr = None if one_each else rows.searchsorted(np.arange(m + 1))
    return SparseJacobian(values, _core.SparsePattern(indptr, columns, m, n), out_shape, in_shape, False)


def add(a: SparseJacobian, b: SparseJacobian) -> SparseJacobian:
    """Return ``a + b``, of the same shapes."""
    rows, columns, values = (np.concatenate(pair) for pair in zip(a._entries(), b._entries(), strict=True))
    return from_entries(rows, columns, values, a.out_shape, a.in_shape)


def rows_of(jacobian: SparseJacobian, wanted: Array) -> tuple[Array, Array, Array, Array]:
    """Return where these rows start, how many entries they have, and the columns and the numbers, row by row."""
    pattern = jacobian._pattern
    if jacobian._transposed:
        rows, columns, values = jacobian._entries()
        order = rows.argsort(kind="stable")
        rows, columns = rows[order], columns[order]
        values = values if values.strides == (0,) else values[order]
        starts = rows.searchsorted(wanted)
        return starts, rows.searchsorted(wanted, "right") - starts, columns, values
    if pattern.indptr is None:
        return wanted, np.ones_like(wanted), pattern.indices, jacobian._values
    starts = pattern.indptr[wanted].astype(np.intp)
    return starts, pattern.indptr[wanted + 1] - starts, pattern.indices, jacobian._values


def product_work(a: SparseJacobian, b: SparseJacobian) -> int:
    """Return how many multiplications ``a @ b`` takes: at least as many as it has entries."""
    return int(rows_of(b, a._entries()[1])[1].sum())


def multiply(a: SparseJacobian, b: SparseJacobian) -> SparseJacobian:
    """Return ``a @ b``: every entry (i, j) of `a` times row j of `b`, then equal places added up."""
    rows, middle, left = a._entries()
    starts, counts, columns, right = rows_of(b, middle)
    entry = np.arange(len(rows)).repeat(counts)
    # The k-th product of an entry takes the k-th entry of its row of b.
    place = np.arange(len(entry)) + (starts - (counts.cumsum() - counts)).repeat(counts)
    with np.errstate(all="ignore"):
        if left.strides == right.strides == (0,):
            values = np.broadcast_to(left[:1] * right[:1], len(entry))
        else:
            values = left[entry] * right[place]
        return from_entries(rows[entry], columns[place].astype(np.intp), values, a.out_shape, b.in_shape)
