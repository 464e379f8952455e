"""Composition and sums of Jacobians: random chains against dense matrices."""

from __future__ import annotations

import collections
import itertools
import math
import os
import re

import algebra
import letters as rules
import numpy as np
import pytest
from algebra import AXIS, STRUCTURES, Case, Generator

import jackern as jk

CHAINS = int(os.environ.get("CHAINS", "1000"))
GROUPS = 10
PAIRS = list(itertools.product(STRUCTURES, repeat=2))
BATCHES = ((), (2,), (0,))


# ---- random chains ------------------------------------------------------------------------------------


def numbers(jacobian):
    """How many numbers a Jacobian holds, whatever their dtype."""
    return jacobian.nbytes / jacobian.dtype.itemsize


def held(factors):
    """Numbers of `factors` together, at least one each: a constant may be kept as an array."""
    return sum(max(numbers(factor), 1) for factor in factors)


def check(jacobian, matrix, generator):
    """Shapes, dense matrix, products with batches, out and accumulate, adjoint, transpose, scaling."""
    m, n = matrix.shape
    assert isinstance(jacobian, jk.Jacobian)
    assert jacobian.structure in STRUCTURES
    assert jacobian.dtype == generator.dtype
    assert jacobian.shape == (m, n) == (math.prod(jacobian.out_shape), math.prod(jacobian.in_shape))
    assert np.array_equal(jacobian.toarray(), matrix)
    batch = generator.choice(BATCHES)
    v = generator.array((*batch, *jacobian.in_shape))
    u = generator.array((*batch, *jacobian.out_shape))
    y_dot = (v.reshape(math.prod(batch), n) @ matrix.T).reshape(batch + jacobian.out_shape)
    x_bar = (u.reshape(math.prod(batch), m) @ matrix).reshape(batch + jacobian.in_shape)
    for product, argument, wanted in (
        (jacobian.jvp, v, y_dot),
        (jacobian.vjp, u, x_bar),
        (jacobian.T.jvp, u, x_bar),
        (jacobian.T.vjp, v, y_dot),
    ):
        result = product(argument)
        assert np.shape(result) == wanted.shape
        assert np.array_equal(result, wanted)
    out = generator.array(y_dot.shape, zero_strides=False)
    before = out.copy()
    assert jacobian.jvp(v, out=out, accumulate=True) is out
    assert np.array_equal(out, before + y_dot)
    out = generator.array(x_bar.shape, zero_strides=False)
    assert jacobian.vjp(u, out=out) is out
    assert np.array_equal(out, x_bar)
    assert np.vdot(u, y_dot) == np.vdot(jacobian.vjp(u), v)
    assert jacobian.T.structure == algebra.MIRRORED.get(jacobian.structure, jacobian.structure)
    assert jacobian.T.nbytes == jacobian.nbytes
    scaled = 2 * jacobian
    assert scaled.structure == jacobian.structure
    assert np.array_equal(scaled.jvp(v), 2 * y_dot)


def check_questions(jacobian, matrix, generator):
    """What else a Jacobian answers: its entries, its Gram matrices, its solves, and what it says of itself."""
    tolerance = 1e3 * np.finfo(generator.dtype).eps
    assert np.array_equal(jacobian.diagonal(), np.diagonal(matrix))
    assert np.array_equal(jacobian.totensor(), matrix.reshape(jacobian.out_shape + jacobian.in_shape))
    answered(lambda: check_entries(jacobian.tocsr(), matrix), ValueError, "linear-map")
    answered(lambda: check_count(jacobian, matrix), ValueError, "product|linear-map")
    # Numbers may have digits that only float64 holds in part, so the sum of their sizes is the measure.
    weights = generator.array(jacobian.out_shape)
    for w, gram in ((1, jacobian.gram()), (weights, jacobian.gram(weights))):
        w = np.broadcast_to(w, jacobian.out_shape).reshape(-1, 1)
        error = gram.diagonal() - np.sum(matrix * w * matrix, axis=0)
        assert np.all(np.abs(error) <= tolerance * np.sum(matrix * abs(w) * matrix, axis=0))
    name, shape = jacobian.structure, f"{jacobian.out_shape} <- {jacobian.in_shape}"
    assert repr(jacobian).startswith(f"<{name} Jacobian, {shape}, {jacobian.dtype}, {jacobian.nbytes} bytes>")
    assert jacobian.explain().startswith(f"{name} Jacobian, {shape}")
    m, n = matrix.shape
    if m == n > 0:
        answered(lambda: check_solve(jacobian, matrix, generator), ValueError, "sparse|linear-map")


def answered(ask, refusal, reason):
    """An answer, which is right, or a refusal with its reason."""
    try:
        ask()
    except refusal as error:
        if not re.search(reason, str(error)):
            raise


def check_entries(csr, matrix):
    assert np.array_equal(csr.toarray(), matrix)


def check_count(jacobian, matrix):
    assert np.count_nonzero(matrix) <= jacobian.nnz <= matrix.size


def check_solve(jacobian, matrix, generator):
    """A solution of a small backward error and the determinant, or an error where the matrix is nearly singular."""
    eps, n = np.finfo(generator.dtype).eps, len(matrix)
    condition = np.linalg.cond(matrix)
    b = generator.array((2, *jacobian.out_shape))
    try:
        x = jacobian.solve(b).reshape(2, n).astype(float)
    except np.linalg.LinAlgError:
        assert condition > 1e-3 / eps
        assert not np.isnan(jacobian.logabsdet())
        return
    residual = np.abs(x @ matrix.T - b.reshape(2, n)).max(axis=1)
    assert np.all(residual <= 100 * eps * (np.abs(matrix).sum(axis=1).max() * np.abs(x).max(axis=1) + np.abs(b).max()))
    if condition < 1e-3 / eps:
        wanted = np.linalg.slogdet(matrix)[1]
        np.testing.assert_allclose(jacobian.logabsdet(), wanted, rtol=1e-6, atol=100 * eps * condition)


def described(case):
    return f"{case.jacobian.structure} {case.jacobian.out_shape} <- {case.jacobian.in_shape}"


def bracketed(jacobians, generator):
    """The product in an order of its own, at random."""
    jacobians = list(jacobians)
    while len(jacobians) > 1:
        k = generator.rng.integers(len(jacobians) - 1)
        jacobians[k : k + 2] = [jacobians[k] @ jacobians[k + 1]]
    return jacobians[0]


def check_pair(a, b):
    """One composition: its storage, and its structure where the letters decide it."""
    result = a.jacobian @ b.jacobian
    if a.letters is not None and b.letters is not None:
        names = rules.structures_of_product(a.letters, b.letters)
        assert names is None or result.structure in names
    if not (a.indexed or b.indexed):
        assert numbers(result) <= held([a.jacobian, b.jacobian])


def exact_chain(seed, kinds):
    """A chain in float32 if that keeps every number exact, else in float64; and its generator."""
    for dtype in (np.float32, np.float64):
        if dtype == np.float64 or seed % 2:
            generator = Generator(seed, dtype)
            cases = generator.chain(kinds)
            if algebra.largest_number(cases) < 2.0 ** (np.finfo(dtype).nmant + 1):
                return cases, generator
    pytest.fail(f"chain {seed} has numbers that float64 does not hold")


def kinds_of(seed):
    """Two to six kinds; over all seeds every ordered pair comes equally often."""
    rng = np.random.default_rng((1, seed))
    more = [STRUCTURES[k] for k in rng.integers(len(STRUCTURES), size=rng.integers(5))]
    return [*PAIRS[seed % len(PAIRS)], *more]


@pytest.fixture(scope="module")
def pairs_seen():
    return collections.Counter()


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_chains_equal_the_product_of_dense_matrices(group, pairs_seen):
    for seed in range(group, CHAINS, GROUPS):
        cases, generator = exact_chain(seed, kinds_of(seed))
        try:
            check_chain(cases, generator)
        except Exception as error:
            error.add_note(f"chain {seed}: {' @ '.join(map(described, cases))}")
            raise
        pairs_seen.update(itertools.pairwise(case.jacobian.structure for case in cases))


def check_chain(cases, generator):
    jacobians = [case.jacobian for case in cases]
    for case in cases:
        assert np.array_equal(case.jacobian.toarray(), case.matrix)
        if case.letters is not None:
            assert case.jacobian.structure == case.letters.structure
    for a, b in itertools.pairwise(cases):
        check_pair(a, b)
    matrix = dense_product(cases)
    from_left = jacobians[0]
    for jacobian in jacobians[1:]:
        from_left = from_left @ jacobian
    from_right = jacobians[-1]
    for jacobian in jacobians[-2::-1]:
        from_right = jacobian @ from_right
    check_questions(from_left, matrix, generator)
    check_questions(cases[0].jacobian, cases[0].matrix, generator)
    for whole in (from_left, from_right, bracketed(jacobians, generator)):
        check(whole, matrix, generator)
        if not any(case.indexed for case in cases):
            assert numbers(whole) <= held(jacobians)
            assert numbers(2 * whole) <= held(jacobians) + 1


def test_the_random_chains_have_every_ordered_pair_of_structures(pairs_seen):
    if sum(pairs_seen.values()) < CHAINS:
        pytest.skip("the chains have not been run")
    least = CHAINS // 1000  # 20 in the long form
    rare = {pair: pairs_seen[pair] for pair in PAIRS if pairs_seen[pair] < least}
    assert not rare


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_sums_of_chains_equal_the_sums_of_dense_matrices(group):
    for seed in range(group, CHAINS // 5, GROUPS):
        generator = Generator((2, seed), np.float64)
        kinds = [generator.choice(STRUCTURES) for _ in range(generator.rng.integers(1, 4))]
        chain = generator.chain(kinds)
        m, n = chain[0].matrix.shape[0], chain[-1].matrix.shape[1]
        middle = generator.length()
        left, right = algebra.meet(generator.with_ends(m, middle), generator.with_ends(middle, n), generator)
        tail = generator.case(generator.choice(STRUCTURES), n)
        ends = chain[0].jacobian.out_shape, tail.jacobian.out_shape
        first = Case(bracketed([case.jacobian for case in chain], generator), dense_product(chain)).reshape(*ends)
        second = Case(left.jacobian @ right.jacobian, left.matrix @ right.matrix).reshape(*ends)
        try:
            for total, matrix in (
                (first.jacobian + second.jacobian, first.matrix + second.matrix),
                (second.jacobian - first.jacobian, second.matrix - first.matrix),
                (sum([first.jacobian, second.jacobian, first.jacobian]), 2 * first.matrix + second.matrix),
                ((first.jacobian + second.jacobian) @ tail.jacobian, (first.matrix + second.matrix) @ tail.matrix),
            ):
                check(total, matrix, generator)
                check_questions(total, matrix, generator)
        except Exception as error:
            error.add_note(f"sum {seed}: {' and '.join(map(described, (first, second, tail)))}")
            raise


def dense_product(cases):
    matrix = cases[0].matrix
    for case in cases[1:]:
        matrix = matrix @ case.matrix
    return matrix


@pytest.mark.parametrize("group", range(GROUPS))
def test_sums_of_axis_jacobians_merge_where_one_renaming_makes_their_strings_equal(group):
    eager = 0
    for seed in range(group, CHAINS, GROUPS):
        generator = Generator((3, seed), np.float64)
        kind = generator.choice(AXIS)
        first = generator.case(kind, generator.length())
        # The same strings with other values, other strings of the same kind, or another kind.
        second = generator.case(kind if generator.chance(0.8) else generator.choice(AXIS), first.matrix.shape[0])
        if generator.chance(0.4):
            second = Case(first.jacobian * 2, first.matrix * 2, first.letters)
        if first.matrix.shape != second.matrix.shape:
            continue
        second = second.reshape(first.jacobian.out_shape, first.jacobian.in_shape)
        total = first.jacobian + second.jacobian
        check(total, first.matrix + second.matrix, generator)
        assert numbers(total) <= held([first.jacobian, second.jacobian])
        names = first.jacobian.structure, second.jacobian.structure
        if "zero" in names:
            assert total.structure == (names[0] if names[1] == "zero" else names[1])
        elif total.structure not in ("sum", "banded"):
            eager += 1
        if "zero" not in names and first.letters is not None and second.letters is not None:
            letters = rules.added(first.letters, second.letters)
            if letters is not None:
                assert total.structure == letters.structure
    assert eager >= CHAINS / GROUPS / 20


def test_another_middle_shape_is_an_error():
    J, K = jk.dense(np.ones((2, 3))), jk.dense(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"\(3,\).*\(4,\)"):
        J @ K
    with pytest.raises(ValueError, match=r"\(2,\).*\(4,\)"):
        J + K
    with pytest.raises(ValueError, match=r"\(3,\).*\(1, 3\)"):
        J @ jk.identity((1, 3))


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_mixed_dtypes_promote(left, right):
    # Small shapes of whole numbers: exact in float32 too.
    generator = Generator((4, STRUCTURES.index(left), STRUCTURES.index(right)), np.float32)
    a = generator.case(left, 6)
    generator.dtype = np.float64
    b = generator.case(right, a.matrix.shape[1])
    a, b = algebra.meet(a, b, generator)
    J = a.jacobian @ b.jacobian
    assert J.dtype == np.result_type(a.jacobian.dtype, b.jacobian.dtype)
    assert np.array_equal(J.toarray(), a.matrix @ b.matrix)


# ---- the oracle itself --------------------------------------------------------------------------------


def strings(subscripts, **lengths):
    """The letters of an einsum."""
    in_letters, out_letters = subscripts.split(",")[1].split("->")
    shapes = [tuple(lengths[x] for x in string) for string in (in_letters, out_letters)]
    return rules.letters_from(subscripts, *shapes)


def test_the_oracle_refines_joins_and_pairs():
    def fulls(string):
        return [axis.full for axis in string]

    # (2, 6) against (4, 3): [2, 2, 3].
    a = strings("ab,ab->ab", a=2, b=6)
    result = rules.compose(a, strings("ab,ab->ab", a=4, b=3)).letters
    assert (fulls(result.out), fulls(result.in_)) == ([2, 2, 3], [2, 2, 3])
    assert result.structure == "diagonal"
    # (2, 3) against (3, 2): joined to [6] where the role is one, else lazy.
    a, b = strings("ab,ab->ab", a=2, b=3), strings("ab,ab->ab", a=3, b=2)
    result = rules.compose(a, b).letters
    assert (fulls(result.out), result.numbers) == ([6], 6)
    assert rules.structures_of_product(strings("ab,b->ab", a=2, b=3), strings("ab,b->ab", a=3, b=2)) == {"product"}
    # One factor joins, the other keeps its letters apart.
    result = rules.compose(strings("iab,ab->i", i=4, a=2, b=3), strings("ab,b->ab", a=3, b=2))
    assert result.letters.structure == "dense"
    assert result.letters.numbers == 8
    # Column after row: lazy; row after column: one number.
    column, row = strings("i,->i", i=5), strings("i,i->", i=5)
    assert rules.structures_of_product(column, row) == {"product"}
    assert rules.structures_of_product(row, column) == {"identity"}
    assert rules.structures_of_product(strings(",->i", i=5), strings(",i->", i=5)) == {"dense"}
