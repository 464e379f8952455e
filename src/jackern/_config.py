"""What the library says of itself, counts, and where its header lies."""

import contextlib
import os
import platform
import sys
from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

import numpy as np

from jackern import _core
from jackern._ops import registry

Op = TypeVar("Op", bound=_core.NamedOp)


def op_names() -> list[str]:
    """Names of all ops, without aliases: the pointwise ones in the order of the table, then the families.

    Examples
    --------
    >>> import jackern as jk
    >>> "tanh" in jk.op_names(), "matmul" in jk.op_names()
    (True, True)
    """
    return _core.op_names()


@overload
def op(function: Op) -> Op: ...
@overload
def op(function: str | Callable[..., Any]) -> Any: ...  # what it takes is known when it is found
def op(function: object) -> Any:
    """Find the op of a NumPy or SciPy function, of a name, or of an op itself.

    Parameters
    ----------
    function : callable or str
        For example ``np.tanh``, ``scipy.special.expit`` or ``"tanh"``.  A function of your own that has the name of an
        op may compute something else, and is not taken for it.

    Returns
    -------
    op
        The op of that name or alias.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest, by meaning and by spelling.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.op(np.abs)
    jackern.ops.absolute
    """
    found = registry.find(function)
    if found is not None:
        return found
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    from jackern._ops.kin import nearest  # only an error needs it

    near = nearest(str(name), _core.op_names())
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "; jackern.op_names() lists all"
    raise ValueError(f"op: no op for {function!r}{hint}")


def stats() -> dict[str, int]:
    """Successful calls since the start or the last `reset_stats`, so that a client can prove that a kernel was used.

    Returns
    -------
    dict of str to int
        ``"multiply.vjp"`` is the number of all calls, and ``"multiply.vjp (general)"`` of those among them that did not
        go straight to a kernel: an operand had to be converted or copied first, or a result to be put together.
        Contiguous native arrays of one dtype that lie apart from `out` go there for few reasons, such as vectors of a
        Jacobian in batches; docs/conventions.md has them all.  What has not been called is left out, and what jackern
        itself calls is not counted.  ``"buffer cache (bytes)"`` is how much memory of freed results is kept now, if any
        (see `set_buffer_cache`).

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.reset_stats()
    >>> y_bar = jk.ops.tanh.vjp(np.ones(2), np.ones(2))
    >>> y_bar = jk.ops.tanh.vjp([1.0, 1.0], np.ones(2))
    >>> {name: n for name, n in jk.stats().items() if name.startswith("tanh")}
    {'tanh.vjp': 2, 'tanh.vjp (general)': 1}
    """
    return _core.count_calls()


def reset_stats() -> None:
    """Sets all counters of `stats` to zero."""
    _core.reset_calls()


def get_include() -> str:
    """The folder to put on a C compiler's include path, for ``#include <jackern/jackern.h>``.

    Raises
    ------
    FileNotFoundError
        The header does not lie where it was installed, as in a frozen application.

    Examples
    --------
    >>> import pathlib
    >>> import jackern as jk
    >>> (pathlib.Path(jk.get_include()) / "jackern" / "jackern.h").is_file()
    True
    """
    here = os.path.dirname(os.path.realpath(__file__))
    installed, beside = (os.path.join(here, *parts) for parts in (("include",), ("..", "..", "csrc", "include")))
    for folder in (installed, os.path.normpath(beside)):
        if os.path.isfile(os.path.join(folder, "jackern", "jackern.h")):
            return folder
    why = "a frozen application is packed without it" if getattr(sys, "frozen", False) else "install jackern anew"
    raise FileNotFoundError(
        f"get_include: jackern/jackern.h is not in {installed}, nor in csrc/include of sources: {why}"
    )


@overload
def show_config(mode: Literal["stdout"] = "stdout") -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, Any]: ...
def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Print how jackern was built and what it uses here; ``show_config("dicts")`` returns it instead.

    Raises
    ------
    ValueError
        If `mode` is neither ``"stdout"`` nor ``"dicts"``.

    Examples
    --------
    >>> import jackern as jk
    >>> "baseline" in jk.show_config("dicts")["instruction sets"]
    True
    """
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"show_config: mode is {mode!r}, expected 'stdout' or 'dicts'")
    config: dict[str, Any] = {
        "jackern": _core.library_version(),
        "compiler": _core.compiler(),
        "instruction sets": list(_core.instruction_sets()),
        "instruction set in use": _core.instruction_set(),
        "instruction sets built": list(_core.built_instruction_sets()),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "threads": _core.get_num_threads(),
        "recycled memory at most": _core.buffer_cache()[0],
        "include": "without the header",  # as in a frozen application
    }
    with contextlib.suppress(FileNotFoundError):
        config["include"] = get_include()
    if mode == "dicts":
        return config
    for name, value in config.items():
        print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    return None
