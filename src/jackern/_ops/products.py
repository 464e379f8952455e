"""Matrix products, matmul and linear: the general way and the words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, kind_of, one_for_each, wanted
from jackern._arrays.operands import Array, as_operands, quiet
from jackern._arrays.outputs import Outputs
from jackern._arrays.shapes import broadcast_shape, check_shape, shape_of
from jackern._constructors.by_letters import matmul_jacobian
from jackern._ops.registry import Family, registered
from jackern._structures.axis import elementwise


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


def product(left: Array, right: Array) -> Array:
    """A new array, left @ right."""
    shape = product_shape("matmul", left.shape, right.shape, ("left", "right"))
    result = _core.new_output(shape, np.promote_types(left.dtype, right.dtype))
    _core.matrix_product(left, right, result, False)
    return result


def widened(operands: dict[str, Array], dtype: np.dtype[Any]) -> dict[str, Array]:
    """The operands in the dtype of a call, in which each of its matrix products is computed."""
    return {name: x.astype(dtype, copy=False) for name, x in operands.items()}


def cotangent(a: Array, b: Array, y_bar: Array, k: int) -> Array:
    """The cotangent of a (k = 0) or b (k = 1) in y = a @ b: matrices that a stack shares are summed over it."""
    shape = (a if k == 0 else b).shape
    a, b, y_bar = as_matrices(a, b, y_bar)
    if b.ndim == 2 and a.ndim > 2:  # one matrix for a whole batch: the batch is more rows
        a, y_bar = as_rows(a), as_rows(y_bar)
    left, right = (y_bar, b.mT) if k == 0 else (a.mT, y_bar)
    wide = product(left, right)
    target = (a if k == 0 else b).shape
    if wide.size == math.prod(target):
        return wide.reshape(shape)
    narrow = _core.new_output(target, wide.dtype)
    _core.sum_to(wide, narrow, False)
    return narrow.reshape(shape)


class MatrixProduct:
    """What matmul and linear share: arguments are operands a and b and, of linear, a bias or None."""

    __slots__ = ()

    name: str

    def _names(self) -> tuple[str, ...]:
        raise NotImplementedError

    def _shape(self, where: str, args: Sequence[object]) -> tuple[int, ...]:
        """The shape of the result."""
        names = self._names()
        shapes = [shape_of(x, where, name) for x, name in zip(args[:2], names, strict=False)]
        if len(names) == 3 and len(shapes[1]) != 2:
            raise ValueError(f"{where}: w has shape {shapes[1]}, expected (k, n)")
        shape = product_shape(where, shapes[0], shapes[1], names[:2])
        if len(args) == 3 and args[2] is not None:
            found = shape_of(args[2], where, names[2])
            check_shape(where, names[2], found, shapes[1][1:], "one number per column of w")
        return shape

    @quiet
    def _product(self, args: Sequence[object], out: object) -> Any:
        where = f"ops.{self.name}"
        shape = self._shape(where, args)
        given = {name: x for name, x in zip(self._names(), args, strict=True) if x is not None}
        operands, dtype = as_operands(given, where)
        outputs = Outputs(where, (out,), (shape,), dtype, False)
        target = outputs.arrays[0]
        a, b, *bias = outputs.spared(list(operands.values()))
        _core.matrix_product(a, b, target, False)
        if bias:
            _core.repeat(bias[0], target, True)
        return outputs.results()[0]

    @quiet
    def _push(
        self, product_name: str, tangents: object, args: Sequence[object], out: object, accumulate: object
    ) -> Any:
        """The product of the Jacobians by all arguments with tangents, summed."""
        where = f"ops.{self.name}.{product_name}"
        names = self._names()
        shape = self._shape(where, args)
        if not isinstance(tangents, tuple) or len(tangents) != len(names):
            raise TypeError(
                f"{where}: tangents is {kind_of(tangents)}, expected a tuple of {len(names)} (None for zero)"
            )
        if all(x is None for x in tangents):
            raise TypeError(f"{where}: every tangent is None; the product is zero")
        given: dict[str, object] = {}
        for name, tangent, primal in zip(names, tangents, args, strict=True):
            if tangent is not None:
                expected = shape[-1:] if primal is None else shape_of(primal, where, name)
                found = shape_of(tangent, where, f"{name}_dot")
                check_shape(where, f"{name}_dot", found, expected, f"the shape of {name}")
                given[f"{name}_dot"] = tangent
        for k in (0, 1):
            if tangents[k] is not None:
                given[names[1 - k]] = args[1 - k]
        operands, dtype = as_operands(given, where, args)
        outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
        total = self._tangent(widened(operands, dtype), shape, dtype)
        _core.repeat(total, outputs.arrays[0], outputs.adds[0])
        return outputs.results()[0]

    def _tangent(self, operands: dict[str, Array], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """``a_dot @ b + a @ b_dot + bias_dot``, of the tangents that are there, in a new array."""
        a, b, *bias = self._names()
        total = _core.new_output(shape, dtype)
        adds = False
        for left, right in ((f"{a}_dot", b), (a, f"{b}_dot")):
            if left in operands and right in operands:
                _core.matrix_product(operands[left], operands[right], total, adds)
                adds = True
        if bias and f"{bias[0]}_dot" in operands:
            _core.repeat(operands[f"{bias[0]}_dot"], total, adds)
        return total

    @quiet
    def _pull(self, y_bar: object, args: Sequence[object], wrt: Any, out: object, accumulate: object) -> Any:
        where = f"ops.{self.name}.vjp"
        names = self._names()
        positions = wanted(where, wrt, len(args))
        shape = self._shape(where, args)
        what = f"the shape of {names[0]} @ {names[1]}"
        check_shape(where, "y_bar", shape_of(y_bar, where, "y_bar"), shape, what)
        read: dict[str, object] = {"y_bar": y_bar} | {names[1 - k]: args[1 - k] for k in positions if k < 2}
        operands, dtype = as_operands(read, where, args)
        operands = widened(operands, dtype)
        shapes = [shape_of(x, where, name) for x, name in zip(args, names, strict=False)]
        # an operand that is read for its shape only takes no memory
        a, b = (operands.get(names[k], np.broadcast_to(np.zeros((), dtype), shapes[k])) for k in (0, 1))
        single = not isinstance(wrt, tuple)
        outs = as_outs(where, out, len(positions), single)
        outputs = Outputs(where, outs, [shapes[k] for k in positions], dtype, accumulate, single)
        g, a, b = outputs.spared([operands["y_bar"], a, b])
        for k, array, adds in zip(positions, outputs.arrays, outputs.adds, strict=True):
            if k == 2:
                _core.sum_to(g, array, adds)
            else:
                _core.repeat(cotangent(a, b, g, k), array, adds)
        return outputs.results()[0] if single else tuple(outputs.results())

    @quiet
    def _twice(
        self, h: object, y_bar: object, args: Sequence[object], wrt: Any, out: object, accumulate: object
    ) -> Any:
        where = f"ops.{self.name}.vjp2"
        names = self._names()
        positions = wanted(where, wrt, len(args))
        hs = one_for_each(where, h, wrt, positions)
        shape = self._shape(where, args)
        what = f"the shape of {names[0]} @ {names[1]}"
        check_shape(where, "y_bar", shape_of(y_bar, where, "y_bar"), shape, what)
        shapes = [shape_of(x, where, name) for x, name in zip(args, names, strict=False)]
        given: dict[str, object] = {}
        for k, x in zip(positions, hs, strict=True):
            if x is not None:
                name = "h" if len(positions) == 1 else f"h[{k}]"
                check_shape(where, name, shape_of(x, where, name), shapes[k], f"the shape of {names[k]}")
                given[f"{names[k]}_dot"] = x
        if not given:
            raise TypeError(f"{where}: every h is None; the products are zero")
        read = given | {"y_bar": y_bar} | dict(zip(names, args[:2], strict=False))
        operands, dtype = as_operands(read, where)
        operands = widened(operands, dtype)
        outs = as_outs(where, out, len(args) + 1, single=False)
        outputs = Outputs(where, outs, [shape, *shapes], dtype, accumulate, single=False)
        g = operands["y_bar"]
        h_a, h_b = operands.get(f"{names[0]}_dot"), operands.get(f"{names[1]}_dot")
        # a_bar = y_bar h_b^T and b_bar = h_a^T y_bar, the cotangents of h_a @ h_b
        results = [
            self._tangent(operands, shape, dtype),
            None if h_b is None else cotangent(operands[names[0]], h_b, g, 0),
            None if h_a is None else cotangent(h_a, operands[names[1]], g, 1),
            None,
        ]
        for result, array, adds in zip(results, outputs.arrays, outputs.adds, strict=False):
            if result is not None:
                _core.repeat(result, array, adds)
            elif not adds:
                array.fill(0)
        return tuple(outputs.results())


@registered(
    Family(
        name="matmul",
        kind="matrix product",
        formula="a @ b",
        derivative_formula=("da @ b", "a @ db"),
        reads=["b", "a"],
        functions=[np.matmul],
    )
)
class Matmul(MatrixProduct, _core.MatmulOp):
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

    __slots__ = ()

    def sample(self, rng: np.random.Generator, n: int) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Return arguments and keywords to try the op with: a matrix of about n numbers, and a square one."""
        n_rows = math.isqrt(n)
        k = n // max(1, n_rows)
        return (rng.standard_normal((n_rows, k)), rng.standard_normal((k, k))), {}

    def _names(self) -> tuple[str, ...]:
        return "a", "b"

    def _value(self, a: object, b: object, *, out: Any = None) -> Any:
        return self._product((a, b), out)

    def _jvp(self, tangents: object, a: object, b: object, *, out: Any = None, accumulate: Any = False) -> Any:
        return self._push("jvp", tangents, (a, b), out, accumulate)

    def _vjp(
        self, y_bar: object, a: object, b: object, *, wrt: Any = (0, 1), out: Any = None, accumulate: Any = False
    ) -> Any:
        return self._pull(y_bar, (a, b), wrt, out, accumulate)

    def _vjp2(
        self,
        h: object,
        y_bar: object,
        a: object,
        b: object,
        *,
        wrt: Any = (0, 1),
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        return self._twice(h, y_bar, (a, b), wrt, out, accumulate)

    @quiet
    def _jacobian(self, a: object, b: object, *, wrt: Any = 0) -> Any:
        where = "ops.matmul.jacobian"
        positions = wanted(where, wrt, 2)
        a, b = widened(*as_operands({"a": a, "b": b}, where)).values()
        product_shape(where, a.shape, b.shape, ("a", "b"))
        jacobians = tuple(matmul_jacobian(a, b, k) for k in positions)
        return jacobians if isinstance(wrt, tuple) else jacobians[0]


@registered(
    Family(
        name="linear",
        kind="matrix product",
        formula="x @ w + b",
        derivative_formula=("dx @ w", "x @ dw", "db"),
        reads=["w", "x", ""],
    )
)
class Linear(MatrixProduct, _core.LinearOp):
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

    __slots__ = ()

    def sample(self, rng: np.random.Generator, n: int) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Return arguments and keywords to try the op with: rows of about n numbers, weights and a bias."""
        n_rows = math.isqrt(n)
        k = n // max(1, n_rows)
        return (rng.standard_normal((n_rows, k)), rng.standard_normal((k, k)), rng.standard_normal(k)), {}

    def _names(self) -> tuple[str, ...]:
        return "x", "w", "b"

    def _value(self, x: object, w: object, b: object = None, *, out: Any = None) -> Any:
        return self._product((x, w, b), out)

    def _jvp(
        self, tangents: object, x: object, w: object, b: object = None, *, out: Any = None, accumulate: Any = False
    ) -> Any:
        return self._push("jvp", tangents, (x, w, b), out, accumulate)

    def _vjp(
        self,
        y_bar: object,
        x: object,
        w: object,
        b: object = None,
        *,
        wrt: Any = None,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        return self._pull(y_bar, (x, w) if b is None else (x, w, b), wrt, out, accumulate)

    def _vjp2(
        self,
        h: object,
        y_bar: object,
        x: object,
        w: object,
        b: object = None,
        *,
        wrt: Any = None,
        out: Any = None,
        accumulate: Any = False,
    ) -> Any:
        return self._twice(h, y_bar, (x, w) if b is None else (x, w, b), wrt, out, accumulate)

    @quiet
    def _jacobian(self, x: object, w: object, b: object = None, *, wrt: Any = 0) -> Any:
        where = "ops.linear.jacobian"
        shape = self._shape(where, (x, w, b))
        positions = wanted(where, wrt, 2 if b is None else 3)
        operands, dtype = as_operands({"x": x, "w": w} | ({} if b is None else {"b": b}), where)
        operands = widened(operands, dtype)
        x, w, one = operands["x"], operands["w"], np.ones((), dtype)
        jacobians = tuple(matmul_jacobian(x, w, k) if k < 2 else elementwise(one, shape[-1:], shape) for k in positions)
        return jacobians if isinstance(wrt, tuple) else jacobians[0]
