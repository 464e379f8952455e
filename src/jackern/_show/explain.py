"""What a Jacobian says of itself: a tree of its parts, and the pattern of a small matrix."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from jackern._show import spy
from jackern._structures.base import Jacobian
from jackern._terms import combine
from jackern._terms.letters import alphabet
from jackern._terms.term import Axis, KeptApart, Term, as_slice, covers, elements

PATTERN_ROWS, PATTERN_COLUMNS = 10, 20  # of the largest matrix whose pattern is a part of its repr
MAX_PARTS, MAX_DEPTH = 12, 5  # what is shown of a product, a sum or a banded Jacobian
MAX_WIDTH = 30  # of the shapes, and of the letters

HEADER = ("", "out <- in", "values,in->out", "numbers", "JVP cost", "VJP cost")


def headline(jacobian: Jacobian) -> str:
    """Return one line: the structure, the shapes, the dtype and the bytes held."""
    shapes = f"{jacobian.out_shape} <- {jacobian.in_shape}"
    return f"{jacobian.structure} Jacobian, {shapes}, {jacobian.dtype}, {jacobian.nbytes} bytes"


def short(jacobian: Jacobian) -> str:
    """Return the repr: one line, and the pattern of a small matrix."""
    rows = pattern(jacobian)
    return f"<{headline(jacobian)}>" + (f"\n{rows}" if rows else "")


def pattern(jacobian: Jacobian) -> str | None:
    """Return a line for each row of a small matrix: ``·`` is structurally zero, ``1`` a constant one, ``x`` any other.

    None of a large one or an empty one, and where the entries are not known without forming them.
    """
    m, n = jacobian.shape
    if not (0 < m <= PATTERN_ROWS and 0 < n <= PATTERN_COLUMNS):
        return None
    rows = [["·"] * n for _ in range(m)]
    terms = jacobian._terms()
    try:
        pictures = [spy.picture(jacobian, m, n)] if terms is None else [spy.of_term(term, m, n) for term in terms]
    except spy.UnknownPattern:
        return None
    for k, picture in enumerate(pictures):
        is_one = terms is not None and not terms[k].letters and terms[k].values == 1
        for i, j in zip(*picture.nonzero(), strict=True):
            rows[i][j] = "1" if is_one and rows[i][j] == "·" else "x"
    return "\n".join(map(" ".join, rows))


# ---- the tree --------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of the tree: a part with what the columns say of it, or a remark."""

    text: str
    cells: tuple[str, ...] = ()


def explain(jacobian: Jacobian) -> str:
    """Return the tree of a Jacobian; see `Jacobian.explain`."""
    lines = [Line(HEADER[0], HEADER[1:]), *tree(jacobian)]
    widths = [max(map(len, column)) for column in zip(*((x.text, *x.cells) for x in lines if x.cells), strict=True)]
    text = [headline(jacobian)]
    for line in lines:
        row = (line.text, *line.cells)
        padded = (
            cell.ljust(w) if k < 3 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=False))
        )
        text.append("  ".join(padded).rstrip())
    text += (f"  {sentence}" for sentence in jacobian._roles())
    return "\n".join(text)


def tree(part: Jacobian | Term, first: str = "", rest: str = "", depth: int = 0) -> Iterator[Line]:
    """The lines of one part and of those inside it; the first line is led by one string, the others by another."""
    yield Line(first + (part._storage if isinstance(part, Jacobian) else part.structure), cells(part))
    parts, reasons = inside(part)
    if parts and depth == MAX_DEPTH:
        yield Line(f"{rest}... its {len(parts)} parts are not shown")
        return
    for k, each in enumerate(parts[:MAX_PARTS]):
        is_last = k == len(parts) - 1
        yield from tree(each, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  "), depth + 1)
        if k < len(reasons) and reasons[k]:
            yield Line(f"{rest}│  apart: {reasons[k]}")
    if hidden := parts[MAX_PARTS:]:
        yield Line(f"{rest}└─ ... {len(hidden)} more, of {number(sum(map(stored, hidden)))} numbers")


def inside(part: Jacobian | Term) -> tuple[Sequence[Jacobian | Term], Sequence[str]]:
    """Return the parts that a part consists of, and for every two neighbours why they are kept apart."""
    if isinstance(part, Term):
        return (), []
    if len(factors := part._factors()) > 1:
        return factors, part._reasons()
    if len(summands := part._summands()) > 1:
        return summands, list(itertools.starmap(why_not_added, itertools.pairwise(summands)))
    terms = part._terms() or ()
    return (terms, []) if len(terms) > 1 else ((), [])


def why_not_added(a: Jacobian, b: Jacobian) -> str:
    """Return why two terms of a sum are kept apart."""
    for part in (a, b):
        if part._terms() is None:
            return f"nothing is added to a {part.structure}"
    for p, q in itertools.product(a._terms() or (), b._terms() or ()):
        try:
            combine.addition(p, q)
        except KeptApart as reason:
            return str(reason)
    return "they do not fit in one call"


def cells(part: Jacobian | Term) -> tuple[str, ...]:
    """What the columns say of one part."""
    costs = part._costs if isinstance(part, Jacobian) else (part.cost, part.cost)
    ends = f"{part.out_shape} <- {part.in_shape}" if isinstance(part, Jacobian) else ""
    return (*map(elided, (ends, subscripts(part))), *map(number, (stored(part), *costs)))


def stored(part: Jacobian | Term) -> int:
    """Return how many numbers a part stores."""
    return part._stored if isinstance(part, Jacobian) else part.stored


def subscripts(part: Jacobian | Term) -> str:
    """Return the letters of a part, each with its slice; an empty string where it has none."""
    if isinstance(part, Jacobian):
        terms = part._terms()
        if any(part._roles()):
            return part.subscripts
        return subscripts(terms[0]) if terms is not None and len(terms) == 1 else ""
    order = dict.fromkeys(part.out_letters + part.in_letters)
    name = dict(zip(order, alphabet(len(order)), strict=True))

    def end(axes: Sequence[Axis]) -> str:
        return "".join(
            (name[axis.letter] if axis.letter is not None else "") + sliced(axis, part.lengths) for axis in axes
        )

    return f"{''.join(name[x] for x in part.letters)},{end(part.in_)}->{end(part.out)}"


def sliced(axis: Axis, lengths: Mapping[int, int]) -> str:
    """Return what a letter, or one element, leaves of an axis, as an index is written; nothing if that is all of it."""
    if axis.letter is None:
        return f"[{axis.start}]"
    if covers(axis, lengths):
        return ""
    places = elements(axis, lengths)
    part = as_slice(places)
    begins, ends = (0, axis.full) if axis.step > 0 else (axis.full - 1, None)
    start = "" if part.start == begins else part.start
    stop = "" if part.stop == ends or (ends is not None and part.stop >= ends) else part.stop
    return f"[{start}:{stop}{'' if axis.step == 1 else f':{axis.step}'}]"


def number(n: float) -> str:
    """Return a count with its digits in groups of three."""
    return "none" if math.isinf(n) else f"{n:,}"


def elided(text: str) -> str:
    """Return a text that fits into its column, with dots for what was left out."""
    return text if len(text) <= MAX_WIDTH else f"{text[: MAX_WIDTH - 3]}..."
