# Losses of rows against integer labels: one C call each, which knows rows of logits and one label per row.

from numpy import asarray as as_array
from numpy import take_along_axis

ctypedef jk_status loss_call(const jk_context *, const jk_view *, const Py_ssize_t *, const jk_view *,
                             int) noexcept nogil
ctypedef jk_status loss_product_call(const jk_context *, const jk_view *, const jk_view *, const Py_ssize_t *,
                                     const jk_view *, int) noexcept nogil

cdef struct Rows:
    # Logits as rows, and the shape of the losses.
    Laid logits
    int ndim
    cnp.npy_intp *shape


cdef inline bint lay_rows(Rows *rows, object logits) noexcept:
    """Whether logits is a native array whose leading axes are one; describes it."""
    if not is_operand(logits):
        return False
    lay(&rows.logits, <cnp.ndarray>logits)
    rows.ndim = cnp.PyArray_NDIM(<cnp.ndarray>logits) - 1
    rows.shape = cnp.PyArray_DIMS(<cnp.ndarray>logits)
    return join_front(&rows.logits, 1)


cdef cnp.ndarray own_labels(object labels, Rows *rows, Py_ssize_t size, PyObject *out):
    """One label per row, contiguous; None where only the general way can.

    They are copied where somebody may write to them after they have been checked: another thread during a large call,
    or the call itself, to an output in the same memory.
    """
    cdef Laid labels_laid, out_laid
    cdef int d
    cdef cnp.ndarray array
    if not cnp.PyArray_CheckExact(labels) or not cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray>labels):
        return None
    array = <cnp.ndarray>labels
    if cnp.PyArray_TYPE(array) != cnp.NPY_INTP or cnp.PyArray_NDIM(array) != rows.ndim:
        return None
    for d in range(rows.ndim):
        if cnp.PyArray_DIMS(array)[d] != rows.shape[d]:
            return None
    if size < LARGE and cnp.PyArray_IS_C_CONTIGUOUS(array):
        if out == NULL:
            return array
        if is_native(<object>out):
            lay(&labels_laid, array)
            labels_laid.view.dtype = JK_FLOAT64 if sizeof(Py_ssize_t) == 8 else JK_FLOAT32  # of the size of a label
            lay(&out_laid, <cnp.ndarray>out)
            if are_apart(&labels_laid, &out_laid):
                return array
    return cnp.PyArray_NewCopy(array, cnp.NPY_CORDER)


cdef object weighted_softmax(object y_bar, object logits):
    """``y_bar[..., None] * softmax(logits)``, the cotangent of the logits in their logsumexp; a new array.

    NotImplemented where the leading axes of an operand are not one.
    """
    cdef Rows rows
    cdef Laid y_bar_laid, out_laid
    cdef jk_row_operands operands
    cdef cnp.ndarray out
    cdef Call context
    cdef jk_status status
    lay(&y_bar_laid, y_bar)
    if not lay_rows(&rows, logits) or not join_front(&y_bar_laid, 0):
        return NotImplemented
    out = new_array(cnp.PyArray_NDIM(<cnp.ndarray>logits), cnp.PyArray_DIMS(<cnp.ndarray>logits),
                    cnp.PyArray_TYPE(<cnp.ndarray>logits), False)
    lay(&out_laid, out)
    join_front(&out_laid, 1)  # a new array is contiguous
    operands.x = &rows.logits.view
    operands.labels = NULL
    context = Call(cnp.PyArray_SIZE(out))
    with nogil:
        status = jk_rowwise_vjp(&context.context, LOGSUMEXP, &y_bar_laid.view, &operands, &out_laid.view, False)
    finish(status)
    return out


cdef int LOGSUMEXP = jk_find_rowwise(b"logsumexp")


cdef class RowLossOp(FamilyOp):
    """A loss per row of logits against a label; the descriptor names the C calls by that of the value."""

    cdef loss_call *value_call
    cdef loss_product_call *jvp_call
    cdef loss_product_call *vjp_call

    def __init__(self, *args, str calls, **kwargs):
        if calls != "softmax_cross_entropy":
            raise ValueError(f"{self.name}: there are no C calls jk_{calls}_*")
        self.value_call = jk_softmax_cross_entropy_value
        self.jvp_call = jk_softmax_cross_entropy_jvp
        self.vjp_call = jk_softmax_cross_entropy_vjp

    cdef object value(self, object logits, object labels, PyObject *given):
        """The losses the straight way; NotImplemented where that cannot be taken."""
        cdef Rows rows
        cdef Laid loss_laid
        cdef Call context
        cdef jk_status status
        cdef cnp.ndarray label, loss
        if not lay_rows(&rows, logits):
            return NotImplemented
        label = own_labels(labels, &rows, cnp.PyArray_SIZE(<cnp.ndarray>logits), given)
        loss = output(given, rows.ndim, rows.shape, cnp.PyArray_TYPE(<cnp.ndarray>logits))
        if label is None or loss is None:
            return NotImplemented
        lay(&loss_laid, loss)
        if not join_front(&loss_laid, 0):
            return NotImplemented
        cdef const Py_ssize_t *at = <const Py_ssize_t *>cnp.PyArray_DATA(label)
        if cnp.PyArray_SIZE(<cnp.ndarray>logits) < LARGE:
            status = self.value_call(NULL, &rows.logits.view, at, &loss_laid.view, False)
        else:
            context = Call()
            with nogil:
                status = self.value_call(&context.context, &rows.logits.view, at, &loss_laid.view, False)
        return returned(loss, given) if self.went(VALUE, status) else NotImplemented

    cdef object multiply(self, int product, object v, object logits, object labels, PyObject *given, bint adds):
        """The tangent of the losses (JVP) or the cotangent of the logits (VJP); NotImplemented as above."""
        cdef Rows rows
        cdef Laid v_laid, out_laid
        cdef Call context
        cdef jk_status status
        cdef cnp.ndarray label, out
        cdef loss_product_call *call = self.jvp_call if product == JVP else self.vjp_call
        if not lay_rows(&rows, logits) or not is_like_dtype(v, logits):
            return NotImplemented
        cdef int n_in = rows.ndim + 1 if product == JVP else rows.ndim
        cdef int n_out = rows.ndim if product == JVP else rows.ndim + 1
        label = own_labels(labels, &rows, cnp.PyArray_SIZE(<cnp.ndarray>logits), given)
        if label is None or not has_shape(v, n_in, rows.shape):
            return NotImplemented
        out = output(given, n_out, rows.shape, cnp.PyArray_TYPE(<cnp.ndarray>logits))
        if out is None:
            return NotImplemented
        lay(&v_laid, v)
        lay(&out_laid, out)
        if not join_front(&v_laid, n_in - rows.ndim) or not join_front(&out_laid, n_out - rows.ndim):
            return NotImplemented
        cdef const Py_ssize_t *at = <const Py_ssize_t *>cnp.PyArray_DATA(label)
        if cnp.PyArray_SIZE(<cnp.ndarray>logits) < LARGE:
            status = call(NULL, &v_laid.view, &rows.logits.view, at, &out_laid.view, adds)
        else:
            context = Call()
            with nogil:
                status = call(&context.context, &v_laid.view, &rows.logits.view, at, &out_laid.view, adds)
        return returned(out, given) if self.went(product, status) else NotImplemented

    cdef object twice(self, object h, object y_bar, object logits, object labels, object out, object accumulate):
        """The results of `vjp2` the straight way; NotImplemented as above."""
        cdef Wish outs
        cdef cnp.ndarray y_bar_bar, result
        outs.n = 2
        outs.is_tuple = True
        if not is_operand(logits) or not is_like(h, <cnp.ndarray>logits) or not read_outs(&outs, out, accumulate):
            return NotImplemented
        if out is not None and not (outs_are_apart(&outs) and outs_avoid(&outs, (h, logits))
                                    and (not is_native(y_bar) or outs_avoid(&outs, (y_bar,)))):
            return NotImplemented
        result = output(outs.out[1], cnp.PyArray_NDIM(<cnp.ndarray>logits), cnp.PyArray_DIMS(<cnp.ndarray>logits),
                        cnp.PyArray_TYPE(<cnp.ndarray>logits))
        y_bar_bar = output(outs.out[0], cnp.PyArray_NDIM(<cnp.ndarray>logits) - 1,
                           cnp.PyArray_DIMS(<cnp.ndarray>logits), cnp.PyArray_TYPE(<cnp.ndarray>logits))
        if result is None or y_bar_bar is None:
            return NotImplemented
        loss_dot = self.multiply(JVP, h, logits, labels, NULL, False)
        if (loss_dot is NotImplemented or not is_like_dtype(y_bar, logits)
                or not has_shape(y_bar, y_bar_bar.ndim, cnp.PyArray_DIMS(y_bar_bar))):
            return NotImplemented
        probabilities = weighted_softmax(y_bar, logits)
        if probabilities is NotImplemented:
            return NotImplemented
        # With the probabilities s, J h = s h - s (s h), and loss_dot = s h - h[label].  What multiplies s, which is
        # h less h[label] less loss_dot, is exact where the label has nearly all of the probability.
        shift = take_along_axis(h, as_array(labels)[..., None], -1)
        pointwise_value(NAMED["add"], [shift, as_array(loss_dot)[..., None]], shift, False)
        turned = new_like(<cnp.ndarray>logits)
        pointwise_value(NAMED["subtract"], [h, shift], turned, False)
        pointwise_value(NAMED["positive"], [as_array(loss_dot)], y_bar_bar, outs.adds[0])
        pointwise_value(NAMED["multiply"], [probabilities, turned], result, outs.adds[1])
        return returned(y_bar_bar, outs.out[0]), result

    def _double_backward(self, h, y_bar, logits, labels):
        """The results of `vjp2`, new, for native arrays of one dtype and labels that are classes."""
        return self.twice(h, y_bar, logits, labels, None, False)

    def __call__(self, logits, labels, *, out=None):
        result = self.value(logits, labels, NULL if out is None else <PyObject *>out)
        if result is not NotImplemented:
            self.count(VALUE)
            return result
        result = self._value(logits, labels, out=out)
        self.count_general(VALUE)
        return result

    def jvp(self, logits_dot, logits, labels, *, out=None, accumulate=False):
        """The tangent of every loss, ``sum((softmax(logits) - onehot(labels)) * logits_dot, axis=-1)``.

        Parameters
        ----------
        logits_dot : array_like
            The tangent, of the shape of `logits`.
        logits, labels, out
            As in the call.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array ``(*batch,)``; a NumPy scalar if 0-d.

        Raises
        ------
        ValueError
            If `logits_dot` has another shape than `logits`, and as in the call.
        TypeError
            As in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.jvp(np.array([[1.0, 0.0]]), np.zeros((1, 2)), [1])
        array([0.5])
        """
        cdef Wish wish
        wish.is_tuple = False
        if read_outs(&wish, out, accumulate):
            result = self.multiply(JVP, logits_dot, logits, labels, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(JVP)
                return result
        result = self._jvp(logits_dot, logits, labels, out=out, accumulate=accumulate)
        self.count_general(JVP)
        return result

    def vjp(self, y_bar, logits, labels, *, wrt=0, out=None, accumulate=False):
        """The cotangent of the logits, ``y_bar[..., None] * (softmax(logits) - onehot(labels))``.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, ``(*batch,)``, one number per row.
        logits, labels
            As in the call.
        wrt : int or tuple of int
            0, or (0,) for a tuple of one result: labels have no derivative.
        out : ndarray, optional
            Where the result is written, of the shape of `logits`; it may be `logits` itself.  A tuple if `wrt` is one.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of `logits`.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, and as in the call.
        TypeError
            As in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.vjp(np.ones(1), np.zeros((1, 2)), [1])
        array([[ 0.5, -0.5]])
        """
        cdef Wish wish
        if read_wrt(&wish, wrt, 1) and read_outs(&wish, out, accumulate):
            result = self.multiply(VJP, as_cotangent(y_bar, logits), logits, labels, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(VJP)
                return (result,) if wish.is_tuple else result
        result = self._vjp(y_bar, logits, labels, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP)
        return result

    def vjp2(self, h, y_bar, logits, labels, *, wrt=0, out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, logits)`` for a cotangent `h` of the result of `vjp`.

        Parameters
        ----------
        h : array_like
            The cotangent of `vjp`'s result, of the shape of `logits`; a tuple of one if `wrt` is a tuple.
        y_bar, logits, labels, wrt
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the two results are written; None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``sum((s - onehot) * h, -1)``, and ``y_bar * (s * h - s * sum(s * h, -1))`` for ``s = softmax(logits)``.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.vjp2(np.array([[4.0, 0.0]]), np.ones(1), np.zeros((1, 2)), [1])
        (array([2.]), array([[ 1., -1.]]))
        """
        cdef Wish wish
        if read_wrt(&wish, wrt, 1):
            one = h
            if wish.is_tuple:
                one = h[0] if type(h) is tuple and len(<tuple>h) == 1 else None
            result = self.twice(one, as_cotangent(y_bar, logits), logits, labels, out, accumulate)
            if result is not NotImplemented:
                self.count(VJP2)
                return result
        result = self._vjp2(h, y_bar, logits, labels, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP2)
        return result

    def jacobian(self, logits, labels, *, wrt=0):
        """The Jacobian by the logits: a reduction with one number per logit; a tuple of one for a tuple `wrt`.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.softmax_cross_entropy.jacobian(np.zeros((3, 4)), [0, 1, 2])
        <reduction Jacobian, (3,) <- (3, 4), float64, 96 bytes>
        x x x x · · · · · · · ·
        · · · · x x x x · · · ·
        · · · · · · · · x x x x
        """
        result = self._jacobian(logits, labels, wrt=wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these: native float32 or float64 logits and int64 labels, one per row."""
        cdef Rows rows
        return (len(arrays) == 2 and lay_rows(&rows, (<tuple>arrays)[0])
                and own_labels((<tuple>arrays)[1], &rows, 0, NULL) is not None)


# ---- one C call each, for operands that are native arrays already ----------------------------------------

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
