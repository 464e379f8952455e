"""What the ops have in common that are no rows of the table: a name, pickling by it, counting."""

import functools
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, quiet
from jackern._arrays.outputs import call

calls: Counter[str] = Counter()
Product = TypeVar("Product", bound=Callable[..., Any])


def counted(product: Product) -> Product:
    """A method that users call: it never warns, and counts as a call once it has succeeded."""
    name = "value" if product.__name__ == "__call__" else product.__name__

    @quiet
    @functools.wraps(product)
    def count_and_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = product(self, *args, **kwargs)
        calls[f"{self.name}.{name}"] += 1
        return result

    return count_and_call  # type: ignore[return-value]


class Family:
    """What the ops of this module have in common: a name, and pickling by it."""

    name: str
    nin: int

    def __repr__(self) -> str:
        return f"jackern.ops.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return family_named, (self.name,)

    def _where(self, product: str) -> str:
        return f"ops.{self.name}.{product}" if product else f"ops.{self.name}"


def family_named(name: str) -> Family:
    """The family of that name (unpickles families)."""
    from jackern._ops.registry import OPS

    return next(op for op in OPS if op.name == name)


def sum_to(inputs: list[Array], out: Array, accumulate: bool) -> None:
    _core.sum_to(inputs[0], out, accumulate)


def copy_into(where: str, values: Array, out: Array, accumulate: bool) -> None:
    """Out = values, or out += values in the wider dtype, `values` being broadcast to the shape of `out`."""
    call(where, [np.broadcast_to(values, out.shape)], partial(sum_to, out=out, accumulate=accumulate))
