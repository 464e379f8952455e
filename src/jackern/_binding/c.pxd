# The C library, as csrc/include/jackern/jackern.h declares it.  A module that cimports this links libjackern.a and has
# jackern.get_include() on its include path.

cdef extern from "jackern/jackern.h" nogil:
    ctypedef enum jk_error:
        JK_OK
        JK_NO_INIT
        JK_UNKNOWN_ISA
        JK_INEXACT
        JK_UNKNOWN_OP
        JK_NULL_VIEW
        JK_DTYPE
        JK_NDIM
        JK_SHAPE
        JK_MISALIGNED
        JK_SELF_OVERLAP
        JK_OVERLAP
        JK_LABEL
        JK_INDEX
        JK_WORKSPACE
        JK_TOO_LARGE
        JK_CONTIGUITY
        JK_SINGULAR
        JK_INDEFINITE
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

    ctypedef struct jk_pool:
        pass

    size_t jk_pool_bytes(int n_threads)
    jk_pool *jk_pool_create(void *memory, int n_threads)
    void jk_pool_run(void *pool, jk_task *task, void *argument, Py_ssize_t n_tasks)
    void jk_pool_destroy(jk_pool *pool)

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
        int n_operands
        int is_masked
        int selects
        const char *argument[3]
        const char *value
        const char *first[3]
        const char *second[6]
        const char *first_from_y
        const char *second_from_y
        unsigned reads[3]
        double low[3]
        double high[3]
        unsigned char is_optional[3]
        double standard[3]
        const char *kinks

    ctypedef struct jk_axis:
        jk_view values
        int n_letters
        const Py_ssize_t *length
        int n_out, n_in
        const signed char *value_letters
        const signed char *out_letters
        const signed char *in_letters

    ctypedef struct jk_band:
        jk_view values
        const Py_ssize_t *out_start
        const Py_ssize_t *out_step
        const Py_ssize_t *in_start
        const Py_ssize_t *in_step

    ctypedef struct jk_convolution:
        jk_view kernel
        Py_ssize_t shift
        int n_behind

    ctypedef enum jk_index:
        JK_INT32
        JK_INT64

    ctypedef struct jk_csr:
        Py_ssize_t n_rows, n_cols
        jk_index index
        const void *indptr
        const void *indices
        jk_view values

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

    size_t jk_pointwise_workspace()
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
    jk_status jk_repeat(const jk_context *, const jk_view *g, const jk_view *out, int accumulate)
    jk_status jk_axis_jvp(const jk_context *, const jk_axis *jacobian, const jk_view *v, const jk_view *out,
                          int accumulate)
    jk_status jk_axis_vjp(const jk_context *, const jk_axis *jacobian, const jk_view *u, const jk_view *out,
                          int accumulate)
    jk_status jk_dense_jvp(const jk_context *, const jk_view *a, const jk_view *v, const jk_view *out, int accumulate)
    jk_status jk_dense_vjp(const jk_context *, const jk_view *a, const jk_view *u, const jk_view *out, int accumulate)
    jk_status jk_dense_gram_jvp(const jk_context *, const jk_view *a, const jk_view *v, const jk_view *w,
                                const jk_view *out, int accumulate)
    size_t jk_dense_gram_workspace(const jk_view *a, const jk_view *v, const jk_view *w, const jk_view *out)
    jk_status jk_matmul(const jk_context *, const jk_view *a, const jk_view *b, const jk_view *out, int accumulate)
    jk_status jk_banded_jvp(const jk_context *, int n_bands, const jk_band *bands, const jk_view *v,
                            const jk_view *out, int accumulate)
    jk_status jk_banded_vjp(const jk_context *, int n_bands, const jk_band *bands, const jk_view *u,
                            const jk_view *out, int accumulate)
    jk_status jk_convolution_jvp(const jk_context *, const jk_convolution *convolution, const jk_view *v,
                                 const jk_view *out, int accumulate)
    jk_status jk_convolution_vjp(const jk_context *, const jk_convolution *convolution, const jk_view *u,
                                 const jk_view *out, int accumulate)
    jk_status jk_csr_check(const jk_csr *matrix)
    jk_status jk_csr_jvp(const jk_context *, const jk_csr *matrix, const jk_view *v, const jk_view *out, int accumulate)
    jk_status jk_csr_vjp(const jk_context *, const jk_csr *matrix, const jk_view *u, const jk_view *out, int accumulate)
    ctypedef struct jk_row_operands:
        const jk_view *x
        const Py_ssize_t *labels

    int jk_find_rowwise(const char *name)
    jk_status jk_rowwise_vjp(const jk_context *, int op, const jk_view *y_bar, const jk_row_operands *operands,
                             const jk_view *x_bar, int accumulate)
    jk_status jk_softmax_cross_entropy_value(const jk_context *, const jk_view *logits, const Py_ssize_t *labels,
                                             const jk_view *loss, int accumulate)
    jk_status jk_softmax_cross_entropy_vjp(const jk_context *, const jk_view *loss_bar, const jk_view *logits,
                                           const Py_ssize_t *labels, const jk_view *logits_bar, int accumulate)
    jk_status jk_softmax_cross_entropy_jvp(const jk_context *, const jk_view *logits_dot, const jk_view *logits,
                                           const Py_ssize_t *labels, const jk_view *loss_dot, int accumulate)
    jk_status jk_tridiagonal_factor(const jk_context *, const jk_view *lower, const jk_view *diagonal,
                                    const jk_view *upper, const jk_view *factor, unsigned char *swapped)
    jk_status jk_tridiagonal_solve(const jk_context *, const jk_view *factor, const unsigned char *swapped,
                                   const jk_view *x)
    jk_status jk_band_factor(const jk_context *, Py_ssize_t lower, Py_ssize_t upper, const jk_view *band,
                             Py_ssize_t *pivots)
    jk_status jk_band_solve(const jk_context *, Py_ssize_t lower, Py_ssize_t upper, const jk_view *band,
                            const Py_ssize_t *pivots, int transposed, const jk_view *x)
    jk_status jk_band_cholesky(const jk_context *, const jk_view *band)
    jk_status jk_band_cholesky_solve(const jk_context *, const jk_view *band, const jk_view *x)
    jk_status jk_triangular_solve(const jk_context *, const jk_view *l, int transposed, const jk_view *x)
