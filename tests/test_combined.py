"""Sums, products and bands: pickles, precision, mixed dtypes, failures on the way, and time that grows like n."""

from __future__ import annotations

import copy
import pickle
import time
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

import jackern as jk

rng = np.random.default_rng(0)


def low_rank(n):
    s = rng.random(n)
    return jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s)


CASES = {
    "flipped": jk.diagonal(np.arange(1.0, 6.0)) @ jk.select(np.s_[::-1], 5),
    "banded": jk.banded(rng.random((3, 5)), [-1, 0, 3], (5, 5)),
    "constant bands": jk.banded(np.broadcast_to([[1.0], [2.0]], (2, 5)), [0, 1], (5, 5)),
    "grid": jk.select(np.s_[1:, ::2], (4, 6)) + 2 * jk.select(np.s_[:-1, 1::2], (4, 6)),
    "low rank": low_rank(5),
    "gather": jk.select([3, 0, 3, 1, 2], 5),
    "dense": jk.dense(rng.random((5, 5))),
    "sliced": jk.select(np.s_[1:4], 5) @ jk.dense(rng.random((5, 5))),
    "linear map": jk.diagonal(rng.random(3)) + jk.linear_map(np.flip, np.flip, 3, 3),
}


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("name", [name for name in CASES if name != "linear map"])
def test_pickles_and_copies_have_the_same_matrix_and_take_no_more_room(name, transposed):
    jacobian = CASES[name].T if transposed else CASES[name]
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        again = pickle.loads(pickle.dumps(jacobian, protocol))
        assert np.array_equal(again.toarray(), jacobian.toarray())
        assert again.structure == jacobian.structure
        assert again.nbytes <= jacobian.nbytes + 8 * len(jacobian._arrays())
    for again in (copy.copy(jacobian), copy.deepcopy(jacobian)):
        assert np.array_equal(again.toarray(), jacobian.toarray())


@pytest.mark.parametrize("name", CASES)
def test_the_diagonal_of_a_product_and_of_a_gram_matrix_equals_that_of_the_dense_one(name):
    jacobian = CASES[name]
    dense = jacobian.toarray()
    np.testing.assert_allclose(jacobian.gram().diagonal(), np.diag(dense.T @ dense), atol=1e-14)
    np.testing.assert_allclose((jacobian @ jacobian.T).diagonal(), np.diag(dense @ dense.T), atol=1e-14)
    np.testing.assert_allclose((jacobian.T @ jacobian).diagonal(), np.diag(dense.T @ dense), atol=1e-14)


def test_the_diagonal_of_a_product_of_large_factors_takes_linear_time():
    n = 300_000  # a product with every unit vector would take minutes
    softmax, gather = low_rank(n), jk.select(rng.integers(0, n, n), n)
    for jacobian in (softmax, gather, gather.T, jk.broadcast(softmax.diagonal(), ()) @ jk.reduction(np.ones(n))):
        assert jacobian.gram().diagonal().shape == (n,)
        assert (jacobian @ jacobian.T).diagonal().shape == (n,)


def narrow(n):
    """A permutation, and two dense factors through which four numbers pass."""
    return jk.select(rng.permutation(n), n) @ jk.dense(rng.normal(size=(n, 4))) @ jk.dense(rng.normal(size=(4, n)))


def constant_bands(n):
    return jk.banded(np.broadcast_to([[1.0], [-2.0], [1.0]], (3, n)), [-1, 0, 1], (n, n))


def shuffled_bands(n):
    """Three factors of few entries, none of which can be multiplied with another."""
    return jk.select(rng.permutation(n), n) @ constant_bands(n) @ jk.select(rng.permutation(n), n)


def centred_bands(n):
    """A band with every row's mean taken off: its terms of rank one store a vector."""
    return constant_bands(n) @ (jk.identity(n) - jk.einsum("i,j->i", np.full(n, 1 / n), n, n)) @ constant_bands(n)


CHAINS = {
    "reduction after dense": lambda n: jk.dense(rng.random((4, 2))) @ jk.reduction(rng.random((2, 2)), axis=0),
    "two letters of one place": lambda n: (
        jk.einsum("a,g->a", rng.random(4), in_shape=2, out_shape=4)
        @ jk.einsum("g,ga->a", rng.random(2), in_shape=(2, 2), out_shape=2).reshape(2, (2, 2))
    ),
    "one element": lambda n: (jk.select(np.s_[2:3], n) - 2 * jk.select(np.s_[n - 1 :], n)).gram(),
    "through four numbers": narrow,
    "few entries": shuffled_bands,
    "rank one inside": centred_bands,
    "gram of rank one inside": lambda n: centred_bands(n).gram(),
    "gram of a narrow one": lambda n: narrow(n).gram(),
    "three grids": lambda n: (
        jk.block_diagonal(rng.random((n // 10, 10, 10)))
        @ jk.block_diagonal(rng.random((n // 10, 10, 10)))
        @ jk.block_diagonal(rng.random((n // 10, 10, 10)))
    ),
    "rectangular": lambda n: narrow(n) @ jk.select(np.s_[: n // 2], n).T,
    "a few rows": lambda n: jk.dense(rng.random((3, n))) @ shuffled_bands(n) @ jk.dense(rng.random((n, n // 100))),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_diagonal_of_a_chain_equals_that_of_the_dense_product(name):
    jacobian = CHAINS[name](300)
    np.testing.assert_allclose(jacobian.diagonal(), np.diagonal(jacobian.toarray()), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CHAINS)
def test_the_diagonal_of_a_chain_takes_time_and_room_of_order_n(name):
    n = 20_000
    jacobian = CHAINS[name](n)
    start = time.perf_counter()
    jacobian.diagonal()
    assert time.perf_counter() - start < 2  # with every unit vector it would be many times as long
    tracemalloc.start()
    jacobian.diagonal()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * 8 * n


def test_long_sums_of_float32_keep_their_digits():
    n = 1_000_000
    rows = jk.dense(np.full((2, n), 0.1, np.float32))
    columns = jk.dense(np.ones((n, 2), np.float32))
    wanted = float(n * Fraction(float(np.float32(0.1))))
    np.testing.assert_allclose((rows @ columns).toarray(), wanted, rtol=1e-6)
    np.testing.assert_allclose(rows.T.gram().diagonal(), wanted * float(np.float32(0.1)), rtol=1e-6)


@pytest.mark.parametrize(
    "jacobian",
    [
        jk.einsum("k,kj->ki", rng.random(5), in_shape=(5, 3), out_shape=(5, 4)),
        jk.dense(rng.random((9, 9))) @ jk.dense(rng.random((9, 9)).astype(np.float32)),
        jk.diagonal(rng.random(9)) + jk.dense(rng.random((9, 9)).astype(np.float32)),
        low_rank(9),
    ],
)
def test_float32_vectors_are_multiplied_in_the_wider_dtype(jacobian):
    for product, shape in ((jacobian.jvp, jacobian.in_shape), (jacobian.vjp, jacobian.out_shape)):
        for batch in ((), (2,), (20,)):
            v = rng.random(batch + shape).astype(np.float32)
            assert product(v).dtype == np.float64
            np.testing.assert_allclose(product(v), product(v.astype(np.float64)), rtol=1e-14)


def test_a_sum_is_rounded_once_into_a_narrower_output():
    x = np.array([1e8 + 1, 1e8 + 3])
    difference = jk.diagonal(x) - jk.broadcast(x, ()) @ jk.reduction([1.0, 0.0])
    out = np.empty(2, np.float32)
    difference.jvp(np.ones(2), out=out)
    assert np.array_equal(out, difference.jvp(np.ones(2)))


def test_a_failure_on_the_way_leaves_the_output_as_it_was():
    def fail(v):
        raise ZeroDivisionError

    for vjp, error in ((None, ValueError), (fail, ZeroDivisionError)):
        total = jk.diagonal(np.ones(3)) + jk.linear_map(fail, vjp, 3, 3)
        out = np.full(3, 7.0)
        with pytest.raises(ZeroDivisionError):
            total.jvp(np.ones(3), out=out)
        with pytest.raises(error):
            total.vjp(np.ones(3), out=out)
        assert np.array_equal(out, [7.0, 7.0, 7.0])


def test_python_numbers_do_not_widen_a_product():
    assert jk.broadcast(np.ones(3, np.float32), ()).jvp(2.0).dtype == np.float32


def test_zero_has_a_band_of_zeros():
    (l, u), ab = jk.zero(3, 4).tobanded()
    assert (l, u) == (0, 0)
    assert np.array_equal(ab, np.zeros((1, 4)))


def test_many_terms_are_added_in_reasonable_time():
    table = [[jk.diagonal(np.full(5, 10.0 * i + j)) for j in range(9)] for i in range(9)]
    jacobian = jk.block(table)
    assert np.array_equal(jacobian.toarray(), np.block([[x.toarray() for x in row] for row in table]))
