"""The network of the demo, written twice: through jackern's kernels, and in plain NumPy.

A layer maps a minibatch ``x``, one sample per row, to ``tanh(x @ w + b)``; the last one has no tanh, its
values are the logits.  The loss is the mean of the samples' softmax cross-entropies.

The backward pass starts from the cotangent of the loss, 1, and pulls it back through one step after another.
No step builds its Jacobian: each is a kernel that multiplies by it.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import DTypeLike

from jackern import ops


def initial_parameters(sizes: tuple[int, ...], rng: np.random.Generator, dtype: DTypeLike) -> np.ndarray:
    """Draw the parameters of all layers, as one flat array: Glorot-uniform weights, biases zero."""
    parameters = np.zeros(sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes)), dtype)
    for w, _ in layers_of(parameters, sizes):
        bound = math.sqrt(6 / sum(w.shape))
        w[...] = rng.uniform(-bound, bound, w.shape)
    return parameters


def layers_of(flat: np.ndarray, sizes: tuple[int, ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each layer's ``w`` (n_in, n_out) and ``b`` (n_out,), as views of one flat array."""
    layers = []
    start = 0
    for n_in, n_out in itertools.pairwise(sizes):
        middle = start + n_in * n_out
        stop = middle + n_out
        layers.append((flat[start:middle].reshape(n_in, n_out), flat[middle:stop]))
        start = stop
    return layers


class Network(ABC):
    """Parameters and their gradient: two flat arrays, of which `layers` and `layer_gradients` are views."""

    def __init__(self, sizes: tuple[int, ...], parameters: np.ndarray) -> None:
        self.parameters = parameters.copy()
        self.gradient = np.zeros_like(self.parameters)
        self.layers = layers_of(self.parameters, sizes)
        self.layer_gradients = layers_of(self.gradient, sizes)

    @abstractmethod
    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the inputs of all layers, and last the logits (n, n_classes), for x (n, n_features)."""

    @abstractmethod
    def loss_and_gradient(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Return the mean loss of the samples and overwrite `gradient` with its gradient."""

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Return the fraction of the samples whose largest logit is at their label."""
        logits = self.forward(x)[-1]
        return float(np.mean(logits.argmax(axis=1) == labels))


class JackernNetwork(Network):
    """Forward and backward through jackern's kernels only."""

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        values = [x]
        for w, b in self.layers[:-1]:
            z = ops.linear(values[-1], w, b)
            # The derivative of tanh is 1 - y*y: it needs only the output y, so y may overwrite z.
            values.append(ops.tanh(z, out=z))
        w, b = self.layers[-1]
        values.append(ops.linear(values[-1], w, b))
        return values

    def loss_and_gradient(self, x: np.ndarray, labels: np.ndarray) -> float:
        *inputs, logits = self.forward(x)
        losses = ops.softmax_cross_entropy(logits, labels)
        loss = ops.mean(losses)

        losses_bar = ops.mean.vjp(np.ones_like(loss), losses)
        z_bar = ops.softmax_cross_entropy.vjp(losses_bar, logits, labels)
        for k in reversed(range(len(self.layers))):
            w, b = self.layers[k]
            w_bar, b_bar = self.layer_gradients[k]
            if k == 0:  # nobody asks for the cotangent of the samples
                ops.linear.vjp(z_bar, inputs[k], w, b, wrt=(1, 2), out=(w_bar, b_bar))
            else:
                y_bar, _, _ = ops.linear.vjp(z_bar, inputs[k], w, b, out=(None, w_bar, b_bar))
                z_bar = ops.tanh.vjp(y_bar, y=inputs[k], out=y_bar)
        return float(loss)


class NumpyNetwork(Network):
    """The same network in plain NumPy, as one writes it by hand."""

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        values = [x]
        for w, b in self.layers[:-1]:
            values.append(np.tanh(values[-1] @ w + b))
        w, b = self.layers[-1]
        values.append(values[-1] @ w + b)
        return values

    def loss_and_gradient(self, x: np.ndarray, labels: np.ndarray) -> float:
        *inputs, logits = self.forward(x)
        n = len(labels)
        rows = np.arange(n)
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(sums[:, 0]) - shifted[rows, labels])

        z_bar = exponentials / sums
        z_bar[rows, labels] -= 1
        z_bar /= n
        for k in reversed(range(len(self.layers))):
            w, _ = self.layers[k]
            w_bar, b_bar = self.layer_gradients[k]
            np.matmul(inputs[k].T, z_bar, out=w_bar)
            np.sum(z_bar, axis=0, out=b_bar)
            if k > 0:
                y_bar = z_bar @ w.T
                z_bar = y_bar * (1 - inputs[k] * inputs[k])
        return float(loss)


class Adam:
    """Adam (Kingma and Ba, 2015, algorithm 1), with the authors' defaults for all but the rate."""

    BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, parameters: np.ndarray, rate: float) -> None:
        self.parameters = parameters
        self.rate = rate
        self.mean = np.zeros_like(parameters)
        self.square = np.zeros_like(parameters)
        self.n_steps = 0

    def step(self, gradient: np.ndarray) -> None:
        """Move the parameters, in place, by one step against the gradient."""
        self.n_steps += 1
        self.mean += (1 - self.BETA1) * (gradient - self.mean)
        self.square += (1 - self.BETA2) * (gradient * gradient - self.square)
        # Both averages start at 0; this factor takes that bias out.
        correction = math.sqrt(1 - self.BETA2**self.n_steps) / (1 - self.BETA1**self.n_steps)
        self.parameters -= (self.rate * correction) * self.mean / (np.sqrt(self.square) + self.EPSILON)
