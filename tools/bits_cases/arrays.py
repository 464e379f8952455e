"""Numbers from a seed that each case has to itself, every way to lay them out, and calls that write into them.

Rounded numbers fill their mantissas, so that a sum in any other order shows.  Whole numbers are for what goes through
NumPy's matmul, whose order of adding is not jackern's: their products and sums are exact in any order.
"""

from __future__ import annotations

import functools
import zlib

import numpy as np

import jackern as jk
from bits_cases.recorder import ON_TWO_THREADS

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
# Operands take these in turn.
DTYPES = {"float32": (F32, F32), "float64": (F64, F64), "mixed": (F32, F64), "mixed the other way": (F64, F32)}


def generator(*key):
    """Return the random numbers that belong to a key."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


@functools.lru_cache(maxsize=128)
def numbers(key, shape, dtype=F64, low=-4.0, high=4.0):
    """Return numbers between two bounds, as they are rounded; read-only, for it is kept."""
    array = np.asarray(generator(key, shape).uniform(low, high, shape), dtype)
    array.flags.writeable = False
    return array


def whole(key, shape, dtype=F64):
    """Return whole numbers from -3 to 3, without 0."""
    found = generator(key, shape).integers(-3, 3, shape)
    return np.asarray(np.where(found >= 0, found + 1, found), dtype)


def every_other(array):
    """Return a view with stride 2 along every axis."""
    view = np.zeros([2 * n for n in array.shape], array.dtype)[(..., *[slice(None, None, 2)] * array.ndim)]
    view[...] = array
    return view


def backwards(array):
    """Return a view with negative strides."""
    ends = (slice(None, None, -1),) * array.ndim
    return np.array(array[ends], order="C")[(..., *ends)]


def fortran(array):
    """Return a copy in Fortran order."""
    return np.array(array, order="F")


def repeated(array):
    """Return a view with stride 0 along the first axis: other numbers, where that is longer than 1."""
    return np.broadcast_to(array[:1].copy(), array.shape) if array.ndim and len(array) else array


def rows_apart(array):
    """Return a view of some columns of a wider array, its last axis alone being contiguous."""
    buffer = np.zeros((*array.shape[:-1], array.shape[-1] + 3) if array.ndim else (), array.dtype)
    view = buffer[..., 2:-1] if array.ndim else buffer
    view[...] = array
    return view


def misaligned(array):
    """Return a copy at an odd address."""
    view = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def contiguous(array):
    """Return a copy in C order."""
    return np.array(array, order="C")


LAYOUTS = {
    layout.__name__.replace("_", " "): layout
    for layout in (contiguous, every_other, backwards, fortran, repeated, rows_apart, misaligned)
}


def into(function, out, *args, **options):
    """Call a product with `out`, whose numbers stay what they were: a view like it of a copy is given."""
    outs = [copied(x) for x in (out if isinstance(out, tuple) else (out,))]
    return function(*args, out=tuple(outs) if isinstance(out, tuple) else outs[0], **options)


def copied(array):
    """Return a copy with the same strides, signs included, in a buffer of its own."""
    if array is None or 0 in array.shape:
        return array
    steps = np.abs(array.strides)
    start = sum(step * (n - 1) for step, n in zip(array.strides, array.shape, strict=True) if step < 0)
    n_bytes = int(sum(steps * (np.array(array.shape, int) - 1))) + array.itemsize
    buffer = np.zeros(n_bytes, np.uint8)
    view = np.ndarray(array.shape, array.dtype, buffer, -start, array.strides)
    view[...] = array
    return view


def over_an_operand(function, k, *args, **options):
    """Call a product that writes into a copy of its k-th argument."""
    args = [copied(x) if isinstance(x, np.ndarray) else x for x in args]
    return function(*args, out=args[k], **options)


def beside_an_operand(function, *args, **options):
    """Call a product that writes into an array that overlaps its last argument by all numbers but one."""
    *others, last = args
    buffer = np.zeros(last.size + 1, last.dtype)
    buffer[:-1] = last.reshape(-1)
    return function(*others, buffer[:-1].reshape(last.shape), out=buffer[1:].reshape(last.shape), **options)


def on_threads_too(record):
    """Return what records a case on one thread, then on two."""

    def twice(name, function, *args, **options):
        result = record(name, function, *args, **options)
        if not hasattr(jk, "set_num_threads"):
            return result
        jk.set_num_threads(2)
        try:
            record(f"{name}{ON_TWO_THREADS}", function, *args, **options)
        finally:
            jk.set_num_threads(1)
        return result

    return twice
