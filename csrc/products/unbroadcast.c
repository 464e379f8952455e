/* The sum of a cotangent over the axes along which its primal was broadcast. */
#include "engine/run.h"

jk_status jk_unbroadcast(const jk_context *context, const jk_view *g, const jk_view *out, int accumulate)
{
    if (jk_move_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(jk_check_input(g, 0));
    JK_TRY(jk_check_output(out, 1));
    jk_program p;
    jk_begin_program(&p, accumulate);
    jk_add_output(&p, out, 1, jk_add_input(&p, g, 0));
    return jk_run(context, &p, g->ndim, g->shape);
}
