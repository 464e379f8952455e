"""Slopes of functions by differences, each output with a step of its own.

A function is followed along a direction w in which every element moves by about its own size: its values at ``x + t w``
and ``x - t w`` are taken on a ladder of t from the spacing of the floats to a quarter, by factors of four.  Difference
quotients are extrapolated (Richardson), and every output has a bar of error on every rung: how far the extrapolation
moved, and what rounding leaves, which is seen where the lowest rungs are no line.  From the lowest rung
upwards the bars narrow; as long as they have a number in common the smallest is kept (Lepski).  The first that does not
meet the others has left the smooth piece around x: a pole, the end of the domain, or another branch lies within it.

J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Adv. Eng. Softw. 4 (1982); O. V. Lepski, Theory Probab.
Appl. 35 (1991).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from jackern._arrays.operands import Array

LOWEST, HIGHEST = 52, 2
RUNGS = tuple(2.0**-k for k in range(LOWEST, HIGHEST - 1, -2))  # exact in binary, as the directions are
FIRST = 5  # rungs whose bars are not yet trusted: too little rounding has been seen
PLATEAU = 2.0**-12  # a function that is constant up to here has steps in its values; beyond, it is constant
JUMP, VERTICAL = 3.0, 1.3  # how the quotient grows with a quarter of the step: 4 at a jump, 2 at the end of a root
CENTRAL, ONE_SIDED = (16.0, 256.0), (4.0, 16.0)  # what a quarter of the step divides the leading two errors by
HALF_OF_TINY = 2.0**-1074

Evaluate = Callable[[float], tuple[Array, Array, Array]]  # of t: values, magnitudes, how far their steps were rounded


@dataclasses.dataclass
class Slopes:
    """The slopes of many outputs along one direction, and how far each may be off: inf where there is none."""

    slope: Array
    error: Array
    growth: Array  # by how much the quotient grows, at least, with a quarter of the step; 0 if it does not
    steepest: Array  # the quotient of the smallest step
    exists: Array  # the function is defined at some step


class Ladder:
    """What is known of the slopes of n outputs, a rung after the other, the smallest step first."""

    def __init__(self, n: int, ratios: tuple[float, float]) -> None:
        self.ratios = ratios
        self.slope, self.error = np.zeros(n), np.full(n, np.inf)
        self.started, self.alive = np.zeros(n, bool), np.ones(n, bool)
        self.count = np.zeros(n, int)  # of rungs since the start
        self.wobble = np.zeros(n)  # how far the rises of the lowest rungs are from a line, at most
        self.rise = np.full(n, np.nan)  # of the rung before
        self.low, self.high = np.full(n, -np.inf), np.full(n, np.inf)
        self.quotient, self.extrapolated = np.full((2, n), np.nan)  # of the rung before
        self.growth, self.steepest = np.full(n, np.inf), np.zeros(n)
        self.loud = np.ones(n, bool)
        self.bottom, self.top = np.zeros(n), np.zeros(n)  # the largest rises, of the lowest rungs and of all
        self.from_bottom, self.is_bottom = np.zeros(n, bool), np.ones(n, bool)

    def add(self, t: float, rise: Array, width: float, noise: Array, moved: Array, drift: Array) -> None:
        """Take the rise over ``width * t``, `noise` what rounding leaves of it, and whether any value has changed."""
        is_step = drift < 0.01
        rise = np.where(is_step, rise, np.nan)
        finite = np.isfinite(rise)
        self.top = np.where(finite, np.maximum(self.top, np.abs(rise)), self.top)
        self.alive &= finite | ~self.started
        # A plateau around x: the function is constant, or its values have steps that are wider than this one.
        waiting = self.alive & finite & ~self.started
        flat = waiting & ~moved
        self.slope[flat], self.error[flat] = 0, noise[flat] / t
        begins = waiting & moved
        constant = begins & (self.error < np.inf) & (t > PLATEAU)
        self.alive &= ~constant
        begins &= ~constant
        self.started |= begins
        self.error[begins] = np.inf
        self.from_bottom |= begins & self.is_bottom
        self.is_bottom &= ~is_step

        live = self.started & self.alive & finite
        self.count += live
        # Of a smooth function the rise is four times that of the rung before; what is left is rounding.
        few = live & (self.count > 1) & (self.count <= FIRST + 1)
        scatter = np.where(few, np.abs(rise / 4 - self.rise), 0)
        self.wobble = np.maximum(self.wobble, 2 * np.where(np.isfinite(scatter), scatter, 0))
        self.rise = rise
        quotient = rise / (width * t)
        self._watch(live, rise, quotient, noise)
        bar = np.maximum(noise, self.wobble) / t
        slope, error, extrapolated = self._extrapolate(quotient, bar)
        error += drift * np.abs(quotient)
        begins_anew = live & (self.count == FIRST + 1)
        trusted = live & (self.count > FIRST)
        self.low = np.where(trusted, np.fmax(self.low, slope - error), self.low)
        self.high = np.where(trusted, np.fmin(self.high, slope + error), self.high)
        self.alive &= ~trusted | (self.low <= self.high)
        better = live & self.alive & ((error < self.error) | begins_anew)
        self.slope, self.error = np.where(better, slope, self.slope), np.where(better, error, self.error)
        self.quotient = np.where(live, quotient, self.quotient)
        self.extrapolated = np.where(live, extrapolated, self.extrapolated)

    def _extrapolate(self, quotient: Array, bar: Array) -> tuple[Array, Array, Array]:
        """The best of three slopes that end on this rung, its error, and the one that was extrapolated once."""
        first, second = self.ratios
        once = (first * self.quotient - quotient) / (first - 1)
        twice = np.where(self.count >= 3, (second * self.extrapolated - once) / (second - 1), np.nan)
        # Extrapolation has the rounding of the smallest step that takes part.
        best, error = quotient, _known(np.abs(quotient - self.quotient) + bar)
        for slope, base, factor in ((once, self.quotient, 2 * 4), (twice, self.extrapolated, 3 * 16)):
            other = _known(np.abs(slope - base) + factor * bar)
            is_better = other < error
            best, error = np.where(is_better, slope, best), np.where(is_better, other, error)
        return best, error, once

    def _watch(self, live: Array, rise: Array, quotient: Array, noise: Array) -> None:
        """Whether the quotients of the lowest eight rungs grow without bound as the step shrinks."""
        low = live & (self.count <= 8)
        self.steepest = np.where(live & (self.count == 1), quotient, self.steepest)
        self.loud &= ~low | (np.abs(rise) > 16 * noise)
        ratio = np.where(np.sign(quotient) == np.sign(self.quotient), np.abs(self.quotient) / np.abs(quotient), 0)
        self.growth = np.where(low & (self.count > 1), np.fmin(self.growth, ratio), self.growth)
        bottom = live & (self.count <= 3)
        self.bottom = np.where(bottom, np.maximum(self.bottom, np.abs(rise)), self.bottom)

    def slopes(self) -> Slopes:
        """What was found."""
        growth = np.where(self.loud & (self.count >= 8), self.growth, 0)
        # The function turns within the spacing of the floats, and no difference says anything.
        lost = self.from_bottom & self.loud & (growth < VERTICAL) & (self.top < 16 * self.bottom)
        error = np.where(lost | (growth >= VERTICAL), np.inf, self.error)
        return Slopes(self.slope, error, growth, self.steepest, self.started | np.isfinite(self.error))


def _known(error: Array) -> Array:
    return np.where(np.isnan(error), np.inf, error)


def central(evaluate: Evaluate, middle: Array, size: Array, eps: float) -> Slopes:
    """Return the slopes at t = 0 by differences of both sides; `middle` are the values there, of magnitude `size`."""
    ladder = Ladder(middle.size, CENTRAL)
    for t in RUNGS:
        (forward, ahead, drift), (backward, behind, _) = evaluate(t), evaluate(-t)
        noise = rounding(eps, np.maximum(np.maximum(ahead, behind), size))
        moved = (forward != middle) | (backward != middle)
        ladder.add(t, forward / 2 - backward / 2, 1, noise, moved, drift)
    return ladder.slopes()


def rounding(eps: float, size: Array) -> Array:
    """Return what is taken for the rounding of values of this magnitude, on the safe side."""
    return 4 * eps * size + 4 * HALF_OF_TINY


@dataclasses.dataclass
class Sides:
    """What a function does on both sides of a point, with the point and without it."""

    left: Slopes
    right: Slopes
    left_piece: Slopes  # without the point: at a jump these are the slopes
    right_piece: Slopes


def sides(evaluate: Evaluate, middle: Array, size: Array, eps: float) -> Sides:
    """Return the slopes of both sides at t = 0."""
    ladders = [Ladder(middle.size, ONE_SIDED) for _ in range(4)]
    last: list[Array | None] = [None, None]
    for t in RUNGS:
        for k, sign in enumerate((-1, 1)):
            values, magnitudes, drift = evaluate(sign * t)
            noise = 2 * rounding(eps, np.maximum(magnitudes, size))
            for ladder, start, width in ((k, middle, 1.0), (k + 2, last[k], 0.75)):
                if start is not None:
                    rise = sign * (values - start)
                    ladders[ladder].add(t, rise, width, noise, rise != 0, drift)
            last[k] = values
    return Sides(*(ladder.slopes() for ladder in ladders))


@dataclasses.dataclass
class Verdict:
    """Whether numbers are derivatives where central differences do not say so, and the slopes of both sides."""

    is_valid: Array
    has_kink: Array
    left: Array  # inf where they grow without bound, NaN where the function is not defined
    right: Array


def judge(found: Sides, computed: Array, is_resolved: Array, tolerance: Array, rtol: float) -> Verdict:
    """Judge numbers that are not what central differences say, or where these say nothing (not `is_resolved`)."""
    both = (found.left, found.right)
    exists = [side.exists for side in both]
    steep = [side.growth >= VERTICAL for side in both]
    left, right = (
        np.where(exists[k], np.where(steep[k], np.copysign(np.inf, side.steepest), side.slope), np.nan)
        for k, side in enumerate(both)
    )
    jumps = exists[0] & exists[1] & ((found.left.growth >= JUMP) | (found.right.growth >= JUMP))
    ends, errors = [left, right], [np.where(steep[k], 0, side.error) for k, side in enumerate(both)]
    for k, piece in enumerate((found.left_piece, found.right_piece)):
        ends[k] = np.where(jumps, piece.slope, ends[k])
        errors[k] = np.where(exists[k], np.where(jumps, piece.error, errors[k]), 0)
    error = errors[0] + errors[1]
    differ = np.isfinite(error) & (np.abs(left - right) > 2 * error + rtol * np.maximum(np.abs(left), np.abs(right)))
    has_kink = jumps | (exists[0] & exists[1] & differ)
    room = tolerance + np.where(np.isfinite(error), error, 0)
    is_between = (computed >= np.fmin(*ends) - room) & (computed <= np.fmax(*ends) + room)
    # Next to a root's end the slope is finite, and the smallest step still is too large to see it.
    is_vertical = (steep[0] | ~exists[0]) & (steep[1] | ~exists[1]) & ~jumps
    steepest = np.where(steep[0], found.left.steepest, found.right.steepest)
    is_large = is_vertical & (np.sign(computed) == np.sign(steepest)) & (np.abs(computed) >= 0.1 * np.abs(steepest))
    is_unknown = ~is_resolved & ~np.isfinite(error)
    is_judged = ~is_resolved | has_kink | is_vertical
    return Verdict(is_unknown | (is_judged & (is_between | is_large)), has_kink, left, right)
