"""What every kernel should give, said slowly: NumPy only, loops and dense matrices, nothing compiled.

Derivatives come from differences in long double, or in mpmath where NumPy lacks a function; Jacobians are dense
matrices filled entry by entry, and sums are loops.  Nothing here is shared with the library that it judges.
"""

from __future__ import annotations

import functools
import math

import definitions
import numpy as np
import truth
from definitions import LONG_DOUBLE

# Central differences of order 8: truncation leaves f^(9) STEP^8 / 630, rounding eps |f| / STEP.
STEP = np.longdouble(2.0**-11)
STENCIL = (
    (1, 4 / np.longdouble(5)),
    (2, -1 / np.longdouble(5)),
    (3, 4 / np.longdouble(105)),
    (4, -1 / np.longdouble(280)),
)

# What rounding alone leaves in a first and a second derivative, relative to the largest value in sight.
FIRST_ERROR = float(4 * np.finfo(np.longdouble).eps / STEP)
SECOND_ERROR = float(16 * np.finfo(np.longdouble).eps / STEP**2)


def function(name):
    """The function of this name that is not ours, in float64 or long double: NumPy's, SciPy's, or a definition."""
    return definitions.function(name, definitions.FLOAT64)


def value(name, args):
    """f(*args) in long double."""
    args = [np.asarray(a, np.longdouble) for a in args]
    if definitions.has(name, LONG_DOUBLE):
        return definitions.function(name, LONG_DOUBLE)(*args)
    return pointwise(name, args, lambda point: point.value)


def first(name, k, args):
    """The derivative of f by its k-th argument, elementwise, in long double."""
    args = [np.asarray(a, np.longdouble) for a in args]
    if definitions.has(name, LONG_DOUBLE):
        f = definitions.function(name, LONG_DOUBLE)
        return difference(lambda x: f(*args[:k], x, *args[k + 1 :]), args[k])
    return pointwise(name, args, lambda point: point.first(k))


def second(name, j, k, args):
    """The derivative of f by its j-th and k-th arguments, elementwise, in long double."""
    args = [np.asarray(a, np.longdouble) for a in args]
    if definitions.has(name, LONG_DOUBLE):
        return difference(lambda x: first(name, j, [*args[:k], x, *args[k + 1 :]]), args[k])
    return pointwise(name, args, lambda point: point.second(j, k))


def pointwise(name, args, of_point):
    """What NumPy's long double has no functions for, from mpmath, one number at a time."""
    columns = [a.astype(np.float64) for a in np.broadcast_arrays(*args)]
    exact = [of_point(point_of(name, *map(float, place))) for place in zip(*(a.flat for a in columns), strict=True)]
    high = np.array([float(x) for x in exact])
    low = np.array([float(x - float(x)) for x in exact])
    return (high.astype(np.longdouble) + low).reshape(columns[0].shape)


@functools.cache
def point_of(name, *args):
    return truth.Point(name, args)


def difference(f, x):
    """f'(x), elementwise, for f of one array."""
    return sum(weight * (f(x + i * STEP) - f(x - i * STEP)) for i, weight in STENCIL) / STEP


def ulps(result, exact):
    """The largest error of `result` in units of its last place; `exact` is in a wider dtype."""
    result = np.asarray(result)
    if result.size == 0:
        return 0.0
    unit = np.spacing(np.abs(exact).astype(result.dtype)).astype(np.longdouble)
    return float(np.max(np.abs(result.astype(np.longdouble) - exact) / unit))


def same_bits(a, b):
    """Equal in dtype, shape and every bit; one NaN is as good as another."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    bits = np.dtype(f"u{a.itemsize}")
    return bool(np.all((a.view(bits) == b.view(bits)) | (np.isnan(a) & np.isnan(b))))


def unbroadcast(g, shape):
    """Add every entry of `g` to the entry of an array of `shape` that it was broadcast from."""
    g = np.asarray(g)
    result = np.zeros(shape, g.dtype)
    added = g.ndim - len(shape)
    for index in np.ndindex(g.shape):
        home = tuple(0 if n == 1 else i for i, n in zip(index[added:], shape, strict=True))
        result[home] += g[index]
    return result


def matrix(f, in_shape):
    """The dense matrix of a linear f: its columns are what f makes of the unit vectors."""
    columns = []
    for index in np.ndindex(*in_shape):
        unit = np.zeros(in_shape)
        unit[index] = 1
        columns.append(np.ravel(f(unit)))
    n_rows = np.size(f(np.zeros(in_shape)))
    return np.array(columns).reshape(math.prod(in_shape), n_rows).T


def pointwise_matrix(derivative, in_shape):
    """The dense Jacobian of an op by an operand of `in_shape`; `derivative` has the shape of the output."""
    return matrix(lambda unit: derivative * np.broadcast_to(unit, np.shape(derivative)), in_shape)


def parse(subscripts):
    """ "bk,kn->bn" as ("bk", "kn", "bn"): the letters of values, of in, of out."""
    operands, out_letters = subscripts.split("->")
    value_letters, in_letters = operands.split(",")
    return value_letters, in_letters, out_letters


def axis_matrix(subscripts, values, in_shape, out_shape):
    """The dense matrix of the Jacobian v -> einsum(subscripts, values, v), one number at a time."""
    value_letters, in_letters, out_letters = parse(subscripts)
    values = np.asarray(values)
    length = dict(zip(value_letters + in_letters + out_letters, values.shape + in_shape + out_shape, strict=True))
    tensor = np.zeros(out_shape + in_shape, np.float64)
    for index in np.ndindex(*length.values()):
        at = dict(zip(length, index, strict=True))
        place = tuple(at[letter] for letter in out_letters + in_letters)
        tensor[place] += values[tuple(at[letter] for letter in value_letters)]
    return tensor.reshape(math.prod(out_shape), math.prod(in_shape))


def convolution_matrix(kernel, in_shape, axis, mode):
    """The dense matrix of a convolution along one axis, one number at a time: Toeplitz along that axis."""
    k, n = len(kernel), in_shape[axis]
    first, n_out = {"full": (0, n + k - 1), "same": ((k - 1) // 2, n), "valid": (k - 1, n - k + 1)}[mode]
    out_shape = (*in_shape[:axis], n_out, *in_shape[axis + 1 :])
    tensor = np.zeros(out_shape + in_shape)
    for place in np.ndindex(in_shape):
        for j, tap in enumerate(kernel):
            i = place[axis] + j - first
            if 0 <= i < n_out:
                tensor[(*place[:axis], i, *place[axis + 1 :], *place)] = tap
    return tensor.reshape(math.prod(out_shape), math.prod(in_shape))


def axis_structure(stored, in_letters, out_letters, length):
    """The name of a structure by the roles of its letters; `stored` are those that values vary along."""
    if 0 in length.values():
        return "zero"
    diagonal = [x for x in out_letters if x in in_letters and length[x] > 1]
    output = [x for x in out_letters if x not in in_letters and length[x] > 1]
    summed = [x for x in in_letters if x not in out_letters and length[x] > 1]
    if output and summed:
        return "block-diagonal" if diagonal else "dense"
    if output:
        return "broadcast"
    if summed:
        return "reduction"
    if [x for x in in_letters if x in diagonal] != diagonal:
        return "permutation"
    return "diagonal" if any(x in stored for x in diagonal) else "identity"


def halved(numbers):
    """Their sum, the left half having the largest power of two of them that leaves a right half, and so on."""
    if len(numbers) == 1:
        return numbers[0]
    n_left = max(2**k for k in range(len(numbers)) if 2**k < len(numbers))
    return halved(numbers[:n_left]) + halved(numbers[n_left:])


def softmax_cross_entropy(logits, labels):
    """log(1 + the sum of exp(row - row[label]) over the others) for every row, in long double."""
    logits = np.asarray(logits, np.longdouble)
    loss = np.zeros(logits.shape[:-1], np.longdouble)
    for index in np.ndindex(loss.shape):
        row, label = logits[index], labels[index]
        weights = np.exp(row - row.max())
        behind = row[label] - row.max()
        loss[index] = np.log1p(np.sum(np.delete(weights, label)) + np.expm1(behind)) - behind
    return loss


def softmax_cross_entropy_gradient(logits, labels):
    """softmax(row) - onehot(label) for every row, in long double; at the label, minus the sum of the others."""
    logits = np.asarray(logits, np.longdouble)
    gradient = np.zeros_like(logits)
    for index in np.ndindex(logits.shape[:-1]):
        weights = np.exp(logits[index] - logits[index].max())
        gradient[index] = weights / weights.sum()
        gradient[index][labels[index]] = -np.sum(np.delete(weights, labels[index])) / weights.sum()
    return gradient
