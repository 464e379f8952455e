"""Products and sums of two terms, as one term."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._terms.letters import aligned
from jackern._terms.term import (
    KeptApart,
    Term,
    as_slice,
    canonical,
    elements,
    matched,
    relabelled,
    restrict,
    unused,
    window,
)

WORK = 4  # two factors are multiplied out if that costs no more than so many applications of both


class Composition(NamedTuple):
    """A product of two terms that share the letters of the middle, not yet multiplied out."""

    a: Term
    b: Term
    letters: tuple[int, ...]  # of the product's values
    lengths: Mapping[int, int]
    repeats: int  # the product of the lengths of summed letters that are stored nowhere

    @property
    def stored(self) -> int:
        """How many numbers the product stores."""
        return math.prod(self.lengths[x] for x in self.letters)

    @property
    def work(self) -> int:
        """How many multiplications make them."""
        return math.prod(self.lengths[x] for x in {*self.a.letters, *self.b.letters})

    def term(self) -> Term | None:
        """Multiply out."""
        a, b = self.a, self.b
        if {*a.letters, *b.letters} == {*self.letters}:
            values = product(aligned(a.values, a.letters, self.letters), aligned(b.values, b.letters, self.letters))
        else:
            name = {x: k for k, x in enumerate(self.lengths)}
            numbers = [[name[x] for x in letters] for letters in (a.letters, b.letters, self.letters)]
            with np.errstate(all="ignore"):
                values = summed(a.values, numbers[0], b.values, numbers[1], numbers[2])
        if self.repeats > 1:
            values = product(values, np.asarray(self.repeats, values.dtype))
        alive = {*a.out_letters, *b.in_letters}
        lengths = {x: n for x, n in self.lengths.items() if x in alive}
        return canonical(values, self.letters, a.out, b.in_, lengths)


def summed(a: Array, a_letters: list[int], b: Array, b_letters: list[int], letters: list[int]) -> Array:
    """Return the einsum of two arrays.  It adds one by one, and so in float64 at least."""
    operands: list[Any] = [a, a_letters, b, b_letters, letters]
    total = np.asarray(np.einsum(*operands, dtype=np.float64))
    return total.astype(np.result_type(a, b), copy=False)


def product(a: Array, b: Array) -> Array:
    """Return the product of broadcast arrays, in recycled memory where it is large."""
    return np.asarray(_core.op_named("multiply")(a, b))


def composition(a: Term, b: Term) -> Composition | None:
    """Return the product of two terms whose middle has one size, to be multiplied out; None if it is zero.

    Paired letters of the middle become one; slices are intersected.  A letter that no end of the product has is
    summed; where it is stored in neither term, that multiplies by its length.
    """
    a, b = matched(a, "in_", b, "out")
    shift = unused(a)
    b = relabelled(b, lambda x: x + shift)
    for k in range(len(a.in_)):
        own, other = elements(a.in_[k], a.lengths), elements(b.out[k], b.lengths)
        if own == other:
            continue
        both = common_range(own, other)
        if not both:
            return None
        x, y = a.in_[k].letter, b.out[k].letter
        if x is not None:
            a = restrict(a, x, indices(both, own))
        if y is not None:
            b = restrict(b, y, indices(both, other))
    same = {y.letter: x.letter for x, y in zip(a.in_, b.out, strict=True) if None not in (x.letter, y.letter)}
    b = relabelled(b, lambda x: same.get(x, x))  # type: ignore[arg-type,return-value]
    lengths = {**a.lengths, **b.lengths}
    alive = {*a.out_letters, *b.in_letters}
    kept = {*a.letters, *b.letters} & alive
    # In the order of a factor that has them all, so that what it stores is read as it lies.
    whole = next((letters for letters in (a.letters, b.letters) if kept <= {*letters}), (*a.out_letters, *b.in_letters))
    letters = tuple(x for x in dict.fromkeys(whole) if x in kept)
    repeats = math.prod(n for x, n in lengths.items() if x not in alive and x not in {*a.letters, *b.letters})
    return Composition(a, b, letters, lengths, repeats)


def add(a: Term, b: Term) -> Term:
    """Return the sum of two terms of one shape as one term; raises KeptApart where it is none.

    One renaming of letters has to make both equal, and the sum may store no more numbers than both.  Where slices
    differ, those of one term have to lie inside the other's on the same shift.
    """
    while True:
        a, b = matched(a, "out", b, "out", joining=False)
        a, b = matched(a, "in_", b, "in_", joining=False)
        if all([x.full for x in p] == [y.full for y in q] for p, q in ((a.out, b.out), (a.in_, b.in_))):
            break
    pairs = list(zip(a.out + a.in_, b.out + b.in_, strict=True))
    if all(elements(x, a.lengths) == elements(y, b.lengths) for x, y in pairs):
        names: dict[int, int] = {}
        for x, y in pairs:
            if (x.letter is None) != (y.letter is None):
                raise KeptApart("their letters have other roles")
            if x.letter is not None and y.letter is not None and names.setdefault(y.letter, x.letter) != x.letter:
                raise KeptApart("their letters have other roles")
        if len({*names.values()}) < len(names):
            raise KeptApart("their letters have other roles")
        return total(a, relabelled(b, names.__getitem__))
    for outer, inner in ((a, b), (b, a)):
        if (result := nested(outer, inner)) is not None:
            return result
    raise KeptApart("their letters have other roles, or their slices another shift")


def total(a: Term, b: Term) -> Term:
    """Return the sum of two terms of the same letters and slices."""
    letters = a.letters + tuple(x for x in b.letters if x not in a.letters)
    check_sum(math.prod(a.lengths[x] for x in letters), a, b)
    with np.errstate(all="ignore"):
        values = np.add(aligned(a.values, a.letters, letters), aligned(b.values, b.letters, letters))
    return a._replace(values=np.asarray(values), letters=letters)


def check_sum(stored: int, a: Term, b: Term) -> None:
    """Raise KeptApart if a sum would store more numbers than its terms."""
    if stored > a.stored + b.stored:
        raise KeptApart(f"their sum would store {stored:,} numbers instead of {a.stored + b.stored:,}")


def nested(outer: Term, inner: Term) -> Term | None:
    """Return the sum where the slices of one term lie inside the other's; None if they do not."""
    places: dict[int, range] = {}
    names: dict[int, int] = {}
    for x, y in zip(outer.out + outer.in_, inner.out + inner.in_, strict=True):
        here, there = elements(x, outer.lengths), elements(y, inner.lengths)
        if here == there and x.letter is None:
            continue
        if x.letter is None or any(k not in here for k in (there[0], there[-1], there[min(1, len(there) - 1)])):
            return None
        if places.setdefault(x.letter, indices(there, here)) != indices(there, here):
            return None
        if y.letter is not None and names.setdefault(y.letter, x.letter) != x.letter:
            return None
    if len({*names.values()}) < len(names):
        return None
    letters = tuple(places)
    stored = math.prod(outer.lengths[x] for x in letters)
    if stored > outer.stored + inner.stored:
        return None
    inner = relabelled(inner, names.__getitem__)
    dtype = np.promote_types(outer.values.dtype, inner.values.dtype)
    values = np.empty([outer.lengths[x] for x in letters], dtype)
    values[...] = aligned(outer.values, outer.letters, letters)
    part = values[tuple(map(as_slice, places.values()))]
    with np.errstate(all="ignore"):
        part += aligned(inner.values, inner.letters, letters)
    return outer._replace(values=values, letters=letters)


def sum_of(terms: Iterable[Term], done: Sequence[Term] = ()) -> list[Term]:
    """Return the terms of a sum, of which none can be added to another; those of `done` cannot to begin with."""
    result, left = list(done), list(terms)
    while left:
        term = left.pop(0)
        for k, other in enumerate(result):
            try:
                left.insert(0, add(other, term))
            except KeptApart:
                continue
            del result[k]
            break
        else:
            result.append(term)
    return result


def diagonal_of_product(a: Term, b: Term) -> Array:
    """Return the diagonal of a square product: the sum of ``a * b.T`` along its rows.

    Raises KeptApart where the slices of the two differ, or their axes do not match.
    """
    b = b.T
    shift = unused(a)
    b = relabelled(b, lambda x: x + shift)
    for _ in range(2):
        a, b = matched(a, "out", b, "out")
        a, b = matched(a, "in_", b, "in_")
    rows, columns = list(zip(a.out, b.out, strict=True)), list(zip(a.in_, b.in_, strict=True))
    if any(elements(x, a.lengths) != elements(y, b.lengths) for x, y in rows + columns):
        raise KeptApart("their slices differ")
    # Letters of one place are one letter, whatever else they stood for.
    same = {x: x for x in (*a.lengths, *b.lengths)}
    for x, y in rows + columns:
        if x.letter is not None and y.letter is not None:
            first, other = same[x.letter], same[y.letter]
            same = {k: first if v == other else v for k, v in same.items()}
    kept = [same[x.letter] for x, _ in rows if x.letter is not None]
    lengths = {same[x]: n for x, n in {**a.lengths, **b.lengths}.items()}
    stored = {same[x] for x in (*a.letters, *b.letters)}
    name = {x: k for k, x in enumerate(lengths)}
    names = [[name[same[x]] for x in term.letters] for term in (a, b)]
    order = [x for x in dict.fromkeys(kept) if x in stored]
    with np.errstate(all="ignore"):
        values = summed(a.values, names[0], b.values, names[1], [name[x] for x in order])
        values *= math.prod(n for x, n in lengths.items() if x not in stored and x not in kept)
    result = np.zeros([x.full for x, _ in rows], values.dtype)
    letters = dict.fromkeys(kept)
    part: Any = result[window(a.out, a.lengths)]
    if len(letters) < len(kept):  # two axes of one end have become one letter
        part = np.einsum(part, [name[x] for x in kept], [name[x] for x in letters])
    part[...] = aligned(values, order, list(letters))
    return result.reshape(-1)


# ---- slices of the middle -------------------------------------------------------------------------------------


def common_range(a: range, b: range) -> range:
    """Return the elements of both, ascending: an arithmetic progression again, by the Chinese remainder theorem."""
    a, b = (r if r.step > 0 else r[::-1] for r in (a, b))
    g = math.gcd(a.step, b.step)
    if not a or not b or (b.start - a.start) % g:
        return range(0)
    step = a.step // g * b.step
    inverse = pow(a.step // g, -1, b.step // g) if b.step > g else 0
    first = a.start + a.step * ((b.start - a.start) // g * inverse % (b.step // g))
    low = max(a.start, b.start)
    first += -((first - low) // step) * step
    return range(first, min(a[-1], b[-1]) + 1, step)


def indices(of: range, among: range) -> range:
    """Return at which indices of `among` the elements `of` stand; all of them do."""
    first = among.index(of[0])
    step = among.index(of[1]) - first if len(of) > 1 else 1
    return range(first, first + step * len(of), step)
