"""What tools/bits.py finds in two files of results: every difference, and nothing else."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from pathlib import Path

import products
import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools" / "bits.py"
OLD = {"tanh/jvp": "a", "tanh/vjp": "b", "sum/value": "c", "sum/value/on two threads": "c"}


@pytest.fixture
def compare(tmp_path):
    """Compare OLD with other results, under two instruction sets; the exit status and what was printed."""

    def written(name, results):
        folder = tmp_path / name
        folder.mkdir()
        for isa in ("baseline", "v3"):
            lines = [f"instruction set\t{isa}", *(f"{case}\tfloat64\t(3,)\t{bits}" for case, bits in results.items())]
            (folder / f"{isa}.txt").write_text("\n".join(lines) + "\n")
        return folder

    def run(new, *patterns):
        (tmp_path / "patterns").write_text("# a reason\n" + "\n".join(patterns))
        command = [sys.executable, TOOL, "compare", written("old", OLD), written("new", new)]
        command += ["--expected", tmp_path / "patterns"] if patterns else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr
        return done.returncode, done.stdout

    return run


def test_equal_results_are_counted(compare):
    assert compare(OLD) == (0, "8 cases equal\n")


def test_a_case_that_is_new_is_no_difference(compare):
    assert compare(OLD | {"exp/value": "d"}) == (0, "2 cases are only in the new one\n8 cases equal\n")


def test_a_case_that_differs_is_named_with_its_op(compare):
    status, printed = compare(OLD | {"tanh/vjp": "B"})
    assert status == 1
    assert printed.splitlines() == [
        "tanh: 2 of 4 differ (baseline, v3)",
        "    tanh/vjp",
        "2 cases differ, 6 are equal",
    ]


def test_a_case_that_is_gone_is_a_difference(compare):
    status, printed = compare({case: bits for case, bits in OLD.items() if case != "tanh/jvp"})
    assert status == 1
    assert "tanh: 2 of 4 are only in the old one (baseline, v3)" in printed


def test_two_threads_that_differ_from_one_are_a_difference(compare):
    status, printed = compare(OLD | {"sum/value": "C", "sum/value/on two threads": "D"}, "sum/value")
    assert status == 1
    assert "sum: 2 of 4 differ from one thread (baseline, v3)" in printed


def test_what_is_expected_to_differ_may(compare):
    status, printed = compare(OLD | {"tanh/vjp": "B"}, "tanh/v*", "exp/*")
    assert status == 0
    assert printed.splitlines() == [
        "expected, but nothing differs: exp/*",
        "2 cases differ as expected",
        "6 cases equal",
    ]


@pytest.fixture
def cases(monkeypatch):
    """The modules that make the cases."""
    monkeypatch.syspath_prepend(TOOL.parent)
    return importlib.import_module


def test_every_op_has_cases(cases, any_op):
    assert cases("bits_cases.every").cases_of(any_op) is not None


@pytest.mark.parametrize("one", [products.UNARY[0], products.BINARY[0], products.TERNARY[0]], ids=lambda op: op.name)
def test_jacobians_are_recorded_for_ops_of_any_number_of_arguments(cases, one):
    file = io.StringIO()
    cases("bits_cases.pointwise").jacobians_of(cases("bits_cases.recorder").Recorder(file), one)
    assert f"{one.name}/jacobian/float64" in file.getvalue()
