"""The zero Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jackern import _core
from jackern._arrays.arguments import as_dtype
from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures.base import reshaped
from jackern._structures.compound import CompoundJacobian
from jackern._terms.term import Term


class ZeroJacobian(CompoundJacobian):
    """All entries are structurally zero; nothing is stored."""

    __slots__ = ("_dtype", "_in_shape", "_out_shape")

    def __init__(self, out_shape: Shape, in_shape: Shape, dtype: DTypeLike):
        self._out_shape, self._in_shape, self._dtype = out_shape, in_shape, np.dtype(dtype)

    @property
    def out_shape(self) -> Shape:
        return self._out_shape

    @property
    def in_shape(self) -> Shape:
        return self._in_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def structure(self) -> str:
        return "zero"

    @property
    def _n_entries(self) -> int:
        return 0

    @property
    def T(self) -> ZeroJacobian:
        return ZeroJacobian(self.in_shape, self.out_shape, self.dtype)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> ZeroJacobian:
        return ZeroJacobian(*reshaped(self, out_shape, in_shape), self.dtype)

    def astype(self, dtype: DTypeLike) -> ZeroJacobian:
        return ZeroJacobian(self.out_shape, self.in_shape, as_dtype(dtype, "astype"))

    def diagonal(self) -> Array:
        return np.zeros(min(self.shape), self.dtype)

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        if not accumulate:
            out.fill(0)

    def _fill(self, matrix: Array) -> None:
        pass

    def _scaled(self, function: Callable[..., Any], number: Any) -> ZeroJacobian:
        return ZeroJacobian(self.out_shape, self.in_shape, np.result_type(self.dtype, number))

    def _arrays(self) -> tuple[Array, ...]:
        return ()

    @property
    def _stored(self) -> int:
        return 0

    @property
    def _cost(self) -> int:
        return 0

    def _terms(self) -> tuple[Term, ...]:
        return ()

    def _entries(self) -> tuple[Array, Array, Array]:
        none = np.zeros(0, np.intp)
        return none, none, np.zeros(0, self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return _core.restored, ("zero", self.out_shape, self.in_shape, self.dtype)


_core.register("zero", ZeroJacobian)
