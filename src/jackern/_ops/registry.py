"""The list of all ops: the rows of the table, then what is registered here, by decoration of its class."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from jackern import _core
from jackern._adapters import scipy
from jackern._arrays.operands import is_own

OpClass = TypeVar("OpClass", bound=Callable[..., Any])

# Ops by the function of NumPy that they are.
FUNCTIONS: dict[Any, Any] = {getattr(np, name): op for name, op in _core.named_ops().items() if hasattr(np, name)}


@dataclass(frozen=True, kw_only=True)
class Family:
    """What an op says of itself that is no row of the table, and what its class in the binding has to know.

    Parameters
    ----------
    name, kind, formula, kinks : str
        As in the table.
    derivative_formula : str or tuple of str
        The differential of the result by each argument.
    reads : sequence of str
        Per argument the names, apart by spaces, of what the derivative by it reads.
    aliases : tuple of str
        Other names.
    functions : sequence of callable
        NumPy's functions that are this op.
    options : dict
        Further arguments of the class.
    """

    name: str
    kind: str
    formula: str
    derivative_formula: str | tuple[str, ...]
    reads: Sequence[str]
    kinks: str = ""
    aliases: tuple[str, ...] = ()
    functions: Sequence[Any] = ()
    options: dict[str, Any] = field(default_factory=dict)


def registered(*families: Family) -> Callable[[OpClass], OpClass]:
    """Decorate a class of ops: its ops are made, one for each description, and enter the list."""

    def register(op_class: OpClass) -> OpClass:
        for family in families:
            op = op_class(
                family.name,
                kind=family.kind,
                formula=family.formula,
                derivative_formula=family.derivative_formula,
                reads=tuple(frozenset(names.split()) for names in family.reads),
                kinks=family.kinks,
                aliases=family.aliases,
                **family.options,
            )
            _core.add_op(op)
            FUNCTIONS.update(dict.fromkeys(family.functions, op))
        op_class.__doc__ = _core.OfOps(docstring_of, op_class.__doc__)  # type: ignore[assignment]
        return op_class

    return register


def docstring_of(op: _core.FamilyOp) -> str:
    """The docstring of one op: that of its class, and its formulas, without which help() would not show it."""
    summary, _, rest = inspect.cleandoc(type(op).__doc__ or "").partition("\n\n")
    given = op.derivative_formula
    terms = [given] if isinstance(given, str) else [term for term in given if term != "0"]
    formulas = f"The function {op.name} and its differential::\n\n    y = {op.formula}\n    dy = {' + '.join(terms)}"
    return "\n\n".join([summary, formulas, rest])


def find(thing: object) -> Any:
    """The op that is this thing, has this name, or is this function of NumPy or SciPy; None if there is none."""
    ops = _core.named_ops()
    if isinstance(thing, _core.NamedOp):
        return thing
    if isinstance(thing, str):
        return ops.get(thing)
    name = getattr(thing, "__name__", None)
    if isinstance(name, str) and name in ops and thing is scipy.special_function(name):
        return ops[name]
    try:
        return FUNCTIONS.get(thing)
    except TypeError as error:
        if not is_own(error):
            raise
        return None  # it cannot be hashed
