/* An array repeated along the axes that it lacks: the transpose of jk_unbroadcast, and the cotangent of a sum. */
#include "engine/dtype.h"
#include "engine/run.h"

enum { SMALL = 8192 }; /* elements of out: with fewer, setting up a run costs more than the run */

/* Run by run into contiguous memory.  The last axes that one stride steps through are one run. */
static void repeat_runs(const jk_view *g, const jk_view *out)
{
    jk_read_loop *const read = jk_reader(out->dtype, g->dtype);
    ptrdiff_t stride[JK_MAX_NDIM], index[JK_MAX_NDIM] = {0}, n = 1, step = 0;
    for (int d = 0; d < out->ndim; d++) stride[d] = jk_stride_along(g, out->ndim, d);
    int n_outer = out->ndim;
    for (; n_outer > 0; n_outer--) {
        const int d = n_outer - 1;
        if (out->shape[d] == 1) continue;
        if (n == 1)
            step = stride[d];
        else if (stride[d] != n * step)
            break;
        n *= out->shape[d];
    }
    const char *from = g->data;
    for (char *to = out->data;; to += n * jk_itemsize(out->dtype)) {
        read(n, to, from, step);
        int d = n_outer - 1;
        while (d >= 0 && ++index[d] == out->shape[d]) {
            from -= (index[d] - 1) * stride[d];
            index[d--] = 0;
        }
        if (d < 0) return;
        from += stride[d];
    }
}

jk_status jk_repeat(const jk_context *context, const jk_view *g, const jk_view *out, int accumulate)
{
    if (jk_move_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(jk_check_input(g, 0));
    JK_TRY(jk_check_output(out, 1));
    if (g->ndim > out->ndim) return jk_fail(JK_SHAPE, 1);
    for (int d = 1; d <= g->ndim; d++) { /* from the last axis */
        const ptrdiff_t n = g->shape[g->ndim - d];
        if (n != 1 && n != out->shape[out->ndim - d]) return jk_fail(JK_SHAPE, 1);
    }
    if (jk_size(out) == 0) return jk_success();
    if (!accumulate && jk_size(out) < SMALL && jk_is_contiguous(out) && jk_meet(g, out) == JK_APART) {
        repeat_runs(g, out);
        return jk_success();
    }
    jk_program p;
    jk_begin_program(&p, accumulate);
    jk_add_output(&p, out, 1, jk_add_input(&p, g, 0));
    return jk_run(context, &p, out->ndim, out->shape);
}
