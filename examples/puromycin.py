"""Nonlinear least squares by Levenberg-Marquardt: Michaelis-Menten kinetics and the Puromycin data.

The velocity of a reaction is Vm c / (K + c) of the concentration c of the substrate. Bates and Watts fit Vm and K
to twelve measurements (Nonlinear Regression Analysis and Its Applications, Wiley, 1988, chapter 2); the published
digits below are those of R's ``summary(nls(...))`` for the same fit (An Introduction to R, section 11.7.1).

A step solves (JᵀJ + λI) δ = Jᵀr, r being the residual: once as written, by ``J.gram()`` and its ``solve``; once
by SciPy's ``lsmr``, which needs the products J v and Jᵀ u only.

Run it with ``python examples/puromycin.py --plot puromycin.png`` (SciPy is needed, and matplotlib for the plot).
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import lsmr

import jackern as jk

DATA = Path(__file__).parent / "data" / "puromycin.csv"
PUBLISHED = {"Vm": "2.127e+02", "K": "6.412e-02", "error of Vm": "6.947e+00", "error of K": "8.281e-03"}
START = (205.0, 0.08)  # Bates and Watts' own
TOLERANCE = 1e-8  # of a step, relative to the parameters; a smaller one changes the sum of squares by rounding only
MAX_STEPS = 100


def michaelis_menten(parameters, concentration):
    """The velocities, (m,), and their Jacobian by (Vm, K), (m,) <- (2,)."""
    vm, k = parameters
    shifted = jk.ops.add(k, concentration)
    saturation = jk.ops.divide(concentration, shifted)
    by_vm, by_saturation = jk.ops.multiply.jacobian(vm, saturation, wrt=(0, 1))
    by_shifted = jk.ops.divide.jacobian(concentration, shifted, wrt=1)
    by_k = jk.ops.add.jacobian(k, concentration, wrt=0)
    jacobian = jk.block([[by_vm, by_saturation @ by_shifted @ by_k]])
    return jk.ops.multiply(vm, saturation), jacobian


def step_by_gram(J, residual, lam):
    return (J.gram() + lam * jk.identity(2)).solve(J.vjp(residual))


def step_by_lsmr(J, residual, lam):
    # Minimizes |J δ - r|² + λ |δ|².
    return lsmr(J.aslinearoperator(), residual, damp=np.sqrt(lam), atol=1e-15, btol=1e-15)[0]


def fit(step, concentration, velocity):
    """Parameters with the least sum of squares, the residual and Jacobian there, and the number of steps."""
    parameters, lam = np.array(START), 1e-3
    predicted, J = michaelis_menten(parameters, concentration)
    residual = velocity - predicted
    for n_steps in range(1, MAX_STEPS + 1):
        delta = step(J, residual, lam)
        trial = parameters + delta
        predicted, trial_J = michaelis_menten(trial, concentration)
        trial_residual = velocity - predicted
        converged = np.all(np.abs(delta) <= TOLERANCE * np.abs(parameters))
        if converged or trial_residual @ trial_residual < residual @ residual:
            parameters, residual, J, lam = trial, trial_residual, trial_J, lam / 10
        else:
            lam *= 10
        if converged:
            return parameters, residual, J, n_steps
    raise SystemExit(f"no convergence in {MAX_STEPS} steps: the last one was {delta}")


def plot(file, concentration, velocity, parameters):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    c = np.linspace(0.0, 1.2 * concentration.max(), 200)
    axes.plot(concentration, velocity, "o", label="measured")
    axes.plot(c, michaelis_menten(parameters, c)[0], label="Vm c / (K + c)")
    axes.set(title="Puromycin", xlabel="concentration c (ppm)", ylabel="velocity (counts/min/min)")
    axes.legend()
    figure.savefig(file)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw data and fit into a PNG, PDF or SVG file")
    options = parser.parse_args(argv)

    concentration, velocity = np.loadtxt(DATA, delimiter=",", unpack=True)
    table = {"published": PUBLISHED}
    results = {}
    for name, step in {"gram and solve": step_by_gram, "lsmr": step_by_lsmr}.items():
        parameters, residual, J, n_steps = fit(step, concentration, velocity)
        # The covariance of the estimates is s² (JᵀJ)⁻¹, with s² the residual variance.
        variance = residual @ residual / (residual.size - parameters.size)
        covariance = variance * J.gram().solve(np.eye(2))
        numbers = *parameters, *np.sqrt(np.diag(covariance))
        results[name] = np.array(numbers)
        table[f"{name}, {n_steps} steps"] = {
            key: f"{number:.3e}" for key, number in zip(PUBLISHED, numbers, strict=True)
        }
    print(f"{'':26s}" + "".join(f"{key:>13s}" for key in PUBLISHED))
    for name, row in table.items():
        print(f"{name:26s}" + "".join(f"{row[key]:>13s}" for key in PUBLISHED))
    if options.plot:
        plot(options.plot, concentration, velocity, parameters)
        print(f"wrote {options.plot}")
    if any(row != PUBLISHED for row in table.values()):
        raise SystemExit("the published digits were not reached")
    return results


if __name__ == "__main__":
    main()
