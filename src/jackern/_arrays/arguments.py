"""What else a call is told: which arguments are meant, and where results go."""

import numpy as np


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
