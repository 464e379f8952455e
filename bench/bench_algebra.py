"""Jacobians made from others: composed, added, sliced, banded, sparse, squared and solved; against NumPy and SciPy."""

import numpy as np
import pytest
from scipy import linalg, ndimage, sparse

import jackern as jk

pytestmark = pytest.mark.benchmark(group="algebra")

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("n", "target"), [(100, None), (1_000_000, 0.6)])
def test_tridiagonal_jvp(compare, n, target):
    data, x = RNG.standard_normal((3, n)), RNG.standard_normal(n)
    offsets = (-1, 0, 1)
    compare(
        f"tridiagonal @ x, n = {n:,}",
        {"J": jk.banded(data, offsets, (n, n)), "D": sparse.dia_array((data, offsets), (n, n)), "x": x},
        ("J @ x", "D @ x"),
        targets=(target, None),
        n_bytes=data.nbytes + 2 * x.nbytes,
    )


@pytest.mark.parametrize(("n", "target"), [(10, None), (1000, 0.6)])
def test_laplacian_jvp(compare, n, target):
    x = RNG.standard_normal((n, n))
    compare(
        f"5-point Laplacian, {n} x {n}",
        {"J": five_point(n), "D": five_point_of_scipy(n), "x": x, "n": n},
        ("J.jvp(x)", "(D @ x.ravel()).reshape(n, n)"),
        targets=(target, None),
        n_bytes=2 * x.nbytes,
    )


@pytest.mark.parametrize("n", [100, 1_000_000])
def test_stencil_jvp(compare, n):
    u = RNG.standard_normal(n)
    J = jk.select(np.s_[2:], n) - 2 * jk.select(np.s_[1:-1], n) + jk.select(np.s_[:-2], n)
    compare(
        f"u[2:] - 2*u[1:-1] + u[:-2], n = {n:,}",
        {"J": J, "u": u, "out": np.empty(n - 2)},
        ("J @ u", "u[2:] - 2 * u[1:-1] + u[:-2]"),
        (
            "J.jvp(u, out=out)",
            "np.multiply(u[1:-1], -2, out=out); np.add(u[2:], out, out=out); np.add(out, u[:-2], out=out)",
        ),
        n_bytes=2 * u.nbytes,
    )


@pytest.mark.parametrize("k", [3, 33])
@pytest.mark.parametrize(("n", "target"), [(8, None), (1_000_000, 1.0)])
def test_convolution_jvp(compare, n, target, k):
    kernel, v = RNG.standard_normal(min(k, n)), RNG.standard_normal(n)
    compare(
        f"convolution, n = {n:,}, {len(kernel)} taps",
        {"J": jk.convolution(kernel, n, mode="same"), "convolve": np.convolve, "kernel": kernel, "v": v},
        ("J @ v", "convolve(v, kernel, 'same')"),
        targets=(target, None),
        n_bytes=2 * v.nbytes,
    )


@pytest.mark.parametrize("k", [3, 33])
@pytest.mark.parametrize("axis", [0, 1])
def test_convolution_along_an_axis_jvp(compare, axis, k):
    kernel, v = RNG.standard_normal(k), RNG.standard_normal((1000, 1000))
    names = {"J": jk.convolution(kernel, v.shape, axis, "same"), "convolve1d": ndimage.convolve1d, "v": v}
    compare(
        f"convolution along axis {axis} of 1000 x 1000, {k} taps",
        names | {"kernel": kernel, "axis": axis, "out": np.empty_like(v)},
        ("J.jvp(v)", "convolve1d(v, kernel, axis, mode='constant')"),
        ("J.jvp(v, out=out)", "convolve1d(v, kernel, axis, output=out, mode='constant')"),
        targets=(0.6, 0.6),
        n_bytes=2 * v.nbytes,
    )


def test_diagonal_dense_diagonal_jvp(compare):
    n = 4096
    A = RNG.standard_normal((n, n))
    left, right, v = RNG.standard_normal((3, n))
    compare(
        f"diagonal @ dense @ diagonal, {n} x {n}",
        {
            "J": jk.diagonal(left) @ jk.dense(A) @ jk.diagonal(right),
            "A": left[:, None] * A * right,
            "v": v,
            "out": np.empty(n),
        },
        ("J @ v", "A @ v"),
        ("J.jvp(v, out=out)", "np.matmul(A, v, out=out)"),
        targets=(1.1, None),
        n_bytes=A.nbytes,
    )


def test_gram_jvp(compare):
    n = 4096
    A, v = RNG.standard_normal((n, n)), RNG.standard_normal(n)
    compare(
        f"gram of dense, {n} x {n}",
        {"G": jk.dense(A).gram(), "A": A, "v": v, "out": np.empty(n), "middle": np.empty(n)},
        ("G.jvp(v)", "A.T @ (A @ v)"),
        ("G.jvp(v, out=out)", "np.matmul(A, v, out=middle); np.matmul(A.T, middle, out=out)"),
        targets=(0.6, None),
        n_bytes=A.nbytes,
    )


def test_composition(compare):
    n = 100_000
    x = RNG.uniform(0.5, 1.5, n)
    jacobians = [op.jacobian(x) for op in (jk.ops.exp, jk.ops.sin, jk.ops.tanh, jk.ops.square, jk.ops.sigmoid)]
    names = {f"J{k}": J for k, J in enumerate(jacobians, 1)} | {f"d{k}": J.values for k, J in enumerate(jacobians, 1)}
    rival = "one"
    for k in range(1, 6):
        rival = f"np.multiply({rival}, d{k}, out=c)"
    compare(
        f"five elementwise ops composed, n = {n:,}",
        names | {"one": np.ones(n), "c": np.empty(n)},
        ("(J5 @ J4 @ J3 @ J2 @ J1).values", rival),
        targets=(2.0, None),
    )


def test_softmax_jvp(compare):
    n = 1_000_000
    x, v = RNG.standard_normal((2, n))
    s = np.exp(x) / np.sum(np.exp(x))
    compare(
        f"diagonal - column @ row, n = {n:,}",
        {"J": jk.diagonal(s) - jk.broadcast(s, ()) @ jk.reduction(s), "s": s, "v": v, "out": np.empty(n)},
        ("J @ v", "s * v - s * (s @ v)"),
        ("J.jvp(v, out=out)", "np.subtract(v, s @ v, out=out); np.multiply(s, out, out=out)"),
        n_bytes=3 * v.nbytes,
    )


@pytest.mark.parametrize("product", ["jvp", "vjp"])
def test_sparse(compare, product):
    n, n_per_row = 200_000, 5
    csr = sparse.random_array((n, n), density=n_per_row / n, format="csr", rng=np.random.default_rng(0))
    x = RNG.standard_normal(n)
    compare(
        f"sparse {product}, {csr.nnz:,} entries",
        {"J": jk.sparse(csr), "A": csr, "x": x},
        ("J @ x", "A @ x") if product == "jvp" else ("x @ J", "x @ A"),
        n_bytes=csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes + 2 * x.nbytes,
    )


def test_gather(compare):
    n = 1_000_000
    index, x = RNG.integers(0, n, n), RNG.standard_normal(n)
    compare(
        f"gather, n = {n:,}",
        {"J": jk.select(index, n), "index": index, "x": x, "out": np.empty(n)},
        ("J @ x", "np.take(x, index)"),
        # Any other mode than the default spares NumPy a buffer.
        ("J.jvp(x, out=out)", "np.take(x, index, out=out, mode='clip')"),
        n_bytes=index.nbytes + 2 * x.nbytes,
    )


def test_scatter(compare):
    n = 1_000_000
    index, u = RNG.integers(0, n, n), RNG.standard_normal(n)
    compare(
        f"scatter, n = {n:,}",
        {"J": jk.select(index, n), "index": index, "u": u, "n": n},
        ("u @ J", "np.bincount(index, weights=u, minlength=n)"),
        n_bytes=index.nbytes + 2 * u.nbytes,
    )


@pytest.mark.parametrize("n", [100, 1_000_000])
def test_tridiagonal_solve(compare, n):
    data, b = RNG.standard_normal((3, n)), RNG.standard_normal(n)
    data[1] += 4  # far from singular
    compare(
        f"tridiagonal solve, n = {n:,}",
        # SciPy's rows are the diagonals from the uppermost down.
        {
            "J": jk.banded(data, (-1, 0, 1), (n, n)),
            "ab": data[::-1].copy(),
            "b": b,
            "solve_banded": linalg.solve_banded,
        },
        ("J.solve(b)", "solve_banded((1, 1), ab, b, check_finite=False)"),
        n_bytes=data.nbytes + 2 * b.nbytes,
    )


@pytest.mark.parametrize("structure", ["dense", "tridiagonal", "sparse"])
def test_matrix_of_vectors(compare, structure):
    k = 8
    if structure == "dense":
        rival = RNG.standard_normal((4096, 4096))
        J = jk.dense(rival)
    elif structure == "tridiagonal":
        n, offsets = 100_000, (-1, 0, 1)
        data = RNG.standard_normal((3, n))
        J, rival = jk.banded(data, offsets, (n, n)), sparse.dia_array((data, offsets), (n, n))
    else:
        n = 100_000
        rival = sparse.random_array((n, n), density=5 / n, format="csr", rng=np.random.default_rng(0))
        J = jk.sparse(rival)
    V = RNG.standard_normal((J.shape[1], k))
    compare(f"{structure} @ V, {J.shape[0]:,} rows, k = {k}", {"J": J, "A": rival, "V": V}, ("J @ V", "A @ V"))


def five_point(n):
    """The 5-point Laplacian on n x n inner points, from slices: (n, n) <- (n, n)."""
    grid, inner = (n + 2, n + 2), np.s_[1:-1]
    neighbours = [np.s_[2:, inner], np.s_[:-2, inner], np.s_[inner, 2:], np.s_[inner, :-2]]
    middle = jk.select((inner, inner), grid)
    return (sum(jk.select(index, grid) for index in neighbours) - 4 * middle) @ middle.T


def five_point_of_scipy(n):
    """The same as SciPy's array of diagonals, which holds the zeros between the rows of the grid."""
    n_points = n * n
    column = np.arange(n_points) % n
    ones = np.ones(n_points)
    data = [ones, column != n - 1, -4 * ones, column != 0, ones]
    return sparse.dia_array((np.array(data), (-n, -1, 0, 1, n)), (n_points, n_points))
