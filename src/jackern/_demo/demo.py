"""The demo: a classifier of real handwritten digits, trained through jackern's kernels beside plain NumPy.

Both networks start from the same parameters and see the same minibatches, so their loss curves coincide up to
rounding.  What the demo claims it measures while one watches: equal gradients, times, and what is stored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from jackern._demo.network import Adam, JackernNetwork, Network, NumpyNetwork, initial_parameters
from jackern._demo.report import draw, jacobians_of, print_jacobians

SIZES = (64, 128, 128, 10)
BATCH = 64
RATE = 5e-3

# Central differences: how many entries of the gradient, and the step.  The truncation error is of the order
# of STEP**2, the rounding error of the order of 1e-16 / STEP; at 1e-5 both are small, about 1e-10 and 1e-11.
N_DIFFERENCES = 50
STEP = 1e-5

# The largest difference allowed between entries of jackern's gradient and NumPy's, and the differences.
NUMPY_LIMIT = {"float64": 1e-10, "float32": 1e-4}
DIFFERENCES_LIMIT = {"float64": 1e-7, "float32": 1e-4}


@dataclass(frozen=True)
class Digits:
    """Images (n, 64), scaled, and labels (n,), split into those to train with and those to test with."""

    train_x: np.ndarray
    train_labels: np.ndarray
    test_x: np.ndarray
    test_labels: np.ndarray


@dataclass
class Course:
    """A network in training, and of every epoch its mean loss and its seconds."""

    network: Network
    optimiser: Adam
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def run(epochs: int, seed: int, dtype: str, output: Path) -> int:
    """Run the demo, print what it finds and write the picture to `output`.

    Returns the exit code: 0, or 1 if the gradients disagree with NumPy's or with central differences.
    """
    digits = load(seed, dtype)
    n_train, n_test = len(digits.train_labels), len(digits.test_labels)
    print(f"{n_train + n_test:,} handwritten digits, {n_train:,} to train with and {n_test:,} to test with")
    print(f"network {'-'.join(map(str, SIZES))} in {dtype}, seed {seed}, minibatches of {BATCH}", flush=True)

    rng = np.random.default_rng(seed)
    parameters = initial_parameters(SIZES, rng, dtype)
    jackern, numpy = (
        Course(network, Adam(network.parameters, RATE))
        for network in (JackernNetwork(SIZES, parameters), NumpyNetwork(SIZES, parameters))
    )
    x, labels = digits.train_x[:BATCH], digits.train_labels[:BATCH]
    from_differences = difference_from_differences(jackern.network, x, labels, rng)
    from_numpy = train(jackern, numpy, digits, epochs, rng)

    print_comparison(jackern, numpy, digits)
    verdicts = (
        report("largest difference of the gradients of jackern and NumPy", from_numpy, NUMPY_LIMIT[dtype]),
        report(
            f"worst of {N_DIFFERENCES} random entries against central differences",
            from_differences,
            DIFFERENCES_LIMIT[dtype],
        ),
    )
    print_jacobians(jacobians_of(jackern.network, x, labels), f"\nJacobians of one minibatch of {BATCH}")
    draw(jackern.losses, numpy.losses, jacobians_of(jackern.network, x[:1], labels[:1]), output)
    print(f"\nwrote {output.resolve()}")
    return 0 if all(verdicts) else 1


def report(what: str, difference: float, limit: float) -> bool:
    """Print a difference beside its limit, and tell whether it is below it, which a NaN is not."""
    below = difference < limit
    print(f"{what}: {difference:.1e} (limit {limit:.0e})" + ("" if below else ": FAILED"))
    return below


def load(seed: int, dtype: str) -> Digits:
    """Load scikit-learn's digits, split 75 to 25 in every class.

    One shift and one factor for all pixels bring the mean of the training images to 0, their deviation to 1.
    """
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_labels, test_labels = train_test_split(
        images, labels, test_size=0.25, stratify=labels, random_state=seed
    )
    mean, deviation = train_x.mean(), train_x.std()
    train_x, test_x = (((x - mean) / deviation).astype(dtype) for x in (train_x, test_x))
    return Digits(train_x, train_labels, test_x, test_labels)


def train(jackern: Course, numpy: Course, digits: Digits, epochs: int, rng: np.random.Generator) -> float:
    """Train both networks on the same minibatches, drawn anew for every epoch, an incomplete one left out.

    They take turns by epochs, and in going first, so that noise of the machine hits both alike.  Returns the
    largest difference between entries of their gradients at the same parameters, taken once per epoch.
    """
    largest = 0.0
    with tqdm(range(epochs), desc="training", unit="epoch") as bar:
        for epoch in bar:
            order = rng.permutation(len(digits.train_labels))
            batches = [order[start : start + BATCH] for start in range(0, len(order) - BATCH + 1, BATCH)]
            for course in (jackern, numpy) if epoch % 2 == 0 else (numpy, jackern):
                train_epoch(course, digits, batches)
            x, labels = digits.train_x[batches[0]], digits.train_labels[batches[0]]
            # np.maximum keeps a NaN, which the built-in max may lose.
            largest = float(np.maximum(largest, difference_from_numpy(jackern.network, x, labels)))
            bar.set_postfix(loss=f"{jackern.losses[-1]:.4f}", refresh=False)
    return largest


def train_epoch(course: Course, digits: Digits, batches: list[np.ndarray]) -> None:
    """Take one step of the optimiser per minibatch, and record the mean loss and the time."""
    losses = []
    start = time.perf_counter()
    for batch in batches:
        losses.append(course.network.loss_and_gradient(digits.train_x[batch], digits.train_labels[batch]))
        course.optimiser.step(course.network.gradient)
    course.seconds.append(time.perf_counter() - start)
    course.losses.append(float(np.mean(losses)))


def difference_from_numpy(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    """Return the largest difference between entries of the network's gradient and NumPy's."""
    numpy = NumpyNetwork(SIZES, network.parameters)
    network.loss_and_gradient(x, labels)
    numpy.loss_and_gradient(x, labels)
    return float(np.abs(network.gradient - numpy.gradient).max())


def difference_from_differences(network: Network, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> float:
    """Return the largest difference between random entries of the network's gradient and central differences.

    The differences are taken in float64 for a float32 network too: float32 has too few digits for them.
    """
    network.loss_and_gradient(x, labels)
    wide = JackernNetwork(SIZES, network.parameters.astype(np.float64))
    x = x.astype(np.float64)
    largest = 0.0
    for entry in rng.choice(network.parameters.size, N_DIFFERENCES, replace=False):
        centre = wide.parameters[entry]
        wide.parameters[entry] = centre + STEP
        above = wide.loss_and_gradient(x, labels)
        wide.parameters[entry] = centre - STEP
        below = wide.loss_and_gradient(x, labels)
        wide.parameters[entry] = centre
        difference = network.gradient[entry] - (above - below) / (2 * STEP)
        largest = float(np.maximum(largest, np.abs(difference)))
    return largest


def print_comparison(jackern: Course, numpy: Course, digits: Digits) -> None:
    """Print loss, accuracy and time of the two networks side by side."""
    test = digits.test_x, digits.test_labels
    print(f"\n{'':24}{'jackern':>12}{'NumPy':>12}")
    print(f"{'loss in the last epoch':24}{jackern.losses[-1]:12.6f}{numpy.losses[-1]:12.6f}")
    print(f"{'test accuracy':24}{jackern.network.accuracy(*test):12.2%}{numpy.network.accuracy(*test):12.2%}")
    jackern_ms, numpy_ms = (1e3 * float(np.median(course.seconds)) for course in (jackern, numpy))
    print(f"{'time per epoch, median':24}{jackern_ms:9.2f} ms{numpy_ms:9.2f} ms\n")
