"""One way to call every op, whatever the number of its arguments: tuples in, tuples out.

JACKERN_TEST_ROWS=few takes every fifth row of the table, where it is not rows that are in question.
"""

from __future__ import annotations

import contextlib
import inspect
import os

import jackern as jk

EVERY = [getattr(jk.ops, name) for name in jk.op_names()]
ROWS = [op for op in EVERY if op.kind in ("unary", "binary", "ternary", "select")]
FAMILIES = [op for op in EVERY if op not in ROWS]
OPS = [op for op in ROWS if not op.is_masked]  # tests/test_masks.py has those with a mask
if os.environ.get("JACKERN_TEST_ROWS") == "few":
    OPS = OPS[::5]
ALL = OPS + FAMILIES
UNARY = [op for op in OPS if op.nin == 1]
BINARY = [op for op in OPS if op.nin == 2]
TERNARY = [op for op in OPS if op.nin == 3]
SEVERAL = BINARY + TERNARY


def every_wrt(op):
    return tuple(range(op.nin))


def jvp(op, tangents, args, **options):
    """sum over k of (dy/dargs[k]) * tangents[k]"""
    return op.jvp(tangents[0] if op.nin == 1 else tuple(tangents), *args, **options)


def vjp(op, y_bar, args, *, out=None, **options):
    """A tuple: the cotangent of every argument."""
    if op.nin == 1:
        return (op.vjp(y_bar, *args, out=None if out is None else out[0], **options),)
    return op.vjp(y_bar, *args, wrt=every_wrt(op), out=out, **options)


def vjp2(op, h, y_bar, args, **options):
    """A tuple: the cotangents of y_bar and of every argument, for the cotangents h of vjp's results."""
    if op.nin == 1:
        return op.vjp2(h[0], y_bar, *args, **options)
    return op.vjp2(tuple(h), y_bar, *args, wrt=every_wrt(op), **options)


def reads(op, wrt=None):
    """What the derivatives by the arguments `wrt` (all) read, together."""
    return frozenset().union(*(op.reads[k] for k in (every_wrt(op) if wrt is None else wrt)))


def names(op):
    """What the arguments are called."""
    return tuple(inspect.signature(op).parameters)[: op.nin]


def positive(op):
    """The places of parameters that have a default and a positive domain: what is said of others is another matter."""
    parameters = list(inspect.signature(op).parameters.values())[: op.nin]
    return [
        k
        for k, (p, (low, _)) in enumerate(zip(parameters, op.domain, strict=True))
        if p.default is not p.empty and low > 0
    ]


@contextlib.contextmanager
def forgotten():
    """What is registered inside is not there afterwards."""
    before = set(jk.op_names())
    try:
        yield
    finally:
        for name in set(jk.op_names()) - before:
            op = getattr(jk.ops, name)
            jk._core.drop_op(op)
            for known in (op.name, *op.aliases):
                delattr(jk.ops, known)
                jk.ops.__all__.remove(known)
