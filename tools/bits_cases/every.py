"""All cases.  The ops are those that jackern lists."""

from __future__ import annotations

import jackern as jk
from bits_cases.arrays import F32, F64
from bits_cases.chains import chains
from bits_cases.families import FAMILIES
from bits_cases.jacobians import constructors, large_jacobians
from bits_cases.pointwise import pointwise, sums_of_broadcasting
from bits_cases.solving import grams, solves


def cases_of(op):
    """Return what records the cases of an op; None for a family that there are none for."""
    return pointwise if hasattr(op, "domain") else FAMILIES.get(op.name)


def write(record) -> list[str]:
    """Record all cases; return the names of families that there are no cases for."""
    ops = dict.fromkeys(getattr(jk.ops, name) for name in jk.ops.__all__)
    for op in ops:
        if cases := cases_of(op):
            cases(record, op)
    sums_of_broadcasting(record)
    for exact in (False, True):
        for dtype in (F32, F64):
            constructors(record, dtype, exact)
            grams(record, dtype, exact)
            chains(record, dtype, exact)
    for dtype in (F32, F64):
        solves(record, dtype)
        large_jacobians(record, dtype)
    return [op.name for op in ops if cases_of(op) is None]
