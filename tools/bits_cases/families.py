"""Ops that are no rows of the table; a new one needs a line in FAMILIES, at the end."""

from __future__ import annotations

import itertools
import math

import numpy as np

from bits_cases.arrays import (
    DTYPES,
    F32,
    F64,
    LAYOUTS,
    copied,
    every_other,
    generator,
    into,
    numbers,
    on_threads_too,
    over_an_operand,
    whole,
)
from bits_cases.jacobians import combination, jacobian


def reductions(record, op):
    """Record sums or means over axes."""
    threads = on_threads_too(record)
    large = [(70_000,), (300, 700)]
    shapes = [(37,), (6, 5, 9), (257, 131), (3, 1000, 7), (5000, 3), (1,), (), (0,), (3, 0), *large]
    for dtype, shape in itertools.product((F32, F64), shapes):
        axes = [None, *range(len(shape)), *itertools.combinations(range(len(shape)), 2), ()]
        recorder = threads if shape in large else record
        ways = ["contiguous", "fortran", "every other"] if shape in large else LAYOUTS
        for way, axis, keepdims in itertools.product(ways, axes, (False, True)):
            if keepdims and way != "contiguous":
                continue
            x, options = LAYOUTS[way](numbers("x", shape, dtype)), {"axis": axis, "keepdims": keepdims}
            name = f"{op.name}/{dtype}/{shape}/{way}/{axis}{', kept' if keepdims else ''}"
            y = recorder(f"{name}/value", op, x, **options)
            recorder(f"{name}/jvp", op.jvp, x, **options)
            if y is None:
                continue
            recorder(f"{name}/vjp", op.vjp, y, x, **options)
            out = every_other(numbers("out", np.shape(y), F64))
            recorder(f"{name}/jvp, added", into, op.jvp, out, x, accumulate=True, **options)
            recorder(f"{name}/vjp, added", into, op.vjp, copied(x), y, x, accumulate=True, **options)
            if math.prod(shape) < 300 and way == "contiguous":
                combination(record, f"{name}/jacobian", True, op.jacobian, x, **options)


def products_of_matrices(record, name, op, args, y_bar, tangents):
    """Record matmul, linear and the like: all cotangents together, and each."""
    record(f"{name}/value", op, *args)
    record(f"{name}/jvp", op.jvp, tuple(tangents), *args)
    given = [k for k, x in enumerate(args) if x is not None]
    for wrt in (*given, tuple(given)):
        record(f"{name}/vjp by {wrt}", op.vjp, y_bar, *args, wrt=wrt)
        if isinstance(wrt, int):
            one = tuple(x if k == wrt else None for k, x in enumerate(tangents))
            record(f"{name}/jvp by {wrt}", op.jvp, one, *args)
            for dtype in (F32, F64):
                out = every_other(whole("out", args[wrt].shape, dtype))
                record(
                    f"{name}/vjp by {wrt}, added to {dtype}", into, op.vjp, out, y_bar, *args, wrt=wrt, accumulate=True
                )


def matrix_products(record, op):
    """Record matmul: with vectors, whose kernels are jackern's, by rounded numbers, and with any by whole numbers."""
    threads = on_threads_too(record)
    vectors = [((37,), (37,)), ((6, 37), (37,)), ((37,), (37, 6)), ((1, 3), (3, 1)), ((0, 3), (3,)), ((5000, 3), (3,)),
               ((3,), (3, 5000)), ((257, 131), (131,)), ((257,), (257, 131))]  # fmt: skip
    large = [((300, 700), (700,)), ((300,), (300, 700)), ((70_000,), (70_000,)), ((4, 50_000), (50_000,))]
    others = [((6, 5), (5, 7)), ((2, 6, 5), (5, 7)), ((2, 1, 6, 5), (3, 5, 7)), ((6, 5), (3, 5, 7)), ((5,), (3, 5, 7)),
              ((3, 6, 5), (5,)), ((2, 0), (0, 3))]  # fmt: skip
    for kind, pair in itertools.product(DTYPES, [*vectors, *large, *others]):
        make = whole if pair in others else numbers
        a, b = (make(k, shape, DTYPES[kind][k]) for k, shape in enumerate(pair))
        tangents = [make(("tangent", k), shape, DTYPES[kind][k]) for k, shape in enumerate(pair)]
        y_bar = make("cotangent", np.matmul(a, b).shape, DTYPES[kind][1])
        for way in ("contiguous", "backwards", "fortran") if pair in large else LAYOUTS:
            laid_out = [LAYOUTS[way](x) for x in (a, b)]
            name = f"{op.name}/{kind}/{pair}/{way}"
            products_of_matrices(threads if pair in large else record, name, op, laid_out, y_bar, tangents)
        if a.size + b.size < 300:
            for wrt in (0, 1):
                name = f"{op.name}/jacobian/{kind}/{pair} by {wrt}"
                exact = [whole(k, x.shape, x.dtype) for k, x in enumerate((a, b))]
                combination(record, name, True, op.jacobian, *exact, wrt=wrt)


def affine_maps(record, op):
    """Record linear: in whole numbers where it is a product of matrices."""
    shapes = [((37,), 6, numbers), ((1, 5), 7, numbers), ((257, 9), 1, numbers), ((65, 33), 17, whole),
              ((4, 5, 3), 6, whole), ((0, 3), 2, whole), ((300, 70), 20, whole)]  # fmt: skip
    for kind, (shape, n, make), bias in itertools.product(DTYPES, shapes, (True, False)):
        turns = itertools.cycle(DTYPES[kind])
        ends = [shape, (shape[-1], n), (n,)]
        args, tangents = ([make((key, k), end, next(turns)) for k, end in enumerate(ends)] for key in ("x", "tangent"))
        if not bias:
            args[2] = tangents[2] = None
        y_bar = make("cotangent", (*shape[:-1], n), next(turns))
        for way, layout in LAYOUTS.items():
            laid_out = [x if x is None else layout(x) for x in args]
            name = f"{op.name}/{kind}/{shape} to {n}{', bias' if bias else ''}"
            products_of_matrices(record, f"{name}/{way}", op, laid_out, layout(y_bar), tangents)
        if math.prod(shape) * n < 500:
            for wrt in range(3 if bias else 2):
                exact = [x if x is None else whole(k, x.shape, x.dtype) for k, x in enumerate(args)]
                combination(record, f"{name}/jacobian by {wrt}", True, op.jacobian, *exact, wrt=wrt)
    rows = numbers("rows", (257, 131))
    x, w = np.zeros((257, 3)), np.zeros((3, 131))
    record(f"{op.name}/float64/a sum of rows", op.vjp, rows, x, w, np.zeros(131), wrt=2)


def losses(record, op):
    """Record softmax cross-entropy."""
    threads = on_threads_too(record)
    for kind, shape in itertools.product(DTYPES, [(37, 9), (4, 5, 6), (9,), (1, 1), (0, 3), (257, 131), (300, 700)]):
        first, second = DTYPES[kind]
        labels = generator(shape).integers(0, shape[-1], shape[:-1])
        recorder = threads if shape == (300, 700) else record
        for way in LAYOUTS if recorder is record else ("contiguous", "every other", "fortran"):
            layout = LAYOUTS[way]
            logits, tangent = layout(numbers("x", shape, first, -9, 9)), layout(numbers("tangent", shape, second))
            bars = numbers("cotangent", shape[:-1], second)
            name = f"{op.name}/{kind}/{shape}/{way}"
            recorder(f"{name}/value", op, logits, labels)
            recorder(f"{name}/jvp", op.jvp, tangent, logits, labels)
            recorder(f"{name}/vjp", op.vjp, bars, logits, labels)
            for dtype in (F32, F64):
                loss, out = (every_other(numbers("out", end, dtype)) for end in (shape[:-1], shape))
                for added, options in (("", {}), (", added", {"accumulate": True})):
                    recorder(f"{name}/jvp into {dtype}{added}", into, op.jvp, loss, tangent, logits, labels, **options)
                    recorder(f"{name}/vjp into {dtype}{added}", into, op.vjp, out, bars, logits, labels, **options)
                recorder(f"{name}/value into {dtype}", into, op, loss, logits, labels)
            if way != "repeated":
                recorder(f"{name}/vjp in place", over_an_operand, op.vjp, 1, bars, logits, labels)
        if math.prod(shape) < 500:
            jacobian(record, f"{op.name}/jacobian/{kind}/{shape}", op.jacobian, logits, labels)
    for dtype in (F32, F64):
        points = np.array([[0, 0, 0], [1e30, 0, -1e30], [np.inf, 0, 1], [-np.inf, 0, 1], [np.nan, 0, 1], [80, 800, 8]])
        for label in (0, 1, 2, 3, -1):
            labels = np.full(len(points), label, np.int32)
            ones = np.ones(len(points), dtype)
            record(f"{op.name}/{dtype}/extremes, label {label}/value", op, points.astype(dtype), labels)
            record(f"{op.name}/{dtype}/extremes, label {label}/vjp", op.vjp, ones, points.astype(dtype), labels)


FAMILIES = {
    "sum": reductions,
    "mean": reductions,
    "matmul": matrix_products,
    "linear": affine_maps,
    "softmax_cross_entropy": losses,
}
