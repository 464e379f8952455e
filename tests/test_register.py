"""Ops of one's own: checked when they are registered, then like those of the table."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import products
import pytest

import jackern as jk

NUMBER = itertools.count()


def registered(value, derivative, **options):
    return jk.register_op(f"own_{next(NUMBER)}", value, derivative, **options)


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays():
    with products.forgotten():
        yield


@pytest.fixture(scope="module")
def bent():
    """tanh(x)**3, of ops, whose derivative is read from y."""
    return registered(
        lambda x: jk.ops.tanh(x) ** 3,
        lambda y: 3 * np.cbrt(y) ** 2 * (1 - np.cbrt(y) ** 2),
        reads="y",
        domain=(0.1, 2.0),
        aliases=("own_bent",),
    )


def test_it_has_the_interface_of_the_table(bent):
    x, g = np.linspace(0.2, 1.5, 7), np.linspace(-1, 1, 7)
    y = bent(x)
    slope = 3 * np.tanh(x) ** 2 / np.cosh(x) ** 2
    np.testing.assert_allclose(bent.vjp(g, x), g * slope)
    np.testing.assert_allclose(bent.vjp(g, y=y), g * slope)
    np.testing.assert_allclose(bent.jvp(g, x), g * slope)
    np.testing.assert_allclose(bent.derivative(x), slope)
    np.testing.assert_allclose(bent.jacobian(x).toarray(), np.diag(slope))
    np.testing.assert_allclose(bent.vjp(g, x, where=x > 0.5), np.where(x > 0.5, g * slope, 0))
    out = np.ones(7)
    assert bent.vjp(g, x, out=out, accumulate=True) is out
    np.testing.assert_allclose(out, 1 + g * slope)
    assert bent(x.astype(np.float32)).dtype == np.float32
    assert isinstance(bent(0.5), np.float64)
    jk.testing.check(bent, x)
    assert bent.reads == (frozenset({"y"}),)


def test_it_is_found_counted_and_pickled_by_its_name(bent):
    assert jk.op("own_bent") is bent is getattr(jk.ops, bent.name)
    assert bent.name in jk.op_names()
    assert pickle.loads(pickle.dumps(bent)) is bent
    jk.reset_stats()
    bent(np.ones(3))
    assert jk.stats()[f"{bent.name}.value"] == 1


def test_several_arguments_broadcast_and_read_what_they_say():
    op = registered(
        lambda a, b: a * np.exp(b),
        [lambda b: np.exp(b), lambda y: y],
        reads=("b", "y"),
        domain=(-1, 1),
    )
    a, b, g = np.linspace(1, 2, 12).reshape(3, 4), np.linspace(-1, 1, 4), np.ones((3, 4))
    a_bar, b_bar = op.vjp(g, a, b)
    np.testing.assert_allclose(a_bar, np.broadcast_to(np.exp(b), (3, 4)))
    np.testing.assert_allclose(b_bar, (a * np.exp(b)).sum(0))
    np.testing.assert_allclose(op.jvp((a, None), a, b), a * np.exp(b))
    first, second = op.jacobian(a, b, wrt=(0, 1))
    np.testing.assert_allclose(second.vjp(g), b_bar)
    np.testing.assert_allclose(first.jvp(a), a * np.exp(b))
    with pytest.raises(ValueError, match=r"y_bar has shape \(4,\)"):
        op.vjp(b, a, b)


def test_double_backward_needs_the_second_derivative(bent):
    x, g, h = np.linspace(-1, 1, 5), np.linspace(1, 2, 5), np.linspace(0.5, 1, 5)
    cube = registered(lambda x: x**3, lambda x: 3 * x**2, second=lambda x: 6 * x)
    g_bar, x_bar = cube.vjp2(h, g, x)
    np.testing.assert_allclose(g_bar, h * 3 * x**2)
    np.testing.assert_allclose(x_bar, h * g * 6 * x)
    with pytest.raises(TypeError, match="registered without `second`"):
        bent.vjp2(h, g, np.abs(x))


@pytest.mark.parametrize(
    ("value", "derivative", "options", "error", "words"),
    [
        (np.tanh, lambda x: 1 - np.tanh(x), {}, AssertionError, "JVP by argument 0"),
        (lambda x: np.cumsum(x), lambda x: np.ones_like(x), {}, ValueError, "not elementwise"),
        (lambda x: np.float64(2) * x, lambda x: 2 + 0 * x, {}, TypeError, "float64 of float32"),
        (lambda x: 2 * x, lambda x: 2 + 0 * x, {"reads": "z"}, ValueError, "reads names z"),
        (lambda x: 2 * x, [], {}, TypeError, "expected a function for each of x"),
        (3, lambda x: x, {}, TypeError, "value is a int"),
        (lambda a, b: a * b, [lambda a, b: b, lambda a, b: b], {}, AssertionError, "by argument 1"),
    ],
)
def test_what_is_wrong_is_said_at_registration(value, derivative, options, error, words):
    before = jk.op_names()
    with pytest.raises(error, match=words):
        registered(value, derivative, **options)
    assert jk.op_names() == before


@pytest.mark.parametrize("name", ["tanh", "abs", "no name", ""])
def test_a_name_that_is_taken_or_none_is_refused(name):
    with pytest.raises(ValueError, match="register_op"):
        jk.register_op(name, np.tanh, lambda x: 1 - np.tanh(x) ** 2)
