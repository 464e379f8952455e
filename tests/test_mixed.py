"""Dtypes of calls with Python numbers, integers and booleans, as NumPy promotes them."""

import numpy as np
import pytest

import jackern as jk

x32 = np.array([1.0, 2.0, 3.0], np.float32)
M32 = np.arange(9, dtype=np.float32).reshape(3, 3) + 10 * np.eye(3, dtype=np.float32)
NARROW = [np.int8, np.uint8, np.int16, np.bool_]
JACOBIANS = {
    "diagonal": jk.diagonal(x32),
    "dense": jk.dense(M32),
    "identity": jk.identity(3, 2.0, np.float32),
    "zero": jk.zero(3, 3, np.float32),
    "banded": jk.banded(M32, [-1, 0, 1], (3, 3)),
    "convolution": jk.convolution(x32, 3, mode="same"),
    "gather": jk.select([0, 2, 2], 3, np.float32),
    "linear_map": jk.linear_map(lambda v: v * 2, lambda v: v * 2, 3, 3, dtype=np.float32),
    "product": jk.dense(M32[:, :1]) @ jk.dense(M32[:1]),
    "sum": jk.dense(M32) + jk.select([0, 2, 2], 3, np.float32),
    "gram": jk.dense(M32).gram(),
    "sum with a linear map": jk.dense(M32) + jk.linear_map(lambda v: v * 2, lambda v: v * 2, 3, 3, dtype=np.float32),
    "product with a linear map": jk.dense(M32)
    @ jk.linear_map(lambda v: v * 2, lambda v: v * 2, 3, 3, dtype=np.float32),
}


def vectors():
    for dtype in (*NARROW, np.int32, np.int64, np.uint16, np.float32, np.float64):
        yield np.array([1, 0, 1], dtype)


@pytest.mark.parametrize("name", list(JACOBIANS))
@pytest.mark.parametrize("v", list(vectors()), ids=lambda v: v.dtype.name)
def test_vectors_promote_as_in_numpy(name, v):
    J = JACOBIANS[name]
    dtype = np.result_type(np.float32, v.dtype)
    matrix = J.toarray()
    for result, expected in (
        (J.jvp(v), matrix @ v),
        (J.vjp(v), v @ matrix),
        (J @ v, matrix @ v),
        (v @ J, v @ matrix),
        (J @ v[:, None], matrix @ v[:, None]),
        (v[None] @ J, v[None] @ matrix),
        (J.gram(v).toarray(), matrix.T @ (v[:, None] * matrix)),
    ):
        assert result.dtype == dtype
        np.testing.assert_allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize("v", list(vectors()), ids=lambda v: v.dtype.name)
def test_right_hand_sides_promote_as_in_numpy(v):
    for name in ("diagonal", "dense", "identity", "convolution"):
        assert JACOBIANS[name].solve(v).dtype == np.result_type(np.float32, v.dtype)


@pytest.mark.parametrize("v", list(vectors()), ids=lambda v: v.dtype.name)
def test_jacobians_of_products_promote_as_in_numpy(v):
    dtype = np.result_type(np.float32, v.dtype)
    m = np.ones((3, 3), v.dtype)
    for J in (
        *jk.ops.matmul.jacobian(M32, m, wrt=(0, 1)),
        *jk.ops.matmul.jacobian(m, x32, wrt=(0, 1)),
        *jk.ops.linear.jacobian(M32, m, x32, wrt=(0, 1, 2)),
        *jk.ops.linear.jacobian(M32, M32, v, wrt=(0, 1, 2)),
    ):
        assert J.dtype == dtype


@pytest.mark.parametrize("v", list(vectors()), ids=lambda v: v.dtype.name)
def test_jacobians_of_ops_have_the_dtype_of_all_operands(several, v):
    args = [x32] * (several.nin - 1) + [v]
    for order in (args, args[::-1]):
        jacobians = several.jacobian(*order, wrt=tuple(range(several.nin)))
        assert {J.dtype for J in jacobians} == {np.result_type(np.float32, v.dtype)}


@pytest.mark.parametrize("number", [2.0, 2, True])
def test_python_numbers_are_weak_in_jacobians(several, number, dtype):
    x = np.array([1.0, 2.0, 3.0], dtype)
    for place in range(several.nin):
        args = [x if k == place else number for k in range(several.nin)]
        for k in range(several.nin):
            assert several.jacobian(*args, wrt=k).dtype == dtype
        arrays = [x if k == place else dtype(number) for k in range(several.nin)]
        for k in range(several.nin):
            expected = several.jacobian(*arrays, wrt=k).toarray()
            np.testing.assert_array_equal(several.jacobian(*args, wrt=k).toarray(), expected)


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_reductions_of_two_widths_are_computed_in_the_wider_one(name):
    op = getattr(jk.ops, name)
    h, y_bar, x = np.full(2, 3e38, np.float32), np.float64(1), np.ones(2, np.float32)
    result, rest = op.vjp2(h, y_bar, x)
    assert result.dtype == rest.dtype == np.float64
    np.testing.assert_allclose(result, op(h.astype(np.float64)), rtol=1e-15)
    h = np.array([1, 2**-24, 2**-24], np.float32)
    np.testing.assert_array_equal(op.vjp2(h, y_bar, np.ones(3, np.float32))[0], op(h.astype(np.float64)))


@pytest.mark.parametrize("exponent", [2, 1, -1, 2.0, True])
@pytest.mark.parametrize("accumulate", [False, True, (True,), (False,)], ids=str)
def test_scalar_exponents_take_what_others_do(exponent, accumulate):
    x, out = np.array([1.0, 2.0, 4.0]), np.ones(3)
    given = jk.ops.power.vjp(x, x, exponent, wrt=(0,), out=(out,), accumulate=accumulate)
    assert given[0] is out
    expected = x * exponent * x ** (float(exponent) - 1) + (accumulate in (True, (True,)))
    np.testing.assert_allclose(out, expected, rtol=1e-14)
    assert jk.ops.power.vjp(x, x, exponent, wrt=(0,))[0].shape == (3,)
    assert jk.ops.power.vjp(x, x, exponent, wrt=0).shape == (3,)


@pytest.mark.parametrize("exponent", [2, 1, -1])
def test_errors_name_the_op_that_was_called(exponent):
    x, short = np.ones(3), np.ones(2)
    for method, call in {
        "": lambda: jk.ops.power(x, exponent, out=short),
        ".jvp": lambda: jk.ops.power.jvp((x, None), x, exponent, out=short),
        ".vjp": lambda: jk.ops.power.vjp(x, x, exponent, wrt=0, out=short),
    }.items():
        with pytest.raises(ValueError, match=rf"^ops\.power{method}: out has shape"):
            call()
    with pytest.raises(TypeError, match=r"^ops\.power\.vjp: accumulate"):
        jk.ops.power.vjp(x, x, exponent, wrt=0, out=np.ones(3), accumulate=1)


def test_ops_are_sampled_at_any_size(any_op):
    for n in (0, 1, 2, 7):
        args, keywords = any_op.sample(np.random.default_rng(0), n)
        any_op(*args, **keywords)
