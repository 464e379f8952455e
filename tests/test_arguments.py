"""Arguments of constructors and of checks: what is taken, and the words for what is not."""

import itertools
import math

import numpy as np
import pytest

import jackern as jk

A = np.arange(24.0)


@pytest.mark.parametrize("m", [(2,), (2, 1), (), (1, 2, 1)], ids=str)
@pytest.mark.parametrize("n", [(12,), (3, 4), (3, 2, 2), (1, 12), (2, 3, 2, 1)], ids=str)
def test_one_shape_of_a_dense_jacobian_gives_the_other(m, n):
    """Of a tensor the axes that are left, of a matrix the other axis; and so the other way round."""
    size = math.prod(m)
    a = A[: 12 * size]
    tensor, matrix = a.reshape(m + n), a.reshape(size, 12)
    assert jk.dense(tensor, in_shape=n).out_shape == m
    assert jk.dense(tensor, out_shape=m).in_shape == n
    J, K = jk.dense(matrix, in_shape=n), jk.dense(matrix.T, out_shape=n)
    assert (math.prod(J.out_shape), J.in_shape) == (size, n)
    assert (K.out_shape, math.prod(K.in_shape)) == (n, size)
    for each in (jk.dense(tensor, in_shape=n), jk.dense(tensor, out_shape=m), J, K.T, jk.dense(matrix, m, n)):
        np.testing.assert_array_equal(each.toarray(), matrix)


@pytest.mark.parametrize("options", [{"in_shape": (5, 2)}, {"out_shape": (3, 4)}, {"in_shape": (3, 4), "out_shape": 3}])
def test_shapes_that_do_not_fit_a_matrix_are_refused(options):
    with pytest.raises(ValueError, match=r"^dense: a has shape \(2, 12\)"):
        jk.dense(A.reshape(2, 12), **options)


NO_DTYPES = ["1", "no dtype", 1, object(), "i4", complex, np.float16, [("a", 1, 2, 3)]]
DTYPES = {
    "identity": lambda dtype: jk.identity(3, dtype=dtype),
    "zero": lambda dtype: jk.zero(3, 2, dtype),
    "select": lambda dtype: jk.select(0, 3, dtype),
    "linear_map": lambda dtype: jk.linear_map(np.negative, None, 3, 3, dtype=dtype),
    "astype": lambda dtype: jk.diagonal(A).astype(dtype),
    "astype of a sum": lambda dtype: (jk.dense(A[:4].reshape(2, 2)) + jk.select([0, 0], 2)).astype(dtype),
    "astype of zero": lambda dtype: jk.zero(3, 2).astype(dtype),
}


@pytest.mark.parametrize("name", list(DTYPES))
@pytest.mark.parametrize("given", NO_DTYPES, ids=lambda x: type(x).__name__)
def test_dtypes_that_are_none_are_refused_with_the_name_of_the_call(name, given):
    with pytest.raises(TypeError, match=rf"^{name.split()[0]}: dtype is .*, expected float32 or float64\."):
        DTYPES[name](given)


@pytest.mark.parametrize("rows", [5, None, [5], [None], 1.5, jk.identity(2), [jk.identity(2)]], ids=repr)
def test_blocks_that_are_no_rows_are_refused(rows):
    with pytest.raises(TypeError, match=r"^block: (rows|row 0) is a \w+, expected a sequence .*of Jacobians or None\."):
        jk.block(rows)


def test_offsets_that_are_no_array_are_refused():
    for offsets in ([[1], [2, 3]], [1.5, 2], "ab", None):
        with pytest.raises((TypeError, ValueError), match=r"^banded: offsets"):
            jk.banded(np.ones((2, 3)), offsets, (3, 3))


# ---- testing ------------------------------------------------------------------------------------------------------


def multiply(a, b):
    return a * b


X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "check", [jk.testing.check, lambda pair, *xs: jk.testing.assert_structure(pair, "diagonal", *xs)]
)
def test_checks_count_the_jacobians(check):
    by_a, by_b = (lambda a, b: jk.diagonal(b)), (lambda a, b: jk.diagonal(a))
    check((multiply, lambda a, b: (by_a(a, b), by_b(a, b))), X, X)
    check((multiply, lambda a, b: (by_a(a, b), None)), X, X)
    check((multiply, lambda a, b: (None, by_b(a, b))), X, X)
    check((multiply, by_a), X, np.array([1, 2, 3]))  # one is varied
    check((multiply, by_b), np.array([1, 2, 3]), X)
    for wrong in (by_a, lambda a, b: (by_a(a, b),), lambda a, b: (None,) * 3):
        with pytest.raises(ValueError, match=r"^testing\.\w+: jacobian_of_f returned \d for 2 arguments"):
            check((multiply, wrong), X, X)
    with pytest.raises(TypeError, match="is None; nothing is varied"):
        check((multiply, lambda a, b: (None, None)), X, X)
    with pytest.raises(TypeError, match=r"^testing\.\w+: the Jacobian by argument 1 is a ndarray, expected"):
        check((multiply, lambda a, b: (by_a(a, b), np.eye(3))), X, X)
    with pytest.raises(TypeError, match=r"^testing\.\w+: a tuple of \d is given, expected \(f, jacobian_of_f\)"):
        check((multiply,), X, X)


@pytest.mark.parametrize("k", [0, 1])
def test_a_wrong_jacobian_is_found_beside_one_that_is_not_varied(k):
    wrong = tuple(jk.diagonal(X + 1) if i == k else None for i in range(2))
    with pytest.raises(AssertionError, match=f"argument {k}"):
        jk.testing.check((multiply, lambda a, b: wrong), X, X)
    with pytest.raises(AssertionError, match=f"argument {k}"):
        jk.testing.assert_structure((multiply, lambda a, b: wrong), "zero", X, X)


@pytest.mark.parametrize("structure", [np.eye(3), 3, None, ["diagonal"]], ids=lambda x: str(type(x).__name__))
def test_structures_that_are_neither_names_nor_jacobians_are_refused(structure):
    with pytest.raises(ValueError, match=r"(?s)^assert_structure: structure is .*, expected a Jacobian"):
        jk.testing.assert_structure(jk.identity(3), structure)


BANDWIDTHS = [3, (1,), (1, 2, 3), 1.5, (1.5, 1), "ab", (True, 1), np.ones((2, 2)), {1, 2}]


@pytest.mark.parametrize("bandwidths", BANDWIDTHS, ids=repr)
def test_bandwidths_that_are_no_pair_are_refused(bandwidths):
    with pytest.raises(ValueError, match=r"(?s)^assert_structure: bandwidths is .* for 'banded', expected \(l, u\)"):
        jk.testing.assert_structure(jk.identity(3), "banded", bandwidths=bandwidths)


def test_every_public_function_has_an_example_and_says_what_it_returns():
    faces = [getattr(jk, name) for name in jk.__all__ if callable(getattr(jk, name))]
    verbs = [getattr(jk.Jacobian, name) for name in dir(jk.Jacobian) if not name.startswith("_")]
    for thing in itertools.chain(faces, verbs):
        text = thing.__doc__
        name = getattr(thing, "__name__", None) or thing.fget.__name__
        is_short = isinstance(thing, property) or name in ("reset_stats", "set_num_threads", "get_num_threads")
        assert is_short or "Examples" in text, name
    for name in jk.__all__:
        if "Jacobian" in str(getattr(getattr(jk, name), "__annotations__", {}).get("return", "")):
            assert "Returns" in getattr(jk, name).__doc__, name
