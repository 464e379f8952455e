"""SciPy's sparse arrays and linear operators, from Jacobians and back.  No other file imports SciPy."""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from jackern._arrays.operands import Array
from jackern._structures import banded
from jackern._structures.base import Jacobian
from jackern._structures.verbs import MAX_BYTES


def scipy_sparse(where: str) -> Any:
    """Return the module scipy.sparse."""
    try:
        import scipy.sparse
    except ImportError:
        raise ImportError(f"{where} needs SciPy: pip install scipy") from None
    return scipy.sparse


# Functions that take the arguments of the op of that name in another order.
OTHER_ORDER = frozenset(["huber", "pseudo_huber"])


def special_function(name: str) -> Any:
    """Return the function of scipy.special that is the op of this name; None unless it is imported already."""
    return None if name in OTHER_ORDER else getattr(sys.modules.get("scipy.special"), name, None)


def as_csr(a: Any, where: str) -> Any:
    """Return a SciPy sparse array in CSR format with sorted indices and no duplicates; itself if it is that."""
    if isinstance(a, np.ndarray | list | tuple | Jacobian):
        raise TypeError(f"{where}: csr is a {type(a).__name__}, expected a SciPy sparse array; jk.dense takes arrays.")
    if not scipy_sparse(where).issparse(a):
        raise TypeError(f"{where}: csr is a {type(a).__name__}, expected a SciPy sparse array.")
    if a.ndim != 2:
        raise ValueError(f"{where}: csr has shape {a.shape}, expected (m, n).")
    check_entries(a, where)
    csr = a.tocsr()
    if csr.has_canonical_format:
        return csr
    csr = csr.copy()
    csr.sum_duplicates()
    return csr


def check_entries(a: Any, where: str) -> None:
    """Raise ValueError unless all entries of a sparse array lie in it: SciPy's conversions trust their indices."""
    m, n = a.shape
    if a.format in ("csr", "csc", "bsr"):
        height, width = a.blocksize if a.format == "bsr" else (1, 1)
        rows, columns = (n, m) if a.format == "csc" else (m, n)
        indptr, indices = places(a.indptr, where, "indptr"), places(a.indices, where, "indices")
        if len(indptr) != rows // height + 1:
            raise ValueError(f"{where}: csr.indptr has length {len(indptr)}, expected {rows // height + 1}")
        if indptr[0] != 0 or np.any(indptr[1:] < indptr[:-1]) or indptr[-1] > min(len(indices), len(a.data)):
            raise ValueError(
                f"{where}: csr.indptr goes from {indptr[0]} to {indptr[-1]}, expected to grow from 0 to at most "
                f"{min(len(indices), len(a.data))}"
            )
        check_range(indices[: indptr[-1]], columns // width, where, "indices")
    elif a.format == "coo":
        for coordinates, length, name in zip(a.coords, a.shape, ("row", "col"), strict=True):
            coordinates = places(coordinates, where, name)
            if len(coordinates) != len(a.data):
                raise ValueError(f"{where}: csr.{name} has length {len(coordinates)}, expected {len(a.data)}")
            check_range(coordinates, length, where, name)
    elif a.format == "dia":
        offsets = places(a.offsets, where, "offsets")
        if np.ndim(a.data) != 2 or len(a.data) != len(offsets):
            raise ValueError(
                f"{where}: csr.data has shape {np.shape(a.data)}, expected a row for each of {len(offsets)}"
            )
    elif a.format == "lil":
        for columns, values in zip(a.rows, a.data, strict=True):
            if len(columns) != len(values):
                raise ValueError(f"{where}: a row of csr has {len(columns)} columns, but {len(values)} numbers")
            check_range(np.array(columns, np.intp), n, where, "rows")
    elif a.format == "dok":
        for i, j in a.keys():  # noqa: SIM118 - iterating over it is something else
            check_range(np.array([i]), m, where, "row")
            check_range(np.array([j]), n, where, "column")


def places(x: Any, where: str, name: str) -> Array:
    """Return indices as exactly an ndarray, along one axis."""
    array = np.array(x, copy=None, subok=False)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"{where}: csr.{name} has shape {array.shape} and dtype {array.dtype}, expected integers, (n,)"
        )
    return array


def check_range(indices: Array, n: int, where: str, name: str) -> None:
    """Raise ValueError unless all indices are from 0 to n - 1."""
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        k = np.flatnonzero((indices < 0) | (indices >= n))[0]
        raise ValueError(f"{where}: csr.{name}[{k}] is {indices[k]}, expected 0 to {n - 1}")


def check_size(where: str, jacobian: Jacobian, n_entries: int) -> None:
    """Raise MemoryError for entries that take more than the cap, with their indices."""
    nbytes = n_entries * (jacobian.dtype.itemsize + 8)
    if nbytes > MAX_BYTES:
        raise MemoryError(
            f"{where}: {n_entries} entries of a {jacobian.structure} Jacobian take about {nbytes} bytes, more than "
            f"{MAX_BYTES}; aslinearoperator() forms none."
        )


def tocsr(jacobian: Jacobian) -> Any:
    """Return a ``csr_array``; see `Jacobian.tocsr`."""
    sparse = scipy_sparse("tocsr")
    if len(summands := jacobian._summands()) > 1:
        return functools.reduce(operator.add, map(tocsr, summands))
    if len(factors := jacobian._factors()) > 1:
        return functools.reduce(functools.partial(times, jacobian), map(tocsr, factors))
    if jacobian._n_entries is None:
        raise ValueError(
            f"tocsr: the entries of a {jacobian.structure} are not known; see toarray(), or aslinearoperator()."
        )
    check_size("tocsr", jacobian, jacobian.nnz)
    rows, columns, values = jacobian._entries()
    return sparse.coo_array((values, (rows, columns)), shape=jacobian.shape).tocsr()


def times(jacobian: Jacobian, a: Any, b: Any) -> Any:
    """Return the product of two CSR arrays, for a factor of this Jacobian."""
    n_products = int(np.bincount(a.indices, minlength=a.shape[1]) @ np.diff(b.indptr).astype(np.int64))
    check_size("tocsr", jacobian, min(n_products, math.prod((a.shape[0], b.shape[1]))))
    product = a @ b
    product.sort_indices()
    return product


def todia(jacobian: Jacobian) -> Any:
    """Return a ``dia_array``; see `Jacobian.todia`."""
    sparse = scipy_sparse("todia")
    n = jacobian.shape[1]
    rows: dict[int, Array] = {}
    for part in jacobian._summands():
        for offset, row in zip(*diagonals(part, n), strict=True):
            rows[offset] = rows[offset] + row if offset in rows else row
    offsets = sorted(rows)
    data = np.array([rows[k] for k in offsets], jacobian.dtype).reshape(len(offsets), n)
    return sparse.dia_array((data, offsets), shape=jacobian.shape)


def diagonals(jacobian: Jacobian, n: int) -> tuple[list[int], Array]:
    """Return the offsets, and the numbers in the column they stand in; ValueError if there are none."""
    terms = jacobian._terms()
    if terms is not None:
        return banded.diagonals(terms, n, jacobian.dtype, "todia")
    if not jacobian._lists_entries:
        raise ValueError(f"todia: a {jacobian.structure} Jacobian is no sum of diagonals of the matrix; see tocsr().")
    rows, columns, values = jacobian._entries()
    offsets, which = np.unique(columns - rows, return_inverse=True)
    check_size("todia", jacobian, len(offsets) * n)
    data = np.zeros((len(offsets), n), jacobian.dtype)
    np.add.at(data, (which, columns), values)
    return offsets.tolist(), data


def aslinearoperator(jacobian: Jacobian) -> Any:
    """Return a ``LinearOperator``; see `Jacobian.aslinearoperator`."""
    scipy_sparse("aslinearoperator")
    from scipy.sparse.linalg import LinearOperator

    (matvec, matmat), (rmatvec, rmatmat) = multiplications(jacobian), multiplications(jacobian.T)
    return LinearOperator(
        jacobian.shape, matvec=matvec, rmatvec=rmatvec, matmat=matmat, rmatmat=rmatmat, dtype=jacobian.dtype
    )


def multiplications(jacobian: Jacobian) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Return the products with vectors and with matrices, as SciPy asks for them.

    Up to 1.17 those are ``(n,)`` or ``(n, 1)``, and ``(n, k)``; since 1.18 also ``(..., n)``, and ``(..., n, k)``.
    """
    m, n = jacobian.shape

    def multiply_rows(v: Array) -> Array:
        batch = v.shape[:-1]
        return np.asarray(jacobian.jvp(v.reshape(batch + jacobian.in_shape))).reshape(*batch, m)

    def multiply_vectors(v: Array) -> Array:
        return jacobian @ v if v.ndim == 1 or v.shape == (n, 1) else multiply_rows(v)

    def multiply_matrices(v: Array) -> Array:
        return jacobian @ v if v.ndim == 2 else multiply_rows(v.swapaxes(-1, -2)).swapaxes(-1, -2)

    return multiply_vectors, multiply_matrices
