"""Jacobians whose entries are numbers kept in arrays, times what does not change with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from jackern._arrays.operands import Array, native_dtype
from jackern._structures.base import Jacobian


class StoredJacobian(Jacobian):
    """A Jacobian that another dtype and a multiple are made of by changing its numbers alone."""

    __slots__ = ()

    @abstractmethod
    def _with_values(self, function: Callable[[Array], Array]) -> Self:
        """Return the Jacobian with the function of its numbers; those that were constant stay so."""

    def astype(self, dtype: DTypeLike) -> Self:
        dtype = native_dtype(dtype, "astype")
        return self if dtype == self.dtype else self._with_values(lambda values: values.astype(dtype))

    def _scaled(self, function: Callable[..., Any], number: Any) -> Self:
        with np.errstate(all="ignore"):
            return self._with_values(lambda values: np.asarray(function(values, number)))


def once(values: Array) -> Array:
    """Return the numbers that are there, with length 1 along the axes on which they are repeated."""
    return values[tuple(slice(None) if stride else slice(1) for stride in values.strides)]
