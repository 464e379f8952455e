/* The loops in use. */
#ifndef JK_CPU_H
#define JK_CPU_H

#include "table/table.h"

/* jk_move_of, jk_pointwise_of, ...: the loops of one room in the instruction set in use; NULL before jk_init. */
#define JK_ROOM(room) const jk_##room##_loops *jk_##room##_of(jk_dtype dtype);
#include "table/rooms.def"
#undef JK_ROOM

#endif
