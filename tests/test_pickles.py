"""Pickles name one function, `jackern._core.restored`, so that moving a file or a class breaks none of them."""

from __future__ import annotations

import copy
import pickle
import pickletools

import numpy as np
import pytest

import jackern as jk
from jackern import _core

D = np.arange(1.0, 7.0)
ROW, COLUMN = jk.reduction(D), jk.broadcast(D, ())
JACOBIANS = {
    "zero": jk.zero(2, 3),
    "axis": jk.einsum("bk,kn->bn", D.reshape(2, 3), in_shape=(3, 4)),
    "sliced": jk.select(np.s_[1:4], 6).T @ jk.dense(np.ones((3, 2))),
    "banded": jk.banded(np.ones((2, 6)), [0, 1], (6, 6)),
    "convolution": jk.convolution(np.arange(1.0, 4.0), 6),
    "sparse": jk.select([4, 0, 0], 6),
    "sum": jk.diagonal(D) - COLUMN @ ROW,
    "product": jk.diagonal(D) @ jk.linear_map(np.cumsum, None, 6, 6),
    "linear-map": jk.linear_map(np.cumsum, None, 6, 6).T,
    "gram": jk.dense(np.ones((2, 6))).gram(),
}


def globals_of(pickled):
    """The functions and classes that a pickle of protocol 2 names, as 'module name'."""
    return {argument for opcode, argument, _ in pickletools.genops(pickled) if opcode.name == "GLOBAL"}


def test_an_op_is_pickled_by_its_name_alone(op):
    assert globals_of(pickle.dumps(op, 2)) == {"jackern._core restored"}
    assert _core.restored("op", op.name) is op


@pytest.mark.parametrize("name", JACOBIANS)
def test_a_jacobian_is_pickled_by_its_kind_alone(name):
    jacobian = JACOBIANS[name]
    pickled = pickle.dumps(jacobian, 2)
    assert {x for x in globals_of(pickled) if x.startswith("jackern")} == {"jackern._core restored"}
    assert type(jacobian).__name__.lower().startswith(name.replace("-", ""))
    again = pickle.loads(pickled)
    assert (again.structure, again.out_shape, again.in_shape) == (
        jacobian.structure,
        jacobian.out_shape,
        jacobian.in_shape,
    )
    if name != "linear-map":
        np.testing.assert_array_equal(again.toarray(), jacobian.toarray())


def test_a_kind_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="restores no 'tensor', but 'op'"):
        _core.restored("tensor", 1)
    with pytest.raises(ValueError, match="has no op 'no_such_op'"):
        _core.restored("op", "no_such_op")


def test_a_kind_has_one_maker():
    with pytest.raises(ValueError, match="'op' has a maker already"):
        _core.register("op", dict)


def test_a_name_belongs_to_one_op(op):
    with pytest.raises(ValueError, match=f"there is an op '{op.name}' already"):
        _core.add_op(op)


def lazy(rng):
    """Jacobians that hold one array twice, and how many bytes they hold."""
    wide = jk.dense(rng.random((50, 400)))
    sparse = jk.select(rng.integers(0, 400, 300), 400)
    kernel = np.ascontiguousarray(rng.random(500))
    convolution = jk.convolution(kernel, 1000, mode="same")
    bands = jk.banded(rng.random((3, 400)), [-1, 0, 2], (400, 400))
    column = jk.diagonal(np.broadcast_to(rng.random(1000), (50, 1000)))
    banded = column @ jk.select(np.s_[:, :], (50, 1000)) + column.T  # rows of one array, repeated
    return {
        "dense": wide.gram(),
        "sparse": (sparse @ wide.T).gram(),
        "convolution": convolution.gram(),
        "convolution.T": convolution.T @ convolution,
        "banded": jk.dense(rng.random((5, 400))) @ bands + jk.dense(rng.random((5, 400))) @ bands.T,
        "repeated": banded,
    }


@pytest.mark.parametrize("name", list(lazy(np.random.default_rng(0))))
def test_pickles_and_copies_hold_every_array_once(name):
    J = lazy(np.random.default_rng(0))[name]
    assert len(pickle.dumps(J)) < J.nbytes + 4000
    for again in (pickle.loads(pickle.dumps(J)), copy.deepcopy(J)):
        assert again.nbytes <= J.nbytes + 16  # a number that is shared may be there twice
        v = np.ones(J.in_shape)
        np.testing.assert_array_equal(again.jvp(v), J.jvp(v))
        np.testing.assert_array_equal(again.T.T.vjp(J.jvp(v)), J.vjp(J.jvp(v)))


def test_bytes_of_a_kernel_backwards_count_once():
    kernel = np.arange(1.0, 501)
    c = jk.convolution(kernel, 1000, mode="same")
    assert (c.T @ c).nbytes == c.nbytes == c.T.nbytes == kernel.nbytes
    matrix = np.ones((30, 40))
    J = jk.dense(matrix)
    assert (J.T @ jk.dense(matrix)).nbytes == matrix.nbytes
    assert (jk.dense(matrix.T) @ J).nbytes == matrix.nbytes
