"""The letters of axis Jacobians: what structure a composition or a sum has, and how many numbers it stores.

The rules are followed slowly, with positions in tuples instead of slices; nothing is shared with the library.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import oracle

WORK = 4  # a composition may cost as many multiplications as so many applications of both factors
fresh = itertools.count().__next__


class Axis(NamedTuple):
    """One axis of an end: element k of the letter stands at position `at[k]` of `full`."""

    letter: int | None  # None: the one element at[0]
    full: int
    at: tuple[int, ...]

    @property
    def is_full(self):
        return self.at == tuple(range(self.full))


class Letters(NamedTuple):
    """The strings of an axis Jacobian: `stored` are those of the values, in their order."""

    out: tuple[Axis, ...]
    in_: tuple[Axis, ...]
    stored: tuple[int, ...]
    lengths: dict[int, int]

    @property
    def axes(self):
        return self.out + self.in_

    @property
    def numbers(self):
        """How many numbers are stored."""
        return math.prod(self.lengths[x] for x in self.stored)

    @property
    def cost(self):
        """How many multiplications one product with a vector takes: what is not stored is summed before, or repeated
        after, unless nothing has to be summed or nothing repeated."""
        out, in_ = set(letters_of(self.out)), set(letters_of(self.in_))
        if in_ <= out or out <= in_:
            return math.prod(self.lengths.values())
        return math.prod(self.lengths[x] for x in {*self.stored, *(out & in_)})

    @property
    def structure(self):
        ends = letters_of(self.in_), letters_of(self.out)
        name = oracle.axis_structure(self.stored, *ends, self.lengths)
        windowed = not all(axis.is_full for axis in self.axes)
        return "banded" if windowed and name in ("identity", "diagonal") else name

    @property
    def T(self):
        return self._replace(out=self.in_, in_=self.out)


def letters_of(axes):
    return [axis.letter for axis in axes if axis.letter is not None]


def canonical(letters):
    """No letter of length 1, no axis of length 1."""
    lengths = {x: n for x, n in letters.lengths.items() if n != 1}

    def kept(axes):
        return tuple(
            Axis(axis.letter if axis.letter in lengths else None, axis.full, axis.at) for axis in axes if axis.full != 1
        )

    return Letters(kept(letters.out), kept(letters.in_), tuple(x for x in letters.stored if x in lengths), lengths)


def letters_from(subscripts, in_shape, out_shape, strides=None):
    """The letters of an einsum; a stride of 0 takes a letter out of the values."""
    value_letters, in_letters, out_letters = oracle.parse(subscripts)
    lengths = dict(zip(in_letters + out_letters, in_shape + out_shape, strict=True))
    number = {x: fresh() for x in lengths}

    def axes(string):
        return tuple(Axis(number[x], lengths[x], tuple(range(lengths[x]))) for x in string)

    stored = [x for k, x in enumerate(value_letters) if strides is None or strides[k] != 0]
    named = {number[x]: n for x, n in lengths.items()}
    return canonical(Letters(axes(out_letters), axes(in_letters), tuple(number[x] for x in stored), named))


def replace_letter(letters, x, new):
    """Letter `x` as the letters `new`, {letter: length} in C order, on every axis, all of them full."""

    def axes(old):
        for axis in old:
            if axis.letter == x:
                yield from (Axis(y, n, tuple(range(n))) for y, n in new.items())
            else:
                yield axis

    stored = tuple(y for z in letters.stored for y in (new if z == x else [z]))
    lengths = {y: n for y, n in letters.lengths.items() if y != x} | new
    return Letters(tuple(axes(letters.out)), tuple(axes(letters.in_)), stored, lengths)


def joined(letters, side, ordered_values):
    """Neighbours on one side become one letter where their role is the same and their order is that everywhere."""

    def follows(string, x, y):
        return (x not in string and y not in string) or any(pair == (x, y) for pair in itertools.pairwise(string))

    windowed = {axis.letter for axis in letters.axes if not axis.is_full}
    strings = [[axis.letter for axis in letters.out], [axis.letter for axis in letters.in_]]
    for first, second in itertools.pairwise(getattr(letters, side)):
        x, y = first.letter, second.letter
        if x is None or y is None or x in windowed or y in windowed:
            continue
        kept = [z for z in letters.stored if z in (x, y)]
        stored_alike = follows(letters.stored, x, y) if ordered_values else len(kept) != 1
        if not (stored_alike and all(follows(string, x, y) for string in strings)):
            continue
        n = letters.lengths[x] * letters.lengths[y]
        z = fresh()

        def one(axes, x=x, y=y, z=z, n=n):
            return tuple(Axis(z, n, tuple(range(n))) if axis.letter == x else axis for axis in axes if axis.letter != y)

        stored = tuple(z if s == x else s for s in letters.stored if s != y)
        lengths = {s: k for s, k in letters.lengths.items() if s not in (x, y)} | {z: n}
        return joined(Letters(one(letters.out), one(letters.in_), stored, lengths), side, ordered_values)
    return letters


def cuts(axes):
    return {math.prod(axis.full for axis in axes[k:]) for k in range(len(axes) + 1)}


def is_chain(numbers):
    return all(b % a == 0 for a, b in itertools.pairwise(sorted(numbers)))


def split(letters, side, points):
    """One side cut at all `points`; None if that would cut a window."""
    low = math.prod(axis.full for axis in getattr(letters, side))
    for axis in getattr(letters, side):
        high, low = low, low // axis.full
        inner = [high, *sorted((p for p in points if low < p < high), reverse=True), low]
        if len(inner) > 2:
            x = axis.letter
            if x is None or not all(other.is_full for other in letters.axes if other.letter == x):
                return None
            letters = replace_letter(letters, x, {fresh(): a // b for a, b in itertools.pairwise(inner)})
    return letters


def restrict(letters, x, kept):
    """Letter `x` on its elements `kept` only, in that order."""

    def axes(old):
        return tuple(axis._replace(at=tuple(axis.at[k] for k in kept)) if axis.letter == x else axis for axis in old)

    return letters._replace(out=axes(letters.out), in_=axes(letters.in_), lengths={**letters.lengths, x: len(kept)})


def paired(a, b):
    """Both factors with the windows of the middle axes cut to what they have in common; None: nothing."""
    for k in range(len(a.in_)):
        common = [t for t in a.in_[k].at if t in b.out[k].at]
        if not common:
            return None
        for which, axis in enumerate((a.in_[k], b.out[k])):
            if axis.letter is not None:
                kept = [axis.at.index(t) for t in common]
                a, b = (restrict(a, axis.letter, kept), b) if which == 0 else (a, restrict(b, axis.letter, kept))
    return a, b


class Composed(NamedTuple):
    letters: Letters | None  # None: zero
    work: int


UNDECIDED = Composed(None, -1)


def compose(a, b, ordered_values=True):
    """The letters and the multiplications of a @ b; None where the middle cannot be paired.

    Where that would cut a window, which can be possible or not, the answer is UNDECIDED.
    """
    if 0 in a.lengths.values() or 0 in b.lengths.values():
        return Composed(None, 0)
    points = cuts(a.in_) | cuts(b.out)
    direct = is_chain(points) and split(a, "in_", points) and split(b, "out", points)
    if not direct:
        a, b = joined(a, "in_", ordered_values), joined(b, "out", ordered_values)
        points = cuts(a.in_) | cuts(b.out)
        if not is_chain(points):
            return None
    a, b = split(a, "in_", points), split(b, "out", points)
    if a is None or b is None:
        return UNDECIDED
    pair = paired(a, b)
    if pair is None:
        return Composed(None, 0)
    a, b = map(canonical, pair)
    same = {y.letter: x.letter for x, y in zip(a.in_, b.out, strict=True)}
    in_ = tuple(axis._replace(letter=same.get(axis.letter, axis.letter)) for axis in b.in_)
    lengths = a.lengths | {same.get(x, x): n for x, n in b.lengths.items()}
    stored = dict.fromkeys(a.stored + tuple(same.get(x, x) for x in b.stored))
    alive = {*letters_of(a.out), *letters_of(in_)}
    b_stored = {same.get(x, x) for x in b.stored}
    kept = tuple(x for x in stored if x in alive)
    work = math.prod(lengths[x] for x in stored if x in alive or (x in a.stored and x in b_stored))
    return Composed(canonical(Letters(a.out, in_, kept, {x: lengths[x] for x in alive})), work)


def is_eager(a, b, result):
    """The rule: no more numbers than both factors, no more work than four applications of both."""
    if result.letters is None:
        return True
    return result.letters.numbers <= a.numbers + b.numbers and result.work <= WORK * (a.cost + b.cost)


def structures_of_product(a, b):
    """The structures that a @ b may have: one, or two where only a copy of the values lets letters join.

    None: any.
    """
    names = set()
    for ordered_values in (True, False):
        result = compose(a, b, ordered_values)
        if result is UNDECIDED:
            return None
        if result is None or not is_eager(a, b, result):
            names.add("product")
        else:
            names.add("zero" if result.letters is None else result.letters.structure)
    return names


def added(a, b):
    """The letters of a + b, or None where the sum is lazy; for full axes."""
    while True:
        before = [axis.full for letters in (a, b) for axis in letters.axes]
        for side in ("out", "in_"):
            points = cuts(getattr(a, side)) | cuts(getattr(b, side))
            if not is_chain(points):
                return None
            a, b = split(a, side, points), split(b, side, points)
        if before == [axis.full for letters in (a, b) for axis in letters.axes]:
            break
    pairs = {(x.letter, y.letter) for x, y in zip(a.axes, b.axes, strict=True)}
    if len(pairs) != len({x for x, _ in pairs}) or len(pairs) != len({y for _, y in pairs}):
        return None
    name = {y: x for x, y in pairs}
    stored = tuple(dict.fromkeys(a.stored + tuple(name[y] for y in b.stored)))
    total = a._replace(stored=stored)
    return total if total.numbers <= a.numbers + b.numbers else None
