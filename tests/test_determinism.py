"""The same bits for any alignment, instruction set, thread count and run; sums whose error grows like log n.

Run as a script, this file prints a digest of every result, for the test that compares instruction sets.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys

import layouts
import numpy as np
import oracle
import products
import pytest
import scipy.sparse

import jackern as jk


def digest(result):
    """NaNs are made alike first: their payloads may differ."""
    result = np.array(result)
    result[np.isnan(result)] = np.nan
    return hashlib.sha256(f"{result.dtype}{result.shape}".encode() + result.tobytes()).hexdigest()


def pointwise_results(op, dtype, shape):
    args = layouts.points(op.domain, [shape] * op.nin, dtype, "determinism")
    tangents = [layouts.normal(shape, dtype, f"tangent{k}") for k in range(op.nin)]
    y_bar = layouts.normal(shape, dtype, "y_bar")
    yield "value", op(*args)
    yield "jvp", products.jvp(op, tangents, args)
    for k, bar in enumerate(products.vjp(op, y_bar, args)):
        yield f"vjp {k}", bar
    for k, bar in enumerate(products.vjp2(op, tangents, y_bar, args)):
        yield f"vjp2 {k}", bar


def summing_results(dtype):
    """Results that are sums of rounded numbers: any other order of adding would show."""
    a, b = layouts.normal((257, 131), dtype, "a"), layouts.normal((131,), dtype, "b")
    column, g = layouts.normal((257, 1), dtype, "column"), layouts.normal((257, 131), dtype, "g")
    for axis in (None, 0, 1):
        yield f"sum {axis}", jk.ops.sum(a, axis=axis)
        yield f"mean {axis}", jk.ops.mean(a, axis=axis)
    yield "unbroadcast rows", jk.unbroadcast(a, (131,))
    yield "unbroadcast columns", jk.unbroadcast(a, (257, 1))
    for op in products.SEVERAL:
        for home, pair in (("row", ((257, 131), (131,))), ("column", ((257, 1), (257, 131)))):
            args = layouts.points(op.domain, layouts.with_a_third(op.nin, pair, 0), dtype)
            for k, bar in enumerate(products.vjp(op, g, args)):
                yield f"{op.name} to a {home} {k}", bar
    for name, jacobian in (
        ("dense", jk.dense(a)),
        ("broadcast", jk.broadcast(a, (131,))),
        ("reduction", jk.reduction(a, axis=0)),
        ("total", jk.reduction(a)),
        ("convolution", jk.convolution(b[:37], (257, 131), 0)),
        ("blocks", jk.block_diagonal(a[:256].reshape(16, 16, 131))),
    ):
        yield f"{name} jvp", jacobian.jvp(layouts.normal(jacobian.in_shape, dtype, "v"))
        yield f"{name} vjp", jacobian.vjp(layouts.normal(jacobian.out_shape, dtype, "u"))
    yield "matmul vector", jk.ops.matmul(a, b)
    yield "matmul vjp vector", np.concatenate([np.ravel(x) for x in jk.ops.matmul.vjp(column[:, 0], a, b)])
    labels = np.arange(257) % 131
    yield "softmax_cross_entropy", jk.ops.softmax_cross_entropy(a, labels)
    yield "softmax_cross_entropy vjp", jk.ops.softmax_cross_entropy.vjp(column[:, 0], a, labels)
    yield "softmax_cross_entropy jvp", jk.ops.softmax_cross_entropy.jvp(g, a, labels)


def digests():
    """The digest of every result, by name."""
    every = {}
    for dtype in layouts.DTYPES:
        for op in products.OPS:
            for shape in ((1,), (3,), (1031,)):
                for name, result in pointwise_results(op, dtype, shape):
                    every[f"{op.name} {name} {np.dtype(dtype).name} {shape}"] = digest(result)
        for name, result in summing_results(dtype):
            every[f"{name} {np.dtype(dtype).name}"] = digest(result)
    return every


def run_digests(**environment):
    run = subprocess.run(
        [sys.executable, __file__], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def differing(one, other):
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


def instruction_sets():
    """Those that are built and that this CPU has, from the lines that show_config prints."""
    run = subprocess.run(
        [sys.executable, "-c", "import jackern; jackern.show_config()"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = dict(line.split(":", 1) for line in run.stdout.splitlines() if ":" in line)
    return [name.strip() for name in lines["instruction sets"].split(",")]


@pytest.fixture(scope="module")
def baseline():
    return run_digests(JACKERN_ISA="baseline")


@pytest.mark.parametrize("isa", instruction_sets())
def test_every_instruction_set_gives_the_same_bits(isa, baseline):
    assert not differing(run_digests(JACKERN_ISA=isa), baseline)


@pytest.mark.isa
def test_two_runs_in_one_process_give_the_same_bits():
    assert not differing(digests(), digests())


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize("shift", [1, 2, 3, 5, 8, 15])
def test_sums_do_not_depend_on_alignment(shift, dtype):
    """A kernel that peels to an aligned address would add the same numbers in another order."""
    a = layouts.normal((61, 67), dtype, "a")
    buffer = np.zeros(a.size + shift, dtype)
    moved = buffer[shift:].reshape(a.shape)
    moved[...] = a
    for axis in (None, 0, 1):
        assert oracle.same_bits(jk.ops.sum(a, axis=axis), jk.ops.sum(moved, axis=axis))
    v, u = layouts.normal((67,), dtype, "v"), layouts.normal((61,), dtype, "u")
    moved_v = np.concatenate([np.zeros(shift, dtype), v])[shift:]
    assert oracle.same_bits(jk.dense(a).jvp(v), jk.dense(moved).jvp(moved_v))
    assert oracle.same_bits(jk.dense(a).vjp(u), jk.dense(moved).vjp(u))
    for k in range(2):
        one, other = jk.ops.multiply.vjp(a, a, v, wrt=k), jk.ops.multiply.vjp(moved, moved, moved_v, wrt=k)
        assert oracle.same_bits(one, other)
    labels = np.arange(61)
    assert oracle.same_bits(jk.ops.softmax_cross_entropy(a, labels), jk.ops.softmax_cross_entropy(moved, labels))


def test_a_converted_array_is_summed_like_a_contiguous_one(dtype):
    a = layouts.normal((61, 67), dtype, "a")
    for converted in (layouts.misaligned(a), layouts.byte_swapped(a)):
        for axis in (None, 0, 1):
            assert oracle.same_bits(jk.ops.sum(converted, axis=axis), jk.ops.sum(a, axis=axis))
        assert oracle.same_bits(jk.unbroadcast(converted, (67,)), jk.unbroadcast(a, (67,)))


def test_one_cotangent_has_the_bits_that_it_has_beside_the_others(several, dtype):
    """Asking for all at once shares the pass over memory, not the order of adding."""
    for i, pair in enumerate((((257, 31), (31,)), ((257, 31), (257, 1)), ((31,), (257, 1)))):
        args = layouts.points(several.domain, layouts.with_a_third(several.nin, pair, i), dtype)
        g = layouts.normal(np.broadcast_shapes(*pair), dtype, "g")
        for k, bar in enumerate(products.vjp(several, g, args)):
            assert oracle.same_bits(several.vjp(g, *args, wrt=k), bar)


@pytest.mark.sanitize
def test_thread_counts_do_not_change_a_bit(dtype):
    a = layouts.normal((1000, 1031), dtype, "a")
    b, u = layouts.normal((1031,), dtype, "b"), layouts.normal((1000,), dtype, "u")

    def results():
        return [
            jk.ops.tanh(a),
            jk.ops.sum(a),
            jk.ops.sum(a, axis=0),
            jk.ops.sum(a, axis=1),
            *jk.ops.multiply.vjp(a, a, b),
            jk.dense(a).jvp(b),
            jk.dense(a).vjp(u),
            jk.ops.softmax_cross_entropy(a, np.arange(1000)),
        ]

    before = jk.get_num_threads()
    try:
        jk.set_num_threads(1)
        wanted = results()
        for n in (2, 3, 7):
            jk.set_num_threads(n)
            for one, other in zip(results(), wanted, strict=True):
                assert oracle.same_bits(one, other)
    finally:
        jk.set_num_threads(before)


# ---- accuracy of sums ---------------------------------------------------------------------------------


def sums(array):
    """Every way to add all of a one-dimensional array: name, result."""
    n = array.size
    ones = np.ones(n, array.dtype)
    column = np.repeat(array[:, None], 3, axis=1)
    wide = np.repeat(array[:, None], 65, axis=1) if n <= 2**16 else None
    yield "sum", jk.ops.sum(array)
    yield "sum of a strided array", jk.ops.sum(column[:, 1])
    yield "sum over the first axis", jk.ops.sum(column, axis=0)[1]
    yield "unbroadcast", jk.unbroadcast(array, ())
    yield "unbroadcast of columns", jk.unbroadcast(column, (3,))[2]
    yield "multiply.vjp to a number", jk.ops.multiply.vjp(array, ones, array.dtype.type(1), wrt=1)
    yield "multiply.vjp to a row", jk.ops.multiply.vjp(column, np.ones_like(column), ones[:3], wrt=1)[0]
    yield "matmul", jk.ops.matmul(array, ones)
    yield "dense jvp", jk.dense(array[None, :]).jvp(ones)[0]
    yield "dense vjp", jk.dense(column).vjp(ones)[0]
    yield "reduction jvp", jk.reduction(array).jvp(ones)
    if wide is not None:
        yield "sum over the first axis of many", jk.ops.sum(wide, axis=0)[40]
        yield "dense vjp of many", jk.dense(wide).vjp(ones)[40]


def sums_of_runs(numbers):
    """Every long sum whose runs have these numbers as their sums: name, result.

    A run is one of the numbers and zeros, so that nothing is rounded within it.
    """

    def spread(run):
        terms = np.zeros((numbers.size, run), numbers.dtype)
        terms[:, 0] = numbers
        return terms.ravel()

    short, long = spread(256), spread(4096 // numbers.itemsize)
    ones = np.ones(short.size, numbers.dtype)
    columns = np.repeat(short[:, None], 2, axis=1)
    indptr, indices = np.array([0, short.size]), np.arange(short.size)
    yield "sum", jk.ops.sum(short)
    yield "sum of a strided array", jk.ops.sum(columns[:, 1])
    yield "sum over the first axis", jk.ops.sum(np.repeat(spread(64)[:, None], 3, axis=1), axis=0)[1]
    yield "multiply.vjp to a number", jk.ops.multiply.vjp(short, ones, numbers.dtype.type(1), wrt=1)
    yield "dense jvp", jk.dense(np.stack([long, long])).jvp(np.ones_like(long))[1]
    yield "dense jvp by columns", jk.dense(np.stack([long, long], 1).T).jvp(np.ones_like(long))[1]
    yield (
        "dense jvp of a strided array",
        jk.dense(np.repeat([long, long], 2, axis=1)[:, ::2]).jvp(np.ones_like(long))[1],
    )
    yield "dense vjp", jk.dense(columns).vjp(ones)[1]
    yield "sparse jvp", jk.sparse(scipy.sparse.csr_array((short, indices, indptr), shape=(1, short.size))).jvp(ones)[0]
    if numbers.size in (5, 6):  # a matrix with fewer columns than rows would be multiplied out, by NumPy
        matrix = np.zeros((short.size, short.size + 1), numbers.dtype)
        matrix[:, 0], matrix[:, 1] = short, 1
        yield "gram", jk.dense(matrix).gram().jvp(np.eye(1, short.size + 1, 1, dtype=numbers.dtype)[0])[0]


@pytest.mark.parametrize("n_runs", [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 21, 22, 38])
def test_every_room_halves_a_long_sum_by_the_same_law(n_runs, dtype):
    for seed in range(4):
        numbers = layouts.normal((n_runs,), dtype, seed) / dtype(3)
        results = {name: float(result) for name, result in sums_of_runs(numbers)}
        assert results == dict.fromkeys(results, float(oracle.halved(numbers)))


@pytest.mark.parametrize("n", [2**10, 2**15, 2**20])
@pytest.mark.parametrize("kind", ["equal", "random"])
def test_the_error_of_a_sum_grows_like_the_logarithm_of_its_length(n, kind, dtype):
    """A plain loop over 2**20 equal numbers is off by tens of thousands of units, a tree by a few."""
    array = np.full(n, 0.1, dtype) if kind == "equal" else np.abs(layouts.normal((n,), dtype))
    exact = math.fsum(array.tolist())
    allowed = (math.log2(n) + 24) * np.finfo(dtype).eps / 2 * exact
    for name, result in sums(array):
        assert abs(float(result) - exact) <= allowed, name


def test_sums_are_not_worse_than_numpys_pairwise_sums(dtype):
    ours, numpys = [], []
    for seed in range(200):
        array = layouts.normal((10_000,), dtype, seed) + dtype(0.5)
        exact = math.fsum(array.tolist())
        ours.append(abs(float(jk.ops.sum(array)) - exact))
        numpys.append(abs(float(np.sum(array)) - exact))
    # Both are random: the mean over 200 arrays is known to some 5 %.
    assert np.mean(ours) <= 1.2 * np.mean(numpys)


if __name__ == "__main__":
    print(json.dumps(digests()))
