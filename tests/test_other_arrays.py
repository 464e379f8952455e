"""Arrays of other libraries: what is more than its numbers is refused by name, what is only a buffer is taken.

The table of docs/conventions.md has the same lines; libraries that are not installed (the extra `arrays` has them) are
left out.
"""

import pickle

import numpy as np
import pytest

import jackern as jk

X = np.array([0.5, 1.0, 2.0])


def of(library, make):
    return pytest.param(library, make, id=f"{library or 'numpy'}-{make.__code__.co_firstlineno}")


REFUSED = [
    of("", lambda _: (np.ma.masked_array(X, mask=[0, 1, 0]), "mask")),
    of("", lambda _: ([np.ma.masked_array(X, mask=[0, 1, 0])], "mask")),
    of("astropy.units", lambda u: (50 * u.percent * X, "unit")),
    of("astropy.units", lambda u: (50 * u.percent, "unit")),
    of("astropy.units", lambda u: ([3 * u.m, 4 * u.m], "unit")),
    of("astropy.utils.masked", lambda masked: (masked.Masked(X, mask=[0, 1, 0]), "mask")),
    of("unyt", lambda unyt: (unyt.unyt_array(X, "m"), "unit")),
    of("pint", lambda pint: (pint.UnitRegistry().Quantity(X, "m"), "unit")),
    of("pint", lambda pint: ([pint.UnitRegistry().Quantity(3.0, "m")], "unit")),
    of("quantities", lambda pq: (pq.Quantity(X, "m"), "unit")),
    of("dask.array", lambda da: (da.from_array(X), "map_blocks")),
    of("scipy.sparse", lambda sparse: (sparse.csr_array(X[None]), "jk.sparse")),
    of("uncertainties.unumpy", lambda unp: (unp.uarray(X, X), "object array")),
]
TAKEN = [
    of("", lambda _: X.tolist()),
    of("", lambda _: (X, X.tolist())),
    of("pandas", lambda pd: pd.Series(X)),
    of("pandas", lambda pd: pd.DataFrame({"a": X})),
    of("xarray", lambda xr: xr.DataArray(X)),
    of("polars", lambda pl: pl.Series(X)),
    of("torch", lambda torch: torch.from_numpy(X)),
    of("jax.numpy", lambda jnp: jnp.asarray(X, "float32")),
]
CALLS = {
    "an op": lambda x: jk.ops.tanh(x),
    "an op of two": lambda x: jk.ops.multiply(2.0, x),
    "a vjp": lambda x: jk.ops.tanh.vjp(x, x=x),
    "a family": lambda x: jk.ops.sum(x),
    "a constructor": lambda x: jk.diagonal(x),
    "a product": lambda x: jk.identity(3).jvp(x),
}


@pytest.fixture
def made(library, make):
    return make(pytest.importorskip(library) if library else None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("library", "make"), REFUSED)
def test_what_is_more_than_its_numbers_is_refused(made, call):
    x, word = made
    with pytest.raises(TypeError, match=word) as caught:
        call(x)
    assert "internal" not in str(caught.value).lower()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "make"), REFUSED)
def test_it_is_refused_as_an_output(made):
    x, _ = made
    if isinstance(x, np.ndarray) and x.dtype == float and x.shape:
        with pytest.raises(TypeError, match=r"ops\.tanh: out is a "):
            jk.ops.tanh(X, out=x)


@pytest.mark.parametrize(("library", "make"), TAKEN)
def test_what_is_only_numbers_is_taken(made):
    plain = np.asarray(made)
    assert np.array_equal(jk.ops.tanh(made), jk.ops.tanh(plain))
    assert np.array_equal(jk.diagonal(made).jvp(plain), jk.ops.square(plain))


def test_arrays_traced_by_autograd_are_named():
    autograd = pytest.importorskip("autograd")
    with pytest.raises(TypeError, match="primitive"):
        autograd.grad(lambda x: jk.ops.tanh(x).sum())(X)


def test_arrays_traced_by_jax_are_named():
    jax = pytest.importorskip("jax")
    with pytest.raises(TypeError, match="pure_callback"):
        jax.jit(jk.ops.tanh)(X)


def test_an_error_of_an_array_like_stays_as_it_is():
    class Refusing:
        def __array__(self, dtype=None, copy=None):
            raise ValueError("not today")

    with pytest.raises(ValueError, match=r"\Anot today\Z"):
        jk.ops.tanh(Refusing())


# ---- memory maps -------------------------------------------------------------------------------------------------


@pytest.fixture
def mapped(tmp_path):
    def make(array, mode="r"):
        np.save(tmp_path / "array.npy", array)
        return np.load(tmp_path / "array.npy", mmap_mode=mode)

    return make


def test_a_memory_map_is_kept_without_a_copy(mapped):
    values = mapped(np.arange(1000.0))
    jacobian = jk.diagonal(values)
    assert np.shares_memory(jacobian.values, values)
    assert np.array_equal(jacobian.jvp(np.ones(1000)), values)


def test_a_memory_map_is_an_output(mapped):
    out = mapped(np.zeros(3), "r+")
    assert jk.ops.tanh(X, out=out) is out
    assert np.array_equal(out, jk.ops.tanh(X))


JACOBIANS = {
    "diagonal": lambda n: jk.diagonal(np.arange(float(n))),
    "dense": lambda n: jk.dense(np.ones((n // 100, 100))),
    "banded": lambda n: jk.banded(np.ones((2, n)), (0, 1), (n, n)),
    "sparse": lambda n: jk.sparse(pytest.importorskip("scipy.sparse").eye_array(n, format="csr") * 2.0),
    "convolution": lambda n: jk.convolution(np.arange(1.0, n + 1), n),
    "sum": lambda n: jk.diagonal(np.arange(float(n))) + jk.dense(np.ones((n, 1))) @ jk.dense(np.ones((1, n))),
    "gram": lambda n: jk.dense(np.ones((100, n // 100))).gram(),
}


@pytest.mark.parametrize("name", JACOBIANS)
def test_joblib_sends_large_jacobians_as_memory_maps(name, tmp_path):
    joblib = pytest.importorskip("joblib")
    jacobian = JACOBIANS[name](200_000)
    v = np.ones(jacobian.in_shape)
    product = joblib.delayed(lambda sent: sent.jvp(np.ones(sent.in_shape)))
    (found,) = joblib.Parallel(n_jobs=2, max_nbytes=1000)([product(jacobian)])
    assert np.array_equal(found, jacobian.jvp(v))
    joblib.dump(jacobian, tmp_path / "jacobian")
    loaded = joblib.load(tmp_path / "jacobian", mmap_mode="r")
    assert np.array_equal(loaded.jvp(v), jacobian.jvp(v))
    assert np.array_equal(pickle.loads(pickle.dumps(loaded)).jvp(v), jacobian.jvp(v))
