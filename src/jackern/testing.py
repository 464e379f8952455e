"""Checks of derivatives, for jackern's ops and for your own functions."""

from collections.abc import Callable, Collection
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.operands import Array, quiet
from jackern._config import op as find_op
from jackern._probes import pattern
from jackern._structures.base import Jacobian

# An op, or what finds one; or a function and what returns its Jacobian, or one for each argument.
Checked = _core.NamedOp | str | Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]]


@quiet
def check(op: Checked, *primals: object, rtol: float | None = None, seed: int = 0, **keywords: Any) -> None:
    """Check derivatives at a point: JVPs against differences, and VJPs against JVPs by ⟨u, J v⟩ = ⟨Jᵀu, v⟩.

    Parameters
    ----------
    op : op, str or callable, or tuple (f, jacobian_of_f)
        An op of `jackern.ops`, or what `jackern.op` finds it by; or a function with one that returns its `Jacobian`,
        both of the arguments `primals`; for several arguments ``jacobian_of_f`` returns a tuple of them, with None for
        one that is not varied.
    *primals : array or None
        The point.  Integer arguments, such as labels, and None, such as a bias that is not there, are not varied.
    rtol : float, optional
        The tolerance, relative to the largest expected entry; by default 1e-6 against differences in float64 and 1e-2
        in float32, 1e-11 and 1e-4 against the complex step and in the adjoint test.
    seed : int
        Of the random directions.
    **keywords
        What the op, or both functions, take besides, as ``axis=1``.

    Raises
    ------
    AssertionError
        Says what failed, for which argument and at which index, with both values.
    ValueError
        There is no such op; there are not as many Jacobians as arguments.
    TypeError
        No primal is a float array that is varied; something else than a Jacobian.

    Notes
    -----
    Differences are central, with a step of the cube root of the machine epsilon.  Where the function takes complex
    numbers, the complex step is used, which has no cancellation.  The tolerance grows by what differences cannot see:
    the rounding of the function's values, and how much each difference changes with twice the step.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.testing.check(jk.ops.tanh, np.linspace(-1, 1, 5))
    >>> jk.testing.check(np.mean, np.eye(3), axis=0)
    >>> jk.testing.check((np.square, lambda x: jk.diagonal(2 * x)), np.arange(3.0))
    """
    rng = np.random.default_rng(seed)
    arrays = [None if x is None else np.asarray(x) for x in primals]
    points = {k: x for k, x in enumerate(arrays) if x is not None and x.dtype.kind == "f"}
    if not points:
        raise TypeError("testing.check: no primal is a float array; nothing can be varied")
    name, function, complex_function, jvp, vjp, varied = _parts(op, arrays, keywords)
    points = {k: x for k, x in points.items() if k in varied}
    if not points:
        raise TypeError("testing.check: every Jacobian by a float array is None; nothing is varied")
    for k, point in points.items():
        tangent = np.asarray(rng.standard_normal(point.shape), point.dtype)
        computed = np.asarray(jvp(k, tangent))
        single = np.float32 in {computed.dtype.type, *(x.dtype.type for x in points.values())}
        eps = float(np.finfo(np.float32 if single else np.float64).eps)
        expected, error, by_complex_step = _difference(function, complex_function, arrays, k, tangent, eps)
        exact = 1e-4 if single else 1e-11
        tolerance = rtol if rtol is not None else exact if by_complex_step else 1e-2 if single else 1e-6
        how = "the complex step" if by_complex_step else "central differences"
        _compare(f"{name}: JVP by argument {k} against {how}", computed, expected, tolerance, error)
        cotangent = np.asarray(rng.standard_normal(computed.shape), computed.dtype)
        pulled = np.asarray(vjp(k, cotangent))
        if pulled.shape != tangent.shape:
            raise AssertionError(f"{name}: VJP by argument {k} has shape {pulled.shape}, expected {tangent.shape}")
        left, right = cotangent.astype(np.float64) * computed, pulled.astype(np.float64) * tangent
        size = max(np.sum(np.abs(left)), np.sum(np.abs(right)))
        if not abs(np.sum(left) - np.sum(right)) <= (rtol if rtol is not None else exact) * size:
            raise AssertionError(
                f"{name}: adjoint test of argument {k}: <u, Jv> = {np.sum(left)}, <J^T u, v> = {np.sum(right)}"
            )


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
        check((function, lambda *_: jacobians), *point, seed=seed)


def _pair(where: str, pair: tuple[Any, ...]) -> tuple[Any, Any]:
    """A function and one that returns its Jacobian."""
    if len(pair) != 2 or not all(map(callable, pair)):
        raise TypeError(f"{where}: a tuple of {len(pair)} is given, expected (f, jacobian_of_f), two functions")
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


def _parts(
    op: Any, arrays: list[Array | None], keywords: dict[str, Any]
) -> tuple[str, Any, Any, Any, Any, Collection[int]]:
    """A name, the function, one that takes complex numbers, JVP and VJP by argument, and which are varied."""
    if isinstance(op, tuple):
        pair = _pair("testing.check", op)
        function, jacobian_of = (partial(f, **keywords) if keywords else f for f in pair)
        jacobians = _by_argument("testing.check", jacobian_of(*arrays), arrays)
        return (
            getattr(op[0], "__name__", repr(op[0])),
            function,
            function,
            lambda k, tangent: jacobians[k].jvp(tangent),
            lambda k, cotangent: jacobians[k].vjp(cotangent),
            jacobians,
        )
    op = find_op(op)
    takes_several = "tangents" in signature(op.jvp).parameters

    def jvp(k: int, tangent: Array) -> Any:
        tangents = tuple(tangent if i == k else None for i in range(len(arrays))) if takes_several else tangent
        return op.jvp(tangents, *arrays, **keywords)

    def vjp(k: int, cotangent: Array) -> Any:
        return op.vjp(cotangent, *arrays, wrt=k, **keywords)

    in_numpy = getattr(np, op.name, None)
    varied = range(len(arrays))
    return op.name, partial(op, **keywords), in_numpy and partial(in_numpy, **keywords), jvp, vjp, varied


def _difference(
    function: Callable[..., Any],
    complex_function: Any,
    arrays: list[Array | None],
    k: int,
    tangent: Array,
    eps: float,
) -> tuple[Array, Array, bool]:
    """The directional derivative by argument k, how far it may be off, and whether it came from the complex step."""
    point: Any = arrays[k]

    def moved(step: Any) -> list[Any]:
        return [point + step * tangent if i == k else x for i, x in enumerate(arrays)]

    def central(step: Any) -> tuple[Array, Array]:
        """The difference, and what rounding the two values leaves of it."""
        forward = np.asarray(function(*moved(step)), np.float64)
        backward = np.asarray(function(*moved(-step)), np.float64)
        rounding = 4 * eps * np.maximum(np.abs(forward), np.abs(backward))
        return (forward - backward) / (2 * float(step)), rounding / float(step)

    step = point.dtype.type(eps ** (1 / 3) * max(1.0, float(np.max(np.abs(point), initial=0))))
    with np.errstate(all="ignore"):
        expected, rounding = central(step)
        error = rounding + np.abs(central(2 * step)[0] - expected)
        if complex_function is None or point.dtype != np.float64:
            return expected, error, False
        try:
            result = np.asarray(complex_function(*moved(1e-30j)))
        except (TypeError, ValueError):
            return expected, error, False
        # A function that is not analytic, through abs or real, gives itself away by a derivative that differences deny.
        exact = result.imag / 1e-30
        near = np.abs(exact - expected) <= 1e-4 * np.max(np.abs(expected), initial=0) + error
        if result.dtype.kind == "c" and np.all(near):
            return exact, np.full(exact.shape, 1e-50), True  # the square of the step, with room
        return expected, error, False


def _compare(what: str, computed: Array, expected: Array, rtol: float, error: Array) -> None:
    if computed.shape != expected.shape:
        raise AssertionError(f"{what}: shape {computed.shape}, expected {expected.shape}")
    if not computed.size:
        return
    largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=0)
    with np.errstate(invalid="ignore"):
        near = np.abs(computed - expected) <= rtol * largest + error
    wrong = ~(near | (computed == expected) | (np.isnan(computed) & np.isnan(expected)))
    if np.any(wrong):
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{what}: {int(np.sum(wrong))} of {computed.size} entries differ by more than {rtol:g} of the largest; "
            f"at {index} the JVP is {computed[index]}, expected {expected[index]}"
        )
