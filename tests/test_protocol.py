"""What every op has, rows of the table and families alike: names, a sample, double backward, `wrt`, `accumulate`."""

from __future__ import annotations

import inspect

import layouts
import numpy as np
import oracle
import products
import pytest

import jackern as jk


def sampled(op, n=24):
    return op.sample(np.random.default_rng(0), n)


def varied(op, primals):
    """The positions of the arguments that have a derivative."""
    return tuple(k for k in range(op.nin) if primals[k].dtype.kind == "f")


# ---- what an op says of itself ------------------------------------------------------------------------


def test_an_op_is_found_by_its_names_and_by_itself(any_op):
    assert any_op.__name__ == any_op.name
    assert repr(any_op) == f"jackern.ops.{any_op.name}"
    for name in (any_op.name, *any_op.aliases):
        assert jk.op(name) is jk.op(any_op) is getattr(jk.ops, name) is any_op


def test_an_op_says_what_it_is(any_op):
    assert any_op.kind in ("unary", "binary", "ternary", "select", "reduction", "matrix product", "row-wise")
    assert any_op.formula
    assert isinstance(any_op.kinks, str)
    formulas = (any_op.derivative_formula,) if any_op.nin == 1 else any_op.derivative_formula
    assert len(formulas) == any_op.nin
    assert all(isinstance(formula, str) and formula for formula in formulas)
    names = list(inspect.signature(any_op).parameters)[: any_op.nin]
    assert len(any_op.reads) == any_op.nin
    for reads in any_op.reads:
        assert reads <= {*names, "y"}
    assert inspect.getdoc(any_op)
    for method in ("jvp", "vjp", "vjp2", "jacobian", "accepts", "sample"):
        assert inspect.getdoc(getattr(any_op, method)), method


def test_a_sample_is_arguments_inside_the_domain(any_op):
    for n in (1, 24, 1000):
        primals, keywords = sampled(any_op, n)
        assert isinstance(primals, tuple)
        assert isinstance(keywords, dict)
        assert len(primals) == any_op.nin
        assert n / 2 < primals[0].size <= n
        assert np.all(np.isfinite(any_op(*primals, **keywords)))
        assert any_op.accepts(*primals)


def test_check_passes_the_sample_of_every_op(any_op):
    primals, keywords = sampled(any_op)
    jk.testing.check(any_op, *primals, **keywords)
    jk.testing.check(any_op.name, *primals, **keywords)


def test_check_takes_what_op_takes():
    jk.testing.check(np.tanh, np.linspace(-1, 1, 5))
    jk.testing.check(np.mean, np.arange(6.0).reshape(2, 3), axis=1, keepdims=True)
    with pytest.raises(ValueError, match=r"op: no op for .*fft"):
        jk.testing.check(np.fft.fft, np.ones(3))


def test_check_gives_keywords_to_both_functions():
    def power(x, *, exponent):
        return x**exponent

    def jacobian(x, *, exponent):
        return jk.diagonal(exponent * x ** (exponent - 1))

    jk.testing.check((power, jacobian), np.array([1.0, 2.0]), exponent=3)


# ---- reductions take their axis as NumPy does ---------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1, -1), (), np.int64(1), np.int8(-2), (np.intp(0), 1)])
def test_axis_may_be_given_by_position(name, axis):
    op, x = getattr(jk.ops, name), layouts.integers((2, 3, 4))
    wanted = getattr(np, name)(x, axis)
    np.testing.assert_allclose(op(x, axis), wanted, rtol=1e-15)
    y_bar = np.ones_like(wanted)
    assert oracle.same_bits(op.vjp(y_bar, x, axis), op.vjp(y_bar, x, axis=axis))
    assert oracle.same_bits(op.jvp(x, x, axis), op(x, axis))
    assert np.array_equal(op.jacobian(x, axis).jvp(x), op.jacobian(x, axis=axis).jvp(x))


# ---- wrt ----------------------------------------------------------------------------------------------


def test_wrt_chooses_arguments_and_a_tuple_makes_a_tuple(any_op):
    primals, keywords = sampled(any_op)
    y_bar = layouts.normal(np.shape(any_op(*primals, **keywords)), seed="y_bar")
    positions = varied(any_op, primals)
    together = any_op.vjp(y_bar, *primals, wrt=positions, **keywords)
    assert isinstance(together, tuple)
    for place, k in enumerate(positions):
        alone = any_op.vjp(y_bar, *primals, wrt=k, **keywords)
        assert isinstance(alone, np.ndarray)
        assert oracle.same_bits(alone, together[place])
        (one,) = any_op.vjp(y_bar, *primals, wrt=(k,), **keywords)
        assert oracle.same_bits(one, alone)
        (jacobian,) = any_op.jacobian(*primals, wrt=(k,), **keywords)
        np.testing.assert_allclose(any_op.jacobian(*primals, wrt=k, **keywords).vjp(y_bar), jacobian.vjp(y_bar))
        np.testing.assert_allclose(jacobian.vjp(y_bar), alone, rtol=1e-12, atol=1e-14)
    backwards = positions[::-1]
    for bar, wanted in zip(any_op.vjp(y_bar, *primals, wrt=backwards, **keywords), together[::-1], strict=True):
        assert oracle.same_bits(bar, wanted)


@pytest.mark.parametrize(("wrt", "error"), [(-1, ValueError), (7, ValueError), ((0, 0), ValueError), ((), ValueError),
                                            (True, TypeError), ("x", TypeError), (0.0, TypeError)])  # fmt: skip
def test_a_wrt_that_is_no_position_is_refused(any_op, wrt, error):
    primals, keywords = sampled(any_op)
    y_bar = np.ones_like(any_op(*primals, **keywords))
    calls = {
        "vjp": lambda: any_op.vjp(y_bar, *primals, wrt=wrt, **keywords),
        "vjp2": lambda: any_op.vjp2(primals[0], y_bar, *primals, wrt=wrt, **keywords),
        "jacobian": lambda: any_op.jacobian(*primals, wrt=wrt, **keywords),
    }
    for name, call in calls.items():
        with pytest.raises(error, match=rf"^ops\.{any_op.name}\.{name}: wrt is "):
            call()


# ---- double backward ----------------------------------------------------------------------------------


def test_vjp2_equals_differences_of_vjp(any_op):
    primals, keywords = sampled(any_op)
    positions = varied(any_op, primals)
    y_bar = layouts.normal(np.shape(any_op(*primals, **keywords)), seed="y_bar")
    h = tuple(layouts.normal(primals[k].shape, seed=f"h{k}") for k in positions)
    y_bar_bar, *bars = any_op.vjp2(h, y_bar, *primals, wrt=positions, **keywords)
    if len(bars) == any_op.nin:
        bars = [bars[k] for k in positions]

    def paired(y_bar, args):
        results = any_op.vjp(y_bar, *args, wrt=positions, **keywords)
        return sum(np.sum(one * bar) for one, bar in zip(h, results, strict=True))

    step = 1e-5
    for k, bar in zip(positions, bars, strict=True):
        assert bar.shape == primals[k].shape
        direction = layouts.normal(primals[k].shape, seed="direction")

        def moved(by, k=k, direction=direction):
            return [x + by * direction if i == k else x for i, x in enumerate(primals)]

        difference = (paired(y_bar, moved(step)) - paired(y_bar, moved(-step))) / (2 * step)
        np.testing.assert_allclose(np.sum(bar * direction), difference, rtol=1e-6, atol=1e-6)
    direction = layouts.normal(np.shape(y_bar), seed="direction")
    np.testing.assert_allclose(np.sum(y_bar_bar * direction), paired(direction, primals), rtol=1e-11, atol=1e-12)


def test_vjp2_takes_none_for_zero():
    a, b = layouts.normal((3, 4)), layouts.normal((4, 5), seed="b")
    y_bar = layouts.normal((3, 5), seed="y_bar")
    y_bar_bar, a_bar, b_bar = jk.ops.matmul.vjp2((a, None), y_bar, a, b)
    np.testing.assert_allclose(y_bar_bar, a @ b, rtol=1e-14)
    assert not np.any(a_bar)
    np.testing.assert_allclose(b_bar, a.T @ y_bar, rtol=1e-14)
    with pytest.raises(TypeError, match=r"ops\.matmul\.vjp2: every h is None"):
        jk.ops.matmul.vjp2((None, None), y_bar, a, b)


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (4, 10), (2, 3, 7), (7,), (0, 4)])
def test_vjp2_of_softmax_cross_entropy_has_all_digits_of_small_probabilities(shape):
    """At a label of probability 1e-13 too, where s - 1 has lost most digits of s."""
    logits = 10 * layouts.normal(shape, seed="logits")
    if logits.size and shape[-1] > 1:
        logits[..., 0] = -30
    labels = np.zeros(shape[:-1], int)
    h, y_bar = layouts.normal(shape, seed="h"), layouts.normal(shape[:-1], seed="y_bar")
    y_bar_bar, bar = jk.ops.softmax_cross_entropy.vjp2(h, y_bar, logits, labels)
    x = logits.astype(np.longdouble)
    s = np.exp(x - np.max(x, axis=-1, keepdims=True, initial=-np.inf))
    s /= np.sum(s, axis=-1, keepdims=True)
    wanted = np.asarray(y_bar)[..., None] * s * (h - np.sum(s * h, axis=-1, keepdims=True))
    np.testing.assert_allclose(bar, wanted.astype(float), rtol=1e-11, atol=1e-30)
    assert np.shape(y_bar_bar) == shape[:-1]


# ---- accumulate ---------------------------------------------------------------------------------------


def outs_like(results):
    return tuple(np.full_like(x, 7) for x in results)


@pytest.mark.parametrize("yes", [True, np.True_])
def test_accumulate_adds_to_each_output_or_to_those_of_a_tuple(any_op, yes):
    primals, keywords = sampled(any_op)
    positions = varied(any_op, primals)
    y_bar = layouts.normal(np.shape(any_op(*primals, **keywords)), seed="y_bar")
    h = tuple(layouts.normal(primals[k].shape, seed=f"h{k}") for k in positions)
    calls = [
        lambda **options: any_op.vjp(y_bar, *primals, wrt=positions, **keywords, **options),
        lambda **options: any_op.vjp2(h, y_bar, *primals, wrt=positions, **keywords, **options),
    ]
    for call in calls:
        results = call()
        n = len(results)
        for adds in (yes, (yes,) * n, (False,) * n, (np.False_,) * n, (yes,) + (False,) * (n - 1),
                     (False,) * (n - 1) + (yes,)):  # fmt: skip
            outs = outs_like(results)
            given = call(out=outs, accumulate=adds)
            for k in range(n):
                assert given[k] is outs[k]
                added = adds[k] if isinstance(adds, tuple) else adds
                np.testing.assert_allclose(outs[k], results[k] + (7 if added else 0), rtol=1e-13, atol=1e-13)


def test_mixed_accumulation_reads_operands_before_an_output_overwrites_them():
    a, b = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    added = np.array([10.0, 10.0])
    jk.ops.multiply.vjp(np.ones(2), a, b, out=(a, added), accumulate=(False, True))
    assert np.array_equal(a, [3, 5])
    assert np.array_equal(added, [11, 12])


WRONG = [1, 0, None, "yes", np.ones(2), (True, 1), (True,), [True, True]]


@pytest.mark.parametrize("accumulate", WRONG, ids=repr)
def test_accumulate_of_another_kind_is_refused_everywhere(accumulate):
    x, matrix, labels = np.ones(2), np.ones((2, 2)), np.zeros(2, int)
    pair = np.zeros((2, 2)), np.zeros((2, 2))
    out, options = np.zeros(2), {"accumulate": accumulate}
    calls = {
        "ops.tanh.jvp": lambda: jk.ops.tanh.jvp(x, x, out=out, **options),
        "ops.tanh.vjp": lambda: jk.ops.tanh.vjp(x, x, out=out, **options),
        "ops.tanh.vjp2": lambda: jk.ops.tanh.vjp2(x, x, x, out=(out, None), **options),
        "ops.multiply.jvp": lambda: jk.ops.multiply.jvp((x, x), x, x, out=out, **options),
        "ops.multiply.vjp": lambda: jk.ops.multiply.vjp(x, x, x, out=(out, None), **options),
        "ops.sum.jvp": lambda: jk.ops.sum.jvp(matrix, axis=0, out=out, **options),
        "ops.sum.vjp": lambda: jk.ops.sum.vjp(1.0, x, out=out, **options),
        "ops.matmul.jvp": lambda: jk.ops.matmul.jvp((matrix, None), matrix, x, out=out, **options),
        "ops.matmul.vjp": lambda: jk.ops.matmul.vjp(matrix, matrix, matrix, out=pair, **options),
        "ops.linear.vjp": lambda: jk.ops.linear.vjp(matrix, matrix, matrix, out=pair, **options),
        "ops.softmax_cross_entropy.vjp": lambda: jk.ops.softmax_cross_entropy.vjp(
            x, matrix, labels, out=pair[0], **options
        ),
        "unbroadcast": lambda: jk.unbroadcast(matrix, (2,), out=out, **options),
        "diagonal.jvp": lambda: jk.diagonal(x).jvp(x, out=out, **options),
        "dense.vjp": lambda: jk.dense(matrix).vjp(x, out=out, **options),
        "zero.jvp": lambda: jk.zero(2, 2).jvp(x, out=out, **options),
    }
    for where, call in calls.items():
        with pytest.raises(TypeError, match=rf"^{where}: accumulate is "):
            call()
    assert not out.any()
    assert not any(array.any() for array in pair)


def test_a_tuple_is_no_accumulate_of_one_result():
    x, out = np.ones(2), np.zeros(2)
    for call in (jk.ops.tanh.vjp, jk.ops.sum.jvp, lambda g, x, **options: jk.diagonal(x).jvp(g, **options)):
        with pytest.raises(TypeError, match="accumulate is"):
            call(x, x, out=out, accumulate=(True,))


def test_what_is_added_to_must_be_given():
    x, out = np.ones(2), np.zeros(2)
    for op in (jk.ops.multiply, jk.ops.matmul):
        with pytest.raises(TypeError, match=r"accumulate=\(False, True\) needs out\[1\]"):
            op.vjp(x if op is jk.ops.multiply else 1.0, x, x, out=(out, None), accumulate=(False, True))


# ---- operands of two widths ---------------------------------------------------------------------------


def test_one_wide_operand_makes_every_result_wide(any_op):
    """Of what a product reads: an operand that is there for its shape does not widen a result."""
    primals, keywords = sampled(any_op)
    names = list(inspect.signature(any_op).parameters)[: any_op.nin]
    positions = varied(any_op, primals)
    y_bar = layouts.normal(np.shape(any_op(*primals, **keywords)), np.float32, "y_bar")
    h = [layouts.normal(primals[k].shape, np.float32, f"h{k}") for k in positions]
    narrow = [*h, y_bar, *(x.astype(np.float32) if x.dtype.kind == "f" else x for x in primals)]
    wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in narrow]
    n = len(h)
    read = [n, *(n + 1 + k for k, name in enumerate(names) if k in positions and name in set().union(*any_op.reads))]

    def vjp(*operands):
        return any_op.vjp(*operands[n:], wrt=positions, **keywords)

    def vjp2(*operands):
        return any_op.vjp2(operands[:n], *operands[n:], wrt=positions, **keywords)

    for product, widened in ((vjp, read), (vjp2, [*range(n), *read] if len(read) > 1 else [])):
        for k in widened:
            mixed = [*narrow[:k], wide[k], *narrow[k + 1 :]]
            for result, exact in zip(product(*mixed), product(*wide), strict=True):
                assert result.dtype == np.float64, (product.__name__, k)
                np.testing.assert_allclose(result, exact, rtol=1e-12, atol=1e-14, err_msg=product.__name__)


# ---- Python numbers, and y alone ----------------------------------------------------------------------


def test_python_numbers_are_weak():
    x = np.ones(3, np.float32)
    assert jk.ops.sum.vjp(1.0, x).dtype == jk.ops.mean.vjp(1, x).dtype == np.float32
    assert jk.ops.sum.vjp2(x, 1.0, x)[0].dtype == np.float32
    assert jk.ops.matmul.vjp(2.0, x, x, wrt=0).dtype == np.float32
    assert jk.ops.softmax_cross_entropy.vjp(1.0, x, 0).dtype == np.float32
    assert jk.ops.negative.vjp(1.0, np.float32(2)).dtype == np.float32
    assert jk.ops.sum.vjp(1.0, np.ones(3)).dtype == np.float64


FROM_Y = [op for op in products.UNARY if not op.reads[0] & {"x"}]


@pytest.mark.parametrize("from_y", FROM_Y, ids=lambda op: op.name)
def test_a_jacobian_is_read_from_y_alone(from_y):
    ((x,), _) = sampled(from_y)
    np.testing.assert_allclose(
        from_y.jacobian(y=from_y(x)).diagonal(), from_y.jacobian(x).diagonal(), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("name", ["sqrt", "reciprocal", "expm1", "tan", "tanh", "sigmoid", "relu"])
def test_these_have_their_jacobian_from_y_alone(name):
    op, x = getattr(jk.ops, name), np.linspace(0.1, 0.9, 5)
    np.testing.assert_allclose(op.jacobian(y=op(x)).diagonal(), op.jacobian(x).diagonal(), rtol=1e-12)
