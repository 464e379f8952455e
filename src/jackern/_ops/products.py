"""Matrix products: matmul and linear."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, kind_of, wanted
from jackern._arrays.operands import Array, as_native, as_operands
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import broadcast_shape, check_shape, shape_of
from jackern._constructors.by_letters import matmul_jacobian
from jackern._ops.family import Family, copy_into, counted, sum_to
from jackern._structures.axis import elementwise


def matrix_product(where: str, a: Array, b: Array, out: Array, accumulate: bool) -> None:
    """Out = a @ b, or out += a @ b: own kernels for one vector, NumPy's matmul for many."""
    if a.ndim <= 2 and b.ndim <= 2 and (b.ndim == 1 or b.shape[1] == 1):
        column = out.reshape(math.prod(a.shape[:-1]))
        one_vector(where, _core.dense_jvp, np.atleast_2d(a), b.reshape(-1), column, out, accumulate)
    elif a.ndim <= 2 and b.ndim == 2 and (a.ndim == 1 or a.shape[0] == 1):
        one_vector(where, _core.dense_vjp, b, a.reshape(-1), out.reshape(b.shape[1]), out, accumulate)
    elif accumulate:
        np.add(out, np.matmul(a, b), out=out, casting="same_kind")
    else:
        np.matmul(a, b, out=out, casting="same_kind")


def one_vector(where: str, product: Any, a: Array, v: Array, flat: Array, out: Array, accumulate: bool) -> None:
    """A product of a matrix and one vector into `flat`, which is `out` without its length-1 axes."""
    call(where, [a, v], lambda i: product(i[0], i[1], flat, accumulate))
    if not np.may_share_memory(flat, out):
        out[...] = flat.reshape(out.shape)


def product_shape(where: str, a: tuple[int, ...], b: tuple[int, ...], names: Sequence[str]) -> tuple[int, ...]:
    if not a or not b:
        raise ValueError(f"{where}: {names[1] if a else names[0]} has shape (), expected at least one axis")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise ValueError(f"{where}: {names[0]} {a} and {names[1]} {b} do not fit: {a[-1]} columns meet {inner} rows")
    if len(a) == len(b) == 2:
        return a[0], b[1]
    batch = broadcast_shape({names[0]: a[:-2], names[1]: b[:-2]}, f"{where}: the batch axes")
    return batch + a[-2:-1] * (len(a) > 1) + b[-1:] * (len(b) > 1)


def as_matrices(a: Array, b: Array, y: Array) -> tuple[Array, Array, Array]:
    """A vector as a matrix of one row (a) or column (b), and the product with the axes that these add."""
    if b.ndim == 1:
        y = y[..., None]
    if a.ndim == 1:
        y = y[..., None, :]
    return np.atleast_2d(a), b[:, None] if b.ndim == 1 else b, y


def as_rows(x: Array) -> Array:
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1]) if x.ndim > 2 else x


def product_cotangent(where: str, a: Array, b: Array, y_bar: Array, k: int, out: Array, accumulate: bool) -> None:
    """The cotangent of a (k = 0) or b (k = 1) in y = a @ b, into out."""
    if a.ndim == 2 and b.ndim == 1 and k == 1:
        call(where, [a, y_bar], lambda i: _core.dense_vjp(i[0], i[1], out, accumulate))
        return
    if a.ndim == 1 and b.ndim == 2 and k == 0:
        call(where, [b, y_bar], lambda i: _core.dense_jvp(i[0], i[1], out, accumulate))
        return
    shape = out.shape
    a, b, y_bar = as_matrices(a, b, y_bar)
    if b.ndim == 2 and a.ndim > 2:  # one matrix for a whole batch: the batch is more rows
        a, y_bar = as_rows(a), as_rows(y_bar)
    left, right = (y_bar, b.mT) if k == 0 else (a.mT, y_bar)
    if out.ndim == left.ndim == right.ndim == 2 and not accumulate:
        np.matmul(left, right, out=out, casting="same_kind")
        return
    wide = left @ right
    if wide.size == out.size:
        copy_into(where, wide.reshape(shape), out, accumulate)
    else:
        target = (a if k == 0 else b).shape
        narrow = np.empty(target, wide.dtype)
        call(where, [wide], partial(sum_to, out=narrow, accumulate=False))
        copy_into(where, narrow.reshape(shape), out, accumulate)


class Matmul(Family):
    """The matrix product with NumPy's rules for vectors and batches: ``op(a, b, *, out=None)``.

    Parameters
    ----------
    a, b : array_like
        ``(*batch, m, k)`` or ``(k,)``, and ``(*batch, k, n)`` or ``(k,)``; the batch axes broadcast.
    out : ndarray, optional
        Where the result is written: float32 or float64, writable, of the shape of the result.

    Returns
    -------
    ndarray
        ``(*batch, m, n)``, without m where `a` is a vector and without n where `b` is one; a NumPy scalar if 0-d.

    Raises
    ------
    ValueError
        For shapes that do not fit, 0-d operands included, and for an `out` that does not fit.
    TypeError
        For an operand that is missing or whose dtype is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> a, b = np.array([[1.0, 2.0]]), np.array([3.0, 4.0])
    >>> jk.ops.matmul(a, b)
    array([11.])
    """

    name, nin = "matmul", 2

    @counted
    def __call__(self, a: object, b: object, *, out: Any = None) -> Any:
        where = self._where("")
        operands, dtype = as_operands({"a": a, "b": b}, where)
        a, b = operands["a"], operands["b"]
        shape = product_shape(where, a.shape, b.shape, ("a", "b"))
        outputs = Outputs(where, (out,), (shape,), dtype, False)
        matrix_product(where, a, b, outputs.arrays[0], False)
        return outputs.results()[0]

    @counted
    def jvp(self, tangents: object, a: object, b: object, *, out: Any = None, accumulate: bool = False) -> Any:
        """``a_dot @ b + a @ b_dot``.

        Parameters
        ----------
        tangents : tuple
            ``(a_dot, b_dot)``, each of the shape of its operand, or None for zero.
        a, b : array_like
            The operands; of one whose product is not needed, only the shape is read.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, of the shape of the result.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of ``a @ b``.

        Raises
        ------
        ValueError
            For a tangent of another shape than its operand, and as in the call.
        TypeError
            If both tangents are None, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.matmul.jvp((None, np.array([1.0, 0.0])), np.array([[1.0, 2.0]]), np.zeros(2))
        array([1.])
        """
        where = self._where("jvp")
        if not isinstance(tangents, tuple) or len(tangents) != 2:
            raise TypeError(f"{where}: tangents is {kind_of(tangents)}, expected a tuple of 2 (None for zero)")
        a_dot, b_dot = tangents
        if a_dot is None and b_dot is None:
            raise TypeError(f"{where}: every tangent is None; the product is zero")
        shapes = {"a": shape_of(a, where, "a"), "b": shape_of(b, where, "b")}
        shape = product_shape(where, shapes["a"], shapes["b"], ("a", "b"))
        given: dict[str, object] = {}
        if a_dot is not None:
            check_shape(where, "a_dot", shape_of(a_dot, where, "a_dot"), shapes["a"], "the shape of a")
            given |= {"a_dot": a_dot, "b": b}
        if b_dot is not None:
            check_shape(where, "b_dot", shape_of(b_dot, where, "b_dot"), shapes["b"], "the shape of b")
            given |= {"b_dot": b_dot, "a": a}
        operands, dtype = as_operands(given, where)
        outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
        total = _core.new_output(shape, dtype)
        if a_dot is not None:
            matrix_product(where, operands["a_dot"], operands["b"], total, False)
        if b_dot is not None:
            matrix_product(where, operands["a"], operands["b_dot"], total, a_dot is not None)
        copy_into(where, total, outputs.arrays[0], accumulate)
        return outputs.results()[0]

    @counted
    def vjp(
        self, y_bar: object, a: object, b: object, *, wrt: Any = (0, 1), out: Any = None, accumulate: bool = False
    ) -> Any:
        """``y_bar @ b.T`` and ``a.T @ y_bar``, each summed to its operand's shape.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, of the shape of ``a @ b``.
        a, b : array_like
            The operands; the cotangent of one reads the other, and of itself the shape only.
        wrt : int or tuple of int
            Whose cotangents: 0 is `a`, 1 is `b`.
        out : ndarray, or tuple of ndarray or None, optional
            Where the results are written; a tuple if `wrt` is one.  None makes a new array.
        accumulate : bool
            Add to what is given in `out`.

        Returns
        -------
        ndarray or tuple of ndarray
            One cotangent for each of `wrt`, of the shape of its operand; a tuple if `wrt` is one.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, for a `wrt` out of range, if outs overlap, and as in the call.
        TypeError
            For a `wrt` or `out` of another kind, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> a_bar, b_bar = jk.ops.matmul.vjp(np.ones(1), np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
        >>> a_bar, b_bar
        (array([[3., 4.]]), array([1., 2.]))
        """
        where = self._where("vjp")
        return _linear_vjp(where, y_bar, (a, b), ("a", "b"), wrt, out, accumulate)

    @counted
    def jacobian(self, a: object, b: object, *, wrt: Any = 0) -> Any:
        """The Jacobian by one operand, or a tuple for a tuple `wrt`: its numbers are the other operand itself.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> a = np.ones((2, 3))
        >>> J = jk.ops.matmul.jacobian(a, np.ones((3, 4)), wrt=1)
        >>> J.structure, J.values is a
        ('block-diagonal', True)
        """
        where = self._where("jacobian")
        positions = wanted(where, wrt, 2)
        a, b = as_native(a, where, "a"), as_native(b, where, "b")
        product_shape(where, a.shape, b.shape, ("a", "b"))
        jacobians = tuple(matmul_jacobian(a, b, k) for k in positions)
        return jacobians if isinstance(wrt, tuple) else jacobians[0]


def _linear_vjp(
    where: str,
    y_bar: object,
    args: Sequence[object],
    names: tuple[str, ...],
    wrt: Any,
    out: Any,
    accumulate: bool,
) -> Any:
    """Cotangents of (a, b) in a @ b, or of (x, w, b) in x @ w + b."""
    positions = wanted(where, wrt, len(args))
    shapes = [shape_of(x, where, name) for x, name in zip(args, names, strict=False)]
    shape = product_shape(where, shapes[0], shapes[1], names[:2])
    check_shape(where, "y_bar", shape_of(y_bar, where, "y_bar"), shape, f"the shape of {names[0]} @ {names[1]}")
    reads: dict[str, object] = {"y_bar": y_bar}
    for k in positions:
        if k < 2:
            reads[names[1 - k]] = args[1 - k]
    operands, dtype = as_operands(reads, where)
    cotangent = operands["y_bar"]
    # an operand that is read for its shape only takes no memory
    pair = [
        operands[names[k]] if names[k] in operands else np.broadcast_to(np.zeros((), dtype), shapes[k]) for k in (0, 1)
    ]
    outs = as_outs(where, out, len(positions), single=not isinstance(wrt, tuple))
    labels = ["out"] if len(outs) == 1 else [f"out[{i}]" for i in range(len(outs))]
    outputs = Outputs(where, outs, [shapes[k] for k in positions], dtype, accumulate, labels)
    if len(positions) > 1 and out is not None:  # an output may be an operand that a later product still reads
        cotangent, *pair = (
            x.copy() if any(np.may_share_memory(x, o) for o in outputs.arrays) else x for x in (cotangent, *pair)
        )
    for k, array in zip(positions, outputs.arrays, strict=True):
        if k < 2:
            product_cotangent(where, pair[0], pair[1], cotangent, k, array, accumulate)
        else:
            call(where, [cotangent], partial(sum_to, out=array, accumulate=accumulate))
    results = outputs.results()
    return tuple(results) if isinstance(wrt, tuple) else results[0]


class Linear(Family):
    """``x @ w + b``: ``op(x, w, b=None, *, out=None)``.

    Parameters
    ----------
    x : array_like
        ``(*batch, k)``.
    w : array_like
        ``(k, n)``.
    b : array_like, optional
        ``(n,)``; None for no bias.
    out : ndarray, optional
        Where the result is written: float32 or float64, writable, of the shape of the result.

    Returns
    -------
    ndarray
        `out`, or a new array ``(*batch, n)``.

    Raises
    ------
    ValueError
        For shapes that do not fit, and for an `out` that does not fit.
    TypeError
        For an operand that is missing or whose dtype is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> x, w, b = np.array([[1.0, 2.0]]), np.eye(2), np.array([0.5, 0.5])
    >>> jk.ops.linear(x, w, b)
    array([[1.5, 2.5]])
    """

    name, nin = "linear", 3

    def _check(self, where: str, x: object, w: object, b: object) -> tuple[int, ...]:
        x_shape, w_shape = shape_of(x, where, "x"), shape_of(w, where, "w")
        if len(w_shape) != 2:
            raise ValueError(f"{where}: w has shape {w_shape}, expected (k, n)")
        shape = product_shape(where, x_shape, w_shape, ("x", "w"))
        if b is not None:
            check_shape(where, "b", shape_of(b, where, "b"), w_shape[1:], "one number per column of w")
        return shape

    @counted
    def __call__(self, x: object, w: object, b: object = None, *, out: Any = None) -> Any:
        where = self._where("")
        shape = self._check(where, x, w, b)
        operands, dtype = as_operands({"x": x, "w": w} | ({} if b is None else {"b": b}), where)
        outputs = Outputs(where, (out,), (shape,), dtype, False)
        array, bias = outputs.arrays[0], operands.get("b")
        if bias is not None and np.may_share_memory(array, bias):
            bias = bias.copy()
        matrix_product(where, operands["x"], operands["w"], array, False)
        if bias is not None:
            np.add(array, bias, out=array, casting="same_kind")
        return outputs.results()[0]

    @counted
    def jvp(
        self, tangents: object, x: object, w: object, b: object = None, *, out: Any = None, accumulate: bool = False
    ) -> Any:
        """``x_dot @ w + x @ w_dot + b_dot``.

        Parameters
        ----------
        tangents : tuple
            ``(x_dot, w_dot, b_dot)``, each of the shape of its operand, or None for zero.
        x, w, b : array_like
            The operands.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, of the shape of the result.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array ``(*batch, n)``.

        Raises
        ------
        ValueError
            For a tangent of another shape than its operand, and as in the call.
        TypeError
            If every tangent is None, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.linear.jvp((None, None, np.array([1.0, 2.0])), np.ones((1, 3)), np.ones((3, 2)))
        array([[1., 2.]])
        """
        where = self._where("jvp")
        shape = self._check(where, x, w, b)
        if not isinstance(tangents, tuple) or len(tangents) != 3:
            raise TypeError(f"{where}: tangents is {kind_of(tangents)}, expected a tuple of 3 (None for zero)")
        x_dot, w_dot, b_dot = tangents
        if x_dot is None and w_dot is None and b_dot is None:
            raise TypeError(f"{where}: every tangent is None; the product is zero")
        given: dict[str, object] = {}
        for name, tangent, primal in (("x", x_dot, x), ("w", w_dot, w), ("b", b_dot, b)):
            if tangent is not None:
                expected = shape[-1:] if primal is None else shape_of(primal, where, name)
                found = shape_of(tangent, where, f"{name}_dot")
                check_shape(where, f"{name}_dot", found, expected, f"the shape of {name}")
                given[f"{name}_dot"] = tangent
        if x_dot is not None:
            given["w"] = w
        if w_dot is not None:
            given["x"] = x
        operands, dtype = as_operands(given, where)
        outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
        total = np.zeros(shape, dtype)
        if x_dot is not None:
            matrix_product(where, operands["x_dot"], operands["w"], total, False)
        if w_dot is not None:
            matrix_product(where, operands["x"], operands["w_dot"], total, x_dot is not None)
        if b_dot is not None:
            copy_into(where, operands["b_dot"], total, True)
        copy_into(where, total, outputs.arrays[0], accumulate)
        return outputs.results()[0]

    @counted
    def vjp(
        self,
        y_bar: object,
        x: object,
        w: object,
        b: object = None,
        *,
        wrt: Any = None,
        out: Any = None,
        accumulate: bool = False,
    ) -> Any:
        """Cotangents of x, w and b: ``y_bar @ w.T``, ``x.T @ y_bar`` and `y_bar` summed over its rows.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, ``(*batch, n)``.
        x, w, b : array_like
            The operands; the cotangent of b reads none of them.
        wrt : int or tuple of int, optional
            Whose cotangents; all of them by default, without b where there is none.
        out : ndarray, or tuple of ndarray or None, optional
            Where the results are written; a tuple if `wrt` is one.  None makes a new array.
        accumulate : bool
            Add to what is given in `out`.

        Returns
        -------
        ndarray or tuple of ndarray
            One cotangent for each of `wrt`, of the shape of its operand; a tuple if `wrt` is one.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, for a `wrt` out of range, if outs overlap, and as in the call.
        TypeError
            For a `wrt` or `out` of another kind, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> x, w, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 1)), np.zeros(1)
        >>> x_bar, w_bar, b_bar = jk.ops.linear.vjp(np.ones((2, 1)), x, w, b)
        >>> w_bar.ravel(), b_bar
        (array([4., 6.]), array([2.]))
        """
        where = self._where("vjp")
        self._check(where, x, w, b)
        if wrt is None:
            wrt = (0, 1) if b is None else (0, 1, 2)
        args = (x, w) if b is None else (x, w, b)
        return _linear_vjp(where, y_bar, args, ("x", "w", "b"), wrt, out, accumulate)

    @counted
    def jacobian(self, x: object, w: object, b: object = None, *, wrt: Any = 0) -> Any:
        """The Jacobian by x (its numbers are w), by w (its numbers are x) or by b (one number).

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.linear.jacobian(np.ones((2, 3)), np.ones((3, 2)), np.ones(2), wrt=2)
        <broadcast Jacobian, (2, 2) <- (2,), float64, 8 bytes>
        1 ·
        · 1
        1 ·
        · 1
        """
        where = self._where("jacobian")
        shape = self._check(where, x, w, b)
        positions = wanted(where, wrt, 2 if b is None else 3)
        x, w = as_native(x, where, "x"), as_native(w, where, "w")
        one = np.ones((), np.result_type(x, w))
        jacobians = tuple(matmul_jacobian(x, w, k) if k < 2 else elementwise(one, shape[-1:], shape) for k in positions)
        return jacobians if isinstance(wrt, tuple) else jacobians[0]
