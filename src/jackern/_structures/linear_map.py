"""Linear maps: Jacobians of which two functions are known, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, as_native
from jackern._arrays.shapes import Shape, ShapeLike
from jackern._structures.base import reshaped
from jackern._structures.compound import CompoundJacobian
from jackern._structures.stored import StoredJacobian

Function = Callable[[Array], Any]

CHUNK = 2**16  # numbers in the unit vectors that a matrix is formed from at a time


class Functions(NamedTuple):
    """What `linear_map` was given."""

    jvp: Function
    vjp: Function | None
    out_shape: Shape
    in_shape: Shape
    batched: bool

    def products(self, vectors: Array, transposed: bool) -> Array:
        """Return the products with vectors, one a row, as a new array of their dtype."""
        name, own, other = "jvp", self.in_shape, self.out_shape
        function: Function | None = self.jvp
        if transposed:
            name, own, other, function = "vjp", other, own, self.vjp
        if function is None:
            raise ValueError(
                "linear_map: vjp is None, so there are no products with the transpose; give linear_map one."
            )
        n_vectors = len(vectors)
        result = np.empty((n_vectors, math.prod(other)), vectors.dtype)
        vectors = vectors.reshape(n_vectors, *own).view()
        vectors.flags.writeable = False  # they may be the caller's
        by_vector = result.reshape(n_vectors, *other)
        step = max(1, n_vectors) if self.batched else 1
        for k in range(0, n_vectors, step):
            each = ... if self.batched else (k, ...)
            product = as_native(function(vectors[each]), "linear_map", f"the result of {name}")
            if product.shape != by_vector[each].shape:
                raise ValueError(
                    f"linear_map: {name} returned shape {product.shape}, expected {by_vector[each].shape} "
                    f"for an argument of shape {vectors[each].shape}."
                )
            np.copyto(by_vector[each], product, casting="same_kind")
        return result


class LinearMapJacobian(CompoundJacobian, StoredJacobian):
    """Two functions, one for each product; a scale, shapes and a dtype are labels.

    Parameters
    ----------
    functions : Functions
        Of a matrix A.
    out_shape, in_shape : tuple of int
        Of as many elements as the ends of A, or, transposed, of its transpose.
    scale : ndarray
        What A is multiplied with, 0-d; its dtype is that of the Jacobian.
    transposed : bool
        Whether this is the transpose of A.
    """

    __slots__ = ("_functions", "_in_shape", "_out_shape", "_scale", "_transposed")

    def __init__(self, functions: Functions, out_shape: Shape, in_shape: Shape, scale: Array, transposed: bool):
        self._functions, self._scale, self._transposed = functions, scale, transposed
        self._out_shape, self._in_shape = out_shape, in_shape

    @property
    def out_shape(self) -> Shape:
        return self._out_shape

    @property
    def in_shape(self) -> Shape:
        return self._in_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._scale.dtype

    @property
    def structure(self) -> str:
        return "linear-map"

    @property
    def _n_entries(self) -> None:
        return None

    @property
    def T(self) -> LinearMapJacobian:
        return LinearMapJacobian(self._functions, self.in_shape, self.out_shape, self._scale, not self._transposed)

    def reshape(self, out_shape: ShapeLike, in_shape: ShapeLike) -> LinearMapJacobian:
        shapes = reshaped(self, out_shape, in_shape)
        return LinearMapJacobian(self._functions, *shapes, self._scale, self._transposed)

    def diagonal(self) -> Array:
        result = np.empty(min(self.shape), self.dtype)
        for start, columns in self._columns(math.isinf(self._costs[0]), len(result)):
            result[start : start + len(columns)] = columns.diagonal(start)
        return result

    def _with_values(self, function: Callable[[Array], Array]) -> LinearMapJacobian:
        scale = function(self._scale)
        return LinearMapJacobian(self._functions, self.out_shape, self.in_shape, scale, self._transposed)

    def _write(self, v: Array, out: Array, accumulate: bool, transposed: bool) -> None:
        own, other = self.shape if transposed else self.shape[::-1]
        n_vectors = math.prod(v.shape[: v.ndim - len(self.out_shape if transposed else self.in_shape)])
        vectors = v.reshape(n_vectors, own).astype(out.dtype, copy=False)
        # All products are there before the first is written, so that an error of a function leaves `out` as it was.
        products = self._functions.products(vectors, transposed != self._transposed)
        products *= self._scale
        out = out.reshape(n_vectors, other)
        if accumulate:
            out += products
        else:
            out[...] = products

    def _columns(self, transposed: bool, stop: int) -> Iterator[tuple[int, Array]]:
        """The first columns, or rows, by products with unit vectors: where each block begins, and one column a row."""
        product, shape = (self.vjp, self.out_shape) if transposed else (self.jvp, self.in_shape)
        n = math.prod(shape)
        step = max(1, CHUNK // max(1, *self.shape))
        for start in range(0, stop, step):
            n_units = min(step, stop - start)
            units = np.eye(n_units, n, start, self.dtype)
            columns = product(units.reshape(n_units, *shape))
            yield start, columns.reshape(n_units, self.shape[transposed])

    def _fill(self, matrix: Array) -> None:
        m, n = self.shape
        by_rows = self._costs[1] * m < self._costs[0] * n
        for start, columns in self._columns(by_rows, m if by_rows else n):
            block = slice(start, start + len(columns))
            if by_rows:
                matrix[block] += columns
            else:
                matrix[:, block] += columns.T

    def _arrays(self) -> tuple[Array, ...]:
        return ()

    @property
    def _calls_nothing(self) -> bool:
        return False

    @property
    def _stored(self) -> int:
        return 0

    @property
    def _cost(self) -> int:
        return sum(self.shape)  # nothing is known but that vectors are read and written

    @property
    def _costs(self) -> tuple[float, float]:
        costs = self._cost, self._cost if self._functions.vjp is not None else math.inf
        return costs[::-1] if self._transposed else costs

    def __deepcopy__(self, memo: dict[int, Any]) -> LinearMapJacobian:
        return self  # what its functions hold is theirs

    def __reduce__(self) -> tuple[Any, ...]:
        state = tuple(self._functions), self.out_shape, self.in_shape, self._scale, self._transposed
        return _core.restored, ("linear-map", *state)


def rebuilt(functions: tuple[Any, ...], *rest: Any) -> LinearMapJacobian:
    """Return a pickled Jacobian."""
    return LinearMapJacobian(Functions(*functions), *rest)


_core.register("linear-map", rebuilt)
