"""Reverse-mode differentiation in fifty lines, on jackern's kernels.

Every op has the same two calls, ``op(*values)`` and ``op.vjp(y_bar, *values)``, so a framework needs no rule
of its own: a node remembers its op and its inputs. The script fits a logistic regression and checks one
gradient against central differences. Run it with ``python examples/tiny_autodiff.py``.
"""

import numpy as np

import jackern as jk


class Node:
    """A value, and the op and inputs that it came from (none for a parameter or for data)."""

    def __init__(self, value, op=None, inputs=()):
        self.value = value
        self.op = op
        self.inputs = inputs


def apply(op, *inputs):
    """The op's value at its inputs, as a new node."""
    return Node(op(*(node.value for node in inputs)), op, inputs)


def in_order(root):
    """All nodes that `root` depends on and `root` itself, inputs first."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.inputs:
                visit(parent)
            order.append(node)

    visit(root)
    return order


def gradients(root, parameters):
    """The gradient of the scalar `root` with respect to each parameter, of the parameter's shape."""
    bars = {root: 1.0}
    for node in reversed(in_order(root)):
        if node.op is None:
            continue
        cotangents = node.op.vjp(bars.pop(node), *(parent.value for parent in node.inputs))
        if len(node.inputs) == 1:
            cotangents = (cotangents,)
        for parent, bar in zip(node.inputs, cotangents, strict=True):
            bars[parent] = bars[parent] + bar if parent in bars else bar
    return [bars[parameter] for parameter in parameters]


def logistic_loss(x, sign, w, b):
    """Mean of log(1 + exp(-sign * (x @ w + b))) over the rows of x: `sign` is 1 or -1 for each."""
    score = apply(jk.ops.add, apply(jk.ops.matmul, x, w), b)
    margin = apply(jk.ops.multiply, apply(jk.ops.negative, sign), score)
    return apply(jk.ops.mean, apply(jk.ops.softplus, margin))


def main():
    rng = np.random.default_rng(0)
    x = Node(rng.normal(size=(500, 3)))
    sign = Node(np.where(x.value @ [1.0, -2.0, 0.5] + 0.3 > 0.0, 1.0, -1.0))
    w, b = Node(np.zeros(3)), Node(np.zeros(1))

    for step in range(201):
        loss = logistic_loss(x, sign, w, b)
        w_bar, b_bar = gradients(loss, [w, b])
        if step % 50 == 0:
            print(f"step {step:3d}  loss {loss.value:.4f}")
        if step < 200:
            w.value = w.value - w_bar
            b.value = b.value - b_bar

    h = 1e-6
    up, down = (logistic_loss(x, sign, w, Node(b.value + d)).value for d in (h, -h))
    difference = abs((up - down) / (2.0 * h) - b_bar[0])
    print(f"gradient by b against central differences: {difference:.1e} apart")
    if not difference < 1e-8:
        raise SystemExit("the gradient is wrong")


if __name__ == "__main__":
    main()
