"""Checks of derivatives, for jackern's ops and for your own functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def check(op: Any, *primals: object, rtol: float | None = None, seed: int = 0) -> None:
    """Check derivatives at a point: JVPs against differences, and VJPs against JVPs by ⟨u, J v⟩ = ⟨Jᵀu, v⟩.

    Parameters
    ----------
    op : op, or tuple (f, jacobian_of_f)
        An op of `jackern.ops`, or a function with one that returns its `Jacobian`, both of the arguments `primals`;
        for several arguments ``jacobian_of_f`` returns a tuple of them.
    *primals : array
        The point.  Integer arguments, such as labels, are not varied.
    rtol : float, optional
        The tolerance, relative to the largest entry; by default 1e-6 against differences in float64 and 1e-2 in
        float32, 1e-11 and 1e-4 against the complex step and in the adjoint test.
    seed : int
        Of the random directions.

    Raises
    ------
    AssertionError
        Says what failed, for which argument and at which index, with both values.

    Notes
    -----
    Differences are central, with a step of the cube root of the machine epsilon.  Where the function takes complex
    numbers, the complex step is used, which has no cancellation.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.testing.check(jk.ops.tanh, np.linspace(-1, 1, 5))
    >>> jk.testing.check((np.square, lambda x: jk.diagonal(2 * x)), np.arange(3.0))
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(x) for x in primals]
    varied = [k for k, x in enumerate(arrays) if x.dtype.kind == "f"]
    if not varied:
        raise TypeError("testing.check: no primal is a float array; nothing can be varied")
    name, function, complex_function, jvp, vjp = _parts(op, arrays)
    for k in varied:
        tangent = np.asarray(rng.standard_normal(arrays[k].shape), arrays[k].dtype)
        computed = np.asarray(jvp(k, tangent))
        expected, by_complex_step = _difference(function, complex_function, arrays, k, tangent)
        single = np.float32 in {computed.dtype.type, *(arrays[i].dtype.type for i in varied)}
        exact = 1e-4 if single else 1e-11
        tolerance = rtol if rtol is not None else exact if by_complex_step else 1e-2 if single else 1e-6
        how = "the complex step" if by_complex_step else "central differences"
        _compare(f"{name}: JVP by argument {k} against {how}", computed, expected, tolerance)
        cotangent = np.asarray(rng.standard_normal(computed.shape), computed.dtype)
        pulled = np.asarray(vjp(k, cotangent))
        if pulled.shape != tangent.shape:
            raise AssertionError(f"{name}: VJP by argument {k} has shape {pulled.shape}, expected {tangent.shape}")
        left = np.sum(cotangent.astype(np.float64) * computed)
        right = np.sum(pulled.astype(np.float64) * tangent)
        size = np.sum(np.abs(cotangent.astype(np.float64) * computed)) + 1
        if not abs(left - right) <= (rtol if rtol is not None else exact) * size:
            raise AssertionError(f"{name}: adjoint test of argument {k}: <u, Jv> = {left}, <J^T u, v> = {right}")


def _parts(op: Any, arrays: list[Array]) -> tuple[str, Any, Any, Any, Any]:
    """A name, the function, one that takes complex numbers, and JVP and VJP by argument."""
    if isinstance(op, tuple):
        function, jacobian_of = op
        jacobians = jacobian_of(*arrays)
        if not isinstance(jacobians, tuple):
            jacobians = (jacobians,)
        name = getattr(function, "__name__", repr(function))
        return (
            name,
            function,
            function,
            lambda k, tangent: jacobians[k].jvp(tangent),
            lambda k, cotangent: jacobians[k].vjp(cotangent),
        )
    single = op.nin == 1 or op.name == "softmax_cross_entropy"

    def jvp(k: int, tangent: Array) -> Any:
        tangents = tangent if single else tuple(tangent if i == k else None for i in range(len(arrays)))
        return op.jvp(tangents, *arrays)

    def vjp(k: int, cotangent: Array) -> Any:
        return op.vjp(cotangent, *arrays) if single else op.vjp(cotangent, *arrays, wrt=k)

    return op.name, op, getattr(np, op.name, None), jvp, vjp


def _difference(
    function: Callable[..., Any], complex_function: Any, arrays: list[Array], k: int, tangent: Array
) -> tuple[Array, bool]:
    """The directional derivative by argument k, and whether it came from the complex step."""

    def moved(step: Any) -> list[Any]:
        return [x + step * tangent if i == k else x for i, x in enumerate(arrays)]

    wide = arrays[k].dtype.type
    scale = max(1.0, float(np.max(np.abs(arrays[k]), initial=0)))
    step = wide(float(np.finfo(wide).eps) ** (1 / 3) * scale)
    with np.errstate(all="ignore"):
        forward = np.asarray(function(*moved(step)), np.float64)
        backward = np.asarray(function(*moved(-step)), np.float64)
        central = (forward - backward) / (2 * float(step))
        if complex_function is None or arrays[k].dtype != np.float64:
            return central, False
        try:
            result = np.asarray(complex_function(*moved(1e-30j)))
        except (TypeError, ValueError):
            return central, False
    # A function that is not analytic, through abs or real, gives itself away by a derivative that differences deny.
    exact = result.imag / 1e-30
    agree = result.dtype.kind == "c" and np.allclose(exact, central, rtol=1e-4, atol=1e-4)
    return (exact, True) if agree else (central, False)


def _compare(what: str, computed: Array, expected: Array, tolerance: float) -> None:
    if computed.shape != expected.shape:
        raise AssertionError(f"{what}: shape {computed.shape}, expected {expected.shape}")
    if not computed.size:
        return
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1)
    wrong = ~(np.abs(computed - expected) <= tolerance * scale) & ~(
        (computed == expected) | (np.isnan(computed) & np.isnan(expected))
    )
    if np.any(wrong):
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{what}: {int(np.sum(wrong))} of {computed.size} entries differ by more than {tolerance:g}; "
            f"at {index} the JVP is {computed[index]}, expected {expected[index]}"
        )
