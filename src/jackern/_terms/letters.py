"""Letters: names of axes, and arrays that have an axis per letter."""

import string
from collections.abc import Sequence
from typing import Any

from jackern._arrays.operands import Array


def letters(n: int, start: int = 0) -> str:
    """Return n letters from the start-th on; those past the alphabet are for more axes than einsum takes."""
    return "".join(string.ascii_letters[k] if k < 52 else chr(0x100 + k) for k in range(start, start + n))


def split(subscripts: str) -> tuple[str, str, str]:
    """Return the letters of the values, of the input and of the output."""
    values, ends = subscripts.split(",")
    in_letters, out_letters = ends.split("->")
    return values, in_letters, out_letters


def aligned(array: Array, letters: Sequence[Any], wanted: Sequence[Any]) -> Array:
    """Return a view with the axes `wanted`, in their order; length 1 where the array lacks the letter."""
    order = [letters.index(x) for x in wanted if x in letters]
    return array.transpose(order)[tuple(slice(None) if x in letters else None for x in wanted)]
