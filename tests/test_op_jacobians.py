"""The Jacobians of pointwise ops: every op against the dense matrix of its derivatives."""

from __future__ import annotations

import math

import layouts
import numpy as np
import oracle
import products
import pytest

import jackern as jk

PAIRS = [
    ((), ()),
    ((5,), (5,)),
    ((5,), ()),
    ((), (5,)),
    ((3, 4), (4,)),
    ((3, 4), (3, 1)),
    ((3, 1), (1, 4)),
    ((4,), (3, 4)),
    ((1,), (3, 4)),
    ((2, 3, 4), (3, 1)),
    ((0, 3), (3,)),
    ((1, 1), (1,)),
]


@pytest.mark.isa
@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 3)])
def test_the_jacobian_of_a_unary_op_is_the_diagonal_of_its_derivative(unary, shape, dtype):
    (x,) = layouts.points(unary.domain, [shape], dtype)
    jacobian = unary.jacobian(x)
    derivative = unary.vjp(np.ones(shape, dtype), x)
    assert (jacobian.out_shape, jacobian.in_shape, jacobian.dtype) == (shape, shape, dtype)
    assert oracle.same_bits(jacobian.toarray(), np.diag(np.ravel(derivative)))
    v = layouts.normal(shape, dtype, "v")
    np.testing.assert_allclose(jacobian.jvp(v), unary.jvp(v, x), rtol=4 * np.finfo(dtype).eps)
    assert jacobian.nnz == math.prod(shape)
    assert jacobian.nbytes <= max(1, math.prod(shape)) * jacobian.dtype.itemsize


@pytest.mark.isa
@pytest.mark.parametrize(("a_shape", "b_shape"), PAIRS)
def test_the_jacobians_of_an_op_equal_their_dense_matrices(several, a_shape, b_shape, dtype):
    homes = layouts.with_a_third(several.nin, (a_shape, b_shape), len(a_shape))
    args = layouts.points(several.domain, homes, dtype)
    shape = np.broadcast_shapes(a_shape, b_shape)
    derivatives = products.vjp(several, np.ones(shape, dtype), [np.broadcast_to(a, shape).copy() for a in args])
    for k, jacobian in enumerate(several.jacobian(*args, wrt=products.every_wrt(several))):
        dense = oracle.pointwise_matrix(derivatives[k], args[k].shape)
        assert (jacobian.out_shape, jacobian.in_shape, jacobian.dtype) == (shape, args[k].shape, dtype)
        np.testing.assert_allclose(jacobian.toarray(), dense, rtol=8 * np.finfo(dtype).eps)
        alone = several.jacobian(*args, wrt=k)
        assert oracle.same_bits(alone.toarray(), jacobian.toarray())
        u = layouts.normal(shape, dtype, "u")
        bar = several.vjp(u, *args, wrt=k)
        allowed = 64 * np.finfo(dtype).eps * (np.abs(u).ravel() @ np.abs(dense)).reshape(bar.shape)
        assert np.all(np.abs(jacobian.vjp(u) - bar) <= allowed)
        assert jacobian.nbytes <= max(1, math.prod(shape)) * jacobian.dtype.itemsize


def test_the_jacobians_of_a_product_store_its_operands_and_copy_nothing():
    w, x = layouts.integers((4,), seed="w"), layouts.integers((3, 4), seed="x")
    by_w, by_x = jk.ops.multiply.jacobian(w, x, wrt=(0, 1))
    assert (by_w.structure, by_x.structure) == ("broadcast", "diagonal")
    assert np.shares_memory(by_w.values, x)
    assert np.shares_memory(by_x.values, w)
    assert (by_w.values.shape, by_x.values.shape) == ((3, 4), (4,))
    by_scalar, by_vector = jk.ops.multiply.jacobian(2.0, w, wrt=(0, 1))
    assert (by_scalar.structure, by_vector.structure) == ("broadcast", "identity")
    assert np.shares_memory(by_scalar.values, w)
    assert by_vector.nbytes == 8


@pytest.mark.parametrize("n_threads", [1, 2])
def test_many_vectors_times_values_beyond_the_cache_equal_each_alone(n_threads, dtype):
    d, v = layouts.integers((3, 70_001), dtype, "d"), layouts.integers((2, 2, 3, 70_001), dtype, "v")
    by_rows = jk.broadcast(d, (3, 1))
    before = jk.get_num_threads()
    jk.set_num_threads(n_threads)
    try:
        for x in (d, d[:, ::-1]):
            assert np.array_equal(jk.diagonal(x).jvp(v), x * v)
        assert np.array_equal(by_rows.jvp(v[..., :1]), d * v[..., :1])
        out = np.ones(v.shape, dtype)
        assert np.array_equal(jk.diagonal(d).vjp(v, out=out, accumulate=True), d * v + 1)
    finally:
        jk.set_num_threads(before)


def test_constant_derivatives_store_one_number():
    x, z = layouts.integers((3, 4)), 2.0
    for op, signs in ((jk.ops.add, (1, 1)), (jk.ops.subtract, (1, -1))):
        by_x, by_z = op.jacobian(x, z, wrt=(0, 1))
        assert (by_x.structure, by_z.structure) == ("identity", "broadcast")
        assert (by_x.nbytes, by_z.nbytes) == (8, 8)
        assert np.array_equal(by_x.toarray(), signs[0] * np.eye(12))
        assert np.array_equal(by_z.toarray(), np.full((12, 1), signs[1]))
    for op, sign in ((jk.ops.positive, 1), (jk.ops.negative, -1)):
        jacobian = op.jacobian(x)
        assert (jacobian.structure, jacobian.nbytes) == ("identity", 8)
        assert np.array_equal(jacobian.toarray(), sign * np.eye(12))


def test_the_jacobian_of_an_op_takes_every_layout(several, layout):
    args = [layout(a) for a in layouts.points(several.domain, [(3, 4)] * several.nin)]
    plain = [layouts.plain(a) for a in args]
    wrt = products.every_wrt(several)
    for one, other in zip(several.jacobian(*args, wrt=wrt), several.jacobian(*plain, wrt=wrt), strict=True):
        assert np.array_equal(one.toarray(), other.toarray())


def test_every_op_has_jacobians_that_agree_with_the_oracle(op):
    args = layouts.points(op.domain, [(7,)] * op.nin)
    for k in range(op.nin):
        jacobian = op.jacobian(*args, **({} if op.nin == 1 else {"wrt": k}))
        exact = np.float64(oracle.first(op.name, k, args))
        np.testing.assert_allclose(jacobian.toarray(), np.diag(exact), rtol=1e-12, atol=1e-13)
