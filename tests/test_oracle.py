"""The oracle against textbook answers: it judges everything else, so it is judged first."""

from __future__ import annotations

import layouts
import mpmath
import numpy as np
import oracle
import pytest
import truth

X = np.linspace(0.125, 3.0, 24)


@pytest.mark.parametrize(
    ("name", "derivative", "second_derivative"),
    [
        ("exp", np.exp, np.exp),
        ("sin", np.cos, lambda x: -np.sin(x)),
        ("log", lambda x: 1 / x, lambda x: -1 / x**2),
        ("sqrt", lambda x: 0.5 / np.sqrt(x), lambda x: -0.25 * x**-1.5),
        (
            "sigmoid",
            lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
            lambda x: -np.tanh(x / 2) / (4 * np.cosh(x / 2) ** 2),
        ),
    ],
)
def test_differences_give_the_derivatives_of_the_textbook(name, derivative, second_derivative):
    x = X.astype(np.longdouble)
    np.testing.assert_allclose(oracle.first(name, 0, [x]), derivative(x), rtol=1e-12 + 4 * oracle.FIRST_ERROR)
    np.testing.assert_allclose(
        oracle.second(name, 0, 0, [x]), second_derivative(x), rtol=1e-9 + 8 * oracle.SECOND_ERROR
    )


def test_differences_give_the_partial_derivatives_of_a_product():
    a, b = X, X[::-1] + 1
    np.testing.assert_allclose(oracle.first("multiply", 0, [a, b]), b, rtol=1e-13)
    np.testing.assert_allclose(oracle.first("multiply", 1, [a, b]), a, rtol=1e-13)
    np.testing.assert_allclose(oracle.second("multiply", 0, 1, [a, b]), np.ones(24), rtol=1e-11)


def test_unbroadcast_sums_the_added_and_the_stretched_axes():
    g = layouts.integers((4, 3, 2))
    assert np.array_equal(oracle.unbroadcast(g, (3, 1)), g.sum(axis=(0, 2)).reshape(3, 1))
    assert np.array_equal(oracle.unbroadcast(g, ()), g.sum())
    assert np.array_equal(oracle.unbroadcast(g, (4, 3, 2)), g)
    assert np.array_equal(oracle.unbroadcast(np.zeros((0, 3)), (1, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("subscripts", "values", "in_shape", "out_shape"),
    [("ij,j->i", (3, 2), (2,), (3,)), ("bij,bj->bi", (2, 3, 4), (2, 4), (2, 3)),
     ("kn,bk->bn", (3, 2), (4, 3), (4, 2)),
     ("ij,ij->ji", (3, 2), (3, 2), (2, 3)), (",j->", (), (4,), ())],
)  # fmt: skip
def test_axis_matrix_is_the_matrix_of_einsum(subscripts, values, in_shape, out_shape):
    values, v = layouts.integers(values), layouts.integers(in_shape, seed="v")
    dense = oracle.axis_matrix(subscripts, values, in_shape, out_shape)
    assert np.array_equal((dense @ v.ravel()).reshape(out_shape), np.einsum(subscripts, values, v))


def test_axis_matrix_repeats_along_letters_that_only_out_has():
    dense = oracle.axis_matrix(",->i", np.array(2.0), (), (3,))
    assert np.array_equal(dense, [[2], [2], [2]])


@pytest.mark.parametrize(
    ("stored", "in_letters", "out_letters", "length", "structure"),
    [
        ("", "i", "i", {"i": 3}, "identity"),
        ("i", "i", "i", {"i": 3}, "diagonal"),
        ("i", "ij", "ij", {"i": 3, "j": 2}, "diagonal"),
        ("", "ij", "ji", {"i": 3, "j": 2}, "permutation"),
        ("ij", "ij", "ji", {"i": 3, "j": 1}, "diagonal"),
        ("bn", "n", "bn", {"b": 2, "n": 3}, "broadcast"),
        ("", "i", "", {"i": 3}, "reduction"),
        ("ij", "j", "i", {"i": 2, "j": 3}, "dense"),
        ("ij", "j", "i", {"i": 1, "j": 3}, "reduction"),
        ("kn", "bk", "bn", {"b": 2, "k": 3, "n": 4}, "block-diagonal"),
        ("kn", "bk", "bn", {"b": 1, "k": 3, "n": 4}, "dense"),
        ("i", "i", "i", {"i": 0}, "zero"),
        ("i", "i", "i", {"i": 1}, "identity"),
    ],
)
def test_structures_are_named_by_the_roles_of_their_axes(stored, in_letters, out_letters, length, structure):
    assert oracle.axis_structure(stored, in_letters, out_letters, length) == structure


def test_same_bits_tells_apart_what_equality_does_not():
    assert not oracle.same_bits(np.array([0.0]), np.array([-0.0]))
    assert not oracle.same_bits(np.float32(1), np.float64(1))
    assert not oracle.same_bits(np.ones(1), np.ones((1, 1)))
    assert oracle.same_bits(np.array([np.nan, 1.0]), np.array([-np.nan, 1.0]))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 4), (2, 1, 5)])
def test_layouts_keep_shape_dtype_and_numbers(layout, shape, dtype):
    array = layouts.integers(shape, dtype)
    result = layout(array)
    assert result.shape == shape
    assert result.dtype.newbyteorder("=") == dtype
    if layout is not layouts.repeated:
        assert np.array_equal(result, array)


def test_layouts_are_what_their_names_say():
    array = layouts.integers((3, 4))
    assert layouts.fortran(array).flags.f_contiguous
    assert layouts.backwards(array).strides == (-32, -8)
    assert layouts.every_other(array).strides == (112, 16)
    assert layouts.repeated(array).strides == (0, 8)
    assert not layouts.misaligned(array).flags.aligned
    assert not layouts.byte_swapped(array).dtype.isnative
    assert not layouts.read_only(array).flags.writeable


def test_points_avoid_integers_and_ties():
    a, b = layouts.points(((-4, 4), (-4, 4)), [(1000,), (1000,)])
    assert np.all(np.abs(a - np.round(a)) >= 1 / 32)
    assert np.all(np.abs(a[:, None] - b) >= 1 / 32)
    assert np.array_equal(a.astype(np.float32), a)


# ---- definitions in many bits ------------------------------------------------------------------------------------


def test_every_op_has_a_definition_and_all_arithmetics_agree_on_it(op):
    places = truth.inside(op, np.float64)
    exact = np.array([truth.Point(op.name, place).value for place in places])
    columns = [np.array(column) for column in zip(*places, strict=True)]
    np.testing.assert_allclose(oracle.function(op.name)(*columns), exact.astype(float), rtol=1e-11)
    wide = oracle.value(op.name, columns)
    size = np.maximum(np.max(np.abs(columns)), np.abs(exact.astype(float)))
    assert np.all(np.abs(wide - exact.astype(float)) <= 4e-16 * size)


@pytest.mark.parametrize(
    ("name", "args", "derivative"),
    [
        ("square", (0.0,), 0),
        ("absolute", (0.0,), None),
        ("sqrt", (0.0,), mpmath.inf),
        ("sqrt", (-1.0,), None),
        ("arcsin", (1.0,), mpmath.inf),
        ("arccos", (-1.0,), -mpmath.inf),
        ("log", (5e-324,), 1 / mpmath.mpf(5e-324)),
        ("log", (1e300,), 1 / mpmath.mpf(1e300)),
        ("tanh", (300.0,), 4 * mpmath.exp(-600)),
        ("tanh", (1e300,), 0),
        ("sin", (1e22,), mpmath.cos(1e22)),
        ("exp", (1e-310,), 1),
        ("cosh", (0.0,), 0),
        ("floor", (2.5,), 0),
        ("floor", (2.0,), None),
        ("remainder", (1e300, 7.0), 1),
        ("hypot", (5e-324, 1e300), mpmath.mpf(5e-324) / 1e300),
        ("maximum", (2.0, 2.0), None),
        ("erf", (3.0,), 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-9)),
        ("gammaln", (0.5,), mpmath.digamma(0.5)),
        ("digamma", (1e-300,), mpmath.mpf(1e-300) ** -2),
        ("erfcx", (1e10,), -1 / (mpmath.sqrt(mpmath.pi) * mpmath.mpf(1e10) ** 2)),
    ],
)
def test_differences_in_many_bits_give_the_derivatives_of_the_textbook(name, args, derivative):
    found = truth.Point(name, args).first(0)
    if derivative is None or derivative == 0 or mpmath.isinf(derivative):
        assert found == derivative or (derivative == 0 and abs(found) < mpmath.mpf(2) ** -1000)
    else:
        assert abs(found / derivative - 1) < 1e-15


def test_differences_in_many_bits_give_second_derivatives():
    a, b = mpmath.mpf(1e-300), mpmath.mpf(3)
    for (j, k), wanted in {(0, 0): 6 * a, (0, 1): a * a * (1 + 3 * mpmath.log(a))}.items():
        assert abs(truth.Point("power", (1e-300, 3.0)).second(j, k) / wanted - 1) < 1e-15
    assert abs(truth.Point("power", (1e-300, 3.0)).second(1, 1) / (a**b * mpmath.log(a) ** 2) - 1) < 1e-15
    assert truth.Point("absolute", (0.0,)).second(0, 0) is None


def test_errors_in_ulp_count_from_the_exact_number():
    one = np.float64(1)
    assert truth.ulps(one, mpmath.mpf(1), np.float64) == 0
    assert truth.ulps(one, 1 + mpmath.mpf(2) ** -51, np.float64) == 2
    assert truth.ulps(one, 1 + mpmath.mpf(2) ** -51, np.float64, scale=4) == 0.5
    assert truth.ulps(np.float64(0), mpmath.mpf(5e-324), np.float64) == 1
    assert truth.ulps(np.float64(np.inf), mpmath.mpf(2) ** 5000, np.float64) == 0
    assert truth.ulps(np.float64(1.7e308), mpmath.mpf(2) ** 5000, np.float64) > 1e14
    assert truth.ulps(np.float64(-np.inf), mpmath.mpf(2) ** 5000, np.float64) > 1e15
    assert truth.ulps(np.float64(np.nan), mpmath.mpf(1), np.float64) == np.inf
    assert truth.ulps(one, mpmath.nan, np.float64) == np.inf
    assert truth.ulps(np.float64(np.nan), mpmath.nan, np.float64) == 0
