"""Sparse Jacobians: gathers, scatters and SciPy's arrays against matrices filled entry by entry."""

from __future__ import annotations

import copy
import math
import pickle

import layouts
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, strategies as st

import jackern as jk
from jackern import _core
from jackern._adapters.scipy import check_entries

SHAPES = [(1, 1), (1, 5), (5, 1), (4, 6), (6, 4), (3, 40), (40, 3), (7, 2000)]
BATCHES = [(), (0,), (1,), (7,), (2, 3), (17,)]


def filled(rows, columns, values, shape):
    """The dense matrix with these entries; equal places add up."""
    matrix = np.zeros(shape)
    for i, j, value in zip(rows, columns, values, strict=True):
        matrix[i, j] += value
    return matrix


def entries(shape, dtype, n=None, seed="entries"):
    """Rows, columns and whole numbers of entries in any order: some rows are empty, some places stand twice."""
    m, size = shape[0], math.prod(shape)
    n = size // 2 + 1 if n is None else n
    places = np.abs(layouts.integers(n, np.int64, seed, 0, size)) - 1 if size else np.zeros(0, int)
    rows, columns = np.divmod(places[places // max(shape[1], 1) % max(m, 3) != 1], max(shape[1], 1))
    return rows, columns, layouts.integers(len(rows), dtype, seed)


def with_duplicates(shape, dtype):
    """A SciPy array whose equal places are not added up yet, its dense matrix, and the Jacobian of it."""
    rows, columns, values = entries(shape, dtype)
    return jk.sparse(scipy.sparse.coo_array((values, (rows, columns)), shape)), filled(rows, columns, values, shape)


def check_products(jacobian, matrix, layout=layouts.contiguous, batches=BATCHES):
    """Products with vectors in any layout, and with outputs given, against the dense matrix of whole numbers."""
    m, n = matrix.shape
    dtype = jacobian.dtype
    for batch in batches:
        for product, own, other, dense in (
            (jacobian.jvp, jacobian.in_shape, jacobian.out_shape, matrix),
            (jacobian.vjp, jacobian.out_shape, jacobian.in_shape, matrix.T),
        ):
            v = layout(layouts.integers((*batch, *own), dtype, "v"))
            wanted = (np.array(v).reshape(math.prod(batch), dense.shape[1]) @ dense.T).reshape(*batch, *other)
            result = product(v)
            assert (result.dtype, np.shape(result)) == (dtype, (*batch, *other))
            assert np.array_equal(result, wanted)
            out = np.full((*batch, *other), 7, dtype)
            assert product(v, out=out) is out
            assert np.array_equal(out, wanted)
            assert product(v, out=out, accumulate=True) is out
            assert np.array_equal(out, 2 * wanted)
    for k in (0, 1, 5, 24):
        v, u = layouts.integers((n, k), dtype, "columns"), layouts.integers((k, m), dtype, "rows")
        assert np.array_equal(jacobian @ layout(v), matrix @ np.array(layout(v)))
        assert np.array_equal(layout(u) @ jacobian, np.array(layout(u)) @ matrix)


def check(jacobian, matrix):
    """What a sparse Jacobian says of itself, and its dense matrix."""
    assert jacobian.shape == matrix.shape
    assert np.array_equal(jacobian.toarray(), matrix)
    assert np.array_equal(jacobian.T.toarray(), matrix.T)
    assert np.array_equal(jacobian.diagonal(), np.diagonal(matrix))
    if jacobian.structure == "sparse":
        assert jacobian.nnz >= np.count_nonzero(matrix)


# ---- products -----------------------------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_products_equal_those_of_the_dense_matrix(shape, dtype):
    jacobian, matrix = with_duplicates(shape, dtype)
    check(jacobian, matrix)
    check_products(jacobian, matrix)
    check_products(jacobian.T, matrix.T)
    check_products(jacobian.reshape((1, shape[0]), (shape[1], 1)), matrix)


@pytest.mark.sanitize
def test_vectors_lie_in_memory_in_any_way(dtype, layout):
    jacobian, matrix = with_duplicates((9, 13), dtype)
    check_products(jacobian, matrix, layout)
    check_products(jacobian.T, matrix.T, layout)
    x = jk.select(np.array([[3, 0], [3, 7]]), 8, dtype=dtype)
    check_products(x, x.toarray(), layout)


def test_outputs_lie_in_memory_in_any_way(dtype, writable_layout):
    jacobian, matrix = with_duplicates((9, 13), dtype)
    for batch in BATCHES:
        v = layouts.integers((*batch, 13), dtype, "v")
        out = writable_layout(np.ones((*batch, 9), dtype))
        jacobian.jvp(v, out=out)
        assert np.array_equal(out, v @ matrix.T)
        jacobian.T.vjp(v, out=out, accumulate=True)
        assert np.array_equal(out, 2 * v @ matrix.T)


@pytest.mark.parametrize("n", [30, 9000])
def test_mixed_dtypes_are_computed_in_the_wider_one_and_rounded_once(n):
    rows, columns, values = entries((n, n), np.float64, 3 * n)
    matrix = scipy.sparse.coo_array((values / 3, (rows, columns)), (n, n)).tocsr()
    wide, narrow = jk.sparse(matrix), jk.sparse(matrix.astype(np.float32))
    v = layouts.normal((2, n), np.float32)
    for jacobian, vector in ((wide, v), (narrow, v.astype(np.float64))):
        both_wide = jacobian.astype(np.float64)
        for product, wanted in ((jacobian.jvp, both_wide.jvp), (jacobian.vjp, both_wide.vjp)):
            result = product(vector)
            assert result.dtype == np.float64
            assert np.array_equal(result, wanted(vector.astype(np.float64)))
            out = np.ones((2, n), np.float32)
            product(vector, out=out)
            assert np.array_equal(out, result.astype(np.float32))
            product(vector, out=out, accumulate=True)
            assert np.array_equal(out, (result.astype(np.float32) + result).astype(np.float32))


def test_a_sum_is_added_to_the_output_once():
    """10**16 + (1 + 1) is exact, (10**16 + 1) + 1 is not: the products are summed first."""
    for n in (3, 9000):
        jacobian = jk.select([0, 0], n)
        out = np.full(n, 1e16)
        jacobian.vjp(np.ones(2), out=out, accumulate=True)
        assert out[0] == 1e16 + 2
        total = np.full(1, 1e16)
        jk.sparse(scipy.sparse.csr_array(np.ones((1, n)))).jvp(
            np.r_[np.ones(2), np.zeros(n - 2)], out=total, accumulate=True
        )
        assert total[0] == 1e16 + 2


@pytest.mark.isa
@pytest.mark.parametrize("k", [None, 3])
def test_the_error_of_a_long_row_does_not_grow_with_its_length(k):
    n = 1 << 18
    jacobian = jk.sparse(scipy.sparse.csr_array(np.full((1, n), 1, np.float32)))
    v = np.full((n,) if k is None else (n, k), 0.1, np.float32)
    assert np.allclose(jacobian @ v, n * np.float32(0.1).astype(float), rtol=3e-5 if k else 3e-6, atol=0)


@pytest.mark.isa
def test_bits_do_not_depend_on_the_number_of_threads(dtype):
    n = 120_000
    rng = np.random.default_rng(0)
    lengths = np.where(np.arange(n) == 17, 90_000, rng.integers(0, 9, n))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    matrix = scipy.sparse.csr_array((layouts.normal(indptr[-1], dtype), rng.integers(0, n, indptr[-1]), indptr), (n, n))
    jacobian = jk.sparse(matrix)
    v = layouts.normal((3, n), dtype)
    results = []
    before = jk.get_num_threads()
    try:
        for n_threads in (1, 2, 5):
            jk.set_num_threads(n_threads)
            results.append((jacobian.jvp(v), jacobian.vjp(v), jacobian @ np.ascontiguousarray(v.T)))
    finally:
        jk.set_num_threads(before)
    for other in results[1:]:
        assert all(x.tobytes() == y.tobytes() for x, y in zip(results[0], other, strict=True))
    assert np.allclose(results[0][0], (matrix @ v.T).T, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-3)


def test_overlapping_outputs_are_computed_as_if_the_inputs_were_copied():
    jacobian, matrix = with_duplicates((6, 6), np.float64)
    memory = layouts.integers(9)
    wanted = memory[:6] @ matrix.T
    jacobian.jvp(memory[:6], out=memory[3:])
    assert np.array_equal(memory[3:], wanted)
    csr = scipy.sparse.csr_array(matrix)
    jacobian, v = jk.sparse(csr), layouts.integers(6)
    wanted = matrix @ v
    jacobian.jvp(v, out=csr.data[:6])
    assert np.array_equal(csr.data[:6], wanted)


def test_structural_zeros_win_over_infinity():
    jacobian = jk.sparse(scipy.sparse.csr_array([[0.0, 2.0], [1.0, 0.0]]))
    assert np.array_equal(jacobian.jvp(np.array([np.inf, 1.0])), [2.0, np.inf])
    assert np.array_equal(jacobian.vjp(np.array([np.inf, 1.0])), [1.0, np.inf])


# ---- what is kept -------------------------------------------------------------------------------------


def test_the_numbers_of_a_csr_array_are_kept_and_its_indices_are_not(dtype):
    csr = scipy.sparse.csr_array(np.array([[0, 1, 2], [3, 0, 0]], dtype))
    jacobian = jk.sparse(csr)
    csr.data[0] = 9
    assert np.array_equal(jacobian.toarray(), [[0, 9, 2], [3, 0, 0]])
    csr.indices[:] = 1000
    csr.indptr[:] = -5
    assert np.array_equal(jacobian.toarray(), [[0, 9, 2], [3, 0, 0]])
    assert jacobian.nbytes == csr.data.nbytes + 4 * 3 + 4 * 3
    assert jacobian.T.nbytes == jacobian.reshape((2, 1), 3).nbytes == jacobian.nbytes
    with pytest.raises(ValueError, match="WRITEABLE"):
        jacobian._pattern.indices.flags.writeable = True


def test_transposing_and_reshaping_share_everything():
    jacobian, _ = with_duplicates((4, 6), np.float64)
    for other in (jacobian.T, jacobian.T.T, jacobian.reshape((2, 2), (3, 2))):
        assert all(x is y or np.shares_memory(x, y) for x, y in zip(other._arrays(), jacobian._arrays(), strict=True))


def test_a_gather_stores_one_number_and_one_index_per_row():
    jacobian = jk.select(np.arange(1000)[::-1].copy(), 1000, dtype=np.float32)
    assert (jacobian.structure, jacobian.nnz, jacobian.nbytes) == ("sparse", 1000, 4 + 4000)
    assert (2 * jacobian).nbytes == jacobian.astype(float).nbytes - 4 == jacobian.T.nbytes == 4 + 4000
    assert np.array_equal((2 * jacobian).jvp(np.arange(1000.0)), 2 * np.arange(1000.0)[::-1])


def test_scaling_and_changing_the_dtype(dtype):
    jacobian, matrix = with_duplicates((4, 6), dtype)
    assert (-2 * jacobian).dtype == dtype
    assert np.array_equal((-2 * jacobian).toarray(), -2 * matrix)
    assert np.array_equal((jacobian / 2).toarray(), matrix / 2)
    assert jacobian.astype(dtype) is jacobian
    for other in layouts.DTYPES:
        assert jacobian.astype(other).dtype == other
        assert np.array_equal(jacobian.astype(other).toarray(), matrix)
    with pytest.raises(ValueError, match="not kept as values and letters"):
        _ = jacobian.values


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_keep_the_storage(copied):
    for jacobian in (with_duplicates((4, 6), np.float32)[0], jk.select(np.arange(50) % 7, 7)):
        for original in (jacobian, jacobian.T):
            again = copied(original)
            assert (again.out_shape, again.in_shape) == (original.out_shape, original.in_shape)
            assert (again.dtype, again.nbytes, again.nnz) == (original.dtype, original.nbytes, original.nnz)
            assert np.array_equal(again.toarray(), original.toarray())
    assert len(pickle.dumps(jk.select(np.zeros(10_000, int), 1))) < 10_000 * 4 + 1000


# ---- constructors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [*SHAPES[:-1], (0, 3), (3, 0), (0, 0)], ids=str)
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_every_format_of_scipy_makes_the_same_jacobian(form, kind, shape):
    rows, columns, values = entries(shape, np.float64)
    matrix = filled(rows, columns, values, shape)
    given_one = getattr(scipy.sparse, f"{form}_{kind}")(matrix)
    jacobian = jk.sparse(given_one)
    check(jacobian, matrix)
    assert jacobian.structure == ("sparse" if given_one.nnz else "zero")


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_unsorted_indices_and_duplicates_are_put_in_order(index_dtype, dtype):
    indptr, indices = np.array([0, 3, 3, 5], index_dtype), np.array([2, 0, 2, 1, 0], index_dtype)
    data = np.array([1, 2, 3, 4, 5], dtype)
    csr = scipy.sparse.csr_array((data, indices, indptr), (3, 3))
    jacobian = jk.sparse(csr)
    assert jacobian.nnz == 4
    check(jacobian, np.array([[2, 0, 4], [0, 0, 0], [5, 4, 0]]))
    assert np.array_equal(csr.indices, indices)
    assert np.array_equal(csr.data, data)


@pytest.mark.sanitize
def test_indices_of_64_bits_are_used_where_32_do_not_reach():
    """The vector is one number repeated with stride 0: it takes no memory."""
    n = 2**31 + 10
    pattern = _core.SparsePattern(np.array([0, 2, 3]), np.array([5, n - 1, 7]), 2, n)
    assert pattern.indices.dtype == pattern.indptr.dtype == np.int64
    products = _core.SparseProducts(np.array([1.0, 2.0, 3.0]), pattern, (2,), (n,), False)
    out = np.zeros((4, 2))
    products._batched_product(np.broadcast_to(2.0, (4, n)), out, False, False)
    assert np.array_equal(out, [[6.0, 6.0]] * 4)
    assert _core.SparsePattern(None, np.array([0, 1]), 2, 3).indices.dtype == np.int32


def test_products_with_64_bit_indices_have_the_bits_of_32(dtype):
    """A pattern stays at 64 bits if there are many columns; the same entries are compared on the first of them."""
    rows, columns, values = entries((50, 60), dtype)
    jacobian = jk.sparse(scipy.sparse.coo_array((values, (rows, columns)), (50, 60)))
    small = jacobian._pattern
    n = 2**31 + 1
    wide = _core.SparsePattern(small.indptr, small.indices, 50, n)
    products = _core.SparseProducts(jacobian._values, wide, (50,), (n,), False)
    one, other = np.zeros(50, dtype), np.zeros(50, dtype)
    products._batched_product(np.broadcast_to(dtype(0.1), n), one, False, False)
    jacobian._batched_product(np.broadcast_to(dtype(0.1), 60), other, False, False)
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("indptr", "indices", "message"),
    [
        ([0, 2, 1], [0, 1], "indptr ends with 1, expected 2"),
        ([0, 3, 2], [0, 1], "indptr goes from 0 to 3 in row 0"),
        ([1, 1, 2], [0, 1], "indptr goes from 1 to 1 in row 0"),
        ([0, -1, 2], [0, 1], "indptr goes from 0 to -1 in row 0"),
        ([0, 1, 2], [0, 3], "row 1 has an entry in column 3, expected 0 to 2"),
        ([0, 1, 2], [-1, 0], "row 0 has an entry in column -1"),
        ([0, 1, 2], [0, 2**32], "row 1 has an entry in column 4294967296"),
        ([0, 2**32, 2], [0, 1], "indptr goes from 0 to 4294967296 in row 0"),
        ([0, 2], [0, 1], "indices for 1 rows, expected 2"),
        (None, [0, 3], "row 1 has an entry in column 3"),
        (None, [0], "indices for 1 rows, expected 2"),
    ],
)
def test_indices_out_of_range_are_refused(indptr, indices, message):
    pointers = None if indptr is None else np.array(indptr)
    with pytest.raises(ValueError, match=message):
        _core.SparsePattern(pointers, np.array(indices), 2, 3)


def test_values_without_a_pattern_are_refused():
    with pytest.raises(TypeError, match="pattern"):
        _core.SparseProducts(np.ones(3), None, (3,), (3,), False)


def test_bad_indices_of_a_scipy_array_are_refused():
    csr = scipy.sparse.csr_array(np.eye(3))
    csr.indices[2] = 3
    csr.has_canonical_format = True
    with pytest.raises(ValueError, match=r"csr\.indices\[2\] is 3, expected 0 to 2"):
        jk.sparse(csr)


def test_errors_of_sparse_say_what_came_and_what_to_do():
    csr = scipy.sparse.csr_array(np.eye(6))
    for dense in (np.eye(2), [[1.0]], jk.identity(2)):
        with pytest.raises(TypeError, match=r"expected a SciPy sparse array; jk\.dense takes arrays"):
            jk.sparse(dense)
    with pytest.raises(TypeError, match="csr is a str, expected a SciPy sparse array"):
        jk.sparse("matrix")
    with pytest.raises(ValueError, match=r"out_shape is \(2, 2\), expected 6 elements, for a matrix of shape \(6, 6\)"):
        jk.sparse(csr, out_shape=(2, 2))
    with pytest.raises(ValueError, match=r"in_shape is \(5,\), expected 6 elements"):
        jk.sparse(csr, in_shape=5)
    with pytest.raises(TypeError, match="complex"):
        jk.sparse(csr.astype(complex))
    assert jk.sparse(csr.astype(int)).dtype == np.float64
    assert jk.sparse(csr, (2, 3), (3, 2)).jvp(np.ones((3, 2))).shape == (2, 3)
    with pytest.raises(ValueError, match=r"sparse\.jvp: x_dot has shape \(5,\), expected \(6,\)"):
        jk.sparse(csr).jvp(np.ones(5))


# ---- gathers ------------------------------------------------------------------------------------------

INDICES = [
    ((5,), np.array([4, 0, 4, -1])),
    ((5,), [[0, 1], [1, 0]]),
    ((5,), np.array([True, False, True, True, False])),
    ((3, 4), (np.array([2, 0]), slice(None))),
    ((3, 4), (slice(None), [3, 3, 0])),
    ((3, 4), (np.array([[0], [2]]), np.array([1, 3, 3]))),
    ((3, 4), np.arange(12).reshape(3, 4) % 3 == 0),
    ((3, 4), (..., None, [1, 1])),
    ((2, 3, 4), (np.array([1, 0]), slice(None, None, -2), np.array([2, 3]))),
    ((2, 3, 4), (slice(1), [0, 2], 3)),
    ((3,), np.zeros((0,), int)),
    ((3, 0), ([1, 1], slice(None))),
]


@pytest.mark.parametrize(("in_shape", "index"), INDICES, ids=lambda x: str(x).replace("\n", "")[:40])
def test_select_takes_what_numpy_takes(in_shape, index, dtype):
    jacobian = jk.select(index, in_shape, dtype=dtype)
    x = layouts.integers((2, *in_shape), dtype, "x")
    wanted = np.stack([x[0][index], x[1][index]])
    assert jacobian.out_shape == wanted.shape[1:]
    assert jacobian.structure == ("sparse" if wanted.size else "zero")
    assert np.array_equal(jacobian.jvp(x), wanted)
    y_bar = layouts.integers(wanted.shape, dtype, "y_bar")
    scattered = np.zeros_like(x)
    for k in range(2):
        np.add.at(scattered[k], index, y_bar[k])
    assert np.array_equal(jacobian.vjp(y_bar), scattered)
    assert np.array_equal(jacobian.T.jvp(y_bar), scattered)
    check_products(jacobian, jacobian.toarray())
    check(jacobian, jacobian.toarray())


@pytest.mark.parametrize(("in_shape", "index"), [((3,), [0, 3]), ((3,), [True, False]), ((2, 2), ([0], [1], [0]))])
def test_select_raises_what_numpy_raises(in_shape, index):
    with pytest.raises(IndexError) as wanted:
        np.zeros(in_shape)[np.array(index) if isinstance(index, list) else index]
    with pytest.raises(IndexError) as error:
        jk.select(np.array(index) if isinstance(index, list) else index, in_shape)
    assert str(error.value) == str(wanted.value)


# ---- algebra ------------------------------------------------------------------------------------------


def test_a_product_with_any_structure_equals_that_of_the_dense_matrices(dtype):
    rows, columns, values = entries((4, 6), dtype)
    csr = scipy.sparse.coo_array((values, (rows, columns)), (4, 6)).tocsr()
    sparse = jk.sparse(csr)
    right = [
        jk.identity(6, dtype=dtype), jk.diagonal(layouts.integers(6, dtype)), jk.zero(6, 5, dtype=dtype),
        jk.dense(layouts.integers((6, 3), dtype)), jk.broadcast(layouts.integers(6, dtype), ()),
        jk.reduction(np.ones((2, 6), dtype), 0), jk.select(slice(None, None, -1), 6, dtype=dtype),
        jk.banded(layouts.integers((3, 6), dtype), [-1, 0, 2], (6, 6)), sparse.T,
        jk.select([5, 5, 0, 1, 1, 2], 7, dtype=dtype), jk.identity(6, dtype=dtype) + sparse.T @ sparse,
        jk.linear_map(lambda v: 2 * v, lambda u: 2 * u, 6, 6, dtype=dtype),
        jk.block_diagonal(layouts.integers((2, 3, 2), dtype)).reshape(6, 4),
    ]  # fmt: skip
    for other in right:
        product = sparse @ other
        assert product.dtype == dtype
        assert np.array_equal(product.toarray(), csr @ np.asarray(other))
        assert np.array_equal((other.T @ sparse.T).toarray(), (csr @ np.asarray(other)).T)
        v = layouts.integers((2, *other.in_shape), dtype, "v")
        assert np.array_equal(product.jvp(v), v.reshape(2, -1) @ product.toarray().T)


@pytest.mark.parametrize("shape", [(1, 1), (4, 6), (30, 5), (5, 30)], ids=str)
def test_sums_and_products_of_sparse_ones_are_sparse(shape, dtype):
    m, n = shape
    a, b = with_duplicates(shape, dtype), with_duplicates((n, m), dtype)
    total = a[0] + b[0].T
    assert total.structure == "sparse"
    check(total, a[1] + b[1].T)
    assert total.nnz <= a[0].nnz + b[0].nnz
    check((a[0] - a[0]), np.zeros(shape))
    check_products(total, a[1] + b[1].T)
    for left, right in ((a, b), (b, a)):
        assert np.array_equal((left[0] @ right[0]).toarray(), left[1] @ right[1])


def test_gathers_of_gathers_are_gathers():
    first, second = jk.select([3, 3, 0, 1], 5), jk.select([1, 0, 2], 4)
    both = second @ first
    assert (both.structure, both.nbytes) == ("sparse", 8 + 3 * 4)
    assert np.array_equal(both.jvp(np.arange(5.0)), [3, 3, 0])
    shuffled = jk.select(np.random.default_rng(0).permutation(100), 100)
    assert (shuffled.T @ shuffled).structure == "sparse"
    assert (shuffled.T @ shuffled).nbytes == shuffled.nbytes
    assert np.array_equal((shuffled.T @ shuffled).toarray(), np.eye(100))


def test_a_scatter_counts_what_falls_together():
    jacobian = jk.select([2, 0, 2, 2], 3)
    gram = jacobian.T @ jacobian
    assert gram.structure == "sparse"
    assert np.array_equal(gram.toarray(), np.diag([1.0, 0.0, 3.0]))


@given(st.data())
def test_entries_in_any_order_make_the_same_matrix(data):
    from jackern._algebra.csr import from_entries, multiply, product_work

    m, k, n = (data.draw(st.integers(1, 5)) for _ in range(3))
    matrices, jacobians = [], []
    for shape in ((m, k), (k, n)):
        places = data.draw(st.lists(st.tuples(st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1)), max_size=12))
        rows, columns = np.array(places, int).reshape(-1, 2).T
        values = np.broadcast_to(2.0, len(rows)) if data.draw(st.booleans()) else layouts.integers(len(rows))
        matrices.append(filled(rows, columns, values, shape))
        jacobian = from_entries(rows, columns, values, shape[:1], shape[1:])
        if data.draw(st.booleans()):
            jacobian = from_entries(columns, rows, values, shape[1:], shape[:1]).T
        check(jacobian, matrices[-1])
        assert jacobian.nnz == len(set(places))
        jacobians.append(jacobian)
    product = multiply(*jacobians)
    check(product, matrices[0] @ matrices[1])
    assert product_work(*jacobians) >= product.nnz


def test_entries_of_very_large_matrices_are_told_apart():
    """Numbers of rows and columns whose product is beyond 64 bits."""
    from jackern._algebra.csr import from_entries, multiply

    n = 2**40
    rows, columns = np.array([0, 2, 2, 0]), np.array([n - 1, 5, n - 1, n - 1])
    tall = from_entries(rows, columns, np.array([1.0, 2.0, 3.0, 4.0]), (3,), (n,))
    assert tall.nnz == 3
    assert np.array_equal(multiply(tall, tall.T).toarray(), [[25, 0, 15], [0, 0, 0], [15, 0, 13]])


# ---- other formats: every index is checked before SciPy converts -------------------------------------------------


def broken(form, **changed):
    """A SciPy array whose indices were changed behind its back."""
    array = scipy.sparse.coo_array(np.array([[0.0, 2.0, 0.0, 1.0], [3.0, 0.0, 4.0, 0.0]])).asformat(form)
    for name, value in changed.items():
        setattr(array, name, np.array(value, getattr(getattr(array, name), "dtype", None)))
    return array


BROKEN = {
    "csr-pointer": (broken("csr", indptr=[0, 3, 9]), "indptr goes from 0 to 9"),
    "csr-falls": (broken("csr", indptr=[0, 3, 2]), "expected to grow"),
    "csr-start": (broken("csr", indptr=[1, 2, 4]), "indptr goes from 1"),
    "csr-short": (broken("csr", indptr=[0, 4]), "indptr has length 2, expected 3"),
    "csr-column": (broken("csr", indices=[1, 3, 0, 4]), "indices\\[3\\] is 4, expected 0 to 3"),
    "csr-two-axes": (broken("csr", indices=[[1, 3], [0, 2]]), "expected integers"),
    "csr-floats": (broken("csr", indptr=[0, 2, 4]), None),
    "csc-row": (broken("csc", indices=[1, 0, 2, 0]), "indices\\[2\\] is 2, expected 0 to 1"),
    "csc-negative": (broken("csc", indices=[1, 0, -1, 0]), "indices\\[2\\] is -1"),
    "csc-pointer": (broken("csc", indptr=[0, 1, 2, 3, 99]), "indptr goes from 0 to 99"),
    "bsr-column": (broken("bsr", indices=[7] * len(broken("bsr").indices)), "indices\\[0\\] is 7"),
    "dia-offsets": (broken("dia", offsets=[0]), "expected a row for each of 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_indices_of_every_format_are_checked_before_scipy_reads_them(name):
    """Calls the check alone: SciPy's conversions trust what they are given."""
    array, message = BROKEN[name]
    if message is None:
        check_entries(array, "sparse")
        return
    with pytest.raises(ValueError, match=message):
        check_entries(array, "sparse")


def test_coordinates_are_checked_before_scipy_reads_them():
    array = broken("coo")
    rows, columns = array.coords
    array.coords = (rows, columns + 9)
    with pytest.raises(ValueError, match="col\\[0\\] is 10, expected 0 to 3"):
        check_entries(array, "sparse")
    array.coords = (rows[:2], columns)
    with pytest.raises(ValueError, match="row has length 2, expected 4"):
        check_entries(array, "sparse")


def test_lists_and_keys_are_checked_before_scipy_reads_them():
    lists, keys = broken("lil"), broken("dok")
    lists.rows[0] = [1, 7]
    with pytest.raises(ValueError, match="rows\\[1\\] is 7"):
        check_entries(lists, "sparse")
    keys._dict[5, 0] = 1.0
    with pytest.raises(ValueError, match="row\\[0\\] is 5, expected 0 to 1"):
        check_entries(keys, "sparse")


def test_index_arrays_come_in_as_exact_arrays():
    """What a subclass makes of its methods plays no part."""

    class Lying(np.ndarray):
        def astype(self, *args, **options):
            return np.full(7, 10**6)

        def __len__(self):
            return 2

    indices = np.array([1, 0]).view(Lying)
    pattern = _core.SparsePattern(None, indices, 2, 2)
    assert pattern.indices.tolist() == [1, 0]
    assert type(pattern.indices) is np.ndarray


def test_nobody_can_write_to_the_indices_that_were_checked():
    pattern = _core.SparsePattern(np.array([0, 1, 2]), np.array([1, 0]), 2, 2)
    for array in (pattern.indptr, pattern.indices):
        while isinstance(array, np.ndarray):
            with pytest.raises(ValueError, match="cannot set WRITEABLE"):
                array.flags.writeable = True
            array = array.base
