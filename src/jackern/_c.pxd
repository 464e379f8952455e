# The C library, as csrc/include/jackern/jackern.h declares it.

cdef extern from "jackern/jackern.h" nogil:
    ctypedef enum jk_error:
        JK_OK
        JK_NO_INIT
        JK_UNKNOWN_ISA
        JK_UNKNOWN_OP
        JK_NULL_VIEW
        JK_DTYPE
        JK_NDIM
        JK_SHAPE
        JK_MISALIGNED
        JK_SELF_OVERLAP
        JK_OVERLAP
        JK_LABEL
        JK_WORKSPACE
        JK_TOO_LARGE
        JK_INTERRUPTED

    ctypedef struct jk_status:
        jk_error error
        int argument

    ctypedef enum jk_dtype:
        JK_FLOAT32
        JK_FLOAT64

    ctypedef struct jk_view:
        void *data
        jk_dtype dtype
        int ndim
        const Py_ssize_t *shape
        const Py_ssize_t *strides_in_bytes

    ctypedef void jk_task(void *argument, Py_ssize_t index)

    ctypedef struct jk_context:
        void (*parallel_for)(void *pool, jk_task *task, void *argument, Py_ssize_t n_tasks)
        void *pool
        int n_threads
        int (*poll)(void *poll_argument)
        void *poll_argument
        void *workspace
        size_t workspace_bytes

    enum:
        JK_MAX_NDIM
        JK_MAX_ARGS
        JK_N_SECOND
        JK_READS_A
        JK_READS_B
        JK_READS_C
        JK_READS_Y

    ctypedef struct jk_op:
        const char *name
        const char *aliases
        int n_args
        int selects
        const char *formula
        const char *derivative[3]
        const char *second[6]
        unsigned reads[3]
        double low[3]
        double high[3]
        const char *kinks

    ctypedef struct jk_axis:
        jk_view values
        int n_letters
        const Py_ssize_t *length
        int n_out, n_in
        const signed char *value_letters
        const signed char *out_letters
        const signed char *in_letters

    const char *jk_message(jk_error error)
    jk_status jk_init(const char *isa)
    const char *jk_isa_in_use()
    const char *jk_isa_name(int index)
    const char *jk_isa_built(int index)
    const char *jk_compiler()
    const char *jk_version()
    int jk_n_ops()
    const jk_op *jk_op_at(int op)
    int jk_find_op(const char *name)
    int jk_second(int i, int j)

    jk_status jk_pointwise_value(const jk_context *, int op, const jk_view *const *args, const jk_view *out,
                                 int accumulate)
    jk_status jk_pointwise_jvp(const jk_context *, int op, const jk_view *const *tangents, const jk_view *const *args,
                               const jk_view *y, const jk_view *out, int accumulate)
    jk_status jk_pointwise_vjp(const jk_context *, int op, const jk_view *y_bar, const jk_view *const *args,
                               const jk_view *y, const jk_view *const *outs, int accumulate)
    jk_status jk_pointwise_vjp2(const jk_context *, int op, const jk_view *const *h, const jk_view *y_bar,
                                const jk_view *const *args, const jk_view *y, const jk_view *const *outs,
                                int accumulate)
    jk_status jk_unbroadcast(const jk_context *, const jk_view *g, const jk_view *out, int accumulate)
    jk_status jk_axis_jvp(const jk_context *, const jk_axis *jacobian, const jk_view *v, const jk_view *out,
                          int accumulate)
    jk_status jk_axis_vjp(const jk_context *, const jk_axis *jacobian, const jk_view *u, const jk_view *out,
                          int accumulate)
    jk_status jk_dense_jvp(const jk_context *, const jk_view *a, const jk_view *v, const jk_view *out, int accumulate)
    jk_status jk_dense_vjp(const jk_context *, const jk_view *a, const jk_view *u, const jk_view *out, int accumulate)
    jk_status jk_matmul(const jk_context *, const jk_view *a, const jk_view *b, const jk_view *out, int accumulate)
    jk_status jk_softmax_cross_entropy_value(const jk_context *, const jk_view *logits, const Py_ssize_t *labels,
                                             const jk_view *loss, int accumulate)
    jk_status jk_softmax_cross_entropy_vjp(const jk_context *, const jk_view *loss_bar, const jk_view *logits,
                                           const Py_ssize_t *labels, const jk_view *logits_bar, int accumulate)
    jk_status jk_softmax_cross_entropy_jvp(const jk_context *, const jk_view *logits_dot, const jk_view *logits,
                                           const Py_ssize_t *labels, const jk_view *loss_dot, int accumulate)

# The table of loops, for calls that need no set-up at all.
cdef extern from "view.h" nogil:
    enum:
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
        jk_pointwise_loop *derivative[3]

    ctypedef struct jk_loops:
        jk_op_loops *op

    const jk_loops *jk_loops_of(jk_dtype dtype)
