"""Compositions, sums and Gram matrices of Jacobians: what is multiplied out or added, and what is kept apart.

Two factors are multiplied out while the result stores no more numbers than both and costs no more multiplications than
four applications of both; two terms of a sum are added while the sum stores no more numbers than both.  All else is
kept in a product, a flat list of factors, or in a sum.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TypeGuard

import numpy as np

from jackern._algebra import convolution, csr
from jackern._arrays.operands import quiet
from jackern._structures.axis import AxisJacobian
from jackern._structures.base import Jacobian
from jackern._structures.convolution import ConvolutionJacobian
from jackern._structures.of_terms import from_terms, parts_of_terms
from jackern._structures.product import ProductJacobian
from jackern._structures.sum import SumJacobian
from jackern._structures.zero import ZeroJacobian
from jackern._terms import combine
from jackern._terms.combine import WORK, Composition
from jackern._terms.term import KeptApart, Term

MANY = 64  # pairs of terms, after which their storage and their work are looked at


def compose(a: Jacobian, b: Jacobian) -> Jacobian:
    """Return ``a @ b``, the Jacobian of the composed functions."""
    if a.in_shape != b.out_shape:
        raise ValueError(
            f"{a.structure} @ {b.structure}: the left one takes {a.in_shape}, the right one returns {b.out_shape}; "
            "reshape one of them if the elements correspond in C order."
        )
    if isinstance(a, AxisJacobian) and (product := a._times_alike(b)) is not None:
        return product
    return counted_product(a, b)[0]


def are_alike(a: Jacobian, b: Jacobian) -> TypeGuard[AxisJacobian]:
    """Whether both are diagonal with the same letters, all stored: what they make is made of their values."""
    return isinstance(a, AxisJacobian) and a._is_alike(b)


@quiet
def counted_product(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Return the product, with the number of multiplications that it took.

    The factors of both make one list; neighbours are multiplied out until no two can be.
    """
    factors = [*chain(a), *chain(b)]
    reasons = [*(a._reasons() if a._is_chain else ()), None, *(b._reasons() if b._is_chain else ())]
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
        if product._terms() == ():
            return make_zero(a, b)[0], work
    if len(factors) == 1:
        return factors[0], work
    return ProductJacobian(tuple(factors), tuple(reason or "" for reason in reasons)), work


def chain(jacobian: Jacobian) -> tuple[Jacobian, ...]:
    """Return the factors that join those of a longer product."""
    return jacobian._factors() if jacobian._is_chain else (jacobian,)


def multiplied(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Return the product of two factors multiplied out, and the number of multiplications; raises KeptApart."""
    for matches, multiply in PRODUCTS:
        if matches(a, b):
            return multiply(a, b)
    first = next(x for x in (a, b) if x._terms() is None)
    raise KeptApart(f"a {first.structure} is not multiplied out")


# ---- the rules for a pair of factors -----------------------------------------------------------------------------


def multiply_convolutions(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Convolutions with nothing cut off between them: their kernels are convolved."""
    assert isinstance(a, ConvolutionJacobian)
    assert isinstance(b, ConvolutionJacobian)
    work = len(a._kernel) * len(b._kernel)
    check_storage(len(a._kernel) + len(b._kernel) - 1, a._stored + b._stored)
    check_work(work, a._cost + b._cost)
    return convolution.multiply(a, b), work


def is_zero(a: Jacobian, b: Jacobian) -> bool:
    return () in (a._terms(), b._terms())


def make_zero(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    return ZeroJacobian(a.out_shape, b.in_shape, np.result_type(a.dtype, b.dtype)), 0


def are_terms(a: Jacobian, b: Jacobian) -> bool:
    return a._terms() is not None and b._terms() is not None


def multiply_terms(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Every term of the left one times every term of the right one, where their work and their storage allow it."""
    stored, cost = a._stored + b._stored, a._cost + b._cost
    compositions = composed(a._terms() or (), b._terms() or (), stored, cost)
    work = sum(each.work for each in compositions)
    # A sum stores at least what its largest term does.
    check_storage(max((each.stored for each in compositions), default=0), stored)
    check_work(work, cost)
    return from_terms(products(compositions, stored), a.out_shape, b.in_shape, np.result_type(a.dtype, b.dtype)), work


def has_multiple(a: Jacobian, b: Jacobian) -> bool:
    return a._multiple() is not None or b._multiple() is not None


def scale(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """A multiple of the identity scales the other one."""
    number, other = a._multiple(), b
    if number is None:
        number, other = b._multiple(), a
    other = other.reshape(a.out_shape, b.in_shape)
    if number == 1 and other.dtype == np.result_type(a.dtype, b.dtype):
        return other, 0
    return other._scaled(np.multiply, number), other._stored


def has_sum(a: Jacobian, b: Jacobian) -> bool:
    return len(a._summands()) > 1 or len(b._summands()) > 1


def distribute(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Over a sum, if every product becomes one and the total obeys the rule of storage and work."""
    total: Jacobian | None = None
    work = 0
    for p, q in itertools.product(a._summands(), b._summands()):
        product, more = counted_product(p, q)
        if product._is_chain and len(product._factors()) >= len(chain(p)) + len(chain(q)):
            raise KeptApart(f"over a sum: {product._reasons()[len(chain(p)) - 1]}")
        work += more
        check_work(work, a._cost + b._cost)
        total = product if total is None else add(total, product)
    assert total is not None
    check_storage(total._stored, a._stored + b._stored)
    return total, work


def has_entries(a: Jacobian, b: Jacobian) -> bool:
    return a._lists_entries or b._lists_entries


def multiply_entries(a: Jacobian, b: Jacobian) -> tuple[Jacobian, int]:
    """Sparse times what has few entries."""
    left, right = csr.as_sparse(a), csr.as_sparse(b)
    work = csr.product_work(left, right)
    check_work(work, a._cost + b._cost)
    product = csr.multiply(left, right)
    check_storage(product._stored, a._stored + b._stored)
    return product.reshape(a.out_shape, b.in_shape), work


def composed(a: Sequence[Term], b: Sequence[Term], given: int, cost: float = math.inf) -> list[Composition]:
    """Return the products of the terms of two factors, not yet multiplied out.

    Of many it raises KeptApart as soon as they are known to store more than `given`, or to be too much work for a cost.
    """
    result: list[Composition] = []
    least, work = combine.LeastStored(), 0
    for k, (p, q) in enumerate(itertools.product(a, b), 1):
        if (product := combine.composition(p, q)) is not None:
            result.append(product)
            least.add(product)
            work += product.work
        if k % MANY == 0:
            check_storage(least.stored, given, "at least ")
            check_work(work, cost, "at least ")
    return result


def products(compositions: Sequence[Composition], given: int) -> list[Term]:
    """Return the terms of a sum of products; raises KeptApart, before it multiplies, if they store more than given."""
    if sum(each.stored for each in compositions) <= given:
        return combine.sum_of(each.term() for each in compositions)
    plans = combine.planned(compositions)
    check_storage(sum(plan.outline.stored for plan in plans), given)
    return [plan.make() for plan in plans]


def check_storage(stored: int, given: int, about: str = "") -> None:
    """Raise KeptApart if a product would store more numbers than its factors."""
    if stored > given:
        raise KeptApart(f"together they would store {about}{stored:,} numbers instead of {given:,}")


def check_work(work: int, cost: float, about: str = "") -> None:
    """Raise KeptApart if multiplying out costs more than some applications of the factors."""
    if work > WORK * cost:
        raise KeptApart(
            f"multiplying out costs {about}{work:,} multiplications, more than {WORK} times the {cost:,} of both"
        )


# ---- the rules for the terms of a sum ------------------------------------------------------------------------------


def add(a: Jacobian, b: Jacobian) -> Jacobian:
    """Return ``a + b``."""
    for name in ("out_shape", "in_shape"):
        left, right = getattr(a, name), getattr(b, name)
        if left != right:
            raise ValueError(f"{a.structure} + {b.structure}: {name} is {left} on the left, {right} on the right.")
    return next(total for matches, total in SUMS if matches(a, b))(a, b)


def add_values(a: Jacobian, b: Jacobian) -> Jacobian:
    """Two that are alike: their values are added."""
    assert are_alike(a, b)
    with np.errstate(all="ignore"):
        return a._with_values(lambda values: np.asarray(values + b.values))


def add_zero(a: Jacobian, b: Jacobian) -> Jacobian:
    return (b if a._terms() == () else a).astype(np.result_type(a.dtype, b.dtype))


@quiet
def add_parts(a: Jacobian, b: Jacobian) -> Jacobian:
    """Terms to terms and sparse parts to sparse ones; what is neither is kept apart, and so are the two sums."""
    n_left = len(a._summands())
    terms: list[Term] = []
    sparse: Jacobian | None = None
    others: list[Jacobian] = []
    for k, part in enumerate(a._summands() + b._summands()):
        more = part._terms()
        if more is not None:
            # Those of a sum were tried already.
            terms = terms + list(more) if k < n_left else combine.sum_of(more, terms)
        elif part._lists_entries:
            sparse = part if sparse is None else csr.add(csr.as_sparse(sparse), csr.as_sparse(part))
        else:
            others.append(part)
    summed = [*parts_of_terms(terms, a.out_shape, a.in_shape), *([sparse] if sparse else []), *others]
    dtype = np.result_type(a.dtype, b.dtype)
    if not summed:
        return ZeroJacobian(a.out_shape, a.in_shape, dtype)
    if len(summed) == 1:
        return summed[0].astype(dtype)
    return SumJacobian(tuple(summed))


# ---- the rules for a Gram matrix -----------------------------------------------------------------------------------


def weighted_square(jacobian: Jacobian, middle: Jacobian) -> Jacobian:
    """Return ``jacobian.T @ middle @ jacobian`` multiplied out; raises KeptApart."""
    return next(square for matches, square in GRAMS if matches(jacobian, middle))(jacobian, middle)


def is_nothing(jacobian: Jacobian, middle: Jacobian) -> bool:
    return jacobian._terms() == () or 0 in jacobian.shape


def square_nothing(jacobian: Jacobian, middle: Jacobian) -> Jacobian:
    return ZeroJacobian(jacobian.in_shape, jacobian.in_shape, np.result_type(jacobian.dtype, middle.dtype))


def square_convolution(jacobian: Jacobian, middle: Jacobian) -> Jacobian:
    """A convolution that nothing cuts off, weighted by one number: its kernel is correlated with itself."""
    assert isinstance(jacobian, ConvolutionJacobian)
    number = middle._multiple()
    assert number is not None
    check_storage(2 * len(jacobian._kernel) - 1, 2 * jacobian._stored + middle._stored)
    return convolution.gram(jacobian, number)


def has_diagonals(jacobian: Jacobian, middle: Jacobian) -> bool:
    terms = jacobian._terms()
    return terms is not None and all({*term.out_letters} == {*term.in_letters} for term in terms)


def square_diagonals(jacobian: Jacobian, middle: Jacobian) -> Jacobian:
    """A sum of diagonals, by their storage alone."""
    terms, weighted = jacobian._terms(), compose(middle, jacobian)._terms()
    if terms is None or weighted is None:
        raise KeptApart("the weights are not multiplied out")
    given = 2 * jacobian._stored + middle._stored
    made = products(composed([term.T for term in terms], weighted, given), given)
    return from_terms(made, jacobian.in_shape, jacobian.in_shape, np.result_type(jacobian.dtype, middle.dtype))


def square_product(jacobian: Jacobian, middle: Jacobian) -> Jacobian:
    """By the rules for a pair of factors."""
    # Without weights first: where the rule does not hold, J is not multiplied by them in vain.
    product, _ = multiplied(jacobian.T, jacobian)
    if middle.dtype != jacobian.dtype or middle._multiple() != 1:
        product, _ = multiplied(jacobian.T, compose(middle, jacobian))
    return product


# ---- the tables: the first line that matches a pair is its rule ----------------------------------------------------


def is_any(a: Jacobian, b: Jacobian) -> bool:
    return True


Question = Callable[[Jacobian, Jacobian], bool]

# What none of these matches is kept apart.
PRODUCTS: tuple[tuple[Question, Callable[[Jacobian, Jacobian], tuple[Jacobian, int]]], ...] = (
    (is_zero, make_zero),
    (convolution.are_in_series, multiply_convolutions),
    (convolution.are_scaled, scale),
    (are_terms, multiply_terms),
    (has_multiple, scale),
    (has_sum, distribute),
    (has_entries, multiply_entries),
)

SUMS: tuple[tuple[Question, Callable[[Jacobian, Jacobian], Jacobian]], ...] = (
    (are_alike, add_values),
    (convolution.are_parallel, convolution.add),
    (is_zero, add_zero),
    (is_any, add_parts),
)

# Of a Jacobian and its weights.
GRAMS: tuple[tuple[Question, Callable[[Jacobian, Jacobian], Jacobian]], ...] = (
    (is_nothing, square_nothing),
    (convolution.has_square, square_convolution),
    (has_diagonals, square_diagonals),
    (is_any, square_product),
)
