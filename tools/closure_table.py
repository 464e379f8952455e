"""Prints docs/closure.md: what structure the product and the sum of any two structures have.

Every cell is read from Jacobians that are composed or added here, in the three cases that the page explains.
"""

from __future__ import annotations

import itertools

import numpy as np
import scipy.sparse

import jackern as jk

STRUCTURES = (
    *("zero", "identity", "permutation", "diagonal", "broadcast", "reduction", "dense", "block-diagonal"),
    *("banded", "convolution", "sparse", "sum", "product", "linear-map"),
)
MIDDLE = (5, 6)
CASES = {"short": (3, False), "long": (70, False), "constant": (70, True)}  # ends, and whether values are constant
MIRRORED = {"broadcast": "reduction", "reduction": "broadcast"}
NO_SHAPE = "—"

TEXT = """\
# What structures compose and add to

This page is the output of `python tools/closure_table.py`; a test compares the two. A structure is never lost in
silence: `J.explain()` says where and why a result is a lazy product or sum.

## `J @ K`

Rows are the left factor J, columns the right factor K. The middle shape is (5, 6) throughout. Axes that a factor adds
to it have length 3 in the first case and 70 in the second; in the third they have length 70 and the values of
broadcast, reduction, dense and block-diagonal factors are one constant. A cell with one name has it in all three
cases, others name them in this order. A product is formed at once where it stores no more numbers than its factors
and costs no more multiplications than four applications of both; so two dense matrices are multiplied where the
middle is long compared with the ends, and stay a lazy `product` where it is short.

A banded factor takes differences along the first axis, a sum is a diagonal plus a dense one, a product is a column
times a row, and a sparse factor has two entries per row or column of its far end. A convolution is banded, too; it is
named where a result is kept as one. It goes along the second axis, on the left from 6 to 4, on the right from 4 to 6.

{product}

## `J + K`

Both map (5, 6) to (5, 6); with a broadcast, (6,) to (5, 6), and with a reduction, (5, 6) to (6,). Where two structures
have no shape in common there is a dash. In the first case both operands have the same strings, in the second K has
others where its structure allows: other blocks, another permutation, other repeated axes. A cell with one name has it
in both. A sum is formed at once where one renaming of letters makes both strings equal and it stores no more numbers
than both operands together. The operand called sum is a dense one plus a block-diagonal one. A convolution has three
taps along the second axis, two in the second case.

{sum}
"""


def numbers(*shape):
    """Values that are all different and not 0."""
    return np.arange(1.0, np.prod(shape, dtype=int) + 1).reshape(shape)


def name_of(jacobian):
    """Return the structure, or "convolution" of what is kept as one."""
    is_one = jacobian.explain().splitlines()[2].startswith("banded (convolution")
    return "convolution" if is_one else jacobian.structure


def left_factor(structure, ends, constant):
    """Return the Jacobian of this structure with in_shape MIDDLE."""
    p, q = MIDDLE
    n = p * q

    def values(*shape):
        return np.broadcast_to(2.0, shape) if constant else numbers(*shape)

    def two_per_row():
        entries = np.zeros((ends, n))
        for k in range(ends):
            entries[k, [k % n, (k + 7) % n]] = k + 1, k + 2
        return jk.sparse(scipy.sparse.csr_array(entries), ends, MIDDLE)

    make = {
        "zero": lambda: jk.zero(ends, MIDDLE),
        "identity": lambda: jk.identity(MIDDLE, 2.0),
        "permutation": lambda: jk.einsum(",pq->qp", 2.0, MIDDLE, (q, p)),
        "diagonal": lambda: jk.diagonal(numbers(p, q)),
        "broadcast": lambda: jk.broadcast(values(ends, p, q), MIDDLE),
        "reduction": lambda: jk.reduction(values(p, q), axis=0),
        "dense": lambda: jk.dense(values(ends, p, q), ends, MIDDLE),
        "block-diagonal": lambda: jk.einsum("pmq,pq->pm", values(p, ends, q), MIDDLE, (p, ends)),
        "banded": lambda: (
            jk.diagonal(numbers(p - 1, q)) @ jk.select(np.s_[1:], MIDDLE)
            - jk.diagonal(numbers(p - 1, q)) @ jk.select(np.s_[:-1], MIDDLE)
        ),
        "convolution": lambda: jk.convolution(numbers(3), MIDDLE, mode="valid"),
        "sparse": two_per_row,
        "sum": lambda: jk.diagonal(numbers(p, q)) + jk.dense(numbers(n, n), MIDDLE, MIDDLE),
        "product": lambda: jk.broadcast(numbers(ends), ()) @ jk.reduction(numbers(p, q)),
        "linear-map": lambda: jk.linear_map(
            lambda v: np.full(ends, v.sum()), lambda u: np.full(MIDDLE, u.sum()), ends, MIDDLE
        ),
    }
    return make[structure]()


def right_factor(structure, ends, constant):
    """Return the Jacobian of this structure with out_shape MIDDLE."""
    return left_factor(MIRRORED.get(structure, structure), ends, constant).T


def product_cell(left, right):
    """Return the structures of left @ right, one per case."""
    return tuple(
        name_of(left_factor(left, ends, constant) @ right_factor(right, ends, constant))
        for ends, constant in CASES.values()
    )


def term(structure, in_shape, other):
    """Return the Jacobian of this structure from in_shape to MIDDLE; `other`: with other strings if it has any."""
    p, q = MIDDLE
    m, n = p * q, int(np.prod(in_shape))
    square = tuple(in_shape) == MIDDLE
    if structure in ("identity", "permutation", "diagonal") and not square:
        return None
    if structure == "broadcast" and square:
        return None
    data = numbers(3, n)
    make = {
        "zero": lambda: jk.zero(MIDDLE, in_shape),
        "identity": lambda: jk.identity(MIDDLE, 2.0),
        "permutation": lambda: jk.einsum(
            ",abc->cab" if other else ",abc->bca", 2.0, (2, 3, 5), (5, 2, 3) if other else (3, 5, 2)
        ),
        "diagonal": lambda: jk.diagonal(numbers(p, q)),
        "broadcast": lambda: jk.einsum(
            "pq,q->qp" if other else "pq,q->pq", numbers(p, q), q, (q, p) if other else MIDDLE
        ),
        "dense": lambda: jk.dense(numbers(m, n)),
        "block-diagonal": lambda: jk.block_diagonal(
            numbers(2, m // 2, n // 2) if other else numbers(3, m // 3, n // 3)
        ),
        "banded": lambda: jk.banded(data[: 2 if other else 3], (0, 2) if other else (-1, 0, 1), (m, n)),
        "convolution": lambda: (
            jk.convolution(numbers(2 if other else 3), MIDDLE, mode="same")
            if square
            else jk.convolution(numbers(m - n + 1), n)
        ),
        "sparse": lambda: jk.sparse(scipy.sparse.csr_array(np.eye(m, n, 1 if other else -1) + np.eye(m, n, 3))),
        "sum": lambda: jk.dense(numbers(m, n)) + jk.block_diagonal(numbers(3, m // 3, n // 3)).reshape((m,), (n,)),
        "product": lambda: jk.broadcast(numbers(m), ()) @ jk.reduction(numbers(n)),
        "linear-map": lambda: jk.linear_map(lambda v: np.full(m, v.sum()), lambda u: np.full(n, u.sum()), m, n),
    }
    return make[structure]().reshape(MIDDLE, in_shape)


def sum_cell(left, right):
    """Return the structures of left + right, with the same strings and with others; None where no shape is common."""
    names = {left, right}
    if names == {"broadcast", "reduction"}:
        return None
    flipped = "reduction" in names  # the transpose of a sum with a broadcast
    in_shape = MIDDLE[1:] if names & {"broadcast", "reduction"} else MIDDLE
    structures = []
    for other in (False, True):
        a = term(MIRRORED.get(left, left) if flipped else left, in_shape, False)
        b = term(MIRRORED.get(right, right) if flipped else right, in_shape, other)
        if a is None or b is None:
            return None
        structures.append(name_of(a.T + b.T if flipped else a + b))
    return tuple(structures)


def short(names):
    """Return one name for a cell that has the same in all cases."""
    return NO_SHAPE if names is None else " / ".join(names if len(set(names)) > 1 else names[:1])


def table(corner, cell):
    """Return a Markdown table of all pairs."""
    rows = [[corner, *STRUCTURES], ["---"] * (len(STRUCTURES) + 1)]
    rows += [[f"**{left}**", *(short(cell(left, right)) for right in STRUCTURES)] for left in STRUCTURES]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def page():
    """Return the text of docs/closure.md."""
    for structure, (ends, constant) in itertools.product(STRUCTURES, CASES.values()):
        for factor in (left_factor, right_factor):
            assert name_of(factor(structure, ends, constant)) == structure, structure
    return TEXT.format(product=table("J \\ K", product_cell), sum=table("J + K", sum_cell))


if __name__ == "__main__":
    print(page(), end="")
