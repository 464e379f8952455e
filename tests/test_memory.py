"""Memory stays of order n where the matrices would have n² numbers: peaks as multiples of n = 10**6 numbers."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import jackern as jk

N = 10**6


def vector(seed):
    return np.random.default_rng(seed).uniform(1, 2, N)


def chain():
    """Six factors, n <- n: diagonal, column, row, diagonal, column, row."""
    return [
        jk.diagonal(vector(0)),
        jk.broadcast(vector(1) / N, ()),
        jk.reduction(vector(2)),
        jk.diagonal(vector(3)),
        jk.broadcast(vector(4) / N, ()),
        jk.reduction(vector(5)),
    ]


def wide_chain():
    """Six factors that end in a lazy product: (4, n/4) through (n/4,) and back, n <- n."""
    shape, columns = (4, N // 4), N // 4
    return [
        jk.diagonal(vector(0).reshape(shape)),
        jk.broadcast(vector(1).reshape(shape), columns),
        jk.diagonal(vector(2)[:columns]),
        jk.reduction(vector(3).reshape(shape), axis=0),
        jk.diagonal(vector(4).reshape(shape)),
        jk.identity(shape, 2.0),
    ]


def composed(factors):
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    return product


def tridiagonal(data):
    """Diagonally dominant."""
    return jk.banded(data, (-1, 0, 1), (N, N))


def bands():
    return np.stack([vector(0), 4 + vector(1), vector(2)])


def softmax(s):
    return jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s)


def probabilities():
    s = vector(0)
    return s / s.sum()


def of_shape(shape, seed=9):
    return vector(seed).reshape(shape)


# What is made before, what is measured, and how many times n numbers it may take at its peak, its result included.
CASES = {
    "compose a chain": (chain, composed, 5),
    "compose a wide chain": (wide_chain, composed, 6),
    "jvp of a chain": (lambda: composed(chain()), lambda J: J.jvp(of_shape(J.in_shape)), 3),
    "vjp of a chain": (lambda: composed(chain()), lambda J: J.vjp(of_shape(J.out_shape)), 3),
    "jvp of a wide chain": (lambda: composed(wide_chain()), lambda J: J.jvp(of_shape(J.in_shape)), 3),
    "vjp of a wide chain": (lambda: composed(wide_chain()), lambda J: J.vjp(of_shape(J.out_shape)), 3),
    "build a tridiagonal": (bands, tridiagonal, 0.1),
    "jvp of a tridiagonal": (lambda: tridiagonal(bands()), lambda J: J.jvp(of_shape(N)), 2.1),
    "vjp of a tridiagonal": (lambda: tridiagonal(bands()), lambda J: J.vjp(of_shape(N)), 2.1),
    "build a convolution": (lambda: vector(0)[:33], lambda kernel: jk.convolution(kernel, N), 0.1),
    "jvp of a convolution": (lambda: jk.convolution(vector(0)[:33], N), lambda J: J.jvp(of_shape(N)), 2.1),
    "vjp of a convolution": (lambda: jk.convolution(vector(0)[:33], N, mode="same"), lambda J: J.vjp(of_shape(N)), 2.1),
    "gram of a convolution": (lambda: jk.convolution(vector(0)[:33], N), lambda J: J.gram(), 0.1),
    "square of a tridiagonal": (lambda: tridiagonal(bands()), lambda J: J @ J, 16),
    "solve a tridiagonal": (lambda: tridiagonal(bands()), lambda J: J.solve(of_shape(N)), 12),
    "gram of a tridiagonal": (lambda: tridiagonal(bands()), lambda J: J.gram(), 16),
    "step with a gram": (lambda: tridiagonal(bands()), lambda J: (J.gram() + jk.identity(N)).solve(of_shape(N)), 24),
    "columns of a sum scaled": (
        lambda: (2 * jk.identity(N) - jk.einsum("i,j->i", vector(0), N, N), jk.diagonal(vector(1))),
        composed,
        4,
    ),
    "build a softmax": (probabilities, softmax, 2),
    "jvp of a softmax": (lambda: softmax(probabilities()), lambda J: J.jvp(of_shape(N)), 3.1),
    "vjp of a softmax": (lambda: softmax(probabilities()), lambda J: J.vjp(of_shape(N)), 3.1),
    "diagonal of a softmax": (lambda: softmax(probabilities()), lambda J: J.diagonal(), 3.1),
    "implicit step": (lambda: jk.identity(N) - 0.5 * softmax(probabilities()), lambda J: J.solve(of_shape(N)), 12),
    "log determinant": (lambda: jk.identity(N) - 0.5 * softmax(probabilities()), lambda J: J.logabsdet(), 12),
}


def measured(name):
    """The result, and the peak of traced memory, as a multiple of n numbers of 8 bytes."""
    before, run, _ = CASES[name]
    argument = before()
    tracemalloc.start()
    try:
        result = run(argument)
        return result, tracemalloc.get_traced_memory()[1] / (8 * N)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", CASES)
def test_the_peak_of_traced_memory_is_a_few_n(name):
    _, peak = measured(name)
    assert peak <= CASES[name][2]


RESIDENT = """
import json, resource, sys
sys.path[:0] = json.loads(sys.argv[1])
import test_memory
before, run, _ = test_memory.CASES[sys.argv[2]]
argument = before()
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = run(argument)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is not there")
@pytest.mark.parametrize(
    "name",
    ["compose a wide chain", "vjp of a wide chain", "square of a tridiagonal", "step with a gram", "implicit step"],
)
def test_the_resident_memory_of_a_process_grows_by_a_few_n(name):
    command = [sys.executable, "-c", RESIDENT, json.dumps(sys.path), name]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    grown = int(child.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert grown <= (CASES[name][2] + 4) * 8 * N  # 32 MB for what has nothing to do with n


def test_what_is_kept_is_counted():
    chained, wide = composed(chain()), composed(wide_chain())
    assert chained.nbytes == 8 * 2 * N  # a column and a row
    assert wide.nbytes <= 8 * 2.25 * N
    J = tridiagonal(bands())
    assert 8 * (3 * N - 2) <= J.nbytes <= 8 * 3 * N
    assert J.gram().nbytes <= 8 * 5 * N
    assert (J @ J).nbytes <= 8 * 5 * N
    assert softmax(probabilities()).nbytes <= 8 * 3 * N
    assert (jk.identity(N) - 0.5 * softmax(probabilities())).nbytes <= 8 * 3 * N


def test_the_solutions_are_right():
    b = vector(9)
    J = tridiagonal(bands())
    x = J.solve(b)
    np.testing.assert_allclose(J.jvp(x), b, rtol=1e-12)
    step = jk.identity(N) - 0.5 * softmax(probabilities())
    np.testing.assert_allclose(step.jvp(step.solve(b)), b, rtol=1e-12)
    # det(I - (D - s sᵀ)/2) by the determinant lemma
    s = probabilities()
    d = 1 - 0.5 * s
    wanted = np.sum(np.log(d)) + np.log1p(0.5 * np.sum(s * s / d))
    np.testing.assert_allclose(step.logabsdet(), wanted, rtol=1e-9)


# ---- a law for all of them ---------------------------------------------------------------------------------------

FEW = 4  # times the bytes that go in and come out
CONSTANT = 2**16


class Small:
    """Random Jacobians of few numbers between long vectors, and sums and products of them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng((5, seed))
        self.n = int(self.rng.choice([2000, 3000]))

    def vector(self, *shape):
        return self.rng.uniform(1, 2, shape)

    def square(self):
        """n <- n."""
        n, k = self.n, 20
        offsets = self.rng.permutation([-n // 3, -1, 0, 1, 5])[:3]
        makers = [
            lambda: jk.identity(n, 2.0),
            lambda: jk.diagonal(self.vector(n)),
            lambda: jk.diagonal(np.broadcast_to(self.vector(k, 1), (k, n // k))).reshape(n, n),
            lambda: jk.select(self.rng.permutation(n), n),
            lambda: jk.select(self.rng.integers(0, n, n), n).T,
            lambda: jk.select(np.s_[::-1], n),
            lambda: jk.select(np.s_[5:], n).T @ jk.select(np.s_[:-5], n),
            lambda: jk.banded(self.vector(3, n), offsets, (n, n)),
            lambda: jk.banded(np.broadcast_to(self.vector(3, 1), (3, n)), offsets, (n, n)),
            lambda: jk.einsum(",ab->ba", 1.0, (k, n // k), (n // k, k)).reshape(n, n),
            lambda: jk.einsum("ij,bj->bi", self.vector(k, k), (n // k, k)).reshape(n, n),
            lambda: jk.einsum("ij,jb->ib", self.vector(k, k), (k, n // k)).reshape(n, n),
            lambda: jk.einsum("i,j->i", self.vector(n), n, n),
            lambda: jk.einsum("j,j->i", self.vector(n), n, n),
            lambda: jk.einsum(",j->i", 3.0, n, n),
            lambda: jk.broadcast(self.vector(n), ()) @ jk.reduction(self.vector(n)),
            lambda: jk.dense(self.vector(n, 2)) @ jk.dense(self.vector(2, n)),
            lambda: jk.linear_map(np.cumsum, lambda u: np.cumsum(u[::-1])[::-1], n, n),
        ]
        return makers[self.rng.integers(len(makers))]()

    def factor(self, m):
        """Something of m outputs: of n, or of few."""
        if m != self.n:
            few = int(self.rng.choice([1, 2]))
            return jk.dense(self.vector(m, few)) if self.rng.random() < 0.3 else jk.dense(self.vector(m, self.n))
        if self.rng.random() < 0.15:
            return jk.dense(self.vector(m, int(self.rng.choice([1, 2]))))
        J = self.square()
        if self.rng.random() < 0.3:
            J = J + self.square() if self.rng.random() < 0.5 else self.square() - J
        return J

    def chain(self):
        factors = [self.factor(self.n)]
        for _ in range(self.rng.integers(1, 4)):
            factors.append(self.factor(factors[-1].shape[1]))
        return factors


def peak_of(run):
    """The result, and the peak of the memory that was new."""
    tracemalloc.start()
    try:
        result = run()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def room(*things):
    """Bytes that arrays take, and that Jacobians hold and pass on between their factors."""
    passed_on = [
        8 * (x.shape[0] + part.shape[1]) for x in things if isinstance(x, jk.Jacobian) for part in x._factors()
    ]
    return sum(x.nbytes for x in things) + sum(passed_on)


@pytest.mark.parametrize("seed", range(60))
def test_nothing_takes_more_than_a_few_times_what_goes_in_and_comes_out(seed):
    generator = Small(seed)
    factors = generator.chain()
    tangent, cotangent = generator.vector(factors[-1].shape[1]), generator.vector(factors[0].shape[0])

    def within(run, *given):
        run()  # what is kept from then on is no part of it
        result, peak = peak_of(run)
        assert peak <= FEW * room(*given, result) + CONSTANT
        return result

    J = factors[0]
    for factor in factors[1:]:
        J = within(lambda J=J, factor=factor: J @ factor, J, factor)
    wanted = tangent
    for factor in reversed(factors):
        wanted = factor.jvp(wanted)
    np.testing.assert_allclose(within(lambda: J.jvp(tangent), J, tangent), wanted, rtol=1e-9)
    within(lambda: J.vjp(cotangent), J, cotangent)
    for change in (lambda: J.T, lambda: 2 * J, lambda: J / 3, lambda: -J, lambda: J.astype(np.float32), J.gram):
        within(change, J)
    within(lambda: J.reshape((J.shape[0], 1), (1, J.shape[1])), J)
    other = generator.factor(generator.n)
    if other.shape == J.shape:
        within(lambda: J + other, J, other)
        within(lambda: other - J, J, other)


@pytest.mark.parametrize("seed", range(30))
def test_diagonals_and_words_take_far_less_than_the_matrix(seed):
    generator = Small(seed)
    J = composed(generator.chain())
    for ask in (J.diagonal, J.gram().diagonal, J.explain, J.__repr__):
        assert peak_of(ask)[1] <= 8 * generator.n**2 / 4
