"""The derivative itself, as an array of the shape of the output."""

from __future__ import annotations

import layouts
import numpy as np
import products
import pytest

import jackern as jk


def test_it_is_the_product_with_ones(op, dtype):
    args = layouts.points(op.domain, [(7,)] * op.nin, dtype, op.name)
    y, ones = op(*args), np.ones(7, dtype)
    for options in ({}, {"y": y}):
        whole = op.derivative(*args, wrt=products.every_wrt(op), **options)
        assert isinstance(whole, tuple)
        for k, found in enumerate(whole):
            tangents = [ones if i == k else None for i in range(op.nin)]
            np.testing.assert_array_equal(found, products.jvp(op, tangents, args, **options))
            assert found.dtype == dtype
            out = np.empty(7, dtype)
            assert op.derivative(*args, wrt=k, out=out, **options) is out
            np.testing.assert_array_equal(out, found)


def test_it_has_the_broadcast_shape_and_memory_of_its_own():
    a, b = np.ones((3, 1)), np.arange(4.0)
    found = jk.ops.multiply.derivative(a, b)
    np.testing.assert_array_equal(found, np.broadcast_to(b, (3, 4)))
    assert not np.shares_memory(found, b)
    np.testing.assert_array_equal(jk.ops.add.derivative(a, b, wrt=1), np.ones((3, 4)))


def test_it_is_read_from_y_alone_where_that_is_enough():
    y = np.tanh(np.linspace(-1, 1, 5))
    np.testing.assert_allclose(jk.ops.tanh.derivative(y=y), 1 - y * y)
    assert isinstance(jk.ops.tanh.derivative(0.5), np.float64)
    with pytest.raises(TypeError, match="x is missing"):
        jk.ops.log.derivative(y=y)
    with pytest.raises(TypeError, match="x or y is missing"):
        jk.ops.tanh.derivative()


def test_outputs_of_several_may_be_the_arguments():
    a, b = np.array([2.0, 3.0]), np.array([5.0, 7.0])
    found = jk.ops.multiply.derivative(a, b, wrt=(0, 1), out=(a, b))
    assert found[0] is a
    assert found[1] is b
    np.testing.assert_array_equal(a, [5, 7])
    np.testing.assert_array_equal(b, [2, 3])
    with pytest.raises(ValueError, match=r"out\[1\] has shape \(3,\)"):
        jk.ops.multiply.derivative(a, b, wrt=(0, 1), out=(a, np.empty(3)))
    np.testing.assert_array_equal(a, [5, 7])
