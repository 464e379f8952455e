"""Pickles name one function, `jackern._core.restored`, so that moving a file or a class breaks none of them."""

from __future__ import annotations

import pickle
import pickletools

import pytest

from jackern import _core


def globals_of(pickled):
    """The functions and classes that a pickle of protocol 2 names, as 'module name'."""
    return {argument for opcode, argument, _ in pickletools.genops(pickled) if opcode.name == "GLOBAL"}


def test_an_op_is_pickled_by_its_name_alone(op):
    assert globals_of(pickle.dumps(op, 2)) == {"jackern._core restored"}
    assert _core.restored("op", op.name) is op


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
