"""What else a call is told: which arguments are meant, of which dtype, and where results go."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jackern._arrays.operands import (
    Array,
    as_array,
    as_scalar,
    is_native,
    is_own,
    is_weak,
    native,
    native_dtype,
    promote,
)


def as_native_beside(x: object, where: str, name: str, *others: Any) -> Array:
    """Any array-like as a native array; one of no float dtype takes what it promotes to beside the others'."""
    if is_native(x):
        return x  # type: ignore[return-value]
    if is_weak(x):
        return as_scalar(x, promote(others), where, name)
    array = as_array(x, where, name)
    return native(array, promote([array, *others]))


def in_dtype(x: object, where: str, name: str, dtype: np.dtype[Any]) -> Array:
    """Any array-like as a native array of a dtype."""
    if is_weak(x):
        return as_scalar(x, dtype, where, name)
    return native(as_array(x, where, name), dtype).astype(dtype, copy=False)


def as_dtype(dtype: DTypeLike, where: str) -> np.dtype[Any]:
    """Return float32 or float64; TypeError for any other dtype, and for what is none."""
    try:
        known = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError) as error:
        if not is_own(error):
            raise
        raise TypeError(f"{where}: dtype is {dtype!r}, expected float32 or float64.") from None
    return native_dtype(known, where)


def wanted(where: str, wrt: object, nin: int) -> tuple[int, ...]:
    """`wrt` as a tuple of argument positions."""
    positions = wrt if isinstance(wrt, tuple) else (wrt,)
    possible = f"positions from 0 to {nin - 1}" if nin > 1 else "0 or (0,), the only argument with a derivative"
    for k in positions:
        if isinstance(k, bool) or not isinstance(k, int | np.integer):
            raise TypeError(f"{where}: wrt is {wrt!r}, expected an int or a tuple of ints")
        if not 0 <= k < nin:
            raise ValueError(f"{where}: wrt is {wrt!r}, expected {possible}")
    if not positions or len(set(positions)) != len(positions):
        raise ValueError(f"{where}: wrt is {wrt!r}, expected one or more different positions")
    return tuple(int(k) for k in positions)


def one_for_each(where: str, h: object, wrt: object, positions: tuple[int, ...]) -> tuple[object, ...]:
    """`h` as a tuple with an entry for every position that `wrt` names; it is a tuple where `wrt` is one."""
    hs = h if isinstance(wrt, tuple) else (h,)
    if not isinstance(hs, tuple) or len(hs) != len(positions):
        raise TypeError(f"{where}: h is {kind_of(h)}, expected a tuple of {len(positions)}, one for each of wrt")
    return hs


def kind_of(x: object) -> str:
    return f"a tuple of length {len(x)}" if isinstance(x, tuple) else f"a {type(x).__name__}"


def flag(where: str, accumulate: object) -> bool:
    """`accumulate` of one result: a bool."""
    if not isinstance(accumulate, bool | np.bool_):
        raise TypeError(f"{where}: accumulate is {accumulate!r}, expected a bool")
    return bool(accumulate)


def flags(where: str, accumulate: object, n: int, single: bool) -> tuple[bool, ...]:
    """`accumulate` as one bool for each of n results; a tuple where `out` may be one."""
    if single or not isinstance(accumulate, tuple):
        if isinstance(accumulate, bool | np.bool_):
            return (bool(accumulate),) * n
        tuples = "" if single else f", or a tuple of {n} of them"
        raise TypeError(f"{where}: accumulate is {accumulate!r}, expected a bool{tuples}")
    if len(accumulate) != n or not all(isinstance(x, bool | np.bool_) for x in accumulate):
        raise TypeError(f"{where}: accumulate is {accumulate!r}, expected a bool, or a tuple of {n} of them")
    return tuple(map(bool, accumulate))


def as_outs(where: str, out: object, n: int, single: bool) -> tuple[object, ...]:
    """`out` as a tuple of n entries; `single` where it is not given as a tuple."""
    if out is None:
        return (None,) * n
    if single:
        return (out,)
    if not isinstance(out, tuple) or len(out) != n:
        raise TypeError(f"{where}: out is {kind_of(out)}, expected a tuple of {n} arrays (None makes a new one)")
    return out
