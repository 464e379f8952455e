"""What the straight way of an op does not take: array-likes, mixed dtypes, 0-d, copies on overlap, and every error.

All checks come before anything is written.  `_wiring` hands the functions that the binding calls to it, at import.
"""

import inspect
import itertools
import operator
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, in_dtype, kind_of, one_for_each, wanted
from jackern._arrays.operands import Array, as_array, as_native, as_operands, is_native, is_own, is_weak, promote, quiet
from jackern._arrays.outputs import Outputs, call
from jackern._arrays.shapes import broadcast_shape, check_shape, listed, shape_of
from jackern._structures.axis import elementwise


def readable(expression: str) -> str:
    """An expression of the table of ops as a person writes it."""
    return re.sub(r"\b[MC]\(([\w.-]+)\)", r"\1", expression).replace(", far)", ")").replace(", FAR)", ")")


# What `derivative_of` has found: every Jacobian of an op asks for it.
DERIVATIVES: dict[str, str] = {}


def derivative_of(product: str) -> str:
    """The derivative from its product with t in the table: t = 1, and no factor of 1 is written."""
    if product not in DERIVATIVES:
        text = re.sub(r"\bt\b", "1", readable(product))
        text = re.sub(r"(?<![\w.])1\*", "", text)
        text = re.sub(r"(?<!\w)\((\w+)\)", r"\1", text)
        depths = itertools.accumulate((c == "(") - (c == ")") for c in text[:-1])
        # without parentheses around all of it
        DERIVATIVES[product] = text[1:-1] if text[0] == "(" and all(depths) else text
    return DERIVATIVES[product]


def docstring_of(op: Any) -> str:
    """The docstring of one op: its formulas, its kinks, and the methods of its kind."""
    names = op._argument_names
    formulas = (op.derivative_formula,) if op.nin == 1 else op.derivative_formula
    derivatives = [f"    dy/d{name} = {formula}" for name, formula in zip(names, formulas, strict=True)]
    kinks = ["", f"Where there is no derivative: ``{op.kinks}``."] if op.kinks else []
    chooses = ["", "The op chooses: the cotangent of what it did not choose is dropped, never multiplied."] * op.selects
    of = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    by = "its derivative" if op.nin == 1 else "its derivatives"
    head = [f"The function {op.name} of {of}, elementwise, and {by}::", "", f"    y = {op.formula}", *derivatives]
    return "\n".join(
        [*head, *kinks, *chooses, "", "Methods: jvp, vjp, vjp2 (double backward), jacobian, accepts, sample."]
    )


def signature_of(op: Any) -> inspect.Signature:
    """The signature of an op as a function of its arguments; by position alone where the call has not their names."""
    anyhow = inspect.Parameter.POSITIONAL_OR_KEYWORD
    by_name = op.nin == 1 or op._argument_names == ("a", "b") or isinstance(op, _core.ParametricOp)
    kind = anyhow if by_name else inspect.Parameter.POSITIONAL_ONLY
    required = op.nin - len(op.defaults)
    defaults = [inspect.Parameter.empty] * required + list(op.defaults)
    parameters = [
        inspect.Parameter(name, kind, default=default)
        for name, default in zip(op._argument_names, defaults, strict=True)
    ]
    return inspect.Signature([*parameters, inspect.Parameter("out", anyhow, default=None)])


def read_operands(
    op: Any, where: str, args: Sequence[object], y: object, positions: Sequence[int]
) -> tuple[dict[str, object], bool]:
    """The operands that the derivatives by `positions` read, by name, and whether a given `y` is among them."""
    names = op._argument_names
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
    names = op._argument_names
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


def with_mask(op: Any, where: str, args: Sequence[object]) -> tuple[object, ...]:
    """The arguments, of which a mask is an array of booleans: it takes no part in promotion."""
    if not op.is_masked or args[0] is None:
        return tuple(args)
    name = op._argument_names[0]
    return (as_array(args[0], where, name) != 0, *args[1:])


def write_outputs(
    where: str, outputs: Outputs, inputs: list[Any], write: Callable[[list[Array | None], bool, list[Any]], None]
) -> None:
    """Call ``write(arrays, adds, inputs)`` for the outputs that are added to, and for those that are not."""
    groups = outputs.by_adds()
    if len(groups) > 1:  # the first call may write to what the second one reads
        inputs = outputs.spared(inputs)
    for adds, arrays in groups:
        call(where, inputs, partial(write, arrays, adds))


@quiet
def value(op: Any, args: tuple[object, ...], out: object) -> Any:
    where = f"ops.{op.name}"
    names = op._argument_names
    for name, x in zip(names, args, strict=True):
        if x is None:
            raise TypeError(f"{where}: {name} is missing; expected {op.nin} operands")
    args = with_mask(op, where, args)
    operands, dtype = as_operands(dict(zip(names, args, strict=True)), where)
    shape = broadcast_shape({name: x.shape for name, x in operands.items()}, where)
    outputs = Outputs(where, (out,), (shape,), dtype, False)
    call(
        where,
        list(operands.values()),
        lambda inputs: _core.pointwise_value(op, inputs, outputs.arrays[0], False),
    )
    return outputs.results()[0]


@quiet
def jvp(op: Any, tangents: object, args: tuple[object, ...], y: object, out: object, accumulate: object) -> Any:
    where = f"ops.{op.name}.jvp"
    names = op._argument_names
    args = with_mask(op, where, args)
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
    operands, dtype = as_operands({tangent_names[k]: tangents[k] for k in positions} | read, where, args)
    outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
    n = op.nin
    inputs: list[Any] = [operands.get(name) for name in tangent_names]
    for name, x in zip(names, args, strict=True):
        inputs.append(operands.get(name, None if x is None else blank(shape_of(x, where, name), dtype)))
    inputs.append(operands["y"] if use_y else None)
    call(
        where,
        inputs,
        lambda i: _core.pointwise_jvp(op, i[:n], i[n : 2 * n], i[2 * n], outputs.arrays[0], outputs.adds[0]),
    )
    return outputs.results()[0]


@quiet
def vjp(
    op: Any,
    y_bar: object,
    args: tuple[object, ...],
    y: object,
    wrt: object,
    out: object,
    accumulate: object,
) -> Any:
    where = f"ops.{op.name}.vjp"
    names = op._argument_names
    positions = wanted(where, wrt, op.nin)
    args = with_mask(op, where, args)
    shape = value_shape(op, where, args, y, ("y_bar", y_bar))
    read, use_y = read_operands(op, where, args, y, positions)
    outs = as_outs(where, out, len(positions), single=not isinstance(wrt, tuple))
    operands, dtype = as_operands({"y_bar": y_bar} | read, where, args)
    shapes = [shape if args[k] is None else shape_of(args[k], where, names[k]) for k in positions]
    outputs = Outputs(where, outs, shapes, dtype, accumulate, single=not isinstance(wrt, tuple))
    n = op.nin
    inputs: list[Any] = [operands["y_bar"], *(operands.get(name) for name in names), operands["y"] if use_y else None]
    if n == 3:  # also those that are not read shape the walk: the bits of a sum do not depend on which are wanted
        for k, x in enumerate(args):
            if inputs[1 + k] is None and is_native(x) and np.asarray(x).dtype == dtype:
                inputs[1 + k] = x

    def write(arrays: list[Array | None], adds: bool, inputs: list[Any]) -> None:
        bars: list[Array | None] = [None] * n
        for k, array in zip(positions, arrays, strict=True):
            bars[k] = array
        _core.pointwise_vjp(op, inputs[0], inputs[1 : n + 1], inputs[n + 1], bars, adds)

    write_outputs(where, outputs, inputs, write)
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
    accumulate: object,
) -> Any:
    where = f"ops.{op.name}.vjp2"
    names = op._argument_names
    positions = wanted(where, wrt, op.nin)
    hs = one_for_each(where, h, wrt, positions)
    args = with_mask(op, where, args)
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
    operands, dtype = as_operands(given | {"y_bar": y_bar} | read, where, args)
    outs = as_outs(where, out, op.nin + 1, single=False)
    outputs = Outputs(where, outs, [shape, *arg_shapes], dtype, accumulate, single=False)
    n = op.nin
    inputs: list[Any] = [operands.get(f"h{k}") for k in range(n)]
    inputs += [operands["y_bar"], *(operands.get(name) for name in names), operands["y"] if use_y else None]
    write_outputs(
        where,
        outputs,
        inputs,
        lambda arrays, adds, i: _core.pointwise_vjp2(op, i[:n], i[n], i[n + 1 : 2 * n + 1], i[2 * n + 1], arrays, adds),
    )
    return tuple(outputs.results())


@quiet
def unbroadcast(g: object, shape: object, out: object, accumulate: object) -> Any:
    try:
        lengths = tuple(map(operator.index, (shape,) if isinstance(shape, int | np.integer) else shape))  # type: ignore
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(f"unbroadcast: shape is {shape!r}, expected an int or a tuple of ints") from None
    array = as_native(g, "unbroadcast", "g")
    tail = array.shape[max(array.ndim - len(lengths), 0) :]
    if len(lengths) > array.ndim or any(n not in (1, m) for n, m in zip(lengths, tail, strict=True)):
        raise ValueError(f"unbroadcast: shape {lengths} does not broadcast to the shape {array.shape} of g.")
    outputs = Outputs("unbroadcast", (out,), (lengths,), array.dtype, accumulate)
    call("unbroadcast", [array], lambda i: _core.sum_to(i[0], outputs.arrays[0], outputs.adds[0]))
    return outputs.results()[0]


def derivative(op: Any, k: int, args: tuple[object, ...], y: object) -> Array:
    """The numbers of the Jacobian by argument k: an operand itself where the derivative is that operand."""
    where = f"ops.{op.name}.jacobian"
    names = op._argument_names
    read, use_y = read_operands(op, where, args, y, [k])
    formula = op.derivative_formula if op.nin == 1 else op.derivative_formula[k]
    dtype = promoted(where, names, args, y)
    operands = {name: in_dtype(x, where, name, dtype) for name, x in read.items()}
    if formula in operands and (formula != "y" or use_y):
        return operands[formula]
    if not read:
        return np.asarray(float(formula), dtype)
    shape = broadcast_shape({name: x.shape for name, x in operands.items()}, where)
    values = _core.new_output(shape, dtype)
    tangents: list[Any] = [None] * op.nin
    own = operands.get(names[k])
    like = own.shape if own is not None else shape if op.nin == 1 else ()  # of one argument, y has its shape
    tangents[k] = np.broadcast_to(np.ones((), dtype), like)
    _core.pointwise_jvp(
        op, tangents, [operands.get(name) for name in names], operands["y"] if use_y else None, values, False
    )
    return values


@quiet
def jacobian(op: Any, args: tuple[object, ...], y: object, wrt: object) -> Any:
    where = f"ops.{op.name}.jacobian"
    names = op._argument_names
    positions = wanted(where, wrt, op.nin)
    if op.nin == 1 and args[0] is None and y is None:
        raise TypeError(f"{where}: x or y is missing; its shape is the shape of the Jacobian")
    args = with_mask(op, where, args)
    shape = value_shape(op, where, args, y)
    jacobians = tuple(
        elementwise(derivative(op, k, args, y), shape if args[k] is None else shape_of(args[k], where, names[k]), shape)
        for k in positions
    )
    return jacobians if isinstance(wrt, tuple) else jacobians[0]


@quiet
def derivatives(op: Any, args: tuple[object, ...], y: object, wrt: object, out: object) -> Any:
    """The derivatives themselves, of the shape of the output."""
    where = f"ops.{op.name}.derivative"
    names = op._argument_names
    positions = wanted(where, wrt, op.nin)
    if op.nin == 1 and args[0] is None and y is None:
        raise TypeError(f"{where}: x or y is missing; its shape is the shape of the derivative")
    args = with_mask(op, where, args)
    shape = value_shape(op, where, args, y)
    read, use_y = read_operands(op, where, args, y, positions)
    outs = as_outs(where, out, len(positions), single=not isinstance(wrt, tuple))
    dtype = promoted(where, names, args, y)
    operands = {name: in_dtype(x, where, name, dtype) for name, x in read.items()}
    outputs = Outputs(where, outs, [shape] * len(positions), dtype, False, single=not isinstance(wrt, tuple))
    shapes = [shape if x is None else shape_of(x, where, name) for name, x in zip(names, args, strict=True)]
    inputs: list[Any] = [operands.get(name, blank(n, dtype)) for name, n in zip(names, shapes, strict=True)]
    inputs.append(operands["y"] if use_y else None)
    if len(positions) > 1:
        inputs = outputs.spared(inputs)
    for k, array in zip(positions, outputs.arrays, strict=True):
        tangents: list[Any] = [None] * op.nin
        tangents[k] = np.broadcast_to(np.ones((), dtype), shapes[k])
        call(where, inputs, partial(write_jvp, op, tangents, array))
    results = outputs.results()
    return tuple(results) if isinstance(wrt, tuple) else results[0]


def blank(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """What stands for an argument that is not read: its shape counts."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def write_jvp(op: Any, tangents: list[Any], out: Array, inputs: list[Any]) -> None:
    _core.pointwise_jvp(op, tangents, inputs[:-1], inputs[-1], out, False)


def promoted(where: str, names: Sequence[str], args: Sequence[object], y: object) -> np.dtype[Any]:
    """What the arguments and y promote to that are given and no Python numbers."""
    known = {name: x for name, x in zip((*names, "y"), (*args, y), strict=True) if x is not None and not is_weak(x)}
    return promote([as_array(x, where, name) for name, x in known.items()] or [1.0])
