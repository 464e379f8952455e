"""How many instructions of jackern's own small calls take, counted by valgrind's callgrind and held to a budget.

    python tools/budget.py            # compare with tools/budget.toml; fails where a call takes 10 % more
    python tools/budget.py --write    # write what is counted now

A count is that of 2 N calls less that of N, by N, and of the extension module alone: what Python and NumPy take changes
from version to version.  It does not depend on what else the machine does, but on the compiler: other ones than the
budget's are not compared.
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

BUDGET = Path(__file__).with_suffix(".toml")
MARGIN = 1.10
CALLS = (
    "tanh(x)",
    "tanh.vjp(g, y=y)",
    "tanh.vjp(g, y=y, out=out)",
    "tanh.vjp(g, y=y, out=out, accumulate=True)",
    "multiply(x, w)",
    "multiply(x, 2.0)",
    "multiply(x, integers)",
    "multiply.vjp(g, x, w)",
    "multiply.vjp(g, x, w, wrt=0)",
    "multiply.vjp(g, x, w, out=(out, beside))",
    "multiply.vjp(g, x, 2.0)",
    "multiply.jvp((g, w), x, w)",
    "multiply.vjp(G, X, w)",
    "diagonal.jvp(x)",
    "diagonal.jvp(x, out=out)",
    "dense.jvp(x)",
    "dense.vjp(x)",
    "sum(x)",
    "sum.vjp(1.0, x)",
    "matmul(X, X)",
    "linear(X, X, w)",
    "softmax_cross_entropy(X, labels)",
    "unbroadcast(X, (8,))",
)
# A call of get_num_threads makes callgrind write what it has counted since the last.
CHILD = """
from itertools import repeat
import numpy as np
import jackern as jk
from jackern import get_num_threads as mark, unbroadcast
from jackern.ops import *
rng = np.random.default_rng(0)
x, g, w = rng.random((3, 8)) + 0.5
X, G = rng.random((2, 8, 8))
y, out, beside, integers, labels = np.tanh(x), np.empty(8), np.empty(8), np.arange(8), np.arange(8)
diagonal, dense = jk.diagonal(x), jk.dense(X)
for call in CALLS:
    made = {}
    exec(f"def run(times):\\n for _ in times: {call}", globals(), made)
    made["run"](repeat(None, 100))
    mark(), made["run"](repeat(None, N)), mark(), made["run"](repeat(None, 2 * N)), mark()
"""
N = 100


def counted():
    """Instructions per call, by the call."""
    code = f"CALLS = {CALLS!r}; N = {N}\n{CHILD}"
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "counts")
        command = ["valgrind", "--tool=callgrind", "--dump-before=*get_num_threads*", f"--callgrind-out-file={prefix}"]
        subprocess.run(
            [*command, sys.executable, "-c", code],
            check=True,
            env=os.environ | {"JACKERN_ISA": "v3", "JACKERN_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
            stderr=subprocess.DEVNULL,
        )
        parts = sorted(glob.glob(f"{prefix}.*"), key=lambda path: int(path.rpartition(".")[2]))
        counts = [own_instructions(Path(path).read_text()) for path in parts]
    return {call: round((counts[3 * k + 2] - counts[3 * k + 1]) / N) for k, call in enumerate(CALLS)}


def own_instructions(profile):
    """The instructions of the extension module itself in one part of callgrind's output."""
    objects, own, total, is_call = {}, False, 0, False
    for line in profile.splitlines():
        if match := re.match(r"ob=\((\d+)\)(?: (.*))?", line):
            objects.setdefault(match[1], match[2])
            own = "_core" in (objects[match[1]] or "")
        elif match := re.match(r"cob=\((\d+)\) (.*)", line):
            objects.setdefault(match[1], match[2])
        elif line.startswith("calls="):
            is_call = True  # the next line is what the called function took
        elif match := re.match(r"(?:[+-]?\d+|\*) (\d+)$", line):
            total += int(match[1]) if own and not is_call else 0
            is_call = False
    return total


def compiler():
    """The compiler that built the extension, without what changes from build to build."""
    from jackern import _core

    return _core.compiler()


def main():
    """Count, and compare or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write tools/budget.toml")
    arguments = parser.parse_args()
    counts = counted()
    if arguments.write:
        lines = [f"compiler = {compiler()!r}", "", "[instructions]", *(f"{call!r} = {n}" for call, n in counts.items())]
        BUDGET.write_text("\n".join(lines) + "\n")
        return
    budget = tomllib.loads(BUDGET.read_text())
    over = []
    for call, n in counts.items():
        allowed = budget["instructions"][call]
        print(f"{n:6}  {n / allowed:5.2f} of the budget  {call}")
        if n > MARGIN * allowed:
            over.append(call)
    if compiler() != budget["compiler"]:
        print(f"The budget is for {budget['compiler']}; this is {compiler()}.")
    elif over:
        sys.exit(f"more than {MARGIN:.2f} of the budget: {', '.join(over)}")


if __name__ == "__main__":
    main()
