# Pointwise products, one C call each: first of views of arrays that the caller holds, then of lists of native arrays,
# where `None` stands for what is absent.  A large call works on copies of the views, since shapes may be changed while
# other threads run.

cdef enum:
    MANY_VIEWS = 3 * JK_MAX_ARGS + 3

cdef struct Copies:
    int n
    Laid laid[MANY_VIEWS]
    const jk_view *at[MANY_VIEWS]


cdef inline void copy_views(Copies *copies, int n, const jk_view *const *views) noexcept:
    """Adds copies of views, NULL for NULL."""
    cdef int k
    for k in range(n):
        copies.at[copies.n] = NULL
        if views[k] != NULL:
            lay_view(&copies.laid[copies.n], views[k])
            copies.at[copies.n] = &copies.laid[copies.n].view
        copies.n += 1


cdef jk_status call_value(Op op, const jk_view *const *args, const jk_view *out, Py_ssize_t size) except *:
    """The value of that many elements."""
    cdef Copies c
    cdef Call call
    cdef jk_status status
    cdef int n = op.row.n_args
    if size < LARGE:
        return jk_pointwise_value(NULL, op.index, args, out, False)
    c.n = 0
    copy_views(&c, n, args)
    copy_views(&c, 1, &out)
    call = Call(size)
    with nogil:
        status = jk_pointwise_value(&call.context, op.index, c.at, c.at[n], False)
    return status


cdef jk_status call_jvp(Op op, const jk_view *const *dots, const jk_view *const *args, const jk_view *y,
                        const jk_view *out, bint adds, Py_ssize_t size) except *:
    """The sum of derivative times tangent."""
    cdef Copies c
    cdef Call call
    cdef jk_status status
    cdef int n = op.row.n_args
    if size < LARGE:
        return jk_pointwise_jvp(NULL, op.index, dots, args, y, out, adds)
    c.n = 0
    copy_views(&c, n, dots)
    copy_views(&c, n, args)
    copy_views(&c, 1, &y)
    copy_views(&c, 1, &out)
    call = Call(size)
    with nogil:
        status = jk_pointwise_jvp(&call.context, op.index, c.at, c.at + n, c.at[2 * n], c.at[2 * n + 1], adds)
    return status


cdef jk_status call_vjp(Op op, const jk_view *t, const jk_view *const *args, const jk_view *y,
                        const jk_view *const *outs, bint adds, Py_ssize_t size) except *:
    """Derivative times cotangent, summed to each output's shape."""
    cdef Copies c
    cdef Call call
    cdef jk_status status
    cdef int n = op.row.n_args
    if size < LARGE:
        return jk_pointwise_vjp(NULL, op.index, t, args, y, outs, adds)
    c.n = 0
    copy_views(&c, 1, &t)
    copy_views(&c, n, args)
    copy_views(&c, 1, &y)
    copy_views(&c, n, outs)
    call = Call(size)
    with nogil:
        status = jk_pointwise_vjp(&call.context, op.index, c.at[0], c.at + 1, c.at[n + 1], c.at + n + 2, adds)
    return status


cdef jk_status call_vjp2(Op op, const jk_view *const *h, const jk_view *t, const jk_view *const *args,
                         const jk_view *y, const jk_view *const *outs, bint adds, Py_ssize_t size) except *:
    """Double backward."""
    cdef Copies c
    cdef Call call
    cdef jk_status status
    cdef int n = op.row.n_args
    if size < LARGE:
        return jk_pointwise_vjp2(NULL, op.index, h, t, args, y, outs, adds)
    c.n = 0
    copy_views(&c, n, h)
    copy_views(&c, 1, &t)
    copy_views(&c, n, args)
    copy_views(&c, 1, &y)
    copy_views(&c, n + 1, outs)
    call = Call(size)
    with nogil:
        status = jk_pointwise_vjp2(&call.context, op.index, c.at, c.at[n], c.at + n + 1, c.at[2 * n + 1],
                                   c.at + 2 * n + 2, adds)
    return status


def pointwise_value(Op op, list args, out, bint accumulate):
    """op(*args) into out."""
    cdef Views v = Views(args + [out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    cdef int n = op.row.n_args
    with nogil:
        status = jk_pointwise_value(&call.context, op.index, v.at, v.at[n], accumulate)
    finish(status)


def pointwise_jvp(Op op, list tangents, list args, y, out, bint accumulate):
    """The sum of derivative times tangent over the arguments, into out."""
    cdef Views v = Views(tangents + args + [y, out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    cdef int n = op.row.n_args
    with nogil:
        status = jk_pointwise_jvp(&call.context, op.index, v.at, v.at + n, v.at[2 * n], v.at[2 * n + 1], accumulate)
    finish(status)


def pointwise_vjp(Op op, y_bar, list args, y, list outs, bint accumulate):
    """Derivative times cotangent, summed to each output's shape."""
    cdef Views v = Views([y_bar] + args + [y] + outs)
    cdef Call call = Call(v.largest)
    cdef jk_status status
    cdef int n = op.row.n_args
    with nogil:
        status = jk_pointwise_vjp(&call.context, op.index, v.at[0], v.at + 1, v.at[n + 1], v.at + n + 2, accumulate)
    finish(status)


def pointwise_vjp2(Op op, list h, y_bar, list args, y, list outs, bint accumulate):
    """Double backward into outs."""
    cdef Views v = Views(h + [y_bar] + args + [y] + outs)
    cdef Call call = Call(v.largest)
    cdef jk_status status
    cdef int n = op.row.n_args
    with nogil:
        status = jk_pointwise_vjp2(&call.context, op.index, v.at, v.at[n], v.at + n + 1, v.at[2 * n + 1],
                                   v.at + 2 * n + 2, accumulate)
    finish(status)
