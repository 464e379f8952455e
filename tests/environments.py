"""Floating-point environments, set by hand: what callers like JAX, torch or an interval library may leave behind."""

import contextlib
import ctypes
import platform
import struct
import sys

HERE = sys.platform == "linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"
MXCSR = 28  # where glibc's fenv_t holds it
SIZE = 32
DEFAULT = 0x1F80
NAMED = {
    "flushing": 0x9FC0,  # subnormal results and operands are zero
    "upward": 0x5F80,
    "downward": 0x3F80,
    "toward zero": 0x7F80,
    "toward zero, flushing": 0xFFC0,
}
FLAGS = 0x3F  # what exceptions leave behind

libm = ctypes.CDLL("libm.so.6") if HERE else None


def environment():
    """The control bits in use."""
    memory = ctypes.create_string_buffer(SIZE)
    libm.fegetenv(memory)
    return struct.unpack_from("I", memory, MXCSR)[0] & ~FLAGS


@contextlib.contextmanager
def within(control):
    """Run a block in an environment of this thread; what it computes itself is computed there too."""
    memory = ctypes.create_string_buffer(SIZE)
    libm.fegetenv(memory)
    before = memory.raw
    struct.pack_into("I", memory, MXCSR, control)
    libm.fesetenv(memory)
    try:
        yield
    finally:
        libm.fesetenv(ctypes.create_string_buffer(before, SIZE))
