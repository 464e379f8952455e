"""Gram matrices JᵀWJ: multiplied out by the rule of compositions, else kept as a pair."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from jackern._algebra import rules
from jackern._arrays.arguments import as_native_beside
from jackern._arrays.operands import quiet
from jackern._structures.axis import elementwise
from jackern._structures.base import Jacobian
from jackern._structures.gram import GramJacobian
from jackern._terms.term import KeptApart


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
