"""Operands that are no arrays of one native dtype: numbers, integers, booleans, the other width, beside a small array.

What they give has the bits and the dtype that arrays converted beforehand give, and goes straight to the kernels.
"""

import numpy as np
import pytest

import jackern as jk

KINDS = {
    "float": 2.0,
    "int": 2,
    "bool": True,
    "np.float64": np.float64(2),
    "np.float32": np.float32(2),
    "np.int8": np.int8(2),
    "np.int64": np.int64(2),
    "np.bool_": np.bool_(True),
    "0-d": np.array(2.0),
    "0-d float32": np.array(2.0, np.float32),
    "0-d int16": np.array(2, np.int16),
    "float64": np.linspace(0.5, 4, 8),
    "float32": np.linspace(0.5, 4, 8, dtype=np.float32),
    "int8": np.arange(1, 9, dtype=np.int8),
    "int64": np.arange(1, 9),
    "booleans": np.arange(8) % 2 == 0,
    "swapped": np.linspace(0.5, 4, 8).astype(np.dtype(np.float64).newbyteorder()),
    "reversed": np.linspace(0.5, 4, 8)[::-1],
}
WIDTHS = [np.float64, np.float32]


def operands(op, kind, width, place):
    """Arguments of an op, arrays of 8 but for the one of this kind; a mask is one of booleans."""
    args = [np.linspace(0.5, 4, 8).astype(width)[k:][: 8 - k] for k in range(op.nin)]
    args = [np.resize(x, 8) for x in args]
    args[place] = KINDS[kind]
    if op.is_masked:
        args[0] = np.arange(8) % 3 == 0
    return args


def promoted(operands):
    """NumPy's promotion; integers and booleans alone give float64."""
    weak = (bool, int, float)
    dtype = np.result_type(*(x if type(x) in weak else np.asarray(x).dtype for x in operands))
    return dtype if dtype in WIDTHS else np.dtype(np.float64)


def read_by(op, args, wrt):
    """The operands that derivatives read, but for a mask; where y is read, and not given, all of them."""
    reads = frozenset().union(*(op.reads[k] for k in wrt))
    names = op._argument_names[op.is_masked :]
    return [x for x, name in zip(args[op.is_masked :], names, strict=True) if name in reads or "y" in reads]


def converted(x, dtype):
    return np.asarray(x).astype(dtype)


def assert_same(results, expected, dtype):
    for result, wanted in zip(results, expected, strict=True):
        assert isinstance(result, np.ndarray if np.ndim(wanted) else np.generic)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, wanted, strict=True)


@pytest.fixture
def straight():
    """Asserts that no call has gone the general way."""
    jk.reset_stats()
    yield
    assert [name for name in jk.stats() if "general" in name] == []


def places(op):
    return range(1 if op.is_masked else 0, op.nin)


@pytest.mark.parametrize("kind", KINDS)
def test_values(kind, several, straight):
    op = several
    for width in WIDTHS:
        for place in places(op):
            args = operands(op, kind, width, place)
            dtype = promoted(args[op.is_masked :])
            expected = op(*(converted(x, dtype) for x in args))
            assert_same([op(*args)], [expected], dtype)
            out = np.empty(8, np.float32)
            assert op(*args, out=out) is out
            np.testing.assert_array_equal(out, expected.astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_cotangents(kind, several, straight):
    wrt = tuple(places(several))
    for width in WIDTHS:
        g = np.linspace(-1, 1, 8).astype(width)
        for place in places(several):
            args = operands(several, kind, width, place)
            for some in {wrt, (place,), wrt[:1]}:
                dtype = promoted([g, *read_by(several, args, some)])
                expected = several.vjp(converted(g, dtype), *(converted(x, dtype) for x in args), wrt=some)
                assert_same(several.vjp(g, *args, wrt=some), expected, dtype)
                if len(some) == 1:
                    assert_same([several.vjp(g, *args, wrt=some[0])], expected, dtype)
                outs = tuple(np.ones(np.shape(x), dtype) for x in expected)
                results = several.vjp(g, *args, wrt=some, out=outs, accumulate=True)
                for out, result, wanted in zip(outs, results, expected, strict=True):
                    assert out is result
                    np.testing.assert_array_equal(out, 1 + np.asarray(wanted))


@pytest.mark.parametrize("kind", KINDS)
def test_tangents(kind, several, straight):
    op = several
    for width in WIDTHS:
        for place in places(op):
            args = operands(op, kind, width, place)
            tangents = [np.full(np.shape(x), 0.75, width) for x in args]
            if op.is_masked:
                tangents[0] = None
            dtype = promoted([*(t for t in tangents if t is not None), *read_by(op, args, places(op))])
            arrays = [converted(x, dtype) for x in args]
            expected = op.jvp(tuple(t if t is None else converted(t, dtype) for t in tangents), *arrays)
            assert_same([op.jvp(tuple(tangents), *args)], [expected], dtype)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("float", "int")])
def test_ops_of_one_argument(kind, unary, straight):
    op = unary
    x = KINDS[kind]
    if type(x) is bool:
        return
    dtype = promoted([x])
    own = converted(x, dtype)
    y = op(own)
    assert_same([op(x)], [y], dtype)
    for t in (np.asarray(x, np.float32), np.asarray(x)):
        dtype = promoted([t, x]) if op.reads[0] else promoted([t])
        expected = op.vjp(converted(t, dtype), converted(x, dtype))
        assert_same([op.vjp(t, x), op.jvp(t, x)], [expected] * 2, dtype)
        if op.reads[0] == {"y"}:
            y = np.asarray(op(own))
            dtype = promoted([t, y])
            expected = op.vjp(converted(t, dtype), y=converted(y, dtype))
            assert_same([op.vjp(t, y=y)], [expected], dtype)


@pytest.mark.parametrize("n", [1, 8, 255, 256, 257, 1000, 1024, 1025, 3000])
@pytest.mark.parametrize("width", WIDTHS)
def test_results_that_are_added_and_sums_of_terms_in_pieces(n, width):
    rng = np.random.default_rng(n)
    g, a, b, before = rng.standard_normal((4, n)).astype(width)
    bars = jk.ops.multiply.vjp(g, a, b)
    outs = before.copy(), before.copy()
    assert jk.ops.multiply.vjp(g, a, b, out=outs, accumulate=True)[0] is outs[0]
    for out, bar in zip(outs, bars, strict=True):
        np.testing.assert_array_equal(out, before + bar)
    np.testing.assert_array_equal(jk.ops.multiply.jvp((g, before), a, b), g * b + before * a)
    out = before.copy()
    jk.ops.multiply.jvp((g, before), a, b, out=out, accumulate=True)
    np.testing.assert_array_equal(out, before + (g * b + before * a))
    for k in range(4):  # in place of each operand
        operands = [g.copy(), before.copy(), a.copy(), b.copy()]
        out = operands[k]
        jk.ops.multiply.jvp(tuple(operands[:2]), *operands[2:], out=out)
        np.testing.assert_array_equal(out, g * b + before * a)
    for x in (np.array(2, width), np.array([2], width)):
        np.testing.assert_array_equal(jk.ops.multiply.vjp(g, a, x, wrt=1), jk.unbroadcast(g * a, x.shape))


def test_results_that_meet_each_other_or_what_is_read_are_as_if_it_had_been_copied():
    g, a, b = np.random.default_rng(0).standard_normal((3, 8))
    expected = jk.ops.multiply.vjp(g, a, b)
    for k in range(3):
        operands = [g.copy(), a.copy(), b.copy()]
        out = operands[k], np.empty(8)
        for result, wanted in zip(jk.ops.multiply.vjp(*operands, out=out), expected, strict=True):
            np.testing.assert_array_equal(result, wanted)
    memory = np.empty(12)
    with pytest.raises(ValueError, match="out"):
        jk.ops.multiply.vjp(g, a, b, out=(memory[:8], memory[4:]))


def test_a_number_of_an_output_may_lie_in_what_is_read():
    g, a = np.random.default_rng(0).standard_normal((2, 8))
    expected = jk.ops.multiply.vjp(g, a, np.float64(2))
    number = g[3:4].reshape(())
    bars = jk.ops.multiply.vjp(g, a, np.float64(2), out=(np.empty(8), number))
    np.testing.assert_array_equal(bars[0], expected[0])
    assert bars[1] == expected[1]


def test_numbers_too_large_for_float32_are_explained():
    x = np.ones(8, np.float32)
    for y in (1e300, np.array(1e300)):
        result = jk.ops.multiply(x, y)
        assert result.dtype == (np.float64 if isinstance(y, np.ndarray) else np.float32)
