/* Pointwise products as programs: which loops to run on which registers, for each of value, JVP, VJP and double backward. */
#include "engine/run.h"

/* A program while it is written, with the registers of the arguments and of y. */
typedef struct writer {
    jk_program program;
    const jk_op *op;
    const jk_op_loops *loops;
    int args[JK_MAX_ARGS], y; /* registers; -1: absent */
    int y_argument;
    int failed; /* 1 + the argument that is missing */
} writer;

/* Whether the second derivative by arguments i and j vanishes identically. */
static int is_zero(const jk_op *op, int i, int j)
{
    return op->second[jk_second(i, j)] == NULL && op->second_from_y == NULL;
}

/* A second derivative reads at most what the first ones together read. */
static unsigned second_reads(const jk_op *op) { return op->reads[0] | op->reads[1] | op->reads[2]; }

/* Whether y has to be computed where it is read and not given: derivatives of one argument may have a form from x. */
static int needs_y(const jk_op *op) { return op->n_args > 1 || op->first[0] == NULL; }

static jk_pointwise_loop *first_loop(const writer *w, int k)
{
    return w->y >= 0 && w->loops->first_from_y != NULL ? w->loops->first_from_y : w->loops->first[k];
}

static jk_pointwise_loop *second_loop(const writer *w, int i, int j)
{
    return w->y >= 0 && w->loops->second_from_y != NULL ? w->loops->second_from_y : w->loops->second[jk_second(i, j)];
}

/* Arguments that are read become inputs; so does y where it is read and given. */
static void add_arguments(writer *w, const jk_view *const *args, int first_argument, const jk_view *y, unsigned reads)
{
    const int n = w->op->n_args;
    w->y_argument = first_argument + n;
    w->y = -1;
    if (reads & JK_READS_Y) {
        if (y != NULL)
            w->y = jk_add_input(&w->program, y, w->y_argument);
        else
            reads |= (1u << n) - 1; /* the arguments instead, or y computed from them */
    }
    for (int k = 0; k < n; k++) {
        w->args[k] = -1;
        if (!(reads >> k & 1)) continue;
        if (args[k] != NULL)
            w->args[k] = jk_add_input(&w->program, args[k], first_argument + k);
        else if (w->failed == 0)
            w->failed = 1 + first_argument + k;
    }
}

/* Inputs are complete: the dtype is known, and with it the loops. */
static jk_status begin_steps(writer *w, unsigned reads)
{
    if (w->failed != 0) return jk_fail(JK_NULL_VIEW, w->failed - 1);
    const jk_pointwise_loops *pointwise = jk_pointwise_of(w->program.dtype);
    if (pointwise == NULL) return jk_fail(JK_NO_INIT, -1);
    w->loops = &pointwise->op[w->op - jk_op_at(0)];
    if ((reads & JK_READS_Y) && w->y < 0 && needs_y(w->op)) {
        w->y = jk_add_step(&w->program, w->loops->value, w->args, w->op->n_args, 1)->out;
    }
    return jk_success();
}

/* A new register = loop(t, arguments, y, h), added to `sum` if that is a register. */
static int add_step(writer *w, jk_pointwise_loop *loop, int t, int h, int sum)
{
    jk_step *step = jk_add_step(&w->program, loop, w->args, w->op->n_args, h < 0);
    if (t >= 0) step->in[JK_IN_T] = (signed char)t;
    if (h >= 0) step->in[JK_IN_H] = (signed char)h;
    if (w->y >= 0) step->in[JK_IN_Y] = (signed char)w->y;
    step->add_to = (signed char)(sum > 0 ? sum : 0);
    return sum > 0 ? sum : step->out;
}

static jk_status begin(writer *w, int op, int accumulate)
{
    w->op = jk_op_at(op);
    if (w->op == NULL) return jk_fail(JK_UNKNOWN_OP, -1);
    jk_begin_program(&w->program, accumulate);
    w->failed = 0;
    return jk_success();
}

static jk_status run_over(const jk_context *context, const writer *w, const jk_view *like)
{
    return jk_run(context, &w->program, like->ndim, like->shape);
}

/* `whole` has exactly the shape that n views broadcast to; where one of them is not given, a shape that it may be. */
static jk_status check_broadcast(const jk_view *whole, int argument, const jk_view *const *views, int n,
                                 int first_argument)
{
    int ndim = 0, complete = 1;
    for (int k = 0; k < n; k++) {
        if (views[k] == NULL)
            complete = 0;
        else
            ndim = JK_MAX(ndim, views[k]->ndim);
    }
    if (complete ? ndim != whole->ndim : ndim > whole->ndim) return jk_fail(JK_SHAPE, argument);
    for (int d = 1; d <= ndim; d++) { /* from the last axis */
        ptrdiff_t length = 1;
        for (int k = 0; k < n; k++) {
            if (views[k] == NULL || d > views[k]->ndim) continue;
            const ptrdiff_t own = views[k]->shape[views[k]->ndim - d];
            if (own != 1 && length != 1 && own != length) return jk_fail(JK_SHAPE, first_argument + k);
            if (own != 1) length = own;
        }
        if (length != whole->shape[whole->ndim - d] && (complete || length != 1)) return jk_fail(JK_SHAPE, argument);
    }
    return jk_success();
}

static jk_status check_inputs(const jk_view *const *views, int n, int first_argument)
{
    for (int k = 0; k < n; k++)
        if (views[k] != NULL) JK_TRY(jk_check_input(views[k], first_argument + k));
    return jk_success();
}

/* Views that are given on both sides have the same shape. */
static jk_status check_like(const jk_view *const *views, const jk_view *const *like, int n, int first_argument)
{
    for (int k = 0; k < n; k++)
        if (views[k] != NULL && like[k] != NULL && !jk_same_shape(views[k], like[k]))
            return jk_fail(JK_SHAPE, first_argument + k);
    return jk_success();
}

/* The shapes of a cotangent and of what it is the cotangent of: `like`, one view of the shape of each argument, or NULL. */
static jk_status check_cotangent(const jk_view *y_bar, int argument, const jk_view *const *args,
                                 const jk_view *const *like, const jk_view *y, int n)
{
    JK_TRY(jk_check_input(y_bar, argument));
    JK_TRY(check_inputs(args, n, argument + 1));
    JK_TRY(check_inputs(&y, 1, argument + 1 + n));
    JK_TRY(check_broadcast(y_bar, argument, like, n, argument + 1));
    return check_like(&y, &y_bar, 1, argument + 1 + n);
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
    JK_TRY(check_inputs(args, n, 0));
    JK_TRY(jk_check_output(out, n));
    JK_TRY(check_broadcast(out, n, args, n, 0));
    jk_add_output(&w.program, out, n, add_step(&w, w.loops->value, -1, -1, -1));
    return run_over(context, &w, out);
}

jk_status jk_pointwise_jvp(const jk_context *context, int op, const jk_view *const *tangents,
                           const jk_view *const *args, const jk_view *y, const jk_view *out, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args, out_argument = 2 * n + 1;
    JK_TRY(check_inputs(tangents, n, 0));
    JK_TRY(check_inputs(args, n, n));
    JK_TRY(check_inputs(&y, 1, 2 * n));
    JK_TRY(check_like(tangents, args, n, 0));
    JK_TRY(jk_check_output(out, out_argument));
    const jk_view *shapes[JK_MAX_ARGS];
    for (int k = 0; k < n; k++) shapes[k] = tangents[k] != NULL ? tangents[k] : args[k];
    JK_TRY(check_broadcast(out, out_argument, shapes, n, n));
    JK_TRY(check_like(&y, &out, 1, 2 * n));
    unsigned reads = 0;
    int t[JK_MAX_ARGS], n_tangents = 0;
    for (int k = 0; k < n; k++) {
        t[k] = -1;
        if (tangents[k] == NULL) continue;
        t[k] = jk_add_input(&w.program, tangents[k], k);
        reads |= w.op->reads[k];
        n_tangents++;
    }
    if (n_tangents == 0) return jk_fail(JK_NULL_VIEW, 0);
    add_arguments(&w, args, n, y, reads);
    JK_TRY(begin_steps(&w, reads));
    int sum = -1;
    for (int k = 0; k < n; k++)
        if (t[k] >= 0) sum = add_step(&w, first_loop(&w, k), t[k], -1, sum);
    jk_add_output(&w.program, out, out_argument, sum);
    return run_over(context, &w, out);
}

jk_status jk_pointwise_vjp(const jk_context *context, int op, const jk_view *y_bar, const jk_view *const *args,
                           const jk_view *y, const jk_view *const *outs, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args;
    const jk_view *like[JK_MAX_ARGS] = {NULL};
    unsigned reads = 0;
    for (int k = 0; k < n; k++) {
        like[k] = args[k] != NULL ? args[k] : outs[k];
        if (outs[k] == NULL) continue;
        JK_TRY(jk_check_output(outs[k], 2 + n + k));
        reads |= w.op->reads[k];
    }
    JK_TRY(check_cotangent(y_bar, 0, args, like, y, n));
    JK_TRY(check_like(outs, args, n, 2 + n));
    /* of three arguments all that are given shape the walk, so that a sum has the same tree whichever are wanted */
    for (int k = 0; k < n && n == 3; k++)
        if (args[k] != NULL) reads |= (unsigned)JK_READS_A << k;
    const int t = jk_add_input(&w.program, y_bar, 0);
    add_arguments(&w, args, 1, y, reads);
    JK_TRY(begin_steps(&w, reads));
    for (int k = 0; k < n; k++) {
        if (outs[k] == NULL) continue;
        /* where the product is the cotangent and something is summed, the cotangent itself is what is summed */
        const int is_t = jk_passes_on[op][k] && !jk_same_shape(outs[k], y_bar);
        jk_add_output(&w.program, outs[k], 2 + n + k, is_t ? t : add_step(&w, first_loop(&w, k), t, -1, -1));
        if (!is_t && w.loops->sums_of_first[k].each != NULL)
            w.program.step[w.program.n_steps - 1].sums = &w.loops->sums_of_first[k];
    }
    return run_over(context, &w, y_bar);
}

jk_status jk_pointwise_vjp2(const jk_context *context, int op, const jk_view *const *h, const jk_view *y_bar,
                            const jk_view *const *args, const jk_view *y, const jk_view *const *outs, int accumulate)
{
    writer w;
    JK_TRY(begin(&w, op, accumulate));
    const int n = w.op->n_args;
    JK_TRY(check_inputs(h, n, 0));
    for (int i = 0; i < n + 1; i++)
        if (outs[i] != NULL) JK_TRY(jk_check_output(outs[i], 2 * n + 2 + i));
    const jk_view *like[JK_MAX_ARGS] = {NULL};
    for (int k = 0; k < n; k++) like[k] = args[k] != NULL ? args[k] : h[k] != NULL ? h[k] : outs[1 + k];
    JK_TRY(check_cotangent(y_bar, n, args, like, y, n));
    JK_TRY(check_like(h, like, n, 0));
    JK_TRY(check_like(outs, &y_bar, 1, 2 * n + 2));
    JK_TRY(check_like(outs + 1, like, n, 2 * n + 3));
    int cotangent[JK_MAX_ARGS];
    unsigned reads = 0;
    for (int k = 0; k < n; k++) {
        cotangent[k] = -1;
        if (h[k] == NULL) continue;
        cotangent[k] = jk_add_input(&w.program, h[k], k);
        if (outs[0] != NULL) reads |= w.op->reads[k];
        for (int i = 0; i < n; i++)
            if (outs[1 + i] != NULL && !is_zero(w.op, i, k)) reads |= second_reads(w.op);
    }
    const int t = jk_add_input(&w.program, y_bar, n);
    add_arguments(&w, args, n + 1, y, reads);
    JK_TRY(begin_steps(&w, reads));
    for (int i = 0; i < n + 1; i++) {
        if (outs[i] == NULL) continue;
        int sum = -1;
        for (int k = 0; k < n; k++) {
            if (cotangent[k] < 0) continue;
            if (i == 0)
                sum = add_step(&w, first_loop(&w, k), cotangent[k], -1, sum);
            else if (!is_zero(w.op, i - 1, k))
                sum = add_step(&w, second_loop(&w, i - 1, k), t, cotangent[k], sum);
        }
        jk_add_output(&w.program, outs[i], 2 * n + 2 + i, sum);
    }
    return run_over(context, &w, y_bar);
}
