"""Jacobian-vector and vector-Jacobian products for NumPy arrays, without the zeros of a Jacobian.

>>> import numpy as np, jackern as jk
>>> J = jk.ops.tanh.jacobian(np.linspace(-1, 1, 5))
>>> J.structure, J.nnz, J.shape
('diagonal', 5, (5, 5))
"""

from jackern import _core
from jackern._ops import pointwise

_core.set_general(pointwise)

from jackern import ops, testing  # noqa: E402
from jackern._config import get_include, op, op_names, reset_stats, show_config, stats  # noqa: E402
from jackern._constructors.by_letters import (  # noqa: E402
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
from jackern._constructors.by_slices import banded, block, select  # noqa: E402
from jackern._core import get_num_threads, set_num_threads, unbroadcast  # noqa: E402
from jackern._structures.linear_map import linear_map  # noqa: E402
from jackern._structures.sparse import sparse  # noqa: E402

__version__ = _core.library_version()
__all__ = [
    "Jacobian",
    "banded",
    "block",
    "block_diagonal",
    "broadcast",
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
    "reset_stats",
    "select",
    "set_num_threads",
    "show_config",
    "sparse",
    "stats",
    "testing",
    "unbroadcast",
    "zero",
]
