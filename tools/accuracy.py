"""Prints the largest errors of values and derivatives, and where they are, per op, dtype and instruction set.

Errors of values are in units in the last place (ulp): over all floating-point numbers and, denser, where functions
are neither 0 nor saturated; of several arguments, over pairs of every relation between their sizes.  Float32 is judged
in float64, float64 in long double, and both by mpmath, on fewer points, where NumPy and SciPy lack the function.
Errors of derivatives are over the domain of the op's row, by mpmath: from x in ulp of the derivative or of its largest
term, from y, as the 1 - y*y of tanh, in the machine epsilon times the largest derivative.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np

import jackern as jk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import definitions
import products
import truth

WIDE = {
    np.float32: definitions.Arrays(np.float64, np.float32),
    np.float64: definitions.Arrays(np.longdouble, np.float64),
}
CHUNK = 2**20


# ---- arguments -----------------------------------------------------------------------------------------------------


def numbers(dtype, n, seed=0):
    """Return about 4n numbers: any bits, a wide and a narrow interval, borders of exp's argument reduction."""
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    end = -float(np.log(np.longdouble(info.smallest_subnormal))) + 8
    borders = np.log(2) / 4 * rng.integers(-2 * info.maxexp, 2 * info.maxexp, n) + rng.normal(0, 1e-3, n)
    parts = [rng.uniform(-end, end, n), rng.uniform(-2, 2, n), borders]
    with np.errstate(over="ignore"):
        special = np.array([0, 1, info.tiny, info.smallest_subnormal, info.max, np.inf, np.nan], dtype)
        return np.concatenate([any_bits(rng, dtype, n), *[part.astype(dtype) for part in parts], special, -special])


def any_bits(rng, dtype, n):
    """Return n numbers of any bits: of every exponent equally often, NaN and infinities among them."""
    bits = np.finfo(dtype).bits
    return rng.integers(0, 2**bits, n, f"u{bits // 8}").view(dtype)


def tuples(op, dtype, n, seed=0):
    """Return one array per argument, of about 4n tuples: unrelated, of one size, nearly equal, and of the domain."""
    rng = np.random.default_rng(seed)
    columns = []
    first = None
    for k, (low, high) in enumerate(op.domain):
        within = rng.uniform(low, high, 2 * n).astype(dtype)
        unrelated = any_bits(rng, dtype, n)
        scale = any_bits(np.random.default_rng(seed + 1), dtype, n // 2)
        with np.errstate(all="ignore"):
            of_one_size = scale * rng.uniform(-2, 2, n // 2).astype(dtype)
            first = unrelated if first is None else first
            nearly = first[: n // 2] * (1 + rng.integers(-4, 5, n // 2) * np.finfo(dtype).eps).astype(dtype)
        column = np.concatenate([unrelated, of_one_size, nearly, within])
        columns.append(np.abs(column) if k in products.positive(op) else column)
    return columns


def arguments(op, dtype, n, seed=0):
    """Return one array per argument, of about 4n points."""
    return [numbers(dtype, n, seed)] if op.nin == 1 else tuples(op, dtype, n, seed)


# ---- values --------------------------------------------------------------------------------------------------------


def errors_in_ulp(result, exact, scale=0):
    """Return errors in ulp of `exact`, or of `scale` where that is larger, as `truth.ulps` counts them."""
    info = np.finfo(result.dtype)
    with np.errstate(all="ignore"):
        end = np.ldexp(exact.dtype.type(1), info.maxexp)
        size = np.minimum(np.maximum(np.abs(exact), scale), info.max).astype(exact.dtype)
        unit = np.ldexp(np.ones_like(size), np.maximum(np.frexp(size)[1] - 1, info.minexp) - info.nmant)
        error = np.abs(np.clip(result.astype(exact.dtype), -end, end) - np.clip(exact, -end, end)) / unit
    error = np.where(np.isnan(exact) & np.isnan(result), 0, error)
    return np.where(np.isnan(error), np.inf, error)


def largest_term(op, places, m, args):
    """Return what errors count by besides the exact numbers: 0, or the largest of the terms in `definitions.TERMS`."""
    terms = definitions.TERMS.get(op.name, {}).get(places, lambda m, *args: ())(m, *args)
    return functools.reduce(np.fmax, [np.abs(term) for term in terms], np.zeros_like(args[0]))


def value_error(op, args, few=10**9):
    """Return the largest error in ulp, and its arguments; of at most `few` tuples where it takes mpmath."""
    m = WIDE[args[0].dtype.type]
    if not definitions.has(op.name, m):
        return value_error_in_many_bits(op, [a[:: max(1, len(a) // few)] for a in args])
    with np.errstate(all="ignore"):
        wide = [a.astype(m.dtype) for a in args]
        exact = definitions.function(op.name, m)(*wide)
        error = errors_in_ulp(op(*args), exact, largest_term(op, (), m, wide))
    worst = int(np.argmax(error))
    return float(error[worst]), [float(a[worst]) for a in args]


def value_error_in_many_bits(op, args):
    """Return the largest error in ulp by mpmath, and its arguments; of those that are finite."""
    dtype = args[0].dtype.type
    args = [a[np.logical_and.reduce([np.isfinite(b) for b in args])] for a in args]
    worst = 0.0, [np.nan]
    for *place, result in zip(*args, op(*args), strict=True):
        point = truth.Point(op.name, place, dtype)
        error = truth.ulps(result, point.value, dtype, point.largest_term(()))
        worst = max(worst, (error, [float(x) for x in place]), key=lambda pair: pair[0])
    return worst


# ---- derivatives ---------------------------------------------------------------------------------------------------


def derivative_errors(op, dtype, n):
    """Return the largest errors over n points of the op's domain, and their arguments: from x, and from y."""
    places = truth.inside(op, dtype, n)
    args = [np.array(column, dtype) for column in zip(*places, strict=True)]
    ones = np.ones(len(places), dtype)
    from_x, from_y = products.vjp(op, ones, args), products.vjp(op, ones, args, y=op(*args))
    exact = [[truth.Point(op.name, place, dtype) for place in places]] * op.nin
    worst_x, worst_y = (0.0, [np.nan]), (0.0, [np.nan])
    for k in range(op.nin):
        known = [(point, point.first(k), *pair) for point, *pair in zip(exact[k], from_x[k], from_y[k], strict=True)]
        known = [line for line in known if line[1] is not None and mpmath.isfinite(line[1])]
        unit = float(max((abs(slope) for _, slope, _, _ in known), default=0)) * float(np.finfo(dtype).eps)
        for point, slope, x, y in known:
            place = [float(a) for a in point.args]
            error = truth.ulps(x, slope, dtype, point.largest_term((k,)))
            worst_x = max(worst_x, (error, place), key=lambda pair: pair[0])
            error = float(abs(float(y) - slope)) / unit if unit else float(y != 0)
            worst_y = max(worst_y, (error, place), key=lambda pair: pair[0])
    return worst_x, worst_y


# ---- tables --------------------------------------------------------------------------------------------------------


def every_float32(op):
    """Return the largest error in ulp of a unary op over all 2**32 numbers of float32, and where."""
    within = np.arange(CHUNK, dtype=np.uint32)
    starts = np.arange(0, 2**32, CHUNK, dtype=np.uint64)
    chunks = ([(within + np.uint32(start)).view(np.float32)] for start in starts)
    return max((value_error(op, args) for args in chunks), key=lambda pair: pair[0])


def in_chunks(op, dtype, n, few):
    """Return the largest error in ulp over about 4n tuples, and where."""
    sizes = [min(CHUNK, n - start) for start in range(0, n, CHUNK)]
    found = (value_error(op, arguments(op, dtype, size, seed), few) for seed, size in enumerate(sizes))
    return max(found, key=lambda pair: pair[0])


@functools.cache
def short(name, dtype):
    """Return the errors of values and of derivatives from x and from y on few points, with their arguments."""
    op = getattr(jk.ops, name)
    return value_error(op, arguments(op, dtype, 20_000), 500), *derivative_errors(op, dtype, 100)


def measure(names, n, exhaustive):
    """Return the rows of the instruction set in use: name, dtype and three errors with their arguments."""
    rows = []
    for name in names:
        op = getattr(jk.ops, name)
        for dtype in WIDE:
            by_mpmath = not definitions.has(name, WIDE[dtype])
            if exhaustive and op.nin == 1 and dtype is np.float32 and not by_mpmath:
                value = every_float32(op)
            else:
                value = in_chunks(op, dtype, n if not exhaustive or op.nin == 1 else 25 * 10**7, 4000)
            rows.append([name, dtype.__name__, value, *derivative_errors(op, dtype, 1000 if exhaustive else 300)])
    return rows


def at(place):
    """Return the arguments of a worst case in words."""
    return ", ".join(f"{x:.17g}" for x in place)


def main():
    """Print the table; exit non-zero if a value is further off than its function may be."""
    names = [op.name for op in products.OPS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help="ops (default: all)")
    parser.add_argument("--points", type=int, default=250_000, help="a quarter of the points (250,000)")
    parser.add_argument(
        "--exhaustive", action="store_true", help="all 2**32 numbers of float32, 10**9 pairs (minutes each)"
    )
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)  # one instruction set, as JSON
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no such op: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if np.finfo(np.longdouble).nmant < 63:
        parser.error("judging float64 takes a long double that is wider, which this machine does not have")
    if options.rows:
        print(json.dumps(measure(options.names or names, options.points, options.exhaustive)))
        return 0

    tables = {}
    for isa in jk.show_config("dicts")["instruction sets"]:
        command = [sys.executable, __file__, "--rows", *sys.argv[1:]]
        environment = os.environ | {"JACKERN_ISA": isa}
        child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        tables[isa] = json.loads(child.stdout)
    print("values: ulp on each instruction set; derivatives: from x in ulp, from y in epsilons of the largest")
    print(f"{'':30}" + "".join(f"{head:>10}" for head in [*tables, "allowed", "from x", "from y"]) + "  worst value at")
    passed = True
    for rows in zip(*tables.values(), strict=True):
        name, dtype, *_ = rows[0]
        values, *derivatives = zip(*[row[2:] for row in rows], strict=True)
        allowed = definitions.allowed(name)
        worst, place = max(values)
        passed &= worst <= allowed * (1 + 1e-3)
        errors = [*(error for error, _ in values), allowed, *(max(pairs)[0] for pairs in derivatives)]
        print(f"{name:22}{dtype:8}" + "".join(f"{error:10.3g}" for error in errors) + "  " + at(place))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
