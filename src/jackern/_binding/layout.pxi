# Arrays as a C call sees them, with axes that may be added, joined and exchanged.

cdef extern from "engine/view.h" nogil:
    ctypedef enum jk_meeting:
        JK_APART
        JK_SAME
        JK_PARTLY

    jk_meeting jk_meet(const jk_view *a, const jk_view *b)
    jk_status jk_check_output(const jk_view *view, int argument)

ctypedef jk_status move_call(const jk_context *, const jk_view *, const jk_view *, int) noexcept nogil
ctypedef jk_status product_call(const jk_context *, const jk_view *, const jk_view *, const jk_view *,
                                int) noexcept nogil

cdef struct Laid:
    # A view with a shape of its own: axes may be added, joined and exchanged, and it stays as it is if somebody
    # reshapes the array while other threads run.
    jk_view view
    Py_ssize_t shape[JK_MAX_NDIM + 1]
    Py_ssize_t strides[JK_MAX_NDIM + 1]


cdef inline void lay_view(Laid *l, const jk_view *view) noexcept:
    """Describes what a view does, by lengths and strides of its own."""
    cdef int d
    l.view = view[0]
    for d in range(l.view.ndim):
        l.shape[d] = l.view.shape[d]
        l.strides[d] = l.view.strides_in_bytes[d]
    l.view.shape = l.shape
    l.view.strides_in_bytes = l.strides


cdef inline void lay(Laid *l, cnp.ndarray a) noexcept:
    """Describes a native array."""
    cdef jk_view view
    view_of(&view, a)
    lay_view(l, &view)


cdef inline void insert_axis(Laid *l, int place) noexcept:
    """An axis of length 1 in front of axis `place`."""
    cdef int d
    for d in range(l.view.ndim, place, -1):
        l.shape[d] = l.shape[d - 1]
        l.strides[d] = l.strides[d - 1]
    l.shape[place] = 1
    l.strides[place] = 8
    l.view.ndim += 1


cdef inline bint join_front(Laid *l, int n_own) noexcept:
    """Makes one axis of all but the last n_own; False where their strides forbid it."""
    cdef int n = l.view.ndim - n_own, d, k
    cdef Py_ssize_t length = 1, stride = 8
    if n == 0:
        insert_axis(l, 0)
        return True
    for d in range(n - 1, -1, -1):
        if l.shape[d] == 1:
            continue
        if length == 1:
            stride = l.strides[d]
        elif l.strides[d] != stride * length and l.shape[d] != 0 and length != 0:
            return False
        length *= l.shape[d]
    l.shape[0] = length
    l.strides[0] = stride
    for k in range(n_own):
        l.shape[1 + k] = l.shape[n + k]
        l.strides[1 + k] = l.strides[n + k]
    l.view.ndim = 1 + n_own
    return True


cdef inline Py_ssize_t n_elements(Laid *l) noexcept:
    cdef Py_ssize_t n = 1
    cdef int d
    for d in range(l.view.ndim):
        n *= l.shape[d]
    return n


cdef inline bint are_apart(Laid *a, Laid *b) noexcept:
    """Whether no element of one shares memory with the other."""
    return jk_meet(&a.view, &b.view) == JK_APART


cdef jk_status move(move_call *call, cnp.ndarray like, Laid *g, Laid *out, bint accumulate) except *:
    """A call with one input and one output; other threads run meanwhile if `like`, the larger of them, is large."""
    cdef Call context
    cdef jk_status status
    if cnp.PyArray_SIZE(like) < LARGE:
        return call(NULL, &g.view, &out.view, accumulate)
    context = Call()
    with nogil:
        status = call(&context.context, &g.view, &out.view, accumulate)
    return status
