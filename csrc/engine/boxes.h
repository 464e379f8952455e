/* Outputs that are summed over different axes, in one pass over the operands. */
#ifndef JK_BOXES_H
#define JK_BOXES_H

#include "engine/ndloop.h"

/* Runs `pass` over boxes of the shape, small enough that what it reads stays in cache while it sums one output after the
 * other.  The program's outputs must all be summed; `pass` gets a program that overwrites outputs of its own dtype.
 * JK_WORKSPACE, before anything is written, if the context has no room for the partial sums. */
typedef jk_status jk_pass(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape);
jk_status jk_run_boxes(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape,
                       jk_pass *pass);

#endif
