/* Walks what is planned: every block passes through all steps of the program, what comes back to a smaller output is
 * summed on the way, and sums of blocks are joined by the law of table/tree.h. */
#ifndef JK_WALK_H
#define JK_WALK_H

#include "engine/plan.h"

/* Plans and walks everything, on as many threads as pay, or on one, which asks w->poll; or only plans, to see whether the
 * scratch is enough. */
jk_status jk_walk(const jk_context *context, walk *w, int only_plans);

#endif
