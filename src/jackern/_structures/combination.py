"""What sums and products have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jackern._arrays.arguments import as_dtype
from jackern._arrays.operands import Array
from jackern._structures.base import Jacobian
from jackern._structures.compound import CompoundJacobian


class Combination(CompoundJacobian):
    """What sums and products have in common: parts that are kept apart."""

    __slots__ = ()

    @property
    @abstractmethod
    def _parts(self) -> tuple[Jacobian, ...]:
        """The terms, or the factors."""

    @abstractmethod
    def _with_parts(self, parts: Sequence[Jacobian]) -> Combination:
        """Return the same of other parts."""

    @property
    def dtype(self) -> Any:
        return np.result_type(*(part.dtype for part in self._parts))

    def astype(self, dtype: DTypeLike) -> Jacobian:
        dtype = as_dtype(dtype, "astype")
        if all(part.dtype == dtype for part in self._parts):
            return self
        return self._with_parts([part.astype(dtype) for part in self._parts])

    @property
    def _calls_nothing(self) -> bool:
        return all(part._calls_nothing for part in self._parts)

    def _arrays(self) -> tuple[Array, ...]:
        return tuple(array for part in self._parts for array in part._arrays())

    @property
    def _stored(self) -> int:
        return sum(part._stored for part in self._parts)

    @property
    def _cost(self) -> int:
        return sum(part._cost for part in self._parts)

    @property
    def _costs(self) -> tuple[float, float]:
        jvp_costs, vjp_costs = zip(*(part._costs for part in self._parts), strict=True)
        return sum(jvp_costs), sum(vjp_costs)
