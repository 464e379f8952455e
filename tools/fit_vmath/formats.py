"""The two formats of numbers, and how C spells a number of theirs."""

import re
from dataclasses import dataclass

import mpmath as mp

mp.mp.prec = 200


@dataclass(frozen=True)
class Dtype:
    """An IEEE binary format in C: its names, the bits of its significand, the bits of its exponent."""

    name: str
    c: str
    literal: str
    precision: int
    exponent: int

    def rounded(self, x, bits=None):
        """Return the mpf `x` with the significand of this format, or with as many bits of it."""
        return mp.fadd(x, 0, prec=bits or self.precision)

    def hexadecimal(self, x):
        """Return the literal of C for `x`, which must be a number of this format."""
        value = float(x)
        assert mp.mpf(value) == x == self.rounded(x)
        return re.sub(r"\.?0+p", "p", value.hex()) + self.literal


DTYPES = (Dtype("f64", "double", "", 53, 11), Dtype("f32", "float", "f", 24, 8))
# What is computed in double for float32 has coefficients of double, and fewer of them.
WIDE = Dtype("wide", "double", "", 53, 11)


def named(dtype, values):
    """Return the lines of C that define constants, from their names, meanings and values."""
    lines = []
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return lines
