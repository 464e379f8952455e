"""Jacobians of one term: values and letters."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures import apply
from jackern._structures.base import Jacobian, reshaped
from jackern._structures.stored import StoredJacobian
from jackern._structures.zero import ZeroJacobian
from jackern._terms import entries
from jackern._terms.letters import alphabet
from jackern._terms.term import Axis, Term


class TermJacobian(StoredJacobian):
    """A Jacobian of one term."""

    __slots__ = ()

    @property
    @abstractmethod
    def _term(self) -> Term:
        """The term, in canonical form."""

    @property
    def structure(self) -> str:
        return self._term.structure

    @property
    def _n_entries(self) -> int:
        return self._term.nnz

    def diagonal(self) -> Array:
        return entries.diagonal(self._term)

    def _fill(self, matrix: Array) -> None:
        entries.fill(self._term, matrix)

    def _arrays(self) -> tuple[Array, ...]:
        return (self._term.values,)

    @property
    def _stored(self) -> int:
        return self._term.stored

    @property
    def _cost(self) -> int:
        return self._term.cost

    def _terms(self) -> tuple[Term, ...]:
        return (self._term,)

    def _entries(self) -> tuple[Array, Array, Array]:
        return entries.entries(self._term)


class AxisJacobian(_core.AxisProducts, TermJacobian):
    """Values and letters: every axis of the output and of the input has a letter, and so a role.

    A letter of the output and the input is diagonal, one of the output alone is repeated along, one of the
    input alone is summed over.  The values have none of the letters along which they are constant.
    """

    __slots__ = ("_term_when_asked",)

    _term_when_asked: Term

    @property
    def dtype(self) -> Any:
        return np.dtype(np.float64 if self._is_double else np.float32)

    @property
    def T(self) -> AxisJacobian:
        letters = self._value_letters, self._in_letters, self._out_letters
        return AxisJacobian(self.values, *letters, self._lengths, self.in_shape, self.out_shape, self._names)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> AxisJacobian:
        return self._with(self.values, *reshaped(self, out_shape, in_shape))

    @property
    def subscripts(self) -> str:
        names = self._names or alphabet(len(self._lengths))
        value_letters, in_letters, out_letters = (
            "".join(names[x] for x in end) for end in (self._value_letters, self._in_letters, self._out_letters)
        )
        return f"{value_letters},{in_letters}->{out_letters}"

    @property
    def _term(self) -> Term:
        self._check_kept()
        if not hasattr(self, "_term_when_asked"):
            lengths = self._lengths
            out, in_ = (
                tuple(Axis(x, lengths[x]) for x in end if lengths[x] > 1)
                for end in (self._out_letters, self._in_letters)
            )
            used = {x.letter: x.full for x in out + in_}
            self._term_when_asked = Term(self.values, self._value_letters, out, in_, used)  # type: ignore[arg-type]
        return self._term_when_asked

    def _multiple(self) -> Array | None:
        return self.values if not self._value_letters and self._term.is_diagonal else None

    def _roles(self) -> Iterator[str]:
        names = self._names or alphabet(len(self._lengths))
        for x in dict.fromkeys(self._out_letters + self._in_letters):
            is_out, is_in = x in self._out_letters, x in self._in_letters
            role = "summed over" if not is_out else "diagonal" if is_in else "repeated along"
            yield f"{names[x]}: length {self._lengths[x]}, {role}{'' if x in self._value_letters else ', not stored'}"

    def _with(self, values: Array, out_shape: Shape, in_shape: Shape) -> AxisJacobian:
        """Return the Jacobian of the same letters with other numbers or shapes."""
        letters = self._value_letters, self._out_letters, self._in_letters
        return AxisJacobian(values, *letters, self._lengths, out_shape, in_shape, self._names)

    def _with_values(self, function: Callable[[Array], Array]) -> AxisJacobian:
        return self._with(function(self.values), self.out_shape, self.in_shape)

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        if self._lowered == "dense" and not batch:
            v = v if v.flags.c_contiguous else v.copy()
            return bool(self._straight_product(v, out, accumulate, transposed))
        lengths, letters = self._lengths, self._value_letters
        own, other = ([x for x in end if lengths[x] > 1] for end in (self._in_letters, self._out_letters))
        if transposed:
            own, other = other, own
        # Sums along rows, for several vectors, are a matrix product: it reads the values once for all of them.
        several = math.prod(batch) > 1 and letters != ()
        steps = [abs(stride) for stride in self.values.strides]
        by_rows = several and letters[steps.index(min(steps))] not in other
        one_call = self._lowered == "axis" and not by_rows
        if not one_call and (accumulate or not (out.flags.c_contiguous or out.flags.f_contiguous)):
            return False

        def call(v: Array, out: Array) -> None:
            if one_call:
                self._batched_product(v, out, accumulate, transposed)
            else:
                apply.multiply(self, v, own, out, other)

        return apply.by_axes(call, v, [lengths[x] for x in own], batch, out, [lengths[x] for x in other])

    def __reduce__(self) -> tuple[Any, ...]:
        letters = self._value_letters, self._out_letters, self._in_letters
        state = self.values, *letters, self._lengths, self.out_shape, self.in_shape, self._names
        return _core.restored, ("axis", *state)


_core.register("axis", AxisJacobian)


def lowered(term: Term, out_shape: Shape, in_shape: Shape) -> AxisJacobian:
    """Return the Jacobian of a term's values and letters, without its slices."""
    place = {x: k for k, x in enumerate(term.lengths)}
    letters, out, in_ = (tuple(place[x] for x in end) for end in (term.letters, term.out_letters, term.in_letters))
    return AxisJacobian(term.values, letters, out, in_, tuple(term.lengths.values()), out_shape, in_shape)


def axis_jacobian(
    values: Array,
    value_letters: Sequence[int],
    out_letters: Sequence[int],
    in_letters: Sequence[int],
    out_shape: Shape,
    in_shape: Shape,
    names: str | None = None,
) -> Jacobian:
    """Return the Jacobian of values and letters, in canonical form.

    Parameters
    ----------
    values : ndarray
        Native and aligned; it is kept.  An axis of length 1 or of stride 0 is left out: the values are
        constant along its letter, whatever the letter's length.
    value_letters, out_letters, in_letters : sequence of int
        A letter per axis.
    out_shape, in_shape : tuple of int
        One length per letter.
    names : str, optional
        Of the letters, for `subscripts`.
    """
    if 0 in out_shape or 0 in in_shape:
        return ZeroJacobian(out_shape, in_shape, values.dtype)
    lengths = [1] * (1 + max([*out_letters, *in_letters], default=-1))
    for x, n in zip((*out_letters, *in_letters), out_shape + in_shape, strict=True):
        lengths[x] = n
    varies = [n > 1 and stride != 0 for n, stride in zip(values.shape, values.strides, strict=True)]
    if not all(varies):
        values = values[(*(slice(None) if v else 0 for v in varies), ...)]
        value_letters = [x for x, v in zip(value_letters, varies, strict=True) if v]
    letters = tuple(value_letters), tuple(out_letters), tuple(in_letters)
    return AxisJacobian(values, *letters, tuple(lengths), out_shape, in_shape, names)


def elementwise(values: Array, in_shape: Shape, out_shape: Shape) -> Jacobian:
    """Return the Jacobian of an elementwise function by an argument that broadcasting may stretch.

    Parameters
    ----------
    values : ndarray
        The derivatives, of any shape that broadcasts to `out_shape`; native and aligned, kept as they are.
    in_shape : tuple of int
        The shape of the argument; it broadcasts to `out_shape`.
    out_shape : tuple of int
        The shape of the result.
    """
    n = len(out_shape)
    shift = n - len(in_shape)
    in_letters = [shift + k if m == out_shape[shift + k] else n + k for k, m in enumerate(in_shape)]
    return axis_jacobian(values, range(n - values.ndim, n), range(n), in_letters, out_shape, in_shape)
