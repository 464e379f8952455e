/* The plan of one walk over the operands of a program: axes are dropped, ordered and merged until few remain; the
 * innermost two are walked in blocks of rows and columns.  Axes that no output sums over are walked outside those that
 * are summed, so that what is being summed is never larger than a block.  The shape of a block is part of a sum's tree,
 * so it follows from shapes and strides alone; scratch and threads may only cut what does not change the tree. */
#ifndef JK_PLAN_H
#define JK_PLAN_H

#include "engine/poll.h"
#include "engine/program.h"
#include "engine/scratch.h"
#include "table/tree.h"

typedef struct nest {
    int n_axes, n_inputs, n_outputs;
    ptrdiff_t shape[JK_MAX_NDIM + 1]; /* one place more, to swap axes */
    ptrdiff_t in[JK_MAX_INPUTS][JK_MAX_NDIM + 1], out[JK_MAX_OUTPUTS][JK_MAX_NDIM + 1]; /* strides in bytes */
    int summed[JK_MAX_NDIM + 1];
} nest;

typedef struct walk {
    jk_poll *poll;
    const jk_program *program;
    const jk_move_loops *move;
    const jk_reduce_loops *reduce;
    unsigned outputs, sums; /* the outputs of this walk, and those of them that are summed: one bit each */
    unsigned steps;         /* the steps that these need, but for those that are summed in their own loop */
    unsigned fused;         /* outputs that are sums of such steps, one bit each, and which: */
    const jk_step *fused_step[JK_MAX_OUTPUTS];
    int all_chained; /* all outputs are sums of inputs that are used where they lie, or of such steps over them */
    ptrdiff_t item;
    nest axes;
    /* A block is up to `rows` x `cols` of the last two axes; a flat block is one run over both. */
    int row_axis, col_axis;
    ptrdiff_t rows, cols, n_rows, n_cols;
    ptrdiff_t group; /* rows that are summed at once, of a flat block by halves; the groups of that are a tree */
    ptrdiff_t pass;  /* rows for which the steps are called at once */
    int flat;
    int n_kept, n_summed, kept[JK_MAX_NDIM], summed[JK_MAX_NDIM]; /* axes in the order in which they are walked */
    unsigned direct_in, direct_out;                               /* used where they lie, without a buffer */
    char *reg[JK_MAX_REGISTERS];
    char *buffer[JK_MAX_INPUTS];       /* of inputs that are not used where they lie */
    const char *packed[JK_MAX_INPUTS]; /* what it holds already */
    ptrdiff_t packed_rows[JK_MAX_INPUTS], packed_cols[JK_MAX_INPUTS];
    char *product[JK_MAX_OUTPUTS]; /* the rows of a block, before they are summed */
    ptrdiff_t target_size;         /* elements of a block's sum */
    jk_scratch scratch;
    jk_scratch slices; /* the scratch of all tasks, where there are several: the first one's */
} walk;

static inline ptrdiff_t power_of_two_upto(ptrdiff_t n)
{
    ptrdiff_t p = 1;
    while (p <= n / 2) p *= 2;
    return p;
}

static inline int rows_are_summed(const walk *w) { return w->row_axis >= 0 && w->axes.summed[w->row_axis]; }

static inline int cols_are_summed(const walk *w) { return w->col_axis >= 0 && w->axes.summed[w->col_axis]; }

static inline int reads(const jk_step *step, int reg)
{
    for (int i = 0; i < JK_N_IN; i++)
        if (step->in[i] == reg) return 1;
    return 0;
}

/* Whether rows of an input are what is summed, itself or in a step's own loop: all rows of a group are then kept. */
static inline int is_summand(const walk *w, int j)
{
    if (!rows_are_summed(w)) return 0;
    for (int k = 0; k < w->program->n_outputs; k++)
        if ((w->sums >> k & 1) && (w->fused >> k & 1 ? reads(w->fused_step[k], j) : w->program->result[k] == j))
            return 1;
    return 0;
}

/* Scratch for n elements; NULL if there is too little. */
static inline char *take(walk *w, ptrdiff_t n) { return jk_take(&w->scratch, (size_t)(n * w->item)); }

static inline ptrdiff_t n_chunks(const walk *w, int axis)
{
    const ptrdiff_t n = w->axes.shape[axis];
    return jk_n_runs(n, axis == w->col_axis ? w->cols : axis == w->row_axis ? w->rows : 1);
}

/* The axes of a walk over `shape`, for the outputs in w->outputs. */
void jk_build_nest(walk *w, int ndim, const ptrdiff_t *shape);

/* Chooses the block and places all buffers in the scratch; JK_WORKSPACE if it is too small. */
jk_status jk_plan(walk *w, int n_tasks, jk_scratch scratch);

/* Places all buffers of a planned walk in the scratch; 0 if it is too small. */
int jk_place_buffers(walk *w, jk_scratch scratch);

/* Places of the kept axes: each has outputs of its own. */
ptrdiff_t jk_n_places(const walk *w);

#endif
