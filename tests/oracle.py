"""What every kernel should give, said slowly: NumPy only, loops and dense matrices, nothing compiled.

Derivatives come from differences in long double, Jacobians are dense matrices filled entry by entry, and sums
are loops.  Nothing here is shared with the library that it judges.
"""

from __future__ import annotations

import math

import numpy as np

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


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(np.zeros_like(x), x)


def relu(x):
    return np.maximum(x, np.zeros_like(x))


def silu(x):
    """x * sigmoid(x), with its limit at -inf."""
    return np.where(np.isneginf(x), np.zeros_like(x), x / (1 + np.exp(-x)))


def sinc(x):
    """sin(pi*x)/(pi*x) with zeros at whole numbers, where NumPy's has what rounding leaves of pi, and its limits."""
    x = np.asarray(x)
    pi = 4 * np.arctan(np.ones((), x.dtype))
    finite = np.where(np.isinf(x), np.ones_like(x), x)
    whole = np.rint(finite)
    sign = np.where(np.fmod(whole, 2) == 0, 1, -1).astype(x.dtype)
    return np.where(x == 0, np.ones_like(x), sign * np.sin(pi * (finite - whole)) / (pi * np.where(x == 0, 1, x)))


def times_log(a, b, log):
    """a * log(b), 0 where a is."""
    return np.where((a == 0) & ~np.isnan(b), np.zeros_like(a), a * log(b))


def entropy(a, b, inside, at_zero):
    """What SciPy's entropies are outside of positive numbers: `at_zero` where a is 0, else infinite."""
    outside = np.where((a == 0) & (b >= 0), at_zero, np.where(np.isnan(a) | np.isnan(b), np.nan, np.inf))
    return np.where((a > 0) & (b > 0), inside, outside)


def rel_entr(a, b):
    return entropy(a, b, a * np.log(a / b), np.zeros_like(a))


def kl_div(a, b):
    return entropy(a, b, a * (np.log(a / b) - 1) + b, b)


def entr(x):
    return np.where(x < 0, -np.inf, -times_log(x, x, np.log))


def mish(x):
    """x * tanh(softplus(x)), with its limit at -inf."""
    return np.where(np.isneginf(x), np.zeros_like(x), x * np.tanh(softplus(x)))


def softsign(x):
    return np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))


def hard_silu(x):
    return np.where(x <= -3, np.zeros_like(x), x * np.clip(x + 3, 0, 6) / 6)


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(x))


def selu(x):
    return np.longdouble("1.0507009873554804934193349852946") * elu(
        x, np.longdouble("1.6732632423543772848170429916717")
    )


def celu(x, alpha):
    """max(x, 0) + min(0, alpha*expm1(x/alpha)), with its limit at an infinite alpha."""
    return np.where((x > 0) | (x / alpha == 0), x, alpha * np.expm1(x / alpha))


def squareplus(x, b):
    limit = np.isneginf(x) & np.isfinite(b)
    return np.where(limit, np.zeros_like(x), (x + np.sqrt(x * x + b)) / 2)


def huber(x, delta):
    return np.where(np.abs(x) <= delta, x * x / 2, delta * (np.abs(x) - delta / 2))


def pseudo_huber(x, delta):
    """delta**2 * (sqrt(1 + (x/delta)**2) - 1), with its limits where one is infinite or delta is 0."""
    value = delta * delta * np.expm1(np.log1p((x / delta) ** 2) / 2)
    value = np.where(np.isinf(delta) & np.isfinite(x), x * x / 2, value)
    value = np.where(np.isinf(x) & (np.abs(delta) > 0), np.abs(x), value)
    return np.where((delta == 0) & np.isfinite(x), np.zeros_like(x), value)


def sigmoid_cross_entropy(z, p):
    """-p*log(sigmoid(z)) - (1 - p)*log(sigmoid(-z)), where an infinite logit that is right costs nothing."""
    value = np.maximum(z, 0) - z * p + np.log1p(np.exp(-np.abs(z)))
    infinite = np.where(p == (z > 0), np.zeros_like(z), np.where(z > 0, (1 - p) * z, -p * z))
    return np.where(np.isinf(z), infinite, value)


# Functions that NumPy does not have under the op's name, or not exactly.
VALUES = {
    "sinc": sinc,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "relu": relu,
    "silu": silu,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "entr": entr,
    "xlogy": lambda a, b: times_log(a, b, np.log),
    "xlog1py": lambda a, b: times_log(a, b, np.log1p),
    "rel_entr": rel_entr,
    "kl_div": kl_div,
    "multiply_add": lambda a, b, c: a * b + c,
    "lerp": lambda a, b, w: a + w * (b - a),
    "logit": lambda x: np.log(x) - np.log1p(-x),
    "log_sigmoid": lambda x: -softplus(-x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "mish": mish,
    "softsign": softsign,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": hard_silu,
    "leaky_relu": lambda x, alpha: np.where(x > 0, x, alpha * x),
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "squareplus": squareplus,
    "huber": huber,
    "pseudo_huber": pseudo_huber,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
}


def function(name):
    """The function of this name that is not ours: NumPy's, or one written above."""
    if name in VALUES:
        return VALUES[name]
    found = getattr(np, name, None)
    assert found is not None, f"the op {name!r} is not a NumPy function: add its formula to tests/oracle.py, VALUES"
    return found


def value(name, args):
    """f(*args) in long double."""
    return function(name)(*[np.asarray(a, np.longdouble) for a in args])


def first(name, k, args):
    """The derivative of f by its k-th argument, elementwise, in long double."""
    args = [np.asarray(a, np.longdouble) for a in args]
    return difference(lambda x: function(name)(*args[:k], x, *args[k + 1 :]), args[k])


def second(name, j, k, args):
    """The derivative of f by its j-th and k-th arguments, elementwise, in long double."""
    args = [np.asarray(a, np.longdouble) for a in args]
    return difference(lambda x: first(name, j, [*args[:k], x, *args[k + 1 :]]), args[k])


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
