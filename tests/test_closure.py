"""What two structures compose and add to: the table in docs/closure.md, and what it should be, written by hand."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
closure = runpy.run_path(str(ROOT / "tools/closure_table.py"))
STRUCTURES = closure["STRUCTURES"]
PAIRS = list(itertools.product(STRUCTURES, repeat=2))

# Short names: one per structure.
Z, ID, PM, DG, BC, RD, DN, BD, BN, CV, SP, SM, PR, LM = STRUCTURES

# The middle is (5, 6).  A cell is one name, or three: ends of 3, ends of 70, and ends of 70 with constant values.
# Of two factors that add a letter each, the result stores ends·ends numbers where the factors store ends + ends, and
# stays lazy; where the letters are constant it stores them neither before nor after.
LAZY_OR_BLOCKS = (PR, PR, BD)
LAZY_OR_DENSE = (PR, PR, DN)
LAZY_OR_SUM = (PR, PR, SM)
# The middle of 30 is long compared with ends of 3, not of 70: 3·3 numbers instead of 180, 70·70 instead of 4200.
DENSE_OR_LAZY = (DN, PR, DN)
BLOCKS_OR_LAZY = (BD, PR, BD)

# fmt: off
PRODUCTS = {
    #    zero identity permutation diagonal broadcast reduction dense blocks banded conv sparse sum product linear-map
    Z: [Z] * 14,
    # c·I scales, whatever comes.
    ID: [Z, ID, PM, DG, BC, RD, DN, BD, BN, CV, SP, SM, PR, LM],
    # The right permutation is the transpose of the left one.  The bands after a permutation are windows on axes in
    # another order, no diagonals of a matrix: a sum of two.
    PM: [Z, PM, ID, PM, BC, RD, DN, BD, SM, SM, SP, SM, PR, PR],
    DG: [Z, DG, PM, DG, BC, RD, DN, BD, BN, PR, SP, SM, PR, PR],
    # (70, 5, 6) <- (5, 6).  With bands: two windowed broadcasts that store 70·24 each, a constant one stores none of
    # the 70.  With diagonal + dense: 70·30 + 70·900 numbers.
    BC: [Z, BC, BC, BC, BC, LAZY_OR_BLOCKS, LAZY_OR_DENSE, LAZY_OR_BLOCKS, LAZY_OR_SUM, LAZY_OR_SUM,
         PR, LAZY_OR_SUM, PR, PR],
    # (6,) <- (5, 6).  After a broadcast along the summed axis 6 numbers are left, of constants 5·I; after blocks of
    # (6, ends), one for each of 5, the 5 is summed on the way out but not in: dense.  After bands the two windows are
    # on the summed axis, so the terms merge.  diagonal + dense gives reduction + dense.
    RD: [Z, RD, RD, RD, (DG, DG, ID), RD, DN, DN, RD, LAZY_OR_SUM, PR, SM, PR, PR],
    # (ends,) <- (5, 6).  With bands the windows are summed, so that the terms merge.  With diagonal + dense the terms
    # merge to one dense.  A constant dense after a column is a constant column, which takes the row behind it along.
    DN: [Z, DN, DN, DN, DN, LAZY_OR_DENSE, DENSE_OR_LAZY, DENSE_OR_LAZY, DN, DN, PR, DENSE_OR_LAZY, LAZY_OR_DENSE, PR],
    # (5, ends) <- (5, 6), 5 blocks.  With a broadcast along the axis of the blocks: dense.
    BD: [Z, BD, BD, BD, DN, LAZY_OR_BLOCKS, DENSE_OR_LAZY, BLOCKS_OR_LAZY, LAZY_OR_SUM, BD, PR, (SM, PR, SM), PR, PR],
    # (4, 6) <- (5, 6), differences along the first axis.  With entries: two for each, where that is no more than all.
    BN: [Z, BN, SM, BN, BC, LAZY_OR_SUM, DN, LAZY_OR_SUM, BN, PR, (SP, PR, PR), SM, PR, PR],
    # (5, 4) <- (5, 6) along the second axis, three taps: a diagonal behind would have to be stored for each of them.
    CV: [Z, CV, SM, PR, LAZY_OR_SUM, LAZY_OR_SUM, DN, BD, PR, CV, PR, SM, PR, PR],
    # (ends,) <- (5, 6), two entries a row.
    SP: [Z, SP, SP, SP, PR, PR, PR, PR, (SP, PR, PR), PR, (SP, PR, PR), PR, PR, PR],
    # diagonal + dense, distributed where that stores no more; the squares of dense 30 by 30 take too much work.
    SM: [Z, SM, SM, SM, SM, LAZY_OR_SUM, DENSE_OR_LAZY, (SM, PR, SM), SM, SM, PR, PR, PR, PR],
    # column @ row: the row takes along what it can, but stays a row.
    PR: [Z, PR, PR, PR, PR, PR, LAZY_OR_DENSE, PR, PR, PR, PR, PR, PR, PR],
    LM: [Z, LM, PR, PR, PR, PR, PR, PR, PR, PR, PR, PR, PR, PR],
}
# fmt: on

# A cell is one name, or two: with the same strings, and with others.  None: there is no common shape.
NO = None
# fmt: off
SUMS = {
    #    zero identity permutation diagonal broadcast reduction dense blocks banded conv sparse sum product linear-map
    Z: [Z, ID, PM, DG, BC, RD, DN, BD, BN, CV, SP, SM, PR, LM],
    # Of a sparse one only another sparse one becomes a part: a diagonal or a band needs no indices as it is.
    ID: [ID, ID, SM, DG, NO, NO, SM, SM, BN, CV, SM, SM, SM, SM],
    PM: [PM, SM, (PM, SM), SM, NO, NO, SM, SM, SM, SM, SM, SM, SM, SM],
    DG: [DG, DG, SM, DG, NO, NO, SM, SM, BN, BN, SM, SM, SM, SM],
    BC: [BC, NO, NO, NO, (BC, SM), NO, SM, SM, SM, SM, SM, SM, SM, SM],
    RD: [RD, NO, NO, NO, NO, (RD, SM), SM, SM, SM, SM, SM, SM, SM, SM],
    DN: [DN, SM, SM, SM, SM, SM, DN, SM, SM, SM, SM, SM, SM, SM],
    BD: [BD, SM, SM, SM, SM, SM, SM, (BD, SM), SM, SM, SM, SM, SM, SM],
    BN: [BN, BN, SM, BN, SM, SM, SM, SM, BN, SM, SM, SM, SM, SM],
    # The other bands know nothing of two axes.
    CV: [CV, CV, SM, BN, SM, SM, SM, SM, SM, CV, SM, SM, SM, SM],
    SP: [SP, SM, SM, SM, SM, SM, SM, SM, SM, SM, SP, SM, SM, SM],
    SM: [SM] * 14,
    PR: [PR, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM],
    LM: [LM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM, SM],
}
# fmt: on


def cells(cell, n):
    """One name per case."""
    return (cell,) * n if isinstance(cell, str) else cell


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_the_structure_of_a_product_is_what_the_rules_say(left, right):
    expected = PRODUCTS[left][STRUCTURES.index(right)]
    assert closure["product_cell"](left, right) == cells(expected, 3)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_the_structure_of_a_sum_is_what_the_rules_say(left, right):
    expected = SUMS[left][STRUCTURES.index(right)]
    assert closure["sum_cell"](left, right) == cells(expected, 2)


def test_the_page_is_what_the_command_prints():
    assert (ROOT / "docs/closure.md").read_text() == closure["page"](), "run `make closure`"
