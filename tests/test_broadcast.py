"""Broadcasting and its way back, on all pairs of shapes up to four axes, against loops."""

from __future__ import annotations

import itertools

import layouts
import numpy as np
import oracle
import products
import pytest
from hypothesis import given, strategies as st

import jackern as jk

# Every way to have 0, 1, 2 or 3 along each of up to four axes.
PAIRS = layouts.broadcastable_pairs(4, (0, 1, 2, 3))
# Fewer, for laws that run once per op.
FEW_PAIRS = [pair for pair in layouts.broadcastable_pairs(3, (1, 2, 3)) if pair[0] != pair[1]][::5]
# Long enough to leave the first block, vector and remainder of every loop.
LONG_PAIRS = [
    ((1000, 131), (131,)),
    ((1000, 131), (1000, 1)),
    ((1000, 131), ()),
    ((131,), (1000, 131)),
    ((4099,), (1,)),
    ((3, 4099), (4099,)),
    ((4099, 3), (3,)),
    ((4099, 3), (1, 3)),
    ((3, 4099), (3, 1)),
    ((1, 131), (1000, 1)),
    ((50, 7, 131), (7, 1)),
    ((50, 7, 131), (50, 1, 131)),
    ((50, 7, 131), (50, 7, 1)),
    ((50, 1, 131), (7, 131)),
    ((5, 6, 7, 8, 9), (6, 1, 8, 1)),
    ((2,) * 12, (2, 1) * 6),
]


def home_rows(full, shape):
    """For every entry of the full shape, the place of the entry of `shape` that it was broadcast from."""
    return np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), full).ravel()


def unbroadcast(g, shape):
    """The oracle's loop, said once more for arrays too long for a loop in Python; exact for whole numbers."""
    sums = np.zeros(np.prod(shape, dtype=int))
    np.add.at(sums, home_rows(g.shape, shape), np.asarray(g, np.float64).ravel())
    return sums.reshape(shape)


@pytest.mark.isa
@pytest.mark.parametrize(("n_a", "n_b"), list(itertools.product(range(5), repeat=2)))
def test_cotangents_of_a_product_equal_the_loops_on_all_pairs_of_shapes(n_a, n_b):
    for a_shape, b_shape, shape in PAIRS:
        if (len(a_shape), len(b_shape)) != (n_a, n_b):
            continue
        a, b = layouts.integers(a_shape, seed="a"), layouts.integers(b_shape, seed="b")
        g = layouts.integers(shape, seed="g")
        a_bar, b_bar = jk.ops.multiply.vjp(g, a, b)
        assert np.shape(a_bar) == a_shape
        assert np.shape(b_bar) == b_shape
        assert np.array_equal(a_bar, oracle.unbroadcast(g * b, a_shape)), (a_shape, b_shape)
        assert np.array_equal(b_bar, oracle.unbroadcast(g * a, b_shape)), (a_shape, b_shape)


@pytest.mark.isa
@pytest.mark.parametrize(("n_a", "n_b"), list(itertools.product(range(5), repeat=2)))
def test_values_and_tangents_of_a_product_broadcast_like_numpy_on_all_pairs_of_shapes(n_a, n_b):
    for a_shape, b_shape, shape in PAIRS:
        if (len(a_shape), len(b_shape)) != (n_a, n_b):
            continue
        a, b = layouts.integers(a_shape, seed="a"), layouts.integers(b_shape, seed="b")
        a_dot, b_dot = layouts.integers(a_shape, seed="a_dot"), layouts.integers(b_shape, seed="b_dot")
        assert oracle.same_bits(jk.ops.multiply(a, b), a * b), (a_shape, b_shape)
        y_dot = jk.ops.multiply.jvp((a_dot, b_dot), a, b)
        assert np.shape(y_dot) == shape
        assert np.array_equal(y_dot, a_dot * b + a * b_dot), (a_shape, b_shape)
        y_dot = jk.ops.multiply.jvp((None, b_dot), a, b)
        assert np.array_equal(y_dot, np.broadcast_to(a * b_dot, shape)), (a_shape, b_shape)


def test_second_cotangents_of_a_product_equal_the_loops_on_pairs_of_shapes():
    for a_shape, b_shape, shape in layouts.broadcastable_pairs(3, (0, 1, 2, 3)):
        a, b = layouts.integers(a_shape, seed="a"), layouts.integers(b_shape, seed="b")
        h_a, h_b = layouts.integers(a_shape, seed="h_a"), layouts.integers(b_shape, seed="h_b")
        g = layouts.integers(shape, seed="g")
        g_bar, a_bar, b_bar = jk.ops.multiply.vjp2((h_a, h_b), g, a, b)
        assert np.array_equal(g_bar, np.broadcast_to(h_a * b + h_b * a, shape)), (a_shape, b_shape)
        assert np.shape(a_bar) == a_shape
        assert np.shape(b_bar) == b_shape
        assert np.array_equal(a_bar, oracle.unbroadcast(g * h_b, a_shape)), (a_shape, b_shape)
        assert np.array_equal(b_bar, oracle.unbroadcast(g * h_a, b_shape)), (a_shape, b_shape)


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_op_brings_its_cotangents_back_to_the_shapes_of_its_operands(several, dtype):
    tolerance = 64 * np.finfo(dtype).eps
    for i, (*pair, shape) in enumerate(FEW_PAIRS):
        homes = layouts.with_a_third(several.nin, pair, i)
        args = layouts.points(several.domain, homes, dtype)
        y_bar = layouts.normal(shape, dtype, "y_bar")
        # Without broadcasting nothing is summed; the sum is the oracle's.
        whole = products.vjp(several, y_bar, [np.broadcast_to(a, shape).copy() for a in args])
        y = several(*args)
        for options in ({}, {"y": y}):
            for k, bar in enumerate(products.vjp(several, y_bar, args, **options)):
                assert (bar.shape, bar.dtype) == (homes[k], dtype)
                wanted = oracle.unbroadcast(np.float64(whole[k]), homes[k])
                allowed = tolerance * oracle.unbroadcast(np.abs(np.float64(whole[k])), homes[k])
                assert np.all(np.abs(bar - wanted) <= allowed), (homes, k)
                alone = several.vjp(y_bar, *args, wrt=k, **options)
                assert np.all(np.abs(alone - wanted) <= allowed), (homes, k)


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_op_brings_its_second_cotangents_back_too(several):
    for i, (*pair, shape) in enumerate(FEW_PAIRS[::3]):
        homes = layouts.with_a_third(several.nin, pair, i)
        args = layouts.points(several.domain, homes)
        h = [layouts.normal(home, seed=f"h{k}") for k, home in enumerate(homes)]
        y_bar = layouts.normal(shape, seed="y_bar")
        stretched = [[np.broadcast_to(array, shape).copy() for array in arrays] for arrays in (h, args)]
        whole = products.vjp2(several, stretched[0], y_bar, stretched[1])
        for bar, wanted in zip(products.vjp2(several, h, y_bar, args), whole, strict=True):
            home = bar.shape
            allowed = 1e-14 * oracle.unbroadcast(np.abs(wanted), home)
            assert np.all(np.abs(bar - oracle.unbroadcast(wanted, home)) <= allowed), homes


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize(("a_shape", "b_shape"), LONG_PAIRS)
def test_long_cotangents_equal_exact_sums(a_shape, b_shape, dtype):
    shape = np.broadcast_shapes(a_shape, b_shape)
    a, b = layouts.integers(a_shape, dtype, "a"), layouts.integers(b_shape, dtype, "b")
    g = layouts.integers(shape, dtype, "g")
    a_bar, b_bar = jk.ops.multiply.vjp(g, a, b)
    assert (np.shape(a_bar), np.shape(b_bar)) == (a_shape, b_shape)
    assert np.array_equal(a_bar, unbroadcast(g * b, a_shape))
    assert np.array_equal(b_bar, unbroadcast(g * a, b_shape))
    assert np.array_equal(jk.ops.multiply.vjp(g, a, b, wrt=0), a_bar)
    assert np.array_equal(jk.ops.multiply.vjp(g, a, b, wrt=1), b_bar)
    assert np.array_equal(jk.ops.add.vjp(g, a, b, wrt=1), unbroadcast(g, b_shape))


@pytest.mark.sanitize
@given(st.data(), layouts.shape_pairs())
def test_cotangents_in_any_layout_equal_the_loops(data, pair):
    a_shape, b_shape = pair
    shape = np.broadcast_shapes(a_shape, b_shape)
    a = data.draw(layouts.laid_out(layouts.integers(a_shape, seed="a")))
    b = data.draw(layouts.laid_out(layouts.integers(b_shape, seed="b")))
    g = data.draw(layouts.laid_out(layouts.integers(shape, seed="g")))
    a_bar, b_bar = jk.ops.multiply.vjp(g, a, b)
    assert np.array_equal(a_bar, oracle.unbroadcast(g * b, a_shape))
    assert np.array_equal(b_bar, oracle.unbroadcast(g * a, b_shape))


@pytest.mark.sanitize
@given(st.data(), layouts.shape_pairs())
def test_out_and_accumulate_of_any_layout_take_broadcast_cotangents(data, pair):
    a_shape, b_shape = pair
    a, b = layouts.integers(a_shape, seed="a"), layouts.integers(b_shape, seed="b")
    g = layouts.integers(np.broadcast_shapes(a_shape, b_shape), seed="g")
    outs, before = [], []
    for shape in pair:
        outs.append(data.draw(layouts.laid_out(layouts.integers(shape, seed="before"), writable=True)))
        before.append(outs[-1].copy())
    results = jk.ops.multiply.vjp(g, a, b, out=tuple(outs), accumulate=True)
    wanted = oracle.unbroadcast(g * b, a_shape), oracle.unbroadcast(g * a, b_shape)
    for k in range(2):
        assert results[k] is outs[k]
        assert np.array_equal(outs[k], before[k] + wanted[k])
    jk.ops.multiply.vjp(g, a, b, out=tuple(outs))
    assert np.array_equal(outs[0], wanted[0])
    assert np.array_equal(outs[1], wanted[1])


def test_out_may_be_an_operand_that_cotangents_are_summed_into():
    """The operand is read again for every row of the sum: it must not be written before the last one."""
    a, b = layouts.integers((50, 7), seed="a"), layouts.integers((7,), seed="b")
    g = layouts.integers((50, 7), seed="g")
    wanted = oracle.unbroadcast(g * b, (50, 7)), oracle.unbroadcast(g * a, (7,))
    taken = b.copy()
    a_bar, b_bar = jk.ops.multiply.vjp(g, a, taken, out=(None, taken))
    assert b_bar is taken
    assert np.array_equal(b_bar, wanted[1])
    assert np.array_equal(a_bar, wanted[0])
    copies = a.copy(), b.copy()
    a_bar, b_bar = jk.ops.multiply.vjp(g, *copies, out=copies)
    assert np.array_equal(a_bar, wanted[0])
    assert np.array_equal(b_bar, wanted[1])
    g_copy = g.copy()
    row = g_copy[0]
    jk.ops.multiply.vjp(g_copy, a, b, wrt=1, out=row)
    assert np.array_equal(row, wanted[1])


def test_mixed_widths_are_summed_in_the_wider_dtype():
    a, b = layouts.normal((1000, 3), np.float32, "a"), layouts.normal((3,), np.float64, "b")
    g = layouts.normal((1000, 3), np.float32, "g")
    results = jk.ops.multiply.vjp(g, a, b)
    wanted = jk.ops.multiply.vjp(np.float64(g), np.float64(a), b)
    assert all(oracle.same_bits(x, y) for x, y in zip(results, wanted, strict=True))
    out = np.zeros(3, np.float32)
    jk.ops.multiply.vjp(np.float64(g), np.float64(a), b, wrt=1, out=out)
    assert oracle.same_bits(out, wanted[1].astype(np.float32))


def test_arrays_may_have_64_axes():
    a_shape, b_shape = (1,) * 40 + (2, 1, 3), (1,) * 39 + (4, 3)
    shape = (1,) * 40 + (2, 4, 3)
    a, b = layouts.integers(a_shape, np.float64, "a"), layouts.integers(b_shape, np.float64, "b")
    g = layouts.integers(shape, np.float64, "g")
    *small, small_g = (x.reshape(x.shape[-3:]) for x in (a, b, g))
    total = (small[0] + small[1]).reshape(shape)
    assert np.array_equal(jk.ops.add(a, b), total)
    assert np.array_equal(jk.ops.add(a, np.int64(b)), total)
    assert np.array_equal(jk.ops.add.jvp((a, b), a, b), total)
    for results, wanted in (
        (jk.ops.multiply.vjp(g, a, b), jk.ops.multiply.vjp(small_g, *small)),
        (jk.ops.multiply.vjp2((a, b), g, a, b), jk.ops.multiply.vjp2(tuple(small), small_g, *small)),
    ):
        for x, y in zip(results, wanted, strict=True):
            assert np.array_equal(x.reshape(y.shape), y)
    jacobian = jk.ops.divide.jacobian(a, b + 9, wrt=1)
    assert (jacobian.out_shape, jacobian.in_shape) == (shape, b_shape)
    assert jk.ops.tanh.jacobian(a).in_shape == a_shape
    rows = np.ones((1,) * 40 + (2, 3))
    assert jk.ops.matmul.jacobian(rows, np.ones((3, 4))).out_shape == (1,) * 40 + (2, 4)
    assert jk.ops.matmul(rows, np.ones((3, 4))).shape == (1,) * 40 + (2, 4)


def test_python_numbers_get_cotangents_without_axes(dtype):
    g, a = layouts.integers((5, 3), dtype, "g"), layouts.integers((5, 3), dtype, "a")
    a_bar, b_bar = jk.ops.multiply.vjp(g, a, 2.0)
    assert type(b_bar) is dtype
    assert b_bar == (g * a).sum()
    assert np.array_equal(a_bar, 2 * g)


def test_shapes_that_do_not_broadcast_raise_and_name_both():
    every = layouts.shapes(3, (1, 2, 3))
    bad = [(a, b) for a in every for b in every if layouts.broadcast_shape(a, b) is None]
    assert len(bad) > 500
    for a_shape, b_shape in bad:
        with pytest.raises(ValueError, match=r"ops\.add") as error:
            jk.ops.add(np.zeros(a_shape), np.zeros(b_shape))
        assert str(a_shape) in str(error.value)
        assert str(b_shape) in str(error.value)


# ---- unbroadcast alone --------------------------------------------------------------------------------


@pytest.mark.isa
@pytest.mark.sanitize
def test_unbroadcast_equals_the_loops_on_all_pairs_of_shapes(dtype):
    done = set()
    for _, shape, full in PAIRS:
        if (full, shape) in done:
            continue
        done.add((full, shape))
        g = layouts.integers(full, dtype, "g")
        result = jk.unbroadcast(g, shape)
        assert (np.shape(result), result.dtype) == (shape, dtype)
        assert np.array_equal(result, oracle.unbroadcast(g, shape)), (full, shape)


@pytest.mark.parametrize(("full", "shape"), [pair for pair in LONG_PAIRS if layouts.broadcast_shape(*pair) == pair[0]])
def test_long_unbroadcasts_equal_exact_sums(full, shape, dtype):
    g = layouts.integers(full, dtype, "g")
    assert np.array_equal(jk.unbroadcast(g, shape), unbroadcast(g, shape))


@given(st.data(), layouts.shape_pairs())
def test_unbroadcast_takes_any_layout_out_and_accumulate(data, pair):
    shape, other = pair
    full = np.broadcast_shapes(shape, other)
    g = data.draw(layouts.laid_out(layouts.integers(full, seed="g")))
    wanted = oracle.unbroadcast(g, shape)
    assert np.array_equal(jk.unbroadcast(g, shape), wanted)
    out = data.draw(layouts.laid_out(layouts.integers(shape, seed="before"), writable=True))
    before = out.copy()
    assert jk.unbroadcast(g, shape, out=out, accumulate=True) is out
    assert np.array_equal(out, before + wanted)
    jk.unbroadcast(g, shape, out=out)
    assert np.array_equal(out, wanted)


def test_unbroadcast_to_the_same_shape_is_a_copy():
    g = layouts.integers((3, 4))
    result = jk.unbroadcast(g, (3, 4))
    assert not np.shares_memory(result, g)
    assert np.array_equal(result, g)


def test_unbroadcast_takes_a_length_as_a_shape_of_one_axis():
    assert np.array_equal(jk.unbroadcast(np.ones((5, 3)), 3), [5, 5, 5])


@pytest.mark.parametrize(
    ("full", "shape"), [((3,), (3, 1)), ((3, 4), (3,)), ((3, 4), (2, 4)), ((1, 4), (3, 4)), ((0,), (2,))]
)
def test_unbroadcast_refuses_shapes_that_do_not_broadcast_to_that_of_g(full, shape):
    with pytest.raises(ValueError, match="unbroadcast") as error:
        jk.unbroadcast(np.zeros(full), shape)
    assert str(full) in str(error.value)
    assert str(shape) in str(error.value)


def test_unary_ops_have_no_broadcasting_to_undo():
    for op in products.UNARY:
        with pytest.raises(ValueError, match=r"\(3, 4\)"):
            op.vjp(np.ones((3, 4)), np.ones(4))


def test_an_out_that_is_the_cotangent_does_not_spoil_the_other_sum():
    g, b = layouts.integers((5,), np.float64, "g"), layouts.integers((5,), np.float64, "b")
    total = g.sum()
    a_bar, b_bar = jk.ops.subtract.vjp(g, np.array(2.0), b, out=(None, g))
    assert b_bar is g
    assert a_bar == total
    g = layouts.integers((5,), np.float64, "g")
    a_bar = np.array(1.0)
    jk.ops.add.vjp(g, np.array(2.0), b, out=(a_bar, g), accumulate=True)
    assert a_bar == 1 + total


def test_outs_may_be_columns_of_one_array():
    g, a, b = (layouts.integers((7,), np.float64, seed) for seed in "gab")
    columns = np.zeros((7, 2))
    jk.ops.multiply.vjp(g, a, b, out=(columns[:, 0], columns[:, 1]))
    assert np.array_equal(columns, np.stack([g * b, g * a], axis=1))


@pytest.mark.parametrize(
    ("shape", "target"), [((16, 3), (3,)), ((64, 8), (8,)), ((1000, 3), (3,)), ((64, 100), (64, 1))]
)
def test_sums_leave_what_is_summed_alone(shape, target):
    g = layouts.normal(shape, np.float64)
    before = g.copy()
    jk.unbroadcast(g, target)
    jk.ops.add.vjp(g, np.zeros(target), g)
    assert np.array_equal(g, before)


@pytest.mark.sanitize
@pytest.mark.parametrize(
    ("a_shape", "b_shape"),
    [((300, 1), (200,)), ((70, 1, 50), (1, 60, 50)), ((9000, 1), (1, 3)), ((7, 1, 300), (40, 1))],
)  # fmt: skip
def test_cotangents_summed_over_different_axes_are_exact_on_whole_numbers(a_shape, b_shape, dtype):
    a, b = layouts.integers(a_shape, dtype, "a"), layouts.integers(b_shape, dtype, "b")
    y_bar = layouts.integers(np.broadcast_shapes(a_shape, b_shape), dtype, "y_bar")
    for g in (y_bar, layouts.fortran(y_bar), layouts.backwards(y_bar)):
        a_bar, b_bar = jk.ops.multiply.vjp(g, a, b)
        assert np.array_equal(a_bar, oracle.unbroadcast(y_bar * b, a_shape))
        assert np.array_equal(b_bar, oracle.unbroadcast(y_bar * a, b_shape))
        outs = np.ones(a_shape, np.float64), np.ones(b_shape, np.float32)
        jk.ops.multiply.vjp(g, a, b, out=outs, accumulate=True)
        assert np.array_equal(outs[0], 1 + a_bar.astype(np.float64))
        assert np.array_equal(outs[1], 1 + b_bar.astype(np.float32))
