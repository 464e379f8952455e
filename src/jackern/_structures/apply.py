"""Products of Jacobians that are not one C call on contiguous arrays of their own dtype.

Array-likes, mixed dtypes, batches, overlaps and every error come here, for all structures; `multiply` is for axis
Jacobians alone.  Batch axes are letters too: they stand in the input and in the output, and the values are constant
along them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_native_beside
from jackern._arrays.operands import Array, quiet
from jackern._arrays.outputs import Outputs
from jackern._terms.letters import aligned


def operand(
    jacobian: Any, v: object, out: object, accumulate: object, transposed: bool
) -> tuple[str, Array, tuple[int, ...], Outputs]:
    """Check what a product was given; return where we are, the vectors, their batch shape and the outputs."""
    where = f"{jacobian.structure}.{'vjp' if transposed else 'jvp'}"
    name = "y_bar" if transposed else "x_dot"
    own, other = jacobian.in_shape, jacobian.out_shape
    if transposed:
        own, other = other, own
    v = as_native_beside(v, where, name, jacobian)
    n_batch = v.ndim - len(own)
    if n_batch < 0 or v.shape[n_batch:] != own:
        batched = ", ".join(["*batch", *map(str, own)])
        raise ValueError(f"{where}: {name} has shape {v.shape}, expected {own} or ({batched}).")
    batch = v.shape[:n_batch]
    dtype = np.promote_types(jacobian.dtype, v.dtype)
    return where, v, batch, Outputs(where, (out,), (batch + other,), dtype, accumulate)


@quiet
def product(jacobian: Any, v: object, out: object, accumulate: object, transposed: bool) -> Any:
    """Return ``J v``, or ``Jᵀ v``, for any array-like v with batch axes in front."""
    where, v, batch, outputs = operand(jacobian, v, out, accumulate, transposed)
    result, adds = outputs.arrays[0], outputs.adds[0]
    try:
        if not jacobian._written(v, batch, result, adds, transposed):
            scratch = _core.new_output(result.shape, np.promote_types(jacobian.dtype, v.dtype))
            if not jacobian._written(v, batch, scratch, False, transposed):
                raise _core.InternalError(
                    f"{where}: a new array does not fit. This is a fault of jackern, please report it."
                )
            _core.sum_to(scratch, result, adds)
    except _core.Refused as error:
        raise ValueError(f"{where}: {error}.") from None
    return outputs.results()[0]


def by_axes(
    call: Any, v: Array, lengths: Sequence[int], batch: tuple[int, ...], out: Array, out_lengths: Sequence[int]
) -> bool:
    """Call ``call(v, out)``, both with axes of these lengths behind the batch; False where `out` forbids it."""
    by_axis = out.reshape([*batch, *out_lengths])
    if out.size and not np.may_share_memory(by_axis, out):
        return False
    try:
        call(v.reshape([*batch, *lengths]), by_axis)
    except _core.Overlap:
        return False
    return True


def by_one_call(
    jacobian: Any,
    v: Array,
    batch: tuple[int, ...],
    out: Array,
    accumulate: bool,
    transposed: bool,
    out_lengths: Sequence[int],
    in_lengths: Sequence[int],
) -> bool:
    """Make the product by one C call that sees axes of these lengths; False where `out` forbids it."""
    own, other = (out_lengths, in_lengths) if transposed else (in_lengths, out_lengths)

    def call(v: Array, out: Array) -> None:
        jacobian._batched_product(v, out, accumulate, transposed)

    return by_axes(call, v, own, batch, out, other)


def multiply(jacobian: Any, v: Array, own: list[int], out: Array, other: list[int]) -> None:
    """Write the product of a Jacobian that has letters of the output alone and letters of the input alone.

    `v` has batch axes and the letters `own`, `out` the same batch axes and the letters `other`.  Letters of
    the input alone that are not stored are summed first, those of the output alone are repeated last.  What
    remains is a stack of matrices (a letter of it is stored and stands in both) times one or several vectors.
    """
    values, value_letters = jacobian.values, jacobian._value_letters
    v = v.astype(np.promote_types(values.dtype, v.dtype), copy=False)
    n_batch = v.ndim - len(own)
    batch = [-1 - k for k in range(n_batch)]
    source, target = batch + own, batch + other
    lengths = dict(enumerate(jacobian._lengths)) | dict(zip(batch, v.shape[:n_batch], strict=True))

    def joined(array: Array, letters: Sequence[int], *groups: Sequence[int]) -> Array:
        """The letters of each group as one axis; a copy only where strides forbid a view."""
        shape = [math.prod(lengths[x] for x in group) for group in groups]
        return array.transpose([letters.index(x) for group in groups for x in group]).reshape(shape)

    def write(matrix: Array, vectors: Array, *groups: Sequence[int]) -> None:
        """Multiply, into `out` where it lies as the groups have it."""
        order = [x for group in groups for x in group]
        place = joined(out, target, *groups) if len(order) == len(target) else None
        if place is not None and np.may_share_memory(place, out):
            np.matmul(matrix, vectors, out=place, casting="same_kind")
            return
        product = (matrix @ vectors).reshape([lengths[x] for x in order])
        np.copyto(out, aligned(product, order, target), casting="same_kind")

    summed = [x for x in own if x not in other and x not in value_letters]
    if summed:
        kept = [x for x in source if x not in summed]
        total = _core.new_output(tuple(lengths[x] for x in kept), v.dtype)
        _core.sum_to(aligned(v, source, summed + kept), total, False)
        v, source = total, kept

    stack = [x for x in source if x in target and x in value_letters]
    items = [[x] for x in stack]
    inner = [x for x in source if x not in target]
    rows = [x for x in target if x not in source and x in value_letters]
    vectors = [x for x in source if x in target and x not in value_letters]
    if math.prod(lengths[x] for x in vectors) == 1:
        matrix = joined(values, value_letters, *items, rows, inner)
        product = _core.new_output(matrix.shape[:-1], np.promote_types(matrix.dtype, v.dtype))
        _core.dense_jvp(matrix, joined(v, source, *items, vectors + inner), product, False)
        order = stack + rows
        by_letter = aligned(product.reshape([lengths[x] for x in order]), order, target)
        np.copyto(out, by_letter, casting="same_kind")
    elif source[-1] in vectors:
        # The letters that end the input are the columns of one matrix product, for each of the other vectors.
        n_columns = next((k for k, x in enumerate(reversed(source)) if x not in vectors), len(source))
        columns = source[len(source) - n_columns :]
        others = [[x] for x in vectors if x not in columns]
        matrix = joined(values, value_letters, *items, *(() for _ in others), rows, inner)
        write(matrix, joined(v, source, *items, *others, inner, columns), *items, *others, rows, columns)
    else:
        matrix = joined(values, value_letters, *items, inner, rows)
        write(joined(v, source, *items, vectors, inner), matrix, *items, vectors, rows)
