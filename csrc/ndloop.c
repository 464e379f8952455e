/* The plan of one run: axes are dropped, ordered and merged until few remain; the innermost two are walked in blocks of
 * rows and columns.  Axes that no output sums over are walked outside those that are summed, so that what is being summed
 * is never larger than a block.  A sum over blocks is joined pairwise: its left part holds the largest power of two of
 * blocks that leaves a right part.  So the tree follows from shapes and strides alone. */
#include "ndloop.h"
#include "threads.h"

#include <string.h>

enum {
    WIDE = 64,            /* columns from which a row is worth a call of its own */
    STEP_BLOCK = 512,     /* elements of a block that passes through several steps */
    LONG_BLOCK = 65536,   /* elements of a block that passes through one */
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

typedef struct position {
    char *in[JK_MAX_INPUTS], *out[JK_MAX_OUTPUTS];
    ptrdiff_t row, col;
} position;

typedef struct targets {
    char *at[JK_MAX_OUTPUTS];
} targets;

/* ---- axes --------------------------------------------------------------------------------------------------- */

/* The stride of a view along axis d of the run; 0 where it is stretched. */
static ptrdiff_t stride_along(const jk_view *view, int ndim, int d)
{
    const int k = d - (ndim - view->ndim);
    return k >= 0 && view->shape[k] != 1 ? view->strides_in_bytes[k] : 0;
}

static int is_stretched(const jk_view *view, int ndim, int d)
{
    const int k = d - (ndim - view->ndim);
    return k < 0 || view->shape[k] == 1;
}

static void move_axis(nest *axes, int from, int to)
{
    axes->shape[to] = axes->shape[from];
    axes->summed[to] = axes->summed[from];
    for (int j = 0; j < axes->n_inputs; j++) axes->in[j][to] = axes->in[j][from];
    for (int j = 0; j < axes->n_outputs; j++) axes->out[j][to] = axes->out[j][from];
}

static void swap_axes(nest *axes, int d, int e)
{
    move_axis(axes, d, JK_MAX_NDIM);
    move_axis(axes, e, d);
    move_axis(axes, JK_MAX_NDIM, e);
}

/* How far apart in memory, over all operands that have the full shape, two neighbours along an axis are. */
static ptrdiff_t reach(const run *r, int d)
{
    const nest *axes = &r->axes;
    ptrdiff_t total = 0;
    for (int j = 0; j < axes->n_inputs; j++) total += axes->in[j][d] < 0 ? -axes->in[j][d] : axes->in[j][d];
    for (int k = 0; k < axes->n_outputs; k++)
        if (!(r->sums >> k & 1)) total += axes->out[k][d] < 0 ? -axes->out[k][d] : axes->out[k][d];
    return total;
}

static int can_merge(const nest *axes, int outer, int inner)
{
    const ptrdiff_t n = axes->shape[inner];
    if (axes->summed[outer] != axes->summed[inner]) return 0;
    for (int j = 0; j < axes->n_inputs; j++)
        if (axes->in[j][outer] != axes->in[j][inner] * n) return 0;
    for (int j = 0; j < axes->n_outputs; j++)
        if (axes->out[j][outer] != axes->out[j][inner] * n) return 0;
    return 1;
}

static void build_nest(run *r, int ndim, const ptrdiff_t *shape)
{
    nest *axes = &r->axes;
    const jk_program *p = r->program;
    axes->n_axes = 0;
    axes->n_inputs = p->n_inputs;
    axes->n_outputs = p->n_outputs;
    for (int d = 0; d < ndim; d++) {
        if (shape[d] == 1) continue;
        const int e = axes->n_axes++;
        axes->shape[e] = shape[d];
        axes->summed[e] = 0;
        for (int j = 0; j < p->n_inputs; j++) axes->in[j][e] = stride_along(p->input[j], ndim, d);
        for (int j = 0; j < p->n_outputs; j++) {
            const int mine = (int)(r->outputs >> j & 1);
            axes->out[j][e] = mine ? stride_along(p->output[j], ndim, d) : 0;
            if (mine && is_stretched(p->output[j], ndim, d)) axes->summed[e] = 1;
        }
        for (int k = e; k > 0 && reach(r, k - 1) < reach(r, k); k--) swap_axes(axes, k - 1, k);
    }
    int last = 0;
    for (int e = 1; e < axes->n_axes; e++) {
        if (can_merge(axes, last, e)) {
            const ptrdiff_t n = axes->shape[last];
            move_axis(axes, e, last);
            axes->shape[last] *= n;
        } else {
            move_axis(axes, e, ++last);
        }
    }
    axes->n_axes = axes->n_axes > 0 ? last + 1 : 0;
    const int n = axes->n_axes;
    if (n >= 2 && axes->summed[n - 1] && !axes->summed[n - 2] && axes->shape[n - 1] <= NARROW &&
        axes->shape[n - 2] >= WIDE)
        swap_axes(axes, n - 2, n - 1);
}

/* ---- plan --------------------------------------------------------------------------------------------------- */

static ptrdiff_t power_of_two_upto(ptrdiff_t n)
{
    ptrdiff_t p = 1;
    while (p <= n / 2) p *= 2;
    return p;
}

static int is_contiguous_block(const run *r, const ptrdiff_t *stride)
{
    const ptrdiff_t col = r->col_axis >= 0 ? stride[r->col_axis] : r->item;
    const ptrdiff_t row = r->row_axis >= 0 ? stride[r->row_axis] : 0;
    return (col == r->item || r->n_cols == 1) && (!r->flat || r->rows == 1 || row == r->n_cols * r->item);
}

static int sums_rows(const run *r) { return r->row_axis >= 0 && r->axes.summed[r->row_axis]; }
static int sums_cols(const run *r) { return r->col_axis >= 0 && r->axes.summed[r->col_axis]; }

/* Whether rows of an input itself are summed: all rows of a block are then kept. */
static int is_summand(const run *r, int j)
{
    if (!sums_rows(r)) return 0;
    for (int k = 0; k < r->program->n_outputs; k++)
        if ((r->sums >> k & 1) && r->program->result[k] == j) return 1;
    return 0;
}

/* Whether an input or output can be used where it lies.  Flat blocks are summed in place, so theirs are copied. */
static int is_direct_in(const run *r, int j)
{
    if (r->flat && r->rows > 1 && is_summand(r, j)) return 0;
    return r->program->input[j]->dtype == r->program->dtype && is_contiguous_block(r, r->axes.in[j]);
}

static int is_direct_out(const run *r, int k)
{
    const jk_program *p = r->program;
    if ((r->sums >> k & 1) || p->accumulate || p->output[k]->dtype != p->dtype) return 0;
    if (!is_contiguous_block(r, r->axes.out[k]) || p->result[k] < p->n_inputs) return 0;
    int aliased = 0;
    for (int j = 0; j < p->n_inputs; j++) aliased |= p->input[j]->data == p->output[k]->data;
    return !aliased || p->n_steps == 1;
}

static int needs_no_buffer(const run *r)
{
    for (int j = 0; j < r->program->n_inputs; j++)
        if (!is_direct_in(r, j)) return 0;
    for (int k = 0; k < r->program->n_outputs; k++)
        if ((r->outputs >> k & 1) && !is_direct_out(r, k)) return 0;
    return 1;
}

/* Columns that one block may sum: a power of two of runs, so that the tree is the same however many they are. */
static ptrdiff_t longest_run(const run *r)
{
    const jk_program *p = r->program;
    for (int k = 0; k < p->n_outputs; k++)
        if ((r->outputs >> k & 1) && p->result[k] >= p->n_inputs) return JK_RUN;
    for (int j = 0; j < p->n_inputs; j++)
        if (p->input[j]->dtype != p->dtype || r->axes.in[j][r->col_axis] != r->item) return JK_RUN;
    return LONG_BLOCK;
}

/* The rows and columns of a block.  Nothing here may depend on scratch or alignment: it decides the tree of a sum. */
static void choose_block(run *r)
{
    const nest *axes = &r->axes;
    r->col_axis = axes->n_axes - 1;
    r->row_axis = axes->n_axes - 2;
    r->n_cols = r->col_axis >= 0 ? axes->shape[r->col_axis] : 1;
    r->n_rows = r->row_axis >= 0 ? axes->shape[r->row_axis] : 1;
    const int cols_summed = sums_cols(r), rows_summed = sums_rows(r);
    r->cols = JK_MIN(r->n_cols, JK_RUN);
    r->rows = 1;
    r->flat = 1;
    if (rows_summed && cols_summed) {
        r->cols = JK_MIN(r->n_cols, longest_run(r));
    } else if (r->n_cols <= (cols_summed ? JK_RUN / 2 : WIDE - 1)) {
        r->rows = power_of_two_upto(JK_RUN / r->n_cols);
    } else if (cols_summed) {
        r->flat = 0;
        r->cols = JK_MIN(r->n_cols, longest_run(r));
        r->rows = MAX_ROWS;
    } else if (rows_summed) {
        r->flat = 0;
        r->cols = JK_MIN(r->n_cols, MAX_TILE);
        r->rows = MAX_ROWS;
    }
    r->rows = JK_MIN(r->rows, power_of_two_upto(r->n_rows));
    r->group = rows_summed && !r->flat ? JK_FOLD_ROWS : r->rows;
    if (r->sums == 0 && r->rows == 1 && needs_no_buffer(r))
        r->cols = JK_MIN(r->n_cols, r->program->n_steps == 1 ? LONG_BLOCK : STEP_BLOCK);
}

static char *take(run *r, ptrdiff_t n)
{
    const size_t bytes = ((size_t)(n * r->item) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (r->scratch_left < bytes) return NULL;
    char *p = r->scratch;
    r->scratch += bytes;
    r->scratch_left -= bytes;
    return p;
}

static int levels(ptrdiff_t count)
{
    int n = 0;
    for (; count > 1; count -= count / 2) n++;
    return n;
}

static ptrdiff_t n_chunks(const run *r, int axis)
{
    const ptrdiff_t n = r->axes.shape[axis];
    const ptrdiff_t step = axis == r->col_axis ? r->cols : axis == r->row_axis ? r->rows : 1;
    return n / step + (n % step != 0);
}

/* Places all buffers in the scratch; 0 if it is too small. */
static int place_buffers(run *r, char *scratch, size_t scratch_bytes)
{
    const jk_program *p = r->program;
    r->scratch = scratch;
    r->scratch_left = scratch_bytes;
    const ptrdiff_t pass = r->flat ? r->rows * r->cols : r->cols;
    const ptrdiff_t kept = sums_rows(r) ? r->group * r->cols : pass;
    unsigned taken = 0;
    for (int j = 0; j < p->n_inputs; j++)
        if (!(r->direct_in >> j & 1)) {
            if ((r->buffer[j] = take(r, is_summand(r, j) ? kept : pass)) == NULL) return 0;
        }
    for (int k = 0; k < p->n_outputs; k++) {
        const int reg = p->result[k];
        if (!(r->outputs >> k & 1) || reg < p->n_inputs) continue;
        taken |= 1u << reg;
        if (r->direct_out >> k & 1) continue;
        if ((r->product[k] = take(r, r->sums >> k & 1 ? kept : pass)) == NULL) return 0;
    }
    for (int s = 0; s < p->n_steps; s++) {
        const int reg = p->step[s].out;
        if (!(r->steps >> s & 1) || taken >> reg & 1) continue;
        taken |= 1u << reg;
        if ((r->reg[reg] = take(r, pass)) == NULL) return 0;
    }
    int depth = 1; /* the target itself, then one more at every right turn, and one to join the odd rows of a block */
    for (int q = 0; q < r->n_summed; q++) depth += levels(n_chunks(r, r->summed[q]));
    for (unsigned left = r->sums; left != 0; left &= left - 1) {
        const size_t one = ((size_t)(r->target_size * r->item) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (r->scratch_left / one < (size_t)(depth + 1)) return 0;
        r->scratch_left -= one * (size_t)(depth + 1);
    }
    r->scratch_left = (size_t)(scratch + scratch_bytes - r->scratch);
    return 1;
}

/* Places of the kept axes: each has outputs of its own. */
static ptrdiff_t n_places(const run *r)
{
    ptrdiff_t n = 1;
    for (int q = 0; q < r->n_kept; q++) n *= n_chunks(r, r->kept[q]);
    return n;
}

/* Fewer columns give the same bits where nothing is summed or rows are; any other block is part of the tree. */
static int can_cut_cols(const run *r) { return r->flat ? r->sums == 0 && r->rows == 1 : sums_rows(r); }

/* Where there are few places, cuts the columns so that all tasks get as many. */
static void even_out(run *r, int n_tasks)
{
    if (!can_cut_cols(r) || n_places(r) >= 4 * n_tasks) return;
    const ptrdiff_t n_blocks = (n_chunks(r, r->col_axis) + n_tasks - 1) / n_tasks * n_tasks;
    r->cols = JK_MIN(r->cols, ((r->n_cols - 1) / n_blocks / WIDE + 1) * WIDE);
}

static jk_status plan(run *r, int n_tasks, char *scratch, size_t scratch_bytes)
{
    const jk_program *p = r->program;
    choose_block(r);
    const nest *axes = &r->axes;
    r->n_kept = r->n_summed = 0;
    for (int j = 0; j < p->n_inputs; j++) r->packed[j] = NULL;
    for (int d = 0; d < axes->n_axes; d++) {
        if (axes->summed[d])
            r->summed[r->n_summed++] = d;
        else
            r->kept[r->n_kept++] = d;
    }
    if (n_tasks > 1) even_out(r, n_tasks);
    for (;;) {
        r->direct_in = r->direct_out = 0;
        for (int j = 0; j < p->n_inputs; j++)
            if (is_direct_in(r, j)) r->direct_in |= 1u << j;
        for (int k = 0; k < p->n_outputs; k++)
            if (is_direct_out(r, k)) r->direct_out |= 1u << k;
        r->target_size = (sums_rows(r) ? 1 : r->rows) * (sums_cols(r) ? 1 : r->cols);
        if (place_buffers(r, scratch, scratch_bytes)) break;
        if (can_cut_cols(r) && r->cols > 1)
            r->cols = (r->cols + 1) / 2;
        else if (r->sums == 0 && r->rows > 1)
            r->rows /= 2;
        else
            return jk_fail(JK_WORKSPACE, -1);
    }
    return jk_success();
}

/* ---- blocks ------------------------------------------------------------------------------------------------- */

/* rows x cols between a dense block and strided memory */
static void flush(const run *r, int k, char *out, ptrdiff_t rows, ptrdiff_t row_stride, ptrdiff_t cols,
                  ptrdiff_t col_stride, const char *block)
{
    const int same = r->program->output[k]->dtype == r->program->dtype;
    void (*const move)(ptrdiff_t, void *, ptrdiff_t,
                       const void *) = r->program->accumulate ? (same ? r->loops->add : r->loops->add_other)
                                                              : (same ? r->loops->unpack : r->loops->unpack_other);
    if (cols == 1)
        move(rows, out, row_stride, block);
    else if (row_stride == cols * col_stride)
        move(rows * cols, out, col_stride, block);
    else
        for (ptrdiff_t i = 0; i < rows; i++) move(cols, out + i * row_stride, col_stride, block + i * cols * r->item);
}

/* Into `block`, unless it holds the same already. */
static void pack(run *r, int j, const char *in, ptrdiff_t rows, ptrdiff_t cols, char *block)
{
    if (r->packed[j] == in && r->packed_rows[j] == rows && r->packed_cols[j] == cols) return;
    const int same = r->program->input[j]->dtype == r->program->dtype;
    void (*const move)(ptrdiff_t, void *, const void *, ptrdiff_t) = same ? r->loops->pack : r->loops->pack_other;
    const ptrdiff_t row_stride = r->row_axis >= 0 ? r->axes.in[j][r->row_axis] : 0;
    const ptrdiff_t col_stride = r->col_axis >= 0 ? r->axes.in[j][r->col_axis] : 0;
    if (cols == 1)
        move(rows, block, in, row_stride);
    else if (row_stride == cols * col_stride)
        move(rows * cols, block, in, col_stride);
    else
        for (ptrdiff_t i = 0; i < rows; i++) move(cols, block + i * cols * r->item, in + i * row_stride, col_stride);
    r->packed[j] = is_summand(r, j) ? NULL : in;
    r->packed_rows[j] = rows;
    r->packed_cols[j] = cols;
}

static void run_steps(const run *r, ptrdiff_t n)
{
    const jk_program *p = r->program;
    for (int s = 0; s < p->n_steps; s++) {
        if (!(r->steps >> s & 1)) continue;
        const jk_step *step = &p->step[s];
        const void *in[JK_N_IN];
        for (int i = 0; i < JK_N_IN; i++) in[i] = r->reg[step->in[i]];
        step->loop(n, r->reg[step->out], in);
        if (step->add_to) r->loops->add(n, r->reg[step->add_to], r->item, r->reg[step->out]);
    }
}

/* target = (or +=) the sum over rows of a rows x cols block, one power of two of rows after the other */
static void sum_rows(run *r, ptrdiff_t rows, ptrdiff_t cols, char *target, int adds, char *block, ptrdiff_t row_stride)
{
    char *const spare = r->scratch;
    while (rows > 0) {
        const ptrdiff_t part = power_of_two_upto(rows);
        char *into = adds ? spare : target;
        if (part <= JK_FOLD_ROWS) {
            r->loops->fold_rows(part, cols, into, block, row_stride);
        } else {
            r->loops->fold_flat(part, cols, block);
            memcpy(into, block, (size_t)(cols * r->item));
        }
        if (adds) r->loops->add(cols, target, r->item, spare);
        adds = 1;
        block += part * row_stride;
        rows -= part;
    }
}

static jk_status poll(run *r, ptrdiff_t n)
{
    const jk_context *c = r->context;
    r->n_unpolled += n;
    if (c == NULL || c->poll == NULL || r->n_unpolled < POLL_EVERY) return jk_success();
    r->n_unpolled = 0;
    return c->poll(c->poll_argument) ? jk_fail(JK_INTERRUPTED, -1) : jk_success();
}

/* All steps over `rows` rows of a block from `row` on; what is summed by rows is kept in its buffer from `slot` on. */
static void run_rows(run *r, const position *at, const targets *into, ptrdiff_t row, ptrdiff_t slot, ptrdiff_t rows,
                     ptrdiff_t cols)
{
    const jk_program *p = r->program;
    const nest *axes = &r->axes;
    const ptrdiff_t kept = sums_rows(r) ? slot * cols * r->item : 0;
    for (int j = 0; j < p->n_inputs; j++) {
        char *in = at->in[j] + (row > 0 ? row * axes->in[j][r->row_axis] : 0);
        if (r->direct_in >> j & 1) {
            r->reg[j] = in;
        } else {
            r->reg[j] = r->buffer[j] + (is_summand(r, j) ? kept : 0);
            pack(r, j, in, rows, cols, r->reg[j]);
        }
    }
    for (int k = 0; k < p->n_outputs; k++) {
        if (!(r->outputs >> k & 1) || p->result[k] < p->n_inputs) continue;
        if (r->direct_out >> k & 1)
            r->reg[p->result[k]] = at->out[k] + (row > 0 ? row * axes->out[k][r->row_axis] : 0);
        else
            r->reg[p->result[k]] = r->product[k] + (r->sums >> k & 1 ? kept : 0);
    }
    run_steps(r, rows * cols);
    for (int k = 0; k < p->n_outputs; k++) {
        if (!((r->outputs & ~r->direct_out) >> k & 1)) continue;
        const char *result = r->reg[p->result[k]];
        if (!(r->sums >> k & 1)) {
            const ptrdiff_t row_stride = r->row_axis >= 0 ? axes->out[k][r->row_axis] : 0;
            const ptrdiff_t col_stride = r->col_axis >= 0 ? axes->out[k][r->col_axis] : 0;
            flush(r, k, at->out[k] + row * row_stride, rows, row_stride, cols, col_stride, result);
        } else if (sums_cols(r)) {
            for (ptrdiff_t l = 0; l < rows; l++)
                r->loops->sum_run(cols, into->at[k] + (row + l) * r->item, result + l * cols * r->item);
        } else if (!sums_rows(r)) {
            memcpy(into->at[k], result, (size_t)(rows * cols * r->item));
        }
    }
}

/* Adds the sum of `rows` rows from `row` on to what the target holds; the first rows overwrite it. */
static void sum_group(run *r, const position *at, const targets *into, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t cols)
{
    const jk_program *p = r->program;
    for (int k = 0; k < p->n_outputs; k++) {
        if (!(r->sums >> k & 1)) continue;
        const int reg = p->result[k];
        if (reg < p->n_inputs && (r->direct_in >> reg & 1)) {
            const ptrdiff_t stride = r->axes.in[reg][r->row_axis];
            sum_rows(r, rows, cols, into->at[k], row > 0, at->in[reg] + row * stride, stride);
        } else {
            char *block = reg < p->n_inputs ? r->buffer[reg] : r->product[k];
            sum_rows(r, rows, cols, into->at[k], row > 0, block, cols * r->item);
        }
    }
}

static jk_status run_block(run *r, const position *at, const targets *into)
{
    const ptrdiff_t rows = JK_MIN(r->rows, r->n_rows - at->row), cols = JK_MIN(r->cols, r->n_cols - at->col);
    const ptrdiff_t group = JK_MIN(rows, r->group), pass = r->flat ? rows : 1;
    for (ptrdiff_t row = 0; row < rows; row += group) {
        const ptrdiff_t n = JK_MIN(group, rows - row);
        for (ptrdiff_t i = 0; i < n; i += pass) run_rows(r, at, into, row + i, i, pass, cols);
        if (sums_rows(r) && !sums_cols(r)) sum_group(r, at, into, row, n, cols);
    }
    return poll(r, rows * cols);
}

/* ---- walking ------------------------------------------------------------------------------------------------ */

static void advance(const run *r, position *at, int axis, ptrdiff_t chunks)
{
    const nest *axes = &r->axes;
    const ptrdiff_t n = chunks * (axis == r->col_axis ? r->cols : axis == r->row_axis ? r->rows : 1);
    for (int j = 0; j < r->program->n_inputs; j++) at->in[j] += n * axes->in[j][axis];
    for (int k = 0; k < r->program->n_outputs; k++)
        if (r->outputs >> k & 1) at->out[k] += n * axes->out[k][axis];
    if (axis == r->col_axis) at->col += n;
    if (axis == r->row_axis) at->row += n;
}

/* Sums `count` chunks of the q-th summed axis, and all of the axes behind it, into `into`. */
static jk_status sum_chunks(run *r, int q, ptrdiff_t count, const position *at, const targets *into)
{
    if (count == 1)
        return q + 1 < r->n_summed ? sum_chunks(r, q + 1, n_chunks(r, r->summed[q + 1]), at, into)
                                   : run_block(r, at, into);
    ptrdiff_t left = power_of_two_upto(count);
    if (left == count) left /= 2;
    JK_TRY(sum_chunks(r, q, left, at, into));
    char *const scratch = r->scratch;
    const size_t scratch_left = r->scratch_left;
    targets right = *into;
    for (int k = 0; k < r->program->n_outputs; k++)
        if (r->sums >> k & 1) right.at[k] = take(r, r->target_size);
    position there = *at;
    advance(r, &there, r->summed[q], left);
    JK_TRY(sum_chunks(r, q, count - left, &there, &right));
    for (int k = 0; k < r->program->n_outputs; k++)
        if (r->sums >> k & 1) r->loops->add(r->target_size, into->at[k], r->item, right.at[k]);
    r->scratch = scratch;
    r->scratch_left = scratch_left;
    return jk_success();
}

/* Everything at one place of the kept axes. */
static jk_status run_place(run *r, const position *at)
{
    targets into = {{NULL}};
    if (r->sums == 0) return run_block(r, at, &into);
    char *const scratch = r->scratch;
    const size_t scratch_left = r->scratch_left;
    const nest *axes = &r->axes;
    const int cols_kept = r->col_axis >= 0 && !axes->summed[r->col_axis];
    const int rows_kept = r->row_axis >= 0 && !axes->summed[r->row_axis];
    const ptrdiff_t rows = rows_kept ? JK_MIN(r->rows, r->n_rows - at->row) : 1;
    const ptrdiff_t cols = cols_kept ? JK_MIN(r->cols, r->n_cols - at->col) : 1;
    for (int k = 0; k < r->program->n_outputs; k++)
        if (r->sums >> k & 1) {
            into.at[k] = take(r, r->target_size);
            memset(into.at[k], 0, (size_t)(r->target_size * r->item));
        }
    JK_TRY(sum_chunks(r, 0, n_chunks(r, r->summed[0]), at, &into));
    for (int k = 0; k < r->program->n_outputs; k++)
        if (r->sums >> k & 1)
            flush(r, k, at->out[k], rows, rows_kept ? axes->out[k][r->row_axis] : 0, cols,
                  cols_kept ? axes->out[k][r->col_axis] : 0, into.at[k]);
    r->scratch = scratch;
    r->scratch_left = scratch_left;
    return jk_success();
}

/* The places first <= i < last, the last axis fastest. */
static jk_status walk(run *r, ptrdiff_t first, ptrdiff_t last)
{
    const jk_program *p = r->program;
    position at = {{NULL}, {NULL}, 0, 0};
    for (int j = 0; j < p->n_inputs; j++) at.in[j] = p->input[j]->data;
    for (int k = 0; k < p->n_outputs; k++)
        if (r->outputs >> k & 1) at.out[k] = p->output[k]->data;
    ptrdiff_t index[JK_MAX_NDIM] = {0}, left = first;
    for (int q = r->n_kept - 1; left > 0; q--) {
        const ptrdiff_t n = n_chunks(r, r->kept[q]);
        index[q] = left % n;
        advance(r, &at, r->kept[q], index[q]);
        left /= n;
    }
    for (ptrdiff_t place = first;;) {
        JK_TRY(run_place(r, &at));
        if (++place == last) return jk_success();
        int q = r->n_kept - 1;
        while (q >= 0 && ++index[q] == n_chunks(r, r->kept[q])) {
            advance(r, &at, r->kept[q], 1 - index[q]);
            index[q--] = 0;
        }
        advance(r, &at, r->kept[q], 1);
    }
}

/* One task's places, with registers and buffers of its own.  It does not poll, and so cannot fail. */
static void walk_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    run r = *(const run *)argument;
    (void)place_buffers(&r, r.slices + (size_t)task * r.slice_bytes, r.slice_bytes);
    r.context = NULL;
    (void)walk(&r, first, last);
}

static double n_elements(const nest *axes)
{
    double n = 1;
    for (int d = 0; d < axes->n_axes; d++) n *= (double)axes->shape[d];
    return n;
}

/* All places: on several threads if that pays and the workspace has a slice for each, else on this one. */
static jk_status walk_all(run *r)
{
    const jk_context *context = r->context;
    const size_t workspace_bytes = context != NULL ? context->workspace_bytes : 0;
    const double cost = n_elements(&r->axes);
    int n_tasks = jk_n_tasks(context, cost);
    if ((size_t)n_tasks > workspace_bytes / JK_STACK_BYTES) n_tasks = (int)(workspace_bytes / JK_STACK_BYTES);
    if (n_tasks > 1) {
        r->slices = context->workspace;
        r->slice_bytes = workspace_bytes / (size_t)n_tasks / ALIGNMENT * ALIGNMENT;
        if (plan(r, n_tasks, r->slices, r->slice_bytes).error == JK_OK && n_places(r) > 1)
            return jk_split(context, n_tasks, n_places(r), cost, walk_share, r);
    }
    char stack[JK_STACK_BYTES + ALIGNMENT];
    char *scratch = stack + (ALIGNMENT - (uintptr_t)stack % ALIGNMENT) % ALIGNMENT;
    size_t scratch_bytes = JK_STACK_BYTES;
    if (workspace_bytes > JK_STACK_BYTES) {
        scratch = context->workspace;
        scratch_bytes = workspace_bytes;
    }
    JK_TRY(plan(r, 1, scratch, scratch_bytes));
    return walk(r, 0, n_places(r));
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

static int fits(const jk_view *view, int ndim, const ptrdiff_t *shape)
{
    if (view->ndim > ndim) return 0;
    for (int k = 0; k < view->ndim; k++) {
        const ptrdiff_t n = shape[ndim - view->ndim + k];
        if (view->shape[k] != n && view->shape[k] != 1) return 0;
    }
    return 1;
}

static jk_status check(const jk_program *p, int ndim, const ptrdiff_t *shape)
{
    if (ndim > JK_MAX_NDIM) return jk_fail(JK_NDIM, -1);
    for (int j = 0; j < p->n_inputs; j++) {
        JK_TRY(jk_check_input(p->input[j], p->input_argument[j]));
        if (!fits(p->input[j], ndim, shape)) return jk_fail(JK_SHAPE, p->input_argument[j]);
    }
    for (int k = 0; k < p->n_outputs; k++) {
        JK_TRY(jk_check_output(p->output[k], p->output_argument[k]));
        if (!fits(p->output[k], ndim, shape)) return jk_fail(JK_SHAPE, p->output_argument[k]);
        for (int l = 0; l < k; l++)
            if (jk_meet(p->output[k], p->output[l]) != JK_APART) return jk_fail(JK_SELF_OVERLAP, p->output_argument[k]);
    }
    return jk_success();
}

/* One bit per axis that an output is summed over. */
static unsigned long long summed_axes(const jk_view *output, int ndim, const ptrdiff_t *shape)
{
    unsigned long long mask = 0;
    for (int d = 0; d < ndim; d++)
        if (shape[d] != 1 && is_stretched(output, ndim, d)) mask |= 1ull << d;
    return mask;
}

/* An output may be exactly one of the inputs where every element is read in the step that overwrites it. */
static jk_status check_overlap(const jk_program *p, unsigned sums, int one_pass)
{
    for (int k = 0; k < p->n_outputs; k++)
        for (int j = 0; j < p->n_inputs; j++) {
            const jk_meeting meeting = jk_meet(p->input[j], p->output[k]);
            int in_place = one_pass && !(sums >> k & 1);
            for (int l = 0; l < p->n_outputs; l++) /* another output that is this input itself reads it later */
                if (l != k && p->result[l] == j) in_place = 0;
            if (meeting == JK_PARTLY || (meeting == JK_SAME && !in_place))
                return jk_fail(JK_OVERLAP, p->input_argument[j]);
        }
    return jk_success();
}

static void zero_output(const jk_view *view, const jk_loops *loops)
{
    ptrdiff_t index[JK_MAX_NDIM] = {0};
    char *at = view->data;
    const int last = view->ndim - 1;
    if (jk_size(view) == 0) return;
    for (;;) {
        loops->zero(last >= 0 ? view->shape[last] : 1, at, last >= 0 ? view->strides_in_bytes[last] : 0);
        int d = last - 1;
        while (d >= 0 && ++index[d] == view->shape[d]) {
            at -= (index[d] - 1) * view->strides_in_bytes[d];
            index[d--] = 0;
        }
        if (d < 0) return;
        at += view->strides_in_bytes[d];
    }
}

/* The steps that lead to the results of this run, found from the last to the first. */
static unsigned needed_steps(const jk_program *p, unsigned outputs)
{
    unsigned registers = 0, steps = 0;
    for (int k = 0; k < p->n_outputs; k++)
        if (outputs >> k & 1) registers |= 1u << p->result[k];
    for (int s = p->n_steps - 1; s >= 0; s--) {
        const jk_step *step = &p->step[s];
        if (!(registers >> step->out & 1) && !(step->add_to && (registers >> step->add_to & 1))) continue;
        steps |= 1u << s;
        for (int i = 0; i < JK_N_IN; i++) registers |= 1u << step->in[i];
    }
    return steps;
}

/* Arrays that all lie alike are one long vector, whatever their shape. */
static int is_flat(const jk_program *p, int ndim, const ptrdiff_t *shape)
{
    if (p->accumulate) return 0;
    for (int j = 0; j < p->n_inputs + p->n_outputs; j++) {
        const jk_view *v = j < p->n_inputs ? p->input[j] : p->output[j - p->n_inputs];
        if (v->dtype != p->dtype || v->ndim != ndim) return 0;
        for (int d = 0; d < ndim; d++)
            if (v->shape[d] != shape[d]) return 0;
        if (!jk_is_contiguous(v)) return 0;
    }
    for (int k = 0; k < p->n_outputs; k++) {
        if (p->result[k] < p->n_inputs) return 0;
        for (int j = 0; j < p->n_inputs && p->n_steps > 1; j++)
            if (p->input[j]->data == p->output[k]->data) return 0;
    }
    return 1;
}

/* STEP_BLOCKs first <= i < last of one long vector. */
static jk_status run_stretch(const jk_context *context, const jk_program *p, ptrdiff_t first, ptrdiff_t last)
{
    char stack[JK_STACK_BYTES + ALIGNMENT];
    char *scratch = stack + (ALIGNMENT - (uintptr_t)stack % ALIGNMENT) % ALIGNMENT;
    run r;
    r.context = context;
    r.program = p;
    r.loops = jk_loops_of(p->dtype);
    r.item = jk_itemsize(p->dtype);
    r.steps = (1u << p->n_steps) - 1;
    r.n_unpolled = 0;
    const int n_spare = p->n_registers - p->n_inputs - p->n_outputs;
    const ptrdiff_t room = JK_MAX((ptrdiff_t)JK_STACK_BYTES / r.item / JK_MAX(n_spare, 1) / 8 * 8, 1);
    const ptrdiff_t block = p->n_steps == 1 ? LONG_BLOCK : JK_MIN(room, STEP_BLOCK);
    unsigned results = 0;
    for (int k = 0; k < p->n_outputs; k++) results |= 1u << p->result[k];
    for (int reg = p->n_inputs; reg < p->n_registers; reg++) {
        if (results >> reg & 1) continue;
        r.reg[reg] = scratch;
        scratch += block * r.item;
    }
    const ptrdiff_t n = JK_MIN(last * STEP_BLOCK, jk_size(p->output[0]));
    for (ptrdiff_t i = first * STEP_BLOCK; i < n; i += block) {
        for (int j = 0; j < p->n_inputs; j++) r.reg[j] = (char *)p->input[j]->data + i * r.item;
        for (int k = 0; k < p->n_outputs; k++) r.reg[p->result[k]] = (char *)p->output[k]->data + i * r.item;
        run_steps(&r, JK_MIN(block, n - i));
        JK_TRY(poll(&r, block));
    }
    return jk_success();
}

static void run_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    (void)run_stretch(NULL, argument, first, last);
}

static jk_status run_flat(const jk_context *context, const jk_program *p)
{
    const ptrdiff_t n = jk_size(p->output[0]), n_pieces = n / STEP_BLOCK + (n % STEP_BLOCK != 0);
    const int n_tasks = jk_n_tasks(context, (double)n);
    if (n_tasks == 1) return run_stretch(context, p, 0, n_pieces);
    return jk_split(context, n_tasks, n_pieces, (double)n, run_share, (void *)p);
}

jk_status jk_run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    JK_TRY(check(program, ndim, shape));
    unsigned pending = 0, sums = 0;
    unsigned long long mask[JK_MAX_OUTPUTS] = {0}, all = 0;
    int empty = 0, one_pass = 1;
    for (int d = 0; d < ndim; d++) empty |= shape[d] == 0;
    for (int k = 0; k < program->n_outputs; k++) {
        mask[k] = summed_axes(program->output[k], ndim, shape);
        if (mask[k] != 0) sums |= 1u << k;
        if (mask[k] != 0 && all != 0 && mask[k] != all) one_pass = 0;
        all |= mask[k];
        if (program->result[k] >= 0 && !empty) pending |= 1u << k;
    }
    JK_TRY(check_overlap(program, sums, one_pass));
    const unsigned computed = pending;

    if (sums == 0 && pending != 0 && is_flat(program, ndim, shape)) return run_flat(context, program);
    while (pending != 0) {
        /* outputs that are summed alike share a pass; those that are not summed join the first */
        run r;
        r.context = context;
        r.program = program;
        r.loops = jk_loops_of(program->dtype);
        r.item = jk_itemsize(program->dtype);
        r.outputs = 0;
        r.n_unpolled = 0;
        unsigned long long alike = 0;
        for (int k = 0; k < program->n_outputs; k++) {
            if (!(pending >> k & 1)) continue;
            if (mask[k] != 0 && alike == 0) alike = mask[k];
            if (mask[k] == 0 || mask[k] == alike) r.outputs |= 1u << k;
        }
        pending &= ~r.outputs;
        r.sums = r.outputs & sums;
        r.steps = needed_steps(program, r.outputs);
        build_nest(&r, ndim, shape);
        JK_TRY(walk_all(&r));
    }
    /* last, because an output that is zero may be an input */
    for (int k = 0; k < program->n_outputs; k++)
        if (!(computed >> k & 1) && !program->accumulate)
            zero_output(program->output[k], jk_loops_of(program->output[k]->dtype));
    return jk_success();
}
