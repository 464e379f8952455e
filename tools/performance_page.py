"""Writes docs/performance.md and the pictures beside it from what `python -m jackern bench --json FILE` wrote.

Run by `make performance`; a second argument is another folder.
"""

import json
import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from tabulate import tabulate

from jackern._bench.outcome import Outcome
from jackern._bench.report import HEADER, n_ahead, rows, threads_in_words

DOCS = Path(__file__).parent.parent / "docs"

# Why jackern loses where it does, by question; what is not here has no known reason.
REASONS = {
    "unbroadcast (n, n, n) to (n, 1, n)": "rows are added in the order of the sum's tree, block by block, not from end "
    "to end",
    "VJP of multiply by (n, n, 1) beside (n, n, n)": "rows of some dozen elements are products in a buffer first, sums "
    "second",
    "tanh": "JAX's and PyTorch's tanh use fused multiply-adds; ours has the same bits on every instruction set",
    "exp": "the others use fused multiply-adds; ours has the same bits on every instruction set",
    "erf": "the others use fused multiply-adds; ours has the same bits on every instruction set, and at most 2 ulp",
    "JVP of a dense Jacobian (n, n)": "BLAS blocks for registers; ours reads the matrix once, in runs that fix the "
    "order of the sum",
    "VJP of a dense Jacobian (n, n)": "as for the JVP",
    "VJP of softmax cross-entropy, (n, 64)": "rows are taken one by one, in three passes over each; what JAX "
    "compiles uses fused multiply-adds besides",
    "VJP of multiply by a scale of (256,), rows": "beyond the caches rows are chained by eights, block by block, which "
    "fetches memory in shorter runs than a loop from end to end",
    "VJP of multiply, both operands": "beyond the caches memory is the limit, and both sides move the same bytes",
}

PAGE = """# Performance

Made by `make performance`: `python -m jackern bench` beside the libraries of `tools/bench_peers.txt`, then
`tools/performance_page.py`. On your machine: `pip install "jackern[bench]"`, then `python -m jackern bench`.

## Method

Every question is asked of every library that can answer it, in its best form: compiled and warmed up, writing into
arrays that exist already, waiting for the result. Before anything is timed, the results are compared. All sides are
limited to the same processors and to {threads}, and take turns, round by round and in going first, so that noise of
the machine hits all alike. A time is the median of the rounds on the wall clock. "Of copy" is the number of bytes per
second that have to be read and written, as a part of what `np.copyto` reaches in the same rounds with as many bytes:
where memory is the limit, 100 % is the ceiling, and what reads more than it writes can be above it.

## Machine

{machine}

## Races

What jackern loses comes first: it is ahead of every peer in {ahead} of {total}.

{table}

## Where jackern loses, and why

{losses}

## How cost grows

Time per element against the number of elements. Small calls cost what the call costs, so the lines fall as 1/n; in
the caches they are flat; beyond them a line rises where memory is slower than arithmetic.

![time per element against size, a panel per question, a line per library](performance.svg)

## Roofline

Each point is a race: bytes per second that have to be moved, against how many there are. The line is what a copy of
as many bytes reaches; what lies on it is limited by memory, what lies below it by arithmetic or, on the left, by the
call.

![bytes per second against bytes, beside those of a copy](roofline.svg)

"""


def read(path):
    """Return outcomes, in the order of the races, and the rest of the file."""
    written = json.loads(path.read_text())
    rounds, facts = {}, {}
    for one in written["benchmarks"]:
        question = one["group"].rsplit(", n = ", 1)[0]
        key = question, one["params"]["n"]
        rounds.setdefault(key, {})[one["params"]["side"]] = one["stats"]["data"]
        facts[key] = one["extra_info"]
    outcomes = [
        Outcome(*key, facts[key]["elements"], facts[key]["bytes"], sides, facts[key]["seconds of a copy"])
        for key, sides in rounds.items()
    ]
    return outcomes, written


def machine(written):
    """Return what ran, in words."""
    info = written["machine_info"]
    cpu = info["cpu"].get("brand_raw", info["machine"])
    flags = set(info["cpu"].get("flags", ()))
    widest = next((name for name in ("avx512f", "avx2", "sse2") if name in flags), "unknown")
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    day = written["datetime"][:10]
    return (
        f"{cpu}, {info['cpu'].get('count')} processors, {widest}; Python {info['python_version']}; {versions}; {day}."
    )


def losses(outcomes):
    """Return a list of what is lost, with the reasons."""
    lost = {}
    for one in outcomes:
        if one.ratio > 1:
            lost.setdefault(one.question, []).append(f"{one.ratio:.2f} of {one.best_peer} at {one.size:,}")
    if not lost:
        return "Nowhere in these races."
    reasons = ((question, REASONS.get(question, "not known")) for question in lost)
    return "\n".join(
        f"* **{question}**: {'; '.join(lost[question])}. {reason[0].upper()}{reason[1:]}."
        for question, reason in reasons
    )


def draw(path, outcomes):
    """Draw bytes per second against bytes."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(one.question for one in outcomes):
        mine = [one for one in outcomes if one.question == name]
        speeds = [one.n_bytes / one.medians["jackern"] / 1e9 for one in mine]
        axes.loglog([one.n_bytes for one in mine], speeds, "o-", markersize=4, linewidth=0.8, label=name)
    copies = sorted((one.n_bytes, one.n_bytes / one.copy / 1e9) for one in outcomes)
    axes.loglog(*zip(*copies, strict=True), "k--", linewidth=2, label="a copy")
    axes.set_xlabel("bytes that have to be read and written")
    axes.set_ylabel("GB/s")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=7)
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(path)


def main(path, folder=DOCS):
    """Write the page and its picture into a folder."""
    outcomes, written = read(path)
    threads = written["benchmarks"][0]["extra_info"]["threads"]
    page = PAGE.format(
        threads=threads_in_words(threads),
        machine=machine(written),
        ahead=n_ahead(outcomes),
        total=len(outcomes),
        table=tabulate(rows(outcomes), HEADER, tablefmt="github", disable_numparse=True),
        losses=losses(outcomes),
    )
    (Path(folder) / "performance.md").write_text(page)
    draw(Path(folder) / "roofline.svg", outcomes)
    slowest = max(outcomes, key=lambda one: one.ratio)
    print(f"{len(outcomes)} races; the slowest: {slowest.question}, n = {slowest.size:,}, {slowest.ratio:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
