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
static void flush(const walk *w, int k, char *out, ptrdiff_t rows, ptrdiff_t row_stride, ptrdiff_t cols,
                  ptrdiff_t col_stride, const char *block)
{
    const jk_program *p = w->program;
    jk_write_loop *const move = jk_writer(p->dtype, p->output[k]->dtype, p->accumulate);
    if (cols == 1)
        move(rows, out, row_stride, block);
    else if (row_stride == cols * col_stride)
        move(rows * cols, out, col_stride, block);
    else
        for (ptrdiff_t i = 0; i < rows; i++) move(cols, out + i * row_stride, col_stride, block + i * cols * w->item);
}

/* Into `block`, unless it holds the same already. */
static void pack(walk *w, int j, const char *in, ptrdiff_t rows, ptrdiff_t cols, char *block)
{
    if (w->packed[j] == in && w->packed_rows[j] == rows && w->packed_cols[j] == cols) return;
    jk_read_loop *const move = jk_reader(w->program->dtype, w->program->input[j]->dtype);
    const ptrdiff_t row_stride = w->row_axis >= 0 ? w->axes.in[j][w->row_axis] : 0;
    const ptrdiff_t col_stride = w->col_axis >= 0 ? w->axes.in[j][w->col_axis] : 0;
    if (cols == 1)
        move(rows, block, in, row_stride);
    else if (row_stride == cols * col_stride)
        move(rows * cols, block, in, col_stride);
    else
        for (ptrdiff_t i = 0; i < rows; i++) move(cols, block + i * cols * w->item, in + i * row_stride, col_stride);
    w->packed[j] = is_summand(w, j) ? NULL : in;
    w->packed_rows[j] = rows;
    w->packed_cols[j] = cols;
}

/* What an output is the sum of, by the places of a loop: rows from `row` on, where they lie or in buffers. */
typedef struct summands {
    const jk_step *step; /* NULL: of an input itself, in all places */
    const void *in[JK_N_IN];
    ptrdiff_t row_stride[JK_N_IN];
} summands;

static summands rows_of(const walk *w, const position *at, int k, ptrdiff_t row, ptrdiff_t cols)
{
    summands s = {.step = w->fused >> k & 1 ? w->fused_step[k] : NULL};
    for (int i = 0; i < JK_N_IN; i++) {
        const int reads = s.step != NULL && s.step->in[i] >= 0;
        const int j = reads ? s.step->in[i] : s.step != NULL ? s.step->in[JK_IN_T] : w->program->result[k];
        const int direct = w->direct_in >> j & 1;
        s.row_stride[i] = direct && w->row_axis >= 0 ? w->axes.in[j][w->row_axis] : cols * w->item;
        s.in[i] = direct ? at->in[j] + row * s.row_stride[i] : w->buffer[j];
    }
    return s;
}

/* into = the sum over rows, which are chained where they lie */
static void sum_chains(const walk *w, const position *at, int k, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t cols,
                       char *into, char *spare)
{
    const summands s = rows_of(w, at, k, row, cols);
    (s.step != NULL ? s.step->sums->chains : w->reduce->chains)(rows, cols, into, spare, s.in, s.row_stride);
}

/* Joins `count` sums, of `cols` columns each and `apart` bytes from each other, in the first. */
static void join_groups(const walk *w, ptrdiff_t count, ptrdiff_t cols, char *sums, ptrdiff_t apart)
{
    if (count == 1) return;
    const ptrdiff_t left = jk_left_part(count, 1);
    join_groups(w, left, cols, sums, apart);
    join_groups(w, count - left, cols, sums + left * apart, apart);
    w->move->add(cols, sums, w->item, sums + left * apart);
}

/* Sums by halves the rows of a flat block, which lie in it or elsewhere, one power of two of them after the other, into
 * its first row. */
static void sum_halves(walk *w, ptrdiff_t rows, ptrdiff_t cols, char *block, const char *lying)
{
    char *const first = block;
    while (rows > 0) {
        const ptrdiff_t part = power_of_two_upto(rows), part_bytes = part * cols * w->item;
        w->reduce->fold_flat(part, cols, block, lying);
        if (block != first) w->move->add(cols, first, w->item, block);
        block += part_bytes;
        lying += part_bytes;
        rows -= part;
    }
}

/* target = the sum over rows of a flat block, in whose place all of it is done; the rows lie in it or elsewhere */
static void sum_flat(walk *w, ptrdiff_t rows, ptrdiff_t cols, char *target, char *block, const char *lying)
{
    const ptrdiff_t row_bytes = cols * w->item, apart = w->group * row_bytes, count = jk_n_runs(rows, w->group);
    for (ptrdiff_t i = 0; i < count; i++)
        sum_halves(w, JK_MIN(w->group, rows - i * w->group), cols, block + i * apart, lying + i * apart);
    join_groups(w, count, cols, block, apart);
    memcpy(target, block, (size_t)row_bytes);
}

/* The sum of each row from `row` on of a step that is summed in its own loop. */
static void sum_each(const walk *w, const position *at, int k, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t cols,
                     const targets *into)
{
    const summands s = rows_of(w, at, k, row, cols);
    s.step->sums->each(rows, cols, into->at[k] + row * w->item, s.in, s.row_stride);
}

/* All steps over `rows` rows of a block from `row` on; what is summed by rows is kept in its buffer from `slot` on. */
static void run_rows(walk *w, const position *at, const targets *into, ptrdiff_t row, ptrdiff_t slot, ptrdiff_t rows,
                     ptrdiff_t cols)
{
    const jk_program *p = w->program;
    const nest *axes = &w->axes;
    const ptrdiff_t kept = rows_are_summed(w) ? slot * cols * w->item : 0;
    for (int j = 0; j < p->n_inputs; j++) {
        char *in = at->in[j] + (row > 0 ? row * axes->in[j][w->row_axis] : 0);
        if (w->direct_in >> j & 1) {
            w->reg[j] = in;
        } else {
            w->reg[j] = w->buffer[j] + (is_summand(w, j) ? kept : 0);
            pack(w, j, in, rows, cols, w->reg[j]);
        }
    }
    for (int k = 0; k < p->n_outputs; k++) {
        if (!((w->outputs & ~w->fused) >> k & 1) || p->result[k] < p->n_inputs) continue;
        if (w->direct_out >> k & 1)
            w->reg[p->result[k]] = at->out[k] + (row > 0 ? row * axes->out[k][w->row_axis] : 0);
        else
            w->reg[p->result[k]] = w->product[k] + (w->sums >> k & 1 ? kept : 0);
    }
    jk_run_steps(p, w->steps, w->reg, rows * cols);
    for (int k = 0; k < p->n_outputs; k++) {
        if (!((w->outputs & ~w->direct_out) >> k & 1)) continue;
        if (w->fused >> k & 1) {
            if (cols_are_summed(w)) sum_each(w, at, k, row, rows, cols, into);
            continue;
        }
        const char *result = w->reg[p->result[k]];
        if (!(w->sums >> k & 1)) {
            const ptrdiff_t row_stride = w->row_axis >= 0 ? axes->out[k][w->row_axis] : 0;
            const ptrdiff_t col_stride = w->col_axis >= 0 ? axes->out[k][w->col_axis] : 0;
            flush(w, k, at->out[k] + row * row_stride, rows, row_stride, cols, col_stride, result);
        } else if (cols_are_summed(w)) {
            w->reduce->sum_each(rows, cols, into->at[k] + row * w->item, result);
        } else if (!rows_are_summed(w)) {
            memcpy(into->at[k], result, (size_t)(rows * cols * w->item));
        }
    }
}

/* Adds the sum of a group of rows from `row` on to what the target holds; the first rows overwrite it, as all of a flat
 * block do. */
static void sum_group(walk *w, const position *at, const targets *into, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t cols)
{
    const jk_program *p = w->program;
    for (int k = 0; k < p->n_outputs; k++) {
        if (!(w->sums >> k & 1)) continue;
        const int reg = p->result[k];
        char *const spare = w->scratch.at, *const group = row > 0 ? spare : into->at[k];
        const int lies = reg < p->n_inputs && (w->direct_in >> reg & 1);
        char *const block = reg < p->n_inputs ? w->buffer[reg] : w->product[k];
        if (w->flat)
            sum_flat(w, rows, cols, group, block, lies ? at->in[reg] : block);
        else if (w->fused >> k & 1 || lies)
            sum_chains(w, at, k, row, rows, cols, group, spare);
        else
            w->reduce->fold_rows(rows, cols, group, block);
        if (row > 0) w->move->add(cols, into->at[k], w->item, group);
    }
}

static jk_status run_block(walk *w, const position *at, const targets *into)
{
    const ptrdiff_t rows = JK_MIN(w->rows, w->n_rows - at->row), cols = JK_MIN(w->cols, w->n_cols - at->col);
    const ptrdiff_t group = w->flat || w->all_chained ? rows : JK_MIN(rows, w->group);
    const int sums_groups = rows_are_summed(w) && !cols_are_summed(w), runs = !(sums_groups && w->all_chained);
    if (w->all_chained && w->fused == w->outputs && cols_are_summed(w)) {
        for (int k = 0; k < w->program->n_outputs; k++)
            if (w->fused >> k & 1) sum_each(w, at, k, 0, rows, cols, into);
        return jk_poll_after(w->poll, (double)(rows * cols));
    }
    for (ptrdiff_t row = 0; row < rows; row += group) {
        const ptrdiff_t n = JK_MIN(group, rows - row);
        for (ptrdiff_t i = 0; i < n && runs; i += w->pass)
            run_rows(w, at, into, row + i, i, JK_MIN(w->pass, n - i), cols);
        if (sums_groups) sum_group(w, at, into, row, n, cols);
    }
    return jk_poll_after(w->poll, (double)(rows * cols));
}

/* ---- walking ------------------------------------------------------------------------------------------------ */

static void advance(const walk *w, position *at, int axis, ptrdiff_t chunks)
{
    const nest *axes = &w->axes;
    const ptrdiff_t n = chunks * (axis == w->col_axis ? w->cols : axis == w->row_axis ? w->rows : 1);
    for (int j = 0; j < w->program->n_inputs; j++) at->in[j] += n * axes->in[j][axis];
    for (int k = 0; k < w->program->n_outputs; k++)
        if (w->outputs >> k & 1) at->out[k] += n * axes->out[k][axis];
    if (axis == w->col_axis) at->col += n;
    if (axis == w->row_axis) at->row += n;
}

/* Sums `count` chunks of the q-th summed axis, and all of the axes behind it, into `into`. */
static jk_status sum_chunks(walk *w, int q, ptrdiff_t count, const position *at, const targets *into)
{
    if (count == 1)
        return q + 1 < w->n_summed ? sum_chunks(w, q + 1, n_chunks(w, w->summed[q + 1]), at, into)
                                   : run_block(w, at, into);
    const ptrdiff_t left = jk_left_part(count, 1);
    JK_TRY(sum_chunks(w, q, left, at, into));
    const jk_scratch scratch = w->scratch;
    targets right = *into;
    for (int k = 0; k < w->program->n_outputs; k++)
        if (w->sums >> k & 1) right.at[k] = take(w, w->target_size);
    position there = *at;
    advance(w, &there, w->summed[q], left);
    JK_TRY(sum_chunks(w, q, count - left, &there, &right));
    for (int k = 0; k < w->program->n_outputs; k++)
        if (w->sums >> k & 1) w->move->add(w->target_size, into->at[k], w->item, right.at[k]);
    w->scratch = scratch;
    return jk_success();
}

/* Everything at one place of the kept axes. */
static jk_status run_place(walk *w, const position *at)
{
    targets into = {{NULL}};
    if (w->sums == 0) return run_block(w, at, &into);
    const jk_scratch scratch = w->scratch;
    const nest *axes = &w->axes;
    const int cols_kept = w->col_axis >= 0 && !axes->summed[w->col_axis];
    const int rows_kept = w->row_axis >= 0 && !axes->summed[w->row_axis];
    const ptrdiff_t rows = rows_kept ? JK_MIN(w->rows, w->n_rows - at->row) : 1;
    const ptrdiff_t cols = cols_kept ? JK_MIN(w->cols, w->n_cols - at->col) : 1;
    for (int k = 0; k < w->program->n_outputs; k++)
        if (w->sums >> k & 1) into.at[k] = take(w, w->target_size);
    JK_TRY(sum_chunks(w, 0, n_chunks(w, w->summed[0]), at, &into));
    for (int k = 0; k < w->program->n_outputs; k++)
        if (w->sums >> k & 1)
            flush(w, k, at->out[k], rows, rows_kept ? axes->out[k][w->row_axis] : 0, cols,
                  cols_kept ? axes->out[k][w->col_axis] : 0, into.at[k]);
    w->scratch = scratch;
    return jk_success();
}

/* The places first <= i < last, the last axis fastest. */
static jk_status walk_places(walk *w, ptrdiff_t first, ptrdiff_t last)
{
    const jk_program *p = w->program;
    position at = {{NULL}, {NULL}, 0, 0};
    for (int j = 0; j < p->n_inputs; j++) at.in[j] = p->input[j]->data;
    for (int k = 0; k < p->n_outputs; k++)
        if (w->outputs >> k & 1) at.out[k] = p->output[k]->data;
    ptrdiff_t index[JK_MAX_NDIM], left = first;
    for (int q = 0; q < w->n_kept; q++) index[q] = 0;
    for (int q = w->n_kept - 1; left > 0; q--) {
        const ptrdiff_t n = n_chunks(w, w->kept[q]);
        index[q] = left % n;
        advance(w, &at, w->kept[q], index[q]);
        left /= n;
    }
    for (ptrdiff_t place = first;;) {
        JK_TRY(run_place(w, &at));
        if (++place == last) return jk_success();
        int q = w->n_kept - 1;
        while (q >= 0 && ++index[q] == n_chunks(w, w->kept[q])) {
            advance(w, &at, w->kept[q], 1 - index[q]);
            index[q--] = 0;
        }
        advance(w, &at, w->kept[q], 1);
    }
}

/* One task's places, with registers and buffers of its own.  It does not poll, and so cannot fail. */
static void walk_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    walk w = *(const walk *)argument;
    jk_poll nobody = {NULL, 0};
    w.slices.at += (size_t)task * w.slices.left;
    w.poll = &nobody;
    (void)jk_place_buffers(&w, w.slices);
    (void)walk_places(&w, first, last);
}

static double n_elements(const nest *axes)
{
    double n = 1;
    for (int d = 0; d < axes->n_axes; d++) n *= (double)axes->shape[d];
    return n;
}

/* All places: on several threads if that pays and the workspace has a slice for each, else on this one. */
jk_status jk_walk(const jk_context *context, walk *w, int only_plans)
{
    _Alignas(JK_ALIGNMENT) char stack[JK_STACK_BYTES];
    const jk_scratch workspace = jk_workspace(context);
    const double cost = n_elements(&w->axes);
    int n_tasks = only_plans ? 1 : jk_n_tasks(context, cost);
    if ((size_t)n_tasks > workspace.left / JK_STACK_BYTES) n_tasks = (int)(workspace.left / JK_STACK_BYTES);
    if (n_tasks > 1) {
        w->slices.at = workspace.at;
        w->slices.left = workspace.left / (size_t)n_tasks / JK_ALIGNMENT * JK_ALIGNMENT;
        if (jk_plan(w, n_tasks, w->slices).error == JK_OK && jk_n_places(w) > 1)
            return jk_split(context, n_tasks, jk_n_places(w), cost, walk_share, w);
    }
    JK_TRY(jk_plan(w, 1, jk_larger_scratch(context, stack)));
    if (only_plans) return jk_success();
    return walk_places(w, 0, jk_n_places(w));
}
