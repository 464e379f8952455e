"""What docs/together.md says of threads, processes and arrays of others."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import layouts
import numpy as np
import oracle
import pytest
import scipy.integrate
import scipy.optimize

import jackern as jk

X = layouts.normal((300, 401), np.float64, "x")
V = layouts.normal((401,), np.float64, "v")


def work():
    """Large and small calls of several kinds."""
    return [
        jk.ops.tanh(X),
        jk.ops.sum(X, axis=0),
        jk.dense(X).jvp(V),
        jk.ops.multiply.vjp(X, X, V)[1],
        jk.ops.exp(V[:8]),
    ]


def same(found, wanted):
    return all(oracle.same_bits(one, other) for one, other in zip(found, wanted, strict=True))


@pytest.fixture
def two_threads():
    before = jk.get_num_threads()
    jk.set_num_threads(2)
    yield
    jk.set_num_threads(before)


def test_threads_of_python_share_operands_and_the_pool(two_threads):
    wanted = work()
    with ThreadPoolExecutor(4) as pool:
        assert all(same(found, wanted) for found in pool.map(lambda _: work(), range(40)))


def test_an_event_loop_goes_on_beside_a_call():
    async def both():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        found = [await asyncio.to_thread(work) for _ in range(3)]
        ticking.cancel()
        return found, ticks

    found, ticks = asyncio.run(both())
    assert all(same(each, work()) for each in found)
    assert ticks > 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_children_of_forks_while_threads_compute(two_threads):
    wanted, stop = work(), threading.Event()

    def busy():
        while not stop.is_set():
            work()

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                os._exit(0 if same(work(), wanted) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_dask_maps_an_op_over_its_blocks():
    da = pytest.importorskip("dask.array")
    found = da.from_array(X, chunks=(100, 100)).map_blocks(jk.ops.tanh, dtype=float).compute(scheduler="threads")
    assert oracle.same_bits(found, jk.ops.tanh(X))


TIGHT = """
import resource, numpy as np, jackern as jk
x = np.ones(12_500_000)
resident = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
y = jk.ops.exp(x)
del y  # kept: 100 MB
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000,) * 2)
z = jk.ops.exp(np.broadcast_to(x[:1], 18_000_000))  # 144 MB: only where the 100 MB are given back
del z
assert jk.release_memory() > 0
assert jk.release_memory() == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kept_memory_is_given_back_before_an_allocation_fails():
    done = subprocess.run([sys.executable, "-c", TIGHT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- arrays that change ------------------------------------------------------------------------------------------


def changed(run):
    """How many of the vectors that a solver hands out change later, of Jacobians that keep them and of snapshots."""
    kept, wanted = [], []

    def look(y):
        kept.append((jk.diagonal(y), jk.snapshot(jk.diagonal(y))))
        wanted.append(y.copy())
        return -y

    run(look)
    one = np.ones(2)
    return [
        sum(not np.array_equal(pair[k].jvp(one), y) for pair, y in zip(kept, wanted, strict=True)) for k in range(2)
    ]


SOLVERS = {
    "odeint": lambda f: scipy.integrate.odeint(lambda y, t: f(y), [1.0, 2.0], np.linspace(0, 1, 5)),
    "LSODA": lambda f: scipy.integrate.solve_ivp(lambda t, y: f(y), (0, 1), [1.0, 2.0], method="LSODA"),
    "BDF": lambda f: scipy.integrate.solve_ivp(lambda t, y: f(y), (0, 1), [1.0, 2.0], method="BDF"),
    "leastsq": lambda f: scipy.optimize.leastsq(lambda x: f(x) + x**3, [1.0, 3.0]),
    "fsolve": lambda f: scipy.optimize.fsolve(lambda x: f(x) + x**3, [1.0, 3.0]),
}


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solvers_vector_changes_and_a_snapshot_does_not(name):
    kept, snapshots = changed(SOLVERS[name])
    assert kept > 0
    assert snapshots == 0


def test_a_column_of_pandas_changes_with_its_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0]})
    column = frame["a"].to_numpy()
    jacobian = jk.diagonal(column)
    own = jk.snapshot(jacobian)
    frame.loc[0, "a"] = 9.0
    assert own.jvp(np.ones(3)).tolist() == [1, 2, 3]
    assert jacobian.jvp(np.ones(3)).tolist() == column.tolist()
