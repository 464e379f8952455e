"""Products and sums multiplied out into terms, whatever they store up to a cap: what a solve has to have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jackern._arrays.operands import Array
from jackern._structures.base import Jacobian
from jackern._structures.product import ProductJacobian
from jackern._structures.verbs import MAX_BYTES
from jackern._terms import combine
from jackern._terms.combine import Composition
from jackern._terms.letters import aligned
from jackern._terms.term import Axis, KeptApart, Term, canonical


def multiplied_out(parts: Sequence[Jacobian], dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return the terms of a product of several factors, whatever they store; one dense term if there are no others."""
    result: Sequence[Term] | None = None
    for part in [part for part in parts if not is_one(part)] or parts[:1]:
        terms = expanded(part, dtype)
        if result is None:
            result = terms
            continue
        try:
            pairs = [combine.composition(p, q) for p, q in itertools.product(result, terms)]
            result = combine.sum_of(contracted(pair, dtype) for pair in pairs if pair is not None)
        except KeptApart:
            shape = parts[0].shape[0], parts[-1].shape[1]
            check_size(shape, dtype)
            return [dense_term(product_of(parts).toarray(max_bytes=None))]
    return result or ()


def is_one(jacobian: Jacobian) -> bool:
    """Whether a factor changes nothing."""
    number = jacobian._multiple()
    return number is not None and bool(number == 1)


def expanded(jacobian: Jacobian, dtype: np.dtype[Any]) -> Sequence[Term]:
    """Return terms of any Jacobian."""
    terms = jacobian._terms()
    if terms is not None:
        return terms
    if len(jacobian._summands()) > 1:
        return combine.sum_of(term for part in jacobian._summands() for term in expanded(part, dtype))
    if jacobian._is_symmetric:
        # Symmetric but for rounding, which would keep it from Cholesky's factorisation.
        halves = [term._replace(values=term.values * 0.5) for term in multiplied_out(jacobian._factors(), dtype)]
        return combine.sum_of([*halves, *(half.T for half in halves)])
    if len(jacobian._factors()) > 1:
        return multiplied_out(jacobian._factors(), dtype)
    check_size(jacobian.shape, dtype)
    return [dense_term(jacobian.toarray(max_bytes=None))]


def contracted(pair: Composition, dtype: np.dtype[Any]) -> Term:
    """Multiply out by np.matmul, which takes sums over letters of both factors to the BLAS."""
    a, b = pair.a, pair.b
    summed = [x for x in a.letters if x in b.letters and x not in pair.letters]
    check_size([pair.lengths[x] for x in pair.letters], dtype)
    if not summed or any(x not in (*pair.letters, *summed) for x in (*a.letters, *b.letters)):
        return pair.term()
    stack = [x for x in pair.letters if x in a.letters and x in b.letters]
    rows, columns = ([x for x in pair.letters if x in own.letters and x not in stack] for own in (a, b))

    def matrices(term: Term, *ends: Sequence[int]) -> Array:
        sizes = [math.prod(term.lengths[x] for x in end) for end in ends]
        letters = [*stack, *(x for end in ends for x in end)]
        return aligned(term.values, term.letters, letters).reshape([*(term.lengths[x] for x in stack), *sizes])

    values = np.matmul(matrices(a, rows, summed), matrices(b, summed, columns))
    letters = (*stack, *rows, *columns)
    values = values.reshape([pair.lengths[x] for x in letters])
    if pair.repeats > 1:
        values *= pair.repeats
    return pair.with_values(values, letters)


def dense_term(matrix: Array) -> Term:
    """Return a matrix as a term."""
    m, n = matrix.shape
    term = canonical(matrix, (0, 1), [Axis(0, m)], [Axis(1, n)], {0: m, 1: n})
    assert term is not None
    return term


class TooLarge(MemoryError):
    """A dense array over the cap, and no error of anybody else."""


def check_size(shape: Iterable[int], dtype: np.dtype[Any]) -> None:
    """Raise MemoryError for a dense array over the cap."""
    shape = tuple(shape)
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes > MAX_BYTES:
        raise TooLarge(
            f"solve: a dense array of shape {shape} would take {nbytes} bytes, more than {MAX_BYTES}; solve by "
            "iteration, for example with scipy.sparse.linalg.gmres(J.aslinearoperator(), b)."
        )


def product_of(parts: Sequence[Jacobian]) -> Jacobian:
    """Return the product of factors as it is."""
    return parts[0] if len(parts) == 1 else ProductJacobian(tuple(parts), ("",) * (len(parts) - 1))
