#include "engine/view.h"

#include <stdint.h>

/* Of an axis that is not stepped along, and of a view of no elements, strides may be any number; one that could overflow
 * where it is counted on is refused. */
static const ptrdiff_t LONGEST_STRIDE = PTRDIFF_MAX >> 6;

jk_status jk_check_input(const jk_view *view, int argument)
{
    if (view == NULL) return jk_fail(JK_NULL_VIEW, argument);
    if (view->dtype != JK_FLOAT32 && view->dtype != JK_FLOAT64) return jk_fail(JK_DTYPE, argument);
    if (view->ndim < 0 || view->ndim > JK_MAX_NDIM) return jk_fail(JK_NDIM, argument);
    if (view->ndim > 0 && (view->shape == NULL || view->strides_in_bytes == NULL))
        return jk_fail(JK_NULL_VIEW, argument);
    const ptrdiff_t item = jk_itemsize(view->dtype); /* a power of two: a division would show in small calls */
    ptrdiff_t size = item, reach = item;
    int empty = 0, too_far = 0;
    for (int d = 0; d < view->ndim; d++) {
        const ptrdiff_t n = view->shape[d], stride = view->strides_in_bytes[d];
        if (n < 0) return jk_fail(JK_SHAPE, argument);
        if (stride > LONGEST_STRIDE || stride < -LONGEST_STRIDE) return jk_fail(JK_TOO_LARGE, argument);
        if (n == 0) empty = 1;
        if (n <= 1) continue;
        if (jk_overflows(size, n, &size)) return jk_fail(JK_TOO_LARGE, argument);
        if ((stride & (item - 1)) != 0) return jk_fail(JK_MISALIGNED, argument);
        ptrdiff_t along;
        too_far |= jk_overflows(n, jk_magnitude(stride), &along) || along > PTRDIFF_MAX - reach;
        if (!too_far) reach += along;
    }
    if (empty) return jk_success();
    if (too_far) return jk_fail(JK_TOO_LARGE, argument);
    if (view->data == NULL) return jk_fail(JK_NULL_VIEW, argument);
    if (((uintptr_t)view->data & (uintptr_t)(item - 1)) != 0) return jk_fail(JK_MISALIGNED, argument);
    return jk_success();
}

/* Axes in order of growing stride must each step past everything below them.  Strided views that interleave their
 * axes without meeting are refused as well: no array library makes them unasked. */
jk_status jk_check_output(const jk_view *view, int argument)
{
    JK_TRY(jk_check_input(view, argument));
    if (view->ndim <= 1) {
        const int meets = view->ndim == 1 && view->shape[0] > 1 && view->strides_in_bytes[0] == 0;
        return meets ? jk_fail(JK_SELF_OVERLAP, argument) : jk_success();
    }
    int order[JK_MAX_NDIM], n_axes = 0;
    if (jk_size(view) == 0) return jk_success();
    for (int d = 0; d < view->ndim; d++) {
        if (view->shape[d] == 1) continue;
        int k = n_axes++;
        while (k > 0 && jk_magnitude(view->strides_in_bytes[order[k - 1]]) > jk_magnitude(view->strides_in_bytes[d])) {
            order[k] = order[k - 1];
            k--;
        }
        order[k] = d;
    }
    ptrdiff_t extent = jk_itemsize(view->dtype);
    for (int k = 0; k < n_axes; k++) {
        const ptrdiff_t stride = jk_magnitude(view->strides_in_bytes[order[k]]);
        if (stride < extent) return jk_fail(JK_SELF_OVERLAP, argument);
        extent += stride * (view->shape[order[k]] - 1);
    }
    return jk_success();
}

int jk_same_shape(const jk_view *a, const jk_view *b)
{
    if (a->ndim != b->ndim) return 0;
    for (int d = 0; d < a->ndim; d++)
        if (a->shape[d] != b->shape[d]) return 0;
    return 1;
}

ptrdiff_t jk_size(const jk_view *view)
{
    ptrdiff_t size = 1;
    for (int d = 0; d < view->ndim; d++) {
        if (view->shape[d] == 0) return 0;
        size *= view->shape[d];
    }
    return size;
}

int jk_is_contiguous(const jk_view *view)
{
    if (jk_size(view) == 0) return 1;
    ptrdiff_t stride = jk_itemsize(view->dtype);
    for (int d = view->ndim - 1; d >= 0; d--) {
        if (view->shape[d] != 1 && view->strides_in_bytes[d] != stride) return 0;
        stride *= view->shape[d];
    }
    return 1;
}

jk_span jk_span_of(const jk_view *view)
{
    uintptr_t low = (uintptr_t)view->data, high = low;
    for (int d = 0; d < view->ndim; d++) {
        const ptrdiff_t n = view->shape[d], stride = view->strides_in_bytes[d];
        if (n == 0) return (jk_span){0, 0};
        if (n == 1) continue;
        if (stride < 0)
            low -= (uintptr_t)((n - 1) * -stride);
        else
            high += (uintptr_t)((n - 1) * stride);
    }
    return (jk_span){low, high + (uintptr_t)jk_itemsize(view->dtype)};
}

/* Greatest common divisor of g and the strides of all axes longer than 1. */
static ptrdiff_t common_step(const jk_view *view, ptrdiff_t g)
{
    for (int d = 0; d < view->ndim; d++) {
        ptrdiff_t stride = view->shape[d] > 1 ? jk_magnitude(view->strides_in_bytes[d]) : 0;
        while (stride != 0) {
            const ptrdiff_t rest = g % stride;
            g = stride;
            stride = rest;
        }
    }
    return g;
}

/* Views that interleave, such as two columns of one matrix: modulo their common step no element reaches another. */
static int interleave(const jk_view *a, const jk_view *b)
{
    const ptrdiff_t step = common_step(b, common_step(a, 0));
    if (step == 0) return 0;
    const ptrdiff_t ahead = ((ptrdiff_t)((uintptr_t)b->data - (uintptr_t)a->data) % step + step) % step;
    return ahead >= jk_itemsize(a->dtype) && ahead <= step - jk_itemsize(b->dtype);
}

jk_meeting jk_meet(const jk_view *a, const jk_view *b)
{
    if (jk_are_apart(jk_span_of(a), jk_span_of(b)) || interleave(a, b)) return JK_APART;
    if (a->data != b->data || a->dtype != b->dtype || !jk_same_shape(a, b)) return JK_PARTLY;
    for (int d = 0; d < a->ndim; d++)
        if (a->shape[d] > 1 && a->strides_in_bytes[d] != b->strides_in_bytes[d]) return JK_PARTLY;
    return JK_SAME;
}
