"""Sparse Jacobians: a number per entry, kept by rows, as gathers, scatters and SciPy's sparse arrays have them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jackern import _core
from jackern._ops import pointwise
from jackern._structures import apply
from jackern._structures.axis import ZeroJacobian
from jackern._structures.base import Array, Jacobian, Shape, ShapeLike, as_shape, native_dtype, reshaped


class SparseJacobian(_core.SparseProducts, Jacobian):
    """Entries by rows, or by columns if transposed: SciPy's CSR, in which equal places add up."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        return self._values.dtype

    @property
    def structure(self) -> str:
        return "sparse"

    @property
    def nnz(self) -> int:
        return self._pattern.n_entries

    @property
    def T(self) -> SparseJacobian:
        return SparseJacobian(self._values, self._pattern, self.in_shape, self.out_shape, not self._transposed)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> SparseJacobian:
        return SparseJacobian(self._values, self._pattern, *reshaped(self, out_shape, in_shape), self._transposed)

    def astype(self, dtype: DTypeLike) -> SparseJacobian:
        dtype = native_dtype(dtype, "astype")
        return self if dtype == self.dtype else self._with_values(self._numbers.astype(dtype))

    def diagonal(self) -> Array:
        rows, columns, values = self._entries()
        on = rows == columns
        result = np.zeros(min(self.shape), self.dtype)
        np.add.at(result, rows[on], values[on])
        return result

    @property
    def _numbers(self) -> Array:
        """The numbers stored: one where all entries are equal."""
        return self._values[:1] if self._values.strides == (0,) else self._values

    def _with_values(self, numbers: Array) -> SparseJacobian:
        """Return the Jacobian with other numbers; those that were constant stay so."""
        values = np.broadcast_to(numbers, self._values.shape)
        return SparseJacobian(values, self._pattern, self.out_shape, self.in_shape, self._transposed)

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        m, n = self.shape[::-1] if transposed else self.shape

        def call(v: Array, out: Array) -> None:
            self._sparse_product(v, out, accumulate, transposed)

        return apply.by_axes(call, v, [n], batch, out, [m])

    def _fill(self, matrix: Array) -> None:
        rows, columns, values = self._entries()
        np.add.at(matrix, (rows, columns), values)

    def _scaled(self, function: Callable[..., Any], number: Any) -> SparseJacobian:
        with np.errstate(all="ignore"):
            return self._with_values(np.asarray(function(self._numbers, number)))

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
        rows = np.repeat(np.arange(pattern.n_rows), counts)
        columns = pattern.indices.astype(np.intp)
        return (columns, rows, self._values) if self._transposed else (rows, columns, self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        # A broadcast view would be pickled with all its repetitions.
        return rebuilt, (self._numbers, self._pattern, self.out_shape, self.in_shape, self._transposed)


def rebuilt(numbers: Array, pattern: _core.SparsePattern, *rest: Any) -> SparseJacobian:
    """Return a pickled Jacobian."""
    return SparseJacobian(np.broadcast_to(numbers, pattern.n_entries), pattern, *rest)


def sparse(csr: Any, out_shape: ShapeLike | None = None, in_shape: ShapeLike | None = None) -> Jacobian:
    """Return the Jacobian with the matrix of a SciPy sparse array.

    Parameters
    ----------
    csr : scipy.sparse array or matrix
        ``(m, n)``, of any format.  The numbers of one in CSR format without duplicates, with sorted indices, are kept
        if they are float32 or float64; its indices are copied.
    out_shape, in_shape : int or tuple of int, optional
        By default ``(m,)`` and ``(n,)``.

    Returns
    -------
    Jacobian
        A sparse one; zero where there is no entry.

    Raises
    ------
    ValueError
        `csr` does not have two axes, or has indices out of range; a shape of another number of elements.
    TypeError
        `csr` is no SciPy sparse array; a dtype that is not supported.
    ImportError
        SciPy is not installed.

    Notes
    -----
    ``jk.sparse(csr) @ J`` composes; ``csr @ J`` asks SciPy, which knows arrays only.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse
    >>> import jackern as jk
    >>> A = jk.sparse(scipy.sparse.csr_array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]))
    >>> A.structure, A.nnz, A.jvp(np.array([1.0, 10.0, 100.0]))
    ('sparse', 3, array([ 20., 301.]))
    """
    from jackern._adapters import scipy

    matrix = scipy.as_csr(csr, "sparse")
    m, n = matrix.shape
    shapes = [
        (size,) if shape is None else as_shape(shape, "sparse", name)
        for name, shape, size in (("out_shape", out_shape, m), ("in_shape", in_shape, n))
    ]
    for name, shape, size in zip(("out_shape", "in_shape"), shapes, matrix.shape, strict=True):
        if math.prod(shape) != size:
            raise ValueError(
                f"sparse: {name} is {shape}, expected {size} elements, for a matrix of shape {matrix.shape}."
            )
    values = pointwise.as_native(matrix.data, "sparse", "csr.data")
    if values.size == 0:
        return ZeroJacobian(shapes[0], shapes[1], values.dtype)
    pattern = _core.SparsePattern(matrix.indptr, matrix.indices, m, n)
    return SparseJacobian(values, pattern, shapes[0], shapes[1], False)


def gather(index: Any, in_shape: Shape, dtype: np.dtype[Any]) -> Jacobian:
    """Return the Jacobian of ``x[index]``, one entry per row; its transpose adds up what was taken from one place.

    Raises
    ------
    IndexError
        What NumPy raises for this index.
    """
    n = math.prod(in_shape)
    places = np.asarray(np.arange(n).reshape(in_shape)[index])
    if places.size == 0:
        return ZeroJacobian(places.shape, in_shape, dtype)
    pattern = _core.SparsePattern(None, places.reshape(-1), places.size, n)
    values = np.broadcast_to(np.ones((), dtype), places.size)
    return SparseJacobian(values, pattern, places.shape, in_shape, False)


# ---- algebra ---------------------------------------------------------------------------------------------------


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
    indptr = None if one_each else np.searchsorted(rows, np.arange(m + 1))
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
        order = np.argsort(rows, kind="stable")
        rows, columns = rows[order], columns[order]
        values = values if values.strides == (0,) else values[order]
        starts = np.searchsorted(rows, wanted)
        return starts, np.searchsorted(rows, wanted, "right") - starts, columns, values
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
    entry = np.repeat(np.arange(len(rows)), counts)
    # The k-th product of an entry takes the k-th entry of its row of b.
    place = np.arange(len(entry)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    with np.errstate(all="ignore"):
        if left.strides == right.strides == (0,):
            values = np.broadcast_to(left[:1] * right[:1], len(entry))
        else:
            values = left[entry] * right[place]
        return from_entries(rows[entry], columns[place].astype(np.intp), values, a.out_shape, b.in_shape)
