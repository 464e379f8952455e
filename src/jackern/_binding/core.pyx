# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, embedsignature=True
# cython: embedsignature.format=clinic
"""The binding: arrays to views, one C call, a status to an exception."""

cimport cython
cimport numpy as cnp

from jackern._binding.c cimport *

import os

cnp.import_array()

include "slots.pxi"
include "signatures.pxi"
include "arrays.pxi"
include "table.pxi"
include "coercion.pxi"
include "statuses.pxi"
include "threads.pxi"
include "context.pxi"
include "setup.pxi"
include "layout.pxi"
include "registry.pxi"
include "vectorcalls.pxi"
include "counts.pxi"
include "wishes.pxi"
include "ops.pxi"
include "pointwise.pxi"
include "operands.pxi"
include "straight.pxi"
include "broadcasting.pxi"
include "unary.pxi"
include "binary.pxi"
include "ternary.pxi"
include "parametric.pxi"
include "rows.pxi"
include "unbroadcast.pxi"
include "families.pxi"
include "reductions.pxi"
include "matrix_products.pxi"
include "matmul_linear.pxi"
include "row_losses.pxi"
include "kept.pxi"
include "products.pxi"
include "axis.pxi"
include "gram.pxi"
include "banded.pxi"
include "convolution.pxi"
include "sparse.pxi"
include "solve.pxi"
