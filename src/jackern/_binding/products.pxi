# What the products of all Jacobians have in common.  A product of contiguous arrays goes straight to C calls; whatever
# else comes goes to `_general_product`, which the Python class above supplies.

from numpy import may_share_memory

cdef struct End:
    # The arrays at one end of a Jacobian.
    int ndim
    Py_ssize_t *shape
    # The same memory as the C call sees it, if it is C-contiguous: axes, strides in elements, letters.
    int n_axes
    Py_ssize_t *length
    Py_ssize_t *stride
    signed char *letter


cdef inline bint is_at(object x, End *end) noexcept:
    """Whether x is a native C-contiguous array of the shape at this end."""
    cdef int d
    if not is_native(x) or not cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x):
        return False
    if cnp.PyArray_NDIM(<cnp.ndarray>x) != end.ndim:
        return False
    for d in range(end.ndim):
        if cnp.PyArray_DIMS(<cnp.ndarray>x)[d] != end.shape[d]:
            return False
    return True


cdef inline void view_at(jk_view *view, Py_ssize_t *strides, cnp.ndarray a, End *end) noexcept:
    """Describes a C-contiguous array at this end as the C call sees it; strides has room for its axes."""
    cdef int d
    cdef Py_ssize_t item = cnp.PyArray_ITEMSIZE(a)
    for d in range(end.n_axes):
        strides[d] = end.stride[d] * item
    view.data = cnp.PyArray_DATA(a)
    view.dtype = JK_FLOAT64 if cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE else JK_FLOAT32
    view.ndim = end.n_axes
    view.shape = end.length
    view.strides_in_bytes = strides


cdef class Products:
    """A Jacobian's products with vectors."""

    __signature__ = parameters("")

    cdef readonly tuple out_shape, in_shape
    cdef End out_end, in_end
    cdef int typenum  # of the product with a vector of that dtype
    cdef double n_products
    cdef bint is_straight  # whether `multiply` can ever take the straight way

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        """The C call; every class that is straight and does not replace `multiply` has its own."""
        cdef jk_status none
        none.error = JK_SHAPE
        none.argument = -1
        return none

    cdef int check_kept(self) except -1:
        """Raises where the memory of an array that the C call reads is gone."""
        return 0

    def _check_kept(self):
        """Raise ValueError where the memory of an array that this Jacobian keeps is gone."""
        self.check_kept()

    cdef jk_status run_batched(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                               bint transposed) noexcept nogil:
        """The C call with equal batch axes in front of both views."""
        return self.run(context, v, out, accumulate, transposed)

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        """The product the straight way, an array also if 0-d; NotImplemented where that cannot be taken."""
        cdef End *source = &self.out_end if transposed else &self.in_end
        cdef End *target = &self.in_end if transposed else &self.out_end
        cdef cnp.ndarray result
        if not self.is_straight or not is_at(v, source):
            return NotImplemented
        self.check_kept()
        if out is None:
            if accumulate or cnp.PyArray_TYPE(<cnp.ndarray>v) != self.typenum:
                return NotImplemented
            result = new_array(target.ndim, <cnp.npy_intp *>target.shape, self.typenum, False)
        elif is_at(out, target) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            result = <cnp.ndarray>out
        else:
            return NotImplemented
        cdef jk_view v_view, result_view
        cdef Py_ssize_t v_strides[JK_MAX_NDIM]
        cdef Py_ssize_t result_strides[JK_MAX_NDIM]
        cdef jk_status status
        cdef Call call
        view_at(&v_view, v_strides, <cnp.ndarray>v, source)
        view_at(&result_view, result_strides, result, target)
        if self.n_products < LARGE and cnp.PyArray_SIZE(result) < LARGE:
            status = self.run(NULL, &v_view, &result_view, accumulate, transposed)
        else:
            call = Call()
            with nogil:
                status = self.run(&call.context, &v_view, &result_view, accumulate, transposed)
        if status.error == JK_WORKSPACE and out is not None:  # a new array is the scratch that the call lacks
            return self.add_new(v, out, accumulate, transposed)
        return result if self.did(status, transposed) else NotImplemented

    cdef bint did(self, jk_status status, bint transposed) except -1:
        """Whether the C call did it."""
        if status.error == JK_OK:
            return True
        return went(f"{self.structure}.{'vjp' if transposed else 'jvp'}", status)

    cdef object add_new(self, object v, object out, bint accumulate, bint transposed):
        """The product as a new array, and that written to out or added to it: rounded and added once."""
        cdef Laid new_laid, out_laid
        new = self.multiply(v, None, False, transposed)
        if new is NotImplemented or not is_writable_like(out, new):
            return NotImplemented
        lay(&new_laid, new)
        lay(&out_laid, out)
        return out if self.did(move(jk_repeat, new, &new_laid, &out_laid, accumulate), transposed) else NotImplemented

    def _batched_product(self, v, out, bint accumulate, bint transposed):
        """The product with vectors: both arrays have the axes that the C call sees, after any equal batch axes.

        Overlap, with nothing written, also where `out` has to be another array because the call lacks the scratch.
        """
        cdef Views views = Views([v, out])
        cdef Call call = Call()
        cdef jk_status status
        self.check_kept()
        with nogil:
            status = self.run_batched(&call.context, views.at[0], views.at[1], accumulate, transposed)
        if status.error == JK_WORKSPACE:
            raise Overlap(2)
        finish(status)

    @cython.final
    cdef inline object straight_product(self, object v, object out, object accumulate, bint transposed):
        """The product the straight way, a NumPy scalar if new and 0-d; NotImplemented where that cannot be taken."""
        cdef int adds = as_flag(accumulate)
        if adds < 0:
            return NotImplemented
        result = self.multiply(v, out, adds, transposed)
        return result if result is NotImplemented else returned(result, NULL if out is None else <PyObject *>out)

    cdef object product(self, object v, object out, object accumulate, bint transposed):
        result = self.straight_product(v, out, accumulate, transposed)
        if result is NotImplemented and (self.typenum == cnp.NPY_DOUBLE
                                         or (self.typenum == cnp.NPY_FLOAT and width_of(v) == NARROW)):
            result = self.straight_product(converted(v, self.typenum), out, accumulate, transposed)
        if result is NotImplemented:
            result = self._general_product(v, out, accumulate, transposed)
            jacobian_general_calls[transposed] += 1
        jacobian_calls[transposed] += 1
        return result

    def _product(self, v, out=None, accumulate=False, bint transposed=False):
        """The product as `jvp` or `vjp` gives it, for jackern's own use: `stats` counts what users call."""
        result = self.straight_product(v, out, accumulate, transposed)
        return self._general_product(v, out, accumulate, transposed) if result is NotImplemented else result

    def jvp(self, x_dot, *, out=None, accumulate=False):
        """The Jacobian-vector product; see `jackern.Jacobian.jvp`."""
        return self.product(x_dot, out, accumulate, False)

    def vjp(self, y_bar, *, out=None, accumulate=False):
        """The vector-Jacobian product; see `jackern.Jacobian.vjp`."""
        return self.product(y_bar, out, accumulate, True)


cdef inline bint is_writable_like(object out, cnp.ndarray new) noexcept:
    """Whether out is a writable native array of the shape of another one."""
    return is_native(out) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out) and same_shape(<cnp.ndarray>out, new)


cdef class SumProducts(Products):
    """Products of a sum of Jacobians: each adds its own to one output.

    Parameters
    ----------
    parts : tuple of Jacobian
        Of the same shapes.
    """

    __signature__ = parameters("parts")

    cdef readonly tuple _parts

    def __cinit__(self, tuple parts not None):
        if len(parts) == 0:
            raise ValueError("a sum of no parts")
        for part in parts:
            if (part.out_shape, part.in_shape) != (parts[0].out_shape, parts[0].in_shape):
                raise ValueError(f"a sum of {parts[0].structure}, {parts[0].out_shape} <- {parts[0].in_shape}, and "
                                 f"{part.structure}, {part.out_shape} <- {part.in_shape}")
        self._parts = parts
        self.is_straight = are_straight(parts)
        self.typenum = (<Products>parts[0]).typenum if self.is_straight else -1
        self.out_shape = parts[0].out_shape
        self.in_shape = parts[0].in_shape

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        # The sum is rounded and added once, and no part may read what another one wrote.
        if not self.is_straight or not is_native(v) or cnp.PyArray_TYPE(<cnp.ndarray>v) != self.typenum:
            return NotImplemented
        if accumulate and out is None:
            return NotImplemented
        if out is not None and (accumulate or not is_native(out) or not is_apart(out, v, self._parts)
                                or cnp.PyArray_TYPE(<cnp.ndarray>out) != self.typenum):
            return self.add_new(v, out, accumulate, transposed)
        for part in self._parts:
            out = (<Products>part).multiply(v, out, accumulate, transposed)
            if out is NotImplemented:
                return out
            accumulate = True
        return out


cdef class ChainProducts(Products):
    """Products of a product of Jacobians with one vector: one factor after the other.

    Parameters
    ----------
    parts : tuple of Jacobian
        The factors; each takes what the next one returns.
    reasons : tuple of str
        Why neighbours are kept apart, one for every two.
    """

    __signature__ = parameters("parts, reasons")

    cdef readonly tuple _parts, _apart

    def __cinit__(self, tuple parts not None, tuple reasons not None):
        if len(reasons) != len(parts) - 1:
            raise ValueError(f"a product of {len(parts)} factors with {len(reasons)} reasons")
        for left, right in zip(parts, parts[1:]):
            if left.in_shape != right.out_shape:
                raise ValueError(f"a product of {left.structure}, which takes {left.in_shape}, and {right.structure}, "
                                 f"which returns {right.out_shape}")
        self._parts = parts
        self._apart = reasons
        self.is_straight = are_straight(parts)
        self.out_shape = parts[0].out_shape
        self.in_shape = parts[len(parts) - 1].in_shape

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        cdef Py_ssize_t n = len(self._parts), k
        if not self.is_straight:
            return NotImplemented
        for k in range(n):
            part = self._parts[k if transposed else n - 1 - k]
            if k < n - 1:
                v = (<Products>part).multiply(v, None, False, transposed)
            else:
                v = (<Products>part).multiply(v, out, accumulate, transposed)
            if v is NotImplemented:
                return v
        return v


cdef bint are_straight(tuple parts) except -1:
    """Whether all parts may go the straight way, with one dtype."""
    for part in parts:
        if not isinstance(part, Products) or not (<Products>part).is_straight or part.dtype != parts[0].dtype:
            return False
    return True


cdef bint is_apart(object out, object v, tuple parts) except -1:
    """Whether an output is an array that overlaps neither the vectors nor what the parts hold."""
    if not is_native(out) or may_share_memory(out, v):
        return False
    for part in parts:
        for array in part._arrays():
            if may_share_memory(out, array):
                return False
    return True
