"""Jacobians of two functions: products, shapes, dtypes, errors, and what `check=True` finds."""

from __future__ import annotations

import copy
import math
import pickle
import re

import layouts
import numpy as np
import pytest

import jackern as jk

SHAPES = [
    ((), ()),
    ((3,), (4,)),
    ((4,), (3,)),
    ((2, 3), (4,)),
    ((1,), (2, 2)),
    ((5,), ()),
    ((1, 1), (1,)),
    ((0,), (3,)),
    ((3,), (0,)),
    ((0,), (0, 2)),
]
BATCHES = [(), (1,), (3,), (2, 2), (0,)]


class Times:
    """The product with a matrix, for one array or for several along a first axis; it counts its calls."""

    def __init__(self, matrix, out_shape, batched):
        self.matrix, self.out_shape, self.batched, self.taken = matrix, out_shape, batched, []

    def __call__(self, v):
        self.taken.append(v.shape)
        batch = v.shape[:1] if self.batched else ()
        vectors = v.reshape(math.prod(batch), self.matrix.shape[1])
        return (vectors @ self.matrix.T).astype(v.dtype).reshape(batch + self.out_shape)


def matrix_of(out_shape, in_shape, dtype=np.float64):
    return layouts.integers((math.prod(out_shape), math.prod(in_shape)), dtype, (out_shape, in_shape))


def made(out_shape, in_shape, dtype=np.float64, batched=False, vjp=True, **options):
    """A linear map, and its matrix."""
    matrix = matrix_of(out_shape, in_shape, dtype)
    functions = Times(matrix, out_shape, batched), Times(matrix.T, in_shape, batched) if vjp else None
    return jk.linear_map(*functions, out_shape, in_shape, batched=batched, dtype=dtype, **options), matrix


def times(matrix, vectors, batch, out_shape):
    product = vectors.reshape(math.prod(batch), matrix.shape[1]) @ matrix.T
    return product.reshape(batch + out_shape)


# ---- products -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("out_shape", "in_shape"), SHAPES)
def test_products_are_those_of_the_matrix(out_shape, in_shape, batch, batched, dtype):
    J, matrix = made(out_shape, in_shape, dtype, batched)
    for K, A, own, other in ((J, matrix, in_shape, out_shape), (J.T, matrix.T, out_shape, in_shape)):
        v, u = layouts.integers(batch + own, dtype, "v"), layouts.integers(batch + other, dtype, "u")
        for product, x, result in (
            (K.jvp, v, times(A, v, batch, other)),
            (K.vjp, u, times(A.T, u, batch, own)),
        ):
            y = product(x)
            assert y.dtype == dtype
            np.testing.assert_array_equal(y, result, strict=True)
            out = np.full(result.shape, 2.0)
            assert product(x, out=out) is out
            np.testing.assert_array_equal(out, result)
            product(x, out=out, accumulate=True)
            np.testing.assert_array_equal(out, 2 * result)


@pytest.mark.parametrize("batched", [False, True])
def test_vectors_of_any_layout_do(layout, dtype, batched):
    J, matrix = made((3,), (2, 4), dtype, batched)
    v = layout(layouts.integers((5, 2, 4), dtype))
    np.testing.assert_array_equal(J.jvp(v), times(matrix, layouts.plain(v), (5,), (3,)))


def test_a_result_may_be_written_over_the_vector_itself(dtype):
    J, matrix = made((4,), (4,), dtype)
    v = layouts.integers((3, 4), dtype)
    expected = v @ matrix.T
    J.jvp(v, out=v)
    np.testing.assert_array_equal(v, expected)


def test_functions_are_called_for_one_vector_or_for_all_at_once():
    for batched, calls in ((False, [(2, 2)] * 6), (True, [(6, 2, 2)])):
        matrix = matrix_of((3,), (2, 2))
        jvp = Times(matrix, (3,), batched)
        jk.linear_map(jvp, None, 3, (2, 2), batched=batched).jvp(np.ones((2, 3, 2, 2)))
        assert jvp.taken == calls


def test_mixed_dtypes_are_computed_in_the_wider_one():
    taken = []

    def jvp(v):
        taken.append(v.dtype)
        return v

    for own, given in ((np.float32, np.float64), (np.float64, np.float32), (np.float32, np.float32)):
        J = jk.linear_map(jvp, None, 3, 3, dtype=own)
        assert J.dtype == own
        wider = np.promote_types(own, given)
        assert J.jvp(np.ones(3, given)).dtype == taken[-1] == wider


def test_what_a_function_returns_is_converted():
    for result in ([1, 2, 3], np.array([1, 2, 3]), np.array([1.0, 2.0, 3.0]).astype(">f8"), np.float32([1, 2, 3])):
        J = jk.linear_map(lambda v, result=result: result, None, 3, 3)
        np.testing.assert_array_equal(J.jvp(np.ones(3)), [1.0, 2.0, 3.0])


def test_a_result_is_a_copy_even_if_the_function_returns_its_argument_or_an_array_that_it_keeps():
    for batched in (False, True):
        J = jk.linear_map(lambda v: v, lambda u: u, 3, 3, batched=batched)
        v = np.ones((2, 3))
        y = J.jvp(v)
        assert not np.may_share_memory(y, v)
        y[...] = 5.0
        assert np.all(v == 1.0)
    kept = np.zeros(3)

    def reusing(v):
        np.multiply(v, 2.0, out=kept)
        return kept

    J = jk.linear_map(reusing, None, 3, 3)
    np.testing.assert_array_equal(J.jvp(np.array([[1.0, 2, 3], [4, 5, 6]])), [[2, 4, 6], [8, 10, 12]])
    y = J.jvp(np.ones(3))
    J.jvp(np.zeros(3))
    np.testing.assert_array_equal(y, [2.0, 2.0, 2.0])


def test_a_function_cannot_write_to_the_vector_of_the_caller():
    def doubling(v):
        v *= 2.0
        return v

    for batched in (False, True):
        v = np.ones((2, 3))
        with pytest.raises(ValueError, match="read-only"):
            jk.linear_map(doubling, None, 3, 3, batched=batched).jvp(v)
        assert np.all(v == 1.0)
        assert v.flags.writeable


# ---- the matrix ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vjp", [True, False])
@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize(("out_shape", "in_shape"), SHAPES)
def test_the_matrix_and_its_diagonal_come_from_unit_vectors(out_shape, in_shape, batched, vjp, dtype):
    J, matrix = made(out_shape, in_shape, dtype, batched, vjp)
    for K, A in ((J, matrix), (J.T, matrix.T)):
        np.testing.assert_array_equal(K.toarray(), A, strict=True)
        np.testing.assert_array_equal(K.diagonal(), A.diagonal(), strict=True)


def test_transpose_scale_dtype_and_shape_are_labels(dtype):
    J, matrix = made((2, 3), (4,), dtype)
    for K, A, shapes in (
        (J.T, matrix.T, ((4,), (2, 3))),
        (J.T.T, matrix, ((2, 3), (4,))),
        (2 * J, 2 * matrix, ((2, 3), (4,))),
        (-(J / 4).T, -matrix.T / 4, ((4,), (2, 3))),
        (J.reshape((3, 2), (2, 1, 2)), matrix, ((3, 2), (2, 1, 2))),
        ((3 * J.T).reshape(4, 6).T, 3 * matrix, ((6,), (4,))),
    ):
        assert K.structure == "linear-map"
        assert (K.out_shape, K.in_shape) == shapes
        assert K.dtype == dtype
        assert K.nbytes == 0
        np.testing.assert_array_equal(K.toarray(), A, strict=True)
        np.testing.assert_array_equal(K.vjp(np.ones(K.out_shape, dtype)).ravel(), A.sum(0))
    assert (np.float64(2.0) * J).dtype == np.float64
    assert J.astype(dtype) is J
    for other in layouts.DTYPES:
        assert J.astype(other).dtype == J.astype(other).jvp(np.ones(4, other)).dtype == other


def test_the_unit_vectors_of_a_large_matrix_are_few_at_a_time():
    n = 700
    jvp = Times(np.diag(np.arange(n)), (n,), True)
    J = jk.linear_map(jvp, None, n, n, batched=True)
    np.testing.assert_array_equal(J.toarray(), np.diag(np.arange(n)))
    assert 1 < len(jvp.taken) < n
    assert sum(k for k, _ in jvp.taken) == n
    np.testing.assert_array_equal(J.diagonal(), np.arange(n))


def test_the_function_with_fewer_unit_vectors_makes_the_matrix():
    for shape, index in (((2, 9), 1), ((9, 2), 0)):
        functions = Times(np.ones(shape), shape[:1], False), Times(np.ones(shape[::-1]), shape[1:], False)
        jk.linear_map(*functions, *shape).toarray()
        assert (len(functions[index].taken), len(functions[1 - index].taken)) == (2, 0)


def test_a_matrix_over_the_cap_is_refused_before_any_call():
    jvp = Times(np.zeros((0, 0)), (), False)
    with pytest.raises(MemoryError, match="max_bytes"):
        jk.linear_map(jvp, None, 10**6, 10**6).toarray()
    assert not jvp.taken


@pytest.mark.parametrize("name", ["nnz", "values", "subscripts"])
def test_entries_are_not_known(name):
    J, _ = made((3,), (4,))
    with pytest.raises(ValueError, match=r"toarray\(\)|explain\(\)"):
        getattr(J, name)


def test_pickles_and_copies_hold_the_same_functions():
    J = 2 * jk.linear_map(np.negative, np.negative, (2, 3), (2, 3), dtype=np.float32).T.reshape(6, 6)
    for K in (pickle.loads(pickle.dumps(J)), copy.copy(J), copy.deepcopy(J)):
        assert (K.structure, K.dtype, K.out_shape, K.in_shape) == ("linear-map", np.float32, (6,), (6,))
        np.testing.assert_array_equal(K.toarray(), J.toarray())


# ---- compositions and sums ----------------------------------------------------------------------------


def test_products_and_sums_with_other_structures_are_those_of_the_matrices():
    J, matrix = made((3,), (3,))
    for K in (jk.diagonal([1.0, 2.0, 3.0]), jk.dense(layouts.integers((3, 3))), jk.identity(3), jk.zero(3, 3), J.T):
        A = K.toarray()
        np.testing.assert_array_equal((J @ K).toarray(), matrix @ A)
        np.testing.assert_array_equal((K @ J).toarray(), A @ matrix)
        np.testing.assert_array_equal((K + J).toarray(), A + matrix)
        np.testing.assert_array_equal((J - K).T.toarray(), (matrix - A).T)


def test_a_product_without_vjp_is_formed_by_jvp_alone():
    J, matrix = made((3,), (5,), vjp=False)
    K = jk.dense(layouts.integers((5, 4)))
    np.testing.assert_array_equal((J @ K).toarray(), matrix @ K.toarray())
    np.testing.assert_array_equal((J @ K).jvp(np.ones((6, 4))), np.ones((6, 4)) @ (matrix @ K.toarray()).T)


# ---- errors -------------------------------------------------------------------------------------------


def test_without_vjp_products_with_the_transpose_say_so():
    J, _ = made((3,), (4,), vjp=False)
    assert J.T.shape == (4, 3)
    for call in (lambda: J.vjp(np.ones(3)), lambda: J.T.jvp(np.ones(3)), lambda: np.ones(3) @ J):
        with pytest.raises(ValueError, match="vjp is None"):
            call()


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda v: v[:2], ValueError, r"jvp returned shape \(2,\), expected \(3,\) for an argument of shape \(3,\)"),
        (lambda v: v[None], ValueError, r"jvp returned shape \(1, 3\), expected \(3,\)"),
        (lambda v: 1.0, ValueError, r"jvp returned shape \(\), expected \(3,\)"),
        (lambda v: v.astype(object), TypeError, "the result of jvp is an object array"),
        (lambda v: v + 1j, TypeError, "the result of jvp has dtype complex128"),
        (lambda v: None, TypeError, "the result of jvp is missing"),
        (lambda v: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_a_function_that_fails_leaves_the_output_as_it_was(function, error, message):
    calls = []

    def first_right(v):
        calls.append(v)
        return v if len(calls) == 1 else function(v)

    out = np.full((2, 3), 7.0)
    with pytest.raises(error, match=message):
        jk.linear_map(first_right, None, 3, 3).jvp(np.ones((2, 3)), out=out)
    assert np.all(out == 7.0)


def test_a_function_of_batches_has_to_return_a_batch():
    J = jk.linear_map(lambda v: v[0], None, 3, 3, batched=True)
    with pytest.raises(ValueError, match=re.escape("jvp returned shape (3,), expected (2, 3)")):
        J.jvp(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((None, np.cumsum, 3, 3), {}, TypeError, "jvp is None, expected a function"),
        ((np.eye(3), None, 3, 3), {}, TypeError, "jvp is array"),
        ((np.cumsum, 1, 3, 3), {}, TypeError, "vjp is 1, expected a function"),
        ((np.cumsum, None, -3, 3), {}, ValueError, "out_shape is (-3,)"),
        ((np.cumsum, None, 3, 3.5), {}, TypeError, "in_shape is 3.5"),
        ((np.cumsum, None, 3, 3), {"dtype": int}, TypeError, "dtype is int64"),
    ],
)
def test_arguments_that_are_refused(arguments, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        jk.linear_map(*arguments, **options)


# ---- check=True ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize(("out_shape", "in_shape"), SHAPES)
def test_true_claims_pass(out_shape, in_shape, batched, dtype):
    made(out_shape, in_shape, dtype, batched, check=True)
    made(out_shape, in_shape, dtype, batched, vjp=False, check=True)


def test_true_claims_pass_at_a_large_size_in_few_calls(dtype):
    calls = []

    def running(v):
        calls.append(v)
        return np.cumsum(v)

    n = 20_000
    jk.linear_map(running, lambda u: np.cumsum(u[::-1])[::-1], n, n, dtype=dtype, check=True)
    assert len(calls) < 10


@pytest.mark.parametrize("n", [1, 2, 7, 300])
@pytest.mark.parametrize(
    "function",
    [np.abs, np.square, np.tanh, lambda x: np.maximum(x, 0), lambda x: x * np.max(x), np.sort, lambda x: x * x[0]],
)
def test_a_function_that_is_not_linear_is_found(function, n, dtype):
    if n == 1 and function is np.sort:
        return
    for name, functions in (("jvp", (function, None)), ("vjp", (np.negative, function))):
        message = rf"linear_map: {name} is not linear: entry \(\d+, \d+\) is \S+ by a x \+ b y and \S+ by x and y"
        with pytest.raises(ValueError, match=message):
            jk.linear_map(*functions, n, n, dtype=dtype, check=True)


def test_a_function_that_is_linear_in_all_columns_but_one_is_told_by_that_column(dtype):
    def jvp(x):
        y = np.cumsum(x)
        y[5] += x[31] ** 3
        return y

    with pytest.raises(ValueError, match=re.escape("entry (5, 31) is")):
        jk.linear_map(jvp, None, 50, 50, dtype=dtype, check=True)


def test_an_affine_function_is_told_by_its_value_at_zero(dtype):
    with pytest.raises(ValueError, match=re.escape("jvp is not linear: of zeros it makes 2.5 at 3, expected 0")):
        jk.linear_map(lambda x: x + 2.5 * (np.arange(5) == 3), None, 5, 5, dtype=dtype, check=True)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 6), (6, 1), (5, 7), (60, 40)])
def test_a_wrong_transpose_is_told_by_its_entry(m, n, dtype):
    rng = np.random.default_rng(m * n)
    matrix = layouts.integers((m, n), dtype)
    for _ in range(20):
        row, column = int(rng.integers(m)), int(rng.integers(n))
        wrong = matrix.T.copy()
        wrong[column, row] += 0.5
        functions = Times(matrix, (m,), False), Times(wrong, (n,), False)
        right, other = (float(x) for x in (matrix[row, column], wrong[column, row]))
        message = f"vjp is not the transpose of jvp: entry ({row}, {column}) is {right} by jvp and {other} by vjp."
        with pytest.raises(ValueError, match=re.escape(message)):
            jk.linear_map(*functions, m, n, dtype=dtype, check=True)
