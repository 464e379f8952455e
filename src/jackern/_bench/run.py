"""Races all questions, in a process of its own whose threads are limited."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from jackern._bench.arguments import parser
from jackern._bench.outcome import Outcome

LIMITED = ("BLIS", "MKL", "NUMEXPR", "OMP", "OPENBLAS", "VECLIB_MAXIMUM", "JACKERN")
MISSING = 'this command installs what the benchmarks need: pip install "jackern[bench]"'
QUICK_ELEMENTS = 200_000  # --quick leaves out larger sizes
TOLERANCE = 1e-9


def launch(arguments: Sequence[str], n_threads: int) -> int:
    """Run `main` in a process whose libraries find the limit before they start; return its exit code."""
    limits = {f"{library}_NUM_THREADS": str(n_threads) for library in LIMITED}
    return subprocess.run([sys.executable, "-m", "jackern._bench", *arguments], env=os.environ | limits).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Race, and print the table; 0, or 1 where a package is missing or a result differs, 2 for bad arguments."""
    arguments = parser().parse_args(argv)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    try:
        from jackern._bench import peers, report
    except ModuleNotFoundError as error:
        print(f"jackern: {error}; {MISSING}", file=sys.stderr)
        return 1
    here = peers.installed()
    chosen = tuple(here if arguments.peers is None else dict.fromkeys(arguments.peers))
    for name in chosen:
        if name not in here:
            what = "not installed" if name in peers.PEERS else "no peer"
            print(f"jackern bench: {name!r} is {what}; here are {', '.join(here)}", file=sys.stderr)
            return 2
    try:
        outcomes = list(outcomes_of(chosen, arguments))
    except AssertionError as error:
        print(f"jackern bench: {error}", file=sys.stderr)
        return 1
    if not outcomes:
        print(
            f"jackern bench: no question that {', '.join(chosen)} can answer has {arguments.only!r} in its name",
            file=sys.stderr,
        )
        return 2
    versions = peers.versions(chosen)
    print(report.table(outcomes, versions, arguments.threads))
    if arguments.json is not None:
        report.write_json(arguments.json, outcomes, versions, arguments.threads)
    if arguments.plot is not None:
        report.draw(arguments.plot, outcomes)
    return 0


def outcomes_of(chosen: tuple[str, ...], arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Race what was asked for, with a bar that shows how far it is."""
    import numpy as np
    from tqdm import tqdm

    from jackern._bench import peers
    from jackern._bench.questions import QUESTIONS
    from jackern._bench.race import race

    libraries = peers.namespace(chosen, arguments.threads)
    asked = [
        (question, size)
        for question in QUESTIONS
        if arguments.only is None or arguments.only in question.name
        for size in question.sizes
    ]
    for question, size in tqdm(asked, desc="races", unit="race", leave=False, disable=None):
        case = question.make(size, libraries)
        statements = {side: code for side, code in case.statements.items() if side == "jackern" or side in chosen}
        if len(statements) == 1 or (arguments.quick and case.n_elements > QUICK_ELEMENTS):
            continue
        compare(question.name, size, statements, case.names)
        case.names["source"], case.names["target"] = np.ones((2, case.n_bytes // 2), np.uint8)
        budget = 0.1 if arguments.quick else 1.0
        rounds = race(statements | {"copy": "np.copyto(target, source)"}, case.names, budget, time.perf_counter)
        copy = statistics.median(rounds.pop("copy"))
        yield Outcome(question.name, size, case.n_elements, case.n_bytes, rounds, copy)


def compare(name: str, size: int, statements: dict[str, str], names: dict[str, object]) -> None:
    """Raise AssertionError where two sides do not give the same numbers."""
    import numpy as np

    from jackern._bench.peers import as_arrays

    ours = as_arrays(eval(statements["jackern"], names))
    for side, code in statements.items():
        for one, other in zip(ours, as_arrays(eval(code, names)), strict=True):
            if not np.allclose(one, other.reshape(one.shape), rtol=TOLERANCE, atol=TOLERANCE):
                raise AssertionError(f"{name}, n = {size}: {side} has other numbers than jackern; nothing was timed")
