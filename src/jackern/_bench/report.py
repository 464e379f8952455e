"""What the races have come to: a table, a file for pytest-benchmark, a plot."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info as machine_info
from pytest_benchmark.stats import Stats
from tabulate import tabulate

from jackern._bench.outcome import Outcome

HEADER = ("question", "n", "jackern", "best peer", "its time", "ratio", "of copy")
UNITS = (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))


def in_words(seconds: float) -> str:
    """A time in the largest unit of which it is at least one."""
    unit, factor = next(((u, f) for u, f in UNITS if seconds * f >= 1), UNITS[-1])
    return f"{seconds * factor:.3g} {unit}"


def threads_in_words(n: int) -> str:
    """How many threads, as one says it."""
    return "one thread" if n == 1 else f"{n} threads"


def n_ahead(outcomes: Sequence[Outcome]) -> int:
    """In how many races jackern is ahead of every peer."""
    return sum(one.ratio < 1 for one in outcomes)


def rows(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """The lines of the table, what jackern loses first."""
    return [
        (
            one.question,
            f"{one.size:,}",
            in_words(one.medians["jackern"]),
            one.best_peer,
            in_words(one.medians[one.best_peer]),
            f"{one.ratio:.2f}",
            f"{one.of_copy:.0%}",
        )
        for one in sorted(outcomes, key=lambda one: one.ratio, reverse=True)
    ]


def table(outcomes: Sequence[Outcome], versions: dict[str, str], n_threads: int) -> str:
    """The table, with what was compared above it and how to read it below."""
    return "\n".join(
        [
            ", ".join(f"{name} {version}" for name, version in versions.items()) + f"; {threads_in_words(n_threads)}",
            "",
            tabulate(rows(outcomes), HEADER, colalign=("left", *["right"] * 2, "left", *["right"] * 3)),
            "",
            f"jackern is ahead of every peer in {n_ahead(outcomes)} of {len(outcomes)} races",
            "ratio: jackern's median time by that of the best peer; all took turns, round by round",
            "of copy: the bytes per second that must be read and written, by those of np.copyto in the same rounds",
        ]
    )


def write_json(path: Path, outcomes: Sequence[Outcome], versions: dict[str, str], n_threads: int) -> None:
    """Write every round in the form of pytest-benchmark."""
    benchmarks = []
    for one in outcomes:
        for side, times in one.rounds.items():
            stats = Stats()
            for seconds in times:
                stats.update(seconds)
            group = f"{one.question}, n = {one.size}"
            benchmarks.append(
                {
                    "group": group,
                    "name": f"{group}: {side}",
                    "fullname": f"jackern bench::{group}: {side}",
                    "params": {"n": one.size, "side": side},
                    "param": f"{one.size}-{side}",
                    "extra_info": {
                        "elements": one.n_elements,
                        "bytes": one.n_bytes,
                        "seconds of a copy": one.copy,
                        "threads": n_threads,
                    },
                    "options": {"timer": "perf_counter", "warmup": True},
                    "stats": stats.as_dict() | {"data": times, "iterations": 1},
                }
            )
    written: dict[str, Any] = {
        "machine_info": machine_info() | {"versions": versions},
        "commit_info": {},
        "benchmarks": benchmarks,
        "datetime": datetime.datetime.now(datetime.UTC).isoformat(),
        "version": versions["jackern"],
    }
    path.write_text(json.dumps(written, indent=1) + "\n")


def draw(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Draw time per element against size: a panel per question, a line per library."""
    questions = list(dict.fromkeys(one.question for one in outcomes))
    n_columns = min(3, len(questions))
    n_rows = math.ceil(len(questions) / n_columns)
    figure = Figure(figsize=(4.5 * n_columns, 3 * n_rows), layout="constrained")
    sides = list(dict.fromkeys(side for one in outcomes for side in one.rounds))
    colors = {side: f"C{k}" for k, side in enumerate(sides)}
    for axes, name in zip(figure.subplots(n_rows, n_columns, squeeze=False).flat, questions, strict=False):
        mine = [one for one in outcomes if one.question == name]
        for side in sides:
            points = [(one.n_elements, 1e9 * one.medians[side] / one.n_elements) for one in mine if side in one.rounds]
            width = 2.5 if side == "jackern" else 1.2
            if points:
                axes.loglog(*zip(*points, strict=True), "o-", color=colors[side], linewidth=width, label=side)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("elements")
        axes.set_ylabel("ns per element")
        axes.grid(alpha=0.3)
    for axes in figure.axes[len(questions) :]:
        axes.remove()
    handles = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(sides))
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(path)
