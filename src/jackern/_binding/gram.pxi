# Gram products JᵀWJ v, in one pass over the values where J is lowered to a stack of matrices.

from libc.stdint cimport SIZE_MAX


cdef class GramProducts(ChainProducts):
    """Products with ``JᵀWJ``.

    Parameters
    ----------
    parts : tuple of Jacobian
        ``Jᵀ``, W and J.
    reasons : tuple of str
        Why they are kept apart, one for every two.
    """

    cdef AxisProducts jacobian, weights  # None: no single call

    def __cinit__(self, tuple parts, tuple reasons):
        cdef AxisProducts weights
        if len(parts) != 3 or size_of(parts[0].out_shape) != size_of(parts[2].in_shape):
            raise ValueError(f"a Gram matrix of {len(parts)} parts, expected J.T, W and J")
        if not (isinstance(parts[0], AxisProducts) and isinstance(parts[1], AxisProducts)
                and isinstance(parts[2], AxisProducts)):
            return
        weights = parts[1]
        if (<AxisProducts>parts[2]).kind == DENSE and is_whole_or_one(weights):
            self.jacobian = parts[2]
            self.weights = weights
            self.typenum = self.jacobian.typenum

    cdef int check_kept(self) except -1:
        self.jacobian.check_kept()
        return self.weights.check_kept()

    @property
    def _reads_once(self):
        """Whether one call reads the values once."""
        return self.jacobian is not None

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        cdef End *source
        cdef End *target
        cdef jk_view v_view, out_view
        cdef Py_ssize_t v_strides[JK_MAX_NDIM]
        cdef Py_ssize_t out_strides[JK_MAX_NDIM]
        if self.jacobian is None or not self.is_straight:
            return ChainProducts.multiply(self, v, out, accumulate, transposed)
        source, target = &self.jacobian.in_end, &(<AxisProducts>self._parts[0]).out_end
        if transposed:
            source, target = target, source
        if not is_at(v, source):
            return NotImplemented
        self.check_kept()
        if out is None:
            if accumulate or cnp.PyArray_TYPE(<cnp.ndarray>v) != self.typenum:
                return NotImplemented
            out = new_array(target.ndim, <cnp.npy_intp *>target.shape, self.typenum, False)
        elif not is_at(out, target) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            return NotImplemented
        view_at(&v_view, v_strides, <cnp.ndarray>v, source)
        view_at(&out_view, out_strides, <cnp.ndarray>out, target)
        return out if self.did(self.run_once(&v_view, &out_view, accumulate), transposed) else NotImplemented

    cdef jk_status run_once(self, const jk_view *v, const jk_view *out, bint accumulate) except *:
        """The C call, with a workspace where the stack is not enough."""
        cdef const jk_view *a = &self.jacobian.stack
        cdef End *end = &self.jacobian.out_end
        cdef jk_view w
        cdef Py_ssize_t w_strides[JK_MAX_NDIM]
        cdef jk_status status
        cdef jk_context context
        cdef Call call
        cdef void *memory = NULL
        cdef size_t n_bytes
        cdef int d
        # The array may get another shape or dtype later: the view of its memory is that of when it was taken.
        w = self.weights.axis.values
        for d in range(end.n_axes):
            w_strides[d] = 0 if w.ndim == 0 else end.stride[d] * (8 if w.dtype == JK_FLOAT64 else 4)
        w.ndim = end.n_axes
        w.shape = end.length
        w.strides_in_bytes = w_strides
        if self.jacobian.n_products * (v.shape[0] if v.ndim > self.jacobian.in_end.n_axes else 1) < LARGE:
            status = jk_dense_gram_jvp(NULL, a, v, &w, out, accumulate)
            if status.error != JK_WORKSPACE:
                return status
        call = Call()
        context = call.context
        n_bytes = jk_dense_gram_workspace(a, v, &w, out)
        if n_bytes > (SIZE_MAX - 64) // <size_t>context.n_threads:
            raise MemoryError("a Gram product takes a workspace beyond every address space")
        n_bytes *= <size_t>context.n_threads
        if n_bytes > context.workspace_bytes:
            memory = PyMem_Malloc(n_bytes + 64)
            if memory == NULL:
                raise MemoryError(f"a Gram product takes a workspace of {n_bytes} bytes")
            context.workspace = <char *>memory + (64 - <uintptr_t>memory % 64)
            context.workspace_bytes = n_bytes
        with nogil:
            status = jk_dense_gram_jvp(&context, a, v, &w, out, accumulate)
        PyMem_Free(memory)
        if status.error == JK_INTERRUPTED:
            raise_interrupt()
        return status

    def _gram_product(self, cnp.ndarray v not None, cnp.ndarray out not None, bint accumulate):
        """The product with vectors behind any batch axes into out, both native and C-contiguous."""
        cdef jk_view v_view, out_view
        cdef Py_ssize_t v_shape[JK_MAX_NDIM]
        cdef Py_ssize_t v_strides[JK_MAX_NDIM]
        cdef Py_ssize_t out_shape[JK_MAX_NDIM]
        cdef Py_ssize_t out_strides[JK_MAX_NDIM]
        if self.jacobian is None:
            raise ValueError("gram: the values are not read by one call, see _reads_once")
        vectors_at(&v_view, v_shape, v_strides, v, &self.jacobian.in_end)
        vectors_at(&out_view, out_shape, out_strides, out, &self.jacobian.in_end)
        raise_status(self.run_once(&v_view, &out_view, accumulate))


cdef bint is_whole_or_one(AxisProducts weights) except -1:
    """Whether W is diagonal, and its diagonal one number or contiguous memory."""
    cdef const jk_view *w = &weights.axis.values
    cdef Py_ssize_t item = 8 if w.dtype == JK_FLOAT64 else 4
    cdef Py_ssize_t stride = item
    cdef int d
    if weights._out_letters != weights._in_letters or weights._value_letters not in ((), weights._out_letters):
        return False
    for d in range(w.ndim - 1, -1, -1):
        if w.strides_in_bytes[d] != stride:
            return False
        stride *= w.shape[d]
    return w.ndim == 0 or stride == item * weights.n_products


cdef void vectors_at(jk_view *view, Py_ssize_t *shape, Py_ssize_t *strides, cnp.ndarray a, End *end) noexcept:
    """Describes C-contiguous vectors at this end, with one axis in front that counts them."""
    cdef int d
    cdef Py_ssize_t size = 1
    view_at(view, strides + 1, a, end)
    for d in range(end.n_axes):
        shape[d + 1] = end.length[d]
        size *= end.length[d]
    shape[0] = cnp.PyArray_SIZE(a) // size
    strides[0] = size * cnp.PyArray_ITEMSIZE(a)
    view.ndim = end.n_axes + 1
    view.shape = shape
    view.strides_in_bytes = strides
