"""Jacobians of one term with slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures.axis import TermJacobian, lowered
from jackern._structures.base import reshaped
from jackern._structures.compound import CompoundJacobian
from jackern._terms.term import Axis, Term, check, window


class SlicedJacobian(TermJacobian, CompoundJacobian):
    """A term with slices: an axis Jacobian between a slice of the input and a slice of the output.

    Parameters
    ----------
    term : Term
        In canonical form.
    out_shape, in_shape : tuple of int
        What the full lengths of the ends of the term multiply to.
    """

    __slots__ = ("_in_shape", "_inner", "_out_shape", "_own_term")

    def __init__(self, term: Term, out_shape: Shape, in_shape: Shape):
        self._own_term, self._out_shape, self._in_shape = term, out_shape, in_shape
        self._inner = lowered(
            term, *(tuple(term.lengths[x] for x in end) for end in (term.out_letters, term.in_letters))
        )

    @property
    def out_shape(self) -> Shape:
        return self._out_shape

    @property
    def in_shape(self) -> Shape:
        return self._in_shape

    @property
    def _term(self) -> Term:
        self._inner._check_kept()
        return self._own_term

    @property
    def dtype(self) -> Any:
        return self._term.values.dtype

    @property
    def T(self) -> SlicedJacobian:
        return SlicedJacobian(self._term.T, self.in_shape, self.out_shape)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> SlicedJacobian:
        return SlicedJacobian(self._term, *reshaped(self, out_shape, in_shape))

    def _with_values(self, function: Callable[[Array], Array]) -> SlicedJacobian:
        term = self._term._replace(values=function(self._term.values))
        return SlicedJacobian(term, self.out_shape, self.in_shape)

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        term, inner = (self._term.T, self._inner.T) if transposed else (self._term, self._inner)
        own = self.out_shape if transposed else self.in_shape
        batch = v.shape[: v.ndim - len(own)]
        if not accumulate:
            out.fill(0)

        def part(array: Array, axes: tuple[Axis, ...]) -> Array:
            by_axis = array.reshape([*batch, *(axis.full for axis in axes)])
            return by_axis[(..., *window(axes, term.lengths))]

        inner._product(part(v, term.in_), part(out, term.out), accumulate)

    def __reduce__(self) -> tuple[Any, ...]:
        term = self._term
        axes = tuple(map(tuple, term.out)), tuple(map(tuple, term.in_))
        return _core.restored, ("sliced", term.values, term.letters, *axes, term.lengths, self.out_shape, self.in_shape)


def rebuilt(
    values: Array,
    letters: tuple[int, ...],
    out: Iterable[tuple[Any, ...]],
    in_: Iterable[tuple[Any, ...]],
    lengths: Mapping[int, int],
    out_shape: Shape,
    in_shape: Shape,
) -> SlicedJacobian:
    """Return a pickled Jacobian."""
    term = Term(values, letters, tuple(Axis(*x) for x in out), tuple(Axis(*x) for x in in_), lengths)
    check(term, out_shape, in_shape)
    return SlicedJacobian(term, out_shape, in_shape)


_core.register("sliced", rebuilt)
