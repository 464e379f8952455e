"""The constructor of convolutions."""

from __future__ import annotations

import math
import operator
from typing import Literal, SupportsIndex

from numpy.typing import ArrayLike

from jackern._arrays.operands import as_native, is_own
from jackern._arrays.shapes import ShapeLike, as_shape
from jackern._structures.base import Jacobian
from jackern._structures.convolution import convolved


def convolution(
    kernel: ArrayLike,
    in_shape: ShapeLike,
    axis: SupportsIndex = -1,
    mode: Literal["full", "same", "valid"] = "full",
) -> Jacobian:
    """Return the Jacobian of the discrete convolution with a kernel along one axis, as ``np.convolve`` makes it.

    Parameters
    ----------
    kernel : array_like
        ``(k,)``, one tap at least; kept if native.  Its numbers are all that is stored.
    in_shape : int or tuple of int
        The shape of the input; n is its length along `axis`.
    axis : int
        Along which the convolution goes; for all other indices it is the same.
    mode : {"full", "same", "valid"}
        How long the output is along `axis`: ``n + k - 1``, all that the input reaches; n, of these those in the
        middle, from element ``(k - 1) // 2`` on; ``n - k + 1``, what needs nothing from beyond the ends of the input.

    Returns
    -------
    Jacobian
        A banded one; a kernel of one tap makes a multiple of the identity.  Its transpose is a correlation.

    Raises
    ------
    ValueError
        `kernel` has not one axis, or no taps; `axis` is out of range; another `mode`; with mode ``"valid"``, a kernel
        that is longer than the axis.
    TypeError
        A dtype that is not supported; `axis` is no int.

    Notes
    -----
    ``np.convolve`` exchanges its arguments where the kernel is the longer one; here the input stays the input, as in
    ``scipy.signal.convolve``.  An axis of length 0 has a full convolution of ``k - 1`` zeros.

    A product takes k multiplications for each number of the output, one pass over it and no copy.  Taps are added in
    their order, eight at a time, and these by halves: the order depends on shapes alone.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> J = jk.convolution([1.0, 2.0, 3.0], 4)
    >>> J.jvp(np.array([1.0, 0.0, 0.0, 10.0]))
    array([ 1.,  2.,  3., 10., 20., 30.])

    A moving average down the columns of a matrix, and its cotangent:

    >>> mean = jk.convolution(np.broadcast_to(0.5, 2), (3, 2), axis=0, mode="valid")
    >>> mean.jvp(np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 50.0]]))
    array([[ 2., 20.],
           [ 4., 40.]])
    >>> mean.vjp(np.array([[2.0, 4.0], [6.0, 8.0]]))
    array([[1., 2.],
           [4., 6.],
           [3., 4.]])
    """
    taps = as_native(kernel, "convolution", "kernel")
    if taps.ndim != 1 or taps.size == 0:
        raise ValueError(f"convolution: kernel has shape {taps.shape}, expected (k,) with at least one tap.")
    shape = as_shape(in_shape, "convolution", "in_shape")
    try:
        at = operator.index(axis)
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(f"convolution: axis is {axis!r}, expected an int.") from None
    if not -len(shape) <= at < len(shape):
        raise ValueError(f"convolution: axis is {at}, out of range for in_shape {shape}.")
    at %= len(shape)
    k, n = len(taps), shape[at]
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolution: mode is {mode!r}, expected 'full', 'same' or 'valid'.")
    if mode == "valid" and k > n:
        raise ValueError(
            f"convolution: the kernel has {k} taps and axis {at} of in_shape {shape} has length {n}, expected no more "
            "taps with mode 'valid'."
        )
    n_out, shift = {"full": (n + k - 1, 0), "same": (n, (k - 1) // 2), "valid": (n - k + 1, k - 1)}[mode]
    lengths = math.prod(shape[:at]), n_out, n, math.prod(shape[at + 1 :])
    return convolved(taps, shift, lengths, (*shape[:at], n_out, *shape[at + 1 :]), shape)
