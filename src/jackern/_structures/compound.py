"""Jacobians whose product with a vector takes several calls."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from jackern._arrays.operands import Array
from jackern._arrays.shapes import Shape
from jackern._structures.base import Jacobian


class CompoundJacobian(Jacobian):
    """A Jacobian whose product with a vector takes several calls."""

    __slots__ = ()

    @abstractmethod
    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        """Write the product; `out` is all that `_written` may ask for, and v has its dtype."""

    def _written(self, v: Array, batch: Shape, out: Array, accumulate: bool, transposed: bool) -> bool:
        dtype = np.promote_types(self.dtype, v.dtype)
        if out.dtype != dtype or not out.flags.c_contiguous:
            return False
        if any(np.may_share_memory(out, x) for x in (v, *self._arrays())):
            return False
        self._write(v.astype(dtype, copy=False), out, accumulate, transposed)
        return True
