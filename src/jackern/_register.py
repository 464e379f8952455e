"""Ops of one's own."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from jackern import _core, ops, testing
from jackern._ops.own import OwnOp, argument_names, as_reads

N = 64  # elements of the arrays by which an op is tried


def register_op(
    name: str,
    value: Callable[..., Any],
    derivative: Callable[..., Any] | Sequence[Callable[..., Any]],
    reads: str | Iterable[str] | tuple[str | Iterable[str], ...] | None = None,
    *,
    second: Callable[..., Any] | None = None,
    domain: tuple[float, float] | Sequence[tuple[float, float]] = (-4.0, 4.0),
    kinks: str = "",
    aliases: Sequence[str] = (),
) -> Any:
    """Make a pointwise op of one's own, of ops or of NumPy's functions; it is in `jackern.ops` from then on.

    Parameters
    ----------
    name : str
        An identifier that no op has.
    value : callable
        A function of arrays that broadcast against each other; every element of its result comes from those in its
        place alone.  The names of its parameters are those of the op's arguments.
    derivative : callable, or sequence of callable
        The derivative by each argument, as a function of what it reads: the arguments in their order, then ``y``.
    reads : str or iterable of str, or tuple of them, optional
        What the derivatives read: names of arguments, and ``"y"`` for the output; a tuple with one for each argument
        where they differ.  By default all arguments.
    second : callable, optional
        Of an op of one argument the second derivative, of what the first one reads; `vjp2` needs it.
    domain : pair of float, or one for each argument
        Where `value` and `derivative` are tried, away from kinks and poles.
    kinks : str
        In words, where there is no derivative, and which value stands for it.
    aliases : sequence of str
        Other names.

    Returns
    -------
    op
        With the interface of those of the table: a call, ``jvp``, ``vjp``, ``vjp2``, ``jacobian``, ``derivative``.

    Raises
    ------
    ValueError
        The name is taken, or none; `value` is not elementwise; `reads` names what is no argument.
    TypeError
        `value` or `derivative` is no function, or changes float32 to another dtype.
    AssertionError
        The derivative is not that of `value`, by `jackern.testing.check` on the domain.

    Notes
    -----
    A pickle of such an op is its name: whoever reads it has to have registered the op as well.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> cube = jk.register_op("cube", value=lambda x: x**3, derivative=lambda x: 3 * x * x)
    >>> cube.vjp(np.ones(2), np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> jk.ops.cube is cube
    True
    """
    where = "register_op"
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"{where}: name is {name!r}, expected an identifier")
    if not callable(value):
        raise TypeError(f"{where}: value is a {type(value).__name__}, expected a function")
    names = argument_names(where, value)
    derivatives = tuple(derivative) if isinstance(derivative, Sequence) else (derivative,)
    if len(derivatives) != len(names) or not all(map(callable, derivatives)):
        raise TypeError(f"{where}: derivative is {derivative!r}, expected a function for each of {', '.join(names)}")
    if second is not None and (len(names) > 1 or not callable(second)):
        raise TypeError(f"{where}: second is {second!r}, expected a function, of an op of one argument")
    domains: tuple[Any, ...] = tuple(domain) if np.ndim(domain) == 2 else (domain,) * len(names)
    if len(domains) != len(names):
        raise ValueError(f"{where}: domain has {len(domains)} pairs, expected one for each of {', '.join(names)}")
    op = OwnOp(
        name,
        kind=("unary", "binary", "ternary")[min(len(names), 3) - 1],
        formula=getattr(value, "__name__", repr(value)),
        derivative_formula=getattr(derivatives[0], "__name__", repr(derivatives[0])),
        reads=as_reads(where, reads, names),
        kinks=kinks,
        aliases=tuple(aliases),
        names=names,
        value=value,
        derivatives=derivatives,
        second=second,
        domain=domains,
    )
    taken = [known for known in (name, *aliases) if known in _core.named_ops() or hasattr(ops, known)]
    if taken:
        raise ValueError(f"{where}: there is an op {taken[0]!r} already")
    _try(where, op)
    _core.add_op(op)
    for known in (name, *aliases):
        setattr(ops, known, op)
        ops.__all__.append(known)
    return op


def _try(where: str, op: OwnOp) -> None:
    """Raise unless the op is elementwise, keeps float32, and has the derivatives of its value."""
    rng = np.random.default_rng(0)
    primals, _ = op.sample(rng, N)
    order = rng.permutation(N)
    for dtype in (np.float64, np.float32):
        args = [x.astype(dtype) for x in primals]
        found = [("value", op._function, args)]
        y = op(*args)
        read = dict(zip((*op._argument_names, "y"), (*args, y), strict=True))
        for k, derivative in enumerate(op._derivatives):
            chosen = [x for name, x in read.items() if name in op.reads[k]]
            found.append(("derivative", derivative, chosen))
        for what, function, given in found:
            result = np.asarray(function(*given))
            if result.dtype != dtype and given:
                raise TypeError(f"{where}: {what} of {op.name} makes {result.dtype} of {np.dtype(dtype)}")
            moved = np.asarray(function(*[x[order] for x in given]))
            if result.shape not in ((), (N,)) or not np.array_equal(
                np.broadcast_to(result, (N,))[order], np.broadcast_to(moved, (N,)), equal_nan=True
            ):
                raise ValueError(f"{where}: {what} of {op.name} is not elementwise: its numbers depend on their places")
    testing.check(op, *primals)
