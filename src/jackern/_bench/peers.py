"""The libraries that jackern is compared with: which are here, how they are limited, what their results are."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

import numpy as np

import jackern as jk

PEERS = ("numpy", "scipy", "numexpr", "autograd", "jax", "torch")  # in the order of the table


def installed() -> tuple[str, ...]:
    """Names of the peers that are here."""
    return tuple(name for name in PEERS if importlib.util.find_spec(name) is not None)


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """The version of jackern and of each of these."""
    return {"jackern": jk.__version__} | {name: importlib.metadata.version(name) for name in names}


def namespace(names: tuple[str, ...], n_threads: int) -> dict[str, Any]:
    """What statements may use of these libraries, limited to so many threads."""
    found: dict[str, Any] = {"np": np}
    if "scipy" in names:
        import scipy.linalg
        import scipy.sparse
        import scipy.special

        found["scipy"] = scipy
    if "numexpr" in names:
        import numexpr

        numexpr.set_num_threads(n_threads)
        found["evaluate"] = numexpr.evaluate
    if "autograd" in names:
        import autograd
        import autograd.scipy.special

        found["autograd"], found["anp"] = autograd, autograd.numpy
    if "jax" in names:
        import jax

        jax.config.update("jax_enable_x64", True)
        found["jax"], found["jnp"] = jax, jax.numpy
    if "torch" in names:
        import torch

        torch.set_num_threads(n_threads)
        torch.set_grad_enabled(False)
        found["torch"], found["aten"] = torch, torch.ops.aten
    return found


def as_arrays(result: Any) -> list[np.ndarray]:
    """Results of any peer as NumPy arrays."""
    several = result if isinstance(result, (tuple, list)) else (result,)
    return [np.array(one) for one in several]
