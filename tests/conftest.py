"""Every test that asks for `op`, `family`, `any_op`, `dtype`, `layout`, ... is run for each of them.

`op` is a row of the table, `unary`, `binary`, `ternary` and `several` one of so many arguments, `any_op` a row or a
family.
"""

from __future__ import annotations

import os

import hypothesis
import layouts
import products

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=200)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

PARAMETERS = {
    "op": (products.OPS, lambda op: op.name),
    "family": (products.FAMILIES, lambda op: op.name),
    "any_op": (products.ALL, lambda op: op.name),
    "unary": (products.UNARY, lambda op: op.name),
    "binary": (products.BINARY, lambda op: op.name),
    "ternary": (products.TERNARY, lambda op: op.name),
    "several": (products.SEVERAL, lambda op: op.name),  # of several arguments
    "dtype": (layouts.DTYPES, lambda dtype: dtype.__name__),
    "layout": (list(layouts.LAYOUTS.values()), lambda layout: layout.__name__),
    "writable_layout": (list(layouts.WRITABLE.values()), lambda layout: layout.__name__),
}


def pytest_generate_tests(metafunc):
    for name, (values, name_of) in PARAMETERS.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values, ids=name_of)
