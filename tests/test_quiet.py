"""Nothing of jackern warns of floating-point events, nor raises where NumPy has been told to."""

import contextlib
import itertools
import pickle

import numpy as np
import pytest
from matplotlib import pyplot

import jackern as jk

MAX = {np.float32: 3e38, np.float64: 1.7e308}
N = 6


def specials(dtype):
    """Numbers that overflow, vanish, divide by zero and are none."""
    return np.array([MAX[dtype], 0.0, -MAX[dtype], np.nan, np.inf, np.finfo(dtype).tiny], dtype)


@pytest.fixture(autouse=True)
def raising():
    with np.errstate(all="raise"):
        yield


def calls_of(op, args, keywords, cotangent):
    floats = [k for k, x in enumerate(args) if x.dtype.kind == "f"]
    tangents = tuple(args) if len(args) > 1 and "labels" not in (op.__doc__ or "") else args[0]
    yield lambda: op(*args, **keywords)
    yield lambda: op.jvp(tangents, *args, **keywords)
    for k in floats:
        yield lambda k=k: op.vjp(cotangent, *args, wrt=k, **keywords)
        yield lambda k=k: op.vjp2(args[k], cotangent, *args, wrt=k, **keywords)
        yield lambda k=k: op.jacobian(*args, wrt=k, **keywords)


def test_ops_are_quiet(op, dtype):
    pairs = itertools.product(specials(dtype), repeat=2)
    columns = np.array([(*p, p[0]) for p in pairs], dtype).T
    args = [column.copy() for column in columns[: op.nin]]
    for call in calls_of(op, args, {}, args[0]):
        call()
    for mixed in ([args[0], *[np.float32(1e38)] * (op.nin - 1)], [list(args[0]), *[3e38] * (op.nin - 1)]):
        op(*mixed)
    if op.nin > 1:
        narrow, weak = specials(np.float32), [1e300] * (op.nin - 1)
        op(narrow, *weak)
        op.jacobian(narrow, *weak)
        op.vjp(np.full(N, 1e300), narrow, *weak, wrt=0)


def test_families_are_quiet(family, dtype):
    args, keywords = family.sample(np.random.default_rng(0), 36)
    args = [np.resize(specials(dtype), x.shape) if x.dtype.kind == "f" else x for x in args]
    cotangent = np.resize(specials(dtype), np.shape(family(*args, **keywords)))
    for call in calls_of(family, args, keywords, cotangent):
        call()
    wide = [np.resize(specials(np.float64), x.shape) if x.dtype.kind == "f" else x for x in args]
    family.jacobian(wide[0], *args[1:], **keywords).astype(np.float32).toarray()


def jacobians(dtype):
    """Name and Jacobian, between vectors of N numbers."""
    x = specials(dtype)
    square = np.resize(x, (N, N))
    big = dtype(MAX[dtype])
    made = {
        "einsum": jk.einsum("aij,j->i", np.resize(x, (3, N, N))),
        "dense": jk.dense(square),
        "block_diagonal": jk.block_diagonal(np.resize(x, (2, 3, 3))).reshape(N, N),
        "diagonal": jk.diagonal(x),
        "broadcast": jk.broadcast(np.resize(x, (2, 3)), 3).reshape(N, 3) @ jk.select(np.s_[:3], N, dtype),
        "reduction": jk.reduction(np.resize(x, (2, 3)), axis=0).reshape(3, N).T @ jk.select(np.s_[:3], N, dtype),
        "identity": jk.identity(N, 1.7e308, dtype),
        "zero": jk.zero(N, N, dtype),
        "banded": jk.banded(np.resize(x, (3, N)), [-1, 0, 1], (N, N)),
        "select": jk.select(np.s_[::-1], N, dtype) * big,
        "gather": jk.select([0, 0, 1, 2, 5, 5], N, dtype) * big,
        "scatter": (jk.select([0, 0, 1, 2, 5, 5], N, dtype) * big).T,
        "convolution": jk.convolution(x, N, mode="same"),
        "constant convolution": jk.convolution(np.broadcast_to(big, 3), N, mode="same"),
        "linear_map": jk.linear_map(
            lambda v: v * v.dtype.type(3e38), lambda v: v * v.dtype.type(3e38), N, N, dtype=dtype
        ),
        "block": jk.block([[jk.diagonal(x[:3]), jk.dense(square[:3, :3])], [None, jk.diagonal(x[3:])]]),
        "gram": jk.dense(np.resize(x, (3, N))).gram(big),
        "sum": jk.dense(square[:, :1]) @ jk.dense(square[:1]) + jk.diagonal(x),
        "product": jk.dense(square[:, :1]) @ jk.dense(square[:1]),
    }
    scipy_sparse = pytest.importorskip("scipy.sparse")
    with np.errstate(all="ignore"):
        made["sparse"] = jk.sparse(scipy_sparse.csr_array(square))
    return made


NAMES = list(jacobians(np.float64))
UNARY = {
    "jvp": lambda J: J.jvp(specials(J.dtype.type)),
    "vjp": lambda J: J.vjp(specials(J.dtype.type)),
    "batch": lambda J: J.jvp(np.resize(specials(J.dtype.type), (3, N))),
    "accumulate": lambda J: J.jvp(specials(J.dtype.type), out=specials(J.dtype.type), accumulate=True),
    "wide": lambda J: J.jvp(specials(np.float64), out=np.zeros(N, np.float32)),
    "matmul": lambda J: J @ np.resize(specials(J.dtype.type), (N, 4)),
    "weak": lambda J: J * 1e300,
    "divided": lambda J: (J / 0, J / 1e300, J * np.float32(3e38), J / np.float64(1e-300), -J),
    "float32": lambda J: J.astype(np.float32),
    "float64": lambda J: J.astype(np.float64),
    "toarray": lambda J: (J.toarray(), J.totensor(), np.asarray(J, np.float32), J.T.toarray()),
    "diagonal": lambda J: J.diagonal(),
    "gram": lambda J: (J.gram().toarray(), J.gram(1e300).toarray(), J.gram(specials(J.dtype.type)).toarray()),
    "gram products": lambda J: (J.gram().diagonal(), J.gram().jvp(specials(J.dtype.type))),
    "explain": lambda J: (J.explain(), repr(J), J.gram().explain()),
    "spy": lambda J: J.spy(pyplot.figure().add_subplot()),
    "pickle": lambda J: pickle.loads(pickle.dumps(J)).toarray(),
    "linear operator": lambda J: J.aslinearoperator().matvec(specials(J.dtype.type)),
}
FAILING = {  # may be refused
    "tocsr": lambda J: J.tocsr(),
    "todia": lambda J: J.todia(),
    "tobanded": lambda J: J.tobanded(),
    "solve": lambda J: (J.solve(specials(J.dtype.type)), J.solve(np.ones(N))),
    "logabsdet": lambda J: J.logabsdet(),
    "gram solve": lambda J: (J.gram().solve(np.ones(N)), (J.gram() + jk.identity(N)).solve(np.ones(N))),
    "assert_structure": lambda J: jk.testing.assert_structure(J, "diagonal"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("use", [*UNARY, *FAILING])
def test_jacobians_are_quiet(name, use, dtype):
    J = jacobians(dtype)[name]
    if name == "linear_map" and use in ("pickle", "spy"):
        return
    refusals = contextlib.nullcontext()
    if use in FAILING:
        refusals = contextlib.suppress(ValueError, AssertionError)
    if name in ("gram", "sum", "product") and use == "spy":
        refusals = contextlib.suppress(ValueError)
    with refusals:
        (UNARY | FAILING)[use](J)
    pyplot.close("all")


@pytest.mark.parametrize("left", NAMES)
def test_compositions_and_sums_are_quiet(left, dtype):
    every = jacobians(dtype)
    A = every[left]
    for B in (*every.values(), *(x.astype(np.float32) for x in every.values())):
        for J in (A @ B, A + B, A - B.T, A.T @ B):
            J.toarray()
            J.diagonal()
        with contextlib.suppress(ValueError):
            (A @ B).tocsr()


def test_constructors_are_quiet():
    jk.identity(3, 1e300, np.float32)
    jk.einsum("ij,j->j", np.full((2, 3), 1.7e308))
    jk.diagonal([1e300]).astype("f4")
    jk.diagonal(np.ones(3, np.float32)).gram(1e300)
    jk.linear_map(lambda v: v * 1e308, lambda v: v * 1e308, 3, 3).jvp(np.full(3, 1e308))
