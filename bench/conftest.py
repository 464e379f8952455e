"""The fixture that runs one benchmark, and the table at the end."""

# ruff: noqa: E402 (the number of threads must be set before NumPy is loaded)

from __future__ import annotations

import ctypes
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

if "numpy" in sys.modules:
    raise pytest.UsageError("run the benchmarks alone: they limit NumPy's threads before it is loaded")
for library in ("BLIS", "JACKERN", "MKL", "OMP", "OPENBLAS", "VECLIB_MAXIMUM"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np

import jackern as jk
from jackern._bench.race import race
from jackern._bench.report import in_words

# Thresholds of mmap and of trimming: those with which glibc starts, and the highest it allows.
HEAPS = {"returned": (128 << 10, 128 << 10), "kept": (32 << 20, 1 << 30)}

ROWS = pytest.StashKey[list["Row"]]()


@dataclass(frozen=True)
class Row:
    """One line of the table; times are medians in seconds."""

    question: str
    case: str
    form: str
    jackern: float
    rival: float
    copy: float | None  # a copy that moves as many bytes
    target: float | None

    @property
    def ratio(self) -> float:
        return self.jackern / self.rival

    def cells(self) -> tuple[str, ...]:
        times = in_words(self.jackern), in_words(self.rival), f"{self.ratio:.2f}"
        verdict = "met" if self.target is None or self.ratio <= self.target else "missed"
        target = "" if self.target is None else f"{self.target:.2f} {verdict}"
        copy = "" if self.copy is None else f"{self.copy / self.jackern:.0%}"
        return self.question, self.case, self.form, *times, target, copy


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--heap",
        choices=HEAPS,
        default="returned",
        help="what the C library does with freed arrays: hand their pages back, as at first, or keep them",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    _set_heap(*HEAPS[config.getoption("heap")])


def _set_heap(mmap_threshold: int, trim_threshold: int) -> None:
    """Fix glibc's two thresholds, in bytes: left alone it moves them, after what the process has freed."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-3, mmap_threshold)  # M_MMAP_THRESHOLD
        mallopt(-1, trim_threshold)  # M_TRIM_THRESHOLD


@pytest.fixture
def compare(benchmark: Any, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that races jackern against a rival and keeps the ratios.

    Parameters of that function:

    case
        what is timed, in a few words
    names
        the globals of the statements
    written
        two expressions, jackern's and the rival's as users write it; both allocate their results
    into_out
        two statements that write into arrays which exist already; None if the rival has no such form
    outs
        the names of those arrays
    targets
        the ratios to reach, of `written` and of `into_out`; None where there is none
    tolerance
        how far both sides may differ, relatively and absolutely; None where they compute different things
    n_bytes
        what jackern reads and writes; None leaves out the copy, where calling is all the cost
    """

    def compare(
        case: str,
        names: dict[str, Any],
        written: tuple[str, str],
        into_out: tuple[str, str] | None = None,
        *,
        outs: tuple[str, ...] = ("out",),
        targets: tuple[float | None, float | None] = (None, None),
        tolerance: float | None = 1e-9,
        n_bytes: int | None = None,
    ) -> None:
        names = {"np": np, "jk": jk, "ops": jk.ops, **names}
        forms = {"as written": written}
        if into_out is not None:
            forms["out="] = into_out
        if tolerance is not None:
            _assert_same(*(eval(statement, names) for statement in written), tolerance)
        if tolerance is not None and into_out is not None:
            _assert_same(*(_run_into(statement, names, outs) for statement in into_out), tolerance)

        statements = {(form, who): forms[form][who] for form in forms for who in (0, 1)}
        if n_bytes is not None:
            names["target"], names["source"] = np.ones((2, n_bytes // 2), dtype=np.uint8)
            statements["copy"] = "np.copyto(target, source)"
        seconds = {key: statistics.median(times) for key, times in race(statements, names).items()}

        copy = seconds.get("copy")
        for form, target in zip(forms, targets, strict=False):
            row = Row(benchmark.group, case, form, seconds[form, 0], seconds[form, 1], copy, target)
            request.config.stash[ROWS].append(row)
            benchmark.extra_info[form] = {
                "jackern": forms[form][0],
                "rival": forms[form][1],
                "seconds of jackern": row.jackern,
                "seconds of the rival": row.rival,
                "ratio": row.ratio,
                "target": target,
            }
            if copy is not None:
                benchmark.extra_info[form] |= {
                    "bytes moved": n_bytes,
                    "GB/s": n_bytes / row.jackern / 1e9,
                    "GB/s of a copy": n_bytes / copy / 1e9,
                }
        # pytest-benchmark's own record, with which it compares one run with another.
        benchmark.pedantic(eval(f"lambda: {written[0]}", names), rounds=7, iterations=10, warmup_rounds=1)

    return compare


def _run_into(statement: str, names: dict[str, Any], outs: tuple[str, ...]) -> tuple[Any, ...]:
    for name in outs:
        names[name][...] = np.nan
    exec(statement, names)
    return tuple(names[name].copy() for name in outs)


def _assert_same(ours: Any, rival: Any, tolerance: float) -> None:
    """A rival that computes something else is none."""
    for one, other in zip(_as_tuple(ours), _as_tuple(rival), strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=tolerance, atol=tolerance)


def _as_tuple(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    header = ("question", "case", "form", "jackern", "rival", "ratio", "target", "of copy")
    lines = [header, *(row.cells() for row in config.stash[ROWS])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    heap = config.getoption("heap")
    terminalreporter.section(f"jackern {jk.__version__}, NumPy {np.__version__}, one thread, heap {heap}")
    for line in lines:
        words = [cell.ljust(width) for cell, width in zip(line[:3], widths[:3], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(line[3:], widths[3:], strict=True)]
        terminalreporter.line("  ".join([*words, *numbers]).rstrip())
    terminalreporter.line("")
    terminalreporter.line("ratio: jackern's median time by the rival's; they took turns, round by round")
    terminalreporter.line("of copy: jackern's bytes per second, by those of np.copyto in the same rounds")
