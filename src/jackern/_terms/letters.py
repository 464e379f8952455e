"""Letters are small integers, one per axis: what they are called in print, and arrays that have an axis per letter."""

import string
from collections.abc import Sequence
from typing import Any

from jackern._arrays.operands import Array


def alphabet(n: int) -> str:
    """Return names of n letters; those past the alphabet are for more axes than einsum takes."""
    return string.ascii_letters[:n] + "".join(chr(0x100 + k) for k in range(52, n))


def aligned(array: Array, letters: Sequence[Any], wanted: Sequence[Any]) -> Array:
    """Return a view with the axes `wanted`, in their order; length 1 where the array lacks the letter."""
    order = [letters.index(x) for x in wanted if x in letters]
    return array.transpose(order)[tuple(slice(None) if x in letters else None for x in wanted)]
