"""matmul and linear against dense matrices: whole numbers, compared with ==."""

from __future__ import annotations

import layouts
import numpy as np
import oracle
import pytest
from hypothesis import given, strategies as st

import jackern as jk

# Shapes of a and b by NumPy's rules: vectors, matrices, batches that broadcast, lengths 0 and 1.
MATMULS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((2, 1), (1, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((2, 1, 2, 3), (5, 3, 2)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((2, 3), (3, 0)),
    ((0,), (0,)),
    ((0, 2, 3), (3, 4)),
    ((0, 0, 0), (0, 0)),
    ((2, 0, 0), (0, 3)),
]  # fmt: skip


def operands(a_shape, b_shape, dtype=np.float64):
    return layouts.integers(a_shape, dtype, "a"), layouts.integers(b_shape, dtype, "b")


def dense_jacobians(a, b):
    return oracle.matrix(lambda unit: np.matmul(unit, b), a.shape), oracle.matrix(
        lambda unit: np.matmul(a, unit), b.shape
    )


def check_matmul(a, b):
    """Value, JVP, VJP and Jacobian of one pair of operands, whatever their layout."""
    dense = dense_jacobians(a, b)
    y = np.matmul(a, b)
    result = jk.ops.matmul(a, b)
    assert (np.shape(result), result.dtype) == (np.shape(y), y.dtype)
    assert np.array_equal(result, y)

    y_bar = layouts.integers(np.shape(y), y.dtype, "y_bar")
    tangents = [layouts.integers(x.shape, y.dtype, f"tangent{k}") for k, x in enumerate((a, b))]
    for k, (x, bar) in enumerate(zip((a, b), jk.ops.matmul.vjp(y_bar, a, b), strict=True)):
        wanted = (dense[k].T @ y_bar.ravel()).reshape(x.shape)
        assert (np.shape(bar), bar.dtype) == (x.shape, y.dtype)
        assert np.array_equal(bar, wanted)
        assert np.array_equal(jk.ops.matmul.vjp(y_bar, a, b, wrt=k), wanted)
        some = [tangents[j] if j == k else None for j in range(2)]
        y_dot = jk.ops.matmul.jvp(tuple(some), a, b)
        assert np.array_equal(y_dot, (dense[k] @ tangents[k].ravel()).reshape(np.shape(y)))
        jacobian = jk.ops.matmul.jacobian(a, b, wrt=k)
        assert (jacobian.out_shape, jacobian.in_shape) == (np.shape(y), x.shape)
        assert np.array_equal(jacobian.toarray(), dense[k])
        assert np.array_equal(jacobian.vjp(y_bar), wanted)
        assert np.array_equal(jacobian.jvp(tangents[k]), y_dot)
    y_dot = jk.ops.matmul.jvp(tuple(tangents), a, b)
    wanted = sum(matrix @ tangent.ravel() for matrix, tangent in zip(dense, tangents, strict=True))
    assert np.array_equal(y_dot, wanted.reshape(np.shape(y)))


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(("a_shape", "b_shape"), MATMULS)
def test_matmul_and_its_products_equal_numpy_and_the_dense_matrices(a_shape, b_shape, dtype):
    check_matmul(*operands(a_shape, b_shape, dtype))


@pytest.mark.parametrize(("a_shape", "b_shape"), MATMULS)
def test_matmul_takes_every_layout(a_shape, b_shape, layout):
    check_matmul(*[layout(x) for x in operands(a_shape, b_shape)])


@given(st.data())
def test_matmul_takes_random_batches_and_layouts(data):
    m, k, n = (data.draw(st.integers(0, 3)) for _ in range(3))
    a_batch, b_batch = data.draw(layouts.shape_pairs(max_ndim=2, max_length=3))
    a, b = operands((*a_batch, m, k), (*b_batch, k, n))
    check_matmul(data.draw(layouts.laid_out(a)), data.draw(layouts.laid_out(b)))


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(
    ("a_shape", "b_shape"),
    [((300, 257), (257,)), ((257,), (257, 300)), ((64, 65), (65, 33)), ((1, 1000), (1000, 1)),
     ((7, 33, 65), (65, 9)), ((5000, 3), (3,)), ((3, 5000), (5000,)), ((70_001,), (70_001,))],
)  # fmt: skip
def test_larger_matrices_of_whole_numbers_are_exact(a_shape, b_shape, dtype):
    a, b = operands(a_shape, b_shape, dtype)
    y = np.matmul(a.astype(np.int64), b.astype(np.int64))
    assert np.array_equal(jk.ops.matmul(a, b), y)
    assert np.array_equal(jk.ops.matmul(layouts.fortran(a), layouts.backwards(b)), y)
    y_bar = layouts.integers(np.shape(y), dtype, "y_bar")
    a_bar, b_bar = jk.ops.matmul.vjp(y_bar, a, b)
    a2, b2, g2 = np.atleast_2d(a), b[:, None] if b.ndim == 1 else b, y_bar
    g2 = np.asarray(g2).reshape(*a2.shape[:-1], b2.shape[-1])
    assert np.array_equal(a_bar, (g2 @ b2.T).reshape(a_shape))
    b_wanted = np.swapaxes(a2, -1, -2) @ g2
    assert np.array_equal(b_bar, b_wanted.reshape(-1, *b2.shape).sum(axis=0).reshape(b_shape))


def test_matmul_fills_out_and_accumulates(dtype, writable_layout):
    a, b = operands((5, 2, 3), (3, 4), dtype)
    y_bar = layouts.integers((5, 2, 4), dtype, "y_bar")
    out = writable_layout(np.full((5, 2, 4), 7, dtype))
    assert jk.ops.matmul(a, b, out=out) is out
    assert np.array_equal(out, a @ b)
    assert jk.ops.matmul.jvp((a, None), a, b, out=out, accumulate=True) is out
    assert np.array_equal(out, 2 * (a @ b))
    outs = writable_layout(np.full(a.shape, 7, dtype)), writable_layout(np.full(b.shape, 7, dtype))
    results = jk.ops.matmul.vjp(y_bar, a, b, out=outs, accumulate=True)
    wanted = jk.ops.matmul.vjp(y_bar, a, b)
    for k in range(2):
        assert results[k] is outs[k]
        assert np.array_equal(outs[k], wanted[k] + 7)


def test_matmul_into_an_operand_is_computed_as_if_it_had_been_copied(dtype):
    a, b = operands((4, 4), (4, 4), dtype)
    y_bar = layouts.integers((4, 4), dtype, "y_bar")
    wanted, bars = a @ b, jk.ops.matmul.vjp(y_bar, a, b)
    for taken in range(2):
        copies = [a.copy(), b.copy()]
        assert np.array_equal(jk.ops.matmul(*copies, out=copies[taken]), wanted)
    copies = [a.copy(), b.copy()]
    results = jk.ops.matmul.vjp(y_bar, *copies, out=tuple(copies))
    assert all(np.array_equal(x, y) for x, y in zip(results, bars, strict=True))
    copies = [a.copy(), b.copy()]
    results = jk.ops.matmul.vjp(y_bar, *copies, out=(copies[1], copies[0]))
    assert all(np.array_equal(x, y) for x, y in zip(results, bars, strict=True))
    taken = y_bar.copy()
    assert np.array_equal(jk.ops.matmul.vjp(taken, a, b, wrt=0, out=taken), bars[0])
    vector, matrix = layouts.integers((4,), dtype, "v"), a.copy()
    wanted = matrix @ vector
    assert np.array_equal(jk.ops.matmul(matrix, vector, out=vector), wanted)
    assert np.array_equal(jk.ops.matmul(matrix, matrix[0], out=matrix[1]), a @ a[0])


def test_outs_may_interleave_where_they_share_no_number(dtype):
    a, b = operands((4, 4), (4, 4), dtype)
    y_bar, both = layouts.integers((4, 4), dtype, "y_bar"), np.zeros((4, 8), dtype)
    for op in (jk.ops.matmul, jk.ops.multiply):
        results = op.vjp(y_bar, a, b, out=(both[:, ::2], both[:, 1::2]))
        wanted = op.vjp(y_bar, a, b)
        assert all(np.array_equal(x, y) for x, y in zip(results, wanted, strict=True))
        assert np.array_equal(both, np.stack(wanted, axis=-1).reshape(4, 8))


def test_matrix_products_never_warn():
    a, large = np.full((3, 3), np.inf), np.full((3, 3), 1e300)
    assert np.all(np.isnan(jk.ops.matmul(a, np.zeros((3, 3)))))
    assert np.all(np.isinf(jk.ops.matmul(large, np.eye(3) + 1, out=np.zeros((3, 3), np.float32))))
    assert np.all(np.isnan(jk.ops.matmul.vjp(a, a, np.zeros((3, 3)), wrt=0)))
    assert np.all(np.isnan(jk.ops.linear.jvp((a, None, None), a, np.zeros((3, 3)))))


def test_matmul_promotes_like_numpy():
    a, b = operands((2, 3), (3, 4), np.float32)
    assert jk.ops.matmul(a, b).dtype == np.float32
    assert jk.ops.matmul(a, b.astype(np.float64)).dtype == np.float64
    assert jk.ops.matmul(a.astype(int), b.astype(int)).dtype == np.float64
    assert np.array_equal(jk.ops.matmul(a.astype(int), b), a @ b)
    assert type(jk.ops.matmul(a[0], b[:, 0])) is np.float32
    out = np.zeros((2, 4), np.float32)
    assert jk.ops.matmul(a.astype(np.float64), b, out=out) is out
    assert np.array_equal(out, a @ b)


# ---- linear -------------------------------------------------------------------------------------------

LINEARS = [
    ((3,), 4),
    ((2, 3), 4),
    ((5, 2, 3), 4),
    ((1, 3), 1),
    ((0, 3), 4),
    ((2, 0), 4),
    ((2, 3), 0),
    ((65, 33), 17),
]


def linear_operands(x_shape, n, dtype):
    return [
        layouts.integers(shape, dtype, seed) for shape, seed in ((x_shape, "x"), ((x_shape[-1], n), "w"), ((n,), "b"))
    ]


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(("x_shape", "n"), LINEARS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_and_its_products_equal_the_dense_matrices(x_shape, n, with_bias, dtype):
    x, w, b = linear_operands(x_shape, n, dtype)
    args = (x, w, b) if with_bias else (x, w, None)
    y = x @ w + b if with_bias else x @ w
    dense = [
        oracle.matrix(lambda unit: unit @ w, x.shape),
        oracle.matrix(lambda unit: x @ unit, w.shape),
        oracle.matrix(lambda unit: np.broadcast_to(unit, y.shape), b.shape),
    ]
    n_args = 3 if with_bias else 2
    result = jk.ops.linear(*args)
    assert (result.shape, result.dtype) == (y.shape, dtype)
    assert np.array_equal(result, y)
    y_bar = layouts.integers(y.shape, dtype, "y_bar")
    bars = jk.ops.linear.vjp(y_bar, *args)
    assert len(bars) == n_args
    tangents = [layouts.integers(a.shape, dtype, f"tangent{k}") for k, a in enumerate(args[:n_args])]
    for k, bar in enumerate(bars):
        wanted = (dense[k].T @ y_bar.ravel()).reshape(args[k].shape)
        assert (bar.shape, bar.dtype) == (args[k].shape, dtype)
        assert np.array_equal(bar, wanted)
        assert np.array_equal(jk.ops.linear.vjp(y_bar, *args, wrt=k), wanted)
        if x.size * n < 1000:
            jacobian = jk.ops.linear.jacobian(*args, wrt=k)
            assert (jacobian.out_shape, jacobian.in_shape) == (y.shape, args[k].shape)
            assert np.array_equal(jacobian.toarray(), dense[k])
    y_dot = jk.ops.linear.jvp(tuple(tangents) if with_bias else (*tangents, None), *args)
    wanted = sum(matrix @ tangent.ravel() for matrix, tangent in zip(dense, tangents, strict=False))
    assert np.array_equal(y_dot, wanted.reshape(y.shape))


def test_linear_takes_every_layout(layout, dtype):
    x, w, b = (layout(a) for a in linear_operands((5, 7, 3), 4, dtype))
    y_bar = layout(layouts.integers((5, 7, 4), dtype, "y_bar"))
    assert np.array_equal(jk.ops.linear(x, w, b), x @ w + b)
    x_bar, w_bar, b_bar = jk.ops.linear.vjp(y_bar, x, w, b)
    assert np.array_equal(x_bar, y_bar @ w.T)
    assert np.array_equal(w_bar, np.einsum("ijk,ijn->kn", x, y_bar))
    assert np.array_equal(b_bar, y_bar.sum(axis=(0, 1)))


def test_linear_fills_out_and_accumulates(dtype, writable_layout):
    x, w, b = linear_operands((5, 3), 4, dtype)
    y_bar = layouts.integers((5, 4), dtype, "y_bar")
    out = writable_layout(np.full((5, 4), 7, dtype))
    assert jk.ops.linear(x, w, b, out=out) is out
    assert np.array_equal(out, x @ w + b)
    outs = tuple(writable_layout(np.full(a.shape, 7, dtype)) for a in (x, w, b))
    results = jk.ops.linear.vjp(y_bar, x, w, b, out=outs, accumulate=True)
    for k, wanted in enumerate(jk.ops.linear.vjp(y_bar, x, w, b)):
        assert results[k] is outs[k]
        assert np.array_equal(outs[k], wanted + 7)
    w_bar, b_bar = jk.ops.linear.vjp(y_bar, x, w, b, wrt=(1, 2), out=(outs[1], None))
    assert w_bar is outs[1]
    assert np.array_equal(w_bar, x.T @ y_bar)
    assert np.array_equal(b_bar, y_bar.sum(axis=0))


# ---- storage ------------------------------------------------------------------------------------------


def test_the_jacobians_of_matmul_store_an_operand_and_copy_nothing():
    x, w = operands((5, 3), (3, 4))
    by_x, by_w = jk.ops.matmul.jacobian(x, w, wrt=(0, 1))
    assert by_x.structure == by_w.structure == "block-diagonal"
    assert np.shares_memory(by_x.values, w)
    assert np.shares_memory(by_w.values, x)
    assert (by_x.values.size, by_w.values.size) == (w.size, x.size)
    by_vector = jk.ops.matmul.jacobian(x, w[:, 0], wrt=1)
    assert by_vector.structure == "dense"
    assert np.shares_memory(by_vector.values, x)
    assert np.array_equal(by_vector.toarray(), x)
    by_matrix = jk.ops.matmul.jacobian(x, w[:, 0], wrt=0)
    assert by_matrix.structure == "reduction"
    assert np.shares_memory(by_matrix.values, w)
    assert by_matrix.values.size == 3


def test_the_jacobians_of_linear_store_an_operand_and_copy_nothing():
    x, w, b = linear_operands((5, 3), 4, np.float64)
    by_x, by_w, by_b = jk.ops.linear.jacobian(x, w, b, wrt=(0, 1, 2))
    assert (by_x.structure, by_w.structure, by_b.structure) == (
        "block-diagonal",
        "block-diagonal",
        "broadcast",
    )
    assert np.shares_memory(by_x.values, w)
    assert np.shares_memory(by_w.values, x)
    assert by_b.values.size == 1
