"""Losses of rows against integer labels: the general way and the words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, one_for_each, wanted
from jackern._arrays.operands import Array, as_native, as_ndarray, as_operands, quiet
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import check_shape, shape_of
from jackern._constructors.by_letters import reduction
from jackern._ops.registry import Family, registered


@registered(
    Family(
        name="softmax_cross_entropy",
        kind="row-wise",
        formula="logsumexp(logits) - logits[label]",
        derivative_formula=("sum((softmax(logits) - onehot(label))*dlogits)", "0"),
        reads=["logits labels", ""],
        options={"calls": "softmax_cross_entropy"},
    )
)
class SoftmaxCrossEntropy(_core.RowLossOp):
    """``logsumexp(logits) - logits[label]`` for every row of logits: ``op(logits, labels, *, out=None)``.

    Stable for any finite logits: the largest of a row is found first, and the others are read relative to it.

    Parameters
    ----------
    logits : array_like
        ``(*batch, classes)``.
    labels : array_like of int
        ``(*batch,)``, each from 0 to classes - 1.
    out : ndarray, optional
        Where the result is written: float32 or float64, writable, of the shape of the result.

    Returns
    -------
    ndarray
        `out`, or a new array ``(*batch,)``, one loss per row; a NumPy scalar if 0-d.

    Raises
    ------
    ValueError
        For a label that is no class, by its index; for shapes that do not fit.
    TypeError
        For labels that are not integers, and for a dtype that is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> jk.ops.softmax_cross_entropy(np.zeros((2, 4)), [0, 3])
    array([1.38629436, 1.38629436])
    """

    __slots__ = ()

    def sample(self, rng: np.random.Generator, n: int) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Return arguments and keywords to try the op with: rows of about n logits, and labels."""
        n_rows = math.isqrt(n)
        n_classes = n // max(1, n_rows)
        return (rng.standard_normal((n_rows, n_classes)), rng.integers(0, max(1, n_classes), n_rows)), {}

    def _labels(self, where: str, labels: object, shape: tuple[int, ...]) -> Array:
        """The labels as an array of integers, one per row of logits of this shape."""
        if not shape:
            raise ValueError(f"{where}: logits has shape (), expected (..., classes)")
        array = as_ndarray(labels, where, "labels")
        if array.dtype.kind not in "iu":
            raise TypeError(f"{where}: labels has dtype {array.dtype}, expected integers, one per row")
        check_shape(where, "labels", array.shape, shape[:-1], "one label per row of logits")
        return array

    def _run(self, where: str, labels: Array, inputs: list[Array], function: Callable[..., None]) -> None:
        """Calls `function(inputs, labels in one row)`; ValueError that names a label which is no class.

        The row is a copy, so that what is checked is what is used: labels may share memory with an output, or another
        thread may change them.
        """
        index = labels.reshape(-1).astype(np.intp)
        try:
            call(where, inputs, lambda i: function(i, index))
        except _core.BadLabel as bad:
            at = ", ".join(str(i) for i in np.unravel_index(bad.args[0], labels.shape)) or "()"
            label, n = labels.flat[bad.args[0]], inputs[-1].shape[-1]
            raise ValueError(f"{where}: labels[{at}] is {label}, expected a class from 0 to {n - 1}") from None

    def _losses(
        self, where: str, rows: Array, labels: Array, out: object, accumulate: object, tangent: Array | None = None
    ) -> Any:
        """The losses of all rows, or their tangents."""
        dtype = rows.dtype if tangent is None else np.promote_types(rows.dtype, tangent.dtype)
        outputs = Outputs(where, (out,), (rows.shape[:-1],), dtype, accumulate)
        losses = _core.new_output((labels.size,), dtype)
        flat = [x.reshape(labels.size, rows.shape[-1]) for x in (tangent, rows) if x is not None]

        def write(inputs: list[Array], index: Array) -> None:
            if tangent is None:
                _core.softmax_cross_entropy_value(inputs[0], index, losses, False)
            else:
                _core.softmax_cross_entropy_jvp(inputs[0], inputs[1], index, losses, False)

        self._run(where, labels, flat, write)
        _core.repeat(losses.reshape(rows.shape[:-1]), outputs.arrays[0], outputs.adds[0])
        return outputs.results()[0]

    def _bars(self, where: str, cotangent: Array, rows: Array, labels: Array) -> Array:
        """The cotangent of the logits, in a new array."""
        bars = _core.new_output((labels.size, rows.shape[-1]), np.promote_types(rows.dtype, cotangent.dtype))
        self._run(
            where,
            labels,
            [cotangent.reshape(labels.size), rows.reshape(bars.shape)],
            lambda inputs, index: _core.softmax_cross_entropy_vjp(inputs[0], inputs[1], index, bars, False),
        )
        return bars.reshape(rows.shape)

    @quiet
    def _value(self, logits: object, labels: object, *, out: Any = None) -> Any:
        where = f"ops.{self.name}"
        rows = as_native(logits, where, "logits")
        return self._losses(where, rows, self._labels(where, labels, rows.shape), out, False)

    @quiet
    def _jvp(
        self, logits_dot: object, logits: object, labels: object, *, out: Any = None, accumulate: Any = False
    ) -> Any:
        where = f"ops.{self.name}.jvp"
        operands, _ = as_operands({"logits_dot": logits_dot, "logits": logits}, where)
        rows, tangent = operands["logits"], operands["logits_dot"]
        classes = self._labels(where, labels, rows.shape)
        check_shape(where, "logits_dot", tangent.shape, rows.shape, "the shape of logits")
        return self._losses(where, rows, classes, out, accumulate, tangent)

    @quiet
    def _vjp(
        self, y_bar: object, logits: object, labels: object, *, wrt: Any = 0, out: Any = None, accumulate: Any = False
    ) -> Any:
        where = f"ops.{self.name}.vjp"
        wanted(where, wrt, 1)
        single = not isinstance(wrt, tuple)
        operands, dtype = as_operands({"y_bar": y_bar, "logits": logits}, where)
        rows, cotangent = operands["logits"], operands["y_bar"]
        classes = self._labels(where, labels, rows.shape)
        check_shape(where, "y_bar", cotangent.shape, rows.shape[:-1], "one number per row of logits")
        outputs = Outputs(where, as_outs(where, out, 1, single), (rows.shape,), dtype, accumulate, single)
        _core.repeat(self._bars(where, cotangent, rows, classes), outputs.arrays[0], outputs.adds[0])
        return outputs.results()[0] if single else tuple(outputs.results())

    @quiet
    def _vjp2(
        self,
        h: object,
        y_bar: object,
        logits: object,
        labels: object,
        *,
        wrt: Any = 0,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        where = f"ops.{self.name}.vjp2"
        (h,) = one_for_each(where, h, wrt, wanted(where, wrt, 1))
        logits_shape = shape_of(logits, where, "logits")
        classes = self._labels(where, labels, logits_shape)
        check_shape(where, "h", shape_of(h, where, "h"), logits_shape, "the shape of logits")
        found = shape_of(y_bar, where, "y_bar")
        check_shape(where, "y_bar", found, logits_shape[:-1], "one number per row of logits")
        operands, dtype = as_operands({"h": h, "y_bar": y_bar, "logits": logits}, where)
        outs = as_outs(where, out, 2, single=False)
        outputs = Outputs(where, outs, (logits_shape[:-1], logits_shape), dtype, accumulate, single=False)
        one, g, rows = (np.ascontiguousarray(x, dtype).reshape(x.shape) for x in operands.values())
        self._bars(where, g, rows, classes)  # has words for a label that is no class
        results = self._double_backward(one, g, rows, classes.astype(np.intp))
        for result, array, adds in zip(results, outputs.arrays, outputs.adds, strict=True):
            _core.repeat(np.asarray(result), array, adds)
        return tuple(outputs.results())

    @quiet
    def _jacobian(self, logits: object, labels: object, *, wrt: Any = 0) -> Any:
        where = f"ops.{self.name}.jacobian"
        wanted(where, wrt, 1)
        rows = as_native(logits, where, "logits")
        ones = np.ones(rows.shape[:-1], rows.dtype)
        jacobian = reduction(self._bars(where, ones, rows, self._labels(where, labels, rows.shape)), axis=-1)
        return (jacobian,) if isinstance(wrt, tuple) else jacobian
