"""Sparse Jacobians: a number per entry, kept by rows, as gathers, scatters and SciPy's sparse arrays have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, quiet
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures import apply
from jackern._structures.base import reshaped
from jackern._structures.stored import StoredJacobian, once


class SparseJacobian(_core.SparseProducts, StoredJacobian):
    """Entries by rows, or by columns if transposed: SciPy's CSR, in which equal places add up."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        return self._values.dtype

    @property
    def structure(self) -> str:
        return "sparse"

    @property
    def _n_entries(self) -> int:
        return self._pattern.n_entries

    @property
    def T(self) -> SparseJacobian:
        return SparseJacobian(self._values, self._pattern, self.in_shape, self.out_shape, not self._transposed)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> SparseJacobian:
        return SparseJacobian(self._values, self._pattern, *reshaped(self, out_shape, in_shape), self._transposed)

    @quiet
    def diagonal(self) -> Array:
        rows, columns, values = self._entries()
        on = rows == columns
        result = np.zeros(min(self.shape), self.dtype)
        np.add.at(result, rows[on], values[on])
        return result

    @property
    def _numbers(self) -> Array:
        """The numbers stored: one where all entries are equal."""
        return once(self._values)

    def _with_values(self, function: Callable[[Array], Array]) -> SparseJacobian:
        values = np.broadcast_to(function(self._numbers), self._values.shape)
        return SparseJacobian(values, self._pattern, self.out_shape, self.in_shape, self._transposed)

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        m, n = self.shape
        return apply.by_one_call(self, v, batch, out, accumulate, transposed, [m], [n])

    @property
    def _lists_entries(self) -> bool:
        return True

    def _fill(self, matrix: Array) -> None:
        rows, columns, values = self._entries()
        np.add.at(matrix, (rows, columns), values)

    def _arrays(self) -> tuple[Array, ...]:
        indptr = self._pattern.indptr
        return (self._numbers, self._pattern.indices, *([] if indptr is None else [indptr]))

    @property
    def _stored(self) -> int:
        return int(self._numbers.size)

    @property
    def _cost(self) -> int:
        return self.nnz

    def _entries(self) -> tuple[Array, Array, Array]:
        pattern = self._pattern
        counts = 1 if pattern.indptr is None else np.diff(pattern.indptr)
        rows = np.arange(pattern.n_rows).repeat(counts)
        columns = pattern.indices.astype(np.intp)
        return (columns, rows, self._values) if self._transposed else (rows, columns, self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        # A broadcast view would be pickled with all its repetitions.
        state = self._numbers, self._pattern, self.out_shape, self.in_shape, self._transposed
        return _core.restored, ("sparse", *state)


def rebuilt(numbers: Array, pattern: _core.SparsePattern, *rest: Any) -> SparseJacobian:
    """Return a pickled Jacobian."""
    return SparseJacobian(np.broadcast_to(numbers, pattern.n_entries), pattern, *rest)


_core.register("sparse", rebuilt)
