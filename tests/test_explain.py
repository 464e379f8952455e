"""What a Jacobian says of itself: its repr with the pattern of a small matrix, its tree, and its picture."""

from __future__ import annotations

import re
import sys
import time
import tracemalloc

import layouts
import numpy as np
import pytest

import jackern as jk


def numbers(*shape):
    return layouts.integers(shape, seed=shape)


def identity_map(n):
    return jk.linear_map(lambda v: v, lambda u: u, n, n)


def outer(n):
    """A column times a row, which stay apart."""
    return jk.broadcast(numbers(n), ()) @ jk.reduction(numbers(n))


# Every structure, small; all numbers that are stored are other than 0.
SMALL = {
    "zero": lambda: jk.zero(3, (2, 2)),
    "identity": lambda: jk.identity((2, 2)),
    "scaled identity": lambda: jk.identity(4, 2.0),
    "diagonal": lambda: jk.diagonal(numbers(4)),
    "permutation": lambda: jk.einsum(",ab->ba", 1.0, (2, 3), (3, 2)),
    "broadcast": lambda: jk.broadcast(numbers(2, 3), 3),
    "column of ones": lambda: jk.broadcast(np.broadcast_to(1.0, 4), ()),
    "reduction": lambda: jk.reduction(numbers(2, 4), 0),
    "dense": lambda: jk.dense(numbers(3, 5)),
    "block-diagonal": lambda: jk.einsum("bk,kn->bn", numbers(2, 3), in_shape=(3, 2)),
    "banded": lambda: jk.banded(numbers(3, 6), [-2, 0, 1], (5, 6)),
    "convolution": lambda: jk.convolution(numbers(3), 6, mode="same"),
    "convolution along the first axis": lambda: jk.convolution(numbers(2), (3, 2), axis=0, mode="valid"),
    "difference": lambda: jk.select(np.s_[1:], 6) - jk.select(np.s_[:-1], 6),
    "slice": lambda: jk.select(np.s_[1::2], 7),
    "flip": lambda: jk.select(np.s_[::-1], 5),
    "padded": lambda: jk.select(np.s_[1:, 2], (3, 3)).T,
    "sliced sum": lambda: jk.select(np.s_[1:3], 5).T @ jk.reduction(numbers(2, 3), 1),
    "sparse": lambda: jk.select(np.array([3, 0, 0, 1]), 5),
    "sum": lambda: jk.diagonal(numbers(6)) + jk.select(np.s_[2:3], 6).T @ jk.reduction(numbers(6)).reshape(1, 6),
    "product": lambda: outer(6),
    "sum of a product": lambda: jk.diagonal(numbers(5)) + 8 * outer(5),
}


@pytest.fixture(params=SMALL)
def small(request):
    return SMALL[request.param]()


# ---- the repr -----------------------------------------------------------------------------------------


def test_the_repr_shows_the_pattern_of_a_small_matrix(small):
    first, *rows = repr(small).splitlines()
    assert first == f"<{small.explain().splitlines()[0]}>"
    marks = np.array([row.split(" ") for row in rows])
    np.testing.assert_array_equal(marks != "·", small.toarray() != 0)
    assert {*marks.ravel()} <= {"·", "x", "1"}
    np.testing.assert_array_equal((marks == "1") & (small.toarray() != 1), False)


@pytest.mark.parametrize(
    ("J", "rows"),
    [
        (jk.identity(2), ["1 ·", "· 1"]),
        (jk.identity(2, 3.0), ["x ·", "· x"]),
        (jk.diagonal([1.0, 1.0]), ["x ·", "· x"]),
        (jk.identity(()), ["1"]),
        (jk.reduction(np.broadcast_to(1.0, 3)), ["1 1 1"]),
        (jk.select(np.s_[1:], 3), ["· 1 ·", "· · 1"]),
        (jk.identity((2, 2)) + jk.einsum(",ab->ba", 1.0, (2, 2), (2, 2)), ["x · · ·", "· 1 1 ·", "· 1 1 ·", "· · · x"]),
        (jk.zero(2, 3), ["· · ·", "· · ·"]),
        (jk.zero(0, 3), []),
        (jk.zero(3, 0), []),
        (jk.identity(10), [" ".join("1" if i == j else "·" for j in range(10)) for i in range(10)]),
        (jk.identity(11), []),
        (jk.zero(1, 20), [" ".join("·" * 20)]),
        (jk.zero(1, 21), []),
        (identity_map(2), []),
        (identity_map(2) @ jk.dense(np.ones((2, 2))), []),
    ],
)
def test_patterns_by_hand(J, rows):
    assert repr(J).splitlines()[1:] == rows


def test_the_repr_never_calls_the_functions_of_a_linear_map():
    def fails(v):
        raise AssertionError

    for J in (jk.linear_map(fails, fails, 3, 3), jk.linear_map(fails, fails, 3, 3) @ jk.diagonal(np.ones(3))):
        assert repr(J)
        assert J.explain()


# ---- the tree -----------------------------------------------------------------------------------------


def columns(line):
    """What a line of the tree says: its name, and the three numbers at its end."""
    return re.sub(r"[│├└─ ]*", "", line, count=1).split()[0], [int(x.replace(",", "")) for x in line.split()[-3:]]


def test_every_structure_explains_itself(small):
    lines = small.explain().splitlines()
    assert lines[0] == (
        f"{small.structure} Jacobian, {small.out_shape} <- {small.in_shape}, {small.dtype}, {small.nbytes} bytes"
    )
    assert max(map(len, lines)) <= 100
    name, (stored, jvp, vjp) = columns(lines[2])
    assert name == small.structure
    assert stored * small.dtype.itemsize >= small.nbytes or small.structure == "sparse"
    assert jvp > 0 or small.structure == "zero"
    assert vjp > 0 or small.structure == "zero"


def test_the_tree_of_an_axis_jacobian_says_what_each_letter_does():
    J = jk.einsum("bk,kn->bn", np.ones((2, 3)), in_shape=(3, 4))
    assert J.explain().splitlines()[1:] == [
        "                out <- in         values,in->out  numbers  JVP cost  VJP cost",
        "block-diagonal  (2, 4) <- (3, 4)  bk,kn->bn             6        24        24",
        "  b: length 2, repeated along",
        "  n: length 4, diagonal, not stored",
        "  k: length 3, summed over",
    ]


def test_the_tree_of_a_product_has_its_factors_and_why_they_are_apart():
    J = jk.diagonal(np.ones(1000)) - jk.broadcast(np.ones(1000), ()) @ jk.reduction(np.ones(1000))
    lines = J.explain().splitlines()[2:]
    assert [columns(line) for line in lines if "apart" not in line] == [
        ("sum", [3000, 3000, 3000]),
        ("diagonal", [1000, 1000, 1000]),
        ("product", [2000, 2000, 2000]),
        ("broadcast", [1000, 1000, 1000]),
        ("reduction", [1000, 1000, 1000]),
    ]
    of_sum, of_product = (line for line in lines if "apart" in line)
    assert of_sum == "│  apart: nothing is added to a product"
    assert re.fullmatch("   │  apart: .* would store 1,?000,?000 numbers instead of 2,?000", of_product)


def test_the_terms_of_a_sum_say_why_they_are_apart():
    J = jk.diagonal(np.ones(50)) + jk.einsum(",ab->ba", 1.0, (5, 10), (10, 5)).reshape(50, 50)
    assert J.structure == "sum"
    assert "│  apart: " in J.explain()


@pytest.mark.parametrize(
    ("J", "cost"),
    [
        (jk.einsum("i,j->i", np.ones(500), 300, 500), 500),  # summed, multiplied, written
        (jk.einsum("j,j->i", np.ones(300), 300, 500), 300),  # multiplied and summed, repeated
        (jk.einsum(",j->i", 2.0, 300, 500), 1),
        (jk.einsum("ij,bj->bi", np.ones((5, 4)), (7, 4)), 7 * 5 * 4),
        (jk.broadcast(np.broadcast_to(1.0, 500), ()), 500),
        (jk.reduction(np.broadcast_to(1.0, 500)), 500),
        (jk.identity(500), 500),
        (2 * jk.identity(500) - jk.einsum("i,j->i", np.ones(500), 500, 500), 1000),
        (jk.broadcast(np.ones(500), ()) @ jk.reduction(np.ones(500)), 1000),
        (jk.dense(np.ones((500, 2))) @ jk.dense(np.ones((2, 500))), 2000),
        (jk.banded(np.ones((3, 500)), [-1, 0, 1], (500, 500)), 1498),
    ],
)
def test_costs_are_the_multiplications_of_the_call(J, cost):
    _, (_, jvp, vjp) = columns(J.explain().splitlines()[2])
    assert (jvp, vjp) == (cost, cost)


def test_slices_are_written_as_indices():
    tridiagonal = jk.banded(np.ones((3, 8)), [-1, 0, 1], (8, 8)).explain()
    assert [line.split()[2] for line in tridiagonal.splitlines()[3:]] == ["a,a[:7]->a[1:]", "a,a->a", "a,a[1:]->a[:7]"]
    for index, text in (
        (np.s_[1:-1], ",a[1:7]->a"),
        (np.s_[3:], ",a[3:]->a"),
        (np.s_[1::3], ",a[1::3]->a"),
        (np.s_[3:4], ",[3]->"),
    ):
        assert f" {text} " in jk.select(index, 8).explain()
    assert " ,[1]a->a " in jk.select(np.s_[1, :], (3, 4)).explain()
    assert ",a[::-1]->a" in jk.select(np.s_[::-1], 8).explain() or ",a->a[::-1]" in jk.select(np.s_[::-1], 8).explain()


def test_a_product_that_is_missing_costs_nothing_that_can_be_counted():
    lines = jk.linear_map(np.cumsum, None, 8, 8).explain().splitlines()
    assert lines[2].split()[-3:] == ["0", "16", "none"]
    assert jk.linear_map(np.cumsum, None, 8, 8).T.explain().splitlines()[2].split()[-3:] == ["0", "none", "16"]


def test_a_long_product_is_cut_and_says_by_how_much():
    J = identity_map(2)
    for _ in range(19):
        J = J @ identity_map(2)
    text = J.explain()
    assert text.count("├─ linear-map") == 12
    assert text.splitlines()[-1] == "└─ ... 8 more, of 0 numbers"


def test_a_deep_tree_is_cut_and_says_so():
    J = jk.dense(np.ones((3, 3)))
    for _ in range(8):
        J = identity_map(3) @ (J + identity_map(3))
    text = J.explain()
    assert "... its 2 parts are not shown" in text
    assert len(text.splitlines()) < 30


def test_long_shapes_and_letters_leave_room_for_the_numbers():
    shape = (2, 1) * 15
    lines = jk.diagonal(np.ones(shape)).explain().splitlines()
    assert len(lines[2]) <= 120
    assert "..." in lines[2]


# ---- pictures -----------------------------------------------------------------------------------------


class Axes:
    """Takes what is drawn."""

    picture, labels = None, None

    def imshow(self, picture, *args, extent, **options):
        self.picture, self.extent = picture, extent

    def set(self, **labels):
        self.labels = labels


def drawn(J, max_pixels):
    ax = Axes()
    assert J.spy(ax, max_pixels=max_pixels) is ax
    assert J.structure in ax.labels["title"]
    return ax


@pytest.mark.parametrize("max_pixels", [1, 2, 3, 4, 5, 7, 100])
def test_a_cell_is_black_where_its_part_of_the_matrix_has_an_entry(small, max_pixels):
    m, n = small.shape
    if "product" in small.explain():  # whose pattern is known where a cell is an entry
        max_pixels = 100
    height, width = min(m, max_pixels), min(n, max_pixels)
    expected = np.zeros((height, width), bool)
    for i, j in np.argwhere(small.toarray()):
        expected[i * height // m, j * width // n] = True
    ax = drawn(small, max_pixels)
    np.testing.assert_array_equal(ax.picture, expected)
    assert ax.extent == (-0.5, n - 0.5, m - 0.5, -0.5)


@pytest.mark.parametrize("max_pixels", [3, 5, 8, 13, 16])
def test_no_cell_is_missed_that_a_diagonal_cuts_at_a_corner(max_pixels):
    J = jk.banded(np.ones((3, 40)), [-9, 0, 4], (40, 40))
    cells = np.argwhere(J.toarray()) * max_pixels // 40
    expected = np.zeros((max_pixels, max_pixels), bool)
    expected[cells[:, 0], cells[:, 1]] = True
    np.testing.assert_array_equal(drawn(J, max_pixels).picture, expected)


LARGE = {
    "identity": lambda: jk.identity(10**9),
    "diagonal": lambda: jk.diagonal(np.ones(10**6)),
    "tridiagonal": lambda: jk.banded(np.ones((3, 10**6)), [-1, 0, 1], (10**6, 10**6)),
    "far diagonals": lambda: jk.banded(np.ones((2, 10**6)), [-250_000, 500_000], (10**6, 10**6)),
    "dense": lambda: jk.dense(np.broadcast_to(1.0, (3000, 3000))),
    "transposition": lambda: jk.einsum(",ab->ba", 1.0, (1000, 1000), (1000, 1000)),
    "blocks": lambda: jk.block_diagonal(np.broadcast_to(1.0, (4, 1000, 2000))),
    "rows": lambda: jk.reduction(np.broadcast_to(1.0, (1000, 3000)), 1),
    "gather": lambda: jk.select(np.arange(0, 10**6, 5), 10**6),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_matrix_is_drawn_quickly_and_in_little_room(name):
    J = LARGE[name]()
    tracemalloc.start()
    start = time.perf_counter()
    picture = drawn(J, 512).picture
    seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 2.0
    assert peak < 64e6
    places = np.arange(512)
    expected = np.zeros((512, 512), bool)
    if name in ("identity", "diagonal", "tridiagonal", "gather"):
        expected[places, places] = True
    elif name == "far diagonals":
        expected[places[128:], places[:-128]] = expected[places[:256], places[256:]] = True
    elif name == "blocks":
        expected[...] = np.kron(np.eye(4, dtype=bool), np.ones((128, 128), bool))
    elif name == "rows":
        expected[places, places] = True
    else:
        expected[...] = True
    assert np.all(picture[expected])
    near = expected.copy()  # what touches a diagonal may be black too
    near[1:] |= expected[:-1]
    near[:-1] |= expected[1:]
    assert not np.any(picture[~near])


def test_an_empty_matrix_has_a_picture_without_cells():
    for shapes in ((0, 3), (3, 0), (0, 0)):
        assert drawn(jk.zero(*shapes), 16).picture is None


@pytest.mark.parametrize(
    "J",
    [
        identity_map(3),
        outer(1000),
        identity_map(3) @ jk.identity(3, 2.0),
        jk.dense(np.ones((30, 999))) @ jk.dense(np.ones((999, 30))),
    ],
)
def test_a_pattern_that_is_not_known_is_not_drawn(J):
    with pytest.raises(ValueError, match=r"toarray\(\)"):
        J.spy(Axes())


def test_a_picture_has_at_least_one_pixel():
    with pytest.raises(ValueError, match="max_pixels is 0, expected at least 1"):
        jk.identity(3).spy(Axes(), max_pixels=0)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"jackern\[demo\]"):
        jk.identity(3).spy()


def test_the_picture_is_drawn_by_matplotlib_without_a_screen():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    for J in (jk.identity(5), jk.zero(0, 3), jk.reduction(np.ones(500))):
        ax = J.spy()
        ax.figure.canvas.draw()
        assert J.spy(ax) is ax
        pyplot.close(ax.figure)
