"""Time statements side by side, so that noise of the machine hits all of them alike."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")

ROUND = 2e-3  # seconds: a statement is repeated until one round lasts this long
BUDGET = 0.8  # seconds for all rounds of one race together, if MIN_ROUNDS of them fit into it
MIN_ROUNDS, MAX_ROUNDS = 7, 100


def race(
    statements: Mapping[Key, str],
    names: dict[str, Any],
    budget: float = BUDGET,
    timer: Callable[[], float] = time.process_time,
) -> dict[Key, list[float]]:
    """Return what each statement takes in every round, in seconds, by its key.

    A statement is source text, run with `names` as its globals: a lambda around it would add a third to the
    time of a call on eight elements.  The first rounds warm up and find how often to repeat; then the
    statements take turns, and in going first.

    On an idle machine processor time, which is the default, is the time on the clock if there is one thread; on a
    busy one it leaves out the turns of other processes.
    """
    timers = {key: timeit.Timer(code, timer=timer, globals=names) for key, code in statements.items()}
    repeats, seconds = {}, 0.0
    for key, timed in timers.items():
        repeats[key], lasted = _repeats(timed)
        seconds += lasted
    samples: dict[Key, list[float]] = {key: [] for key in timers}
    order = list(timers)
    for _ in range(min(max(MIN_ROUNDS, int(budget / seconds)), MAX_ROUNDS)):
        for key in order:
            samples[key].append(timers[key].timeit(repeats[key]) / repeats[key])
        order.append(order.pop(0))
    return samples


def _repeats(timer: timeit.Timer) -> tuple[int, float]:
    """Return how often to repeat a statement for one round, and how long that round lasts."""
    timer.timeit(1)
    n = 1
    while (seconds := timer.timeit(n)) < ROUND:
        n *= 2
    return n, seconds
