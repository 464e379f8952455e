# One C call each, for operands that are native arrays already.  `None` stands for what is absent.

from libc.stdint cimport uintptr_t

cdef extern from "Python.h":
    int check_signals "PyErr_CheckSignals"()


cdef int poll_signals(void *argument) noexcept with gil:
    # On Ctrl-C the exception is set here and stays set until raise_interrupt lets it through.
    return check_signals() != 0


cdef class Views:
    """Up to 16 arrays as views, in the order of a call's parameters."""

    cdef jk_view view[16]
    cdef const jk_view *at[16]
    cdef list arrays
    cdef Py_ssize_t largest

    def __cinit__(self, list arrays):
        cdef int k
        self.arrays = arrays
        self.largest = 0
        for k in range(<int>len(arrays)):
            if arrays[k] is None:
                self.at[k] = NULL
                continue
            if not is_native(arrays[k]):
                raise TypeError(f"argument {k}: expected a native float32 or float64 array, got {type(arrays[k])}")
            arrays[k] = borrowed(<cnp.ndarray>arrays[k])
            view_of(&self.view[k], <cnp.ndarray>arrays[k])
            self.at[k] = &self.view[k]
            self.largest = max(self.largest, cnp.PyArray_SIZE(<cnp.ndarray>arrays[k]))


# The workspace of the last call, for the next one; taken and given back with the GIL held.
cdef void *spare_workspace = NULL
cdef size_t spare_bytes = 0


cdef class Call:
    """What a large call needs: a context with threads and a workspace, Ctrl-C, and the GIL released meanwhile."""

    cdef jk_context context
    cdef Pool pool
    cdef void *memory

    def __cinit__(self, Py_ssize_t size=LARGE):
        """Small calls, of fewer than LARGE elements, get no workspace: the stack is enough."""
        global spare_workspace
        cdef size_t workspace_bytes = num_threads * WORKSPACE_BYTES
        self.context.parallel_for = NULL
        self.context.pool = NULL
        self.context.n_threads = 1
        self.context.poll = poll_signals
        self.context.poll_argument = NULL
        self.context.workspace = NULL
        self.context.workspace_bytes = 0
        if size < LARGE:
            return
        if num_threads > 1:
            self.pool = current_pool()
            self.context.parallel_for = jk_pool_run
            self.context.pool = self.pool.pool
            self.context.n_threads = num_threads
        if spare_bytes == workspace_bytes:
            self.memory = spare_workspace
            spare_workspace = NULL
        if self.memory == NULL:
            self.memory = PyMem_Malloc(workspace_bytes + 64)
        if self.memory == NULL:
            raise MemoryError()
        self.context.workspace = <char *>self.memory + (64 - <uintptr_t>self.memory % 64)
        self.context.workspace_bytes = workspace_bytes

    def __dealloc__(self):
        global spare_workspace, spare_bytes
        if self.memory != NULL:
            PyMem_Free(spare_workspace)
            spare_workspace = self.memory
            spare_bytes = self.context.workspace_bytes


cdef int raise_interrupt() except -1:
    """The exception that check_signals has set."""
    return -1


cdef int finish(jk_status status) except -1:
    if status.error == JK_INTERRUPTED:
        return raise_interrupt()
    return raise_status(status)


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


def sum_to(g, out, bint accumulate):
    """g summed to the shape of out."""
    cdef Views v = Views([g, out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_unbroadcast(&call.context, v.at[0], v.at[1], accumulate)
    finish(status)


cdef inline bint fits_length(object length, cnp.ndarray g, int from_end):
    """Whether the axis of g that many places from the end may be summed to this length."""
    cdef int d = cnp.PyArray_NDIM(g) - from_end
    return d >= 0 and type(length) is int and (length == 1 or length == cnp.PyArray_DIMS(g)[d])


cdef long long unbroadcast_calls = 0
cdef long long unbroadcast_general_calls = 0


def unbroadcast(g, shape, *, out=None, accumulate=False):
    """Sum a cotangent over the axes that broadcasting added or stretched.

    Parameters
    ----------
    g : array
        A cotangent of the broadcast shape.
    shape : int or tuple of int
        The shape of the operand that was broadcast; axes that are equal already are not touched.
    out : ndarray, optional
        Where the result is written, of shape `shape`.
    accumulate : bool
        Add to `out` instead of overwriting it.

    Returns
    -------
    ndarray
        `out`, or a new array (a copy where nothing is summed); a NumPy scalar if 0-d.

    Raises
    ------
    ValueError
        If `shape` does not broadcast to the shape of `g`.

    Examples
    --------
    >>> import numpy as np, jackern as jk
    >>> jk.unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    global unbroadcast_calls, unbroadcast_general_calls
    cdef jk_view g_view, out_view
    cdef cnp.ndarray result
    cdef cnp.npy_intp lengths[JK_MAX_NDIM]
    cdef int d, n = 0
    cdef Wish wish
    wish.is_tuple = False
    cdef bint straight = (is_native(g) and type(shape) is tuple and len(<tuple>shape) <= JK_MAX_NDIM
                          and read_outs(&wish, out, accumulate))
    if straight:
        n = <int>len(<tuple>shape)
        for d in range(n):
            straight = straight and fits_length((<tuple>shape)[d], <cnp.ndarray>g, n - d)
            lengths[d] = (<tuple>shape)[d] if straight else 0
    if straight and out is not None:
        straight = has_shape(out, n, lengths) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
    if straight:
        result = new_array(n, lengths, cnp.PyArray_TYPE(<cnp.ndarray>g), False) if out is None else <cnp.ndarray>out
        if cnp.PyArray_SIZE(<cnp.ndarray>g) >= LARGE:
            try:
                sum_to(g, result, wish.adds[0])
            except (Overlap, Refused):
                straight = False
        else:
            view_of(&g_view, <cnp.ndarray>g)
            view_of(&out_view, result)
            straight = went("unbroadcast", jk_unbroadcast(NULL, &g_view, &out_view, wish.adds[0]))
    if not straight:
        g = general.unbroadcast(g, shape, out, accumulate)
        unbroadcast_calls += 1
        unbroadcast_general_calls += 1
        return g
    unbroadcast_calls += 1
    return result if n > 0 or out is not None else result[()]


def dense_jvp(a, v, out, bint accumulate):
    """a @ v into out."""
    cdef Views views = Views([a, v, out])
    cdef Call call = Call(views.largest)
    cdef jk_status status
    with nogil:
        status = jk_dense_jvp(&call.context, views.at[0], views.at[1], views.at[2], accumulate)
    finish(status)


def dense_vjp(a, u, out, bint accumulate):
    """u @ a into out."""
    cdef Views views = Views([a, u, out])
    cdef Call call = Call(views.largest)
    cdef jk_status status
    with nogil:
        status = jk_dense_vjp(&call.context, views.at[0], views.at[1], views.at[2], accumulate)
    finish(status)


def matrix_product(a, b, out, bint accumulate):
    """out = or += a @ b, by NumPy's rules for vectors and stacks; the operands lie apart from out."""
    cdef Factors f
    cdef Laid out_laid
    if not is_native(a) or not is_native(b) or not lay_factors(&f, a, b) or not has_shape(out, f.ndim, f.shape):
        raise TypeError(f"expected native arrays that fit, got {type(a)}, {type(b)} and {type(out)}")
    lay_product(&out_laid, out, &f)
    finish(multiply(&f.a, &f.b, &out_laid, accumulate))


def repeat(g, out, bint accumulate):
    """g repeated to the shape of out."""
    cdef Views v = Views([g, out])
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_repeat(&call.context, v.at[0], v.at[1], accumulate)
    finish(status)


cdef cnp.ndarray label_array(object labels):
    return cnp.PyArray_ContiguousFromAny(labels, cnp.NPY_INTP, 1, 1)


def softmax_cross_entropy_value(logits, labels, loss, bint accumulate):
    """One loss per row of logits (rows, classes)."""
    cdef Views v = Views([logits, loss])
    cdef cnp.ndarray index = label_array(labels)
    cdef const Py_ssize_t *label = <const Py_ssize_t *>cnp.PyArray_DATA(index)
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_softmax_cross_entropy_value(&call.context, v.at[0], label, v.at[1], accumulate)
    finish(status)


def softmax_cross_entropy_vjp(loss_bar, logits, labels, logits_bar, bint accumulate):
    """loss_bar[:, None] * (softmax(logits) - onehot(labels)) into logits_bar."""
    cdef Views v = Views([loss_bar, logits, logits_bar])
    cdef cnp.ndarray index = label_array(labels)
    cdef const Py_ssize_t *label = <const Py_ssize_t *>cnp.PyArray_DATA(index)
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_softmax_cross_entropy_vjp(&call.context, v.at[0], v.at[1], label, v.at[2], accumulate)
    finish(status)


def softmax_cross_entropy_jvp(logits_dot, logits, labels, loss_dot, bint accumulate):
    """The tangent of the losses into loss_dot."""
    cdef Views v = Views([logits_dot, logits, loss_dot])
    cdef cnp.ndarray index = label_array(labels)
    cdef const Py_ssize_t *label = <const Py_ssize_t *>cnp.PyArray_DATA(index)
    cdef Call call = Call(v.largest)
    cdef jk_status status
    with nogil:
        status = jk_softmax_cross_entropy_jvp(&call.context, v.at[0], v.at[1], label, v.at[2], accumulate)
    finish(status)
