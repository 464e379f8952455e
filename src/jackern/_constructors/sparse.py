"""Sparse Jacobians: from SciPy's arrays, and of gathers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jackern import _core
from jackern._adapters import scipy
from jackern._arrays.operands import as_native
from jackern._arrays.shapes import Shape, ShapeLike, as_shape
from jackern._structures.base import Jacobian
from jackern._structures.sparse import SparseJacobian
from jackern._structures.zero import ZeroJacobian


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
    values = as_native(matrix.data, "sparse", "csr.data")
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
