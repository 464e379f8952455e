"""The Jacobian of a sum of terms: one call for what fits in one, a sum of several for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jackern._arrays.shapes import Shape
from jackern._structures.axis import lowered
from jackern._structures.banded import fused
from jackern._structures.base import Jacobian
from jackern._structures.sliced import SlicedJacobian
from jackern._structures.sum import SumJacobian
from jackern._structures.zero import ZeroJacobian
from jackern._terms.term import Axis, KeptApart, Term, rank_of


def from_terms(terms: Sequence[Term], out_shape: Shape, in_shape: Shape, dtype: np.dtype) -> Jacobian:
    """Return the sum of terms that have been added where they can be."""
    parts = parts_of_terms(terms, out_shape, in_shape)
    if not parts:
        return ZeroJacobian(out_shape, in_shape, dtype)
    return parts[0].astype(dtype) if len(parts) == 1 else SumJacobian(tuple(parts))


def parts_of_terms(terms: Sequence[Term], out_shape: Shape, in_shape: Shape) -> list[Jacobian]:
    """Return a Jacobian for every term, but one for all that are diagonal and share their axes."""
    shapes = out_shape, in_shape
    diagonal = [term for term in terms if term.is_diagonal]
    parts: list[Jacobian] = []
    if len(diagonal) > 1 or (diagonal and not diagonal[0].is_plain):
        try:
            parts = [fused(diagonal, *shapes)]
        except KeptApart:
            parts = [part for term in diagonal for part in parts_of_terms([term], *shapes)]
    elif diagonal:
        parts = [lowered(diagonal[0], *shapes)]
    for term in terms:
        if not term.is_diagonal:
            parts.append(lowered(term, *shapes) if term.is_plain else SlicedJacobian(term, *shapes))
    return parts


def cut_at_diagonal(term: Term, out_shape: Shape, in_shape: Shape) -> tuple[Jacobian, Jacobian]:
    """Return a term whose rank is that of its letters of both ends as a product, whose middle has these letters."""
    middle = tuple(Axis(x, term.lengths[x]) for x in term.out_letters if x in term.in_letters)
    stored_left = {*term.letters} <= {*term.out_letters}

    def half(out: tuple[Axis, ...], in_: tuple[Axis, ...], stored: bool, out_shape: Shape, in_shape: Shape) -> Jacobian:
        lengths = {x.letter: term.lengths[x.letter] for x in (*out, *in_) if x.letter is not None}
        values, letters = (term.values, term.letters) if stored else (np.ones((), term.values.dtype), ())
        return from_terms([Term(values, letters, out, in_, lengths)], out_shape, in_shape, term.values.dtype)

    rank = rank_of(term)
    return (
        half(term.out, middle, stored_left, out_shape, (rank,)),
        half(middle, term.in_, not stored_left, (rank,), in_shape),
    )
