"""Derivatives against differences of their function, and transposes against each other; see `testing.check`.

Where every output depends on one element of the argument at most, all elements are moved at once and every entry is
seen by itself; so it is with small arguments, whose elements are moved one by one.  Else directions are random.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from jackern._arrays.operands import EPS, Array
from jackern._probes import differences
from jackern._probes.differences import Slopes

SMALL = 64  # elements that are moved one by one, and rows that are taken one by one
SMALLEST = 16  # elements that are moved one by one even if a Jacobian says that it is diagonal
LARGEST = 2**18  # entries that are seen one by one
DIRECTIONS = 6  # random ones, of large arguments
SHARP = 1e-7  # the error of a difference, relative to it, from which on there is no need of another
TINY_SINGLE, TINY_DOUBLE = 2.0**-149, 2.0**-1074
DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
POINTWISE = ("zero", "identity", "diagonal", "broadcast")


@dataclasses.dataclass
class Move:
    """Directions, one after the other, in which the argument is moved; outputs are numbered through all of them."""

    directions: list[Array]
    unit: Array  # what the slopes of outputs are divided by
    columns: Array | None = None  # the one element that each output depends on, if all elements are moved at once
    weights: Array | None = None  # of outputs that are added


@dataclasses.dataclass
class Subject:
    """A function of one of its arguments at a point, and its derivative: what is checked."""

    name: str
    argument: int
    function: Callable[[Array], Any]  # of the argument alone
    complex_function: Callable[[Array], Any] | None
    point: Array
    value: Array  # of the function, as an array
    jvp: Callable[[Array], Any] | None
    vjp: Callable[[Array], Any]
    structure: str | None
    rtol: float | None
    is_known: bool  # the structure is that of an op of the table
    rng: np.random.Generator
    kinks: str

    def __post_init__(self) -> None:
        """Take the values in float64 if the function takes that: rounding is what limits differences."""
        self.wide, self.middle = self._widened()
        self.values = self.middle.astype(DOUBLE).reshape(-1)
        self.eps = EPS[SINGLE if SINGLE in (self.middle.dtype, self.wide.dtype) else DOUBLE]
        self.scale = scales(self.wide)
        pulled = self.vjp(np.zeros_like(self.value))
        pushed = self.jvp(np.zeros_like(self.point)) if self.jvp is not None else pulled
        self.dtype = np.asarray(pushed).dtype
        self.is_single = SINGLE in (self.dtype, self.point.dtype, self.middle.dtype)
        self.rounding = EPS[SINGLE] if self.is_single else EPS[DOUBLE]  # of the derivative

    def _widened(self) -> tuple[Array, Array]:
        wide = self.point.astype(DOUBLE)
        try:
            middle = real(self.name, self.function(wide))
        except Exception:  # it is the user's, and may ask for its own dtype in any words
            return self.point, self.value
        return (wide, middle) if middle.shape == self.value.shape else (self.point, self.value)

    @property
    def product(self) -> str:
        return "VJP" if self.jvp is None else "JVP"

    def push(self, tangent: Array) -> Array:
        """The JVP, flat and in float64."""
        assert self.jvp is not None
        pushed = np.asarray(self.jvp(tangent))
        if pushed.shape != self.value.shape:
            raise AssertionError(
                f"{self.name}: JVP by argument {self.argument} has shape {pushed.shape}, expected {self.value.shape}"
            )
        return pushed.astype(DOUBLE).reshape(-1)

    def pull(self, cotangent: Array) -> Array:
        """The VJP, flat and in float64."""
        pulled = np.asarray(self.vjp(cotangent))
        if pulled.shape != self.point.shape:
            raise AssertionError(
                f"{self.name}: VJP by argument {self.argument} has shape {pulled.shape}, expected {self.point.shape}"
            )
        return pulled.astype(DOUBLE).reshape(-1)

    def along(self, move: Move, chosen: Array | None = None) -> differences.Evaluate:
        """The function along directions: all outputs, or those that are chosen."""
        n = self.values.size if move.weights is None else len(move.weights)
        chosen = np.arange(n * len(move.directions)) if chosen is None else chosen
        parts = [(d, chosen[chosen // n == k] % n) for k, d in enumerate(move.directions)]

        def evaluate(t: float) -> tuple[Array, Array, Array]:
            each = [self._moved(t, d, move, outputs) for d, outputs in parts if outputs.size]
            values, sizes, drift = (np.concatenate(x) for x in zip(*each, strict=True))
            return values, sizes, drift

        return evaluate

    def _moved(self, t: float, direction: Array, move: Move, outputs: Array) -> tuple[Array, Array, Array]:
        step = self.wide.dtype.type(t) * direction
        moved = np.asarray(self.wide + step)
        values, sizes = weighted(real(self.name, self.function(moved)).astype(DOUBLE).reshape(-1), move.weights)
        off = np.where(direction != 0, np.abs((moved - self.wide) / (t * direction) - 1), 0).reshape(-1)
        off = np.where(np.isfinite(moved.reshape(-1)), off, 0).astype(DOUBLE)
        drift = np.full(len(outputs), np.max(off)) if move.columns is None else off[move.columns[outputs]]
        return values[outputs], sizes[outputs], drift

    def middles(self, move: Move) -> tuple[Array, Array]:
        """The values at the point, once for every direction, and their magnitudes."""
        values, sizes = weighted(self.values, move.weights)
        return np.tile(values, len(move.directions)), np.tile(sizes, len(move.directions))

    def slopes(self, move: Move) -> Slopes:
        """Of all outputs along directions."""
        return differences.central(self.along(move), *self.middles(move), self.eps)

    def by_complex_step(self, move: Move, found: Slopes) -> Array | None:
        """The slopes by the complex step, which has no cancellation, if the function is analytic; else None.

        A function that is not, through abs or real, gives itself away by a slope that differences deny.
        """
        if self.complex_function is None or self.wide.dtype != DOUBLE:
            return None
        step, slopes = 2.0**-100, []
        for direction in move.directions:
            try:
                result = np.asarray(self.complex_function(self.wide + step * 1j * direction))
            except Exception:  # as above
                return None
            if result.dtype.kind != "c" or result.shape != self.value.shape:
                return None
            slope = result.imag.astype(DOUBLE).reshape(-1) / step
            slopes.append(slope if move.weights is None else move.weights @ slope)
        slope = np.concatenate(slopes)
        is_known = np.isfinite(found.error)
        is_sharp = is_known & (found.error <= 1e-3 * np.abs(found.slope))
        near = np.abs(slope - found.slope) <= 1e-4 * np.abs(found.slope) + found.error
        return slope if np.any(is_sharp) and np.all(near | ~is_known) else None


def weighted(values: Array, weights: Array | None) -> tuple[Array, Array]:
    """Values and their magnitudes, or sums of them."""
    return (values, np.abs(values)) if weights is None else (weights @ values, np.abs(weights) @ np.abs(values))


def real(name: str, value: Any) -> Array:
    """What a function returned, as an array of floats."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"testing.check: {name} returned {array.dtype} numbers, expected real ones")
    return array if array.dtype == SINGLE else array.astype(DOUBLE)


def scales(x: Array) -> Array:
    """The powers of two below the sizes of elements; zero has the size of the median of the others, or 1."""
    size = np.abs(x)
    others = size[(size > 0) & np.isfinite(size)]
    size = np.where((size > 0) & np.isfinite(size), size, np.median(others) if others.size else 1)
    return np.asarray(np.ldexp(1.0, np.frexp(size)[1] - 1), x.dtype)


@dataclasses.dataclass
class Expected:
    """What differences say of derivatives: numbers, what they may be off by, and the tolerance relative to them."""

    numbers: Array
    error: Array
    is_known: Array
    rtol: float
    how: str

    def agrees(self, computed: Array, dtype: Any, room: Array) -> Array:
        """Whether numbers are these, by output; an infinite one is right where its dtype has no larger one."""
        near = np.abs(computed - self.numbers) <= self.rtol * np.abs(self.numbers) + 2 * self.error + room
        overflows = np.isinf(self.numbers.astype(dtype)) & (self.numbers.astype(dtype) == computed)
        return self.is_known & (near | overflows)

    def is_sharp(self) -> Array:
        return self.error <= SHARP * np.abs(self.numbers)


def expect(subject: Subject, move: Move) -> Expected:
    """Return derivatives by differences, or by the complex step."""
    found = subject.slopes(move)
    exact = subject.by_complex_step(move, found)
    is_known = np.isfinite(found.error)  # before units, by which both may overflow
    if exact is not None:
        error = np.where(is_known, 0, np.inf)
        return Expected(exact / move.unit, error, is_known, tolerance(subject, 1e-11), "the complex step")
    error = found.error / np.abs(move.unit)
    return Expected(found.slope / move.unit, error, is_known, tolerance(subject, 1e-6), "central differences")


def tolerance(subject: Subject, in_double: float) -> float:
    if subject.rtol is not None:
        return subject.rtol
    return 3e-5 if subject.is_single else in_double


def tiny(subject: Subject) -> float:
    return 4 * (TINY_SINGLE if subject.is_single else TINY_DOUBLE)


def compare(subject: Subject, moves: list[Move], computed: Array, floor: Any, say: Say) -> None:
    """Raise AssertionError unless numbers, one per output, are the derivatives that differences along the moves say.

    A second move is longer, for what the first does not see.
    """
    move = moves[0]
    first = expect(subject, move)
    values, size = subject.middles(move)
    unit = np.abs(move.unit)
    longest = np.max([np.abs(other.unit) for other in moves], axis=0)
    room = 16 * subject.rounding * size / longest + floor + tiny(subject)
    is_right = first.agrees(computed, subject.dtype, room)
    is_resolved = first.is_known.copy()
    is_doubtful = ~is_right | ~first.is_sharp()
    # What fails is seen once more with other steps, since rounding may look like a line by chance.
    shorter = [np.asarray(0.75 * x, x.dtype) for x in move.directions]
    again = Move(shorter, 0.75 * move.unit, move.columns, move.weights)
    for other in (*moves[1:], again):
        is_doubtful = ~is_right if other is again else is_doubtful
        if not np.any(is_doubtful):
            continue
        second = expect(subject, other)
        by_second = second.agrees(computed, subject.dtype, room)
        is_better = is_doubtful & (second.error < first.error)
        is_right = np.where(
            is_better, by_second | (is_right & first.is_sharp()), is_right | (by_second & second.is_sharp())
        )
        is_resolved |= is_better
        first.numbers = np.where(is_better, second.numbers, first.numbers)
        first.error = np.where(is_better, second.error, first.error)
    wrong = np.flatnonzero(~is_right & np.isfinite(values))
    if not wrong.size:
        return
    allowed = (first.rtol * np.abs(first.numbers) + room)[wrong] * unit[wrong]
    sides = differences.sides(subject.along(move, wrong), values[wrong], size[wrong], subject.eps)
    signed = move.unit[wrong]
    verdict = differences.judge(sides, computed[wrong] * signed, is_resolved[wrong], allowed, first.rtol)
    failed = np.flatnonzero(~verdict.is_valid)
    if not failed.size:
        return
    i, at = int(failed[0]), int(wrong[failed[0]])
    kink = ""
    left, right = verdict.left[i] / signed[i], verdict.right[i] / signed[i]
    expected = first.numbers[at] if is_resolved[at] else left if np.isnan(right) else right
    if verdict.has_kink[i]:
        left, right = (right, left) if signed[i] < 0 else (left, right)
        kinks = f"; {subject.name}: {subject.kinks}" if subject.kinks else ""
        kink = (
            f". The function has no derivative there (a kink or a jump): its slope is {left:.6g} from the left and "
            f"{right:.6g} from the right{kinks}"
        )
    raise AssertionError(
        f"{subject.name}: {say.product} by argument {subject.argument} against {first.how}: {failed.size} of "
        f"{computed.size} entries differ by more than {first.rtol:g} of their own size; at "
        f"{say.place(at)} the {say.number} is {computed[at]}, expected {expected}{kink}"
    )


@dataclasses.dataclass
class Say:
    """Words of a message."""

    product: str
    number: str
    place: Callable[[int], str]


# ---- what is moved ----------------------------------------------------------------------------------------------


def check(subject: Subject) -> None:
    """Raise AssertionError unless the derivative is the function's, and the products are each other's transposes."""
    m, n = subject.value.size, subject.point.size
    if subject.jvp is not None:
        subject.push(np.zeros_like(subject.point))
    subject.pull(np.zeros_like(subject.value))
    if not m or not n:
        return
    columns = columns_of(subject)
    if columns is not None and (subject.is_known or n > SMALLEST):
        check_at_once(subject, columns)
    elif n <= SMALL and n * m <= LARGEST and (subject.jvp is not None or m <= SMALL):
        check_one_by_one(subject)
    elif subject.jvp is not None:
        check_jvp_along_random_directions(subject)
    else:
        check_vjp_along_random_directions(subject)


def columns_of(subject: Subject) -> Array | None:
    """The one element of the argument that every output depends on, if the derivative says that there is but one."""
    shape, n = subject.value.shape, subject.point.size
    index = np.arange(n).reshape(subject.point.shape)
    if subject.jvp is None:
        return index.reshape(-1) if n == subject.value.size and n > SMALLEST and is_diagonal(subject) else None
    if subject.structure not in POINTWISE:
        return None
    try:
        columns = np.broadcast_to(index, shape).reshape(-1)
    except ValueError:
        return None
    if subject.structure == "broadcast":
        ones, numbered = (subject.push(x.astype(subject.point.dtype)) for x in (np.ones_like(index), 1 + index))
        if not np.allclose(numbered, ones * (1 + columns), rtol=0.1 / n, atol=0, equal_nan=True):
            return None
    return columns


def is_diagonal(subject: Subject) -> bool:
    """Whether a VJP has no entries beside the diagonal: two indices differ in one of their bits at least."""
    index, u = np.arange(subject.point.size), signs(subject, subject.value)
    for bit in range(int(index[-1]).bit_length()):
        for half in (index >> bit & 1 == 0, index >> bit & 1 == 1):
            if np.any(subject.pull(np.where(half, u.reshape(-1), 0).reshape(u.shape))[~half]):
                return False
    return True


def signs(subject: Subject, like: Array) -> Array:
    """Return numbers of random sign, 1 or 1.5 in size: their products with powers of two are exact."""
    random = subject.rng.choice([-1, 1], like.shape) * subject.rng.choice([1, 1.5], like.shape)
    return np.asarray(random, like.dtype)


def longer(subject: Subject) -> Array:
    """Return directions for functions that do not change by as little as small elements do."""
    return scales(np.maximum(np.abs(subject.wide), 1))


def index(shape: tuple[int, ...], flat: int) -> str:
    return str(tuple(int(i) for i in np.unravel_index(flat, shape)))


def check_at_once(subject: Subject, columns: Array) -> None:
    """All elements are moved at once."""
    v = signs(subject, subject.wide)
    flat = [np.asarray(x * v, DOUBLE).reshape(-1)[columns] for x in (subject.scale, longer(subject))]
    moves = [Move([subject.scale * v], flat[0], columns)]
    if np.any(flat[0] != flat[1]):
        moves.append(Move([longer(subject) * v], flat[1], columns))
    if subject.jvp is None:
        u = signs(subject, subject.value)
        entries = subject.pull(u) / u.reshape(-1)
    else:
        entries = subject.push(v.astype(subject.point.dtype)) / np.asarray(v, DOUBLE).reshape(-1)[columns]
    say = Say(subject.product, "derivative", lambda i: index(subject.value.shape, i))
    compare(subject, moves, entries, 0.0, say)
    if subject.jvp is not None:
        u = signs(subject, subject.value)
        terms = u.astype(DOUBLE).reshape(-1) * entries
        left, size = (np.bincount(columns, x, subject.point.size) for x in (terms, np.abs(terms)))
        transposes(subject, left, subject.pull(u), size)


def check_one_by_one(subject: Subject) -> None:
    """Elements are moved one by one, and entries are seen one by one."""
    m, n = subject.value.size, subject.point.size
    rows = columns = None
    if m <= SMALL:
        rows = np.array([subject.pull(e.reshape(subject.value.shape)) for e in np.eye(m, dtype=subject.value.dtype)])
    if subject.jvp is not None:
        basis = np.eye(n, dtype=subject.point.dtype)
        columns = np.array([subject.push(e.reshape(subject.point.shape)) for e in basis]).T
    matrix: Any = rows if columns is None else columns
    scale, further = (np.asarray(x, DOUBLE).reshape(-1) for x in (subject.scale, longer(subject)))
    # Rounding in a product is relative to what was added, and that to the largest entries of the row and the column.
    sizes = np.where(np.isfinite(matrix), np.abs(matrix), 0) * scale
    floor = 64 * subject.rounding * np.minimum(np.max(sizes, axis=0), np.max(sizes, axis=1)[:, None]) / scale
    basis = np.eye(n, dtype=subject.wide.dtype).reshape(n, *subject.wide.shape)
    moves = [
        Move([e * subject.wide.dtype.type(x) for e, x in zip(basis, lengths, strict=True)], np.repeat(lengths, m))
        for lengths in ([scale] if np.array_equal(scale, further) else [scale, further])
    ]
    places = lambda i: f"{index(subject.value.shape, i % m)} by {index(subject.point.shape, i // m)}"  # noqa: E731
    compare(subject, moves, matrix.T.reshape(-1), floor.T.reshape(-1), Say(subject.product, "derivative", places))
    if rows is not None and columns is not None:
        size = np.maximum(np.abs(rows), np.abs(columns))
        transposes(subject, columns, rows, size + floor / (64 * subject.rounding), (m, n))
    u, v = signs(subject, subject.value), signs(subject, subject.point)
    weights, steps = (np.asarray(x, DOUBLE).reshape(-1) for x in (u, v))
    transposes(subject, weights @ matrix, subject.pull(u), np.abs(weights) @ np.abs(matrix))
    if subject.jvp is not None:
        sums, size = matrix @ steps, np.abs(matrix) @ np.abs(steps)
        is_off = np.abs(subject.push(v) - sums) > tolerance(subject, 1e-11) * size + tiny(subject)
        if np.any(is_off):
            at = int(np.flatnonzero(is_off)[0])
            raise AssertionError(
                f"{subject.name}: JVP by argument {subject.argument} is not linear: at "
                f"{index(subject.value.shape, at)} it is {subject.push(v)[at]} of a sum, expected {sums[at]}"
            )


def random_directions(subject: Subject) -> list[Array]:
    """All elements are moved at once, by their own sizes and random factors; every other time some eight of them."""
    some = [some_signs(subject, subject.wide, k % 2 == 1) for k in range(DIRECTIONS)]
    return [np.asarray(subject.scale * v, subject.wide.dtype) for v in some]


def some_signs(subject: Subject, like: Array, is_sparse: bool) -> Array:
    """Return random signs, all of them or some eight."""
    chosen = subject.rng.random(like.shape) * like.size < (8 if is_sparse else like.size)
    return np.asarray(np.where(chosen, signs(subject, like), 0), like.dtype)


def check_jvp_along_random_directions(subject: Subject) -> None:
    """All outputs of several JVPs are compared, and their sums with those of VJPs."""
    directions = random_directions(subject)
    tangents = [direction.astype(subject.point.dtype) for direction in directions]
    pushed = [subject.push(v) for v in tangents]
    # A row is as large as what random directions make of it: rounding in its product is relative to that.
    row = np.max([np.where(np.isfinite(y), np.abs(y), 0) for y in pushed], axis=0)
    # Outputs take part alike in sums, whatever their sizes are.
    exponents = np.clip(-np.frexp(np.where(row > 0, row, 1))[1], -100, 100).reshape(subject.value.shape)
    say = Say("JVP", "JVP", lambda i: index(subject.value.shape, i))
    for direction, v, y in zip(directions, tangents, pushed, strict=True):
        compare(subject, [Move([direction], np.ones(y.size))], y, 64 * subject.rounding * row, say)
        u = np.asarray(np.ldexp(signs(subject, subject.value), exponents), subject.value.dtype)
        left = u.astype(DOUBLE).reshape(-1) * y
        right = subject.pull(u) * v.astype(DOUBLE).reshape(-1)
        size = max(np.sum(np.abs(left)), np.sum(np.abs(right)))
        transposes(subject, np.array([np.sum(left)]), np.array([np.sum(right)]), np.array([size]))


def check_vjp_along_random_directions(subject: Subject) -> None:
    """Several VJPs are compared with differences of sums of the outputs, all of them and some."""
    for direction in random_directions(subject):
        u = [some_signs(subject, subject.value, k % 2 == 1) for k in range(4)]
        terms = np.array([subject.pull(x) for x in u]) * direction.reshape(-1)
        move = Move([direction], np.ones(4), weights=np.array([x.reshape(-1) for x in u], DOUBLE))
        say = Say("VJP", "sum <J^T u, v>", lambda i: f"random vector {i}")
        floor = 64 * subject.rounding * np.sum(np.abs(terms), axis=1)
        compare(subject, [move], np.sum(terms, axis=1), floor, say)


def transposes(subject: Subject, left: Array, right: Array, size: Array, shape: tuple[int, int] | None = None) -> None:
    """Raise AssertionError unless numbers of a JVP are those of a VJP, each judged by its own size."""
    room = tolerance(subject, 1e-11) * size + tiny(subject)
    is_right = (np.abs(left - right) <= room) | (left == right) | (~np.isfinite(left) & ~np.isfinite(right))
    if np.all(is_right):
        return
    at = int(np.flatnonzero(~is_right)[0])
    a, b = left.flat[at], right.flat[at]
    start = f"{subject.name}: adjoint test of argument {subject.argument}: "
    if shape is not None:
        i, j = divmod(at, shape[1])
        place = f"{index(subject.value.shape, i)} by {index(subject.point.shape, j)}"
        raise AssertionError(f"{start}the derivative at {place} is {a} by JVP and {b} by VJP")
    if left.size == 1:
        raise AssertionError(f"{start}<u, Jv> = {a}, <J^T u, v> = {b}")
    place = index(subject.point.shape, at)
    raise AssertionError(f"{start}at {place} J^T u is {b}, expected {a} by the entries of J")
