"""Jacobian objects: a linear map with a structure, kept without its zeros."""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, DTypeLike, NDArray

from jackern import _core, _general, _products

Array = NDArray[np.floating]
Shape = tuple[int, ...]
ShapeLike = SupportsIndex | Iterable[SupportsIndex]

MAX_BYTES = 2**30


class Jacobian(ABC):
    """The Jacobian of a function at a point: a linear map from arrays of `in_shape` to arrays of `out_shape`.

    Jacobians are made by constructors (`einsum`, `dense`, `block_diagonal`, `diagonal`, `broadcast`,
    `reduction`, `identity`, `zero`) and by the ops' ``jacobian`` methods.  They are immutable, and equal only
    to themselves.  The layout is numerator layout: the matrix has a row per output and a column per input,
    both in C order.

    Attributes
    ----------
    out_shape, in_shape : tuple of int
        What `jvp` returns and takes, batch axes apart.
    shape : tuple of int
        Of the matrix: the products of `out_shape` and of `in_shape`.
    dtype : numpy.dtype
        float32 or float64.
    structure : str
        What is known of the entries without looking at them.
    values, subscripts
        The numbers kept, and their letters.
    nnz : int
        How many entries are not structurally zero.
    nbytes : int
        Bytes held.
    T : Jacobian
        The transpose; nothing is copied.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that array @ J and number * J come to __rmatmul__ and __rmul__

    @property
    @abstractmethod
    def out_shape(self) -> Shape:
        """The shape of the function's result."""

    @property
    @abstractmethod
    def in_shape(self) -> Shape:
        """The shape of the function's argument."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the entries: float32 or float64."""

    @property
    @abstractmethod
    def structure(self) -> str:
        """The name of the structure, by the roles of the axes, never by the numbers."""

    @property
    @abstractmethod
    def nnz(self) -> int:
        """How many entries of the matrix are not structurally zero."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """How many bytes are held."""

    @property
    @abstractmethod
    def T(self) -> Jacobian:
        """The transpose, in constant time: it shares the values."""

    @abstractmethod
    def jvp(self, x_dot: ArrayLike, *, out: Array | None = None, accumulate: bool = False) -> Array:
        """Multiply from the left: the Jacobian-vector product ``J x_dot``.

        Parameters
        ----------
        x_dot : array_like
            Tangents, ``(*batch, *in_shape)``.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, ``(*batch, *out_shape)``.  If it
            overlaps an input, the result is as if that had been copied first.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            ``(*batch, *out_shape)``: `out`, or a new array of the promoted dtype; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError
            `x_dot` or `out` has another shape; `out` is read-only or overlaps itself.
        TypeError
            A dtype that is not supported; `accumulate` without `out`.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> J = jk.diagonal([1.0, 2.0, 3.0])
        >>> J.jvp(np.array([1.0, 1.0, 2.0]))
        array([1., 2., 6.])
        >>> J.jvp(np.ones((2, 3)))
        array([[1., 2., 3.],
               [1., 2., 3.]])
        """

    @abstractmethod
    def vjp(self, y_bar: ArrayLike, *, out: Array | None = None, accumulate: bool = False) -> Array:
        """Multiply the transpose: the vector-Jacobian product ``Jᵀ y_bar``.

        Parameters
        ----------
        y_bar : array_like
            Cotangents, ``(*batch, *out_shape)``.
        out, accumulate
            As for `jvp`, with ``(*batch, *in_shape)``.

        Returns
        -------
        ndarray
            ``(*batch, *in_shape)``: `out`, or a new array of the promoted dtype; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError, TypeError
            As for `jvp`.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.reduction([1.0, 2.0, 3.0]).vjp(2.0)
        array([2., 4., 6.])
        """

    @abstractmethod
    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> Jacobian:
        """Return the same matrix for arrays of other shapes, in constant time.

        Parameters
        ----------
        out_shape, in_shape : int or tuple of int
            Of as many elements as before; elements correspond in C order.

        Raises
        ------
        ValueError
            The number of elements would change.
        """

    @abstractmethod
    def astype(self, dtype: DTypeLike) -> Jacobian:
        """Return the Jacobian with values of float32 or float64; itself if it has that dtype already."""

    @abstractmethod
    def diagonal(self) -> Array:
        """Return the main diagonal of the matrix as a new array, ``(min(m, n),)``."""

    @abstractmethod
    def _fill(self, matrix: Array) -> None:
        """Write the entries into a C-contiguous matrix of zeros."""

    @abstractmethod
    def _scaled(self, function: Callable[..., Any], number: Any) -> Jacobian:
        """Return ``function(J, number)``, function being a product or a quotient."""

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix, ``(m, n)``."""
        return math.prod(self.out_shape), math.prod(self.in_shape)

    @property
    def values(self) -> Array:
        """The numbers kept; of what a constructor was given, the array itself or a view of it.

        Raises
        ------
        ValueError
            A structure that is not kept as values and letters.
        """
        raise ValueError(f"a {self.structure} Jacobian is not kept as values and letters; see explain().")

    @property
    def subscripts(self) -> str:
        """The letters: ``J v = einsum(subscripts, values, v)``, repeated along letters of the output alone.

        Values have no letter along which they are constant.  After `reshape` the letters are the old ones.

        Raises
        ------
        ValueError
            A structure that is not kept as values and letters.
        """
        raise ValueError(f"a {self.structure} Jacobian is not kept as values and letters; see explain().")

    def toarray(
        self,
        layout: Literal["numerator", "denominator"] = "numerator",
        *,
        max_bytes: int | None = MAX_BYTES,
    ) -> Array:
        """Return the dense matrix, a new array.

        Parameters
        ----------
        layout : {"numerator", "denominator"}
            Rows are outputs, or, transposed, rows are inputs.
        max_bytes : int or None
            The most that the array may take; None lifts the cap.

        Returns
        -------
        ndarray
            ``(m, n)``, or ``(n, m)`` in denominator layout.

        Raises
        ------
        ValueError
            An unknown layout.
        MemoryError
            The array would be larger than `max_bytes`.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.dense([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).toarray(layout="denominator")
        array([[1., 4.],
               [2., 5.],
               [3., 6.]])
        """
        if layout not in ("numerator", "denominator"):
            raise ValueError(f"toarray: layout is {layout!r}, expected 'numerator' or 'denominator'.")
        if layout == "denominator":
            return self.T.toarray(max_bytes=max_bytes)
        nbytes = math.prod(self.shape) * self.dtype.itemsize
        if max_bytes is not None and nbytes > max_bytes:
            raise MemoryError(
                f"toarray: the dense matrix of shape {self.shape} takes {nbytes} bytes, more than "
                f"max_bytes={max_bytes}; max_bytes=None lifts the cap."
            )
        matrix = np.zeros(self.shape, self.dtype)
        self._fill(matrix)
        return matrix

    def totensor(self, *, max_bytes: int | None = MAX_BYTES) -> Array:
        """Return the dense tensor of shape ``out_shape + in_shape``; `max_bytes` as for `toarray`."""
        return self.toarray(max_bytes=max_bytes).reshape(self.out_shape + self.in_shape)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("copy=False: a Jacobian has no dense array to share; leave out copy.")
        return self.toarray().astype(self.dtype if dtype is None else dtype, copy=False)

    def __matmul__(self, v: ArrayLike) -> Array:
        """``J @ v``, with the matrix: v is (n,) or (n, k)."""
        if type(v) is np.ndarray and v.ndim == len(self.out_shape) == 1 and v.shape == self.in_shape:
            return self.jvp(v)
        if isinstance(v, Jacobian):
            return NotImplemented
        m, n = self.shape
        v = _general.as_native(v, f"{self.structure} @ v", "v")
        if v.ndim not in (1, 2) or v.shape[0] != n:
            raise ValueError(f"{self.structure} @ v: v has shape {v.shape}, expected ({n},) or ({n}, k).")
        if v.ndim == 1:
            return np.reshape(self.jvp(v.reshape(self.in_shape)), m)
        k = v.shape[1]
        result = np.empty((m, k), np.promote_types(self.dtype, v.dtype))
        # Splitting an axis never copies, so the columns are the batch, in place.
        self.jvp(v.T.reshape(k, *self.in_shape), out=result.T.reshape(k, *self.out_shape))
        return result

    def __rmatmul__(self, u: ArrayLike) -> Array:
        """``u @ J``, with the matrix: u is (m,) or (k, m)."""
        if type(u) is np.ndarray and u.ndim == len(self.in_shape) == 1 and u.shape == self.out_shape:
            return self.vjp(u)
        m, n = self.shape
        u = _general.as_native(u, f"u @ {self.structure}", "u")
        if u.ndim not in (1, 2) or u.shape[-1] != m:
            raise ValueError(f"u @ {self.structure}: u has shape {u.shape}, expected ({m},) or (k, {m}).")
        batch = u.shape[:-1]
        return np.reshape(self.vjp(u.reshape(batch + self.out_shape)), (*batch, n))

    def __mul__(self, number: Any) -> Any:
        return self._times(np.multiply, number)

    __rmul__ = __mul__

    def __truediv__(self, number: Any) -> Any:
        return self._times(np.divide, number)

    def __neg__(self) -> Jacobian:
        return self._scaled(np.multiply, -1)

    def _times(self, function: Callable[..., Any], number: Any) -> Any:
        if isinstance(number, Jacobian):
            return NotImplemented
        if not isinstance(number, bool | int | float):  # Python numbers are weak: they do not widen float32
            where = f"{self.structure} Jacobian {'*' if function is np.multiply else '/'} c"
            shape = _general.as_native(number, where, "c").shape
            if shape != ():
                raise TypeError(
                    f"{where}: c has shape {shape}, expected a number; jk.diagonal scales element by element."
                )
            number = np.asarray(number)
        return self._scaled(function, number)

    def explain(self) -> str:
        """Return a text of what is held, and what each letter does."""
        shapes = f"{self.out_shape} <- {self.in_shape}"
        return f"{self.structure} Jacobian, {shapes}, {self.dtype}, {self.nbytes} bytes"

    def __repr__(self) -> str:
        return f"<{self.explain().splitlines()[0]}>"


class ZeroJacobian(Jacobian):
    """All entries are structurally zero; nothing is stored."""

    __slots__ = ("_dtype", "_in_shape", "_out_shape")

    def __init__(self, out_shape: Shape, in_shape: Shape, dtype: DTypeLike):
        self._out_shape, self._in_shape, self._dtype = out_shape, in_shape, np.dtype(dtype)

    @property
    def out_shape(self) -> Shape:
        return self._out_shape

    @property
    def in_shape(self) -> Shape:
        return self._in_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def structure(self) -> str:
        return "zero"

    @property
    def nnz(self) -> int:
        return 0

    @property
    def nbytes(self) -> int:
        return 0

    @property
    def T(self) -> ZeroJacobian:
        return ZeroJacobian(self.in_shape, self.out_shape, self.dtype)

    def jvp(self, x_dot: ArrayLike, *, out: Array | None = None, accumulate: bool = False) -> Any:
        return _products.zero_product(self, x_dot, out, accumulate, False)

    def vjp(self, y_bar: ArrayLike, *, out: Array | None = None, accumulate: bool = False) -> Any:
        return _products.zero_product(self, y_bar, out, accumulate, True)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> ZeroJacobian:
        return ZeroJacobian(*reshaped(self, out_shape, in_shape), self.dtype)

    def astype(self, dtype: DTypeLike) -> ZeroJacobian:
        return ZeroJacobian(self.out_shape, self.in_shape, native_dtype(dtype, "astype"))

    def diagonal(self) -> Array:
        return np.zeros(min(self.shape), self.dtype)

    def _fill(self, matrix: Array) -> None:
        pass

    def _scaled(self, function: Callable[..., Any], number: Any) -> ZeroJacobian:
        return ZeroJacobian(self.out_shape, self.in_shape, np.result_type(self.dtype, number))


class AxisJacobian(_core.AxisProducts, Jacobian):
    """Values and letters: every axis of the output and of the input has a letter, and so a role.

    A letter of the output and the input is diagonal, one of the output alone is repeated along, one of the
    input alone is summed over.  The values have none of the letters along which they are constant.
    """

    __slots__ = ()

    _general_product = _products.product

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    @property
    def structure(self) -> str:
        value_letters, *ends = _products.split(self.subscripts)
        in_letters, out_letters = ([x for x in letters if self._lengths[x] > 1] for letters in ends)
        repeated = any(x not in in_letters for x in out_letters)
        summed = any(x not in out_letters for x in in_letters)
        if repeated and summed:
            return "block-diagonal" if any(x in in_letters for x in out_letters) else "dense"
        if repeated or summed:
            return "broadcast" if repeated else "reduction"
        if out_letters != in_letters:
            return "permutation"
        return "diagonal" if value_letters else "identity"

    @property
    def nnz(self) -> int:
        return math.prod(self._lengths.values())

    @property
    def nbytes(self) -> int:
        return self.values.nbytes

    @property
    def T(self) -> AxisJacobian:
        value_letters, in_letters, out_letters = _products.split(self.subscripts)
        subscripts = f"{value_letters},{out_letters}->{in_letters}"
        return AxisJacobian(self.values, subscripts, self._lengths, self.in_shape, self.out_shape)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> AxisJacobian:
        shapes = reshaped(self, out_shape, in_shape)
        return AxisJacobian(self.values, self.subscripts, self._lengths, *shapes)

    def astype(self, dtype: DTypeLike) -> AxisJacobian:
        dtype = native_dtype(dtype, "astype")
        return self if dtype == self.dtype else self._with_values(self.values.astype(dtype))

    def diagonal(self) -> Array:
        value_letters, in_letters, out_letters = _products.split(self.subscripts)
        entries = np.arange(min(self.shape))
        places = [
            dict(zip(letters, np.unravel_index(entries, [self._lengths[x] for x in letters]), strict=True))
            for letters in (out_letters, in_letters)
        ]
        index = places[0] | places[1]
        nonzero = np.ones(len(entries), bool)
        for x in set(out_letters) & set(in_letters):
            nonzero &= places[0][x] == places[1][x]
        return np.where(nonzero, self.values[tuple(index[x] for x in value_letters)], self.dtype.type(0))

    def explain(self) -> str:
        value_letters, in_letters, out_letters = _products.split(self.subscripts)
        text = f"{super().explain()}\nJ v = einsum({self.subscripts!r}, values, v)"
        for x, n in self._lengths.items():
            role = "summed over" if x not in out_letters else "diagonal" if x in in_letters else "repeated along"
            text += f"\n  {x}: length {n}, {role}{'' if x in value_letters else ', not stored'}"
        return text

    def _with_values(self, values: Array) -> AxisJacobian:
        return AxisJacobian(values, self.subscripts, self._lengths, self.out_shape, self.in_shape)

    def _fill(self, matrix: Array) -> None:
        value_letters, in_letters, out_letters = _products.split(self.subscripts)
        strides, stride = dict.fromkeys(self._lengths, 0), matrix.itemsize
        for x in reversed(out_letters + in_letters):
            strides[x] += stride  # a diagonal letter steps along rows and columns at once
            stride *= self._lengths[x]
        entries = as_strided(matrix, list(self._lengths.values()), list(strides.values()))
        entries[...] = _products.aligned(self.values, value_letters, list(self._lengths))

    def _scaled(self, function: Callable[..., Any], number: Any) -> AxisJacobian:
        with np.errstate(all="ignore"):
            return self._with_values(np.asarray(function(self.values, number)))

    def __reduce__(self) -> tuple[Any, ...]:
        return AxisJacobian, (self.values, self.subscripts, self._lengths, self.out_shape, self.in_shape)


def as_shape(shape: ShapeLike, where: str, name: str) -> Shape:
    """Return an int or several as a shape."""
    try:
        lengths = (shape,) if isinstance(shape, SupportsIndex) else tuple(shape)
        result = tuple(operator.index(n) for n in lengths)
    except TypeError:
        raise TypeError(f"{where}: {name} is {shape!r}, expected an int or a tuple of ints.") from None
    if any(n < 0 for n in result):
        raise ValueError(f"{where}: {name} is {result}, expected lengths of at least 0.")
    return result


def reshaped(jacobian: Jacobian, out_shape: ShapeLike, in_shape: ShapeLike) -> tuple[Shape, Shape]:
    """Return the new shapes; ValueError if they do not have as many elements as the old ones."""
    new = as_shape(out_shape, "reshape", "out_shape"), as_shape(in_shape, "reshape", "in_shape")
    old = jacobian.out_shape, jacobian.in_shape
    for name, after, before in zip(("out_shape", "in_shape"), new, old, strict=True):
        if math.prod(after) != math.prod(before):
            raise ValueError(f"reshape: {name} is {after}, expected as many elements as {before} has.")
    return new


def native_dtype(dtype: DTypeLike, where: str) -> np.dtype[Any]:
    """Return float32 or float64; TypeError for any other dtype."""
    result = np.dtype(dtype)
    if result not in _general.NATIVE:
        raise TypeError(f"{where}: dtype is {result}, expected float32 or float64.")
    return result


def axis_jacobian(values: Array, subscripts: str, out_shape: Shape, in_shape: Shape) -> Jacobian:
    """Return the Jacobian of values and letters, in canonical form.

    Parameters
    ----------
    values : ndarray
        Native and aligned; it is kept.  An axis of length 1 or of stride 0 is left out: the values are
        constant along its letter, whatever the letter's length.
    subscripts : str
        ``"values,in->out"``, as for `einsum`.
    out_shape, in_shape : tuple of int
        One length per letter.
    """
    value_letters, in_letters, out_letters = _products.split(subscripts)
    lengths = dict(zip(out_letters + in_letters, out_shape + in_shape, strict=True))
    if 0 in lengths.values():
        return ZeroJacobian(out_shape, in_shape, values.dtype)
    varies = [n > 1 and stride != 0 for n, stride in zip(values.shape, values.strides, strict=True)]
    if not all(varies):
        values = values[(*(slice(None) if v else 0 for v in varies), ...)]
        value_letters = "".join(x for x, v in zip(value_letters, varies, strict=True) if v)
    return AxisJacobian(values, f"{value_letters},{in_letters}->{out_letters}", lengths, out_shape, in_shape)
