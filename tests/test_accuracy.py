"""The errors that tools/accuracy.py prints, on a smaller sample, for every row; docs/ops.md, which states them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import definitions
import numpy as np
import products
import pytest
import scipy.special

ROOT = Path(__file__).resolve().parents[1]
page = runpy.run_path(str(ROOT / "tools/ops_page.py"))
accuracy = page["accuracy"]

wide = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is not wider than float64")


# A product beyond the range of float32 is infinite, also where the sum would not be.
BEYOND = {("multiply_add", np.float32)}


@wide
def test_values_are_within_their_ulp_over_all_numbers(op, dtype):
    if (op.name, dtype) in BEYOND:
        return
    (error, place), _, _ = accuracy.short(op.name, dtype)
    assert error <= definitions.allowed(op.name) * (1 + 1e-3), place


@wide
def test_derivatives_from_x_are_right_relatively_and_from_y_to_a_few_units_of_the_largest(op, dtype):
    _, (from_x, at_x), (from_y, at_y) = accuracy.short(op.name, dtype)
    assert from_x <= 8, at_x
    assert from_y <= 4, at_y


def test_an_error_is_seen():
    def error(result, exact, dtype=np.float32):
        return float(np.max(accuracy.errors_in_ulp(np.asarray(result, dtype), np.float64(exact))))

    ulp = 2.0**-23
    assert error([1, 1, 1], [1, 1, 1]) == 0
    assert error([1, 1, 1], [1, 1, 1 + 3 * ulp]) == 3
    assert error([0, np.inf, -np.inf, np.nan], [-0.0, 1e50, -np.inf, np.nan]) == 0
    assert error(np.finfo(np.float32).max, 1e50) == 1
    assert error(0.0, 2.0**-149) == 1
    for wrong in (np.nan, np.inf, -1.0):
        assert error([1, 1, 1], [1, 1, wrong]) > 1e6
        assert error([1, wrong, 1], [1, 1, 1]) > 1e6
    assert error(-np.inf, np.inf) > 1e6


def test_zeros_have_the_sign_that_numpy_and_scipy_give_them(op, dtype):
    """Where they have the function; of two zeros of different sign, either may be the larger."""
    special = [0.0, -0.0, 1.0, -1.0, 3.0, -3.0, np.inf, -np.inf]
    args = [a.ravel().astype(dtype) for a in np.meshgrid(*[special] * op.nin)]
    theirs = getattr(np, op.name, getattr(scipy.special, op.name, None))
    if theirs is None or op.selects or products.positive(op) or op.name == "erfinv":
        # SciPy has parameters first, and its erfinv has no -0
        return
    with np.errstate(all="ignore"):
        result, wanted = op(*args), theirs(*args)
    zeros = (result == 0) & (wanted == 0)
    np.testing.assert_array_equal(np.signbit(result[zeros]), np.signbit(wanted[zeros]))


# ---- docs/ops.md ---------------------------------------------------------------------------------------------------


def known_here(section):
    """Without the names that the NumPy or SciPy at hand do not have."""
    for library, module in (("numpy", np), ("scipy.special", scipy.special)):
        for name in re.findall(rf"`{library}\.(\w+)`, ", section):
            if not hasattr(module, name):
                section = section.replace(f"`{library}.{name}`, ", "")
    return section


@wide
def test_the_page_has_the_entry_of_every_op(op):
    """The entry that the command prints; its errors are upper bounds of what is measured here, and no large ones."""
    text = (ROOT / "docs/ops.md").read_text()
    found = re.search(rf"^### {op.name}\n.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, "run `make ops`"
    stated, here = page["split"](known_here(found[0])), page["split"](page["entry"](op))
    assert stated[0] == here[0], "run `make ops`"
    for bound, error in zip(stated[1], here[1], strict=True):
        assert error - 0.5 <= bound <= error + 0.5, "run `make ops`"


@wide
def test_the_page_has_the_ops_of_the_table_in_its_order():
    text = (ROOT / "docs/ops.md").read_text()
    every = [op.name for op in products.ROWS if not op.is_masked]
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == every
    assert text.startswith(page["HEAD"]), "run `make ops`"
