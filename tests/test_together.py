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

X = layouts.normal((300, 2003), np.float64, "x")
V = layouts.normal((2003,), np.float64, "v")


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


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask_maps_an_op_and_a_jacobian_over_its_blocks(scheduler):
    da = pytest.importorskip("dask.array")
    chunks = da.from_array(X, chunks=(100, X.shape[1]))
    for function, wanted in [(jk.ops.tanh, jk.ops.tanh(X)), (jk.diagonal(V).jvp, jk.diagonal(V).jvp(X))]:
        found = chunks.map_blocks(function, dtype=float).compute(scheduler=scheduler, num_workers=2)
        assert oracle.same_bits(found, wanted)


GREENLETS = """
import sys
from gevent import monkey
if sys.argv[1] == "patched":
    monkey.patch_all()
import threading
import gevent, numpy as np
import jackern as jk

jk.set_num_threads(2)
X = np.linspace(-1, 1, 600_000).reshape(1000, 600)
work = lambda: [jk.ops.tanh(X), jk.ops.sum(X, axis=0), jk.dense(X).jvp(X[0]), jk.ops.exp(X[0, :8])]
same = lambda found: all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))
wanted, ticks = work(), 0

def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0)

def blocking():
    before = ticks
    found = work()
    return found, ticks - before

ticking = gevent.spawn(tick)
for job in gevent.joinall([gevent.spawn(blocking) for _ in range(3)]):
    found, n = job.get()
    assert same(found) and n == 0
pool = gevent.get_hub().threadpool
before = ticks
assert all(same(job.get()) for job in [pool.spawn(work) for _ in range(5)])
assert ticks > before + 3
ticking.kill()
threads = [threading.Thread(target=lambda: jobs.append(work())) for _ in range(3)]
jobs = []
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(jobs) == 3 and all(map(same, jobs))
"""


@pytest.mark.parametrize("threading", ["as it is", "patched"])
def test_greenlets_call_and_those_that_shall_not_wait_call_in_the_threadpool_of_gevent(threading):
    pytest.importorskip("gevent")
    done = subprocess.run([sys.executable, "-c", GREENLETS, threading], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def numba():
    return pytest.importorskip("numba")


def test_a_compiled_function_of_numba_takes_what_jackern_returns(numba):
    doubled = numba.njit(lambda y: 2 * y)
    for y in (jk.ops.tanh(X), jk.ops.tanh(X.T), jk.ops.sum(X)):  # large, of Fortran's order, a number
        assert np.array_equal(doubled(y), 2 * y)


@pytest.mark.parametrize("order", ["C", "F"])
def test_object_mode_of_numba_gets_the_layout_that_it_declares(numba, order):
    x = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], order=order)

    @numba.njit
    def inside(x):
        with numba.objmode(anyhow="float64[:, :]", rows="float64[:, ::1]", total="float64"):
            anyhow = jk.ops.tanh(x)  # in the order of x
            rows = np.ascontiguousarray(anyhow)
            total = jk.ops.sum(x)
        read = np.empty((2, *x.shape))
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                read[0, i, j], read[1, i, j] = anyhow[i, j], rows[i, j]
        return read, total

    read, total = inside(x)
    assert read.tolist() == [jk.ops.tanh(x).tolist()] * 2
    assert total == 15


def test_compiled_code_of_numba_outside_of_object_mode_refuses_an_op(numba):
    op = jk.ops.tanh
    with pytest.raises(numba.core.errors.TypingError, match="tanh"):
        numba.njit(lambda x: op(x))(X)


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_the_child_works():
    code = """
import os, numpy as np, jackern as jk
x = np.ones((2000, 1000))
def work():
    assert jk.ops.sum(x) == 2e6
    assert np.all(jk.ops.multiply.vjp(x, x, x[0])[1] == 2000)
    assert np.all(jk.dense(x).jvp(x[0]) == 1000)
work()
child = os.fork()
if child == 0:
    work()
    os._exit(0)
work()
_, status = os.waitpid(child, 0)
assert status == 0, status
print("both done")
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout == "both done\n", run.stderr


def test_the_buffer_cache_keeps_as_much_as_it_may_and_says_so():
    x = np.ones(1_000_000)
    before = jk.set_buffer_cache(20_000_000)
    try:
        jk.release_memory()
        assert "buffer cache (bytes)" not in jk.stats()
        for n, kept in ((1, 8e6), (2, 16e6), (3, 16e6)):
            results = [jk.ops.exp(x) for _ in range(n)]
            del results
            assert kept <= jk.stats()["buffer cache (bytes)"] <= min(kept + 1e5, 20e6)
        assert jk.set_buffer_cache(10_000_000) == 20_000_000
        assert jk.stats()["buffer cache (bytes)"] <= 10_000_000
        assert jk.set_buffer_cache(np.int64(0)) == 10_000_000
        jk.ops.exp(x)
        assert "buffer cache (bytes)" not in jk.stats()
        assert jk.show_config("dicts")["recycled memory at most"] == 0
        for wrong, error in ((-1, ValueError), (1.5, TypeError), ("1", TypeError)):
            with pytest.raises(error, match=f"set_buffer_cache: n_bytes is {wrong!r}"):
                jk.set_buffer_cache(wrong)
    finally:
        jk.set_buffer_cache(before)


@pytest.mark.parametrize(("value", "limit"), [("0", 0), ("1000000", 1_000_000), ("-1", None), ("many", None)])
def test_the_environment_sets_the_buffer_cache(value, limit):
    code = "import jackern as jk; print(jk.set_buffer_cache(0))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JACKERN_BUFFER_CACHE": value},
    )
    if limit is None:
        assert f"JACKERN_BUFFER_CACHE={value!r}" in done.stderr
    else:
        assert done.stdout == f"{limit}\n", done.stderr


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


FORK = """
import os, threading, time
import numpy as np
import jackern as jk
jk.set_num_threads(2)
x = np.ones(4 * 10**7)
thread = threading.Thread(target=jk.ops.log1p, args=(x,))
thread.start()
time.sleep(0.05)  # the call is under way, and goes on for longer
assert thread.is_alive()
child = os.fork()
if child == 0:
    jk.ops.exp(x[:10**6])
    os._exit(len(os.listdir("/proc/self/task")))
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are not listed here")
def test_the_child_of_a_fork_amid_a_call_shares_its_own_calls():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


NUMBER = "import os; {before}; import jackern as jk; print(jk.get_num_threads())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the processors of a process are not told here")
def test_the_default_is_as_many_threads_as_processors():
    mine = os.sched_getaffinity(0)
    one = f"os.sched_setaffinity(0, [{min(mine)}])"
    environment = {name: value for name, value in os.environ.items() if name != "JACKERN_NUM_THREADS"}
    for before, variables, wanted in (
        ("", {}, len(mine)),
        (one, {}, 1),
        (one, {"JACKERN_NUM_THREADS": "3"}, 3),
    ):
        code = NUMBER.format(before=before or "pass")
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment | variables, capture_output=True, text=True, check=True
        )
        assert int(done.stdout) == wanted
