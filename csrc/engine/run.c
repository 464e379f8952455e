#include "engine/run.h"
#include "engine/environment.h"
#include "engine/boxes.h"
#include "engine/flat.h"
#include "engine/passes.h"

static int fits(const jk_view *view, int ndim, const ptrdiff_t *shape)
{
    if (view->ndim > ndim) return 0;
    for (int k = 0; k < view->ndim; k++) {
        const ptrdiff_t n = shape[ndim - view->ndim + k];
        if (view->shape[k] != n && view->shape[k] != 1) return 0;
    }
    return 1;
}

/* Where the memory of all inputs and outputs lies. */
typedef struct spans {
    jk_span input[JK_MAX_INPUTS], output[JK_MAX_OUTPUTS];
} spans;

static jk_status check(const jk_program *p, int ndim, const ptrdiff_t *shape, spans *s)
{
    if (ndim > JK_MAX_NDIM) return jk_fail(JK_NDIM, -1);
    for (int j = 0; j < p->n_inputs; j++) {
        if (!fits(p->input[j], ndim, shape)) return jk_fail(JK_SHAPE, p->input_argument[j]);
        s->input[j] = jk_span_of(p->input[j]);
    }
    for (int k = 0; k < p->n_outputs; k++) {
        if (!fits(p->output[k], ndim, shape)) return jk_fail(JK_SHAPE, p->output_argument[k]);
        s->output[k] = jk_span_of(p->output[k]);
        for (int l = 0; l < k; l++)
            if (!jk_are_apart(s->output[k], s->output[l]) && jk_meet(p->output[k], p->output[l]) != JK_APART)
                return jk_fail(JK_SELF_OVERLAP, p->output_argument[k]);
    }
    return jk_success();
}

/* An output may be exactly one of the inputs where every element is read in the step that overwrites it. */
static jk_status check_overlap(const jk_program *p, const spans *s, unsigned sums, int one_pass)
{
    for (int k = 0; k < p->n_outputs; k++)
        for (int j = 0; j < p->n_inputs; j++) {
            if (jk_are_apart(s->input[j], s->output[k])) continue;
            const jk_meeting meeting = jk_meet(p->input[j], p->output[k]);
            int in_place = one_pass && !(sums >> k & 1);
            for (int l = 0; l < p->n_outputs; l++) /* another output that is this input itself reads it later */
                if (l != k && p->result[l] == j) in_place = 0;
            if (meeting == JK_PARTLY || (meeting == JK_SAME && !in_place))
                return jk_fail(JK_OVERLAP, p->input_argument[j]);
        }
    return jk_success();
}

static void zero_output(const jk_view *view, const jk_move_loops *move)
{
    ptrdiff_t index[JK_MAX_NDIM] = {0};
    char *at = view->data;
    const int last = view->ndim - 1;
    if (jk_size(view) == 0) return;
    for (;;) {
        move->zero(last >= 0 ? view->shape[last] : 1, at, last >= 0 ? view->strides_in_bytes[last] : 0);
        int d = last - 1;
        while (d >= 0 && ++index[d] == view->shape[d]) {
            at -= (index[d] - 1) * view->strides_in_bytes[d];
            index[d--] = 0;
        }
        if (d < 0) return;
        at += view->strides_in_bytes[d];
    }
}

static int has_none(int ndim, const ptrdiff_t *shape)
{
    for (int d = 0; d < ndim; d++)
        if (shape[d] == 0) return 1;
    return 0;
}

/* Nothing is read; outputs that have elements sum over an axis that has none. */
static jk_status write_sums_of_nothing(const jk_program *program)
{
    for (int k = 0; k < program->n_outputs && !program->accumulate; k++) {
        const jk_move_loops *move = jk_move_of(program->output[k]->dtype);
        if (move == NULL) return jk_fail(JK_NO_INIT, -1);
        zero_output(program->output[k], move);
    }
    return jk_success();
}

/* 12 registers of 1024 doubles, and for each of three outputs a block's sum at every one of 45 right turns; larger blocks,
 * of fewer turns, are cut to fit. */
size_t jk_pointwise_workspace(void) { return (size_t)1 << 19; }

static jk_status run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    spans s;
    JK_TRY(check(program, ndim, shape, &s));
    if (has_none(ndim, shape)) return write_sums_of_nothing(program);
    const outline o = jk_outline(program, ndim, shape);
    JK_TRY(check_overlap(program, &s, o.sums, o.one_pass));
    if (o.sums == 0 && o.computed != 0 && jk_is_flat(program, ndim, shape)) return jk_run_flat(context, program);
    const unsigned all = (1u << program->n_outputs) - 1;
    if (!o.one_pass && o.sums == all && o.computed == all) {
        const jk_status status = jk_run_boxes(context, program, ndim, shape);
        if (status.error != JK_WORKSPACE) return status;
    }
    /* several passes are all planned before the first writes anything */
    jk_poll poll = {context, 0};
    if (!o.one_pass) JK_TRY(jk_run_passes(context, &poll, program, ndim, shape, &o, 1));
    JK_TRY(jk_run_passes(context, &poll, program, ndim, shape, &o, 0));
    /* last, because an output that is zero may be an input */
    for (int k = 0; k < program->n_outputs; k++)
        if (!(o.computed >> k & 1) && !program->accumulate)
            zero_output(program->output[k], jk_move_of(program->output[k]->dtype));
    return jk_success();
}

jk_status jk_run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    const jk_environment before = jk_enter();
    return jk_left(before, run(context, program, ndim, shape));
}
