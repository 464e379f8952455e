"""Every example in a docstring of the package and in a document of the project runs as written."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import products
import pytest

import jackern as jk

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = ["jackern", *sorted(module.name for module in pkgutil.walk_packages(jk.__path__, "jackern."))]
DOCUMENTS = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))]


def run(test):
    """Run the examples of one doctest.DocTest; a failure is printed as doctest prints it."""
    jk.reset_stats()
    with products.forgotten():
        results = doctest.DocTestRunner(optionflags=OPTIONS).run(test)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples failed"


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_of_module(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder().find(module, name):
        run(test)


@pytest.mark.parametrize("name", jk.op_names())
def test_docstring_of_op(name):
    test = doctest.DocTestParser().get_doctest(jk.op(name).__doc__, {"jk": jk}, name, None, None)
    run(test)


def test_examples_are_found_where_they_stand():
    """In files of the package's folders, and in methods of classes of the compiled module."""
    for name, place in (("jackern._ops.reductions", "Reduction"), ("jackern._core", "ReductionOp.vjp")):
        found = {test.name for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples}
        assert f"{name}.{place}" in found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(name):
    # A fence would be taken for output that is expected; an empty line keeps the line numbers.
    text = re.sub(r"^ *```.*$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.M)
    run(doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, name, 0))
