"""Constructors of Jacobians on slices: diagonals, indexing, and blocks of functions of several arguments."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from jackern._arrays.arguments import as_dtype
from jackern._arrays.operands import as_native, as_ndarray, is_own
from jackern._arrays.shapes import ShapeLike, as_shape
from jackern._constructors.sparse import gather
from jackern._structures.base import Jacobian
from jackern._structures.of_terms import from_terms
from jackern._terms.term import Axis, canonical


def banded(data: ArrayLike, offsets: ArrayLike, shape: tuple[SupportsIndex, SupportsIndex]) -> Jacobian:
    """Return the Jacobian with these diagonals, given as ``scipy.sparse.dia_array((data, offsets), shape)``.

    Parameters
    ----------
    data : array_like
        ``(len(offsets), width)``: ``data[k, j]`` is the entry in column j of the diagonal ``offsets[k]``, that is, in
        row ``j - offsets[k]``.  Entries outside of the matrix are ignored; kept if native.
    offsets : array_like of int
        Positive ones lie above the main diagonal.
    shape : tuple of int
        Of the matrix, ``(m, n)``.

    Returns
    -------
    Jacobian
        ``(m,) <- (n,)``, banded; diagonal if the main diagonal of a square matrix is all there is.

    Raises
    ------
    ValueError
        `data` is no matrix with a row per offset; two offsets are equal; `shape` has not two lengths.
    TypeError
        A dtype that is not supported; an offset that is no int.

    Examples
    --------
    Second differences, ``y[i] = x[i - 1] - 2 * x[i] + x[i + 1]``:

    >>> import numpy as np
    >>> import jackern as jk
    >>> J = jk.banded(np.broadcast_to([[1.0], [-2.0], [1.0]], (3, 4)), [-1, 0, 1], (4, 4))
    >>> J.jvp(np.array([1.0, 4.0, 9.0, 16.0]))
    array([  2.,   2.,   2., -23.])
    """
    array = as_native(data, "banded", "data")
    m_and_n = as_shape(shape, "banded", "shape")
    if len(m_and_n) != 2:
        raise ValueError(f"banded: shape is {m_and_n}, expected (m, n).")
    given = np.atleast_1d(as_ndarray(offsets, "banded", "offsets"))
    try:
        places = [*map(operator.index, given)]
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(f"banded: offsets is {offsets!r}, expected ints.") from None
    if array.ndim == 1 and len(places) == 1:
        array = array[None]
    if array.ndim != 2 or len(array) != len(places):
        raise ValueError(f"banded: data has shape {array.shape}, expected ({len(places)}, width), a row per offset.")
    if len({*places}) < len(places):
        raise ValueError(f"banded: offsets is {places}, in which an offset stands twice; add their rows.")
    m, n = m_and_n
    terms = []
    for row, k in zip(array, places, strict=True):
        first, end = max(0, k), min(n, m + k, array.shape[1])
        if end > first:
            ends = [Axis(0, m, first - k)], [Axis(0, n, first)]
            terms.append(canonical(row[first:end], (0,), *ends, {0: end - first}))
    return from_terms([term for term in terms if term], (m,), (n,), array.dtype)


def select(index: Any, in_shape: ShapeLike, dtype: DTypeLike = float) -> Jacobian:
    """Return the Jacobian of indexing, ``J v = v[index]``; its transpose pads, or scatters and adds up.

    Parameters
    ----------
    index : int, slice, None, ..., array_like of int or bool, or a tuple of them
        What an array of `in_shape` is indexed with.
    in_shape : int or tuple of int
        The shape of the input.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Jacobian
        Slices make a banded one, which stores one number, arrays a sparse one.  An index that leaves all elements
        where they are makes the identity.

    Raises
    ------
    IndexError
        What NumPy raises for this index.
    ValueError
        A negative length.
    TypeError
        Another dtype.

    Examples
    --------
    The second difference ``u[2:] - 2 * u[1:-1] + u[:-2]``:

    >>> import numpy as np
    >>> import jackern as jk
    >>> n = 5
    >>> J = jk.select(np.s_[2:], n) - 2 * jk.select(np.s_[1:-1], n) + jk.select(np.s_[:-2], n)
    >>> J.structure, J.jvp(np.arange(5.0) ** 2)
    ('banded', array([2., 2., 2.]))
    >>> jk.select(np.s_[1:3], 5).T.jvp([1.0, 2.0])
    array([0., 1., 2., 0., 0.])
    """
    shape = as_shape(in_shape, "select", "in_shape")
    kept = as_dtype(dtype, "select")
    items = index if isinstance(index, tuple) else (index,)
    if not all(x is None or x is Ellipsis or isinstance(x, slice) or is_int(x) for x in items):
        return gather(index, shape, kept)
    # NumPy checks the index; an array without memory has the shape.
    out_shape = np.broadcast_to(np.empty((), bool), shape)[index].shape
    n_axes = sum(x is not None and x is not Ellipsis for x in items)
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    rest = (slice(None),) * (len(shape) - n_axes)
    out: list[Axis] = []
    in_: list[Axis] = []
    lengths: dict[int, int] = {}
    for item in (*items[:at], *rest, *items[at + 1 :]):
        if item is None:
            continue
        full, letter = shape[len(in_)], len(in_)
        if isinstance(item, slice):
            places = range(full)[item]
            lengths[letter] = len(places)
            in_.append(Axis(letter, full, places.start, places.step))
            out.append(Axis(letter, len(places)))
        else:
            in_.append(Axis(None, full, operator.index(item) % full))
    term = canonical(np.ones((), kept), (), out, in_, lengths)
    return from_terms([term] if term else [], out_shape, shape, kept)


def is_int(x: object) -> bool:
    """Whether NumPy takes this as the index of one element."""
    return isinstance(x, SupportsIndex) and not isinstance(x, bool | np.bool_) and np.ndim(x) == 0  # type: ignore[arg-type]
