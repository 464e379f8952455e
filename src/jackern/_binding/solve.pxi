# Elimination, one C call each, for native C-contiguous arrays of one dtype.


class BadPivot(ArithmeticError):
    """Elimination cannot use the pivot in this row: it is zero or, where positive ones are needed, not positive."""


cdef int finish_solve(jk_status status) except -1:
    if status.error == JK_SINGULAR or status.error == JK_INDEFINITE:
        raise BadPivot(status.argument)
    return finish(status)


def tridiagonal_factor(lower, diagonal, upper, factor, unsigned char[::1] swapped):
    """Eliminate a tridiagonal matrix into factor (4, n), whose first row are the pivots, and swapped (n)."""
    cdef Views v = Views([lower, diagonal, upper, factor])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    check_length("swapped", swapped.shape[0], v.view[3].shape[1] if v.view[3].ndim == 2 else 0)
    cdef unsigned char *flags = &swapped[0] if swapped.shape[0] > 0 else NULL
    with nogil:
        status = jk_tridiagonal_factor(&call.context, v.at[0], v.at[1], v.at[2], v.at[3], flags)
    finish_solve(status)


def tridiagonal_solve(factor, const unsigned char[::1] swapped, x):
    """Solve for the rows of x (n_solutions, n), in place."""
    cdef Views v = Views([factor, x])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    check_length("swapped", swapped.shape[0], v.view[0].shape[1] if v.view[0].ndim == 2 else 0)
    cdef const unsigned char *flags = &swapped[0] if swapped.shape[0] > 0 else NULL
    with nogil:
        status = jk_tridiagonal_solve(&call.context, v.at[0], flags, v.at[1])
    finish_solve(status)


def band_factor(Py_ssize_t lower, Py_ssize_t upper, band, Py_ssize_t[::1] pivots):
    """Eliminate band (n, 2 * lower + upper + 1) in place, with row interchanges that go to pivots (n)."""
    cdef Views v = Views([band])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    check_length("pivots", pivots.shape[0], v.view[0].shape[0] if v.view[0].ndim == 2 else 0)
    cdef Py_ssize_t *rows = &pivots[0] if pivots.shape[0] > 0 else NULL
    with nogil:
        status = jk_band_factor(&call.context, lower, upper, v.at[0], rows)
    finish_solve(status)


def band_solve(Py_ssize_t lower, Py_ssize_t upper, band, const Py_ssize_t[::1] pivots, bint transposed, x):
    """Solve for the rows of x (n_solutions, n), in place, with what `band_factor` made."""
    cdef Views v = Views([band, x])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    check_length("pivots", pivots.shape[0], v.view[0].shape[0] if v.view[0].ndim == 2 else 0)
    cdef const Py_ssize_t *rows = &pivots[0] if pivots.shape[0] > 0 else NULL
    with nogil:
        status = jk_band_solve(&call.context, lower, upper, v.at[0], rows, transposed, v.at[1])
    finish_solve(status)


def band_cholesky(band):
    """Factor band (n, upper + 1), the upper half of a symmetric positive definite one, in place."""
    cdef Views v = Views([band])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_band_cholesky(&call.context, v.at[0])
    finish_solve(status)


def band_cholesky_solve(band, x):
    """Solve for the rows of x (n_solutions, n), in place, with what `band_cholesky` made."""
    cdef Views v = Views([band, x])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_band_cholesky_solve(&call.context, v.at[0], v.at[1])
    finish_solve(status)


def triangular_solve(lower, bint transposed, x):
    """Solve lower x = b, or its transpose, for x (n_items, n_solutions, n) in place; lower (n_items, n, n)."""
    cdef Views v = Views([lower, x])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_triangular_solve(&call.context, v.at[0], transposed, v.at[1])
    finish_solve(status)


cdef int check_length(str name, Py_ssize_t length, Py_ssize_t expected) except -1:
    """C writes this many elements, whatever there is."""
    if length != expected:
        raise ValueError(f"{name} has {length} elements, expected {expected}")
    return 0
