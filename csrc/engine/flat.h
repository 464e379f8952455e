/* Programs over arrays that all lie alike: one long vector, whatever their shape, and nothing is summed or moved. */
#ifndef JK_FLAT_H
#define JK_FLAT_H

#include "engine/program.h"

int jk_is_flat(const jk_program *program, int ndim, const ptrdiff_t *shape);

/* All of it: on several threads if that pays. */
jk_status jk_run_flat(const jk_context *context, const jk_program *program);

#endif
