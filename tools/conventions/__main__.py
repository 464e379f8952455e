"""Prints docs/conventions_peers.md: the derivatives at kinks and at special points, here and elsewhere.

The peers are asked in an environment of their own, one process each, with one point after the other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import names
import points

NONE = "—"
HEAD = """\
# Conventions of others

What jackern and other libraries give as a derivative where there is none, and where numbers end: the output of
`make conventions`. jackern's promises are in [conventions.md](conventions.md); a test compares its column with what it
computes.

In float64, on Python {python}: {versions}.

* A cell is the derivative in four digits, from the forward and from the reverse mode, with a tangent or cotangent of 1.
  Where the two differ it is *forward / reverse*. {alone} has the reverse mode alone.
* What differs from jackern is **bold**. A dash: no such op, or no derivative of it (in this mode).
* An op is what a library has under one name, and the same function as jackern's at ordinary points. Two compositions
  stand at the end.
* Arguments are arrays of one element; CasADi's are its symbols SX.
"""
KINKS = """\
## Kinks and limits

The points where jackern's tests name a derivative.
"""
SPECIAL = """\
## Special points

Zeros, infinities, NaN, ends of domains and points beyond them: the {shown} derivatives, of {compared}, in which
somebody differs from jackern.
"""
COMPOSITIONS = """\
## Compositions

By the chain rule, one product after the other, jackern multiplies the 0 that `where` hands back with the infinite slope
of `sqrt`; its masked product, `sqrt.vjp(y_bar, x, where=x > 0)`, is 0 there. A norm is no op of jackern; of two numbers
it is `hypot`.
"""
ARITIES = {1: "Of one argument", 2: "Of two arguments", 3: "Of three arguments"}


def digits(x):
    """Return a number in four digits, 0 without its sign."""
    return NONE if x is None else "NaN" if x != x else f"{x + 0.0:.4g}"


def cell(pair):
    """Return what a table says of the derivatives (forward, reverse)."""
    forward, reverse = map(digits, pair)
    return forward if forward == reverse else f"{forward} / {reverse}"


def agree(theirs, ours):
    """Whether two pairs say the same, as far as both say anything."""
    return all(NONE in (a, b) or a == b for a, b in zip(map(digits, theirs), map(digits, ours), strict=True))


def ask(python, peer):
    """Return what a peer answers, in the environment of `python`."""
    questions = {
        op.name: {
            "names": [op.name, *op.aliases],
            "points": points.at_kinks(op) + points.special(op),
            "ordinary": [(args, float(op(*points.arrays(args))[0])) for args in points.ordinary(op)],
        }
        for op in points.EVERY
    }
    command = [python, str(Path(__file__).with_name("ask.py")), peer]
    asked = subprocess.run(command, input=json.dumps(questions), stdout=subprocess.PIPE, text=True)
    if asked.returncode != 0:
        sys.exit(f"{names.PEERS[peer]} could not be asked")
    return json.loads(asked.stdout)


def cells(op, k, number, point, answers):
    """Return jackern's cell and those of the peers, of one derivative."""
    ours = points.jackern(op, k, point)
    row = [cell(ours)]
    for answer in answers.values():
        pairs = answer["ops"].get(op.name)
        forward, reverse = (None, None) if pairs is None else pairs[k][number]
        theirs = (forward if answer["forward"] else reverse, reverse)
        row.append(cell(theirs) if agree(theirs, ours) else f"**{cell(theirs)}**")
    return row


def place(op, args):
    """Return a point in words."""
    return ", ".join(f"{name} = {digits(x) if x else f'{x:g}'}" for name, x in zip(op.arguments, args, strict=True))


def rows(op, chosen, answers, keep):
    """Yield lines of a table, (op, at, by, cells); neighbours with the same cells are one line."""
    every = points.at_kinks(op) + points.special(op)
    keys = list(map(points.key, every))
    for k in range(op.first, op.nin):
        before = None
        for point in chosen:
            row = cells(op, k, keys.index(points.key(point)), point, answers)
            if not keep(row):
                continue
            if before and before[3] == row:
                before[1] += f"; {place(op, point)}"
                continue
            if before:
                yield before
            before = [op.name, place(op, point), op.arguments[k], row]
        if before:
            yield before


def table(ops, choose, answers, keep):
    """Return a Markdown table of the ops at the points that `choose` chooses, or nothing."""
    titles = ["op", "at", "by", "jackern", *map(names.PEERS.get, answers)]
    lines = [titles, ["---"] * len(titles)]
    for op in ops:
        lines += [[f"`{name}`", at, by, *row] for name, at, by, row in rows(op, choose(op), answers, keep)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines) if len(lines) > 2 else ""


def differs(row):
    """Whether a peer differs."""
    return any("**" in text for text in row)


def anything(row):
    """Return True."""
    return True


def page(answers):
    """Return the text of docs/conventions_peers.md."""
    alone = [names.PEERS[peer] for peer, answer in answers.items() if not answer["forward"]]
    versions = ", ".join(f"{names.PEERS[peer]} {answer['version']}" for peer, answer in answers.items())
    (python,) = {answer["python"] for answer in answers.values()}
    compared = [
        cells(op, k, len(points.at_kinks(op)) + j, point, answers)
        for op in points.ROWS
        for k in range(op.first, op.nin)
        for j, point in enumerate(points.special(op))
    ]
    sections = [HEAD.format(python=python, versions=versions, alone=" and ".join(alone))]
    counts = {"shown": sum(map(differs, compared)), "compared": len(compared)}
    for head, choose, keep in (
        (KINKS, points.at_kinks, anything),
        (SPECIAL.format(**counts), points.special, differs),
    ):
        sections.append(head)
        for nin, title in ARITIES.items():
            sections += [f"### {title}\n", table([op for op in points.ROWS if op.nin == nin], choose, answers, keep)]
    compositions = [op for op in points.EVERY if op.name in names.COMPOSITIONS]
    sections += [COMPOSITIONS, table(compositions, points.special, answers, anything)]
    return "\n".join(sections)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the Python that has the peers")
    python = parser.parse_args().python
    print(page({peer: ask(python, peer) for peer in names.PEERS}), end="")
