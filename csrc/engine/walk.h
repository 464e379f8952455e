/* Walks a planned run: every block passes through all steps, and sums of blocks are joined pairwise, the left part
 * holding the largest power of two of blocks that leaves a right part. */
#ifndef JK_WALK_H
#define JK_WALK_H

#include "engine/plan.h"

/* All steps over n elements of the registers. */
void jk_run_steps(const run *r, ptrdiff_t n);

/* Asks the caller's poll every so many elements. */
jk_status jk_poll(run *r, ptrdiff_t n);

/* Plans and walks everything, on as many threads as pay; or only plans, to see whether the scratch is enough. */
jk_status jk_walk(run *r, int only_plans);

#endif
