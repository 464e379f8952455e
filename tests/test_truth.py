"""Values and derivatives against mpmath where they are hardest: at the ends of the range and of domains.

The law: values are at most `definitions.allowed` ulp off.  From x, derivatives are at most 8 ulp of themselves off, or
of their largest term where `definitions.TERMS` says that they are differences: of the ops in PRODUCTS wherever the
product with t is a number, of all others wherever the derivative is.  From y they are right to 4 units of the largest
derivative.  What breaks the law is listed by name, with its reason, and must break it.
"""

from __future__ import annotations

import functools
import itertools

import definitions
import mpmath
import numpy as np
import oracle
import products
import pytest
import truth
from mpmath import mp, mpf

import jackern as jk

# Right wherever the product t*f' is a number, be f' one or not.
PRODUCTS = {"divide", "reciprocal", "log", "log1p", "log2", "log10", "power", "hypot", "arctan2"}


def divides(a, b):
    """Whether a/b is an integer."""
    return np.fmod(float(a), float(b)) == 0


# (op, what): where the law does not hold, and why.  What is "value", the place of an argument for the derivative by it,
# with "y" for that from y, two places for a second derivative.
EXCEPTIONS = {
    ("power", 0): (
        lambda a, b: a == 0 or abs(b) > 2.0**500,
        "the limit of a root is too slow for the oracle, tests/test_kinks.py has a = 0; beside an exponent of the "
        "largest numbers the logarithm of the product has no digits",
    ),
    ("remainder", 0): (divides, "at a jump the row gives the derivative beside it"),
    ("fmod", 0): (divides, "as remainder"),
    ("remainder", 1): (lambda a, b: abs(float(a) / float(b)) > 1e6, "the steps of the oracle cross jumps"),
    ("fmod", 1): (lambda a, b: abs(float(a) / float(b)) > 1e6, "as remainder"),
    ("kl_div", (0, 0)): (lambda a, b: a == b, "the oracle loses its digits where the terms cancel"),
    ("kl_div", (0, 1)): (lambda a, b: a == b, "as by the first argument twice"),
    ("kl_div", (1, 1)): (lambda a, b: a == b, "as by the first argument twice"),
}


def scales(dtype):
    """Cotangents of every scale."""
    info = np.finfo(dtype)
    half = info.maxexp // 2
    return [dtype(t) for t in (1, info.smallest_subnormal, info.tiny, 1.5 * 2.0**-half, -1.25 * 2.0**half, info.max)]


@functools.cache
def points(op, dtype):
    smallest = -2250 if op.name in PRODUCTS else -1100  # what is a number, or times the largest one
    return [(args, truth.Point(op.name, args, dtype, smallest)) for args in truth.grid(op, dtype)]


def columns(op, dtype):
    return [np.array(column, dtype) for column in zip(*(args for args, _ in points(op, dtype)), strict=True)]


def assert_law(op, what, failures):
    """`failures`: the errors above what is allowed, with their places."""
    is_excepted, _ = EXCEPTIONS.get((op.name, what), (None, ""))
    if is_excepted:
        failures = [failure for failure in failures if not is_excepted(*failure[1][-op.nin :])]
    shown = "\n".join(f"{error:.4g} ulp at {place}: {result!r}, exact {exact}"
                      for error, place, result, exact in sorted(failures, key=lambda x: -x[0])[:6])  # fmt: skip
    assert not failures, f"{op.name}, {what}: {len(failures)} errors, such as\n{shown}"


def brief(exact):
    if exact == 0 or abs(mpmath.mag(exact)) < 5000:
        return mpmath.nstr(exact, 20)
    return "beyond the range" if mpmath.mag(exact) > 0 else "far below the range"


def value_failures(op, dtype):
    results = op(*columns(op, dtype))
    for (args, point), result in zip(points(op, dtype), results, strict=True):
        error = truth.ulps(result, point.value, dtype, point.largest_term(()))
        if error > definitions.allowed(op.name) + 1e-9:
            yield error, args, result, brief(point.value)


def first_failures(op, dtype, k):
    info = np.finfo(dtype)
    args = columns(op, dtype)
    for t in scales(dtype):
        results = products.vjp(op, np.full_like(args[0], t), args)[k]
        for (place, point), result in zip(points(op, dtype), results, strict=True):
            exact = point.first(k)
            if exact is None:
                continue
            # An exact 0 may be a number that is too small for any product but this one.
            is_number = float(info.tiny) <= abs(exact) <= float(info.max) if exact != 0 else abs(t) <= 1
            if not mpmath.isfinite(exact) or (t != 1 and not is_number and op.name not in PRODUCTS):
                continue
            with mp.workprec(256):
                exact *= mpf(float(t))
                term = point.largest_term((k,)) * mpf(float(t))
            if (error := truth.ulps(result, exact, dtype, term)) > 8:
                yield error, (t, *place), result, brief(exact)


def from_y_failures(op, dtype, k):
    """Where y itself is a number with all its digits."""
    info = np.finfo(dtype)
    args = columns(op, dtype)
    y = op(*args)
    results = products.vjp(op, np.ones_like(y), args, y=y)[k]
    inside = [abs(point.first(k) or 0) for _, point in points(op, dtype)[-24:]]
    largest = max(x for x in inside if mpmath.isfinite(x))
    for (place, point), result, y_here in zip(points(op, dtype), results, y, strict=True):
        exact = point.first(k)
        if exact is None or not mpmath.isfinite(exact) or not (y_here == 0 or info.tiny <= abs(y_here) <= info.max):
            continue
        term = max(largest, point.largest_term((k,)))
        if (error := truth.ulps(result, exact, dtype, term)) > 8:
            yield error, place, result, brief(exact)


def second_failures(op, dtype, j, k):
    """In units of the second derivative, or of first ones over an argument."""
    every = 1 if op.nin == 1 else 4 if op.nin == 2 else 9
    args = columns(op, dtype)
    ones = np.ones_like(args[0])
    results = products.vjp2(op, [ones if i == j else None for i in range(op.nin)], ones, args)[1 + k]
    for (place, point), result in list(zip(points(op, dtype), results, strict=True))[::every]:
        exact = point.second(j, k)
        if exact is None or not mpmath.isfinite(exact):
            continue
        over = [point.first(i) / max(1, abs(point.args[m])) for i, m in ((j, k), (k, j))]
        term = max(*map(abs, over), point.largest_term((j, k)))
        if (error := truth.ulps(result, exact, dtype, term)) > 16:
            yield error, place, result, brief(exact)


def test_values_are_right_at_the_ends_of_the_range(op, dtype):
    assert_law(op, "value", list(value_failures(op, dtype)))


def test_derivatives_from_x_are_right_at_the_ends_of_the_range(op, dtype):
    for k in range(op.nin):
        assert_law(op, k, list(first_failures(op, dtype, k)))


def test_derivatives_from_y_are_right_to_a_few_units_of_the_largest(op, dtype):
    for k in range(op.nin):
        if "y" in op.reads[k]:
            assert_law(op, (k, "y"), list(from_y_failures(op, dtype, k)))


def test_second_derivatives_are_right_at_the_ends_of_the_range(op, dtype):
    if not op.selects:
        for j, k in itertools.combinations_with_replacement(range(op.nin), 2):
            assert_law(op, (j, k), list(second_failures(op, dtype, j, k)))


@pytest.mark.parametrize(("name", "what"), [key for key in EXCEPTIONS if key[0] in jk.op_names()])
def test_what_is_excepted_does_break_the_law(name, what):
    op = getattr(jk.ops, name)
    failures, places = value_failures, ()
    if isinstance(what, int):
        failures, places = first_failures, (what,)
    elif what != "value":
        failures, places = (from_y_failures, what[:1]) if what[1] == "y" else (second_failures, what)
    is_excepted, _ = EXCEPTIONS[name, what]
    places_of = [failure[1] for dtype in truth.DTYPES for failure in failures(op, dtype, *places)]
    assert any(is_excepted(*place[-op.nin :]) for place in places_of), "take it from EXCEPTIONS"


def test_a_derivative_that_the_oracle_does_not_know_is_at_a_kink_or_where_the_value_is_none(op, dtype):
    for place, point in points(op, dtype):
        if mpmath.isfinite(point.value) and not op.kinks and not op.selects:
            assert all(point.first(k) is not None for k in range(op.nin)), place


# ---- one product is the other ------------------------------------------------------------------------------------


def test_jvp_and_vjp_give_the_same_bits_at_every_extreme_kink_and_nan(op, dtype):
    special = [*truth.extremes(dtype, op.nin), dtype(-0.0), dtype(np.inf), dtype(-np.inf), dtype(np.nan)]
    args = [np.array(column, dtype) for column in zip(*itertools.product(special, repeat=op.nin), strict=True)]
    y = op(*args)
    for t in [*scales(dtype), dtype(0), dtype(-0.0), dtype(np.inf), dtype(np.nan)]:
        t = np.full_like(y, t)
        for options in ({}, {"y": y}):
            for k, bar in enumerate(products.vjp(op, t, args, **options)):
                dot = products.jvp(op, [t if j == k else None for j in range(op.nin)], args, **options)
                assert oracle.same_bits(dot, bar), (k, options.keys(), t[0])
