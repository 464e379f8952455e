/* Products of a sparse matrix, kept by rows, with vectors.
 *
 * Rows are taken in pieces of about PIECE entries.  A piece meets all vectors of a batch while it is in cache, so that
 * the matrix is read from memory once; where the vectors are neighbours in memory, they are the innermost loop.  A JVP
 * sums every row by itself and may split rows among threads.  A VJP adds to its output entry by entry in the order of
 * the rows, on one thread, so that the bits do not depend on the split. */
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "engine/view.h"
#include "table/tree.h"

#include <stdint.h>
#include <string.h>

enum { PIECE = JK_STACK_BYTES / 8 }; /* rows and entries; results of so many rows fit on the stack */

/* ---- the matrix --------------------------------------------------------------------------------------------- */

/* The i-th of some indices. */
static int64_t index_at(const jk_csr *a, const void *indices, ptrdiff_t i)
{
    return a->index == JK_INT32 ? ((const int32_t *)indices)[i] : ((const int64_t *)indices)[i];
}

static int64_t row_start(const jk_csr *a, ptrdiff_t row)
{
    return a->indptr == NULL ? row : index_at(a, a->indptr, row);
}

/* The first row, of those from low to high, with so many rows and entries in front of it, or more; else high. */
static ptrdiff_t row_after(const jk_csr *a, ptrdiff_t n_before, ptrdiff_t low, ptrdiff_t high)
{
    while (low < high) {
        const ptrdiff_t row = low + (high - low) / 2;
        if (row + row_start(a, row) < n_before)
            low = row + 1;
        else
            high = row;
    }
    return low;
}

static jk_status check_storage(const jk_csr *a)
{
    JK_TRY(jk_check_input(&a->values, 0));
    if (a->values.ndim != 1 || a->n_rows < 0 || a->n_cols < 0) return jk_fail(JK_SHAPE, 0);
    if (a->index != JK_INT32 && a->index != JK_INT64) return jk_fail(JK_INDEX, -1);
    if (a->indices == NULL && a->values.shape[0] > 0) return jk_fail(JK_NULL_VIEW, 0);
    if (row_start(a, a->n_rows) != a->values.shape[0]) return jk_fail(JK_SHAPE, 0);
    return jk_success();
}

/* Indices are compared in 64 bits: a ptrdiff_t may be shorter. */
jk_status jk_csr_check(const jk_csr *a)
{
    JK_TRY(check_storage(a));
    const ptrdiff_t n_entries = a->values.shape[0];
    if (a->indptr != NULL && row_start(a, 0) != 0) return jk_fail_at(JK_INDEX, 0);
    ptrdiff_t k = 0;
    for (ptrdiff_t row = 0; row < a->n_rows; row++) {
        const int64_t end = row_start(a, row + 1);
        if (end < k || end > n_entries) return jk_fail_at(JK_INDEX, row);
        for (; k < end; k++) {
            const int64_t column = index_at(a, a->indices, k);
            if (column < 0 || column >= a->n_cols) return jk_fail_at(JK_INDEX, row);
        }
    }
    return jk_success();
}

/* ---- a product ---------------------------------------------------------------------------------------------- */

typedef struct product {
    const jk_csr *matrix;
    jk_dtype dtype;               /* that everything is computed in */
    const jk_sparse_loops *loops; /* of that dtype */
    ptrdiff_t item;               /* its size */
    jk_write_loop *write;         /* from scratch; NULL: the loops write to out */
    jk_csr_rows rows;             /* what all pieces have in common */
    jk_view vectors;              /* what is multiplied */
    char *in, *out;
    ptrdiff_t n_out; /* elements of one result */
    int n_batch;     /* axes in front of the vectors, apart from that of neighbours */
    ptrdiff_t shape[JK_MAX_NDIM], in_strides[JK_MAX_NDIM], out_strides[JK_MAX_NDIM];
    ptrdiff_t n_items, n_pieces;
    double cost; /* of all pieces and items */
} product;

/* The batch axis along which vectors are closer together than the elements of each; -1 if there is none. */
static int axis_of_neighbours(const jk_view *vectors)
{
    int axis = -1;
    ptrdiff_t nearest = jk_magnitude(vectors->strides_in_bytes[vectors->ndim - 1]);
    for (int d = 0; d < vectors->ndim - 1; d++) {
        const ptrdiff_t stride = jk_magnitude(vectors->strides_in_bytes[d]);
        if (vectors->shape[d] < 2 || stride >= nearest) continue;
        nearest = stride;
        axis = d;
    }
    return axis;
}

/* Divides the work: pieces of the matrix, items of the batch. */
static void set_batch(product *p, const jk_view *out, int neighbours)
{
    const jk_view *in = &p->vectors;
    p->n_items = 1;
    p->rows.n_vectors = 1;
    for (int d = 0; d < in->ndim - 1; d++) {
        if (d == neighbours) {
            p->rows.n_vectors = in->shape[d];
            p->rows.in_next = in->strides_in_bytes[d];
            p->rows.out_next = out->strides_in_bytes[d];
            continue;
        }
        p->shape[p->n_batch] = in->shape[d];
        p->in_strides[p->n_batch] = in->strides_in_bytes[d];
        p->out_strides[p->n_batch++] = out->strides_in_bytes[d];
        p->n_items *= in->shape[d];
    }
    const ptrdiff_t n_total = p->matrix->n_rows + p->matrix->values.shape[0];
    p->n_pieces = jk_n_runs(n_total, PIECE);
    p->cost = (double)n_total * (double)p->n_items * (double)p->rows.n_vectors;
}

/* Checks the views of a call, in the order matrix, in, out, and fills in everything but the batch. */
static jk_status prepare(product *p, const jk_view *in, const jk_view *out, ptrdiff_t n_in, ptrdiff_t n_out)
{
    const jk_csr *a = p->matrix;
    JK_TRY(check_storage(a));
    JK_TRY(jk_check_input(in, 1));
    JK_TRY(jk_check_output(out, 2));
    if (in->ndim < 1 || in->shape[in->ndim - 1] != n_in) return jk_fail(JK_SHAPE, 1);
    if (out->ndim != in->ndim || out->shape[out->ndim - 1] != n_out) return jk_fail(JK_SHAPE, 2);
    for (int d = 0; d < in->ndim - 1; d++)
        if (out->shape[d] != in->shape[d]) return jk_fail(JK_SHAPE, 2);
    if (jk_meet(in, out) != JK_APART) return jk_fail(JK_OVERLAP, 1);
    if (jk_meet(&a->values, out) != JK_APART) return jk_fail(JK_OVERLAP, 0);

    p->dtype = jk_promote(a->values.dtype, in->dtype);
    if ((p->loops = jk_sparse_of(p->dtype)) == NULL) return jk_fail(JK_NO_INIT, -1);
    p->item = jk_itemsize(p->dtype);
    p->vectors = n_in == 0 ? jk_still(in, out->data) : *in;
    p->in = p->vectors.data;
    p->out = out->data;
    p->n_out = n_out;
    p->rows.value_stride = a->values.strides_in_bytes[0];
    p->rows.values_are_other = a->values.dtype != p->dtype;
    p->rows.in_is_other = in->dtype != p->dtype;
    p->rows.in_stride = p->vectors.strides_in_bytes[in->ndim - 1];
    p->rows.out_stride = out->strides_in_bytes[out->ndim - 1];
    return jk_success();
}

static ptrdiff_t offset_of_item(const product *p, ptrdiff_t item, const ptrdiff_t *strides)
{
    ptrdiff_t offset = 0;
    for (int d = p->n_batch - 1; d >= 0; d--) {
        offset += item % p->shape[d] * strides[d];
        item /= p->shape[d];
    }
    return offset;
}

static ptrdiff_t first_row(const product *p, ptrdiff_t piece)
{
    return row_after(p->matrix, piece * PIECE, 0, p->matrix->n_rows);
}

/* The rows of one piece, which are at most PIECE; none, if a row in front of it is longer than a piece. */
static jk_csr_rows rows_of(const product *p, ptrdiff_t piece, ptrdiff_t first)
{
    const jk_csr *a = p->matrix;
    const ptrdiff_t width = a->index == JK_INT32 ? 4 : 8, reach = JK_MIN(a->n_rows - first, PIECE);
    jk_csr_rows r = p->rows;
    r.n_rows = row_after(a, (piece + 1) * PIECE, first, first + reach) - first;
    r.indices = a->indices;
    r.values = a->values.data;
    if (a->indptr != NULL) {
        r.indptr = (const char *)a->indptr + first * width;
    } else if (r.n_rows > 0) {
        r.indices = (const char *)a->indices + first * width;
        r.values = (const char *)a->values.data + first * r.value_stride;
    }
    return r;
}

/* After one piece and one item. */
static jk_status poll_after_piece(const product *p, jk_poll *poll)
{
    return jk_poll_after(poll, p->cost / (double)p->n_pieces / (double)p->n_items);
}

/* ---- rows times vectors ------------------------------------------------------------------------------------- */

/* Goes on from the first row of a piece to that of the next one. */
static jk_status multiply_piece(const product *p, jk_poll *poll, ptrdiff_t piece, ptrdiff_t *row)
{
    _Alignas(JK_ALIGNMENT) char scratch[PIECE * 8];
    const ptrdiff_t first = *row;
    jk_csr_rows r = rows_of(p, piece, first);
    if (p->write != NULL) r.out_stride = p->item;
    for (ptrdiff_t item = 0; item < p->n_items && r.n_rows > 0; item++) {
        char *out = p->out + offset_of_item(p, item, p->out_strides) + first * p->rows.out_stride;
        r.in = p->in + offset_of_item(p, item, p->in_strides);
        r.out = p->write == NULL ? out : scratch;
        p->loops->csr_jvp[p->matrix->index](&r);
        if (p->write != NULL) p->write(r.n_rows, out, p->rows.out_stride, scratch);
        JK_TRY(poll_after_piece(p, poll));
    }
    *row = first + r.n_rows;
    return jk_success();
}

static void multiply_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    jk_poll poll = {NULL, 0};
    ptrdiff_t row = first_row(argument, first);
    for (ptrdiff_t piece = first; piece < last; piece++) (void)multiply_piece(argument, &poll, piece, &row);
}

static jk_status csr_jvp(const jk_context *context, const jk_csr *matrix, const jk_view *v, const jk_view *out,
                         int accumulate)
{
    product p = {.matrix = matrix};
    JK_TRY(prepare(&p, v, out, matrix->n_cols, matrix->n_rows));
    if (jk_size(out) == 0) return jk_success();
    const int direct = out->dtype == p.dtype;
    if (direct)
        p.rows.add = accumulate;
    else
        p.write = jk_writer(p.dtype, out->dtype, accumulate);
    set_batch(&p, out, direct ? axis_of_neighbours(&p.vectors) : -1);

    const int n_tasks = jk_n_tasks(context, p.cost);
    if (n_tasks > 1) return jk_split(context, n_tasks, p.n_pieces, p.cost, multiply_share, &p);
    jk_poll poll = {context, 0};
    ptrdiff_t row = 0;
    for (ptrdiff_t piece = 0; piece < p.n_pieces; piece++) JK_TRY(multiply_piece(&p, &poll, piece, &row));
    return jk_success();
}

jk_status jk_csr_jvp(const jk_context *context, const jk_csr *matrix, const jk_view *v, const jk_view *out,
                     int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, csr_jvp(context, matrix, v, out, accumulate));
}

/* ---- columns times vectors ---------------------------------------------------------------------------------- */

static void scatter_rows(const product *p, jk_csr_rows r, ptrdiff_t first, ptrdiff_t item, char *out)
{
    if (r.n_rows == 0) return;
    r.in = p->in + offset_of_item(p, item, p->in_strides) + first * r.in_stride;
    r.out = out;
    p->loops->csr_vjp[p->matrix->index](&r);
}

static void zero(const product *p, ptrdiff_t n, char *out, ptrdiff_t stride)
{
    if (stride == p->item)
        memset(out, 0, (size_t)(n * stride));
    else
        jk_move_of(p->dtype)->zero(n, out, stride);
}

/* All vectors of one item, in the order of memory. */
static void zero_item(const product *p, char *out)
{
    const ptrdiff_t n = p->rows.n_vectors, next = p->rows.out_next, stride = p->rows.out_stride;
    if (n == 1)
        zero(p, p->n_out, out, stride);
    else if (stride == n * next)
        zero(p, n * p->n_out, out, next);
    else
        for (ptrdiff_t i = 0; i < p->n_out; i++) zero(p, n, out + i * stride, next);
}

/* Sums where the output is. */
static jk_status scatter(const product *p, const jk_context *context)
{
    jk_poll poll = {context, 0};
    ptrdiff_t row = 0;
    for (ptrdiff_t item = 0; item < p->n_items; item++) zero_item(p, p->out + offset_of_item(p, item, p->out_strides));
    for (ptrdiff_t piece = 0; piece < p->n_pieces; piece++) {
        const jk_csr_rows r = rows_of(p, piece, row);
        for (ptrdiff_t item = 0; item < p->n_items; item++) {
            scatter_rows(p, r, row, item, p->out + offset_of_item(p, item, p->out_strides));
            JK_TRY(poll_after_piece(p, &poll));
        }
        row += r.n_rows;
    }
    return jk_success();
}

/* Sums one vector after the other in scratch, so that each is added or rounded once. */
static jk_status scatter_by_way_of(char *scratch, product *p, const jk_context *context)
{
    jk_poll poll = {context, 0};
    const ptrdiff_t out_stride = p->rows.out_stride;
    p->rows.out_stride = p->item;
    for (ptrdiff_t item = 0; item < p->n_items; item++) {
        ptrdiff_t row = 0;
        zero(p, p->n_out, scratch, p->item);
        for (ptrdiff_t piece = 0; piece < p->n_pieces; piece++) {
            const jk_csr_rows r = rows_of(p, piece, row);
            scatter_rows(p, r, row, item, scratch);
            row += r.n_rows;
            JK_TRY(poll_after_piece(p, &poll));
        }
        p->write(p->n_out, p->out + offset_of_item(p, item, p->out_strides), out_stride, scratch);
    }
    return jk_success();
}

static jk_status csr_vjp(const jk_context *context, const jk_csr *matrix, const jk_view *u, const jk_view *out,
                         int accumulate)
{
    _Alignas(JK_ALIGNMENT) char stack[PIECE * 8];
    product p = {.matrix = matrix};
    JK_TRY(prepare(&p, u, out, matrix->n_rows, matrix->n_cols));
    if (jk_size(out) == 0) return jk_success();
    if (out->dtype == p.dtype && !accumulate) {
        set_batch(&p, out, axis_of_neighbours(out));
        return scatter(&p, context);
    }
    set_batch(&p, out, -1);
    p.write = jk_writer(p.dtype, out->dtype, accumulate);
    if (p.n_out <= PIECE) return scatter_by_way_of(stack, &p, context);
    const jk_scratch workspace = jk_workspace(context);
    if (workspace.left / (size_t)p.item < (size_t)p.n_out) return jk_fail(JK_WORKSPACE, -1);
    return scatter_by_way_of(workspace.at, &p, context);
}

jk_status jk_csr_vjp(const jk_context *context, const jk_csr *matrix, const jk_view *u, const jk_view *out,
                     int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, csr_vjp(context, matrix, u, out, accumulate));
}
