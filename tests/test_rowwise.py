"""softmax_cross_entropy against its definition in long double."""

from __future__ import annotations

import layouts
import numpy as np
import oracle
import pytest
from hypothesis import given, strategies as st

import jackern as jk

cross_entropy = jk.ops.softmax_cross_entropy

SHAPES = [(1, 1), (1, 2), (5, 3), (4, 10), (7, 16), (3, 17), (2, 1000), (257, 33), (0, 4), (3, 1)]


def batch(shape, dtype=np.float64):
    rng = np.random.default_rng(0)
    return layouts.normal(shape, dtype, "logits"), rng.integers(0, shape[-1], shape[:-1])


def close(result, exact, dtype, ulp=32):
    np.testing.assert_allclose(np.asarray(result, np.longdouble), exact, rtol=0, atol=ulp * np.finfo(dtype).eps)


@pytest.mark.isa
@pytest.mark.sanitize
@pytest.mark.parametrize("shape", SHAPES)
def test_the_loss_and_its_products_equal_the_definition(shape, dtype):
    logits, labels = batch(shape, dtype)
    gradient = oracle.softmax_cross_entropy_gradient(logits, labels)
    loss = cross_entropy(logits, labels)
    assert (loss.shape, loss.dtype) == (shape[:-1], dtype)
    close(loss, oracle.softmax_cross_entropy(logits, labels), dtype)
    y_bar = layouts.normal(shape[:-1], dtype, "y_bar")
    logits_bar = cross_entropy.vjp(y_bar, logits, labels)
    assert (logits_bar.shape, logits_bar.dtype) == (shape, dtype)
    close(logits_bar, y_bar[..., None] * gradient, dtype)
    logits_dot = layouts.normal(shape, dtype, "logits_dot")
    loss_dot = cross_entropy.jvp(logits_dot, logits, labels)
    assert (loss_dot.shape, loss_dot.dtype) == (shape[:-1], dtype)
    close(loss_dot, np.sum(gradient * logits_dot, axis=-1), dtype)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (4, 10), (0, 4)])
def test_its_jacobian_is_block_diagonal_with_one_row_per_block(shape):
    logits, labels = batch(shape)
    jacobian = cross_entropy.jacobian(logits, labels)
    assert (jacobian.out_shape, jacobian.in_shape) == (shape[:-1], shape)
    gradient = np.float64(oracle.softmax_cross_entropy_gradient(logits, labels))
    dense = np.zeros((shape[0], *shape))
    for row in range(shape[0]):
        dense[row, row] = gradient[row]
    np.testing.assert_allclose(jacobian.totensor(), dense, rtol=0, atol=1e-14)
    assert jacobian.nbytes == logits.nbytes


def test_the_gradient_equals_differences_of_its_own_values():
    logits, labels = batch((4, 10))
    gradient = cross_entropy.vjp(np.ones(4), logits, labels)
    for j in range(10):
        step = np.zeros(10)
        step[j] = 1e-5
        differences = (cross_entropy(logits + step, labels) - cross_entropy(logits - step, labels)) / 2e-5
        np.testing.assert_allclose(gradient[:, j], differences, rtol=0, atol=1e-9)


@pytest.mark.isa
def test_large_logits_neither_overflow_nor_lose_the_loss(dtype):
    logits = np.array([[1000.0, 0, -1000], [1e30, -1e30, 0], [-1e30, -1e30, -1e30], [88, 89, 90]], dtype)
    labels = np.array([0, 0, 1, 2])
    loss = cross_entropy(logits, labels)
    np.testing.assert_allclose(
        loss, np.float64(oracle.softmax_cross_entropy(logits, labels)), rtol=4 * np.finfo(dtype).eps
    )
    assert cross_entropy(logits[:1], [1])[0] == 1000
    gradient = cross_entropy.vjp(np.ones(4, dtype), logits, labels)
    close(gradient, oracle.softmax_cross_entropy_gradient(logits, labels), dtype)


def margins(dtype):
    """How far ahead a label may be before its loss is 0: exp(-margin) is 0 from there on."""
    return [0, 1e-4, 0.5, 1, 5, 12, 20, 40, 80, 100, 300, 700][: None if dtype == np.float64 else 10]


def rows_of_every_margin(dtype, n, seed=0):
    """Rows of n logits whose label is ahead of all others by a margin, or behind the largest, or ties with others."""
    rng = np.random.default_rng(seed)
    rows, labels = [], []
    for margin in margins(dtype):
        for kind in ("ahead", "behind", "tie", "two ahead"):
            row, label = dtype(rng.normal()) - dtype(margin) * rng.uniform(1, 1.05, n).astype(dtype), rng.integers(n)
            first = row.max() + dtype(margin)
            if kind != "behind":
                row[label] = first
            if kind != "ahead":
                row[rng.integers(n)] = first - dtype(rng.uniform(0, 2)) * (kind == "two ahead")
            rows.append(rng.permutation(row) if kind == "behind" else row)
            labels.append(label)
    return np.array(rows, dtype), np.array(labels)


def within(result, exact, dtype, ulp):
    """At most so many units in the last place of every number off, subnormal ones included."""
    off = np.abs(result - exact)
    allowed = ulp * np.spacing(np.abs(exact).astype(dtype)).astype(np.longdouble)
    assert np.all(off <= allowed), f"{np.max(off / allowed) * ulp} ulp"


@pytest.mark.isa
@pytest.mark.parametrize("n", [2, 3, 10, 300, 3000])
def test_a_nearly_certain_class_leaves_all_digits_to_the_rest(n, dtype):
    """At any margin the loss and every slope are right relatively, that of the label too."""
    logits, labels = rows_of_every_margin(dtype, n)
    gradient = oracle.softmax_cross_entropy_gradient(logits, labels)
    within(cross_entropy(logits, labels), oracle.softmax_cross_entropy(logits, labels), dtype, 6)
    within(cross_entropy.vjp(np.ones(len(labels), dtype), logits, labels), gradient, dtype, 6)
    logits_dot = layouts.normal(logits.shape, dtype, "logits_dot")
    steps = logits_dot.astype(np.longdouble) - np.take_along_axis(logits_dot, labels[:, None], 1)
    exact = np.sum(gradient * steps, axis=1)  # the slopes add up to 0: that at the label has no step
    off = np.abs(cross_entropy.jvp(logits_dot, logits, labels) - exact)
    largest = np.sum(np.abs(gradient * steps), axis=1)
    allowed = 6 * np.spacing(largest.astype(dtype)) + n * np.finfo(dtype).smallest_subnormal
    assert np.all(off <= allowed)


@pytest.mark.isa
def test_two_classes_far_apart_leave_exp_of_their_distance():
    loss = cross_entropy(np.array([[0.0, -40.0]]), [0])
    np.testing.assert_allclose(loss, np.log1p(np.exp(-40.0)), rtol=1e-14)
    p = np.exp(-40.0) / (1 + np.exp(-40.0))
    np.testing.assert_allclose(cross_entropy.vjp(np.ones(1), np.array([[0.0, -40.0]]), [0]), [[-p, p]], rtol=1e-14)


@pytest.mark.isa
def test_a_large_cotangent_meets_small_probabilities(dtype):
    """The product is an ordinary number where the probability alone is not, or has lost digits."""
    margin, scale = (100, 1e20) if dtype == np.float32 else (740, 1e200)
    logits = np.array([[0, -margin, -margin - 1], [0, 0, -margin]], dtype)
    for factor in (dtype(scale), dtype(1), dtype(1 / scale)):
        logits_bar = cross_entropy.vjp(np.full(2, factor), logits, np.array([0, 1]))
        exact = oracle.softmax_cross_entropy_gradient(logits, np.array([0, 1])) * np.longdouble(factor)
        within(logits_bar, exact, dtype, 6)


@pytest.mark.isa
def test_infinite_logits_give_the_limit(dtype):
    inf = np.inf
    logits = np.array(
        [[inf, 0, 1], [0, inf, 1], [-inf, 1, -inf], [inf, -inf, 3], [inf, inf, 0], [-inf, -inf, -inf]], dtype
    )
    loss = cross_entropy(logits, np.zeros(6, int))
    np.testing.assert_array_equal(loss, np.array([0, inf, inf, 0, np.nan, np.nan]))
    gradient = cross_entropy.vjp(np.ones(6, dtype), logits, np.zeros(6, int))
    wanted = [[0, 0, 0], [-1, 1, 0], [-1, 1, 0], [0, 0, 0], [np.nan] * 3, [np.nan] * 3]
    np.testing.assert_array_equal(gradient, np.array(wanted))
    np.testing.assert_array_equal(cross_entropy(np.array([[-inf], [inf], [5]], dtype), [0, 0, 0]), [0, 0, 0])


def test_a_class_of_probability_zero_is_allowed():
    logits = np.array([[0.0, -np.inf, 0.0]])
    np.testing.assert_allclose(cross_entropy(logits, [0]), [np.log(2)])
    np.testing.assert_allclose(cross_entropy.vjp(np.ones(1), logits, [0]), [[-0.5, 0, 0.5]])


def test_nan_stays_in_its_row():
    logits, labels = batch((20, 13))
    logits[7, 3] = np.nan
    assert np.array_equal(np.isnan(cross_entropy(logits, labels)), np.arange(20) == 7)
    bad = np.isnan(cross_entropy.vjp(np.ones(20), logits, labels))
    assert np.all(bad[7])
    assert not np.any(np.delete(bad, 7, axis=0))


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_layout_gives_the_contiguous_answer(layout, dtype):
    logits, labels = batch((6, 19), dtype)
    logits, y_bar = layout(logits), layout(layouts.normal((6,), dtype, "y_bar"))
    logits_dot = layout(layouts.normal((6, 19), dtype, "logits_dot"))
    plain, plain_bar, plain_dot = (layouts.plain(a) for a in (logits, y_bar, logits_dot))
    pairs = [
        (cross_entropy(logits, labels), cross_entropy(plain, labels)),
        (cross_entropy.vjp(y_bar, logits, labels), cross_entropy.vjp(plain_bar, plain, labels)),
        (cross_entropy.jvp(logits_dot, logits, labels), cross_entropy.jvp(plain_dot, plain, labels)),
    ]
    for result, wanted in pairs:
        assert result.dtype == wanted.dtype
        close(result, wanted, dtype, 8)


@given(st.data())
def test_random_shapes_and_layouts_give_the_definition(data):
    shape = (data.draw(st.integers(0, 5)), data.draw(st.integers(1, 20)))
    logits, labels = batch(shape)
    logits = data.draw(layouts.laid_out(logits))
    labels = data.draw(layouts.laid_out(labels))
    close(cross_entropy(logits, labels), oracle.softmax_cross_entropy(logits, labels), np.float64)


@pytest.mark.parametrize("labels_dtype", ["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", ">i4"])
def test_labels_may_be_any_integers(labels_dtype):
    logits, labels = batch((6, 10))
    assert oracle.same_bits(cross_entropy(logits, labels.astype(labels_dtype)), cross_entropy(logits, labels))
    assert oracle.same_bits(cross_entropy(logits, labels.tolist()), cross_entropy(logits, labels))


def test_out_is_filled_and_returned_and_accumulates(dtype, writable_layout):
    logits, labels = batch((6, 19), dtype)
    y_bar = layouts.normal((6,), dtype, "y_bar")
    out = writable_layout(np.full(6, 7, dtype))
    assert cross_entropy(logits, labels, out=out) is out
    assert oracle.same_bits(out, cross_entropy(logits, labels))
    before = writable_layout(layouts.normal((6, 19), dtype, "before"))
    wanted = before + cross_entropy.vjp(y_bar, logits, labels)
    assert cross_entropy.vjp(y_bar, logits, labels, out=before, accumulate=True) is before
    assert oracle.same_bits(before, wanted)


def test_the_logits_may_be_overwritten_by_their_cotangent(dtype):
    """The usual last step of a backward pass, which needs no second array."""
    logits, labels = batch((6, 19), dtype)
    y_bar = layouts.normal((6,), dtype, "y_bar")
    wanted = cross_entropy.vjp(y_bar, logits, labels)
    taken = logits.copy()
    assert cross_entropy.vjp(y_bar, taken, labels, out=taken) is taken
    assert oracle.same_bits(taken, wanted)
    taken = logits.copy()
    taken[:, 2] = y_bar
    wanted = cross_entropy.vjp(y_bar, taken, labels)
    assert oracle.same_bits(cross_entropy.vjp(taken[:, 2], taken, labels, out=taken), wanted)


def test_labels_that_share_memory_with_out_count_as_copied():
    """Every loss lies where the next label was, and every row of the cotangent."""
    logits, labels = batch((6, 19))
    memory = np.zeros(7)
    memory.view(np.int64)[:6] = labels
    wanted = cross_entropy(logits, labels)
    assert oracle.same_bits(cross_entropy(logits, memory[:6].view(np.int64), out=memory[1:]), wanted)
    matrix = np.zeros(6 * 19)
    matrix.view(np.int64)[:6] = labels
    wanted = cross_entropy.vjp(np.ones(6), logits, labels)
    out = matrix.reshape(6, 19)
    assert oracle.same_bits(cross_entropy.vjp(np.ones(6), logits, matrix[:6].view(np.int64), out=out), wanted)


@pytest.mark.sanitize
def test_double_backward_takes_every_layout_of_a_batch(layout, dtype):
    logits, labels = batch((3, 4, 5), dtype)
    operands = [layouts.normal((3, 4, 5), dtype, "h"), layouts.normal((3, 4), dtype, "y_bar"), logits]
    for laid in ([0], [1], [2], [0, 1, 2]):
        given = [layout(x) if k in laid else x for k, x in enumerate(operands)]
        wanted = cross_entropy.vjp2(*map(layouts.plain, given), labels)
        for bar, exact in zip(cross_entropy.vjp2(*given, labels), wanted, strict=True):
            assert bar.dtype == dtype
            close(bar, exact, dtype, 8)


def test_mixed_widths_are_computed_in_the_wider_dtype():
    logits, labels = batch((6, 19), np.float32)
    y_bar = layouts.normal((6,), np.float64, "y_bar")
    wanted = cross_entropy.vjp(y_bar, logits.astype(np.float64), labels)
    assert oracle.same_bits(cross_entropy.vjp(y_bar, logits, labels), wanted)
