"""Jacobian objects: a linear map with a structure, kept without its zeros."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from jackern import _core
from jackern._arrays.arguments import as_native_beside
from jackern._arrays.operands import Array, as_native, as_scalar, is_scipy_sparse, is_weak, quiet
from jackern._arrays.shapes import Shape, ShapeLike, as_shape
from jackern._structures import apply
from jackern._structures.verbs import MAX_BYTES, Verbs, verbs
from jackern._terms.term import Term

Number: TypeAlias = float | np.generic | Array  # an array without axes, which its type does not tell


class Jacobian(Verbs, ABC):
    """The Jacobian of a function at a point: a linear map from arrays of `in_shape` to arrays of `out_shape`.

    Jacobians are made by constructors (`einsum`, `dense`, `banded`, `select`, `sparse`, `linear_map`, ...), by the
    ops' ``jacobian`` methods, and from other Jacobians by ``@``, ``+`` and ``*``.  They are immutable, and equal only
    to themselves.  The layout is numerator layout: the matrix has a row per output and a column per input, both in C
    order.

    Properties with words of their own say what is kept and where it leads: `out_shape`, `in_shape` and, of the matrix,
    `shape`; `dtype`; `structure`, what is known of the entries without looking at them; `values` and `subscripts`, the
    numbers kept and their letters; `nnz`; `nbytes`; and `T`, the transpose.

    Examples
    --------
    Of ``exp(w * x)`` by x, composed of two elementwise Jacobians:

    >>> import numpy as np
    >>> import jackern as jk
    >>> w, x = np.array([1.0, 2.0]), np.zeros(2)
    >>> J = jk.ops.exp.jacobian(w * x) @ jk.ops.multiply.jacobian(w, x, wrt=1)
    >>> J
    <diagonal Jacobian, (2,) <- (2,), float64, 16 bytes>
    x ·
    · x
    >>> J.jvp(np.ones(2)), isinstance(J, jk.Jacobian)
    (array([1., 2.]), True)
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
    def nnz(self) -> int:
        """How many entries of the matrix are not structurally zero; of a sum, at most so many.

        Raises
        ------
        ValueError
            A product or a linear map, whose entries are not known without forming them.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.identity((1000, 1000)).nnz
        1000000
        """
        n = self._n_entries
        if n is None:
            raise ValueError(
                f"nnz: the entries of a {self.structure} are not known without forming them; see toarray()."
            )
        return n

    @property
    def nbytes(self) -> int:
        """How many bytes are held, every array counted once."""
        return sum({extent(x): x.nbytes for x in self._arrays()}.values())

    @property
    @abstractmethod
    def T(self) -> Jacobian:
        """The transpose, in constant time: it shares the values."""

    def jvp(self, x_dot: ArrayLike, *, out: Array | None = None, accumulate: bool | np.bool_ = False) -> Array:
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
        result = self._general_product(x_dot, out, accumulate, False)
        _core.count_general_product("jvp")
        return result

    def vjp(self, y_bar: ArrayLike, *, out: Array | None = None, accumulate: bool | np.bool_ = False) -> Array:
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
        result = self._general_product(y_bar, out, accumulate, True)
        _core.count_general_product("vjp")
        return result

    if TYPE_CHECKING:

        def _general_product(jacobian, v: object, out: object, accumulate: object, transposed: bool) -> Array: ...
    else:
        _general_product = apply.product

    def _product(self, v: Any, out: Any = None, accumulate: Any = False, transposed: bool = False) -> Array:
        """Return what `jvp` or `vjp` does, for jackern's own use: `stats` counts what users call."""
        return self._general_product(v, out, accumulate, transposed)

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
            The number of elements would change, or a length is negative.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.identity(6).reshape((2, 3), (3, 2)).in_shape
        (3, 2)
        """

    @abstractmethod
    def astype(self, dtype: DTypeLike) -> Jacobian:
        """Return the Jacobian with values of float32 or float64; itself if it has that dtype already.

        Parameters
        ----------
        dtype : dtype
            float32 or float64.

        Raises
        ------
        TypeError
            Another dtype.

        Examples
        --------
        >>> import jackern as jk
        >>> J = jk.diagonal([1.0, 2.0])
        >>> J.astype("float32").nbytes, J.astype("float64") is J
        (8, True)
        """

    @abstractmethod
    def diagonal(self) -> Array:
        """Return the main diagonal of the matrix as a new array, ``(min(m, n),)``.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.dense([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).diagonal()
        array([1., 5.])
        """

    def gram(self, weights: ArrayLike | None = None) -> Jacobian:
        """Return the Gram matrix ``JᵀWJ`` as a Jacobian from `in_shape` to `in_shape`.

        It is formed where that stores no more numbers: a banded Jacobian's is banded.  Otherwise it is a pair whose
        product with a vector reads the values once; `solve`, `logabsdet` and `toarray` form it on demand.

        Parameters
        ----------
        weights : array_like, optional
            The diagonal of W, of `out_shape`, or one number; 1 by default.

        Returns
        -------
        Jacobian
            ``in_shape <- in_shape``, of the promoted dtype.

        Raises
        ------
        ValueError
            `weights` has another shape.
        TypeError
            A dtype that is not supported.

        Examples
        --------
        A step of the method of Levenberg and Marquardt for residuals r with this Jacobian:

        >>> import numpy as np
        >>> import jackern as jk
        >>> J, r = jk.dense([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 0.0, 1.0])
        >>> step = (J.gram() + 0.1 * jk.identity(2)).solve(-J.vjp(r))
        >>> step.shape
        (2,)
        """
        return verbs.gram(self, weights)

    @abstractmethod
    def _scaled(self, function: Callable[..., Any], number: Any) -> Jacobian:
        """Return ``function(J, number)``, function being a product or a quotient."""

    @abstractmethod
    def _fill(self, matrix: Array) -> None:
        """Add the entries to a C-contiguous matrix."""

    @abstractmethod
    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        """Write the product with native vectors, batch axes in front.

        False, with nothing written, if `out` would have to be C-contiguous, of the promoted dtype, or apart from what
        is read.
        """

    @abstractmethod
    def _arrays(self) -> tuple[Array, ...]:
        """The arrays that are held."""

    @property
    @abstractmethod
    def _stored(self) -> int:
        """How many numbers are stored, each factor and term on its own."""

    @property
    @abstractmethod
    def _cost(self) -> int:
        """How many multiplications one product with a vector takes."""

    @property
    def _costs(self) -> tuple[float, float]:
        """The cost of a JVP and of a VJP, infinite where there is none."""
        return self._cost, self._cost

    @property
    def _calls_nothing(self) -> bool:
        """Whether a product calls no function that a user gave, and so cannot fail once it has begun."""
        return True

    # ---- what other rooms ask, instead of asking for a class --------------------------------------------------

    def _terms(self) -> tuple[Term, ...] | None:
        """The terms whose sum this is; None if it is not a sum of terms."""
        return None

    def _summands(self) -> tuple[Jacobian, ...]:
        """The Jacobians whose sum this is: itself, unless they are kept apart."""
        return (self,)

    def _factors(self) -> tuple[Jacobian, ...]:
        """The Jacobians whose product this is: itself, unless they are kept apart."""
        return (self,)

    def _reasons(self) -> tuple[str, ...]:
        """Why factors are kept apart, one for every two neighbours; an empty string where nobody has asked."""
        return ()

    @property
    def _is_chain(self) -> bool:
        """Whether its factors join those of what it is multiplied with."""
        return False

    @property
    def _is_symmetric(self) -> bool:
        """Whether it is symmetric by its making, which rounding must not hide from Cholesky's factorisation."""
        return False

    def _multiple(self) -> Array | None:
        """The number, 0-d, of which this is a multiple of the identity; None if it is not known to be one."""
        return None

    @property
    @abstractmethod
    def _n_entries(self) -> int | None:
        """How many entries are not structurally zero, of a sum at most so many; None where that is not known."""

    @property
    def _lists_entries(self) -> bool:
        """Whether a number is stored for every entry, with the place where it stands."""
        return False

    def _entries(self) -> tuple[Array, Array, Array]:
        """Rows, columns and numbers of the entries that are not structurally zero; equal places add up."""
        raise ValueError(f"a {self.structure} Jacobian has no list of entries; toarray() forms them.")

    @property
    def _storage(self) -> str:
        """What `explain` calls it: the structure, and its storage where several have that structure."""
        return self.structure

    def _roles(self) -> Iterable[str]:
        """What each letter does, a sentence for every one; of a Jacobian that is kept as values and letters."""
        return ()

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

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> d = np.array([1.0, 2.0])
        >>> jk.diagonal(d).values is d
        True
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

    @quiet
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
        """Return the dense tensor of shape ``out_shape + in_shape``; `max_bytes` as for `toarray`.

        Raises
        ------
        MemoryError
            The array would be larger than `max_bytes`.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.identity((2, 3)).totensor().shape
        (2, 3, 2, 3)
        """
        return self.toarray(max_bytes=max_bytes).reshape(self.out_shape + self.in_shape)

    @quiet
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("copy=False: a Jacobian has no dense array to share; leave out copy.")
        return self.toarray().astype(self.dtype if dtype is None else dtype, copy=False)

    @overload
    def __matmul__(self, v: Jacobian) -> Jacobian: ...
    @overload
    def __matmul__(self, v: ArrayLike) -> Array: ...
    def __matmul__(self, v: Any) -> Any:
        """``J @ v``, with the matrix: v is (n,) or (n, k); or ``J @ K``, the Jacobian of the composed functions."""
        if type(v) is np.ndarray and v.ndim == len(self.out_shape) == 1 and v.shape == self.in_shape:
            return self.jvp(v)
        if isinstance(v, (_core.Products, Jacobian)):  # the first is told faster
            return verbs.compose(self, v)
        m, n = self.shape
        v = as_native_beside(v, f"{self.structure} @ v", "v", self)
        if v.ndim not in (1, 2) or v.shape[0] != n:
            raise ValueError(f"{self.structure} @ v: v has shape {v.shape}, expected ({n},) or ({n}, k).")
        if v.ndim == 1:
            return self.jvp(v.reshape(self.in_shape)).reshape(m)
        k = v.shape[1]
        result = _core.new_output((m, k), np.promote_types(self.dtype, v.dtype))
        # Splitting an axis never copies, so the columns are the batch, in place.
        self.jvp(v.T.reshape(k, *self.in_shape), out=result.T.reshape(k, *self.out_shape))
        return result

    def __rmatmul__(self, u: ArrayLike) -> Array:
        """``u @ J``, with the matrix: u is (m,) or (k, m)."""
        if type(u) is np.ndarray and u.ndim == len(self.in_shape) == 1 and u.shape == self.out_shape:
            return self.vjp(u)
        m, n = self.shape
        u = as_native_beside(u, f"u @ {self.structure}", "u", self)
        if u.ndim not in (1, 2) or u.shape[-1] != m:
            raise ValueError(f"u @ {self.structure}: u has shape {u.shape}, expected ({m},) or (k, {m}).")
        batch = u.shape[:-1]
        return self.vjp(u.reshape(batch + self.out_shape)).reshape(*batch, n)

    def __add__(self, other: Jacobian | Literal[0]) -> Jacobian:
        """``J + K``; ``J + 0`` too, so that sum() works."""
        if isinstance(other, Jacobian):
            return verbs.add(self, other)
        return self if type(other) is int and other == 0 else self._not_added("+", other)

    if TYPE_CHECKING:

        def __radd__(self, other: int) -> Jacobian: ...  # sum() begins with an int
    else:
        __radd__ = __add__

    def __sub__(self, other: Jacobian) -> Jacobian:
        return self + -other if isinstance(other, Jacobian) else self._not_added("-", other)

    def _not_added(self, sign: str, other: Any) -> Any:
        """Say what makes a Jacobian of a number or an array; leave the rest to the other one."""
        kinds = {
            "sparse": is_scipy_sparse(other),
            "dense": isinstance(other, np.ndarray),
            "identity": isinstance(other, int | float | np.number),
        }
        maker = next((name for name, fits in kinds.items() if fits), None)
        if maker is None:
            return NotImplemented
        name = type(other).__name__
        raise TypeError(f"{self.structure} Jacobian {sign} {name}: expected a Jacobian; jk.{maker} makes one of it.")

    def __mul__(self, number: Number) -> Jacobian:
        return self._times(np.multiply, number)

    __rmul__ = __mul__

    def __truediv__(self, number: Number) -> Jacobian:
        return self._times(np.divide, number)

    def __neg__(self) -> Jacobian:
        return self._scaled(np.multiply, -1)

    def _times(self, function: Callable[..., Any], number: Any) -> Any:
        if isinstance(number, Jacobian):
            return NotImplemented
        where = f"{self.structure} Jacobian {'*' if function is np.multiply else '/'} c"
        if is_weak(number):  # Python numbers do not widen float32
            number = float(as_scalar(number, np.dtype(np.float64), where, "c"))
        else:
            shape = as_native(number, where, "c").shape
            if shape != ():
                raise TypeError(
                    f"{where}: c has shape {shape}, expected a number; jk.diagonal scales element by element."
                )
            number = np.asarray(number)
        return self._scaled(function, number)


def extent(array: Array) -> tuple[Any, ...]:
    """Return where an array lies, the same for its views that turn or exchange axes."""
    steps = sorted((abs(stride), n) for stride, n in zip(array.strides, array.shape, strict=True) if n > 1)
    return np.lib.array_utils.byte_bounds(array)[0], *steps


def reshaped(jacobian: Jacobian, out_shape: ShapeLike, in_shape: ShapeLike) -> tuple[Shape, Shape]:
    """Return the new shapes; ValueError if they do not have as many elements as the old ones."""
    new = as_shape(out_shape, "reshape", "out_shape"), as_shape(in_shape, "reshape", "in_shape")
    old = jacobian.out_shape, jacobian.in_shape
    for name, after, before in zip(("out_shape", "in_shape"), new, old, strict=True):
        if math.prod(after) != math.prod(before):
            raise ValueError(f"reshape: {name} is {after}, expected as many elements as {before} has.")
    return new
