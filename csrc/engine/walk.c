#include "engine/walk.h"
#include "engine/threads.h"

#include <string.h>

typedef struct position {
    char *in[JK_MAX_INPUTS], *out[JK_MAX_OUTPUTS];
    ptrdiff_t row, col;
} position;

typedef struct targets {
    char *at[JK_MAX_OUTPUTS];
} targets;

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

void jk_run_steps(const run *r, ptrdiff_t n)
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

jk_status jk_poll(run *r, ptrdiff_t n)
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
    jk_run_steps(r, rows * cols);
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
    return jk_poll(r, rows * cols);
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
    const ptrdiff_t left = left_part(count);
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
    (void)jk_place_buffers(&r, r.slices + (size_t)task * r.slice_bytes, r.slice_bytes);
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
jk_status jk_walk(run *r, int only_plans)
{
    const jk_context *context = r->context;
    const size_t workspace_bytes = context != NULL ? context->workspace_bytes : 0;
    const double cost = n_elements(&r->axes);
    int n_tasks = only_plans ? 1 : jk_n_tasks(context, cost);
    if ((size_t)n_tasks > workspace_bytes / JK_STACK_BYTES) n_tasks = (int)(workspace_bytes / JK_STACK_BYTES);
    if (n_tasks > 1) {
        r->slices = context->workspace;
        r->slice_bytes = workspace_bytes / (size_t)n_tasks / ALIGNMENT * ALIGNMENT;
        if (jk_plan(r, n_tasks, r->slices, r->slice_bytes).error == JK_OK && jk_n_places(r) > 1)
            return jk_split(context, n_tasks, jk_n_places(r), cost, walk_share, r);
    }
    char stack[JK_STACK_BYTES + ALIGNMENT];
    char *scratch = stack + (ALIGNMENT - (uintptr_t)stack % ALIGNMENT) % ALIGNMENT;
    size_t scratch_bytes = JK_STACK_BYTES;
    if (workspace_bytes > JK_STACK_BYTES) {
        scratch = context->workspace;
        scratch_bytes = workspace_bytes;
    }
    JK_TRY(jk_plan(r, 1, scratch, scratch_bytes));
    return only_plans ? jk_success() : walk(r, 0, jk_n_places(r));
}
