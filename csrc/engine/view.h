/* Checks and geometry of views, shared by everything that walks N dimensions. */
#ifndef JK_VIEW_H
#define JK_VIEW_H

#include "table/table.h"

#include <stdint.h>

#define JK_MIN(a, b) ((a) < (b) ? (a) : (b))
#define JK_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Returns from the enclosing function if a call failed. */
#define JK_TRY(call)                                                                                                   \
    do {                                                                                                               \
        const jk_status jk_try_status = (call);                                                                        \
        if (jk_try_status.error != JK_OK) return jk_try_status;                                                        \
    } while (0)

static inline jk_status jk_fail(jk_error error, int argument)
{
    const jk_status status = {error, argument};
    return status;
}

static inline jk_status jk_success(void) { return jk_fail(JK_OK, -1); }

static inline ptrdiff_t jk_itemsize(jk_dtype dtype) { return dtype == JK_FLOAT64 ? 8 : 4; }

/* The loops of the instruction set in use; NULL before jk_init. */
const jk_loops *jk_loops_of(jk_dtype dtype);

/* dtype, number of axes, lengths, alignment; an output must not overlap itself. */
jk_status jk_check_input(const jk_view *view, int argument);
jk_status jk_check_output(const jk_view *view, int argument);

int jk_same_shape(const jk_view *a, const jk_view *b);
ptrdiff_t jk_size(const jk_view *view); /* number of elements of a checked view */
int jk_is_contiguous(const jk_view *view);

/* How memory of two checked views meets: in no byte (by their bounds, or because they interleave), element for element,
 * or perhaps otherwise. */
typedef enum jk_meeting { JK_APART, JK_SAME, JK_PARTLY } jk_meeting;
jk_meeting jk_meet(const jk_view *a, const jk_view *b);

#endif
