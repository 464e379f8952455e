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
from jackern._terms import entries
from jackern._terms.term import Term


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


class DiagonalTerms(StoredJacobian):
    """A sum of terms whose letters all stand at both ends, in a storage that one call multiplies with."""

    __slots__ = ()

    # Its slot is in the final classes: a class of the binding beside this one leaves no room for it here.
    _terms_when_asked: tuple[Term, ...]
    _check_kept: Callable[[], None]

    @abstractmethod
    def _made_terms(self) -> tuple[Term, ...]:
        """Make the terms of what is stored."""

    def _terms(self) -> tuple[Term, ...]:
        self._check_kept()
        if not hasattr(self, "_terms_when_asked"):
            self._terms_when_asked = self._made_terms()  # type: ignore[misc]
        return self._terms_when_asked

    @property
    def structure(self) -> str:
        return "banded"

    @property
    def _cost(self) -> int:
        return self.nnz

    def _fill(self, matrix: Array) -> None:
        for term in self._terms():
            entries.fill(term, matrix)

    def diagonal(self) -> Array:
        return entries.added_up(map(entries.diagonal, self._terms()), self.dtype)

    def _entries(self) -> tuple[Array, Array, Array]:
        rows, columns, values = zip(*map(entries.entries, self._terms()), strict=True)
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)


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
