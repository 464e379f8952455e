#include "engine/plan.h"
#include "engine/tiles.h"

enum {
    WIDE = 64,           /* columns from which a row is worth a call of its own */
    REPEAT_BLOCK = 8192, /* columns of a long block that an input repeats; fewer are not worth the jumps between */
    MAX_TILE = 4096,     /* columns of a block of summed rows */
    MAX_ROWS = 64,       /* rows of a block that is not flat */
    MAX_KEPT = 512,      /* rows that are summed where they lie, each by itself */
    PASS = 1024 /* elements for which the steps are called at once, with buffers that stay in the first cache */
};

/* ---- axes --------------------------------------------------------------------------------------------------- */

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
static ptrdiff_t reach(const walk *w, int d)
{
    const nest *axes = &w->axes;
    ptrdiff_t total = 0;
    for (int j = 0; j < axes->n_inputs; j++) total += jk_magnitude(axes->in[j][d]);
    for (int k = 0; k < axes->n_outputs; k++)
        if (!(w->sums >> k & 1)) total += jk_magnitude(axes->out[k][d]);
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

void jk_build_nest(walk *w, int ndim, const ptrdiff_t *shape)
{
    nest *axes = &w->axes;
    const jk_program *p = w->program;
    axes->n_axes = 0;
    axes->n_inputs = p->n_inputs;
    axes->n_outputs = p->n_outputs;
    for (int d = 0; d < ndim; d++) {
        if (shape[d] == 1) continue;
        const int e = axes->n_axes++;
        axes->shape[e] = shape[d];
        axes->summed[e] = 0;
        for (int j = 0; j < p->n_inputs; j++) axes->in[j][e] = jk_stride_along(p->input[j], ndim, d);
        for (int j = 0; j < p->n_outputs; j++) {
            const int mine = (int)(w->outputs >> j & 1);
            axes->out[j][e] = mine ? jk_stride_along(p->output[j], ndim, d) : 0;
            if (mine && jk_is_stretched(p->output[j], ndim, d)) axes->summed[e] = 1;
        }
        for (int k = e; k > 0 && reach(w, k - 1) < reach(w, k); k--) swap_axes(axes, k - 1, k);
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
}

/* ---- plan --------------------------------------------------------------------------------------------------- */

static int is_contiguous_block(const walk *w, const ptrdiff_t *stride)
{
    const ptrdiff_t col = w->col_axis >= 0 ? stride[w->col_axis] : w->item;
    const ptrdiff_t row = w->row_axis >= 0 ? stride[w->row_axis] : 0;
    return (col == w->item || w->n_cols == 1) && (w->pass == 1 || row == w->n_cols * w->item);
}

/* Whether an input's rows are summed as a flat block, in a buffer. */
static int is_summed_flat(const walk *w, int j) { return w->flat && w->rows > 1 && is_summand(w, j); }

/* Whether an input or output can be used where it lies.  Flat blocks are summed in a buffer, which a sum of nothing
 * but the input reads first. */
static int is_direct_in(const walk *w, int j)
{
    if (is_summed_flat(w, j) && (w->program->n_steps > 0 || w->program->n_outputs > 1)) return 0;
    return w->program->input[j]->dtype == w->program->dtype && is_contiguous_block(w, w->axes.in[j]);
}

static int is_direct_out(const walk *w, int k)
{
    const jk_program *p = w->program;
    if ((w->sums >> k & 1) || p->accumulate || p->output[k]->dtype != p->dtype) return 0;
    if (!is_contiguous_block(w, w->axes.out[k]) || p->result[k] < p->n_inputs) return 0;
    int aliased = 0;
    for (int j = 0; j < p->n_inputs; j++) aliased |= p->input[j]->data == p->output[k]->data;
    return !aliased || p->n_steps == 1;
}

static int needs_no_buffer(const walk *w)
{
    for (int j = 0; j < w->program->n_inputs; j++)
        if (!is_direct_in(w, j)) return 0;
    for (int k = 0; k < w->program->n_outputs; k++)
        if ((w->outputs >> k & 1) && !is_direct_out(w, k)) return 0;
    return 1;
}

/* Outputs of which each is the sum of a step that has sums, reads inputs alone, and is read by no other. */
static void find_fused(walk *w)
{
    const jk_program *p = w->program;
    for (int k = 0; k < p->n_outputs; k++) {
        if (!(w->sums >> k & 1)) continue;
        const jk_step *own = NULL;
        int fits = 1;
        for (int s = 0; s < p->n_steps; s++) {
            if (p->step[s].out == p->result[k]) own = &p->step[s];
            fits &= !reads(&p->step[s], p->result[k]) && p->step[s].add_to != p->result[k];
        }
        for (int l = 0; l < p->n_outputs; l++) fits &= l == k || p->result[l] != p->result[k];
        if (own == NULL || own->sums == NULL || own->ones != 0 || own->add_to) continue;
        for (int i = 0; i < JK_N_IN; i++) fits &= own->in[i] < p->n_inputs;
        if (!fits) continue;
        w->fused |= 1u << k;
        w->fused_step[k] = own;
    }
}

/* Columns that one block may sum: a power of two of runs, so that the tree is the same however many they are. */
static ptrdiff_t longest_run(const walk *w)
{
    const jk_program *p = w->program;
    for (int k = 0; k < p->n_outputs; k++)
        if (((w->outputs & ~w->fused) >> k & 1) && p->result[k] >= p->n_inputs) return PASS;
    for (int j = 0; j < p->n_inputs; j++)
        if (p->input[j]->dtype != p->dtype || w->axes.in[j][w->col_axis] != w->item) return PASS;
    return JK_LONG_BLOCK;
}

/* Rows for one call of the steps: of a block that is not flat several, where its rows lie one behind the other in every
 * input, or are one and the same, which is then repeated in a buffer. */
static ptrdiff_t rows_at_once(const walk *w)
{
    if (w->flat) return w->rows;
    if (!rows_are_summed(w) || w->cols < w->n_cols || w->steps == 0) return 1;
    for (int j = 0; j < w->axes.n_inputs; j++) {
        const ptrdiff_t row = w->axes.in[j][w->row_axis];
        if (row != 0 && row != w->n_cols * w->axes.in[j][w->col_axis]) return 1;
    }
    return JK_MIN(w->group, power_of_two_upto(PASS / w->cols));
}

/* The rows and columns of a block.  Nothing here may depend on alignment.  What decides the tree of a sum are the rows
 * of a group, and the columns of a block that sums them, up to powers of two. */
static void choose_block(walk *w)
{
    const nest *axes = &w->axes;
    w->col_axis = axes->n_axes - 1;
    w->row_axis = axes->n_axes - 2;
    w->n_cols = w->col_axis >= 0 ? axes->shape[w->col_axis] : 1;
    w->n_rows = w->row_axis >= 0 ? axes->shape[w->row_axis] : 1;
    const int cols_summed = cols_are_summed(w), rows_summed = rows_are_summed(w);
    w->cols = JK_MIN(w->n_cols, PASS);
    w->rows = w->group = 1;
    w->flat = 1;
    /* short rows are summed by halves in their buffer, or as columns; over outer axes alone, blocks are added up */
    const ptrdiff_t shortest = cols_summed ? 4 * JK_REGISTER_BYTES / w->item : WIDE;
    const int sums_long = rows_summed + cols_summed == 2 || (rows_summed + cols_summed == 1 && w->n_cols >= shortest);
    w->fused = 0;
    if (sums_long && w->program->n_steps > 0) find_fused(w);
    w->steps = jk_steps_to(w->program, w->outputs & ~w->fused);
    if (rows_summed && cols_summed) {
        w->cols = JK_MIN(w->n_cols, longest_run(w));
    } else if (w->n_cols <= (cols_summed ? JK_RUN / 2 : WIDE - 1)) {
        w->rows = power_of_two_upto(PASS / w->n_cols);
        w->group = power_of_two_upto(JK_RUN / w->n_cols);
        if (cols_summed && w->fused == w->outputs)
            w->rows = MAX_KEPT; /* no buffers, if inputs are used where they lie */
    } else if (cols_summed) {
        w->flat = 0;
        w->cols = JK_MIN(w->n_cols, longest_run(w));
        w->rows = w->group = MAX_ROWS;
    } else if (rows_summed) {
        w->flat = 0;
        w->cols = JK_MIN(w->n_cols, MAX_TILE);
        w->rows = MAX_ROWS;
        w->group = JK_CHAIN_ROWS;
    }
    w->rows = JK_MIN(w->rows, rows_summed ? power_of_two_upto(w->n_rows) : w->n_rows);
    w->pass = rows_at_once(w);
    if (w->sums == 0 && w->rows == 1 && needs_no_buffer(w)) w->cols = JK_MIN(w->n_cols, jk_block_length(w->program));
}

/* Places all buffers in the scratch; 0 if it is too small. */
int jk_place_buffers(walk *w, jk_scratch scratch)
{
    const jk_program *p = w->program;
    w->scratch = scratch;
    const ptrdiff_t pass = w->pass * w->cols;
    const ptrdiff_t kept = rows_are_summed(w) ? JK_MAX(w->group * w->cols, pass) : pass;
    unsigned taken = 0;
    for (int j = 0; j < p->n_inputs; j++)
        if (!(w->direct_in >> j & 1) || is_summed_flat(w, j)) {
            if ((w->buffer[j] = take(w, is_summand(w, j) ? kept : pass)) == NULL) return 0;
        }
    for (int k = 0; k < p->n_outputs; k++) {
        const int reg = p->result[k];
        if (!((w->outputs & ~w->fused) >> k & 1) || reg < p->n_inputs) continue;
        taken |= 1u << reg;
        if (w->direct_out >> k & 1) continue;
        if ((w->product[k] = take(w, w->sums >> k & 1 ? kept : pass)) == NULL) return 0;
    }
    for (int s = 0; s < p->n_steps; s++) {
        const int reg = p->step[s].out;
        if (!(w->steps >> s & 1) || taken >> reg & 1) continue;
        taken |= 1u << reg;
        if ((w->reg[reg] = take(w, pass)) == NULL) return 0;
    }
    /* The target itself, what waits to be joined to it, and a spare one to join the odd rows of a block. */
    int n_targets = 2;
    for (int q = 0; q < w->n_summed; q++) n_targets += jk_n_waiting(n_chunks(w, w->summed[q]), 1);
    jk_scratch rest = w->scratch;
    for (unsigned left = w->sums; left != 0; left &= left - 1)
        for (int i = 0; i < n_targets; i++)
            if (jk_take(&rest, (size_t)(w->target_size * w->item)) == NULL) return 0;
    return 1;
}

ptrdiff_t jk_n_places(const walk *w)
{
    ptrdiff_t n = 1;
    for (int q = 0; q < w->n_kept; q++) n *= n_chunks(w, w->kept[q]);
    return n;
}

/* Fewer columns give the same bits where nothing is summed or rows are; any other block is part of the tree. */
static int can_cut_cols(const walk *w) { return w->flat ? w->sums == 0 && w->rows == 1 : rows_are_summed(w); }

/* Where there are few places, cuts the columns so that all tasks get as many. */
static void even_out(walk *w, int n_tasks)
{
    if (!can_cut_cols(w) || jk_n_places(w) >= 4 * n_tasks) return;
    w->cols = jk_even_width(w->n_cols, w->cols, n_tasks, WIDE);
}

/* Elements of the largest input that is repeated along an axis; 0 for one that stays in cache anyway. */
static double repeated_along(const walk *w, int axis)
{
    const nest *axes = &w->axes;
    double largest = 0;
    for (int j = 0; j < axes->n_inputs; j++) {
        double size = axes->in[j][axis] == 0;
        for (int d = 0; d < axes->n_axes; d++)
            if (axes->in[j][d] != 0) size *= (double)axes->shape[d];
        largest = JK_MAX(largest, size);
    }
    return largest < JK_LONG_BLOCK ? 0 : largest;
}

/* The axis along which the largest input is repeated comes last, so that its columns are read again from cache. */
static void walk_repeats_last(walk *w)
{
    int last = w->n_kept - 1;
    if (w->sums != 0 || w->cols < REPEAT_BLOCK) return;
    for (int q = 0; q < w->n_kept; q++)
        if (w->kept[q] != w->col_axis && repeated_along(w, w->kept[q]) > repeated_along(w, w->kept[last])) last = q;
    const int axis = w->kept[last];
    if (repeated_along(w, axis) == 0 || axis == w->col_axis) return;
    for (int q = last; q + 1 < w->n_kept; q++) w->kept[q] = w->kept[q + 1];
    w->kept[w->n_kept - 1] = axis;
    w->cols = REPEAT_BLOCK;
}

jk_status jk_plan(walk *w, int n_tasks, jk_scratch scratch)
{
    const jk_program *p = w->program;
    choose_block(w);
    const nest *axes = &w->axes;
    w->n_kept = w->n_summed = 0;
    for (int j = 0; j < p->n_inputs; j++) w->packed[j] = NULL;
    for (int d = 0; d < axes->n_axes; d++) {
        if (axes->summed[d])
            w->summed[w->n_summed++] = d;
        else
            w->kept[w->n_kept++] = d;
    }
    walk_repeats_last(w);
    if (n_tasks > 1) even_out(w, n_tasks);
    for (;;) {
        w->pass = rows_at_once(w);
        w->direct_in = w->direct_out = 0;
        for (int j = 0; j < p->n_inputs; j++)
            if (is_direct_in(w, j)) w->direct_in |= 1u << j;
        for (int k = 0; k < p->n_outputs; k++)
            if (is_direct_out(w, k)) w->direct_out |= 1u << k;
        w->all_chained = w->direct_in == (1u << p->n_inputs) - 1;
        for (int k = 0; k < p->n_outputs; k++)
            if (((w->outputs & ~w->fused) >> k & 1) && (!(w->sums >> k & 1) || p->result[k] >= p->n_inputs))
                w->all_chained = 0;
        w->target_size = (rows_are_summed(w) ? 1 : w->rows) * (cols_are_summed(w) ? 1 : w->cols);
        if (jk_place_buffers(w, scratch)) break;
        if (can_cut_cols(w) && w->cols > 1)
            w->cols = (w->cols + 1) / 2;
        else if (w->flat && w->rows > (rows_are_summed(w) ? w->group : 1))
            w->rows /= 2;
        else if (cols_are_summed(w) && w->cols > JK_RUN)
            w->cols = jk_left_part(w->cols, JK_RUN);
        else
            return jk_fail(JK_WORKSPACE, -1);
    }
    return jk_success();
}
