# Sums over axes that broadcasting stretched, and the repetition that undoes them.


def sum_to(g, out, bint accumulate):
    """g summed to the shape of out."""
    cdef Views v = Views([g, out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_unbroadcast(&call.context, v.at[0], v.at[1], accumulate)
    finish(status)


def repeat(g, out, bint accumulate):
    """g repeated to the shape of out."""
    cdef Views v = Views([g, out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_repeat(&call.context, v.at[0], v.at[1], accumulate)
    finish(status)


cdef inline Py_ssize_t length_of(object length, cnp.ndarray g, int from_end) except -2:
    """A length that the axis of g, so many places from the end, may be summed to; -1 for any other."""
    cdef int overflow = 0, d = cnp.PyArray_NDIM(g) - from_end
    if d < 0 or type(length) is not int:
        return -1
    cdef Py_ssize_t n = PyLong_AsLongAndOverflow(length, &overflow)
    return n if n == 1 or n == cnp.PyArray_DIMS(g)[d] else -1


def unbroadcast(g, shape, *, out=None, accumulate=False):
    """Sum a cotangent over the axes that broadcasting added or stretched.

    Parameters
    ----------
    g : array
        A cotangent of the broadcast shape.
    shape : int or tuple of int
        The shape of the operand that was broadcast; axes that are equal already are not touched.
    out : ndarray, optional
        Where the result is written, of shape `shape`.
    accumulate : bool
        Add to `out` instead of overwriting it.

    Returns
    -------
    ndarray
        `out`, or a new array (a copy where nothing is summed); a NumPy scalar if 0-d.

    Raises
    ------
    ValueError
        If `shape` does not broadcast to the shape of `g`.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    global unbroadcast_calls, unbroadcast_general_calls
    cdef Laid g_laid, out_laid
    cdef cnp.ndarray result
    cdef cnp.npy_intp lengths[JK_MAX_NDIM]
    cdef int d, n = 0
    cdef Wish wish
    wish.is_tuple = False
    cdef bint straight = (is_native(g) and type(shape) is tuple and len(<tuple>shape) <= JK_MAX_NDIM
                          and read_outs(&wish, out, accumulate))
    if straight:
        n = <int>len(<tuple>shape)
        for d in range(n):
            lengths[d] = length_of((<tuple>shape)[d], <cnp.ndarray>g, n - d)
            straight = straight and lengths[d] >= 0
    if straight and out is not None:
        straight = has_shape(out, n, lengths) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
    if straight:
        result = new_array(n, lengths, cnp.PyArray_TYPE(<cnp.ndarray>g), False) if out is None else <cnp.ndarray>out
        lay(&g_laid, <cnp.ndarray>g)
        lay(&out_laid, result)
        straight = went("unbroadcast", move(jk_unbroadcast, <cnp.ndarray>g, &g_laid, &out_laid, wish.adds[0]))
    if not straight:
        g = general.unbroadcast(g, shape, out, accumulate)
        unbroadcast_calls += 1
        unbroadcast_general_calls += 1
        return g
    unbroadcast_calls += 1
    return result if n > 0 or out is not None else result[()]
