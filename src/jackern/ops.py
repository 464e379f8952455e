"""Op objects under NumPy's names: every row of the table of pointwise ops, and the families.

Each is callable and has ``jvp``, ``vjp``, ``vjp2`` and ``jacobian``.

>>> import numpy as np
>>> from jackern import ops
>>> y = ops.tanh(np.array([0.0, 1.0]))
>>> ops.tanh.vjp(np.ones(2), y=y).round(3)
array([1.  , 0.42])
"""

from jackern import _core
from jackern._ops import products, reductions, rowwise  # noqa: F401 - they register their ops

globals().update(_core.named_ops())
__all__ = [*_core.named_ops()]


def __dir__() -> list[str]:
    return sorted(__all__)
