"""Arrays to test with: numbers that avoid kinks, and every way to lay them out in memory."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
from hypothesis import strategies as st

DTYPES = (np.float32, np.float64)


def points(domain, shapes, dtype=np.float64, seed="points"):
    """One array per argument, inside its domain (low, high), of numbers that float32 holds exactly.

    Arguments lie on grids of step 1/8 that are shifted against each other by 1/32: none is 0 or another
    integer, no two arguments are equal, and differences around a point stay on its side of every kink.
    """
    rng = np.random.default_rng(zlib.crc32(str(seed).encode()))
    arrays = []
    for k, ((low, high), shape) in enumerate(zip(domain, shapes, strict=True)):
        shift = (k + 1) / 32
        first, last = np.ceil((low - shift) * 8), np.floor((high - shift) * 8)
        arrays.append(np.asarray(rng.integers(int(first), int(last) + 1, shape) / 8 + shift, dtype))
    return arrays


def normal(shape, dtype=np.float64, seed="normal"):
    """Normally distributed numbers, for tangents and cotangents; the same in both dtypes."""
    rng = np.random.default_rng(zlib.crc32(str(seed).encode()))
    return np.asarray(rng.standard_normal(shape).astype(np.float32), dtype)


def integers(shape, dtype=np.float64, seed="integers", low=-4, high=4):
    """Small whole numbers without 0: their products and sums are exact, so that == compares results."""
    rng = np.random.default_rng(zlib.crc32(str(seed).encode()))
    numbers = rng.integers(low, high, shape)
    return np.asarray(np.where(numbers >= 0, numbers + 1, numbers), dtype)


def plain(array):
    """The same numbers, contiguous, aligned, native and writable."""
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


# ---- memory layouts: each takes an array and gives one of the same shape and dtype --------------------


def contiguous(array):
    return plain(array)


def fortran(array):
    return np.array(array, order="F")


def every_other(array):
    buffer = np.zeros([max(2 * n - 1, 0) for n in array.shape], array.dtype)
    view = buffer[(..., *[slice(None, None, 2)] * array.ndim)]
    view[...] = array
    return view


def backwards(array):
    buffer = np.array(array[(slice(None, None, -1),) * array.ndim], order="C")
    return buffer[(slice(None, None, -1),) * array.ndim]


def offset(array):
    buffer = np.zeros([n + 3 for n in array.shape], array.dtype)
    view = buffer[(..., *[slice(1, 1 + n) for n in array.shape])]
    view[...] = array
    return view


def repeated(array):
    """Stride 0 along the first axis: other numbers than `array` has, wherever that axis is longer than 1."""
    if array.ndim == 0 or array.shape[0] == 0:
        return plain(array)
    return np.broadcast_to(np.array(array[:1]), array.shape)


def misaligned(array):
    buffer = np.zeros(array.nbytes + 1, np.uint8)
    view = buffer[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def byte_swapped(array):
    return array.astype(array.dtype.newbyteorder())


def read_only(array):
    copy = plain(array)
    copy.flags.writeable = False
    return copy


WRITABLE = {f.__name__: f for f in (contiguous, fortran, every_other, backwards, offset)}
LAYOUTS = WRITABLE | {f.__name__: f for f in (repeated, misaligned, byte_swapped, read_only)}


# ---- shapes -------------------------------------------------------------------------------------------


def shapes(max_ndim, lengths):
    """Every shape of at most max_ndim axes whose lengths are drawn from `lengths`."""
    return [shape for ndim in range(max_ndim + 1) for shape in itertools.product(lengths, repeat=ndim)]


def broadcast_shape(a, b):
    """The broadcast shape of two shapes, or None."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def broadcastable_pairs(max_ndim, lengths):
    """Every pair of such shapes that broadcasts: (a, b, their broadcast shape)."""
    every = shapes(max_ndim, lengths)
    pairs = ((a, b, broadcast_shape(a, b)) for a in every for b in every)
    return [pair for pair in pairs if pair[2] is not None]


def with_a_third(nin, pair, i):
    """The shapes of a pair for ops of 2 arguments; for 3 a third shape that broadcasts to them, by turns another."""
    return [*pair, ((), *pair)[i % 3]][:nin]


# ---- Hypothesis ---------------------------------------------------------------------------------------


@st.composite
def laid_out(draw, array, writable=False):
    """`array` with strides of any sign and size, axes in any order in memory, at any offset of its buffer."""
    order = draw(st.permutations(range(array.ndim)))
    steps = [draw(st.sampled_from([1, 2, 3, -1, -2] if writable else [1, 2, 3, -1, -2, 0])) for _ in order]
    starts = [draw(st.integers(0, 2)) for _ in order]
    lengths = [start + max(1, abs(step)) * max(n, 1) for start, step, n in zip(starts, steps, array.shape, strict=True)]
    buffer = np.zeros([lengths[axis] for axis in order], array.dtype)
    view = buffer.transpose(np.argsort(order))
    for axis, (start, step, n) in enumerate(zip(starts, steps, array.shape, strict=True)):
        index = start + np.arange(n) * abs(step)
        if n == 0:
            part = slice(start, start)
        elif step == 0:
            part = slice(start, start + 1)
        elif step > 0:
            part = slice(start, index[-1] + 1, step)
        else:
            part = slice(index[-1], start - 1 if start else None, step)
        view = view[(slice(None),) * axis + (part,)]
    view[...] = array[tuple(slice(0, n) for n in view.shape)]
    return view if view.shape == array.shape else np.broadcast_to(view, array.shape)


@st.composite
def shape_pairs(draw, max_ndim=4, max_length=4):
    """Two shapes that broadcast, each perhaps with fewer axes and with axes of length 1 and 0."""
    full = draw(st.lists(st.integers(0, max_length), max_size=max_ndim))
    pair = []
    for _ in range(2):
        kept = draw(st.integers(0, len(full)))
        pair.append(tuple(1 if draw(st.booleans()) else n for n in full[len(full) - kept :]))
    return tuple(pair)
