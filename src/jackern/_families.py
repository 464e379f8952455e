"""Ops that are no rows of the table: sums, matrix products, losses.  One object each, with the methods of an op."""

from jackern._cross_entropy import SoftmaxCrossEntropy
from jackern._family import Family, calls
from jackern._matmul import Linear, Matmul
from jackern._sums import Reduction

__all__ = ["OPS", "Linear", "Matmul", "Reduction", "SoftmaxCrossEntropy", "calls"]

OPS: tuple[Family, ...] = (
    Reduction("sum", mean=False),
    Reduction("mean", mean=True),
    Matmul(),
    Linear(),
    SoftmaxCrossEntropy(),
)
