"""Diagonals of products: that of A B is the sum of ``A * B.T`` along rows, so the product itself is never formed."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np

from jackern._algebra import csr, rules
from jackern._arrays.operands import Array, quiet
from jackern._structures.base import Jacobian
from jackern._structures.of_terms import cut_at_diagonal, from_terms
from jackern._terms import combine, entries
from jackern._terms.entries import Entries
from jackern._terms.term import Axis, KeptApart, canonical, rank_of

MANY = 16  # entries for every number stored, or passed on, are not too many to list
BLOCK = 2**16  # numbers in the columns and rows that are formed at a time, unless the factors store more


@quiet
def of_product(factors: Sequence[Jacobian]) -> Array:
    """Return the main diagonal of a product, ``(min(m, n),)``.

    Sums are multiplied out, as long as they make fewer products than there are rows.  All other products are cut in
    two where the fewest numbers pass, if need be inside a term.
    """
    m, n = factors[0].shape[0], factors[-1].shape[1]
    dtype = np.result_type(*(factor.dtype for factor in factors))
    if m != n:
        some = min(m, n)
        first, *middle = (factor.reshape(*factor.shape) for factor in factors)
        square = [elements(0, some, m, dtype) @ first, *middle, elements(0, some, n, dtype).T]
        return product_of(square).diagonal()
    summands = [factor._summands() for factor in factors]
    if 1 < math.prod(map(len, summands)) <= n:
        return entries.added_up((product_of(each).diagonal() for each in itertools.product(*summands)), dtype)
    parts = [part for factor in factors for part in cut(factor)]
    waist = min(range(1, len(parts)), key=lambda k: parts[k].shape[0])
    a, b = product_of(parts[:waist]), product_of(parts[waist:])
    for way in (by_letters, by_entries):
        if (result := way(a, b)) is not None:
            return result.astype(dtype, copy=False)
    return by_blocks(a, b).astype(dtype, copy=False)


def product_of(factors: Sequence[Jacobian]) -> Jacobian:
    """Return the product of factors, multiplied out where that pays."""
    return functools.reduce(rules.compose, factors)


def cut(factor: Jacobian) -> tuple[Jacobian, ...]:
    """Return a factor as two, if it is a term of low rank."""
    terms = factor._terms()
    if terms is None or len(terms) != 1 or rank_of(terms[0]) >= min(factor.shape):
        return (factor,)
    return cut_at_diagonal(terms[0], factor.out_shape, factor.in_shape)


def by_letters(a: Jacobian, b: Jacobian) -> Array | None:
    """Return the diagonal of the product of two, term by term; None where a pair of terms does not allow it."""
    a_terms, b_terms = a._terms(), b._terms()
    if a_terms is None or b_terms is None:
        return None
    dtype = np.result_type(a.dtype, b.dtype)
    try:
        return entries.added_up((combine.diagonal_of_product(x, y) for x in a_terms for y in b_terms), dtype)
    except KeptApart:
        return None


def by_entries(a: Jacobian, b: Jacobian) -> Array | None:
    """Return the diagonal of the product of two from the entries of one, where they are few and the other's known."""
    n, middle = b.shape[1], a.shape[1]
    limit = MANY * (a._stored + b._stored + n + middle)
    for one, other in ((a, b), (b.T, a.T)):
        listed = few_entries(one, limit)
        if listed is None:
            continue
        rows, columns, values = listed
        if (terms := other._terms()) is not None:
            numbers = sum((entries.at(term, columns, rows) for term in terms), np.zeros(len(rows)))
        elif (others := few_entries(other, limit)) is not None:
            numbers = entries.found(others, columns, rows)
        else:
            continue
        return np.bincount(rows, values * numbers, minlength=n)
    return None


def few_entries(jacobian: Jacobian, limit: int) -> Entries | None:
    """Return the entries of a Jacobian, or of a product multiplied out; None if it lists more than the limit."""
    parts = jacobian._factors()
    for part in parts:
        if any(x._n_entries is None for x in part._summands()) or part.nnz > limit:
            return None
    if len(parts) == 1:
        return parts[0]._entries()
    product, *rest = (csr.from_entries(*part._entries(), *((n,) for n in part.shape)) for part in parts)
    for part in rest:
        if csr.product_work(product, part) > limit:
            return None
        product = csr.multiply(product, part)
    return product._entries()


def by_blocks(a: Jacobian, b: Jacobian) -> Array:
    """Return the diagonal of the product of two from blocks of it, or of columns of one and rows of the other."""
    n, middle = b.shape[1], a.shape[1]
    a, b = a.reshape(n, middle), b.reshape(middle, n)
    dtype = np.result_type(a.dtype, b.dtype)
    length = min(n, middle)
    step = max(1, max(BLOCK, a._stored + b._stored) // max(n, middle))
    result = np.zeros(n)
    for start in range(0, length, step):
        stop = min(start + step, length)
        part = elements(start, stop, length, dtype)
        if n < middle:
            block = product_of([part, a, b, part.T]).toarray(max_bytes=None)
            result[start:stop] = np.diagonal(block)
        else:
            columns, rows = (a @ part.T).toarray(max_bytes=None), (part @ b).toarray(max_bytes=None)
            result += combine.contraction(columns, (0, 1), rows, (1, 0), (0,))
    return result


def elements(start: int, stop: int, n: int, dtype: np.dtype) -> Jacobian:
    """Return the Jacobian of ``x[start:stop]``, x of n elements."""
    length = stop - start
    term = canonical(np.ones((), dtype), (), [Axis(0, length)], [Axis(0, n, start)], {0: length})
    return from_terms([term] if term else [], (length,), (n,), dtype)
