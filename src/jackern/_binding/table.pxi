# The table of loops, for calls that need no set-up at all.
cdef extern from "engine/cpu.h" nogil:
    enum:
        JK_OP_divide
        JK_OP_multiply
        JK_OP_power
        JK_IN_T
        JK_IN_A
        JK_IN_B
        JK_IN_Y
        JK_N_IN

    ctypedef void jk_pointwise_loop(Py_ssize_t n, void *out, const void *const *inputs)

    ctypedef struct jk_op_loops:
        jk_pointwise_loop *value
        jk_pointwise_loop *first[3]
        jk_pointwise_loop *first_from_y

    ctypedef struct jk_pointwise_loops:
        const jk_op_loops *op

    const jk_pointwise_loops *jk_pointwise_of(jk_dtype dtype)
