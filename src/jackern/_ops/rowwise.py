"""Softmax cross-entropy with integer labels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, as_native, as_ndarray, as_operands
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import check_shape
from jackern._constructors.by_letters import reduction
from jackern._ops.family import Family, copy_into, counted


class SoftmaxCrossEntropy(Family):
    """``logsumexp(logits) - logits[label]`` for every row of logits: ``op(logits, labels, *, out=None)``.

    Stable for any finite logits; one pass per row.

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

    name, nin = "softmax_cross_entropy", 2

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

    def _bars(
        self, where: str, cotangent: Array, rows: Array, labels: Array, out: Any, dtype: np.dtype[Any], accumulate: bool
    ) -> Any:
        """The cotangent of the logits."""
        outputs = Outputs(where, (out,), (rows.shape,), dtype, accumulate)
        n = rows.shape[-1]
        direct = rows.ndim == 2
        bars = outputs.arrays[0] if direct else np.empty((labels.size, n), dtype)
        self._run(
            where,
            labels,
            [cotangent.reshape(labels.size), rows.reshape(labels.size, n)],
            lambda i, index: _core.softmax_cross_entropy_vjp(i[0], i[1], index, bars, accumulate and direct),
        )
        if not direct:
            copy_into(where, bars.reshape(rows.shape), outputs.arrays[0], accumulate)
        return outputs.results()[0]

    @counted
    def __call__(self, logits: object, labels: object, *, out: Any = None) -> Any:
        where = self._where("")
        rows = as_native(logits, where, "logits")
        classes = self._labels(where, labels, rows.shape)
        outputs = Outputs(where, (out,), (rows.shape[:-1],), rows.dtype, False)
        losses = np.empty(classes.size, rows.dtype) if rows.ndim != 2 else outputs.arrays[0]
        self._run(
            where,
            classes,
            [rows.reshape(classes.size, rows.shape[-1])],
            lambda i, index: _core.softmax_cross_entropy_value(i[0], index, losses, False),
        )
        if losses is not outputs.arrays[0]:
            copy_into(where, losses.reshape(rows.shape[:-1]), outputs.arrays[0], False)
        return outputs.results()[0]

    @counted
    def jvp(
        self, logits_dot: object, logits: object, labels: object, *, out: Any = None, accumulate: bool = False
    ) -> Any:
        """The tangent of every loss, ``sum((softmax(logits) - onehot(labels)) * logits_dot, axis=-1)``.

        Parameters
        ----------
        logits_dot : array_like
            The tangent, of the shape of `logits`.
        logits, labels, out
            As in the call.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array ``(*batch,)``; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError
            If `logits_dot` has another shape than `logits`, and as in the call.
        TypeError
            As in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.jvp(np.array([[1.0, 0.0]]), np.zeros((1, 2)), [1])
        array([0.5])
        """
        where = self._where("jvp")
        operands, dtype = as_operands({"logits_dot": logits_dot, "logits": logits}, where)
        rows, tangent = operands["logits"], operands["logits_dot"]
        classes = self._labels(where, labels, rows.shape)
        check_shape(where, "logits_dot", tangent.shape, rows.shape, "the shape of logits")
        outputs = Outputs(where, (out,), (rows.shape[:-1],), dtype, accumulate)
        n = rows.shape[-1]
        losses = np.empty(classes.size, dtype)
        self._run(
            where,
            classes,
            [tangent.reshape(classes.size, n), rows.reshape(classes.size, n)],
            lambda i, index: _core.softmax_cross_entropy_jvp(i[0], i[1], index, losses, False),
        )
        copy_into(where, losses.reshape(rows.shape[:-1]), outputs.arrays[0], accumulate)
        return outputs.results()[0]

    @counted
    def vjp(self, y_bar: object, logits: object, labels: object, *, out: Any = None, accumulate: bool = False) -> Any:
        """The cotangent of the logits, ``y_bar[..., None] * (softmax(logits) - onehot(labels))``.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, ``(*batch,)``, one number per row.
        logits, labels
            As in the call.
        out : ndarray, optional
            Where the result is written, of the shape of `logits`; it may be `logits` itself.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of `logits`.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, and as in the call.
        TypeError
            As in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.vjp(np.ones(1), np.zeros((1, 2)), [1])
        array([[ 0.5, -0.5]])
        """
        where = self._where("vjp")
        operands, dtype = as_operands({"y_bar": y_bar, "logits": logits}, where)
        rows, cotangent = operands["logits"], operands["y_bar"]
        classes = self._labels(where, labels, rows.shape)
        check_shape(where, "y_bar", cotangent.shape, rows.shape[:-1], "one number per row of logits")
        return self._bars(where, cotangent, rows, classes, out, dtype, accumulate)

    @counted
    def jacobian(self, logits: object, labels: object) -> Any:
        """The Jacobian by the logits: a reduction with one number per logit.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.jacobian(np.zeros((3, 4)), [0, 1, 2])
        <reduction Jacobian, (3,) <- (3, 4), float64, 96 bytes>
        x x x x · · · · · · · ·
        · · · · x x x x · · · ·
        · · · · · · · · x x x x
        """
        where = self._where("jacobian")
        rows = as_native(logits, where, "logits")
        ones = np.ones(rows.shape[:-1], rows.dtype)
        bars = self._bars(where, ones, rows, self._labels(where, labels, rows.shape), None, rows.dtype, False)
        return reduction(bars, axis=-1)
