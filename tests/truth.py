"""Values and derivatives of definitions, in as many bits as they take: what no arithmetic of a fixed width can say.

Derivatives are differences.  Their step is 2**-100 of the argument, or of 1 where that is less; the precision grows
until the difference has 64 bits of its own.  Where the quotients of both sides do not agree, steps far smaller tell a
kink from a step that was too long.
"""

from __future__ import annotations

import functools
import itertools

import mpmath
import numpy as np
from definitions import TERMS, function
from mpmath import mp, mpf
from products import positive
from twin import INF, NAN, Real, Twin

DTYPES = (np.float32, np.float64)
STEP = -100  # the exponent of a step, ...
SHORTER = (-600, -1250, -2400)  # and of those which decide what it leaves open
ENOUGH = 64  # bits that a difference must have of its own


@functools.cache
def twin(dtype):
    return Twin(dtype)


class Point:
    """An op's definition around one tuple of finite arguments, exact numbers of `dtype`.

    Derivatives below 2**smallest count as 0: the default makes no product with any number.
    """

    def __init__(self, name, args, dtype=np.float64, smallest=-2250):
        self.smallest = smallest
        self.name, self.dtype = name, dtype
        self.function = function(name, twin(dtype))
        self.args = [mpf(float(x)) for x in args]
        self.known = {}

    def at(self, offsets, prec):
        """The value at args + offsets in `prec` bits."""
        key = (*offsets, prec)
        if key not in self.known:
            with mp.workprec(prec):
                args = [Real(x + offset) for x, offset in zip(self.args, offsets, strict=True)]
                self.known[key] = self.function(*args).x
        return self.known[key]

    def offsets(self, **steps):
        return tuple(steps.get(f"x{k}", mpf(0)) for k in range(len(self.args)))

    @functools.cached_property
    def value(self):
        """Right to far more bits than a float64 has: two precisions agree."""
        prec = 320
        here, finer = (self.at(self.offsets(), bits) for bits in (prec, 2 * prec))
        while prec < 2560 and mpmath.isfinite(finer) and (finer == 0 or abs(here - finer) > abs(finer) * mpf(2) ** -80):
            prec = 2 * prec if finer != 0 else 2560
            here, finer = finer, self.at(self.offsets(), 2 * prec)
        return finer

    def step(self, k, exponent):
        """A power of two below argument k; where that is 0, below the smallest of the others."""
        nearest = [self.args[k]] if self.args[k] != 0 else [x for x in self.args if x != 0]
        return mpf(2) ** (exponent + min(0, *map(mpmath.mag, nearest), 0))

    def difference(self, weights, smallest):
        """The sum of weight * value(offsets), right to ENOUGH bits of its own; NaN where one of the values is."""
        value = self.value
        if not mpmath.isfinite(value):
            return NAN
        # The arguments themselves must be exact.
        prec = 2 * ENOUGH
        for offsets, _ in weights:
            for x, offset in zip(self.args, offsets, strict=True):
                if offset != 0 and x != 0:
                    prec = max(prec, mpmath.mag(x) - mpmath.mag(offset) + ENOUGH)
        prec += 3 * ENOUGH
        while True:
            values = [self.at(offsets, prec) for offsets, _ in weights]
            if not all(map(mpmath.isfinite, values)) or not any(values):
                return mpf(0) if not any(values) else NAN
            with mp.workprec(prec + 32):
                total = mpmath.fsum(weight * y for (_, weight), y in zip(weights, values, strict=True))
            size = max(map(mpmath.mag, values))
            most = size - smallest + 2 * ENOUGH
            left = prec - (size - mpmath.mag(total)) if total != 0 else 0
            if left >= ENOUGH or prec >= most:
                return total if left >= ENOUGH else mpf(0)
            prec = min(most, prec + 2 * ENOUGH - left) if total != 0 else most

    def largest_term(self, places):
        """What errors count by besides the exact number: 0, or the largest of the terms in `definitions.TERMS`."""
        terms_of = TERMS.get(self.name, {}).get(places)
        if terms_of is None:
            return mpf(0)
        with mp.workprec(400):
            terms = [term.x for term in terms_of(twin(self.dtype), *map(Real, self.args))]
        return max((abs(term) for term in terms if mpmath.isfinite(term)), default=mpf(0))

    def one_sided(self, k, exponent):
        """The quotients of differences to the left and to the right."""
        h = self.step(k, exponent)
        here, smallest = self.offsets(), self.smallest + mpmath.mag(h)
        left = self.difference([(here, 1), (self.offsets(**{f"x{k}": -h}), -1)], smallest) / h
        right = self.difference([(self.offsets(**{f"x{k}": h}), 1), (here, -1)], smallest) / h
        return left, right

    def two_sided(self, j, k, exponent):
        """The quotients of second differences towards smaller and larger arguments, and of two also crosswise."""
        smallest = self.smallest + mpmath.mag(self.step(j, exponent)) + mpmath.mag(self.step(k, exponent))
        sides = []
        for at_j, at_k in [(-1, -1), (1, 1)] if j == k else [(-1, -1), (1, 1), (-1, 1), (1, -1)]:
            h, i = at_j * self.step(j, exponent), at_k * self.step(k, exponent)
            once = [self.offsets(**{f"x{j}": h}), self.offsets(**{f"x{k}": i})]
            twice = self.offsets(**({f"x{j}": 2 * h} if j == k else {f"x{j}": h, f"x{k}": i}))
            weights = [(self.offsets(), 1), (once[0], -1), (once[1], -1), (twice, 1)]
            sides.append(self.difference(weights, smallest) / (h * i))
        return sides

    @functools.cache  # noqa: B019 - a point lives as long as its test
    def first(self, k):
        """The derivative by argument k: infinite where its limit is, None where there is none (or no value)."""
        left, right = self.one_sided(k, STEP)
        if self.args[k] != 0 and close(left, right):
            return (left + right) / 2
        coarse = self.one_sided(k, SHORTER[0])
        for exponent in SHORTER[1:]:
            fine = self.one_sided(k, exponent)
            sides = [limit(*pair) for pair in zip(coarse, fine, strict=True)]
            if None not in sides:
                there = [side for side in sides if not mpmath.isnan(side)]
                return there[0] if there and close(there[0], there[-1]) else None
            coarse = fine
        return None

    @functools.cache  # noqa: B019
    def second(self, j, k):
        """The derivative by arguments j and k; None where a first one has no finite value."""
        for i in (j, k):
            if self.first(i) is None or not mpmath.isfinite(self.first(i)):
                return None
        first, *others = self.two_sided(j, k, STEP)
        if self.args[j] != 0 and self.args[k] != 0 and all(close(first, side) for side in others):
            return sum(others, first) / (1 + len(others))
        first, *others = map(limit, *(self.two_sided(j, k, exponent) for exponent in SHORTER[:2]))
        return first if first is not None and all(side is not None and close(first, side) for side in others) else None


def close(a, b, tolerance=2.0**-30):
    """Whether two numbers are the same but for rounding; no NaN is."""
    return bool(a == b or (mpmath.isfinite(a - b) and abs(a - b) <= tolerance * max(abs(a), abs(b))))


def limit(q, finer):
    """What a quotient tends to; None where that cannot be said, NaN where it is not defined."""
    if mpmath.isnan(finer) or close(q, finer):
        return finer
    if abs(finer) < abs(q) * mpf(2) ** -500:
        return mpf(0)
    return mpmath.sign(finer) * INF if abs(finer) > abs(q) * mpf(2) ** 300 else None


def ulps(result, exact, dtype, scale=0):
    """The error of `result` in units in the last place of `exact`, or of `scale` where that is larger.

    What is beyond the range counts as the next power of two, and so does an infinite result.
    """
    info = np.finfo(dtype)
    if mpmath.isnan(exact) or np.isnan(result):
        return 0.0 if mpmath.isnan(exact) and np.isnan(result) else np.inf
    end = mpf(2) ** int(info.maxexp)
    exact = max(-end, min(end, exact))
    result = mpf(float(result))
    result = max(-end, min(end, result))
    size = min(max(abs(exact), abs(scale)), mpf(float(info.max)))
    exponent = max(mpmath.mag(size) - 1, int(info.minexp)) if size != 0 else int(info.minexp)
    with mp.workprec(128):
        return float(abs(result - exact) / mpf(2) ** (exponent - int(info.nmant)))


# ---- arguments at the ends of the range ------------------------------------------------------------------------


def extremes(dtype, n_args):
    """Numbers of every scale, of both signs: fewer, the more arguments there are."""
    info = np.finfo(dtype)
    half, ulp = info.maxexp // 2, float(info.eps)
    numbers = [info.smallest_subnormal, info.tiny, 2.0**-half, 1 - ulp / 2, 1.7, 2.0**half, float(info.max)]
    if n_args == 1:
        numbers += [
            1,
            3,
            info.tiny * (1 - ulp),
            info.tiny * (1 + ulp),
            ulp / 2,
            ulp,
            0.1,
            0.5,
            1 + ulp,
            2,
            np.pi,
            10.3,
            100,
        ]
        numbers += [2.0 ** (info.maxexp // 4), 2.0 ** -(info.maxexp // 4), 2.0 ** (half + 1) * (1 - ulp), 30.7, 1e5]
        numbers += [share * exp_end(dtype) for share in (*np.linspace(0.05, 1.1, 15), 0.99999)]
        numbers += [float(info.max) / 2, float(info.max) / 4, 6, 1 / 3, 0.75, 1.25, 5.0625]
    if n_args == 3:
        numbers = [2.0**-half, 1.7, 2.0**half]
    numbers = np.array(sorted(numbers), dtype)
    return np.concatenate([-numbers[::-1], [dtype(0)], numbers])


def exp_end(dtype):
    """Where exp leaves the range."""
    return float(np.log(np.finfo(dtype).max))


def inside(op, dtype, n=24):
    """n tuples of numbers in the op's domain, its ends among them."""
    rng = np.random.default_rng(0)
    columns = [rng.uniform(low, high, n).astype(dtype) for low, high in op.domain]
    for column, (low, high) in zip(columns, op.domain, strict=True):
        column[:2] = low, high
    return list(zip(*columns, strict=True))


def grid(op, dtype):
    """Tuples of arguments: extremes against each other, and numbers of the op's domain."""
    numbers = extremes(dtype, op.nin)
    columns = [numbers[numbers > 0] if k in positive(op) else numbers for k in range(op.nin)]
    return [*itertools.product(*columns), *inside(op, dtype)]
