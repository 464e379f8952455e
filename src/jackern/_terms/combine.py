"""Products and sums of two terms, as one term."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, quiet
from jackern._terms.entries import strides
from jackern._terms.letters import aligned
from jackern._terms.term import (
    Axis,
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
    with_equal_axes,
)

Part = TypeVar("Part")

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
        """How many multiplications make them, after each factor is summed over what it alone has."""
        both = {*self.a.letters} & {*self.b.letters}
        return math.prod(self.lengths[x] for x in both.union(self.letters))

    def term(self) -> Term:
        """Multiply out."""
        a, b = self.a, self.b
        if {*a.letters, *b.letters} == {*self.letters}:
            values = product(aligned(a.values, a.letters, self.letters), aligned(b.values, b.letters, self.letters))
        else:
            values = contraction(a.values, a.letters, b.values, b.letters, self.letters)
        if self.repeats > 1:
            values = product(values, np.asarray(self.repeats, values.dtype))
        return self.with_values(values, self.letters)

    def outline(self) -> Term:
        """Return the term without its numbers: an array of their shape that takes no room."""
        zero = np.zeros((), np.result_type(self.a.values, self.b.values))
        term = self.with_values(zero, ())
        letters = tuple(x for x in self.letters if x in term.lengths)
        return term._replace(values=np.broadcast_to(zero, [term.lengths[x] for x in letters]), letters=letters)

    def with_values(self, values: Array, letters: Sequence[int]) -> Term:
        """Return a term of the product's letters."""
        alive = {*self.a.out_letters, *self.b.in_letters}
        lengths = {x: n for x, n in self.lengths.items() if x in alive}
        term = canonical(values, letters, self.a.out, self.b.in_, lengths)
        assert term is not None  # no letter is empty
        return term


class Addition(NamedTuple):
    """A sum of two terms of the same axes, not yet added: one lies inside the slices of the other."""

    outer: Term
    inner: Term
    letters: tuple[int, ...]  # of the sum's values
    places: Mapping[int, range] | None  # at which indices of the outer one's letters; None: at all of them

    @property
    def shape(self) -> list[int]:
        """Of the sum's values."""
        return [self.outer.lengths[x] for x in self.letters]

    def term(self) -> Term:
        """Add."""
        outer, inner = (aligned(term.values, term.letters, self.letters) for term in (self.outer, self.inner))
        with np.errstate(all="ignore"):
            if self.places is None:
                values = np.asarray(np.add(outer, inner))
            else:
                values = np.empty(self.shape, np.result_type(outer, inner))
                values[...] = outer
                values[tuple(as_slice(self.places[x]) for x in self.letters)] += inner
        return self.outer._replace(values=values, letters=self.letters)

    def outline(self) -> Term:
        """Return the term without its numbers: an array of their shape that takes no room."""
        zero = np.zeros((), np.result_type(self.outer.values, self.inner.values))
        return self.outer._replace(values=np.broadcast_to(zero, self.shape), letters=self.letters)


@quiet
def contraction(
    a: Array, a_letters: Sequence[int], b: Array, b_letters: Sequence[int], letters: Sequence[int]
) -> Array:
    """Return the einsum of two arrays, each summed first over what it alone has.

    It adds one by one, and so in float64 at least.
    """
    place = {x: k for k, x in enumerate(dict.fromkeys((*a_letters, *b_letters)))}
    a_places, b_places, places = ([place[x] for x in some] for some in (a_letters, b_letters, letters))
    a_sum, a_places = summed(a, a_places, {*b_places, *places})
    b_sum, b_places = summed(b, b_places, {*a_places, *places})
    total = np.asarray(np.einsum(a_sum, a_places, b_sum, b_places, places, dtype=np.float64))
    return total.astype(np.result_type(a, b), copy=False)


def summed(array: Array, places: list[int], kept: Collection[int]) -> tuple[Array, list[int]]:
    """Return the array summed over all letters but these, and its letters."""
    left = [x for x in dict.fromkeys(places) if x in kept]
    if left == places:
        return array, places
    return np.asarray(np.einsum(array, places, left, dtype=np.float64)), left


def product(a: Array, b: Array) -> Array:
    """Return the product of broadcast arrays, in recycled memory where it is large."""
    return np.asarray(_core.uncounted_value(_core.op_named("multiply"), a, b))


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


def addition(a: Term, b: Term) -> Addition:
    """Return the sum of two terms of one shape, to be added to one term; raises KeptApart where it is none.

    One renaming of letters has to make both equal, and the sum may store no more numbers than both.  Where slices
    differ, those of one term have to lie inside the other's on the same shift.
    """
    a, b = with_equal_axes((a, b), joining=False)
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
        b = relabelled(b, names.__getitem__)
        return checked(Addition(a, b, a.letters + tuple(x for x in b.letters if x not in a.letters), None))
    for outer, inner in ((a, b), (b, a)):
        if (result := nested(outer, inner)) is not None:
            return checked(result)
    raise KeptApart("their letters have other roles, or their slices another shift")


def nested(outer: Term, inner: Term) -> Addition | None:
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
    return Addition(outer, relabelled(inner, names.__getitem__), tuple(places), places)


def checked(sum_: Addition) -> Addition:
    """Raise KeptApart if a sum would store more numbers than its terms."""
    stored, given = math.prod(sum_.shape), sum_.outer.stored + sum_.inner.stored
    if stored > given:
        raise KeptApart(f"their sum would store {stored:,} numbers instead of {given:,}")
    return sum_


def add(a: Term, b: Term) -> Term:
    """Return the sum of two terms of one shape as one term; raises KeptApart where it is none."""
    return addition(a, b).term()


class Planned(NamedTuple):
    """A term to be made: what it will be, and how."""

    outline: Term
    make: Callable[[], Term]

    def plus(self, other: Planned) -> Planned:
        """Return the sum; raises KeptApart where it is none."""
        return Planned(addition(self.outline, other.outline).outline(), lambda: add(self.make(), other.make()))


def planned(compositions: Iterable[Composition]) -> list[Planned]:
    """Return the terms of a sum of products, of which none can be added to another; nothing is multiplied yet."""
    plans = (Planned(composed.outline(), composed.term) for composed in compositions)
    return merged(plans, Planned.plus, lambda plan: plan.outline)


def sum_of(terms: Iterable[Term], done: Sequence[Term] = ()) -> list[Term]:
    """Return the terms of a sum, of which none can be added to another; those of `done` cannot to begin with."""
    return merged(terms, add, lambda term: term, done)


def merged(
    parts: Iterable[Part], add: Callable[[Part, Part], Part], term_of: Callable[[Part], Term], done: Sequence[Part] = ()
) -> list[Part]:
    """Return the parts of a sum after every addition that does not raise KeptApart, one part read at a time.

    An addition is tried only where `may_be_added` holds, of the parts that may lie on one line.
    """
    result: dict[int, tuple[Part, Spot, int]] = {}  # in the order in which they were made
    on_line: dict[Line | None, list[int]] = {}
    n_made = 0

    def keep(part: Part, spot: Spot, stored: int) -> None:
        nonlocal n_made
        result[n_made] = part, spot, stored
        on_line.setdefault(spot.line, []).append(n_made)
        n_made += 1

    def known(part: Part) -> tuple[Spot, int]:
        term = term_of(part)
        return spot_of(term.out, term.in_, term.lengths), term.stored

    for part in done:
        keep(part, *known(part))
    for part in parts:
        left = [part]
        while left:
            part = left.pop()
            spot, stored = known(part)
            line = spot.line
            near = [*result] if line is None else heapq.merge(on_line.get(line, ()), on_line.get(None, ()))
            for k in near:
                other, there, more = result[k]
                if not may_be_added(spot, there, stored + more):
                    continue
                try:
                    left.append(add(other, part))
                except KeptApart:
                    continue
                del result[k]
                on_line[there.line].remove(k)
                break
            else:
                keep(part, spot, stored)
    return [part for part, *_ in result.values()]


Line = tuple[int, int, int]  # the direction, in rows and columns, and the place


class Spot(NamedTuple):
    """Where the entries of a term are, whatever axes and letters it has."""

    line: Line | None  # the line of the matrix that all of them are on, such as a diagonal; None if there is not one
    row: int  # of the first entry
    column: int
    n_entries: int


def spot_of(out: Sequence[Axis], in_: Sequence[Axis], lengths: Mapping[int, int]) -> Spot:
    """Return where the entries of a term with these ends are."""
    (row, rows), (column, columns) = strides(out), strides(in_)
    letters = {*rows, *columns}
    steps = {(rows.get(x, 0), columns.get(x, 0)) for x in letters if lengths[x] > 1}
    directions = {(i // math.gcd(i, j), j // math.gcd(i, j)) for i, j in steps}
    line = None
    if len(directions) == 1:
        ((i, j),) = directions
        line = i, j, i * column - j * row
    return Spot(line, row, column, math.prod(lengths[x] for x in letters))


def may_be_added(a: Spot, b: Spot, stored: int) -> bool:
    """Whether `addition` may take two terms that store so many numbers: False only where it raises KeptApart.

    It takes terms on the same entries, or one whose entries are some of those of the other.  On two lines neither is
    so, and the latter stores a number for every entry.
    """
    if a.line != b.line and a.line is not None and b.line is not None:
        return False
    return a[1:] == b[1:] or a.n_entries != b.n_entries <= stored >= a.n_entries


class LeastStored:
    """How many numbers a sum of products stores at the least, whatever is added to what.

    Products on the same elements may become one.  A sum with one that lies inside the slices of another stores a number
    for every entry of the other.  So of h products on different elements, with h entries each or more, h numbers are
    left.
    """

    def __init__(self) -> None:
        self.seen: set[tuple[int, int, int]] = set()
        self.in_all = Most()
        self.on_line: dict[Line, Most] = {}
        self.on_lines = 0
        self.are_lines = True

    def add(self, composed: Composition) -> None:
        """Take one more product into account."""
        spot = spot_of(composed.a.out, composed.b.in_, composed.lengths)
        if spot.n_entries == 1 or spot[1:] in self.seen:  # one entry may be on any line
            return
        self.seen.add(spot[1:])
        self.in_all.add(spot.n_entries)
        if spot.line is None:
            self.are_lines = False
        else:
            self.on_lines += self.on_line.setdefault(spot.line, Most()).add(spot.n_entries)

    @property
    def stored(self) -> int:
        return self.on_lines if self.are_lines else self.in_all.h


class Most:
    """The largest h for which h of some numbers are at least h."""

    def __init__(self) -> None:
        self.h = 0
        self.larger: list[int] = []

    def add(self, number: int) -> bool:
        """Take one more number into account; whether h has grown, by one."""
        if number <= self.h:
            return False
        heapq.heappush(self.larger, number)
        while self.larger and self.larger[0] <= self.h:
            heapq.heappop(self.larger)
        has_grown = len(self.larger) > self.h
        self.h += has_grown
        return has_grown


def diagonal_of_product(a: Term, b: Term) -> Array:
    """Return the diagonal of a square product: the sum of ``a * b.T`` along its rows.

    Raises KeptApart where the slices of the two differ, or their axes do not match.
    """
    a, b = with_equal_axes((a, b.T))
    shift = unused(a)
    b = relabelled(b, lambda x: x + shift)
    pairs = list(zip(a.out + a.in_, b.out + b.in_, strict=True))
    if any(elements(x, a.lengths) != elements(y, b.lengths) for x, y in pairs):
        raise KeptApart("their slices differ")
    # Letters of one place are one letter, whatever else they stood for.
    same = {x: x for x in (*a.lengths, *b.lengths)}
    for x, y in pairs:
        if x.letter is not None and y.letter is not None:
            first, other = same[x.letter], same[y.letter]
            same = {k: first if v == other else v for k, v in same.items()}
    a_letters, b_letters, rows = ([same[x] for x in letters] for letters in (a.letters, b.letters, a.out_letters))
    stored = {*a_letters, *b_letters}
    order = [x for x in dict.fromkeys(rows) if x in stored]
    values = contraction(a.values, a_letters, b.values, b_letters, order)
    lengths = {same[x]: n for x, n in {**a.lengths, **b.lengths}.items()}
    repeats = math.prod(n for x, n in lengths.items() if x not in stored and x not in rows)
    with np.errstate(all="ignore"):
        values = values * repeats
    result = np.zeros([x.full for x in a.out], values.dtype)
    letters = list(dict.fromkeys(rows))
    part = result[(*window(a.out, a.lengths), ...)]
    if len(letters) < len(rows):  # two axes of one end have become one letter
        part = np.einsum(part, rows, letters)
    part[...] = aligned(values, order, letters)
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
