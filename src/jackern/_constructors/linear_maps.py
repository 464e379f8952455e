"""Jacobians of which two functions are known, and nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from jackern._arrays.arguments import as_dtype
from jackern._arrays.shapes import ShapeLike, as_shape
from jackern._probes import linearity
from jackern._structures.base import Jacobian
from jackern._structures.linear_map import Function, Functions, LinearMapJacobian


def linear_map(
    jvp: Function,
    vjp: Function | None,
    out_shape: ShapeLike,
    in_shape: ShapeLike,
    *,
    batched: bool = False,
    dtype: DTypeLike = float,
    check: bool = False,
) -> Jacobian:
    """Return the Jacobian that two functions stand for: they make its products, and nothing else is known of it.

    Parameters
    ----------
    jvp : callable
        Takes an array of `in_shape`, which it may not write to, and returns ``J x_dot``, of `out_shape`.
    vjp : callable or None
        Takes an array of `out_shape` and returns ``Jᵀ y_bar``, of `in_shape`.  Without it, products with the transpose
        raise ValueError.
    out_shape, in_shape : int or tuple of int
        Of the function's result and of its argument.
    batched : bool
        Whether the functions take and return arrays with one more axis in front, along which vectors are stacked.  By
        default they are called for one vector at a time.
    dtype : dtype
        float32 or float64, of the entries; vectors are handed over in it, or in their own dtype if that is wider.
    check : bool
        Whether random vectors are tried: that the functions are linear, and one the transpose of the other.  It takes
        a few calls of each.

    Returns
    -------
    Jacobian
        Of structure linear-map.  Its entries are not known: `toarray` and `diagonal` multiply unit vectors, and `nnz`
        raises ValueError.  It can be pickled if the functions can.

    Raises
    ------
    ValueError
        A negative length; with `check`, the claim that is broken, at which entry.  Later, from products: a function
        returned another shape.
    TypeError
        `jvp` or `vjp` is no function; another dtype.

    Examples
    --------
    Running sums, whose transpose sums from the end:

    >>> import numpy as np
    >>> import jackern as jk
    >>> J = jk.linear_map(np.cumsum, lambda y_bar: np.cumsum(y_bar[::-1])[::-1], 4, 4, check=True)
    >>> J.vjp(np.ones(4))
    array([4., 3., 2., 1.])
    >>> jk.linear_map(np.cumsum, np.cumsum, 4, 4, check=True)
    Traceback (most recent call last):
    ValueError: linear_map: vjp is not the transpose of jvp: entry (1, 0) is 1.0 by jvp and 0.0 by vjp.
    """
    for name, function in (("jvp", jvp), ("vjp", vjp)):
        if not callable(function) and (function is not None or name == "jvp"):
            raise TypeError(f"linear_map: {name} is {function!r}, expected a function.")
    shapes = as_shape(out_shape, "linear_map", "out_shape"), as_shape(in_shape, "linear_map", "in_shape")
    one = np.ones((), as_dtype(dtype, "linear_map"))
    jacobian = LinearMapJacobian(Functions(jvp, vjp, *shapes, bool(batched)), *shapes, one, False)
    if check:
        linearity.check_linear_map(jacobian)
    return jacobian
