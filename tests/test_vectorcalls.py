"""What is called through CPython's vectorcall gives what `__call__` gives: the same bits, counts and errors."""

import functools

import numpy as np

import jackern as jk


def arguments(op, n=5):
    return op.sample(np.random.default_rng(3), n)[0]


def outcome(call, *args, **kwargs):
    try:
        return np.asarray(call(*args, **kwargs)).tobytes()
    except (TypeError, ValueError) as error:
        return type(error), str(error)


def spellings(op, args, out):
    yield args, {}
    yield args, {"out": out}
    yield args, {"out": None}
    yield args, {"out": "nothing"}
    yield (*args, out), {}
    yield args[:-1], {}
    yield args[:-1], {"out": out}
    yield (), {"out": out}
    yield (*args, None, None), {}
    yield args, {"nothing": 1}
    yield args, {"out": out, "nothing": 1}
    yield args[:-1], {op._argument_names[-1]: args[-1]}
    yield args[:-1], {op._argument_names[-1]: args[-1], "out": out}
    yield [float(a[0]) for a in args], {}
    yield [a.astype(np.float32) for a in args], {}
    yield [np.array(["text"])] * len(args), {}


def test_a_call_is_that_of_the_slot(op):
    for args, keywords in spellings(op, arguments(op), np.empty(5)):
        through_the_slot = outcome(type(op).__call__, op, *args, **keywords)
        assert outcome(op, *args, **keywords) == through_the_slot, (args, keywords)
        assert outcome(functools.partial(op, **keywords), *args) == through_the_slot, (args, keywords)


def test_a_call_is_counted_once(op):
    args = arguments(op)
    for call in (lambda: op(*args), lambda: op(*args, out=np.empty(5)), lambda: op(*[a[0] for a in args])):
        jk.reset_stats()
        call()
        assert {name: n for name, n in jk.stats().items() if "general" not in name and "bytes" not in name} == {
            f"{op.name}.value": 1
        }


def test_a_name_that_is_not_interned():
    name = "".join(["o", "u", "t"])
    out = np.empty(2)
    assert jk.ops.exp(np.zeros(2), **{name: out}) is out


def test_the_call_keeps_no_reference():
    import sys

    x, out = np.zeros(3), np.empty(3)
    before = sys.getrefcount(x), sys.getrefcount(out)
    for _ in range(50):
        jk.ops.exp(x, out=out)
        jk.ops.exp(x)
        outcome(jk.ops.exp, x, out=out[:2])
        outcome(jk.ops.exp, x, nothing=out)
    assert (sys.getrefcount(x), sys.getrefcount(out)) == before
