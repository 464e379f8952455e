"""Small calls: eight elements, where the call itself is the cost."""

import numpy as np
import pytest

import jackern as jk

pytestmark = pytest.mark.benchmark(group="small call, n = 8")

N = 8


@pytest.fixture
def names():
    rng = np.random.default_rng(0)
    x, g, v = rng.standard_normal((3, N))
    return {"x": x, "g": g, "v": v, "y": np.tanh(x), "out": np.empty(N)}


def test_diagonal_jvp(compare, names):
    compare(
        "diagonal(d).jvp(v) : multiply",
        names | {"d": names["x"], "J": jk.diagonal(names["x"])},
        ("J.jvp(v)", "np.multiply(d, v)"),
        ("J.jvp(v, out=out)", "np.multiply(d, v, out=out)"),
        targets=(0.6, None),
    )


def test_tanh_vjp_against_a_product(compare, names):
    # The rival does less: one product instead of g * (1 - y*y).
    names |= {"g": np.ones(N), "y": np.zeros(N), "b": np.ones(N)}
    compare(
        "tanh.vjp(g, y=y) : multiply",
        names,
        ("ops.tanh.vjp(g, y=y)", "np.multiply(g, b)"),
        ("ops.tanh.vjp(g, y=y, out=out)", "np.multiply(g, b, out=out)"),
        targets=(0.6, None),
    )


def test_tanh_vjp(compare, names):
    compare(
        "tanh.vjp(g, y=y) : g * (1 - y*y)",
        names,
        ("ops.tanh.vjp(g, y=y)", "g * (1 - y * y)"),
        (
            "ops.tanh.vjp(g, y=y, out=out)",
            "np.multiply(y, y, out=out); np.subtract(1, out, out=out); np.multiply(g, out, out=out)",
        ),
    )


def test_tanh_vjp_against_autograd(compare, names):
    core = pytest.importorskip("autograd.core")
    anp = pytest.importorskip("autograd.numpy")
    pullback, _ = core.make_vjp(anp.tanh, names["x"])
    names |= {"pullback": pullback}
    compare("tanh.vjp(g, y=y) : autograd", names, ("ops.tanh.vjp(g, y=y)", "pullback(g)"))


def test_tanh_vjp_against_jax(compare, names):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    names |= {"pullback": jax.jit(lambda g, y: g * (1 - y * y))}
    names |= {f"jax_{name}": jax.numpy.asarray(names[name]) for name in "gy"}
    rival = "pullback(jax_g, jax_y).block_until_ready()"
    compare("tanh.vjp(g, y=y) : jax.jit", names, ("ops.tanh.vjp(g, y=y)", rival))


def test_tanh_vjp_against_torch(compare, names):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    names |= {"pullback": torch.ops.aten.tanh_backward}
    names |= {f"torch_{name}": torch.from_numpy(names[name]) for name in "gy"}
    compare("tanh.vjp(g, y=y) : torch", names, ("ops.tanh.vjp(g, y=y)", "pullback(torch_g, torch_y)"))
