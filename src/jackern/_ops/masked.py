"""Products under a mask: the elements that it leaves are computed as vectors, the others never."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, kind_of, wanted
from jackern._arrays.operands import Array, as_array, as_operands, quiet
from jackern._arrays.outputs import Outputs
from jackern._arrays.shapes import check_shape, shape_of
from jackern._ops.pointwise import read_operands, value_shape, with_mask


def as_mask(where: str, mask: object, shape: tuple[int, ...]) -> Array:
    """The mask as booleans of this shape."""
    array = as_array(mask, where, "where")
    if array.dtype != bool:
        raise TypeError(f"{where}: where has dtype {array.dtype}, expected bool; where != 0 makes a mask of numbers")
    lengths = array.shape
    ahead = len(shape) - len(lengths)
    if ahead < 0 or any(n not in (1, m) for n, m in zip(lengths, shape[ahead:], strict=True)):
        raise ValueError(f"{where}: where has shape {lengths}, which does not broadcast to {shape}, that of the output")
    return np.broadcast_to(array, shape)


def chosen(operands: dict[str, Array], mask: Array) -> dict[str, Array]:
    """The elements of every operand that the mask leaves, as vectors."""
    return {name: np.broadcast_to(x, mask.shape)[mask] for name, x in operands.items()}


def spread(vector: Array, mask: Array) -> Array:
    """The vector in the places that the mask leaves, among zeros."""
    result = np.zeros(mask.shape, vector.dtype)
    result[mask] = vector
    return result


def deliver(outputs: Outputs, wholes: Sequence[Array]) -> None:
    """Sum each array to the shape of its output, and write or add it."""
    for adds, arrays in outputs.by_adds():
        for whole, array in zip(wholes, arrays, strict=True):
            if array is not None:
                _core.sum_to(whole, array, adds)


@quiet
def jvp(
    op: Any, mask: object, tangents: object, args: tuple[object, ...], y: object, out: object, accumulate: object
) -> Any:
    where = f"ops.{op.name}.jvp"
    names = op._argument_names
    if not isinstance(tangents, tuple) or len(tangents) != op.nin:
        raise TypeError(f"{where}: tangents is {kind_of(tangents)}, expected a tuple of {op.nin} (None for zero)")
    positions = [k for k in range(op.nin) if tangents[k] is not None]
    if not positions:
        raise TypeError(f"{where}: every tangent is None; the product is zero")
    args = with_mask(op, where, args)
    dots = [f"{name}_dot" for name in names]
    shape = value_shape(op, where, args, y, (dots[0], tangents[0]) if op.nin == 1 else None)
    for k in positions:
        if args[k] is not None:
            found, expected = shape_of(tangents[k], where, dots[k]), shape_of(args[k], where, names[k])
            check_shape(where, dots[k], found, expected, f"the shape of {names[k]}")
    left = as_mask(where, mask, shape)
    read, use_y = read_operands(op, where, args, y, positions)
    operands, dtype = as_operands({dots[k]: tangents[k] for k in positions} | read, where, args)
    outputs = Outputs(where, (out,), (shape,), dtype, accumulate)
    lanes = chosen(operands, left)
    product = np.empty(np.count_nonzero(left), dtype)
    in_lanes: list[Any] = [lanes.get(name, product) for name in names]
    if product.size:
        in_dots: list[Any] = [lanes.get(dot) for dot in dots]
        _core.pointwise_jvp(op, in_dots, in_lanes, lanes["y"] if use_y else None, product, False)
    deliver(outputs, [spread(product, left)])
    return outputs.results()[0]


@quiet
def vjp(
    op: Any,
    mask: object,
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
    left = as_mask(where, mask, shape)
    read, use_y = read_operands(op, where, args, y, positions)
    single = not isinstance(wrt, tuple)
    outs = as_outs(where, out, len(positions), single=single)
    operands, dtype = as_operands({"y_bar": y_bar} | read, where, args)
    shapes = [shape if args[k] is None else shape_of(args[k], where, names[k]) for k in positions]
    outputs = Outputs(where, outs, shapes, dtype, accumulate, single=single)
    lanes = chosen(operands, left)
    n = np.count_nonzero(left)
    bars: list[Any] = [np.empty(n, dtype) if k in positions else None for k in range(op.nin)]
    if n:
        in_lanes = [lanes.get(name) for name in names]
        _core.pointwise_vjp(op, lanes["y_bar"], in_lanes, lanes["y"] if use_y else None, bars, False)
    deliver(outputs, [spread(bars[k], left) for k in positions])
    results = outputs.results()
    return results[0] if single else tuple(results)
