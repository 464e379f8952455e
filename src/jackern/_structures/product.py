"""Products of Jacobians that are kept apart."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import ShapeLike
from jackern._structures import bracket
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.combination import Combination
from jackern._structures.verbs import verbs


class Factors(Combination):
    """Factors that are not multiplied out."""

    __slots__ = ()

    @property
    @abstractmethod
    def _apart(self) -> tuple[str, ...]:
        """Why every two neighbours are kept apart."""

    def _factors(self) -> tuple[Jacobian, ...]:
        return self._parts

    def _reasons(self) -> tuple[str, ...]:
        return self._apart

    @property
    def structure(self) -> str:
        return "product"

    @property
    def _n_entries(self) -> None:
        return None


class ProductJacobian(_core.ChainProducts, Factors):
    """A product of Jacobians, applied one after the other or multiplied first, by what costs least.

    A flat list of factors, and for every two neighbours the reason why they are not multiplied out.
    """

    __slots__ = ()

    @property
    def _is_chain(self) -> bool:
        return True

    def _with_parts(self, parts: Sequence[Jacobian]) -> ProductJacobian:
        return ProductJacobian(tuple(parts), self._apart)

    @property
    def T(self) -> ProductJacobian:
        return ProductJacobian(tuple(part.T for part in reversed(self._parts)), self._apart[::-1])

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> ProductJacobian:
        out_shape, in_shape = reshaped(self, out_shape, in_shape)
        first, *middle, last = self._parts
        first, last = first.reshape(out_shape, first.in_shape), last.reshape(last.out_shape, in_shape)
        return self._with_parts([first, *middle, last])

    def diagonal(self) -> Array:
        return verbs.diagonal_of_product(self._parts)

    def _plan(self, n_vectors: int | None) -> bracket.Plan:
        sizes = (self.shape[0], *(part.shape[1] for part in self._parts))
        costs = [tuple(part._costs[k] for part in self._parts) for k in (0, 1)]
        return bracket.bracket(sizes, *costs, tuple(part._stored for part in self._parts), n_vectors)

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        if transposed:
            self.T._write(v, out, accumulate, False)
            return
        batch = v.shape[: v.ndim - len(self.in_shape)]
        n_vectors = math.prod(batch)
        if n_vectors > 1:
            first, rest = self._plan(n_vectors).order  # type: ignore[misc]
            if isinstance(first, int):
                v = self._rows(rest, v.reshape(n_vectors, self.shape[1])).reshape(*batch, *self._parts[0].in_shape)
                self._parts[0]._product(v, out, accumulate)
            else:
                rows = self._rows((first, rest), v.reshape(n_vectors, self.shape[1]))
                _core.sum_to(rows.reshape(out.shape), out, accumulate)
            return
        for part in self._parts[:0:-1]:
            v = part._product(v)
        self._parts[0]._product(v, out, accumulate)

    def _rows(self, order: Any, vectors: Array | None = None) -> Array:
        """Return the transpose of the matrix that an order of multiplication stands for; a row is a column of it."""
        if len(order) == 1:
            (k,) = order
            return (
                vectors if vectors is not None and k == len(self._parts) else self._parts[k].toarray(max_bytes=None).T
            )
        left, right = order
        if isinstance(left, int):
            part, rows = self._parts[left], self._rows(right, vectors)
            return part._product(rows.reshape(len(rows), *part.in_shape)).reshape(len(rows), part.shape[0])
        if isinstance(right, int):
            part, columns = self._parts[right], self._rows(left, vectors).T
            product = part._product(columns.reshape(len(columns), *part.out_shape), transposed=True)
            return product.reshape(len(columns), part.shape[1]).T
        return self._rows(right, vectors) @ self._rows(left, vectors)

    def _fill(self, matrix: Array) -> None:
        matrix += self._rows(self._plan(None).order).T

    def _scaled(self, function: Callable[..., Any], number: Any) -> ProductJacobian:
        cheapest = min(range(len(self._parts)), key=lambda k: self._parts[k]._stored)
        parts = list(self._parts)
        parts[cheapest] = parts[cheapest]._scaled(function, number)
        return self._with_parts(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return _core.restored, ("product", self._parts, self._apart)


_core.register("product", ProductJacobian)
