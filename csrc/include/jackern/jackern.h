/* jackern: Jacobian-vector and vector-Jacobian products without the zeros.
 *
 * The only public header.  It is clean as C99 and as C++11.  Conventions:
 *
 *   - A cotangent is written x_bar, a tangent x_dot; layout is numerator, J[i][j] = dy_i/dx_j.
 *   - Arrays are described by jk_view and owned by the caller.  Nothing here allocates, prints or aborts.
 *   - Products and solves take a context; NULL means one thread, no polling, scratch on the stack.
 *   - They return a jk_status.  On an error nothing has been written, but for three that end a call midway and leave its
 *     outputs undefined: JK_INTERRUPTED, a factorisation's JK_SINGULAR or JK_INDEFINITE, and JK_LABEL where another thread
 *     wrote to the labels meanwhile.
 *   - `accumulate` non-zero adds to the output instead of overwriting it: the sum is added once, in the wider dtype.
 *   - Calls compute in the default floating-point environment (round to nearest, subnormal numbers kept, no traps), on all
 *     their threads, and put back that of the caller.
 *   - float32 and float64 may be mixed; a call is computed in the wider dtype of its inputs, the output rounds.
 */
#ifndef JACKERN_H
#define JACKERN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JK_MAX_NDIM 64 /* axes of one view */
#define JK_MAX_ARGS 3  /* arguments of one op */

/* ---- status ------------------------------------------------------------------------------------------------- */

typedef enum jk_error {
#define JK_STATUS(name, message) JK_##name,
#include "jackern/status.def"
#undef JK_STATUS
    JK_N_ERRORS
} jk_error;

/* `argument` is the position of the guilty argument among the views of the call, in the order of its parameters
 * (arrays of views count one position per element); -1 where no single argument is to blame. */
typedef struct jk_status {
    jk_error error;
    int argument;
} jk_status;

const char *jk_message(jk_error error);

/* ---- arrays and context ------------------------------------------------------------------------------------- */

typedef enum jk_dtype { JK_FLOAT32, JK_FLOAT64, JK_N_DTYPES } jk_dtype;

typedef struct jk_view {
    void *data; /* aligned to its dtype; never written through an input */
    jk_dtype dtype;
    int ndim;
    const ptrdiff_t *shape;
    const ptrdiff_t *strides_in_bytes; /* any sign; 0 repeats an element */
} jk_view;

typedef void jk_task(void *argument, ptrdiff_t index);

typedef struct jk_context {
    /* Runs task(argument, i) for 0 <= i < n_tasks, in any order, and returns when all are done.  NULL: serial.  Large
     * outputs are then split among n_threads tasks, which gives the same bits for every number of threads. */
    void (*parallel_for)(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks);
    void *pool;
    int n_threads;
    /* Called now and then by the calling thread; non-zero ends the call with JK_INTERRUPTED, outputs undefined. */
    int (*poll)(void *poll_argument);
    void *poll_argument;
    /* Used where the stack (JK_STACK_BYTES) is too small, from the first address in it on that 64 bytes divide: best it
     * is aligned so.  Tasks share it: sums and strided arrays are split only where each task gets as much as the stack
     * would give.  NULL: none, whatever workspace_bytes says. */
    void *workspace;
    size_t workspace_bytes;
} jk_context;

/* A pool for jk_context, if there is none at hand: jk_pool_run goes to `parallel_for`, the pool to `pool`.  The threads
 * are POSIX threads; on a system without them the calling thread does all tasks.
 *
 * jk_pool_create starts n_threads - 1 threads (fewer if the system refuses) in jk_pool_bytes(n_threads) bytes of the
 * caller's memory, aligned as malloc aligns.  Several threads may share a pool: one of them gets the workers, the
 * others do their tasks alone.  jk_pool_destroy waits for the threads to end; no call may be using the pool then.
 * After a fork the child has none of the threads: it must neither use nor destroy the pool. */
typedef struct jk_pool jk_pool;
size_t jk_pool_bytes(int n_threads);
jk_pool *jk_pool_create(void *memory, int n_threads);
void jk_pool_run(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks);
void jk_pool_destroy(jk_pool *pool);

/* ---- set-up ------------------------------------------------------------------------------------------------- */

/* Chooses the instruction set: the widest that is built in and that this CPU has, or the one named.  Call it once,
 * before anything else; a second call with another name is allowed while no other call runs (tests use it).
 * JK_UNKNOWN_ISA: `isa` is none of those built and supported here.  JK_INEXACT: what was compiled does not do arithmetic
 * as it is written. */
jk_status jk_init(const char *isa);
const char *jk_isa_in_use(void);     /* NULL before jk_init */
const char *jk_isa_name(int index);  /* built in and supported by this CPU, narrowest first; NULL past the end */
const char *jk_isa_built(int index); /* built in, supported here or not; NULL past the end */
const char *jk_compiler(void);       /* the compiler that built this library */
const char *jk_version(void);

/* ---- the table of pointwise ops ----------------------------------------------------------------------------- */

/* What a derivative reads. */
enum { JK_READS_A = 1, JK_READS_B = 2, JK_READS_C = 4, JK_READS_Y = 8 };

/* Second derivatives are stored in the order aa, ab, bb, ac, bc, cc: jk_second(i, j) gives the place. */
#define JK_N_SECOND 6

/* Expressions are those of the table: over the arguments by their names, y, and the cotangents t and h.  NULL where the row
 * has no such form, or where it vanishes identically. */
typedef struct jk_op {
    const char *name;
    const char *aliases; /* separated by spaces */
    int n_args;
    int n_operands; /* the arguments behind these are parameters */
    int is_masked;  /* the first argument is a mask: not 0 is true, and there is no derivative by it */
    int selects;    /* the op chooses: what it did not choose is a structural zero */
    const char *argument[JK_MAX_ARGS];
    const char *value;
    const char *first[JK_MAX_ARGS];             /* t * dy/darg; of an op that chooses, the share of t */
    const char *second[JK_N_SECOND];            /* h * t * d2y */
    const char *first_from_y, *second_from_y;   /* of one argument: the same from y alone */
    unsigned reads[JK_MAX_ARGS];                /* of the first derivative by each argument: JK_READS_* */
    double low[JK_MAX_ARGS], high[JK_MAX_ARGS]; /* where tests may draw arguments from */
    unsigned char is_optional[JK_MAX_ARGS];     /* a parameter with a default, */
    double standard[JK_MAX_ARGS];               /* which is this */
    const char *kinks; /* in words of the table: points without a derivative, and the value chosen there */
} jk_op;

int jk_n_ops(void);
const jk_op *jk_op_at(int op);    /* NULL if out of range */
int jk_find_op(const char *name); /* by name or alias; -1 if there is none */
int jk_second(int i, int j);

/* ---- pointwise products -------------------------------------------------------------------------------------
 * `op` is an index into the table.  Arguments broadcast against each other as in NumPy.  `y` is the op's own output;
 * it may be NULL, then it is computed where a derivative reads it.  An argument that no wanted derivative reads may
 * be NULL.  Cotangents that come back to a smaller argument are summed over the axes it was stretched along, in the
 * same pass.  `out` may be exactly one of the inputs where nothing is summed; JK_OVERLAP says that any other overlap
 * needs a copy of the named input. */

/* The workspace, aligned to 64 bytes, with which no call returns JK_WORKSPACE.  With the stack alone (JK_STACK_BYTES) calls that sum over many
 * strided or mixed operands at once may, before anything is written. */
size_t jk_pointwise_workspace(void);

jk_status jk_pointwise_value(const jk_context *context, int op, const jk_view *const *args, const jk_view *out,
                             int accumulate);
/* out = sum over k of (dy/dargs[k]) * tangents[k]; a tangent may be NULL.  Tangents have the shape of their argument. */
jk_status jk_pointwise_jvp(const jk_context *context, int op, const jk_view *const *tangents,
                           const jk_view *const *args, const jk_view *y, const jk_view *out, int accumulate);
/* outs[k] = unbroadcast((dy/dargs[k]) * y_bar); an output that is not wanted is NULL. */
jk_status jk_pointwise_vjp(const jk_context *context, int op, const jk_view *y_bar, const jk_view *const *args,
                           const jk_view *y, const jk_view *const *outs, int accumulate);
/* Double backward.  h[k] is the cotangent of vjp's outs[k], of its shape (NULL: zero).  outs[0] is the cotangent of
 * y_bar, outs[1 + k] that of args[k]; NULL where not wanted. */
jk_status jk_pointwise_vjp2(const jk_context *context, int op, const jk_view *const *h, const jk_view *y_bar,
                            const jk_view *const *args, const jk_view *y, const jk_view *const *outs, int accumulate);

/* ---- sums and axis Jacobians -------------------------------------------------------------------------------- */

/* out = g summed over the axes that out lacks in front, and over those where out has length 1 and g has not. */
jk_status jk_unbroadcast(const jk_context *context, const jk_view *g, const jk_view *out, int accumulate);
/* The transpose: out = g repeated along the axes that g lacks in front, and those where g has length 1 and out has not. */
jk_status jk_repeat(const jk_context *context, const jk_view *g, const jk_view *out, int accumulate);

/* A Jacobian whose axes have roles.  Letters are small integers, each with a length; J v sums values * v over the
 * letters that `out` lacks and repeats it along those that only `out` has.  A letter stands at most once per string. */
typedef struct jk_axis {
    jk_view values; /* one axis per letter of value_letters */
    int n_letters;
    const ptrdiff_t *length; /* of each letter */
    int n_out, n_in;
    const signed char *value_letters, *out_letters, *in_letters;
} jk_axis;

/* v has one axis per in-letter and out one per out-letter, behind any number of equal batch axes. */
jk_status jk_axis_jvp(const jk_context *context, const jk_axis *jacobian, const jk_view *v, const jk_view *out,
                      int accumulate);
jk_status jk_axis_vjp(const jk_context *context, const jk_axis *jacobian, const jk_view *u, const jk_view *out,
                      int accumulate);

/* ---- dense -------------------------------------------------------------------------------------------------- */

/* out (*batch, m) = a (*batch, m, n) v (*batch, n), and out (*batch, n) = u (*batch, m) a (*batch, m, n).  Batches
 * broadcast as in NumPy, and out has their common shape.  `a` is read once per vector, in the order of its memory: its
 * strides choose the order of the sum, which else depends on shapes alone.  out must not overlap an input. */
jk_status jk_dense_jvp(const jk_context *context, const jk_view *a, const jk_view *v, const jk_view *out,
                       int accumulate);
jk_status jk_dense_vjp(const jk_context *context, const jk_view *a, const jk_view *u, const jk_view *out,
                       int accumulate);
/* out (*batch, m, n) = a (*batch, m, k) b (*batch, k, n): batches as above, no extra array.  Row i of out has the bits
 * of jk_dense_vjp with b and row i of `a`. */
jk_status jk_matmul(const jk_context *context, const jk_view *a, const jk_view *b, const jk_view *out, int accumulate);
/* out (*batch, n) = a^T (w * (a v)) for a (*batch, m, n), v (*batch, n) and w (*batch, m), or NULL: without weights.
 * Batches broadcast as above; those that `a` lacks count vectors.  Where the rows of `a` are contiguous and of the wider
 * dtype, each is read once for all vectors (up to eight at a time); else `a` is read as by jk_dense_jvp and then
 * jk_dense_vjp.  The tree of the sum depends on shapes alone.  out must not overlap an input. */
jk_status jk_dense_gram_jvp(const jk_context *context, const jk_view *a, const jk_view *v, const jk_view *w,
                            const jk_view *out, int accumulate);
/* The bytes of aligned workspace with which one thread does so; with as much for each thread, all take part.  With less, fewer
 * vectors share a pass, or it is JK_WORKSPACE.  JK_STACK_BYTES come from the stack.  0 if the call would fail. */
size_t jk_dense_gram_workspace(const jk_view *a, const jk_view *v, const jk_view *w, const jk_view *out);

/* ---- banded ------------------------------------------------------------------------------------------------- */

/* One band: out[out_start + out_step * k] += values[k] * v[in_start + in_step * k] along every axis of the values, k below
 * their length there.  A stride of 0 is a band that is constant along the axis. */
typedef struct jk_band {
    jk_view values;
    /* one number per axis of the values; a step has any sign, but is not 0 */
    const ptrdiff_t *out_start, *out_step, *in_start, *in_step;
} jk_band;

/* The sum of all bands: out (*batch, *lengths) from v (*batch, *lengths), with as many axes behind the equal batch axes as
 * the values of each band have; v and out may differ in lengths there, and every band lies inside both.  Where no band
 * reaches, out is 0.  The sum has the order of the bands, whatever the strides; vectors of a batch share one pass over
 * the values.  The positions of arguments are those of the bands, then v, then out, which must not overlap any. */
jk_status jk_banded_jvp(const jk_context *context, int n_bands, const jk_band *bands, const jk_view *v,
                        const jk_view *out, int accumulate);
/* The transpose: out_start and out_step change places with in_start and in_step. */
jk_status jk_banded_vjp(const jk_context *context, int n_bands, const jk_band *bands, const jk_view *u,
                        const jk_view *out, int accumulate);

/* ---- convolution -------------------------------------------------------------------------------------------- */

/* A convolution along one axis: out[i] = the sum of kernel[j] * v[i + shift - j] over the taps j for which v has such an
 * element.  With a shift of 0 and n + n_taps - 1 elements of out for n of v it is the full one; with (n_taps - 1) / 2 and
 * as many elements as v has, it is centred; n_taps - 1 and n - n_taps + 1 leave what needs nothing beyond the ends. */
typedef struct jk_convolution {
    jk_view kernel;  /* (n_taps), at least one */
    ptrdiff_t shift; /* of any sign */
    int n_behind;    /* axes of v and out behind the one that is convolved */
} jk_convolution;

/* out (*before, n_out, *behind) from v (*before, n_in, *behind), for any n_out and n_in.  Taps are added in their order,
 * eight at a time, and these by halves; strides do not matter.  The views are the kernel, v or u, out, which must not
 * overlap the others. */
jk_status jk_convolution_jvp(const jk_context *context, const jk_convolution *convolution, const jk_view *v,
                             const jk_view *out, int accumulate);
/* The transpose: the kernel backwards, with a shift of n_taps - 1 - shift. */
jk_status jk_convolution_vjp(const jk_context *context, const jk_convolution *convolution, const jk_view *u,
                             const jk_view *out, int accumulate);

/* ---- sparse ------------------------------------------------------------------------------------------------- */

typedef enum jk_index { JK_INT32, JK_INT64, JK_N_INDICES } jk_index;

/* A matrix by rows: entry k has column indices[k], and indptr[i] <= k < indptr[i + 1] in row i.  Columns need not be in
 * order; entries in one place add up.  Without indptr, row i has entry i alone, as the Jacobian of a gather has. */
typedef struct jk_csr {
    ptrdiff_t n_rows, n_cols;
    jk_index index;      /* of indptr and indices */
    const void *indptr;  /* n_rows + 1; NULL: 0, 1, 2, ... */
    const void *indices; /* one per entry */
    jk_view values;      /* (entries); stride 0 where all are equal */
} jk_csr;

/* The products trust the indices; this call does not.  JK_INDEX: they do not grow from 0 to the number of values, or
 * leave 0 <= column < n_cols, in the row that is the status's argument.  All calls trust indptr and indices to be
 * aligned. */
jk_status jk_csr_check(const jk_csr *matrix);

/* out (*batch, n_rows) = matrix v (*batch, n_cols), and out (*batch, n_cols) = matrix^T u (*batch, n_rows); the batches
 * are equal.  The views are matrix->values, v or u, out; out must not overlap the others.  The matrix is read once for
 * all vectors.  A jvp sums every row by halves; a vjp adds to its output in the order of the rows, so that a column's
 * error may grow with its length.  Where a vjp accumulates or rounds, and n_cols numbers do not fit on the stack, they
 * go to the workspace: JK_WORKSPACE, before anything is written, if it is too small; all else needs none. */
jk_status jk_csr_jvp(const jk_context *context, const jk_csr *matrix, const jk_view *v, const jk_view *out,
                     int accumulate);
jk_status jk_csr_vjp(const jk_context *context, const jk_csr *matrix, const jk_view *u, const jk_view *out,
                     int accumulate);

/* ---- rows --------------------------------------------------------------------------------------------------- */

/* An op that takes every row of x (rows, n), and perhaps the label of one of its elements, to one number. */
typedef struct jk_rowwise_op {
    const char *name;
    const char *aliases; /* separated by spaces */
    int takes_labels;
    /* As written in the table: m, e and s, which all products share; y; r, the sum of a jvp, and y_dot; x_bar. */
    const char *max, *kept, *sum, *value, *jvp_sum, *jvp, *vjp;
    unsigned reads;   /* of the derivative: JK_READS_A the row, JK_READS_B the labels */
    double low, high; /* where tests may draw rows from */
    const char *kinks;
} jk_rowwise_op;

int jk_n_rowwise(void);
const jk_rowwise_op *jk_rowwise_at(int op); /* NULL if out of range */
int jk_find_rowwise(const char *name);      /* by name or alias; -1 if there is none */

typedef struct jk_row_operands {
    const jk_view *x;        /* (rows, n) */
    const ptrdiff_t *labels; /* (rows), 0 <= label < n; of an op that takes none, NULL or anything */
} jk_row_operands;

/* y (rows), and y_dot (rows) for a tangent x_dot (rows, n), and x_bar (rows, n) for a cotangent y_bar (rows).  Positions
 * of arguments are those of the parameters, x and labels being two.  No output may overlap an input, labels included.
 * JK_LABEL: a label outside 0 <= label < n; its row is then the status's argument.  All labels are checked before
 * anything is written, and again when their rows' turn comes: one that has gone bad meanwhile ends the call, outputs
 * undefined.  The order of a sum depends on n alone, threads share the rows, and a row that is contiguous and of the
 * wider dtype is read where it is. */
jk_status jk_rowwise_value(const jk_context *context, int op, const jk_row_operands *operands, const jk_view *y,
                           int accumulate);
jk_status jk_rowwise_jvp(const jk_context *context, int op, const jk_view *x_dot, const jk_row_operands *operands,
                         const jk_view *y_dot, int accumulate);
jk_status jk_rowwise_vjp(const jk_context *context, int op, const jk_view *y_bar, const jk_row_operands *operands,
                         const jk_view *x_bar, int accumulate);

/* The same for jk_find_rowwise("softmax_cross_entropy"): loss (rows) = logsumexp(logits) - logits[label] for logits
 * (rows, classes), accurate to a few units of itself, near 0 too.  Infinite logits give the limit where there is one; a
 * row with several infinite maxima, or with a NaN, is NaN. */
jk_status jk_softmax_cross_entropy_value(const jk_context *context, const jk_view *logits, const ptrdiff_t *labels,
                                         const jk_view *loss, int accumulate);
/* logits_bar = loss_bar[:, None] * (softmax(logits) - onehot(labels)) */
jk_status jk_softmax_cross_entropy_vjp(const jk_context *context, const jk_view *loss_bar, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *logits_bar, int accumulate);
/* loss_dot = sum((softmax(logits) - onehot(labels)) * logits_dot, axis=-1) */
jk_status jk_softmax_cross_entropy_jvp(const jk_context *context, const jk_view *logits_dot, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *loss_dot, int accumulate);

/* ---- solves -------------------------------------------------------------------------------------------------
 * A factorisation, then any number of solutions with it.  `x` (n_solutions, n) holds the right-hand sides and then the
 * solutions.  All arrays of a call have one dtype, are C-contiguous (JK_CONTIGUITY) but for the diagonals of a
 * tridiagonal matrix, and are apart from each other.  JK_SINGULAR: a pivot is zero, and its row is the status's argument
 * (at most INT_MAX); what a failed or interrupted factorisation wrote to is undefined.  NaN goes through as NaN. */

/* Gaussian elimination with row interchanges, from both ends at once.  lower (n-1) holds a[i+1][i], diagonal (n),
 * upper (n-1) holds a[i][i+1].  `factor` (4, n) and `swapped` (n bytes) are for jk_tridiagonal_solve; the first row of
 * `factor` holds the pivots, whose product is the determinant but for its sign. */
jk_status jk_tridiagonal_factor(const jk_context *context, const jk_view *lower, const jk_view *diagonal,
                                const jk_view *upper, const jk_view *factor, unsigned char *swapped);
jk_status jk_tridiagonal_solve(const jk_context *context, const jk_view *factor, const unsigned char *swapped,
                               const jk_view *x);

/* The same for a[i][j] that is 0 unless -lower <= j - i <= upper, in place.  Row i of band (n, 2*lower + upper + 1) holds
 * a[i][i-lower], ..., a[i][i+upper] (anything where that leaves the matrix), then `lower` zeros that interchanges fill.
 * Afterwards column `lower` holds the pivots; pivots[i] (n) is the row that changed places with row i.  `transposed`
 * solves with the transpose of a, and trusts the pivots.  JK_SHAPE: lower or upper is beyond n - 1. */
jk_status jk_band_factor(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *band,
                         ptrdiff_t *pivots);
jk_status jk_band_solve(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *band,
                        const ptrdiff_t *pivots, int transposed, const jk_view *x);

/* Cholesky's factorisation of a symmetric positive definite band, without square roots and in place: row i of band
 * (n, upper + 1) holds a[i][i], ..., a[i][i+upper], and afterwards the pivot first.  JK_INDEFINITE: a pivot is not
 * positive, or NaN; its row is the argument. */
jk_status jk_band_cholesky(const jk_context *context, const jk_view *band);
jk_status jk_band_cholesky_solve(const jk_context *context, const jk_view *band, const jk_view *x);

/* x (n_items, n_solutions, n) becomes the solution of l x = b, or of its transpose, for triangles l (n_items, n, n);
 * what lies above their diagonals is not read.  A zero on a diagonal gives infinities. */
jk_status jk_triangular_solve(const jk_context *context, const jk_view *l, int transposed, const jk_view *x);

#ifdef __cplusplus
}
#endif
#endif
