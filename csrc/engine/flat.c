#include "engine/flat.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "table/tree.h"

/* From so many elements on it pays to begin stores at lines of the cache. */
enum { LONG_ENOUGH = 4096 };

/* Whether no step needs the number of an input as often as there are elements. */
static int is_read_as_one(const jk_program *p, int input)
{
    for (int s = 0; s < p->n_steps; s++)
        for (int i = 0; i < JK_N_IN; i++)
            if (p->step[s].in[i] == input && !(p->step[s].ones >> i & 1)) return 0;
    return 1;
}

int jk_is_flat(const jk_program *p, int ndim, const ptrdiff_t *shape)
{
    for (int j = 0; j < p->n_inputs + p->n_outputs; j++) {
        const jk_view *v = j < p->n_inputs ? p->input[j] : p->output[j - p->n_inputs];
        if (v->dtype != p->dtype) return 0;
        if (j < p->n_inputs && (p->ones >> j & 1) && is_read_as_one(p, j)) continue;
        if (v->ndim != ndim) return 0;
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

/* How many elements lie before the first line of the cache that an output fills: with them in a block of their own, all
 * registers behind them are stored to one line each.  None where a vector is too short for that to pay, or no line holds
 * whole elements. */
static ptrdiff_t lead_of(const char *output, ptrdiff_t n, ptrdiff_t item)
{
    const ptrdiff_t before = (ptrdiff_t)((JK_ALIGNMENT - (uintptr_t)output % JK_ALIGNMENT) % JK_ALIGNMENT);
    return n < LONG_ENOUGH || before % item != 0 ? 0 : before / item;
}

/* Pieces of JK_STEP_BLOCK elements, first <= i < last of one long vector. */
static jk_status run_stretch(const jk_context *context, const jk_program *p, ptrdiff_t first, ptrdiff_t last)
{
    _Alignas(JK_ALIGNMENT) char stack[JK_STACK_BYTES];
    jk_poll poll = {context, 0};
    const ptrdiff_t item = jk_itemsize(p->dtype);
    const int n_spare = p->n_registers - p->n_inputs - (p->accumulate ? 0 : p->n_outputs);
    void (*const add)(ptrdiff_t, void *, ptrdiff_t, const void *) = jk_move_of(p->dtype)->add;
    ptrdiff_t block = p->accumulate ? JK_STEP_BLOCK : jk_block_length(p);
    if (n_spare > 0) {
        const ptrdiff_t room = JK_STACK_BYTES / n_spare / JK_ALIGNMENT * JK_ALIGNMENT;
        block = JK_MIN(block, JK_MAX(room / item, 1));
    }
    char *registers[JK_MAX_REGISTERS], *spare = stack;
    unsigned results = 0;
    for (int k = 0; k < p->n_outputs && !p->accumulate; k++) results |= 1u << p->result[k];
    for (int reg = p->n_inputs; reg < p->n_registers; reg++) {
        if (results >> reg & 1) continue;
        registers[reg] = spare;
        spare += block * item;
    }
    const ptrdiff_t n = JK_MIN(last * JK_STEP_BLOCK, jk_size(p->output[0]));
    ptrdiff_t i = first * JK_STEP_BLOCK;
    const ptrdiff_t lead = lead_of((char *)p->output[0]->data + i * item, n - i, item);
    for (ptrdiff_t m = lead > 0 ? JK_MIN(lead, block) : block; i < n; i += m, m = block) {
        m = JK_MIN(m, n - i);
        for (int j = 0; j < p->n_inputs; j++)
            registers[j] = (char *)p->input[j]->data + (p->ones >> j & 1 ? 0 : i * item);
        for (int k = 0; k < p->n_outputs && !p->accumulate; k++)
            registers[p->result[k]] = (char *)p->output[k]->data + i * item;
        jk_run_steps(p, (1u << p->n_steps) - 1, registers, m);
        for (int k = 0; k < p->n_outputs && p->accumulate; k++)
            add(m, (char *)p->output[k]->data + i * item, item, registers[p->result[k]]);
        JK_TRY(jk_poll_after(&poll, (double)m));
    }
    return jk_success();
}

static void run_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    (void)run_stretch(NULL, argument, first, last);
}

jk_status jk_run_flat(const jk_context *context, const jk_program *p)
{
    const ptrdiff_t n = jk_size(p->output[0]), n_pieces = jk_n_runs(n, JK_STEP_BLOCK);
    const int n_tasks = jk_n_tasks(context, (double)n);
    if (n_tasks == 1) return run_stretch(context, p, 0, n_pieces);
    return jk_split(context, n_tasks, n_pieces, (double)n, run_share, (void *)p);
}
