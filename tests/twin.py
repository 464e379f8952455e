"""A twin of mpmath with NumPy's and SciPy's names: functions of single numbers, in any precision, with IEEE's rules.

mpmath raises where it divides by zero, and answers outside a domain with complex numbers; here are infinities and NaN,
so that one definition serves NumPy and the twin.  Zeros have no sign.  Exponents go far beyond those of any dtype, to
some 2**25, where exp and its kin reach 0 and infinity: their bits would only take time.
"""

from __future__ import annotations

import functools

import mpmath
import numpy as np
from mpmath import mp, mpf

INF, NAN = mpf("inf"), mpf("nan")
FAR = 2**24


class Real:
    """A number that divides by zero as IEEE says; comparisons give NumPy's booleans, for `~`, `&` and `|`."""

    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Real({self.x})"

    def __float__(self):
        return float(self.x)

    def __bool__(self):
        return self.x != 0

    def __neg__(self):
        return Real(-self.x)

    def __pos__(self):
        return self

    def __abs__(self):
        return Real(abs(self.x))

    def __add__(self, other):
        return Real(self.x + number(other))

    def __sub__(self, other):
        return Real(self.x - number(other))

    def __rsub__(self, other):
        return Real(number(other) - self.x)

    def __mul__(self, other):
        return Real(self.x * number(other))

    def __truediv__(self, other):
        return Real(quotient(self.x, number(other)))

    def __rtruediv__(self, other):
        return Real(quotient(number(other), self.x))

    def __pow__(self, other):
        return Real(power(self.x, number(other)))

    def __rpow__(self, other):
        return Real(power(number(other), self.x))

    def __eq__(self, other):
        return np.bool_(self.x == number(other))

    def __ne__(self, other):
        return np.bool_(self.x != number(other))

    def __lt__(self, other):
        return np.bool_(self.x < number(other))

    def __le__(self, other):
        return np.bool_(self.x <= number(other))

    def __gt__(self, other):
        return np.bool_(self.x > number(other))

    def __ge__(self, other):
        return np.bool_(self.x >= number(other))

    __radd__ = __add__
    __rmul__ = __mul__
    __hash__ = None


def number(x):
    """What mpmath computes with, of a Real or a Python or NumPy number."""
    return x.x if isinstance(x, Real) else mpf(float(x))


def quotient(a, b):
    if b != 0:
        return a / b
    return a * INF


def power(a, b):
    """C99's pow; 0 is +0."""
    if a == 1 or b == 0:
        return mpf(1)
    if mpmath.isnan(a) or mpmath.isnan(b):
        return NAN
    if mpmath.isinf(b):
        return INF if (abs(a) > 1) == (b > 0) else mpf(0) if abs(a) != 1 else mpf(1)
    whole = mpmath.isint(b)
    odd = whole and int(b) % 2 == 1
    if a == 0:
        return mpf(0) if b > 0 else INF
    if mpmath.isinf(a):
        size = INF if b > 0 else mpf(0)
        return -size if a < 0 and odd else size
    if a < 0 and not whole:
        return NAN
    size = exp(b * mpmath.log(abs(a)))
    return -size if a < 0 and odd else size


def exp(x):
    return mpmath.exp(x) if abs(x) <= FAR else INF if x > 0 else mpf(0)


def expm1(x):
    return mpmath.expm1(x) if abs(x) <= FAR else exp(x) - 1


def sinh(x):
    return mpmath.sinh(x) if abs(x) <= FAR else x * INF


def cosh(x):
    return mpmath.cosh(x) if abs(x) <= FAR else INF


def lifted(f):
    """f on Reals; NaN where an argument is, where mpmath knows no answer, and where its answer is not real."""

    @functools.wraps(f)
    def of_reals(*args):
        args = [number(a) for a in args]
        if any(mpmath.isnan(a) for a in args):
            return Real(NAN)
        try:
            y = f(*args)
        except (ValueError, ZeroDivisionError):
            return Real(NAN)
        if isinstance(y, mpmath.mpc):
            y = y.real if y.imag == 0 else NAN
        return Real(mpf(y))

    return of_reals


def finite(f, at_minus_infinity=NAN, at_infinity=NAN):
    """f, and its limits, which mpmath may not know."""

    def with_limits(x):
        return at_minus_infinity if x == -INF else at_infinity if x == INF else f(x)

    return with_limits


def gammaln(x):
    if x <= 0:
        return INF if mpmath.isint(x) else mpmath.log(abs(mpmath.gamma(x))) if x > -1e4 else reflected_gammaln(x)
    return mpmath.loggamma(x)


def reflected_gammaln(x):
    return mpmath.log(mpmath.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


def erfc(x):
    return mpf(1 - mpmath.sign(x)) if x * x > FAR else mpmath.erfc(x)


def erfcx(x):
    """exp(x*x)*erfc(x), and its asymptotic series where that has all the digits."""
    if x < 0 and x * x > FAR:
        return INF
    if x < 0 or x * x < 2 * mp.prec:
        with mpmath.extraprec(max(0, 2 * mpmath.mag(x)) + 16):
            return mpmath.exp(x * x) * mpmath.erfc(x)
    term, total, k = mpf(1), mpf(0), 0
    while term != 0 and mpmath.mag(term) > -mp.prec - 8:
        total += term
        k += 1
        term *= -(2 * k - 1) / (2 * x * x)
    return total / (x * mpmath.sqrt(mpmath.pi))


def erfinv(x):
    if abs(x) >= 1:
        return x * INF if abs(x) == 1 else NAN
    return mpmath.erfinv(x)


def arctan2(a, b):
    if mpmath.isinf(a) and mpmath.isinf(b):
        return (1 if a > 0 else -1) * mpmath.pi * (1 if b > 0 else 3) / 4
    return mpmath.atan2(a, b)


def hypot(a, b):
    return INF if mpmath.isinf(a) or mpmath.isinf(b) else mpmath.sqrt(a * a + b * b)


def logaddexp(a, b):
    high, low = max(a, b), min(a, b)
    return high if high == low + INF or mpmath.isinf(high) or low == -INF else high + mpmath.log1p(exp(low - high))


def remainder(a, b):
    """With the sign of b."""
    if b == 0 or mpmath.isinf(a):
        return NAN
    if mpmath.isinf(b):
        return a if a == 0 or (a > 0) == (b > 0) else b
    return exact_remainder(a, b, mpmath.floor)


def fmod(a, b):
    """With the sign of a."""
    if b == 0 or mpmath.isinf(a):
        return NAN
    return a if mpmath.isinf(b) else exact_remainder(a, b, lambda q: mpmath.floor(abs(q)) * mpmath.sign(q))


def exact_remainder(a, b, whole):
    """a - b*whole(a/b) with bits for every digit of the quotient."""
    with mpmath.extraprec(max(0, mpmath.mag(a) - mpmath.mag(b)) + 2 * mp.prec if a != 0 else 0):
        return a - b * whole(a / b)


def sign(x):
    return mpmath.sign(x)


ONE_ARGUMENT = {
    "positive": lambda x: x,
    "negative": lambda x: -x,
    "absolute": abs,
    "fabs": abs,
    "sign": sign,
    "sqrt": mpmath.sqrt,
    "cbrt": lambda x: sign(x) * mpmath.cbrt(abs(x)),
    "square": lambda x: x * x,
    "reciprocal": lambda x: quotient(mpf(1), x),
    "exp": exp,
    "exp2": lambda x: exp(x * mpmath.ln2),
    "expm1": expm1,
    "log": mpmath.log,
    "log2": lambda x: mpmath.log(x) / mpmath.ln2,
    "log10": lambda x: mpmath.log(x) / mpmath.ln10,
    "log1p": mpmath.log1p,
    "sin": finite(mpmath.sin),
    "cos": finite(mpmath.cos),
    "tan": finite(mpmath.tan),
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": mpmath.tanh,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": lambda x: quotient(x, mpf(0)) if abs(x) == 1 else mpmath.atanh(x),
    "deg2rad": lambda x: x * mpmath.pi / 180,
    "rad2deg": lambda x: x * 180 / mpmath.pi,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "trunc": lambda x: sign(x) * mpmath.floor(abs(x)),
    "rint": mpmath.nint,
    "erf": mpmath.erf,
    "erfc": erfc,
    "erfcx": finite(erfcx, INF, mpf(0)),
    "erfinv": erfinv,
    "ndtr": lambda x: erfc(-x / mpmath.sqrt(2)) / 2,
    "gammaln": finite(gammaln, -INF, INF),
    "digamma": finite(lambda x: mpmath.digamma(x) if x != 0 else -INF, NAN, INF),
}
TWO_ARGUMENTS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": quotient,
    "maximum": max,
    "minimum": min,
    "arctan2": arctan2,
    "hypot": hypot,
    "logaddexp": logaddexp,
    "remainder": remainder,
    "fmod": fmod,
    "copysign": lambda a, b: abs(a) if b >= 0 else -abs(a),
    "heaviside": lambda x, at_zero: at_zero if x == 0 else mpf(x > 0),
}


class Twin:
    """The namespace: m.exp, m.where, m.pi, ...; of the precision that mpmath is set to."""

    def __init__(self, dtype=np.float64):
        self.largest = Real(mpf(float(np.finfo(dtype).max)))

    @property
    def pi(self):
        return Real(+mpmath.pi)

    @property
    def e(self):
        return Real(+mpmath.e)

    inf, nan = Real(INF), Real(NAN)

    def number(self, text):
        return Real(mpf(text))

    def power(self, a, b):
        return Real(power(number(a), number(b)))

    float_power = power

    def logaddexp2(self, a, b):
        ln2 = Real(+mpmath.ln2)
        return self.logaddexp(ln2 * a, ln2 * b) / ln2

    def where(self, condition, a, b):
        return Real(number(a if condition else b))

    def isnan(self, x):
        return np.bool_(mpmath.isnan(number(x)))

    def isinf(self, x):
        return np.bool_(mpmath.isinf(number(x)))

    def isfinite(self, x):
        return np.bool_(mpmath.isfinite(number(x)))

    def isposinf(self, x):
        return np.bool_(number(x) == INF)

    def isneginf(self, x):
        return np.bool_(number(x) == -INF)

    def signbit(self, x):
        return np.bool_(number(x) < 0)

    def fmax(self, a, b):
        return a if self.isnan(b) else b if self.isnan(a) else self.maximum(a, b)

    def fmin(self, a, b):
        return a if self.isnan(b) else b if self.isnan(a) else self.minimum(a, b)

    def clip(self, x, low, high):
        return self.minimum(self.maximum(x, low), high)


for _name, _function in {**ONE_ARGUMENT, **TWO_ARGUMENTS}.items():
    setattr(Twin, _name, staticmethod(lifted(_function)))
