"""Ops that are no rows of the table: sums, matrix products, losses.  One object each, with the methods of an op."""

from jackern._ops.family import Family, calls
from jackern._ops.products import Linear, Matmul
from jackern._ops.reductions import Reduction
from jackern._ops.rowwise import SoftmaxCrossEntropy

__all__ = ["OPS", "Linear", "Matmul", "Reduction", "SoftmaxCrossEntropy", "calls"]

OPS: tuple[Family, ...] = (
    Reduction("sum", mean=False),
    Reduction("mean", mean=True),
    Matmul(),
    Linear(),
    SoftmaxCrossEntropy(),
)
