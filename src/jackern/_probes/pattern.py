"""The claim that all entries outside of a pattern are zero, probed with random vectors; see `testing.assert_structure`.

A pattern of one term: row i may have an entry in column j if both belong to one class, the place in the diagonal
letters.  Let g be a random number of every class, as diagonal matrices G of the rows and H of the columns.  The entries
of ``J H - G J`` are ``J[i, j] * (h[j] - g[i])``: zero inside the pattern, and outside only where J is.  So one random
vector v and two products test all of them.  For the pattern of a sum of terms the factors ``h[j] - g[i]`` of all terms
are multiplied; that is a product for every subset of the terms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from jackern._arrays.operands import Array
from jackern._probes.linearity import first, head, largest, random, tolerance
from jackern._structures.base import Jacobian
from jackern._terms.term import Axis, Term, canonical, window

MAX_TERMS = 6  # of a pattern that is probed with a product for every subset of its terms
CHUNK = 2**16  # numbers in the unit vectors that are multiplied at a time

NAMES = ("zero", "identity", "diagonal", "permutation", "broadcast", "reduction", "banded")


def assert_pattern(
    jacobian: Jacobian, claim: object, bandwidths: tuple[int, int] | None, what: str, rng: np.random.Generator
) -> None:
    """Raise AssertionError, which begins with `what`, if an entry breaks the claim: a name, or a Jacobian."""
    if isinstance(claim, Jacobian):
        assert_inside(jacobian, claim, what, rng)
        return
    if not isinstance(claim, str) or claim not in NAMES:
        raise ValueError(
            f"assert_structure: structure is {claim!r}, expected a Jacobian, whose pattern is meant, or one of "
            f"{', '.join(NAMES)}; other names say nothing of single entries."
        )
    is_pair = isinstance(bandwidths, tuple | list) and len(bandwidths) == 2 and all(map(is_int, bandwidths))
    if (bandwidths is None) == (claim == "banded") or not (bandwidths is None or is_pair):
        raise ValueError(
            f"assert_structure: bandwidths is {bandwidths!r} for {claim!r}, expected (l, u) for 'banded' alone."
        )
    m, n = jacobian.shape
    what = f"{what} is not of structure {claim}"
    if claim in ("identity", "diagonal", "permutation") and m != n:
        raise AssertionError(f"{what}: its shape is {jacobian.shape}, expected a square one.")
    if claim == "zero":
        assert_terms(jacobian, (), what, rng)
    elif claim in ("identity", "diagonal"):
        assert_terms(jacobian, terms_of_identity(n), what, rng)
        if claim == "identity":
            assert_constant(jacobian, what, rng)
    elif claim == "banded" and bandwidths is not None:
        assert_banded(jacobian, bandwidths, what, rng)
    else:
        if claim != "reduction":
            assert_one_per_row(jacobian, what, rng, False)
        if claim != "broadcast":
            assert_one_per_row(jacobian.T, what, rng, True)


def is_int(x: object) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def terms_of_identity(n: int) -> tuple[Term, ...]:
    """Return the pattern of the main diagonal of a square matrix."""
    axes = (Axis(0, n),)
    term = canonical(np.ones(()), (), axes, axes, {0: n})
    return () if term is None else (term,)


def assert_inside(jacobian: Jacobian, pattern: Jacobian, what: str, rng: np.random.Generator) -> None:
    """Raise AssertionError if an entry is not zero where a pattern has none."""
    if jacobian.shape != pattern.shape:
        raise AssertionError(f"{what} has shape {jacobian.shape}, expected {pattern.shape}, that of the pattern.")
    what = f"{what} has entries outside of the {pattern.structure} pattern"
    terms = pattern._terms()
    if terms is not None and len(terms) <= MAX_TERMS:
        assert_terms(jacobian, terms, what, rng)
    else:
        assert_columns(jacobian, pattern, what)


def assert_terms(jacobian: Jacobian, terms: Sequence[Term], what: str, rng: np.random.Generator) -> None:
    """Raise AssertionError if an entry is not zero that is outside of the pattern of all terms."""
    m, n = jacobian.shape
    classes = [classes_of(term) for term in terms]
    weights = [weights_of(*ends, rng) for ends in classes]
    v = random(rng, n, jacobian)
    rest, limit = np.zeros(m), 0.0
    for chosen in itertools.product((False, True), repeat=len(terms)):
        of_rows, of_columns = np.ones(m), np.ones(n)
        for (rows, columns), is_chosen in zip(weights, chosen, strict=True):
            if is_chosen:
                of_columns *= columns
            else:
                of_rows *= -rows
        part = of_rows * product(jacobian, of_columns * v, what)
        rest += part
        limit = max(limit, tolerance(jacobian) * largest(part)) if terms else 0.0

    def allowed(row: int) -> Array:
        result = np.zeros(n, bool)
        for rows, columns in classes:
            if rows[row] >= 0:
                result |= columns == rows[row]
        return result

    assert_small(jacobian, rest, limit, allowed, v, what)


def assert_banded(jacobian: Jacobian, bandwidths: tuple[int, int], what: str, rng: np.random.Generator) -> None:
    """Raise AssertionError if an entry is not zero that is below or above a band.

    Columns that are l + u + 1 apart have no row of the band in common, so that the band can be read from a product for
    each of so many colours of columns.  A matrix without other entries has the same product with a random vector.
    """
    l, u = bandwidths
    m, n = jacobian.shape
    if min(l, u) < 0:
        raise ValueError(f"assert_structure: bandwidths is {bandwidths}, expected numbers of diagonals of at least 0.")
    width = l + u + 1
    beyond = random(rng, l + max(n, m + u), jacobian)  # element j of v is beyond[l + j]; the band may leave the matrix
    v = beyond[l : l + n]
    rest = product(jacobian, v, what)
    limit = tolerance(jacobian) * largest(rest)
    rows = np.arange(m)
    for colour in range(min(width, n)):
        units = np.zeros(n)
        units[colour::width] = 1
        place = (colour - (rows - l)) % width + rows  # of the row's column of this colour, in `beyond`
        part = product(jacobian, units, what) * beyond[place]
        rest -= part
        limit = max(limit, tolerance(jacobian) * largest(part))

    def allowed(row: int) -> Array:
        offset = np.arange(n) - row
        return (-l <= offset) & (offset <= u)

    assert_small(jacobian, rest, limit, allowed, v, what)


def assert_small(
    jacobian: Jacobian, rest: Array, limit: float, allowed: Callable[[int], Array], v: Array, what: str
) -> None:
    """Raise AssertionError with the first entry outside of a pattern, in the first row of `rest` beyond a limit."""
    wrong = ~(np.abs(rest) <= limit)
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])
        column = first_column(jacobian, row, np.where(allowed(row), 0, v), what)
        raise AssertionError(f"{what}: entry {row, column} is {entry(jacobian, row, column)}, expected 0.")


def assert_columns(jacobian: Jacobian, pattern: Jacobian, what: str) -> None:
    """Raise AssertionError if an entry is not zero where a pattern has none; every column is looked at."""
    m, n = jacobian.shape
    rows, columns, _ = pattern._entries()
    order = columns.argsort(kind="stable")
    rows, columns = rows[order], columns[order]
    step = max(1, CHUNK // max(1, m, n))
    for start in range(0, n, step):
        block = np.array(jacobian @ np.eye(n, min(step, n - start), -start, jacobian.dtype))
        limit = tolerance(jacobian) * largest(block)
        some = slice(*columns.searchsorted([start, start + step]))
        block[rows[some], columns[some] - start] = 0
        wrong = np.argwhere(~(np.abs(block) <= limit).T)
        if len(wrong):
            column, row = map(int, wrong[0])
            raise AssertionError(f"{what}: entry {row, start + column} is {block[row, column]!s}, expected 0.")


def assert_one_per_row(jacobian: Jacobian, what: str, rng: np.random.Generator, transposed: bool) -> None:
    """Raise AssertionError if a row has two entries.

    With a number g of every column, a row of one entry has ``(Jv) (Jg²v) = (Jgv)²``; two make the two sides differ by
    ``a v b w (g - h)²``.
    """
    n = jacobian.shape[1]
    v, g = random(rng, n, jacobian), random(rng, n, jacobian)
    y = [product(jacobian, g**k * v, what) for k in range(3)]
    left, right = y[0] * y[2], y[1] ** 2
    eps = tolerance(jacobian)
    wrong = ~(np.abs(left - right) <= eps * (np.abs(left) + right) + (eps * max(map(largest, y))) ** 2)
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])
        one = first_column(jacobian, row, v, what)
        two = first_column(jacobian, row, v - head(v, one + 1), what)
        places = [(j, row) if transposed else (row, j) for j in (one, two)]
        numbers = [entry(jacobian, row, j) for j in (one, two)]
        line = "column" if transposed else "row"
        raise AssertionError(
            f"{what}: entry {places[1]} is {numbers[1]}, expected 0, as entry {places[0]} of the same {line} "
            f"is {numbers[0]}."
        )


def assert_constant(jacobian: Jacobian, what: str, rng: np.random.Generator) -> None:
    """Raise AssertionError if the diagonal of a diagonal matrix is not one number."""
    n = jacobian.shape[1]
    if n == 0:
        return
    number = float(entry(jacobian, 0, 0))
    v = random(rng, n, jacobian)
    rest = product(jacobian, v, what) - number * v
    wrong = ~(np.abs(rest) <= tolerance(jacobian) * abs(number) * np.abs(v))
    if np.any(wrong):
        k = int(np.flatnonzero(wrong)[0])
        raise AssertionError(f"{what}: entry {k, k} is {entry(jacobian, k, k)}, expected {number}, as entry (0, 0) is.")


# ---- products, and entries from them ---------------------------------------------------------------------------


def product(jacobian: Jacobian, v: Array, what: str) -> Array:
    """Return ``J v`` in float64; AssertionError if that is not finite."""
    result = np.asarray(jacobian @ v.astype(jacobian.dtype), np.float64)
    if not np.all(np.isfinite(result)):
        row = int(np.flatnonzero(~np.isfinite(result))[0])
        raise AssertionError(
            f"{what}: row {row} times a random vector is {result[row]}; only finite entries can be probed."
        )
    return result


def entry(jacobian: Jacobian, row: int, column: int) -> str:
    """Return one entry of the matrix, as it is printed."""
    unit = np.eye(1, jacobian.shape[1], column, jacobian.dtype)[0]
    return str((jacobian @ unit)[row])


def first_column(jacobian: Jacobian, row: int, v: Array, what: str) -> int:
    """Return the first column in which a row is not zero, of those where v is not."""
    limit = tolerance(jacobian) * largest(product(jacobian, v, what))
    return first(lambda k: abs(product(jacobian, head(v, k), what)[row]) > limit, len(v))


def classes_of(term: Term) -> tuple[Array, Array]:
    """Return the place in the diagonal letters of every row and of every column; -1 for those without entries."""
    both = [x for x in term.lengths if x in term.out_letters and x in term.in_letters]
    stride = {x: math.prod(term.lengths[y] for y in both[k + 1 :]) for k, x in enumerate(both)}

    def end(axes: Sequence[Axis]) -> Array:
        result = np.full([axis.full for axis in axes], -1)
        order = [axis.letter for axis in axes if axis.letter is not None]
        places = np.ix_(*(np.arange(term.lengths[x]) * stride.get(x, 0) for x in order))
        result[window(axes, term.lengths)] = sum(places, np.zeros((), np.intp))
        return result.reshape(-1)

    return end(term.out), end(term.in_)


def weights_of(rows: Array, columns: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the random number of the class of every row and of every column; those without entries have their own."""
    numbers = rng.standard_normal(max(np.max(rows, initial=0), np.max(columns, initial=0)) + 3)
    return numbers[np.where(rows < 0, -2, rows)], numbers[np.where(columns < 0, -1, columns)]
