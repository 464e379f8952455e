/* What follows from dtypes: their sizes, what a mixed call is computed in, and the loops that convert on the way. */
#ifndef JK_DTYPE_H
#define JK_DTYPE_H

#include "engine/cpu.h"

/* A contiguous block from strided memory, and strided memory from (or plus) a contiguous block; strides in bytes. */
typedef void jk_read_loop(ptrdiff_t n, void *block, const void *in, ptrdiff_t stride);
typedef void jk_write_loop(ptrdiff_t n, void *out, ptrdiff_t stride, const void *block);

static inline ptrdiff_t jk_itemsize(jk_dtype dtype) { return dtype == JK_FLOAT64 ? 8 : 4; }

/* What a call with operands of both dtypes is computed in: the wider one. */
static inline jk_dtype jk_promote(jk_dtype a, jk_dtype b)
{
    return a == JK_FLOAT64 || b == JK_FLOAT64 ? JK_FLOAT64 : JK_FLOAT32;
}

/* Reads memory of dtype `in` into blocks of dtype `computed`. */
static inline jk_read_loop *jk_reader(jk_dtype computed, jk_dtype in)
{
    const jk_move_loops *move = jk_move_of(computed);
    return in == computed ? move->pack : move->pack_other;
}

/* Writes blocks of dtype `computed` to memory of dtype `out`, or adds them to it. */
static inline jk_write_loop *jk_writer(jk_dtype computed, jk_dtype out, int accumulate)
{
    const jk_move_loops *move = jk_move_of(computed);
    if (out == computed) return accumulate ? move->add : move->unpack;
    return accumulate ? move->add_other : move->unpack_other;
}

#endif
