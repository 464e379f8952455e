"""Asks one peer, in an environment that has it: `ask.py PEER`, with the points on stdin and the answers on stdout.

Both are JSON.  A point of an op is a list of its arguments.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import platform
import sys
import warnings

import names
import numpy as np


def number(result):
    """Return a result of any peer as a float, or None."""
    return None if result is None else float(np.asarray(result, np.float64).reshape(()))


def arrays(point):
    """Return the arguments of a point as arrays of one element."""
    return [np.full(1, x) for x in point]


def check(name, peer, f, ordinary):
    """Raise ValueError where f is another function than jackern's of this name."""
    for point, wanted in ordinary:
        found = number(peer.value(f, arrays(point)))
        if not np.isclose(found, wanted, rtol=1e-6, atol=1e-9):
            raise ValueError(f"{peer.__name__}: {name}{tuple(point)} is {found} there, {wanted} in jackern")


def derivatives(peer, f, points, n_args):
    """Return one list for every argument: (forward, reverse) at every point."""
    modes = (peer.forward, peer.reverse)
    return [
        [[None if mode is None else number(mode(f, arrays(point), k)) for mode in modes] for point in points]
        for k in range(n_args)
    ]


def answers(name, questions):
    """Return the versions, and what the peer answers of every op that it has."""
    peer = importlib.import_module(f"peers.{name}")
    found = {}
    for op, question in questions.items():
        f = names.function(name, peer.words, question["names"])
        if f is None:
            continue
        try:
            check(op, peer, f, question["ordinary"])
            found[op] = derivatives(peer, f, question["points"], len(question["points"][0]))
        except Exception as error:
            error.add_note(f"This was {op} of {name}.")
            raise
    has_forward = peer.forward is not None
    return {"version": peer.version, "python": platform.python_version(), "forward": has_forward, "ops": found}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of divisions by zero, and of steps outside a domain
    with contextlib.redirect_stdout(sys.stderr):
        text = json.dumps(answers(sys.argv[1], json.load(sys.stdin)))
    print(text)
