"""What the straight way of an op does not take: array-likes, mixed dtypes, 0-d, copies on overlap, and every error.

All checks come before anything is written.  The functions below `as_native` are handed to the binding at import.
"""

import inspect
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern import _core

Array = np.ndarray[Any, Any]
NATIVE = (np.dtype(np.float32), np.dtype(np.float64))
quiet = np.errstate(all="ignore")  # decorates what users call: kernels never warn


# ---- operands --------------------------------------------------------------------------------------------------


def readable(expression: str) -> str:
    """An expression of the table of ops as a person writes it."""
    if expression == "ZERO":
        return "0"
    return re.sub(r"\b[MC]\(([\w.-]+)\)", r"\1", expression)


def is_native(x: object) -> bool:
    """An array that the binding takes as it is."""
    return type(x) is np.ndarray and x.dtype in NATIVE and x.flags.aligned


def is_weak(x: object) -> bool:
    """A Python number, which takes the dtype of the others."""
    return type(x) in (bool, int, float)


def as_ndarray(x: object, where: str, name: str) -> Array:
    """Any array-like as an ndarray; TypeError for None and masked arrays, ValueError for a ragged list."""
    if x is None:
        raise TypeError(f"{where}: {name} is missing")
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{where}: {name} is a masked array; pass {name}.filled(value) or {name}.data")
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{where}: {name} is not an array: {error}") from None


def as_array(x: object, where: str, name: str) -> Array:
    """Any array-like of real numbers as an ndarray of its own dtype; TypeError for what jackern does not compute."""
    array = as_ndarray(x, where, name)
    if array.dtype == object:
        raise TypeError(f"{where}: {name} is an object array ({type(x).__name__}); pass an array of float32 or float64")
    if array.dtype.kind not in "biu" and array.dtype.newbyteorder("=") not in NATIVE:
        raise TypeError(f"{where}: {name} has dtype {array.dtype}; jackern computes in float32 and float64, convert it")
    return array


def promote(operands: Sequence[Any]) -> np.dtype[Any]:
    """NumPy's promotion of arrays and Python numbers; integers and booleans alone give float64."""
    dtype = np.result_type(*(x if is_weak(x) else x.dtype.newbyteorder("=") for x in operands))
    return dtype if dtype in NATIVE else np.dtype(np.float64)


def native(array: object, dtype: np.dtype[Any]) -> Array:
    """An aligned, native array: itself if it is one already, else a C-contiguous copy, of `dtype` unless it is one."""
    array = np.asarray(array)
    if array.dtype not in NATIVE:
        own = array.dtype.newbyteorder("=")
        return np.ascontiguousarray(array, own if own in NATIVE else dtype).reshape(array.shape)
    return array if array.flags.aligned else array.copy()


def as_scalar(x: Any, dtype: np.dtype[Any], where: str, name: str) -> Array:
    """A Python number as a 0-d array; ValueError for an int that no float holds."""
    try:
        return np.asarray(x, dtype)
    except OverflowError:
        about = f"{'-' * (x < 0)}2**{x.bit_length() - 1}"
        raise ValueError(f"{where}: {name} is about {about}, beyond the range of {dtype}") from None


def as_native(x: object, where: str, name: str) -> Array:
    """Any array-like of real numbers as an aligned, native array of float32 or float64."""
    if is_native(x):
        return x  # type: ignore[return-value]
    if is_weak(x):
        return as_scalar(x, NATIVE[1], where, name)
    array = as_array(x, where, name)
    return native(array, promote([array]))


def as_operands(named: dict[str, object], where: str) -> tuple[dict[str, Array], np.dtype[Any]]:
    """Operands that are read, as native arrays, and the dtype they promote to."""
    first: Any = next(iter(named.values()))
    if all(is_native(x) and x.dtype == first.dtype for x in named.values()):  # type: ignore[attr-defined]
        return named, first.dtype  # type: ignore[return-value]
    arrays = {name: x if is_weak(x) else as_array(x, where, name) for name, x in named.items()}
    dtype = promote(list(arrays.values()))
    operands = {
        name: as_scalar(x, dtype, where, name) if is_weak(x) else native(x, dtype) for name, x in arrays.items()
    }
    return operands, dtype


def shape_of(x: object, where: str, name: str) -> tuple[int, ...]:
    """The shape of an array-like of which nothing else is read."""
    return x.shape if type(x) is np.ndarray else as_ndarray(x, where, name).shape


def broadcast_shape(shapes: dict[str, tuple[int, ...]], where: str) -> tuple[int, ...]:
    """The shape that these broadcast to; np.broadcast_shapes stops at 32 axes."""
    ndim = max(len(shape) for shape in shapes.values())
    result = [1] * ndim
    for shape in shapes.values():
        for d, n in enumerate(shape, ndim - len(shape)):
            if n != 1 and result[d] not in (1, n):
                raise ValueError(f"{where}: {listed(shapes)} do not broadcast together")
            if n != 1:
                result[d] = n
    return tuple(result)


def listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return " and ".join(f"{name} {shape}" for name, shape in shapes.items())


def check_shape(where: str, name: str, shape: tuple[int, ...], expected: tuple[int, ...], what: str) -> None:
    if shape != expected:
        raise ValueError(f"{where}: {name} has shape {shape}, expected {expected}, {what}.")


# ---- outputs ---------------------------------------------------------------------------------------------------


def check_out(where: str, out: object, shape: tuple[int, ...], name: str = "out") -> None:
    """Raises unless `out` is a writable float array of this shape."""
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"{where}: {name} is a {type(out).__name__}, expected an ndarray")
    if out.dtype.newbyteorder("=") not in NATIVE:
        raise TypeError(f"{where}: {name} has dtype {out.dtype}, expected float32 or float64")
    if out.shape != shape:
        raise ValueError(f"{where}: {name} has shape {out.shape}, expected {shape}")
    if not out.flags.writeable:
        raise ValueError(f"{where}: {name} is read-only; pass a writable array")
    if overlaps_itself(out):
        raise ValueError(f"{where}: {name} overlaps itself; give every element memory of its own.")


def overlaps_itself(array: Array) -> bool:
    """Whether, in order of growing stride, an axis does not step past everything below it, as in the C library."""
    if array.flags.forc:
        return False
    extent = array.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent += stride * (n - 1)
    return False


def new_output(shape: tuple[int, ...], dtype: np.dtype[Any], accumulate: bool) -> Array:
    return np.zeros(shape, dtype) if accumulate else _core.new_output(shape, dtype)


class Outputs:
    """The outputs of one call: given or new, and native stand-ins for those that the C library does not take.

    It takes no byte-swapped or misaligned ones, and none that interleave.
    """

    def __init__(
        self,
        where: str,
        outs: Sequence[object],
        shapes: Sequence[tuple[int, ...]],
        dtype: np.dtype[Any],
        accumulate: bool,
        names: Sequence[str] = ("out",),
    ):
        if accumulate and all(out is None for out in outs):
            raise TypeError(f"{where}: accumulate=True needs out, the array to add to")
        interleaved: set[int] = set()
        for k, (out, shape, name) in enumerate(zip(outs, shapes, names, strict=True)):
            if out is None:
                continue
            check_out(where, out, shape, name)
            for other, before in zip(outs[:k], names, strict=False):
                if other is None or not np.may_share_memory(out, other):
                    continue
                if np.shares_memory(out, other):
                    raise ValueError(f"{where}: {name} overlaps {before}; give each output memory of its own.")
                interleaved.add(k)
        self.given = list(outs)
        self.arrays: list[Array] = []
        for k, (out, shape) in enumerate(zip(outs, shapes, strict=True)):
            if out is None:
                self.arrays.append(new_output(shape, dtype, accumulate))
            elif is_native(out) and k not in interleaved:
                self.arrays.append(np.asarray(out))
            else:
                self.arrays.append(np.asarray(out).astype(np.asarray(out).dtype.newbyteorder("=")))

    def results(self) -> list[Any]:
        """What the caller gets: `out` itself where it was given, a NumPy scalar where a new result is 0-d."""
        results: list[Any] = []
        for out, array in zip(self.given, self.arrays, strict=True):
            if out is not None and array is not out:
                out[...] = array  # type: ignore[index]
            results.append(out if out is not None else array[()] if array.ndim == 0 else array)
        return results


def call(where: str, inputs: list[Any], function: Callable[[list[Any]], None]) -> None:
    """Calls `function(inputs)`, again with a copy of every input that an output overlaps."""
    while True:
        try:
            return function(inputs)
        except _core.Overlap as overlap:
            inputs[overlap.args[0]] = inputs[overlap.args[0]].copy()
        except _core.Refused as error:
            raise ValueError(f"{where}: {error}") from None


# ---- ops -------------------------------------------------------------------------------------------------------


def argument_names(op: Any) -> tuple[str, ...]:
    return ("x",) if op.nin == 1 else ("a", "b", "c")[: op.nin]


def docstring_of(op: Any) -> str:
    """The docstring of one op: its formulas, its kinks, and the methods of its kind."""
    names = argument_names(op)
    formulas = (op.derivative_formula,) if op.nin == 1 else op.derivative_formula
    derivatives = [f"    dy/d{name} = {formula}" for name, formula in zip(names, formulas, strict=True)]
    kinks = ["", f"Where there is no derivative: {op.kinks}."] if op.kinks else []
    chooses = ["", "The op chooses: the cotangent of what it did not choose is dropped, never multiplied."] * op.selects
    head = [f"{op.name}({', '.join(names)}, out=None)", "", f"    y = {op.formula}", *derivatives]
    return "\n".join([*head, *kinks, *chooses, "", "Methods: jvp, vjp, vjp2 (double backward), jacobian, accepts."])


def signature_of(op: Any) -> inspect.Signature:
    """The signature of an op as a function of its arguments."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in argument_names(op)]
    return inspect.Signature([*parameters, inspect.Parameter("out", kind, default=None)])


def wanted(where: str, wrt: object, nin: int) -> tuple[int, ...]:
    """`wrt` as a tuple of argument positions."""
    positions = wrt if isinstance(wrt, tuple) else (wrt,)
    for k in positions:
        if isinstance(k, bool) or not isinstance(k, int | np.integer):
            raise TypeError(f"{where}: wrt is {wrt!r}, expected an int or a tuple of ints")
        if not 0 <= k < nin:
            raise ValueError(f"{where}: wrt is {wrt!r}, expected positions from 0 to {nin - 1}")
    if not positions or len(set(positions)) != len(positions):
        raise ValueError(f"{where}: wrt is {wrt!r}, expected one or more different positions")
    return tuple(int(k) for k in positions)


def kind_of(x: object) -> str:
    return f"a tuple of length {len(x)}" if isinstance(x, tuple) else f"a {type(x).__name__}"


def as_outs(where: str, out: object, n: int, single: bool) -> tuple[object, ...]:
    """`out` as a tuple of n entries; `single` where it is not given as a tuple."""
    if out is None:
        return (None,) * n
    if single:
        return (out,)
    if not isinstance(out, tuple) or len(out) != n:
        raise TypeError(f"{where}: out is {kind_of(out)}, expected a tuple of {n} arrays (None makes a new one)")
    return out


def read_operands(
    op: Any, where: str, args: Sequence[object], y: object, positions: Sequence[int]
) -> tuple[dict[str, object], bool]:
    """The operands that the derivatives by `positions` read, by name, and whether a given `y` is among them."""
    names = argument_names(op)
    reads: set[str] = set().union(*(op.reads[k] for k in positions))
    given = dict(zip(names, args, strict=True))
    use_y = "y" in reads and y is not None
    if "y" in reads and y is None:
        reads.update(names)
    missing = [name for name in names if name in reads and given[name] is None]
    if missing:
        alone = op.nin == 1 and "y" in op.reads[0]
        wish = "x or y" if alone else " and ".join(missing)
        raise TypeError(f"{where}: {wish} is missing; the derivative of {op.name} reads it")
    operands = {name: given[name] for name in names if name in reads}
    if use_y:
        operands["y"] = y
    return operands, use_y


def value_shape(
    op: Any, where: str, args: Sequence[object], y: object, other: tuple[str, object] | None = None
) -> tuple[int, ...]:
    """The shape of the op's output, from all arguments that are given, or from y, or from `other`."""
    names = argument_names(op)
    shapes = {name: shape_of(x, where, name) for name, x in zip(names, args, strict=True) if x is not None}
    if len(shapes) < op.nin and op.nin > 1:
        missing = next(name for name in names if name not in shapes)
        raise TypeError(
            f"{where}: {missing} is missing; where only its shape is read, np.broadcast_to(0., shape) will do"
        )
    if shapes:
        shape = broadcast_shape(shapes, where)
        what = "the broadcast shape of " + listed(shapes) if op.nin > 1 else "the shape of x"
        if y is not None:
            check_shape(where, "y", shape_of(y, where, "y"), shape, what)
    else:
        name, x = ("y", y) if y is not None or other is None else other
        shape = shape_of(x, where, name)
        what = "the shape of y"
    if other is not None:
        check_shape(where, other[0], shape_of(other[1], where, other[0]), shape, what)
    return shape


def as_unary(op: Any, args: Sequence[object]) -> Any:
    """square, positive or reciprocal where `op` is a power with the scalar exponent 2, 1 or -1; else None."""
    if op.name != "power" or args[0] is None or shape_of(args[1], op.name, "b") != ():
        return None
    exponent = args[1]
    if not (
        is_weak(exponent) or promote([np.asarray(args[0]), np.asarray(exponent)]) == promote([np.asarray(args[0])])
    ):
        return None
    name = {2.0: "square", 1.0: "positive", -1.0: "reciprocal"}.get(float(exponent))  # type: ignore[arg-type]
    return None if name is None else _core.op_named(name)


@quiet
def value(op: Any, args: tuple[object, ...], out: object) -> Any:
    where = f"ops.{op.name}"
    names = argument_names(op)
    for name, x in zip(names, args, strict=True):
        if x is None:
            raise TypeError(f"{where}: {name} is missing; expected {op.nin} operands")
    operands, dtype = as_operands(dict(zip(names, args, strict=True)), where)
    unary = as_unary(op, args)
    if unary is not None:
        return value(unary, (operands["a"],), out)
    shape = broadcast_shape({name: x.shape for name, x in operands.items()}, where)
    outputs = Outputs(where, (out,), (shape,), dtype, False)
    call(
        where,
        list(operands.values()),
        lambda inputs: _core.pointwise_value(op, inputs, outputs.arrays[0], False),
    )
    return outputs.results()[0]


@quiet
def jvp(op: Any, tangents: object, args: tuple[object, ...], y: object, out: object, accumulate: bool) -> Any:
    where = f"ops.{op.name}.jvp"
    names = argument_names(op)
    if not isinstance(tangents, tuple) or len(tangents) != op.nin:
        raise TypeError(f"{where}: tangents is {kind_of(tangents)}, expected a tuple of {op.nin} (None for zero)")
    positions = [k for k in range(op.nin) if tangents[k] is not None]
    if not positions:
        raise TypeError(f"{where}: every tangent is None; the product is zero")
    tangent_names = [f"{name}_dot" for name in names]
    shape = value_shape(op, where, args, y, (tangent_names[0], tangents[0]) if op.nin == 1 else None)
    for k in positions:
        if args[k] is not None:
            expected = shape_of(args[k], where, names[k])
            found = shape_of(tangents[k], where, tangent_names[k])
            check_shape(where, tangent_names[k], found, expected, f"the shape of {names[k]}")
    read, use_y = read_operands(op, where, args, y, positions)
    operands, dtype = as_operands({tangent_names[k]: tangents[k] for k in positions} | read, where)
    unary = as_unary(op, args) if positions == [0] else None
    if unary is not None:
        return jvp(unary, (operands["a_dot"],), (operands.get("a", args[0]),), None, out, accumulate)
    outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
    n = op.nin
    inputs: list[Any] = [operands.get(name) for name in tangent_names]
    for name, x in zip(names, args, strict=True):  # of an argument that is not read, the shape counts
        blank = None if x is None else np.broadcast_to(np.zeros((), dtype), shape_of(x, where, name))
        inputs.append(operands.get(name, blank))
    inputs.append(operands["y"] if use_y else None)
    call(
        where,
        inputs,
        lambda i: _core.pointwise_jvp(op, i[:n], i[n : 2 * n], i[2 * n], outputs.arrays[0], accumulate),
    )
    return outputs.results()[0]


@quiet
def vjp(op: Any, y_bar: object, args: tuple[object, ...], y: object, wrt: object, out: object, accumulate: bool) -> Any:
    where = f"ops.{op.name}.vjp"
    names = argument_names(op)
    positions = wanted(where, wrt, op.nin)
    shape = value_shape(op, where, args, y, ("y_bar", y_bar))
    read, use_y = read_operands(op, where, args, y, positions)
    outs = as_outs(where, out, len(positions), single=not isinstance(wrt, tuple))
    operands, dtype = as_operands({"y_bar": y_bar} | read, where)
    unary = as_unary(op, args) if positions == (0,) else None
    if unary is not None:
        result = vjp(unary, operands["y_bar"], (operands.get("a", args[0]),), None, 0, outs[0], accumulate)
        return (result,) if isinstance(wrt, tuple) else result
    shapes = [shape if args[k] is None else shape_of(args[k], where, names[k]) for k in positions]
    labels = ["out"] if len(outs) == 1 else [f"out[{i}]" for i in range(len(outs))]
    outputs = Outputs(where, outs, shapes, dtype, accumulate, labels)
    bars: list[Array | None] = [None] * op.nin
    for k, array in zip(positions, outputs.arrays, strict=True):
        bars[k] = array
    n = op.nin
    inputs: list[Any] = [operands["y_bar"], *(operands.get(name) for name in names), operands["y"] if use_y else None]
    call(where, inputs, lambda i: _core.pointwise_vjp(op, i[0], i[1 : n + 1], i[n + 1], bars, accumulate))
    results = outputs.results()
    return tuple(results) if isinstance(wrt, tuple) else results[0]


@quiet
def vjp2(
    op: Any,
    h: object,
    y_bar: object,
    args: tuple[object, ...],
    y: object,
    wrt: object,
    out: object,
    accumulate: bool,
) -> Any:
    where = f"ops.{op.name}.vjp2"
    names = argument_names(op)
    positions = wanted(where, wrt, op.nin)
    hs = h if isinstance(wrt, tuple) else (h,)
    if not isinstance(hs, tuple) or len(hs) != len(positions):
        raise TypeError(f"{where}: h is {kind_of(h)}, expected a tuple of {len(positions)}, one for each of wrt")
    shape = value_shape(op, where, args, y, ("y_bar", y_bar))
    arg_shapes = [shape if x is None else shape_of(x, where, name) for name, x in zip(names, args, strict=True)]
    given: dict[str, object] = {}
    for k, x in zip(positions, hs, strict=True):
        if x is not None:
            name = "h" if len(positions) == 1 else f"h[{k}]"
            check_shape(where, name, shape_of(x, where, name), arg_shapes[k], f"the shape of {names[k]}")
            given[f"h{k}"] = x
    if not given:
        raise TypeError(f"{where}: every h is None; the products are zero")
    read, use_y = read_operands(op, where, args, y, range(op.nin))
    operands, dtype = as_operands(given | {"y_bar": y_bar} | read, where)
    outs = as_outs(where, out, op.nin + 1, single=False)
    labels = [f"out[{i}]" for i in range(op.nin + 1)]
    outputs = Outputs(where, outs, [shape, *arg_shapes], dtype, accumulate, labels)
    n = op.nin
    inputs: list[Any] = [operands.get(f"h{k}") for k in range(n)]
    inputs += [operands["y_bar"], *(operands.get(name) for name in names), operands["y"] if use_y else None]
    call(
        where,
        inputs,
        lambda i: _core.pointwise_vjp2(op, i[:n], i[n], i[n + 1 : 2 * n + 1], i[2 * n + 1], outputs.arrays, accumulate),
    )
    return tuple(outputs.results())


@quiet
def unbroadcast(g: object, shape: object, out: object, accumulate: bool) -> Any:
    try:
        lengths = tuple(map(operator.index, (shape,) if isinstance(shape, int | np.integer) else shape))  # type: ignore
    except TypeError:
        raise TypeError(f"unbroadcast: shape is {shape!r}, expected an int or a tuple of ints") from None
    array = as_native(g, "unbroadcast", "g")
    tail = array.shape[max(array.ndim - len(lengths), 0) :]
    if len(lengths) > array.ndim or any(n not in (1, m) for n, m in zip(lengths, tail, strict=True)):
        raise ValueError(f"unbroadcast: shape {lengths} does not broadcast to the shape {array.shape} of g.")
    outputs = Outputs("unbroadcast", (out,), (lengths,), array.dtype, accumulate)
    call("unbroadcast", [array], lambda i: _core.sum_to(i[0], outputs.arrays[0], accumulate))
    return outputs.results()[0]


def derivative(op: Any, k: int, args: tuple[object, ...], y: object) -> Array:
    """The numbers of the Jacobian by argument k: an operand itself where the derivative is that operand."""
    where = f"ops.{op.name}.jacobian"
    names = argument_names(op)
    read, use_y = read_operands(op, where, args, y, [k])
    formula = op.derivative_formula if op.nin == 1 else op.derivative_formula[k]
    operands, dtype = as_operands(read or {"one": np.float64(1)}, where)
    if formula in operands and (formula != "y" or use_y):
        return operands[formula]
    if not read:
        known = [x for x in args if x is not None and not is_weak(x)]
        return np.asarray(float(formula), promote([as_array(x, where, "x") for x in known] or [1.0]))
    shape = broadcast_shape({name: x.shape for name, x in operands.items()}, where)
    values = _core.new_output(shape, dtype)
    tangents: list[Any] = [None] * op.nin
    own = operands.get(names[k])
    tangents[k] = np.broadcast_to(np.ones((), dtype), () if own is None else own.shape)
    _core.pointwise_jvp(
        op, tangents, [operands.get(name) for name in names], operands["y"] if use_y else None, values, False
    )
    return values


@quiet
def jacobian(op: Any, args: tuple[object, ...], y: object, wrt: object) -> Any:
    from jackern._constructors.by_letters import elementwise

    where = f"ops.{op.name}.jacobian"
    names = argument_names(op)
    positions = wanted(where, wrt, op.nin)
    if op.nin == 1 and args[0] is None and y is None:
        raise TypeError(f"{where}: x or y is missing; its shape is the shape of the Jacobian")
    shape = value_shape(op, where, args, y)
    jacobians = tuple(
        elementwise(derivative(op, k, args, y), shape if args[k] is None else shape_of(args[k], where, names[k]), shape)
        for k in positions
    )
    return jacobians if isinstance(wrt, tuple) else jacobians[0]
