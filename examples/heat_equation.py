"""Heat in a rod by implicit steps; the Laplacian is written as slices and solved as a tridiagonal system.

The temperature of a rod with both ends held at 0 obeys u_t = u_xx. On a grid of n inner points with spacing h,
u_xx is ``(u[2:] - 2 * u[1:-1] + u[:-2]) / h**2`` of u with its two ends, a sum of three slices. A step from u to
v of length dt solves

    (I - θ dt L) v = (I + (1 - θ) dt L) u,    θ = 1: backward Euler, θ = 1/2: Crank-Nicolson.

The mode sin(πx) decays as exp(-π² t); the error against that falls by 2 and by 4 when dt is halved.

Run it with ``python examples/heat_equation.py --plot heat.png`` (the plot needs matplotlib).
"""

import argparse
import time

import numpy as np

import jackern as jk

THETA = {"backward Euler": 1.0, "Crank-Nicolson": 0.5}
T_END = 0.1


def laplacian(n):
    """The second difference on n inner points of [0, 1], both ends held at 0: (n,) <- (n,)."""
    h = 1 / (n + 1)
    left = jk.select(np.s_[:-2], n + 2)
    middle = jk.select(np.s_[1:-1], n + 2)
    right = jk.select(np.s_[2:], n + 2)
    pad = middle.T  # the transpose of a slice puts zeros around it
    return (right - 2 * middle + left) @ pad / h**2


def after(t_end, n_steps, theta, u, L):
    """The temperature after n_steps steps of the θ-method from u."""
    dt = t_end / n_steps
    identity = jk.identity(u.shape)
    implicit, explicit = identity - theta * dt * L, identity + (1 - theta) * dt * L
    for _ in range(n_steps):
        u = implicit.solve(explicit @ u)
    return u


def plot(file, x, profiles, steps, errors):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    rod, convergence = figure.subplots(1, 2)
    every = slice(None, None, max(1, x.size // 1000))
    few = slice(None, None, max(1, x.size // 20))
    for t, u in profiles.items():
        rod.plot(x[every], u[every], label=f"t = {t:.3g}")
        rod.plot(x[few], np.exp(-(np.pi**2) * t) * np.sin(np.pi * x[few]), "k.")
    rod.set(title=f"Crank-Nicolson, and exact (dots), n = {x.size:,}", xlabel="x", ylabel="temperature")
    rod.legend(loc="lower center", ncols=2, fontsize="small")
    for name, values in errors.items():
        convergence.loglog(steps, values, "o-", label=name)
    convergence.set_xticks(steps, steps)
    convergence.minorticks_off()
    convergence.set(title="largest error, relative to the exact decay", xlabel=f"steps to t = {T_END}")
    convergence.legend()
    figure.savefig(file)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="inner points of the grid (default: %(default)s)")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 40, 80], help="numbers of steps to compare")
    parser.add_argument("--plot", metavar="FILE", help="draw temperatures and errors into a PNG, PDF or SVG file")
    options = parser.parse_args(argv)

    x = np.arange(1, options.n + 1) / (options.n + 1)
    mode = np.sin(np.pi * x)
    exact = np.exp(-(np.pi**2) * T_END) * mode
    L = laplacian(options.n)
    print(L)
    print("method          steps  relative error  ms per step")
    errors = {name: [] for name in THETA}
    for name, theta in THETA.items():
        for n_steps in options.steps:
            start = time.perf_counter()
            u = after(T_END, n_steps, theta, mode, L)
            ms = (time.perf_counter() - start) / n_steps * 1e3
            errors[name].append(np.max(np.abs(u - exact)) / np.max(exact))
            print(f"{name:14s}  {n_steps:5d}  {errors[name][-1]:14.2e}  {ms:11.2f}")
    if options.plot:
        times = np.linspace(0, T_END, 5)
        profiles = {0.0: mode} | {t: after(t, options.steps[-1], 0.5, mode, L) for t in times[1:]}
        plot(options.plot, x, profiles, options.steps, errors)
        print(f"wrote {options.plot}")
    return errors


if __name__ == "__main__":
    main()
