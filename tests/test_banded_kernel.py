"""Sums of bands, without the algebra above them, against loops over single elements."""

from __future__ import annotations

import itertools

import layouts
import numpy as np
import pytest

import jackern as jk
from jackern import _core


class Products(_core.BandedProducts):
    """The general way takes whatever the straight one leaves: batches, layouts, other arrays."""

    def _general_product(self, v, out, accumulate, transposed):
        lengths = (self._in_lengths, self._out_lengths) if transposed else (self._out_lengths, self._in_lengths)
        shapes = (self.in_shape, self.out_shape) if transposed else (self.out_shape, self.in_shape)
        batch = v.shape[: v.ndim - len(shapes[1])]
        if out is None:
            dtype = np.result_type(v.dtype, *(band[0] for band in self._bands))
            out = np.empty(batch + shapes[0], dtype)
        self._batched_product(v.reshape(batch + lengths[1]), out.reshape(batch + lengths[0]), accumulate, transposed)
        return out


def oracle(bands, v, out_lengths, transposed=False):
    """The sum in the order of the bands, one rounding per operation, in the widest dtype: the same bits."""
    n_axes = len(out_lengths)
    dtype = np.result_type(v.dtype, *(band[0] for band in bands))
    v = v.astype(dtype)
    out = np.zeros(v.shape[: v.ndim - n_axes] + tuple(out_lengths), dtype)
    reached = np.zeros(out_lengths, bool)
    for values, out_start, out_step, in_start, in_step in bands:
        if transposed:
            out_start, out_step, in_start, in_step = in_start, in_step, out_start, out_step
        for k in np.ndindex(values.shape):
            to = tuple(s + t * i for s, t, i in zip(out_start, out_step, k, strict=True))
            source = tuple(s + t * i for s, t, i in zip(in_start, in_step, k, strict=True))
            product = values[k].astype(dtype) * v[(..., *source)]
            out[(..., *to)] = out[(..., *to)] + product if reached[to] else product
            reached[to] = True
    return out


def random_bands(rng, n_bands, out_lengths, in_lengths, dtypes):
    """Windows of every sort: whole, cut, strided, backwards, empty; values with and without strides of 0."""
    bands = []
    for b in range(n_bands):
        shape, places = [], []
        for m, n in zip(out_lengths, in_lengths, strict=True):
            steps = [int(rng.choice([1, 1, 1, 2, 3])) for _ in range(2)]
            most = min(-(-m // steps[0]), -(-n // steps[1]))
            length = most if rng.random() < 0.5 else int(rng.integers(0, most + 1))
            place = []
            for full, step in zip((m, n), steps, strict=True):
                reach = step * max(length - 1, 0)
                start = int(rng.integers(0, full - reach)) if length else 0
                back = rng.random() < 0.2
                place += [start + reach if back else start, -step if back else step]
            shape.append(length)
            places.append(place)
        values = rng.standard_normal(shape).astype(np.float32).astype(dtypes[b % len(dtypes)])
        for axis in range(len(shape)):
            if shape[axis] > 0 and rng.random() < 0.2:
                values = np.broadcast_to(values.take([0], axis), shape)
        bands.append((values, *(tuple(place[i] for place in places) for i in range(4))))
    return tuple(bands)


def products_of(bands, out_lengths, in_lengths):
    return Products(bands, out_lengths, in_lengths, out_lengths, in_lengths)


LENGTHS = [
    ((), ()),
    ((1,), (1,)),
    ((0,), (3,)),
    ((3,), (0,)),
    ((7,), (7,)),
    ((40,), (33,)),
    ((5, 6), (5, 6)),
    ((3, 1), (4, 1)),
    ((1, 9), (5, 9)),
    ((20, 3), (20, 3)),
    ((4, 3, 3), (4, 3, 3)),
    ((2, 0, 3), (2, 1, 3)),
]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("transposed", [False, True], ids=["jvp", "vjp"])
@pytest.mark.parametrize("dtypes", list(itertools.product(layouts.DTYPES, repeat=2)), ids=str)
def test_products_have_the_bits_of_the_loop_over_elements(lengths, transposed, dtypes):
    rng = np.random.default_rng(5)
    for n_bands in (1, 2, 3, 5, 6, 13):
        bands = random_bands(rng, n_bands, *lengths, dtypes)
        out_lengths, in_lengths = lengths[::-1] if transposed else lengths
        for batch in ((), (2,), (20,), (2, 3), (0,)):
            v = rng.standard_normal(batch + in_lengths).astype(dtypes[1])
            products = products_of(bands, *lengths)
            got = (products.vjp if transposed else products.jvp)(v)
            expected = oracle(bands, v, out_lengths, transposed)
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("n", [5, 4096, 4097, 20000])
@pytest.mark.parametrize("n_bands", [1, 3, 5, 8])
def test_long_bands_are_summed_in_their_order(dtype, n, n_bands):
    rng = np.random.default_rng(1)
    v = rng.standard_normal(n).astype(dtype)
    bands, expected = [], np.zeros(n, dtype)
    for shift in range(-(n_bands // 2), n_bands - n_bands // 2):
        low, high = max(0, -shift), min(n, n - shift)
        values = rng.standard_normal(max(high - low, 0)).astype(dtype)
        bands.append((values, (low,), (1,), (max(0, shift),), (1,)) if high > low else (values, (0,), (1,), (0,), (1,)))
        expected[low : max(high, low)] += values * v[max(0, shift) : max(0, shift) + values.size]
    np.testing.assert_array_equal(products_of(tuple(bands), (n,), (n,)).jvp(v), expected)


@pytest.mark.parametrize("shape", [(300,), (30, 20), (2, 5000), (5000, 3)], ids=str)
@pytest.mark.parametrize("batch", [(), (3,), (40,)], ids=str)
@pytest.mark.parametrize("accumulate", [False, True])
def test_layouts_give_the_bits_of_contiguous_arrays(dtype, shape, batch, accumulate):
    rng = np.random.default_rng(2)
    bands = random_bands(rng, 6, shape, shape, [dtype])
    v, base = (rng.standard_normal(batch + shape).astype(dtype) for _ in range(2))
    plain = products_of(bands, shape, shape)
    expected = base.copy()
    plain._batched_product(v, expected, accumulate, False)
    for lay, writable in zip(
        (layouts.fortran, layouts.every_other, layouts.backwards, layouts.offset),
        (layouts.every_other, layouts.fortran, layouts.offset, layouts.backwards),
        strict=True,
    ):
        strided = products_of(tuple((lay(band[0]), *band[1:]) for band in bands), shape, shape)
        out = writable(base)
        strided._batched_product(lay(v), out, accumulate, False)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("shape", [(1,), (7,), (3000,), (30, 20), (700, 3)], ids=str)
@pytest.mark.parametrize("n_vectors", [1, 2, 5, 16, 100, 600])
@pytest.mark.parametrize("accumulate", [False, True])
def test_columns_of_a_matrix_are_vectors(dtype, shape, n_vectors, accumulate):
    rng = np.random.default_rng(4)
    v, base = (rng.standard_normal((*shape, n_vectors)).astype(dtype) for _ in range(2))
    for n_bands in (1, 3, 7):
        products = products_of(random_bands(rng, n_bands, shape, shape, [dtype]), shape, shape)
        expected = np.moveaxis(base, -1, 0).copy(order="C")
        products._batched_product(np.ascontiguousarray(np.moveaxis(v, -1, 0)), expected, accumulate, False)
        out = base.copy()
        products._batched_product(np.moveaxis(v, -1, 0), np.moveaxis(out, -1, 0), accumulate, False)
        np.testing.assert_array_equal(np.moveaxis(out, -1, 0), expected)


def test_the_sum_is_rounded_once_and_added_once(dtype):
    """1 + e - 1 with an e that float32 cannot add to 1: the sum over bands is formed in the wider dtype."""
    e = 1e-9
    ones = np.ones(3)
    place = (0,), (1,), (0,), (1,)
    bands = tuple((c * ones, *place) for c in (1.0, e, -1.0))
    out = np.zeros(3, dtype)
    products = products_of(bands, (3,), (3,))
    products._batched_product(ones.astype(dtype), out, False, False)
    np.testing.assert_array_equal(out, np.full(3, 1.0 + e - 1.0).astype(dtype))
    out[:] = 1.0
    products._batched_product(ones.astype(dtype), out, True, False)
    np.testing.assert_array_equal(out, np.full(3, 1.0 + (1.0 + e - 1.0)).astype(dtype))


def test_zeros_of_the_structure_win_over_nan():
    bands = ((np.ones(2), (1,), (1,), (0,), (1,)),)
    v = np.array([1.0, 2.0, np.nan, np.inf])
    np.testing.assert_array_equal(products_of(bands, (4,), (4,)).jvp(v), [0.0, 1.0, 2.0, 0.0])


def test_labels_may_have_another_shape_than_the_axes(dtype):
    values = np.arange(6, dtype=dtype).reshape(2, 3)
    bands = ((values, (0, 0), (1, 1), (0, 0), (1, 1)),)
    products = Products(bands, (2, 3), (2, 3), (3, 2), (6,))
    np.testing.assert_array_equal(products.jvp(np.ones(6, dtype)), values.reshape(3, 2))
    np.testing.assert_array_equal(products.vjp(np.ones((3, 2), dtype)), values.reshape(6))
    assert (products.out_shape, products.in_shape) == ((3, 2), (6,))


def test_a_result_without_axes_is_a_number(dtype):
    bands = ((np.array([3.0], dtype), (0,), (1,), (1,), (1,)),)
    product = Products(bands, (1,), (2,), (), (2,)).jvp(np.array([1.0, 2.0], dtype))
    assert type(product) is dtype
    assert product == 6.0


def test_out_and_accumulate(dtype):
    bands = ((np.array([1.0, 2.0, 3.0], dtype), (0,), (1,), (0,), (1,)),)
    products = products_of(bands, (3,), (3,))
    out = np.ones(3, dtype)
    assert products.jvp(np.ones(3, dtype), out=out, accumulate=True) is out
    np.testing.assert_array_equal(out, [2.0, 3.0, 4.0])
    assert products.vjp(np.ones(3, dtype), out=out) is out
    np.testing.assert_array_equal(out, [1.0, 2.0, 3.0])


def test_an_out_that_overlaps_is_refused_unwritten(dtype):
    memory = np.arange(8, dtype=dtype)
    before = memory.copy()
    place = (0,), (1,), (0,), (1,)
    one, within = (np.ones(4, dtype), *place), (memory[2:6], *place)
    with pytest.raises(_core.Overlap, match="1"):
        products_of((one, within), (4,), (4,))._batched_product(np.ones(4, dtype), memory[4:], False, False)
    with pytest.raises(_core.Overlap, match="2"):
        products_of((one, one), (4,), (4,))._batched_product(memory[:4], memory[3:7], False, False)
    np.testing.assert_array_equal(memory, before)


@pytest.mark.parametrize(
    "place",
    [((1,), (1,), (0,), (1,)), ((0,), (1,), (-1,), (1,)), ((0,), (0,), (0,), (1,)), ((0,), (2,), (0,), (1,))],
    ids=str,
)
def test_a_window_outside_of_an_array_is_no_band(place):
    with pytest.raises(ValueError, match="leaves the lengths"):
        products_of(((np.ones(3), *place),), (3,), (3,))


@pytest.mark.parametrize(
    ("band", "message"),
    [
        ((np.ones((2, 2)), (0,), (1,), (0,), (1,)), "band 0"),
        ((np.ones(2, np.float16), (0,), (1,), (0,), (1,)), "float16"),
        ((np.ones(2), (0, 0), (1,), (0,), (1,)), r"\(0, 0\) has 2 numbers"),
    ],
)
def test_a_band_that_is_none_is_refused(band, message):
    with pytest.raises(ValueError, match=message):
        products_of((band,), (2,), (2,))


def test_values_may_change_and_get_another_shape():
    values = np.ones(6)
    products = products_of(((values, (0,), (1,), (0,), (1,)),), (6,), (6,))
    values[0] = 5.0
    values.resize((2, 3), refcheck=False)
    np.testing.assert_array_equal(products.jvp(np.ones(6)), [5.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_calls_are_counted():
    products = products_of(((np.ones(2), (0,), (1,), (0,), (1,)),), (2,), (2,))
    before = _core.count_calls()
    products.jvp(np.ones(2))
    products.vjp(np.ones(2))
    products.vjp(np.ones((3, 2)))
    after = _core.count_calls()
    counted = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert counted == {"jacobian.jvp": 1, "jacobian.vjp": 2, "jacobian.vjp (general)": 1}


def test_threads_give_the_same_bits(dtype):
    rng = np.random.default_rng(3)
    before = jk.get_num_threads()
    for shape in ((200_000,), (500, 400), (20_000, 10)):
        bands = random_bands(rng, 5, shape, shape, [dtype])
        products, v = products_of(bands, shape, shape), rng.standard_normal((2, *shape)).astype(dtype)
        try:
            jk.set_num_threads(1)
            expected = products.jvp(v[0]), products.jvp(v)
            jk.set_num_threads(3)
            got = products.jvp(v[0]), products.jvp(v)
        finally:
            jk.set_num_threads(before)
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_array_equal(one, other)
