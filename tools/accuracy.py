"""Prints the largest errors of values and derivatives, per function, dtype and instruction set.

Errors of values are in units in the last place (ulp), over all floating-point numbers and, denser, where the
function is neither 0 nor saturated.  Errors of derivatives are over the domain of the op's row: from x in ulp, from
y, as the 1 - y*y of tanh, in the machine epsilon times the largest derivative.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np

import jackern as jk


def sigmoid(x):
    """1/(1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def silu(x):
    """x/(1 + exp(-x)), with its limit at -inf."""
    return np.where(np.isneginf(x), 0, x * sigmoid(x))


class Function(NamedTuple):
    """What an op computes, in NumPy for any dtype, and the error in ulp that its values may have."""

    value: object
    derivative: object
    allowed: int


FUNCTIONS = {
    "sqrt": Function(np.sqrt, lambda x: 1 / (2 * np.sqrt(x)), 1),
    "exp": Function(np.exp, np.exp, 2),
    "expm1": Function(np.expm1, np.exp, 2),
    "log": Function(np.log, lambda x: 1 / x, 2),
    "log1p": Function(np.log1p, lambda x: 1 / (1 + x), 2),
    "sin": Function(np.sin, np.cos, 2),
    "cos": Function(np.cos, lambda x: -np.sin(x), 2),
    "tan": Function(np.tan, lambda x: 1 / np.cos(x) ** 2, 2),
    "arcsin": Function(np.arcsin, lambda x: 1 / np.sqrt((1 - x) * (1 + x)), 2),
    "arccos": Function(np.arccos, lambda x: -1 / np.sqrt((1 - x) * (1 + x)), 2),
    "arctan": Function(np.arctan, lambda x: 1 / (1 + x * x), 2),
    "sinh": Function(np.sinh, np.cosh, 2),
    "cosh": Function(np.cosh, np.sinh, 2),
    "tanh": Function(np.tanh, lambda x: 1 / np.cosh(x) ** 2, 2),
    "arcsinh": Function(np.arcsinh, lambda x: 1 / np.hypot(1, x), 2),
    "sigmoid": Function(sigmoid, lambda x: sigmoid(x) * sigmoid(-x), 4),
    "softplus": Function(lambda x: np.logaddexp(x.dtype.type(0), x), sigmoid, 4),
    "silu": Function(silu, lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), 4),
}
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
CHUNK = 2**20


def numbers(dtype, n, seed=0):
    """Return about 4n numbers: any bits, a wide and a narrow interval, borders of exp's argument reduction."""
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    bits = rng.integers(0, 2**info.bits, n, np.dtype(f"u{info.bits // 8}"))
    end = -float(np.log(np.longdouble(info.smallest_subnormal))) + 8
    borders = np.log(2) / 4 * rng.integers(-2 * info.maxexp, 2 * info.maxexp, n) + rng.normal(0, 1e-3, n)
    parts = [rng.uniform(-end, end, n), rng.uniform(-2, 2, n), borders]
    with np.errstate(over="ignore"):
        special = np.array([0, 1, info.tiny, info.smallest_subnormal, info.max, np.inf, np.nan], dtype)
        return np.concatenate([bits.view(dtype), *[part.astype(dtype) for part in parts], special, -special])


def error_in_ulp(result, exact):
    """Return the largest error of `result` in ulp; infinite where zeros, infinities or NaN do not agree."""
    info = np.finfo(result.dtype)
    with np.errstate(all="ignore"):
        rounded = exact.astype(result.dtype)
        unit = np.spacing(np.minimum(np.abs(rounded), info.max)).astype(exact.dtype)
        error = np.abs(result.astype(exact.dtype) - exact) / unit
    agree = (result == rounded) | (np.isnan(result) & np.isnan(rounded))
    error = np.where(np.isfinite(rounded), error, np.where(agree, 0, np.inf))
    return float(np.max(np.where(np.isnan(error), np.inf, error)))


def value_error(name, x):
    """Return the largest error in ulp of op `name` at the numbers `x`."""
    with np.errstate(all="ignore"):
        exact = FUNCTIONS[name].value(x.astype(WIDER[x.dtype.type]))
    return error_in_ulp(getattr(jk.ops, name)(x), exact)


def derivative_errors(name, dtype, n):
    """Return the largest errors of f' over the op's domain: from x in ulp, from y in epsilons of the largest f'."""
    op = getattr(jk.ops, name)
    ((low, high),) = op.domain
    x = np.random.default_rng(0).uniform(low, high, n).astype(dtype)
    from_x, from_y = op.vjp(np.ones_like(x), x), op.vjp(np.ones_like(x), x, y=op(x))
    exact = FUNCTIONS[name].derivative(x.astype(WIDER[dtype]))
    unit = np.finfo(dtype).eps * np.max(np.abs(exact))
    return error_in_ulp(from_x, exact), float(np.max(np.abs(from_y - exact)) / unit)


def exhaustive_error(name):
    """Return the largest error in ulp of op `name` over all 2**32 numbers of float32."""
    starts = np.arange(0, 2**32, CHUNK, dtype=np.uint64)
    within = np.arange(CHUNK, dtype=np.uint32)
    return max(value_error(name, (within + np.uint32(start)).view(np.float32)) for start in starts)


def measure(names, n, exhaustive):
    """Return the rows of the instruction set in use: name, dtype and three errors."""
    rows = []
    for name in names:
        for dtype in WIDER:
            all_of_them = exhaustive and dtype is np.float32
            value = exhaustive_error(name) if all_of_them else value_error(name, numbers(dtype, n))
            rows.append([name, dtype.__name__, value, *derivative_errors(name, dtype, n)])
    return rows


def main():
    """Print the table; exit non-zero if a value is further off than its function may be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help="functions (default: all)")
    parser.add_argument("--points", type=int, default=10**6, help="numbers to draw, four times (10**6)")
    parser.add_argument("--exhaustive", action="store_true", help="all 2**32 numbers of float32 (minutes each)")
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)  # one instruction set, as JSON
    options = parser.parse_args()
    if unknown := set(options.names) - set(FUNCTIONS):
        parser.error(f"no such function: {', '.join(sorted(unknown))}; there are {', '.join(FUNCTIONS)}")
    if np.finfo(np.longdouble).nmant < 63:
        parser.error("judging float64 takes a long double that is wider, which this machine does not have")
    if options.rows:
        print(json.dumps(measure(options.names or list(FUNCTIONS), options.points, options.exhaustive)))
        return 0

    tables = {}
    for isa in jk.show_config("dicts")["instruction sets"]:
        command = [sys.executable, __file__, "--rows", *sys.argv[1:]]
        environment = os.environ | {"JACKERN_ISA": isa}
        child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        tables[isa] = json.loads(child.stdout)
    print("values: ulp on each instruction set; derivatives: from x in ulp, from y in epsilons of the largest")
    print(f"{'':18}" + "".join(f"{head:>10}" for head in [*tables, "allowed", "from x", "from y"]))
    passed = True
    for rows in zip(*tables.values(), strict=True):
        name, dtype, *_ = rows[0]
        values, *derivatives = zip(*[row[2:] for row in rows], strict=True)
        allowed = FUNCTIONS[name].allowed
        passed &= max(values) <= allowed
        errors = [*values, allowed, *map(max, derivatives)]
        print(f"{name:10}{dtype:8}" + "".join(f"{error:10.3g}" for error in errors))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
