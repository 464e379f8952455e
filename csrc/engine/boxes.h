/* Outputs that are summed over different axes, in one pass over the operands. */
#ifndef JK_BOXES_H
#define JK_BOXES_H

#include "engine/program.h"

/* Runs a checked program box by box; a box is small enough that what it reads stays in cache while one output after the
 * other is summed.  The outputs must all be summed.  JK_WORKSPACE, before anything is written, if the context has no
 * room for the partial sums. */
jk_status jk_run_boxes(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape);

#endif
