"""Outputs: given or new, and the copies that overlaps ask for."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import flags
from jackern._arrays.operands import NATIVE, Array, check_plain, is_native


def check_out(where: str, out: object, shape: tuple[int, ...], name: str = "out") -> None:
    """Raises unless `out` is a writable float array of this shape."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{where}: {name} is a {type(out).__name__}, expected an ndarray")
    check_plain(out, where, name)
    if out.dtype.newbyteorder("=") not in NATIVE:
        raise TypeError(f"{where}: {name} has dtype {out.dtype}, expected float32 or float64")
    if out.shape != shape:
        raise ValueError(f"{where}: {name} has shape {out.shape}, expected {shape}")
    if not out.flags.writeable:
        raise ValueError(f"{where}: {name} is read-only; pass a writable array")
    if overlaps_itself(out):
        raise ValueError(f"{where}: {name} overlaps itself; give every element memory of its own.")


def overlaps_itself(array: Array) -> bool:
    """Whether, in order of growing stride, an axis does not step past everything below it, as in the C library."""
    if array.flags.forc:
        return False
    extent = array.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent += stride * (n - 1)
    return False


class Outputs:
    """The outputs of one call: given or new, and native stand-ins for those that the C library does not take.

    It takes no byte-swapped or misaligned ones, and none that interleave.

    Parameters
    ----------
    where : str
        The call, for errors.
    outs : sequence
        What was given, None for a new array.
    shapes : sequence of tuple
        Of the results.
    dtype : numpy.dtype
        Of new arrays.
    accumulate : object
        What was given: a bool, or a tuple of them if there may be several results.
    single : bool
        Whether there is one result, not a tuple of them.

    Attributes
    ----------
    arrays : list of ndarray
        What the C library writes to.
    adds : list of bool
        Whether it adds to them: never to a new one.
    """

    def __init__(
        self,
        where: str,
        outs: Sequence[object],
        shapes: Sequence[tuple[int, ...]],
        dtype: np.dtype[Any],
        accumulate: object,
        single: bool = True,
    ):
        names = ["out"] if len(outs) == 1 else [f"out[{k}]" for k in range(len(outs))]
        self.adds = [False] * len(outs)
        for k, adds in enumerate(flags(where, accumulate, len(outs), single)):
            if adds and outs[k] is None and (isinstance(accumulate, tuple) or all(out is None for out in outs)):
                raise TypeError(f"{where}: accumulate={accumulate} needs {names[k]}, the array to add to")
            self.adds[k] = adds and outs[k] is not None
        interleaved: set[int] = set()
        for k, (out, shape, name) in enumerate(zip(outs, shapes, names, strict=True)):
            if out is None:
                continue
            check_out(where, out, shape, name)
            for other, before in zip(outs[:k], names, strict=False):
                if other is None or not np.may_share_memory(out, other):
                    continue
                if np.shares_memory(out, other):
                    raise ValueError(f"{where}: {name} overlaps {before}; give each output memory of its own.")
                interleaved.add(k)
        self.given = list(outs)
        self.arrays: list[Array] = []
        for k, (out, shape) in enumerate(zip(outs, shapes, strict=True)):
            if out is None:
                self.arrays.append(_core.new_output(shape, dtype))
            elif is_native(out) and k not in interleaved:
                self.arrays.append(np.asarray(out))
            else:
                self.arrays.append(np.asarray(out).astype(np.asarray(out).dtype.newbyteorder("=")))

    def by_adds(self) -> list[tuple[bool, list[Array | None]]]:
        """The arrays of all results that are added, and of all that are not, None in the places of the others."""
        groups = []
        for adds in sorted(set(self.adds)):
            chosen = [x if own is adds else None for x, own in zip(self.arrays, self.adds, strict=True)]
            groups.append((adds, chosen))
        return groups

    def spared(self, inputs: list[Any]) -> list[Any]:
        """The inputs, with a copy of each that shares memory with an array which is written to."""
        return [
            x if x is None or not any(np.may_share_memory(x, out) for out in self.arrays) else x.copy() for x in inputs
        ]

    def results(self) -> list[Any]:
        """What the caller gets: `out` itself where it was given, a NumPy scalar where a new result is 0-d."""
        results: list[Any] = []
        for out, array in zip(self.given, self.arrays, strict=True):
            if out is not None and array is not out:
                out[...] = array  # type: ignore[index]
            results.append(out if out is not None else array[()] if array.ndim == 0 else array)
        return results


def call(where: str, inputs: list[Any], function: Callable[[list[Any]], None]) -> None:
    """Calls `function(inputs)`, again with a copy of every input that an output overlaps."""
    while True:
        try:
            return function(inputs)
        except _core.Overlap as overlap:
            inputs[overlap.args[0]] = inputs[overlap.args[0]].copy()
        except _core.Refused as error:
            raise ValueError(f"{where}: {error}") from None
