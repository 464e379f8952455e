/* Products of a matrix with vectors: out[k] = sum over r of matrix(k, r) * vector(r).
 *
 * A JVP keeps the rows of its matrix and sums over columns, a VJP the reverse.  Which of the two axes is contiguous,
 * not which product was asked for, chooses the loop:
 *
 *   dot   the summed axis is contiguous: every k sums its own products
 *   axpy  the kept axis is contiguous: multiples of rows are added to a tile of neighbouring k
 *
 * Either sums runs of a fixed length, which the law of table/tree.h joins, so that the error grows like the logarithm of
 * the number of terms and the tree depends on shapes and strides alone.  An operand that is not contiguous, or of the
 * other dtype, is packed run by run, which leaves the tree as it is (unless the stack is too small for a run). */
#include "products/dense.h"
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "engine/tiles.h"
#include "table/tree.h"

#include <stdint.h>
#include <string.h>

/* Scratch, in elements of either dtype.  The smallest stack still holds one row of a run, eight rows of two columns,
 * and the tiles of 32 levels. */
enum {
    SCRATCH = JK_STACK_BYTES / 8,
    VECTOR = SCRATCH / 4,          /* a run of the vector */
    PANEL = SCRATCH / 4,           /* rows of the matrix */
    TILES = SCRATCH / 2,           /* sums: the tile being formed, and those that wait */
    WIDE = 64,                     /* columns that are worth a tile */
    LANES = JK_REGISTER_BYTES / 4, /* columns of the narrower dtype that fill a register */
    CACHED = 1 << 15               /* elements of the matrix that stay in cache while vectors pass */
};
_Static_assert(SCRATCH >= 64 && SCRATCH % 64 == 0, "JK_STACK_BYTES: a multiple of 512");

typedef void dense_loop(ptrdiff_t, ptrdiff_t, void *, const void *, ptrdiff_t, const void *);

typedef struct product {
    const jk_move_loops *move; /* of the dtype that everything is computed in */
    ptrdiff_t item;            /* its size */
    ptrdiff_t run;             /* terms that are summed before halving starts */
    int dot;
    dense_loop *loop;
    jk_read_loop *pack_matrix, *pack_vector; /* NULL: the loop can read it where it is */
    jk_write_loop *write;
    ptrdiff_t n_kept, n_summed, n_vectors;
    ptrdiff_t matrix_kept, matrix_summed; /* strides in bytes */
    ptrdiff_t vector_summed, vector_next;
    ptrdiff_t out_kept, out_next;
} product;

/* The dot loop halves long sums too, by the same law, where it can walk all of them. */
static int halves_itself(const product *p) { return p->dot && p->pack_matrix == NULL && p->pack_vector == NULL; }

/* tile[k] = sum of n terms: at most a run, unless the loop halves itself. */
static void sum_run(const product *p, char *scratch, ptrdiff_t n_kept, ptrdiff_t n, char *tile, const char *matrix,
                    const char *vector)
{
    if (p->pack_vector != NULL) {
        p->pack_vector(n, scratch, vector, p->vector_summed);
        vector = scratch;
    }
    if (!p->dot) memset(tile, 0, (size_t)(n_kept * p->item));
    const ptrdiff_t n_rows = p->dot ? n_kept : n, n_cols = p->dot ? n : n_kept;
    const ptrdiff_t row_stride = p->dot ? p->matrix_kept : p->matrix_summed;
    if (p->pack_matrix == NULL) {
        p->loop(n_rows, n_cols, tile, matrix, row_stride, vector);
        return;
    }
    char *panel = scratch + VECTOR * p->item;
    const ptrdiff_t col_stride = p->dot ? p->matrix_summed : p->matrix_kept, panel_stride = n_cols * p->item;
    const ptrdiff_t n_fit = PANEL / JK_MAX(n_cols, 1), group = p->dot ? n_fit : n_fit - n_fit % JK_AXPY_ROWS;
    for (ptrdiff_t i = 0; i < n_rows; i += group) {
        const ptrdiff_t count = JK_MIN(group, n_rows - i);
        for (ptrdiff_t k = 0; k < count; k++)
            p->pack_matrix(n_cols, panel + k * panel_stride, matrix + (i + k) * row_stride, col_stride);
        if (p->dot)
            p->loop(count, n_cols, tile + i * p->item, panel, panel_stride, vector);
        else
            p->loop(count, n_cols, tile, panel, panel_stride, vector + i * p->item);
    }
}

/* tile[k] = sum of n terms; the memory behind the tile is free for right parts. */
static void sum(const product *p, char *scratch, ptrdiff_t n_kept, ptrdiff_t n, char *tile, const char *matrix,
                const char *vector)
{
    if (n <= p->run || halves_itself(p)) {
        sum_run(p, scratch, n_kept, n, tile, matrix, vector);
        return;
    }
    const ptrdiff_t head = jk_left_part(n, p->run);
    char *tail = tile + n_kept * p->item;
    sum(p, scratch, n_kept, head, tile, matrix, vector);
    sum(p, scratch, n_kept, n - head, tail, matrix + head * p->matrix_summed, vector + head * p->vector_summed);
    p->move->add(n_kept, tile, p->item, tail);
}

static void write_tile(const product *p, ptrdiff_t n_kept, char *out, const char *matrix, const char *vector)
{
    _Alignas(JK_ALIGNMENT) char scratch[JK_STACK_BYTES];
    char *tile = scratch + (VECTOR + PANEL) * p->item;
    sum(p, scratch, n_kept, p->n_summed, tile, matrix, vector);
    p->write(n_kept, out, p->out_kept, tile);
}

/* How many k share a tile: as many as leave room for the tiles that wait meanwhile. */
static ptrdiff_t tile_width(const product *p)
{
    const int n_waiting = halves_itself(p) ? 0 : jk_n_waiting(p->n_summed, p->run);
    ptrdiff_t width = n_waiting == 0 ? TILES : TILES / (1 + n_waiting);
    if (!p->dot && p->pack_matrix != NULL) width = JK_MIN(width, PANEL / JK_AXPY_ROWS);
    if (p->n_vectors > 1 || p->dot)
        width = JK_MIN(width, JK_MAX(WIDE, (p->n_vectors > 1 ? CACHED : JK_POLL_WORK) / JK_MAX(p->n_summed, 1)));
    return width < LANES ? width : width - width % LANES;
}

jk_status jk_broadcast_batch(batch *b, const jk_view *view, int n_own, int argument)
{
    const int skip = b->ndim - (view->ndim - n_own);
    for (int d = skip; d < b->ndim; d++) {
        const ptrdiff_t n = view->shape[d - skip];
        if (b->shape[d] == 1) b->shape[d] = n;
        if (n != 1 && n != b->shape[d]) return jk_fail(JK_SHAPE, argument);
    }
    return jk_success();
}

char *jk_item_at(const batch *b, const jk_view *view, int n_own)
{
    const int skip = b->ndim - (view->ndim - n_own);
    char *data = view->data;
    if (data == NULL) return NULL; /* an empty view, and no offset is added to NULL */
    for (int d = skip; d < b->ndim; d++)
        if (view->shape[d - skip] != 1) data += b->index[d] * view->strides_in_bytes[d - skip];
    return data;
}

void jk_go_to_item(batch *b, ptrdiff_t item)
{
    for (int d = b->ndim - 1; d >= 0; d--) {
        b->index[d] = item % b->shape[d];
        item /= b->shape[d];
    }
}

static void next_item(batch *b)
{
    for (int d = b->ndim - 1; d >= 0; d--) {
        if (++b->index[d] < b->shape[d]) return;
        b->index[d] = 0;
    }
}

/* All tiles of all matrices with all vectors: they are independent of each other. */
typedef struct grid {
    const product *product;
    batch batch;
    const jk_view *matrix, *vector, *out;
    int vector_ndim;
    ptrdiff_t width, n_tiles; /* of one product */
} grid;

/* The tiles first <= place < last: vectors fastest, then tiles, then items of the batch. */
static jk_status write_tiles(grid *g, const jk_context *context, ptrdiff_t first, ptrdiff_t last)
{
    const product *p = g->product;
    batch *b = &g->batch;
    ptrdiff_t i = first % p->n_vectors, k = first / p->n_vectors % g->n_tiles * g->width;
    jk_poll poll = {context, 0};
    jk_go_to_item(b, first / p->n_vectors / g->n_tiles);
    for (ptrdiff_t place = first; place < last; next_item(b)) {
        char *out = jk_item_at(b, g->out, g->vector_ndim);
        const char *matrix = jk_item_at(b, g->matrix, 2), *vector = jk_item_at(b, g->vector, g->vector_ndim);
        for (; k < p->n_kept && place < last; k += g->width) {
            const ptrdiff_t n_kept = JK_MIN(g->width, p->n_kept - k);
            for (; i < p->n_vectors && place < last; i++, place++) {
                write_tile(p, n_kept, out + k * p->out_kept + i * p->out_next, matrix + k * p->matrix_kept,
                           vector + i * p->vector_next);
                JK_TRY(jk_poll_after(&poll, (double)n_kept * (double)p->n_summed));
            }
            i = 0;
        }
        k = 0;
    }
    return jk_success();
}

static void write_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    grid g = *(const grid *)argument;
    (void)write_tiles(&g, NULL, first, last);
}

static jk_status write_all(grid *g, const jk_context *context)
{
    const product *p = g->product;
    ptrdiff_t n_items = 1;
    for (int d = 0; d < g->batch.ndim; d++) n_items *= g->batch.shape[d];
    const double cost = (double)n_items * (double)p->n_vectors * (double)p->n_kept * (double)p->n_summed;
    const int n_tasks = jk_n_tasks(context, cost);
    g->width = tile_width(p);
    g->n_tiles = jk_n_runs(p->n_kept, g->width);
    if (n_tasks == 1) return write_tiles(g, context, 0, n_items * g->n_tiles * p->n_vectors);
    if (n_items * g->n_tiles * p->n_vectors < 4 * n_tasks) {
        g->width = jk_even_width(p->n_kept, g->width, n_tasks, p->dot ? JK_DOT_ROWS : WIDE);
        g->n_tiles = jk_n_runs(p->n_kept, g->width);
    }
    return jk_split(context, n_tasks, n_items * g->n_tiles * p->n_vectors, cost, write_share, g);
}

/* Distance of neighbours in memory; an axis without neighbours decides nothing. */
static ptrdiff_t distance(ptrdiff_t n, ptrdiff_t stride) { return n < 2 ? PTRDIFF_MAX : jk_magnitude(stride); }

static void choose_loops(product *p, const jk_view *matrix, const jk_view *vector, const jk_view *out, int accumulate)
{
    const jk_dtype dtype = jk_promote(matrix->dtype, vector->dtype);
    const ptrdiff_t item = jk_itemsize(matrix->dtype);
    const ptrdiff_t kept = distance(p->n_kept, p->matrix_kept), summed = distance(p->n_summed, p->matrix_summed);
    p->move = jk_move_of(dtype);
    p->item = jk_itemsize(dtype);
    p->dot = summed == item || (kept != item && summed <= kept);
    p->loop = p->dot ? jk_dense_of(dtype)->dense_dot : jk_dense_of(dtype)->dense_axpy;
    p->run = p->dot ? JK_DENSE_RUN_BYTES / p->item : JK_RUN;
    p->run = JK_MIN(p->run, VECTOR);

    const ptrdiff_t n_cols = p->dot ? p->n_summed : p->n_kept, col_stride = p->dot ? p->matrix_summed : p->matrix_kept;
    const int matrix_ready = matrix->dtype == dtype && (n_cols < 2 || col_stride == item);
    const int vector_ready = vector->dtype == dtype && (p->n_summed < 2 || p->vector_summed == p->item);
    p->pack_matrix = matrix_ready ? NULL : jk_reader(dtype, matrix->dtype);
    p->pack_vector = vector_ready ? NULL : jk_reader(dtype, vector->dtype);
    p->write = jk_writer(dtype, out->dtype, accumulate);
}

/* `matrix` has its kept axis last (1) or last but one (2); `vector` and `out` have one axis of their own, or two, the
 * first of which counts vectors. */
static jk_status multiply_views(const jk_context *context, const jk_view *matrix, int matrix_argument, int kept_axis,
                                const jk_view *vector, int vector_ndim, const jk_view *out, int accumulate)
{
    const int vector_argument = 1 - matrix_argument, summed_axis = 3 - kept_axis, many = vector_ndim == 2;
    if (jk_dense_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(jk_check_input(matrix, matrix_argument));
    JK_TRY(jk_check_input(vector, vector_argument));
    JK_TRY(jk_check_output(out, 2));
    if (matrix->ndim < 2) return jk_fail(JK_SHAPE, matrix_argument);
    if (vector->ndim < vector_ndim) return jk_fail(JK_SHAPE, vector_argument);

    grid g;
    batch *b = &g.batch;
    b->ndim = JK_MAX(matrix->ndim - 2, vector->ndim - vector_ndim);
    for (int d = 0; d < b->ndim; d++) b->shape[d] = 1;
    JK_TRY(jk_broadcast_batch(b, matrix, 2, 1));
    JK_TRY(jk_broadcast_batch(b, vector, vector_ndim, 1));
    product p = {
        .n_kept = matrix->shape[matrix->ndim - kept_axis],
        .n_summed = matrix->shape[matrix->ndim - summed_axis],
        .n_vectors = many ? vector->shape[vector->ndim - 2] : 1,
        .matrix_kept = stride_from_end(matrix, kept_axis),
        .matrix_summed = stride_from_end(matrix, summed_axis),
        .vector_summed = stride_from_end(vector, 1),
        .vector_next = many ? stride_from_end(vector, 2) : 0,
    };
    if (vector->shape[vector->ndim - 1] != p.n_summed) return jk_fail(JK_SHAPE, 1);
    if (out->ndim != b->ndim + vector_ndim) return jk_fail(JK_SHAPE, 2);
    for (int d = 0; d < b->ndim; d++)
        if (out->shape[d] != b->shape[d]) return jk_fail(JK_SHAPE, 2);
    if (out->shape[out->ndim - 1] != p.n_kept) return jk_fail(JK_SHAPE, 2);
    if (many && out->shape[out->ndim - 2] != p.n_vectors) return jk_fail(JK_SHAPE, 2);
    p.out_kept = stride_from_end(out, 1);
    p.out_next = many ? stride_from_end(out, 2) : 0;
    if (jk_meet(vector, out) != JK_APART) return jk_fail(JK_OVERLAP, vector_argument);
    if (jk_meet(matrix, out) != JK_APART) return jk_fail(JK_OVERLAP, matrix_argument);
    if (jk_size(out) == 0) return jk_success();

    jk_view a = *matrix, x = *vector;
    if (p.n_summed == 0) {
        a = jk_still(matrix, out->data);
        x = jk_still(vector, out->data);
        p.matrix_kept = p.matrix_summed = p.vector_summed = p.vector_next = 0;
    }
    choose_loops(&p, &a, &x, out, accumulate);
    g.product = &p;
    g.matrix = &a;
    g.vector = &x;
    g.out = out;
    g.vector_ndim = vector_ndim;
    return write_all(&g, context);
}

jk_status jk_dense_jvp(const jk_context *context, const jk_view *a, const jk_view *v, const jk_view *out,
                       int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, multiply_views(context, a, 0, 2, v, 1, out, accumulate));
}

jk_status jk_dense_vjp(const jk_context *context, const jk_view *a, const jk_view *u, const jk_view *out,
                       int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, multiply_views(context, a, 0, 1, u, 1, out, accumulate));
}

/* Every row of `a` is multiplied by b: row i of out is row i of a times b. */
jk_status jk_matmul(const jk_context *context, const jk_view *a, const jk_view *b, const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, multiply_views(context, b, 1, 1, a, 2, out, accumulate));
}
