"""To SciPy and back: every conversion of every structure, and SciPy's solvers on the operators."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings

import layouts
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg

import jackern as jk


def values(*shape):
    return layouts.integers(shape, seed=str(shape))


def tridiagonal(n):
    return jk.banded([np.ones(n), np.full(n, -2.0), np.ones(n)], [-1, 0, 1], (n, n))


def laplacian(m, n):
    """The second differences of a grid, from slices."""
    u = jk.identity((m, n))
    down, right = jk.select(slice(1, None), (m, n)), jk.select((slice(None), slice(1, None)), (m, n))
    up, left = jk.select(slice(None, -1), (m, n)), jk.select((slice(None), slice(None, -1)), (m, n))
    return up.T @ down + down.T @ up + left.T @ right + right.T @ left - 4 * u


WITH_DIAGONALS = {
    "zero": jk.zero((2, 3), 4),
    "empty": jk.zero(0, 3),
    "identity": jk.identity((2, 3), 2.0),
    "diagonal": jk.diagonal(values(3, 2)),
    "tridiagonal": tridiagonal(6),
    "tall": jk.banded(values(3, 4), [-3, 0, 1], (7, 4)),
    "wide": jk.banded(values(3, 9), [-2, 1, 6], (4, 7)),
    "shift": jk.select(slice(1, None), 5).T @ jk.select(slice(None, -1), 5),
    "slice": jk.select(slice(2, 5), 7),
    "grid": laplacian(3, 4),
    "sparse": jk.sparse(scipy.sparse.csr_array(np.triu(values(4, 5)) % 3)),
    "gather": jk.select([3, 3, 0], 4).reshape(3, (2, 2)),
    "scatter": jk.select([3, 3, 0], 4).reshape(3, (2, 2)).T,
    "banded + sparse": tridiagonal(4) + jk.select([3, 1, 0, 2], 4),
}
OTHERS = {
    "permutation": jk.einsum(",ij->ji", 2.0, (2, 3), (3, 2)),
    "broadcast": jk.broadcast(values(2, 3), 3),
    "reduction": jk.reduction(values(2, 3), 1),
    "dense": jk.dense(values(4, 3)),
    "block-diagonal": jk.block_diagonal(values(2, 3, 2)),
    "shared block": jk.einsum("ij,kj->ki", values(2, 3), (4, 3)),
    "product": jk.dense(values(6, 1)) @ jk.dense(values(1, 5)),
    "sum": jk.diagonal(values(6)) - jk.dense(values(6, 1)) @ jk.dense(values(1, 6)),
    "sum of product and sparse": jk.select([0, 0, 1], 4) @ (jk.dense(values(4, 4)) + jk.identity(4)),
    "strided": jk.select(slice(None, None, 2), 7),
    "flipped": jk.select(slice(None, None, -1), 3),
    "gram": jk.dense(values(2, 6)).gram(),
}
EVERY = WITH_DIAGONALS | OTHERS
LINEAR_MAP = jk.linear_map(lambda v: v[::-1].copy(), lambda u: u[::-1].copy(), 5, 5)


def named(cases):
    return pytest.mark.parametrize("jacobian", cases.values(), ids=cases)


# ---- conversions --------------------------------------------------------------------------------------


@named(EVERY)
@pytest.mark.parametrize("transposed", [False, True])
def test_tocsr_has_the_entries_and_comes_back(jacobian, transposed, dtype):
    jacobian = (jacobian.T if transposed else jacobian).astype(dtype)
    csr = jacobian.tocsr()
    assert isinstance(csr, scipy.sparse.csr_array)
    assert (csr.shape, csr.dtype) == (jacobian.shape, dtype)
    assert np.array_equal(csr.toarray(), jacobian.toarray())
    assert csr.has_canonical_format
    back = jk.sparse(csr, jacobian.out_shape, jacobian.in_shape)
    assert (back.out_shape, back.in_shape) == (jacobian.out_shape, jacobian.in_shape)
    assert np.array_equal(back.toarray(), jacobian.toarray())


@named({k: v for k, v in EVERY.items() if v.structure not in ("sum", "product")})
def test_tocsr_stores_what_is_not_structurally_zero(jacobian):
    assert jacobian.tocsr().nnz == jacobian.nnz


@named(WITH_DIAGONALS)
@pytest.mark.parametrize("transposed", [False, True])
def test_todia_has_the_diagonals_and_comes_back(jacobian, transposed, dtype):
    jacobian = (jacobian.T if transposed else jacobian).astype(dtype)
    dia = jacobian.todia()
    assert isinstance(dia, scipy.sparse.dia_array)
    assert (dia.shape, dia.dtype) == (jacobian.shape, dtype)
    assert np.array_equal(dia.toarray(), jacobian.toarray())
    assert list(dia.offsets) == sorted(set(dia.offsets))
    assert dia.data.shape == (len(dia.offsets), jacobian.shape[1])
    back = jk.banded(dia.data, dia.offsets, dia.shape)
    assert np.array_equal(back.toarray(), jacobian.toarray())


def test_todia_is_laid_out_by_columns():
    data, offsets = values(3, 5), [-2, 0, 3]
    dia = jk.banded(data, offsets, (4, 5)).todia()
    assert list(dia.offsets) == offsets
    for k, offset in enumerate(offsets):
        for j in range(5):
            assert dia.data[k, j] == (data[k, j] if 0 <= j - offset < 4 else 0)
    assert np.array_equal(dia.toarray(), scipy.sparse.dia_array((data, offsets), shape=(4, 5)).toarray())


@named({k: OTHERS[k] for k in ("permutation", "dense", "block-diagonal", "product", "strided", "flipped", "gram")})
def test_what_has_no_diagonals_is_refused_by_todia(jacobian):
    with pytest.raises(ValueError, match=r"todia: .* is no sum of diagonals of the matrix; see tocsr\(\)"):
        jacobian.todia()


@named(EVERY | {"linear-map": LINEAR_MAP})
def test_aslinearoperator_multiplies(jacobian, dtype):
    jacobian = jacobian.astype(dtype)
    operator = jacobian.aslinearoperator()
    m, n = jacobian.shape
    matrix = jacobian.toarray()
    assert isinstance(operator, scipy.sparse.linalg.LinearOperator)
    assert (operator.shape, operator.dtype) == ((m, n), dtype)
    v, u, several = values(n), values(m), values(m, 3)
    assert np.array_equal(operator.matvec(v), matrix @ v)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # SciPy 1.18 wants such arrays to go to matmat
        assert np.array_equal(operator.matvec(v[:, None]), (matrix @ v)[:, None])
    assert np.array_equal(operator.rmatvec(u), u @ matrix)
    assert np.array_equal(operator.matmat(values(n, 3)), matrix @ values(n, 3))
    assert np.array_equal(operator.rmatmat(several), matrix.T @ several)
    assert np.array_equal(operator.adjoint().matvec(u), operator.H.matvec(u))
    assert np.array_equal(operator.T @ u, matrix.T @ u)
    assert np.array_equal((2 * operator) @ v, 2 * matrix @ v)


def outcome(operator, method, x):
    """What the method returns, or that it refuses x, and what it warns of: SciPy's versions take other shapes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = getattr(operator, method)(x)
        except ValueError:
            return "refused"
    return result.shape, result.dtype, result.tolist(), [warning.category for warning in caught]


VIEWS = {
    "itself": lambda operator: operator,
    "T": lambda operator: operator.T,
    "H": lambda operator: operator.H,
    "doubled": lambda operator: 2 * operator,
    "sum": lambda operator: operator + operator,
    "product": lambda operator: operator.T @ operator,
}
ONE_COLUMN_OR_ROW = {
    "column": jk.broadcast(values(3), ()),
    "row": jk.reduction(values(3)),
    "number": jk.identity((), 3.0),
}


@named(EVERY | ONE_COLUMN_OR_ROW | {"linear-map": LINEAR_MAP})
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_aslinearoperator_agrees_with_the_operators_that_scipy_makes(jacobian, view, dtype):
    jacobian = jacobian.astype(dtype)
    matrix = jacobian.toarray()
    ours = view(jacobian.aslinearoperator())
    of_dense = view(scipy.sparse.linalg.aslinearoperator(matrix))
    of_csr = view(scipy.sparse.linalg.aslinearoperator(scipy.sparse.csr_array(matrix)))
    for method in ("matvec", "rmatvec", "matmat", "rmatmat", "dot"):
        n = ours.shape[0 if method.startswith("r") else 1]
        single = [(n,), (n, 1), (n, n + 1)]
        # Batches SciPy takes since 1.18, and of sparse arrays not yet.
        batches = [(3, n), (n, n), (2, 3, n), (2, n, 1), (2, n, 3), (3, 2, n, 3), (0, n), (n, 0)]
        for theirs, shapes in ((of_csr, single), (of_dense, single + batches)):
            for shape in shapes:
                x = values(*shape)
                assert outcome(ours, method, x) == outcome(theirs, method, x), (method, shape)


def test_a_linear_map_has_no_entries():
    with pytest.raises(ValueError, match=r"tocsr: .*toarray\(\)"):
        LINEAR_MAP.tocsr()
    with pytest.raises(ValueError, match="linear-map"):
        LINEAR_MAP.todia()


def test_what_would_take_more_than_the_cap_is_refused():
    n = 1_000_000
    column, row = jk.broadcast(np.ones(n), ()), jk.reduction(np.ones(n))
    for jacobian in (column @ row, jk.dense(np.broadcast_to(1.0, (n, n)))):
        with pytest.raises(MemoryError, match=r"tocsr: 1000000000000 entries .* aslinearoperator\(\) forms none"):
            jacobian.tocsr()
    with pytest.raises(MemoryError, match=r"todia: .* more than"):
        jk.select(np.arange(n)[::-1].copy(), n).todia()
    small = (column @ row).aslinearoperator().matvec(np.ones(n))
    assert small[0] == n


@named(EVERY)
def test_a_scipy_array_composes_with_every_structure(jacobian):
    csr = scipy.sparse.csr_array(values(4, jacobian.shape[0]) % 3)
    composed = jk.sparse(csr, in_shape=jacobian.out_shape) @ jacobian
    assert isinstance(composed, jk.Jacobian)
    assert np.array_equal(composed.toarray(), csr @ np.asarray(jacobian))


def test_without_scipy_one_sentence_says_what_to_install():
    code = """
import sys
for name in ("scipy", "scipy.sparse"):
    sys.modules[name] = None
import jackern as jk
J = jk.identity(3)
for name in ("tocsr", "todia", "aslinearoperator"):
    try:
        getattr(J, name)()
    except ImportError as error:
        assert str(error) == f"{name} needs SciPy: pip install scipy", error
    else:
        raise AssertionError(name)
assert not any(name.startswith("scipy") for name in sys.modules if sys.modules[name] is not None)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- SciPy's solvers ----------------------------------------------------------------------------------


def test_lsmr_and_lsqr_solve_least_squares():
    jacobian = jk.dense(layouts.normal((30, 8))) @ jk.diagonal(np.arange(1.0, 9))
    b = layouts.normal(30, seed="b")
    wanted = np.linalg.lstsq(jacobian.toarray(), b)[0]
    for solver in (scipy.sparse.linalg.lsmr, scipy.sparse.linalg.lsqr):
        x = solver(jacobian.aslinearoperator(), b, atol=1e-14, btol=1e-14)[0]
        assert np.allclose(x, wanted, rtol=1e-8)


def test_gmres_and_cg_solve_square_systems():
    jacobian = -1 * laplacian(5, 6) + jk.identity((5, 6))
    x = layouts.normal(30, seed="x")
    b = np.ravel(jacobian.jvp(x.reshape(5, 6)))
    for solver in (scipy.sparse.linalg.gmres, scipy.sparse.linalg.cg):
        solution, status = solver(jacobian.aslinearoperator(), b, rtol=1e-12)
        assert status == 0
        assert np.allclose(solution, x, rtol=1e-8)
    assert np.allclose(scipy.sparse.linalg.spsolve(jacobian.tocsr().tocsc(), b), x)


def test_solve_ivp_takes_a_sparse_jacobian():
    n = 40
    jacobian = (n + 1) ** 2 * tridiagonal(n)
    grid = np.arange(1, n + 1) / (n + 1)
    for jac in (jacobian.tocsr(), jacobian.todia(), lambda t, u: jacobian.tocsr()):
        solution = scipy.integrate.solve_ivp(
            lambda t, u: jacobian.jvp(u), (0, 0.1), np.sin(math.pi * grid), method="BDF", jac=jac, rtol=1e-6
        )
        assert solution.success
        decay = 2 * (n + 1) ** 2 * (math.cos(math.pi / (n + 1)) - 1)
        assert np.allclose(solution.y[:, -1], math.exp(0.1 * decay) * np.sin(math.pi * grid), rtol=1e-4)


def test_least_squares_takes_the_operator():
    t = np.linspace(0, 3, 50)
    wanted = np.array([2.0, 0.7])

    def residuals(p):
        return p[0] * np.exp(-p[1] * t) - wanted[0] * np.exp(-wanted[1] * t)

    def jacobian(p):
        decay = np.exp(-p[1] * t)
        by_amplitude, by_rate = jk.broadcast(decay, ()), jk.broadcast(-p[0] * t * decay, ())
        return jk.block([[by_amplitude, by_rate]]).aslinearoperator()

    result = scipy.optimize.least_squares(residuals, [1.0, 1.0], jac=jacobian, tr_solver="lsmr", xtol=1e-14)
    assert np.allclose(result.x, wanted, rtol=1e-8)


def test_a_sparse_array_beside_a_jacobian_is_refused_with_what_makes_one_of_it():
    J, csr = jk.identity(3), scipy.sparse.csr_array(np.eye(3))
    for wrong in (lambda: J @ csr, lambda: J.jvp(csr), lambda: J.solve(csr), lambda: J * csr):
        with pytest.raises(TypeError, match=r"is a csr_array; jk\.sparse\(\w+\) makes a Jacobian of it"):
            wrong()
    for other, maker in ((csr, "sparse"), (np.eye(3), "dense"), (1.0, "identity")):
        for wrong in (lambda other=other: J + other, lambda other=other: J - other, lambda other=other: other + J):
            with pytest.raises(TypeError, match=rf"identity Jacobian [+-] \w+: expected a Jacobian; jk\.{maker} makes"):
                wrong()
