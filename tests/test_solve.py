"""Solves against numpy.linalg.solve on the dense matrix."""

from __future__ import annotations

import math
import tracemalloc

import layouts
import numpy as np
import pytest

import jackern as jk
from jackern import _core

BATCHES = ((), (2,), (0,), (2, 3))


def numbers(*shape, seed=0, dtype=np.float64):
    """Numbers between 0.5 and 1.5, of either sign."""
    rng = np.random.default_rng([seed, *shape])
    return np.asarray((0.5 + rng.random(shape)) * rng.choice([-1, 1], shape), dtype)


def well_conditioned(*batch, n, dtype=np.float64):
    """Blocks ``(*batch, n, n)`` that need interchanges of rows."""
    return numbers(*batch, n, n, dtype=dtype) + 3 * n * np.roll(np.eye(n, dtype=dtype), 1, axis=0)


def symmetric(*batch, n, dtype=np.float64):
    """Symmetric positive definite blocks."""
    a = numbers(*batch, n, n, dtype=dtype)
    return a @ a.swapaxes(-1, -2) + n * np.eye(n, dtype=dtype)


def diagonals(n, *offsets, dtype=np.float64, main=6.0):
    """A banded Jacobian; every other row needs an interchange unless the main diagonal is large."""
    data = numbers(len(offsets), n, dtype=dtype)
    data[list(offsets).index(0)] *= main
    return jk.banded(data, offsets, (n, n))


def softmax(*shape, dtype=np.float64):
    """The Jacobian of softmax along the last axis, diagonal minus column times row."""
    z = numbers(*shape, dtype=dtype)
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return jk.diagonal(p) - jk.broadcast(p, (*shape[:-1], 1)) @ jk.reduction(p, -1, keepdims=True)


def centring(*shape, dtype=np.float64):
    """The Jacobian of subtracting the mean along the last axis."""
    n = shape[-1]
    ones = jk.broadcast(np.broadcast_to(np.ones((), dtype), shape), (*shape[:-1], 1))
    mean = jk.reduction(np.broadcast_to(np.asarray(1 / n, dtype), shape), -1, keepdims=True)
    return jk.identity(shape, dtype=dtype) - ones @ mean


def laplacian(n, m, dtype=np.float64):
    """The 5-point Laplacian on a grid, with values of 0 around it."""
    parts = np.s_[1:], np.s_[:-1], np.s_[:, 1:], np.s_[:, :-1]
    up, down, left, right = (jk.select(part, (n, m), dtype) for part in parts)
    return -4.0 * jk.identity((n, m), dtype=dtype) + up.T @ down + down.T @ up + left.T @ right + right.T @ left


def periodic(n, dtype=np.float64):
    """Second differences of a periodic function: a tridiagonal with two corners."""
    J = diagonals(n, -1, 0, 1, dtype=dtype)
    corners = [jk.select(k, n, dtype).T @ jk.select(j, n, dtype) for k, j in ((0, n - 1), (n - 1, 0))]
    return J + corners[0] - corners[1]


def flipped(n, dtype=np.float64):
    return jk.select(np.s_[::-1], n, dtype)


def shuffled(n, dtype=np.float64):
    """Evens first, then odds: each half is a slice."""
    half = (n + 1) // 2
    first = jk.select(np.s_[:half], n, dtype).T @ jk.select(np.s_[::2], n, dtype)
    return first - 2 * jk.select(np.s_[half:], n, dtype).T @ jk.select(np.s_[1::2], n, dtype)


CASES = {
    "identity": lambda dtype: jk.identity((2, 3), -2.0, dtype),
    "identity of nothing": lambda dtype: jk.identity((2, 0), 2.0, dtype),
    "identity of one": lambda dtype: jk.identity((), 2.0, dtype),
    "diagonal": lambda dtype: jk.diagonal(numbers(4, 3, dtype=dtype)),
    "diagonal, constant along an axis": lambda dtype: jk.diagonal(np.broadcast_to(numbers(4, 1, dtype=dtype), (4, 3))),
    "permutation": lambda dtype: jk.einsum("i,ijk->kji", numbers(2, dtype=dtype), (2, 3, 4), (4, 3, 2)),
    "reshaped permutation": lambda dtype: jk.einsum(",ij->ji", np.ones((), dtype), (4, 6), (6, 4)).reshape(24, (2, 12)),
    "flip": lambda dtype: flipped(5, dtype),
    "shuffle": lambda dtype: shuffled(9, dtype),
    "dense": lambda dtype: jk.dense(well_conditioned(n=7, dtype=dtype)),
    "dense, of tensors": lambda dtype: jk.dense(well_conditioned(n=6, dtype=dtype).reshape(2, 3, 3, 2), (2, 3)),
    "dense of one": lambda dtype: jk.dense(np.array([[4]], dtype)),
    "symmetric": lambda dtype: jk.dense(symmetric(n=9, dtype=dtype)),
    "symmetric, not definite": lambda dtype: jk.dense(symmetric(n=5, dtype=dtype) - 6 * np.eye(5, dtype=dtype)),
    "blocks": lambda dtype: jk.block_diagonal(well_conditioned(2, 3, n=4, dtype=dtype)),
    "symmetric blocks": lambda dtype: jk.block_diagonal(symmetric(3, n=4, dtype=dtype)),
    "one block, shared": lambda dtype: jk.einsum("ij,bj->bi", well_conditioned(n=4, dtype=dtype), (3, 4)),
    "one block from the left": lambda dtype: jk.einsum("ij,jb->ib", well_conditioned(n=4, dtype=dtype), (4, 3)),
    "blocks in the middle": lambda dtype: jk.einsum(
        "bij,jbc->cib", well_conditioned(3, n=4, dtype=dtype), (4, 3, 2), (2, 4, 3)
    ),
    "identity minus blocks": lambda dtype: (
        jk.identity((3, 4), dtype=dtype) - 0.1 * jk.block_diagonal(well_conditioned(3, n=4, dtype=dtype))
    ),
    "identity minus dense": lambda dtype: (
        jk.identity(6, dtype=dtype) - 0.1 * jk.dense(well_conditioned(n=6, dtype=dtype))
    ),
    "diagonal plus blocks of several axes": lambda dtype: (
        jk.diagonal(10 * numbers(2, 3, 2, 2, dtype=dtype))
        + jk.einsum("bijkl,bklc->bijc", numbers(2, 3, 2, 3, 2, dtype=dtype), (2, 3, 2, 2))
    ),
    "bidiagonal": lambda dtype: diagonals(6, 0, 1, dtype=dtype),
    "tridiagonal": lambda dtype: diagonals(8, -1, 0, 1, dtype=dtype),
    "tridiagonal, odd": lambda dtype: diagonals(9, -1, 0, 1, dtype=dtype),
    "tridiagonal of two": lambda dtype: diagonals(2, -1, 0, 1, dtype=dtype),
    "tridiagonal with zeros on its diagonal": lambda dtype: diagonals(8, -1, 0, 1, dtype=dtype, main=0.0),
    "constant tridiagonal": lambda dtype: (
        jk.identity(7, dtype=dtype)
        + 0.3 * jk.banded(np.broadcast_to(np.array([[1], [-2], [1]], dtype), (3, 7)), [-1, 0, 1], (7, 7))
    ),
    "tridiagonal with a short diagonal": lambda dtype: (
        jk.diagonal(numbers(7, dtype=dtype)) + jk.select(np.s_[3:5], 7, dtype).T @ jk.select(np.s_[2:4], 7, dtype)
    ),
    "band": lambda dtype: diagonals(20, -2, -1, 0, 3, dtype=dtype),
    "band with zeros on its diagonal": lambda dtype: diagonals(20, -2, -1, 0, 1, 3, dtype=dtype, main=0.0),
    "band that looks definite": lambda dtype: (
        jk.identity(20, 6.0, dtype) + jk.banded(np.abs(numbers(5, 20, dtype=dtype)), range(-2, 3), (20, 20))
    ),
    "symmetric band": lambda dtype: jk.banded(
        np.broadcast_to(np.array([[1], [1], [6], [1], [1]], dtype), (5, 20)), range(-2, 3), (20, 20)
    ),
    "symmetric band, not definite": lambda dtype: (
        jk.banded(np.ones((5, 20), dtype) * 0.5, range(-2, 3), (20, 20)) + jk.identity(20, 0.6, dtype)
    ),
    "Laplacian of a grid": lambda dtype: laplacian(4, 12, dtype),
    "steps along the first axis": lambda dtype: (
        jk.identity((9, 2), 4.0, dtype) + jk.select(np.s_[1:], (9, 2), dtype).T @ jk.select(np.s_[:-1], (9, 2), dtype)
    ),
    "periodic": lambda dtype: periodic(40, dtype),
    "blocks with slices": lambda dtype: jk.block(
        [
            [jk.dense(well_conditioned(n=3, dtype=dtype)), jk.dense(numbers(3, 2, dtype=dtype))],
            [None, jk.diagonal(numbers(2, dtype=dtype))],
        ]
    ),
    "product of square factors": lambda dtype: (
        jk.dense(well_conditioned(n=12, dtype=dtype)) @ diagonals(12, -1, 0, 1, dtype=dtype)
    ),
    "product of factors that are not square": lambda dtype: (
        jk.dense(numbers(5, 200, dtype=dtype))
        @ jk.diagonal(numbers(200, dtype=dtype))
        @ jk.dense(numbers(200, 5, seed=1, dtype=dtype))
    ),
    "product that sums what is repeated": lambda dtype: (
        jk.einsum("im,mr->i", numbers(20, 40, dtype=dtype), (40, 3))
        @ jk.einsum("mj,j->mr", numbers(40, 20, seed=1, dtype=dtype), 20, (40, 3))
    ),
    "softmax step": lambda dtype: jk.identity(50, dtype=dtype) - 0.5 * softmax(50, dtype=dtype),
    "softmax step, short": lambda dtype: jk.identity(5, dtype=dtype) - 0.5 * softmax(5, dtype=dtype),
    "softmax steps": lambda dtype: jk.identity((3, 40), dtype=dtype) - 0.5 * softmax(3, 40, dtype=dtype),
    "centring steps": lambda dtype: jk.identity((3, 40), dtype=dtype) - 0.5 * centring(3, 40, dtype=dtype),
    "softmax and centring steps": lambda dtype: (
        jk.identity((3, 40), 2.0, dtype) - 0.5 * softmax(3, 40, dtype=dtype) - 0.25 * centring(3, 40, dtype=dtype)
    ),
    "tridiagonal plus low rank": lambda dtype: (
        diagonals(60, -1, 0, 1, dtype=dtype)
        + jk.dense(numbers(60, 2, dtype=dtype)) @ jk.dense(0.1 * numbers(2, 60, dtype=dtype))
    ),
    "low rank on a singular diagonal": lambda dtype: (
        jk.diagonal(np.arange(40, dtype=dtype))
        + jk.dense(np.eye(40, 1, dtype=dtype)) @ jk.dense(np.eye(1, 40, dtype=dtype))
    ),
    "Levenberg and Marquardt": lambda dtype: (
        jk.dense(numbers(30, 6, dtype=dtype)).gram(np.full(30, 0.5, dtype)) + 0.1 * jk.identity(6, dtype=dtype)
    ),
    "Levenberg and Marquardt, blocks": lambda dtype: (
        jk.block_diagonal(numbers(3, 50, 4, dtype=dtype)).gram() + 0.1 * jk.identity((3, 4), dtype=dtype)
    ),
    "gram": lambda dtype: jk.dense(numbers(30, 6, dtype=dtype)).gram(),
    "gram of few rows": lambda dtype: jk.dense(numbers(2, 50, dtype=dtype)).gram() + jk.identity(50, dtype=dtype),
    "gram of a band": lambda dtype: diagonals(20, 0, 1, dtype=dtype).gram(),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def jacobian_of(request):
    return request.param


def backward_error(a, x, b):
    """The residual's size over that of what it is a difference of, the largest of all right-hand sides."""
    a, x, b = (np.asarray(y, np.float64) for y in (a, x, b))
    residual = np.abs(x @ a.T - b).max(-1, initial=0)
    scale = np.abs(a).sum(1).max(initial=0) * np.abs(x).max(-1, initial=0) + np.abs(b).max(-1, initial=0)
    return np.max(residual / np.where(scale > 0, scale, 1), initial=0)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_solution_solves_the_dense_system(jacobian_of, dtype, batch):
    J = jacobian_of(dtype)
    b = numbers(*batch, *J.out_shape, dtype=dtype)
    x = J.solve(b)
    assert x.shape == batch + J.in_shape
    assert x.dtype == dtype
    n = J.shape[0]
    assert backward_error(J.toarray(), x.reshape(*batch, n), b.reshape(*batch, n)) <= 50 * np.finfo(dtype).eps


def test_the_transpose_is_solved_too(jacobian_of, dtype):
    J = jacobian_of(dtype)
    b = numbers(*J.in_shape, dtype=dtype)
    x = J.T.solve(b)
    assert backward_error(J.toarray().T, np.ravel(x), b.ravel()) <= 50 * np.finfo(dtype).eps


def test_the_logarithm_of_the_determinant(jacobian_of, dtype):
    J = jacobian_of(dtype)
    expected = np.linalg.slogdet(J.toarray().astype(np.float64))[1]
    result = J.logabsdet()
    assert result.dtype == dtype
    tolerance = 1e3 * float(np.finfo(dtype).eps)
    assert result == pytest.approx(expected, rel=tolerance, abs=tolerance)


def test_any_layout_of_right_hand_sides(jacobian_of, layout):
    J = jacobian_of(np.float64)
    b = layout(numbers(2, *J.out_shape))
    before = layouts.plain(b)
    values = [np.array(x) for x in J._arrays()]
    x = J.solve(b)
    assert np.array_equal(x, J.solve(before))
    assert np.array_equal(b, before)
    assert all(np.array_equal(now, then) for now, then in zip(J._arrays(), values, strict=True))
    assert not any(np.may_share_memory(x, y) for y in (b, *J._arrays()))
    assert np.asarray(x).flags.writeable


def test_dtypes_are_promoted():
    J = jk.banded(np.ones((1, 3), np.float32), [0], (3, 3))
    assert J.solve(np.ones(3)).dtype == np.float64
    assert J.solve([1, 2, 3]).dtype == np.float64
    assert jk.diagonal([2.0]).solve(np.ones(1, np.float32)).dtype == np.float64


def test_a_result_without_axes_is_a_scalar():
    assert isinstance(jk.identity((), 2.0).solve(3.0), np.float64)


# ---- accuracy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 33, 200])
@pytest.mark.parametrize("bands", [(1, 1), (0, 1), (1, 0), (2, 1), (3, 5), (0, 3)])
@pytest.mark.parametrize("kind", ["random", "graded", "badly scaled", "zeros on the diagonal", "constant"])
def test_bands_have_a_small_backward_error(kind, bands, n, dtype):
    offsets = [k for k in range(-bands[0], bands[1] + 1) if abs(k) < n]
    data = numbers(len(offsets), n, dtype=dtype)
    columns = np.arange(n)
    if kind == "graded":
        data *= 10.0 ** (-30 * columns / n).astype(dtype)
    elif kind == "badly scaled":
        data *= 10.0 ** (10 * np.sin(columns)).astype(dtype)
    elif kind == "zeros on the diagonal" and 0 not in bands and n % 2 == 0:
        data[offsets.index(0)] = 0
    elif kind == "constant":
        data[:] = data[:, :1]
        data[offsets.index(0)] *= 4 * sum(bands)
    J = jk.banded(data, offsets, (n, n))
    b = numbers(3, n, dtype=dtype)
    assert backward_error(J.toarray(), J.solve(b), b) <= 30 * np.finfo(dtype).eps


@pytest.mark.parametrize("main", [0.0, 1.0, 30.0])
def test_long_bands_have_a_small_backward_error(main, dtype):
    n = 5000
    J = diagonals(n, *range(-3, 4), dtype=dtype, main=main)
    for matrix in (J, J + J.T + jk.identity(n, 99.0, dtype)):
        b = numbers(3, n, dtype=dtype)
        x = matrix.solve(b)
        residual = np.abs(matrix.jvp(x.astype(np.float64)) - b).max()
        assert residual <= 50 * np.finfo(dtype).eps * (99 * np.abs(x).max() + np.abs(b).max())


def powers_of_two(n, largest):
    return np.ldexp(1.0, np.random.default_rng(n).integers(-largest, largest, n))


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize("n", [1, 2, 3, 4, 9, 40])
@pytest.mark.parametrize("bands", [(1, 1), (0, 1), (1, 0), (2, 1), (0, 3)])
def test_a_power_of_two_that_scales_a_column_divides_its_unknown_to_the_last_bit(n, bands, dtype):
    offsets = [k for k in range(-bands[0], bands[1] + 1) if abs(k) < n]
    data, b = numbers(len(offsets), n, dtype=dtype), numbers(3, n, dtype=dtype)
    scale = powers_of_two(n, 80 if dtype == np.float32 else 700).astype(dtype)
    x = jk.banded(data, offsets, (n, n)).solve(b)
    assert np.array_equal(jk.banded(data * scale, offsets, (n, n)).solve(b), x / scale)


@pytest.mark.isa
@pytest.mark.parametrize("n", [4, 9, 40])
def test_powers_of_two_that_scale_both_ends_of_a_definite_band_change_no_digit(n, dtype):
    offsets = range(-2, 3)
    data, b = np.broadcast_to(np.array([[1], [1], [6], [1], [1]], dtype), (5, n)), numbers(3, n, dtype=dtype)
    scale = powers_of_two(n, 40 if dtype == np.float32 else 350).astype(dtype)
    scaled = data * scale
    for row, k in zip(scaled, offsets, strict=True):
        j = np.arange(max(0, k), n + min(0, k))
        row[j] *= scale[j - k]
    x = jk.banded(data, offsets, (n, n)).solve(b)
    assert np.array_equal(jk.banded(scaled, offsets, (n, n)).solve(b * scale), x / scale)


@pytest.mark.sanitize
@pytest.mark.parametrize(("tiny", "huge", "wanted"), [(1e-200, 1e200, 2e200), (2.0**-1074, 1.0, 2.0**1023)])
def test_the_quotients_of_a_tridiagonal_may_overflow_where_its_unknowns_do_not(tiny, huge, wanted):
    J = jk.banded([[tiny, huge], [0.0, huge]], [0, 1], (2, 2))
    assert J.solve([1 + tiny * wanted, 1.0]) == pytest.approx([wanted, 1 / huge])


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64, 100])
@pytest.mark.parametrize("n_sides", [1, 3, 80])
def test_blocks_have_a_small_backward_error(n, n_sides, dtype):
    for a in (symmetric(n=n, dtype=dtype), well_conditioned(n=n, dtype=dtype)):
        b = numbers(n_sides, n, dtype=dtype)
        assert backward_error(a, jk.dense(a).solve(b), b) <= 30 * np.finfo(dtype).eps


@pytest.mark.parametrize(
    "make",
    [
        lambda: jk.dense(symmetric(n=9)),
        lambda: jk.block_diagonal(symmetric(3, n=4)),
        lambda: jk.dense(numbers(1000, 130)).gram(np.full(1000, 0.5)) + jk.identity(130),
        lambda: CASES["symmetric band"](np.float64),
    ],
    ids=["dense", "blocks", "gram", "band"],
)
def test_symmetric_positive_definite_ones_need_no_interchanges(make, monkeypatch):
    J = make()
    b = numbers(*J.out_shape)
    expected = np.linalg.solve(J.toarray(), b.ravel())
    monkeypatch.delattr(np.linalg, "solve")
    monkeypatch.delattr(_core, "band_factor")
    assert np.ravel(J.solve(b)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("smallest", [1e-9, 1e-13, 1e-17, 0.0])
@pytest.mark.parametrize("make", [np.diag, lambda d: np.diag(d) + np.diag(np.ones(len(d) - 1), 1)])
def test_low_rank_on_a_nearly_singular_base_has_a_small_backward_error(make, smallest):
    n = 64
    matrix = make(np.where(np.arange(n) == 3, smallest, numbers(n)))
    base = jk.banded([np.diag(matrix), np.r_[0.0, np.diag(matrix, 1)]], [0, 1], (n, n))
    left, right = jk.dense(numbers(n, 2)), jk.dense(numbers(2, n))
    J = base + left @ right
    assert J.structure == "sum"
    b = numbers(3, n)
    assert backward_error(J.toarray(), J.solve(b), b) <= 1e-14


def random_update(seed, dtype):
    """A band or a diagonal, with pivots of all sizes, and a product of low rank; some corners are unit vectors."""
    rng = np.random.default_rng([7, seed])
    n, rank = int(rng.choice([48, 64, 100])), int(rng.integers(1, 4))
    main = rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, n) ** rng.integers(0, 2)
    for k in rng.integers(0, n, rng.integers(0, 4)):
        main[k] = 0 if rng.random() < 0.2 else 10.0 ** -rng.integers(1, 30)
    offsets = [(0,), (0, 1), (-1, 0, 1), (-1, 0, 1, 2)][rng.integers(4)]
    data = rng.normal(size=(len(offsets), n))
    data[offsets.index(0)] = main * 10.0 ** -rng.integers(0, 3)
    left, right = rng.normal(size=(n, rank)), rng.normal(size=(rank, n))
    left = np.eye(n)[:, rng.permutation(n)[:rank]] if rng.random() < 0.3 else left
    right = np.eye(n)[rng.permutation(n)[:rank]] if rng.random() < 0.3 else right
    base = jk.banded(data.astype(dtype), offsets, (n, n))
    return base + jk.dense(left.astype(dtype)) @ jk.dense(right.astype(dtype))


def test_low_rank_updates_are_right_or_refused(dtype):
    eps = float(np.finfo(dtype).eps)
    for seed in range(200):
        J = random_update(seed, dtype)
        matrix, b = J.toarray().astype(float), numbers(*J.out_shape, dtype=dtype, seed=seed)
        condition = np.linalg.cond(matrix)
        try:
            assert backward_error(matrix, J.solve(b), b) <= 1e3 * eps
        except np.linalg.LinAlgError:
            assert condition > 1e-2 / eps
        if condition < 1e-4 / eps:
            wanted = np.linalg.slogdet(matrix)[1]
            assert J.logabsdet() == pytest.approx(wanted, rel=10 * eps, abs=max(eps ** (1 / 2), 100 * eps * condition))


def cyclic_band(n):
    """0.01 I and a cyclic shift: of condition 1.02, but not without the corner."""
    return jk.banded(np.stack([np.full(n, 1e-2), np.ones(n), np.ones(n)]), [0, 1, 1 - n], (n, n))


def cyclic_sum(n):
    """The same as a sum of a band and a product."""
    e = np.eye(n)
    shift = jk.banded(np.stack([np.full(n, 1e-2), np.ones(n)]), [0, 1], (n, n))
    return shift + jk.broadcast(e[-1], ()) @ jk.reduction(e[0])


@pytest.mark.parametrize("make", [cyclic_band, cyclic_sum])
@pytest.mark.parametrize("n", [64, 65, 300])
def test_a_well_conditioned_sum_on_a_base_that_is_not_is_solved(make, n):
    J, b = make(n), numbers(3, n)
    np.testing.assert_allclose(J.solve(b), np.linalg.solve(J.toarray(), b.T).T, rtol=1e-10)
    np.testing.assert_allclose(J.logabsdet(), np.linalg.slogdet(J.toarray())[1], atol=1e-12)


def tiny_pivots(n, pivot=1e-20):
    d = np.ones(n)
    d[[3, 7]] = pivot
    return jk.diagonal(d) + jk.dense(numbers(n, 3)) @ jk.dense(numbers(3, n))


@pytest.mark.parametrize("pivot", [1e-5, 1e-9, 1e-14, 1e-20, 1e-200, 1e-310])
def test_tiny_pivots_take_no_digits_from_a_determinant(pivot):
    J = tiny_pivots(64, pivot)
    np.testing.assert_allclose(J.logabsdet(), np.linalg.slogdet(J.toarray())[1], rtol=1e-9)


def test_what_cannot_be_vouched_for_raises_where_a_dense_matrix_is_too_large():
    J = tiny_pivots(20_000)
    with pytest.raises(np.linalg.LinAlgError, match=r"solve: the residual stays at .*e[+-]\d\d of its largest part"):
        J.solve(np.ones(20_000))
    with pytest.raises(np.linalg.LinAlgError, match="logabsdet: the logarithm of the determinant may be off by"):
        J.logabsdet()


@pytest.mark.parametrize(
    "J",
    [
        jk.diagonal([1e-300, 1.0]),
        jk.banded([[1e-300, 1.0, 1.0], [1.0, 1.0, 1.0]], [0, 1], (3, 3)),
        jk.dense([[1e-300, 0.0], [1.0, 1.0]]),
        jk.einsum("ij,ij->ji", np.array([[1e-300, 2.0], [3.0, 4.0]]), (2, 2), (2, 2)),
    ],
)
def test_a_solution_that_overflows_raises(J):
    b = np.full(J.out_shape, 1e100)
    with pytest.raises(np.linalg.LinAlgError, match="solve: x overflows float64 for finite b"):
        J.solve(b)
    assert not np.isfinite(J.solve(b * np.nan)).all()


def test_right_hand_sides_of_nan_leave_the_others_alone():
    n = 20_000
    J = jk.identity(n) + jk.broadcast(np.ones(n), ()) @ jk.reduction(np.full(n, 1 / n))
    x = J.solve(np.stack([np.full(n, np.nan), np.ones(n)]))
    assert np.isnan(x[0]).all()
    np.testing.assert_allclose(x[1], 0.5, rtol=1e-12)
    K = jk.identity(n) + jk.broadcast(np.full(n, np.nan), ()) @ jk.reduction(np.ones(n))
    assert np.isnan(K.solve(np.ones(n))).any()
    assert np.isnan(K.logabsdet())


# ---- what cannot be solved ----------------------------------------------------------------------------------------


def one_bad_block():
    """Three blocks, of which the one in the middle has two equal rows."""
    blocks = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]], [[2.0, 1.0], [3.0, 4.0]]])
    return jk.einsum("bij,jb->ib", blocks)


def tridiagonal_times_a_zero():
    return diagonals(12, -1, 0, 1) @ jk.diagonal(np.arange(12.0))


SINGULAR = {
    "diagonal": (lambda: jk.diagonal([1.0, 0.0, 2.0]), 1),
    "permutation": (lambda: jk.einsum("ij,ij->ji", np.array([[1.0, 2.0], [0.0, 3.0]]), (2, 2), (2, 2)), 1),
    "zero": (lambda: jk.zero(3, 3), 0),
    "dense": (lambda: jk.dense([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 1.0]]), 1),
    "blocks": (lambda: jk.block_diagonal([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]]), 3),
    "blocks of the first axis": (lambda: one_bad_block(), 4),
    "tridiagonal": (lambda: jk.banded(np.ones((3, 2)), [-1, 0, 1], (2, 2)), 1),
    "band": (lambda: jk.banded([[1.0] * 9, [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]], [2, 0], (9, 9)), 3),
    "rank": (lambda: jk.dense(numbers(9, 2)) @ jk.dense(numbers(2, 9)), 2),
    "part of a product": (lambda: jk.dense(well_conditioned(n=12)) @ tridiagonal_times_a_zero(), 0),
}


@pytest.mark.parametrize(("make", "row"), SINGULAR.values(), ids=SINGULAR.keys())
def test_singular_ones_are_refused_with_the_row(make, row):
    J = make()
    with pytest.raises(np.linalg.LinAlgError, match=rf"solve: the pivot in row {row} is zero; the Jacobian"):
        J.solve(np.ones(J.out_shape))
    assert J.logabsdet() == -np.inf


@pytest.mark.parametrize("n", [32, 1 << 15])
def test_a_low_rank_part_that_makes_it_singular_is_refused(n):
    J = jk.identity(n) - jk.dense(np.eye(n, 1)) @ jk.dense(np.eye(1, n))
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        J.solve(np.ones(n))
    assert J.logabsdet() == -np.inf


def test_nan_goes_through():
    for J in (
        jk.diagonal([1.0, np.nan]),
        diagonals(6, -1, 0, 1) + jk.diagonal([0, 0, np.nan, 0, 0, 0]),
        diagonals(30, -2, 0, 1) + jk.diagonal([np.nan] * 30),
        jk.dense([[np.nan, 1.0], [1.0, 2.0]]),
    ):
        assert np.isnan(J.solve(np.ones(J.out_shape))).any()


def test_one_that_is_not_square_is_refused():
    J = jk.dense(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"solve: the matrix has 2 rows and 3 columns; expected as many of both\."):
        J.solve(np.ones(2))
    with pytest.raises(ValueError, match=r"logabsdet: the matrix has 2 rows and 3 columns"):
        J.logabsdet()


def test_another_shape_of_b_is_refused():
    with pytest.raises(ValueError, match=r"solve: b has shape \(3,\), expected \(2, 3\) or \(\*batch, 2, 3\)\."):
        jk.identity((2, 3)).solve(np.ones(3))
    with pytest.raises(TypeError, match="object"):
        jk.identity(1).solve([object()])


def test_sparse_ones_and_linear_maps_say_what_to_use():
    J = jk.select([1, 0, 2], 3)
    for sparse in (J, J + jk.dense(np.ones((3, 3))) @ jk.dense(np.ones((3, 3)))):
        with pytest.raises(ValueError, match=r"solve: a sparse Jacobian .*spsolve\(J\.tocsr\(\), b\)"):
            sparse.solve(np.ones(3))
    J = jk.linear_map(lambda v: v, lambda u: u, 3, 3)
    with pytest.raises(ValueError, match=r"solve: the entries of a linear-map .*gmres\(J\.aslinearoperator\(\), b\)"):
        J.solve(np.ones(3))


def test_a_dense_array_over_the_cap_is_refused_with_its_size():
    n = 1 << 15
    J = jk.banded(np.ones((3, n)), [-n // 2, 0, n // 2 + 1], (n, n))
    with pytest.raises(MemoryError, match=rf"{n * n * 8} bytes.*gmres"):
        J.solve(np.ones(n))


# ---- memory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda n: jk.banded(np.broadcast_to([[1.0], [4.0], [1.0]], (3, n)), [-1, 0, 1], (n, n)),
        lambda n: jk.identity(n) - 0.5 * softmax(n),
        lambda n: jk.identity((n // 100, 100)) - 0.5 * softmax(n // 100, 100),
        lambda n: jk.identity((n // 100, 100)) - 0.5 * centring(n // 100, 100),
        lambda n: flipped(n),
        lambda n: periodic(n),
        lambda n: jk.banded(np.broadcast_to([[1.0], [4.0], [1.0]], (3, n)), [-2, 0, 1], (n, n)),
        lambda n: jk.einsum("ij,bj->bi", well_conditioned(n=20), (n // 20, 20)),
    ],
    ids=["tridiagonal", "softmax", "softmaxes", "centring", "flip", "periodic", "band", "one block for all"],
)
def test_large_solves_stay_small(make):
    n = 1_000_000
    J = make(n)
    b = np.ones(J.out_shape)
    tracemalloc.start()
    J.solve(b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 12 * 8 * n
    assert math.prod(J.shape) == n * n
