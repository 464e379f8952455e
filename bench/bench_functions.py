"""Values of all functions against NumPy's and SciPy's loops, and what their products cost beside the value.

A function that NumPy or SciPy compute one element at a time shall take at most 0.3 of their time, one that NumPy has
vector loops for, or that is an instruction, as long as those, in the median over all.
"""

import numpy as np
import pytest

import jackern as jk

special = pytest.importorskip("scipy.special")

N = 100_000
ROWS = [op for op in map(jk.op, jk.op_names()) if hasattr(op, "domain") and not op.is_masked]
PARAMETER_FIRST = {"huber", "pseudo_huber"}  # of SciPy's
INSTRUCTIONS = {"positive", "sign", "sqrt", "square", "reciprocal", "floor", "ceil", "trunc", "rint", "copysign"}
LIMITS = {"log": 1.3, "power": 2.0, "arctan2": 2.0}


def rival_of(op):
    """The ufunc of NumPy or SciPy that computes the op, or None."""
    found = (getattr(library, name, None) for library in (np, special) for name in (op.name, *op.aliases))
    return next((function for function in found if isinstance(function, np.ufunc)), None)


def limit(op, function, dtype):
    """What the op may take of the rival's time: 0.3 where that calls libm."""
    return LIMITS.get(op.name, 1.0) if op.name in INSTRUCTIONS or is_vectorised(function, dtype) else 0.3


def is_vectorised(function, dtype):
    """Whether NumPy has chosen loops for this processor."""
    signature = np.lib.introspect.opt_func_info(f"^{function.__name__}$", np.dtype(dtype).name)
    loops = [loop["current"] for loop in signature.get(function.__name__, {}).values()]
    return any(not loop.startswith("baseline") for loop in loops)


@pytest.fixture(params=ROWS, ids=lambda op: op.name)
def op(request):
    return request.param


@pytest.fixture(params=[np.float64, np.float32], ids=["float64", "float32"])
def names(op, request):
    """The globals of statements: arguments, a cotangent, the value and places for results, in one dtype."""
    rng = np.random.default_rng(0)
    args = {f"x{k}": rng.uniform(low, high, N).astype(request.param) for k, (low, high) in enumerate(op.domain)}
    g = rng.standard_normal(N).astype(request.param)
    return {"op": op, "f": rival_of(op), "g": g, "y": op(*args.values()), "out": np.empty_like(g), **args}


def arguments(op):
    return ", ".join(f"x{k}" for k in range(op.nin))


@pytest.mark.benchmark(group="value against NumPy or SciPy, n = 1e5")
def test_value(compare, op, names):
    if names["f"] is None:
        pytest.skip("neither NumPy nor SciPy have a ufunc for it")
    dtype = names["g"].dtype
    given = arguments(op)
    asked = "x1, x0" if op.name in PARAMETER_FIRST else given
    compare(
        f"{op.name}, {dtype}",
        names,
        (f"op({given})", f"f({asked})"),
        (f"op({given}, out=out)", f"f({asked}, out=out)"),
        targets=(None, limit(op, names["f"], dtype)),
        tolerance=1e-5 if dtype == np.float32 else 1e-9,
    )


@pytest.mark.benchmark(group="product from y against a copy, n = 1e5")
def test_product_from_y(compare, op, names):
    if op.nin > 1 or "y" not in op.reads[0]:
        pytest.skip("no derivative is read from y alone")
    names["three_halves"], names["copied"] = np.ones((2, 3 * N // 2), names["g"].dtype)
    compare(
        f"{op.name}, {names['g'].dtype}",
        names,
        ("op.vjp(g, y=y)", "three_halves.copy()"),
        ("op.vjp(g, y=y, out=out)", "np.copyto(copied, three_halves)"),
        targets=(None, 1.3),
        tolerance=None,
    )


@pytest.mark.benchmark(group="product from x against the value, n = 1e5")
def test_product_from_x(compare, op, names):
    given = arguments(op)
    compare(
        f"{op.name}, {names['g'].dtype}",
        names,
        (f"op.vjp(g, {given}, wrt=0)", f"op({given})"),
        (f"op.vjp(g, {given}, wrt=0, out=out)", f"op({given}, out=out)"),
        targets=(None, 2.0),
        tolerance=None,
    )
