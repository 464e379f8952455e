"""All cases.  The ops are those that jackern lists."""

from __future__ import annotations

import jackern as jk
from bits_cases.arrays import F32, F64
from bits_cases.chains import chains
from bits_cases.families import FAMILIES
from bits_cases.jacobians import constructors, large_jacobians
from bits_cases.pointwise import pointwise, sums_of_broadcasting
from bits_cases.solving import grams, solves


def write(record) -> list[str]:
    """Record all cases; return the names of families that there are no cases for."""
    rows = jk.op_names()
    ops = {op.name: op for op in dict.fromkeys(getattr(jk.ops, name) for name in jk.ops.__all__)}
    for op in ops.values():
        if op.name in rows:
            pointwise(record, op)
        elif op.name in FAMILIES:
            FAMILIES[op.name](record, op)
    sums_of_broadcasting(record)
    for exact in (False, True):
        for dtype in (F32, F64):
            constructors(record, dtype, exact)
            grams(record, dtype, exact)
            chains(record, dtype, exact)
    for dtype in (F32, F64):
        solves(record, dtype)
        large_jacobians(record, dtype)
    return [name for name in ops if name not in rows and name not in FAMILIES]
