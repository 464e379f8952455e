/* Softmax cross-entropy with integer labels, row by row.  With m = max(x), e = exp(x - m) and s = sum(e):
 *
 *   loss       = log(s) - (x[label] - m)
 *   logits_bar = loss_bar * (e / s - onehot(label))
 *   loss_dot   = sum(e * (logits_dot - logits_dot[label])) / s
 *
 * A row whose elements are not contiguous, or of the other dtype, is packed in pieces; exponentials are kept where the
 * row fits into one piece, else computed again.  Sums are halved by the law of table/tree.h, in runs of JK_RUN classes. */
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/view.h"
#include "table/tree.h"

#include <string.h>

enum {
    PIECE_BYTES = JK_STACK_BYTES / 4, /* each for logits, exponentials, and a tangent or cotangent */
    WORK = 8                          /* of a class, in multiplications */
};

/* One element, or two, of the dtype computed in. */
typedef union scalar {
    double f64;
    float f32;
} scalar;
typedef union pair {
    double f64[2];
    float f32[2];
} pair;

/* One row of a view: n_classes elements, or one. */
typedef struct operand {
    char *data;
    ptrdiff_t stride;
    jk_read_loop *pack; /* NULL: the loops can read it where it is */
} operand;

typedef struct job job;
struct job {
    void (*work)(const job *j, ptrdiff_t i); /* on one row */
    const jk_loops *loops;                   /* of the dtype that everything is computed in */
    jk_dtype dtype;
    ptrdiff_t item, n_classes;
    ptrdiff_t piece, run;               /* of classes, that are packed or summed at a time */
    const jk_view *logits, *with, *out; /* with: the tangent or the cotangent */
    const ptrdiff_t *labels;
    jk_write_loop *write;
};

typedef struct row {
    const job *job;
    operand logits, with;
    char *logits_piece, *exps, *with_piece;
    scalar max, label_dot;
} row;

static operand row_of(const job *j, const jk_view *view, ptrdiff_t i)
{
    operand o = {.data = (char *)view->data + i * view->strides_in_bytes[0]};
    if (view->ndim == 2) o.stride = view->strides_in_bytes[1];
    if (view->dtype != j->dtype || (view->ndim == 2 && o.stride != j->item)) o.pack = jk_reader(j->dtype, view->dtype);
    return o;
}

/* n elements from `first` on, as the loops want them. */
static const void *load(const operand *o, ptrdiff_t first, ptrdiff_t n, char *piece)
{
    const char *data = o->data + first * o->stride;
    if (o->pack == NULL) return data;
    o->pack(n, piece, data, o->stride);
    return piece;
}

/* The row's operands and maximum. */
static row start(const job *j, ptrdiff_t i, char *memory)
{
    row r = {.job = j,
             .logits = row_of(j, j->logits, i),
             .logits_piece = memory,
             .exps = memory + PIECE_BYTES,
             .with_piece = memory + 2 * PIECE_BYTES};
    if (j->with != NULL) r.with = row_of(j, j->with, i);
    if (j->n_classes <= j->piece) {
        r.logits.data = (char *)load(&r.logits, 0, j->n_classes, r.logits_piece);
        r.logits.stride = j->item;
        r.logits.pack = NULL;
    }
    memcpy(&r.max, load(&r.logits, 0, 1, r.logits_piece), (size_t)j->item);
    for (ptrdiff_t k = 0; k < j->n_classes; k += j->piece) {
        const ptrdiff_t n = JK_MIN(j->piece, j->n_classes - k);
        j->loops->row_max(n, &r.max, load(&r.logits, k, n, r.logits_piece));
    }
    return r;
}

/* The sum of n exponentials and, if there is a tangent, of their products with it. */
static pair sum(const row *r, ptrdiff_t first, ptrdiff_t n, int with_tangent)
{
    const job *j = r->job;
    pair sums;
    if (n > j->run) {
        const ptrdiff_t head = jk_left_part(n, j->run);
        sums = sum(r, first, head, with_tangent);
        const pair tail = sum(r, first + head, n - head, with_tangent);
        j->loops->add(with_tangent ? 2 : 1, &sums, j->item, &tail);
        return sums;
    }
    char *exps = j->n_classes <= j->piece ? r->exps + first * j->item : r->exps;
    j->loops->row_exp(n, exps, load(&r->logits, first, n, r->logits_piece), &r->max);
    j->loops->sum_run(n, &sums, exps);
    if (with_tangent) {
        const void *tangent = load(&r->with, first, n, r->with_piece);
        j->loops->row_less(n, r->with_piece, tangent, &r->label_dot);
        j->loops->dot_run(n, (char *)&sums + j->item, exps, r->with_piece);
    }
    return sums;
}

static void write_one(const job *j, ptrdiff_t i, const scalar *value)
{
    j->write(1, (char *)j->out->data + i * j->out->strides_in_bytes[0], 0, value);
}

static void value_of_row(const job *j, ptrdiff_t i)
{
    _Alignas(JK_ALIGNMENT) char memory[3 * PIECE_BYTES];
    const row r = start(j, i, memory);
    const pair sums = sum(&r, 0, j->n_classes, 0);
    scalar loss;
    j->loops->cross_entropy_value(&loss, &sums, &r.max, load(&r.logits, j->labels[i], 1, r.logits_piece));
    write_one(j, i, &loss);
}

static void jvp_of_row(const job *j, ptrdiff_t i)
{
    _Alignas(JK_ALIGNMENT) char memory[3 * PIECE_BYTES];
    row r = start(j, i, memory);
    memcpy(&r.label_dot, load(&r.with, j->labels[i], 1, r.with_piece), (size_t)j->item);
    const pair sums = sum(&r, 0, j->n_classes, 1);
    scalar loss_dot;
    j->loops->cross_entropy_jvp(&loss_dot, (const char *)&sums + j->item, &sums, &r.max);
    write_one(j, i, &loss_dot);
}

static void vjp_of_row(const job *j, ptrdiff_t i)
{
    _Alignas(JK_ALIGNMENT) char memory[3 * PIECE_BYTES];
    const row r = start(j, i, memory);
    const pair sums = sum(&r, 0, j->n_classes, 0);
    scalar loss_bar;
    memcpy(&loss_bar, load(&r.with, 0, 1, r.with_piece), (size_t)j->item);
    const operand out = row_of(j, j->out, i);
    for (ptrdiff_t k = 0; k < j->n_classes; k += j->piece) {
        const ptrdiff_t n = JK_MIN(j->piece, j->n_classes - k);
        if (j->n_classes > j->piece) j->loops->row_exp(n, r.exps, load(&r.logits, k, n, r.logits_piece), &r.max);
        j->loops->cross_entropy_vjp(n, r.with_piece, &loss_bar, r.exps, &sums, &r.max, j->labels[i] - k);
        j->write(n, out.data + k * out.stride, out.stride, r.with_piece);
    }
}

/* `with` and `out` have one element per row, or the shape of the logits. */
static jk_status check_shape(const jk_view *logits, const jk_view *view, int ndim, int argument)
{
    if (view->ndim != ndim || view->shape[0] != logits->shape[0]) return jk_fail(JK_SHAPE, argument);
    if (ndim == 2 && view->shape[1] != logits->shape[1]) return jk_fail(JK_SHAPE, argument);
    return jk_success();
}

/* The views of the call are, in order: `with` if there is one, the logits, out. */
static jk_status each_row(const jk_context *context, job *j, int with_ndim, int out_ndim, int accumulate)
{
    const int logits_argument = j->with != NULL, out_argument = logits_argument + 1;
    if (j->with != NULL) JK_TRY(jk_check_input(j->with, 0));
    JK_TRY(jk_check_input(j->logits, logits_argument));
    JK_TRY(jk_check_output(j->out, out_argument));
    if (j->logits->ndim != 2) return jk_fail(JK_SHAPE, logits_argument);
    if (j->with != NULL) JK_TRY(check_shape(j->logits, j->with, with_ndim, 0));
    JK_TRY(check_shape(j->logits, j->out, out_ndim, out_argument));
    if (j->with != NULL && jk_meet(j->with, j->out) != JK_APART) return jk_fail(JK_OVERLAP, 0);
    if (jk_meet(j->logits, j->out) != JK_APART) return jk_fail(JK_OVERLAP, logits_argument);
    const ptrdiff_t n_rows = j->logits->shape[0];
    j->n_classes = j->logits->shape[1];
    if (n_rows > 0 && j->labels == NULL) return jk_fail(JK_NULL_VIEW, -1);
    for (ptrdiff_t i = 0; i < n_rows; i++)
        if (j->labels[i] < 0 || j->labels[i] >= j->n_classes) return jk_fail_at(JK_LABEL, i);

    j->dtype = j->with != NULL ? jk_promote(j->logits->dtype, j->with->dtype) : j->logits->dtype;
    j->item = jk_itemsize(j->dtype);
    j->piece = PIECE_BYTES / j->item;
    j->run = JK_MIN(JK_RUN, j->piece);
    if ((j->loops = jk_loops_of(j->dtype)) == NULL) return jk_fail(JK_NO_INIT, -1);
    j->write = jk_writer(j->dtype, j->out->dtype, accumulate);

    jk_poll poll = {context, 0};
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        j->work(j, i);
        JK_TRY(jk_poll_after(&poll, WORK * (double)j->n_classes));
    }
    return jk_success();
}

jk_status jk_softmax_cross_entropy_value(const jk_context *context, const jk_view *logits, const ptrdiff_t *labels,
                                         const jk_view *loss, int accumulate)
{
    job j = {.work = value_of_row, .logits = logits, .labels = labels, .out = loss};
    return each_row(context, &j, 0, 1, accumulate);
}

jk_status jk_softmax_cross_entropy_vjp(const jk_context *context, const jk_view *loss_bar, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *logits_bar, int accumulate)
{
    if (loss_bar == NULL) return jk_fail(JK_NULL_VIEW, 0);
    job j = {.work = vjp_of_row, .with = loss_bar, .logits = logits, .labels = labels, .out = logits_bar};
    return each_row(context, &j, 1, 2, accumulate);
}

jk_status jk_softmax_cross_entropy_jvp(const jk_context *context, const jk_view *logits_dot, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *loss_dot, int accumulate)
{
    if (logits_dot == NULL) return jk_fail(JK_NULL_VIEW, 0);
    job j = {.work = jvp_of_row, .with = logits_dot, .logits = logits, .labels = labels, .out = loss_dot};
    return each_row(context, &j, 2, 1, accumulate);
}
