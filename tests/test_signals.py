"""What the handler of a signal raises comes out of a call as it is."""

import gc
import signal

import numpy as np
import pytest
import scipy.sparse

import jackern as jk

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers of POSIX")

N = 200_000


def raised_in(call, error, after):
    """Call until the timer goes off, and return what comes out; None if nothing does."""
    went_off = False

    def handle(*_):
        nonlocal went_off
        went_off = True
        raise error

    def repeat():  # a function of its own: in Python 3.13 the end of a loop is not inside the try around it
        while not went_off:
            call()

    before = signal.signal(signal.SIGALRM, handle)
    gc.disable()  # Python swallows what is raised while callbacks of the collector run
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        repeat()
    except BaseException as caught:
        return caught
    else:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()


def calls():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(N)
    J = jk.banded(rng.standard_normal((3, N)), [-1, 0, 1], (N, N)) + 10 * jk.identity(N)
    low = jk.dense(rng.standard_normal((300, 2))) @ jk.dense(rng.standard_normal((2, 300))) + jk.identity(300)
    rows, labels = rng.standard_normal((500, 100)), rng.integers(0, 100, 500)
    matrix = scipy.sparse.random_array((2000, 2000), density=0.01, random_state=rng, format="csr")
    index = rng.integers(0, N, N)
    repeated = np.broadcast_to(1.0, (2,) * 20)  # made here: np.broadcast_to drops a TypeError on its way
    c = jk.convolution(rng.random(60), 300, mode="same")
    f = jk.linear_map(np.negative, np.negative, 300, 300)  # np.cumsum swallows a TypeError
    return {
        "tanh": lambda: jk.ops.tanh(x),
        "product": lambda: J.jvp(x),
        "general product": lambda: J.jvp(x[::-1], out=np.empty(N, np.float32)),
        "matrix": lambda: low @ np.ones((300, 3)),
        "solve": lambda: J.solve(x),
        "solve with low rank": lambda: low.solve(x[:300]),
        "gram": lambda: c.gram(),
        "softmax_cross_entropy": lambda: jk.ops.softmax_cross_entropy(rows, labels),
        "sparse": lambda: jk.sparse(matrix),
        "gather": lambda: jk.select(index, N),
        "shapes": lambda: jk.zero((3,) * 20, (2,) * 20).reshape((3,) * 20, 2**20),
        "axes": lambda: jk.reduction(repeated, axis=tuple(range(20))),
        "linear map": lambda: f.jvp(np.ones((20, 300))),
        "block": lambda: jk.block([[jk.identity(3)] * 3] * 3),
        "dtype": lambda: jk.zero(3, 3, dtype="float32"),
        "op": lambda: jk.op(np.tanh),
        "repr": lambda: repr(jk.dense(np.ones((5, 5)))),
        "repr of a linear map": lambda: repr(jk.linear_map(np.negative, None, 3, 3) + jk.identity(3)),
    }


CALLS = calls()
# Helpers of NumPy in Python (np.iterable, np.finfo) drop a TypeError; in these calls they take a part of the time.
SHORT = {"shapes", "axes", "block", "dtype", "op", "repr", "repr of a linear map", "linear map"}
CASES = [
    (name, kind)
    for name in CALLS
    for kind in (ValueError, TypeError, MemoryError, IndexError)
    if kind is not TypeError or name not in SHORT
]


@pytest.mark.parametrize(("name", "kind"), CASES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_the_error_of_a_handler_is_not_rewritten(name, kind):
    for k in range(12):
        error = kind("from the handler")
        assert raised_in(CALLS[name], error, 0.002 + 0.00037 * k) is error
        assert error.__cause__ is None


def test_an_error_of_the_users_index_is_not_rewritten():
    class Length:
        def __index__(self):
            raise error

    for kind in (TypeError, ValueError):
        error = kind("mine")
        for call in (lambda: jk.zero((2, Length()), 3), lambda: jk.reduction(np.ones(3), axis=Length())):
            with pytest.raises(kind) as caught:
                call()
            assert caught.value is error


def test_a_memory_error_of_somebody_else_is_not_taken_for_the_cap(monkeypatch):
    from jackern._solve import factor

    def fail(*_):
        raise error

    error = MemoryError("no room")
    U, V = np.ones((64, 1)), np.ones((1, 64))
    J = jk.diagonal(np.r_[0.0, np.ones(63)]) + jk.dense(U) @ jk.dense(V)  # a pivot of the diagonal is zero
    monkeypatch.setattr(factor, "block_solver", fail)
    with pytest.raises(MemoryError) as caught:
        J.solve(np.ones(64))
    assert caught.value is error
    J = jk.diagonal(np.r_[1e-30, np.ones(63)]) + jk.dense(U) @ jk.dense(V)
    with pytest.raises(MemoryError) as caught:
        J.solve(np.ones(64))
    assert caught.value is error
