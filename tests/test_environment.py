"""In any floating-point environment of the caller results have the bits of the default one, and it stays as it was."""

import subprocess
import sys

import algebra
import environments
import layouts
import numpy as np
import oracle
import products
import pytest
import scipy.sparse
from environments import NAMED, within

import jackern as jk

pytestmark = pytest.mark.skipif(not environments.HERE, reason="the environment is set by the layout of glibc on x86-64")
N = 4099


def tiny(dtype):
    """Numbers whose products and sums are subnormal."""
    x = layouts.normal((N,), dtype, "tiny")
    return x * np.sqrt(np.finfo(dtype).tiny, dtype=dtype) * dtype(2) ** -8


def same_everywhere(call):
    """The results of a call, in the default environment and in every other."""
    wanted = call()
    for name, control in NAMED.items():
        with within(control):
            found = call()
            after = environments.environment()
        assert after == control, f"{name}: the environment is {after:#x} after the call"
        for one, other in zip(found, wanted, strict=True):
            assert oracle.same_bits(np.asarray(one), np.asarray(other)), name


def results_of(op, arguments, keywords):
    """Value and products of an op, as functions that take nothing: their operands are made beforehand."""
    y = op(*arguments, **keywords)
    y_bar = np.full_like(y, 0.3)
    wrt = 0 if op.nin == 1 or op in products.FAMILIES else products.every_wrt(op)

    def call():
        bars = op.vjp(y_bar, *arguments, **keywords, wrt=wrt)
        return [op(*arguments, **keywords), *(bars if isinstance(bars, tuple) else (bars,))]

    return call


def test_every_op(any_op, dtype):
    for n in (9, N):
        arguments, keywords = any_op.sample(np.random.default_rng(n), n)
        arguments = [x.astype(dtype) if x.dtype.kind == "f" else x for x in arguments]
        same_everywhere(results_of(any_op, arguments, keywords))


@pytest.mark.parametrize("structure", [name for name in algebra.STRUCTURES if name != "linear-map"])
def test_every_structure(structure, dtype):
    """Of a linear map the products are the user's own."""
    jacobian = algebra.Generator(3, dtype).case(structure, 12).jacobian / 3
    v = layouts.normal((2, *jacobian.in_shape), dtype, "v")
    u = layouts.normal(jacobian.out_shape, dtype, "u")
    same_everywhere(lambda: [jacobian.jvp(v), jacobian.jvp(v[0]), jacobian.vjp(u)])


def test_subnormal_numbers_are_kept(dtype):
    x = tiny(dtype)
    assert np.count_nonzero(x * x) > N // 2
    band, square = jk.banded([x, x], (0, 1), (N, N)), x * x
    places = np.arange(N)
    sparse = jk.sparse(scipy.sparse.csr_array((x, (places, places[::-1])), (N, N)))
    same_everywhere(
        lambda: [
            jk.ops.multiply(x, x),
            jk.diagonal(x).jvp(x),
            jk.dense(x[None]).jvp(x),
            band.jvp(x),
            sparse.jvp(x),
            sparse.vjp(x),
            jk.ops.sum(square),
            jk.unbroadcast(x[:, None], (1, 1)),
            jk.ops.matmul(x[None], x[:, None]),
        ]
    )


def test_solves():
    numbers = layouts.normal((3, 64), np.float64, "bands") + np.array([[0.0], [4.0], [0.0]])
    band, wide = jk.banded(numbers, (-1, 0, 1), (64, 64)), jk.banded(numbers, (-2, 0, 1), (64, 64))
    low_rank = jk.diagonal(numbers[1]) + jk.dense(numbers[0][:, None]) @ jk.dense(numbers[2][None])
    y = layouts.normal((64,), np.float64, "y")
    for jacobian in (band, wide, band.gram(), low_rank, jk.diagonal(numbers[1])):
        same_everywhere(lambda jacobian=jacobian: [jacobian.solve(y), jacobian.logabsdet()])


ON_TWO_THREADS = """
import numpy as np, sys
sys.path.insert(0, sys.argv[1])
import jackern as jk
from environments import within
jk.set_num_threads(2)
x, y = np.full(1_000_000, 1e-200), np.full(1_000_000, 1e-110)
with within(int(sys.argv[2])):  # the workers start here
    first = jk.ops.multiply(x, y)
second = jk.ops.multiply(x, y)
for result in (first, second):
    assert np.count_nonzero(result) == x.size, np.count_nonzero(result)
e = jk.ops.exp(np.linspace(-1, 1, 1_000_000))
jk.set_num_threads(1)
assert np.array_equal(e, jk.ops.exp(np.linspace(-1, 1, 1_000_000)))
"""


@pytest.mark.parametrize("control", NAMED.values(), ids=NAMED)
def test_workers_do_not_keep_the_environment_in_which_they_were_started(control):
    command = [sys.executable, "-c", ON_TWO_THREADS, str(layouts.__file__.rsplit("/", 1)[0]), str(control)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
