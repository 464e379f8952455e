"""Calls of several threads of Python at once; `make tsan` runs them under the thread sanitizer, which knows of the GIL.

What is compiled here is instrumented: the C library, and the binding, whose counters, spare workspace and pool only the
GIL guards.  ``races.py --planted`` lets threads write to one output, which the sanitizer has to report.
"""

from __future__ import annotations

import argparse
import threading

import numpy as np

import jackern as jk

N_THREADS = 4
RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 1.5, (300, 401))
W = RNG.uniform(0.5, 1.5, 401)
BANDS = jk.banded(np.repeat([[1.0], [4.0], [1.0]], 200_000, axis=1), [-1, 0, 1], (200_000, 200_000))
LONG = RNG.uniform(0.5, 1.5, 200_000)
DENSE, SUM = jk.dense(X), jk.diagonal(LONG) @ BANDS + jk.identity(200_000)
LABELS = np.arange(300)


def call_all():
    """Large calls, which leave the GIL and share the pool, and small ones, on operands that all threads share."""
    return [
        jk.ops.tanh(X),
        jk.ops.multiply(X, W),
        *jk.ops.multiply.vjp(X, X, W),
        jk.ops.sum(X, axis=0),
        jk.ops.matmul(X[:, :50], X[:50, :50]),
        jk.ops.softmax_cross_entropy.vjp(LABELS + 1.0, X, LABELS),
        DENSE.jvp(W),
        DENSE.T.jvp(X[:, 0]),
        DENSE.gram().jvp(W),
        BANDS.jvp(LONG),
        SUM.vjp(LONG),
        BANDS.solve(LONG),
        jk.convolution(W[:9], 200_000).jvp(LONG),
        *(getattr(jk.ops, name)(W[:8]) for name in ("exp", "square", "negative")),
    ]


def disturb(k):
    """What changes the state of the library while others call."""
    jk.set_num_threads(1 + k % 3)
    jk.release_memory()
    jk.stats()
    if k % 5 == 0:
        jk.reset_stats()


def run(target):
    """Run a function of a number in several threads, and raise what one of them raised."""
    raised = []

    def guarded(k):
        try:
            target(k)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def main():
    """Run the rounds that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="of each thread (default: 20)")
    parser.add_argument("--planted", action="store_true", help="write to one output from all threads instead")
    arguments = parser.parse_args()
    jk.set_num_threads(3)
    if arguments.planted:
        out = np.empty_like(X)
        run(lambda k: [jk.ops.exp(X, out=out) for _ in range(arguments.rounds)])
        return
    wanted = [y.tobytes() for y in call_all()]

    def work(k):
        for i in range(arguments.rounds):
            if k == 0:
                disturb(i)
            assert [y.tobytes() for y in call_all()] == wanted

    run(work)
    print(f"{N_THREADS} threads of Python, {arguments.rounds} rounds of {len(wanted)} calls: the bits of one thread")


if __name__ == "__main__":
    main()
