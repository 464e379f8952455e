"""Jacobians whose entries are numbers kept in arrays, times what does not change with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from jackern._arrays.arguments import as_dtype
from jackern._arrays.operands import Array, quiet
from jackern._arrays.shapes import Shape
from jackern._structures.base import Jacobian


class StoredJacobian(Jacobian):
    """A Jacobian that another dtype and a multiple are made of by changing its numbers alone."""

    __slots__ = ()

    @abstractmethod
    def _with_values(self, function: Callable[[Array], Array]) -> Self:
        """Return the Jacobian with the function of its numbers; those that were constant stay so."""

    @quiet
    def astype(self, dtype: DTypeLike) -> Self:
        dtype = as_dtype(dtype, "astype")
        return self if dtype == self.dtype else self._with_values(lambda values: values.astype(dtype))

    @quiet
    def _scaled(self, function: Callable[..., Any], number: Any) -> Self:
        return self._with_values(lambda values: np.asarray(function(values, number)))


def once(values: Array) -> Array:
    """Return the numbers that are there, with length 1 along the axes on which they are repeated.

    It is the same array each time wherever that can be, so that pickles and deep copies of several Jacobians hold it
    once.
    """
    numbers = values
    if not all(values.strides):
        numbers = values[tuple(slice(None) if stride else slice(1) for stride in values.strides)]
    owner = numbers.base
    return owner if isinstance(owner, np.ndarray) and place_of(owner) == place_of(numbers) else numbers


def place_of(array: Array) -> tuple[int, Shape, Shape]:
    """Return where the numbers of an array lie."""
    return array.ctypes.data, array.shape, array.strides
