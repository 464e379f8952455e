"""Descriptions of Jacobians that lie, and arrays whose memory goes away: refused before any product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

import jackern as jk
from jackern import _core

FUZZ = Path(__file__).resolve().parents[1] / "tools/fuzz.py"
D = np.arange(1.0, 7.0)


# ---- descriptions ------------------------------------------------------------------------------------------------

AXIS = {"values": D, "letters": (0,), "out": (0,), "in_": (0,), "lengths": (6,), "out_shape": (6,), "in_shape": (6,)}
LIES = {
    "out_shape": ({"out_shape": (60,)}, "60 elements, expected 6"),
    "in_shape": ({"in_shape": (2, 2)}, "4 elements, expected 6"),
    "a length": ({"lengths": (7,), "out_shape": (7,), "in_shape": (7,)}, "length 6, its letter 7"),
    "a negative length": (
        {"lengths": (6, -1), "out": (0, 1)},
        "negative",
    ),
    "an empty letter": ({"lengths": (6, 0), "out": (0, 1), "out_shape": (0,)}, "length 0"),
    "a letter twice": ({"out": (0, 0), "out_shape": (36,)}, "stands twice"),
    "a letter of the values twice": (
        {"values": np.ones((6, 6)), "letters": (0, 0)},
        "do not fit the values|each once",
    ),
    "a letter without a length": ({"out": (1,)}, "letter 1 has no length"),
    "a letter of the values alone": ({"out": (), "in_": (), "out_shape": (), "in_shape": ()}, "at an end too"),
    "too many letters": (
        {"lengths": (2,) * 65, "out": tuple(range(65)), "values": np.ones(2)},
        "over 64",
    ),
    "sizes beyond every address": (
        {"lengths": (6, 2**62, 2**62), "out": (0, 1, 2)},
        "6 elements, expected 127605887595351923798765477786913079296",
    ),
    "values of another kind": ({"values": D.astype(np.float16)}, "do not fit the values"),
    "too many axes": ({"out_shape": (6, *(1,) * 64)}, "65 axes"),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("name", LIES)
def test_an_axis_description_that_lies_is_refused(name):
    changed, message = LIES[name]
    with pytest.raises(ValueError, match=message):
        _core.restored("axis", *(AXIS | changed).values(), None)


@pytest.mark.sanitize
def test_sums_and_products_of_parts_that_do_not_fit_are_refused():
    a, b = jk.diagonal(D), jk.dense(np.ones((6, 5)))
    for kind, state in (
        ("sum", ((a, b),)),
        ("sum", ((),)),
        ("product", ((b, a), ("",))),
        ("product", ((a, b), ())),
        ("gram", ((a, b), ("",))),
        ("gram", ((a, a, b), ("", ""))),
    ):
        with pytest.raises(ValueError, match=r"damaged|a sum|a product|Gram"):
            _core.restored(kind, *state)


@pytest.mark.sanitize
def test_a_state_of_another_kind_is_named():
    with pytest.raises(ValueError, match="what was pickled as 'sparse' is damaged"):
        _core.restored("sparse", D, D, (6,), (6,), False)


@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["views", "descriptions", "pickles", "sparse"])
def test_fuzz_runs_clean(target):
    command = [sys.executable, FUZZ, target, "--rounds", "200"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{target}: 200 rounds\n"


# ---- memory that goes away ---------------------------------------------------------------------------------------

KEEPING = {
    "diagonal": lambda a: jk.diagonal(a),
    "diagonal, repeated": lambda a: jk.diagonal(np.broadcast_to(a, (30, 6))),
    "dense": lambda a: jk.dense(a.reshape(2, 3)),
    "banded": lambda a: jk.banded(a.reshape(1, 6), (0,), (6, 6)),
    "banded, two": lambda a: jk.banded(a.reshape(2, 3), (0, 1), (3, 3)),
    "sparse": lambda a: jk.sparse(scipy.sparse.csr_array((a, np.arange(6), np.arange(7)), (6, 6))),
    "convolution": lambda a: jk.convolution(a, 4),
    "sliced": lambda a: jk.select(np.s_[:6], 9).T @ jk.diagonal(a),
    "sum": lambda a: jk.diagonal(a) - jk.broadcast(np.ones(6), ()) @ jk.reduction(np.ones(6)),
    "gram": lambda a: jk.dense(a.reshape(2, 3)).gram(),
}


@pytest.fixture
def kept():
    """Of a Jacobian that keeps an array, the array."""

    def make(name):
        a = D.copy()
        jacobian = KEEPING[name](a)
        shared = [x for x in jacobian._arrays() if np.shares_memory(x, a)]
        return a, jacobian, bool(shared)

    return make


@pytest.mark.sanitize
@pytest.mark.parametrize("loss", ["shrunk", "replaced"])
@pytest.mark.parametrize("name", KEEPING)
def test_memory_that_went_away_is_not_read(kept, name, loss):
    a, jacobian, is_shared = kept(name)
    if not is_shared:
        return
    v, u = np.ones(jacobian.in_shape), np.ones((2, *jacobian.out_shape))
    if loss == "shrunk":
        a.resize(1, refcheck=False)
    else:
        a.__setstate__((1, (2,), np.dtype(float), False, b"\0" * 16))
    for call in (lambda: jacobian.jvp(v), lambda: jacobian.vjp(u), lambda: jacobian.toarray(), lambda: jacobian @ v):
        with pytest.raises(ValueError, match="was given other memory"):
            call()


def test_numbers_may_change_and_so_may_the_shape():
    a = D.copy()
    jacobian = jk.diagonal(a)
    a[...] = 2.0
    assert jacobian.jvp(np.ones(6)).tolist() == [2.0] * 6


@pytest.mark.parametrize("name", KEEPING)
def test_a_snapshot_has_arrays_of_its_own(kept, name):
    a, jacobian, _ = kept(name)
    wanted = jacobian.toarray()
    own = jk.snapshot(jacobian)
    assert type(own) is type(jacobian)
    assert not any(np.shares_memory(x, y) for x in own._arrays() for y in jacobian._arrays())
    a[...] = np.nan
    np.testing.assert_array_equal(own.toarray(), wanted)


def test_a_snapshot_of_a_linear_map_has_its_functions():
    jacobian = jk.linear_map(np.cumsum, None, 3, 3)
    assert jk.snapshot(jacobian) is jacobian
    with pytest.raises(TypeError, match="expected a Jacobian"):
        jk.snapshot(D)
