"""`jackern.testing.check`: right derivatives pass at any scale, wrong ones are found, and kinks are called so."""

import numpy as np
import pytest

import jackern as jk

X = np.array([1e-8, 1.0, 1e8])


def diagonal_pair(f, derivative):
    return f, lambda x: jk.diagonal(derivative(x))


def vjp_pair(f, derivative):
    return f, lambda y_bar, x: y_bar * derivative(x)


PAIRS = pytest.mark.parametrize("pair", [diagonal_pair, vjp_pair], ids=["jacobian", "vjp"])
FUNCTIONS = {
    "square": (np.square, lambda x: 2 * x),
    "log": (np.log, lambda x: 1 / x),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2),
    "cbrt, not of complex numbers": (np.cbrt, lambda x: np.cbrt(x) / (3 * x)),
    "abs": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x)),
    "cos, flat at small x": (lambda x: np.cos(np.abs(x)), lambda x: -np.sin(x)),
}
FUNCTION = pytest.mark.parametrize("name", FUNCTIONS)


# ---- every entry is judged by its own size ---------------------------------------------------------------------


@PAIRS
@FUNCTION
@pytest.mark.parametrize("n", [3, 30])
def test_a_wrong_entry_of_any_size_is_found_and_none_else_is(pair, name, n):
    f, derivative = FUNCTIONS[name]
    x = np.resize(X, n) * np.linspace(1, 2, n)
    jk.testing.check(pair(f, derivative), x)
    for wrong in (0, 1, n - 1):
        for factor in (1 + 1e-4, -1):
            factors = np.where(np.arange(n) == wrong, factor, 1)
            with pytest.raises(AssertionError, match=rf"1 of \d+ entries differ .*; at \({wrong},\)"):
                jk.testing.check(pair(f, lambda x, factors=factors: derivative(x) * factors), x)


@pytest.mark.parametrize("n", [4, 20, 100])
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_entry_of_a_dense_jacobian_is_found(n, seed):
    rng = np.random.default_rng(seed)
    w, x = rng.standard_normal((n, n)) * 10.0 ** rng.uniform(-4, 4, (n, 1)), rng.standard_normal(n)
    i, j = rng.integers(n, size=2)
    wrong = w.copy()
    wrong[i, j] *= -1

    def f(x):
        return w @ np.abs(x)

    jk.testing.check((f, lambda x: jk.dense(w * np.sign(x))), x)
    jk.testing.check((f, lambda y_bar, x: (y_bar @ w) * np.sign(x)), x)
    for matrix in (wrong, w.T):
        with pytest.raises(AssertionError, match="JVP by argument 0"):
            jk.testing.check((f, lambda x, matrix=matrix: jk.dense(matrix * np.sign(x))), x)
    if n <= 20:
        with pytest.raises(AssertionError, match="VJP by argument 0 against central differences"):
            jk.testing.check((f, lambda y_bar, x: (y_bar @ wrong) * np.sign(x)), x)


def test_a_wrong_vjp_beside_a_right_jvp_is_found():
    w = np.array([[1.0, 1e-6], [1e6, 1.0]])
    wrong = w * [[1, 1.0001], [1, 1]]
    jacobian = jk.linear_map(lambda v: w @ v, lambda u: u @ wrong, 2, 2)
    with pytest.raises(AssertionError, match=r"adjoint test of argument 0: .*\(0,\) by \(1,\)"):
        jk.testing.check((lambda x: w @ x, lambda x: jacobian), np.ones(2))


def test_an_entry_that_a_structure_does_not_have_is_found():
    def f(x):
        return x + 1e-6 * np.roll(x, 1) * [1, 0, 0]

    with pytest.raises(AssertionError, match=r"1 of 9 entries differ .*; at \(0,\) by \(2,\)"):
        jk.testing.check((f, lambda x: jk.identity(3)), np.ones(3))


# ---- steps -----------------------------------------------------------------------------------------------------

POINTS = {
    "log": [1e-310, 1e-300, 1.0, 1e300],
    "reciprocal": [1e-8, -1e-8, 1e-300, 1e300],
    "sqrt": [0.0, 1e-300, 1e-12, 1e300],
    "arcsin": [1 - 1e-9, -1 + 1e-12, 1e-300, 1.0, 1 - 2**-53],
    "exp": [709.0, 700.0, 1e-9, -700.0, -745.0],
    "tanh": [1e-8, 1.0, 30.0, 1e8],
    "sigmoid": [-700.0, -40.0, 0.0, 40.0, 700.0],
    "log1p": [-1 + 1e-12, 1e-300, 1e300],
    "sin": [1e-300, 1e8, 1e15, 1e17, 1e300],
    "cosh": [710.0, 1e-200],
    "square": [1.3e154, 1e150, 1e-150, 0.0],
}
PAIRS_OF_POINTS = {
    "multiply": ([1e150, 1e-150, 1e-8], [1e150, 1e-150, 1e8]),
    "divide": ([1.0, 2.0], [1e-8, 1e-150]),
    "power": ([1e-8, 1.0, 1e8, 2.0], [0.5, 2.0, -3.0, 1000.0]),
    "hypot": ([1e200, 1e-200], [1e200, 1e-200]),
    "add": ([1e-20, 1.0], [1e20, 1e-300]),
}


@pytest.mark.parametrize("name", POINTS)
def test_right_derivatives_pass_near_poles_and_the_ends_of_domains_and_numbers(name):
    jk.testing.check(name, np.array(POINTS[name]))
    for x in POINTS[name]:
        jk.testing.check(name, x)


@pytest.mark.parametrize("name", PAIRS_OF_POINTS)
def test_right_derivatives_of_two_arguments_pass_at_any_scale(name):
    jk.testing.check(name, *map(np.array, PAIRS_OF_POINTS[name]))


@pytest.mark.parametrize(
    ("f", "derivative", "x"),
    [
        (np.log, lambda x: 1 / x, 1e-300),
        (lambda x: 1 / x, lambda x: -1 / x**2, 1e-8),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-12),
        (np.arcsin, lambda x: 1 / np.sqrt((1 - x) * (1 + x)), 1 - 1e-9),
        (np.exp, np.exp, 700.0),
        (np.tan, lambda x: 1 + np.tan(x) ** 2, np.pi / 2 - 1e-9),
    ],
)
def test_wrong_derivatives_are_found_near_poles(f, derivative, x):
    for real in (lambda x: f(np.real(x)), f):  # by differences, and by the complex step
        jk.testing.check((real, lambda x: jk.diagonal(derivative(x))), np.array([x]))
        with pytest.raises(AssertionError, match="1 of 1 entries differ"):
            jk.testing.check((real, lambda x: jk.diagonal(derivative(x) * 1.0005)), np.array([x]))


def test_rounding_inside_a_function_is_not_held_against_its_derivative():
    def coarse(x):
        return np.asarray(x, np.float32).astype(np.float64) ** 2

    def cancelling(x):
        return ((np.abs(x) + 1e8) - 1e8) ** 2

    for f in (coarse, cancelling):
        x = np.linspace(1, 2, 9)
        jk.testing.check((f, lambda x: jk.diagonal(2 * x)), x)
        with pytest.raises(AssertionError, match="differ"):
            jk.testing.check((f, lambda x: jk.diagonal(2.1 * x)), x)


@pytest.mark.parametrize("name", jk.op_names())
def test_samples_pass_in_float32(name):
    for seed in range(3):
        primals, keywords = jk.op(name).sample(np.random.default_rng(seed), 12)
        narrow = (x.astype(np.float32) if x.dtype == np.float64 else x for x in primals)
        jk.testing.check(name, *narrow, seed=seed, **keywords)


@PAIRS
def test_float32_points_are_checked_to_their_rounding(pair):
    x = np.array([1e-8, 1, 1e8], np.float32)
    jk.testing.check(pair(np.square, lambda x: 2 * x), x)
    with pytest.raises(AssertionError, match=r"at \(0,\)"):
        jk.testing.check(pair(np.square, lambda x: 2 * x * np.array([1.0001, 1, 1], np.float32)), x)


def test_functions_of_float32_alone_are_checked():
    def f(x):
        assert x.dtype == np.float32
        return np.sin(x)

    x = np.linspace(0.1, 3, 7).astype(np.float32)
    jk.testing.check((f, lambda x: jk.diagonal(np.cos(x))), x)
    with pytest.raises(AssertionError, match="7 of 49 entries differ"):
        jk.testing.check((f, lambda x: jk.diagonal(1.1 * np.cos(x))), x)


# ---- kinks -----------------------------------------------------------------------------------------------------

NO_DERIVATIVE = r"has no derivative there \(a kink or a jump\): its slope is {} from the left and {} from the right"


@PAIRS
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_any_number_between_the_slopes_of_both_sides_is_valid_at_a_kink(pair, scale):
    def relu(x):
        return scale * np.maximum(x, 0)

    x = np.array([-2.0, 0.0, 3.0])
    for choice in (0.0, 0.5, 1.0):
        jk.testing.check(pair(relu, lambda x, choice=choice: scale * np.array([0, choice, 1])), x)
    for wrong in (np.nan, np.inf):
        with pytest.raises(AssertionError, match="differ"):
            jk.testing.check(pair(relu, lambda x, wrong=wrong: scale * np.array([0, wrong, 1])), x)
    for wrong in (-0.001, 1.001):
        with pytest.raises(AssertionError, match=NO_DERIVATIVE.format("0", f"{scale:g}".replace("+", r"\+"))):
            jk.testing.check(pair(relu, lambda x, wrong=wrong: scale * np.array([0, wrong, 1])), x)


def test_the_sides_are_right_if_the_function_was_followed_backwards():
    def f(x):
        return np.where(x < 0, -x, 3 * x)

    for seed in range(8):
        with pytest.raises(AssertionError, match=NO_DERIVATIVE.format("-1", "3")):
            jk.testing.check((f, lambda x: jk.diagonal(np.full(20, 4.0))), np.zeros(20), seed=seed)


@pytest.mark.parametrize(("f", "jump"), [(np.sign, ("inf", "inf")), (lambda x: 1.0 * (x > 0), ("0", "inf"))])
def test_at_a_jump_the_slopes_are_those_of_the_pieces(f, jump):
    jk.testing.check((f, lambda x: jk.diagonal(0 * x)), np.array([-1.0, 0.0, 2.0]))
    with pytest.raises(AssertionError, match=NO_DERIVATIVE.format(*jump)):
        jk.testing.check((f, lambda x: jk.diagonal(np.array([0, 3.0, 0]))), np.array([-1.0, 0.0, 2.0]))


def test_a_failure_on_a_smooth_piece_does_not_speak_of_kinks():
    for x in (1.0, 1e-6, -3.0):
        with pytest.raises(AssertionError) as found:
            jk.testing.check((np.abs, lambda x: jk.diagonal(2 * np.sign(x))), np.array([x]))
        assert "kink" not in str(found.value)


def test_ops_of_the_table_pass_on_their_kinks_and_name_them():
    zero, one = np.zeros(2), np.ones(2)
    for name, *primals in (
        ("absolute", zero), ("relu", zero), ("maximum", one, one), ("minimum", one, one), ("clip", one, one, 2 * one),
        ("hypot", zero, zero),
    ):  # fmt: skip
        jk.testing.check(name, *primals)
    with pytest.raises(AssertionError, match=r"no derivative there .*; arctan2: a = b = 0: nan"):
        jk.testing.check("arctan2", zero, zero)


def test_an_infinite_slope_is_infinite():
    for f in (np.sqrt, np.cbrt):
        jk.testing.check((f, lambda x: jk.diagonal([np.inf])), np.zeros(1))
        for wrong in (0.0, 1.0, -np.inf):
            with pytest.raises(AssertionError, match=r"entries differ"):
                jk.testing.check((f, lambda x, wrong=wrong: jk.diagonal([wrong])), np.zeros(1))


# ---- a function with its VJP -----------------------------------------------------------------------------------


def outer_vjp(y_bar, a, b):
    return y_bar @ b, a @ y_bar


A, B = np.arange(1.0, 4.0), np.array([2.0, -1.0])


def test_a_function_is_checked_with_its_vjp():
    jk.testing.check((np.outer, outer_vjp), A, B)
    jk.testing.check((np.outer, lambda *args: outer_vjp(*args)), A, B)
    jk.testing.check((np.outer, lambda y_bar, a, b: (y_bar @ b, None)), A, B)
    jk.testing.check((np.matmul, lambda y_bar, x, labels: y_bar * labels), A, np.array([1, 2, 3]))
    with pytest.raises(AssertionError, match="VJP by argument 1 against"):
        jk.testing.check((np.outer, lambda y_bar, a, b: (y_bar @ b, -(a @ y_bar))), A, B)
    with pytest.raises(AssertionError, match=r"VJP by argument 0 has shape \(2,\), expected \(3,\)"):
        jk.testing.check((np.outer, lambda *args: outer_vjp(*args)[::-1]), A, B)


@pytest.mark.parametrize("shapes", [((9, 8), (8, 9)), ((2, 3), (3, 2))])
def test_swapped_arguments_and_wrong_transposes_are_found(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape) for shape in shapes)
    jk.testing.check((np.matmul, lambda y_bar, a, b: (y_bar @ b.T, a.T @ y_bar)), a, b)
    with pytest.raises(AssertionError, match="VJP by argument"):
        jk.testing.check((np.matmul, lambda y_bar, a, b: (y_bar.T @ b.T, a.T @ y_bar)), a, b)
    with pytest.raises(AssertionError, match="VJP by argument"):
        jk.testing.check((np.multiply, lambda y_bar, a, b: (y_bar * a, y_bar * b)), a, a + 1)


def test_pairs_are_told_apart():
    square, one = np.square, np.array([3.0])
    by_default = lambda x, factor=2: jk.diagonal(factor * x)  # noqa: E731
    for jacobian in (by_default, lambda *xs: jk.diagonal(2 * xs[0])):
        jk.testing.check((square, jacobian), one)
    for vjp in (
        lambda y_bar, x, factor=2: factor * y_bar * x,
        lambda *xs: 2 * xs[0] * xs[1],
        lambda u, *xs: 2 * u * xs[0],
    ):
        jk.testing.check((square, vjp), one)
    jk.testing.check((lambda x, *, by: by * x, lambda y_bar, x, *, by: by * y_bar), one, by=3.0)
    jk.testing.check((jk.ops.tanh, jk.ops.tanh.vjp), one)
    with pytest.raises(TypeError, match=r"takes neither 1 arguments, as jacobian_of_f\(\*primals\), nor 2"):
        jk.testing.check((square, lambda a, b, c: a), one)
    with pytest.raises(TypeError, match="every cotangent by a float array is None"):
        jk.testing.check((square, lambda y_bar, x: None), one)
    with pytest.raises(ValueError, match="vjp_of_f returned 3 for 2 arguments"):
        jk.testing.check((np.outer, lambda y_bar, a, b: (a, b, a)), A, B)
    with pytest.raises(TypeError, match="returned complex128 numbers"):
        jk.testing.check((lambda x: x * 1j, lambda x: jk.identity(1)), one)


def test_an_error_of_the_users_function_is_theirs():
    def broken(*xs):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        jk.testing.check((np.square, broken), A)


@pytest.mark.parametrize("n", [3, 100, 1000])
def test_a_large_vjp_is_checked_along_random_directions(n):
    x = np.random.default_rng(0).standard_normal(n)
    jk.testing.check((np.cumsum, lambda y_bar, x: np.cumsum(y_bar[::-1])[::-1]), x)
    with pytest.raises(AssertionError, match="VJP by argument 0"):
        jk.testing.check((np.cumsum, lambda y_bar, x: np.cumsum(y_bar)), x)


def test_empty_arrays_and_numbers_are_points():
    jk.testing.check((np.square, lambda x: jk.diagonal(2 * x)), np.empty(0))
    jk.testing.check((np.square, lambda y_bar, x: 2 * y_bar * x), 3.0)
    jk.testing.check(np.sum, np.empty((0, 3)), axis=0)
