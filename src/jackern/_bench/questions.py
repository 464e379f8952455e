"""What is asked: every question at some sizes, each side in its best form.

A statement is an expression whose value is the result.  All sides write into arrays that exist already where they can;
what a library compiles is compiled before the race, which warms up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

import jackern as jk

Names = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One question at one size.

    Attributes
    ----------
    names : dict
        The globals of the statements.
    statements : dict of str to str
        By "jackern" and names of peers.
    n_elements, n_bytes : int
        What the time is divided by in a plot; what has to be read and written.
    """

    names: Names
    statements: dict[str, str]
    n_elements: int
    n_bytes: int


@dataclass(frozen=True)
class Question:
    """What is asked at each of these sizes, smallest first; `make` returns the case of one."""

    name: str
    sizes: tuple[int, ...]
    make: Callable[[int, Names], Case] = field(repr=False)


QUESTIONS: list[Question] = []
Make = TypeVar("Make", bound=Callable[[int, Names], Case])


def question(name: str, *sizes: int) -> Callable[[Make], Make]:
    """Make the decorated function a question."""

    def asked(make: Make) -> Make:
        QUESTIONS.append(Question(name, sizes, make))
        return make

    return asked


def shared(libraries: Names, **arrays: np.ndarray) -> Names:
    """Return names for every side: arrays as they are, ``j_`` for JAX's and ``t_`` for PyTorch's."""
    names = {**libraries, "jk": jk, "ops": jk.ops, **arrays}
    for name, array in arrays.items():
        if "jnp" in libraries:
            names[f"j_{name}"] = libraries["jnp"].asarray(array)
        if "torch" in libraries:
            names[f"t_{name}"] = libraries["torch"].asarray(array.copy())
    return names


def compiled(libraries: Names, function: Callable[..., Any]) -> Any:
    """The function compiled by JAX, which waits for its result; None without JAX."""
    if "jax" not in libraries:
        return None
    jitted, wait = libraries["jax"].jit(function), libraries["jax"].block_until_ready
    return lambda *args: wait(jitted(*args))


def pullback(libraries: Names, function: Callable[[Any], Callable[[Any], Any]], x: np.ndarray) -> Any:
    """Return autograd's VJP at `x` of the function that `function` returns for its NumPy; None without autograd."""
    if "autograd" not in libraries:
        return None
    return libraries["autograd"].make_vjp(function(libraries["anp"]))(x)[0]


def random(*shapes: tuple[int, ...] | int) -> list[np.ndarray]:
    """Arrays of these shapes, the same at every call."""
    rng = np.random.default_rng(0)
    return [rng.uniform(0.1, 1.0, shape) for shape in shapes]


@question("VJP of tanh, from its output", 8, 1_000, 100_000, 1_000_000, 10_000_000)
def tanh_vjp(n: int, libraries: Names) -> Case:
    x, g, out, spare = random(n, n, n, n)
    names = shared(libraries, g=g, y=np.tanh(x), out=out, spare=spare)
    names["jit"] = compiled(libraries, lambda g, y: g * (1 - y * y))
    names["back"] = pullback(libraries, lambda anp: anp.tanh, x)
    return Case(
        names,
        {
            "jackern": "ops.tanh.vjp(g, y=y, out=out)",
            "numpy": "np.multiply(g, np.subtract(1, np.multiply(y, y, out=spare), out=spare), out=spare)",
            "numexpr": "evaluate('g * (1 - y * y)', out=spare)",
            "autograd": "back(g)",
            "jax": "jit(j_g, j_y)",
            "torch": "aten.tanh_backward.grad_input(t_g, t_y, grad_input=t_out)",
        },
        n,
        24 * n,
    )


@question("VJP of multiply, both operands", 8, 1_000, 100_000, 1_000_000)
def multiply_vjp(n: int, libraries: Names) -> Case:
    g, a, b, out, beside, spare, spare_too = random(n, n, n, n, n, n, n)
    names = shared(libraries, g=g, a=a, b=b, out=out, beside=beside, spare=spare, spare_too=spare_too)
    names["jit"] = compiled(libraries, lambda g, a, b: (g * b, g * a))
    return Case(
        names,
        {
            "jackern": "ops.multiply.vjp(g, a, b, out=(out, beside))",
            "numpy": "(np.multiply(g, b, out=spare), np.multiply(g, a, out=spare_too))",
            "numexpr": "(evaluate('g * b', out=spare), evaluate('g * a', out=spare_too))",
            "jax": "jit(j_g, j_a, j_b)",
            "torch": "(torch.mul(t_g, t_b, out=t_out), torch.mul(t_g, t_a, out=t_beside))",
        },
        n,
        40 * n,
    )


@question("VJP of multiply by a scale of (256,), rows", 8, 128, 4_096)
def scale_vjp(n: int, libraries: Names) -> Case:
    g, x, scale, out, spare = random((n, 256), (n, 256), 256, 256, 256)
    names = shared(libraries, g=g, x=x, scale=scale, out=out, spare=spare)
    names["jit"] = compiled(libraries, lambda g, x: (g * x).sum(0))
    names["back"] = pullback(libraries, lambda anp: lambda scale: anp.multiply(x, scale), scale)
    return Case(
        names,
        {
            "jackern": "ops.multiply.vjp(g, x, scale, wrt=1, out=out)",
            "numpy": "np.einsum('ij,ij->j', g, x, out=spare)",
            "autograd": "back(g)",
            "jax": "jit(j_g, j_x)",
            "torch": "torch.sum(t_g * t_x, 0, out=t_out)",
        },
        256 * n,
        16 * 256 * n,
    )


@question("VJP of multiply by (n, n, 1) beside (n, n, n)", 8, 32, 128)
def cube_vjp(n: int, libraries: Names) -> Case:
    g, x, scale, out, spare = random((n, n, n), (n, n, n), (n, n, 1), (n, n, 1), (n, n))
    names = shared(libraries, g=g, x=x, scale=scale, out=out, spare=spare)
    names["jit"] = compiled(libraries, lambda g, x: (g * x).sum(2, keepdims=True))
    return Case(
        names,
        {
            "jackern": "ops.multiply.vjp(g, x, scale, wrt=1, out=out)",
            "numpy": "np.einsum('ijk,ijk->ij', g, x, out=spare)[..., None]",
            "jax": "jit(j_g, j_x)",
            "torch": "torch.sum(t_g * t_x, 2, keepdim=True, out=t_out)",
        },
        n**3,
        16 * n**3,
    )


@question("unbroadcast (n, n, n) to (n, 1, n)", 8, 32, 128)
def sum_back(n: int, libraries: Names) -> Case:
    g, out, spare = random((n, n, n), (n, 1, n), (n, 1, n))
    names = shared(libraries, g=g, out=out, spare=spare)
    names["jit"] = compiled(libraries, lambda g: g.sum(1, keepdims=True))
    return Case(
        names,
        {
            "jackern": "jk.unbroadcast(g, out.shape, out=out)",
            "numpy": "np.add.reduce(g, axis=1, keepdims=True, out=spare)",
            "jax": "jit(j_g)",
            "torch": "torch.sum(t_g, 1, keepdim=True, out=t_out)",
        },
        n**3,
        8 * n**3,
    )


@question("VJP of softmax cross-entropy, (n, 64)", 8, 128, 4_096)
def cross_entropy_vjp(n: int, libraries: Names) -> Case:
    logits, g, out, spare = random((n, 64), n, (n, 64), (n, 64))
    labels, rows = np.arange(n) % 64, np.arange(n)
    names = shared(libraries, logits=logits, g=g, labels=labels, rows=rows, out=out, spare=spare)

    def gradient(logits: np.ndarray, g: np.ndarray, labels: np.ndarray, rows: np.ndarray, p: np.ndarray) -> np.ndarray:
        np.subtract(logits, logits.max(1, keepdims=True), out=p)
        np.exp(p, out=p)
        p /= p.sum(1, keepdims=True)
        p[rows, labels] -= 1
        p *= g[:, None]
        return p

    def of_jax(logits: Any, g: Any, labels: Any) -> Any:
        nn = libraries["jax"].nn
        return (nn.softmax(logits) - nn.one_hot(labels, 64, dtype=logits.dtype)) * g[:, None]

    def of_torch(logits: Any, g: Any, labels: Any, rows: Any) -> Any:
        p = libraries["torch"].softmax(logits, 1)
        p[rows, labels] -= 1
        return p.mul_(g[:, None])

    names |= {"gradient": gradient, "jit": compiled(libraries, of_jax), "of_torch": of_torch}
    return Case(
        names,
        {
            "jackern": "ops.softmax_cross_entropy.vjp(g, logits, labels, out=out)",
            "numpy": "gradient(logits, g, labels, rows, spare)",
            "jax": "jit(j_logits, j_g, j_labels)",
            "torch": "of_torch(t_logits, t_g, t_labels, t_rows)",
        },
        64 * n,
        16 * 64 * n,
    )


@question("JVP of a dense Jacobian (n, n)", 8, 64, 512, 2_048)
def dense_jvp(n: int, libraries: Names) -> Case:
    matrix, v, out, spare = random((n, n), n, n, n)
    names = shared(libraries, matrix=matrix, v=v, out=out, spare=spare) | {"dense": jk.dense(matrix)}
    names["jit"] = compiled(libraries, lambda a, v: a @ v)
    return Case(
        names,
        {
            "jackern": "dense.jvp(v, out=out)",
            "numpy": "matrix.dot(v, spare)",
            "jax": "jit(j_matrix, j_v)",
            "torch": "torch.mv(t_matrix, t_v, out=t_out)",
        },
        n * n,
        8 * n * n,
    )


@question("VJP of a dense Jacobian (n, n)", 8, 64, 512, 2_048)
def dense_vjp(n: int, libraries: Names) -> Case:
    matrix, v, out, spare = random((n, n), n, n, n)
    names = shared(libraries, matrix=matrix, v=v, out=out, spare=spare) | {"dense": jk.dense(matrix)}
    names |= {"turned": matrix.T, "jit": compiled(libraries, lambda a, v: v @ a)}
    if "torch" in libraries:
        names["t_turned"] = names["t_matrix"].T
    return Case(
        names,
        {
            "jackern": "dense.vjp(v, out=out)",
            "numpy": "turned.dot(v, spare)",
            "jax": "jit(j_matrix, j_v)",
            "torch": "torch.mv(t_turned, t_v, out=t_out)",
        },
        n * n,
        8 * n * n,
    )


@question("JVP of a tridiagonal Jacobian", 100, 10_000, 1_000_000)
def tridiagonal_jvp(n: int, libraries: Names) -> Case:
    low, middle, high, v, out, spare, beside = random(n, n, n, n, n, n, n)
    names = shared(libraries, low=low, middle=middle, high=high, v=v, out=out, spare=spare, beside=beside)
    names["banded"] = jk.banded(np.stack([low, middle, high]), [-1, 0, 1], (n, n))
    if "scipy" in libraries:
        names["dia"] = names["banded"].todia()

    def product(low: np.ndarray, middle: np.ndarray, high: np.ndarray, v: np.ndarray) -> np.ndarray:
        np.multiply(middle, v, out=spare)
        np.multiply(low[:-1], v[:-1], out=beside[1:])
        np.add(spare[1:], beside[1:], out=spare[1:])
        np.multiply(high[1:], v[1:], out=beside[:-1])
        np.add(spare[:-1], beside[:-1], out=spare[:-1])
        return spare

    def of_jax(low: Any, middle: Any, high: Any, v: Any) -> Any:
        return (middle * v).at[1:].add(low[:-1] * v[:-1]).at[:-1].add(high[1:] * v[1:])

    names |= {"product": product, "jit": compiled(libraries, of_jax)}
    return Case(
        names,
        {
            "jackern": "banded.jvp(v, out=out)",
            "numpy": "product(low, middle, high, v)",
            "scipy": "dia @ v",
            "jax": "jit(j_low, j_middle, j_high, j_v)",
        },
        n,
        40 * n,
    )


def of_function(name: str) -> None:
    """Ask for the value of a function that most libraries have."""

    @question(f"{name}", 8, 1_000, 100_000, 1_000_000)
    def value(n: int, libraries: Names) -> Case:
        x, out, spare = random(n, n, n)
        names = shared(libraries, x=x, out=out, spare=spare)
        jax = getattr(libraries.get("jnp"), name, None) or getattr(
            getattr(getattr(libraries.get("jax"), "scipy", None), "special", None), name, None
        )
        names["jit"] = compiled(libraries, jax) if jax is not None else None
        statements = {"jackern": f"ops.{name}(x, out=out)", "torch": f"torch.{name}(t_x, out=t_out)"}
        if hasattr(np, name):
            statements |= {"numpy": f"np.{name}(x, out=spare)", "numexpr": f"evaluate('{name}(x)', out=spare)"}
        else:
            statements["scipy"] = f"scipy.special.{name}(x, out=spare)"
        if jax is not None:
            statements["jax"] = "jit(j_x)"
        return Case(names, statements, n, 16 * n)


for function in ("exp", "log1p", "tanh", "sin", "erf"):
    of_function(function)
