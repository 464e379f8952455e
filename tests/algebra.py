"""Random Jacobians of every structure, each with its dense matrix and, where it is one axis Jacobian, its letters.

The matrices hold whole numbers and are filled one number at a time; products of them by NumPy are the oracle.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import oracle
import scipy.sparse
from letters import Axis, Letters, canonical, fresh, letters_from

import jackern as jk

AXIS = ("zero", "identity", "permutation", "diagonal", "broadcast", "reduction", "dense", "block-diagonal")
STRUCTURES = (*AXIS, "banded", "sparse", "sum", "product", "linear-map")
MIRRORED = {"broadcast": "reduction", "reduction": "broadcast"}
MAX_LENGTH = 40  # of a vector


# ---- cases --------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A Jacobian, what it must equal, its letters if it is one axis Jacobian, whether it holds indices too."""

    jacobian: Any
    matrix: np.ndarray
    letters: Letters | None = None
    indexed: bool = False

    @property
    def T(self):
        return Case(self.jacobian.T, self.matrix.T, self.letters and self.letters.T, self.indexed)

    def reshape(self, out_shape, in_shape):
        return self._replace(jacobian=self.jacobian.reshape(out_shape, in_shape))


def factorisations(n):
    """All ways to write n as an ordered product of factors above 1."""
    if n <= 1:
        return [[n]] if n == 0 else [[]]
    return [[d, *rest] for d in range(2, n + 1) if n % d == 0 for rest in factorisations(n // d)]


class Generator:
    """Random cases from one seed; every array holds whole numbers of one dtype, in any layout."""

    def __init__(self, seed, dtype):
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype

    def chance(self, probability):
        return self.rng.random() < probability

    def choice(self, options):
        return options[self.rng.integers(len(options))]

    def shuffled(self, items):
        return [items[k] for k in self.rng.permutation(len(items))]

    def length(self):
        """The length of a vector: one with many factorisations, now and then an odd or empty one."""
        return self.choice([0, 1, 2, 3, 5]) if self.chance(0.06) else self.choice([4, 6, 6, 8, 12, 12, 24])

    def factors(self, n):
        """A shape of n elements, perhaps with axes of length 1."""
        shape = list(self.choice(factorisations(n)[-12:]))
        if self.chance(0.2):
            shape.insert(self.rng.integers(len(shape) + 1), 1)
        return tuple(shape)

    def integers(self, shape):
        size = 2 if self.dtype == np.float32 else 3
        return self.choice([1, -1]) * self.rng.integers(1, size + 1, shape) * self.rng.choice([1, 1, -1], shape)

    def array(self, shape, zero_strides=True):
        """Whole numbers without 0 in this shape: any order of axes, negative and larger strides, stride 0."""
        order = self.rng.permutation(len(shape))
        steps = [int(self.choice([1, 1, 2, -1])) for _ in shape]
        if zero_strides:
            steps = [0 if self.chance(0.1) else step for step in steps]
        held = [1 if step == 0 else n * abs(step) for n, step in zip(shape, steps, strict=True)]
        buffer = np.full([held[k] for k in order], 99, self.dtype).transpose(np.argsort(order))
        view = buffer[(..., *[slice(None, None, step or 1) for step in steps])]
        view = view[(..., *[slice(n) for n in shape])]
        view[...] = self.integers(view.shape)
        return view if view.shape == tuple(shape) else np.broadcast_to(view, shape)

    # Every maker takes the length of the output and gives a Case, or None where that length does not allow it.

    def einsum(self, out_letters, in_letters, stored, length):
        """A case from its strings."""
        value_letters = "".join(self.shuffled(sorted(stored)))
        values = self.array([length[x] for x in value_letters])
        subscripts = f"{value_letters},{in_letters}->{out_letters}"
        in_shape, out_shape = (tuple(length[x] for x in string) for string in (in_letters, out_letters))
        jacobian = jk.einsum(subscripts, values, in_shape, out_shape)
        matrix = oracle.axis_matrix(subscripts, values, in_shape, out_shape)
        return Case(jacobian, matrix, letters_from(subscripts, in_shape, out_shape, values.strides))

    def axis(self, kind, m):
        """An axis Jacobian with the roles of `kind`, in any order of letters."""
        shape = self.factors(m)
        out = [chr(ord("a") + k) for k in range(len(shape))]
        length = dict(zip(out, shape, strict=True))
        long = [x for x in out if length[x] > 1]
        if kind in ("broadcast", "block-diagonal"):
            least = 1 if kind == "broadcast" else 2
            if len(long) < least:
                return None
            shed = self.shuffled(long)[: self.rng.integers(1, len(long) - least + 2)]
        else:
            shed = out if kind == "dense" else []
        in_ = [x for x in out if x not in shed]
        if kind in ("permutation", "broadcast", "block-diagonal") or (kind == "reduction" and self.chance(0.3)):
            in_ = self.shuffled(in_)
        new = []
        if kind in ("reduction", "dense", "block-diagonal"):
            new = ["x", "y"][: self.choice([1, 1, 2])]
            length |= {x: self.choice([1, 0]) if self.chance(0.04) else self.choice([2, 2, 3, 4]) for x in new}
            for x in new:
                in_.insert(self.rng.integers(len(in_) + 1), x)
        if math.prod(length[x] for x in in_) > MAX_LENGTH:
            return None
        stored = {x for x in length if self.chance(0.65)}
        if kind == "identity":
            stored = {x for x in length if length[x] == 1}
        elif kind == "diagonal":
            stored |= set(long[:1])
        return self.einsum("".join(out), "".join(in_), stored, length)

    def shorthand(self, kind, m):
        """The same structures from their own constructors."""
        shape = self.factors(m)
        ndim = len(shape)
        names = "abcdefgh"[:ndim]
        if kind == "zero":
            in_shape = self.factors(self.length())
            return Case(jk.zero(shape, in_shape, self.dtype), np.zeros((m, math.prod(in_shape))))
        if kind == "identity":
            c = float(self.integers(()))
            matrix = oracle.axis_matrix(f",{names}->{names}", c, shape, shape)
            return Case(jk.identity(shape, c, self.dtype), matrix, letters_from(f",{names}->{names}", shape, shape))
        if kind == "permutation":
            return self.axis(kind, m)
        if kind == "diagonal":
            subscripts, values, in_shape = f"{names},{names}->{names}", self.array(shape), shape
            jacobian = jk.diagonal(values)
        elif kind == "broadcast":
            d = self.array(shape)
            cut = int(self.rng.integers(ndim + 1))
            in_shape = tuple(1 if self.chance(0.3) else n for n in shape[cut:])
            in_names = "".join(
                x.upper() if n != full else x for x, n, full in zip(names[cut:], in_shape, shape[cut:], strict=True)
            )
            subscripts, values, jacobian = f"{names},{in_names}->{names}", d, jk.broadcast(d, in_shape)
        elif kind == "reduction":
            new = self.choice([2, 3, 4])
            if m * new > MAX_LENGTH:
                return None
            axis = int(self.rng.integers(ndim + 1))
            in_shape = (*shape[:axis], new, *shape[axis:])
            values = self.array(in_shape)
            keepdims = self.chance(0.5)
            jacobian = jk.reduction(values, axis=axis, keepdims=keepdims)
            in_names = f"{names[:axis]}z{names[axis:]}"
            out_names = f"{names[:axis]}{'Z' if keepdims else ''}{names[axis:]}"
            shape = (*shape[:axis], *((1,) if keepdims else ()), *shape[axis:])
            subscripts = f"{in_names},{in_names}->{out_names}"
            names = out_names
        elif kind == "dense":
            n = self.length()
            values = self.array((m, n))
            in_shape, subscripts = (n,), "yz,z->y"
            jacobian, shape = jk.dense(values), (m,)
        else:  # block-diagonal
            if ndim < 2:
                return None
            n = self.choice([2, 3, 4])
            if math.prod(shape[:-1]) * n > MAX_LENGTH:
                return None
            values = self.array((*shape, n))
            in_shape = (*shape[:-1], n)
            jacobian, subscripts = jk.block_diagonal(values), f"{names}z,{names[:-1]}z->{names}"
        matrix = oracle.axis_matrix(subscripts, values, in_shape, shape)
        return Case(jacobian, matrix, letters_from(subscripts, in_shape, shape, values.strides))

    def banded(self, m):
        """Diagonals, a convolution, a slice, or (the transpose of a slice) padding."""
        return self.choice([self.diagonals, self.diagonals, self.convolution, self.window, self.padding])(m)

    def diagonals(self, m):
        n = m if self.chance(0.6) else self.length()
        if not (m and n):
            return None
        offsets = self.shuffled(range(1 - m, n))[: self.choice([1, 2, 3, 3])]
        if self.chance(0.5):
            offsets = [k for k in (0, 1, -1) if -m < k < n]
        width = self.choice([n, n, n + 1, max(n - 1, 1)])
        data = self.array((len(offsets), width), zero_strides=False)
        if self.chance(0.2):  # along a band, not across: no two bands share their numbers
            data = np.broadcast_to(data[:, :1], data.shape)
        matrix = np.zeros((m, n))
        for row, k in zip(data, offsets, strict=True):
            for j in range(min(n, len(row))):
                if 0 <= j - k < m:
                    matrix[j - k, j] = row[j]
        return Case(jk.banded(data, offsets, (m, n)), matrix)

    def convolution(self, m):
        """A convolution whose output has a shape of m elements, or the transpose of one whose input has."""
        shape = self.factors(m)
        if not shape or m == 0:
            return None
        axis = int(self.rng.integers(len(shape)))
        k, mode = self.choice([1, 2, 3, 5]), self.choice(["full", "same", "valid"])
        transposed = self.chance(0.4)
        n = shape[axis] + (0 if transposed else {"full": 1 - k, "same": 0, "valid": k - 1}[mode])
        if n < (k if mode == "valid" else 1):
            return None
        in_shape = (*shape[:axis], n, *shape[axis + 1 :])
        kernel = self.array((k,))
        jacobian = jk.convolution(kernel, in_shape, axis, mode)
        case = Case(jacobian, oracle.convolution_matrix(kernel, in_shape, axis, mode))
        return case.T if transposed else case

    def slices(self, shape):
        """A shape and slices of it that give `shape`, one per axis."""
        full, index = [], []
        for n in shape:
            step = int(self.choice([1, 1, 1, 2, -1, -2]))
            low, high = (int(self.choice([0, 0, 1, 2])) for _ in range(2))
            last = low + abs(step) * (n - 1)
            full.append(last + 1 + high if n else low + high)
            if n == 0:
                index.append(slice(0, 0))
            elif step > 0:
                index.append(slice(low, last + 1, step))
            else:
                index.append(slice(last, low - 1 if low else None, step))
        return tuple(full), tuple(index)

    def selected(self, index, full, letters):
        """The case of x[index], with `letters` for the axes where the index is one slice each."""
        chosen = np.arange(math.prod(full)).reshape(full)[index]
        matrix = np.zeros((chosen.size, math.prod(full)))
        for row, column in enumerate(np.ravel(chosen)):
            matrix[row, column] += 1
        return Case(jk.select(index, full, self.dtype), matrix, letters, indexed=letters is None)

    def window(self, m):
        shape = self.factors(m)
        full, index = self.slices(shape)
        if math.prod(full) > 2 * MAX_LENGTH:
            return None
        names = [fresh() for _ in shape]
        out = tuple(Axis(x, n, tuple(range(n))) for x, n in zip(names, shape, strict=True))
        places = [tuple(range(n)[s]) for n, s in zip(full, index, strict=True)]
        in_ = tuple(Axis(x, n, at) for x, n, at in zip(names, full, places, strict=True))
        return self.selected(index, full, canonical(Letters(out, in_, (), dict(zip(names, shape, strict=True)))))

    def padding(self, m):
        full = self.factors(m)
        if m == 0:
            return None
        index = tuple(
            slice(int(self.choice([0, 0, 1])), int(self.choice([n, n, max(n - 1, 1)])), int(self.choice([1, 1, 2])))
            for n in full
        )
        shape = [len(range(n)[s]) for n, s in zip(full, index, strict=True)]
        names = [fresh() for _ in shape]
        out = tuple(Axis(x, n, tuple(range(n))) for x, n in zip(names, shape, strict=True))
        places = [tuple(range(n)[s]) for n, s in zip(full, index, strict=True)]
        in_ = tuple(Axis(x, n, at) for x, n, at in zip(names, full, places, strict=True))
        letters = canonical(Letters(out, in_, (), dict(zip(names, shape, strict=True))))
        return self.selected(index, full, letters).T

    def sparse(self, m):
        """A gather, a scatter, or random entries."""
        way = self.choice(["gather", "scatter", "csr"])
        n = self.length()
        if way == "gather" and n:
            full = self.factors(n)
            index = np.unravel_index(self.rng.integers(0, n, self.factors(m)), full) if full else ()
            return self.selected(index, full, None) if full else None
        if way == "scatter" and m:
            full = self.factors(m)
            return self.selected(np.unravel_index(self.rng.integers(0, m, n), full), full, None).T if full else None
        return self.entries(m, n)

    def entries(self, m, n):
        matrix = self.integers((m, n)) * (self.rng.random((m, n)) < 0.3)
        jacobian = jk.sparse(scipy.sparse.csr_array(matrix.astype(self.dtype)))
        return Case(jacobian, matrix.astype(float), indexed=True)

    def with_ends(self, m, n):
        """Any case of this shape."""
        kind = self.choice(["dense", "csr", "diagonal", "rank one"] if m == n else ["dense", "csr", "rank one"])
        if kind == "diagonal":
            return self.shorthand("diagonal", m)
        if kind == "dense":
            values = self.array((m, n))
            return Case(jk.dense(values), np.array(values, float), letters_from("yz,z->y", (n,), (m,), values.strides))
        if kind == "csr":
            return self.entries(m, n)
        column, row = self.array((m,)), self.array((n,))
        jacobian = jk.broadcast(column, ()) @ jk.reduction(row)
        return Case(jacobian, np.outer(column, row).astype(float))

    def sum(self, m):
        first = self.case(self.choice(["diagonal", "permutation", "block-diagonal", "dense", "banded"]), m)
        second = self.with_ends(*first.matrix.shape)
        sign = self.choice([1, -1])
        ends = first.jacobian.out_shape, first.jacobian.in_shape
        other = second.jacobian.reshape(*ends)
        jacobian = first.jacobian + other if sign == 1 else first.jacobian - other
        return Case(jacobian, first.matrix + sign * second.matrix, indexed=first.indexed or second.indexed)

    def product(self, m):
        left = self.case(self.choice(["broadcast", "dense", "block-diagonal", "linear-map"]), m)
        kind = "linear-map" if self.chance(0.2) else self.choice(["reduction", "dense", "sparse"])
        right = self.case(kind, left.matrix.shape[1])
        left, right = meet(left, right, self)
        matrix = left.matrix @ right.matrix
        return Case(left.jacobian @ right.jacobian, matrix, indexed=left.indexed or right.indexed)

    def linear_map(self, m):
        out_shape, in_shape = self.factors(m), self.factors(self.length())
        matrix = self.integers((m, math.prod(in_shape))).astype(self.dtype)
        batched = self.chance(0.5)

        def times(array, matrix, ends):
            batch = array.shape[: array.ndim - len(ends[0])]
            return (array.reshape(math.prod(batch), matrix.shape[1]) @ matrix.T).reshape(batch + ends[1])

        def jvp(x_dot):
            return times(x_dot, matrix, (in_shape, out_shape))

        def vjp(y_bar):
            return times(y_bar, matrix.T, (out_shape, in_shape))

        jacobian = jk.linear_map(jvp, vjp, out_shape, in_shape, batched=batched, dtype=self.dtype)
        return Case(jacobian, matrix.astype(float))

    def case(self, kind, m):
        """A case of structure `kind` whose output has length m; another where that length or the lot forbid it."""
        makers = {
            "banded": self.banded,
            "sparse": self.sparse,
            "sum": self.sum,
            "product": self.product,
            "linear-map": self.linear_map,
        }
        for _ in range(8):
            if kind in makers:
                case = makers[kind](m)
            elif kind == "zero" or self.chance(0.3):
                case = self.shorthand(kind, m)
            else:
                case = self.axis(kind, m)
            if case is not None and case.matrix.shape[1] <= 2 * MAX_LENGTH:
                if self.chance(0.3):
                    case = case.reshape(self.factors(m), case.jacobian.in_shape)
                return case
        return self.shorthand("diagonal", m)

    def pair(self, kinds):
        """Two factors, mostly of these very structures, whatever their lengths."""
        for _ in range(1 if self.chance(0.2) else 30):
            a = self.case(kinds[0], self.length())
            b = self.case(kinds[1], a.matrix.shape[1])
            if (a.jacobian.structure, b.jacobian.structure) == tuple(kinds):
                break
        return list(meet(a, b, self))

    def chain(self, kinds):
        """One factor per kind, whose middle shapes agree, some of them only after a reshape."""
        cases = self.pair(kinds[:2]) if len(kinds) > 1 else [self.case(kinds[0], self.length())]
        for kind in kinds[2:]:
            case = self.case(kind, cases[-1].matrix.shape[1])
            cases[-1], case = meet(cases[-1], case, self)
            cases.append(case)
        return cases


def meet(a, b, generator):
    """Both cases with one middle shape: that of either, or a third one."""
    middle = generator.choice([a.jacobian.in_shape, b.jacobian.out_shape, generator.factors(a.matrix.shape[1])])
    return a.reshape(a.jacobian.out_shape, middle), b.reshape(middle, b.jacobian.in_shape)


def largest_number(cases, vector=4):
    """A bound of every number in any product of neighbours, with vectors of numbers up to `vector`."""
    bound = 1
    for i in range(len(cases)):
        product = np.abs(cases[i].matrix)
        bound = max(bound, product.sum(initial=0))
        for case in cases[i + 1 :]:
            product = product @ np.abs(case.matrix)
            bound = max(bound, product.sum(initial=0))
    return vector * bound
