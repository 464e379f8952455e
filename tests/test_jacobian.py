"""Jacobian objects: every structure against its dense matrix, filled number by number."""

from __future__ import annotations

import math
import operator

import layouts
import numpy as np
import oracle
import pytest
from hypothesis import given, strategies as st

import jackern as jk

LETTERS = "abcdefgh"


def check(jacobian, dense, out_shape, in_shape, dtype, batches=((), (2,), (2, 3), (0,), (1,))):
    """Everything that a Jacobian says and does, against its dense matrix of whole numbers."""
    m, n = dense.shape
    assert isinstance(jacobian, jk.Jacobian)
    assert jacobian.out_shape == out_shape
    assert jacobian.in_shape == in_shape
    assert jacobian.shape == (m, n) == (math.prod(out_shape), math.prod(in_shape))
    assert jacobian.dtype == dtype
    matrix = jacobian.toarray()
    assert (matrix.shape, matrix.dtype) == ((m, n), dtype)
    assert np.array_equal(matrix, dense)
    assert np.array_equal(jacobian.toarray(layout="denominator"), dense.T)
    assert np.array_equal(np.asarray(jacobian), dense)
    assert np.array_equal(jacobian.totensor(), dense.reshape(out_shape + in_shape))
    for batch in batches:
        v = layouts.integers((*batch, *in_shape), dtype, "v")
        u = layouts.integers((*batch, *out_shape), dtype, "u")
        y_dot = jacobian.jvp(v)
        x_bar = jacobian.vjp(u)
        assert (np.shape(y_dot), y_dot.dtype) == ((*batch, *out_shape), dtype)
        assert (np.shape(x_bar), x_bar.dtype) == ((*batch, *in_shape), dtype)
        count = math.prod(batch)
        wanted_dot = (v.reshape(count, n) @ dense.T).reshape(y_dot.shape)
        wanted_bar = (u.reshape(count, m) @ dense).reshape(x_bar.shape)
        assert np.array_equal(y_dot, wanted_dot)
        assert np.array_equal(x_bar, wanted_bar)
        for product, argument, wanted in ((jacobian.jvp, v, wanted_dot), (jacobian.vjp, u, wanted_bar)):
            out = np.full(wanted.shape, 7, dtype)
            assert product(argument, out=out) is out
            assert np.array_equal(out, wanted)
            assert product(argument, out=out, accumulate=True) is out
            assert np.array_equal(out, 2 * wanted)


def check_matrix_view(jacobian, dense):
    m, n = dense.shape
    for k in (None, 0, 1, 3):
        v = layouts.integers((n,) if k is None else (n, k), seed="v")
        u = layouts.integers((m,) if k is None else (k, m), seed="u")
        assert np.array_equal(jacobian @ v, dense @ v)
        assert np.array_equal(u @ jacobian, u @ dense)
        assert np.shape(jacobian @ v) == np.shape(dense @ v)
        assert np.shape(u @ jacobian) == np.shape(u @ dense)


@st.composite
def axis_jacobians(draw):
    """subscripts, values, in_shape, out_shape: up to four letters of any role, stored or not."""
    n_letters = draw(st.integers(0, 4))
    lengths = {x: draw(st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4])) for x in LETTERS[:n_letters]}
    roles = {x: draw(st.sampled_from(["out in", "out", "in"])) for x in lengths}
    stored = [x for x in lengths if draw(st.booleans())]
    value_letters = "".join(draw(st.permutations(stored)))
    out_letters = "".join(draw(st.permutations([x for x in lengths if "out" in roles[x]])))
    in_letters = "".join(draw(st.permutations([x for x in lengths if "in" in roles[x]])))
    values = layouts.integers([lengths[x] for x in value_letters], draw(st.sampled_from(layouts.DTYPES)))
    in_shape, out_shape = (tuple(lengths[x] for x in letters) for letters in (in_letters, out_letters))
    return f"{value_letters},{in_letters}->{out_letters}", draw(layouts.laid_out(values)), in_shape, out_shape


# ---- einsum: any letters, any layout ------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.sanitize
@given(axis_jacobians(), st.lists(st.integers(0, 3), max_size=2))
def test_random_subscripts_equal_the_dense_matrix(case, batch):
    subscripts, values, in_shape, out_shape = case
    jacobian = jk.einsum(subscripts, values, in_shape, out_shape)
    dense = oracle.axis_matrix(*case)
    batches = ((), tuple(batch))
    check(jacobian, dense, out_shape, in_shape, values.dtype, batches)
    check(jacobian.T, dense.T, in_shape, out_shape, values.dtype, batches)
    check_matrix_view(jacobian, dense)


@given(axis_jacobians())
def test_random_subscripts_are_named_counted_and_stored_in_canonical_form(case):
    subscripts, values, in_shape, out_shape = case
    jacobian = jk.einsum(*case)
    value_letters, in_letters, out_letters = oracle.parse(subscripts)
    length = dict(zip(in_letters + out_letters, in_shape + out_shape, strict=True))
    stored = [x for x, n, s in zip(value_letters, values.shape, values.strides, strict=True) if n != 1 and s != 0]
    assert jacobian.structure == oracle.axis_structure(stored, in_letters, out_letters, length)
    assert jacobian.nnz == math.prod(length.values())
    assert jacobian.nnz >= np.count_nonzero(oracle.axis_matrix(*case))
    if 0 not in length.values():
        assert jacobian.values.shape == tuple(length[x] for x in stored)
        assert jacobian.values.size == 0 or np.shares_memory(jacobian.values, values)
        assert jacobian.nbytes == jacobian.values.nbytes
        again = jk.einsum(jacobian.subscripts, jacobian.values, in_shape, out_shape)
        assert np.array_equal(again.toarray(), jacobian.toarray())
        assert again.structure == jacobian.structure
    assert jacobian.T.structure == mirrored(jacobian.structure)
    assert jacobian.T.nnz == jacobian.nnz
    assert jacobian.T.nbytes == jacobian.nbytes


def mirrored(structure):
    """The name of the transpose."""
    return {"broadcast": "reduction", "reduction": "broadcast"}.get(structure, structure)


@given(st.data(), axis_jacobians())
def test_products_take_vectors_and_outs_of_any_layout(data, case):
    _, values, in_shape, out_shape = case
    jacobian, dense = jk.einsum(*case), oracle.axis_matrix(*case)
    batch = tuple(data.draw(st.lists(st.integers(0, 3), max_size=2)))
    for product, matrix, shapes in (
        (jacobian.jvp, dense, (in_shape, out_shape)),
        (jacobian.vjp, dense.T, (out_shape, in_shape)),
    ):
        vector = data.draw(layouts.laid_out(layouts.integers(batch + shapes[0], values.dtype, "v")))
        out = data.draw(layouts.laid_out(layouts.integers(batch + shapes[1], values.dtype, "out"), writable=True))
        count = math.prod(batch)
        wanted = (vector.reshape(count, matrix.shape[1]) @ matrix.T).reshape(out.shape)
        before = out.copy()
        product(vector, out=out, accumulate=True)
        assert np.array_equal(out, before + wanted)
        product(vector, out=out)
        assert np.array_equal(out, wanted)


@given(st.data(), axis_jacobians())
def test_reshape_keeps_the_matrix_and_the_values(data, case):
    _, values, in_shape, out_shape = case
    jacobian, dense = jk.einsum(*case), oracle.axis_matrix(*case)
    m, n = dense.shape
    new_out = data.draw(st.sampled_from([(m,), (1, m), (m, 1), out_shape, *([(m // 2, 2)] if m % 2 == 0 else [])]))
    new_in = data.draw(st.sampled_from([(n,), (1, n), (n, 1), in_shape, *([(2, n // 2)] if n % 2 == 0 else [])]))
    reshaped = jacobian.reshape(new_out, new_in)
    check(reshaped, dense, new_out, new_in, values.dtype, [(), (2,)])
    assert reshaped.structure == jacobian.structure
    assert reshaped.nbytes == jacobian.nbytes


@given(
    axis_jacobians(),
    st.sampled_from([2, -3.0, np.float32(2), np.float64(-1), np.array(3.0), np.int64(4), True]),
)
def test_scaling_scales_the_matrix(case, factor):
    jacobian, dense = jk.einsum(*case), oracle.axis_matrix(*case)
    for result, wanted in (
        (jacobian * factor, dense * factor),
        (factor * jacobian, dense * factor),
        (-jacobian, -dense),
    ):
        assert isinstance(result, jk.Jacobian)
        assert np.array_equal(result.toarray(), wanted)
        assert (result.out_shape, result.in_shape) == (jacobian.out_shape, jacobian.in_shape)
        assert result.structure == jacobian.structure
    np.testing.assert_allclose((jacobian / factor).toarray(), dense / factor, rtol=1e-6)


def test_python_numbers_scale_without_widening(dtype):
    jacobian = jk.diagonal(np.ones(3, dtype))
    assert (jacobian * 2.5).dtype == dtype
    assert (2 * jacobian).dtype == dtype
    assert (jacobian / 3).dtype == dtype
    assert (jacobian * np.float64(2)).dtype == np.float64
    assert (np.float64(2) * jacobian).dtype == np.float64
    assert (-jacobian).dtype == dtype


def test_scaling_is_a_snapshot_and_leaves_the_factor_alone():
    d = np.ones(3)
    scaled = jk.diagonal(d) * 2
    d[:] = 5
    assert np.array_equal(scaled.toarray(), 2 * np.eye(3))


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(
    ("subscripts", "lengths"),
    [
        ("i,i->i", {"i": 4099}),
        ("bn,n->bn", {"b": 1000, "n": 37}),
        ("bn,bn->n", {"b": 1000, "n": 37}),
        ("ij,j->i", {"i": 301, "j": 257}),
        ("ji,j->i", {"i": 301, "j": 257}),
        ("bij,bj->bi", {"b": 30, "i": 17, "j": 19}),
        ("kn,bk->bn", {"b": 30, "k": 17, "n": 19}),
        ("bk,kn->bn", {"b": 30, "k": 17, "n": 19}),
        ("ij,ij->", {"i": 90, "j": 130}),
        (",ij->i", {"i": 90, "j": 130}),
        (",i->ij", {"i": 90, "j": 130}),
        ("ij,ij->ji", {"i": 90, "j": 130}),
        ("i,jk->i", {"i": 50, "j": 7, "k": 11}),
        ("ai,aj->aibc", {"a": 3, "i": 40, "j": 5, "b": 2, "c": 3}),
    ],
)
def test_long_axes_equal_numpy_einsum(subscripts, lengths, dtype):
    """Whole numbers: sums are exact in any order.  NumPy's einsum repeats by a factor of ones."""
    value_letters, in_letters, out_letters = oracle.parse(subscripts)
    shape = {name: tuple(lengths[x] for x in letters) for name, letters in
             (("values", value_letters), ("in", in_letters), ("out", out_letters))}  # fmt: skip
    values = layouts.integers(shape["values"], dtype, "values")
    jacobian = jk.einsum(subscripts, values, shape["in"], shape["out"])
    ones = np.ones(shape["out"], dtype)
    for batch in ((), (3,)):
        v = layouts.integers(batch + shape["in"], dtype, "v")
        u = layouts.integers(batch + shape["out"], dtype, "u")
        wanted = np.einsum(f"{value_letters},...{in_letters},{out_letters}->...{out_letters}", values, v, ones)
        assert np.array_equal(jacobian.jvp(v), wanted)
        ones_in = np.ones(shape["in"], dtype)
        wanted = np.einsum(f"{value_letters},...{out_letters},{in_letters}->...{in_letters}", values, u, ones_in)
        assert np.array_equal(jacobian.vjp(u), wanted)


# ---- the shorthands -----------------------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 3), (2, 0)])
def test_diagonal(shape, dtype, layout):
    d = layout(layouts.integers(shape, dtype))
    check(jk.diagonal(d), np.diag(np.ravel(d)), shape, shape, dtype)


@pytest.mark.isa
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (4, 1), (1, 4), (0, 3), (3, 0)])
def test_dense(shape, dtype, layout):
    a = layout(layouts.integers(shape, dtype))
    check(jk.dense(a), a, shape[:1], shape[1:], dtype)


def test_dense_takes_a_tensor_of_out_shape_and_in_shape(dtype):
    a = layouts.integers((2, 3, 4), dtype)
    check(jk.dense(a, (2, 3), (4,)), a.reshape(6, 4), (2, 3), (4,), dtype)
    check(jk.dense(a, (2,), (3, 4)), a.reshape(2, 12), (2,), (3, 4), dtype)
    check(jk.dense(a, (), (2, 3, 4)), a.reshape(1, 24), (), (2, 3, 4), dtype)
    check(jk.dense(a, (2, 3, 4), ()), a.reshape(24, 1), (2, 3, 4), (), dtype)
    matrix = layouts.integers((6, 4), dtype)
    check(jk.dense(matrix, (2, 3), (4,)), matrix, (2, 3), (4,), dtype)


@pytest.mark.parametrize("shape", [(2, 3, 4), (5, 2, 3, 4), (3, 4), (1, 3, 4), (0, 3, 4), (2, 3, 0)])
def test_block_diagonal(shape, dtype, layout):
    blocks = layout(layouts.integers(shape, dtype))
    *batch, m, n = shape
    dense = np.zeros((math.prod(batch) * m, math.prod(batch) * n))
    for k, index in enumerate(np.ndindex(*batch)):
        dense[k * m : (k + 1) * m, k * n : (k + 1) * n] = blocks[index]
    check(jk.block_diagonal(blocks), dense, (*batch, m), (*batch, n), dtype)


@pytest.mark.parametrize(
    ("shape", "in_shape"),
    [((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 4), ()), ((3, 4), (1, 1)), ((3, 4), (3, 4)), ((2, 3, 4), (3, 1)),
     ((0, 3), (3,)),     ((), ())],
)  # fmt: skip
def test_broadcast(shape, in_shape, dtype, layout):
    d = layout(layouts.integers(shape, dtype))
    check(jk.broadcast(d, in_shape), oracle.pointwise_matrix(d, in_shape), shape, in_shape, dtype)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((4,), None), ((3, 4), None), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), (0, 2)), ((3, 4), ()), ((), None),
     ((0, 3), 0)],
)  # fmt: skip
def test_reduction(shape, axis, keepdims, dtype, layout):
    d = layout(layouts.integers(shape, dtype))
    dense = oracle.matrix(lambda x: np.sum(d * x, axis=axis, keepdims=keepdims), shape)
    out_shape = np.sum(d, axis=axis, keepdims=keepdims).shape
    check(jk.reduction(d, axis=axis, keepdims=keepdims), dense, out_shape, shape, dtype)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 3)])
def test_identity(shape, dtype):
    n = math.prod(shape)
    check(jk.identity(shape, dtype=dtype), np.eye(n), shape, shape, dtype)
    check(jk.identity(shape, scale=-3.0, dtype=dtype), -3 * np.eye(n), shape, shape, dtype)
    check(jk.identity(shape, 2), 2 * np.eye(n), shape, shape, np.float64)
    assert np.array_equal(jk.identity(4).toarray(), np.eye(4))


@pytest.mark.parametrize(
    ("out_shape", "in_shape"),
    [((3,), (4,)), ((), ()), ((2, 3), ()), ((), (2, 3)), ((0,), (3,)), ((2, 3), (2, 3))],
)
def test_zero(out_shape, in_shape, dtype):
    jacobian = jk.zero(out_shape, in_shape, dtype=dtype)
    dense = np.zeros((math.prod(out_shape), math.prod(in_shape)))
    check(jacobian, dense, out_shape, in_shape, dtype)
    check(jacobian.T, dense.T, in_shape, out_shape, dtype)
    check_matrix_view(jacobian, dense)
    assert jacobian.structure == "zero"
    assert jacobian.nnz == 0
    assert (jacobian * 2).structure == "zero"
    assert jk.zero(out_shape, in_shape).dtype == np.float64


@pytest.mark.parametrize(
    ("make", "structure", "stored", "nnz"),
    [
        (lambda: jk.diagonal(np.ones(5)), "diagonal", 5, 5),
        (lambda: jk.diagonal(np.ones((2, 3))), "diagonal", 6, 6),
        (lambda: jk.diagonal(np.broadcast_to(2.0, (5,))), "identity", 1, 5),
        (lambda: jk.broadcast(np.ones((4, 3)), (3,)), "broadcast", 12, 12),
        (lambda: jk.broadcast(np.broadcast_to(1.0, (5,)), ()), "broadcast", 1, 5),
        (lambda: jk.broadcast(np.ones((4, 3)), (4, 3)), "diagonal", 12, 12),
        (lambda: jk.reduction(np.ones(5)), "reduction", 5, 5),
        (lambda: jk.reduction(np.broadcast_to(1.0, (5,))), "reduction", 1, 5),
        (lambda: jk.dense(np.ones((3, 4))), "dense", 12, 12),
        (lambda: jk.dense(np.ones((1, 4))), "reduction", 4, 4),
        (lambda: jk.dense(np.ones((4, 1))), "broadcast", 4, 4),
        (lambda: jk.dense(np.ones((1, 1))), "identity", 1, 1),
        (lambda: jk.block_diagonal(np.ones((2, 3, 4))), "block-diagonal", 24, 24),
        (lambda: jk.block_diagonal(np.ones((1, 3, 4))), "dense", 12, 12),
        (lambda: jk.block_diagonal(np.ones((5, 1, 1))), "diagonal", 5, 5),
        (lambda: jk.einsum("kn,bk->bn", np.ones((3, 4)), in_shape=(2, 3)), "block-diagonal", 12, 24),
        (lambda: jk.einsum(",ij->ji", 1.0, in_shape=(2, 3)), "permutation", 1, 6),
        (lambda: jk.einsum(",ij->ji", 1.0, in_shape=(1, 3)), "identity", 1, 3),
        (lambda: jk.identity((2, 3)), "identity", 1, 6),
        (lambda: jk.diagonal(np.ones(0)), "zero", 0, 0),
    ],
)
def test_what_is_stored(make, structure, stored, nnz):
    jacobian = make()
    assert jacobian.structure == structure
    assert jacobian.nnz == nnz
    if structure != "zero":
        assert jacobian.values.size == stored
        assert jacobian.nbytes == 8 * stored


def test_the_repr_tells_structure_shapes_dtype_and_size():
    for jacobian in (
        jk.diagonal(np.ones((2, 3), np.float32)),
        jk.einsum("kn,bk->bn", np.ones((3, 4)), in_shape=(2, 3)),
        jk.zero((3,), (4, 5)),
    ):
        text, *pattern = repr(jacobian).splitlines()
        assert len(pattern) == jacobian.shape[0]
        for part in (jacobian.structure, jacobian.out_shape, jacobian.in_shape, jacobian.dtype):
            assert str(part) in text
        assert str(jacobian.nbytes) in text


# ---- memory -------------------------------------------------------------------------------------------


def test_a_native_array_is_kept_uncopied_and_a_change_of_it_is_seen(dtype):
    for make, shape in (
        (jk.diagonal, (3,)),
        (jk.dense, (3, 4)),
        (jk.block_diagonal, (2, 3, 4)),
        (jk.reduction, (3, 4)),
    ):
        a = layouts.integers(shape, dtype)
        jacobian = make(a)
        assert np.shares_memory(jacobian.values, a)
        a *= 2
        assert np.array_equal(jacobian.toarray(), make(a.copy()).toarray())


def test_a_view_is_kept_uncopied_whatever_its_strides(writable_layout):
    a = writable_layout(layouts.integers((3, 4)))
    assert np.shares_memory(jk.dense(a).values, a)


def test_what_is_converted_is_a_snapshot():
    for a in (
        np.arange(1, 4),
        layouts.byte_swapped(np.ones(3)),
        layouts.misaligned(np.ones(3)),
        [1.0, 2.0, 3.0],
    ):
        jacobian = jk.diagonal(a)
        before = jacobian.toarray()
        assert jacobian.dtype == np.float64
        if isinstance(a, np.ndarray):
            assert not np.shares_memory(jacobian.values, a)
            a[...] = 7
        assert np.array_equal(jacobian.toarray(), before)


def test_a_read_only_array_is_taken_and_no_array_is_written():
    a = layouts.read_only(layouts.integers((3, 4)))
    jacobian = jk.dense(a)
    assert np.array_equal(jacobian.jvp(np.ones(4)), a.sum(axis=1))
    assert np.shares_memory(jacobian.values, a)


def test_jacobian_objects_are_immutable():
    jacobian = jk.diagonal(np.ones(3))
    for name in (
        "values",
        "in_shape",
        "out_shape",
        "structure",
        "subscripts",
        "dtype",
        "T",
        "shape",
        "nnz",
        "new",
    ):
        with pytest.raises(AttributeError):
            setattr(jacobian, name, None)
    with pytest.raises(TypeError):
        operator.setitem(jacobian, 0, 1.0)
    same = jacobian
    same *= 2
    assert same is not jacobian
    assert np.array_equal(jacobian.toarray(), np.eye(3))


def test_the_base_class_is_abstract():
    with pytest.raises(TypeError):
        jk.Jacobian()


def test_products_are_new_arrays_and_out_may_be_the_argument():
    d, v = layouts.integers((33,), seed="d"), layouts.integers((33,), seed="v")
    for jacobian in (jk.diagonal(d), jk.identity(33), jk.identity((33,)).reshape((3, 11), (33,))):
        for product, shape in ((jacobian.jvp, jacobian.in_shape), (jacobian.vjp, jacobian.out_shape)):
            result = product(v.reshape(shape))
            assert not np.shares_memory(result, v)
            assert not np.shares_memory(result, d)
            assert result.flags.writeable
    taken = v.copy()
    assert jk.diagonal(d).jvp(taken, out=taken) is taken
    assert np.array_equal(taken, d * v)
    square = layouts.integers((5, 5), seed="square")
    wanted = square @ v[:5]
    taken = v[:5].copy()
    jk.dense(square).jvp(taken, out=taken)
    assert np.array_equal(taken, wanted)


@pytest.mark.sanitize
@given(st.data(), axis_jacobians(), st.integers(1, 5))
def test_an_out_that_overlaps_the_argument_is_computed_as_if_it_had_been_copied(data, case, shift):
    _, values, in_shape, out_shape = case
    jacobian = jk.einsum(*case)
    n_in, n_out = math.prod(in_shape), math.prod(out_shape)
    buffer = layouts.integers((n_in + n_out + shift,), values.dtype, "buffer")
    starts = data.draw(st.sampled_from([(0, 0), (shift, 0), (0, shift)]))
    v = buffer[starts[0] : starts[0] + n_in].reshape(in_shape)
    out = buffer[starts[1] : starts[1] + n_out].reshape(out_shape)
    wanted = jacobian.jvp(v.copy())
    jacobian.jvp(v, out=out)
    assert np.array_equal(out, wanted)


def test_an_out_that_overlaps_the_values_is_computed_as_if_they_had_been_copied():
    a = layouts.integers((5, 5))
    v = layouts.integers((5,), seed="v")
    wanted = a @ v
    out = a[:, 2]
    jk.dense(a).jvp(v, out=out)
    assert np.array_equal(out, wanted)


def test_mixed_widths_are_computed_in_the_wider_dtype():
    a = layouts.normal((30, 40), np.float32, "a")
    v = layouts.normal((40,), np.float64, "v")
    assert oracle.same_bits(jk.dense(a).jvp(v), jk.dense(a.astype(np.float64)).jvp(v))
    assert jk.dense(a.astype(np.float64)).jvp(v.astype(np.float32)).dtype == np.float64
    assert jk.dense(a).jvp(np.ones(40, int)).dtype == np.float64
    out = np.zeros(30, np.float32)
    jk.dense(a.astype(np.float64)).jvp(v, out=out)
    assert oracle.same_bits(out, jk.dense(a.astype(np.float64)).jvp(v).astype(np.float32))


def test_a_dense_array_over_the_cap_is_refused_and_a_lifted_cap_allows_it():
    jacobian = jk.diagonal(np.ones(3))
    assert jacobian.toarray(max_bytes=72).nbytes == 72
    assert jacobian.toarray(max_bytes=None).nbytes == 72
    with pytest.raises(MemoryError):
        jacobian.toarray(max_bytes=71)
    big = jk.identity(100_000)
    with pytest.raises(MemoryError):
        np.asarray(big)
    assert np.array_equal(big.jvp(np.ones(100_000)), np.ones(100_000))


def test_toarray_is_a_new_array_even_of_a_dense_jacobian():
    a = layouts.integers((3, 4))
    for result in (
        jk.dense(a).toarray(),
        jk.dense(a).totensor(),
        jk.dense(a).toarray(layout="denominator"),
        np.array(jk.dense(a)),
    ):
        assert not np.shares_memory(result, a)
        assert result.flags.writeable


def test_numpy_asarray_takes_a_dtype():
    assert np.asarray(jk.identity(3), dtype=np.float32).dtype == np.float32
