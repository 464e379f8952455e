"""What type checkers make of a user's code: strict ones at rest, and those that look at run time."""

import ast
import copy
import doctest
import functools
import importlib.util
import inspect
import json
import re
import subprocess
import sys
import types
import typing
from pathlib import Path
from typing import Any

import numpy as np
import products
import pytest
from numpy.typing import NDArray

import jackern as jk

ROOT = Path(__file__).resolve().parents[1]
STUBS = [Path(jk.__file__).with_name(name) for name in ("_core_ops.pyi", "_core.pyi")]  # in the order of their imports

USER = '''
import pickle
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import jackern as jk

Array = NDArray[Any]
Scalar = np.floating[Any]


def backward(x: Array, w: Array) -> tuple[Array, Array]:
    """A layer as users write it."""
    y = jk.ops.tanh(jk.ops.matmul(x, w))
    h = jk.ops.tanh.vjp(np.ones_like(y), y=y)
    x_bar, w_bar = jk.ops.matmul.vjp(h, x, w)
    return x_bar, w_bar


def penalty(w: Array) -> float:
    return float(jk.ops.sum(jk.ops.square(w)))


def twice(x: Array) -> jk.Jacobian:
    return jk.diagonal(2 * x)


def several(x: Array, arguments: tuple[int, ...]) -> tuple[Array, ...]:
    return jk.ops.multiply.vjp(x, x, x, wrt=arguments)


x = np.ones((2, 3))
square = np.ones((3, 3))
row = np.ones(3)

# Of one argument, two and three.
assert_type(jk.ops.tanh(x), Array)
assert_type(jk.ops.tanh([1.0, 2.0]), Array)
assert_type(jk.ops.tanh(0.5), Scalar)
assert_type(jk.ops.tanh(np.float32(0.5)), Scalar)
assert_type(jk.ops.tanh(x, out=x.copy()), Array)
assert_type(jk.ops.tanh.jvp(x, x), Array)
assert_type(jk.ops.tanh.jvp(1.0, 0.5), Scalar)
assert_type(jk.ops.tanh.vjp(x, y=x, out=x.copy(), accumulate=True), Array)
assert_type(jk.ops.tanh.vjp(x, x, wrt=(0,)), tuple[Array])
assert_type(jk.ops.tanh.vjp(1.0, 0.5), Scalar)
assert_type(jk.ops.tanh.vjp2(x, x, x), tuple[Array, Array])
assert_type(jk.ops.tanh.vjp2(1.0, 1.0, 0.5), tuple[Scalar, Scalar])
assert_type(jk.ops.tanh.jacobian(x), jk.Jacobian)
assert_type(jk.ops.tanh.jacobian(x, wrt=(0,)), tuple[jk.Jacobian, ...])
assert_type(jk.ops.tanh.accepts(x), bool)
assert_type(jk.ops.multiply(x, 2.0), Array)
assert_type(jk.ops.multiply(3.0, 2), Scalar)
assert_type(jk.ops.multiply.jvp((x, None), x, 2.0), Array)
assert_type(jk.ops.multiply.vjp(x, x, x, wrt=0), Array)
assert_type(jk.ops.multiply.vjp(x, x, x), tuple[Array, Array])
assert_type(jk.ops.multiply.vjp(x, x, 2.0), tuple[Array, Scalar])
assert_type(jk.ops.multiply.vjp(x, 2.0, x), tuple[Scalar, Array])
assert_type(jk.ops.multiply.vjp(x, x, 2.0, wrt=1), Scalar)
assert_type(jk.ops.multiply.vjp(x, x, 2.0, wrt=0), Array)
assert_type(jk.ops.multiply.vjp2((x, None), x, x, x), tuple[Array, Array, Array])
assert_type(jk.ops.multiply.jacobian(x, row, wrt=1), jk.Jacobian)
assert_type(jk.ops.clip(x, -1.0, 1.0), Array)
assert_type(jk.ops.clip.vjp(x, x, -1.0, 1.0), Array)
assert_type(jk.ops.clip.vjp(x, x, -1.0, 1.0, wrt=2), Scalar)
assert_type(jk.ops.clip.vjp(x, x, x, x, wrt=(0, 1)), tuple[Array, ...])
assert_type(jk.ops.where(x > 0, x, 0.0), Array)
assert_type(jk.ops.where.vjp(x, x > 0, x, 0.0), tuple[Array, Scalar])
assert_type(jk.ops.lerp.vjp(x, x, x, x), tuple[Array, Array, Array])
assert_type(jk.ops.tanh.derivative(x), Array)
assert_type(jk.ops.multiply.derivative(2.0, 3.0, wrt=1), Scalar)
assert_type(jk.ops.tanh.vjp(x, x, where=x > 0), Array)

# Reductions, matrix products, losses.
assert_type(jk.ops.sum(x), Scalar)
assert_type(jk.ops.sum(x, axis=0), Array)
assert_type(jk.ops.mean(x, keepdims=True), Array)
assert_type(jk.ops.mean.vjp(1.0, x), Array)
assert_type(jk.ops.mean.jvp(x, x), Scalar)
assert_type(jk.ops.matmul(x, square), Array)
assert_type(jk.ops.matmul.vjp(x, x, square), tuple[Array, Array])
assert_type(jk.ops.matmul.vjp(x, x, square, wrt=1), Array)
assert_type(jk.ops.linear(x, square, row), Array)
assert_type(jk.ops.linear.vjp(x, x, square, row), tuple[Array, Array, Array])
assert_type(jk.ops.linear.vjp(x, x, square), tuple[Array, Array])
assert_type(jk.ops.linear.vjp(x, x, square, row, wrt=2), Array)
bars = jk.ops.linear.vjp(x, x, square, out=(None, square.copy()), accumulate=(False, True))
assert_type(jk.ops.softmax_cross_entropy(x, [0, 2]), Array)
assert_type(jk.ops.softmax_cross_entropy(row, 1), Scalar)
assert_type(jk.ops.softmax_cross_entropy.vjp(row[:2], x, [0, 2]), Array)
assert_type(jk.ops.softmax_cross_entropy.jacobian(x, [0, 2]), jk.Jacobian)
assert_type(jk.unbroadcast(x, 3), Array)
assert_type(jk.unbroadcast(x, ()), Scalar)
assert_type(jk.op(jk.ops.tanh)(x), Array)

# Every constructor.
constructed = [
    jk.banded([row, row], [0, 1], (3, 3)),
    jk.block([[jk.identity(3), None], [None, jk.zero(2, 3)]]),
    jk.block_diagonal(np.ones((2, 3, 3))),
    jk.broadcast(x, (3,)),
    jk.convolution(row, 5, mode="same"),
    jk.dense(x, out_shape=2),
    jk.diagonal(row),
    jk.einsum("bk,kn->bn", x, in_shape=(3, 4)),
    jk.identity((2, 3), 2.0),
    jk.linear_map(np.copy, np.copy, 3, 3),
    jk.reduction(x, axis=0),
    jk.select(np.s_[1:], 3),
    jk.select([0, 2], 3),
    jk.snapshot(jk.diagonal(row)),
    jk.zero((2,), 3),
]
assert_type(constructed, list[jk.Jacobian])

# What a Jacobian does.
J: jk.Jacobian = jk.diagonal(row) @ jk.ops.tanh.jacobian(row)
assert_type(J.jvp(row), Array)
assert_type(J.vjp(row, out=row.copy(), accumulate=True), Array)
assert_type(J @ J, jk.Jacobian)
assert_type(J @ row, Array)
pulled: Array = row @ J  # NumPy knows the dtype of row
assert_type(J + J - 2 * J * 3.0 / np.float32(2) + -J, jk.Jacobian)
assert_type(sum([J, J], start=jk.zero(3, 3)), jk.Jacobian)
assert_type(J.T.reshape(3, (3, 1)).astype("float32"), jk.Jacobian)
assert_type(J.gram(row), jk.Jacobian)
assert_type((J.gram() + 0.1 * jk.identity(3)).solve(row), Array)
assert_type(J.logabsdet(), Scalar)
assert_type((J.toarray(), J.totensor(), J.diagonal(), J.values), tuple[Array, Array, Array, Array])
assert_type(J.tobanded(), tuple[tuple[int, int], Array])
assert_type((J.out_shape, J.shape), tuple[tuple[int, ...], tuple[int, int]])
assert_type((J.nnz, J.nbytes, J.structure, J.subscripts, J.explain()), tuple[int, int, str, str, str])
assert_type(np.asarray(J).shape, tuple[Any, ...])
restored: jk.Jacobian = pickle.loads(pickle.dumps(J))

# Checks, counters, names.
jk.testing.check(jk.ops.tanh, row)
jk.testing.check("softmax_cross_entropy", x, np.array([0, 2]))
jk.testing.check((np.square, twice), row)
jk.testing.assert_structure(J, "diagonal")
assert_type(jk.stats(), dict[str, int])
assert_type(jk.op_names(), list[str])
assert_type(jk.show_config("dicts"), dict[str, Any])
assert_type(jk.get_num_threads(), int)
print(J.T.vjp(row).sum(), penalty(x), backward(x, np.ones((3, 2)))[0], len(bars), pulled.size, len(several(row, (0,))))
'''
WRONG = """
import numpy as np

import jackern as jk

x = np.ones(3)
jk.ops.tanh(None)
jk.ops.tanh.vjp(x, z=x)
a_bar, b_bar, c_bar = jk.ops.multiply.vjp(x, x, x)
print(jk.diagonal(x) + 1.0)
print(jk.diagonal(x) * jk.diagonal(x))
jk.diagonal(x).toarray("rows")
jk.convolution(x, 5, mode="wide")
text: str = jk.identity(3) @ x
number: float = jk.ops.tanh(x)
"""


def examples(path):
    """The examples of a document as a module, without those that raise; what is not called is printed."""
    text = re.sub(r"^ *```.*$", "", path.read_text(encoding="utf-8"), flags=re.M)
    found = [example.source for example in doctest.DocTestParser().get_examples(text) if example.exc_msg is None]
    return "".join(f"print({x.strip()})\n" if is_value(x) else x for x in found)


def is_value(source):
    (statement,) = ast.parse(source).body
    return isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call)


DOCUMENTS = [p for p in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))) if ">>>" in p.read_text(encoding="utf-8")]
MODULES = {"user": USER} | {path.stem: examples(path) for path in DOCUMENTS}


def has(module):
    return importlib.util.find_spec(module) is not None


needs_mypy = pytest.mark.skipif(not has("mypy"), reason="mypy comes with the extras dev and arrays")
needs_pyright = pytest.mark.skipif(not has("basedpyright"), reason="pyright comes with the extra arrays")


def mypy(folder):
    """What strict mypy says of all modules in a folder."""
    files = sorted(path.name for path in folder.glob("*.py"))
    options = ["--strict", "--cache-dir", str(folder / "cache"), "--config-file="]
    command = [sys.executable, "-m", "mypy", *options, *files]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False).stdout


def pyright(folder):
    """The errors of strict pyright in all modules in a folder: (file, line, rule, message)."""
    # J is redefined, as people do: a rule of names, not of types.
    settings = {"typeCheckingMode": "strict", "reportConstantRedefinition": False}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(folder.glob("*.py"))), done.stdout
    return [
        (Path(x["file"]).name, x["range"]["start"]["line"] + 1, x.get("rule"), x["message"])
        for x in report["generalDiagnostics"]
        if x["severity"] == "error"
    ]


def write(folder, modules):
    for name, text in modules.items():
        (folder / f"{name.lower()}.py").write_text(text, encoding="utf-8")


def test_the_documents_have_examples():
    assert {"README", "conventions", "algebra", "matrix_calculus"} <= MODULES.keys()
    assert MODULES["README"].count("jk.") > 10


@needs_mypy
def test_strict_mypy_passes_on_a_users_code_and_the_documents_examples(tmp_path):
    write(tmp_path, MODULES)
    assert f"no issues found in {len(MODULES)} source files" in mypy(tmp_path)


@needs_pyright
def test_strict_pyright_passes_on_a_users_code_and_the_documents_examples(tmp_path):
    write(tmp_path, MODULES)
    assert pyright(tmp_path) == []


WRONG_LINES = {n for n, line in enumerate(WRONG.splitlines(), 1) if n > 6}


@needs_mypy
def test_mypy_finds_every_wrong_line(tmp_path):
    write(tmp_path, {"wrong": WRONG})
    assert {int(n) for n in re.findall(r"^wrong.py:(\d+): error", mypy(tmp_path), re.M)} == WRONG_LINES


@needs_pyright
def test_pyright_finds_every_wrong_line(tmp_path):
    write(tmp_path, {"wrong": WRONG})
    assert {line for _, line, _, _ in pyright(tmp_path)} == WRONG_LINES


def test_the_code_that_is_checked_runs(tmp_path):
    write(tmp_path, {"user": USER})
    done = subprocess.run([sys.executable, tmp_path / "user.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_hints_of_all_that_is_public_can_be_read():
    """As checkers at run time read them: every name in an annotation is there."""
    functions = [x for name in jk.__all__ if inspect.isfunction(x := getattr(jk, name))]
    methods = [x for name, x in inspect.getmembers(jk.Jacobian, inspect.isfunction) if not name.startswith("__")]
    for function in (*functions, *methods, jk.testing.check, jk.testing.assert_structure):
        assert "return" in typing.get_type_hints(function), function


# ---- the stub against the results of every op -----------------------------------------------------------------------


@functools.cache
def stub():
    return Stub()


class Stub:
    """The stub of the binding: the overloads of its methods, and the one that a checker takes for a call."""

    def __init__(self):
        class TernaryOp(typing.Generic[typing.TypeVar("NOperands")]):
            """What is written with the number of operands."""

        nodes = [node for stub in STUBS for node in ast.parse(stub.read_text(encoding="utf-8")).body]
        self.names = vars(typing) | {"TernaryOp": TernaryOp}
        absent = {"typing_extensions", "jackern._core_ops"}
        for node in nodes:  # imports, and names for types
            if isinstance(node, ast.Assign) or getattr(node, "module", "typing_extensions") not in absent:
                exec(compile(ast.Module([node], []), "stub", "exec"), self.names)
        self.classes = {node.name: node.body for node in nodes if isinstance(node, ast.ClassDef)}
        lines = STUBS[0].with_name("ops.pyi").read_text(encoding="utf-8")
        self.op_types = dict(re.findall(r"^(\w+): (.*)$", lines, re.M))

    @functools.cache  # noqa: B019 - there is one stub
    def overloads(self, op_class, method):
        """Of every overload: the signature, the types of the parameters, the type of the result."""
        for base in op_class.__mro__:
            body = self.classes.get(base.__name__, [])
            found = [x for x in body if isinstance(x, ast.FunctionDef) and x.name == method]
            if found:
                return [self.read(x) for x in found]
        raise AssertionError(f"the stub has no {op_class.__name__}.{method}")

    def read(self, function):
        function = copy.deepcopy(function)
        given = function.args
        several = [x for x in (given.vararg, given.kwarg) if x is not None]
        named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]
        hints = {x.arg: self.type_of(ast.unparse(x.annotation)) for x in named if x.annotation is not None}
        for x in named:
            x.annotation = None  # a lambda has none
        signature = inspect.signature(eval(f"lambda {ast.unparse(given)}: None"))
        return signature, hints, self.type_of(ast.unparse(function.returns))

    def type_of(self, text):
        return eval(text, self.names)

    def result_of(self, op, method, args, keywords):
        """The type of a call's result: that of the first overload that takes the arguments."""
        own = self.type_of(self.op_types[op.name]) if op in products.TERNARY else None
        for signature, hints, result in self.overloads(type(op), method):
            try:
                bound = signature.bind(op, *args, **keywords).arguments
            except TypeError:
                continue
            each = {name: [x] for name, x in bound.items()} | {"named": bound.get("named", {}).values()}
            fits = [takes(hint, x) for name, hint in hints.items() if name != "self" for x in each.get(name, [])]
            if all(fits) and hints.get("self", own) == own:
                return result
        raise AssertionError(f"no overload of {op.name}.{method} takes {args}, {keywords}")


NUMBERS = {float: (int, float), complex: (int, float, complex)}  # as checkers at rest promote them


def takes(hint, x):
    """Whether a checker at rest takes an argument for a parameter of this type."""
    kind, parts = typing.get_origin(hint), typing.get_args(hint)
    if kind is typing.Literal:
        return any(type(x) is type(value) and x == value for value in parts)
    if kind is tuple:
        if not isinstance(x, tuple) or (parts[1:] != (...,) and len(parts) != len(x)):
            return False
        return all(map(takes, parts[:1] * len(x) if parts[1:] == (...,) else parts, x))
    if kind in (typing.Union, types.UnionType):
        return any(takes(part, x) for part in parts)
    return x is None if hint is None else isinstance(x, NUMBERS.get(hint, kind or hint))


def checked_by(name):
    """What raises where a checker at run time does not accept a value for a type."""
    if name == "typeguard":
        return pytest.importorskip("typeguard").check_type
    return pytest.importorskip("beartype.door").die_if_unbearable


def points_of(op):
    """Arguments and keywords: arrays, and such that results have no axes and types tell it."""
    rng = np.random.default_rng(0)
    primals, keywords = op.sample(rng, 12)
    yield primals, keywords
    if op in products.OPS:
        numbers = [float(x[0]) for x in primals]
        yield numbers, {}
        yield [np.float32(x) for x in numbers], {}
        for k in range(op.nin):
            yield [numbers[i] if i == k else x for i, x in enumerate(primals)], {}
            yield [x if i == k else numbers[i] for i, x in enumerate(primals)], {}
        if op.defaults:
            n_given, names = op.nin - len(op.defaults), products.names(op)
            yield primals[:n_given], {}
            yield numbers[:n_given], {}
            yield primals[:n_given], dict.fromkeys(names[n_given:], 0.25)
    elif op.kind == "reduction":
        yield [np.ones((2, 3))], {"axis": 0}
        yield [np.ones((2, 3))], {"keepdims": True}
        yield [np.ones((2, 3))], {}
        yield [2.0], {}
    elif op.kind == "row-wise":
        yield [primals[0][0], 1], {}
        yield [primals[0][0], np.int64(1)], {}
    elif op.name == "linear":
        yield primals[:2], {}


def calls_of(op, primals, keywords):
    """Every call at a point: the method, its arguments and its keywords."""
    yield "__call__", primals, keywords
    y = op(*primals, **keywords)
    seed = np.ones_like(y)[()]
    tangents = (*[np.ones_like(x)[()] for x in primals], *[None] * (op.nin - len(primals)))
    if getattr(op, "is_masked", False):
        tangents = (None, *tangents[1:])
    takes_several = "tangents" in inspect.signature(op.jvp).parameters
    yield "jvp", [tangents if takes_several else tangents[0], *primals], keywords
    bars = op.vjp(seed, *primals, **keywords)
    yield "vjp", [seed, *primals], keywords
    yield "vjp2", [bars, seed, *primals], keywords
    yield "jacobian", primals, keywords
    fixed = {1} if op.kind == "row-wise" else {0} if getattr(op, "is_masked", False) else set()
    varied = [k for k in range(len(primals)) if k not in fixed]
    for k in varied:
        yield "vjp", [seed, *primals], keywords | {"wrt": k}
        yield "jacobian", primals, keywords | {"wrt": (k,)}
        if op in products.OPS:
            yield "derivative", primals, keywords | {"wrt": k}
            yield "derivative", primals, keywords | {"wrt": (k,)}
    yield "vjp", [seed, *primals], keywords | {"wrt": tuple(reversed(varied))}
    outs = [np.zeros_like(y) if np.ndim(y) else np.zeros((), np.result_type(y))]
    yield "__call__", primals, keywords | {"out": outs[0]}
    if op in products.OPS:
        yield "vjp", [seed, *primals], keywords | {"where": np.ones_like(y, bool)}
    yield "accepts", primals, {}


@pytest.mark.parametrize("checker", ["beartype", "typeguard"])
def test_checkers_at_run_time_accept_what_the_stub_says_of_every_op(any_op, checker):
    check = checked_by(checker)
    for primals, keywords in points_of(any_op):
        for method, args, options in calls_of(any_op, primals, keywords):
            result = getattr(any_op, method)(*args, **options)
            check(result, stub().result_of(any_op, method, args, options))


@pytest.mark.parametrize("checker", ["beartype", "typeguard"])
def test_checkers_at_run_time_accept_what_methods_of_jacobians_return(checker):
    check = checked_by(checker)
    jacobians = [
        jk.banded(np.ones((2, 3)), [0, 1], (3, 3)),
        jk.diagonal(np.ones(3)),
        jk.dense(np.eye(3)) @ jk.diagonal(np.ones(3)),
        jk.dense(np.ones((3, 1))) @ jk.dense(np.ones((1, 3))) + jk.identity(3),
        jk.block_diagonal(np.ones((3, 1, 1))).reshape(3, 3),
    ]
    ones = {"jvp", "vjp", "solve", "__matmul__", "__rmatmul__"}
    others = {"reshape": (3, 3), "astype": ("float32",), "__mul__": (2.0,), "__truediv__": (2.0,)}
    for J in jacobians:
        for name in [*ones, "gram", "logabsdet", "toarray", "totensor", "diagonal", "explain", "tobanded", "__neg__"]:
            if name == "tobanded" and J.structure not in ("banded", "diagonal"):
                continue
            result = getattr(J, name)(*([np.ones(3)] if name in ones else []))
            if name != "__matmul__":
                check(result, typing.get_type_hints(getattr(jk.Jacobian, name))["return"])
            else:
                check(result, NDArray[Any])
        for name, args in others.items():
            check(getattr(J, name)(*args), typing.get_type_hints(getattr(jk.Jacobian, name))["return"])
        for result in (J @ J, J + J, J - J):
            check(result, jk.Jacobian)


def annotated(x: NDArray[Any], n: float) -> NDArray[Any]:
    return jk.ops.multiply(x, n)


def total(x: NDArray[Any]) -> np.floating[Any]:
    return jk.ops.sum(x)


def product(J: jk.Jacobian, v: NDArray[Any]) -> NDArray[Any]:
    return J @ v


@pytest.mark.parametrize(("module", "name"), [("beartype", "beartype"), ("typeguard", "typechecked")])
def test_checkers_at_run_time_accept_annotated_use(module, name):
    check = getattr(pytest.importorskip(module), name)
    assert check(annotated)(np.ones(3), 2.0).tolist() == [2.0, 2.0, 2.0]
    assert check(total)(np.ones(3)) == 3
    assert check(product)(jk.identity(3), np.ones(3)).tolist() == [1.0, 1.0, 1.0]
