"""Angles of every size, and zeros of sinc."""

from __future__ import annotations

import numpy as np
import pytest

import jackern as jk

PERIODIC = ("sin", "cos", "tan")

pytestmark = pytest.mark.isa


def far_and_near(dtype):
    """Angles around the end of the vectorised loop, and with every exponent behind it."""
    end = np.linspace(99_990, 100_010, 501).astype(dtype)
    return np.concatenate([end, -end, np.ldexp(dtype(1.37), np.arange(10, np.finfo(dtype).maxexp))])


@pytest.mark.parametrize(
    ("x", "sin", "cos"),
    [
        (1e22, -0.8522008497671888, 0.5232147853951389),
        # The double that is nearest to a multiple of pi/2.
        (6381956970095103 * 2.0**797, 1.0, -4.6871659242546277e-19),
        (np.finfo(np.float64).max, 0.004961954789184062, -0.9999876894265599),
    ],
)
def test_angles_are_reduced_by_all_digits_of_pi(x, sin, cos):
    np.testing.assert_allclose(jk.ops.sin(x), sin, rtol=3e-16)
    np.testing.assert_allclose(jk.ops.cos(x), cos, rtol=3e-16)
    np.testing.assert_allclose(jk.ops.tan(x), sin / cos, rtol=6e-16)
    np.testing.assert_allclose(jk.ops.sin(-x), -sin, rtol=3e-16)
    np.testing.assert_allclose(jk.ops.sin.vjp(1.0, x), cos, rtol=3e-16)


@pytest.mark.parametrize("name", PERIODIC)
def test_far_angles_of_float32_are_right(name):
    x = far_and_near(np.float32)
    exact = getattr(jk.ops, name)(x.astype(np.float64))
    np.testing.assert_allclose(getattr(jk.ops, name)(x), exact, rtol=2 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("name", PERIODIC)
def test_near_angles_have_the_same_bits_beside_far_ones(name, dtype):
    op = getattr(jk.ops, name)
    near = np.random.default_rng(0).uniform(-1e5, 1e5, 10_000).astype(dtype)
    beside = near.copy()
    beside[::50] = np.finfo(dtype).max
    mask = beside == near
    ones = np.ones_like(near)
    for f in (op, lambda x: op.vjp(ones, x), lambda x: op.vjp2(ones, ones, x)[-1]):
        np.testing.assert_array_equal(f(beside)[mask], f(near)[mask])


@pytest.mark.parametrize("name", PERIODIC)
def test_sums_of_squares_hold_for_far_angles(name, dtype):
    x = far_and_near(dtype)
    s, c, t = (getattr(jk.ops, f)(x).astype(np.longdouble) for f in PERIODIC)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(s * s + c * c, 1, rtol=4 * eps)
    np.testing.assert_allclose(t, s / c, rtol=4 * eps)


def test_an_infinite_angle_has_no_sine(dtype):
    x = np.array([np.inf, -np.inf, np.nan, 1.0], dtype)
    for name in PERIODIC:
        np.testing.assert_array_equal(np.isnan(getattr(jk.ops, name)(x)), [True, True, True, False])


def test_sinc_vanishes_at_whole_numbers_alone(dtype):
    digits = np.finfo(dtype).nmant
    whole = np.array([1, 2, 3, 1000, 2.0 ** (digits - 1), 2.0**digits, 2.0 ** (digits + 3)], dtype)
    np.testing.assert_array_equal(jk.ops.sinc(whole), np.zeros_like(whole))
    # Halves exist below 2**digits; there |sin| = 1.
    half = np.array([0.5, 1.5, 2.5, 2.0 ** (digits - 1) + 0.5, 2.0**digits - 0.5], dtype)
    np.testing.assert_allclose(np.abs(jk.ops.sinc(half)), 1 / (np.pi * half), rtol=4 * np.finfo(dtype).eps)


def test_the_slope_of_sinc_keeps_its_digits_near_zero(dtype):
    x = np.array([1e-30, 1e-10, 1e-5, 1e-3], dtype)
    z = (4 * np.arctan(np.longdouble(1)) * x) ** 2
    slope = -z / (3 * x) * (1 - z / 10 + z * z / 280)
    second = -(z / x / x) * (1 / np.longdouble(3) - z / 10 + z * z / 168)
    rtol = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(jk.ops.sinc.vjp(np.ones_like(x), x), slope, rtol=rtol)
    np.testing.assert_allclose(jk.ops.sinc.vjp2(np.ones_like(x), np.ones_like(x), x)[-1], second, rtol=rtol)


@pytest.mark.parametrize("name", ["arcsin", "arccos", "arccosh", "arctanh"])
def test_outside_of_the_domain_value_and_derivative_are_nan(name, dtype):
    outside = {"arccosh": [0.9, 0.0, -1.0, -2.0, -np.inf]}.get(name, [1.5, -1.5, np.inf, -np.inf])
    x = np.array(outside, dtype)
    op = getattr(jk.ops, name)
    assert np.all(np.isnan(op(x)))
    assert np.all(np.isnan(op.vjp(np.ones_like(x), x)))
