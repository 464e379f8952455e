# The table of loops, for calls that need no set-up at all.

cdef extern from "engine/cpu.h" nogil:
    enum:
        JK_OP_divide
        JK_OP_multiply
        JK_IN_T
        JK_IN_A
        JK_IN_B
        JK_IN_Y
        JK_N_IN
        JK_ONE_A
        JK_RUN

    ctypedef void jk_pointwise_loop(Py_ssize_t n, void *out, const void *const *inputs, unsigned ones)
    bint jk_takes_ones(int n_args, unsigned ones)

    ctypedef struct jk_op_loops:
        jk_pointwise_loop *value
        jk_pointwise_loop *first[3]
        jk_pointwise_loop *first_from_y

    ctypedef struct jk_pointwise_loops:
        const jk_op_loops *op

    const jk_pointwise_loops *jk_pointwise_of(jk_dtype dtype)

    ctypedef struct jk_move_loops:
        void add(Py_ssize_t n, void *out, Py_ssize_t stride, const void *addend)

    ctypedef struct jk_reduce_loops:
        void sum_each(Py_ssize_t n_rows, Py_ssize_t n, void *out, const void *addends)

    ctypedef struct jk_dense_loops:
        void dense_dot(Py_ssize_t n_rows, Py_ssize_t n_cols, void *out, const void *a, Py_ssize_t row_stride,
                       const void *x)
        void dense_axpy(Py_ssize_t n_rows, Py_ssize_t n_cols, void *out, const void *a, Py_ssize_t row_stride,
                        const void *x)

    const jk_move_loops *jk_move_of(jk_dtype dtype)
    const jk_reduce_loops *jk_reduce_of(jk_dtype dtype)
    const jk_dense_loops *jk_dense_of(jk_dtype dtype)

cdef enum:
    PIECE = 256  # elements for which a loop is called where its results are added
    SHORT = 1024  # elements that are summed as one run, by a tree that C calls form as well

cdef extern from "engine/environment.h" nogil:
    ctypedef unsigned jk_environment
    jk_environment jk_enter()
    void jk_leave(jk_environment before)


cdef inline void run_loop(jk_pointwise_loop *loop, Py_ssize_t n, void *out, const void *const *inputs,
                          unsigned ones=0) noexcept:
    """Calls a loop in the floating-point environment in which the C library calls it."""
    cdef jk_environment before = jk_enter()
    loop(n, out, inputs, ones)
    jk_leave(before)


cdef inline jk_dtype dtype_of(cnp.ndarray a) noexcept:
    return JK_FLOAT64 if cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE else JK_FLOAT32


cdef void add_loop(jk_pointwise_loop *loop, cnp.ndarray out, const void *const *inputs, unsigned ones) noexcept:
    """Adds a loop's results to a C-contiguous array of its dtype, piece by piece."""
    cdef jk_environment before = jk_enter()
    cdef double piece[PIECE]
    cdef const void *at[JK_N_IN]
    cdef Py_ssize_t item = cnp.PyArray_ITEMSIZE(out), n = cnp.PyArray_SIZE(out), first = 0, m
    cdef int k
    while first < n:
        m = min(n - first, <Py_ssize_t>PIECE)
        for k in range(JK_N_IN):
            at[k] = inputs[k] if ones >> k & 1 else <const char *>inputs[k] + first * item
        loop(m, piece, at, ones)
        jk_move_of(dtype_of(out)).add(m, cnp.PyArray_BYTES(out) + first * item, item, piece)
        first += m
    jk_leave(before)


cdef inline void write_sum(Py_ssize_t n, const void *addends, cnp.ndarray out, bint adds) noexcept:
    """Writes or adds the sum of numbers that lie flat to one number of their dtype."""
    cdef double total
    jk_reduce_of(dtype_of(out)).sum_each(1, n, &total if adds else cnp.PyArray_DATA(out), addends)
    if adds:
        jk_move_of(dtype_of(out)).add(1, cnp.PyArray_DATA(out), cnp.PyArray_ITEMSIZE(out), &total)


cdef void sum_loop(jk_pointwise_loop *loop, Py_ssize_t n, cnp.ndarray out, const void *const *inputs, unsigned ones,
                   bint adds) noexcept:
    """Writes or adds the sum of at most SHORT results to a 0-d array of the loop's dtype."""
    cdef jk_environment before = jk_enter()
    cdef double piece[SHORT]
    loop(n, piece, inputs, ones)
    write_sum(n, piece, out, adds)
    jk_leave(before)


cdef void sum_flat(cnp.ndarray x, cnp.ndarray out, bint adds) noexcept:
    """Writes or adds the sum of at most SHORT elements of a C-contiguous array to a number of its dtype."""
    cdef jk_environment before = jk_enter()
    write_sum(cnp.PyArray_SIZE(x), cnp.PyArray_DATA(x), out, adds)
    jk_leave(before)


cdef inline void write_loop(jk_pointwise_loop *loop, Py_ssize_t n, cnp.ndarray out, const void *const *inputs,
                            unsigned ones, bint adds) noexcept:
    """A loop's n results, or their sum where it is one number, in (or added to) a C-contiguous array of its dtype."""
    if n > 1 and cnp.PyArray_NDIM(out) == 0:
        sum_loop(loop, n, out, inputs, ones, adds)
    elif adds:
        add_loop(loop, out, inputs, ones)
    else:
        run_loop(loop, n, cnp.PyArray_DATA(out), inputs, ones)


def enter_environment():
    """Set the floating-point environment of kernels; returns what `leave_environment` puts back."""
    return jk_enter()


def leave_environment(jk_environment before):
    """Put the caller's environment back."""
    jk_leave(before)


cdef inline const jk_op_loops *flat_loops(int op, cnp.ndarray like) noexcept:
    """The loops of an op for arrays of this dtype."""
    return &jk_pointwise_of(JK_FLOAT64 if cnp.PyArray_TYPE(like) == cnp.NPY_DOUBLE else JK_FLOAT32).op[op]


cdef inline bint lies_flat(object x, cnp.ndarray result) noexcept:
    """Whether x, where it is given, is C-contiguous and lies apart from the result or exactly on it."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    if x is None:
        return True
    a = <char *>cnp.PyArray_DATA(<cnp.ndarray>x)
    return (cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x)
            and (a == b or a + cnp.PyArray_NBYTES(<cnp.ndarray>x) <= b or b + cnp.PyArray_NBYTES(result) <= a))


cdef inline void read_flat(const void **inputs, cnp.ndarray t, object y) noexcept:
    """The inputs of a loop: y in its place where it is given, t in its own and in all that are not read."""
    cdef int k
    for k in range(JK_N_IN):
        inputs[k] = cnp.PyArray_DATA(t)
    if y is not None:
        inputs[JK_IN_Y] = cnp.PyArray_DATA(<cnp.ndarray>y)
