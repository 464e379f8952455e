/* How a program passes over its operands: once, where all outputs that are summed are summed over the same axes, else
 * once for each set of axes. */
#ifndef JK_PASSES_H
#define JK_PASSES_H

#include "engine/poll.h"
#include "engine/program.h"

/* Which outputs are computed, and over which axes each is summed: one bit per output, or per axis. */
typedef struct outline {
    unsigned computed, sums;
    unsigned long long mask[JK_MAX_OUTPUTS];
    int one_pass;
} outline;

outline jk_outline(const jk_program *program, int ndim, const ptrdiff_t *shape);

/* Makes all passes of a checked program; or only plans them, to see whether the scratch is enough.  One thread's work
 * counts for `poll`; tasks ask by themselves. */
jk_status jk_run_passes(const jk_context *context, jk_poll *poll, const jk_program *program, int ndim,
                        const ptrdiff_t *shape, const outline *outline, int only_plans);

#endif
