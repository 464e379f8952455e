# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, embedsignature=True
# cython: embedsignature.format=clinic
"""The binding: arrays to views, one C call, a status to an exception."""

cimport cython
cimport numpy as cnp

from jackern._c cimport *

import os

cnp.import_array()

include "_table.pxi"
include "_arrays.pxi"
include "_threads.pxi"
include "_setup.pxi"
include "_ops.pxi"
include "_calls.pxi"
include "_products.pxi"
include "_axis.pxi"
include "_gram.pxi"
include "_banded.pxi"
include "_sparse.pxi"
include "_solve.pxi"
