"""What the ops are called by the peers, without any import of theirs.

A name is a Python expression in the words of the peer's file, `peers/*.py`.  The rule: an op has the name that
docs/ops.md gives it (tools/op_names.py) where that alone can be called, else its own name, or one of its aliases, in
the first of the peer's modules that has it.  `NAMES` has what the rule does not find, and None where it finds another
function.  Whenever a peer is asked, its functions must equal jackern's at ordinary points.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import op_names

PEERS = {
    "autograd": "autograd",
    "jax": "JAX",
    "torch": "PyTorch",
    "mygrad": "MyGrad",
    "pytensor": "PyTensor",
    "casadi": "CasADi",
}

MODULES = {
    "autograd": ("np", "special"),
    "jax": ("jnp", "nn", "special", "lax"),
    "torch": ("torch", "special", "functional"),
    "mygrad": ("mg", "activations"),
    "pytensor": ("pt", "special"),
    "casadi": ("casadi",),
}

IN_DOCUMENTS = {"jax": op_names.JAX, "torch": op_names.TORCH}

# Compositions that are compared, too.
WHERE_SQRT, NORM = "where(x > 0, sqrt(x), 0)", "norm of (a, b)"
COMPOSITIONS = (WHERE_SQRT, NORM)

NAMES = {
    "autograd": {
        "where": "lambda mask, a, b: np.where(mask != 0, a, b)",
        WHERE_SQRT: "lambda x: np.where(x > 0, np.sqrt(x), 0.0)",
        NORM: "lambda a, b: np.linalg.norm(np.concatenate([a, b]))",
    },
    "jax": {
        "gelu": "lambda x: nn.gelu(x, approximate=False)",
        "gelu_tanh": "nn.gelu",
        "where": "lambda mask, a, b: jnp.where(mask != 0, a, b)",
        WHERE_SQRT: "lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0)",
        NORM: "lambda a, b: jnp.linalg.norm(jnp.concatenate([a, b]))",
    },
    "torch": {
        "gelu_tanh": "lambda x: functional.gelu(x, approximate='tanh')",
        "leaky_relu": "lambda x, alpha: functional.leaky_relu(x, alpha.item())",
        "elu": "lambda x, alpha: functional.elu(x, alpha.item())",
        "celu": "lambda x, alpha: functional.celu(x, alpha.item())",
        "huber": "lambda x, delta: functional.huber_loss(x, torch.zeros_like(x), 'none', delta.item())",
        "sigmoid_cross_entropy": "lambda a, b: functional.binary_cross_entropy_with_logits(a, b, reduction='none')",
        "multiply_add": "lambda a, b, c: torch.addcmul(c, a, b)",
        "where": "lambda mask, a, b: torch.where(mask != 0, a, b)",
        WHERE_SQRT: "lambda x: torch.where(x > 0, torch.sqrt(x), 0.0)",
        NORM: "lambda a, b: torch.linalg.vector_norm(torch.cat([a, b]))",
    },
    "mygrad": {
        "softsign": "activations.soft_sign",
        "hard_tanh": "lambda x: activations.hard_tanh(x)",
        "leaky_relu": "lambda x, alpha: activations.leaky_relu(x, alpha.item())",
        "elu": "lambda x, alpha: activations.elu(x, alpha.item())",
        "where": "lambda mask, a, b: mg.where(mask.data != 0, a, b)",
        WHERE_SQRT: "lambda x: mg.where(x.data > 0, mg.sqrt(x), 0.0)",
        NORM: "lambda a, b: mg.linalg.norm(mg.concatenate([a, b]))",
    },
    "pytensor": {
        "positive": None,
        "negative": "lambda x: -x",
        "rint": "pt.round",
        "subtract": "lambda a, b: a - b",
        "multiply": "lambda a, b: a * b",
        "divide": "lambda a, b: a / b",
        "where": "lambda mask, a, b: pt.where(pt.neq(mask, 0), a, b)",
        WHERE_SQRT: "lambda x: pt.where(x > 0, pt.sqrt(x), 0.0)",
        NORM: "lambda a, b: pt.linalg.norm(pt.concatenate([a, b]))",
    },
    "casadi": {
        "negative": "lambda x: -x",
        "square": "casadi.sumsqr",
        "reciprocal": "lambda x: 1 / x",
        "relu": "casadi.ramp",
        "add": "casadi.plus",
        "subtract": "casadi.minus",
        "multiply": "casadi.times",
        "divide": "casadi.rdivide",
        "remainder": None,
        "heaviside": None,
        "where": "lambda mask, a, b: casadi.if_else(mask != 0, a, b)",
        WHERE_SQRT: "lambda x: casadi.if_else(x > 0, casadi.sqrt(x), 0)",
        NORM: "lambda a, b: casadi.norm_2(casadi.vertcat(a, b))",
    },
}


def function(peer, words, names):
    """Return a peer's function for an op, or None.

    Parameters
    ----------
    peer : str
        A key of PEERS.
    words : dict
        What the peer's expressions may use, its modules among them.
    names : list of str
        The name of the op and its aliases.
    """
    known = {name: text for name, text in IN_DOCUMENTS.get(peer, {}).items() if text is None or "(" not in text}
    known |= NAMES[peer]
    if names[0] in known:
        expression = known[names[0]]
        return None if expression is None else eval(expression, words)
    for module in MODULES[peer]:
        for name in names:
            if callable(found := getattr(words[module], name, None)):
                return found
    return None
