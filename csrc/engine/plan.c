#include "engine/plan.h"

/* ---- axes --------------------------------------------------------------------------------------------------- */

/* The stride of a view along axis d of the run; 0 where it is stretched. */
static ptrdiff_t stride_along(const jk_view *view, int ndim, int d)
{
    const int k = d - (ndim - view->ndim);
    return k >= 0 && view->shape[k] != 1 ? view->strides_in_bytes[k] : 0;
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

void jk_build_nest(run *r, int ndim, const ptrdiff_t *shape)
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

static int is_contiguous_block(const run *r, const ptrdiff_t *stride)
{
    const ptrdiff_t col = r->col_axis >= 0 ? stride[r->col_axis] : r->item;
    const ptrdiff_t row = r->row_axis >= 0 ? stride[r->row_axis] : 0;
    return (col == r->item || r->n_cols == 1) && (!r->flat || r->rows == 1 || row == r->n_cols * r->item);
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

static int levels(ptrdiff_t count)
{
    int n = 0;
    for (; count > 1; count -= count / 2) n++;
    return n;
}

/* Places all buffers in the scratch; 0 if it is too small. */
int jk_place_buffers(run *r, char *scratch, size_t scratch_bytes)
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

ptrdiff_t jk_n_places(const run *r)
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
    if (!can_cut_cols(r) || jk_n_places(r) >= 4 * n_tasks) return;
    const ptrdiff_t n_blocks = (n_chunks(r, r->col_axis) + n_tasks - 1) / n_tasks * n_tasks;
    r->cols = JK_MIN(r->cols, ((r->n_cols - 1) / n_blocks / WIDE + 1) * WIDE);
}

/* Elements of the largest input that is repeated along an axis; 0 for one that stays in cache anyway. */
static double repeated_along(const run *r, int axis)
{
    const nest *axes = &r->axes;
    double largest = 0;
    for (int j = 0; j < axes->n_inputs; j++) {
        double size = axes->in[j][axis] == 0;
        for (int d = 0; d < axes->n_axes; d++)
            if (axes->in[j][d] != 0) size *= (double)axes->shape[d];
        largest = JK_MAX(largest, size);
    }
    return largest < LONG_BLOCK ? 0 : largest;
}

/* The axis along which the largest input is repeated comes last, so that its columns are read again from cache. */
static void walk_repeats_last(run *r)
{
    int last = r->n_kept - 1;
    if (r->sums != 0 || r->cols < REPEAT_BLOCK) return;
    for (int q = 0; q < r->n_kept; q++)
        if (r->kept[q] != r->col_axis && repeated_along(r, r->kept[q]) > repeated_along(r, r->kept[last])) last = q;
    const int axis = r->kept[last];
    if (repeated_along(r, axis) == 0 || axis == r->col_axis) return;
    for (int q = last; q + 1 < r->n_kept; q++) r->kept[q] = r->kept[q + 1];
    r->kept[r->n_kept - 1] = axis;
    r->cols = REPEAT_BLOCK;
}

jk_status jk_plan(run *r, int n_tasks, char *scratch, size_t scratch_bytes)
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
    walk_repeats_last(r);
    if (n_tasks > 1) even_out(r, n_tasks);
    for (;;) {
        r->direct_in = r->direct_out = 0;
        for (int j = 0; j < p->n_inputs; j++)
            if (is_direct_in(r, j)) r->direct_in |= 1u << j;
        for (int k = 0; k < p->n_outputs; k++)
            if (is_direct_out(r, k)) r->direct_out |= 1u << k;
        r->target_size = (sums_rows(r) ? 1 : r->rows) * (sums_cols(r) ? 1 : r->cols);
        if (jk_place_buffers(r, scratch, scratch_bytes)) break;
        if (can_cut_cols(r) && r->cols > 1)
            r->cols = (r->cols + 1) / 2;
        else if (r->sums == 0 && r->rows > 1)
            r->rows /= 2;
        else
            return jk_fail(JK_WORKSPACE, -1);
    }
    return jk_success();
}
