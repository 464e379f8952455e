"""What type checkers make of a user's code: strict ones at rest, and those that look at run time."""

import importlib.util
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jackern as jk

USER = '''
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import jackern as jk

Array = NDArray[Any]


def backward(x: Array, w: Array) -> tuple[Array, Array]:
    """A layer as users write it."""
    y = jk.ops.tanh(jk.ops.matmul(x, w))
    h = jk.ops.tanh.vjp(np.ones_like(y), y=y)
    x_bar, w_bar = jk.ops.matmul.vjp(h, x, w)
    return x_bar, w_bar


def penalty(w: Array) -> float:
    return float(jk.ops.sum(jk.ops.square(w)))


x = np.ones((2, 3))
assert_type(jk.ops.tanh(x), Array)
assert_type(jk.ops.tanh(0.5), np.floating[Any])
assert_type(jk.ops.multiply(x, 2.0), Array)
assert_type(jk.ops.multiply.vjp(x, x, x, wrt=0), Array)
assert_type(jk.ops.multiply.vjp(x, x, x), tuple[Array, ...])
assert_type(jk.ops.sum(x, axis=0), Array)
assert_type(jk.ops.tanh.vjp2(x, x, x), tuple[Array, ...])
bars = jk.ops.linear.vjp(x, x, np.ones((3, 3)), out=(None, np.ones((3, 3))), accumulate=(False, True))
J: jk.Jacobian = jk.diagonal(x) @ jk.ops.tanh.jacobian(x)
print(J.jvp(x).shape, J.T.vjp(x).sum(), penalty(x), backward(x, np.ones((3, 2)))[0], len(bars))
'''


def has(module):
    return importlib.util.find_spec(module) is not None


@pytest.mark.skipif(not has("mypy"), reason="mypy comes with the extra dev")
def test_strict_mypy_passes_on_a_users_code(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(USER)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout


def test_the_code_that_is_checked_runs(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(USER)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def annotated(x: NDArray[Any], n: float) -> NDArray[Any]:
    return jk.ops.multiply(x, n)


def total(x: NDArray[Any]) -> np.floating[Any]:
    return jk.ops.sum(x)


@pytest.mark.parametrize(("module", "name"), [("beartype", "beartype"), ("typeguard", "typechecked")])
def test_checkers_at_run_time_accept_annotated_use(module, name):
    check = getattr(pytest.importorskip(module), name)
    assert check(annotated)(np.ones(3), 2.0).tolist() == [2.0, 2.0, 2.0]
    assert check(total)(np.ones(3)) == 3
