"""Shapes: of array-likes, as arguments, broadcast against each other."""

import operator
import sys
from collections.abc import Iterable
from typing import SupportsIndex

import numpy as np

from jackern._arrays.operands import as_ndarray, is_own

Shape = tuple[int, ...]
ShapeLike = SupportsIndex | Iterable[SupportsIndex]


def shape_of(x: object, where: str, name: str) -> tuple[int, ...]:
    """The shape of an array-like of which nothing else is read."""
    return x.shape if type(x) is np.ndarray else as_ndarray(x, where, name).shape


def broadcast_shape(shapes: dict[str, tuple[int, ...]], where: str) -> tuple[int, ...]:
    """The shape that these broadcast to; np.broadcast_shapes stops at 32 axes."""
    ndim = max(len(shape) for shape in shapes.values())
    result = [1] * ndim
    for shape in shapes.values():
        for d, n in enumerate(shape, ndim - len(shape)):
            if n != 1 and result[d] not in (1, n):
                raise ValueError(f"{where}: {listed(shapes)} do not broadcast together")
            if n != 1:
                result[d] = n
    return tuple(result)


def listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return " and ".join(f"{name} {shape}" for name, shape in shapes.items())


def check_shape(where: str, name: str, shape: tuple[int, ...], expected: tuple[int, ...], what: str) -> None:
    if shape != expected:
        raise ValueError(f"{where}: {name} has shape {shape}, expected {expected}, {what}.")


def as_shape(shape: ShapeLike, where: str, name: str) -> Shape:
    """Return an int or several as a shape."""
    try:
        result = tuple(map(operator.index, (shape,) if isinstance(shape, SupportsIndex) else shape))
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(f"{where}: {name} is {shape!r}, expected an int or a tuple of ints.") from None
    for n in result:
        if abs(n) > sys.maxsize:
            about = f"{'-' * (n < 0)}2**{n.bit_length() - 1}"
            raise ValueError(f"{where}: a length in {name} is about {about}, expected one from 0 to {sys.maxsize}.")
    if any(n < 0 for n in result):
        raise ValueError(f"{where}: {name} is {result}, expected lengths of at least 0.")
    return result
