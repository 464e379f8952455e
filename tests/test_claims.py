"""Claims about zeros: true ones pass, and of broken ones the entry is named that breaks them."""

from __future__ import annotations

import re
import tracemalloc

import layouts
import numpy as np
import pytest

import jackern as jk

N = 12


def numbers(*shape):
    return layouts.integers(shape, seed=shape)


def one_per_row(m, n):
    matrix = np.zeros((m, n))
    matrix[np.arange(m), np.arange(m) * 7 % n] = numbers(m)
    return matrix


def band(m, n, l, u):
    return np.triu(np.tril(numbers(m, n), u), -l)


# A matrix of which the claim is true, the claim, and which entries it allows beside those that are there.
CLAIMS = {
    "zero": (np.zeros((4, 7)), "zero", {}),
    "identity": (3 * np.eye(N), "identity", {}),
    "diagonal": (np.diag(numbers(N)), "diagonal", {}),
    "permutation": (one_per_row(N, N), "permutation", {}),
    "broadcast": (one_per_row(N, 5), "broadcast", {}),
    "reduction": (one_per_row(N, 5).T, "reduction", {}),
    "band": (band(N, N, 2, 1), "banded", {"bandwidths": (2, 1)}),
    "wide band": (band(5, N, 0, 3), "banded", {"bandwidths": (0, 3)}),
    "tall band": (band(N, 5, 3, 2), "banded", {"bandwidths": (3, 2)}),
    "band of all": (numbers(3, 4), "banded", {"bandwidths": (9, 9)}),
}


def is_broken(matrix, claim, options):
    """Whether a matrix breaks a claim, by looking at every number."""
    n = matrix.shape[1]
    rows, columns = np.nonzero(matrix)
    if claim == "zero":
        return rows.size > 0
    if claim == "identity":
        return not np.array_equal(matrix, matrix[0, 0] * np.eye(n))
    if claim == "diagonal":
        return bool(np.any(rows != columns))
    if claim == "banded":
        l, u = options["bandwidths"]
        return bool(np.any((columns - rows < -l) | (columns - rows > u)))
    is_repeated = [len({*places}) < len(places) for places in (rows.tolist(), columns.tolist())]
    return {"permutation": any(is_repeated), "broadcast": is_repeated[0], "reduction": is_repeated[1]}[claim]


def as_product(matrix):
    """A product that nothing is known of."""
    m = len(matrix)
    return jk.linear_map(lambda v: v, lambda u: u, m, m, dtype=matrix.dtype) @ jk.dense(matrix)


def named_entry(message):
    """The entry that a message names first, with its number."""
    row, column, number = re.search(r"entry \((\d+), (\d+)\) is (\S+), expected", message).groups()
    return int(row), int(column), float(number)


@pytest.mark.parametrize("made", [jk.dense, as_product])
@pytest.mark.parametrize("name", CLAIMS)
def test_true_claims_pass(name, made, dtype):
    matrix, claim, options = CLAIMS[name]
    for seed in range(3):
        jk.testing.assert_structure(made(matrix.astype(dtype)), claim, seed=seed, **options)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_entry_that_breaks_a_claim_is_found_and_named(name, dtype):
    matrix, claim, options = CLAIMS[name]
    n_broken = 0
    for row, column in np.ndindex(matrix.shape):
        changed = matrix.astype(dtype)
        changed[row, column] += 0.5
        if not is_broken(changed, claim, options):
            jk.testing.assert_structure(jk.dense(changed), claim, **options)
            continue
        n_broken += 1
        with pytest.raises(AssertionError, match=f"^the Jacobian is not of structure {claim}: ") as error:
            jk.testing.assert_structure(jk.dense(changed), claim, **options)
        *place, number = named_entry(str(error.value))
        assert changed[*place] == number
        i, j = place
        if claim in ("zero", "diagonal", "banded"):
            assert (i, j) == (row, column)
        elif claim == "identity":
            assert number != (changed[0, 0] if i == j else 0)
        else:
            in_row, in_column = np.count_nonzero(changed[i]), np.count_nonzero(changed[:, j])
            assert {"broadcast": in_row, "reduction": in_column, "permutation": max(in_row, in_column)}[claim] > 1
    assert n_broken or name == "band of all"


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("claim", ["zero", "identity", "diagonal", "permutation", "broadcast", "reduction", "banded"])
def test_the_smallest_matrices_can_be_claimed(claim, n):
    options = {"bandwidths": (0, 0)} if claim == "banded" else {}
    jk.testing.assert_structure(jk.zero(n, n), claim, **options)
    if n and claim != "zero":
        jk.testing.assert_structure(jk.identity(n), claim, **options)


@pytest.mark.parametrize("claim", ["identity", "diagonal", "permutation"])
def test_square_claims_are_broken_by_other_shapes(claim):
    with pytest.raises(AssertionError, match=re.escape("its shape is (2, 3), expected a square one")):
        jk.testing.assert_structure(jk.zero(2, 3), claim)


# ---- another Jacobian's pattern -----------------------------------------------------------------------

PATTERNS = {
    "zero": lambda: jk.zero(5, 7),
    "diagonal": lambda: jk.diagonal(numbers(2, 4)),
    "identity": lambda: jk.identity(6),
    "permutation": lambda: jk.einsum(",ab->ba", 1.0, in_shape=(3, 4), out_shape=(4, 3)),
    "broadcast": lambda: jk.broadcast(numbers(3, 4), 4),
    "column": lambda: jk.broadcast(numbers(5), ()),
    "reduction": lambda: jk.reduction(numbers(3, 4), 0),
    "dense": lambda: jk.dense(numbers(3, 4)),
    "block-diagonal": lambda: jk.block_diagonal(numbers(3, 2, 4)),
    "shared blocks": lambda: jk.einsum("bk,kn->bn", numbers(2, 3), in_shape=(3, 4)),
    "slice": lambda: jk.select(np.s_[1:-1], 9),
    "flip": lambda: jk.select(np.s_[::-2], 9),
    "one row": lambda: jk.select(np.s_[1, :], (3, 4)),
    "padding": lambda: jk.select(np.s_[2:5], 8).T,
    "tridiagonal": lambda: jk.banded(numbers(3, 9), [-1, 0, 1], (9, 9)),
    "seven diagonals": lambda: jk.banded(numbers(7, 16), [-9, -5, -2, 0, 3, 5, 8], (16, 16)),
    "difference": lambda: jk.select(np.s_[1:], 9) - jk.select(np.s_[:-1], 9),
    "arrow": lambda: jk.diagonal(numbers(9)) + jk.select(np.s_[3], 9).T @ jk.reduction(numbers(9)),
    "gather": lambda: jk.select(np.array([4, 0, 0, 2]), 6),
    "scatter and diagonal": lambda: jk.select(np.array([4, 0, 0, 2]), 6).T @ jk.diagonal(numbers(4)) + jk.zero(6, 4),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_every_entry_outside_of_a_pattern_is_found_and_named(name, dtype):
    pattern = PATTERNS[name]().astype(dtype)
    matrix = pattern.toarray()
    for made in (jk.dense, as_product):
        jk.testing.assert_structure(made(matrix), pattern)
    for row, column in np.ndindex(matrix.shape):
        changed = matrix.copy()
        changed[row, column] += 8.5
        if matrix[row, column]:
            jk.testing.assert_structure(jk.dense(changed), pattern)
            continue
        with pytest.raises(AssertionError, match=f"outside of the {pattern.structure} pattern") as error:
            jk.testing.assert_structure(jk.dense(changed), pattern)
        assert named_entry(str(error.value)) == (row, column, 8.5)


def test_a_pattern_of_another_shape_is_refused():
    with pytest.raises(AssertionError, match=re.escape("has shape (2, 2), expected (3, 3), that of the pattern")):
        jk.testing.assert_structure(jk.identity(2), jk.identity(3))


def test_a_pattern_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="linear-map"):
        jk.testing.assert_structure(jk.identity(3), jk.linear_map(np.cumsum, None, 3, 3))


# ---- functions ----------------------------------------------------------------------------------------


def test_the_jacobian_of_a_function_is_taken_at_the_point_and_compared_with_the_function():
    x = np.linspace(-1.0, 1.0, 5)
    jk.testing.assert_structure((np.square, lambda x: jk.diagonal(2 * x)), "diagonal", x)
    jk.testing.assert_structure((np.diff, lambda x: jk.select(np.s_[1:], 5) - jk.select(np.s_[:-1], 5)), "banded", x,
                                bandwidths=(0, 1))  # fmt: skip
    with pytest.raises(AssertionError, match="cumsum: JVP by argument 0"):
        jk.testing.assert_structure((np.cumsum, lambda x: jk.identity(5)), "diagonal", x)
    with pytest.raises(
        AssertionError, match=r"cumsum: the Jacobian by argument 0 .* entry \(1, 0\) is 1.0, expected 0"
    ):
        jk.testing.assert_structure((np.cumsum, lambda x: jk.dense(np.tri(5))), "diagonal", x)


def test_every_argument_of_a_function_is_claimed():
    x, y = np.arange(3.0), np.ones(3)
    both = lambda x, y: (jk.diagonal(y), jk.diagonal(x))  # noqa: E731
    jk.testing.assert_structure((np.multiply, both), "diagonal", x, y)
    with pytest.raises(AssertionError, match="multiply: the Jacobian by argument 1"):
        jk.testing.assert_structure(
            (np.multiply, lambda x, y: (jk.diagonal(y), jk.dense(numbers(3, 3)))), "diagonal", x, y
        )


# ---- errors and costs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((jk.identity(2), "dense"), {}, ValueError, "structure is 'dense', expected a Jacobian"),
        ((jk.identity(2), 3), {}, ValueError, "structure is 3"),
        ((jk.identity(2), "banded"), {}, ValueError, "bandwidths is None for 'banded'"),
        ((jk.identity(2), "diagonal"), {"bandwidths": (1, 1)}, ValueError, "bandwidths is (1, 1) for 'diagonal'"),
        ((jk.identity(2), "banded"), {"bandwidths": (-1, 1)}, ValueError, "bandwidths is (-1, 1)"),
        ((np.eye(2), "diagonal"), {}, TypeError, "the Jacobian is a ndarray"),
        ((jk.identity(2), "diagonal", np.ones(2)), {}, TypeError, "a point is given without a function"),
    ],
)
def test_arguments_that_are_refused(arguments, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        jk.testing.assert_structure(*arguments, **options)


@pytest.mark.parametrize("claim", ["zero", "identity", "diagonal", "permutation", "broadcast", "reduction"])
def test_numbers_that_are_not_finite_cannot_be_probed(claim):
    with pytest.raises(AssertionError, match=r"row 1 times a random vector is (inf|-inf|nan); only finite"):
        jk.testing.assert_structure(jk.diagonal([1.0, np.inf, 1.0]), claim)


@pytest.mark.parametrize(
    ("claim", "options", "n_products"),
    [
        ("zero", {}, 1),
        ("diagonal", {}, 2),
        ("identity", {}, 4),
        ("broadcast", {}, 3),
        ("reduction", {}, 3),
        ("permutation", {}, 6),
        ("banded", {"bandwidths": (2, 3)}, 7),
        (jk.banded(np.ones((3, N)), [-1, 0, 1], (N, N)), {}, 8),
    ],
)
def test_a_true_claim_takes_few_products(claim, options, n_products):
    calls = []

    def counted(v):
        calls.append(v)
        return (claim != "zero") * v

    jk.testing.assert_structure(jk.linear_map(counted, counted, N, N), claim, **options)
    assert len(calls) == n_products


@pytest.mark.parametrize("claim", ["diagonal", "permutation", "broadcast", "reduction"])
def test_rounding_is_not_taken_for_an_entry(claim, dtype):
    matrix = np.diag(numbers(N)).astype(dtype)
    matrix[2] = 0
    noise = layouts.normal((N, N), dtype) * np.finfo(dtype).eps
    jk.testing.assert_structure(jk.dense(matrix + noise), claim)


def test_large_matrices_are_probed_in_the_room_of_some_vectors():
    n = 200_000
    wrong = jk.banded(np.ones((2, n)), [0, 150_000], (n, n))
    tracemalloc.start()
    for claim in ("identity", "diagonal", "permutation", "broadcast", "reduction"):
        jk.testing.assert_structure(jk.identity(n), claim)
        with pytest.raises(AssertionError, match=r"(0, 150000)|(150000, 150000)"):
            jk.testing.assert_structure(wrong, claim)
    jk.testing.assert_structure(jk.identity(n), jk.banded(np.ones((3, n)), [-1, 0, 1], (n, n)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 8 * n
