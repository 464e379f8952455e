"""Compositions and sums of Jacobians: what is multiplied out or added at once, and what is kept apart.

Two factors are multiplied out while the result stores no more numbers than both and costs no more multiplications than
four applications of both; two terms of a sum are added while the sum stores no more numbers than both.  All else is
kept in a product, a flat list of factors, or in a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeGuard

import numpy as np

from jackern._algebra import csr
from jackern._arrays.shapes import Shape
from jackern._structures.axis import AxisJacobian, lowered
from jackern._structures.banded import fused
from jackern._structures.base import Jacobian
from jackern._structures.product import ProductJacobian
from jackern._structures.sliced import SlicedJacobian
from jackern._structures.sparse import SparseJacobian
from jackern._structures.sum import SumJacobian
from jackern._structures.zero import ZeroJacobian
from jackern._terms import combine
from jackern._terms.combine import WORK, Composition
from jackern._terms.term import KeptApart, Term


def compose(a: Jacobian, b: Jacobian) -> Jacobian:
    """Return ``a @ b``, the Jacobian of the composed functions."""
    if a.in_shape != b.out_shape:
        raise ValueError(
            f"{a.structure} @ {b.structure}: the left one takes {a.in_shape}, the right one returns {b.out_shape}; "
            "reshape one of them if the elements correspond in C order."
        )
    if are_alike(a, b):
        return a._with(combine.product(a.values, b.values), a.out_shape, b.in_shape)
    return counted_product(a, b)[0]


def are_alike(a: Jacobian, b: Jacobian) -> TypeGuard[AxisJacobian]:
    """Whether both are diagonal with the same letters, all stored: the product, and the sum, is that of their values."""
    if not (isinstance(a, AxisJacobian) and isinstance(b, AxisJacobian)):
        return False
    return (
        a._is_flat
        and a._out_letters == b._value_letters == b._out_letters == b._in_letters
        and a._lengths == b._lengths
    )


def counted_product(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Return the product, with the number of multiplications that it took.

    The factors of both make one list; neighbours are multiplied out until no two can be.
    """
    factors: list[Jacobian] = []
    reasons: list[str | None] = []
    for jacobian in (a, b):
        if factors:
            reasons.append(None)
        if isinstance(jacobian, ProductJacobian):
            factors += jacobian._parts
            reasons += jacobian._reasons
        else:
            factors.append(jacobian)
    work = 0
    while None in reasons:
        k = reasons.index(None)
        try:
            product, more = multiplied(factors[k], factors[k + 1])
        except KeptApart as reason:
            reasons[k] = str(reason)
            continue
        work += more
        factors[k : k + 2] = [product]
        # What stood apart from one of the two may be multiplied with their product.
        reasons[max(k - 1, 0) : k + 2] = [None] * (len(factors[max(k - 1, 0) : k + 2]) - 1)
        if isinstance(product, ZeroJacobian):
            dtype = np.result_type(a.dtype, b.dtype)
            return ZeroJacobian(a.out_shape, b.in_shape, dtype), work
    if len(factors) == 1:
        return factors[0], work
    return ProductJacobian(tuple(factors), tuple(reason or "" for reason in reasons)), work


def multiplied(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Return the product of two factors multiplied out, and the number of multiplications; raises KeptApart."""
    shapes = a.out_shape, b.in_shape
    dtype = np.result_type(a.dtype, b.dtype)
    a_terms, b_terms = a._terms(), b._terms()
    if a_terms == () or b_terms == ():
        return ZeroJacobian(*shapes, dtype), 0
    stored, cost = a._stored + b._stored, a._cost + b._cost
    if a_terms is not None and b_terms is not None:
        compositions = [composed for p in a_terms for q in b_terms if (composed := combine.composition(p, q))]
        work = sum(composed.work for composed in compositions)
        if len(compositions) == 1:
            check_storage(compositions[0].stored, stored)
        check_work(work, cost)
        terms = products(compositions)
        check_storage(sum(term.stored for term in terms), stored)
        return from_terms(terms, *shapes, dtype), work
    for factor, other in ((a, b), (b, a)):
        if isinstance(factor, AxisJacobian) and factor.structure == "identity":
            scale = factor.values
            other = other.reshape(*shapes)
            if scale == 1 and other.dtype == dtype:
                return other, 0
            return other._scaled(np.multiply, scale), other._stored
    if isinstance(a, SumJacobian) or isinstance(b, SumJacobian):
        return distributed(a, b)
    if isinstance(a, SparseJacobian) or isinstance(b, SparseJacobian):
        work = csr.product_work(*(as_sparse(x) for x in (a, b)))
        check_work(work, cost)
        product = csr.multiply(*(as_sparse(x) for x in (a, b)))
        check_storage(product._stored, stored)
        return product.reshape(*shapes), work
    first = next(x for x, terms in ((a, a_terms), (b, b_terms)) if terms is None)
    raise KeptApart(f"a {first.structure} is not multiplied out")


def products(compositions: Iterable[Composition]) -> list[Term]:
    """Return the terms of the sum of products that are to be multiplied out."""
    return combine.sum_of(filter(None, (composed.term() for composed in compositions)))


def check_storage(stored: int, given: int) -> None:
    """Raise KeptApart if a product would store more numbers than its factors."""
    if stored > given:
        raise KeptApart(f"together they would store {stored:,} numbers instead of {given:,}")


def check_work(work: int, cost: int) -> None:
    """Raise KeptApart if multiplying out costs more than some applications of the factors."""
    if work > WORK * cost:
        raise KeptApart(f"multiplying out costs {work:,} multiplications, more than {WORK} times the {cost:,} of both")


def distributed(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Return the product of two factors, of which one is a sum at least, as a sum."""
    total: Jacobian | None = None
    work = 0
    for p in a._parts if isinstance(a, SumJacobian) else (a,):
        for q in b._parts if isinstance(b, SumJacobian) else (b,):
            product, more = counted_product(p, q)
            if isinstance(product, ProductJacobian) and len(product._parts) >= n_factors(p) + n_factors(q):
                k = len(p._parts) - 1 if isinstance(p, ProductJacobian) else 0
                raise KeptApart(f"over a sum: {product._reasons[k]}")
            work += more
            check_work(work, a._cost + b._cost)
            total = product if total is None else add(total, product)
    assert total is not None
    check_storage(total._stored, a._stored + b._stored)
    return total, work


def n_factors(jacobian: Jacobian) -> int:
    """Return how many factors a Jacobian is a product of."""
    return len(jacobian._parts) if isinstance(jacobian, ProductJacobian) else 1


def as_sparse(jacobian: Jacobian) -> SparseJacobian:
    """Return a Jacobian with no more than one entry per row and column in each of its terms, as a sparse one."""
    if isinstance(jacobian, SparseJacobian):
        return jacobian
    terms = jacobian._terms()
    if terms is None or any({*term.out_letters} != {*term.in_letters} for term in terms):
        raise KeptApart(f"a {jacobian.structure} and a sparse one have no product of the storage of both")
    return csr.from_entries(*jacobian._entries(), jacobian.out_shape, jacobian.in_shape)


def add(a: Jacobian, b: Jacobian) -> Jacobian:
    """Return ``a + b``."""
    for name in ("out_shape", "in_shape"):
        left, right = getattr(a, name), getattr(b, name)
        if left != right:
            raise ValueError(f"{a.structure} + {b.structure}: {name} is {left} on the left, {right} on the right.")
    parts = [part for x in (a, b) for part in (x._parts if isinstance(x, SumJacobian) else (x,))]
    dtype = np.result_type(a.dtype, b.dtype)
    n_left = len(a._parts) if isinstance(a, SumJacobian) else 1
    terms: list[Term] = []
    sparse: SparseJacobian | None = None
    others: list[Jacobian] = []
    for k, part in enumerate(parts):
        more = part._terms()
        if more is not None:
            # Those of a sum were tried already.
            terms = terms + list(more) if k < n_left else combine.sum_of(more, terms)
        elif isinstance(part, SparseJacobian):
            sparse = part if sparse is None else csr.add(sparse, part)
        else:
            others.append(part)
    summed = [*parts_of(terms, a.out_shape, a.in_shape), *([sparse] if sparse else []), *others]
    if not summed:
        return ZeroJacobian(a.out_shape, a.in_shape, dtype)
    if len(summed) == 1:
        return summed[0].astype(dtype)
    return SumJacobian(tuple(summed))


def from_terms(terms: Sequence[Term], out_shape: Shape, in_shape: Shape, dtype: np.dtype) -> Jacobian:
    """Return the sum of terms that have been added where they can be."""
    parts = parts_of(terms, out_shape, in_shape)
    if not parts:
        return ZeroJacobian(out_shape, in_shape, dtype)
    return parts[0].astype(dtype) if len(parts) == 1 else SumJacobian(tuple(parts))


def parts_of(terms: Sequence[Term], out_shape: Shape, in_shape: Shape) -> list[Jacobian]:
    """Return a Jacobian for every term, but one for all that are diagonal and share their axes."""
    shapes = out_shape, in_shape
    diagonal = [term for term in terms if term.is_diagonal]
    parts: list[Jacobian] = []
    if len(diagonal) > 1 or (diagonal and not diagonal[0].is_plain):
        try:
            parts = [fused(diagonal, *shapes)]
        except KeptApart:
            parts = [part for term in diagonal for part in parts_of([term], *shapes)]
    elif diagonal:
        parts = [lowered(diagonal[0], *shapes)]
    for term in terms:
        if not term.is_diagonal:
            parts.append(lowered(term, *shapes) if term.is_plain else SlicedJacobian(term, *shapes))
    return parts
