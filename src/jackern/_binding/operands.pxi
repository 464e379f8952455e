# The operands of a call as views, and how they lie in memory beside each other and beside the results.

cdef struct Operands:
    # Arguments or tangents of a call, as views of arrays that the caller holds; NULL where one is not given.
    int n
    bint complete, contiguous
    jk_view view[JK_MAX_ARGS]
    const jk_view *at[JK_MAX_ARGS]


cdef inline void describe(Operands *operands, int k, cnp.ndarray x) noexcept:
    operands.at[k] = NULL
    if x is None:
        operands.complete = False
        return
    view_of(&operands.view[k], x)
    operands.at[k] = &operands.view[k]
    operands.contiguous = operands.contiguous and cnp.PyArray_IS_C_CONTIGUOUS(x)


cdef inline void describe_all(Operands *operands, int n, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c) noexcept:
    operands.n = n
    operands.complete = operands.contiguous = True
    describe(operands, 0, a)
    describe(operands, 1, b)
    if n == 3:
        describe(operands, 2, c)


cdef inline int typenum_of(object a, object b, object c) noexcept:
    """The dtype of the first that is a native array; -1 if none is."""
    if is_native(a):
        return cnp.PyArray_TYPE(<cnp.ndarray>a)
    if is_native(b):
        return cnp.PyArray_TYPE(<cnp.ndarray>b)
    return cnp.PyArray_TYPE(<cnp.ndarray>c) if is_native(c) else -1


cdef inline bint views_shape(const jk_view *view, int ndim, const cnp.npy_intp *shape) noexcept:
    """Whether a view has this shape."""
    cdef int d
    if view.ndim != ndim:
        return False
    for d in range(ndim):
        if view.shape[d] != shape[d]:
            return False
    return True


cdef inline bint have_shape(const Operands *operands, int ndim, const cnp.npy_intp *shape) noexcept:
    """Whether all operands have this shape."""
    cdef int k
    for k in range(operands.n):
        if not views_shape(operands.at[k], ndim, shape):
            return False
    return True


cdef inline bint lie_alike(const Operands *operands, int ndim, const cnp.npy_intp *shape, unsigned *ones) noexcept:
    """Whether all operands lie flat in this shape but for numbers alone, and a loop takes these as ones."""
    cdef int k
    ones[0] = 0
    for k in range(operands.n):
        if operands.at[k].ndim == 0:
            ones[0] |= <unsigned>JK_ONE_A << k
        elif not views_shape(operands.at[k], ndim, shape):
            return False
    return operands.contiguous and jk_takes_ones(operands.n, ones[0])


cdef inline int broadcast(const Operands *operands, cnp.npy_intp *shape) noexcept:
    """The shape that all operands broadcast to, and its length; -1 if they do not."""
    cdef cnp.npy_intp length
    cdef int n = 0, d, k, ahead
    for k in range(operands.n):
        n = max(n, operands.at[k].ndim)
    for d in range(n):
        shape[d] = 1
    for k in range(operands.n):
        ahead = n - operands.at[k].ndim
        for d in range(ahead, n):
            length = operands.at[k].shape[d - ahead]
            if length != 1 and shape[d] != 1 and shape[d] != length:
                return -1
            if length != 1:
                shape[d] = length
    return n


cdef inline bint lie_apart(const Operands *operands, cnp.ndarray result) noexcept:
    """Whether each operand, of the result's size in bytes, lies apart from it or exactly on it."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    cdef Py_ssize_t n_bytes = cnp.PyArray_NBYTES(result)
    cdef int k
    for k in range(operands.n):
        if operands.at[k] == NULL:
            continue
        a = <char *>operands.at[k].data
        if a != b and a + n_bytes > b and b + n_bytes > a:
            return False
    return True


cdef inline bint lie_beyond(const Operands *operands, cnp.ndarray t, cnp.ndarray result) noexcept:
    """Whether no operand, of at most the size of t in bytes, shares memory with the result."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    cdef int k
    for k in range(operands.n):
        a = <char *>operands.at[k].data
        if a + cnp.PyArray_NBYTES(t) > b and b + cnp.PyArray_NBYTES(result) > a:
            return False
    return True


cdef inline void read_all_flat(const void **inputs, const Operands *operands, cnp.ndarray t, object y) noexcept:
    """The inputs of a loop over operands that lie flat."""
    cdef int k
    read_flat(inputs, t, y)
    for k in range(operands.n):
        inputs[JK_IN_A + k] = operands.at[k].data


cdef inline bint is_beyond(object x, cnp.ndarray out) noexcept:
    """Whether an array that lies flat, where it is given, shares no memory with another one that does."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(out)
    if x is None:
        return True
    a = <char *>cnp.PyArray_DATA(<cnp.ndarray>x)
    return a + cnp.PyArray_NBYTES(<cnp.ndarray>x) <= b or b + cnp.PyArray_NBYTES(out) <= a


cdef inline bint is_writable(object out, int ndim, const cnp.npy_intp *shape) noexcept:
    """A writable native array of this shape."""
    return has_shape(out, ndim, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
