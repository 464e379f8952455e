"""Diagonals of products: that of A B is the sum of ``A * B.T`` along rows, so the product itself is never formed."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np

from jackern._algebra import csr, rules
from jackern._arrays.operands import Array
from jackern._structures.base import Jacobian
from jackern._structures.sparse import SparseJacobian
from jackern._terms import combine, entries
from jackern._terms.term import Axis, KeptApart, canonical

MANY = 16  # entries for every number stored are not too many to list


def of_product(factors: Sequence[Jacobian]) -> Array:
    """Return the main diagonal of a product, ``(min(m, n),)``.

    Sums are multiplied out, as long as they make fewer products than there are rows.  All other products are cut in
    two where the fewest numbers pass.
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
    waist = min(range(1, len(factors)), key=lambda k: factors[k].shape[0])
    return of_two(product_of(factors[:waist]), product_of(factors[waist:])).astype(dtype, copy=False)


def product_of(factors: Sequence[Jacobian]) -> Jacobian:
    """Return the product of factors, multiplied out where that pays."""
    return functools.reduce(rules.compose, factors)


def of_two(a: Jacobian, b: Jacobian) -> Array:
    """Return the diagonal of a square product of two: letter by letter, by blocks of columns, or entry by entry.

    A block of columns of the left factor, and of rows of the right one, has no more numbers than both store; entries
    are listed where it takes several blocks, and there are few of them.
    """
    a_terms, b_terms = a._terms(), b._terms()
    dtype = np.result_type(a.dtype, b.dtype)
    if a_terms is not None and b_terms is not None:
        try:
            return entries.added_up((combine.diagonal_of_product(x, y) for x in a_terms for y in b_terms), dtype)
        except KeptApart:
            pass
    n, middle, stored = b.shape[1], a.shape[1], a._stored + b._stored
    step = max(1, stored // max(n, middle))
    if middle > step:
        sparse = [with_few_entries(x, MANY * (stored + n + middle)) for x in (a, b)]
        if sparse[0] is not None and sparse[1] is not None:
            return entries.diagonal_of_product(sparse[0]._entries(), sparse[1]._entries(), n, dtype)
    a, b = a.reshape(n, middle), b.reshape(middle, n)
    result = np.zeros(n)
    for start in range(0, middle, step):
        part = elements(start, min(start + step, middle), middle, dtype)
        columns, rows = (a @ part.T).toarray(max_bytes=None), (part @ b).toarray(max_bytes=None)
        result += combine.contraction(columns, (0, 1), rows, (1, 0), (0,))
    return result


def elements(start: int, stop: int, n: int, dtype: np.dtype) -> Jacobian:
    """Return the Jacobian of ``x[start:stop]``, x of n elements."""
    length = stop - start
    term = canonical(np.ones((), dtype), (), [Axis(0, length)], [Axis(0, n, start)], {0: length})
    return rules.from_terms([term] if term else [], (length,), (n,), dtype)


def with_few_entries(jacobian: Jacobian, limit: int) -> SparseJacobian | None:
    """Return a Jacobian, or a product multiplied out, as a sparse one; None if that lists more entries than the limit."""
    result: SparseJacobian | None = None
    for part in jacobian._factors():
        if part._n_entries is None or part._n_entries > limit:
            return None
        sparse = csr.from_entries(*part._entries(), *((n,) for n in part.shape))
        if result is not None and csr.product_work(result, sparse) > limit:
            return None
        result = sparse if result is None else csr.multiply(result, sparse)
    return result
