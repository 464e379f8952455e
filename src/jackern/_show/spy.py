"""Pictures of the entries that are not structurally zero, drawn from the structure, never from a dense array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jackern._arrays.operands import Array
from jackern._structures.base import Jacobian
from jackern._terms import entries
from jackern._terms.term import Term

EXACT = 2**20  # entries of a term that are all drawn
MAX_MIDDLE = 512  # of the spaces between factors: patterns of factors are multiplied as matrices
MAX_RATIO = 3  # of the sides of a matrix; a longer one is drawn on the square of the axes


class UnknownPattern(ValueError):
    """A pattern is not known without forming it."""


def spy(jacobian: Jacobian, ax: Any, max_pixels: int) -> Any:
    """Plot the pattern; see `Jacobian.spy`."""
    if max_pixels < 1:
        raise ValueError(f"spy: max_pixels is {max_pixels}, expected at least 1.")
    m, n = jacobian.shape
    cells = picture(jacobian, min(m, max_pixels), min(n, max_pixels))
    if ax is None:
        try:
            from matplotlib import pyplot
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise ImportError("spy: matplotlib is not installed; it comes with jackern[demo].") from None
        ax = pyplot.figure().add_subplot()
    if cells.size:
        aspect = "equal" if max(m, n) <= MAX_RATIO * min(m, n) else "auto"
        extent = (-0.5, n - 0.5, m - 0.5, -0.5)
        ax.imshow(cells, "binary", aspect=aspect, interpolation="nearest", vmin=0, vmax=1, extent=extent)
    ax.set(title=f"{jacobian.structure} Jacobian", xlabel="input", ylabel="output")
    return ax


def picture(jacobian: Jacobian, height: int, width: int) -> Array:
    """Return which cells of a matrix, cut into so many of equal size, hold entries that are not structurally zero.

    Parameters
    ----------
    height, width : int
        At most the shape of the matrix.

    Returns
    -------
    ndarray
        ``(height, width)`` of bool.

    Raises
    ------
    ValueError
        The entries are not known without forming them.
    """
    terms = jacobian._terms()
    if terms is not None:
        return sum((of_term(term, height, width) for term in terms), np.zeros((height, width), bool))
    summands, factors = jacobian._summands(), jacobian._factors()
    if len(summands) == len(factors) == 1:
        if not jacobian._lists_entries:
            raise UnknownPattern(f"spy: the entries of a {jacobian.structure} are not known; see toarray().")
        m, n = jacobian.shape
        rows, columns, _ = jacobian._entries()
        cells = np.zeros((height, width), bool)
        cells[rows * height // max(m, 1), columns * width // max(n, 1)] = True
        return cells
    if len(summands) > 1:
        return sum((picture(part, height, width) for part in summands), np.zeros((height, width), bool))
    sizes = [height, *(part.shape[1] for part in factors)]
    if jacobian.shape != (height, width) or max(sizes) > MAX_MIDDLE:
        raise UnknownPattern(
            f"spy: the pattern of a product of shape {jacobian.shape} is not known without forming it; see toarray()."
        )
    reached = np.eye(height, dtype=np.float32)
    for part in factors:
        reached = np.minimum(reached @ picture(part, *part.shape), 1)
    return reached > 0


def of_term(term: Term, height: int, width: int) -> Array:
    """Return the cells in which a term has entries.

    Of a term of many entries, as many indices of each letter are taken that neighbours are at most a cell apart.
    """
    ends = []
    for axes, size, n_cells in ((term.out, term.shape[0], height), (term.in_, term.shape[1], width)):
        start, steps = entries.strides(axes)
        ends.append((start, steps, n_cells / size))
    by_row, by_column = ends[0][1], ends[1][1]
    every: Mapping[int, Array] = {
        x: thinned(n, max(abs(steps.get(x, 0)) * cells for _, steps, cells in ends))
        if term.nnz > EXACT
        else np.arange(n)
        for x, n in term.lengths.items()
    }

    def places(start: int, steps: Mapping[int, int], chosen: list[int]) -> Array:
        """The positions at one end for all indices of some letters."""
        result = np.array([start])
        for x in chosen:
            result = np.add.outer(result, every[x] * steps[x]).reshape(-1)
        return result

    both = [x for x in by_row if x in by_column]
    cells = []
    for (start, steps, _), n_cells, size in zip(ends, (height, width), term.shape, strict=True):
        alone = [x for x in steps if x not in both]
        position = np.add.outer(places(start, steps, both), places(0, steps, alone)) * n_cells // size
        cells.append(position if both else np.unique(position)[None])
    result = np.zeros((height, width), bool)
    result[cells[0][:, :, None], cells[1][:, None, :]] = True
    return result


def thinned(n: int, cells_per_index: float) -> Array:
    """Return indices up to n of which neighbours are at most a cell apart, first and last among them."""
    step = max(1, int(1 / cells_per_index)) if cells_per_index else n
    return np.append(np.arange(0, n - 1, step), n - 1)
