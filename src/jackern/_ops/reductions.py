"""Sum and mean over axes."""

import math
from functools import partial
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, as_native
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import check_shape, shape_of
from jackern._constructors.by_letters import reduction
from jackern._ops.family import Family, copy_into, counted, sum_to


class Reduction(Family):
    """Sum or mean over axes: ``op(x, *, axis=None, keepdims=False, out=None)``.

    The Jacobian is a constant row per output, so one number is stored; a VJP repeats the cotangent.  Sums are pairwise:
    the error grows like the logarithm of the length.  A sum over nothing is 0, a mean over nothing NaN.

    Parameters
    ----------
    x : array_like
        Of any shape; integers and booleans are summed as float64.
    axis : int or tuple of int, optional
        The axes to sum over; all by default.
    keepdims : bool
        Whether these stay, with length 1.
    out : ndarray, optional
        Where the result is written: float32 or float64, writable, of the shape of the result.

    Returns
    -------
    ndarray
        `out`, or a new array; a NumPy scalar if 0-d.

    Raises
    ------
    ValueError
        For an axis that is out of range or named twice, and for an `out` that does not fit.
    TypeError
        For an axis that is no int, and for a dtype that is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> jk.ops.sum(x, axis=0)
    array([3., 5., 7.])
    >>> jk.ops.mean(x)
    np.float64(2.5)
    """

    nin = 1

    def __init__(self, name: str, *, mean: bool):
        self.name = name
        self._mean = mean

    def _axes(self, where: str, axis: object, shape: tuple[int, ...]) -> tuple[int, ...]:
        if axis is None:
            return tuple(range(len(shape)))
        axes = axis if isinstance(axis, tuple) else (axis,)
        for a in axes:
            if isinstance(a, bool) or not isinstance(a, int | np.integer):
                raise TypeError(f"{where}: axis is {axis!r}, expected None, an int or a tuple of ints")
            if not -len(shape) <= a < len(shape):
                raise ValueError(f"{where}: axis {a} is out of range for x of shape {shape}")
        result = tuple(sorted(int(a) % len(shape) for a in axes))
        if len(set(result)) != len(result):
            raise ValueError(f"{where}: axis is {axis!r}, an axis is named twice")
        return result

    def _shapes(
        self, where: str, shape: tuple[int, ...], axis: object, keepdims: bool
    ) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """The result's shape, the same with summed axes kept as 1, and how many numbers go into one."""
        axes = self._axes(where, axis, shape)
        kept = tuple(1 if d in axes else n for d, n in enumerate(shape))
        squeezed = kept if keepdims else tuple(n for d, n in enumerate(shape) if d not in axes)
        return squeezed, kept, math.prod(shape[d] for d in axes)

    def _reduce(self, where: str, x: Array, axis: object, keepdims: bool, out: Any, accumulate: bool) -> Any:
        shape, kept, n = self._shapes(where, x.shape, axis, keepdims)
        if out is None and not accumulate and not self._mean:
            total = _core.new_output(kept, x.dtype)
            _core.sum_to(x, total, False)
            return total.reshape(shape)[()]
        outputs = Outputs(where, (out,), (shape,), x.dtype, accumulate)
        if self._mean:
            total = _core.new_output(kept, x.dtype)
            call(where, [x], partial(sum_to, out=total, accumulate=False))
            np.divide(total, n, out=total)
            copy_into(where, total.reshape(shape), outputs.arrays[0], accumulate)
            return outputs.results()[0]
        target = outputs.arrays[0].reshape(kept)
        call(where, [x], partial(sum_to, out=target, accumulate=accumulate))
        if not np.may_share_memory(target, outputs.arrays[0]):  # out is strided so that reshape had to copy it
            outputs.arrays[0][...] = target.reshape(shape)
        return outputs.results()[0]

    @counted
    def __call__(self, x: object, *, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
        where = self._where("")
        return self._reduce(where, as_native(x, where, "x"), axis, keepdims, out, False)

    @counted
    def jvp(
        self,
        x_dot: object,
        x: object = None,
        *,
        axis: Any = None,
        keepdims: bool = False,
        out: Any = None,
        accumulate: bool = False,
    ) -> Any:
        """The same reduction of a tangent.

        Parameters
        ----------
        x_dot : array_like
            The tangent, of the shape of `x`.
        x : array_like, optional
            Read for its shape only, to check that of `x_dot`.
        axis, keepdims, out
            As in the call.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of the result; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError
            If `x_dot` has another shape than `x`, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.mean.jvp(np.array([1.0, 3.0]))
        np.float64(2.0)
        """
        where = self._where("jvp")
        tangent = as_native(x_dot, where, "x_dot")
        if x is not None:
            check_shape(where, "x_dot", tangent.shape, shape_of(x, where, "x"), "the shape of x")
        return self._reduce(where, tangent, axis, keepdims, out, accumulate)

    @counted
    def vjp(
        self,
        y_bar: object,
        x: object,
        *,
        axis: Any = None,
        keepdims: bool = False,
        out: Any = None,
        accumulate: bool = False,
    ) -> Any:
        """The cotangent repeated to the shape of `x`; for a mean, divided by the number of summed elements.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, of the shape of the result.
        x : array_like
            Read for its shape only: ``np.broadcast_to(0., shape)`` will do.
        axis, keepdims
            As in the call.
        out : ndarray, optional
            Where the result is written, of the shape of `x`.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of `x` and the dtype of `y_bar`.

        Raises
        ------
        ValueError
            If `y_bar` does not have the shape of the result, and as in the call.
        TypeError
            If `x` is missing, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.sum.vjp(np.array([1.0, 2.0]), np.zeros((2, 3)), axis=1)
        array([[1., 1., 1.],
               [2., 2., 2.]])
        """
        where = self._where("vjp")
        cotangent = as_native(y_bar, where, "y_bar")
        x_shape = shape_of(x, where, "x")
        shape, kept, n = self._shapes(where, x_shape, axis, keepdims)
        check_shape(where, "y_bar", cotangent.shape, shape, f"x of shape {x_shape} reduced over axis {axis}")
        if self._mean and n:
            cotangent = np.asarray(cotangent / np.asarray(n, cotangent.dtype))
        if out is None and not accumulate:
            x_bar = _core.new_output(x_shape, cotangent.dtype)
            x_bar[...] = cotangent.reshape(kept)
            return x_bar[()]
        outputs = Outputs(where, (out,), (x_shape,), cotangent.dtype, accumulate)
        copy_into(where, cotangent.reshape(kept), outputs.arrays[0], accumulate)
        return outputs.results()[0]

    @counted
    def jacobian(self, x: object, *, axis: Any = None, keepdims: bool = False) -> Any:
        """The Jacobian at any `x` of this shape: a reduction that stores one number.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.sum.jacobian(np.zeros((2, 3)), axis=1)
        <reduction Jacobian, (2,) <- (2, 3), float64, 8 bytes>
        1 1 1 · · ·
        · · · 1 1 1
        """
        where = self._where("jacobian")
        array = as_native(x, where, "x")
        _, _, n = self._shapes(where, array.shape, axis, keepdims)
        one = np.full((), 1 / n if self._mean and n else 1, array.dtype)
        axes = self._axes(where, axis, array.shape)
        return reduction(np.broadcast_to(one, array.shape), axis=axes, keepdims=keepdims)
