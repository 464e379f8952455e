/* Row-wise ops: the passes that table/rowwise.def describes, over the rows of a matrix.
 *
 * A loop takes a block at a time: as many whole rows as fit, so that short rows cost no more than their elements, or a
 * run of a long one.  Rows that the loops cannot read where they are, not contiguous or of the other dtype, are packed.
 * What is kept of a row's elements stands on the stack where it fits; of a longer row in the output, if a loop may write
 * there, else it is made again.  Sums are halved by the law of table/tree.h, in runs of JK_RUN elements. */
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "engine/view.h"
#include "table/tree.h"

#include <string.h>

enum {
    ROWS = JK_STACK_BYTES / 512, /* that share a block */
    BLOCK = JK_STACK_BYTES / 64, /* elements of a block */
    KEPT = JK_STACK_BYTES / 16,  /* elements of a row, of which e is kept on the stack */
    RUN = JK_MIN(JK_RUN, BLOCK), /* elements that are summed before halving starts */
    TASKS = 256,                 /* that may find a label gone bad */
    WORK = 3                     /* of an element in one pass, in multiplications */
};

/* One element of the dtype computed in, and one per row of a block: of float32, they fill the first half. */
typedef union element {
    double f64;
    float f32;
} element;
typedef element column[ROWS];

/* Rows of a view, of n elements or of one; strides in bytes, from row to row and from element to element. */
typedef struct operand {
    char *data;
    ptrdiff_t next, step;
    int is_native; /* of the dtype computed in */
    jk_read_loop *read;
} operand;

typedef enum product_kind { VALUE, JVP, VJP } product_kind;

typedef struct job {
    const jk_move_loops *move; /* of the dtype that everything is computed in, as is `op` */
    const jk_rowwise_op_loops *op;
    product_kind product;
    jk_dtype dtype;
    ptrdiff_t item, n_rows, n;
    ptrdiff_t block_rows;    /* whole rows of a block */
    operand x, with, out;    /* with: x_dot, or y_bar */
    const ptrdiff_t *labels; /* NULL: the op takes none */
    jk_write_loop *write;
    int overwrites; /* the loops may write to `out` themselves */
} job;

/* The work of one task: of all blocks, where there is one alone. */
typedef struct share {
    jk_poll poll;
    ptrdiff_t bad_row; /* whose label was good when the call began, but is not any more; -1: none */
} share;

typedef struct block {
    const job *job;
    jk_poll *poll;
    jk_rows rows;
    operand x, with, out;         /* from the block's first row on */
    char *x_piece, *piece, *kept; /* of BLOCK, BLOCK and KEPT elements; `piece` is for tangents or results */
    int keeps_in_out;
    ptrdiff_t labels[ROWS];
    column m, s, r, g, xl, el, tl;
} block;

/* ---- operands ----------------------------------------------------------------------------------------------- */

static operand operand_of(const job *j, const jk_view *view)
{
    operand o = {.data = view->data, .is_native = view->dtype == j->dtype, .read = jk_reader(j->dtype, view->dtype)};
    if (view->data == NULL) return o; /* a view of no elements */
    o.next = view->strides_in_bytes[0];
    if (view->ndim == 2) o.step = view->strides_in_bytes[1];
    return o;
}

static operand from_row(operand o, ptrdiff_t i)
{
    if (o.data != NULL) o.data += i * o.next;
    return o;
}

/* Whole rows of the dtype computed in, one after another. */
static operand packed(const job *j, char *data)
{
    return (operand){data, j->n * j->item, j->item, 1, jk_reader(j->dtype, j->dtype)};
}

/* Whether n_rows rows of n elements are one contiguous array of the dtype computed in. */
static int is_block(const job *j, const operand *o, ptrdiff_t n_rows, ptrdiff_t n)
{
    return o->is_native && (n == 1 || o->step == j->item) && (n_rows == 1 || o->next == n * j->item);
}

/* Elements first <= k < first + n of the n_rows first rows, one row after another. */
static const void *load(const job *j, const operand *o, ptrdiff_t n_rows, ptrdiff_t first, ptrdiff_t n, char *piece)
{
    if (n == 0) return piece; /* there may be no memory */
    const char *data = o->data + first * o->step;
    if (is_block(j, o, n_rows, n)) return data;
    if (o->next == n * o->step) {
        o->read(n_rows * n, piece, data, o->step);
        return piece;
    }
    for (ptrdiff_t i = 0; i < n_rows; i++) o->read(n, piece + i * n * j->item, data + i * o->next, o->step);
    return piece;
}

/* Of every row the element that its label names. */
static const void *pick(const block *b, const operand *o, column out)
{
    const job *j = b->job;
    char *to = (char *)out;
    for (ptrdiff_t i = 0; i < b->rows.n_rows; i++, to += j->item) {
        const char *data = o->data + i * o->next + b->rows.labels[i] * o->step;
        if (!o->is_native)
            o->read(1, to, data, 0);
        else if (j->dtype == JK_FLOAT64)
            memcpy(to, data, 8);
        else
            memcpy(to, data, 4);
    }
    return out;
}

/* ---- passes ------------------------------------------------------------------------------------------------- */

/* Sets the block to elements first <= k < first + n of its rows. */
static void go_to(block *b, ptrdiff_t first, ptrdiff_t n)
{
    b->rows.first = first;
    b->rows.n = n;
    b->rows.x = load(b->job, &b->x, b->rows.n_rows, first, n, b->x_piece);
}

/* Where e stands from element k on: all of a row, or of one run after the other. */
static char *kept_from(const block *b, ptrdiff_t k)
{
    const job *j = b->job;
    if (b->keeps_in_out) return b->out.data + k * j->item;
    return j->n <= KEPT ? b->kept + k * j->item : b->kept;
}

static void keep(block *b)
{
    char *e = kept_from(b, b->rows.first);
    b->job->op->kept(&b->rows, e);
    b->rows.e = e;
}

/* After a pass over n elements of every row. */
static jk_status poll_after_pass(const block *b, ptrdiff_t n)
{
    return jk_poll_after(b->poll, WORK * (double)(b->rows.n_rows * n));
}

static jk_status find_max(block *b)
{
    const job *j = b->job;
    for (ptrdiff_t k = 0; k < j->n || k == 0; k += BLOCK) {
        go_to(b, k, JK_MIN(j->n - k, BLOCK));
        j->op->max(&b->rows, b->m);
        JK_TRY(poll_after_pass(b, b->rows.n));
    }
    if (j->n <= BLOCK) b->x = packed(j, (char *)b->rows.x);
    return jk_success();
}

/* What is kept of rows that fit on the stack; longer ones wait for the sum. */
static void keep_short(block *b)
{
    const job *j = b->job;
    for (ptrdiff_t k = 0; k < j->n && j->n <= KEPT; k += BLOCK) {
        go_to(b, k, JK_MIN(j->n - k, BLOCK));
        keep(b);
    }
}

static void find_labelled(block *b)
{
    const job *j = b->job;
    if (b->rows.labels == NULL) return;
    b->rows.xl = pick(b, &b->x, b->xl);
    if (j->product == JVP) b->rows.tl = pick(b, &b->with, b->tl);
    if (j->n <= KEPT) {
        const operand e = packed(j, b->kept);
        b->rows.el = pick(b, &e, b->el);
        return;
    }
    jk_rows labelled = b->rows;
    labelled.n = 1;
    labelled.x = b->rows.xl;
    j->op->kept(&labelled, b->el);
    b->rows.el = b->el;
}

/* s of n elements and, if there is a tangent, r. */
static jk_status sum(block *b, ptrdiff_t first, ptrdiff_t n, element *s, element *r)
{
    const job *j = b->job;
    if (n > RUN) {
        element tail_s, tail_r;
        const ptrdiff_t head = jk_left_part(n, RUN);
        JK_TRY(sum(b, first, head, s, r));
        JK_TRY(sum(b, first + head, n - head, &tail_s, &tail_r));
        j->move->add(1, s, j->item, &tail_s);
        if (j->product == JVP) j->move->add(1, r, j->item, &tail_r);
        return jk_success();
    }
    go_to(b, first, n);
    b->rows.e = kept_from(b, first);
    if (j->n > KEPT) keep(b);
    j->op->sum(&b->rows, s);
    if (j->product == JVP) {
        b->rows.t = load(j, &b->with, b->rows.n_rows, first, n, b->piece);
        j->op->jvp_sum(&b->rows, r);
    }
    return poll_after_pass(b, n);
}

/* One number per row. */
static void write_rows(const block *b)
{
    const job *j = b->job;
    column result;
    (j->product == JVP ? j->op->jvp : j->op->value)(&b->rows, result);
    /* a row of no elements does not change: r is 0 */
    j->write(b->rows.n_rows, b->out.data, b->out.next, j->product == JVP && j->n == 0 ? b->r : result);
}

/* One number per element. */
static jk_status write_elements(block *b)
{
    const job *j = b->job;
    const ptrdiff_t n_rows = b->rows.n_rows;
    b->with.read(n_rows, b->g, b->with.data, b->with.next);
    b->rows.g = b->g;
    for (ptrdiff_t k = 0; k < j->n; k += BLOCK) {
        const ptrdiff_t n = JK_MIN(BLOCK, j->n - k);
        go_to(b, k, n);
        b->rows.e = kept_from(b, k);
        if (j->n > KEPT && !b->keeps_in_out) keep(b);
        char *out = b->out.data + k * b->out.step;
        if (j->overwrites && is_block(j, &b->out, n_rows, n)) {
            j->op->vjp(&b->rows, out);
        } else {
            j->op->vjp(&b->rows, b->piece);
            for (ptrdiff_t l = 0; l < n_rows; l++)
                j->write(n, out + l * b->out.next, b->out.step, b->piece + l * n * j->item);
        }
        JK_TRY(poll_after_pass(b, n));
    }
    return jk_success();
}

/* Copies the labels of rows from i on, each read once: another thread may be writing to them.  Returns the row of one that
 * is out of range, or -1. */
static ptrdiff_t copy_labels(block *b, ptrdiff_t i)
{
    const volatile ptrdiff_t *const labels = b->job->labels + i;
    for (ptrdiff_t k = 0; k < b->rows.n_rows; k++) {
        b->labels[k] = labels[k];
        if (b->labels[k] < 0 || b->labels[k] >= b->job->n) return i + k;
    }
    b->rows.labels = b->labels;
    return -1;
}

static jk_status do_block(const job *j, share *own, ptrdiff_t i, ptrdiff_t n_rows)
{
    _Alignas(JK_ALIGNMENT) char memory[(2 * BLOCK + KEPT) * sizeof(element)];
    block b;
    b.job = j;
    b.poll = &own->poll;
    b.x_piece = memory;
    b.piece = memory + BLOCK * sizeof(element);
    b.kept = memory + 2 * BLOCK * sizeof(element);
    b.x = from_row(j->x, i);
    if (j->product != VALUE) b.with = from_row(j->with, i);
    b.out = from_row(j->out, i);
    b.keeps_in_out = j->product == VJP && j->n > KEPT && j->overwrites && is_block(j, &b.out, 1, j->n);
    b.rows = (jk_rows){.n_rows = n_rows, .e = b.kept, .t = b.kept};
    b.rows.m = b.rows.s = b.rows.r = b.rows.g = b.rows.xl = b.rows.el = b.rows.tl = b.m;
    if (j->labels != NULL && (own->bad_row = copy_labels(&b, i)) >= 0) return jk_fail_at(JK_LABEL, own->bad_row);
    JK_TRY(find_max(&b));
    keep_short(&b);
    find_labelled(&b);
    JK_TRY(sum(&b, 0, j->n, b.s, b.r));
    b.rows.s = b.s;
    b.rows.r = b.r;
    if (j->product == VJP) return write_elements(&b);
    write_rows(&b);
    return jk_success();
}

static jk_status do_blocks(const job *j, share *own, ptrdiff_t first, ptrdiff_t last)
{
    for (ptrdiff_t k = first; k < last; k++) {
        const ptrdiff_t i = k * j->block_rows;
        JK_TRY(do_block(j, own, i, JK_MIN(j->block_rows, j->n_rows - i)));
    }
    return jk_success();
}

/* A job and what each of its tasks has to itself. */
typedef struct shared_job {
    const job *job;
    share tasks[TASKS];
} shared_job;

static void do_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    shared_job *s = argument;
    share *own = &s->tasks[task];
    if (own->bad_row < 0) (void)do_blocks(s->job, own, first, last);
}

/* A label that has gone bad ends its task; the call ends when all tasks have. */
static jk_status share_blocks(const jk_context *context, const job *j, int n_tasks, ptrdiff_t n_blocks,
                              double n_elements)
{
    shared_job s = {.job = j};
    for (int k = 0; k < n_tasks; k++) s.tasks[k].bad_row = -1;
    JK_TRY(jk_split(context, n_tasks, n_blocks, n_elements, do_share, &s));
    for (int k = 0; k < n_tasks; k++)
        if (s.tasks[k].bad_row >= 0) return jk_fail_at(JK_LABEL, s.tasks[k].bad_row);
    return jk_success();
}

/* ---- calls -------------------------------------------------------------------------------------------------- */

/* `view` has one element per row of x, or its shape. */
static jk_status check_shape(const jk_view *x, const jk_view *view, int ndim, int argument)
{
    if (view->ndim != ndim || view->shape[0] != x->shape[0]) return jk_fail(JK_SHAPE, argument);
    if (ndim == 2 && view->shape[1] != x->shape[1]) return jk_fail(JK_SHAPE, argument);
    return jk_success();
}

/* Labels are read again, block by block, after the first rows have been written. */
static jk_status check_labels(const ptrdiff_t *labels, ptrdiff_t n_rows, ptrdiff_t n, const jk_view *out, int argument)
{
    if (n_rows > 0 && labels == NULL) return jk_fail(JK_NULL_VIEW, argument);
    const ptrdiff_t stride = sizeof *labels;
    const jk_dtype as_wide = sizeof *labels == 8 ? JK_FLOAT64 : JK_FLOAT32;
    const jk_view view = {(void *)labels, as_wide, 1, &n_rows, &stride};
    if (jk_meet(&view, out) != JK_APART) return jk_fail(JK_OVERLAP, argument);
    for (ptrdiff_t i = 0; i < n_rows; i++)
        if (labels[i] < 0 || labels[i] >= n) return jk_fail_at(JK_LABEL, i);
    return jk_success();
}

/* Arguments are, in order: `with` unless it is a value, x, labels, out. */
static jk_status each_row(const jk_context *context, product_kind product, int op, const jk_view *with,
                          const jk_row_operands *operands, const jk_view *out, int accumulate)
{
    const int x_argument = product != VALUE, labels_argument = x_argument + 1, out_argument = labels_argument + 1;
    const jk_rowwise_op *row = jk_rowwise_at(op);
    if (row == NULL) return jk_fail(JK_UNKNOWN_OP, -1);
    if (operands == NULL) return jk_fail(JK_NULL_VIEW, x_argument);
    const jk_view *x = operands->x;
    if (product != VALUE) JK_TRY(jk_check_input(with, 0));
    JK_TRY(jk_check_input(x, x_argument));
    JK_TRY(jk_check_output(out, out_argument));
    if (x->ndim != 2) return jk_fail(JK_SHAPE, x_argument);
    if (product != VALUE) JK_TRY(check_shape(x, with, product == JVP ? 2 : 1, 0));
    JK_TRY(check_shape(x, out, product == VJP ? 2 : 1, out_argument));
    if (product != VALUE && jk_meet(with, out) != JK_APART) return jk_fail(JK_OVERLAP, 0);
    if (jk_meet(x, out) != JK_APART) return jk_fail(JK_OVERLAP, x_argument);
    job j = {.product = product, .n_rows = x->shape[0], .n = x->shape[1]};
    if (row->takes_labels) {
        JK_TRY(check_labels(operands->labels, j.n_rows, j.n, out, labels_argument));
        j.labels = operands->labels;
    }

    j.dtype = product == VALUE ? x->dtype : jk_promote(x->dtype, with->dtype);
    j.item = jk_itemsize(j.dtype);
    if ((j.move = jk_move_of(j.dtype)) == NULL) return jk_fail(JK_NO_INIT, -1);
    j.op = &jk_rowwise_of(j.dtype)->op[op];
    j.x = operand_of(&j, x);
    if (product != VALUE) j.with = operand_of(&j, with);
    j.out = operand_of(&j, out);
    j.overwrites = j.out.is_native && !accumulate;
    j.write = jk_writer(j.dtype, out->dtype, accumulate);

    j.block_rows = j.n > RUN ? 1 : JK_MIN(ROWS, BLOCK / JK_MAX(j.n, 1));
    const ptrdiff_t n_blocks = jk_n_runs(j.n_rows, j.block_rows);
    const double n_elements = (double)j.n_rows * (double)j.n;
    const int n_tasks = JK_MIN(jk_n_tasks(context, n_elements), TASKS);
    if (n_tasks > 1 && n_blocks > 1) return share_blocks(context, &j, n_tasks, n_blocks, n_elements);
    share alone = {{context, 0}, -1};
    return do_blocks(&j, &alone, 0, n_blocks);
}

jk_status jk_rowwise_value(const jk_context *context, int op, const jk_row_operands *operands, const jk_view *y,
                           int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, each_row(context, VALUE, op, NULL, operands, y, accumulate));
}

jk_status jk_rowwise_jvp(const jk_context *context, int op, const jk_view *x_dot, const jk_row_operands *operands,
                         const jk_view *y_dot, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, each_row(context, JVP, op, x_dot, operands, y_dot, accumulate));
}

jk_status jk_rowwise_vjp(const jk_context *context, int op, const jk_view *y_bar, const jk_row_operands *operands,
                         const jk_view *x_bar, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, each_row(context, VJP, op, y_bar, operands, x_bar, accumulate));
}

jk_status jk_softmax_cross_entropy_value(const jk_context *context, const jk_view *logits, const ptrdiff_t *labels,
                                         const jk_view *loss, int accumulate)
{
    const jk_row_operands operands = {logits, labels};
    return jk_rowwise_value(context, JK_ROWWISE_softmax_cross_entropy, &operands, loss, accumulate);
}

jk_status jk_softmax_cross_entropy_jvp(const jk_context *context, const jk_view *logits_dot, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *loss_dot, int accumulate)
{
    const jk_row_operands operands = {logits, labels};
    return jk_rowwise_jvp(context, JK_ROWWISE_softmax_cross_entropy, logits_dot, &operands, loss_dot, accumulate);
}

jk_status jk_softmax_cross_entropy_vjp(const jk_context *context, const jk_view *loss_bar, const jk_view *logits,
                                       const ptrdiff_t *labels, const jk_view *logits_bar, int accumulate)
{
    const jk_row_operands operands = {logits, labels};
    return jk_rowwise_vjp(context, JK_ROWWISE_softmax_cross_entropy, loss_bar, &operands, logits_bar, accumulate);
}
