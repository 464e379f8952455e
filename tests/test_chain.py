"""The order in which a chain is multiplied, against all orders there are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import jackern as jk
from jackern._structures.bracket import bracket


class Chain:
    """Factors by their sizes and costs; vectors are one more factor, a matrix.  Filling a matrix costs its size."""

    def __init__(self, sizes, jvp_costs, vjp_costs, stored, n_vectors):
        self.sizes = sizes if n_vectors is None else (*sizes, n_vectors)
        self.jvp_costs, self.vjp_costs, self.stored, self.n_vectors = jvp_costs, vjp_costs, stored, n_vectors
        self.n = len(jvp_costs)
        self.last = len(self.sizes) - 2
        self.limited = True

    def is_vectors(self, k):
        return k == self.n

    def matrix_numbers(self, i, j):
        return self.sizes[i] * self.sizes[j + 1]

    def is_allowed(self, i, j):
        """Whether the matrix of factors i to j may be formed on the way."""
        if self.is_vectors(j) or not self.limited:
            return True
        vectors = 0 if self.n_vectors is None else self.matrix_numbers(self.n, self.n)
        allowed = sum(self.stored[i : j + 1]) + vectors + self.matrix_numbers(0, self.last)
        return self.matrix_numbers(i, j) <= allowed

    def works(self, i, j):
        """The multiplications of every order in which the matrix of factors i to j can be formed."""
        if not ((i, j) == (0, self.last) or self.is_allowed(i, j)):
            return
        if i == j:
            yield 0 if self.is_vectors(i) else self.matrix_numbers(i, i)
            return
        for k in range(i, j):
            left, right = list(self.works(i, k)), list(self.works(k + 1, j))
            for a, b in itertools.product(left, right):
                yield a + b + self.sizes[i] * self.sizes[k + 1] * self.sizes[j + 1]
            if k == i:
                for b in right:
                    yield b + self.jvp_costs[i] * self.sizes[j + 1]
            if k + 1 == j and not self.is_vectors(j):
                for a in left:
                    yield a + self.vjp_costs[j] * self.sizes[i]

    def replay(self, order):
        """First and last factor and multiplications of one order, by what it says."""
        if len(order) == 1:
            (k,) = order
            return k, k, 0 if self.is_vectors(k) else self.matrix_numbers(k, k)
        left, right = order
        structured = [isinstance(side, int) for side in order]
        assert not all(structured)
        if structured[0]:
            i, j, work = self.replay(right)
            assert i == left + 1
            i, work = left, work + self.jvp_costs[left] * self.sizes[j + 1]
        elif structured[1]:
            i, j, work = self.replay(left)
            assert j == right - 1
            j, work = right, work + self.vjp_costs[right] * self.sizes[i]
        else:
            (i, k, first), (after, j, second) = self.replay(left), self.replay(right)
            assert after == k + 1
            work = first + second + self.sizes[i] * self.sizes[k + 1] * self.sizes[j + 1]
        if (i, j) != (0, self.last):
            assert self.is_allowed(i, j)
        return i, j, work


def random_chain(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    sizes = tuple(int(k) for k in rng.choice([1, 2, 3, 10, 50, 200], n + 1))
    dense = [sizes[k] * sizes[k + 1] for k in range(n)]
    stored = tuple(int(d * rng.choice([1, 1, 0.1])) or 1 for d in dense)
    jvp = tuple(math.inf if rng.random() < 0.03 else float(s) for s in stored)
    vjp = tuple(math.inf if rng.random() < 0.1 else float(s) for s in stored)
    return sizes, jvp, vjp, stored, None if rng.random() < 0.3 else int(rng.choice([1, 2, 30, 400]))


@pytest.mark.parametrize("group", range(5))
def test_the_order_is_the_best_of_all(group):
    for seed in range(group, 500, 5):
        arguments = random_chain(seed)
        chain = Chain(*arguments)
        plan = bracket(*arguments)
        least = min(chain.works(0, chain.last), default=math.inf)
        if least < math.inf:
            assert plan.work == least, arguments
            assert chain.replay(plan.order) == (0, chain.last, least), arguments
        else:  # no order keeps to the limit of storage: it gives way, but no product is asked for that does not exist
            chain.limited = False
            if min(chain.works(0, chain.last)) < math.inf:
                assert chain.replay(plan.order)[2] < math.inf, arguments


def test_one_vector_goes_through_the_factors_one_by_one():
    plan = bracket((100,) * 4, (1e4,) * 3, (1e4,) * 3, (10**4,) * 3, 1)
    assert plan.order == (0, (1, (2, (3,))))
    assert plan.work == 3e4


def test_a_narrow_chain_is_multiplied_first_for_many_vectors():
    # (2, 100) (100, 100) (100, 2) is 2 by 2.
    plan = bracket((2, 100, 100, 2), (200.0, 1e4, 200.0), (200.0, 1e4, 200.0), (200, 10**4, 200), 10**4)
    assert plan.work < 1e5


def test_many_vectors_are_multiplied_in_the_order_that_costs_least():
    rng = np.random.default_rng(0)
    matrices = [rng.integers(-3, 4, shape).astype(float) for shape in ((9, 2), (2, 9), (9, 2), (2, 9))]
    product = jk.identity(9)
    for matrix in matrices:
        product = product @ jk.dense(matrix)
    wanted = np.linalg.multi_dot(matrices)
    assert product.structure == "product"
    for k in (0, 1, 3, 500):
        V = rng.integers(-3, 4, (9, k)).astype(float)
        assert np.array_equal(product @ V, wanted @ V)
        assert np.array_equal(V.T @ product, V.T @ wanted)
        assert np.array_equal(product.jvp(V.T), (wanted @ V).T)
        assert np.array_equal(product.vjp(V.T), V.T @ wanted)
    assert np.array_equal(product.toarray(), wanted)
