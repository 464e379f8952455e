"""The Jacobians of the demo's network, one per step: as a table and as a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import jackern as jk
from jackern import ops
from jackern._demo.network import Network


@dataclass(frozen=True)
class Step:
    """A step of the network, and its Jacobian by one of its arguments."""

    name: str
    by: str
    jacobian: jk.Jacobian

    @property
    def n_stored(self) -> int:
        """How many numbers the Jacobian holds."""
        return self.jacobian.values.size

    @property
    def n_dense(self) -> int:
        """How many numbers a dense matrix in its place would hold."""
        return math.prod(self.jacobian.shape)


def jacobians_of(network: Network, x: np.ndarray, labels: np.ndarray) -> list[Step]:
    """Return the Jacobian of every step of the network by every argument, at samples x (n, n_features)."""
    steps = []
    value = x
    for k, (w, b) in enumerate(network.layers):
        name = f"linear {w.shape[0]} -> {w.shape[1]}"
        for argument, by in enumerate("xwb"):
            steps.append(Step(name, by, ops.linear.jacobian(value, w, b, wrt=argument)))
        value = ops.linear(value, w, b)
        if k < len(network.layers) - 1:
            steps.append(Step("tanh", "x", ops.tanh.jacobian(value)))
            value = ops.tanh(value)
    steps.append(Step("softmax cross-entropy", "x", ops.softmax_cross_entropy.jacobian(value, labels)))
    value = ops.softmax_cross_entropy(value, labels)
    steps.append(Step("mean", "x", ops.mean.jacobian(value)))
    return steps


def print_jacobians(steps: list[Step], title: str) -> None:
    """Print a table: the structure of each Jacobian, the numbers it stores, and those of a dense matrix."""
    rows = [(step.name, step.by, step.jacobian.structure, step.n_stored, step.n_dense) for step in steps]
    rows.append(("all", "", "", sum(step.n_stored for step in steps), sum(step.n_dense for step in steps)))
    print(title)
    print(f"{'step':22} {'by':3} {'structure':15} {'numbers stored':>14} {'as dense matrix':>16}")
    for name, by, structure, n_stored, n_dense in rows:
        print(f"{name:22} {by:3} {structure:15} {n_stored:14,} {n_dense:16,}")


def draw(jackern_losses: list[float], numpy_losses: list[float], steps: list[Step], output: Path) -> None:
    """Draw the loss curves, and the non-zero pattern of the chain of steps from the samples to the loss."""
    figure = Figure(figsize=(12, 5.5), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2)

    epochs = range(1, len(jackern_losses) + 1)
    left.semilogy(epochs, numpy_losses, color="tab:orange", linewidth=5, alpha=0.5, label="NumPy")
    left.semilogy(epochs, jackern_losses, color="tab:blue", marker=".", label="jackern")
    left.set(title="Mean training loss", xlabel="epoch", ylabel="softmax cross-entropy")
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend()

    chain = [step for step in steps if step.by == "x"]
    pattern = chain_pattern(chain)
    colours = [f"C{k}" for k in range(len(chain))]
    right.imshow(pattern, cmap=ListedColormap(["white", *colours]), interpolation="none", aspect="auto")
    right.set(
        title="Non-zero pattern of the chain's Jacobian for one sample\n"
        f"{sum(step.n_stored for step in chain):,} numbers stored, {pattern.size:,} as a dense matrix",
        xlabel="inputs of the steps",
        ylabel="outputs of the steps",
    )
    labels = [f"{step.name}: {step.jacobian.structure}" for step in chain]
    right.legend(handles=[Patch(color=c, label=label) for c, label in zip(colours, labels, strict=True)])
    figure.savefig(output)


def chain_pattern(chain: list[Step]) -> np.ndarray:
    """Lay the steps' Jacobians down as a staircase: rows are the outputs of all steps, columns their inputs.

    An entry is 0 where the Jacobian is 0, and 1 + the index of its step elsewhere.
    """
    shapes = np.array([step.jacobian.shape for step in chain])
    pattern = np.zeros(shapes.sum(axis=0), dtype=np.uint8)
    corners = shapes.cumsum(axis=0) - shapes
    for k, (step, (row, column), (m, n)) in enumerate(zip(chain, corners, shapes, strict=True)):
        pattern[row : row + m, column : column + n] = (k + 1) * (step.jacobian.toarray() != 0)
    return pattern
