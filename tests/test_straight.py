"""Native contiguous arrays go straight to a kernel: nothing is converted, copied or put together for them.

`jk.stats()` counts the calls that did not as "tanh.vjp (general)", so that the law below can hold for every op.
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import jackern as jk

SIZES = (8, 70_000)


def sampled(op, dtype, n):
    """Arguments of the op, floats of this dtype, and its keywords."""
    primals, keywords = op.sample(np.random.default_rng(0), n)
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in primals], keywords


def varied(op, primals):
    """The positions of the arguments that have a derivative."""
    return tuple(k for k in range(op.nin) if primals[k].dtype.kind == "f")


def every_wrt(op, primals):
    positions = varied(op, primals)
    return [*positions, positions, *((k,) for k in positions)]


@pytest.fixture
def general_calls():
    """The calls since the test began that did not go straight, by name."""
    jk.reset_stats()
    return lambda: {name: n for name, n in jk.stats().items() if name.endswith("(general)")}


def each_output(results, product, *args, **keywords):
    """The product with new results, into outputs like `results`, and added to outputs."""
    outs = tuple(np.zeros_like(x) for x in results) if isinstance(results, tuple) else np.zeros_like(results)
    product(*args, **keywords)
    product(*args, out=outs, **keywords)
    product(*args, out=outs, accumulate=True, **keywords)


@pytest.mark.parametrize("n", SIZES)
def test_values_go_straight(any_op, dtype, n, general_calls):
    primals, keywords = sampled(any_op, dtype, n)
    y = any_op(*primals, **keywords)
    any_op(*primals, out=np.zeros_like(y), **keywords)
    assert not general_calls()


@pytest.mark.parametrize("n", SIZES)
def test_jvps_go_straight(any_op, dtype, n, general_calls):
    primals, keywords = sampled(any_op, dtype, n)
    y = any_op(*primals, **keywords)
    positions = varied(any_op, primals)
    if len(positions) == 1:
        choices = [primals[0]]
    else:
        choices = [tuple(primals)]
        choices += [tuple(x if k == one else None for k, x in enumerate(primals)) for one in positions]
    for tangents in choices:
        each_output(y, any_op.jvp, tangents, *primals, **keywords)
    assert not general_calls()


@pytest.mark.parametrize("n", SIZES)
def test_vjps_go_straight(any_op, dtype, n, general_calls):
    primals, keywords = sampled(any_op, dtype, n)
    y_bar = np.ones_like(any_op(*primals, **keywords))
    for wrt in every_wrt(any_op, primals):
        results = tuple(primals[k] for k in wrt) if isinstance(wrt, tuple) else primals[wrt]
        each_output(results, any_op.vjp, y_bar, *primals, wrt=wrt, **keywords)
    assert not general_calls()


@pytest.mark.parametrize("n", SIZES)
def test_double_backward_goes_straight(any_op, dtype, n, general_calls):
    primals, keywords = sampled(any_op, dtype, n)
    y_bar = np.ones_like(any_op(*primals, **keywords))
    for wrt in every_wrt(any_op, primals):
        h = tuple(primals[k] for k in wrt) if isinstance(wrt, tuple) else primals[wrt]
        results = (y_bar, *(primals[k] for k in varied(any_op, primals)))
        each_output(results, any_op.vjp2, h, y_bar, *primals, wrt=wrt, **keywords)
    assert not general_calls()


def test_products_from_y_go_straight(op, dtype, general_calls):
    primals, _ = sampled(op, dtype, 8)
    y = op(*primals)
    wrt = 0 if op.nin == 1 else tuple(range(op.nin))
    tangents = results = y if op.nin == 1 else tuple(primals)
    alone = op.nin == 1 and not op.reads[0] & {"x"}
    for args in [primals, [None]] if alone else [primals]:
        each_output(results, op.vjp, y, *args, y=y, wrt=wrt)
        each_output(y, op.jvp, tangents, *args, y=y)
    assert not general_calls()


def test_operands_that_broadcast_go_straight(binary, dtype, general_calls):
    (a, b), _ = sampled(binary, dtype, 12)
    for args in ((a.reshape(3, 4), b[:4]), (a[:4], b.reshape(3, 4)), (a.reshape(3, 4), b[:3, None])):
        y_bar = np.ones_like(binary(*args))
        each_output(y_bar, binary.jvp, args, *args)
        each_output(args, binary.vjp, y_bar, *args, wrt=(0, 1))
        each_output((y_bar, *args), binary.vjp2, args, y_bar, *args, wrt=(0, 1))
    assert not general_calls()


def test_python_numbers_as_operands_go_straight(binary, dtype, general_calls):
    (a, _), _ = sampled(binary, dtype, 8)
    for number in (2.5, 2.0):
        binary.vjp(a, a, number, wrt=0)
        binary.jvp((a, None), a, number)
        binary(a, number)
    assert not general_calls()


# ---- Jacobians ----------------------------------------------------------------------------------------


def jacobians(n, dtype):
    """By name, one of every structure whose products are straight."""
    rng = np.random.default_rng(0)
    d, e = rng.standard_normal((2, n)).astype(dtype)
    matrix = rng.standard_normal((max(n // 8, 4), 8)).astype(dtype)
    rows = matrix.T.copy()
    banded = jk.banded(rng.standard_normal((3, n)).astype(dtype), (-1, 0, 1), (n, n))
    sparse = jk.sparse(scipy.sparse.random_array((n, n), density=4 / n, format="csr", rng=rng, dtype=dtype))
    diagonal, dense = jk.diagonal(d), jk.dense(matrix)
    return {
        "diagonal": diagonal,
        "identity": jk.identity(n, 2.0, dtype=dtype),
        "broadcast": jk.broadcast(matrix, (8,)),
        "a column": jk.broadcast(d, ()),
        "reduction": jk.reduction(matrix, axis=0),
        "a row": jk.reduction(d),
        "permutation": jk.einsum(",ij->ji", np.ones((), dtype), in_shape=(n // 4, 4), out_shape=(4, n // 4)),
        "dense": dense,
        "dense, transposed": dense.T,
        "block-diagonal": jk.block_diagonal(np.stack([matrix, matrix])),
        "banded": banded,
        "banded, constant": jk.select(np.s_[2:], n, dtype=dtype) - jk.select(np.s_[:-2], n, dtype=dtype),
        "sparse": sparse,
        "gather": jk.select(np.arange(n)[::-1] // 2, n, dtype=dtype),
        "sum": diagonal - jk.broadcast(d, ()) @ jk.reduction(e),
        "sum with sparse": banded + sparse,
        "product": sparse @ jk.broadcast(d, ()) @ jk.reduction(e),
        "product of dense": dense @ jk.dense(rows),
        "gram": dense.gram(),
        "gram with weights": dense.gram(np.ones(matrix.shape[0], dtype)),
    }


# What has no kernel of its own, and why.
GENERAL = {
    "zero": "nothing is multiplied: an output is filled, or left as it is",
    "linear-map": "two functions of the caller, which may return anything",
    "several": "letters to be summed first or repeated last, around a matrix product",
}


@pytest.mark.parametrize("transposed", [False, True], ids=["jvp", "vjp"])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", jacobians(8, np.float64))
def test_products_of_jacobians_go_straight(name, n, dtype, transposed, general_calls):
    jacobian = jacobians(n, dtype)[name]
    product = jacobian.vjp if transposed else jacobian.jvp
    given, wanted = jacobian.in_shape, jacobian.out_shape
    v = np.ones(wanted if transposed else given, dtype)
    each_output(np.zeros(given if transposed else wanted, dtype), product, v)
    assert not general_calls()


def test_what_is_general_by_design_says_so(general_calls):
    ones = np.ones(4)
    jk.zero(4, 4).jvp(ones)
    jk.linear_map(lambda v: v, lambda u: u, (4,), (4,)).jvp(ones)
    jk.einsum("jk,kl->ij", np.ones((2, 4)), in_shape=(4, 3), out_shape=(5, 2)).jvp(np.ones((4, 3)))
    assert general_calls() == {"jacobian.jvp (general)": len(GENERAL)}


# ---- reasons for the general way -----------------------------------------------------------------------


def test_what_needs_a_copy_or_a_conversion_is_counted_apart(general_calls):
    x = np.ones(8)
    jk.ops.tanh.vjp(x, x)
    jk.ops.tanh.vjp(x.tolist(), x)
    large = np.ones(10_000)  # small ones are converted on the straight way
    jk.ops.multiply.vjp(large, large, large.astype(np.float32))
    jk.ops.sum([1.0, 2.0])
    jk.unbroadcast(x, (8,), out=x[::-1])
    assert general_calls() == {
        "tanh.vjp (general)": 1,
        "multiply.vjp (general)": 1,
        "sum.value (general)": 1,
        "unbroadcast (general)": 1,
    }
    assert jk.stats()["tanh.vjp"] == 2
