"""Kinks, zeros, infinities and NaN: what the conventions promise, each by name."""

from __future__ import annotations

import layouts
import numpy as np
import oracle
import products
import pytest
from kinks import INF, KINKS, NAN

import jackern as jk


def test_every_op_with_a_kink_is_tested_here_by_name():
    assert {op.name for op in products.OPS if op.kinks} <= set(KINKS)


@pytest.mark.isa
@pytest.mark.parametrize(
    ("name", "args", "derivatives"),
    [pytest.param(name, *row, id=f"{name}{row[0]}") for name, rows in KINKS.items() for row in rows],
)
def test_the_derivative_at_a_kink_is_the_one_promised(name, args, derivatives, dtype):
    op = getattr(jk.ops, name)
    # A long array and a single number run through different loops: both must know the kink.
    for shape in ((), (37,)):
        args_here = [np.full(shape, a, dtype) for a in args]
        ones = np.ones(shape, dtype)
        y = op(*args_here)
        for options in ({}, {"y": y}):
            bars = products.vjp(op, ones, args_here, **options)
            for k, (bar, derivative) in enumerate(zip(bars, derivatives, strict=True)):
                np.testing.assert_allclose(bar, np.full(shape, derivative), rtol=4 * np.finfo(dtype).eps)
                tangents = [ones if j == k else None for j in range(op.nin)]
                result = products.jvp(op, tangents, args_here, **options)
                np.testing.assert_array_equal(result, bar)


@pytest.mark.isa
@pytest.mark.parametrize("name", KINKS)
def test_the_jacobian_at_a_kink_holds_the_derivative_promised(name):
    op = getattr(jk.ops, name)
    for args, derivatives in KINKS[name]:
        for k, derivative in enumerate(derivatives):
            wrt = {} if op.nin == 1 else {"wrt": k}
            entry = op.jacobian(*[np.array([a]) for a in args], **wrt).toarray()
            np.testing.assert_allclose(entry, [[derivative]], rtol=1e-15)


@pytest.mark.isa
@pytest.mark.parametrize("b", [-3.0, -0.5])
def test_second_derivatives_of_a_power_of_infinity_that_is_zero_are_zero(b, dtype):
    one, a, b = (np.full(11, x, dtype) for x in (1.0, INF, b))
    for bar in jk.ops.power.vjp2((one, one), one, a, b, wrt=(0, 1)):
        np.testing.assert_array_equal(bar, np.zeros(11))


def test_sqrt_at_zero_multiplies_zero_by_infinity_as_ieee_does():
    zero = np.zeros(3)
    assert np.all(np.isnan(jk.ops.sqrt.vjp(zero, zero)))
    assert np.all(jk.ops.sqrt.vjp(np.ones(3), y=zero) == INF)


# ---- what an op did not choose is a structural zero ---------------------------------------------------


@pytest.mark.isa
@pytest.mark.parametrize("y_bar", [INF, -INF, NAN])
def test_relu_drops_the_cotangent_where_it_did_not_choose_x(y_bar, dtype):
    x = np.array([-1.0, -INF, -1e-30, 0.0] * 9, dtype)
    g = np.full(x.shape, y_bar, dtype)
    assert np.all(jk.ops.relu.vjp(g, x) == 0)
    assert np.all(jk.ops.relu.vjp(g, y=jk.ops.relu(x)) == 0)
    assert np.all(jk.ops.relu.jvp(g, x) == 0)


@pytest.mark.isa
@pytest.mark.parametrize("y_bar", [INF, NAN])
@pytest.mark.parametrize(
    ("name", "args", "wrt"),
    [
        ("relu6", (7.0,), 0),
        ("hard_tanh", (-2.0,), 0),
        ("hard_sigmoid", (3.0,), 0),
        ("hard_silu", (-3.0,), 0),
        ("leaky_relu", (2.0, 0.25), 1),
        ("elu", (2.0, 0.5), 1),
        ("celu", (2.0, 0.5), 1),
        ("huber", (1.0, 1.0), 1),
    ],
)
def test_activations_drop_the_cotangent_of_a_branch_not_taken(name, args, wrt, y_bar, dtype):
    args = [np.full(19, x, dtype) for x in args]
    bars = products.vjp(getattr(jk.ops, name), np.full(19, y_bar, dtype), args)
    assert np.all(bars[wrt] == 0)


@pytest.mark.isa
@pytest.mark.parametrize(
    ("name", "args"),
    [("elu", (0.0, 1.0)), ("selu", (0.0,)), ("celu", (0.0, 1.0)), ("softsign", (0.0,)), ("leaky_relu", (0.0, 0.25))]
    + [("hard_silu", (x,)) for x in (-3.0, 3.0)]
    + [("huber", (x, 1.0)) for x in (-1.0, 1.0)],
)
def test_second_derivatives_are_zero_at_a_kink_of_the_slope(name, args, dtype):
    op, ones = getattr(jk.ops, name), np.ones(19, dtype)
    args = [np.full(19, x, dtype) for x in args]
    _, *bars = products.vjp2(op, [ones] * op.nin, ones, args)
    assert all(np.all(bar == 0) for bar in bars)


@pytest.mark.isa
@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("y_bar", [INF, NAN])
def test_maximum_and_minimum_drop_the_cotangent_of_what_they_did_not_choose(name, y_bar, dtype):
    op = getattr(jk.ops, name)
    low, high = np.full(19, 1.0, dtype), np.full(19, 2.0, dtype)
    chosen_first = (high, low) if name == "maximum" else (low, high)
    g = np.full(19, y_bar, dtype)
    a_bar, b_bar = op.vjp(g, *chosen_first)
    np.testing.assert_array_equal(a_bar, g)
    assert np.all(b_bar == 0)
    a_bar, b_bar = op.vjp(g, *reversed(chosen_first))
    assert np.all(a_bar == 0)
    np.testing.assert_array_equal(b_bar, g)
    # The tangent of the operand not chosen is dropped in the same way.
    np.testing.assert_array_equal(op.jvp((np.ones(19, dtype), g), *chosen_first), np.ones(19))


@pytest.mark.isa
@pytest.mark.parametrize("y_bar", [INF, NAN])
def test_clip_drops_the_cotangents_of_what_it_did_not_choose(y_bar, dtype):
    lo, hi = dtype(-1), dtype(1)
    g = np.full(19, y_bar, dtype)
    for chosen, x in enumerate((0.5, -2.0, 3.0)):
        x = np.full(19, x, dtype)
        los, his = np.full(19, lo), np.full(19, hi)
        bars = jk.ops.clip.vjp(g, x, los, his, wrt=(0, 1, 2))
        for k, bar in enumerate(bars):
            np.testing.assert_array_equal(bar, g if k == chosen else np.zeros(19, dtype))
        tangents = [g] * 3
        tangents[chosen] = np.ones(19, dtype)
        np.testing.assert_array_equal(jk.ops.clip.jvp(tuple(tangents), x, los, his), np.ones(19))


def test_the_unchosen_drop_out_of_a_broadcast_sum_as_well():
    """A structural zero wins before the sum over the stretched axis: no infinity times zero gets into it."""
    a, b = np.array([[1.0, 5.0], [2.0, 6.0]]), np.array([3.0, 3.0])
    g = np.array([[1.0, INF], [10.0, INF]])
    _, b_bar = jk.ops.maximum.vjp(g, a, b)
    np.testing.assert_array_equal(b_bar, [11.0, 0.0])


@pytest.mark.parametrize("h", [1.0, INF])
def test_second_derivatives_of_ops_that_choose_are_zero(h):
    for op in products.OPS:
        if op.selects:
            args = [np.array([1.0, -2.0, 3.0]), np.array([2.0, -3.0, 4.0]), np.array([1.5, 0.0, 5.0])][: op.nin]
            _, *bars = products.vjp2(op, [np.full(3, h)] * op.nin, np.ones(3), args)
            assert all(np.all(bar == 0) for bar in bars), op.name


# ---- NaN and infinity ---------------------------------------------------------------------------------


# Rows whose value may be a number beside NaN: 1**nan and nan**0 are 1 (the next test), the others pass over it.
PAST_NAN = {"power", "fmax", "fmin", "nan_to_num", "copysign", "heaviside"}


@pytest.mark.isa
def test_nan_in_gives_nan_out(op, dtype):
    """In every operand, in the middle of a vector and in its remainder."""
    for k in range(op.nin):
        if op.name in PAST_NAN:
            continue
        args = [np.full(21, 0.5 * (low + high), dtype) for low, high in op.domain]
        args[k][[3, 20]] = NAN
        nan = np.isnan(op(*args))
        assert np.all(nan[[3, 20]])
        assert not np.any(np.delete(nan, [3, 20]))


def test_power_keeps_the_exceptions_of_c():
    assert jk.ops.power(NAN, 0.0) == 1
    assert jk.ops.power(1.0, NAN) == 1
    assert np.isnan(jk.ops.power(NAN, 2.0))


@pytest.mark.isa
def test_a_derivative_is_nan_where_it_reads_nan(op, dtype):
    """By every argument, from NaN in every operand that the derivative reads (through y as well)."""
    if op.name in ("fmax", "fmin", "nan_to_num"):
        pytest.skip("what is not chosen is a structural zero, and these do not choose NaN")
    for k in range(op.nin):
        if not op.reads[k]:
            continue
        for at in range(op.nin):
            if products.names(op)[at] not in op.reads[k] and "y" not in op.reads[k]:
                continue
            args = [np.full(21, 0.5 * (low + high) + 1 / 32, dtype) for low, high in op.domain]
            args[at][[3, 20]] = NAN
            nan = np.isnan(products.vjp(op, np.ones(21, dtype), args)[k])
            assert np.all(nan[[3, 20]]), (k, at)
            assert not np.any(np.delete(nan, [3, 20])), (k, at)


def test_values_at_infinity_are_those_of_numpy(op):
    special = np.array([INF, -INF, 0.0, -0.0, 1.0, -1.0, NAN])
    args = np.meshgrid(*[special] * op.nin)
    with np.errstate(all="ignore"):
        wanted = oracle.function(op.name)(*args)
    np.testing.assert_allclose(op(*args), wanted, rtol=2e-15)


@pytest.mark.isa
@pytest.mark.parametrize(
    ("name", "x", "value", "derivative"),
    [
        ("sigmoid", 1000.0, 1.0, 0.0),
        ("sigmoid", -1000.0, 0.0, 0.0),
        ("sigmoid", INF, 1.0, 0.0),
        ("sigmoid", -INF, 0.0, 0.0),
        ("softplus", 1000.0, 1000.0, 1.0),
        ("softplus", -1000.0, 0.0, 0.0),
        ("softplus", INF, INF, 1.0),
        ("softplus", -INF, 0.0, 0.0),
        ("silu", 1000.0, 1000.0, 1.0),
        ("silu", -1000.0, 0.0, 0.0),
        ("silu", -1e30, 0.0, 0.0),
        ("silu", INF, INF, 1.0),
        ("silu", -INF, 0.0, 0.0),
        ("log_sigmoid", INF, 0.0, 0.0),
        ("log_sigmoid", -INF, -INF, 1.0),
        ("mish", 1000.0, 1000.0, 1.0),
        ("mish", INF, INF, 1.0),
        ("mish", -INF, 0.0, 0.0),
        ("softsign", INF, 1.0, 0.0),
        ("hard_silu", INF, INF, 1.0),
        ("hard_silu", -INF, 0.0, 0.0),
        ("selu", -INF, -1.7580993408473768599, 0.0),
        ("tanh", 1000.0, 1.0, 0.0),
        ("tanh", -INF, -1.0, 0.0),
        ("arctan", INF, np.pi / 2, 0.0),
        ("arcsinh", INF, INF, 0.0),
        ("arccosh", INF, INF, 0.0),
        ("sinc", INF, 0.0, 0.0),
        ("expm1", -INF, -1.0, 0.0),
        ("exp", -INF, 0.0, 0.0),
    ],
)
def test_saturated_functions_have_their_limits_and_derivatives_without_nan(name, x, value, derivative, dtype):
    op = getattr(jk.ops, name)
    x = np.full(11, x, dtype)
    np.testing.assert_allclose(op(x), np.full(11, value), rtol=np.finfo(dtype).eps, atol=0)
    np.testing.assert_array_equal(op.vjp(np.ones(11, dtype), x), np.full(11, derivative))


def test_sigmoid_and_softplus_keep_their_small_values():
    """exp(-40) is far above the rounding error that 1 - sigmoid(40) or log(1 + exp(-40)) would leave."""
    np.testing.assert_allclose(jk.ops.sigmoid(-40.0), np.exp(-40.0), rtol=1e-15)
    np.testing.assert_allclose(jk.ops.softplus(-40.0), np.exp(-40.0), rtol=1e-15)
    np.testing.assert_allclose(jk.ops.sigmoid.vjp(1.0, -40.0), np.exp(-40.0), rtol=1e-15)


def test_hypot_neither_overflows_nor_underflows(dtype):
    big, small = np.finfo(dtype).max / 4, np.finfo(dtype).tiny
    for a in (big, small):
        a = np.full(9, a, dtype)
        np.testing.assert_allclose(jk.ops.hypot(a, a), a * np.sqrt(dtype(2)), rtol=4 * np.finfo(dtype).eps)
        a_bar, b_bar = jk.ops.hypot.vjp(np.ones(9, dtype), a, a)
        np.testing.assert_allclose(a_bar, np.sqrt(0.5), rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_allclose(b_bar, np.sqrt(0.5), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.isa
def test_arctan2_and_hypot_have_their_derivatives_in_every_quadrant(dtype):
    a, b = (layouts.plain(x) for x in np.meshgrid(*[np.array([-3, -0.5, 0.25, 2], dtype)] * 2))
    ones, rtol = np.ones((4, 4), dtype), 8 * np.finfo(dtype).eps
    square = a * a + b * b
    np.testing.assert_allclose(jk.ops.arctan2(a, b), np.arctan2(a, b), rtol=rtol)
    a_bar, b_bar = jk.ops.arctan2.vjp(ones, a, b)
    np.testing.assert_allclose(a_bar, b / square, rtol=rtol)
    np.testing.assert_allclose(b_bar, -a / square, rtol=rtol)
    a_bar, b_bar = jk.ops.hypot.vjp(ones, a, b)
    np.testing.assert_allclose(a_bar, a / np.sqrt(square), rtol=rtol)
    np.testing.assert_allclose(b_bar, b / np.sqrt(square), rtol=rtol)


def test_the_derivatives_of_arctan2_neither_overflow_nor_underflow(dtype):
    scale = dtype(2) ** (np.finfo(dtype).maxexp * 3 // 4)
    for x in (scale, 1 / scale):
        x = np.full(9, x, dtype)
        a_bar, b_bar = jk.ops.arctan2.vjp(np.ones(9, dtype), x, x)
        np.testing.assert_allclose(a_bar * x, 0.5, rtol=8 * np.finfo(dtype).eps)
        np.testing.assert_allclose(b_bar * x, -0.5, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.isa
def test_power_has_its_derivatives_at_negative_bases_and_whole_exponents(dtype):
    a, b = (layouts.plain(x) for x in np.meshgrid(np.array([-3, -0.5], dtype), np.array([-2, 1, 2, 3], dtype)))
    ones, rtol = np.ones(a.shape, dtype), 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(jk.ops.power(a, b), a**b, rtol=rtol)
    np.testing.assert_allclose(jk.ops.power.vjp(ones, a, b, wrt=0), b * a ** (b - 1), rtol=rtol)
    _, a_bar, _ = jk.ops.power.vjp2((ones, None), ones, a, b)
    np.testing.assert_allclose(a_bar, b * (b - 1) * a ** (b - 2), rtol=rtol)


@pytest.mark.parametrize("exponent", [2, 1, -1, 2.0, 0.5])
def test_power_with_a_number_for_its_exponent_equals_power_with_an_array(exponent, dtype):
    a, y_bar = np.array([-3, -0.5, 0.5, 3], dtype), np.array([1, 2, 3, 4], dtype)
    full = np.full(4, exponent, dtype)
    np.testing.assert_allclose(jk.ops.power(a, exponent), jk.ops.power(a, full), rtol=np.finfo(dtype).eps)
    a_bar = jk.ops.power.vjp(y_bar, a, exponent, wrt=0)
    np.testing.assert_allclose(a_bar, jk.ops.power.vjp(y_bar, a, full, wrt=0), rtol=2 * np.finfo(dtype).eps)


@pytest.mark.filterwarnings("error")
def test_kernels_never_warn(op):
    """Division by zero, overflow and invalid operations give IEEE's results without a word."""
    special = np.array([INF, -INF, 0.0, -0.0, 1e308, -1e308, 5e-324, NAN, 2.0])
    args = [a.ravel() for a in np.meshgrid(*[special] * op.nin)]
    with np.errstate(all="raise"):
        op(*args)
        products.vjp(op, args[0], args)
        products.jvp(op, args, args)
        products.vjp2(op, args, args[0], args)
