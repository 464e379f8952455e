"""Dense Jacobians with one vector: J v and u J."""

import numpy as np
import pytest

import jackern as jk

pytestmark = pytest.mark.benchmark(group="dense")

SIZES = (8, 512, 4096)


@pytest.mark.parametrize("n", SIZES)
def test_jvp(compare, n):
    a, v = _operands(n)
    compare(
        f"J @ v, {n} x {n}",
        {"A": a, "J": jk.dense(a), "v": v, "out": np.empty(n)},
        ("J @ v", "A @ v"),
        ("J.jvp(v, out=out)", "np.matmul(A, v, out=out)"),
        n_bytes=a.nbytes + 2 * v.nbytes,
    )


@pytest.mark.parametrize("n", SIZES)
def test_vjp(compare, n):
    a, u = _operands(n)
    compare(
        f"u @ J, {n} x {n}",
        {"A": a, "J": jk.dense(a), "u": u, "out": np.empty(n)},
        ("u @ J", "u @ A"),
        ("J.vjp(u, out=out)", "np.matmul(u, A, out=out)"),
        n_bytes=a.nbytes + 2 * u.nbytes,
    )


def _operands(n):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n)), rng.standard_normal(n)
