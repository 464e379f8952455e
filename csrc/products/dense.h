/* What calls on stacks of matrices share: the batch axes in front of their operands' own. */
#ifndef JK_DENSE_H
#define JK_DENSE_H

#include "engine/view.h"

/* The axes in front of the last n_own ones, broadcast as in NumPy, and a place among them. */
typedef struct batch {
    int ndim;
    ptrdiff_t shape[JK_MAX_NDIM], index[JK_MAX_NDIM];
} batch;

/* Broadcasts the batch axes of a view against those of the views before it; the shape starts as all ones. */
jk_status jk_broadcast_batch(batch *b, const jk_view *view, int n_own, int argument);
void jk_go_to_item(batch *b, ptrdiff_t item); /* in C order */
/* The first element of a view's own axes. */
char *jk_item_at(const batch *b, const jk_view *view, int n_own);

/* Of an axis counted from the end, the last being 1. */
static inline ptrdiff_t stride_from_end(const jk_view *view, int axis)
{
    return view->strides_in_bytes[view->ndim - axis];
}

#endif
