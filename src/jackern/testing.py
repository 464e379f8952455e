"""Checks of derivatives, for jackern's ops and for your own functions."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, quiet
from jackern._config import op as find_op
from jackern._probes import pattern
from jackern._probes.derivatives import Subject, check as check_subject, real
from jackern._structures.base import Jacobian

# An op, or what finds one; or a function and what returns its Jacobian, or one for each argument.
Checked = _core.NamedOp | str | Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]]


@quiet
def check(op: Checked, *primals: object, rtol: float | None = None, seed: int = 0, **keywords: Any) -> None:
    """Check derivatives at a point: JVPs against differences, and VJPs against JVPs by ⟨u, J v⟩ = ⟨Jᵀu, v⟩.

    Parameters
    ----------
    op : op, str or callable, or tuple (f, jacobian_of_f) or (f, vjp_of_f)
        An op of `jackern.ops`, or what `jackern.op` finds it by: its name, a function of NumPy.  Or a function with one
        of the same arguments `primals` that returns its `Jacobian`; for several arguments a tuple of them, with None
        for one that is not varied.  Or a function with its VJP: ``vjp_of_f(y_bar, *primals)`` returns the cotangent,
        for several arguments a tuple of them, with None alike.
    *primals : array or None
        The point.  Integer arguments, such as labels, and None, such as a bias that is not there, are not varied.
    rtol : float, optional
        The tolerance, relative to every entry's own size; by default 1e-6 against differences in float64, 1e-11 against
        the complex step and in the adjoint test, and 3e-5 in float32.
    seed : int
        Of the random directions.
    **keywords
        What the op, or both functions, take besides, as ``axis=1``.

    Raises
    ------
    AssertionError
        Says what failed, for which argument and at which index, with both values; and whether the function has a kink
        or a jump there, with the slopes of both sides.
    ValueError
        There is no such op; there are not as many Jacobians or cotangents as arguments.
    TypeError
        No primal is a float array that is varied; something else than a Jacobian; the second function of a pair takes
        neither the primals nor a cotangent and the primals; f returns numbers that are not real.

    Notes
    -----
    **Which pair it is** is told by the number of arguments that the second function takes: the primals, or one more.
    If its signature allows both, as ``*args`` does, it is called as ``jacobian_of_f(*primals)``; unless a Jacobian
    comes back, or a tuple that holds one, it is a VJP.

    **Steps** are relative to each element (for a zero, to the median of the others, or 1), and there is a ladder of
    them, from a quarter down to the spacing of the floats.  For every output the step is taken whose extrapolated
    difference is surest, as long as all smaller steps agree with it, so steps shrink near a pole, at the end of the
    domain, and before the next branch.  What differences do not see is not held against a derivative: they have a bar
    of error, from the rounding of the values and from how far the steps agree.  Where the function does not change over
    steps as small as its argument, longer ones are taken.  Points are taken to float64 if the function returns real
    numbers of the same shape there.  Where it takes complex numbers, and differences agree, the complex step is used,
    which has no cancellation.

    **Every entry** of the Jacobian is seen by itself if the argument has at most 64 elements, and if every output
    depends on one element, as in pointwise ops; it is judged by its own size, besides 16 units of rounding of the
    function's value over the element, or over 1 if that is larger.  In larger Jacobians products with random vectors
    are judged, output by output.  A function with its VJP is treated alike, if it has at most 64 outputs or its VJP is
    diagonal, and else by ``<u, J v>`` for several u.  An output that is not finite is not judged.

    **Where the function has no derivative**, at a kink, every number between the slopes of both sides is a valid
    choice and passes, as 0.5 for ``maximum(a, b)`` at a tie, and at a jump every number between the slopes of its
    pieces.  At the end of the domain the slope is that of the side inside.  An infinite slope, as of sqrt at 0, is inf.

    A function is called 53 times for pointwise ops, and as often for every element of a small argument.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.testing.check(jk.ops.tanh, np.linspace(-1, 1, 5))
    >>> jk.testing.check("log", [1e-300, 1.0, 1e300])
    >>> jk.testing.check(np.mean, np.eye(3), axis=0)

    A function with its Jacobian, and one with its VJP:

    >>> jk.testing.check((np.square, lambda x: jk.diagonal(2 * x)), np.arange(3.0))
    >>> jk.testing.check((np.outer, lambda y_bar, a, b: (y_bar @ b, a @ y_bar)), np.arange(3.0), np.ones(2))

    The entry that is wrong is small:

    >>> def wrong(x):
    ...     return jk.diagonal(2 * x * [1.0001, 1, 1])
    >>> jk.testing.check((np.square, wrong), np.array([1e-8, 1.0, 1e8]))
    Traceback (most recent call last):
    AssertionError: square: JVP by argument 0 against the complex step: 1 of 9 entries differ ...

    A choice at a kink may be any number between the slopes of both sides:

    >>> jk.testing.check((np.abs, lambda x: jk.diagonal([1.0])), np.zeros(1))
    >>> jk.testing.check((np.abs, lambda x: jk.diagonal([3.0])), np.zeros(1))
    Traceback (most recent call last):
    AssertionError: absolute: JVP ... has no derivative there (a kink or a jump): its slope is -1 from the left and 1
    from the right
    """
    arrays = [None if x is None else np.asarray(x) for x in primals]
    floats = [k for k, x in enumerate(arrays) if x is not None and x.dtype.kind == "f"]
    if not floats:
        raise TypeError("testing.check: no primal is a float array; nothing can be varied")
    derivative = _pair_of(op, arrays, keywords) if isinstance(op, tuple) else _op_of(op, arrays, keywords)
    _check_all(derivative, arrays, [k for k in floats if k in derivative.varied], rtol, seed)


@quiet
def assert_structure(
    jacobian: Jacobian | tuple[Callable[..., Any], Callable[..., Any]],
    structure: str | Jacobian,
    *point: object,
    bandwidths: tuple[int, int] | None = None,
    seed: int = 0,
) -> None:
    """Assert that all entries outside of a pattern are zero, by products with random vectors.

    Nothing is taken from the structure that the Jacobian itself claims, and nothing larger than vectors is made.

    Parameters
    ----------
    jacobian : Jacobian, or tuple (f, jacobian_of_f)
        Of a function and one that returns its `Jacobian` (a tuple for several arguments, None for one that is not
        varied): every one of them is taken at the point, and `check` compares it with differences of f.
    structure : str or Jacobian
        ``"zero"``, ``"diagonal"``, ``"identity"`` (diagonal, and one number along it), ``"broadcast"`` (at most one
        entry per row), ``"reduction"`` (at most one per column), ``"permutation"`` (square, and both), ``"banded"``; or
        a Jacobian of the same shape, whose pattern is meant.
    *point : array
        The arguments of f.
    bandwidths : tuple of int
        For ``"banded"``, and for it alone: how many diagonals there are below and above the main one.
    seed : int
        Of the random vectors.

    Raises
    ------
    AssertionError
        Names the first entry that breaks the claim: its row, its column, and its number.
    ValueError
        A structure that is no Jacobian and no name, or a name that says nothing of single entries; a Jacobian whose
        pattern is not known; `bandwidths` is missing, or no pair; there are not as many Jacobians as arguments.
    TypeError
        A point without a function.

    Notes
    -----
    It takes 1 to 4 products with J, of a reduction or a permutation also with its transpose; l + u + 2 of a banded one;
    for the pattern of a Jacobian ``2**k``, k being its number of terms, if that is at most 6, and else one per column.
    A further product for every halving of the columns finds the entry.  Numbers smaller than 2e-12 of the largest in a
    product are taken for rounding, in float32 6e-6.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.testing.assert_structure(jk.dense([[1.0, 0.0], [0.0, 2.0]]), "diagonal")
    >>> jk.testing.assert_structure((np.square, lambda x: jk.diagonal(2 * x)), "diagonal", np.arange(3.0))
    >>> jk.testing.assert_structure(jk.dense([[1.0, 0.5], [0.0, 2.0]]), "diagonal")
    Traceback (most recent call last):
    AssertionError: the Jacobian is not of structure diagonal: entry (0, 1) is 0.5, expected 0.
    """
    where = "testing.assert_structure"
    if isinstance(jacobian, tuple):
        function, jacobian_of = _pair(where, jacobian)
        jacobians = jacobian_of(*point)
        each = _by_argument(where, jacobians, [None if x is None else np.asarray(x) for x in point])
        name = getattr(function, "__name__", repr(function))
        named = [(f"{name}: the Jacobian by argument {k}", x) for k, x in each.items()]
    elif point:
        raise TypeError(f"{where}: a point is given without a function, expected (f, jacobian_of_f)")
    else:
        named = [("the Jacobian", jacobian)]
    for name, matrix in named:
        if not isinstance(matrix, Jacobian):
            raise TypeError(f"{where}: {name} is a {type(matrix).__name__}, expected a jackern.Jacobian")
        pattern.assert_pattern(matrix, structure, bandwidths, name, np.random.default_rng(seed))
    if isinstance(jacobian, tuple):
        arrays = [None if x is None else np.asarray(x) for x in point]
        floats = [k for k in each if arrays[k] is not None]
        _check_all(_with_jacobians(function, each), arrays, floats, None, seed)


def _pair(where: str, pair: tuple[Any, ...]) -> tuple[Any, Any]:
    """A function and one that returns its Jacobian."""
    if len(pair) != 2 or not all(map(callable, pair)):
        other = " or (f, vjp_of_f)" if where == "testing.check" else ""
        raise TypeError(f"{where}: a tuple of {len(pair)} is given, expected (f, jacobian_of_f){other}, two functions")
    return pair[0], pair[1]


def _by_argument(where: str, jacobians: Any, arrays: list[Array | None]) -> dict[int, Jacobian]:
    """The Jacobians by the positions of their arguments, from what a function of the user's returned."""
    each = jacobians if isinstance(jacobians, tuple) else (jacobians,)
    floats = [k for k, x in enumerate(arrays) if x is not None and x.dtype.kind == "f"]
    if not isinstance(jacobians, tuple) and len(floats) == 1:
        each = tuple(jacobians if k in floats else None for k in range(len(arrays)))
    if len(each) != len(arrays):
        raise ValueError(
            f"{where}: jacobian_of_f returned {len(each)} for {len(arrays)} arguments, expected a tuple with a "
            "Jacobian for each, or None for one that is not varied"
        )
    for k, x in enumerate(each):
        if x is not None and not isinstance(x, Jacobian):
            raise TypeError(
                f"{where}: the Jacobian by argument {k} is a {type(x).__name__}, expected a jackern.Jacobian"
            )
    return {k: x for k, x in enumerate(each) if x is not None}


@dataclass
class _Derivative:
    """A function of all arguments, and its products by argument."""

    name: str
    function: Callable[..., Any]
    complex_function: Callable[..., Any] | None
    jvp: Callable[[int, Array], Any] | None
    vjp: Callable[[int, Array], Any]
    varied: Collection[int]
    structure: Callable[[int], str | None]
    is_known: bool = False
    kinks: str = ""


def _check_all(
    derivative: _Derivative, arrays: list[Array | None], varied: list[int], rtol: float | None, seed: int
) -> None:
    """Check the derivative by every argument that is varied."""
    if not varied:
        what = "Jacobian" if derivative.jvp is not None else "cotangent"
        raise TypeError(f"testing.check: every {what} by a float array is None; nothing is varied")
    rng = np.random.default_rng(seed)
    wide = [x.astype(np.float64) if x is not None and x.dtype == np.float32 else x for x in arrays]

    def moved(function: Callable[..., Any], k: int) -> Callable[[Array], Any]:
        """A function of argument k; the others have the precision of it."""

        def of_one(x: Array) -> Any:
            others = arrays if x.dtype == np.float32 else wide
            return function(*others[:k], x, *others[k + 1 :])

        return of_one

    for k in varied:
        point = arrays[k]
        assert point is not None
        name, complex_function = derivative.name, derivative.complex_function
        check_subject(
            Subject(
                name, k, moved(derivative.function, k), complex_function and moved(complex_function, k), point,
                real(name, derivative.function(*arrays)),
                derivative.jvp and partial(derivative.jvp, k), partial(derivative.vjp, k),
                derivative.structure(k), rtol, derivative.is_known, rng, derivative.kinks,
            )
        )  # fmt: skip


def _op_of(op: Any, arrays: list[Array | None], keywords: dict[str, Any]) -> _Derivative:
    op = find_op(op)
    takes_several = "tangents" in signature(op.jvp).parameters

    def jvp(k: int, tangent: Array) -> Any:
        tangents = tuple(tangent if i == k else None for i in range(len(arrays))) if takes_several else tangent
        return op.jvp(tangents, *arrays, **keywords)

    def vjp(k: int, cotangent: Array) -> Any:
        return op.vjp(cotangent, *arrays, wrt=k, **keywords)

    def structure(k: int) -> str:
        return op.jacobian(*arrays, wrt=k, **keywords).structure

    in_numpy = getattr(np, op.name, None)
    return _Derivative(
        op.name, partial(op, **keywords), in_numpy and partial(in_numpy, **keywords), jvp, vjp, range(len(arrays)),
        structure, True, getattr(op, "kinks", ""),
    )  # fmt: skip


def _with_jacobians(function: Any, jacobians: dict[int, Jacobian]) -> _Derivative:
    return _Derivative(
        getattr(function, "__name__", repr(function)),
        function,
        function,
        lambda k, tangent: jacobians[k].jvp(tangent),
        lambda k, cotangent: jacobians[k].vjp(cotangent),
        jacobians,
        lambda k: jacobians[k].structure,
    )


def _pair_of(pair: tuple[Any, ...], arrays: list[Array | None], keywords: dict[str, Any]) -> _Derivative:
    """A function of the user's with its Jacobian or its VJP."""
    function, second = _pair("testing.check", pair)
    name = getattr(function, "__name__", repr(function))
    if keywords:
        function, second = partial(function, **keywords), partial(second, **keywords)
    value = real(name, function(*arrays))
    jacobians = _jacobians_or_none(second, arrays, value)
    if jacobians is not None:
        derivative = _with_jacobians(function, _by_argument("testing.check", jacobians, arrays))
    else:
        pulled = _cotangents(second(np.ones_like(value), *arrays), arrays)

        def vjp(k: int, y_bar: Array) -> Any:
            return _cotangents(second(y_bar, *arrays), arrays)[k]

        varied = [k for k, x_bar in enumerate(pulled) if x_bar is not None]
        derivative = _Derivative(name, function, function, None, vjp, varied, lambda k: None)
    derivative.name = name
    return derivative


def _jacobians_or_none(second: Callable[..., Any], arrays: list[Array | None], value: Array) -> Any:
    """What a function returned if it returns Jacobians, None if it is a VJP."""
    takes = {}
    for what, given in (("jacobian", arrays), ("vjp", [value, *arrays])):
        try:
            signature(second).bind(*given)
        except TypeError:
            takes[what] = False
        except ValueError:  # compiled, without a signature
            takes[what] = True
        else:
            takes[what] = True
    if not any(takes.values()):
        raise TypeError(
            f"testing.check: {getattr(second, '__name__', repr(second))}{signature(second)} takes neither "
            f"{len(arrays)} arguments, as jacobian_of_f(*primals), nor {len(arrays) + 1}, as vjp_of_f(y_bar, *primals)"
        )
    if not takes["jacobian"]:
        return None
    if not takes["vjp"]:
        return second(*arrays)
    try:
        result = second(*arrays)
    except Exception as error:  # it is the user's, and was perhaps given a primal for a cotangent
        try:
            second(np.ones_like(value), *arrays)
        except Exception:
            raise error from None
        return None
    each = result if isinstance(result, tuple) else (result,)
    return result if any(isinstance(x, Jacobian) for x in each) else None


def _cotangents(result: Any, arrays: list[Array | None]) -> list[Any]:
    """The cotangents by argument, from what a function of the user's returned."""
    floats = [k for k, x in enumerate(arrays) if x is not None and x.dtype.kind == "f"]
    each = list(result) if isinstance(result, tuple) else [result]
    if len(each) == 1 and len(floats) == 1:
        return [each[0] if k in floats else None for k in range(len(arrays))]
    if len(each) != len(arrays):
        raise ValueError(
            f"testing.check: vjp_of_f returned {len(each)} for {len(arrays)} arguments, expected a tuple with a "
            "cotangent for each, or None for one that is not varied"
        )
    return each
