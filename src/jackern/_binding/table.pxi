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

    ctypedef void jk_pointwise_loop(Py_ssize_t n, void *out, const void *const *inputs, unsigned ones)
    bint jk_takes_ones(int n_args, unsigned ones)

    ctypedef struct jk_op_loops:
        jk_pointwise_loop *value
        jk_pointwise_loop *first[3]
        jk_pointwise_loop *first_from_y

    ctypedef struct jk_pointwise_loops:
        const jk_op_loops *op

    const jk_pointwise_loops *jk_pointwise_of(jk_dtype dtype)

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
