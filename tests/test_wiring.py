"""The slots through which lower rooms call higher ones."""

import pytest

from jackern import _core
from jackern._structures.verbs import verbs


def test_a_slot_without_a_function_is_named():
    slots = _core.Slots("add", "compose")
    with pytest.raises(TypeError, match=r"slots without a function: \['compose'\]"):
        slots.fill(add=max)
    with pytest.raises(AttributeError, match="add is no slot, or nothing has filled it"):
        slots.add(1, 2)


def test_a_function_without_a_slot_is_named():
    with pytest.raises(TypeError, match=r"functions without a slot: \['subtract'\]"):
        _core.Slots("add").fill(add=max, subtract=min)


@pytest.mark.parametrize("slots", [verbs, _core.fallbacks])
def test_slots_are_filled_once(slots):
    with pytest.raises(TypeError, match="filled already"):
        slots.fill(**{name: getattr(slots, name) for name in slots._names})
