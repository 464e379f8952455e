/* Pointwise products as programs: which loops to run on which registers, for each of value, JVP, VJP and double backward. */
#include "ndloop.h"

#include <string.h>

/* A program while it is written, with the registers of the arguments and of y. */
typedef struct writer {
    jk_program program;
    const jk_op *op;
    const jk_op_loops *loops;
    int args[JK_MAX_ARGS], y; /* registers; -1: absent */
    int y_argument;
    int failed; /* 1 + the argument that is missing */
} writer;

static int is_zero(const char *expression) { return strcmp(expression, "ZERO") == 0; }

/* A second derivative reads at most what the first ones together read. */
static unsigned second_reads(const jk_op *op) { return op->reads[0] | op->reads[1] | op->reads[2]; }

static int add_input(writer *w, const jk_view *view, int argument)
{
    jk_program *p = &w->program;
    const int reg = p->n_inputs++;
    p->input[reg] = view;
    p->input_argument[reg] = argument;
    p->n_registers = p->n_inputs;
    if (view->dtype == JK_FLOAT64) p->dtype = JK_FLOAT64;
    return reg;
}

/* Arguments that are read become inputs; so does y where it is read and given. */
static void add_arguments(writer *w, const jk_view *const *args, int first_argument, const jk_view *y, unsigned reads)
{
    const int n = w->op->n_args;
    w->y_argument = first_argument + n;
    w->y = -1;
    if (reads & JK_READS_Y) {
        if (y != NULL)
            w->y = add_input(w, y, w->y_argument);
        else
            reads |= (1u << n) - 1; /* y is computed from all arguments */
    }
    for (int k = 0; k < n; k++) {
        w->args[k] = -1;
        if (!(reads >> k & 1)) continue;
        if (args[k] != NULL)
            w->args[k] = add_input(w, args[k], first_argument + k);
        else if (w->failed == 0)
            w->failed = 1 + first_argument + k;
    }
}

/* Inputs are complete: the dtype is known, and with it the loops. */
static jk_status begin_steps(writer *w, unsigned reads)
{
    if (w->failed != 0) return jk_fail(JK_NULL_VIEW, w->failed - 1);
    const jk_loops *loops = jk_loops_of(w->program.dtype);
    if (loops == NULL) return jk_fail(JK_NO_INIT, -1);
    w->loops = &loops->op[w->op - jk_op_at(0)];
    if ((reads & JK_READS_Y) && w->y < 0) {
        jk_program *p = &w->program;
        jk_step *step = &p->step[p->n_steps++];
        memset(step, 0, sizeof *step);
        for (int k = 0; k < w->op->n_args; k++) step->in[JK_IN_A + k] = (signed char)w->args[k];
        step->loop = w->loops->value;
        w->y = p->n_registers++;
        step->out = (signed char)w->y;
    }
    return jk_success();
}

/* A new register = loop(t, arguments, y, h), added to `sum` if that is a register. */
static int add_step(writer *w, jk_pointwise_loop *loop, int t, int h, int sum)
{
    jk_program *p = &w->program;
    jk_step *step = &p->step[p->n_steps++];
    memset(step, 0, sizeof *step);
    if (t >= 0) step->in[JK_IN_T] = (signed char)t;
    if (h >= 0) step->in[JK_IN_H] = (signed char)h;
    for (int k = 0; k < w->op->n_args; k++)
        if (w->args[k] >= 0) step->in[JK_IN_A + k] = (signed char)w->args[k];
    if (w->y >= 0) step->in[JK_IN_Y] = (signed char)w->y;
    step->loop = loop;
    step->out = (signed char)p->n_registers++;
    step->add_to = (signed char)(sum > 0 ? sum : 0);
    return sum > 0 ? sum : step->out;
}

static void add_output(writer *w, const jk_view *view, int argument, int result)
{
    jk_program *p = &w->program;
    p->output[p->n_outputs] = view;
    p->output_argument[p->n_outputs] = argument;
    p->result[p->n_outputs++] = (signed char)result;
}

static jk_status begin(writer *w, int op, int accumulate)
{
    w->op = jk_op_at(op);
    if (w->op == NULL) return jk_fail(JK_UNKNOWN_OP, -1);
    jk_program *p = &w->program;
    p->dtype = JK_FLOAT32;
    p->accumulate = accumulate != 0;
    p->n_inputs = p->n_outputs = p->n_registers = p->n_steps = 0;
    w->failed = 0;
    return jk_success();
}

static jk_status run_over(const jk_context *context, const writer *w, const jk_view *like)
{
    return jk_run(context, &w->program, like->ndim, like->shape);
}

/* The output of a value or a JVP has exactly the shape that the inputs broadcast to. */
static jk_status check_result(const jk_view *out, int argument, const jk_view *const *views, int n_views)
{
    for (int k = 0; k < n_views; k++)
        if (views[k] != NULL) JK_TRY(jk_check_input(views[k], k));
    JK_TRY(jk_check_output(out, argument));
    for (int d = 0; d < out->ndim; d++) {
        int wanted = out->shape[d] == 1;
        for (int k = 0; k < n_views && !wanted; k++) {
            const int e = views[k] != NULL ? d - (out->ndim - views[k]->ndim) : -1;
            wanted = e >= 0 && views[k]->shape[e] == out->shape[d];
        }
        if (!wanted) return jk_fail(JK_SHAPE, argument);
    }
    return jk_success();
}

jk_status jk_pointwise_value(const jk_context *context, int op, const jk_view *const *args, const jk_view *out,
                             int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args;
    const unsigned all = (1u << n) - 1;
    add_arguments(&w, args, 0, NULL, all);
    JK_TRY(begin_steps(&w, all));
    JK_TRY(check_result(out, n, args, n));
    add_output(&w, out, n, add_step(&w, w.loops->value, -1, -1, -1));
    return run_over(context, &w, out);
}

jk_status jk_pointwise_jvp(const jk_context *context, int op, const jk_view *const *tangents,
                           const jk_view *const *args, const jk_view *y, const jk_view *out, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args, out_argument = 2 * n + 1;
    unsigned reads = 0;
    int t[JK_MAX_ARGS], n_tangents = 0;
    for (int k = 0; k < n; k++) {
        t[k] = -1;
        if (tangents[k] == NULL) continue;
        t[k] = add_input(&w, tangents[k], k);
        reads |= w.op->reads[k];
        n_tangents++;
        JK_TRY(jk_check_input(tangents[k], k));
        if (args[k] == NULL) continue;
        JK_TRY(jk_check_input(args[k], n + k));
        if (!jk_same_shape(tangents[k], args[k])) return jk_fail(JK_SHAPE, k);
    }
    if (n_tangents == 0) return jk_fail(JK_NULL_VIEW, 0);
    add_arguments(&w, args, n, y, reads);
    JK_TRY(begin_steps(&w, reads));
    if (out == NULL) return jk_fail(JK_NULL_VIEW, out_argument);
    const jk_view *shapes[2 * JK_MAX_ARGS + 1] = {NULL};
    for (int k = 0; k < n; k++) {
        shapes[k] = tangents[k];
        shapes[n + k] = args[k];
    }
    shapes[2 * n] = y;
    JK_TRY(check_result(out, out_argument, shapes, 2 * n + 1));
    int sum = -1;
    for (int k = 0; k < n; k++)
        if (t[k] >= 0) sum = add_step(&w, w.loops->derivative[k], t[k], -1, sum);
    add_output(&w, out, out_argument, sum);
    return run_over(context, &w, out);
}

jk_status jk_pointwise_vjp(const jk_context *context, int op, const jk_view *y_bar, const jk_view *const *args,
                           const jk_view *y, const jk_view *const *outs, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    if (y_bar == NULL) return jk_fail(JK_NULL_VIEW, 0);
    const int n = w.op->n_args;
    unsigned reads = 0;
    for (int k = 0; k < n; k++)
        if (outs[k] != NULL) reads |= w.op->reads[k];
    const int t = add_input(&w, y_bar, 0);
    add_arguments(&w, args, 1, y, reads);
    JK_TRY(begin_steps(&w, reads));
    for (int k = 0; k < n; k++) {
        if (outs[k] == NULL) continue;
        /* where the derivative is 1 and something is summed, the cotangent itself is what is summed */
        const int is_one = strcmp(w.op->derivative[k], "1") == 0 && !jk_same_shape(outs[k], y_bar);
        add_output(&w, outs[k], 2 + n + k, is_one ? t : add_step(&w, w.loops->derivative[k], t, -1, -1));
    }
    return run_over(context, &w, y_bar);
}

jk_status jk_pointwise_vjp2(const jk_context *context, int op, const jk_view *const *h, const jk_view *y_bar,
                            const jk_view *const *args, const jk_view *y, const jk_view *const *outs, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args;
    if (y_bar == NULL) return jk_fail(JK_NULL_VIEW, n);
    int cotangent[JK_MAX_ARGS];
    unsigned reads = 0;
    for (int k = 0; k < n; k++) {
        cotangent[k] = -1;
        if (h[k] == NULL) continue;
        cotangent[k] = add_input(&w, h[k], k);
        if (outs[0] != NULL) reads |= w.op->reads[k];
        for (int i = 0; i < n; i++)
            if (outs[1 + i] != NULL && !is_zero(w.op->second[jk_second(i, k)])) reads |= second_reads(w.op);
    }
    const int t = add_input(&w, y_bar, n);
    add_arguments(&w, args, n + 1, y, reads);
    JK_TRY(begin_steps(&w, reads));
    for (int i = 0; i < n + 1; i++) {
        if (outs[i] == NULL) continue;
        int sum = -1;
        for (int k = 0; k < n; k++) {
            if (cotangent[k] < 0) continue;
            if (i == 0)
                sum = add_step(&w, w.loops->derivative[k], cotangent[k], -1, sum);
            else if (!is_zero(w.op->second[jk_second(i - 1, k)]))
                sum = add_step(&w, w.loops->second[jk_second(i - 1, k)], t, cotangent[k], sum);
        }
        add_output(&w, outs[i], 2 * n + 2 + i, sum);
    }
    return run_over(context, &w, y_bar);
}

jk_status jk_unbroadcast(const jk_context *context, const jk_view *g, const jk_view *out, int accumulate)
{
    if (g == NULL) return jk_fail(JK_NULL_VIEW, 0);
    if (jk_loops_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    writer w;
    JK_TRY(begin(&w, 0, accumulate));
    add_output(&w, out, 1, add_input(&w, g, 0));
    return run_over(context, &w, g);
}
