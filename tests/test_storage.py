"""What composition and sums store: a test for every rule, since a rule that is dropped changes no value."""

from __future__ import annotations

import algebra
import numpy as np
import pytest
from algebra import AXIS, STRUCTURES

import jackern as jk

# ---- canonical form and constant letters --------------------------------------------------------------


def integers(shape, seed=0):
    return np.random.default_rng(seed).integers(1, 9, shape).astype(float)


def test_a_constant_letter_is_a_missing_letter():
    x = integers((3, 1, 4))
    J = jk.einsum("abc,c->abc", np.broadcast_to(x[:, :, :1], (3, 5, 4)), 4, (3, 5, 4))
    assert J.values.shape == (3,)
    assert J.nbytes == 24
    assert jk.diagonal(np.broadcast_to(2.0, (1000, 1000))).nbytes == 8
    assert jk.dense(np.broadcast_to(2.0, (1000, 1000))).nbytes == 8


def test_constant_letters_stay_missing_through_composition():
    n, k = 50, 40
    W = integers((k, n))
    # Every row of X @ W through a diagonal that is constant along the rows: k·n + n numbers become k·n.
    J = jk.einsum("n,bn->bn", integers(n), (1000, n)) @ jk.einsum("kn,bk->bn", W, (1000, k))
    assert (J.structure, J.nbytes) == ("block-diagonal", 8 * k * n)
    # A bias added to every row, after a matrix: values of the matrix alone.
    J = jk.broadcast(np.broadcast_to(1.0, (1000, k)), k) @ jk.dense(integers((k, 3)))
    assert (J.structure, J.nbytes) == ("dense", 8 * k * 3)
    assert J.shape == (1000 * k, 3)
    # Ones around: nothing but a number.
    J = jk.reduction(np.broadcast_to(1.0, (1000, k)), axis=0) @ jk.broadcast(np.broadcast_to(1.0, (1000, k)), k)
    assert (J.structure, J.nbytes) == ("identity", 8)
    assert np.array_equal(J.toarray(), 1000 * np.eye(k))


def test_constant_letters_stay_missing_in_sums():
    rows = jk.einsum("n,bn->bn", integers(50), (1000, 50))
    total = rows + jk.identity((1000, 50)) - 3 * rows
    assert (total.structure, total.nbytes) == ("diagonal", 8 * 50)
    ones = jk.broadcast(np.broadcast_to(1.0, (1000, 50)), 50)
    total = ones + ones
    assert (total.structure, total.nbytes) == ("broadcast", 8)
    assert np.array_equal(total.jvp(np.ones(50)), np.full((1000, 50), 2.0))


def test_values_that_vary_along_different_letters_are_not_multiplied_out_in_a_sum():
    n = 1000
    down = jk.einsum("i,j->i", integers(n), n, n)
    across = jk.einsum("j,j->i", integers(n), n, n)
    total = down + across
    assert (total.structure, total.nbytes) == ("sum", 8 * 2 * n)


def test_a_summed_letter_that_is_stored_nowhere_multiplies_by_its_length():
    n = 10**6
    row, column = jk.reduction(np.broadcast_to(1.0, n)), jk.broadcast(np.broadcast_to(3.0, n), ())
    assert (row @ column).nbytes == 8
    assert (row @ column).jvp(1.0) == 3 * n
    assert (column @ row).structure == "dense"
    assert (column @ row).nbytes == 8
    assert np.array_equal((column @ row @ column).jvp(1.0), np.full(n, 9.0 * n))


@pytest.mark.parametrize("structure", ["identity", "diagonal", "dense"])
def test_an_empty_middle_gives_zero(structure):
    left = jk.dense(np.ones((3, 0)))
    right = jk.dense(np.ones((0, 4)))
    middle = {
        "identity": jk.identity(0),
        "diagonal": jk.diagonal(np.ones(0)),
        "dense": jk.dense(np.ones((0, 0))),
    }[structure]
    J = left @ middle @ right
    assert (J.structure, J.shape, J.nbytes) == ("zero", (3, 4), 0)
    assert np.array_equal(J.toarray(), np.zeros((3, 4)))


def test_lazy_products_have_empty_ends():
    nothing = jk.linear_map(lambda v: v, lambda u: u, 0, 0)
    J = nothing @ jk.linear_map(lambda v: np.zeros(0), lambda u: np.zeros((2, 3)), 0, (2, 3))
    assert J.structure == "product"
    for K in (J, J.T, J @ jk.identity((2, 3))):
        m, n = K.shape
        assert K.toarray().shape == (m, n)
        assert np.array_equal(K.jvp(np.ones((4, *K.in_shape))), np.zeros((4, *K.out_shape)))
        assert np.array_equal(K.vjp(np.ones((4, *K.out_shape))), np.zeros((4, *K.in_shape)))


# ---- refinement and joining ---------------------------------------------------------------------------


def test_the_middle_is_cut_to_the_common_refinement():
    d, e = integers((2, 6)), integers((4, 3), 1)
    J = jk.diagonal(d).reshape((2, 6), (4, 3)) @ jk.diagonal(e)
    assert J.structure == "diagonal"
    assert J.nbytes == 8 * 12
    assert np.array_equal(J.diagonal().ravel(), d.ravel() * e.ravel())
    # [2, 6] against [4, 3] is [2, 2, 3]: the values along the first two are summed, along the last kept.
    outer = jk.reduction(d, axis=1).reshape(2, (4, 3))  # (2,) <- (2, 6)
    inner = jk.broadcast(e, 3)  # (4, 3) <- (3,)
    J = outer @ inner
    assert (J.structure, J.nbytes) == ("dense", 8 * 2 * 3)
    assert np.array_equal(J.toarray(), outer.toarray() @ inner.toarray())
    assert np.array_equal(J.toarray(), np.einsum("apc,apc->ac", d.reshape(2, 2, 3), e.reshape(2, 2, 3)))


def test_letters_of_one_role_are_joined_where_there_is_no_refinement():
    d, e = integers((2, 3)), integers((3, 2), 1)
    J = jk.diagonal(d).reshape((2, 3), (3, 2)) @ jk.diagonal(e)
    assert (J.structure, J.nbytes) == ("diagonal", 8 * 6)
    assert np.array_equal(J.diagonal().ravel(), d.ravel() * e.ravel())
    J = jk.reduction(d).reshape((), (3, 2)) @ jk.broadcast(e, ())
    assert (J.structure, J.nbytes) == ("identity", 8)
    assert J.toarray() == d.ravel() @ e.ravel()
    # Only the left factor can be joined; that is enough.
    matrix = integers((4, 2, 3))
    inner = jk.broadcast(e, 2)
    J = jk.dense(matrix, 4, (2, 3)).reshape(4, (3, 2)) @ inner
    assert (J.structure, J.nbytes) == ("dense", 8 * 8)
    assert np.array_equal(J.toarray(), matrix.reshape(4, 6) @ inner.toarray())


def test_the_composition_is_lazy_where_neither_refining_nor_joining_is_possible():
    outer = jk.reduction(integers((2, 3)), axis=1)  # (2,) <- (2, 3): one letter kept, one summed
    inner = jk.broadcast(integers((3, 2)), 2)  # (3, 2) <- (2,)
    J = outer.reshape(2, (3, 2)) @ inner
    assert J.structure == "product"
    assert np.array_equal(J.toarray(), outer.toarray() @ inner.toarray())


# ---- eager or lazy ------------------------------------------------------------------------------------


def test_column_after_row_stays_lazy_and_row_after_column_is_one_number():
    n = 1000
    column, row = jk.broadcast(integers(n), ()), jk.reduction(integers(n, 1))
    assert ((column @ row).structure, (column @ row).nbytes) == ("product", 8 * 2 * n)
    assert ((row @ column).structure, (row @ column).nbytes) == ("identity", 8)


@pytest.mark.parametrize(
    ("m", "k", "n", "structure"),
    [
        (4, 100, 4, "dense"),
        (100, 4, 100, "product"),  # 100·100 numbers instead of 800
        (8, 8, 8, "dense"),  # 8·8·8 multiplications, 4 applications of both cost as many
        (9, 9, 9, "product"),  # no more numbers, but 9·9·9 > 4·(81 + 81)
    ],
)
def test_dense_factors_are_multiplied_by_storage_and_by_work(m, k, n, structure):
    J = jk.dense(integers((m, k))) @ jk.dense(integers((k, n), 1))
    assert J.structure == structure
    assert J.nbytes == 8 * (m * n if structure == "dense" else m * k + k * n)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("diagonal", "dense"),
        ("dense", "diagonal"),
        ("reduction", "dense"),
        ("dense", "broadcast"),
        ("reduction", "broadcast"),
        ("diagonal", "diagonal"),
        ("broadcast", "diagonal"),
        ("diagonal", "reduction"),
        ("identity", "dense"),
        ("dense", "identity"),
    ],
)
def test_cheap_neighbours_are_multiplied_at_once(left, right):
    n = 64
    factors = {
        "identity": lambda: jk.identity(n, 2.0),
        "diagonal": lambda: jk.diagonal(integers(n)),
        "dense": lambda: jk.dense(integers((n, n))),
        "broadcast": lambda: jk.broadcast(integers(n), ()),
        "reduction": lambda: jk.reduction(integers(n)),
    }
    a, b = factors[left](), factors[right]()
    if left == "diagonal" and right == "reduction":
        b = jk.reduction(integers((3, n)), axis=0)
    if left == "broadcast" and right == "diagonal":
        a = jk.broadcast(integers((3, n)), n)
    J = a @ b
    assert J.structure != "product"
    assert J.nbytes <= max(a.nbytes, b.nbytes)
    assert np.array_equal(J.toarray(), a.toarray() @ b.toarray())


def test_composition_is_a_snapshot_and_a_lazy_product_is_not():
    d, e = integers(5), integers(5, 1)
    J = jk.diagonal(d) @ jk.diagonal(e)
    K = jk.broadcast(d, ()) @ jk.reduction(e)
    wanted = d * e
    d[0] += 1
    assert np.array_equal(J.diagonal(), wanted)
    assert np.array_equal(K.toarray(), np.outer(d, e))


# ---- sums ---------------------------------------------------------------------------------------------


def test_a_lazy_sum_holds_its_terms_and_no_more():
    n = 300
    terms = [
        jk.diagonal(integers(n)),
        jk.dense(integers((n, n))),
        jk.broadcast(integers(n), ()) @ jk.reduction(integers(n)),
    ]
    total = sum(terms)
    assert (total.structure, total.nbytes) == ("sum", 8 * (n + n * n + 2 * n))
    assert total.nnz >= n * n
    # A second diagonal goes into the first, wherever that stands in the sum.
    again = total + jk.diagonal(integers(n, 1)) + jk.identity(n)
    assert again.nbytes == total.nbytes
    assert np.array_equal(again.toarray(), total.toarray() + np.diag(integers(n, 1)) + np.eye(n))


def test_softmax_holds_three_numbers_per_element():
    n = 1000
    s = integers(n)
    J = jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s)
    assert J.structure == "sum"
    assert J.nbytes in (8 * n, 8 * 2 * n, 8 * 3 * n)  # one array, held once; a sign may take a copy
    assert np.array_equal(J.toarray(), np.diag(s) - np.outer(s, s))
    assert np.array_equal(J.diagonal(), s - s * s)


def test_a_factor_is_distributed_over_a_sum_while_that_stores_no_more():
    n = 50
    total = jk.diagonal(integers(n)) + jk.dense(integers((n, n), 1))
    J = jk.diagonal(integers(n, 2)) @ total
    assert (J.structure, J.nbytes) == ("sum", 8 * (n + n * n))
    J = jk.reduction(integers(n, 2)) @ total  # row @ diagonal and row @ dense are rows
    assert (J.structure, J.nbytes) == ("reduction", 8 * n)
    J = jk.broadcast(integers((3, n), 2), n) @ total  # 3·n·n numbers more
    assert (J.structure, J.nbytes) == ("product", 8 * (3 * n + n + n * n))
    assert np.array_equal(J.toarray(), jk.broadcast(integers((3, n), 2), n).toarray() @ total.toarray())


def test_a_factor_is_distributed_over_a_sum_with_products_inside():
    n = 100
    s, d = integers(n), integers(n, 1)
    softmax = jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s)
    dense = np.diag(s) - np.outer(s, s)
    for J, wanted in (
        (jk.diagonal(d) @ softmax, d[:, None] * dense),
        (softmax @ jk.diagonal(d), dense * d),
    ):
        assert J.structure == "sum"  # a diagonal, and a column times a row, still
        assert J.nbytes <= 8 * 3 * n
        assert np.array_equal(J.toarray(), wanted)
    row = jk.reduction(d) @ softmax  # row @ diagonal - (row @ column) @ row
    assert (row.structure, row.nbytes) == ("reduction", 8 * n)
    assert np.array_equal(row.toarray()[0], d @ dense)
    # Distributed, the square would hold 7n numbers.
    assert ((softmax @ softmax).structure, (softmax @ softmax).nbytes) == ("product", softmax.nbytes)
    assert np.array_equal((softmax @ softmax).toarray(), dense @ dense)


def test_sums_inside_chains_equal_the_dense_product():
    n = 12
    s = integers(n)
    softmax = jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s)
    J = jk.dense(integers((3, n))) @ softmax @ jk.diagonal(integers(n, 1)) @ softmax @ jk.dense(integers((n, 2), 2))
    dense = np.diag(s) - np.outer(s, s)
    wanted = integers((3, n)) @ dense @ np.diag(integers(n, 1)) @ dense @ integers((n, 2), 2)
    assert np.array_equal(J.toarray(), wanted)


def test_zero_is_neutral_in_sums_and_absorbs_in_products():
    J = jk.dense(integers((3, 4)))
    zero = jk.zero(3, 4)
    for total in (J + zero, zero + J, J - zero):
        assert (total.structure, total.nbytes) == ("dense", J.nbytes)
        assert np.array_equal(total.toarray(), J.toarray())
    assert (zero - J).structure == "dense"
    assert np.array_equal((zero - J).toarray(), -J.toarray())
    assert (zero @ jk.zero(4, 2)).structure == "zero"
    assert (J @ jk.zero(4, 7)).shape == (3, 7)


# ---- slices and bands ---------------------------------------------------------------------------------


def tridiagonal(n, seed=0):
    return jk.banded(integers((3, n), seed), (-1, 0, 1), (n, n))


def test_the_product_of_two_tridiagonals_has_five_terms_and_stores_five_diagonals():
    n = 1000
    J = tridiagonal(n) @ tridiagonal(n, 1)
    assert J.structure == "banded"
    assert J.nnz == 5 * n - 6
    assert J.nbytes == 8 * (5 * n - 6)
    (low, high), band = J.tobanded()
    assert (low, high, band.shape) == (2, 2, (5, n))


def test_terms_of_one_shift_merge_and_never_by_storing_zeros():
    n = 100
    # The window of the second lies inside that of the first.
    inner = jk.banded(integers((1, n), 1), (0,), (n, n)) @ jk.select(np.s_[10:90], n).T @ jk.select(np.s_[10:90], n)
    assert inner.structure == "banded"
    total = jk.diagonal(integers(n)) + inner
    assert (total.structure, total.nbytes) == ("diagonal", 8 * n)
    # Two windows that only overlap: both are kept.
    first, second = (jk.select(s, n).T @ jk.diagonal(integers(60)) @ jk.select(s, n) for s in (np.s_[:60], np.s_[40:]))
    total = first + second
    assert (total.structure, total.nbytes) == ("banded", 8 * 120)
    assert np.array_equal(total.toarray(), first.toarray() + second.toarray())


def test_constant_bands_store_a_number_each():
    n = 10**6
    difference = jk.select(np.s_[1:], n) - jk.select(np.s_[:-1], n)
    assert (difference.structure, difference.nbytes) == ("banded", 16)
    again = (jk.select(np.s_[1:], n - 1) - jk.select(np.s_[:-1], n - 1)) @ difference
    assert (again.structure, again.nbytes, again.shape) == ("banded", 24, (n - 2, n))
    assert again.nnz == 3 * (n - 2)


def test_a_slice_of_a_slice_is_a_slice():
    x = np.arange(20.0)
    J = jk.select(np.s_[1::2], 10) @ jk.select(np.s_[::2], 20)
    assert (J.structure, J.nbytes) == ("banded", 8)
    assert np.array_equal(J.jvp(x), x[::2][1::2])
    flip = jk.select(np.s_[::-1], 20)
    assert (flip @ flip).structure == "identity"
    assert np.array_equal((flip @ jk.select(np.s_[3:], 23)).jvp(np.arange(23.0)), np.arange(23.0)[3:][::-1])


def test_windows_that_do_not_meet_give_zero():
    odd, even = jk.select(np.s_[1::2], 20), jk.select(np.s_[::2], 20)
    assert (odd @ even.T).structure == "zero"
    assert (jk.select(np.s_[:5], 20) @ jk.select(np.s_[5:10], 20).T).structure == "zero"


def test_slices_of_dense_store_the_rows_that_are_left():
    A = integers((100, 7))
    J = jk.select(np.s_[10:20], 100) @ jk.dense(A)
    assert (J.structure, J.shape) == ("dense", (10, 7))
    assert np.array_equal(J.toarray(), A[10:20])
    assert J.nbytes <= 8 * 70
    J = jk.select(np.s_[10:110], 120).T @ jk.dense(A)  # padded with rows of zeros, which are not stored
    assert (J.structure, J.shape, J.nbytes) == ("dense", (120, 7), 8 * 700)
    assert np.array_equal(J.toarray(), np.pad(A, ((10, 10), (0, 0))))


def test_the_five_point_laplacian_needs_no_index_arrays():
    m, n = 40, 30
    u = np.random.default_rng(0).integers(-9, 9, (m, n)).astype(float)
    inside = np.s_[1:-1, 1:-1]
    windows = [np.s_[2:, 1:-1], np.s_[:-2, 1:-1], np.s_[1:-1, 2:], np.s_[1:-1, :-2]]
    J = sum(jk.select(window, (m, n)) for window in windows) - 4 * jk.select(inside, (m, n))
    assert (J.structure, J.nbytes) == ("banded", 8 * 5)
    assert np.array_equal(J.jvp(u), sum(u[window] for window in windows) - 4 * u[inside])


# ---- products -----------------------------------------------------------------------------------------


def lazy_factors(n=9):
    """Six dense square factors of which no two merge."""
    return [jk.dense(integers((n, n), seed)) for seed in range(6)]


def test_a_product_is_one_flat_list_of_factors():
    factors = lazy_factors()
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    nested = (factors[0] @ factors[1]) @ ((factors[2] @ factors[3]) @ (factors[4] @ factors[5]))
    for J in (product, nested):
        assert (J.structure, J.nbytes) == ("product", 8 * 6 * 81)
        tree = J.explain().replace("product Jacobian", "")
        assert (tree.count("dense"), tree.count("product")) == (6, 1)
    wanted = np.linalg.multi_dot([factor.toarray() for factor in factors])
    assert np.array_equal(product.toarray(), wanted)
    assert np.array_equal(nested.toarray(), wanted)


def test_neighbours_in_a_product_merge_when_they_meet():
    n = 9
    A, B = jk.dense(integers((n, n))), jk.dense(integers((n, n), 1))
    column, row = jk.broadcast(integers(n), ()), jk.reduction(integers(n, 1))
    J = (column @ row) @ (column @ row)  # row @ column is a number, which goes into one of its neighbours
    assert (J.structure, J.nbytes) == ("product", 8 * 2 * n)
    J = row @ (A @ B)  # a row all along
    assert (J.structure, J.nbytes) == ("reduction", 8 * n)
    J = (A @ B) @ column
    assert (J.structure, J.nbytes) == ("broadcast", 8 * n)
    J = (A @ B) @ jk.diagonal(integers(n)) @ jk.identity(n)
    assert J.nbytes == 8 * 2 * n * n


def test_both_ways_to_bracket_agree_in_values():
    n = 9
    A, B = jk.dense(integers((n, n))), jk.dense(integers((n, n), 1))
    column = jk.broadcast(integers(n), ())
    left, right = (A @ B) @ column, A @ (B @ column)
    assert np.array_equal(left.toarray(), right.toarray())
    assert left.structure == right.structure == "broadcast"


# ---- transposes and reshapes --------------------------------------------------------------------------

EXAMPLES = {
    "zero": lambda: jk.zero((4, 6), (2, 12)),
    "identity": lambda: jk.identity((4, 6), 3.0),
    "permutation": lambda: jk.einsum(",ab->ba", 2.0, (4, 6), (6, 4)),
    "diagonal": lambda: jk.diagonal(integers((4, 6))),
    "broadcast": lambda: jk.broadcast(integers((4, 6)), 6),
    "reduction": lambda: jk.reduction(integers((4, 6)), axis=0),
    "dense": lambda: jk.dense(integers((4, 6))),
    "block-diagonal": lambda: jk.block_diagonal(integers((4, 2, 6))),
    "banded": lambda: tridiagonal(24),
    "sparse": lambda: jk.select(np.array([3, 1, 1, 0, 5, 2]), 6),
    "sum": lambda: jk.diagonal(integers(24)) + jk.dense(integers((24, 24))),
    "product": lambda: jk.broadcast(integers(24), ()) @ jk.reduction(integers(24, 1)),
    "linear-map": lambda: jk.linear_map(np.cumsum, lambda u: np.cumsum(u[::-1])[::-1], 6, 6),
}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_transposes_and_reshapes_hold_the_same_arrays(structure):
    J = EXAMPLES[structure]()
    assert J.structure == structure
    m, n = J.shape
    matrix = J.toarray()
    for other, wanted, name in (
        (J.T, matrix.T, algebra.MIRRORED.get(structure, structure)),
        (J.T.T, matrix, structure),
        (J.reshape((m,), (n,)), matrix, structure),
        (J.reshape((1, m), (n, 1)).T, matrix.T, algebra.MIRRORED.get(structure, structure)),
        (J.reshape((2, m // 2), (n,)), matrix, structure),
    ):
        assert (other.structure, other.nbytes) == (name, J.nbytes)
        assert np.array_equal(other.toarray(), wanted)
    if structure in AXIS and structure != "zero":
        assert np.shares_memory(J.T.values, J.values)
        assert np.shares_memory(J.reshape((m,), (n,)).values, J.values)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_jacobian_is_composed_with_its_transpose_and_added_to_itself(structure):
    J = EXAMPLES[structure]()
    matrix = J.toarray()
    assert np.array_equal((J.T @ J).toarray(), matrix.T @ matrix)
    assert np.array_equal((J @ J.T).toarray(), matrix @ matrix.T)
    x_dot, y_bar = integers(J.in_shape), integers(J.out_shape)
    for total, c in ((J + J, 2), (J - J, 0), (J + 2 * J + J, 4)):
        assert np.array_equal(total.toarray(), c * matrix)
        assert np.array_equal(total.jvp(x_dot).ravel(), c * matrix @ x_dot.ravel())
        assert np.array_equal(total.vjp(y_bar).ravel(), c * y_bar.ravel() @ matrix)
