"""Terms: what the algebra works on.  Values, a letter per axis, and on every axis a slice.

One end of a term, `out` or `in_`, is a list of axes in C order; their full lengths multiply to the size of that end.
A letter runs over a slice of its axis: index k stands for the element ``start + step * k``.  An axis without a letter
stands for one of its elements.  The term maps v to ``sum(values * v[slices of in_])`` over the letters that `out`
lacks, repeated along those that only `out` has, at the slices of `out`; all else is zero.

Shapes are no part of a term: reshaping moves no element, and lengths only multiply.  Two factorisations of one length
are compared by their cut points, the products of the last lengths: (2, 6) has 12, 6, 1 and (4, 3) has 12, 3, 1.  Where
all cut points together divide one another, axes can be cut to common ones, here (2, 2, 3).

Canonical form: no letter is of length 1, no axis is, the values have no letter along which they are constant, and a
letter runs forwards in the output, or, if it is not there, in the input.  A term with an empty letter is zero, and is
written None.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jackern._arrays.operands import Array


class KeptApart(Exception):
    """Two Jacobians have no product, or no sum, of the same storage; says why."""


class Axis(NamedTuple):
    """An axis of one end: the slice that a letter runs over, or, without a letter, the element `start`."""

    letter: int | None
    full: int
    start: int = 0
    step: int = 1


class Term(NamedTuple):
    """Values and letters, with a slice on every axis; see the module."""

    values: Array
    letters: tuple[int, ...]  # of the values
    out: tuple[Axis, ...]
    in_: tuple[Axis, ...]
    lengths: Mapping[int, int]

    @property
    def T(self) -> Term:
        return self._replace(out=self.in_, in_=self.out)

    @property
    def out_letters(self) -> tuple[int, ...]:
        return tuple(x.letter for x in self.out if x.letter is not None)

    @property
    def in_letters(self) -> tuple[int, ...]:
        return tuple(x.letter for x in self.in_ if x.letter is not None)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""
        return math.prod(x.full for x in self.out), math.prod(x.full for x in self.in_)

    @property
    def stored(self) -> int:
        """How many numbers are stored."""
        return int(self.values.size)

    @property
    def cost(self) -> int:
        """How many multiplications one product with a vector takes.

        Where no letter is summed, or none is repeated, one pass goes through them all.  Else what is not stored is
        summed before the values are multiplied, and repeated after.
        """
        own, other = {*self.out_letters}, {*self.in_letters}
        passed = own | other if own <= other or other <= own else (own & other).union(self.letters)
        return math.prod(self.lengths[x] for x in passed)

    @property
    def nnz(self) -> int:
        """How many entries of the matrix are not structurally zero."""
        return math.prod(self.lengths.values())

    @property
    def is_plain(self) -> bool:
        """Whether no axis carries a slice."""
        return all(covers(axis, self.lengths) for axis in self.out + self.in_)

    @property
    def is_diagonal(self) -> bool:
        """Whether every letter stands at both ends, in the same order."""
        return self.out_letters == self.in_letters

    @property
    def structure(self) -> str:
        """The name, by the roles of the letters."""
        out_letters, in_letters = set(self.out_letters), set(self.in_letters)
        repeated, summed = out_letters - in_letters, in_letters - out_letters
        if repeated and summed:
            return "block-diagonal" if out_letters & in_letters else "dense"
        if repeated or summed:
            return "broadcast" if repeated else "reduction"
        if not self.is_diagonal:
            return "permutation"
        if not self.is_plain:
            return "banded"
        return "diagonal" if self.letters else "identity"


def check(term: Term, out_shape: Sequence[int], in_shape: Sequence[int]) -> None:
    """Raise ValueError for a term that describes no Jacobian of these shapes."""
    axes = term.out + term.in_
    letters = {x.letter for x in axes} - {None}
    if letters != term.lengths.keys() or not letters.issuperset(term.letters):
        raise ValueError(f"letters {term.letters} and lengths of {[*term.lengths]}, but the axes have {letters}")
    if any(len(set(end)) < len(end) for end in (term.letters, term.out_letters, term.in_letters)):
        raise ValueError("a letter stands twice at one end")
    if term.values.shape != tuple(term.lengths[x] for x in term.letters):
        raise ValueError(f"values of shape {term.values.shape}, but lengths {dict(term.lengths)}")
    for axis in axes:
        places = elements(axis, term.lengths)
        if len(places) < 1 or not (0 <= places[0] < axis.full and 0 <= places[-1] < axis.full):
            raise ValueError(f"{axis} has the elements {places}")
    if term.shape != (math.prod(out_shape), math.prod(in_shape)):
        raise ValueError(f"a matrix of shape {term.shape}, but shapes {out_shape} and {in_shape}")


def covers(axis: Axis, lengths: Mapping[int, int]) -> bool:
    """Whether a letter, or the one element, is all of the axis, in order."""
    length = 1 if axis.letter is None else lengths[axis.letter]
    return (axis.start, axis.step, length) == (0, 1, axis.full)


def elements(axis: Axis, lengths: Mapping[int, int]) -> range:
    """Return the elements of an axis that its letter runs over."""
    length = 1 if axis.letter is None else lengths[axis.letter]
    return range(axis.start, axis.start + axis.step * length, axis.step)


def lengths_of(axes: Iterable[Axis]) -> tuple[int, ...]:
    """Return the full lengths of axes."""
    return tuple(axis.full for axis in axes)


def as_slice(places: range) -> slice:
    """Return the slice that takes these places of an array."""
    return slice(places.start, places.stop if places.stop >= 0 else None, places.step)


def window(axes: Iterable[Axis], lengths: Mapping[int, int]) -> tuple[slice | int, ...]:
    """Return what an array of the full lengths is indexed with, to have an axis per letter."""
    return tuple(axis.start if axis.letter is None else as_slice(elements(axis, lengths)) for axis in axes)


def canonical(
    values: Array, letters: Sequence[int], out: Iterable[Axis], in_: Iterable[Axis], lengths: Mapping[int, int]
) -> Term | None:
    """Return the term in canonical form; None if it is zero."""
    if 0 in lengths.values():
        return None
    varies = [n > 1 and stride != 0 for n, stride in zip(values.shape, values.strides, strict=True)]
    if not all(varies):
        values = values[(*(slice(None) if v else 0 for v in varies), ...)]
        letters = [x for x, v in zip(letters, varies, strict=True) if v]

    def end(axes: Iterable[Axis]) -> Iterator[Axis]:
        for axis in axes:
            if axis.full > 1:
                alone = axis.letter is None or lengths[axis.letter] == 1
                yield Axis(None, axis.full, axis.start) if alone else axis

    ends = tuple(end(out)), tuple(end(in_))
    term = Term(values, tuple(letters), *ends, {x: n for x, n in lengths.items() if n > 1})
    for axis in {axis.letter: axis for axis in term.in_ + term.out}.values():
        if axis.letter is not None and axis.step < 0:
            term = restrict(term, axis.letter, range(lengths[axis.letter])[::-1])
    return term


def rank_of(term: Term) -> int:
    """Return a bound of the rank.

    Where the numbers are the same in all columns, or in all rows, that belong to one another, only letters of both
    ends count.
    """
    own, other = {*term.out_letters}, {*term.in_letters}
    if (own - other) & {*term.letters} and (other - own) & {*term.letters}:
        return min(term.shape)
    return math.prod(term.lengths[x] for x in own & other)


# ---- cutting, joining and restricting axes ---------------------------------------------------------------------


def cut_points(lengths: Sequence[int]) -> list[int]:
    """Return the products of the last 0, 1, ... lengths: where a factorisation cuts."""
    return list(itertools.accumulate(reversed(lengths), int.__mul__, initial=1))


def between(cuts: Sequence[int]) -> list[int] | None:
    """Return the lengths that have these cut points, ascending ones; None unless each divides the next."""
    if any(high % low for low, high in itertools.pairwise(cuts)):
        return None
    return [high // low for low, high in itertools.pairwise(cuts)][::-1]


def relabelled(term: Term, label: Callable[[int], int]) -> Term:
    """Return the term with other letters."""

    def end(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        return tuple(a if a.letter is None else a._replace(letter=label(a.letter)) for a in axes)

    letters = tuple(map(label, term.letters))
    return Term(term.values, letters, end(term.out), end(term.in_), {label(x): n for x, n in term.lengths.items()})


def unused(term: Term) -> int:
    """Return a letter from which on all are free."""
    return max(term.lengths, default=-1) + 1


def split(term: Term, letter: int, parts: Sequence[int]) -> Term:
    """Return the term with a letter, which covers its axes, cut into several; its values are a view."""
    first = unused(term)
    new = tuple(range(first, first + len(parts)))

    def end(axes: tuple[Axis, ...]) -> Iterator[Axis]:
        for axis in axes:
            if axis.letter == letter:
                yield from map(Axis, new, parts)
            else:
                yield axis

    lengths = {x: n for x, n in term.lengths.items() if x != letter} | dict(zip(new, parts, strict=True))
    letters = tuple(x for old in term.letters for x in (new if old == letter else (old,)))
    values = term.values.reshape([lengths[x] for x in letters])
    return Term(values, letters, tuple(end(term.out)), tuple(end(term.in_)), lengths)


def join(term: Term, end: str, run: Sequence[Axis]) -> Term:
    """Return the term with neighbouring axes of one end as one axis.

    Their letters must have one role and stand in the same order in every string.
    """
    letters = [axis.letter for axis in run if axis.letter is not None]
    if len(letters) < len(run) or not all(covers(axis, term.lengths) for axis in run):
        raise KeptApart("axes with slices cannot be joined")
    opposite = term.in_ if end == "out" else term.out
    order = [axis.letter for axis in opposite]
    if any(x in order for x in letters):
        at = order.index(letters[0]) if letters[0] in order else 0
        partners = opposite[at : at + len(letters)]
        if order[at : at + len(letters)] != letters or not all(covers(axis, term.lengths) for axis in partners):
            raise KeptApart("the lengths of the middle axes have no common refinement")
    stored = [x for x in letters if x in term.letters]
    if stored and len(stored) < len(letters):
        raise KeptApart("joining axes would store numbers along an axis on which they are constant")
    new, length = unused(term), math.prod(term.lengths[x] for x in letters)
    rest = [x for x in term.letters if x not in letters]
    values = term.values.transpose([term.letters.index(x) for x in rest + stored])
    values = values.reshape([*values.shape[: len(rest)], *([length] if stored else [])])

    def with_one(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        return tuple(
            Axis(new, length) if axis.letter == letters[0] else axis for axis in axes if axis.letter not in letters[1:]
        )

    lengths = {x: n for x, n in term.lengths.items() if x not in letters} | {new: length}
    return Term(values, (*rest, new) if stored else tuple(rest), with_one(term.out), with_one(term.in_), lengths)


def restrict(term: Term, letter: int, kept: range) -> Term:
    """Return the term with a letter that runs over these of its indices only."""

    def end(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        return tuple(
            Axis(letter, axis.full, axis.start + kept.start * axis.step, axis.step * kept.step)
            if axis.letter == letter
            else axis
            for axis in axes
        )

    part: tuple[Any, ...] = (*(as_slice(kept) if x == letter else slice(None) for x in term.letters), ...)
    return Term(term.values[part], term.letters, end(term.out), end(term.in_), {**term.lengths, letter: len(kept)})


def can_be_cut(term: Term, axis: Axis) -> bool:
    """Whether the letter of an axis covers every axis it stands on."""
    return axis.letter is None or all(
        covers(other, term.lengths) for other in term.out + term.in_ if other.letter == axis.letter
    )


def cut(term: Term, end: str, lengths: Sequence[int]) -> Term:
    """Return the term with one end cut to axes of these lengths, a refinement of those that it has."""
    left = list(lengths)
    for axis in getattr(term, end):
        parts = [left.pop(0)]
        while math.prod(parts) < axis.full:
            parts.append(left.pop(0))
        if len(parts) > 1 and axis.letter is not None:
            term = split(term, axis.letter, parts)
        elif len(parts) > 1:
            places = np.unravel_index(axis.start, parts)
            alone = tuple(Axis(None, n, int(k)) for n, k in zip(parts, places, strict=True))
            axes = getattr(term, end)
            at = next(k for k, other in enumerate(axes) if other is axis)
            axes = axes[:at] + alone + axes[at + 1 :]
            term = term._replace(out=axes) if end == "out" else term._replace(in_=axes)
    return term


def matched(a: Term, a_end: str, b: Term, b_end: str, *, joining: bool = True) -> tuple[Term, Term]:
    """Return both terms with equal axes at these ends, which are of one length.

    Axes are cut to the common refinement.  Where there is none, neighbours are joined first, in a, and if that is not
    enough in b.  Raises KeptApart where that does not help.
    """
    target, apart = refinement(a, a_end, b, b_end)
    if apart and joining:
        a = joined(a, a_end, apart)
        target, apart = refinement(a, a_end, b, b_end)
        if apart:
            b = joined(b, b_end, apart)
            target, apart = refinement(a, a_end, b, b_end)
    if apart:
        raise KeptApart("their axes have no common refinement")
    return cut(a, a_end, target), cut(b, b_end, target)


def with_equal_axes(terms: Iterable[Term], *, joining: bool = True) -> list[Term]:
    """Return terms of one shape with the same axes; raises KeptApart where they cannot have them."""
    result = list(terms)
    # A cut at one end goes through the letters of both to the other end, and from there to the next term.
    for _ in range(sum(len(term.out + term.in_) for term in result) + 1):
        if len({(lengths_of(term.out), lengths_of(term.in_)) for term in result}) == 1:
            return result
        for k, end in itertools.product(range(len(result)), ("out", "in_")):
            result[k - 1], result[k] = matched(result[k - 1], end, result[k], end, joining=joining)
    raise KeptApart("their axes have no common refinement")


def refinement(a: Term, a_end: str, b: Term, b_end: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the lengths of the common refinement, and between which common cut points there is none."""
    sides = [(a, getattr(a, a_end)), (b, getattr(b, b_end))]
    cuts = [cut_points([axis.full for axis in axes]) for _, axes in sides]
    points = sorted({*cuts[0], *cuts[1]})
    # Where a slice lies, which cannot be cut.
    whole = [
        (point // axis.full, point)
        for (term, axes), c in zip(sides, cuts, strict=True)
        for axis, point in zip(axes, reversed(c), strict=False)
        if not can_be_cut(term, axis)
    ]
    target: list[int] = []
    apart: list[tuple[int, int]] = []
    for low, high in itertools.pairwise(sorted({*cuts[0]} & {*cuts[1]})):
        here = [point for point in points if low <= point <= high]
        parts = between(here)
        if parts is None or any(start < point < end for start, end in whole for point in here):
            apart.append((low, high))
        else:
            target[:0] = parts
    return target, apart


def joined(term: Term, end: str, where: Sequence[tuple[int, int]]) -> Term:
    """Return the term with neighbours of one end joined, between these cut points and as far as their roles allow."""
    k = 0
    while k + 1 < len(axes := getattr(term, end)):
        point = math.prod(axis.full for axis in axes[k + 1 :])
        try:
            if not any(low < point < high for low, high in where):
                raise KeptApart
            term = join(term, end, axes[k : k + 2])
        except KeptApart:
            k += 1
    return term
