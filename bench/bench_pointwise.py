"""Pointwise VJPs: every row of the table, and two of them beyond the caches."""

import inspect

import numpy as np
import pytest
from rivals import into_out, written

import jackern as jk

pytestmark = pytest.mark.benchmark(group="pointwise vjp")

CASES = [(name, 10**5) for name in jk.op_names() if hasattr(jk.op(name), "domain")]
CASES += [(name, n) for n in (10**6, 10**7) for name in ("tanh", "multiply")]

TARGETS = {("tanh", 10**5): (0.3, 0.7)}


@pytest.mark.parametrize(("name", "n"), CASES)
def test_pointwise_vjp(compare, name, n):
    op = jk.op(name)
    rng = np.random.default_rng(0)
    values = (rng.uniform(low, high, n) for low, high in op.domain)
    arguments = dict(zip(inspect.signature(op).parameters, values, strict=False))  # behind them comes out
    names = {"op": op, "g": rng.standard_normal(n), "y": op(*arguments.values()), **arguments}

    # One product per argument: jackern makes all of them in one call.
    outs = tuple(f"{argument}_bar" for argument in arguments)
    rival_written, rival_into_out = [], []
    formulas = (op.derivative_formula,) if op.nin == 1 else op.derivative_formula
    for formula, out in zip(formulas, outs, strict=True):
        rival_written.append(written(formula))
        statements, temporaries = into_out(formula, out)
        rival_into_out.append(statements)
        names |= {array: np.empty(n, dtype) for array, dtype in temporaries.items()}
        names[out] = np.empty(n)

    reads = frozenset().union(*op.reads)
    given = ["g", *(argument for argument in arguments if op.nin > 1 or argument in reads)]
    given += ["y=y"] if "y" in reads else []
    given += ["wrt=(0, 1, 2)"] if op.nin == 3 else []
    call = f"op.vjp({', '.join(given)}"
    out = outs[0] if op.nin == 1 else f"({', '.join(outs)})"
    compare(
        f"{name}, n = {n:,}",
        names,
        (f"{call})", ", ".join(rival_written)),
        (f"{call}, out={out})", "; ".join(rival_into_out)),
        outs=outs,
        targets=TARGETS.get((name, n), (None, None)),
        n_bytes=8 * n * (1 + len(reads) + op.nin),
    )
