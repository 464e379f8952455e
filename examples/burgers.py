"""Burgers' equation by implicit steps: the chain rule makes the tridiagonal Jacobian that Newton's method solves.

u_t + (u²/2)_x = ν u_xx has the travelling wave u = c - a tanh(a (x - c t) / 2ν). In space, both derivatives are
differences of slices; in time, a step of Crank-Nicolson is a nonlinear system of n equations. Its Jacobian is put
together from its pieces, slices @ diagonal @ padding, in the order in which the function computes, and is
tridiagonal without being told so.

Run it with ``python examples/burgers.py --plot burgers.png`` (the plot needs matplotlib).
"""

import argparse
import time

import numpy as np

import jackern as jk

NU, SPEED, HEIGHT, START, T_END = 0.01, 0.5, 0.5, 0.3, 0.8
TOLERANCE = 1e-9  # of Newton's updates; rounding leaves less than that at n = 100,000
MAX_ITERATIONS = 20


def wave(x, t):
    """The exact solution."""
    return SPEED - HEIGHT * np.tanh(HEIGHT * (x - START - SPEED * t) / (2 * NU))


def rate(u, t):
    """ν u_xx - (u²/2)_x on the inner points, and its Jacobian by u: (n,) and (n,) <- (n,)."""
    n = u.size
    h = 1 / (n + 1)
    left = jk.select(np.s_[:-2], n + 2)
    middle = jk.select(np.s_[1:-1], n + 2)
    right = jk.select(np.s_[2:], n + 2)
    curvature = (right - 2 * middle + left) / h**2

    padded = np.concatenate(([wave(0.0, t)], u, [wave(1.0, t)]))
    flux, flux_by_padded = jk.ops.square(padded) / 2, jk.ops.square.jacobian(padded) / 2
    value = NU * curvature @ padded - (right @ flux - left @ flux) / (2 * h)
    # Slice by slice: right @ J keeps as many numbers as J, (right - left) @ J would keep more and stay a product.
    by_padded = NU * curvature - (right @ flux_by_padded - left @ flux_by_padded) / (2 * h)
    return value, by_padded @ middle.T  # u is the middle of the padded array


def step(u, t, dt):
    """One step of Crank-Nicolson by Newton's method: the new u, and the largest update of each iteration."""
    old_rate, _ = rate(u, t)
    new, updates = u, []
    for _ in range(MAX_ITERATIONS):
        new_rate, jacobian = rate(new, t + dt)
        residual = new - u - dt / 2 * (old_rate + new_rate)
        J = jk.identity(u.shape) - dt / 2 * jacobian
        assert J.structure == "banded"
        update = J.solve(residual)
        new = new - update
        updates.append(np.max(np.abs(update)))
        if updates[-1] <= TOLERANCE:
            return new, updates
    raise SystemExit(f"Newton's method did not converge in {MAX_ITERATIONS} iterations: updates {updates}")


def plot(file, x, u):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    every, few = (slice(None, None, max(1, x.size // points)) for points in (1000, 40))
    axes.plot(x[every], wave(x, 0.0)[every], "k--", label="t = 0")
    axes.plot(x[every], wave(x, T_END)[every], label=f"t = {T_END}, exact")
    axes.plot(x[few], u[few], "o", mfc="none", label=f"t = {T_END}, computed")
    axes.set(title=f"Burgers' equation, ν = {NU}, n = {x.size:,}", xlabel="x", ylabel="u")
    axes.legend()
    figure.savefig(file)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="inner points of the grid (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=40, help="steps in time (default: %(default)s)")
    parser.add_argument("--plot", metavar="FILE", help="draw the wave into a PNG, PDF or SVG file")
    options = parser.parse_args(argv)

    x = np.arange(1, options.n + 1) / (options.n + 1)
    u, dt = wave(x, 0.0), T_END / options.steps
    history = []
    start = time.perf_counter()
    for k in range(options.steps):
        u, updates = step(u, k * dt, dt)
        history.append(updates)
    seconds = time.perf_counter() - start
    error = np.max(np.abs(u - wave(x, T_END)))

    print("first step, Newton's iterations: largest update, and by the square of the one before")
    for before, update in zip([None, *history[0]], history[0], strict=False):
        print(f"{update:10.1e}" + ("" if before is None else f"{update / before**2:10.2f}"))
    iterations = sum(map(len, history))
    print(f"{options.steps} steps, {iterations} tridiagonal solves with {options.n:,} unknowns: {seconds:.2f} s")
    print(f"largest error against the travelling wave: {error:.1e}")
    if options.plot:
        plot(options.plot, x, u)
        print(f"wrote {options.plot}")
    return error, history


if __name__ == "__main__":
    main()
