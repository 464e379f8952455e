"""What calls a function and writes a line for the bits of its result."""

from __future__ import annotations

import hashlib
from typing import TextIO

import numpy as np

ON_TWO_THREADS = "/on two threads"


class Recorder:
    """Calls functions and writes a line for each: the case, dtypes, shapes, and a hash of the bits of the result.

    Of an exception the line has the type.  AttributeError has no line: the commit lacks that name, and so the case.
    """

    def __init__(self, file: TextIO):
        self._file = file
        self._names: set[str] = set()

    def __call__(self, name, function, *args, **options):
        """Return what the function returns, None after an exception."""
        if name in self._names:
            raise ValueError(f"two cases are called {name!r}")
        self._names.add(name)
        try:
            result = function(*args, **options)
            line = described(result)
        except AttributeError:
            return None
        except Exception as error:
            result, line = None, public_name(type(error))
        print(name, line, sep="\t", file=self._file)
        return result


def public_name(error: type) -> str:
    """Return what users catch: the nearest base class that is not jackern's own."""
    return next(base.__name__ for base in error.__mro__ if not base.__module__.startswith("jackern"))


def described(result) -> str:
    """Return dtypes, shapes and the hash, of an array or a tuple of them; of all else the hash of its repr."""
    parts = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(part, np.ndarray | np.generic) for part in parts):
        return f"\t\t{digest(repr(result).encode())}"
    arrays = [np.asarray(part, order="C") for part in parts]
    dtypes, shapes = (", ".join(str(getattr(x, name)) for x in arrays) for name in ("dtype", "shape"))
    return f"{dtypes}\t{shapes}\t{digest(*map(without_payloads, arrays))}"


def without_payloads(array):
    """Return the same numbers with one bit pattern for all NaN, whose payloads are not specified."""
    if array.dtype.kind == "f" and (nan := np.isnan(array)).any():
        return np.where(nan, np.asarray(np.nan, array.dtype), array)
    return array


def digest(*parts) -> str:
    """Return the hash of what lies in these buffers."""
    bits = hashlib.blake2b(digest_size=12)
    for part in parts:
        bits.update(part)
    return bits.hexdigest()
