"""What every op computes, said once for every arithmetic.

A definition is a function of m and the op's arguments, where m has NumPy's and SciPy's names: NumPy itself in float64
or long double, or the twin of mpmath in any precision.  An op whose name m has needs none.  Definitions keep their
digits in float64 too, where the plain formula would cancel or overflow; constants stand as they are published.
"""

from __future__ import annotations

import functools
import inspect

import numpy as np


def sinc(m, x):
    """The sine of pi*x through the distance of x from the nearest integer, which is exact."""
    whole = m.rint(x)
    sign = 1 - 2 * m.remainder(whole, 2)
    inside = m.where(m.isinf(x), 0, sign * m.sin(m.pi * (x - whole)) / (m.pi * x))
    return m.where(x == 0, 1, inside)


def logit(m, x):
    return m.where(abs(x - 0.5) < 0.25, 2 * m.arctanh(2 * x - 1), m.log(x / (1 - x)))


def log_ndtr(m, x):
    """Through erfcx, which is of size 1/x where ndtr vanishes."""
    return m.where(x > 0, m.log1p(-m.ndtr(-x)), m.log(m.erfcx(-x / m.sqrt(m.number("2"))) / 2) - x * x / 2)


def softplus(m, x):
    return m.logaddexp(m.number("0"), x)


def sigmoid(m, x):
    return 1 / (1 + m.exp(-x))


def times_sigmoid(m, x, z):
    """x*sigmoid(z), with its limit at -inf."""
    return m.where(m.isneginf(x), 0, x / (1 + m.exp(-z)))


def relu6(m, x):
    return m.minimum(m.maximum(x, 0), 6)


def selu(m, x):
    alpha, scale = m.number("1.6732632423543772848170429916717"), m.number("1.0507009873554804934193349852946")
    return scale * m.where(x > 0, x, alpha * m.expm1(x))


def hard_silu(m, x):
    return m.where(x <= -3, 0, m.where(x >= 3, x, x * (x + 3) / 6))


def celu(m, x, alpha):
    """With its limit where alpha is infinite."""
    return m.where((x > 0) | (x / alpha == 0), x, alpha * m.expm1(x / alpha))


def squareplus(m, x, b):
    root = m.sqrt(x * x + b)
    return m.where((x < 0) & m.isfinite(b), b / (2 * (root - x)), (x + root) / 2)


def pseudo_huber(m, x, delta):
    """delta**2*(sqrt(1 + (x/delta)**2) - 1), with its limits."""
    q = x / delta
    inside = x * x / (1 + m.sqrt(1 + q * q))
    inside = m.where(m.isinf(delta) & m.isfinite(x), x * x / 2, inside)
    inside = m.where(m.isinf(x) & (abs(delta) > 0), abs(x), inside)
    return m.where((delta == 0) & m.isfinite(x), 0, inside)


def sigmoid_cross_entropy(m, z, p):
    """-p*log(sigmoid(z)) - (1 - p)*log(sigmoid(-z)), where an infinite logit that is right costs nothing."""
    inside = m.maximum(z, 0) - z * p + m.log1p(m.exp(-abs(z)))
    right = (p == 1) & (z > 0) | (p == 0) & (z < 0)
    return m.where(m.isinf(z), m.where(right, 0, m.where(z > 0, (1 - p) * z, -p * z)), inside)


def rel_entr(m, x, y):
    return entropy(m, x, y, x * log_ratio(m, x, y), 0)


def kl_div(m, x, y):
    return entropy(m, x, y, x * (log_ratio(m, x, y) - 1) + y, y)


def log_ratio(m, x, y):
    """log(x/y), whose digits a quotient near 1 would lose."""
    return m.where(abs(x - y) < y / 2, m.log1p((x - y) / y), m.log(x / y))


def entropy(m, x, y, inside, at_zero):
    """What SciPy's entropies are outside of positive numbers: `at_zero` where x is 0, else infinite."""
    outside = m.where((x == 0) & (y >= 0), at_zero, m.inf)
    return m.where((x > 0) & (y > 0), inside, m.where(m.isnan(x) | m.isnan(y), m.nan, outside))


def times_log(m, x, y, log):
    """x*log(y), 0 where x is, whatever y."""
    return m.where((x == 0) & ~m.isnan(y), 0, x * log(y))


DEFINITIONS = {
    "rsqrt": lambda m, x: 1 / m.sqrt(x),
    "sinc": sinc,
    "nan_to_num": lambda m, x: m.where(m.isnan(x), 0, m.minimum(m.maximum(x, -m.largest), m.largest)),
    "log_ndtr": log_ndtr,
    "logit": logit,
    "entr": lambda m, x: m.where(x < 0, -m.inf, -times_log(m, x, x, m.log)),
    # Activations.
    "sigmoid": sigmoid,
    "log_sigmoid": lambda m, x: -softplus(m, -x),
    "softplus": softplus,
    "silu": lambda m, x: times_sigmoid(m, x, x),
    "relu": lambda m, x: m.maximum(x, 0),
    "relu6": relu6,
    "leaky_relu": lambda m, x, alpha: m.where(x > 0, x, alpha * x),
    "elu": lambda m, x, alpha: m.where(x > 0, x, alpha * m.expm1(x)),
    "celu": celu,
    "selu": selu,
    "softsign": lambda m, x: m.where(m.isinf(x), m.sign(x), x / (1 + abs(x))),
    "gelu": lambda m, x: m.where(m.isneginf(x), 0, x * m.ndtr(x)),
    "gelu_tanh": lambda m, x: times_sigmoid(m, x, m.sqrt(8 / m.pi) * (x + m.number("0.044715") * x * x * x)),
    "mish": lambda m, x: m.where(m.isneginf(x), 0, x * m.tanh(softplus(m, x))),
    "hard_tanh": lambda m, x: m.minimum(m.maximum(x, -1), 1),
    "hard_sigmoid": lambda m, x: relu6(m, x + 3) / 6,
    "hard_silu": hard_silu,
    "squareplus": squareplus,
    # Losses and entropies.
    "xlogy": lambda m, x, y: times_log(m, x, y, m.log),
    "xlog1py": lambda m, x, y: times_log(m, x, y, m.log1p),
    "rel_entr": rel_entr,
    "kl_div": kl_div,
    "huber": lambda m, x, delta: m.where(abs(x) <= delta, x * x / 2, delta * (abs(x) - delta / 2)),
    "pseudo_huber": pseudo_huber,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    # Others.
    "multiply_add": lambda m, a, b, c: a * b + c,
    "lerp": lambda m, a, b, w: a + w * (b - a),
}


# ---- how exact a result has to be --------------------------------------------------------------------------------

# Values that are one operation of IEEE, or none: correctly rounded.
ROUNDED_ONCE = {
    "positive", "negative", "absolute", "fabs", "sign", "sqrt", "square", "reciprocal", "floor", "ceil", "trunc",
    "rint", "nan_to_num", "relu", "relu6", "hard_tanh", "add", "subtract", "multiply", "divide", "maximum", "minimum",
    "fmax", "fmin", "clip", "remainder", "fmod", "copysign", "heaviside", "where",
}  # fmt: skip
# Composed of several functions though NumPy or SciPy has a name for it, or hard: 4 ulp, as all that are defined above.
COMPOSED = {"gammaln", "digamma", "logaddexp", "logaddexp2", "ndtr", "erfinv"}


# The terms of values (), and of derivatives (by arguments, in their places), that are differences of larger numbers
# inside the domain: their errors count in units of the largest term.
def normal(m, x):
    """The density of the normal distribution."""
    return m.exp(-x * x / 2) / m.sqrt(2 * m.pi)


def mish_terms(m, x):
    t = m.tanh(softplus(m, x))
    return t, x * (1 - t * t) * sigmoid(m, x)


def gelu_tanh_terms(m, x):
    c = m.sqrt(8 / m.pi)
    z = c * (x + m.number("0.044715") * x * x * x)
    slope = c * (1 + m.number("0.134145") * x * x)
    return sigmoid(m, z), x * sigmoid(m, z) * sigmoid(m, -z) * slope


def digamma_terms(m, x):
    """log(x), and by reflection where x is negative."""
    is_reflected = x < 0
    mirrored = m.pi / m.tan(m.pi * (x - m.rint(x)))
    return m.log(abs(x)), m.where(is_reflected, m.digamma(1 - x), 0), m.where(is_reflected, mirrored, 1 / x)


TERMS = {
    "sinc": {(0,): lambda m, x: (m.cos(m.pi * x) / x, sinc(m, x) / x)},
    "erfcx": {(0,): lambda m, x: (2 * x * m.erfcx(x), 2 / m.sqrt(m.pi))},
    "gammaln": {
        (): lambda m, x: (
            m.where(x < 0, m.log(m.pi / abs(m.sin(m.pi * (x - m.rint(x))))), 0),
            m.where(x < 0, m.gammaln(1 - x), 0),
        ),
        (0,): digamma_terms,
    },
    "digamma": {(): digamma_terms},
    "entr": {(0,): lambda m, x: (m.log(x), m.number("1"))},
    "silu": {(0,): lambda m, x: (sigmoid(m, x), x * sigmoid(m, x) * sigmoid(m, -x))},
    "gelu": {(0,): lambda m, x: (m.ndtr(x), x * normal(m, x))},
    "gelu_tanh": {(0,): gelu_tanh_terms},
    "mish": {(0,): mish_terms},
    "power": {(0, 1): lambda m, a, b: (m.power(a, b - 1), b * m.power(a, b - 1) * m.log(a))},
    "logaddexp": {(): lambda m, a, b: (m.maximum(a, b), m.log1p(m.exp(-abs(a - b))))},
    "logaddexp2": {(): lambda m, a, b: (m.maximum(a, b), m.log1p(m.exp2(-abs(a - b))))},
    "rel_entr": {(0,): lambda m, x, y: (m.log(x / y), m.number("1"))},
    "kl_div": {(): lambda m, x, y: (rel_entr(m, x, y), x, y)},
    "sigmoid_cross_entropy": {
        (): lambda m, z, p: (m.maximum(z, 0), z * p),
        (0,): lambda m, z, p: (sigmoid(m, z), p),
    },
    "multiply_add": {(): lambda m, a, b, c: (a * b, c)},
    "lerp": {(): lambda m, a, b, w: (a, w * (b - a))},
}


def allowed(name):
    """The error in ulp that values may have."""
    if name in ROUNDED_ONCE:
        return 0.5
    return 4 if name in DEFINITIONS or name in COMPOSED else 2


class Arrays:
    """NumPy for arrays of one dtype, and in float64 SciPy's special functions; `judged` is the dtype of the results."""

    def __init__(self, dtype, judged):
        self.dtype = dtype
        self.pi = 4 * np.arctan(dtype(1))
        self.e = np.exp(dtype(1))
        self.inf, self.nan = dtype(np.inf), dtype(np.nan)
        self.largest = dtype(np.finfo(judged).max)
        self.special = dtype is np.float64

    def __getattr__(self, name):
        found = getattr(np, name, None)
        if found is None and self.special:
            import scipy.special

            found = getattr(scipy.special, name, None)
        if found is None:
            raise AttributeError(f"NumPy has no function {name!r}", name=name, obj=self)
        return found

    def number(self, text):
        return self.dtype(text)


FLOAT64, LONG_DOUBLE = Arrays(np.float64, np.float64), Arrays(np.longdouble, np.float64)


@functools.cache
def has(name, m):
    """Whether all that this op's definition takes is in m."""
    if name not in DEFINITIONS:
        return hasattr(m, name)
    n_args = len(inspect.signature(DEFINITIONS[name]).parameters) - 1
    try:
        DEFINITIONS[name](m, *[m.number("0.5")] * n_args)
    except AttributeError:
        return False
    return True


def function(name, m):
    """The function of this name that is not ours, in the arithmetic of m."""
    if name in DEFINITIONS:
        return functools.partial(DEFINITIONS[name], m)
    try:
        return getattr(m, name)
    except AttributeError:
        message = f"no function is called {name!r}: add its formula to tests/definitions.py"
        raise AttributeError(message, name=name, obj=m) from None
