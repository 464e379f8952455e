"""Op objects under NumPy's names: every row of the table of pointwise ops, and the families.

Each is callable and has ``jvp``, ``vjp``, ``jacobian`` (and ``vjp2`` for pointwise ops).

>>> import numpy as np
>>> from jackern import ops
>>> y = ops.tanh(np.array([0.0, 1.0]))
>>> ops.tanh.vjp(np.ones(2), y=y).round(3)
array([1.  , 0.42])
"""

from jackern import _core
from jackern._ops import registry

globals().update(_core.named_ops())
globals().update({op.name: op for op in registry.OPS})
__all__ = [*_core.named_ops(), *(op.name for op in registry.OPS)]


def __dir__() -> list[str]:
    return sorted(__all__)
