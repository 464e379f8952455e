"""Gram matrices JᵀWJ of every structure against dense products of whole numbers."""

from __future__ import annotations

import math
import pickle
import tracemalloc
import warnings

import layouts
import numpy as np
import pytest

import jackern as jk


def numbers(*shape, dtype=np.float64, seed="values"):
    return layouts.integers(shape, dtype, f"{seed}{shape}")


def squared(v):
    return jk.linear_map(lambda x: 2 * x, lambda y: 2 * y, v.shape, v.shape)


# Every structure, with that of its Gram matrix without weights and whether weights change it, written by hand.
CASES = {
    "dense": (lambda dtype: jk.dense(numbers(30, 20, dtype=dtype)), "product"),
    "dense of few columns": (lambda dtype: jk.dense(numbers(30, 4, dtype=dtype)), "dense"),
    "dense by columns": (lambda dtype: jk.dense(np.asfortranarray(numbers(9, 30, dtype=dtype))), "product"),
    "dense on grids": (lambda dtype: jk.dense(numbers(2, 3, 4, 5, dtype=dtype), out_shape=(2, 3)), "product"),
    "transposed": (lambda dtype: jk.dense(numbers(20, 30, dtype=dtype)).T, "product"),
    "blocks": (lambda dtype: jk.block_diagonal(numbers(3, 2, 17, 16, dtype=dtype)), "product"),
    "small blocks": (lambda dtype: jk.block_diagonal(numbers(3, 6, 5, dtype=dtype)), "block-diagonal"),
    "one block again": (lambda dtype: jk.einsum("mn,bn->bm", numbers(5, 12, dtype=dtype), (3, 12)), "product"),
    "diagonal": (lambda dtype: jk.diagonal(numbers(3, 4, dtype=dtype)), "diagonal"),
    "identity": (lambda dtype: jk.identity((3, 4), 2, dtype), "identity"),
    "permutation": (lambda dtype: jk.einsum(",ij->ji", dtype(3), (3, 4)), "identity"),
    "broadcast": (lambda dtype: jk.broadcast(numbers(5, 4, dtype=dtype), 4), "diagonal"),
    "reduction": (lambda dtype: jk.reduction(numbers(5, 4, dtype=dtype), axis=0), "product"),
    "reduction of equals": (lambda dtype: jk.reduction(np.broadcast_to(dtype(2), (5, 4))), "dense"),
    "banded": (lambda dtype: jk.banded(numbers(3, 7, dtype=dtype), [-1, 0, 1], (7, 7)), "banded"),
    "banded, rectangular": (lambda dtype: jk.banded(numbers(2, 7, dtype=dtype), [0, 2], (5, 7)), "banded"),
    "many bands": (lambda dtype: jk.banded(numbers(11, 40, dtype=dtype), range(-5, 6), (40, 40)), "banded"),
    "slice": (lambda dtype: jk.select(np.s_[1:4], 6).astype(dtype), "banded"),
    "slice of dense": (lambda dtype: jk.select(np.s_[::2], 9).astype(dtype) @ jk.dense(numbers(9, 30, dtype=dtype)),
                       "product"),
    "dense of a slice": (lambda dtype: jk.dense(numbers(5, 26, dtype=dtype)) @ jk.select(np.s_[1::2], 53).astype(dtype),
                         "product"),
    "gather": (lambda dtype: jk.select([4, 0, 0, 2], 6).astype(dtype), "product"),
    "sparse": (lambda dtype: jk.diagonal(numbers(4, dtype=dtype)) @ jk.select([4, 0, 0, 2], 6).astype(dtype), "sparse"),
    "product": (lambda dtype: jk.dense(numbers(9, 30, dtype=dtype)) @ jk.dense(numbers(30, 9, dtype=dtype)), "product"),
    "sum": (lambda dtype: jk.dense(numbers(20, 20, dtype=dtype)) + jk.identity(20, dtype=dtype), "product"),
    "linear map": (lambda dtype: squared(numbers(3, 4)).astype(dtype), "product"),
    "zero": (lambda dtype: jk.zero(3, 4, dtype), "zero"),
    "empty": (lambda dtype: jk.dense(numbers(0, 4, dtype=dtype)), "zero"),
}  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request, dtype):
    make, structure = CASES[request.param]
    return make(dtype), structure


def weightings(jacobian):
    """None, a number, and arrays of all layouts that a broadcast gives."""
    shape, dtype = jacobian.out_shape, jacobian.dtype
    yield from (None, 3)
    yield layouts.integers(shape, dtype, "weights", 1, 4)
    yield np.broadcast_to(layouts.integers(shape[-1:], dtype, "weights", 1, 4), shape)


def dense_gram(jacobian, weights):
    matrix = jacobian.toarray()
    rows = np.broadcast_to(1 if weights is None else weights, jacobian.out_shape).reshape(-1, 1)
    return (matrix.T @ (rows * matrix)).astype(jacobian.dtype)


def test_the_gram_matrix_equals_the_dense_product(case):
    jacobian, structure = case
    assert jacobian.gram().structure == structure
    shape, n = jacobian.in_shape, jacobian.shape[1]
    for weights in weightings(jacobian):
        gram, wanted = jacobian.gram(weights), dense_gram(jacobian, weights)
        assert gram.out_shape == gram.in_shape == shape
        assert gram.dtype == jacobian.dtype
        assert np.array_equal(gram.toarray(), wanted)
        assert np.array_equal(gram.diagonal(), np.diagonal(wanted))
        for batch in ((), (2,), (0,), (2, 3), (11,)):
            v = layouts.integers((*batch, *shape), jacobian.dtype, "v", -1, 2)
            product = (v.reshape(-1, n) @ wanted).reshape(v.shape) if v.size else np.zeros(v.shape)
            for multiply in (gram.jvp, gram.vjp):
                result = multiply(v)
                assert (np.shape(result), result.dtype) == (v.shape, jacobian.dtype)
                assert np.array_equal(result, product)
                out = np.full(v.shape, 7, jacobian.dtype)
                assert multiply(v, out=out, accumulate=True) is out
                assert np.array_equal(out, product + 7)


def test_weights_on_constant_diagonals_are_kept_apart():
    difference = jk.select(np.s_[1:], 7) - jk.select(np.s_[:-1], 7)
    gram = difference.gram(np.arange(1.0, 7.0))
    assert (gram.structure, gram.nbytes) == ("product", 8 * 8)
    assert np.array_equal(gram.toarray(), dense_gram(difference, np.arange(1.0, 7.0)))


def test_a_gram_matrix_is_a_jacobian_like_others(case):
    jacobian, _ = case
    gram, n = jacobian.gram(2), jacobian.shape[1]
    matrix, v = gram.toarray(), layouts.integers((n,), jacobian.dtype, "v", -1, 2)
    other = np.float32 if jacobian.dtype == np.float64 else np.float64
    flat = gram.reshape(n, (1, n))
    assert (flat.out_shape, flat.in_shape, flat.T.in_shape) == ((n,), (1, n), (n,))
    for same, factor in ((gram.T, 1), (flat, 1), (flat.T, 1), (gram.astype(other), 1), (3 * gram, 3), (gram / 0.5, 2)):
        assert np.array_equal(same.toarray(), factor * matrix)
        assert np.array_equal(same @ v, factor * (matrix @ v))
    assert gram.astype(other).dtype == other
    assert gram.nbytes <= jacobian.nbytes + 8 * max(2, 16 * n)
    total = gram + 2 * jk.identity(gram.in_shape, dtype=jacobian.dtype)
    assert np.array_equal(total @ v, matrix @ v + 2 * v)
    assert np.allclose((gram @ gram) @ v, matrix @ (matrix @ v), rtol=1e-5)
    if gram.structure == "product":
        with pytest.raises(ValueError, match="nnz: the entries of a product"):
            _ = gram.nnz
    if jacobian.structure != "linear-map":
        assert np.array_equal(pickle.loads(pickle.dumps(gram)) @ v, matrix @ v)


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(
    "shape", [(1, 9), (9, 9), (8, 40), (300, 17), (1030, 33), (5, 600), (3, 4000), (4, 11, 12), (2, 3, 300, 20)]
)
def test_one_pass_equals_two_products_in_every_layout(shape, dtype, layout):
    values = layout(layouts.integers(shape, dtype, "values", -2, 2))
    jacobian = jk.block_diagonal(values)
    weights, v = (layouts.integers(x, dtype, x, -1, 2) for x in (jacobian.out_shape, jacobian.in_shape))
    dense = layouts.plain(values).astype(np.int64)
    wanted = np.einsum("...ij,...ik,...k,...i->...j", dense, dense, v.astype(int), weights.astype(int), optimize=True)
    for w in (weights, layout(weights)):
        if np.array_equal(w, weights):
            assert np.array_equal(jacobian.gram(w).jvp(layouts.read_only(v)), wanted)
    both = np.stack([v, -v])
    assert np.array_equal(jacobian.gram(weights).jvp(both), np.stack([wanted, -wanted]))


def test_the_product_takes_every_layout_of_vectors_and_outputs(layout, writable_layout, dtype):
    jacobian = jk.dense(numbers(12, 5, 6, dtype=dtype), out_shape=12)
    gram = jacobian.gram(layout(layouts.integers((12,), dtype, "weights", 1, 3)))
    v = layout(layouts.integers((2, 5, 6), dtype, "v"))
    wanted = (layouts.plain(v).reshape(2, 30) @ gram.toarray()).reshape(v.shape)
    assert np.array_equal(gram.jvp(v), wanted)
    assert np.array_equal(gram.jvp(v[0]), wanted[0])
    for k in (slice(None), 0):
        out = writable_layout(np.full(v.shape, 7, dtype))[k]
        assert gram.jvp(v[k], out=out) is out
        assert np.array_equal(out, wanted[k])


def test_an_output_that_overlaps_an_input_is_as_if_that_had_been_copied(dtype):
    memory = numbers(20, 20, dtype=dtype)
    weights, v = numbers(20, dtype=dtype, seed="weights"), numbers(20, dtype=dtype, seed="v")
    wanted = jk.dense(memory.copy()).gram(weights.copy()).jvp(v)
    for place in (memory[3], weights, v, memory[:, 3]):
        kept = [x.copy() for x in (memory, weights, v)]
        assert np.array_equal(jk.dense(memory).gram(weights).jvp(v, out=place), wanted)
        memory[...], weights[...], v[...] = kept


def test_dtypes_are_promoted_and_wider_ones_computed_in():
    narrow, wide = numbers(20, 30, dtype=np.float32), numbers(30)
    weights = np.full(20, 1e300)
    gram = jk.dense(narrow).gram(weights)
    assert gram.dtype == np.float64
    dense = narrow.astype(float)
    product = dense.T @ (weights * (dense @ wide))
    assert np.allclose(gram.jvp(wide), product, rtol=1e-13)
    assert np.array_equal(gram.jvp(wide.astype(np.float32)), gram.jvp(wide))
    assert jk.dense(narrow).gram(2.0).dtype == np.float32
    assert jk.dense(narrow).gram().jvp(wide).dtype == np.float64
    out = np.zeros(30, np.float32)
    assert jk.dense(narrow).gram().jvp(wide, out=out) is out
    assert np.array_equal(out, dense.T @ (dense @ wide))


def test_weights_and_values_are_kept_where_nothing_is_multiplied_out():
    values, weights, v = numbers(20, 30), numbers(20, seed="weights"), numbers(30, seed="v")
    gram = jk.dense(values).gram(weights)
    values[0, 0], weights[3] = 77, -5
    assert np.array_equal(gram.jvp(v), values.T @ (weights * (values @ v)))
    assert gram.nbytes == values.nbytes + weights.nbytes


@pytest.mark.sanitize
@pytest.mark.parametrize(("name", "changed"), [("dtype", complex), ("dtype", np.float32), ("shape", (2, 20))])
def test_weights_that_become_another_array_later_are_read_as_they_were(name, changed):
    values, v = numbers(40, 30), numbers(30, seed="v")
    weights = layouts.integers((40,), np.float64, "weights", 1, 4)
    wanted = values.T @ (weights * (values @ v))
    gram = jk.dense(values).gram(weights)
    if name == "shape":
        weights.resize(changed, refcheck=False)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # since NumPy 2.5; nothing else does this in place
            weights.dtype = changed
    assert np.array_equal(gram.jvp(v), wanted)
    assert np.array_equal(gram.vjp(v), wanted)


def test_parts_that_no_single_call_multiplies_are_refused_there():
    gram = jk.select([4, 0, 0, 2], 6).gram()
    assert not gram._reads_once
    with pytest.raises(ValueError, match="_reads_once"):
        gram._gram_product(np.ones((1, 6)), np.ones((1, 6)), False)


def test_nothing_of_the_size_of_the_matrix_is_made():
    n = 3000
    jacobian = jk.block_diagonal(np.ones((1, 20, n)))
    weights, v, three = np.ones((1, 20)), np.ones((1, n)), np.ones((3, 1, n))
    tracemalloc.start()
    try:
        gram = jacobian.gram(weights)
        gram.jvp(v)
        gram.jvp(three)
        gram.diagonal()
        (gram + jk.identity((1, n))).jvp(v)
        assert tracemalloc.get_traced_memory()[1] < 2 * jacobian.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.isa
def test_threads_and_shared_passes_change_no_bit(dtype):
    jacobian = jk.dense(layouts.normal((3000, 301), dtype, "values"))
    gram = jacobian.gram(layouts.normal((3000,), dtype, "weights"))
    v = layouts.normal((5, 301), dtype, "v")
    wanted = gram.jvp(v)
    assert all(np.array_equal(gram.jvp(x), y) for x, y in zip(v, wanted, strict=True))
    before = jk.get_num_threads()
    try:
        for n in (2, 3):
            jk.set_num_threads(n)
            assert np.array_equal(gram.jvp(v), wanted)
    finally:
        jk.set_num_threads(before)


def test_the_error_of_the_sum_over_rows_grows_like_its_logarithm():
    for m in (2**10, 2**14, 2**18):
        values = np.full((m, 9), np.float32(0.1))
        exact = float(values[0, 0]) ** 2 * m
        result = jk.block_diagonal(np.broadcast_to(values, (2, m, 9)).copy()).gram().jvp(np.eye(2, 9, dtype=np.float32))
        error = np.max(np.abs(result[0] - exact)) / exact
        assert error <= 2**-24 * (math.log2(m) + 64)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(4), ValueError, r"dense\.gram: weights has shape \(4,\), expected \(3,\), the out_shape, or a number"),
        (np.ones((3, 1)), ValueError, r"weights has shape \(3, 1\), expected \(3,\)"),
        (np.ones(3, complex), TypeError, r"dense\.gram: weights has dtype complex128"),
        ("three", TypeError, r"dense\.gram: weights"),
    ],
)
def test_weights_of_another_kind_raise(weights, error, message):
    with pytest.raises(error, match=message):
        jk.dense(np.ones((3, 40))).gram(weights)


def test_weights_whose_axes_do_not_match_the_terms_are_not_dropped():
    jacobian = jk.einsum(",ab->ba", np.float64(2), (3, 8), (8, 3)).reshape((1, 4, 6), (3, 8))
    weights = layouts.integers((1, 4, 6), np.float64, "weights", 1, 4)
    gram = jacobian.gram(weights)  # axes of 3 and 8 and of 4 and 6 have no common refinement
    assert np.array_equal(gram.toarray(), dense_gram(jacobian, weights))
    assert np.array_equal(gram.diagonal(), np.diagonal(dense_gram(jacobian, weights)))


def test_a_matrix_beyond_the_cap_is_not_formed():
    gram = jk.dense(np.ones((1, 50_000)).repeat(2, axis=0)).gram()
    with pytest.raises(MemoryError, match=r"\(50000, 50000\) takes 20000000000 bytes"):
        gram.toarray()
