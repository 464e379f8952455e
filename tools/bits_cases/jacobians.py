"""What every constructor makes: facts, products with vectors in any layout, matrices; and large ones on two threads."""

from __future__ import annotations

import itertools
import math

import numpy as np

import jackern as jk
from bits_cases.arrays import (
    F32,
    F64,
    backwards,
    contiguous,
    every_other,
    fortran,
    generator,
    into,
    numbers,
    on_threads_too,
    whole,
)

FACTS = ("structure", "dtype", "shape", "out_shape", "in_shape", "nnz", "nbytes", "subscripts", "values")
# Products with several vectors, and matrices, of these do not go through matmul.
WITHOUT_MATMUL = {"zero", "identity", "permutation", "diagonal", "banded", "sparse"}


def jacobian(record, name, make, *args, exact=False, **options):
    """Record all that one Jacobian says and does, with whole vectors if `exact`; return it, or None."""
    J = record(name, make, *args, **options)
    if J is None:
        return None
    for fact in FACTS:
        record(f"{name}/{fact}", getattr, J, fact)
    several = exact or J.structure in WITHOUT_MATMUL
    products(record, name, J, exact, several)
    products(record, f"{name}/transposed", J.T, exact, False)
    record(f"{name}/of a flat vector", of_flat_vector, J, exact)
    for way, scaled in SCALED.items():
        record(f"{name}/{way}", scaled, J, vector(J.in_shape, exact))
    if several or J.structure not in ("product", "sum"):
        record(f"{name}/toarray", J.toarray)
        record(f"{name}/transposed toarray", J.toarray, "denominator")
        record(f"{name}/main diagonal", J.diagonal)
    return J


def vector(shape, exact, dtype=F64):
    """Return what to multiply a Jacobian with."""
    return (whole if exact else numbers)("vector", shape, dtype)


def products(record, name, J, exact, several):
    """Record both products: vectors of both dtypes, in any layout, several of them, into arrays, added to those."""
    for product, own, other in (("jvp", J.in_shape, J.out_shape), ("vjp", J.out_shape, J.in_shape)):
        function = getattr(J, product)
        record(f"{name}/{product}", function, vector(own, exact))
        record(f"{name}/{product} of float32", function, vector(own, exact, F32))
        for layout in (every_other, backwards, fortran):
            record(f"{name}/{product}, {layout.__name__}", function, layout(vector(own, exact)))
        for dtype, layout in itertools.product((F32, F64), (contiguous, every_other)):
            out, way = layout(whole("out", other, dtype)), f"into {dtype}, {layout.__name__}"
            record(f"{name}/{product} {way}", into, function, out, vector(own, exact))
            record(f"{name}/{product} {way}, added", into, function, out, vector(own, exact), accumulate=True)
            record(f"{name}/{product} {way} of float32, added", into, function, out, vector(own, exact, F32),
                   accumulate=True)  # fmt: skip
        if several:
            for batch in ((3,), (2, 3), (0,), (17,)):
                out = every_other(whole("out", batch + other))
                record(f"{name}/{product} of {batch}", function, vector(batch + own, exact))
                record(f"{name}/{product} of {batch}, added", into, function, out, vector(batch + own, exact),
                       accumulate=True)  # fmt: skip


def of_flat_vector(J, exact):
    """Return the product of the reshaped Jacobian with a vector of one axis."""
    return J.reshape(*J.shape).jvp(vector(J.shape[1:], exact))


SCALED = {
    "times 3": lambda J, v: (3 * J).jvp(v),
    "negated": lambda J, v: (-J).jvp(v),
    "halved": lambda J, v: (J / 2.0).jvp(v),
    "as float32": lambda J, v: J.astype(np.float32).jvp(v),
    "as float64": lambda J, v: J.astype(np.float64).jvp(v),
}


class Numbers:
    """Makes the arrays that Jacobians keep: rounded numbers, or whole ones."""

    def __init__(self, dtype, exact):
        self.dtype, self.exact = dtype, exact

    def __call__(self, *shape, key="kept"):
        """Return an array of this shape."""
        return (whole if self.exact else numbers)(key, shape, self.dtype)

    def csr(self, m, n, key="entries"):
        """Return a SciPy array with about a third of its entries."""
        import scipy.sparse

        kept = generator(key, m, n).random((m, n)) < 0.3
        return scipy.sparse.csr_array(np.where(kept, self(m, n, key=key), self.dtype.type(0)))

    def linear_map(self, m, n, batched=False):
        """Return a linear map whose functions sum along the rows of a matrix."""
        matrix = self(m, n)

        def jvp(x_dot):
            return (matrix * x_dot[..., None, :]).sum(-1)

        def vjp(y_bar):
            return (matrix.T * y_bar[..., None, :]).sum(-1)

        return jk.linear_map(jvp, vjp, m, n, batched=batched, dtype=self.dtype)


def every_constructor(made, dtype):
    """Return functions that make Jacobians, by name; `made` makes what they keep."""
    eight = np.s_[1:8], np.s_[::2], np.s_[::-1], np.s_[7:2:-2], np.s_[3:3], np.s_[[3, 1, 1, 0]], np.s_[np.arange(8) > 3]
    grid = np.s_[1:, :-1], np.s_[::-1, 1], np.s_[..., None, 2], np.s_[[1, 0], [2, 2]], np.s_[::2, [0, 3]], np.s_[2]
    constant = np.broadcast_to(made(1), (8,))
    table = {
        "einsum permuting": lambda: jk.einsum("ik,ijk->kji", made(3, 2), (3, 4, 2)),
        "einsum dense": lambda: jk.einsum("ijk,jk->i", made(5, 3, 4)),
        "einsum of a transposed array": lambda: jk.einsum("ji,j->i", made(5, 3)),
        "einsum repeating and summing": lambda: jk.einsum("k,kn->bn", made(3), (3, 4), (2, 4)),
        "einsum without values": lambda: jk.einsum(",abc->ca", made(), (2, 3, 4)),
        "einsum of blocks": lambda: jk.einsum("bij,jbc->cib", made(3, 4, 2), (2, 3, 5), (5, 4, 3)),
        "einsum of a shared block": lambda: jk.einsum("ij,bj->bi", made(4, 5), (3, 5)),
        "einsum of a shared block from the left": lambda: jk.einsum("ij,jb->ib", made(4, 5), (5, 3)),
        "einsum with length 1": lambda: jk.einsum("aib,ai->bi", made(1, 3, 1)),
        "einsum with length 0": lambda: jk.einsum("ai,i->a", made(0, 3)),
        "dense": lambda: jk.dense(made(5, 7)),
        "dense in Fortran order": lambda: jk.dense(fortran(made(5, 7))),
        "dense of strides": lambda: jk.dense(every_other(made(5, 7))),
        "dense backwards": lambda: jk.dense(backwards(made(5, 7))),
        "dense of tensors": lambda: jk.dense(made(2, 3, 4, 5), out_shape=(2, 3)),
        "dense row": lambda: jk.dense(made(1, 7)),
        "dense column": lambda: jk.dense(made(7, 1)),
        "dense of some size": lambda: jk.dense(made(67, 131)),
        "block diagonal": lambda: jk.block_diagonal(made(3, 4, 5)),
        "block diagonal of batches": lambda: jk.block_diagonal(made(2, 3, 4, 2)),
        "block diagonal of one": lambda: jk.block_diagonal(made(1, 4, 5)),
        "diagonal": lambda: jk.diagonal(made(5, 7)),
        "diagonal of strides": lambda: jk.diagonal(every_other(made(5, 7))),
        "diagonal of a constant": lambda: jk.diagonal(constant),
        "diagonal constant along an axis": lambda: jk.diagonal(np.broadcast_to(made(5, 1), (5, 7))),
        "diagonal of one": lambda: jk.diagonal(made()),
        "diagonal of nothing": lambda: jk.diagonal(made(0)),
        "broadcast": lambda: jk.broadcast(made(5, 7), (7,)),
        "broadcast of a number": lambda: jk.broadcast(made(5, 7), ()),
        "broadcast of a column": lambda: jk.broadcast(made(5, 7), (5, 1)),
        "broadcast of a constant": lambda: jk.broadcast(np.broadcast_to(made(), (5, 7)), (7,)),
        "broadcast in Fortran order": lambda: jk.broadcast(fortran(made(2, 5, 7)), (5, 1)),
        "reduction": lambda: jk.reduction(made(5, 7)),
        "reduction of rows": lambda: jk.reduction(made(5, 7), axis=0),
        "reduction of columns": lambda: jk.reduction(made(5, 7), axis=-1, keepdims=True),
        "reduction of two axes": lambda: jk.reduction(made(2, 5, 7), axis=(0, 2)),
        "reduction of a constant": lambda: jk.reduction(np.broadcast_to(made(), (5, 7)), axis=0),
        "reduction of some size": lambda: jk.reduction(made(257, 131), axis=0),
        "identity": lambda: jk.identity((3, 4), dtype=dtype),
        "identity scaled": lambda: jk.identity(9, made(), dtype),
        "identity of nothing": lambda: jk.identity((0, 2), dtype=dtype),
        "zero": lambda: jk.zero((2, 3), 4, dtype),
        "zero of nothing": lambda: jk.zero(0, (4, 5), dtype),
        "banded": lambda: jk.banded(made(3, 8), [0, 1, -2], (8, 8)),
        "banded tall": lambda: jk.banded(made(2, 8), [-3, 1], (11, 8)),
        "banded wide": lambda: jk.banded(made(2, 12), [0, 5], (7, 12)),
        "banded of constants": lambda: jk.banded(np.broadcast_to(made(3, 1), (3, 8)), [-1, 0, 1], (8, 8)),
        "banded of many": lambda: jk.banded(made(13, 40), range(-6, 7), (40, 40)),
        "banded on a grid": lambda: grid_stencil(7, 9, dtype) + jk.diagonal(made(7, 9)),
        "sparse": lambda: jk.sparse(made.csr(9, 13)),
        "sparse of shapes": lambda: jk.sparse(made.csr(12, 10), (3, 4), (5, 2)),
        "sparse in columns": lambda: jk.sparse(made.csr(9, 13).tocsc()),
        "sparse of some size": lambda: jk.sparse(made.csr(301, 203)),
        "linear map": lambda: made.linear_map(5, 7),
        "linear map of batches": lambda: made.linear_map(5, 7, batched=True),
        "linear map without vjp": lambda: jk.linear_map(np.cumsum, None, 4, 4, dtype=dtype),
        "block": lambda: jk.block([[jk.dense(made(3, 2)), None], [jk.diagonal(made(2)), jk.dense(made(2, 4))]]),
        "block of structures": lambda: jk.block(
            [[jk.identity(4), jk.sparse(made.csr(4, 6))], [jk.banded(made(2, 4), [0, 1], (4, 4)), None]]
        ),
    }
    table |= {f"select {index!r}": lambda index=index: jk.select(index, 8, dtype) for index in eight}
    table |= {f"select {index!r} of a grid": lambda index=index: jk.select(index, (4, 5), dtype) for index in grid}
    return table


def grid_stencil(m, n, dtype):
    """Return the five-point Laplacian on a grid with zeros around it."""
    parts = np.s_[1:], np.s_[:-1], np.s_[:, 1:], np.s_[:, :-1]
    up, down, left, right = (jk.select(part, (m, n), dtype) for part in parts)
    return up.T @ down + down.T @ up + left.T @ right + right.T @ left - 4.0 * jk.identity((m, n), dtype=dtype)


# Their products with one vector go through matmul: the other axes of the vector make it several.
SEVERAL_BY_NATURE = {"einsum of a shared block", "einsum of a shared block from the left", "einsum of blocks"}


def constructors(record, dtype, exact):
    """Record what every constructor makes."""
    for name, make in every_constructor(Numbers(dtype, exact), dtype).items():
        if exact or name not in SEVERAL_BY_NATURE:
            group, _, rest = name.partition(" ")
            jacobian(record, f"{group}/{dtype}{', whole' if exact else ''}/{rest}", make, exact=exact)


def large_jacobians(record, dtype):
    """Record products that are large enough for blocks, tiles and threads, on one thread and on two."""
    threads = on_threads_too(record)
    made = Numbers(dtype, exact=False)
    table = {
        "dense": lambda: jk.dense(made(300, 700)),
        "dense in Fortran order": lambda: jk.dense(fortran(made(300, 700))),
        "dense tall": lambda: jk.dense(made(70_000, 3)),
        "dense wide": lambda: jk.dense(made(3, 70_000)),
        "block_diagonal": lambda: jk.block_diagonal(made(30, 70, 100)),
        "diagonal": lambda: jk.diagonal(made(300, 700)),
        "broadcast": lambda: jk.broadcast(made(300, 700), (700,)),
        "broadcast of a column": lambda: jk.broadcast(made(300, 700), (300, 1)),
        "broadcast of a number": lambda: jk.broadcast(made(70_000), ()),
        "reduction": lambda: jk.reduction(made(300, 700), axis=0),
        "reduction of columns": lambda: jk.reduction(made(3, 1000, 70), axis=1),
        "reduction to a number": lambda: jk.reduction(made(300, 700)),
        "einsum": lambda: jk.einsum("ik,ijk->kji", made(30, 70), (30, 100, 70)),
        "banded": lambda: jk.banded(made(3, 150_000), [-1, 0, 1], (150_000, 150_000)),
        "banded of constants": lambda: jk.banded(
            np.broadcast_to(made(3, 1), (3, 150_000)), [-1, 0, 1], (150_000, 150_000)
        ),
        "banded on a grid": lambda: grid_stencil(300, 700, dtype),
        "sparse": lambda: jk.sparse(random_entries(made, 150_000, 140_000, 3)),
        "select": lambda: jk.select(np.s_[::-2, 3:], (600, 400), dtype),
        "select by an array": lambda: jk.select(generator("index").integers(0, 9000, 150_000), 9000, dtype),
        "products": lambda: jk.broadcast(made(150_000), ()) @ jk.reduction(made(150_000)),
        "sums": lambda: (
            jk.diagonal(made(150_000)) - jk.broadcast(made(150_000), ()) @ jk.reduction(made(150_000, key="row"))
        ),
        "grams": lambda: jk.dense(made(1000, 140)).gram(made(1000)),
    }
    for name, make in table.items():
        group, _, rest = name.partition(" ")
        J = record(f"{group}/{dtype}, large/{rest}", make)
        if J is None:
            continue
        for product, own, other in (("jvp", J.in_shape, J.out_shape), ("vjp", J.out_shape, J.in_shape)):
            function, kind = getattr(J, product), f"{group}/{dtype}, large/{rest}/{product}"
            threads(kind, function, numbers("v", own, dtype))
            threads(f"{kind}, every other", function, every_other(numbers("v", own, F64)))
            threads(f"{kind}, added", into, function, numbers("out", other), numbers("v", own), accumulate=True)
            if J.structure in WITHOUT_MATMUL:
                threads(f"{kind} of (3,)", function, numbers("v", (3, *own), dtype))


def random_entries(made, m, n, n_each):
    """Return a SciPy array with so many entries in every row."""
    import scipy.sparse

    columns = generator("columns", m, n).integers(0, n, m * n_each)
    entries = made(m * n_each), (np.repeat(np.arange(m), n_each), columns)
    return scipy.sparse.coo_array(entries, shape=(m, n)).tocsr()


def combination(record, name, exact, combine, *factors, **options):
    """Record a product or a sum of Jacobians: its structure, products with vectors, and in whole numbers its matrix."""
    J = record(name, combine, *factors, **options)
    if J is None:
        return
    for fact in ("structure", "dtype", "nnz", "nbytes"):
        record(f"{name}/{fact}", getattr, J, fact)
    for product, own, other in (("jvp", J.in_shape, J.out_shape), ("vjp", J.out_shape, J.in_shape)):
        function = getattr(J, product)
        record(f"{name}/{product}", function, vector(own, exact))
        record(f"{name}/{product} of float32", function, vector(own, exact, F32))
        out = every_other(whole("out", other))
        record(f"{name}/{product}, added", into, function, out, vector(own, exact), accumulate=True)
        if exact:
            record(f"{name}/{product} of (2, 5)", function, vector((2, 5, *own), exact))
    record(f"{name}/transposed jvp", J.T.jvp, vector(J.out_shape, exact))
    if exact and math.prod(J.shape) < 10_000:
        record(f"{name}/toarray", J.toarray)
        record(f"{name}/main diagonal", J.diagonal)
