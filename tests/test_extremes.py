"""Products at the ends of the range: right wherever they can be represented, though the derivative alone cannot.

Where a derivative is a rational function of its operands, the exact product is a fraction; tests/test_truth.py judges
all of them by mpmath.
"""

from __future__ import annotations

import functools
import itertools
import math
from fractions import Fraction

import numpy as np
import products
import pytest

import jackern as jk


def length(a, b):
    """hypot(a, b) as a fraction, right to hundreds of digits."""
    return Fraction(math.isqrt(int((a * a + b * b) * 4**2000)), 2**2000)


# The products of t with the derivatives by each argument, exactly, from the arguments ...
FROM_X = {
    "square": [lambda t, x: 2 * t * x],
    "reciprocal": [lambda t, x: -t / (x * x)],
    "log": [lambda t, x: t / x],
    "log1p": [lambda t, x: t / (1 + x)],
    "arctan": [lambda t, x: t / (1 + x * x)],
    "multiply": [lambda t, a, b: t * b, lambda t, a, b: t * a],
    "divide": [lambda t, a, b: t / b, lambda t, a, b: -t * a / (b * b)],
    "hypot": [lambda t, a, b: t * a / length(a, b), lambda t, a, b: t * b / length(a, b)],
    "arctan2": [lambda t, a, b: t * b / (a * a + b * b), lambda t, a, b: -t * a / (a * a + b * b)],
}
# ... and from a y that is given.
FROM_Y = {
    "sqrt": [lambda t, x, y: t / (2 * y)],
    "reciprocal": [lambda t, x, y: -t * y * y],
}
SCALES = {
    np.float32: [1e-44, 3e-39, 2e-38, 1e-25, 1e-10, 0.7, 3.0, 1e8, 1e20, 3e38],
    np.float64: [5e-324, 1e-310, 3e-308, 1e-200, 1e-100, 0.7, 3.0, 1e100, 1e200, 1e300, 1.7e308],
}


def grid(dtype, n):
    """All n-tuples of numbers of every scale, as n arrays; the first takes both signs, and 0."""
    scales = [dtype(scale) for scale in SCALES[dtype]]
    first = [dtype(0), *scales, *(-scale for scale in scales)]
    return [np.array(column, dtype) for column in zip(*itertools.product(first, *[scales] * (n - 1)), strict=True)]


def assert_right_where_it_can_be_represented(results, exact, operands, allowed=4):
    """At most so many ulp off; beyond the range an infinity of the right sign, and on its border either."""
    info = np.finfo(results.dtype)
    for result, *numbers in zip(results, *operands, strict=True):
        wanted = exact(*(Fraction(float(x)) for x in numbers))
        if abs(wanted) >= 2 * Fraction(float(info.max)):
            assert result == (math.inf if wanted > 0 else -math.inf), numbers
        elif np.isinf(result):
            assert abs(wanted) * (1 + allowed * Fraction(float(info.eps))) >= Fraction(float(info.max)), numbers
        else:
            nearest = min(abs(wanted), Fraction(float(info.max)))
            unit = Fraction(float(np.spacing(results.dtype.type(float(nearest)))))
            assert abs(Fraction(float(result)) - wanted) <= allowed * unit, (numbers, result, float(wanted))


@pytest.mark.isa
@pytest.mark.parametrize("name", FROM_X)
def test_a_product_from_x_is_right_wherever_it_can_be_represented(name, dtype):
    op = getattr(jk.ops, name)
    t, *args = grid(dtype, 1 + op.nin)
    for exact, result in zip(FROM_X[name], products.vjp(op, t, args), strict=True):
        assert_right_where_it_can_be_represented(result, exact, [t, *args])


@pytest.mark.isa
@pytest.mark.parametrize("name", FROM_Y)
def test_a_product_from_y_is_right_wherever_it_can_be_represented(name, dtype):
    op = getattr(jk.ops, name)
    t, *args = grid(dtype, 1 + op.nin)
    y = op(*args)
    kept = np.isfinite(y)
    t, args, y = t[kept], [a[kept] for a in args], y[kept]
    for exact, result in zip(FROM_Y[name], products.vjp(op, t, args, y=y), strict=True):
        assert_right_where_it_can_be_represented(result, exact, [t, *args, y])


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (lambda: jk.ops.reciprocal.vjp(1e200, 1e200), -1e-200),
        (lambda: jk.ops.reciprocal.vjp(1e-200, 1e-200), -1e200),
        (lambda: jk.ops.divide.vjp(1e-10, 1.0, 1e-310, wrt=0), 1e-10 / 1e-310),
        (lambda: jk.ops.divide.vjp(1e200, 1e-200, 1e100, wrt=1), -1e-200),
        (lambda: jk.ops.log.vjp(1e-310, 1e-310), 1.0),
        (lambda: jk.ops.arctan.vjp(1e300, 1e200), 1e-100),
        (lambda: jk.ops.hypot.vjp(1e300, 1e-200, 1e200, wrt=0), 1e-100),
        (lambda: jk.ops.power.vjp(1e-200, 1e-200, -1.0, wrt=0), -1e200),
        (lambda: jk.ops.power.vjp(1e-200, -1e-120, -2.0, wrt=0), 2e160),
        (lambda: jk.ops.power.vjp(1e300, -1e-150, 4.0, wrt=0), -4e-150),
        (lambda: jk.ops.power.vjp(1.0, 0.9999, 7.2e6, wrt=0), 1.4116054096072783e-306),
        (lambda: jk.ops.power.vjp(1.0, 1e300, 0.3, wrt=0), 2.9999999999999767713e-211),
        (lambda: jk.ops.power.vjp(1.0, 1e-310, 1e-5, wrt=0), 9.9288740132504611342e304),
        (lambda: jk.ops.power.vjp(1e-10, 1e10, 31.0, wrt=1), 2.3025850929940457679e301),
        (lambda: jk.ops.power.vjp(np.full(9, 1e-200), np.full(9, 1e150), 3.0, wrt=0), np.full(9, 3e100)),
        (lambda: jk.ops.power.vjp(np.full(9, 1e200), np.full(9, 1e-160), 4.0, wrt=0), np.full(9, 4e-280)),
        (lambda: jk.ops.log2.vjp(1e-310, 1e-310), 1 / math.log(2)),
        (lambda: jk.ops.log10.vjp(1e-310, 1e-310), 1 / math.log(10)),
        (lambda: jk.ops.cbrt.vjp(1e-10, 1e-300), 1e190 / 3),
        (lambda: jk.ops.rsqrt.vjp(1e-200, 1e-200), -5e99),
        (lambda: jk.ops.logaddexp.vjp(1.0, -700.25, 0.3, wrt=0), math.exp(-700.25) / math.exp(0.3)),
        (lambda: jk.ops.log.vjp2(1e200, 1e-200, 1e100)[1], -1e-200),
        (lambda: jk.ops.tanh.vjp(1.0, 20.0), 4 * math.exp(-40)),
        (lambda: jk.ops.sigmoid.vjp(1.0, 40.0), math.exp(-40)),
        (lambda: jk.ops.expm1.vjp(1.0, -40.0), math.exp(-40)),
    ],
)
def test_these_products_come_out(result, wanted):
    np.testing.assert_allclose(result(), wanted, rtol=1e-14)


@pytest.mark.isa
def test_a_second_derivative_times_two_cotangents_neither_overflows_nor_vanishes_on_the_way(dtype):
    h, t, x = grid(dtype, 3)
    kept = x <= np.cbrt(1 / np.finfo(dtype).tiny)  # beyond, the derivative is no normal number by itself
    h, t, x = h[kept], t[kept], x[kept]
    _, result = jk.ops.softsign.vjp2(h, t, x)
    assert_right_where_it_can_be_represented(result, lambda h, t, x: -2 * h * t / (1 + x) ** 3, [h, t, x], allowed=8)


@pytest.mark.isa
@pytest.mark.parametrize("name", ["sigmoid", "log_sigmoid", "softplus", "silu", "mish", "selu"])
def test_cotangents_of_which_one_is_large_and_one_small_do_not_vanish_in_a_tail(name):
    op, x, ones, large, small = (
        getattr(jk.ops, name),
        np.full(9, -300.0),
        np.ones(9),
        np.full(9, 1e300),
        np.full(9, 1e-300),
    )
    _, wanted = op.vjp2(ones, ones, x)
    assert np.all(wanted != 0)
    for h, y_bar in ((large, small), (small, large)):
        np.testing.assert_allclose(op.vjp2(h, y_bar, x)[1], wanted, rtol=1e-15)


# ---- tails ------------------------------------------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is not wider than float64")
@pytest.mark.parametrize(
    ("name", "value", "slope"),
    [
        ("logit", lambda x: np.log(x), lambda x: 1 / x),
        ("mish", lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)),
        ("silu", lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)),
    ],
)
def test_a_tail_is_what_it_tends_to(name, value, slope, dtype):
    """To the last digits where what is left out is smaller than these."""
    info = np.finfo(dtype)
    if name == "logit":
        x = np.geomspace(info.tiny / 2**10, info.eps / 8, 1001).astype(dtype)
    else:
        x = np.linspace(math.log(info.smallest_subnormal) - 4, math.log(info.eps) - 2, 1001).astype(dtype)
    wide = x.astype(np.longdouble)
    for result, exact in (
        (getattr(jk.ops, name)(x), value(wide)),
        (getattr(jk.ops, name).vjp(np.ones_like(x), x), slope(wide)),
    ):
        kept = np.abs(exact) <= info.max
        error = np.abs(result[kept].astype(np.longdouble) - exact[kept])
        assert np.all(error <= 8 * info.eps * np.abs(exact[kept]) + info.smallest_subnormal)


@pytest.mark.isa
def test_logit_keeps_its_digits_near_a_half(dtype):
    d = dtype(2) ** -np.arange(2, np.finfo(dtype).nmant, dtype=dtype)
    wide = d.astype(np.longdouble)
    for sign in (-1, 1):
        result = jk.ops.logit(dtype(0.5) + sign * d)
        np.testing.assert_allclose(
            result.astype(np.longdouble), sign * 2 * np.arctanh(2 * wide), rtol=2 * np.finfo(dtype).eps
        )


@pytest.mark.isa
def test_losses_of_huge_and_tiny_residuals_are_numbers_where_they_can_be(dtype):
    info = np.finfo(dtype)
    huge, tiny, one = (np.full(9, x, dtype) for x in (info.max / 64, info.tiny, 1))
    close = functools.partial(np.testing.assert_allclose, rtol=8 * info.eps)
    close(jk.ops.pseudo_huber(huge, one), huge)
    close(jk.ops.pseudo_huber(huge, tiny), huge * tiny)
    close(jk.ops.pseudo_huber.vjp(one, huge, tiny, wrt=0), tiny)
    close(jk.ops.squareplus(huge, one), huge)
    close(jk.ops.squareplus(-huge, huge), 0.25)  # b/(4*|x|) where |x| is large beside the root of b
    close(jk.ops.squareplus.vjp(one, -huge, huge, wrt=0), 0.25 / huge)


@pytest.mark.isa
@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is not wider than float64")
def test_the_slope_of_silu_keeps_its_digits_where_that_of_sigmoid_is_subnormal(dtype):
    info = np.finfo(dtype)
    largest = math.log(info.tiny)
    x = np.linspace(largest - 8, largest + 2, 1001).astype(dtype)
    wide = x.astype(np.longdouble)
    exact = np.exp(wide) * (1 + wide)  # the other terms are of the order of exp(2 x)
    result = jk.ops.silu.vjp(np.ones_like(x), x).astype(np.longdouble)
    np.testing.assert_allclose(result, exact, rtol=8 * info.eps, atol=info.smallest_subnormal)
