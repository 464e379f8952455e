/* Few tiles for many tasks. */
#ifndef JK_TILES_H
#define JK_TILES_H

#include "engine/base.h"
#include "table/tree.h"

/* The width, at most `width`, of tiles of n >= 1 elements of which n_tasks get as many each: a multiple of `grain`. */
static inline ptrdiff_t jk_even_width(ptrdiff_t n, ptrdiff_t width, int n_tasks, ptrdiff_t grain)
{
    const ptrdiff_t n_tiles = jk_n_runs(jk_n_runs(n, width), n_tasks) * n_tasks;
    return JK_MIN(width, jk_n_runs(jk_n_runs(n, n_tiles), grain) * grain);
}

#endif
