"""Jacobian-vector and vector-Jacobian products for NumPy arrays, without the zeros of a Jacobian.

>>> import numpy as np, jackern as jk
>>> J = jk.ops.tanh.jacobian(np.linspace(-1, 1, 5))
>>> J.structure, J.nnz, J.shape
('diagonal', 5, (5, 5))
"""

from jackern import _core, _wiring, ops, testing  # noqa: F401 - wires the rooms before anything is used
from jackern._config import get_include, op, op_names, reset_stats, show_config, stats
from jackern._constructors.blocks import block
from jackern._constructors.by_letters import (
    Jacobian,
    block_diagonal,
    broadcast,
    dense,
    diagonal,
    einsum,
    identity,
    reduction,
    zero,
)
from jackern._constructors.by_slices import banded, select
from jackern._constructors.convolution import convolution
from jackern._constructors.copies import snapshot
from jackern._constructors.linear_maps import linear_map
from jackern._constructors.sparse import sparse
from jackern._core import get_num_threads, release_memory, set_buffer_cache, set_num_threads, unbroadcast
from jackern._register import register_op

__version__ = _core.library_version()
__all__ = [
    "Jacobian",
    "banded",
    "block",
    "block_diagonal",
    "broadcast",
    "convolution",
    "dense",
    "diagonal",
    "einsum",
    "get_include",
    "get_num_threads",
    "identity",
    "linear_map",
    "op",
    "op_names",
    "ops",
    "reduction",
    "register_op",
    "release_memory",
    "reset_stats",
    "select",
    "set_buffer_cache",
    "set_num_threads",
    "show_config",
    "snapshot",
    "sparse",
    "stats",
    "testing",
    "unbroadcast",
    "zero",
]
