"""Jacobians of functions of several inputs and outputs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jackern._arrays.operands import is_own
from jackern._arrays.shapes import Shape
from jackern._constructors.by_slices import select
from jackern._structures.base import Jacobian
from jackern._structures.zero import ZeroJacobian


def block(rows: Sequence[Sequence[Jacobian | None]]) -> Jacobian:
    """Return the Jacobian of a function of several inputs and outputs, from the Jacobians of each by each.

    Inputs, and outputs, are flattened and laid one after the other.

    Parameters
    ----------
    rows : sequence of sequences of Jacobian or None
        ``rows[i][j]`` is the Jacobian of output i by input j; None where it does not depend on it.

    Returns
    -------
    Jacobian
        ``(m,) <- (n,)``, with m and n the numbers of all outputs and of all inputs.

    Raises
    ------
    ValueError
        Rows of different lengths, a row or a column of None alone, or shapes that differ within a row or a column.
    TypeError
        Something else than a Jacobian or None.

    Examples
    --------
    >>> import jackern as jk
    >>> J = jk.block([[jk.diagonal([1.0, 2.0]), jk.dense([[3.0], [4.0]])], [None, jk.identity(1)]])
    >>> J.toarray()
    array([[1., 0., 3.],
           [0., 2., 4.],
           [0., 0., 1.]])
    """
    each = listed(rows, "rows", "a sequence of sequences")
    table = [listed(row, f"row {i}", "a sequence") for i, row in enumerate(each)]
    if not table or not table[0] or any(len(row) != len(table[0]) for row in table):
        raise ValueError(
            f"block: the rows have lengths {[len(row) for row in table]}, expected equal ones of at least 1."
        )
    for i, row in enumerate(table):
        for j, x in enumerate(row):
            if x is not None and not isinstance(x, Jacobian):
                raise TypeError(f"block: the entry ({i}, {j}) is a {type(x).__name__}, expected a Jacobian or None.")
    heights = [common_shape(row, "out_shape", f"row {i}") for i, row in enumerate(table)]
    widths = [common_shape(column, "in_shape", f"column {j}") for j, column in enumerate(zip(*table, strict=True))]
    row_ends, column_ends = ([*itertools.accumulate(sizes, initial=0)] for sizes in (heights, widths))
    shape = (row_ends[-1],), (column_ends[-1],)
    dtype = np.result_type(*(x.dtype for row in table for x in row if x is not None))
    total: Jacobian = ZeroJacobian(*shape, dtype)
    for i, row in enumerate(table):
        for j, x in enumerate(row):
            if x is not None:
                placed = x.reshape(heights[i], widths[j])
                pad = select(slice(*row_ends[i : i + 2]), shape[0], x.dtype).T
                total = total + pad @ placed @ select(slice(*column_ends[j : j + 2]), shape[1], x.dtype)
    return total


def common_shape(blocks: Sequence[Jacobian | None], name: str, where: str) -> int:
    """Return how many elements the blocks of a row return, or those of a column take."""
    shapes: list[Shape] = [getattr(x, name) for x in blocks if x is not None]
    if not shapes:
        raise ValueError(f"block: {where} is None alone; give a jackern.zero for its shape.")
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"block: in {where} {name} is {shapes}, expected the same for all.")
    return math.prod(shapes[0])


def listed(items: Iterable[Any], name: str, expected: str) -> list[Any]:
    """Return what can be gone through as a list."""
    try:
        each = iter(items)
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(
            f"block: {name} is a {type(items).__name__}, expected {expected} of Jacobians or None."
        ) from None
    return list(each)
