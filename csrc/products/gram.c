/* J^T W J v for a stack of matrices.  Where the rows are contiguous, a block of them is multiplied by v, weighted and
 * added to the result while it is in the second-level cache, so that the matrix is read once for several vectors.
 * Blocks make runs of JK_RUN rows, which the law of table/tree.h joins: the tree depends on shapes alone, and threads
 * share a long sum at its borders. */
#include "products/dense.h"
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "table/tree.h"

#include <stdint.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1 << 17, /* of rows that stay in cache */
    N_VECTORS = 8          /* that share a pass */
};

/* The arguments, and how many axes of each are its own. */
enum { A, V, W, OUT, N_VIEWS };
static const int n_own[N_VIEWS] = {2, 1, 1, 1};

typedef struct gram {
    const jk_context *context;
    jk_poll poll;
    /* of the dtype that everything is computed in */
    const jk_dense_loops *dense;
    const jk_pointwise_loops *pointwise;
    const jk_move_loops *move;
    const jk_view *view[N_VIEWS];
    batch batch;
    jk_dtype dtype;
    ptrdiff_t item; /* its size */
    int accumulate;
    ptrdiff_t n_rows, n_cols;
    ptrdiff_t n_vectors, n_matrices; /* batch axes that the matrix lacks come first, and count vectors */
    ptrdiff_t group;                 /* vectors that share a pass, at most */
    ptrdiff_t block;                 /* rows that stay in cache */
    /* The rows are summed in parts, of which each is a node of the tree: all of them, or 2^k runs. */
    ptrdiff_t part, n_parts; /* the rows of one */
    int n_tasks;             /* that share the parts */
    size_t shared_bytes;     /* of the vectors and a sum for every part */
    size_t room_bytes;       /* of what each task has to itself: products and weights of a block, and waiting sums */
    char *memory;            /* of each task that has matrices to itself */
    size_t memory_bytes;
} gram;

static ptrdiff_t n_of(const jk_view *view, int axis) { return view->shape[view->ndim - axis]; }

/* Broadcasts, and checks every shape, dtype and overlap. */
static jk_status describe(gram *g, const jk_view *a, const jk_view *v, const jk_view *w, const jk_view *out)
{
    const jk_view *const views[N_VIEWS] = {[A] = a, [V] = v, [W] = w, [OUT] = out};
    batch *b = &g->batch;
    memset(g, 0, sizeof *g);
    memcpy(g->view, views, sizeof views);
    g->dtype = JK_FLOAT32;
    for (int k = 0; k < OUT; k++) {
        if (k == W && w == NULL) continue;
        JK_TRY(jk_check_input(views[k], k));
        if (views[k]->ndim < n_own[k]) return jk_fail(JK_SHAPE, k);
        b->ndim = JK_MAX(b->ndim, views[k]->ndim - n_own[k]);
        g->dtype = jk_promote(g->dtype, views[k]->dtype);
    }
    JK_TRY(jk_check_output(out, OUT));
    for (int d = 0; d < b->ndim; d++) b->shape[d] = 1;
    for (int k = 0; k < OUT; k++)
        if (views[k] != NULL) JK_TRY(jk_broadcast_batch(b, views[k], n_own[k], k));
    g->n_rows = n_of(a, 2);
    g->n_cols = n_of(a, 1);
    if (n_of(v, 1) != g->n_cols) return jk_fail(JK_SHAPE, V);
    if (w != NULL && n_of(w, 1) != g->n_rows) return jk_fail(JK_SHAPE, W);
    if (out->ndim != b->ndim + 1 || n_of(out, 1) != g->n_cols) return jk_fail(JK_SHAPE, OUT);
    for (int d = 0; d < b->ndim; d++)
        if (out->shape[d] != b->shape[d]) return jk_fail(JK_SHAPE, OUT);
    for (int k = 0; k < OUT; k++)
        if (views[k] != NULL && jk_meet(views[k], out) != JK_APART) return jk_fail(JK_OVERLAP, k);

    g->item = jk_itemsize(g->dtype);
    g->n_vectors = g->n_matrices = 1;
    for (int d = 0; d < b->ndim; d++)
        *(d < b->ndim - (a->ndim - n_own[A]) ? &g->n_vectors : &g->n_matrices) *= b->shape[d];
    const ptrdiff_t n_fit = BLOCK_BYTES / JK_MAX(g->n_cols * g->item, 1) / JK_DOT_ROWS * JK_DOT_ROWS;
    g->block = JK_MIN(JK_MAX(n_fit, JK_DOT_ROWS), JK_MIN(g->n_rows, JK_RUN));
    /* weights that differ from vector to vector share no pass */
    g->group = w != NULL && w->ndim - n_own[W] > a->ndim - n_own[A] ? 1 : JK_MIN(g->n_vectors, N_VECTORS);
    return jk_success();
}

/* ---- one pass ----------------------------------------------------------------------------------------------- */

/* Whether the loop can read the rows where they are. */
static int has_rows(const gram *g)
{
    const jk_view *a = g->view[A];
    return a->dtype == g->dtype && (g->n_cols < 2 || stride_from_end(a, 1) == g->item);
}

/* Divides the rows into parts and the memory of a pass among them; returns its bytes, SIZE_MAX if they are beyond every
 * address space. */
static size_t lay_out(gram *g, ptrdiff_t part, int n_tasks)
{
    const int n_waiting = jk_n_waiting(JK_MIN(part, g->n_rows), JK_RUN);
    g->part = part;
    g->n_parts = part < g->n_rows ? jk_n_runs(g->n_rows, part) : 1;
    g->n_tasks = (int)JK_MIN(n_tasks, g->n_parts);
    const double n_tiles = 1.0 + (double)g->n_parts + (double)g->n_tasks * n_waiting;
    if (n_tiles * (double)g->group * (double)g->n_cols * (double)g->item > (double)(PTRDIFF_MAX / 4)) return SIZE_MAX;
    const ptrdiff_t tile = g->group * g->n_cols;
    g->shared_bytes = jk_align((size_t)((1 + g->n_parts) * tile * g->item));
    g->room_bytes = jk_align((size_t)((2 * g->block + n_waiting * tile) * g->item));
    return g->shared_bytes + (size_t)g->n_tasks * g->room_bytes;
}

static size_t lay_out_whole(gram *g) { return lay_out(g, g->n_rows, 1); }

/* Several vectors and one matrix. */
typedef struct pass {
    gram *g;
    const char *a, *w;         /* the first row's */
    const char *v;             /* packed */
    ptrdiff_t n_vectors, size; /* elements of all of them: of a tile of sums */
    char *sums;                /* a tile for every part */
    char *rooms;
} pass;

/* Adds the sums over a block of rows to a tile. */
static void add_rows(const pass *p, char *room, ptrdiff_t first, ptrdiff_t n, char *tile)
{
    const gram *g = p->g;
    const jk_view *w = g->view[W];
    const ptrdiff_t row_stride = stride_from_end(g->view[A], 2), size = g->n_cols * g->item;
    const char *rows = p->a + first * row_stride;
    char *const product = room, *const weights = room + g->block * g->item;
    if (w != NULL)
        jk_reader(g->dtype, w->dtype)(n, weights, p->w + first * stride_from_end(w, 1), stride_from_end(w, 1));
    const void *inputs[JK_N_IN];
    for (int i = 0; i < JK_N_IN; i++) inputs[i] = i == JK_IN_A ? weights : product;
    for (ptrdiff_t k = 0; k < p->n_vectors; k++) {
        g->dense->dense_dot(n, g->n_cols, product, rows, row_stride, p->v + k * size);
        if (w != NULL) g->pointwise->op[JK_OP_multiply].value(n, product, inputs, 0);
        g->dense->dense_axpy(n, g->n_cols, tile + k * size, rows, row_stride, product);
    }
}

/* The sums over the rows first <= i < first + n, into a tile; the tiles from `free` on are for right parts. */
static jk_status sum_rows(const pass *p, char *room, ptrdiff_t first, ptrdiff_t n, char *tile, char *free)
{
    gram *g = p->g;
    if (n > JK_RUN) {
        const ptrdiff_t head = jk_left_part(n, JK_RUN);
        JK_TRY(sum_rows(p, room, first, head, tile, free));
        JK_TRY(sum_rows(p, room, first + head, n - head, free, free + p->size * g->item));
        g->move->add(p->size, tile, g->item, free);
        return jk_success();
    }
    memset(tile, 0, (size_t)(p->size * g->item));
    for (ptrdiff_t i = 0; i < n; i += g->block) add_rows(p, room, first + i, JK_MIN(g->block, n - i), tile);
    return jk_poll_after(&g->poll, (double)n * (double)p->size);
}

static char *sum_of(const pass *p, ptrdiff_t part) { return p->sums + part * p->size * p->g->item; }

static jk_status sum_part(const pass *p, ptrdiff_t task, ptrdiff_t part)
{
    const gram *g = p->g;
    char *const room = p->rooms + (size_t)task * g->room_bytes;
    const ptrdiff_t first = part * g->part, n = JK_MIN(g->part, g->n_rows - first);
    return sum_rows(p, room, first, n, sum_of(p, part), room + 2 * g->block * g->item);
}

static void sum_parts(void *argument, ptrdiff_t task, ptrdiff_t first_part, ptrdiff_t last_part)
{
    pass p = *(const pass *)argument;
    gram g = *p.g;
    g.poll = (jk_poll){NULL, 0};
    p.g = &g;
    for (ptrdiff_t part = first_part; part < last_part; part++) (void)sum_part(&p, task, part);
}

/* Into the sum of the first of n parts. */
static void join_parts(const pass *p, ptrdiff_t first, ptrdiff_t n)
{
    if (n == 1) return;
    const ptrdiff_t head = jk_left_part(n, 1);
    join_parts(p, first, head);
    join_parts(p, first + head, n - head);
    p->g->move->add(p->size, sum_of(p, first), p->g->item, sum_of(p, first + head));
}

/* The product of one matrix with the vectors first <= i < first + count. */
static jk_status write_vectors(gram *g, char *memory, ptrdiff_t matrix, ptrdiff_t first, ptrdiff_t count)
{
    const jk_view *v = g->view[V], *out = g->view[OUT];
    const ptrdiff_t vector_bytes = g->n_cols * g->item;
    jk_read_loop *const read = jk_reader(g->dtype, v->dtype);
    jk_write_loop *const write = jk_writer(g->dtype, out->dtype, g->accumulate);
    batch *b = &g->batch;
    for (ptrdiff_t i = 0; i < count; i++) {
        jk_go_to_item(b, (first + i) * g->n_matrices + matrix);
        read(g->n_cols, memory + i * vector_bytes, jk_item_at(b, v, 1), stride_from_end(v, 1));
    }
    pass p = {.g = g,
              .a = jk_item_at(b, g->view[A], 2),
              .w = g->view[W] == NULL ? NULL : jk_item_at(b, g->view[W], 1),
              .v = memory,
              .n_vectors = count,
              .size = count * g->n_cols,
              .sums = memory + count * vector_bytes,
              .rooms = memory + g->shared_bytes};
    if (g->n_parts == 1) {
        JK_TRY(sum_part(&p, 0, 0));
    } else {
        const double n_products = (double)g->n_rows * (double)p.size;
        JK_TRY(jk_split(g->context, g->n_tasks, g->n_parts, n_products, sum_parts, &p));
        JK_TRY(jk_poll_after(&g->poll, n_products));
        join_parts(&p, 0, g->n_parts);
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        jk_go_to_item(b, (first + i) * g->n_matrices + matrix);
        write(g->n_cols, jk_item_at(b, out, 1), stride_from_end(out, 1), p.sums + i * vector_bytes);
    }
    return jk_success();
}

static jk_status write_matrices(gram *g, char *memory, ptrdiff_t first, ptrdiff_t last)
{
    for (ptrdiff_t matrix = first; matrix < last; matrix++)
        for (ptrdiff_t i = 0; i < g->n_vectors; i += g->group)
            JK_TRY(write_vectors(g, memory, matrix, i, JK_MIN(g->group, g->n_vectors - i)));
    return jk_success();
}

static void write_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    gram g = *(const gram *)argument;
    g.poll = (jk_poll){NULL, 0};
    (void)write_matrices(&g, g.memory + (size_t)task * g.memory_bytes, first, last);
}

/* As many vectors at once as the scratch has room for, then as many tasks: with matrices of their own, or with parts of
 * the same sum, as small as there is room for the sums of all. */
static jk_status multiply_once(gram *g, jk_scratch scratch)
{
    const double cost = (double)g->n_matrices * (double)g->n_vectors * (double)g->n_rows * (double)g->n_cols;
    const int n_tasks = jk_n_tasks(g->context, cost);
    g->dense = jk_dense_of(g->dtype);
    g->pointwise = jk_pointwise_of(g->dtype);
    g->move = jk_move_of(g->dtype);
    g->memory = scratch.at;
    while ((g->memory_bytes = lay_out_whole(g)) > scratch.left)
        if (--g->group == 0) return jk_fail(JK_WORKSPACE, -1);
    if (g->n_matrices < n_tasks) {
        for (ptrdiff_t part = JK_RUN; part < g->n_rows; part *= 2)
            if (lay_out(g, part, n_tasks) <= scratch.left) return write_matrices(g, g->memory, 0, g->n_matrices);
        (void)lay_out_whole(g);
    }
    const size_t n_alone = JK_MIN((size_t)JK_MIN(n_tasks, g->n_matrices), scratch.left / g->memory_bytes);
    if (n_alone > 1) return jk_split(g->context, (int)n_alone, g->n_matrices, cost, write_share, g);
    return write_matrices(g, g->memory, 0, g->n_matrices);
}

/* ---- two passes --------------------------------------------------------------------------------------------- */

/* What the scratch holds: W J v and, where it is not of the common dtype, v. */
static size_t product_bytes(const gram *g)
{
    const jk_view *v = g->view[V];
    const size_t n_items = (size_t)(g->n_matrices * g->n_vectors), item = (size_t)g->item;
    const size_t n_vector = v->dtype == g->dtype ? 0 : (size_t)jk_size(v);
    if ((size_t)g->n_rows > SIZE_MAX / 4 / item / n_items) return SIZE_MAX;
    return (n_items * (size_t)g->n_rows + n_vector) * item;
}

/* A contiguous array of the common dtype; shape and strides have room for its axes. */
static jk_view new_view(const gram *g, char *data, int ndim, const ptrdiff_t *shape, ptrdiff_t *strides)
{
    const jk_view view = {data, g->dtype, ndim, shape, strides};
    ptrdiff_t stride = g->item;
    for (int d = ndim - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= shape[d];
    }
    return view;
}

/* v with all axes of the batch, so that J v has room for those of w alone. */
static jk_view spread(const gram *g, const jk_view *v, ptrdiff_t *shape, ptrdiff_t *strides)
{
    const int ndim = g->batch.ndim + 1, skip = ndim - v->ndim;
    const jk_view view = {v->data, v->dtype, ndim, shape, strides};
    for (int d = 0; d < ndim; d++) {
        shape[d] = d < ndim - 1 ? g->batch.shape[d] : g->n_cols;
        strides[d] = d < skip || v->shape[d - skip] == 1 ? 0 : v->strides_in_bytes[d - skip];
    }
    return view;
}

/* J v, then J^T of that: what a matrix without rows would gain by one pass, its panels lose by being narrow. */
static jk_status multiply_twice(const gram *g, jk_scratch scratch)
{
    if (product_bytes(g) > scratch.left) return jk_fail(JK_WORKSPACE, -1);
    ptrdiff_t shape[JK_MAX_NDIM], strides[JK_MAX_NDIM], converted_strides[JK_MAX_NDIM];
    ptrdiff_t v_shape[JK_MAX_NDIM], v_strides[JK_MAX_NDIM];
    memcpy(shape, g->batch.shape, sizeof shape);
    shape[g->batch.ndim] = g->n_rows;
    const jk_view product = new_view(g, scratch.at, g->batch.ndim + 1, shape, strides);
    const jk_view *v = g->view[V];
    const jk_view converted = new_view(g, scratch.at + jk_size(&product) * g->item, v->ndim, v->shape,
                                       converted_strides);
    jk_context context = {NULL, NULL, 1, NULL, NULL, NULL, 0};
    if (g->context != NULL) context = *g->context;
    context.workspace = NULL; /* it is in use */
    context.workspace_bytes = 0;
    if (v->dtype != g->dtype) {
        JK_TRY(jk_unbroadcast(&context, v, &converted, 0));
        v = &converted;
    }
    const jk_view vectors = spread(g, v, v_shape, v_strides);
    JK_TRY(jk_dense_jvp(&context, g->view[A], &vectors, &product, 0));
    if (g->view[W] != NULL) {
        const jk_view *const args[] = {&product, g->view[W]};
        JK_TRY(jk_pointwise_value(&context, JK_OP_multiply, args, &product, 0));
    }
    return jk_dense_vjp(&context, g->view[A], &product, g->view[OUT], g->accumulate);
}

/* ---- calls -------------------------------------------------------------------------------------------------- */

size_t jk_dense_gram_workspace(const jk_view *a, const jk_view *v, const jk_view *w, const jk_view *out)
{
    gram g;
    if (describe(&g, a, v, w, out).error != JK_OK || jk_size(out) == 0) return 0;
    return has_rows(&g) ? lay_out_whole(&g) : product_bytes(&g);
}

static jk_status dense_gram_jvp(const jk_context *context, const jk_view *a, const jk_view *v, const jk_view *w,
                                const jk_view *out, int accumulate)
{
    gram g;
    _Alignas(JK_ALIGNMENT) char stack[JK_STACK_BYTES];
    if (jk_dense_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(describe(&g, a, v, w, out));
    if (jk_size(out) == 0) return jk_success();
    g.context = context;
    g.poll.context = context;
    g.accumulate = accumulate;
    const jk_scratch scratch = jk_larger_scratch(context, stack);
    return has_rows(&g) ? multiply_once(&g, scratch) : multiply_twice(&g, scratch);
}

jk_status jk_dense_gram_jvp(const jk_context *context, const jk_view *a, const jk_view *v, const jk_view *w,
                            const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, dense_gram_jvp(context, a, v, w, out, accumulate));
}
