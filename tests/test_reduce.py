"""sum and mean over any axes, and their products, against loops over dense matrices."""

from __future__ import annotations

import itertools
import math

import layouts
import numpy as np
import oracle
import pytest
from hypothesis import given, strategies as st

import jackern as jk

SHAPES = [(), (0,), (1,), (5,), (3, 4), (0, 3), (3, 0), (2, 1, 3), (2, 3, 4, 5)]


def every_axis(ndim):
    """None, every tuple of axes, and every single axis from either end."""
    subsets = [axes for n in range(ndim + 1) for axes in itertools.combinations(range(ndim), n)]
    return [None, *subsets, *range(-ndim, ndim)]


def count(shape, axis):
    """How many entries meet in one sum."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(shape[k] for k in axes)


def cases():
    """Every shape and choice of axes; a mean of nothing has no derivative."""
    return [
        pytest.param(name, shape, axis, keepdims, id=f"{name}-{shape}-{axis}-{keepdims}")
        for name in ("sum", "mean")
        for shape in SHAPES
        for axis in every_axis(len(shape))
        for keepdims in (False, True)
        if name == "sum" or count(shape, axis) > 0
    ]


@pytest.fixture(params=["sum", "mean"])
def name(request):
    return request.param


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(("name", "shape", "axis", "keepdims"), cases())
def test_values_and_products_equal_numpy_and_the_dense_matrix(name, shape, axis, keepdims, dtype):
    divisor = count(shape, axis) if name == "mean" else 1
    op = getattr(jk.ops, name)
    options = {"axis": axis, "keepdims": keepdims}
    x, x_dot = layouts.integers(shape, dtype, "x"), layouts.integers(shape, dtype, "x_dot")
    dense = oracle.matrix(lambda v: np.sum(v, **options), shape)
    wanted = np.sum(x, **options)
    exact = {"rtol": 0 if name == "sum" else 2 * np.finfo(dtype).eps}

    result = op(x, **options)
    assert (np.shape(result), result.dtype) == (np.shape(wanted), dtype)
    np.testing.assert_allclose(result, wanted / divisor, **exact)
    result = op.jvp(x_dot, x, **options)
    assert (np.shape(result), result.dtype) == (np.shape(wanted), dtype)
    np.testing.assert_allclose(result, (dense @ x_dot.ravel()).reshape(np.shape(wanted)) / divisor, **exact)

    y_bar = layouts.integers(np.shape(wanted), dtype, "y_bar")
    result = op.vjp(y_bar, x, **options)
    assert (np.shape(result), result.dtype) == (shape, dtype)
    np.testing.assert_allclose(result, (dense.T @ y_bar.ravel()).reshape(shape) / divisor, **exact)

    jacobian = op.jacobian(x, **options)
    assert (jacobian.out_shape, jacobian.in_shape) == (np.shape(wanted), shape)
    np.testing.assert_allclose(jacobian.toarray(), dense / divisor, rtol=2 * np.finfo(dtype).eps)
    assert jacobian.nbytes <= jacobian.dtype.itemsize


def test_the_jacobian_of_a_sum_is_a_row_of_ones_that_stores_one_number():
    jacobian = jk.ops.sum.jacobian(np.ones(5))
    assert jacobian.structure == "reduction"
    assert jacobian.values.size == 1
    assert np.array_equal(jacobian.toarray(), np.ones((1, 5)))
    assert jk.ops.mean.jacobian(np.ones(5)).toarray()[0, 0] == 0.2


def test_an_empty_sum_is_zero_and_an_empty_mean_is_nan(dtype):
    assert jk.ops.sum(np.zeros(0, dtype)) == 0
    assert np.array_equal(jk.ops.sum(np.zeros((0, 3), dtype), axis=0), np.zeros(3))
    assert np.isnan(jk.ops.mean(np.zeros(0, dtype)))


@pytest.mark.sanitize
@given(st.data(), st.sampled_from(["sum", "mean"]))
def test_any_layout_gives_the_exact_sum(data, name):
    op = getattr(jk.ops, name)
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 5, 17]), max_size=4)))
    axis = data.draw(st.sampled_from(every_axis(len(shape))))
    x = data.draw(layouts.laid_out(layouts.integers(shape)))
    divisor = count(shape, axis) if name == "mean" else 1
    np.testing.assert_allclose(op(x, axis=axis), np.sum(x, axis=axis) / divisor, rtol=4e-16)
    wanted = np.sum(x, axis=axis, keepdims=True)
    y_bar = data.draw(layouts.laid_out(layouts.integers(wanted.shape, seed="y_bar")))
    result = op.vjp(y_bar, x, axis=axis, keepdims=True)
    np.testing.assert_allclose(result, np.broadcast_to(y_bar, shape) / divisor, rtol=4e-16)


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((100_003,), None), ((4099, 7), 0), ((4099, 7), 1), ((7, 4099), 0), ((7, 4099), 1),
     ((31, 17, 129), (0, 2)), ((31, 17, 129), 1), ((3, 5, 7, 11, 13), (1, 3)),
     ((1,) * 30 + (300, 300), None)],
)  # fmt: skip
def test_long_sums_of_whole_numbers_are_exact(shape, axis, dtype):
    x = layouts.integers(shape, dtype)
    for array in (x, layouts.fortran(x), layouts.every_other(x), layouts.backwards(x)):
        assert np.array_equal(jk.ops.sum(array, axis=axis), np.sum(x.astype(np.int64), axis=axis))


def test_layouts_of_out_are_filled_and_returned(name, dtype, writable_layout):
    op = getattr(jk.ops, name)
    x, y_bar = layouts.normal((3, 4, 5), dtype, "x"), layouts.normal((3, 5), dtype, "y_bar")
    out = writable_layout(np.full((3, 5), 7, dtype))
    assert op(x, axis=1, out=out) is out
    assert oracle.same_bits(out, op(x, axis=1))
    assert op.jvp(x, axis=1, out=out) is out
    out = writable_layout(np.full((3, 4, 5), 7, dtype))
    assert op.vjp(y_bar, x, axis=1, out=out) is out
    assert oracle.same_bits(out, op.vjp(y_bar, x, axis=1))


def test_an_overflow_into_float32_does_not_warn(name):
    op, out = getattr(jk.ops, name), np.zeros((3, 4), np.float32)
    assert np.all(np.isinf(op(np.full((3, 4), 1e300), axis=(), out=out)))
    assert np.all(np.isinf(op.vjp(1e300, out, out=out)))


@pytest.mark.parametrize("out_dtype", layouts.DTYPES)
def test_accumulate_adds_the_sum_once_in_the_wider_dtype(name, dtype, out_dtype):
    op = getattr(jk.ops, name)
    x, y_bar = layouts.normal((33, 7), dtype, "x"), layouts.normal((7,), dtype, "y_bar")
    wider = np.promote_types(dtype, out_dtype)
    for product, shape in ((lambda **out: op.jvp(x, x, axis=0, **out), (7,)),
                           (lambda **out: op.vjp(y_bar, x, axis=0, **out), (33, 7))):  # fmt: skip
        before = layouts.normal(shape, out_dtype, "before")
        wanted = (before.astype(wider) + product().astype(wider)).astype(out_dtype)
        assert oracle.same_bits(product(out=before, accumulate=True), wanted)


def test_an_out_that_overlaps_the_input_is_computed_as_if_it_had_been_copied(name, dtype):
    op = getattr(jk.ops, name)
    x = layouts.normal((20, 20), dtype, "x")
    for row_or_column in (np.s_[3], np.s_[:, 3]):
        taken, elsewhere = x.copy(), np.zeros_like(x)
        op(taken, axis=0, out=taken[row_or_column])
        op(x, axis=0, out=elsewhere[row_or_column])
        assert oracle.same_bits(taken[row_or_column], elsewhere[row_or_column])
    y_bar = layouts.normal((20,), dtype, "y_bar")
    taken = x.copy()
    taken[2] = y_bar
    assert oracle.same_bits(op.vjp(taken[2], x, axis=0, out=taken), op.vjp(y_bar, x, axis=0))


def test_the_tangent_alone_is_enough_for_a_jvp(name):
    x_dot = layouts.normal((3, 4))
    op = getattr(jk.ops, name)
    assert oracle.same_bits(op.jvp(x_dot, axis=0), op(x_dot, axis=0))


def test_an_operand_read_for_its_shape_only_takes_no_part_in_promotion(name):
    op = getattr(jk.ops, name)
    shape_only = np.broadcast_to(0.0, (3, 4))
    assert op.vjp(np.ones(4, np.float32), shape_only, axis=0).dtype == np.float32
    assert op.jvp(np.ones((3, 4), np.float32), shape_only).dtype == np.float32


def test_results_without_axes_are_numpy_scalars(name, dtype):
    op = getattr(jk.ops, name)
    assert type(op(np.ones(3, dtype))) is dtype
    assert type(op.jvp(np.ones(3, dtype))) is dtype
    assert type(op.vjp(np.ones((), dtype), np.ones((), dtype))) is dtype


def test_integers_and_booleans_are_summed_as_float64(name):
    for x in (np.arange(5), np.array([True, False, True]), [1, 2, 3], 3):
        result = getattr(jk.ops, name)(x)
        assert type(result) is np.float64
        assert result == getattr(np, name)(x)


def test_a_result_is_a_new_array_even_where_nothing_is_summed():
    x = layouts.normal((3, 4))
    for result in (jk.ops.sum(x, axis=()), jk.ops.sum.vjp(x, x, axis=()), jk.ops.sum.jvp(x, axis=())):
        assert np.array_equal(result, x)
        assert not np.shares_memory(result, x)
        assert result.flags.writeable


def test_nan_and_infinity_reach_only_the_sums_that_contain_them():
    x = np.ones((70, 40))
    x[3, 5], x[60, 7] = np.nan, np.inf
    total = jk.ops.sum(x, axis=0)
    assert np.isnan(total[5])
    assert np.isposinf(total[7])
    assert np.all(np.delete(total, [5, 7]) == 70)
