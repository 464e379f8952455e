# Sums and means over axes: one C call for the sum, one for the division, one to repeat a cotangent.

from libc.string cimport memcpy

cdef enum:
    FEW = 64  # results that are divided by one loop, without set-up

cdef struct Fold:
    # What is left of an array that is summed over axes.
    int ndim
    cnp.npy_intp shape[JK_MAX_NDIM]
    bint is_summed[JK_MAX_NDIM]  # of each axis of the array
    bint keepdims
    Py_ssize_t n                 # numbers that go into one


cdef inline bint mark_axis(Fold *fold, object axis, int ndim) except -1:
    """Marks one axis; False unless it is an integer in range that is not marked yet."""
    cdef int overflow = 0
    cdef long k
    if not PyArray_IsIntegerScalar(axis) or axis is True or axis is False:
        return False
    k = PyLong_AsLongAndOverflow(axis, &overflow)
    if overflow != 0 or not -ndim <= k < ndim:
        return False
    k += ndim if k < 0 else 0
    if fold.is_summed[k]:
        return False
    fold.is_summed[k] = True
    return True


cdef inline bint read_axis(Fold *fold, cnp.ndarray x, object axis, bint keepdims) except -1:
    """Fills in what is left of x; False where `axis` needs words."""
    cdef int ndim = cnp.PyArray_NDIM(x), d
    for d in range(ndim):
        fold.is_summed[d] = axis is None
    if axis is not None and type(axis) is not tuple and not mark_axis(fold, axis, ndim):
        return False
    if type(axis) is tuple:
        for one in <tuple>axis:
            if not mark_axis(fold, one, ndim):
                return False
    fold.n = 1
    fold.ndim = 0
    fold.keepdims = keepdims
    for d in range(ndim):
        if not fold.is_summed[d]:
            fold.shape[fold.ndim] = cnp.PyArray_DIMS(x)[d]
            fold.ndim += 1
            continue
        fold.n *= cnp.PyArray_DIMS(x)[d]
        if keepdims:
            fold.shape[fold.ndim] = 1
            fold.ndim += 1
    return True


cdef inline void lay_folded(Laid *l, cnp.ndarray y, Fold *fold, int ndim) noexcept:
    """Describes a result with all axes of what was summed, of length 1 where it was."""
    cdef int d
    lay(l, y)
    if fold.keepdims:
        return
    for d in range(ndim):
        if fold.is_summed[d]:
            insert_axis(l, d)


cdef void divide_flat(cnp.ndarray total, cnp.ndarray divisor, cnp.ndarray out) noexcept:
    """out = total / divisor for a few numbers that lie flat."""
    cdef double divisors[FEW]
    cdef const void *inputs[JK_N_IN]
    cdef Py_ssize_t k, item = cnp.PyArray_ITEMSIZE(divisor)
    for k in range(cnp.PyArray_SIZE(out)):
        memcpy(<char *>divisors + k * item, cnp.PyArray_DATA(divisor), item)
    read_flat(inputs, total, None)
    inputs[JK_IN_B] = divisors
    run_loop(flat_loops(JK_OP_divide, out).value, cnp.PyArray_SIZE(out), cnp.PyArray_DATA(out), inputs)


cdef class ReductionOp(FamilyOp):
    """A sum over axes, divided by the number of terms if `is_mean`."""

    cdef readonly bint is_mean

    def __init__(self, *args, bint is_mean=False, **kwargs):
        self.is_mean = is_mean

    cdef bint divide(self, int product, cnp.ndarray total, Py_ssize_t n, cnp.ndarray out, bint adds) except -1:
        """out = total / n, or out += total / n; whether the C call did it."""
        cdef Laid total_laid, n_laid, out_laid
        cdef const jk_view *args[2]
        cdef cnp.ndarray divisor = as_operand(n, cnp.PyArray_TYPE(total))
        cdef Call context
        cdef jk_status status
        if (cnp.PyArray_SIZE(out) <= FEW and not adds and cnp.PyArray_TYPE(out) == cnp.PyArray_TYPE(total)
                and cnp.PyArray_IS_C_CONTIGUOUS(out) and same_shape(out, total) and lies_flat(total, out)):
            divide_flat(total, divisor, out)
            return True
        lay(&total_laid, total)
        lay(&n_laid, divisor)
        lay(&out_laid, out)
        args[0] = &total_laid.view
        args[1] = &n_laid.view
        if cnp.PyArray_SIZE(out) < LARGE:
            return self.went(product, jk_pointwise_value(NULL, JK_OP_divide, args, &out_laid.view, adds))
        context = Call()
        with nogil:
            status = jk_pointwise_value(&context.context, JK_OP_divide, args, &out_laid.view, adds)
        return self.went(product, status)

    cdef object reduce(self, int product, cnp.ndarray x, Fold *fold, PyObject *given, bint adds):
        """The sum or mean of x; NotImplemented where only the general way can."""
        cdef Laid x_laid, total_laid
        cdef int typenum = cnp.PyArray_TYPE(x)
        cdef cnp.ndarray result = output(given, fold.ndim, fold.shape, typenum), total
        if result is None:
            return NotImplemented
        total = result
        if self.is_mean and (adds or cnp.PyArray_TYPE(result) != typenum):
            total = new_array(fold.ndim, fold.shape, typenum, False)
        if (cnp.PyArray_SIZE(total) == 1 and 0 < fold.n <= SHORT and cnp.PyArray_IS_C_CONTIGUOUS(x)
                and cnp.PyArray_TYPE(total) == typenum and is_beyond(x, total)):
            sum_flat(x, total, adds and total is result)
        else:
            lay(&x_laid, x)
            lay_folded(&total_laid, total, fold, cnp.PyArray_NDIM(x))
            if not self.went(product, move(jk_unbroadcast, x, &x_laid, &total_laid, adds and total is result)):
                return NotImplemented
        if self.is_mean and not self.divide(product, total, fold.n, result, adds):
            return NotImplemented
        return returned(result, given)

    cdef object spread(self, cnp.ndarray y_bar, cnp.ndarray x, Fold *fold, PyObject *given, bint adds):
        """The cotangent of x; NotImplemented where only the general way can."""
        cdef Laid y_bar_laid, x_bar_laid
        cdef cnp.ndarray quotient
        cdef cnp.ndarray x_bar = output(given, cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(y_bar))
        if x_bar is None:
            return NotImplemented
        if self.is_mean and fold.n > 0:
            quotient = new_array(fold.ndim, fold.shape, cnp.PyArray_TYPE(y_bar), False)
            if not self.divide(VJP, y_bar, fold.n, quotient, False):
                return NotImplemented
            y_bar = quotient
        lay_folded(&y_bar_laid, y_bar, fold, cnp.PyArray_NDIM(x))
        lay(&x_bar_laid, x_bar)
        if not self.went(VJP, move(jk_repeat, x_bar, &y_bar_laid, &x_bar_laid, adds)):
            return NotImplemented
        return returned(x_bar, given)

    def __call__(self, x, axis=None, *, bint keepdims=False, out=None):
        cdef Fold fold
        if is_native(x) and read_axis(&fold, <cnp.ndarray>x, axis, keepdims):
            result = self.reduce(VALUE, x, &fold, NULL if out is None else <PyObject *>out, False)
            if result is not NotImplemented:
                self.count(VALUE)
                return result
        result = self._value(x, axis, keepdims=keepdims, out=out)
        self.count_general(VALUE)
        return result

    def jvp(self, x_dot, x=None, axis=None, *, bint keepdims=False, out=None, accumulate=False):
        """The same reduction of a tangent.

        Parameters
        ----------
        x_dot : array_like
            The tangent, of the shape of `x`.
        x : array_like, optional
            Read for its shape only, to check that of `x_dot`.
        axis, keepdims, out
            As in the call.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of the result; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError
            If `x_dot` has another shape than `x`, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.mean.jvp(np.array([1.0, 3.0]))
        np.float64(2.0)
        """
        cdef Fold fold
        cdef Wish wish
        wish.is_tuple = False
        if (is_native(x_dot) and (x is None or cnp.PyArray_CheckExact(x) and same_shape(<cnp.ndarray>x_dot, x))
                and read_outs(&wish, out, accumulate) and read_axis(&fold, <cnp.ndarray>x_dot, axis, keepdims)):
            result = self.reduce(JVP, x_dot, &fold, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(JVP)
                return result
        result = self._jvp(x_dot, x, axis, keepdims=keepdims, out=out, accumulate=accumulate)
        self.count_general(JVP)
        return result

    def vjp(self, y_bar, x, axis=None, *, bint keepdims=False, wrt=0, out=None, accumulate=False):
        """The cotangent repeated to the shape of `x`; for a mean, divided by the number of summed elements.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, of the shape of the result.
        x : array_like
            Read for its shape only: ``np.broadcast_to(0., shape)`` will do.
        axis, keepdims
            As in the call.
        wrt : int or tuple of int
            0, or (0,) for a tuple of one result.
        out : ndarray, optional
            Where the result is written, of the shape of `x`; a tuple if `wrt` is one.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of `x` and the dtype of `y_bar`; for a Python number that of `x`.

        Raises
        ------
        ValueError
            If `y_bar` does not have the shape of the result, and as in the call.
        TypeError
            If `x` is missing, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.sum.vjp(np.array([1.0, 2.0]), np.zeros((2, 3)), axis=1)
        array([[1., 1., 1.],
               [2., 2., 2.]])
        """
        cdef Fold fold
        cdef Wish wish
        cdef cnp.ndarray g
        if (cnp.PyArray_CheckExact(x) and read_wrt(&wish, wrt, 1) and read_outs(&wish, out, accumulate)
                and read_axis(&fold, <cnp.ndarray>x, axis, keepdims)):
            g = as_cotangent(y_bar, x)
            if g is not None and has_shape(g, fold.ndim, fold.shape):
                result = self.spread(g, x, &fold, wish.out[0], wish.adds[0])
                if result is not NotImplemented:
                    self.count(VJP)
                    return (result,) if wish.is_tuple else result
        result = self._vjp(y_bar, x, axis, keepdims=keepdims, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP)
        return result

    def vjp2(self, h, y_bar, x, axis=None, *, bint keepdims=False, wrt=0, out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, x)`` for a cotangent `h` of the result of `vjp`.

        Parameters
        ----------
        h : array_like
            The cotangent of `vjp`'s result, of the shape of `x`; a tuple of one if `wrt` is a tuple.
        y_bar, x, axis, keepdims, wrt
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the two results are written; None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            The reduction of `h`, and zeros of the shape of `x`.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.sum.vjp2(np.array([1.0, 2.0]), 1.0, np.zeros(2))
        (np.float64(3.0), array([0., 0.]))
        """
        cdef Fold fold
        cdef Wish wish, outs
        cdef cnp.ndarray g, x_bar
        outs.n = 2
        outs.is_tuple = True
        if (is_native(x) and read_wrt(&wish, wrt, 1) and read_outs(&outs, out, accumulate)
                and read_axis(&fold, <cnp.ndarray>x, axis, keepdims)):
            one = h[0] if wish.is_tuple and type(h) is tuple and len(<tuple>h) == 1 else None if wish.is_tuple else h
            g = as_cotangent(y_bar, x)
            if (is_like(one, x) and g is not None and has_shape(g, fold.ndim, fold.shape)
                    and cnp.PyArray_TYPE(g) == cnp.PyArray_TYPE(<cnp.ndarray>x)):
                x_bar = output(outs.out[1], cnp.PyArray_NDIM(<cnp.ndarray>x), cnp.PyArray_DIMS(<cnp.ndarray>x),
                               cnp.PyArray_TYPE(g))
                if x_bar is not None and outs_are_apart(&outs):
                    result = self.reduce(VJP2, one, &fold, outs.out[0], outs.adds[0])
                    if result is not NotImplemented:
                        fill_zero(x_bar, outs.adds[1])
                        self.count(VJP2)
                        return result, returned(x_bar, outs.out[1])
        result = self._vjp2(h, y_bar, x, axis, keepdims=keepdims, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP2)
        return result

    def jacobian(self, x, axis=None, *, bint keepdims=False, wrt=0):
        """The Jacobian at any `x` of this shape: a reduction that stores one number; a tuple of one for a tuple `wrt`.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.sum.jacobian(np.zeros((2, 3)), axis=1)
        <reduction Jacobian, (2,) <- (2, 3), float64, 8 bytes>
        1 1 1 · · ·
        · · · 1 1 1
        """
        result = self._jacobian(x, axis, keepdims=keepdims, wrt=wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes this array: native float32 or float64."""
        return len(arrays) == 1 and is_native((<tuple>arrays)[0])
