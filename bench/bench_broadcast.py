"""Cotangents that come back to a smaller operand: summed over the axes that it was broadcast along."""

import math

import numpy as np
import pytest


@pytest.mark.benchmark(group="fused broadcast vjp")
def test_multiply_vjp(compare):
    rng = np.random.default_rng(0)
    g, x = rng.standard_normal((2, 4096, 1024))
    w = rng.standard_normal(1024)
    compare(
        "multiply, (4096, 1024) with (1024,)",
        {"g": g, "x": x, "w": w, "x_bar": np.empty_like(x), "w_bar": np.empty_like(w)},
        ("ops.multiply.vjp(g, x, w)", "g * w, (g * x).sum(0)"),
        (
            "ops.multiply.vjp(g, x, w, out=(x_bar, w_bar))",
            # x_bar is the temporary first, and then the result: no further array is touched.
            "np.multiply(g, x, out=x_bar); np.sum(x_bar, axis=0, out=w_bar); np.multiply(g, w, out=x_bar)",
        ),
        outs=("x_bar", "w_bar"),
        targets=(0.5, None),
        n_bytes=3 * x.nbytes + 2 * w.nbytes,
    )


@pytest.mark.benchmark(group="unbroadcast")
@pytest.mark.parametrize(
    ("from_shape", "to_shape"),
    [
        ((4096, 1024), (1024,)),
        ((4096, 1024), (4096, 1)),
        ((1_000_000, 3), (3,)),
        ((3, 1_000_000), (3, 1)),
        ((64, 256, 64), (64, 1, 64)),
        ((1_000_000,), ()),
        ((64, 10), (10,)),
    ],
)
def test_unbroadcast(compare, from_shape, to_shape):
    g = np.random.default_rng(0).standard_normal(from_shape)
    padded = (1,) * (len(from_shape) - len(to_shape)) + to_shape
    axis = tuple(k for k, (long, short) in enumerate(zip(from_shape, padded, strict=True)) if long != short)
    keepdims = len(from_shape) == len(to_shape)
    compare(
        f"{from_shape} to {to_shape}",
        {"g": g, "shape": to_shape, "out": np.empty(to_shape)},
        ("jk.unbroadcast(g, shape)", f"g.sum(axis={axis}, keepdims={keepdims})"),
        ("jk.unbroadcast(g, shape, out=out)", f"np.sum(g, axis={axis}, keepdims={keepdims}, out=out)"),
        n_bytes=g.nbytes + 8 * math.prod(to_shape),
    )
