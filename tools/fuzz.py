"""Random calls that are wrong on purpose, or right in odd memory; `make fuzz` runs them under the sanitizers.

Every round has a seed of its own, printed where it fails: ``fuzz.py TARGET --seed SEED --rounds 1`` repeats it.
A round fails by a wrong number, by an exception that names no cause, or by a report of a sanitizer, which ends it all.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import pickle
import pickletools
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse

import jackern as jk
from jackern import _core

REFUSALS = (ValueError, TypeError, MemoryError, OverflowError)
LARGEST = 20_000  # elements of what is computed
GUARD = 64  # bytes on both sides of an output, which stay as they are
OPS = [getattr(jk.ops, name) for name in jk.op_names()]
POINTWISE = [op for op in OPS if hasattr(op, "domain")]


# ---- views -------------------------------------------------------------------------------------------------------


def laid_out(rng, array):
    """The same numbers in other memory: strided, reversed, transposed, misaligned, repeated."""
    kind = rng.integers(7)
    if kind == 0 or array.ndim == 0:
        return array
    if kind == 1:
        wide = np.repeat(array, 2, axis=rng.integers(array.ndim))
        return wide[tuple(slice(None, None, n // m if m else 1) for n, m in zip(wide.shape, array.shape, strict=True))]
    if kind == 2:
        return np.ascontiguousarray(array[::-1])[::-1]
    if kind == 3:
        return np.asfortranarray(array)
    if kind == 4:
        raw = np.zeros(array.nbytes + 1, np.uint8)
        moved = raw[1:].view(array.dtype).reshape(array.shape) if array.nbytes else array
        moved[...] = array
        return moved
    if kind == 5:
        return array.astype(array.dtype.newbyteorder())
    return np.broadcast_to(array[:1], array.shape)


class Guarded:
    """An output in the middle of memory that must not change."""

    def __init__(self, rng, shape, dtype, order="C"):
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        self.raw = rng.integers(0, 256, n_bytes + 2 * GUARD, np.uint8)
        self.raw[GUARD : GUARD + n_bytes] = 0
        self.before = self.raw.copy()
        self.array = self.raw[GUARD : GUARD + n_bytes].view(dtype).reshape(shape, order=order)

    def check(self):
        """Raise if the memory around the output has changed."""
        for part in (slice(GUARD), slice(-GUARD, None)):
            assert np.array_equal(self.raw[part], self.before[part]), "memory beside the output has changed"


def agree(found, wanted):
    """Raise if two results differ by more than rounding in float32 explains."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    with np.errstate(all="ignore"):
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0)
    assert np.allclose(found, wanted, rtol=2e-4, atol=1e-4 * scale, equal_nan=True), f"{found} instead of {wanted}"


def views(rng):
    """A product of a pointwise op: in odd memory it is what it is in plain memory, and nothing else is written."""
    op = POINTWISE[rng.integers(len(POINTWISE))]
    full = tuple(rng.integers(0, 5, rng.integers(0, 5)).tolist())
    shapes = [
        tuple(1 if rng.random() < 0.25 else n for n in full[rng.integers(len(full) + 1) :]) for _ in range(op.nin)
    ]
    dtypes = [(np.float32, np.float64)[rng.integers(2)] for _ in shapes]
    plain = [
        rng.uniform(max(low, -3), max(min(high, 3), low), shape).astype(dtype)
        for shape, dtype, (low, high) in zip(shapes, dtypes, op.domain, strict=True)
    ]
    odd = [laid_out(rng, x) for x in plain]
    plain = [np.array(x, x.dtype.newbyteorder("=")) for x in odd]
    odd_bar = laid_out(rng, rng.standard_normal(np.broadcast_shapes(*shapes)))
    y_bar = np.array(odd_bar, np.float64)
    wrt = int(rng.integers(op.nin))
    wanted = op.vjp(y_bar, *plain, wrt=wrt)
    out = Guarded(rng, shapes[wrt], wanted.dtype, "CF"[rng.integers(2)])
    agree(op.vjp(odd_bar, *odd, wrt=wrt, out=out.array), wanted)
    out.check()
    value = Guarded(rng, y_bar.shape, np.float64)
    agree(op(*odd, out=value.array), op(*plain))
    value.check()


# ---- Jacobians ---------------------------------------------------------------------------------------------------


def jacobians():
    """One of every kind that is pickled."""
    d = np.arange(1.0, 7.0)
    yield jk.zero(2, 3)
    yield jk.diagonal(d.reshape(2, 3))
    yield jk.identity((2, 3), 2.0)
    yield jk.dense(d.reshape(2, 3).astype(np.float32))
    yield jk.einsum("bk,kn->bn", d.reshape(2, 3), in_shape=(3, 4))
    yield jk.select(np.s_[1:4], 6).T @ jk.dense(np.ones((3, 2)))
    yield jk.banded(np.ones((2, 6)) + d, [0, 1], (6, 6))
    yield jk.convolution(d[:3], (2, 6), axis=0)
    yield jk.sparse(scipy.sparse.csr_array(np.diag(d) + np.eye(6, k=2)))
    yield jk.select([4, 0, 0], 6)
    yield jk.diagonal(d) - jk.broadcast(d, ()) @ jk.reduction(d)
    yield jk.diagonal(d) @ jk.sparse(scipy.sparse.csr_array(np.ones((6, 6))))
    yield jk.dense(np.ones((2, 6))).gram()


VALID = list(jacobians())


def exercise(rng, jacobian):
    """Everything that reads the description, and products beside memory that must not change."""
    m, n = jacobian.shape
    repr(jacobian), jacobian.nbytes, jacobian.T.T
    if max(m, n) > LARGEST or m * n > 50 * LARGEST:
        return
    matrix = jacobian.toarray()
    assert matrix.shape == (m, n)
    for way, shape, size, dense in (
        (jacobian.jvp, jacobian.in_shape, jacobian.out_shape, matrix),
        (jacobian.vjp, jacobian.out_shape, jacobian.in_shape, matrix.T),
    ):
        for batch in ((), (2,)):
            v = rng.integers(-3, 4, (*batch, *shape)).astype(np.float64)
            out = Guarded(rng, (*batch, *size), np.float64)
            with np.errstate(all="ignore"):
                wanted = v.reshape(*batch, dense.shape[1]) @ dense.T.astype(np.float64)
            if np.isfinite(wanted).all():
                agree(way(v, out=out.array).reshape(wanted.shape), wanted)
            out.check()
    jacobian.diagonal()


def another(rng, leaf):
    """Something else in the place of a part of a description."""
    if isinstance(leaf, np.ndarray):
        part = leaf[:-1] if leaf.ndim else leaf
        return [part, leaf.astype(np.float16), leaf[..., None], leaf.T, np.atleast_1d(leaf)[::-1], None][
            rng.integers(6)
        ]
    if isinstance(leaf, int):
        near, far = leaf + int(rng.integers(-3, 4)), (-1) ** int(rng.integers(2)) * 2 ** int(rng.integers(8, 66))
        return [near, near, far, -leaf, True, None, "x"][rng.integers(7)]
    return [None, 0, (), -1][rng.integers(4)]


def mutated(rng, state):
    """A copy of nested tuples with one part replaced, left out or doubled."""
    if not isinstance(state, tuple) or not state:
        return another(rng, state)
    k = int(rng.integers(len(state)))
    if isinstance(state[k], tuple) and rng.random() < 0.7:
        return (*state[:k], mutated(rng, state[k]), *state[k + 1 :])
    middle = [(another(rng, state[k]),), (), (state[k], state[k])][rng.choice(3, p=[0.7, 0.15, 0.15])]
    return (*state[:k], *middle, *state[k + 1 :])


def descriptions(rng):
    """What a pickle hands to the classes of the binding, with a wrong part: refused, or a Jacobian that holds."""
    jacobian = VALID[rng.integers(len(VALID))]
    kind, *state = jacobian.__reduce__()[1]
    state = tuple(state)
    for _ in range(rng.integers(1, 4)):
        state = mutated(rng, state)
    with contextlib.suppress(*REFUSALS):
        exercise(rng, _core.restored(kind, *state))


class Unpickler(pickle.Unpickler):
    """Finds what valid pickles of Jacobians name, and nothing else."""

    def find_class(self, module, name):
        """Refuse other names."""
        if (module, name) == ("jackern._core", "restored") or module.startswith("numpy"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def hoards(data):
    """Whether pickle itself would make room for millions of objects, which takes a minute."""
    with contextlib.suppress(Exception):
        return any(code.name == "LONG_BINPUT" and k > 2**16 for code, k, _ in pickletools.genops(data))
    return False


PICKLES = [pickle.dumps(jacobian, protocol) for jacobian in VALID for protocol in (2, 5)]


def pickles(rng):
    """A pickle with flipped bits."""
    data = bytearray(PICKLES[rng.integers(len(PICKLES))])
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    if hoards(data):
        return
    try:
        made = Unpickler(io.BytesIO(bytes(data))).load()
        if isinstance(made, jk.Jacobian):
            exercise(rng, made)
    except (*REFUSALS, pickle.UnpicklingError, EOFError, LookupError, AttributeError, ImportError, SystemError):
        pass  # the last ones are pickle's and NumPy's own


def sparse(rng):
    """A sparse array of any format of SciPy, with indices that may be wrong."""
    dense = rng.integers(-2, 3, rng.integers(1, 7, 2)).astype(np.float64)
    form = ["csr", "csc", "coo", "dia", "bsr", "lil", "dok"][rng.integers(7)]
    array = scipy.sparse.coo_array(dense).asformat(form)
    is_whole = True
    for name in ("indptr", "indices", "offsets"):
        if hasattr(array, name) and rng.random() < 0.4:
            indices = copy.copy(getattr(array, name))
            if len(indices):
                indices[rng.integers(len(indices))] += [-1, 1, 1 << 30, -(1 << 30)][rng.integers(4)]
                indices = indices[: rng.integers(len(indices), len(indices) + 1) if rng.random() < 0.8 else None]
            setattr(array, name, indices)
            is_whole = False
    try:
        jacobian = jk.sparse(array)
    except REFUSALS:
        assert not is_whole
        return
    if is_whole:
        agree(jacobian.toarray(), dense)
    exercise(rng, jacobian)


# ---- the command -------------------------------------------------------------------------------------------------

TARGETS = {"views": views, "descriptions": descriptions, "pickles": pickles, "sparse": sparse}


def run(target, seed, seconds, rounds):
    """Run rounds for so long; return how many."""
    end = time.monotonic() + seconds
    k = 0
    while k != rounds and (rounds is not None or time.monotonic() < end):
        try:
            TARGETS[target](np.random.default_rng(seed + k))
        except BaseException:
            print(f"fuzz.py {target} --seed {seed + k} --rounds 1", file=sys.stderr)
            raise
        k += 1
    return k


def main():
    """Run the targets that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog=Path(__file__).name)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target (default: 60)")
    parser.add_argument("--rounds", type=int, help="for each target, instead of seconds")
    parser.add_argument("--seed", type=int, default=0, help="of the first round (default: 0)")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    warnings.simplefilter("ignore")
    for target in arguments.targets or TARGETS:
        n = run(target, arguments.seed, arguments.seconds, arguments.rounds)
        print(f"{target}: {n:,} rounds", flush=True)


if __name__ == "__main__":
    main()
