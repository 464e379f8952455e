/* The loops in use. */
#ifndef JK_CPU_H
#define JK_CPU_H

#include "table/table.h"

/* The loops of the instruction set in use; NULL before jk_init. */
const jk_loops *jk_loops_of(jk_dtype dtype);

#endif
