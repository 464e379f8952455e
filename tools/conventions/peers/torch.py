"""PyTorch: dual numbers, and `torch.autograd.grad`."""

from __future__ import annotations

import torch
from torch import special
from torch.autograd import forward_ad
from torch.nn import functional

version = torch.__version__.partition("+")[0]
words = {"torch": torch, "special": special, "functional": functional}


def value(f, args):
    """Return f(*args)."""
    return f(*map(torch.tensor, args))


def forward(f, args, k):
    """Return the product with a tangent of ones; PyTorch says NotImplementedError of what it lacks."""
    primals = [torch.tensor(arg) for arg in args]
    with forward_ad.dual_level():
        primals[k] = forward_ad.make_dual(primals[k], torch.ones_like(primals[k]))
        try:
            y_dot = forward_ad.unpack_dual(f(*primals)).tangent
        except NotImplementedError:
            return None
        if y_dot is None:  # the tangent is 0, unless f made a number of its argument
            return None if reverse(f, args, k) is None else torch.zeros(1).numpy()
        return y_dot.numpy()


def reverse(f, args, k):
    """Return the product with a cotangent of ones."""
    args = [torch.tensor(arg) for arg in args]
    args[k].requires_grad_()
    try:
        y = f(*args)
        return torch.autograd.grad(y, args[k], torch.ones_like(y))[0].numpy() if y.requires_grad else None
    except (NotImplementedError, RuntimeError) as error:
        # Of what is not differentiable at all PyTorch says "derivative for aten::... is not implemented".
        if "not implemented" in str(error):
            return None
        raise
