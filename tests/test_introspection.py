"""What Python and others see of ops and Jacobians: signatures, help(), pydoc, Sphinx."""

import ast
import importlib.util
import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import products
import pytest

import jackern as jk
from jackern import _core
from jackern._ops.own import OwnOp

STUBS = [Path(jk.__file__).with_name(name).read_text(encoding="utf-8") for name in ("_core.pyi", "_core_ops.pyi")]
STUBBED = [node for stub in STUBS for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)]
METHODS = ["jvp", "vjp", "vjp2", "jacobian"]


def concrete(base):
    """The classes below this one that are not abstract."""
    below = {x for child in base.__subclasses__() for x in (child, *concrete(child))}
    return sorted((x for x in below if not inspect.isabstract(x)), key=lambda x: x.__qualname__)


JACOBIANS = [jk.Jacobian, *concrete(jk.Jacobian)]


def names(function):
    return list(inspect.signature(function).parameters)


def public_methods(owner):
    return [name for name in dir(owner) if not name.startswith("_") and callable(getattr(owner, name))]


# ---- signatures -----------------------------------------------------------------------------------------------------


def test_an_op_has_a_signature_and_so_has_every_method(any_op):
    arguments = names(any_op)
    assert arguments[-1] == "out"
    assert len(arguments) > any_op.nin
    methods = public_methods(any_op)
    assert {*METHODS, "accepts", "sample"} <= set(methods)
    assert ("derivative" in methods) == (any_op in products.OPS)
    for name in methods:
        bound, unbound = (inspect.signature(getattr(x, name)) for x in (any_op, type(any_op)))
        assert [*bound.parameters] == [*unbound.parameters][1:], name


def test_methods_of_an_op_name_their_parameters_as_the_call_does(any_op):
    own = names(any_op)[: any_op.nin]
    if any_op in products.SEVERAL:  # every row has its own names, by position
        own = ["x", "parameter"] if isinstance(any_op, _core.ParametricOp) else ["a", "b", "c"][: any_op.nin]
    first = {"jvp": [["tangents"], [f"{own[0]}_dot"]], "vjp": [["y_bar"]], "vjp2": [["h", "y_bar"]], "jacobian": [[]]}
    for name, wanted in first.items():
        found = names(getattr(any_op, name))
        assert any(found[: len(front) + len(own)] == front + own for front in wanted), (name, found)


def test_a_signature_takes_what_the_op_takes(any_op):
    primals, keywords = any_op.sample(np.random.default_rng(0), 12)
    inspect.signature(any_op).bind(*primals, **keywords, out=None)
    inspect.signature(any_op.jacobian).bind(*primals, **keywords, wrt=0)
    with pytest.raises(TypeError):
        inspect.signature(any_op).bind(*primals, **keywords, other=None)
    parameters = [*inspect.signature(any_op).parameters.values()][: len(primals)]
    if all(x.kind is x.POSITIONAL_OR_KEYWORD for x in parameters):
        any_op(**{x.name: value for x, value in zip(parameters, primals, strict=True)}, **keywords)


def in_the_stub(name):
    """The parameters that the stub has for the constructor of a class of the binding."""
    (node,) = (x for x in STUBBED if x.name == name)
    made = [x for x in node.body if isinstance(x, ast.FunctionDef) and x.name == "__new__"]
    given = made[0].args if made else ast.arguments([], [], None, [], [], None, [])
    each = [*given.args[1:], *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
    return [x.arg for x in each]


@pytest.mark.parametrize("name", [x.name for x in STUBBED])
def test_the_classes_of_the_binding_have_the_signatures_of_the_stub(name):
    found = getattr(_core, name)
    if issubclass(found, BaseException) or name == "Slots":
        return
    inherited = next(base.__name__ for base in found.__mro__ if in_the_stub(base.__name__) or base is found.__mro__[-2])
    assert names(found) == in_the_stub(inherited)


OP_CLASSES = sorted({*(type(op) for op in products.ALL), OwnOp}, key=lambda x: x.__name__)


@pytest.mark.parametrize("op_class", OP_CLASSES, ids=lambda x: x.__name__)
def test_the_classes_of_ops_have_signatures_and_docstrings(op_class):
    assert names(op_class)
    assert isinstance(op_class.__doc__, str)
    assert inspect.getdoc(op_class)


@pytest.mark.parametrize("jacobian", JACOBIANS, ids=lambda x: x.__name__)
def test_the_classes_of_jacobians_have_signatures_and_so_have_their_methods(jacobian):
    inspect.signature(jacobian)
    methods = public_methods(jacobian)
    assert {"jvp", "vjp", "solve", "toarray"} <= set(methods)
    for name in methods:
        assert names(getattr(jacobian, name)) == names(getattr(jk.Jacobian, name))


@pytest.mark.parametrize("module", [jk, jk.testing], ids=lambda x: x.__name__)
def test_the_functions_of_a_module_have_signatures_and_docstrings_that_name_them(module):
    functions = [x for name, x in vars(module).items() if inspect.isroutine(x) and not name.startswith("_")]
    functions = [x for x in functions if module is jk or x.__module__ == module.__name__]
    assert functions
    for function in functions:
        documented = inspect.getdoc(function)
        if found := re.search(r"^Parameters\n-+\n(.*?)^(?=\S+\n-+$)", documented, re.M | re.S):
            entries = re.findall(r"^(\S.*?)(?: :.*)?$", found[1], re.M)
            assert [name.strip("* ") for entry in entries for name in entry.split(",")] == names(function)
        for name in names(function):
            assert re.search(rf"\b{name}\b", documented), (function, name)


# ---- help() and pydoc -----------------------------------------------------------------------------------------------


def helped(thing):
    return pydoc.render_doc(thing, renderer=pydoc.plaintext)


def signature_of(thing):
    """As a pattern for any line breaks: from Python 3.13 on, help gives long signatures a line per name."""
    words = re.findall(r"\w+|\S", f"{thing.__name__}{inspect.signature(thing)}")
    return re.compile(r"\s*".join(map(re.escape, words)).replace(r"\)", r",?\s*\)"))


def test_help_of_an_op_shows_its_signature_and_its_docstring(any_op):
    text = helped(any_op)
    assert signature_of(any_op).search(text)
    assert any_op.formula in text
    assert inspect.getdoc(any_op).splitlines()[0] in text
    for name in METHODS:
        method = getattr(any_op, name)
        assert signature_of(method).search(helped(method))


def test_pydoc_of_the_module_lists_every_op_as_a_function():
    text = helped(jk.ops)
    functions = text[text.index("FUNCTIONS") :]
    for op in products.ALL:
        assert signature_of(op).search(functions)


def test_an_op_in_a_class_stays_itself():
    class Layer:
        activation = jk.ops.tanh

    assert Layer.activation is Layer().activation is jk.ops.tanh


# ---- Sphinx ---------------------------------------------------------------------------------------------------------

CONF = """
project = "a user's project"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
"""
PAGES = {
    "index.rst": """
        Jacobians
        =========

        .. toctree::

           ops

        .. automodule:: jackern
           :members:
    """,
    "ops.rst": """
        Ops
        ===

        .. automodule:: jackern.ops
           :members:
    """,
}


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="Sphinx comes with the extra arrays")
def test_sphinx_shows_ops_and_jacobians_and_warns_of_nothing(tmp_path):
    (tmp_path / "conf.py").write_text(CONF)
    for name, text in PAGES.items():
        (tmp_path / name).write_text(inspect.cleandoc(text))
    command = [sys.executable, "-m", "sphinx", "-b", "text", "-W", "--keep-going", "-q", tmp_path, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ops, jacobians = (" ".join((tmp_path / "out" / f"{x}.txt").read_text().split()) for x in ("ops", "index"))
    for op in products.ALL:
        assert f"jackern.ops.{op.name}{inspect.signature(op)}" in ops
    for text in ("dy/dx = 1 - y*y", "dy/da = b", "Sum or mean over axes", "ops.linear(x, w, b=None, *, out=None)"):
        assert text in ops
    for text in ("class jackern.Jacobian", "jvp(x_dot:", "Multiply from the left", "jackern.diagonal(d:"):
        assert text in jacobians
