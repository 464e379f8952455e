"""Laws that every row of the table obeys: values, derivatives, second derivatives, memory, dtypes."""

from __future__ import annotations

import functools
import itertools

import layouts
import numpy as np
import oracle
import products
import pytest
import scipy.special
from hypothesis import given, strategies as st

import jackern as jk

SHAPE = (5, 67)


def arguments(op, dtype=np.float64, shape=SHAPE, seed=""):
    return layouts.points(op.domain, [shape] * op.nin, dtype, f"{op.name}{seed}")


@functools.cache
def first_derivatives(op):
    """The oracle's derivatives at `arguments(op)`; both dtypes draw the same numbers."""
    return [oracle.first(op.name, k, arguments(op)) for k in range(op.nin)]


@functools.cache
def second_derivatives(op):
    args = arguments(op)
    return [[oracle.second(op.name, j, k, args) for k in range(op.nin)] for j in range(op.nin)]


def assert_close(result, exact, tolerance):
    """The error is at most `tolerance` times the largest exact value."""
    scale = max(float(np.max(np.abs(exact), initial=0)), np.finfo(np.float32).tiny)
    error = float(np.max(np.abs(np.asarray(result, np.longdouble) - exact), initial=0))
    assert error <= tolerance * scale, f"error {error:.3g}, allowed {tolerance * scale:.3g}"


# ---- values and derivatives ---------------------------------------------------------------------------


@pytest.mark.isa
def test_values_are_within_four_ulp(op, dtype):
    args = arguments(op, dtype)
    result = op(*args)
    assert result.dtype == dtype
    assert oracle.ulps(result, oracle.value(op.name, args)) <= 4


PARAMETER_FIRST = ("huber", "pseudo_huber")  # SciPy's order of their arguments


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(op, getattr(scipy.special, name), id=name)
        for op in products.OPS
        for name in (op.name, *op.aliases)
        if hasattr(scipy.special, name) and name != "sinc"  # SciPy's is NumPy's, which rounds pi*x
    ],
)
def test_values_agree_with_the_scipy_function_of_the_same_name(ours, theirs):
    args = arguments(ours)
    in_order = args[::-1] if ours.name in PARAMETER_FIRST else args
    np.testing.assert_allclose(ours(*args), theirs(*in_order), rtol=2e-15, atol=0)


def test_jvp_equals_differences_of_its_own_values(op):
    args = arguments(op)
    for k, tangent in enumerate(arguments(op, seed="tangents")):
        tangents = [None] * op.nin
        tangents[k] = tangent

        def along(step, k=k, tangent=tangent):
            return op(*args[:k], args[k] + step * tangent, *args[k + 1 :])

        h = 2.0**-12 / np.max(np.abs(tangent))
        differences = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
        assert_close(products.jvp(op, tangents, args), differences, 1e-7)


def test_vjp2_equals_differences_of_its_own_vjp(op):
    args = arguments(op)
    y_bar = layouts.normal(SHAPE, seed="y_bar")
    h = [layouts.normal(SHAPE, seed=f"h{k}") for k in range(op.nin)]
    y_bar_bar, *arg_bars = products.vjp2(op, h, y_bar, args)

    def paired(args):
        return sum(h_k * bar for h_k, bar in zip(h, products.vjp(op, y_bar, args), strict=True))

    for k, arg_bar in enumerate(arg_bars):

        def along(step, k=k):
            return paired([*args[:k], args[k] + step, *args[k + 1 :]])

        step = 2.0**-12
        differences = (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step)
        assert_close(arg_bar, differences, 1e-7)
    # vjp is linear in y_bar: its derivative by y_bar is what it makes of a y_bar of ones.
    ones = products.vjp(op, np.ones(SHAPE), args)
    assert_close(y_bar_bar, sum(h_k * bar for h_k, bar in zip(h, ones, strict=True)), 1e-14)


@pytest.mark.isa
def test_first_derivatives_equal_the_oracle_from_x_and_from_y(op, dtype):
    args = arguments(op, dtype)
    y = op(*args)
    ones = np.ones(SHAPE, dtype)
    tolerance = 32 * np.finfo(dtype).eps + oracle.FIRST_ERROR
    for options in ({}, {"y": y}):
        for k, cotangent in enumerate(products.vjp(op, ones, args, **options)):
            assert cotangent.dtype == dtype
            assert_close(cotangent, first_derivatives(op)[k], tolerance)
            tangents = [ones if j == k else None for j in range(op.nin)]
            assert_close(products.jvp(op, tangents, args, **options), first_derivatives(op)[k], tolerance)


@pytest.mark.isa
def test_second_derivatives_equal_the_oracle_from_x_and_from_y(op, dtype):
    args = arguments(op, dtype)
    y = op(*args)
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    tolerance = 64 * np.finfo(dtype).eps + oracle.SECOND_ERROR
    for options in ({}, {"y": y}):
        for j in range(op.nin):
            h = [layouts.normal(SHAPE, dtype, f"h{i}") if i == j else None for i in range(op.nin)]
            y_bar_bar, *arg_bars = products.vjp2(op, h, y_bar, args, **options)
            assert_close(y_bar_bar, h[j] * first_derivatives(op)[j], tolerance)
            for k, arg_bar in enumerate(arg_bars):
                assert arg_bar.dtype == dtype
                exact = h[j] * y_bar * second_derivatives(op)[j][k]
                scale = np.max(np.abs(h[j] * y_bar)) * max(1, np.max(np.abs(first_derivatives(op)[j])))
                assert np.max(np.abs(arg_bar - exact)) <= tolerance * max(scale, np.max(np.abs(exact)))


@pytest.mark.isa
def test_jvp_and_vjp_are_adjoint(op, dtype):
    args = arguments(op, dtype)
    tangents = [layouts.normal(SHAPE, dtype, f"tangent{k}") for k in range(op.nin)]
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    y_dot = products.jvp(op, tangents, args)
    arg_bars = products.vjp(op, y_bar, args)
    there = np.asarray(y_bar * y_dot, np.float64)
    back = np.asarray(sum(t * bar for t, bar in zip(tangents, arg_bars, strict=True)), np.float64)
    assert abs(there.sum() - back.sum()) <= 8 * np.finfo(dtype).eps * np.abs(there).sum()


@pytest.mark.isa
def test_float32_arithmetic_stays_float32():
    """1 - y*y in NumPy's float32, bit for bit: no step is widened, none is fused."""
    y = np.tanh(layouts.normal(4099, np.float32, "x"))
    y_bar = layouts.normal(4099, np.float32, "y_bar")
    assert oracle.same_bits(jk.ops.tanh.vjp(y_bar, y=y), y_bar * (1 - y * y))


# ---- what a derivative reads --------------------------------------------------------------------------


def test_a_derivative_reads_what_it_says_and_nothing_else(op, dtype):
    """Arrays that `reads` leaves out may hold anything: here NaN."""
    args = arguments(op, dtype)
    y = op(*args)
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    nothing = np.full(SHAPE, np.nan, dtype)
    for k in range(op.nin):
        wanted = op.vjp(y_bar, *args, y=y, **({} if op.nin == 1 else {"wrt": k}))
        shown = [a if name in op.reads[k] else nothing for name, a in zip(products.names(op), args, strict=True)]
        shown_y = y if "y" in op.reads[k] else nothing
        result = op.vjp(y_bar, *shown, y=shown_y, **({} if op.nin == 1 else {"wrt": k}))
        assert oracle.same_bits(result, wanted)


def test_a_unary_derivative_takes_only_what_it_reads(unary, dtype):
    (x,) = arguments(unary, dtype)
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    (reads,) = unary.reads
    given = {name: array for name, array in {"x": x, "y": unary(x)}.items() if name in reads}
    assert oracle.same_bits(unary.vjp(y_bar, **given), unary.vjp(y_bar, x, y=unary(x)))
    assert oracle.same_bits(unary.jvp(y_bar, **given), unary.jvp(y_bar, x, y=unary(x)))


def test_a_derivative_that_reads_y_needs_none(op, dtype):
    """Where y is not given, a form from x stands in, or y is computed: the same but for rounding."""
    args = arguments(op, dtype)
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    given, without = products.vjp(op, y_bar, args, y=op(*args)), products.vjp(op, y_bar, args)
    for k in range(op.nin):
        if op.nin > 1 or "y" not in op.reads[k]:
            assert oracle.same_bits(without[k], given[k])
        assert_close(without[k], given[k].astype(np.longdouble), 8 * np.finfo(dtype).eps)


# ---- memory -------------------------------------------------------------------------------------------


def all_products(op, args, y, y_bar, tangents):
    """Every array that an op makes, by name."""
    results = {"value": op(*args), "jvp": products.jvp(op, tangents, args, y=y)}
    results |= {f"vjp {k}": bar for k, bar in enumerate(products.vjp(op, y_bar, args, y=y))}
    results |= {f"vjp2 {k}": bar for k, bar in enumerate(products.vjp2(op, tangents, y_bar, args, y=y))}
    return results


def assert_same_products(one, other):
    different = [name for name in one if not oracle.same_bits(one[name], other[name])]
    assert not different


def operands(op, dtype, shape, seed=""):
    """args, y, y_bar and tangents of one shape, in the order in which `all_products` takes them."""
    args = arguments(op, dtype, shape, seed)
    tangents = [layouts.normal(shape, dtype, f"{seed}tangent{k}") for k in range(op.nin)]
    return [*args, op(*args), layouts.normal(shape, dtype, f"{seed}y_bar"), *tangents]


def grouped(op, arrays):
    n = op.nin
    return arrays[:n], arrays[n], arrays[n + 1], arrays[n + 2 :]


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_layout_gives_the_bits_of_contiguous_arrays(op, dtype, layout):
    arrays = [layout(a) for a in operands(op, dtype, (3, 4, 19))]
    plain = [layouts.plain(a) for a in arrays]
    assert_same_products(all_products(op, *grouped(op, arrays)), all_products(op, *grouped(op, plain)))


@given(st.data(), st.sampled_from(products.OPS), st.sampled_from(layouts.DTYPES))
def test_mixed_layouts_give_the_bits_of_contiguous_arrays(data, op, dtype):
    shape = tuple(data.draw(st.lists(st.sampled_from([0, 1, 2, 3, 5, 17]), max_size=4)))
    arrays = [data.draw(layouts.laid_out(a)) for a in operands(op, dtype, shape)]
    plain = [layouts.plain(a) for a in arrays]
    assert_same_products(all_products(op, *grouped(op, arrays)), all_products(op, *grouped(op, plain)))


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_length_gives_the_bits_of_single_elements(op, dtype):
    """Whole vectors, remainders and single numbers run through different loops."""
    longest = 70
    arrays = operands(op, dtype, (longest,))
    singles = [all_products(op, *grouped(op, [a[i : i + 1] for a in arrays])) for i in range(longest)]
    joined = {name: np.concatenate([single[name] for single in singles]) for name in singles[0]}
    for n in [*range(20), 31, 32, 33, 63, 64, 65, longest]:
        result = all_products(op, *grouped(op, [a[:n] for a in arrays]))
        assert_same_products(result, {name: array[:n] for name, array in joined.items()})


@pytest.mark.isa
@pytest.mark.sanitize
def test_an_element_has_the_same_bits_whatever_stands_beside_it(op, dtype):
    """Exceptions, and arguments that are far from 0, send runs that hold them through other loops."""
    n, places = 1500, [7, 300, 1490]
    arrays = operands(op, dtype, (n,))
    clean = all_products(op, *grouped(op, arrays))
    info = np.finfo(dtype)
    for company in (np.nan, np.inf, 0.0, -0.0, info.max, -info.max, info.smallest_subnormal, 1e5):
        disturbed = [a.copy() for a in arrays]
        for a in disturbed:
            a[places] = company
        result = all_products(op, *grouped(op, disturbed))
        others = {name: np.delete(array, places) for name, array in result.items()}
        assert_same_products(others, {name: np.delete(array, places) for name, array in clean.items()})


@pytest.mark.isa
def test_long_arrays_give_the_bits_of_short_ones(op, dtype):
    """Long enough for blocks, threads and a released GIL, wherever those begin."""
    n, part = 100_003, 1000
    arrays = operands(op, dtype, (n,))
    whole = all_products(op, *grouped(op, arrays))
    for start in (0, 8 * part, 50_001, n - part):
        some = all_products(op, *grouped(op, [a[start : start + part] for a in arrays]))
        assert_same_products({name: array[start : start + part] for name, array in whole.items()}, some)


@pytest.mark.sanitize
def test_out_is_filled_and_returned(op, dtype, writable_layout):
    shape = (3, 4, 19)
    args, y, y_bar, tangents = grouped(op, operands(op, dtype, shape))
    wanted = all_products(op, args, y, y_bar, tangents)

    def empty():
        return writable_layout(np.full(shape, 7, dtype))

    out = empty()
    assert op(*args, out=out) is out
    assert oracle.same_bits(out, wanted["value"])
    out = empty()
    assert products.jvp(op, tangents, args, y=y, out=out) is out
    assert oracle.same_bits(out, wanted["jvp"])
    outs = tuple(empty() for _ in range(op.nin))
    for k, (out, result) in enumerate(zip(outs, products.vjp(op, y_bar, args, y=y, out=outs), strict=True)):
        assert result is out
        assert oracle.same_bits(out, wanted[f"vjp {k}"])
    outs = tuple(empty() for _ in range(1 + op.nin))
    results = products.vjp2(op, tangents, y_bar, args, y=y, out=outs)
    for k, (out, result) in enumerate(zip(outs, results, strict=True)):
        assert result is out
        assert oracle.same_bits(out, wanted[f"vjp2 {k}"])


def test_out_writes_nothing_between_the_elements_of_a_strided_array(op):
    args = arguments(op, shape=(33,))
    buffer = np.full(99, 7.0)
    op(*args, out=buffer[1::3])
    assert oracle.same_bits(buffer[1::3], op(*args))
    assert np.all(buffer[0::3] == 7)
    assert np.all(buffer[2::3] == 7)


@pytest.mark.parametrize("out_dtype", layouts.DTYPES)
def test_accumulate_adds_once_in_the_wider_dtype(op, dtype, out_dtype):
    args, y, y_bar, tangents = grouped(op, operands(op, dtype, SHAPE))
    before = layouts.normal(SHAPE, out_dtype, "before")
    wider = np.promote_types(dtype, out_dtype)

    def added(result):
        return (before.astype(wider) + result.astype(wider)).astype(out_dtype)

    wanted = all_products(op, args, y, y_bar, tangents)
    result = products.jvp(op, tangents, args, y=y, out=before.copy(), accumulate=True)
    assert oracle.same_bits(result, added(wanted["jvp"]))
    outs = tuple(before.copy() for _ in range(op.nin))
    for k, result in enumerate(products.vjp(op, y_bar, args, y=y, out=outs, accumulate=True)):
        assert oracle.same_bits(result, added(wanted[f"vjp {k}"]))
    outs = tuple(before.copy() for _ in range(1 + op.nin))
    for k, result in enumerate(products.vjp2(op, tangents, y_bar, args, y=y, out=outs, accumulate=True)):
        assert oracle.same_bits(result, added(wanted[f"vjp2 {k}"]))


@pytest.mark.isa
@pytest.mark.sanitize
def test_every_operand_may_be_overwritten_in_place(op, dtype):
    arrays = operands(op, dtype, (3, 67))
    n = op.nin
    wanted = all_products(op, *grouped(op, arrays))
    for taken in range(n):
        args = [a.copy() for a in arrays[:n]]
        assert oracle.same_bits(op(*args, out=args[taken]), wanted["value"])
    for taken in range(len(arrays)):
        copies = [a.copy() for a in arrays]
        args, y, y_bar, tangents = grouped(op, copies)
        result = products.jvp(op, tangents, args, y=y, out=copies[taken])
        assert oracle.same_bits(result, wanted["jvp"])
        for k in range(n):
            copies = [a.copy() for a in arrays]
            args, y, y_bar, tangents = grouped(op, copies)
            outs = tuple(copies[taken] if j == k else None for j in range(n))
            for j, result in enumerate(products.vjp(op, y_bar, args, y=y, out=outs)):
                assert oracle.same_bits(result, wanted[f"vjp {j}"])
        for k in range(1 + n):
            copies = [a.copy() for a in arrays]
            args, y, y_bar, tangents = grouped(op, copies)
            outs = tuple(copies[taken] if j == k else None for j in range(1 + n))
            for j, result in enumerate(products.vjp2(op, tangents, y_bar, args, y=y, out=outs)):
                assert oracle.same_bits(result, wanted[f"vjp2 {j}"])


def test_all_operands_may_be_overwritten_at_once_in_any_order(several, dtype):
    args = arguments(several, dtype)
    y_bar = layouts.normal(SHAPE, dtype, "y_bar")
    wanted = products.vjp(several, y_bar, args)
    for order in itertools.permutations(range(several.nin)):
        copies = [a.copy() for a in args]
        result = products.vjp(several, y_bar, copies, out=tuple(copies[k] for k in order))
        assert all(oracle.same_bits(x, y) for x, y in zip(result, wanted, strict=True))


@pytest.mark.sanitize
@pytest.mark.parametrize("shift", [1, 3, 8])
def test_an_overlapping_out_is_computed_as_if_the_inputs_had_been_copied(op, dtype, shift):
    n = 100
    arrays = operands(op, dtype, (n,))
    wanted = all_products(op, *grouped(op, arrays))
    for taken in range(len(arrays)):
        for ahead in (0, shift):  # out begins before the input, or the input before out
            buffer = np.zeros(n + shift, dtype)
            moved = list(arrays)
            moved[taken] = buffer[ahead : ahead + n]
            out = buffer[shift - ahead : shift - ahead + n]
            args, y, y_bar, tangents = grouped(op, moved)
            if taken < op.nin:
                moved[taken][...] = arrays[taken]
                assert oracle.same_bits(op(*args, out=out), wanted["value"])
            moved[taken][...] = arrays[taken]
            assert oracle.same_bits(products.jvp(op, tangents, args, y=y, out=out), wanted["jvp"])
            moved[taken][...] = arrays[taken]
            outs = (out,) + (None,) * (op.nin - 1)
            assert oracle.same_bits(products.vjp(op, y_bar, args, y=y, out=outs)[0], wanted["vjp 0"])


def test_a_reversed_out_of_the_same_memory_is_computed_as_if_the_inputs_had_been_copied(op):
    args, y, y_bar, _ = grouped(op, operands(op, np.float64, (101,)))
    wanted = products.vjp(op, y_bar, args, y=y)[0]
    outs = (y_bar[::-1],) + (None,) * (op.nin - 1)
    assert oracle.same_bits(products.vjp(op, y_bar, args, y=y, out=outs)[0], wanted)


def test_results_are_new_arrays(op):
    args, y, y_bar, tangents = grouped(op, operands(op, np.float64, SHAPE))
    results = all_products(op, args, y, y_bar, tangents)
    again = all_products(op, args, y, y_bar, tangents)
    given = [*args, y, y_bar, *tangents, *again.values()]
    for name, result in results.items():
        assert result.flags.writeable, name
        assert not any(np.shares_memory(result, other) for other in given), name


@pytest.mark.sanitize
@pytest.mark.parametrize("shape", [(0,), (1,), (0, 3), (3, 0), (1, 0, 1), (1, 1, 1, 1)])
def test_sizes_zero_and_one_have_results_of_their_shape(op, dtype, shape):
    for name, result in all_products(op, *grouped(op, operands(op, dtype, shape))).items():
        assert (result.shape, result.dtype) == (shape, dtype), name


def test_results_without_axes_are_numpy_scalars(op, dtype):
    for name, result in all_products(op, *grouped(op, operands(op, dtype, ()))).items():
        assert type(result) is dtype, name


def test_an_out_without_axes_is_filled_and_returned(op, dtype):
    args = arguments(op, dtype, ())
    out = np.zeros((), dtype)
    assert op(*args, out=out) is out
    assert out == op(*args)


# ---- dtypes -------------------------------------------------------------------------------------------


def test_mixed_widths_are_computed_in_the_wider_dtype(op):
    """Of what a product reads: an operand that is there for its shape does not widen a result."""
    wide = operands(op, np.float64, (67,))
    n = op.nin
    for narrowed in range(len(wide)):
        mixed = [a.astype(np.float32) if k == narrowed else a for k, a in enumerate(wide)]
        wanted = all_products(op, *grouped(op, [a.astype(np.float64) for a in mixed]))
        args, y, y_bar, tangents = grouped(op, mixed)
        if n > 1 or narrowed > 0:
            assert oracle.same_bits(op(*args), wanted["value"])
        named = dict(zip((*products.names(op), "y"), (*args, y), strict=True))
        read = [named[name].dtype for name in products.reads(op)]
        if np.float64 in (y_bar.dtype, *read):
            for k, result in enumerate(products.vjp(op, y_bar, args, y=y)):
                assert oracle.same_bits(result, wanted[f"vjp {k}"])
        if np.float64 in (*(t.dtype for t in tangents), *read):
            assert oracle.same_bits(products.jvp(op, tangents, args, y=y), wanted["jvp"])


def test_out_may_be_narrower_and_rounds_the_wider_result(op):
    args, y, y_bar, tangents = grouped(op, operands(op, np.float64, (67,)))
    wanted = all_products(op, args, y, y_bar, tangents)

    def narrow():
        return np.zeros(67, np.float32)

    assert oracle.same_bits(op(*args, out=narrow()), wanted["value"].astype(np.float32))
    result = products.jvp(op, tangents, args, y=y, out=narrow())
    assert oracle.same_bits(result, wanted["jvp"].astype(np.float32))
    outs = tuple(narrow() for _ in range(op.nin))
    for k, result in enumerate(products.vjp(op, y_bar, args, y=y, out=outs)):
        assert oracle.same_bits(result, wanted[f"vjp {k}"].astype(np.float32))


def test_out_may_be_wider_and_holds_the_narrower_result(op):
    args, y, y_bar, tangents = grouped(op, operands(op, np.float32, (67,)))
    wanted = all_products(op, args, y, y_bar, tangents)
    result = products.jvp(op, tangents, args, y=y, out=np.zeros(67))
    assert oracle.same_bits(result, wanted["jvp"].astype(np.float64))
    assert oracle.same_bits(op(*args, out=np.zeros(67)), wanted["value"].astype(np.float64))
    outs = tuple(np.zeros(67) for _ in range(op.nin))
    for k, result in enumerate(products.vjp(op, y_bar, args, y=y, out=outs)):
        assert oracle.same_bits(result, wanted[f"vjp {k}"].astype(np.float64))


@pytest.mark.parametrize("dtype_name", ["bool", "int8", "uint16", "int32", "int64", "uint64"])
def test_integers_and_booleans_alone_give_float64(op, dtype_name):
    args = [np.ones(3, dtype_name) for _ in range(op.nin)]
    with np.errstate(all="ignore"):
        assert oracle.same_bits(op(*args), op(*[np.ones(3) for _ in args]))


def test_integers_beside_a_float_follow_numpy_promotion(binary):
    x = arguments(binary, np.float32, (4,))[0]
    for other in ("int8", "int16", "int32", "int64", "bool", "uint8", "uint16", "uint32"):
        result = binary(x, np.ones(4, other))
        assert result.dtype == np.promote_types(np.float32, other), other


def test_python_numbers_are_weak_and_numpy_scalars_are_not(binary, dtype):
    (x, _) = arguments(binary, dtype, (4,))
    assert binary(x, 2.0).dtype == dtype
    assert binary(x, 2).dtype == dtype
    assert binary(2.0, np.abs(x)).dtype == dtype
    assert binary(x, np.float64(2)).dtype == np.float64
    assert binary(2.0, 3.0).dtype == np.float64


def test_lists_and_tuples_are_taken_as_arrays(op):
    args = arguments(op, shape=(2, 3))
    assert oracle.same_bits(op(*[a.tolist() for a in args]), op(*args))


def test_an_operand_read_for_its_shape_only_takes_no_part_in_promotion():
    y_bar = np.ones((2, 3), np.float32)
    shape_only = np.broadcast_to(0.0, (2, 3))
    for op in products.OPS:
        for k in range(op.nin):
            if not op.reads[k]:
                wrt = {} if op.nin == 1 else {"wrt": k}
                assert op.vjp(y_bar, *[shape_only] * op.nin, **wrt).dtype == np.float32, (op.name, k)


# ---- wrt, out and None --------------------------------------------------------------------------------


def test_wrt_chooses_the_cotangents_and_their_order(several):
    args = arguments(several)
    y_bar = layouts.normal(SHAPE, seed="y_bar")
    every = products.vjp(several, y_bar, args)
    for n in range(1, several.nin + 1):
        for wrt in itertools.permutations(range(several.nin), n):
            for bar, k in zip(several.vjp(y_bar, *args, wrt=wrt), wrt, strict=True):
                assert oracle.same_bits(bar, every[k])
    for k in range(several.nin):
        assert oracle.same_bits(several.vjp(y_bar, *args, wrt=k), every[k])


def test_parameters_are_left_out_of_wrt_unless_it_names_them():
    x, y_bar, h = layouts.points([(-4, 4)], [SHAPE])[0], layouts.normal(SHAPE), layouts.normal(SHAPE, seed="h")
    x_bar = jk.ops.clip.vjp(y_bar, x, -1.0, 1.0)
    assert oracle.same_bits(x_bar, jk.ops.clip.vjp(y_bar, x, -1.0, 1.0, wrt=0))
    assert oracle.same_bits(x_bar, y_bar * ((x > -1) & (x < 1)) + 0.0)
    for some, named in zip(
        jk.ops.clip.vjp2(h, y_bar, x, -1.0, 1.0), jk.ops.clip.vjp2(h, y_bar, x, -1.0, 1.0, wrt=0), strict=True
    ):
        assert oracle.same_bits(some, named)


def test_out_of_a_tuple_is_like_wrt_and_may_hold_none(several):
    args = arguments(several)
    y_bar = layouts.normal(SHAPE, seed="y_bar")
    wanted = products.vjp(several, y_bar, args)
    for k in range(several.nin):
        out = np.zeros(SHAPE)
        outs = tuple(out if j == k else None for j in range(several.nin))
        bars = products.vjp(several, y_bar, args, out=outs)
        assert bars[k] is out
        assert all(oracle.same_bits(bar, want) for bar, want in zip(bars, wanted, strict=True))
        out = np.zeros(SHAPE)
        assert several.vjp(y_bar, *args, wrt=k, out=out) is out
        assert oracle.same_bits(out, wanted[k])


def test_accumulate_adds_to_the_outs_that_are_there_and_makes_the_others(several):
    args = arguments(several)
    y_bar, before = layouts.normal(SHAPE, seed="y_bar"), layouts.normal(SHAPE, seed="before")
    wanted = products.vjp(several, y_bar, args)
    outs = (before.copy(), *[None] * (several.nin - 1))
    bars = products.vjp(several, y_bar, args, out=outs, accumulate=True)
    assert oracle.same_bits(bars[0], before + wanted[0])
    assert all(np.array_equal(bar, want) for bar, want in zip(bars[1:], wanted[1:], strict=True))


def test_a_tangent_that_is_none_counts_as_zero(several):
    args = arguments(several)
    tangents = [layouts.normal(SHAPE, seed=f"tangent{k}") for k in range(several.nin)]
    terms = [bar * dot for bar, dot in zip(products.vjp(several, np.ones(SHAPE), args), tangents, strict=True)]
    for chosen in itertools.product([False, True], repeat=several.nin):
        if any(chosen):
            some = [dot if there else None for dot, there in zip(tangents, chosen, strict=True)]
            wanted = sum(term for term, there in zip(terms, chosen, strict=True) if there)
            assert_close(several.jvp(tuple(some), *args), wanted, 1e-15)


def test_a_second_cotangent_that_is_none_counts_as_zero(several):
    args = arguments(several)
    y_bar, zero = layouts.normal(SHAPE, seed="y_bar"), np.zeros(SHAPE)
    h = [layouts.normal(SHAPE, seed=f"h{k}") for k in range(several.nin)]
    for chosen in itertools.product([False, True], repeat=several.nin):
        if any(chosen):
            some = [x if there else None for x, there in zip(h, chosen, strict=True)]
            every = [x if there else zero for x, there in zip(h, chosen, strict=True)]
            results, wanted = products.vjp2(several, some, y_bar, args), products.vjp2(several, every, y_bar, args)
            for result, want in zip(results, wanted, strict=True):
                np.testing.assert_array_equal(result, want)
