"""Names, signatures, what ops say about themselves, and the library among threads and processes."""

from __future__ import annotations

import concurrent.futures
import copy
import functools
import inspect
import os
import pickle
import subprocess
import sys
import types
import weakref

import definitions
import layouts
import numpy as np
import oracle
import products
import pytest
import scipy.special

import jackern as jk

FIRST_ROWS = [
    "positive", "negative", "absolute", "sqrt", "square", "reciprocal", "exp", "expm1", "log",
    "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
    "sigmoid", "relu", "softplus", "silu", "add", "subtract", "multiply", "divide", "power",
    "maximum", "minimum", "arctan2", "hypot",
]  # fmt: skip


# ---- names --------------------------------------------------------------------------------------------


def test_the_table_holds_at_least_the_first_rows():
    assert set(FIRST_ROWS) <= set(jk.op_names())


def test_every_public_name_is_there():
    names = [
        "Jacobian", "einsum", "dense", "block_diagonal", "diagonal", "broadcast", "reduction",
        "identity", "zero", "ops", "op", "op_names", "unbroadcast", "testing", "get_include",
        "set_num_threads", "get_num_threads", "show_config", "stats", "reset_stats", "__version__",
    ]  # fmt: skip
    missing = [name for name in names if not hasattr(jk, name)]
    assert not missing
    assert not [name for name in names if not name.startswith("_") and name not in jk.__all__]
    assert not [name for name in jk.__all__ if not hasattr(jk, name)]


def test_ops_is_a_module_that_lists_every_op():
    assert isinstance(jk.ops, types.ModuleType)
    assert {name for op in products.EVERY for name in (op.name, *op.aliases)} == set(jk.ops.__all__)
    assert {"sum", "mean", "matmul", "linear", "softmax_cross_entropy"} <= {op.name for op in products.FAMILIES}
    assert not [name for name in jk.ops.__all__ if not hasattr(jk.ops, name)]
    assert not hasattr(jk.ops, "no_such_op")


def test_op_names_are_sorted_or_in_table_order_without_repeats():
    names = list(jk.op_names())
    assert len(names) == len(set(names))
    assert all(isinstance(name, str) for name in names)


def test_an_alias_is_the_same_object(op):
    assert isinstance(op.aliases, tuple)
    for alias in op.aliases:
        assert getattr(jk.ops, alias) is op
        assert alias not in jk.op_names()
    if op.name in ("sigmoid", "silu"):
        assert {"sigmoid": "expit", "silu": "swish"}[op.name] in op.aliases


def test_op_finds_the_op_of_a_numpy_or_scipy_function(op):
    found = 0
    for module in (np, scipy.special):
        for name in (op.name, *op.aliases):
            function = getattr(module, name, None)
            if function is not None and name in ("huber", "pseudo_huber"):  # SciPy has their arguments in another order
                with pytest.raises(ValueError, match="no op for"):
                    jk.op(function)
            elif callable(function):
                assert jk.op(function) is op
                found += 1
    assert found or op.name in definitions.DEFINITIONS


def test_op_finds_the_families_of_numpy_functions():
    assert jk.op(np.sum) is jk.ops.sum
    assert jk.op(np.mean) is jk.ops.mean
    assert jk.op(np.matmul) is jk.ops.matmul


def test_op_finds_a_ufunc_by_its_other_name():
    assert jk.op(np.abs) is jk.ops.absolute
    assert jk.op(np.true_divide) is jk.ops.divide
    assert jk.op(scipy.special.expit) is jk.ops.sigmoid


# ---- what an op says about itself ---------------------------------------------------------------------


def test_an_op_describes_itself(op):
    assert getattr(jk.ops, op.name) is op
    assert op.nin in (1, 2, 3)
    assert isinstance(op.formula, str)
    assert op.formula
    assert op.derivative_formula
    assert len(op.domain) == op.nin
    assert all(low < high for low, high in op.domain)
    assert isinstance(op.kinks, str)
    assert isinstance(op.reads, tuple)
    assert len(op.reads) == op.nin
    for reads in op.reads:
        assert isinstance(reads, frozenset)
        assert reads <= {*products.names(op), "y"}


def test_the_repr_and_the_docstring_name_the_op(op):
    assert op.name in repr(op)
    assert op.formula in op.__doc__
    for k in range(op.nin):
        formulas = (op.derivative_formula,) if op.nin == 1 else op.derivative_formula
        assert str(formulas[k]) in op.__doc__
    if op.kinks:
        assert op.kinks in op.__doc__


def test_the_calls_of_an_op_have_docstrings(op):
    for name in ("vjp", "jvp", "vjp2", "jacobian", "accepts"):
        assert inspect.getdoc(getattr(op, name)), name


def parameters(function):
    return [(p.name, p.default, p.kind == p.KEYWORD_ONLY) for p in inspect.signature(function).parameters.values()]


NEEDED = inspect.Parameter.empty
OUT = [("out", None, True), ("accumulate", False, True)]
MASK = ("where", None, True)


def test_the_signatures_of_a_unary_op(unary):
    assert [(name, default) for name, default, _ in parameters(unary)] == [("x", NEEDED), ("out", None)]
    first, wrt = [("x", None, False), ("y", None, True)], ("wrt", 0, True)
    assert parameters(unary.vjp) == [("y_bar", NEEDED, False), *first, wrt, *OUT, MASK]
    assert parameters(unary.jvp) == [("x_dot", NEEDED, False), *first, *OUT, MASK]
    assert parameters(unary.vjp2) == [("h", NEEDED, False), ("y_bar", NEEDED, False), *first, wrt, *OUT]
    assert parameters(unary.derivative) == [*first, wrt, OUT[0]]


@pytest.mark.parametrize("row", [op for op in products.BINARY if not op.defaults], ids=lambda op: op.name)
def test_the_signatures_of_a_binary_op(row):
    a_and_b = [("a", NEEDED, False), ("b", NEEDED, False)]
    assert [(name, default) for name, default, _ in parameters(row)] == [("a", NEEDED), ("b", NEEDED), ("out", None)]
    wrt = ("wrt", (0, 1), True)
    assert parameters(row.vjp) == [("y_bar", NEEDED, False), *a_and_b, ("y", None, True), wrt, *OUT, MASK]
    assert parameters(row.jvp)[1:] == [*a_and_b, ("y", None, True), *OUT, MASK]
    assert [name for name, _, _ in parameters(row.vjp2)][:4] == ["h", "y_bar", "a", "b"]
    assert [name for name, _, _ in parameters(row.jacobian)][:2] == ["a", "b"]
    assert [name for name, _, _ in parameters(row.derivative)] == ["a", "b", "y", "wrt", "out"]


@pytest.mark.parametrize("row", [op for op in products.BINARY if op.defaults], ids=lambda op: op.name)
def test_the_parameter_of_an_op_has_the_name_of_the_row_and_a_default(row):
    name = products.names(row)[1]
    assert [(name, default) for name, default, _ in parameters(row)] == [
        ("x", NEEDED),
        (name, row.defaults[0]),
        ("out", None),
    ]
    x, g, parameter = np.linspace(0.1, 2, 5), np.linspace(-1, 1, 5), row.domain[1][1]
    for call in (row, functools.partial(row.vjp, g), functools.partial(row.jvp, g)):
        np.testing.assert_array_equal(call(x), call(x, row.defaults[0]))
        np.testing.assert_array_equal(call(x, **{name: parameter}), call(x, parameter))
    np.testing.assert_array_equal(row.derivative(x, **{name: parameter}), row.vjp(np.ones(5), x, parameter))
    assert row.vjp(g, x, np.full(5, parameter), wrt=(0, 1))[1].shape == (5,)
    with pytest.raises(TypeError, match="beta is no argument"):
        row(x, beta=2.0)
    with pytest.raises(TypeError, match="given twice"):
        row(x, parameter, **{name: parameter})


def test_the_signatures_of_a_ternary_op(ternary):
    """Arguments go by position: the names that a row has for them are those of its own signature."""
    three = [(name, NEEDED, False) for name in "abc"]
    names = products.names(ternary)
    assert parameters(ternary) == [*[(name, NEEDED, False) for name in names], ("out", None, False)]
    assert all(p.kind == p.POSITIONAL_ONLY for p in list(inspect.signature(ternary).parameters.values())[:3])
    assert f"{ternary.name} of {', '.join(names[:2])} and {names[2]}" in ternary.__doc__
    wrt = ("wrt", None, True)
    assert parameters(ternary.vjp) == [("y_bar", NEEDED, False), *three, ("y", None, True), wrt, *OUT, MASK]
    assert parameters(ternary.jvp)[1:] == [*three, ("y", None, True), *OUT, MASK]
    assert [name for name, _, _ in parameters(ternary.vjp2)][:5] == ["h", "y_bar", "a", "b", "c"]
    assert [name for name, _, _ in parameters(ternary.jacobian)][:3] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "value", "vjp", "jvp", "jacobian"),
    [
        ("sum", "x axis keepdims out", "y_bar x axis keepdims wrt out accumulate",
         "x_dot x axis keepdims out accumulate", "x axis keepdims wrt"),
        ("mean", "x axis keepdims out", "y_bar x axis keepdims wrt out accumulate",
         "x_dot x axis keepdims out accumulate", "x axis keepdims wrt"),
        ("matmul", "a b out", "y_bar a b wrt out accumulate",
         "tangents a b out accumulate", "a b wrt"),
        ("linear", "x w b out", "y_bar x w b wrt out accumulate",
         "tangents x w b out accumulate", "x w b wrt"),
        ("softmax_cross_entropy", "logits labels out", "y_bar logits labels wrt out accumulate",
         "logits_dot logits labels out accumulate", "logits labels wrt"),
    ],
)  # fmt: skip
def test_the_signatures_of_the_families(name, value, vjp, jvp, jacobian):
    family = getattr(jk.ops, name)
    for call, wanted in ((family, value), (family.vjp, vjp), (family.jvp, jvp), (family.jacobian, jacobian)):
        assert [parameter for parameter, _, _ in parameters(call)] == wanted.split()
    assert name in repr(family)
    assert inspect.getdoc(family)


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (jk.einsum, "subscripts values in_shape out_shape"),
        (jk.dense, "a out_shape in_shape"),
        (jk.block_diagonal, "blocks"),
        (jk.diagonal, "d"),
        (jk.broadcast, "d in_shape"),
        (jk.reduction, "d axis keepdims"),
        (jk.identity, "shape scale dtype"),
        (jk.zero, "out_shape in_shape dtype"),
        (jk.unbroadcast, "g shape out accumulate"),
        (jk.Jacobian.jvp, "self x_dot out accumulate"),
        (jk.Jacobian.vjp, "self y_bar out accumulate"),
        (jk.Jacobian.toarray, "self layout max_bytes"),
        (jk.Jacobian.totensor, "self max_bytes"),
        (jk.Jacobian.reshape, "self out_shape in_shape"),
    ],
)
def test_the_signatures_of_the_jacobian_functions(function, names):
    assert list(inspect.signature(function).parameters) == names.split()
    assert inspect.getdoc(function)


# ---- accepts ------------------------------------------------------------------------------------------


def test_accepts_says_yes_to_native_arrays_and_never_raises(op, dtype):
    good = np.ones(3, dtype)
    assert op.accepts(*[good] * op.nin) is True
    wrong_dtypes = [np.ones(3, name) for name in (complex, object, np.float16)]
    swapped, masked = layouts.byte_swapped(good), np.ma.array([1.0])
    for bad in (1j, None, "x", object(), [[1], [2, 3]], *wrong_dtypes, swapped, masked):
        assert op.accepts(*[good] * (op.nin - 1), bad) is False
    assert op.accepts() is False
    assert op.accepts(*[good] * (op.nin + 1)) is False


# ---- handles ------------------------------------------------------------------------------------------


def test_ops_can_be_kept_track_of(any_op):
    assert weakref.ref(any_op)() is any_op  # as tracers do with functions


def test_ops_can_be_pickled_and_copied_and_stay_the_same_object(op):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(op, protocol)) is op
    assert copy.copy(op) is op
    assert copy.deepcopy(op) is op
    assert pickle.loads(pickle.dumps(op.vjp))(*[np.ones(3)] * (op.nin + 1)) is not None


def test_families_can_be_pickled_and_copied_and_stay_the_same_object(family):
    assert pickle.loads(pickle.dumps(family)) is family
    assert copy.copy(family) is copy.deepcopy(family) is family


def test_ops_are_hashable_and_compare_by_identity():
    assert len({getattr(jk.ops, name) for name in jk.op_names()}) == len(jk.op_names())


def test_ops_cannot_be_changed(any_op):
    for name in ("name", "nin", "reads", "kind", "new"):
        with pytest.raises(AttributeError):
            setattr(any_op, name, None)


def test_there_is_one_class_of_op_per_kind():
    assert len({type(op) for op in products.UNARY}) == 1
    assert len({type(op) for op in products.BINARY if not op.defaults}) == 1
    assert len({type(op) for op in products.BINARY if op.defaults}) == 1
    assert len({type(op) for op in products.TERNARY}) == 1


# ---- the rest -----------------------------------------------------------------------------------------


def test_stats_count_calls_by_kernel_and_can_be_reset():
    jk.reset_stats()
    jk.release_memory()
    assert not any(jk.stats().values())
    for x in np.ones((3, 3)):
        jk.ops.tanh.vjp(x, x)
    jk.ops.multiply(x, x)
    counted = jk.stats()
    assert [n for name, n in counted.items() if "tanh" in name and "vjp" in name] == [3]
    assert sum(n for name, n in counted.items() if "multiply" in name) == 1
    counted.clear()
    assert any(jk.stats().values())
    jk.reset_stats()
    assert not any(jk.stats().values())


def test_stats_count_the_products_of_jacobians_and_families():
    jk.reset_stats()
    jk.release_memory()
    jk.diagonal(np.ones(3)).jvp(np.ones(3))
    jk.ops.sum(np.ones(3))
    jk.unbroadcast(np.ones((2, 3)), (3,))
    assert jk.stats() == {"jacobian.jvp": 1, "sum.value": 1, "unbroadcast": 1}


def test_stats_count_only_what_the_user_called():
    x, matrix = np.ones(3), np.ones((3, 3))
    calls = {
        "sum.vjp": lambda: jk.ops.sum.vjp(1.0, x, out=np.zeros(3), accumulate=True),
        "mean.value": lambda: jk.ops.mean(matrix, axis=0),
        "linear.value": lambda: jk.ops.linear(matrix, matrix, x),
        "linear.jvp": lambda: jk.ops.linear.jvp((matrix, None, x), matrix, matrix, x),
        "matmul.vjp": lambda: jk.ops.matmul.vjp(matrix, matrix, matrix),
        "softmax_cross_entropy.value": lambda: jk.ops.softmax_cross_entropy(x, 1),
        "softmax_cross_entropy.jacobian": lambda: jk.ops.softmax_cross_entropy.jacobian(matrix, [0, 1, 2]),
        "jacobian.jvp": lambda: (jk.linear_map(np.copy, np.copy, (3,), (3,)) @ jk.dense(matrix)).jvp([x, x]),
        "jacobian.vjp": lambda: (jk.linear_map(np.copy, np.copy, (3,), (3,)) + jk.dense(matrix)).vjp([1, 1, 1]),
    }
    for name, call in calls.items():
        jk.reset_stats()
        call()
        assert {counted: n for counted, n in jk.stats().items() if "(" not in counted} == {name: 1}


def test_stats_count_nothing_that_composing_and_solving_call(dtype):
    rng = np.random.default_rng(0)
    d = jk.diagonal(rng.uniform(1, 2, 40).astype(dtype))
    dense = jk.dense(rng.standard_normal((40, 40)))
    low = jk.dense(rng.standard_normal((40, 1))) @ jk.dense(rng.standard_normal((1, 40)))
    kernel = jk.convolution(np.ones(3), 40, mode="full")
    jk.reset_stats()
    products = d @ d, d @ dense, d.reshape((5, 8), 40) @ d, kernel.T @ kernel
    sums = d + d, d + low, jk.identity(40) + kernel.gram()
    for jacobian in (d, *products, *sums):
        jacobian.solve(np.ones(jacobian.out_shape))
        jacobian.logabsdet()
        jacobian.diagonal()
        jacobian.toarray()
    dense.gram(rng.uniform(1, 2, 40)).toarray()
    jk.release_memory()
    assert jk.stats() == {}


@pytest.mark.parametrize(
    "call",
    [
        lambda: jk.ops.tanh.vjp(np.ones(4), np.ones(3)),
        lambda: jk.ops.sum(np.ones(3), axis=1),
        lambda: jk.ops.matmul(np.ones((3, 4)), np.ones(3)),
        lambda: jk.ops.softmax_cross_entropy(np.ones((1, 3)), [3]),
    ],
)
def test_a_call_that_raises_is_not_counted(call):
    jk.reset_stats()
    with pytest.raises(ValueError, match="ops"):
        call()
    assert not any(jk.stats().values())


def test_pointwise_calls_never_warn():
    single, large = np.ones(3, np.float32), np.full(3, 1e300)
    assert np.all(np.isinf(jk.ops.multiply(single, 1e300)))
    assert np.all(np.isinf(jk.ops.multiply.vjp(single, single, 1e300, wrt=0)))
    assert np.all(np.isinf(jk.ops.multiply.jvp((single, None), single, 1e300)))
    assert np.all(np.isinf(jk.ops.positive(large, out=np.zeros(3, np.float32))))
    assert np.all(np.isinf(jk.ops.positive(large, out=np.zeros(3, np.dtype(np.float32).newbyteorder()))))
    assert np.all(np.isinf(jk.unbroadcast(large, (3,), out=np.zeros(3, np.float32))))
    assert np.all(np.isinf((jk.diagonal(single) * 1e300).values))


def test_show_config_prints_the_instruction_sets_and_returns_them_as_a_dict(capsys):
    assert jk.show_config() is None
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if ": " in line)
    built = lines["instruction sets"].split(", ")
    assert built[0] == "baseline"
    assert lines["instruction set in use"] in built
    assert np.__version__ in str(lines)
    config = jk.show_config("dicts")
    assert capsys.readouterr().out == ""
    assert isinstance(config, dict)
    assert config["instruction set in use"] == lines["instruction set in use"]
    assert list(config["instruction sets"]) == built


def test_get_include_holds_the_header():
    assert os.path.isfile(os.path.join(jk.get_include(), "jackern", "jackern.h"))


def test_the_number_of_threads_can_be_set_and_read():
    before = jk.get_num_threads()
    try:
        jk.set_num_threads(1)
        assert jk.get_num_threads() == 1
    finally:
        jk.set_num_threads(before)


def test_importing_jackern_imports_numpy_and_nothing_else_that_is_heavy():
    code = "import sys, jackern; print(sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "sklearn", "matplotlib", "tqdm", "pytest"} & set(eval(run.stdout))


# ---- jk.testing ---------------------------------------------------------------------------------------


def test_check_passes_every_op(op):
    jk.testing.check(op, *layouts.points(op.domain, [(5,)] * op.nin))


def test_check_passes_ops_of_operands_that_broadcast(binary):
    jk.testing.check(binary, *layouts.points(binary.domain, [(3, 4), (4,)]))


def test_check_passes_the_families(dtype):
    x, w, b = (layouts.normal(shape, dtype, "xwb") for shape in ((3, 4), (4, 5), (5,)))
    jk.testing.check(jk.ops.sum, x)
    jk.testing.check(jk.ops.mean, x)
    jk.testing.check(jk.ops.matmul, x, w)
    jk.testing.check(jk.ops.linear, x, w, b)
    jk.testing.check(jk.ops.linear, x, w, None)
    jk.testing.check(jk.ops.softmax_cross_entropy, x, np.array([0, 3, 1]))


def test_check_judges_a_small_derivative_by_its_own_size():
    for function in (lambda x: abs(x) * 1e-8, lambda x: x * 1e-8):
        with pytest.raises(AssertionError, match="differ"):
            jk.testing.check((function, lambda x: jk.diagonal(5e-8 * x)), np.array([1.0, 2.0]))
        jk.testing.check((function, lambda x: jk.identity(2, 1e-8)), np.array([1.0, 2.0]))


def test_check_does_not_take_the_complex_step_of_a_function_that_is_not_analytic():
    def norm(x):
        return 1e-8 * (x * np.conj(x))

    jk.testing.check((lambda x: norm(x).real, lambda x: jk.diagonal(2e-8 * x)), np.array([1.0, 2.0]))
    with pytest.raises(AssertionError, match="differ"):
        jk.testing.check((norm, lambda x: jk.diagonal(0 * x)), np.array([1.0, 2.0]))


def test_check_passes_a_derivative_of_zero_where_differences_are_not_zero():
    jk.testing.check((lambda x: x**3, lambda x: jk.diagonal(3 * x**2)), np.zeros(2))
    jk.testing.check((lambda x: abs(x) ** 3, lambda x: jk.diagonal(3 * x * abs(x))), np.zeros(2))
    jk.testing.check((lambda x: 1e6 + 0 * abs(x), lambda x: jk.zero(2, 2)), np.ones(2))


def cubes(x):
    return np.array([np.sum(x**3), x[0] * x[1]])


def test_check_passes_a_function_with_its_jacobian():
    jk.testing.check((cubes, lambda x: jk.dense(np.array([3 * x**2, [x[1], x[0], 0]]))), np.array([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("error", [1e-4, np.nan, np.inf])
def test_check_finds_a_wrong_entry_and_says_where(error):
    def wrong(x):
        dense = np.array([3 * x**2, [x[1], x[0], 0]])
        dense[1, 0] += error
        return jk.dense(dense)

    with pytest.raises(AssertionError) as found:
        jk.testing.check((cubes, wrong), np.array([1.0, 2.0, 3.0]))
    assert str(found.value)


# ---- threads and processes ----------------------------------------------------------------------------


def test_threads_may_share_every_object():
    x = layouts.normal((300, 301), seed="x")
    jacobian = jk.dense(x)
    row = layouts.normal((301,), seed="row")

    def work(_):
        return [
            jk.ops.tanh(x),
            *jk.ops.multiply.vjp(x, x, row),
            jacobian.jvp(row),
            jacobian.vjp(x[:, 0]),
            jk.ops.sum(x, axis=0),
            jk.ops.softmax_cross_entropy(x, np.arange(300)),
        ]

    wanted = work(0)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for results in pool.map(work, range(64)):
            assert all(oracle.same_bits(a, b) for a, b in zip(results, wanted, strict=True))


@pytest.mark.sanitize
@pytest.mark.parametrize("n", [1000, 300_000, 4_500_000])
def test_a_new_result_never_shares_memory_with_a_living_one(n):
    """Memory of results that died may be used again, that of the living never."""
    x, kept = np.ones(n), []
    for k in range(8):
        result = jk.ops.add(x, float(k))
        if k % 2:
            kept.append((k, result))
        del result
    for k, result in kept:
        assert np.all(result == 1 + k)
        assert not any(np.shares_memory(result, other) for j, other in kept if j != k)
    grown = kept[0][1].copy()
    grown.resize(n + 10, refcheck=False)
    assert np.all(grown[:n] == 2)


def test_nothing_is_leaked_by_calls_that_succeed_or_raise():
    """References of the arrays that were passed in, which a missing or a doubled release would change."""
    x, g, out = np.ones(100), np.ones(100), np.zeros(100)
    before = [sys.getrefcount(a) for a in (x, g, out)]
    for _ in range(50):
        jk.ops.tanh.vjp(g, x, out=out)
        jk.ops.add.vjp(g, x, x, out=(out, None))
        jk.diagonal(x).jvp(g, out=out)
        jk.ops.matmul(x, g)
        with pytest.raises(ValueError, match="y_bar"):
            jk.ops.tanh.vjp(g[1:], x, out=out)
        with pytest.raises(TypeError):
            jk.ops.tanh.vjp(g, x, out=out, accumulate=True, y=g * 1j)
    assert [sys.getrefcount(a) for a in (x, g, out)] == before


def test_show_config_does_without_the_header(monkeypatch):
    def absent():
        raise FileNotFoundError

    monkeypatch.setattr(jk._config, "get_include", absent)
    assert jk.show_config("dicts")["include"] == "without the header"


def test_importing_jackern_imports_little_else():
    """What takes as long as all of jackern: NumPy's own lazy parts, paths, SciPy."""
    code = "import sys, numpy; before = set(sys.modules); import jackern; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "jackern.ops" in imported
    assert not imported & {"numpy.random", "pathlib", "urllib.parse", "difflib", "scipy", "matplotlib", "sklearn"}


@pytest.mark.parametrize(
    ("function", "kin"),
    [
        (np.divmod, {"divide", "multiply"}),
        (np.signbit, {"absolute", "sign"}),
        ("rrelu", {"relu", "silu"}),
        (np.cumsum, {"add", "sum"}),
        ("floor_divide", {"divide", "reciprocal"}),
    ],
)
def test_an_op_that_is_not_there_is_answered_by_meaning(function, kin):
    with pytest.raises(ValueError, match="did you mean") as error:
        jk.op(function)
    named = error.value.args[0].split("did you mean ")[1]
    assert any(repr(name) in named for name in kin)
    assert "linear" not in named
