/* Runs a program over N broadcast dimensions, block by block, and sums what comes back to a smaller output on the way.
 * A block passes through all steps while it is in the first-level cache; no array of the full shape is made, and every
 * operand is read once. */
#ifndef JK_RUN_H
#define JK_RUN_H

#include "engine/program.h"

/* Runs over `shape`: inputs are broadcast to it; outputs of a smaller shape are summed over what they lack.  The views
 * have been checked, each for itself. */
jk_status jk_run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape);

#endif
