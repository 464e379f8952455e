"""Products of Jacobians of many terms: what is kept apart is so before it is made."""

import itertools
import tracemalloc

import numpy as np
import pytest

import jackern as jk
from jackern._algebra import rules
from jackern._terms import combine
from jackern._terms.term import KeptApart

N_TAPS = 200
MAKERS = {
    "c.T @ c": lambda c: c.T @ c,
    "c @ c.T": lambda c: c @ c.T,
    "gram": lambda c: c.gram(),
    "weighted gram": lambda c: c.gram(np.arange(1.0, c.shape[0] + 1).reshape(c.out_shape)),
}


@pytest.fixture
def counts(monkeypatch):
    """How many products and sums of terms are looked at."""
    calls = dict.fromkeys(("composition", "addition"), 0)

    def counting(name, function):
        def counted(*args):
            calls[name] += 1
            return function(*args)

        return counted

    for name in calls:
        monkeypatch.setattr(combine, name, counting(name, getattr(combine, name)))
    return calls


@pytest.mark.parametrize("make", list(MAKERS.values()), ids=list(MAKERS))
@pytest.mark.parametrize("mode", ["same", "valid"])
@pytest.mark.parametrize("in_shape", [1000, 400, (3, 300, 2)], ids=str)
def test_convolutions_that_are_not_in_series_are_looked_at_in_linear_time(make, mode, in_shape, counts):
    rng = np.random.default_rng(0)
    axis = 0 if isinstance(in_shape, int) else 1
    c = jk.convolution(rng.standard_normal(N_TAPS), in_shape, axis, mode)
    tracemalloc.start()
    product = make(c)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts["composition"] <= 8 * N_TAPS
    assert counts["addition"] <= 8 * N_TAPS
    assert peak < 4e6  # all products of two taps take 40 MB
    v = rng.standard_normal(c.in_shape if product.shape[1] == c.shape[1] else c.out_shape)
    matrix = c.toarray()
    w = np.arange(1.0, c.shape[0] + 1)[:, None] if make is MAKERS["weighted gram"] else 1
    expected = matrix @ (matrix.T @ v.ravel()) if make is MAKERS["c @ c.T"] else matrix.T @ (w * matrix) @ v.ravel()
    np.testing.assert_allclose(product.jvp(v).ravel(), expected, rtol=1e-10, atol=1e-8)


def test_the_gram_matrix_of_many_diagonals_tries_few_sums(counts):
    """Sums are tried on one diagonal only, where they succeed."""
    k = 24
    rng = np.random.default_rng(1)
    J = jk.banded(rng.standard_normal((k, 100)), range(k), (100, 100))
    gram = J.gram()
    assert counts["addition"] <= 4 * k * k
    assert gram.structure == "banded"
    np.testing.assert_allclose(gram.toarray(), J.toarray().T @ J.toarray(), atol=1e-12)


def test_the_gram_matrix_of_many_taps_is_solved():
    c = jk.convolution(np.random.default_rng(2).random(24), 300, mode="same")
    J = c.gram() + jk.identity(300)
    np.testing.assert_allclose(J.toarray() @ J.solve(np.ones(300)), np.ones(300), rtol=1e-8)


def pairs_of_terms():
    """Terms of all kinds, and one for a part of another."""
    rng = np.random.default_rng(3)
    jacobians = [
        jk.banded(rng.random((3, 6)), [-1, 0, 1], (6, 6)),
        jk.convolution([1.0, 2.0], 6, mode="same"),
        jk.identity(6),
        jk.identity((2, 3)).reshape(6, 6),
        jk.diagonal(rng.random((3, 2))).reshape(6, 6),
        jk.select(np.s_[::2], 6).T @ jk.select(np.s_[::2], 6),
        jk.select(np.s_[2:3], 6).T @ jk.select(np.s_[2:3], 6),
        jk.select(np.s_[1:3], 6).T @ jk.select(np.s_[2:4], 6),
        jk.select(np.s_[::-1], 6),
        jk.dense(rng.random((6, 6))),
        jk.broadcast(rng.random((2, 3)), 3).reshape(6, 3) @ jk.select(np.s_[:3], 6),
        jk.reduction(rng.random((2, 3)), axis=0).T.reshape(6, 3) @ jk.select(np.s_[:3], 6),
        jk.select(np.s_[:1], 6).T @ jk.dense(rng.random((1, 6))),
        jk.block_diagonal(rng.random((2, 3, 3))).reshape(6, 6),
    ]
    terms = [term for J in jacobians for term in J._terms()]
    return itertools.product(terms, repeat=2)


def test_what_may_not_be_added_cannot_be():
    n_skipped = 0
    for a, b in pairs_of_terms():
        spots = (combine.spot_of(x.out, x.in_, x.lengths) for x in (a, b))
        if combine.may_be_added(*spots, a.stored + b.stored):
            continue
        n_skipped += 1
        with pytest.raises(KeptApart):
            combine.addition(a, b)
    assert n_skipped > 20


@pytest.mark.parametrize("seed", range(20))
def test_the_least_that_a_product_stores_is_no_more_than_it_stores(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    a, b = (
        jk.convolution(rng.random(rng.integers(1, 8)), n, mode="same")
        if rng.random() < 0.5
        else jk.banded(rng.random((3, n)), [-1, 0, 2], (n, n))
        for _ in range(2)
    )
    compositions = rules.composed(a._terms(), b._terms(), 10**9)
    least = combine.LeastStored()
    for each in compositions:
        least.add(each)
    assert least.stored <= sum(term.stored for term in combine.sum_of(each.term() for each in compositions))
