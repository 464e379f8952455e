"""The entries of the matrix of a term: where they stand, all of them, those on the diagonal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jackern._arrays.operands import Array, quiet
from jackern._terms.letters import aligned
from jackern._terms.term import Axis, Term

Entries = tuple[Array, Array, Array]  # rows, columns and numbers


def strides(axes: Sequence[Axis]) -> tuple[int, dict[int, int]]:
    """Return where the slices of one end begin in its C-order vector, and how far each letter steps."""
    start, steps, stride = 0, {}, 1
    for axis in reversed(axes):
        start += axis.start * stride
        if axis.letter is not None:
            steps[axis.letter] = axis.step * stride
        stride *= axis.full
    return start, steps


def entries(term: Term) -> tuple[Array, Array, Array]:
    """Return the row, the column and the number of every entry that is not structurally zero."""
    letters = tuple(term.lengths)
    shape = tuple(term.lengths.values())

    def positions(axes: Sequence[Axis]) -> Array:
        start, steps = strides(axes)
        result: Array = np.full(shape, start, np.intp)
        for k, (x, n) in enumerate(term.lengths.items()):
            result += (np.arange(n) * steps.get(x, 0)).reshape([n if d == k else 1 for d in range(len(shape))])
        return result.reshape(-1)

    values = np.broadcast_to(aligned(term.values, term.letters, letters), shape)
    return positions(term.out), positions(term.in_), values.reshape(-1)


def fill(term: Term, matrix: Array) -> None:
    """Add the entries to a C-contiguous matrix."""
    (first_row, rows), (first_column, columns) = strides(term.out), strides(term.in_)
    n_columns = matrix.shape[1]
    flat = matrix.reshape(-1)[first_row * n_columns + first_column :]
    lengths = list(term.lengths.values())
    step = [(rows.get(x, 0) * n_columns + columns.get(x, 0)) * matrix.itemsize for x in term.lengths]
    # Every entry is another element: a letter steps along rows, along columns, or along both at once.
    entries_of_matrix: Array = np.ndarray(lengths, matrix.dtype, flat, strides=step)  # checks that it fits
    entries_of_matrix += aligned(term.values, term.letters, tuple(term.lengths))


def diagonal(term: Term) -> Array:
    """Return the main diagonal of the matrix."""
    if term.is_diagonal and term.is_plain:
        order = term.out_letters
        shape = [term.lengths[x] for x in order]
        return np.broadcast_to(aligned(term.values, term.letters, order), shape).flatten()
    every = np.arange(min(term.shape))
    return at(term, every, every)


def at(term: Term, rows: Array, columns: Array) -> Array:
    """Return the numbers of the matrix at these places; zero where it has no entry."""
    index: dict[int, Array] = {}
    nonzero = np.ones(len(rows), bool)
    for axes, positions in ((term.out, rows), (term.in_, columns)):
        places = np.unravel_index(positions, [axis.full for axis in axes]) if axes else ()
        for axis, place in zip(axes, places, strict=True):
            k, rest = np.divmod(place - axis.start, axis.step)
            length = 1 if axis.letter is None else term.lengths[axis.letter]
            nonzero &= (rest == 0) & (k >= 0) & (k < length)
            if axis.letter is not None:
                nonzero &= index.setdefault(axis.letter, k) == k
    result = np.zeros(len(rows), term.values.dtype)
    result[nonzero] = term.values[tuple(index[x][nonzero] for x in term.letters)]
    return result


def found(listed: Entries, rows: Array, columns: Array) -> Array:
    """Return the sums of the entries at these places, from a list of them."""
    own_rows, own_columns, values = listed
    if len(values) == 0:
        return np.zeros(len(rows))
    size = int(max(columns.max(initial=0), own_columns.max())) + 1
    keys, of_key = np.unique(own_rows * size + own_columns, return_inverse=True)
    sums = np.bincount(of_key, values)
    wanted = rows * size + columns
    k = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
    return np.where(keys[k] == wanted, sums[k], 0)


@quiet
def added_up(arrays: Iterable[Array], dtype: Any) -> Array:
    """Return the sum of new arrays of one shape, at least one."""
    left = iter(arrays)
    total = next(left).astype(dtype, copy=False)
    for array in left:
        total += array
    return total
