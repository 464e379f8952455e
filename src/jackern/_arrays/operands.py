"""Array-likes as arrays that the binding takes: dtypes, promotion, copies.

All checks come before anything is written.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from jackern import _core

Array = NDArray[Any]
NATIVE = (np.dtype(np.float32), np.dtype(np.float64))
EPS = {dtype: float(np.finfo(dtype).eps) for dtype in NATIVE}  # np.finfo itself drops what a signal's handler raises
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def quiet(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate what users call: NumPy computes as kernels do, without a warning and in their environment."""

    @functools.wraps(function)
    def quietly(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        before = _core.enter_environment()
        try:
            with np.errstate(all="ignore"):
                return function(*args, **options)
        finally:
            _core.leave_environment(before)

    return quietly


def is_own(error: BaseException) -> bool:
    """Whether an error was raised by the call itself that a try statement holds, one into C.

    Not by a function of Python: one that the call has called, or a signal's handler, whose errors are nobody else's.
    """
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def is_native(x: object) -> bool:
    """An array that the binding takes as it is."""
    return type(x) is np.ndarray and x.dtype in NATIVE and x.flags.aligned


def is_weak(x: object) -> bool:
    """A Python number, which takes the dtype of the others."""
    return type(x) in (bool, int, float)


def is_scipy_sparse(x: object) -> bool:
    """One of SciPy's sparse arrays or matrices; SciPy need not be there."""
    return type(x).__module__.startswith("scipy.sparse")


def is_traced(x: object) -> bool:
    """Whether x stands for numbers that are not known yet, or are followed: of JAX, autograd."""
    return any(
        c.__module__.startswith(("jax", "autograd")) and c.__name__ in ("Tracer", "Box") for c in type(x).__mro__
    )


def check_plain(x: object, where: str, name: str) -> None:
    """Raise TypeError for what is more than its numbers: a mask, a unit, a graph of work to do.

    They would be lost without a word.  A subclass of ndarray is plain if arithmetic with it is that of ndarray, as with
    `numpy.memmap`.
    """
    kind = type(x)
    if kind is np.ndarray or kind in (bool, int, float):
        return
    library, words = kind.__module__.partition(".")[0], ""
    if isinstance(x, list | tuple):
        for item in x:
            check_plain(item, where, name)
    elif is_traced(x):
        words = (
            "whose numbers are not known yet; call jackern in jax.pure_callback, with jax.custom_vjp for its derivative"
            if library == "jax"
            else "which follows what is computed; make a primitive of the op (autograd.extend.primitive, defvjp)"
        )
    elif isinstance(x, np.ma.MaskedArray):
        words = f"whose mask would be lost; pass {name}.filled(value) or {name}.data"
    elif hasattr(kind, "unmasked"):
        words = f"whose mask would be lost; pass {name}.filled(value) or {name}.unmasked"
    elif hasattr(kind, "unit") or hasattr(kind, "units") or (isinstance(x, np.ndarray) and hasattr(x, "units")):
        words = f"whose unit would be lost; convert it and pass its plain numbers ({name}.value or {name}.magnitude)"
    elif callable(graph := getattr(kind, "__dask_graph__", None)) and graph(x) is not None:
        words = f"which is computed later; pass {name}.compute(), or the op to its map_blocks"
    elif isinstance(x, np.ndarray) and type(x).__array_ufunc__ is not np.ndarray.__array_ufunc__:
        words = "which has an arithmetic of its own; pass its plain numbers"
    if words:
        raise TypeError(f"{where}: {name} is a {kind.__name__} of {library}, {words}")


def as_ndarray(x: object, where: str, name: str) -> Array:
    """Any array-like as an ndarray; TypeError for None and for what is more than its numbers."""
    if x is None:
        raise TypeError(f"{where}: {name} is missing")
    check_plain(x, where, name)
    try:
        return np.asarray(x)
    except ValueError as error:
        if not is_own(error):  # of a signal's handler, or of the array-like
            raise
        raise ValueError(f"{where}: {name} is not an array: {error}") from None


def as_array(x: object, where: str, name: str) -> Array:
    """Any array-like of real numbers as an ndarray of its own dtype; TypeError for what jackern does not compute."""
    if is_scipy_sparse(x):
        raise TypeError(f"{where}: {name} is a {type(x).__name__}; jk.sparse({name}) makes a Jacobian of it")
    array = as_ndarray(x, where, name)
    if array.dtype == object:
        raise TypeError(f"{where}: {name} is an object array ({type(x).__name__}); pass an array of float32 or float64")
    if array.dtype.kind not in "biu" and array.dtype.newbyteorder("=") not in NATIVE:
        raise TypeError(f"{where}: {name} has dtype {array.dtype}; jackern computes in float32 and float64, convert it")
    return array


def promote(operands: Sequence[Any]) -> np.dtype[Any]:
    """NumPy's promotion of arrays and Python numbers; integers and booleans alone give float64."""
    dtype = np.result_type(*(x if is_weak(x) else x.dtype.newbyteorder("=") for x in operands))
    return dtype if dtype in NATIVE else np.dtype(np.float64)


def native(array: object, dtype: np.dtype[Any]) -> Array:
    """An aligned, native array: itself if it is one already, else a C-contiguous copy, of `dtype` unless it is one."""
    array = np.asarray(array)
    if array.dtype not in NATIVE:
        own = array.dtype.newbyteorder("=")
        return np.ascontiguousarray(array, own if own in NATIVE else dtype).reshape(array.shape)
    return array if array.flags.aligned else array.copy()


def as_scalar(x: Any, dtype: np.dtype[Any], where: str, name: str) -> Array:
    """A Python number as a 0-d array; ValueError for an int that no float holds."""
    try:
        return np.asarray(x, dtype)
    except OverflowError as error:
        if not is_own(error):
            raise
        about = f"{'-' * (x < 0)}2**{x.bit_length() - 1}"
        raise ValueError(f"{where}: {name} is about {about}, beyond the range of {dtype}") from None


def as_native(x: object, where: str, name: str) -> Array:
    """Any array-like of real numbers as an aligned, native array of float32 or float64."""
    if is_native(x):
        return x  # type: ignore[return-value]
    if is_weak(x):
        return as_scalar(x, NATIVE[1], where, name)
    array = as_array(x, where, name)
    return native(array, promote([array]))


def as_operands(
    named: dict[str, object], where: str, shape_only: Sequence[object] = ()
) -> tuple[dict[str, Array], np.dtype[Any]]:
    """Operands that are read, as native arrays, and the dtype they promote to.

    Where all of them are Python numbers, which are weak, the dtype is that of the operands that are read for their
    shape only.
    """
    first: Any = next(iter(named.values()))
    if all(is_native(x) and x.dtype == first.dtype for x in named.values()):  # type: ignore[attr-defined]
        return named, first.dtype  # type: ignore[return-value]
    arrays = {name: x if is_weak(x) else as_array(x, where, name) for name, x in named.items()}
    if all(map(is_weak, arrays.values())):
        others = [as_array(x, where, "an operand") for x in shape_only if x is not None and not is_weak(x)]
        dtype = promote(others or list(arrays.values()))
    else:
        dtype = promote(list(arrays.values()))
    operands = {
        name: as_scalar(x, dtype, where, name) if is_weak(x) else native(x, dtype) for name, x in arrays.items()
    }
    return operands, dtype


def native_dtype(dtype: DTypeLike, where: str) -> np.dtype[Any]:
    """Return float32 or float64; TypeError for any other dtype."""
    result = np.dtype(dtype)
    if result not in NATIVE:
        raise TypeError(f"{where}: dtype is {result}, expected float32 or float64.")
    return result
