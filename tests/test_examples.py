"""Every example runs as its own text says, at a small size, and finds what is known of its problem."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SMALL = {
    "heat_equation": ["--n", "200", "--steps", "4", "8"],
    "burgers": ["--n", "1000", "--steps", "20"],
    "puromycin": [],
}
# The least sum of squares by the treated Puromycin data, found in 40 digits by variable projection.
VM, K = 212.683743142536, 0.0641212816816571


def load(name):
    """The module of an example, which is no part of any package."""
    if name == "puromycin":
        pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["error_propagation", "tiny_autodiff"])
def test_an_example_that_checks_itself(name, capsys):
    load(name).main()
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", SMALL)
def test_an_example_draws_its_plot(name, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    file = tmp_path / "plot.png"
    load(name).main([*SMALL[name], "--plot", str(file)])
    assert file.read_bytes().startswith(b"\x89PNG")
    assert f"wrote {file}" in capsys.readouterr().out


def test_the_laplacian_is_tridiagonal_and_stores_no_diagonal():
    n = 7
    L = load("heat_equation").laplacian(n)
    second_difference = np.diag(np.ones(n - 1), -1) - 2 * np.eye(n) + np.diag(np.ones(n - 1), 1)
    np.testing.assert_allclose(L.toarray(), second_difference * (n + 1) ** 2, rtol=1e-14)
    assert L.structure == "banded"
    assert load("heat_equation").laplacian(10**6).nbytes < 100


@pytest.mark.parametrize("theta", [0.5, 1.0])
def test_heat_steps_shrink_a_mode_by_the_factor_of_the_method(theta):
    example = load("heat_equation")
    n, n_steps, dt = 100, 8, example.T_END / 8
    mode = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
    # The mode is an eigenvector of the second difference.
    eigenvalue = -((2 * (n + 1) * np.sin(np.pi / (2 * (n + 1)))) ** 2)
    factor = (1 + (1 - theta) * dt * eigenvalue) / (1 - theta * dt * eigenvalue)
    u = example.after(example.T_END, n_steps, theta, mode, example.laplacian(n))
    np.testing.assert_allclose(u, factor**n_steps * mode, rtol=1e-11)


def test_the_heat_example_finds_the_orders_of_both_methods():
    errors = load("heat_equation").main(["--n", "2000", "--steps", "20", "40"])
    coarse, fine = errors["backward Euler"]
    assert coarse / fine == pytest.approx(2, rel=0.1)
    coarse, fine = errors["Crank-Nicolson"]
    assert coarse / fine == pytest.approx(4, rel=0.1)
    assert fine < 1e-4


def test_the_jacobian_of_burgers_is_the_derivative():
    example = load("burgers")
    rng = np.random.default_rng(0)
    u, direction = rng.standard_normal((2, 30))
    value, jacobian = example.rate(u, 0.1)
    # The rate is quadratic in u, so a central difference is exact but for rounding.
    up, down = (example.rate(u + sign * direction, 0.1)[0] for sign in (1, -1))
    np.testing.assert_allclose(jacobian @ direction, (up - down) / 2, rtol=1e-10, atol=1e-10 * abs(value).max())
    assert jacobian.structure == "banded"
    assert jacobian.tobanded()[0] == (1, 1)


def test_newton_converges_quadratically_in_every_step_of_burgers():
    example = load("burgers")
    error, history = example.main(["--n", "1000", "--steps", "20"])
    assert error < 0.02
    for updates in history:
        assert len(updates) <= 6
        for before, update in itertools.pairwise(updates):
            assert update <= before**2 + 1e-12


def test_the_burgers_example_is_of_second_order_in_time():
    example = load("burgers")
    coarse, fine = (example.main(["--n", "4000", "--steps", steps])[0] for steps in ("20", "40"))
    assert coarse / fine == pytest.approx(4, rel=0.25)


def test_both_fits_reach_the_least_sum_of_squares(capsys):
    example = load("puromycin")
    for found in example.main([]).values():
        np.testing.assert_allclose(found[:2], [VM, K], rtol=1e-9)
    lines = capsys.readouterr().out.splitlines()
    published = lines[1].split()[1:]
    assert published == list(example.PUBLISHED.values())
    assert [line.split()[-len(published) :] for line in lines[2:]] == [published] * 2


def test_a_fit_that_misses_the_published_digits_fails(monkeypatch):
    example = load("puromycin")
    monkeypatch.setitem(example.PUBLISHED, "K", "6.413e-02")
    with pytest.raises(SystemExit, match="not reached"):
        example.main([])
