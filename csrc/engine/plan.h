/* The plan of one run: axes are dropped, ordered and merged until few remain; the innermost two are walked in blocks of
 * rows and columns.  Axes that no output sums over are walked outside those that are summed, so that what is being summed
 * is never larger than a block.  The shape of a block is part of a sum's tree, so it follows from shapes and strides
 * alone; scratch and threads may only cut what does not change the tree. */
#ifndef JK_PLAN_H
#define JK_PLAN_H

#include "engine/ndloop.h"

enum {
    WIDE = 64,            /* columns from which a row is worth a call of its own */
    STEP_BLOCK = 512,     /* elements of a block that passes through several steps */
    LONG_BLOCK = 65536,   /* elements of a block that passes through one */
    REPEAT_BLOCK = 8192,  /* columns of such a block that an input repeats; fewer are not worth the jumps between */
    MAX_TILE = 1024,      /* columns of a block of summed rows */
    MAX_ROWS = 64,        /* rows of a block that is not flat */
    NARROW = 16,          /* columns up to which it pays to sum along the other axis */
    POLL_EVERY = 1 << 20, /* elements */
    ALIGNMENT = 64
};

typedef struct nest {
    int n_axes, n_inputs, n_outputs;
    ptrdiff_t shape[JK_MAX_NDIM + 1]; /* one place more, to swap axes */
    ptrdiff_t in[JK_MAX_INPUTS][JK_MAX_NDIM + 1], out[JK_MAX_OUTPUTS][JK_MAX_NDIM + 1]; /* strides in bytes */
    int summed[JK_MAX_NDIM + 1];
} nest;

typedef struct run {
    const jk_context *context;
    const jk_program *program;
    const jk_loops *loops;
    unsigned outputs, sums; /* the outputs of this run, and those of them that are summed: one bit each */
    unsigned steps;         /* the steps that these need */
    ptrdiff_t item;
    nest axes;
    /* A block is up to `rows` x `cols` of the last two axes; a flat block is one run over both. */
    int row_axis, col_axis;
    ptrdiff_t rows, cols, n_rows, n_cols;
    ptrdiff_t group; /* rows that are summed at once */
    int flat;
    int n_kept, n_summed, kept[JK_MAX_NDIM], summed[JK_MAX_NDIM]; /* axes in the order in which they are walked */
    unsigned direct_in, direct_out;                               /* used where they lie, without a buffer */
    char *reg[JK_MAX_REGISTERS];
    char *buffer[JK_MAX_INPUTS];       /* of inputs that are not used where they lie */
    const char *packed[JK_MAX_INPUTS]; /* what it holds already */
    ptrdiff_t packed_rows[JK_MAX_INPUTS], packed_cols[JK_MAX_INPUTS];
    char *product[JK_MAX_OUTPUTS]; /* the rows of a block, before they are summed */
    ptrdiff_t target_size;         /* elements of a block's sum */
    char *scratch;
    size_t scratch_left;
    char *slices; /* the scratch of all tasks, where there are several */
    size_t slice_bytes;
    ptrdiff_t n_unpolled; /* elements since the last poll */
} run;

/* Whether an output is summed over, or an input repeated along, axis d of a run of ndim axes. */
static inline int is_stretched(const jk_view *view, int ndim, int d)
{
    const int k = d - (ndim - view->ndim);
    return k < 0 || view->shape[k] == 1;
}

static inline ptrdiff_t power_of_two_upto(ptrdiff_t n)
{
    ptrdiff_t p = 1;
    while (p <= n / 2) p *= 2;
    return p;
}

/* Of a count above 1, the largest power of two that leaves a right part. */
static inline ptrdiff_t left_part(ptrdiff_t count)
{
    const ptrdiff_t p = power_of_two_upto(count);
    return p == count ? p / 2 : p;
}

static inline int sums_rows(const run *r) { return r->row_axis >= 0 && r->axes.summed[r->row_axis]; }

static inline int sums_cols(const run *r) { return r->col_axis >= 0 && r->axes.summed[r->col_axis]; }

/* Whether rows of an input itself are summed: all rows of a block are then kept. */
static inline int is_summand(const run *r, int j)
{
    if (!sums_rows(r)) return 0;
    for (int k = 0; k < r->program->n_outputs; k++)
        if ((r->sums >> k & 1) && r->program->result[k] == j) return 1;
    return 0;
}

static inline char *take(run *r, ptrdiff_t n)
{
    const size_t bytes = ((size_t)(n * r->item) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (r->scratch_left < bytes) return NULL;
    char *p = r->scratch;
    r->scratch += bytes;
    r->scratch_left -= bytes;
    return p;
}

static inline ptrdiff_t n_chunks(const run *r, int axis)
{
    const ptrdiff_t n = r->axes.shape[axis];
    const ptrdiff_t step = axis == r->col_axis ? r->cols : axis == r->row_axis ? r->rows : 1;
    return n / step + (n % step != 0);
}

/* The axes of a run over `shape`, for the outputs in r->outputs. */
void jk_build_nest(run *r, int ndim, const ptrdiff_t *shape);

/* Chooses the block and places all buffers in the scratch; JK_WORKSPACE if it is too small. */
jk_status jk_plan(run *r, int n_tasks, char *scratch, size_t scratch_bytes);

/* Places all buffers of a planned run in the scratch; 0 if it is too small. */
int jk_place_buffers(run *r, char *scratch, size_t scratch_bytes);

/* Places of the kept axes: each has outputs of its own. */
ptrdiff_t jk_n_places(const run *r);

#endif
