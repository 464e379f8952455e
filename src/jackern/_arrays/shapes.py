"""Shapes: of array-likes, as arguments, broadcast against each other."""

import operator
from collections.abc import Iterable
from typing import SupportsIndex

import numpy as np

from jackern._arrays.operands import as_ndarray

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
        lengths = (shape,) if isinstance(shape, SupportsIndex) else tuple(shape)
        result = tuple(operator.index(n) for n in lengths)
    except TypeError:
        raise TypeError(f"{where}: {name} is {shape!r}, expected an int or a tuple of ints.") from None
    if any(n < 0 for n in result):
        raise ValueError(f"{where}: {name} is {result}, expected lengths of at least 0.")
    return result
