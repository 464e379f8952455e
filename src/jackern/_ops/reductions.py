"""Sum and mean over axes: the general way and the words."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, one_for_each, wanted
from jackern._arrays.operands import Array, as_operands, quiet
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import check_shape, shape_of
from jackern._constructors.by_letters import reduction
from jackern._ops.registry import Family, registered


def as_axes(where: str, axis: object, shape: tuple[int, ...]) -> tuple[int, ...]:
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


def folded(
    where: str, shape: tuple[int, ...], axis: object, keepdims: bool
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """The result's shape, the same with summed axes kept as 1, and how many numbers go into one."""
    axes = as_axes(where, axis, shape)
    kept = tuple(1 if d in axes else n for d, n in enumerate(shape))
    squeezed = kept if keepdims else tuple(n for d, n in enumerate(shape) if d not in axes)
    return squeezed, kept, math.prod(shape[d] for d in axes)


def divided(total: Array, n: int) -> Array:
    quotient = _core.new_output(total.shape, total.dtype)
    divisor = np.asarray(n, total.dtype)
    _core.pointwise_value(_core.op_named("divide"), [total, divisor], quotient, False)
    return quotient


@registered(
    Family(
        name="sum",
        kind="reduction",
        formula="sum(x, axis)",
        derivative_formula="sum(dx, axis)",
        reads=[""],
        functions=[np.sum, np.add.reduce],
    ),
    Family(
        name="mean",
        kind="reduction",
        formula="sum(x, axis)/n",
        derivative_formula="sum(dx, axis)/n",
        reads=[""],
        functions=[np.mean],
        options={"is_mean": True},
    ),
)
class Reduction(_core.ReductionOp):
    """Sum or mean over axes: ``op(x, axis=None, *, keepdims=False, out=None)``.

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

    __slots__ = ()

    def sample(self, rng: np.random.Generator, n: int) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Return arguments and keywords to try the op with: a matrix of about n numbers, along its rows."""
        n_rows = math.isqrt(n)
        return (rng.standard_normal((n_rows, n // max(1, n_rows))),), {"axis": 1}

    def _reduce(
        self,
        where: str,
        name: str,
        x: object,
        axis: object,
        keepdims: bool,
        out: object,
        accumulate: object,
        shape_only: object = None,
    ) -> Any:
        operands, dtype = as_operands({name: x}, where, [shape_only])
        array = operands[name]
        shape, kept, n = folded(where, array.shape, axis, keepdims)
        outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
        total = _core.new_output(kept, dtype)
        _core.sum_to(array, total, False)
        if self.is_mean:
            total = divided(total, n)
        _core.repeat(total.reshape(shape), outputs.arrays[0], outputs.adds[0])
        return outputs.results()[0]

    @quiet
    def _value(self, x: object, axis: Any = None, *, keepdims: bool = False, out: Any = None) -> Any:
        return self._reduce(f"ops.{self.name}", "x", x, axis, keepdims, out, False)

    @quiet
    def _jvp(
        self,
        x_dot: object,
        x: object = None,
        axis: Any = None,
        *,
        keepdims: bool = False,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        where = f"ops.{self.name}.jvp"
        if x is not None:
            found = shape_of(x_dot, where, "x_dot")
            check_shape(where, "x_dot", found, shape_of(x, where, "x"), "the shape of x")
        return self._reduce(where, "x_dot", x_dot, axis, keepdims, out, accumulate, x)

    @quiet
    def _vjp(
        self,
        y_bar: object,
        x: object,
        axis: Any = None,
        *,
        keepdims: bool = False,
        wrt: Any = 0,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        where = f"ops.{self.name}.vjp"
        single = not isinstance(wrt, tuple)
        wanted(where, wrt, 1)
        x_shape = shape_of(x, where, "x")
        shape, kept, n = folded(where, x_shape, axis, keepdims)
        what = f"x of shape {x_shape} reduced over axis {axis}"
        check_shape(where, "y_bar", shape_of(y_bar, where, "y_bar"), shape, what)
        operands, dtype = as_operands({"y_bar": y_bar}, where, [x])
        outputs = Outputs(where, as_outs(where, out, 1, single), (x_shape,), dtype, accumulate, single)
        cotangent = operands["y_bar"]
        if self.is_mean and n:
            cotangent = divided(cotangent, n)
        spread = partial(_core.repeat, out=outputs.arrays[0], accumulate=outputs.adds[0])
        call(where, [cotangent.reshape(kept)], lambda inputs: spread(inputs[0]))
        return outputs.results()[0] if single else tuple(outputs.results())

    @quiet
    def _vjp2(
        self,
        h: object,
        y_bar: object,
        x: object,
        axis: Any = None,
        *,
        keepdims: bool = False,
        wrt: Any = 0,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        where = f"ops.{self.name}.vjp2"
        (h,) = one_for_each(where, h, wrt, wanted(where, wrt, 1))
        x_shape = shape_of(x, where, "x")
        shape, kept, n = folded(where, x_shape, axis, keepdims)
        check_shape(where, "h", shape_of(h, where, "h"), x_shape, "the shape of x")
        what = f"x of shape {x_shape} reduced over axis {axis}"
        check_shape(where, "y_bar", shape_of(y_bar, where, "y_bar"), shape, what)
        operands, dtype = as_operands({"h": h, "y_bar": y_bar}, where, [x])
        outputs = Outputs(where, as_outs(where, out, 2, False), (shape, x_shape), dtype, accumulate, single=False)
        total = _core.new_output(kept, dtype)
        _core.sum_to(operands["h"].astype(dtype, copy=False), total, False)
        if self.is_mean:
            total = divided(total, n)
        _core.repeat(total.reshape(shape), outputs.arrays[0], outputs.adds[0])
        if not outputs.adds[1]:
            outputs.arrays[1].fill(0)
        return tuple(outputs.results())

    @quiet
    def _jacobian(self, x: object, axis: Any = None, *, keepdims: bool = False, wrt: Any = 0) -> Any:
        where = f"ops.{self.name}.jacobian"
        wanted(where, wrt, 1)
        operands, dtype = as_operands({"x": x}, where)
        shape = operands["x"].shape
        _, _, n = folded(where, shape, axis, keepdims)
        one = np.full((), 1 / n if self.is_mean and n else 1, dtype)
        jacobian = reduction(np.broadcast_to(one, shape), axis=as_axes(where, axis, shape), keepdims=keepdims)
        return (jacobian,) if isinstance(wrt, tuple) else jacobian
