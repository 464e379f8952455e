#include "engine/ndloop.h"
#include "engine/boxes.h"
#include "engine/threads.h"
#include "engine/walk.h"

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
        jk_run_steps(&r, JK_MIN(block, n - i));
        JK_TRY(jk_poll(&r, block));
    }
    return jk_success();
}

static void run_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    (void)run_stretch(NULL, argument, first, last);
}

/* 12 registers of JK_RUN doubles, and for each of three outputs a block's sum at every one of 45 right turns. */
size_t jk_pointwise_workspace(void) { return (size_t)1 << 19; }

static jk_status run_flat(const jk_context *context, const jk_program *p)
{
    const ptrdiff_t n = jk_size(p->output[0]), n_pieces = n / STEP_BLOCK + (n % STEP_BLOCK != 0);
    const int n_tasks = jk_n_tasks(context, (double)n);
    if (n_tasks == 1) return run_stretch(context, p, 0, n_pieces);
    return jk_split(context, n_tasks, n_pieces, (double)n, run_share, (void *)p);
}

/* How a program is run: which outputs are computed, and over which axes each is summed, one bit per axis. */
typedef struct outline {
    unsigned computed, sums;
    unsigned long long mask[JK_MAX_OUTPUTS];
    int one_pass; /* all that are summed are summed over the same axes */
} outline;

static outline outline_of(const jk_program *p, int ndim, const ptrdiff_t *shape)
{
    outline o = {0, 0, {0}, 1};
    unsigned long long first = 0;
    int empty = 0;
    for (int d = 0; d < ndim; d++) empty |= shape[d] == 0;
    for (int k = 0; k < p->n_outputs; k++) {
        o.mask[k] = summed_axes(p->output[k], ndim, shape);
        if (p->result[k] >= 0 && !empty) o.computed |= 1u << k;
        if (o.mask[k] == 0) continue;
        o.sums |= 1u << k;
        if (first == 0) first = o.mask[k];
        if (o.mask[k] != first) o.one_pass = 0;
    }
    return o;
}

/* Outputs that are summed over the same axes share a pass; those that are not summed join the first. */
static jk_status run_passes(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape,
                            const outline *o, int only_plans)
{
    unsigned pending = o->computed;
    while (pending != 0) {
        run r;
        r.context = context;
        r.program = program;
        r.loops = jk_loops_of(program->dtype);
        r.item = jk_itemsize(program->dtype);
        r.outputs = r.sums = 0;
        r.n_unpolled = 0;
        unsigned long long alike = 0;
        for (int k = 0; k < program->n_outputs; k++) {
            if (!(pending >> k & 1)) continue;
            if (o->mask[k] != 0 && alike == 0) alike = o->mask[k];
            if (o->mask[k] == 0 || o->mask[k] == alike) r.outputs |= 1u << k;
            if (o->mask[k] != 0 && o->mask[k] == alike) r.sums |= 1u << k;
        }
        pending &= ~r.outputs;
        r.steps = needed_steps(program, r.outputs);
        jk_build_nest(&r, ndim, shape);
        JK_TRY(jk_walk(&r, only_plans));
    }
    return jk_success();
}

/* The pass over one box. */
static jk_status run_box(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    const outline o = outline_of(program, ndim, shape);
    return run_passes(context, program, ndim, shape, &o, 0);
}

jk_status jk_run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    JK_TRY(check(program, ndim, shape));
    const outline o = outline_of(program, ndim, shape);
    JK_TRY(check_overlap(program, o.sums, o.one_pass));
    if (o.sums == 0 && o.computed != 0 && is_flat(program, ndim, shape)) return run_flat(context, program);
    const unsigned all = (1u << program->n_outputs) - 1;
    if (!o.one_pass && o.sums == all && o.computed == all) {
        const jk_status status = jk_run_boxes(context, program, ndim, shape, run_box);
        if (status.error != JK_WORKSPACE) return status;
    }
    /* several passes are all planned before the first writes anything */
    if (!o.one_pass) JK_TRY(run_passes(context, program, ndim, shape, &o, 1));
    JK_TRY(run_passes(context, program, ndim, shape, &o, 0));
    /* last, because an output that is zero may be an input */
    for (int k = 0; k < program->n_outputs; k++)
        if (!(o.computed >> k & 1) && !program->accumulate)
            zero_output(program->output[k], jk_loops_of(program->output[k]->dtype));
    return jk_success();
}
