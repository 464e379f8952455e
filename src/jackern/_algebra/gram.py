"""Gram matrices JᵀWJ: multiplied out by the rule of compositions, else applied in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jackern import _core
from jackern._algebra import rules
from jackern._arrays.arguments import as_native_beside
from jackern._arrays.operands import Array, quiet
from jackern._arrays.shapes import ShapeLike
from jackern._structures.axis import elementwise
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.product import Factors
from jackern._terms.term import KeptApart

SEVERAL_VECTORS = 16  # from more on, two matrix products are faster than passes of eight vectors


class GramJacobian(_core.GramProducts, Factors):
    """The product ``JᵀWJ``, of which a product with one vector reads the numbers of a dense J once.

    The parts are ``Jᵀ``, W (diagonal, or an identity) and J; the reasons say why they are not multiplied out.
    """

    __slots__ = ()

    @property
    def _is_symmetric(self) -> bool:
        return True

    def _with_parts(self, parts: Sequence[Jacobian]) -> GramJacobian:
        return GramJacobian(tuple(parts), self._apart)

    @property
    def T(self) -> GramJacobian:
        return self if self.out_shape == self.in_shape else self.reshape(self.in_shape, self.out_shape)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> GramJacobian:
        out_shape, in_shape = reshaped(self, out_shape, in_shape)
        first, middle, last = self._parts
        first, last = first.reshape(out_shape, first.in_shape), last.reshape(last.out_shape, in_shape)
        return self._with_parts([first, middle, last])

    def diagonal(self) -> Array:
        first, middle, last = self._parts
        return rules.compose(first, rules.compose(middle, last)).diagonal()

    @property
    def _stored(self) -> int:
        return self._parts[1]._stored + self._parts[2]._stored

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        first, middle, last = self._parts
        own = self.out_shape if transposed else self.in_shape
        batch = v.shape[: v.ndim - len(own)]
        v = np.ascontiguousarray(v, out.dtype).reshape(batch + last.in_shape)
        if self._reads_once and math.prod(batch) <= SEVERAL_VECTORS:
            self._gram_product(v, out, accumulate)
        else:
            first.jvp(middle.jvp(last.jvp(v)), out=out.reshape(batch + first.out_shape), accumulate=accumulate)

    def _fill(self, matrix: Array) -> None:
        _, middle, last = self._parts
        m, n = last.shape
        if last._stored >= m * n:
            dense = last.toarray(max_bytes=None)
            weighted = middle.jvp(dense.T.reshape(n, *middle.in_shape)).reshape(n, m)
            matrix += weighted @ dense
            return
        # Unit vectors, so many at a time that J times them takes no more room than the matrix.
        step = max(1, n * n // max(m, n))
        for start in range(0, n, step):
            units = np.eye(min(step, n - start), n, start, self.dtype)
            matrix[start : start + step] += self.jvp(units.reshape(-1, *self.in_shape)).reshape(-1, n)

    def _scaled(self, function: Callable[..., Any], number: Any) -> GramJacobian:
        first, middle, last = self._parts
        return self._with_parts([first, middle._scaled(function, number), last])

    def __reduce__(self) -> tuple[Any, ...]:
        return _core.restored, ("gram", self._parts, self._apart)


_core.register("gram", GramJacobian)


@quiet
def gram(jacobian: Jacobian, weights: ArrayLike | None) -> Jacobian:
    """Return ``JᵀWJ``; see `Jacobian.gram`.

    It is multiplied out by the rule of compositions; a sum of diagonals by their storage alone.
    """
    middle = weighting(jacobian, weights)
    try:
        return rules.weighted_square(jacobian, middle)
    except KeptApart as reason:
        return GramJacobian((jacobian.T, middle, jacobian), ("", str(reason)))


def weighting(jacobian: Jacobian, weights: Any) -> Jacobian:
    """Return W: diagonal, or an identity for one number."""
    where, shape = f"{jacobian.structure}.gram", jacobian.out_shape
    array = as_native_beside(1 if weights is None else weights, where, "weights", jacobian)
    if array.shape == ():
        return elementwise(array.copy(), shape, shape)
    if array.shape != shape:
        raise ValueError(f"{where}: weights has shape {array.shape}, expected {shape}, the out_shape, or a number.")
    return elementwise(array, shape, shape)
