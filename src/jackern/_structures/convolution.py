"""Convolutions along one axis: diagonals that are constant, one for every tap of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures import apply
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.of_terms import from_terms
from jackern._structures.stored import DiagonalTerms, once
from jackern._structures.zero import ZeroJacobian
from jackern._terms.term import Axis, Term, canonical

# of the axes before the convolved one, of that in the output and in the input, of those behind it
Lengths = tuple[int, int, int, int]


class ConvolutionJacobian(_core.ConvolutionProducts, DiagonalTerms):
    """A convolution along one axis; one call makes its product, and the numbers of the kernel are all that is kept.

    Along that axis ``out[i]`` sums ``kernel[j] * v[i + shift - j]`` over the taps j for which v has such an element.
    There are two taps at least, and each has a product.  The transpose is a convolution with the kernel backwards.
    """

    __slots__ = ("_terms_when_asked",)

    @property
    def dtype(self) -> Any:
        return self._kernel.dtype

    @property
    def _storage(self) -> str:
        return f"{self.structure} (convolution of {len(self._kernel)} taps)"

    @property
    def _n_entries(self) -> int:
        n_before, n_out, n_in, n_behind = self._lengths
        first, end, edge = -self._shift, len(self._kernel) - self._shift, n_out - n_in
        # Of the diagonal d the length is min(n_out, n_in + d) - max(d, 0) = n_in + min(edge, d) - max(d, 0).
        above = arithmetic(first, min(end, edge)) + edge * (end - max(first, min(end, edge)))
        return n_before * (n_in * (end - first) + above - arithmetic(max(first, 0), end)) * n_behind

    @property
    def T(self) -> ConvolutionJacobian:
        n_before, n_out, n_in, n_behind = self._lengths
        shift = len(self._kernel) - 1 - self._shift
        return ConvolutionJacobian(
            self._kernel[::-1], shift, (n_before, n_in, n_out, n_behind), self.in_shape, self.out_shape
        )

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> ConvolutionJacobian:
        return ConvolutionJacobian(self._kernel, self._shift, self._lengths, *reshaped(self, out_shape, in_shape))

    def diagonal(self) -> Array:
        _, n_out, n_in, _ = self._lengths
        if n_out != n_in:
            return super().diagonal()
        result = np.zeros(min(self.shape), self.dtype)
        if 0 <= self._shift < len(self._kernel):
            result[:] = self._kernel[self._shift]
        return result

    @property
    def _numbers(self) -> Array:
        """The numbers stored: one where all taps are equal."""
        return once(self._kernel)

    def _with_values(self, function: Callable[[Array], Array]) -> ConvolutionJacobian:
        kernel = np.broadcast_to(function(self._numbers), self._kernel.shape)
        return ConvolutionJacobian(kernel, self._shift, self._lengths, self.out_shape, self.in_shape)

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        n_before, n_out, n_in, n_behind = self._lengths
        ends = (n_before, n_out, n_behind), (n_before, n_in, n_behind)
        return apply.by_one_call(self, v, batch, out, accumulate, transposed, *ends)

    def _arrays(self) -> tuple[Array, ...]:
        return (self._numbers,)

    @property
    def _stored(self) -> int:
        return int(self._numbers.size)

    def _made_terms(self) -> tuple[Term, ...]:
        return terms(self._kernel, self._shift, self._lengths)

    def __reduce__(self) -> tuple[Any, ...]:
        # A broadcast view would be pickled with all its repetitions, and a kernel backwards apart from itself.
        step = -1 if self._kernel.strides[0] < 0 else 1
        numbers, n_taps = once(self._kernel[::step]), len(self._kernel)
        state = numbers, n_taps, step, self._shift, self._lengths, self.out_shape, self.in_shape
        return _core.restored, ("convolution", *state)


def rebuilt(numbers: Array, n_taps: int, step: int, *rest: Any) -> ConvolutionJacobian:
    """Return a pickled Jacobian."""
    jacobian = ConvolutionJacobian(np.broadcast_to(numbers, n_taps)[::step], *rest)
    _, n_out, n_in, _ = jacobian._lengths
    if n_taps < 2 or not n_taps - n_out <= jacobian._shift < n_in:
        raise ValueError(
            f"{n_taps} taps with a shift of {jacobian._shift} between {n_out} and {n_in}, some without a product"
        )
    return jacobian


def arithmetic(first: int, end: int) -> int:
    """Return the sum of the integers from the first up to the end, which is not one of them."""
    return (first + end - 1) * (end - first) // 2 if first < end else 0


_core.register("convolution", rebuilt)


def terms(kernel: Array, shift: int, lengths: Lengths) -> tuple[Term, ...]:
    """Return a term for every tap that has a product: a diagonal of one number."""
    n_before, n_out, n_in, n_behind = lengths

    def term(j: int) -> Term | None:
        first = max(0, j - shift)
        length = max(0, min(n_out, n_in + j - shift) - first)
        out, in_ = (
            [Axis(0, n_before), Axis(1, n, start), Axis(2, n_behind)]
            for n, start in ((n_out, first), (n_in, first + shift - j))
        )
        return canonical(kernel[j, ...], (), out, in_, {0: n_before, 1: length, 2: n_behind})

    return tuple(filter(None, map(term, range(len(kernel)))))


def convolved(kernel: Array, shift: int, lengths: Lengths, out_shape: Shape, in_shape: Shape) -> Jacobian:
    """Return a convolution by the taps that have products: a single diagonal if there is one, zero if there is none.

    Parameters
    ----------
    kernel : ndarray
        ``(n_taps,)``, native and aligned; it is kept.
    shift, lengths, out_shape, in_shape
        As for `ConvolutionJacobian`.
    """
    _, n_out, n_in, _ = lengths
    first, end = max(0, shift - n_in + 1), min(len(kernel), shift + n_out)
    if end <= first or 0 in lengths:
        return ZeroJacobian(out_shape, in_shape, kernel.dtype)
    kernel, shift = kernel[first:end], shift - first
    if len(kernel) == 1:
        return from_terms(terms(kernel, shift, lengths), out_shape, in_shape, kernel.dtype)
    return ConvolutionJacobian(kernel, shift, lengths, out_shape, in_shape)
