"""Sums of Jacobians that are kept apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import ShapeLike
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.combination import Combination
from jackern._terms import entries
from jackern._terms.term import Term


class SumJacobian(_core.SumProducts, Combination):
    """A sum of Jacobians of the same shapes: each adds its product to one output."""

    __slots__ = ()

    def _with_parts(self, parts: Sequence[Jacobian]) -> SumJacobian:
        return SumJacobian(tuple(parts))

    @property
    def structure(self) -> str:
        return "sum"

    @property
    def _n_entries(self) -> int:
        size = math.prod(self.shape)
        return min(sum(size if part._n_entries is None else part._n_entries for part in self._parts), size)

    def _summands(self) -> tuple[Jacobian, ...]:
        return self._parts

    @property
    def T(self) -> SumJacobian:
        return SumJacobian(tuple(part.T for part in self._parts))

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> SumJacobian:
        shapes = reshaped(self, out_shape, in_shape)
        return SumJacobian(tuple(part.reshape(*shapes) for part in self._parts))

    def diagonal(self) -> Array:
        return entries.added_up((part.diagonal() for part in self._parts), self.dtype)

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        # The sum is added once, and if a function of a linear map fails, nothing is.
        whole = not accumulate and all(part._calls_nothing for part in self._parts)
        total = out if whole else _core.new_output(out.shape, out.dtype)
        for k, part in enumerate(self._parts):
            part._product(v, total, k > 0, transposed)
        if not whole:
            _core.sum_to(total, out, accumulate)

    def _fill(self, matrix: Array) -> None:
        for part in self._parts:
            part._fill(matrix)

    def _scaled(self, function: Callable[..., Any], number: Any) -> SumJacobian:
        return SumJacobian(tuple(part._scaled(function, number) for part in self._parts))

    def _terms(self) -> tuple[Term, ...] | None:
        parts = [part._terms() for part in self._parts]
        return None if any(terms is None for terms in parts) else tuple(term for terms in parts for term in terms or ())

    def _entries(self) -> tuple[Array, Array, Array]:
        rows, columns, values = zip(*(part._entries() for part in self._parts), strict=True)
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _core.restored, ("sum", self._parts)


_core.register("sum", SumJacobian)
