"""Building Jacobians: from letters, from arrays of a known structure, and from the operands of an op."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from jackern._arrays.arguments import as_dtype
from jackern._arrays.operands import Array, as_native, is_own, quiet
from jackern._arrays.shapes import Shape, ShapeLike, as_shape, broadcast_shape
from jackern._structures.axis import axis_jacobian, elementwise
from jackern._structures.base import Jacobian
from jackern._structures.zero import ZeroJacobian

__all__ = [
    "Jacobian",
    "block_diagonal",
    "broadcast",
    "dense",
    "diagonal",
    "einsum",
    "elementwise",
    "identity",
    "matmul_jacobian",
    "reduction",
    "zero",
]


def matmul_jacobian(a: Array, b: Array, wrt: int) -> Jacobian:
    """Return the Jacobian of ``a @ b`` by `a` (0) or by `b` (1); its values are the other operand.

    Parameters
    ----------
    a, b : ndarray
        Native and aligned, of shapes that np.matmul takes; of the operand `wrt`, only the shape is read.
    wrt : {0, 1}
        By which operand.
    """
    n_batch = max(a.ndim, b.ndim, 2) - 2
    m, k, n, fresh = range(n_batch, n_batch + 4)
    # The letters of each operand, the batch as if it had all of it, and of the result.
    own = [[*range(n_batch - max(x.ndim - 2, 0), n_batch), *core] for x, core in ((a, (m, k)), (b, (k, n)))]
    if a.ndim == 1:
        own[0] = [k]
    if b.ndim == 1:
        own[1] = [*own[1][:-2], k]
    out_letters = [*range(n_batch), *[m] * (a.ndim > 1), *[n] * (b.ndim > 1)]
    lengths = dict(zip(own[0], a.shape, strict=True)) | dict(zip(own[1], b.shape, strict=True))
    out_shape = broadcast_shape({"a": a.shape[:-2], "b": b.shape[:-2]}, "matmul_jacobian")
    lengths |= dict(enumerate(out_shape))
    out_shape += tuple(lengths[x] for x in out_letters[n_batch:])
    operand, in_shape = (b, a.shape) if wrt == 0 else (a, b.shape)
    # A batch axis along which the operand was stretched is not one of its axes.
    in_letters = [
        x if lengths[x] == length else fresh + axis
        for axis, (x, length) in enumerate(zip(own[wrt], in_shape, strict=True))
    ]
    return axis_jacobian(operand, own[1 - wrt], out_letters, in_letters, out_shape, in_shape)


@quiet
def einsum(
    subscripts: str, values: ArrayLike, in_shape: ShapeLike | None = None, out_shape: ShapeLike | None = None
) -> Jacobian:
    """Return the Jacobian with ``J v = einsum(subscripts, values, v)``.

    A letter of the output and of the input is diagonal, one of the output alone is repeated along (which
    np.einsum cannot), one of the input alone is summed over.  Values are constant along the letters they
    lack.  The other constructors are shorthands.

    Parameters
    ----------
    subscripts : str
        ``"values,in->out"``: a letter per axis, none twice in one string.
    values : array_like
        An array of native float32 or float64 is kept, not copied: whoever changes it changes the Jacobian.
    in_shape, out_shape : int or tuple of int, optional
        Needed where a letter of the input, or of the output, stands nowhere else with a length.

    Returns
    -------
    Jacobian
        Named by the roles of its letters longer than 1; it stores the values alone.

    Raises
    ------
    ValueError
        Subscripts of another form; a letter twice, of two lengths or of unknown length.
    TypeError
        A dtype that is not supported.

    Examples
    --------
    ``X @ W`` by W, with X as the values:

    >>> import numpy as np
    >>> import jackern as jk
    >>> X, W = np.arange(6.0).reshape(2, 3), np.ones((3, 4))
    >>> J = jk.einsum("bk,kn->bn", X, in_shape=W.shape)
    >>> J
    <block-diagonal Jacobian, (2, 4) <- (3, 4), float64, 48 bytes>
    x · · · x · · · x · · ·
    · x · · · x · · · x · ·
    · · x · · · x · · · x ·
    · · · x · · · x · · · x
    x · · · x · · · x · · ·
    · x · · · x · · · x · ·
    · · x · · · x · · · x ·
    · · · x · · · x · · · x
    >>> J.values is X, np.array_equal(J.jvp(W), X @ W)
    (True, True)
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: subscripts is a {type(subscripts).__name__}, expected a str like 'bk,kn->bn'.")
    where = f"einsum {subscripts!r}"
    strings = re.fullmatch(r"([a-zA-Z]*),([a-zA-Z]*)->([a-zA-Z]*)", subscripts.replace(" ", ""))
    if strings is None:
        raise ValueError(f"{where}: expected 'values,in->out' with a letter per axis.")
    for text in strings.groups():
        for letter in text:
            if text.count(letter) > 1:
                raise ValueError(f"{where}: the letter {letter!r} stands twice in {text!r}.")
    value_letters, in_letters, out_letters = strings.groups()
    array = as_native(values, where, "values")

    # The length of every letter, and where it was found.
    found: dict[str, tuple[int, str]] = {}
    for name, shape, text in (
        ("values", array.shape, value_letters),
        ("in_shape", in_shape, in_letters),
        ("out_shape", out_shape, out_letters),
    ):
        if shape is None:
            continue
        lengths = as_shape(shape, where, name)
        if len(lengths) != len(text):
            raise ValueError(f"{where}: {name} is {lengths}, expected as many axes as {text!r} has letters.")
        for letter, n in zip(text, lengths, strict=True):
            known, source = found.setdefault(letter, (n, name))
            if known != n:
                raise ValueError(f"{where}: the letter {letter!r} has length {known} in {source}, but {n} in {name}.")
    for name, text in (("in_shape", in_letters), ("out_shape", out_letters)):
        for letter in text:
            if letter not in found:
                raise ValueError(f"{where}: the letter {letter!r} has no length; give {name}.")
    ends = in_letters + out_letters
    if any(letter not in ends for letter in value_letters):
        # v has no part in a sum over a letter of the values alone.
        array = np.asarray(array.sum(axis=tuple(k for k, x in enumerate(value_letters) if x not in ends)))
        value_letters = "".join(x for x in value_letters if x in ends)
    shapes = [tuple(found[letter][0] for letter in text) for text in (out_letters, in_letters)]
    names = "".join(dict.fromkeys(out_letters + in_letters))
    letters, out, in_ = ([names.index(x) for x in text] for text in (value_letters, out_letters, in_letters))
    return axis_jacobian(array, letters, out, in_, shapes[0], shapes[1], names)


def dense(a: ArrayLike, out_shape: ShapeLike | None = None, in_shape: ShapeLike | None = None) -> Jacobian:
    """Return the Jacobian with a matrix of which nothing is known.

    Parameters
    ----------
    a : array_like
        ``(m, n)``, or ``out_shape + in_shape`` as ``jax.jacobian`` returns it; kept if native.
    out_shape, in_shape : int or tuple of int, optional
        By default ``(m,)`` and ``(n,)``.  With one of them, the other has the axes of `a` that are left: of a matrix
        with as many rows, or columns, as the one has elements, the other axis.

    Returns
    -------
    Jacobian
        ``out_shape <- in_shape``, dense; zero where a length is 0.

    Raises
    ------
    ValueError
        `a` has neither shape.
    TypeError
        A dtype that is not supported.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> jk.dense(np.ones((2, 3)))
    <dense Jacobian, (2,) <- (3,), float64, 48 bytes>
    x x x
    x x x
    >>> jk.dense(np.ones((2, 3, 4)), out_shape=2).in_shape
    (3, 4)
    """
    array = as_native(a, "dense", "a")
    is_matrix = array.ndim == 2
    if out_shape is None and in_shape is None:
        if not is_matrix:
            raise ValueError(f"dense: a has shape {array.shape}, expected (m, n), or give out_shape and in_shape.")
        return axis_jacobian(array, (0, 1), (0,), (1,), array.shape[:1], array.shape[1:])
    outer = None if out_shape is None else as_shape(out_shape, "dense", "out_shape")
    inner = None if in_shape is None else as_shape(in_shape, "dense", "in_shape")
    if outer is None:
        n = max(0, array.ndim - len(inner or ()))
        outer = array.shape[:1] if is_matrix and array.shape[n:] != inner else array.shape[:n]
    if inner is None:
        n = len(outer)
        inner = array.shape[1:] if is_matrix and array.shape[:n] != outer else array.shape[n:]
    if array.shape == outer + inner:
        letters = range(array.ndim)
        return axis_jacobian(array, letters, letters[: len(outer)], letters[len(outer) :], outer, inner)
    if is_matrix and array.shape == (math.prod(outer), math.prod(inner)):
        return axis_jacobian(array, (0, 1), (0,), (1,), array.shape[:1], array.shape[1:], "mn").reshape(outer, inner)
    raise ValueError(
        f"dense: a has shape {array.shape}, expected out_shape + in_shape, {outer} + {inner}, or a matrix."
    )


def block_diagonal(blocks: ArrayLike) -> Jacobian:
    """Return the Jacobian with these matrices along its diagonal.

    Parameters
    ----------
    blocks : array_like
        ``(*batch, m, n)``; kept if native.  Blocks repeated by np.broadcast_to are stored once.

    Returns
    -------
    Jacobian
        ``(*batch, m) <- (*batch, n)``.

    Raises
    ------
    ValueError
        Fewer than two axes.
    TypeError
        A dtype that is not supported.

    Examples
    --------
    >>> import jackern as jk
    >>> jk.block_diagonal([[[1.0, 2.0]], [[3.0, 4.0]]]).toarray()
    array([[1., 2., 0., 0.],
           [0., 0., 3., 4.]])
    """
    array = as_native(blocks, "block_diagonal", "blocks")
    if array.ndim < 2:
        raise ValueError(f"block_diagonal: blocks has shape {array.shape}, expected (*batch, m, n).")
    *batch, m, n = range(array.ndim)
    shapes = array.shape[:-1], array.shape[:-2] + array.shape[-1:]
    return axis_jacobian(array, range(array.ndim), [*batch, m], [*batch, n], *shapes)


def diagonal(d: ArrayLike) -> Jacobian:
    """Return the Jacobian of an elementwise function: ``J v = d * v``.

    Parameters
    ----------
    d : array_like
        The derivatives, of the shape of the input and the output; kept if native.

    Returns
    -------
    Jacobian
        A diagonal one, of the shape of `d` at both ends.

    Raises
    ------
    TypeError
        A dtype that is not supported.

    Examples
    --------
    >>> import jackern as jk
    >>> jk.diagonal([1.0, 2.0]).toarray()
    array([[1., 0.],
           [0., 2.]])
    """
    array = as_native(d, "diagonal", "d")
    return elementwise(array, array.shape, array.shape)


def broadcast(d: ArrayLike, in_shape: ShapeLike) -> Jacobian:
    """Return the Jacobian of an elementwise function of a stretched input: ``J v = d * v``, broadcast.

    Parameters
    ----------
    d : array_like
        The derivatives, of the shape of the output; kept if native.
    in_shape : int or tuple of int
        A shape that broadcasts to that of `d`.

    Returns
    -------
    Jacobian
        ``d.shape <- in_shape``: broadcast, or diagonal where nothing is stretched.

    Raises
    ------
    ValueError
        `in_shape` does not broadcast to the shape of `d`.
    TypeError
        A dtype that is not supported.

    Examples
    --------
    ``w * x`` by w, where w multiplies every row of x:

    >>> import numpy as np
    >>> import jackern as jk
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> J = jk.broadcast(x, 3)
    >>> J.vjp(np.ones((2, 3)))
    array([3., 5., 7.])
    """
    array = as_native(d, "broadcast", "d")
    shape = as_shape(in_shape, "broadcast", "in_shape")
    own = array.shape[max(array.ndim - len(shape), 0) :]
    if len(shape) > array.ndim or any(n not in (1, m) for n, m in zip(shape, own, strict=True)):
        raise ValueError(f"broadcast: in_shape {shape} does not broadcast to {array.shape}, the shape of d.")
    return elementwise(array, shape, array.shape)


def reduction(
    d: ArrayLike, axis: SupportsIndex | Sequence[SupportsIndex] | None = None, keepdims: bool = False
) -> Jacobian:
    """Return the Jacobian of a weighted sum: ``J v = (d * v).sum(axis, keepdims)``.

    Parameters
    ----------
    d : array_like
        The weights, of the shape of the input; kept if native.
    axis : int or tuple of int, optional
        The axes summed over; all by default.
    keepdims : bool
        Whether those axes stay, with length 1.

    Returns
    -------
    Jacobian
        A reduction from the shape of `d`; diagonal where nothing is summed over.

    Raises
    ------
    ValueError
        An axis out of range, or twice.
    TypeError
        A dtype that is not supported; an axis that is no int.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> jk.reduction(np.broadcast_to(0.25, 4))
    <reduction Jacobian, () <- (4,), float64, 8 bytes>
    x x x x
    """
    array = as_native(d, "reduction", "d")
    axes = range(array.ndim) if axis is None else as_axes(axis, array.shape)
    out_letters: list[int] = []
    out_shape = Shape()
    for k, n in enumerate(array.shape):
        if k not in axes:
            out_letters, out_shape = [*out_letters, k], (*out_shape, n)
        elif keepdims:
            out_letters, out_shape = [*out_letters, array.ndim + k], (*out_shape, 1)
    letters = range(array.ndim)
    return axis_jacobian(array, letters, out_letters, letters, out_shape, array.shape)


def as_axes(axis: SupportsIndex | Sequence[SupportsIndex], shape: Shape) -> set[int]:
    """Return the axes as positions; ValueError for one that is out of range or that stands twice."""
    try:
        axes = [*map(operator.index, (axis,) if isinstance(axis, SupportsIndex) else axis)]
    except TypeError as error:
        if not is_own(error):
            raise
        raise TypeError(f"reduction: axis is {axis!r}, expected None, an int or a tuple of ints.") from None
    if any(not -len(shape) <= k < len(shape) for k in axes):
        raise ValueError(f"reduction: axis is {axis}, out of range for shape {shape}.")
    positions = {k % len(shape) for k in axes}
    if len(positions) < len(axes):
        raise ValueError(f"reduction: axis is {axis}, in which an axis stands twice.")
    return positions


@quiet
def identity(shape: ShapeLike, scale: ArrayLike = 1.0, dtype: DTypeLike = float) -> Jacobian:
    """Return the Jacobian ``J v = scale * v``, which stores one number.

    Parameters
    ----------
    shape : int or tuple of int
        Of the input and the output.
    scale : number
        A number, or a 0-d array.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Jacobian
        A multiple of the identity, of `shape` at both ends.

    Raises
    ------
    ValueError
        A negative length.
    TypeError
        Another dtype; `scale` is not one number.

    Examples
    --------
    >>> import jackern as jk
    >>> jk.identity(1_000_000)
    <identity Jacobian, (1000000,) <- (1000000,), float64, 8 bytes>
    """
    ends = as_shape(shape, "identity", "shape")
    number = as_native(scale, "identity", "scale")
    if number.shape != ():
        raise TypeError(f"identity: scale has shape {number.shape}, expected a number; see jk.diagonal.")
    return elementwise(number.astype(as_dtype(dtype, "identity")), ends, ends)


def zero(out_shape: ShapeLike, in_shape: ShapeLike, dtype: DTypeLike = float) -> Jacobian:
    """Return the Jacobian of a function that does not depend on its argument; it stores nothing.

    Parameters
    ----------
    out_shape, in_shape : int or tuple of int
        What `jvp` returns and takes.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Jacobian
        ``out_shape <- in_shape``, zero.

    Raises
    ------
    ValueError
        A negative length.
    TypeError
        Another dtype.

    Examples
    --------
    >>> import jackern as jk
    >>> jk.zero(2, (3, 4))
    <zero Jacobian, (2,) <- (3, 4), float64, 0 bytes>
    · · · · · · · · · · · ·
    · · · · · · · · · · · ·
    """
    shapes = as_shape(out_shape, "zero", "out_shape"), as_shape(in_shape, "zero", "in_shape")
    return ZeroJacobian(*shapes, as_dtype(dtype, "zero"))
