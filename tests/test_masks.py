"""Masks: `where=` of pointwise products, whose lanes are never evaluated, and the op `where`."""

from __future__ import annotations

import layouts
import numpy as np
import products
import pytest

import jackern as jk

N = 37


def arguments(op, dtype):
    return layouts.points(op.domain, [(N,)] * op.nin, dtype, op.name)


@pytest.fixture
def mask():
    return layouts.normal((N,), np.float64, "mask") > 0


def test_masked_lanes_give_nothing_and_the_others_what_they_give_without_a_mask(op, dtype, mask):
    args, g = arguments(op, dtype), layouts.normal((N,), dtype, "g")
    for options in ({}, {"y": op(*args)}):
        whole = products.vjp(op, g, args, **options)
        for bar, found in zip(whole, products.vjp(op, g, args, where=mask, **options), strict=True):
            np.testing.assert_array_equal(found, np.where(mask, bar, dtype(0)))
            assert found.dtype == dtype
        tangents = [layouts.normal((N,), dtype, k) for k in range(op.nin)]
        dot = products.jvp(op, tangents, args, **options)
        found = products.jvp(op, tangents, args, where=mask, **options)
        np.testing.assert_array_equal(found, np.where(mask, dot, dtype(0)))


def test_a_masked_lane_is_never_evaluated(op, mask):
    args = arguments(op, np.float64)
    g = np.ones(N)
    for x in (*args, g):
        x[~mask] = np.nan
    for bar in products.vjp(op, g, args, where=mask):
        assert np.all(np.isfinite(bar))


def test_a_mask_broadcasts_and_cotangents_are_summed(dtype):
    a, b, g = (layouts.normal(shape, dtype, str(shape)) for shape in ((5, 4), (4,), (5, 4)))
    left = np.array([True, False, True, True])
    a_bar, b_bar = jk.ops.multiply.vjp(g, a, b, where=left)
    np.testing.assert_array_equal(a_bar, np.where(left, g * b, 0))
    np.testing.assert_allclose(b_bar, np.where(left, g * a, 0).sum(0), rtol=1e-5)
    assert np.all(np.isinf(jk.ops.sqrt.vjp(np.ones(4), np.zeros(4))))
    np.testing.assert_array_equal(
        jk.ops.sqrt.vjp(np.ones(4), np.array([0, 1, 0, 4.0]), where=[0 > 1, True] * 2), [0, 0.5, 0, 0.25]
    )


def test_out_and_accumulate_beside_a_mask(dtype, mask):
    x, g = (layouts.normal((N,), dtype, name) for name in "xg")
    product = jk.ops.tanh.vjp(g, x, where=mask)
    out = np.full(N, 2, dtype)
    assert jk.ops.tanh.vjp(g, x, out=out, accumulate=True, where=mask) is out
    np.testing.assert_array_equal(out, product + dtype(2))
    assert jk.ops.tanh.vjp(g, x, out=x, where=mask) is x
    np.testing.assert_array_equal(x, product)
    assert jk.ops.tanh.vjp(dtype(3), dtype(1), where=False) == 0


@pytest.mark.parametrize(
    ("mask", "error", "words"),
    [
        (np.ones(4), TypeError, "where has dtype float64, expected bool"),
        (np.ones(3, bool), ValueError, r"where has shape \(3,\), which does not broadcast to \(4,\)"),
        (np.ones((2, 4), bool), ValueError, r"where has shape \(2, 4\)"),
        ("yes", TypeError, "where"),
    ],
)
def test_a_mask_that_is_none_is_refused_before_anything_is_written(mask, error, words):
    out = np.full(4, 7.0)
    with pytest.raises(error, match=words):
        jk.ops.tanh.vjp(np.ones(4), np.ones(4), out=out, where=mask)
    with pytest.raises(error, match=words):
        jk.ops.multiply.jvp((np.ones(4), None), np.ones(4), np.ones(4), out=out, where=mask)
    assert np.all(out == 7)


# ---- the op --------------------------------------------------------------------------------------------


def test_where_chooses_by_any_mask(dtype):
    a, b = (layouts.normal((6,), dtype, name) for name in "ab")
    for mask in ([0, 2, 0, -1, 0, 1], np.array([0, np.nan, 0, 1, -0.0, 3])):
        for kind in (mask, np.array(mask) != 0, np.asarray(np.array(mask) != 0, dtype)):
            y = jk.ops.where(kind, a, b)
            np.testing.assert_array_equal(y, np.where(mask, a, b))
            assert y.dtype == dtype


def test_where_drops_what_it_did_not_choose(dtype):
    mask, g = np.array([True, False, True]), np.array([1, np.inf, np.nan], dtype)
    a, b = np.ones(3, dtype), np.full(3, np.nan, dtype)
    a_bar, b_bar = jk.ops.where.vjp(g, mask, a, b)
    np.testing.assert_array_equal(a_bar, [1, 0, np.nan])
    np.testing.assert_array_equal(b_bar, [0, np.inf, 0])
    np.testing.assert_array_equal(jk.ops.where.jvp((None, a, g), mask, a, b), [1, np.inf, 1])
    np.testing.assert_array_equal(jk.ops.where.vjp(g, mask, a, b, wrt=0), np.zeros(3))
    assert jk.op(np.where) is jk.ops.where
    (first, second) = jk.ops.where.jacobian(mask, a, b, wrt=(1, 2))
    np.testing.assert_array_equal(first.toarray(), np.diag([1.0, 0, 1]))
    np.testing.assert_array_equal((first + second).toarray(), np.eye(3))


def test_a_mask_takes_no_part_in_promotion():
    a = np.ones(3, np.float32)
    for mask in (np.array([1, 0, 1]), np.array([True, False, True]), [1.0, 0.0, 1.0]):
        assert jk.ops.where(mask, a, a).dtype == np.float32
        assert jk.ops.where(mask, a, 0.5).dtype == np.float32
        assert jk.ops.where.vjp(a, mask, a, a)[0].dtype == np.float32
