"""The order in which a chain of factors is multiplied: a matrix-chain program over work and storage.

Applying factors one after the other is best for one vector.  For many, or to form the whole matrix, it can be better to
multiply some factors with each other first.  A matrix of factors i to j comes from the matrix of factors i + 1 to j, to
whose columns factor i is applied in its structure; from that of i to j - 1, to whose rows factor j is; or from two
matrices, as a dense product.  Vectors are one more factor at the end, a matrix already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

# A leaf is the position of a factor; a pair is the matrix product of two orders.  In a pair a bare position is applied
# in its structure, and a leaf alone, in a tuple of its own, is formed as a matrix.
Bracketing = int | tuple["Bracketing", ...]


class Plan(NamedTuple):
    """What forming a matrix takes."""

    work: float  # multiplications
    numbers: int  # of all matrices on the way, the last one not counted
    order: Bracketing


@lru_cache(maxsize=256)
def bracket(
    sizes: tuple[int, ...],
    jvp_costs: tuple[float, ...],
    vjp_costs: tuple[float, ...],
    stored: tuple[int, ...],
    n_vectors: int | None,
) -> Plan:
    """Return the cheapest order in which factors are multiplied with each other and with vectors.

    Parameters
    ----------
    sizes : tuple of int
        Of the spaces between the factors: the result's first, the vectors' last, one more than factors.
    jvp_costs, vjp_costs : tuple of float
        What each factor's product with one vector costs, infinite where there is none.
    stored : tuple of int
        How many numbers each factor stores.
    n_vectors : int or None
        How many vectors the chain is applied to; None forms the matrix of the chain.

    Returns
    -------
    Plan
        With vectors, they are the factor at position ``len(jvp_costs)``, a matrix already; forming that of another
        factor counts as much work as it has numbers.  A matrix on the way that the vectors are no part of has no more
        numbers than the factors that it replaces, the vectors and the result have together; where no order keeps to
        that, this limit gives way.  Of equal work, the plan with fewer numbers on the way is taken.
    """
    if n_vectors is not None:
        sizes += (n_vectors,)
    plan = best_plan(sizes, jvp_costs, vjp_costs, stored)
    return plan if plan.work < math.inf else best_plan(sizes, jvp_costs, vjp_costs, None)


def best_plan(
    sizes: Sequence[int], jvp_costs: Sequence[float], vjp_costs: Sequence[float], stored: Sequence[int] | None
) -> Plan:
    """Return the cheapest order, limited by what is stored if that is given."""
    n = len(jvp_costs)
    last = len(sizes) - 2
    given = sizes[0] * sizes[-1] + (sizes[n] * sizes[n + 1] if last == n else 0)
    best: dict[tuple[int, int], Plan] = {}
    for width in range(last + 1):
        for i in range(last + 1 - width):
            j = i + width
            if i == j:
                formed = 0 if i == n else sizes[i] * sizes[i + 1]
                best[i, j] = Plan(formed, 0, (i,))
            else:
                best[i, j] = min(candidates(i, j, sizes, jvp_costs, vjp_costs, best), key=lambda plan: plan[:2])
            if stored is None or j == n or width == last:
                continue
            if sizes[i] * sizes[j + 1] > sum(stored[i : j + 1]) + given:
                best[i, j] = Plan(math.inf, 0, best[i, j].order)
    return best[0, last]


def candidates(
    i: int,
    j: int,
    sizes: Sequence[int],
    jvp_costs: Sequence[float],
    vjp_costs: Sequence[float],
    best: dict[tuple[int, int], Plan],
) -> list[Plan]:
    """Return the ways to the matrix of factors i to j, from the best ways to its parts."""
    n = len(jvp_costs)

    def numbers(i: int, j: int) -> int:
        return best[i, j].numbers + (0 if i == j == n else sizes[i] * sizes[j + 1])

    right = best[i + 1, j]
    found = [Plan(right.work + jvp_costs[i] * sizes[j + 1], numbers(i + 1, j), (i, right.order))]
    if j < n:
        left = best[i, j - 1]
        found.append(Plan(left.work + vjp_costs[j] * sizes[i], numbers(i, j - 1), (left.order, j)))
    for k in range(i, j):
        left, right = best[i, k], best[k + 1, j]
        work = left.work + right.work + sizes[i] * sizes[k + 1] * sizes[j + 1]
        found.append(Plan(work, numbers(i, k) + numbers(k + 1, j), (left.order, right.order)))
    return found
