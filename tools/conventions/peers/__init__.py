"""The peers: each file has `words` for tools/conventions/names.py, `version`, `value`, `forward` and `reverse`.

`forward(f, args, k)` and `reverse(f, args, k)` return the derivative of `f` by its argument `k`, at `args`, which are
arrays of one element, in float64; None where the peer has no such derivative, and `forward` is None of a peer without
a forward mode.
"""
