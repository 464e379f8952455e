"""Prints docs/ops.md: of every pointwise op what it computes, how exact it is, and what others call it.

Errors are those of `tools/accuracy.py` on its short sample, rounded up to the next half.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import scipy.special

import jackern as jk

sys.path.insert(0, str(Path(__file__).resolve().parent))
import accuracy
import op_names
import products

HEAD = f"""\
# Ops

The pointwise ops, as `make ops` prints them from the table and from measurements. What stands for each:

* its value, and its derivative by every argument: what that reads (`y` is the value; *nothing*: it is a constant), and
  the structure of the Jacobian for arguments of one shape. Where they do not have one shape the Jacobian is a
  `broadcast` or `reduction` of the same numbers.
* **Kinks**: points without a derivative, and what is given there.
* **Errors**: the largest ones measured, rounded up to the next half, for float32 and float64. Values: in units in the last
  place (ulp), over all floating-point numbers. Derivatives over the domain that the row names: from `x`, in ulp of the
  derivative (or, where it is a difference, of its larger term), and from a `y` that is given, in epsilons of the largest
  derivative. Where small derivatives must keep their digits, save `x`; where memory or time count, save `y`.
* **Elsewhere**: what NumPy, SciPy, JAX {op_names.JAX_VERSION} and PyTorch {op_names.TORCH_VERSION} call it. What they say at kinks is not always the same
  ([conventions.md](conventions.md)).
"""  # noqa: E501

BOUNDS = re.compile(r"(?<=\s)\d+(?:\.5)?(?= \()|(?<=\()\d+(?:\.5)?(?=\))")


def up(error):
    """Return an error as a bound: rounded up to the next half."""
    if math.isinf(error):  # where rounding twice goes beyond the range
        return "inf"
    return f"{math.ceil(2 * error) / 2:g}"


def names_of(op):
    """Return what the op is called elsewhere."""
    ours = (op.name, *op.aliases)
    in_numpy = next((name for name in ours if callable(getattr(np, name, None))), None)
    in_scipy = next((name for name in ours if callable(getattr(scipy.special, name, None))), None)
    rule = ("jax.nn.", "torch.nn.functional.")
    if in_numpy:
        yield f"numpy.{in_numpy}"
        rule = ("jax.numpy.", "torch.")
    if in_scipy:
        yield f"scipy.special.{in_scipy}"
        rule = rule if in_numpy or op.name != in_scipy else ("jax.scipy.special.", "torch.special.")
    for names, prefix in zip((op_names.JAX, op_names.TORCH), rule, strict=True):
        if name := names.get(op.name, prefix + op.name):
            yield name


def structures(op):
    """Return the structure of the Jacobian by every argument."""
    args, keywords = op.sample(np.random.default_rng(0), 3)
    return [op.jacobian(*args, wrt=k, **keywords).structure for k in range(op.nin)]


def entry(op):
    """Return the section of one op."""
    names = products.names(op)
    derivatives = op.derivative_formula if op.nin > 1 else (op.derivative_formula,)
    formula, *derivatives = op_names.FORMULAS.get(op.name, (op.formula, *derivatives))
    errors = [accuracy.short(op.name, dtype) for dtype in (np.float32, np.float64)]
    value, from_x, from_y = [f"{up(narrow[0])} ({up(wide[0])})" for narrow, wide in zip(*errors, strict=True)]
    lines = [f"### {op.name}", "", f"y = `{formula}`" + "".join(f", alias `{alias}`" for alias in op.aliases), ""]
    lines += ["| by | derivative | reads | Jacobian |", "|---|---|---|---|"]
    for name, derivative, reads, structure in zip(names, derivatives, op.reads, structures(op), strict=True):
        read = ", ".join(sorted(reads)) or "nothing"
        lines.append(f"| {name} | `{derivative}` | {read} | {structure} |".replace("|x|", "\\|x\\|"))
    lines += ["", f"* Kinks: {op.kinks or 'none'}"]
    by_y = f"; from y {from_y}" if any("y" in reads for reads in op.reads) else ""
    lines += [f"* Errors: value {value} ulp; derivative from x {from_x} ulp{by_y}"]
    return "\n".join([*lines, f"* Elsewhere: {', '.join(f'`{name}`' for name in names_of(op))}", ""])


def split(section):
    """Return a section without its bounds of errors, and these."""
    return BOUNDS.sub("~", section).strip(), [float(bound) for bound in BOUNDS.findall(section)]


def page():
    """Return the text of docs/ops.md."""
    kinds = {}
    for op in products.OPS:
        kinds.setdefault(("one argument", "two arguments", "three arguments")[op.nin - 1], []).append(op)
    sections = [HEAD]
    for kind, ops in kinds.items():
        sections += [f"## Of {kind}\n", *map(entry, ops)]
    return "\n".join(sections)


if __name__ == "__main__":
    assert all(getattr(jk.ops, name, None) is not None for name in jk.op_names())
    print(page(), end="")
