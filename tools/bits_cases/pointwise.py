"""Rows of the table of ops, and jackern.unbroadcast: every product, dtype, layout, output and shape."""

from __future__ import annotations

import itertools
import math

import numpy as np

import jackern as jk
from bits_cases.arrays import (
    DTYPES,
    F32,
    F64,
    LAYOUTS,
    beside_an_operand,
    contiguous,
    every_other,
    into,
    numbers,
    on_threads_too,
    over_an_operand,
)
from bits_cases.jacobians import combination

SHAPES = [(37,), (6, 5, 9), (), (1,), (1, 1), (0,), (3, 0)]
LARGE = [(70_000,), (300, 700)]
FOR_THREADS = 2**17  # elements from which on threads share work
LARGE_CASES = [
    *[(kind, shape, "contiguous") for kind in ("float32", "float64") for shape in LARGE],
    ("mixed", (70_000,), "contiguous"),
    ("float64", (70_000,), "every other"),
    ("float64", (300, 700), "fortran"),
    ("float32", (300, 700), "every other"),
]
# The shapes of a and b; the larger one comes first.
PAIRS = [
    ((6, 5, 9), (9,)),
    ((6, 5, 9), (5, 1)),
    ((6, 5, 9), (6, 1, 9)),
    ((2, 3, 4, 5), (3, 1, 5)),
    ((257, 131), (1, 131)),
    ((257, 1), (131,)),
    ((3, 1000, 7), (7,)),
    ((3, 1000, 7), (1000, 1)),
    ((3, 1000, 7), (1000, 7)),
    ((3, 1000, 7), (3, 1, 1)),
    ((3, 1000, 7), (1, 1000, 1)),
    ((3, 1000, 7), ()),
    ((5000, 3), (3,)),
    ((3, 5000), (3, 1)),
    ((0, 3), (3,)),
    ((0, 3), (1, 1)),
    ((1, 5), (4, 1)),
    ((), (1,)),
]
LAID_OUT = [*PAIRS[:4], PAIRS[7]]
LARGE_PAIRS = [((140_000,), ()), ((300, 700), (700,)), ((300, 700), (300, 1)), ((2, 150, 700), (150, 1))]
EXTREMES = [0.0, 1.0, 0.5, 3.0, 20.0, 100.0, 1e-5, 1e-30, 1e-310, 1e30, 1e308, 2.0**-149, 2.0**-1074, np.inf]


class Operands:
    """What the products of a pointwise op take: arguments, a tangent for each, a cotangent."""

    def __init__(self, op, shapes, dtypes, layout=contiguous, args=None):
        self.op, self.shapes, self.dtypes, self.layout = op, shapes, dtypes, layout
        turns = itertools.cycle(dtypes)
        self.args = args or [
            layout(numbers((op.name, k), shape, next(turns), low, high))
            for k, (shape, (low, high)) in enumerate(zip(shapes, op.domain, strict=True))
        ]
        if op.nin == 1:
            next(turns)
        self.tangents = [layout(numbers(("tangent", k), shape, next(turns))) for k, shape in enumerate(shapes)]
        self.y_bar = layout(numbers("cotangent", np.broadcast_shapes(*shapes), next(turns)))

    @property
    def direction(self):
        """What `jvp` takes."""
        return self.tangents[0] if self.op.nin == 1 else tuple(self.tangents)

    def result_like(self, key, dtype, layout=contiguous):
        """Return an array of the shape of the result."""
        return layout(numbers(key, np.broadcast_shapes(*self.shapes), dtype))

    def like(self, key, dtype, layout=contiguous):
        """Return arrays of the shapes of the arguments."""
        return tuple(layout(numbers((key, k), shape, dtype)) for k, shape in enumerate(self.shapes))


def all_wrt(op):
    """Return the values of wrt to take a product by, as options."""
    wrt = [0, 1, (0, 1)] if op.nin == 2 else []
    return {f"by {k}": {"wrt": k} for k in wrt} or {"by x": {}}


def every_product(record, name, operands, short=False):
    """Record the value and all products, from the arguments and from y; or from the arguments alone."""
    op, args, y_bar = operands.op, operands.args, operands.y_bar
    y = record(f"{name}/value", op, *args)
    sources = {"": (args, {})}
    if "y" in set().union(*op.reads) and not short:
        sources["/with y"] = args, {"y": y}
        if op.nin == 1:
            sources["/from y"] = (), {"y": y}
    for source, (given, options) in sources.items():
        record(f"{name}/jvp{source}", op.jvp, operands.direction, *given, **options)
        for k in range(op.nin if op.nin > 1 and not short else 0):
            one = tuple(x if i == k else None for i, x in enumerate(operands.tangents))
            record(f"{name}/jvp by {k}{source}", op.jvp, one, *given, **options)
        for by, wrt in all_wrt(op).items():
            record(f"{name}/vjp {by}{source}", op.vjp, y_bar, *given, **wrt, **options)
            if wrt in ({"wrt": 0}, {"wrt": 1}) and not short:
                h = operands.tangents[wrt["wrt"]]
                record(f"{name}/vjp2 {by}{source}", op.vjp2, h, y_bar, *given, **wrt, **options)
        record(f"{name}/vjp2{source}", op.vjp2, operands.direction, y_bar, *given, **options)


def every_output(record, name, operands):
    """Record products that write into arrays: of either dtype, strided, added to, or one of the operands."""
    op, args, y_bar = operands.op, operands.args, operands.y_bar
    many = op.nin > 1
    for dtype, layout in itertools.product((F32, F64), (contiguous, every_other)):
        out, outs = operands.result_like("out", dtype, layout), operands.like("outs", dtype, layout)
        bars = outs if many else outs[0]
        kind = f"{name}/into {dtype}, {layout.__name__.replace('_', ' ')}"
        record(f"{kind}/value", into, op, out, *args)
        for added, options in (("", {}), (", added", {"accumulate": True})):
            record(f"{kind}/jvp{added}", into, op.jvp, out, operands.direction, *args, **options)
            record(f"{kind}/vjp{added}", into, op.vjp, bars, y_bar, *args, **options)
            for k in range(2 if many else 0):
                record(f"{kind}/vjp by {k}{added}", into, op.vjp, outs[k], y_bar, *args, wrt=k, **options)
            seconds = (out, *outs)
            record(f"{kind}/vjp2{added}", into, op.vjp2, seconds, operands.direction, y_bar, *args, **options)
    if len(set(operands.shapes)) > 1:
        return
    for k in range(op.nin):
        record(f"{name}/in place/value into {k}", over_an_operand, op, k, *args)
    wrt = {"wrt": 0} if many else {}
    for k in range(1 + op.nin):
        record(f"{name}/in place/vjp into {k}", over_an_operand, op.vjp, k, y_bar, *args, **wrt)
        if not many:
            record(f"{name}/in place/jvp into {k}", over_an_operand, op.jvp, k, operands.tangents[0], *args)
    if args[-1].flags.c_contiguous and args[-1].ndim:
        record(f"{name}/in place/value beside", beside_an_operand, op, *args)
        record(f"{name}/in place/vjp beside", beside_an_operand, op.vjp, y_bar, *args, **wrt)


def pointwise(record, op):
    """Record a row of the table of ops."""
    threads = on_threads_too(record)
    for (kind, dtypes), shape in itertools.product(DTYPES.items(), SHAPES):
        shapes = [shape] * op.nin
        ways = ["contiguous"] if math.prod(shape) < 2 else ["contiguous", "every other"] if "mixed" in kind else LAYOUTS
        for way in ways:
            layout = LAYOUTS[way]
            operands = Operands(op, shapes, dtypes, layout)
            every_product(record, f"{op.name}/{kind}/{shape}/{way}", operands)
            if layout is contiguous or (layout is every_other and kind == "float64"):
                every_output(record, f"{op.name}/{kind}/{shape}/{way}", operands)
    for kind, shape, way in LARGE_CASES:
        operands = Operands(op, [shape] * op.nin, DTYPES[kind], LAYOUTS[way])
        recorder = threads if math.prod(shape) >= FOR_THREADS else record
        every_product(
            recorder, f"{op.name}/{kind}/{shape}/{way}", operands, short=(kind, way) != ("float64", "contiguous")
        )
    extremes(record, op)
    record(f"{op.name}/of integers/value", op, *[np.arange(1, 6) + k for k in range(op.nin)])
    record(f"{op.name}/of Python numbers/value", op, *[0.5] * op.nin)
    if op.nin == 2:
        array = numbers(op.name, (37,), F32, 0.5, 4.0)
        record(f"{op.name}/of a Python number/value", op, array, 2.5)
        record(f"{op.name}/of a Python number/vjp", op.vjp, array, 2.5, array)
        record(f"{op.name}/of a Python number/vjp by (1, 0)", op.vjp, array, 2.5, array, wrt=(1, 0))
        broadcasting(record, threads, op)
    jacobians_of(record, op)


def broadcasting(record, threads, op):
    """Record the products of operands that are stretched, whose cotangents are sums."""
    ways = ("contiguous", "every other", "backwards", "fortran", "repeated")
    pairs = [(kind, pair, ways if kind == "float64" and pair in LAID_OUT else ways[:1], record)
             for kind in ("float32", "float64", "mixed") for pair in PAIRS]  # fmt: skip
    pairs += [("float64", pair, ways[:1], threads) for pair in LARGE_PAIRS]
    pairs += [("float32", pair, ways[:1], threads) for pair in LARGE_PAIRS[1:2]]
    for kind, pair, ways, recorder in pairs:
        for way, shapes in itertools.product(ways, (pair, pair[::-1])):
            operands = Operands(op, shapes, DTYPES[kind], LAYOUTS[way])
            name = f"{op.name}/{kind}/{shapes}/{way}"
            every_product(recorder, name, operands, short=recorder is threads)
            if way == "contiguous":
                outs = operands.like("outs", F64, every_other)
                recorder(f"{name}/vjp, added", into, op.vjp, outs, operands.y_bar, *operands.args, accumulate=True)
                alone = (None, outs[1])
                recorder(f"{name}/vjp, one added", into, op.vjp, alone, operands.y_bar, *operands.args)
            if way == "contiguous" and kind != "float32" and pair in LAID_OUT and math.prod(pair[0]) < 1000:
                every_output(record, name, operands)


def extremes(record, op):
    """Record what becomes of zeros, infinities, NaN, subnormal, huge and tiny numbers, in every combination."""
    points = np.array([*EXTREMES, *[-x for x in EXTREMES], np.nan])
    for kind, dtypes in itertools.islice(DTYPES.items(), 2):
        with np.errstate(all="ignore"):
            points_of_dtype = points.astype(dtypes[0])
        grid = [np.ravel(x) for x in np.meshgrid(*[points_of_dtype] * op.nin, indexing="ij")]
        operands = Operands(op, [grid[0].shape] * op.nin, dtypes, args=grid)
        every_product(record, f"{op.name}/{kind}/extremes", operands)
        operands.y_bar = np.resize(points_of_dtype[::-1], grid[0].shape)
        operands.tangents = [np.resize(np.roll(points_of_dtype, 3 + k), grid[0].shape) for k in range(op.nin)]
        every_product(record, f"{op.name}/{kind}/extremes with extreme vectors", operands)


def jacobians_of(record, op):
    """Record the Jacobians of a pointwise op."""
    shapes = [((5, 7), (5, 7)), ((5, 7), (7,)), ((7,), (5, 1)), ((4,), ()), ((), ()), ((0, 3), (3,)), ((6,), (6,))]
    for kind, ends in itertools.product(DTYPES, dict.fromkeys((*pair, pair[1])[: op.nin] for pair in shapes)):
        operands = Operands(op, ends, DTYPES[kind])
        y = record(f"{op.name}/jacobian/{kind}/{ends}/value", op, *operands.args)
        for wrt in range(op.nin):
            options = {"wrt": wrt} if op.nin > 1 else {}
            name = f"{op.name}/jacobian/{kind}/{ends} by {wrt}"
            given = operands.args if op.nin > 1 else ()
            combination(record, name, True, op.jacobian, *operands.args, **options)
            combination(record, f"{name} from y", True, op.jacobian, *given, y=y, **options)


def sums_of_broadcasting(record):
    """Record jackern.unbroadcast."""

    def unbroadcast(*args, **options):
        return jk.unbroadcast(*args, **options)

    threads = on_threads_too(record)
    for dtype, pair in itertools.product((F32, F64), [*PAIRS, *LARGE_PAIRS]):
        large, small = np.broadcast_shapes(*pair), pair[1]
        recorder = record if pair in PAIRS else threads
        for way, layout in LAYOUTS.items():
            g = layout(numbers("g", large, dtype))
            recorder(f"unbroadcast/{dtype}/{pair}/{way}", unbroadcast, g, small)
            for other, target in itertools.product((F32, F64), (contiguous, every_other)):
                name = f"unbroadcast/{dtype}/{pair}/{way}, into {other}, {target.__name__.replace('_', ' ')}"
                out = target(numbers("out", small, other))
                recorder(name, into, unbroadcast, out, g, small)
                recorder(f"{name}, added", into, unbroadcast, out, g, small, accumulate=True)
