"""Where conventions are compared, and what jackern says there: the kinks of tests/kinks.py, and special points."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np

import jackern as jk

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import kinks
import names
import products

INF, NAN = np.inf, np.nan
ONE = (0.0, -0.0, INF, -INF, NAN)
TWO = ((0.0, 0.0), (INF, INF), (NAN, 1.0), (1.0, NAN))
THREE = ((0.0, 0.0, 0.0), (NAN, 1.0, 1.0), (1.0, NAN, 1.0), (1.0, 1.0, NAN))

# More of single ops: ends of the domain, points beyond it, ties.
MORE = {
    **{name: [(-1.0,)] for name in ("sqrt", "rsqrt", "cbrt", "log", "log2", "log10", "log1p", "gammaln", "digamma")},
    **{name: [(1.0,), (2.0,)] for name in ("logit", "arccosh")},
    **{name: [(2.0,)] for name in ("arcsin", "arctanh", "erfinv")},
    **{name: [(1000.0,), (-1000.0,)] for name in ("sigmoid", "softplus", "log_sigmoid", "silu", "mish", "tanh")},
    **{name: [(-40.0,)] for name in ("ndtr", "log_ndtr", "gelu", "gelu_tanh")},
    "cosh": [(1000.0,)],
    "multiply": [(0.0, INF)],
    "divide": [(1.0, 0.0)],
    "arctan2": [(0.0, -1.0), (-0.0, -1.0), (INF, 1.0), (1e-200, 1e-200), (1e200, 1e200)],
    "hypot": [(0.0, 1.0), (INF, 1.0), (1e-200, 1e-200), (1e200, 1e200)],
    "logaddexp": [(1.0, 1.0), (1000.0, 0.0)],
    "logaddexp2": [(1.0, 1.0), (2000.0, 0.0)],
    "maximum": [(-INF, 1.0)],
    "minimum": [(INF, 1.0)],
    "power": [(-1.0, 0.5), (1.0, INF), (NAN, 0.0)],
    "celu": [(0.0, 1.0)],
    "huber": [(0.0, 1.0), (1.0, 1.0), (-1.0, 1.0)],
    "pseudo_huber": [(0.0, 1.0)],
    "sigmoid_cross_entropy": [(0.0, 0.5), (1000.0, 1.0), (-1000.0, 0.0)],
    "clip": [(NAN, -1.0, 1.0), (0.0, NAN, 1.0), (0.0, -1.0, NAN)],
    "where": [(1.0, 2.0, NAN), (0.0, INF, 1.0)],
    names.WHERE_SQRT: [(0.0,), (-1.0,)],
    names.NORM: [(0.0, 0.0), (0.0, 1.0), (INF, 1.0), (1e-200, 1e-200), (1e200, 1e200)],
}


class WhereSqrt:
    """`where(x > 0, sqrt(x), 0)` by the chain rule, one product after the other."""

    name, aliases, nin, kinks, first = names.WHERE_SQRT, (), 1, "", 0
    arguments = ("x",)

    def __call__(self, x):
        """Return the value."""
        return jk.ops.where(x > 0, jk.ops.sqrt(x), 0.0)

    def jvp(self, k, x):
        """Return the product with a tangent of ones."""
        x_dot = jk.ops.sqrt.jvp(np.ones(1), x)
        return jk.ops.where.jvp((None, x_dot, None), x > 0, jk.ops.sqrt(x), np.zeros(1))

    def vjp(self, k, x):
        """Return the product with a cotangent of ones."""
        y_bar = jk.ops.where.vjp(np.ones(1), x > 0, jk.ops.sqrt(x), np.zeros(1), wrt=1)
        return jk.ops.sqrt.vjp(y_bar, x)


class Row:
    """A row of the table; `first` is its first argument with a derivative."""

    def __init__(self, op):
        self.op, self.name, self.aliases, self.nin, self.kinks = op, op.name, op.aliases, op.nin, op.kinks
        self.arguments = products.names(op)
        self.first = int(op.is_masked)

    def __call__(self, *args):
        """Return the value."""
        return self.op(*self.primals(args))

    def primals(self, args):
        """Return the arguments, a mask as one."""
        return (args[0] != 0, *args[1:]) if self.op.is_masked else args

    def jvp(self, k, *args):
        """Return the product with a tangent of ones of argument k."""
        tangents = [np.ones(1) if j == k else None for j in range(self.nin)]
        return products.jvp(self.op, tangents, self.primals(args))

    def vjp(self, k, *args):
        """Return the cotangent of argument k for a cotangent of ones."""
        wrt = {} if self.nin == 1 else {"wrt": k}
        return self.op.vjp(np.ones(1), *self.primals(args), **wrt)


class Absent:
    """What jackern has no op for, but peers have."""

    name, aliases, nin, kinks, first = names.NORM, (), 2, "", 0
    arguments = ("a", "b")

    def __call__(self, a, b):
        """Return the value."""
        return np.hypot(a, b)

    def jvp(self, k, a, b):
        """Return None: there is no such op."""

    vjp = jvp


ROWS = [Row(op) for op in products.ROWS]
EVERY = [*ROWS, WhereSqrt(), Absent()]


def key(args):
    """Return the arguments so that they can be compared: NaN equals NaN, and -0 is not 0."""
    return tuple(map(repr, map(float, args)))


def at_kinks(op):
    """Return the points that tests/kinks.py names."""
    return [args for args, _ in kinks.KINKS.get(op.name, [])]


def special(op):
    """Return the special points that are no kinks; a parameter has its default there."""
    parameters = products.positive(op.op) if isinstance(op, Row) else []
    if op.name in names.COMPOSITIONS:
        points = []
    elif op.nin == 1:
        points = [(x,) for x in ONE]
    elif parameters or op.name == "leaky_relu":
        points = [(x, 0.25) for x in ONE]
    else:
        points = TWO if op.nin == 2 else THREE
    seen, chosen = set(map(key, at_kinks(op))), []
    for point in itertools.chain(points, MORE.get(op.name, [])):
        if key(point) not in seen:
            seen.add(key(point))
            chosen.append(point)
    return chosen


def ordinary(op):
    """Return three points inside the domain."""
    if op.name == names.WHERE_SQRT:
        return [(0.5,), (2.0,), (3.0,)]
    domain = op.op.domain if isinstance(op, Row) else ((-1.0, 1.0),) * 2
    # Other parts of every interval, so that no two arguments are equal.
    parts = [[part / (k + 1) for k in range(op.nin)] for part in (0.2, 0.7, 0.9)]
    return [tuple(low + (high - low) * x for x, (low, high) in zip(part, domain, strict=True)) for part in parts]


def arrays(point):
    """Return the arguments of a point as arrays of one element."""
    return [np.full(1, float(x)) for x in point]


def jackern(op, k, point):
    """Return jackern's derivative by argument k, as a pair: forward and reverse."""
    results = op.jvp(k, *arrays(point)), op.vjp(k, *arrays(point))
    return [None if result is None else float(result[0]) for result in results]
