#include "engine/passes.h"
#include "engine/walk.h"

static unsigned long long summed_axes(const jk_view *output, int ndim, const ptrdiff_t *shape)
{
    unsigned long long mask = 0;
    for (int d = 0; d < ndim; d++)
        if (shape[d] != 1 && jk_is_stretched(output, ndim, d)) mask |= 1ull << d;
    return mask;
}

outline jk_outline(const jk_program *p, int ndim, const ptrdiff_t *shape)
{
    unsigned long long mask[JK_MAX_OUTPUTS], first = 0;
    unsigned sums = 0, computed = 0;
    int one_pass = 1, empty = 0;
    for (int d = 0; d < ndim; d++) empty |= shape[d] == 0;
    for (int k = 0; k < p->n_outputs; k++) {
        mask[k] = summed_axes(p->output[k], ndim, shape);
        if (p->result[k] >= 0 && !empty) computed |= 1u << k;
        if (mask[k] == 0) continue;
        sums |= 1u << k;
        if (first == 0) first = mask[k];
        if (mask[k] != first) one_pass = 0;
    }
    outline o; /* written in one go: what is read soon after it is written in other widths waits */
    o.sums = sums;
    o.computed = computed;
    o.one_pass = one_pass;
    for (int k = 0; k < p->n_outputs; k++) o.mask[k] = mask[k];
    return o;
}

/* Outputs that are summed over the same axes share a pass; those that are not summed join the first. */
jk_status jk_run_passes(const jk_context *context, jk_poll *poll, const jk_program *program, int ndim,
                        const ptrdiff_t *shape, const outline *o, int only_plans)
{
    unsigned pending = o->computed;
    while (pending != 0) {
        walk w;
        w.poll = poll;
        w.program = program;
        w.move = jk_move_of(program->dtype);
        w.reduce = jk_reduce_of(program->dtype);
        w.item = jk_itemsize(program->dtype);
        w.outputs = w.sums = 0;
        unsigned long long alike = 0;
        for (int k = 0; k < program->n_outputs; k++) {
            if (!(pending >> k & 1)) continue;
            if (o->mask[k] != 0 && alike == 0) alike = o->mask[k];
            if (o->mask[k] == 0 || o->mask[k] == alike) w.outputs |= 1u << k;
            if (o->mask[k] != 0 && o->mask[k] == alike) w.sums |= 1u << k;
        }
        pending &= ~w.outputs;
        w.steps = jk_steps_to(program, w.outputs);
        jk_build_nest(&w, ndim, shape);
        JK_TRY(jk_walk(context, &w, only_plans));
    }
    return jk_success();
}
