"""Convolutions along an axis: products against np.convolve and loops over elements, the algebra against matrices."""

from __future__ import annotations

import itertools
import pickle

import layouts
import numpy as np
import oracle
import pytest
import scipy.linalg
import scipy.signal

import jackern as jk
from jackern import _core

MODES = ("full", "same", "valid")
TAPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33)
# Shapes and an axis: short and long ones, with nothing, little and much behind the axis.
SHAPES = [((1,), 0), ((6,), 0), ((40,), 0), ((9, 1), 0), ((7, 3), 0), ((2, 12, 20), 1), ((3, 2, 5), 2), ((1, 4, 1), 1)]


def cases(shapes=SHAPES, taps=TAPS):
    """Every shape and axis, number of taps and mode that there is."""
    for (shape, axis), k, mode in itertools.product(shapes, taps, MODES):
        if mode != "valid" or k <= shape[axis]:
            yield shape, axis, k, mode


def by_halves(products):
    """The sum of some products: every one of the first half with its partner in the second."""
    while len(products) > 1:
        half = (len(products) + 1) // 2
        pairs = zip(products, products[half:], strict=False)
        products = [a + b for a, b in pairs] + products[len(products) - half : half]
    return products[0]


def loop(kernel, v, axis, first, n_out):
    """The convolution in the documented order, a rounding per operation, in the wider dtype: the same bits."""
    dtype = np.result_type(kernel, v)
    kernel, v = kernel.astype(dtype), np.moveaxis(v.astype(dtype), axis, 0)
    unused = max(0, first - len(v) + 1)  # taps in front that meet no element
    kernel, first = kernel[unused : n_out + first], first - unused
    out = np.zeros((n_out, *v.shape[1:]), dtype)
    for i in range(n_out):
        for run in range(0, len(kernel), 8):
            taps = [j for j in range(run, min(run + 8, len(kernel))) if 0 <= i + first - j < len(v)]
            if taps:
                out[i] += by_halves([kernel[j] * v[i + first - j] for j in taps])
    return np.moveaxis(out, 0, axis)


def first_of(mode, k):
    """Which element of the full convolution is the first one."""
    return {"full": 0, "same": (k - 1) // 2, "valid": k - 1}[mode]


def made(shape, axis, k, mode, dtype=np.float64):
    """A kernel of normal numbers, and its convolution."""
    kernel = layouts.normal((k,), dtype, (k, "kernel"))
    return kernel, jk.convolution(kernel, shape, axis, mode)


# ---- what it is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_jvp_is_what_numpy_convolves(dtype, mode):
    for k, n in itertools.product(TAPS, (33, 34, 100)):
        kernel, v = layouts.integers((k,), dtype, k), layouts.integers((n,), dtype, n)
        J = jk.convolution(kernel, n, mode=mode)
        result = J.jvp(v)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, np.convolve(v, kernel, mode))


@pytest.mark.parametrize("mode", ["full", "same"])
def test_a_kernel_longer_than_the_input_stays_the_kernel(mode):
    for k, n in itertools.product((2, 5, 8, 33), (1, 2, 4, 7)):
        kernel, v = layouts.integers((k,)), layouts.integers((n,))
        wanted = scipy.signal.convolve(v, kernel, mode, method="direct")
        np.testing.assert_array_equal(jk.convolution(kernel, n, mode=mode).jvp(v), wanted)


def test_everything_equals_the_dense_toeplitz_matrix(dtype):
    for shape, axis, k, mode in cases(taps=(1, 2, 5, 9)):
        kernel = layouts.integers((k,), dtype, k)
        J, matrix = jk.convolution(kernel, shape, axis, mode), oracle.convolution_matrix(kernel, shape, axis, mode)
        v, u = layouts.integers(J.in_shape, dtype, "v"), layouts.integers(J.out_shape, dtype, "u")
        assert J.shape == matrix.shape
        assert J.dtype == dtype
        assert J.nnz == np.count_nonzero(matrix)
        np.testing.assert_array_equal(J.toarray(), matrix)
        np.testing.assert_array_equal(J.T.toarray(), matrix.T)
        np.testing.assert_array_equal(J.diagonal(), np.diagonal(matrix))
        np.testing.assert_array_equal(np.ravel(J.jvp(v)), matrix @ np.ravel(v))
        np.testing.assert_array_equal(np.ravel(J.vjp(u)), np.ravel(u) @ matrix)
        np.testing.assert_array_equal(J.tocsr().toarray(), matrix)
        assert np.vdot(u, J.jvp(v)) == np.vdot(J.vjp(u), v)


def test_a_negative_axis_counts_from_the_end():
    kernel = layouts.normal((3,))
    for axis in (-3, -2, -1):
        v = layouts.normal((4, 5, 6))
        one, other = (jk.convolution(kernel, v.shape, k).jvp(v) for k in (axis, axis + 3))
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(jk.convolution(kernel, v.shape).jvp(v), one)


def test_the_kernel_is_kept_and_all_that_is_held():
    kernel = np.array([1.0, 2.0, 3.0])
    J = jk.convolution(kernel, (1000, 1000), axis=0)
    assert (J.structure, J.nbytes, J.T.nbytes) == ("banded", 24, 24)
    assert J.shape == (1_002_000, 1_000_000)
    assert J.nnz == 3_000_000
    assert "convolution of 3 taps" in J.explain()
    small = jk.convolution(kernel, 4)
    kernel[:] = [5.0, 6.0, 7.0]
    np.testing.assert_array_equal(small.jvp(np.array([1.0, 0.0, 0.0, 0.0])), [5.0, 6.0, 7.0, 0.0, 0.0, 0.0])
    kernel.resize((1, 3), refcheck=False)
    np.testing.assert_array_equal(small.vjp(np.ones(6)), np.full(4, 18.0))


def test_equal_taps_are_one_number():
    J = jk.convolution(np.broadcast_to(0.25, 4), 100, mode="valid")
    for each in (J, J.T, 2 * J, J + J, J.astype(np.float32), pickle.loads(pickle.dumps(J))):
        assert each.nbytes == each.dtype.itemsize
    np.testing.assert_array_equal((J + J).jvp(np.ones(100)), np.full(97, 2.0))
    assert jk.convolution(np.broadcast_to(0.25, 10**6), 10**6).nbytes == 8
    assert len(pickle.dumps(jk.convolution(np.broadcast_to(0.25, 10**6), 10**6))) < 1000


def test_a_single_tap_is_a_multiple_of_the_identity():
    kernel = np.array([3.0])
    for mode in MODES:
        J = jk.convolution(kernel, (4, 5), 0, mode)
        assert (J.structure, J.in_shape, J.out_shape) == ("identity", (4, 5), (4, 5))
        assert np.shares_memory(J.values, kernel)
    # Of five taps the middle one alone meets an axis of length 1.
    J = jk.convolution(np.arange(5.0), (3, 1), 1, "same")
    assert (J.structure, J.nbytes, J.values) == ("identity", 8, 2.0)


@pytest.mark.parametrize(
    ("in_shape", "axis", "mode", "out_shape"),
    [
        (0, 0, "full", (2,)),
        (0, 0, "same", (0,)),
        ((0, 4), 1, "full", (0, 6)),
        ((0, 4), 1, "valid", (0, 2)),
        ((4, 0), 0, "same", (4, 0)),
    ],
)
def test_empty_axes_make_a_zero_jacobian(in_shape, axis, mode, out_shape):
    J = jk.convolution([1.0, 2.0, 3.0], in_shape, axis, mode)
    assert (J.structure, J.out_shape) == ("zero", out_shape)
    np.testing.assert_array_equal(J.jvp(np.ones(J.in_shape)), np.zeros(out_shape))


# ---- bits -----------------------------------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtypes", list(itertools.product(layouts.DTYPES, repeat=2)), ids=str)
def test_products_have_the_bits_of_the_loop_over_elements(dtypes, mode):
    for shape, axis, k, _ in (case for case in cases() if case[3] == mode):
        kernel, J = made(shape, axis, k, mode, dtypes[0])
        for batch in ((), (2,), (0,)):
            v = layouts.normal(batch + J.in_shape, dtypes[1], "v")
            u = layouts.normal(batch + J.out_shape, dtypes[1], "u")
            at = len(batch) + axis
            first, n, n_out = first_of(mode, k), shape[axis], J.out_shape[axis]
            np.testing.assert_array_equal(J.jvp(v), loop(kernel, v, at, first, n_out))
            np.testing.assert_array_equal(J.vjp(u), loop(kernel[::-1], u, at, k - 1 - first, n))
            np.testing.assert_array_equal(J.T.jvp(u), J.vjp(u))


BLOCKED = [((3000,), 0), ((2, 1500), 1), ((5, 1100), 0), ((700, 3), 0), ((3, 40, 30), 1)]
MANY_TAPS = [((3000,), 0), ((2, 1500), 1), ((700, 3), 0)]  # as many as the loop over elements has time for


@pytest.mark.isa
@pytest.mark.parametrize(
    ("shape", "axis", "k"), [(*x, k) for x in BLOCKED for k in (3, 8, 21)] + [(*x, 800) for x in MANY_TAPS], ids=str
)
def test_blocks_do_not_show(dtype, shape, axis, k):
    kernel, J = made(shape, axis, k, "same", dtype)
    v = layouts.normal(shape, dtype, "v")
    np.testing.assert_array_equal(J.jvp(v), loop(kernel, v, axis, (k - 1) // 2, shape[axis]))


@pytest.mark.sanitize
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("batch", [(), (3,), (40,)], ids=str)
def test_layouts_give_the_bits_of_contiguous_arrays(dtype, layout, batch, accumulate):
    for shape, axis, k, mode in cases(shapes=[((50,), 0), ((7, 30), 0), ((30, 7), 0), ((2, 5, 4), 1)], taps=(2, 11)):
        kernel, J = made(shape, axis, k, mode, dtype)
        if mode == "valid":
            J, strided = J.T, jk.convolution(layout(kernel), shape, axis, mode).T
        else:
            strided = jk.convolution(layout(kernel), shape, axis, mode)
        v = layouts.normal(batch + J.in_shape, dtype, "v")
        if layout is layouts.repeated:
            strided, v = J, layout(v)
        base = layouts.normal(batch + J.out_shape, dtype, "base")
        expected = base.copy()
        J.jvp(layouts.plain(v), out=expected, accumulate=accumulate)
        for writable in layouts.WRITABLE.values():
            out = writable(base)
            assert strided.jvp(layout(v), out=out, accumulate=accumulate) is out
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("shape", [(1,), (7,), (3000,), (700, 3)], ids=str)
@pytest.mark.parametrize("n_vectors", [1, 2, 5, 16, 600])
def test_columns_of_a_matrix_are_vectors(dtype, shape, n_vectors):
    _, J = made(shape, 0, 5, "full", dtype)
    vectors = layouts.normal((J.shape[1], n_vectors), dtype, "vectors")
    expected = J.jvp(np.ascontiguousarray(vectors.T).reshape(n_vectors, *shape)).reshape(n_vectors, -1).T
    np.testing.assert_array_equal(J @ vectors, expected)


def test_threads_give_the_same_bits(dtype):
    before = jk.get_num_threads()
    for shape, axis, k in (((200_000,), 0, 5), ((500, 400), 0, 33), ((500, 400), 1, 33), ((60_000, 3), 0, 9)):
        _, J = made(shape, axis, k, "same", dtype)
        v = layouts.normal((2, *shape), dtype, "v")
        try:
            jk.set_num_threads(1)
            expected = J.jvp(v[0]), J.jvp(v), J.vjp(v[0])
            jk.set_num_threads(3)
            got = J.jvp(v[0]), J.jvp(v), J.vjp(v[0])
        finally:
            jk.set_num_threads(before)
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_array_equal(one, other)


# ---- outputs, overlaps, special numbers -----------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("mode", MODES)
def test_an_out_that_overlaps_an_input_is_as_if_that_had_been_copied(dtype, mode):
    memory = layouts.normal((60,), dtype, "memory")
    for k, n in ((3, 20), (9, 20), (5, 8)):
        for to, source in itertools.product((0, 1, 7, 20), repeat=2):
            given = memory.copy()
            J = jk.convolution(given[30 : 30 + k], n, mode=mode)
            out, v = given[to:][: J.out_shape[0]], given[source:][:n]
            expected = jk.convolution(given[30 : 30 + k].copy(), n, mode=mode).jvp(v.copy())
            np.testing.assert_array_equal(J.jvp(v, out=out), expected)
    given = memory.copy()
    J = jk.convolution(given[10:13], 20)
    expected = jk.convolution(given[10:13].copy(), 20).jvp(memory[30:50])
    np.testing.assert_array_equal(J.jvp(memory[30:50], out=given[:22]), expected)


def test_the_sum_is_rounded_once_and_added_once(dtype):
    """1 + e - 1 with an e that float32 cannot add to 1: the sum is formed in the wider dtype."""
    e = 1e-9
    J = jk.convolution(np.array([1.0, -1.0, e]), 3, mode="valid")
    out = np.zeros(1, dtype)
    J.jvp(np.ones(3, dtype), out=out)
    np.testing.assert_array_equal(out, np.array([1.0 + e - 1.0]).astype(dtype))
    out[:] = 1.0
    J.jvp(np.ones(3, dtype), out=out, accumulate=True)
    np.testing.assert_array_equal(out, np.array([1.0 + (1.0 + e - 1.0)]).astype(dtype))


def test_what_lies_beyond_the_ends_is_a_structural_zero():
    J = jk.convolution([1.0, np.inf, 1.0], 4, mode="same")
    np.testing.assert_array_equal(J.jvp(np.array([1.0, 1.0, 1.0, 1.0])), [np.inf] * 4)
    J = jk.convolution([1.0, np.nan], 3)
    np.testing.assert_array_equal(J.jvp(np.array([2.0, 2.0, 2.0])), [2.0, np.nan, np.nan, np.nan])
    J = jk.convolution([1.0, 2.0, 3.0], 20, mode="same")
    v = np.zeros(20)
    v[10] = np.inf
    result = J.jvp(np.where(v == 0, 1.0, v))
    assert np.isinf(result[9:12]).all()
    assert np.isfinite(np.delete(result, [9, 10, 11])).all()


def test_a_small_contiguous_call_takes_the_straight_way():
    class Straight(_core.ConvolutionProducts):
        def _general_product(self, v, out, accumulate, transposed):
            raise AssertionError("the general way was taken")

    products = Straight(np.array([1.0, 2.0]), 0, (1, 5, 4, 1), (5,), (2, 2))
    out = np.ones(5)
    np.testing.assert_array_equal(products.jvp(np.ones((2, 2))), [1.0, 3.0, 3.0, 3.0, 2.0])
    assert products.jvp(np.ones((2, 2)), out=out, accumulate=True) is out
    np.testing.assert_array_equal(out, [2.0, 4.0, 4.0, 4.0, 3.0])
    np.testing.assert_array_equal(products.vjp(np.ones(5)), [[3.0, 3.0], [3.0, 3.0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((2, 2)), 0, (1, 5, 4, 1), (5,), (4,)), r"shape \(2, 2\)"),
        ((np.ones(0), 0, (1, 4, 4, 1), (4,), (4,)), r"shape \(0,\)"),
        ((np.ones(2, np.float16), 0, (1, 5, 4, 1), (5,), (4,)), "float16"),
        ((np.ones(2), 0, (1, 5, 4, 1), (6,), (4,)), r"\(6,\) has 6 elements, expected 5"),
    ],
)
def test_a_storage_that_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        _core.ConvolutionProducts(*arguments)


# ---- errors ---------------------------------------------------------------------------------------------

ERRORS = {
    "a matrix": (lambda: jk.convolution(np.ones((2, 3)), 4), ValueError, r"kernel has shape \(2, 3\), expected \(k,\)"),
    "a number": (lambda: jk.convolution(1.0, 4), ValueError, r"kernel has shape \(\), expected \(k,\)"),
    "no taps": (lambda: jk.convolution([], 4), ValueError, r"kernel has shape \(0,\).*at least one tap"),
    "complex": (lambda: jk.convolution([1j], 4), TypeError, "kernel has dtype complex128"),
    "objects": (lambda: jk.convolution([None], 4), TypeError, "kernel is an object array"),
    "half": (lambda: jk.convolution(np.ones(2, np.float16), 4), TypeError, "kernel has dtype float16"),
    "a mode": (lambda: jk.convolution([1.0], 4, mode="wrap"), ValueError, "mode is 'wrap', expected 'full', 'same'"),
    "an axis": (lambda: jk.convolution([1.0], (4, 5), 2), ValueError, r"axis is 2, out of range for in_shape \(4, 5\)"),
    "no axis": (lambda: jk.convolution([1.0], ()), ValueError, r"axis is -1, out of range for in_shape \(\)"),
    "half an axis": (lambda: jk.convolution([1.0], 4, 0.5), TypeError, "axis is 0.5, expected an int"),
    "a negative length": (lambda: jk.convolution([1.0], -4), ValueError, r"in_shape is \(-4,\)"),
    "a long kernel": (
        lambda: jk.convolution(np.ones(6), (3, 5), 1, "valid"),
        ValueError,
        r"kernel has 6 taps and axis 1 of in_shape \(3, 5\) has length 5",
    ),
    "a vector": (
        lambda: jk.convolution([1.0, 2.0], 4).jvp(np.ones(5)),
        ValueError,
        r"banded.jvp: x_dot has shape \(5,\)",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_an_error_says_what_came_and_what_was_wanted(what):
    call, kind, message = ERRORS[what]
    with pytest.raises(kind, match=message):
        call()


# ---- the algebra ----------------------------------------------------------------------------------------


def taps_of(J):
    """How many taps explain names; None if it is no convolution."""
    words = J.explain().splitlines()[2].split()
    return int(words[3]) if words[1] == "(convolution" else None


def integers(k):
    return layouts.integers((k,), seed=k)


@pytest.mark.parametrize("modes", list(itertools.product(MODES, repeat=2)), ids=str)
@pytest.mark.parametrize(("shape", "axis"), [((12,), 0), ((12, 2), 0), ((2, 12), 1)], ids=str)
def test_two_in_a_row_are_one_if_nothing_is_cut_off_between(modes, shape, axis):
    for k, m in itertools.product((2, 3, 9), (2, 4)):
        J = jk.convolution(integers(k), shape, axis, modes[0])
        K = jk.convolution(integers(m), J.out_shape, axis, modes[1])
        product = K @ J
        np.testing.assert_array_equal(product.toarray(), K.toarray() @ J.toarray())
        whole = modes[0] == "full" or modes[1] == "valid"
        assert taps_of(product) == (k + m - 1 if whole else None)
        assert (J.T @ K.T).nbytes == product.nbytes <= J.nbytes + K.nbytes


def test_a_kernel_of_kernels_is_their_full_convolution():
    k, m = layouts.normal((9,), seed="k"), layouts.normal((5,), seed="m")
    product = jk.convolution(m, 28) @ jk.convolution(k, 20)
    np.testing.assert_allclose(product.jvp(np.eye(20)[0])[:13], np.convolve(k, m), rtol=1e-12)


def test_axes_and_lengths_that_differ_are_multiplied_by_terms():
    a, b = jk.convolution(integers(2), (4, 5), 0), jk.convolution(integers(3), (5, 5), 1)
    product = b @ a
    np.testing.assert_array_equal(product.toarray(), b.toarray() @ a.toarray())
    assert taps_of(product) is None
    # The 25 elements are no axis of (5, 5).
    flat = jk.convolution(integers(2), 25).reshape(26, (5, 5))
    np.testing.assert_array_equal((flat @ a).toarray(), flat.toarray() @ a.toarray())


def test_multiples_stay_convolutions():
    J = jk.convolution(integers(3), 8)
    identity = jk.identity(8)
    for scaled, factor in ((2 * J, 2), (J / 2, 0.5), (-J, -1), (J @ (3 * identity), 3), (jk.identity(10, 4.0) @ J, 4)):
        assert taps_of(scaled) == 3
        np.testing.assert_array_equal(scaled.toarray(), factor * J.toarray())
    assert (jk.identity(10) @ jk.convolution(np.ones(3, np.float32), 8)).dtype == np.float64
    assert taps_of(J.reshape((2, 5), (2, 4)) @ jk.identity((2, 4))) == 3
    assert taps_of(J.astype(np.float32)) == 3
    assert J.astype(float) is J


def test_sums_are_convolutions_where_they_store_no_more():
    def same(k):
        return jk.convolution(integers(k), 12, mode="same")

    full, shifted = jk.convolution(integers(3), 12), jk.convolution(integers(2), 13)
    for total, matrix, taps in (
        (same(3) + same(3), 2 * same(3).toarray(), 3),
        (same(3) - same(6), same(3).toarray() - same(6).toarray(), 6),
        (same(3) + same(3).T, same(3).toarray() + same(3).T.toarray(), 3),
        (same(4) + same(4).T, same(4).toarray() + same(4).T.toarray(), 5),
        (jk.identity(12) - 0.5 * same(3), np.eye(12) - 0.5 * same(3).toarray(), 3),
        (same(9) + jk.identity(12), np.eye(12) + same(9).toarray(), 9),
        (full + full, 2 * full.toarray(), 3),
        (shifted @ jk.convolution([1.0, 2.0], 12) + full, None, None),
    ):
        if matrix is not None:
            np.testing.assert_array_equal(total.toarray(), matrix)
            assert taps_of(total) == taps
    # Far apart there would be zeros to store.
    low = jk.select(np.s_[:8], 12) @ jk.convolution([1.0, 2.0], 11)
    high = jk.select(np.s_[4:], 12) @ jk.convolution([3.0, 4.0], 11)
    np.testing.assert_array_equal((low + high).toarray(), low.toarray() + high.toarray())
    assert (low + high).nbytes <= low.nbytes + high.nbytes
    mixed = jk.convolution(np.ones(3, np.float32), 8) + jk.convolution(np.ones(3), 8)
    assert (mixed.dtype, taps_of(mixed)) == (np.float64, 3)


def test_a_sum_with_equal_taps_stores_no_more_than_both():
    box = jk.convolution(np.broadcast_to(0.5, 5), 12, mode="same")
    other = jk.convolution(integers(3), 12, mode="same")
    for total in (box + other, box + jk.identity(12), box @ box):
        assert total.nbytes <= 40
    np.testing.assert_array_equal((box + other).toarray(), box.toarray() + other.toarray())
    np.testing.assert_array_equal((box @ box).toarray(), box.toarray() @ box.toarray())


EXACT = {
    "diagonal": lambda m, n: jk.diagonal(layouts.integers((m,))),
    "slice": lambda m, n: jk.select(np.s_[1:-1], m),
    "every other": lambda m, n: jk.select(np.s_[::2], m),
    "flip": lambda m, n: jk.select(np.s_[::-1], m),
    "padding": lambda m, n: jk.select(np.s_[1:-2], m + 3).T,
    "bands": lambda m, n: jk.banded(layouts.integers((3, m)), (-1, 0, 2), (m, m)),
    "gather": lambda m, n: jk.select([0, m - 1, 0], m),
    "dense": lambda m, n: jk.dense(layouts.integers((4, m))),
    "row": lambda m, n: jk.reduction(layouts.integers((m,))),
    "sum": lambda m, n: jk.diagonal(layouts.integers((m,))) + jk.dense(layouts.integers((m, m))),
    "linear map": lambda m, n: jk.linear_map(lambda v: 2 * v, lambda u: 2 * u, m, m),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("mode", MODES)
def test_products_with_other_structures_are_exact(name, mode):
    J = jk.convolution(integers(4), 9, mode=mode)
    A = EXACT[name](J.shape[0], 9)
    wanted = A.toarray() @ J.toarray()
    for product in (A @ J, (J.T @ A.T).T):
        np.testing.assert_array_equal(product.toarray(), wanted)
    if A.shape[0] == A.shape[1] and name != "linear map":
        np.testing.assert_array_equal((A @ J).diagonal(), np.diagonal(wanted))


@pytest.mark.parametrize("k", [2, 3, 9, 19])
@pytest.mark.parametrize("weight", [None, 2.0, "vector"])
def test_gram_matrices(k, weight):
    for mode, in_shape, axis in (("full", 20, 0), ("same", 20, 0), ("valid", 20, 0), ("full", (3, 20), 1)):
        kernel = layouts.normal((k,), seed=k)
        J = jk.convolution(kernel, in_shape, axis, mode)
        weights = np.arange(1.0, 1 + J.shape[0]).reshape(J.out_shape) if weight == "vector" else weight
        G, matrix = J.gram(weights), J.toarray()
        W = np.eye(J.shape[0]) if weights is None else np.diag(np.broadcast_to(weights, J.out_shape).ravel())
        np.testing.assert_allclose(G.toarray(), matrix.T @ W @ matrix, rtol=1e-12, atol=1e-12)
        if weight != "vector" and mode == "full":
            assert taps_of(G) == 2 * k - 1
            np.testing.assert_array_equal(G.toarray(), G.toarray().T)


def test_a_gram_matrix_of_equal_taps_stores_no_more():
    J = jk.convolution(np.broadcast_to(0.5, 5), 50)
    G = J.gram()
    assert G.nbytes <= 16
    np.testing.assert_allclose(G.toarray(), J.toarray().T @ J.toarray(), rtol=1e-12)


@pytest.mark.parametrize(("in_shape", "axis"), [((30,), 0), ((30, 2), 0), ((2, 30), 1)], ids=str)
def test_systems_are_solved_as_bands(in_shape, axis):
    for kernel in ([1.0, 5.0, 2.0], [0.5, -1.0, 6.0, 1.0, 0.25]):
        J = jk.convolution(kernel, in_shape, axis, "same")
        b = layouts.normal(in_shape)
        np.testing.assert_allclose(J.jvp(J.solve(b)), b, atol=1e-12)
        np.testing.assert_allclose(J.logabsdet(), np.linalg.slogdet(J.toarray())[1], rtol=1e-12)
    ridge = jk.convolution([1.0, 2.0, 1.0], in_shape, axis).gram() + 0.5 * jk.identity(in_shape)
    assert taps_of(ridge) == 5
    np.testing.assert_allclose(ridge.jvp(ridge.solve(b)), b, atol=1e-12)


def test_conversions_have_the_diagonals():
    J = jk.convolution([1.0, 5.0, 2.0, 3.0], 9, mode="same")
    dia = J.todia()
    assert dia.offsets.tolist() == [-2, -1, 0, 1]
    np.testing.assert_array_equal(dia.toarray(), J.toarray())
    (l, u), ab = J.tobanded()
    assert (l, u) == (2, 1)
    np.testing.assert_allclose(scipy.linalg.solve_banded((l, u), ab, np.ones(9)), J.solve(np.ones(9)), rtol=1e-12)
    tall = jk.convolution([1.0, 2.0], 4)
    np.testing.assert_array_equal(tall.todia().toarray(), tall.toarray())
    np.testing.assert_array_equal(tall.aslinearoperator() @ np.ones(4), tall.jvp(np.ones(4)))


def test_explain_lists_the_taps():
    text = (jk.convolution([1.0, 2.0, 3.0], 8) @ jk.diagonal(np.arange(1.0, 9.0))).explain()
    assert "convolution of 3 taps" in text
    assert "apart: together they would store 24 numbers instead of 11" in text


def test_a_long_kernel_composes_without_its_terms():
    """Terms would be multiplied pair by pair: 10 ** 6 of them."""
    kernel = layouts.normal((1000,))
    J = jk.convolution(kernel, 5000)
    G = J.gram()
    assert G.nbytes == 8 * 1999
    np.testing.assert_allclose(G.jvp(np.ones(5000)), J.vjp(J.jvp(np.ones(5000))), rtol=1e-9, atol=1e-9)
