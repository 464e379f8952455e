"""Sums and products of Jacobians that are kept apart."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jackern import _core
from jackern._arrays.operands import Array, native_dtype
from jackern._arrays.shapes import ShapeLike
from jackern._structures import bracket
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.compound import CompoundJacobian
from jackern._terms import combine, entries
from jackern._terms.term import KeptApart, Term

MANY = 16  # entries for every number stored are not too many to list


class Combination(CompoundJacobian):
    """What sums and products have in common: parts that are kept apart."""

    __slots__ = ()

    @property
    @abstractmethod
    def _parts(self) -> tuple[Jacobian, ...]:
        """The terms, or the factors."""

    @abstractmethod
    def _with_parts(self, parts: Sequence[Jacobian]) -> Combination:
        """Return the same of other parts."""

    @property
    def dtype(self) -> Any:
        return np.result_type(*(part.dtype for part in self._parts))

    def astype(self, dtype: DTypeLike) -> Jacobian:
        dtype = native_dtype(dtype, "astype")
        if all(part.dtype == dtype for part in self._parts):
            return self
        return self._with_parts([part.astype(dtype) for part in self._parts])

    @property
    def _calls_nothing(self) -> bool:
        return all(part._calls_nothing for part in self._parts)

    def _arrays(self) -> tuple[Array, ...]:
        return tuple(array for part in self._parts for array in part._arrays())

    @property
    def _stored(self) -> int:
        return sum(part._stored for part in self._parts)

    @property
    def _cost(self) -> int:
        return sum(part._cost for part in self._parts)

    @property
    def _costs(self) -> tuple[float, float]:
        jvp_costs, vjp_costs = zip(*(part._costs for part in self._parts), strict=True)
        return sum(jvp_costs), sum(vjp_costs)


class SumJacobian(_core.SumProducts, Combination):
    """A sum of Jacobians of the same shapes: each adds its product to one output."""

    __slots__ = ()

    def _with_parts(self, parts: Sequence[Jacobian]) -> SumJacobian:
        return SumJacobian(tuple(parts))

    @property
    def structure(self) -> str:
        return "sum"

    @property
    def nnz(self) -> int:
        size = math.prod(self.shape)
        return min(sum(size if part.structure in ("product", "linear-map") else part.nnz for part in self._parts), size)

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
            (part.vjp if transposed else part.jvp)(v, out=total, accumulate=k > 0)
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
        return SumJacobian, (self._parts,)


class Factors(Combination):
    """Factors that are not multiplied out."""

    __slots__ = ()

    @property
    def structure(self) -> str:
        return "product"

    @property
    def nnz(self) -> int:
        raise ValueError("nnz: the entries of a product are not known without forming them; see toarray().")


class ProductJacobian(_core.ChainProducts, Factors):
    """A product of Jacobians, applied one after the other or multiplied first, by what costs least.

    A flat list of factors, and for every two neighbours the reason why they are not multiplied out.
    """

    __slots__ = ()

    def _with_parts(self, parts: Sequence[Jacobian]) -> ProductJacobian:
        return ProductJacobian(tuple(parts), self._reasons)

    @property
    def T(self) -> ProductJacobian:
        return ProductJacobian(tuple(part.T for part in reversed(self._parts)), self._reasons[::-1])

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> ProductJacobian:
        out_shape, in_shape = reshaped(self, out_shape, in_shape)
        first, *middle, last = self._parts
        first, last = first.reshape(out_shape, first.in_shape), last.reshape(last.out_shape, in_shape)
        return self._with_parts([first, *middle, last])

    def diagonal(self) -> Array:
        if len(self._parts) == 2 and self.shape[0] == self.shape[1]:
            a, b = self._parts
            if isinstance(a, SumJacobian) or isinstance(b, SumJacobian):
                pairs = ((p @ q).diagonal() for p in parts_of(a) for q in parts_of(b))
                return entries.added_up(pairs, self.dtype)
            a_terms, b_terms = a._terms(), b._terms()
            if a_terms is not None and b_terms is not None:
                try:
                    pairs = (combine.diagonal_of_product(p, q) for p in a_terms for q in b_terms)
                    return entries.added_up(pairs, self.dtype)
                except KeptApart:
                    pass
            if all(has_few_entries(x) for x in (a, b)):
                return entries.diagonal_of_product(a._entries(), b._entries(), self.shape[0], self.dtype)
        n = min(self.shape)
        result = np.empty(n, self.dtype)
        # Unit vectors, so many at a time that they take no more room than what is stored.
        step = max(1, self._stored // max(1, *self.shape))
        for start in range(0, n, step):
            places = np.arange(start, min(start + step, n))
            units = np.zeros((len(places), self.shape[1]), self.dtype)
            units[np.arange(len(places)), places] = 1
            columns = self.jvp(units.reshape(len(units), *self.in_shape)).reshape(len(places), self.shape[0])
            result[places] = columns[np.arange(len(places)), places]
        return result

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
                self._parts[0].jvp(v, out=out, accumulate=accumulate)
            else:
                rows = self._rows((first, rest), v.reshape(n_vectors, self.shape[1]))
                _core.sum_to(rows.reshape(out.shape), out, accumulate)
            return
        for part in self._parts[:0:-1]:
            v = part.jvp(v)
        self._parts[0].jvp(v, out=out, accumulate=accumulate)

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
            return np.reshape(part.jvp(rows.reshape(len(rows), *part.in_shape)), (len(rows), part.shape[0]))
        if isinstance(right, int):
            part, columns = self._parts[right], self._rows(left, vectors).T
            return np.reshape(part.vjp(columns.reshape(len(columns), *part.out_shape)), (len(columns), part.shape[1])).T
        return self._rows(right, vectors) @ self._rows(left, vectors)

    def _fill(self, matrix: Array) -> None:
        matrix += self._rows(self._plan(None).order).T

    def _scaled(self, function: Callable[..., Any], number: Any) -> ProductJacobian:
        cheapest = min(range(len(self._parts)), key=lambda k: self._parts[k]._stored)
        parts = list(self._parts)
        parts[cheapest] = parts[cheapest]._scaled(function, number)
        return self._with_parts(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return ProductJacobian, (self._parts, self._reasons)


def parts_of(jacobian: Jacobian) -> tuple[Jacobian, ...]:
    """Return the terms of a sum, or the Jacobian itself."""
    return jacobian._parts if isinstance(jacobian, SumJacobian) else (jacobian,)


def has_few_entries(jacobian: Jacobian) -> bool:
    """Whether the entries are known, and not many more than the numbers that are stored anyway."""
    if jacobian.structure in ("product", "linear-map"):
        return False
    return jacobian.nnz <= MANY * (jacobian._stored + sum(jacobian.shape))
