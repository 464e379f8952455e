/* Checks and geometry of views, shared by everything that walks N dimensions. */
#ifndef JK_VIEW_H
#define JK_VIEW_H

#include "engine/base.h"
#include "engine/dtype.h"

#include <stdint.h>

/* dtype, number of axes, lengths, alignment; an output must not overlap itself. */
jk_status jk_check_input(const jk_view *view, int argument);
jk_status jk_check_output(const jk_view *view, int argument);

int jk_same_shape(const jk_view *a, const jk_view *b);
ptrdiff_t jk_size(const jk_view *view); /* number of elements of a checked view */
int jk_is_contiguous(const jk_view *view);

/* Whether axis d of `ndim` broadcast axes is one that the view lacks or has with length 1. */
static inline int jk_is_stretched(const jk_view *view, int ndim, int d)
{
    const int k = d - (ndim - view->ndim);
    return k < 0 || view->shape[k] == 1;
}

/* The stride along axis d of `ndim` broadcast axes; 0 where the view is stretched. */
static inline ptrdiff_t jk_stride_along(const jk_view *view, int ndim, int d)
{
    return jk_is_stretched(view, ndim, d) ? 0 : view->strides_in_bytes[d - (ndim - view->ndim)];
}

/* Whether the view is one number, which broadcasting repeats. */
static inline int jk_is_one(const jk_view *view)
{
    for (int d = 0; d < view->ndim; d++)
        if (view->shape[d] != 1) return 0;
    return 1;
}

/* A view of no elements may have no memory, or too little to step through: the same shape at `data`, where every step
 * stays. */
static inline jk_view jk_still(const jk_view *empty, void *data)
{
    static const ptrdiff_t no_steps[JK_MAX_NDIM] = {0};
    return (jk_view){data, empty->dtype, empty->ndim, empty->shape, no_steps};
}

static inline ptrdiff_t jk_magnitude(ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

/* The first byte of a checked view and one past its last; no bytes, where it has no elements. */
typedef struct jk_span {
    uintptr_t low, high;
} jk_span;
jk_span jk_span_of(const jk_view *view);

static inline int jk_are_apart(jk_span a, jk_span b) { return a.high <= b.low || b.high <= a.low; }

/* How memory of two checked views meets: in no byte (by their bounds, or because they interleave), element for element,
 * or perhaps otherwise. */
typedef enum jk_meeting { JK_APART, JK_SAME, JK_PARTLY } jk_meeting;
jk_meeting jk_meet(const jk_view *a, const jk_view *b);

#endif
