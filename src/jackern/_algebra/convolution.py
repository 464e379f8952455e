"""Sums and products of convolutions along one axis, as convolutions again."""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

import numpy as np

from jackern._arrays.operands import Array
from jackern._structures.base import Jacobian
from jackern._structures.convolution import ConvolutionJacobian, Lengths, convolved


def are_in_series(a: Jacobian, b: Jacobian) -> TypeGuard[ConvolutionJacobian]:
    """Whether ``a @ b`` is a convolution: along one axis, and nothing is cut off between the two.

    That is so if b leaves nothing out, as with mode "full", or if a asks for nothing beyond the ends, as with "valid".
    """
    if not (isinstance(a, ConvolutionJacobian) and isinstance(b, ConvolutionJacobian)):
        return False
    n_before, n_out, n_middle, n_behind = a._lengths
    n_in = b._lengths[2]
    if b._lengths != (n_before, n_middle, n_in, n_behind):
        return False
    is_full = b._shift <= 0 and n_in + len(b._kernel) - 1 - b._shift <= n_middle
    is_valid = a._shift >= len(a._kernel) - 1 and n_out + a._shift <= n_middle
    return is_full or is_valid


def multiply(a: ConvolutionJacobian, b: ConvolutionJacobian) -> Jacobian:
    """Return ``a @ b``, whose kernel is the full convolution of both kernels."""
    n_before, n_out, _, n_behind = a._lengths
    lengths = n_before, n_out, b._lengths[2], n_behind
    return convolved(full(a._kernel, b._kernel), a._shift + b._shift, lengths, a.out_shape, b.in_shape)


def full(a: Array, b: Array) -> Array:
    """Return the full convolution of two kernels."""
    n, m = len(b), len(a) + len(b) - 1
    return ConvolutionJacobian(a, 0, (1, m, n, 1), (m,), (n,))._product(b)


def has_square(jacobian: Jacobian, middle: Jacobian) -> bool:
    """Whether ``jacobian.T @ middle @ jacobian`` is a convolution."""
    return middle._multiple() is not None and are_in_series(jacobian.T, jacobian)


def gram(jacobian: ConvolutionJacobian, weight: Array) -> Jacobian:
    """Return ``weight * jacobian.T @ jacobian``, symmetric to the last bit: Cholesky takes no other."""
    n_before, _, n, n_behind = jacobian._lengths
    kernel = np.multiply(full(jacobian._kernel[::-1], jacobian._kernel), weight)
    middle = len(jacobian._kernel) - 1
    kernel[middle + 1 :] = kernel[:middle][::-1]
    return convolved(kernel, middle, (n_before, n, n, n_behind), jacobian.in_shape, jacobian.in_shape)


def are_scaled(a: Jacobian, b: Jacobian) -> bool:
    """Whether one of the two is a convolution and the other one a multiple of the identity."""
    return any(isinstance(x, ConvolutionJacobian) and y._multiple() is not None for x, y in ((a, b), (b, a)))


class Taps(NamedTuple):
    """Neighbouring diagonals along the axis, with a number for each or one for all."""

    first: int  # how far below the main diagonal the first one lies
    n: int
    numbers: Array

    @property
    def end(self) -> int:
        return self.first + self.n


def taps_of(jacobian: Jacobian, lengths: Lengths) -> Taps | None:
    """Return the taps of a convolution of these lengths; None for what is none."""
    if isinstance(jacobian, ConvolutionJacobian):
        taps = Taps(-jacobian._shift, len(jacobian._kernel), jacobian._numbers)
        return taps if jacobian._lengths == lengths else None
    number = jacobian._multiple()
    return None if number is None or lengths[1] != lengths[2] else Taps(0, 1, number.reshape(1))


def taps_of_both(a: Jacobian, b: Jacobian) -> tuple[Lengths, Taps, Taps] | None:
    """Return the taps of two along one axis, of which one may be a multiple of the identity; None for others."""
    one = next((x for x in (a, b) if isinstance(x, ConvolutionJacobian)), None)
    if one is None:
        return None
    p, q = taps_of(a, one._lengths), taps_of(b, one._lengths)
    return None if p is None or q is None else (one._lengths, p, q)


def are_parallel(a: Jacobian, b: Jacobian) -> bool:
    """Whether ``a + b`` is a convolution that stores no more numbers than both."""
    both = taps_of_both(a, b)
    if both is None:
        return False
    _, p, q = both
    n = max(p.end, q.end) - min(p.first, q.first)
    return p.n == q.n == n or n <= a._stored + b._stored


def add(a: Jacobian, b: Jacobian) -> Jacobian:
    """Return ``a + b`` for two that are parallel."""
    both = taps_of_both(a, b)
    assert both is not None
    lengths, p, q = both
    first, n = min(p.first, q.first), max(p.end, q.end) - min(p.first, q.first)
    with np.errstate(all="ignore"):
        if p.n == q.n == n:
            kernel = np.broadcast_to(p.numbers + q.numbers, n)
        else:
            kernel = np.zeros(n, np.result_type(a.dtype, b.dtype))
            for taps in (p, q):
                kernel[taps.first - first : taps.end - first] += taps.numbers
    return convolved(kernel, -first, lengths, a.out_shape, a.in_shape)
