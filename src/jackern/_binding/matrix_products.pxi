# matmul and linear.  Every product in them, and in their tangents and cotangents, is one of a stack of matrices with
# another, and goes through `multiply`, which chooses who computes it.

from numpy import add as numpy_add
from numpy import errstate
from numpy import matmul as numpy_matmul

cdef enum:
    # Multiplications up to which a product of matrices is our own: beyond, NumPy's has the better of its own call.
    OWN_PRODUCTS = 4096


cdef inline void lay_matrix(Laid *l, cnp.ndarray x, bint without_rows, bint without_columns) noexcept:
    """Describes an array as a stack of matrices, with an axis of length 1 for one that it lacks."""
    lay(l, x)
    if without_columns:
        insert_axis(l, l.view.ndim)
    if without_rows:
        insert_axis(l, l.view.ndim - 1)


cdef inline void transpose(Laid *l) noexcept:
    """Exchanges rows and columns."""
    cdef int row = l.view.ndim - 2, column = l.view.ndim - 1
    l.shape[row], l.shape[column] = l.shape[column], l.shape[row]
    l.strides[row], l.strides[column] = l.strides[column], l.strides[row]


cdef object array_of(Laid *l):
    """The same memory as an array; it lives no longer than the caller's."""
    return cnp.PyArray_New(cnp.ndarray, l.view.ndim, <cnp.npy_intp *>l.shape,
                           cnp.NPY_DOUBLE if l.view.dtype == JK_FLOAT64 else cnp.NPY_FLOAT,
                           <cnp.npy_intp *>l.strides, l.view.data, 0, cnp.NPY_ARRAY_WRITEABLE, None)


cdef int multiply_by_numpy(Laid *a, Laid *b, Laid *out, bint accumulate) except -1:
    left, right, target = array_of(a), array_of(b), array_of(out)
    cdef jk_environment before = jk_enter()
    try:
        with errstate(all="ignore"):
            if accumulate:
                numpy_add(target, numpy_matmul(left, right), out=target, casting="same_kind")
            else:
                numpy_matmul(left, right, out=target, casting="same_kind")
    finally:
        jk_leave(before)
    return 0


cdef jk_status multiply(Laid *a, Laid *b, Laid *out, bint accumulate) except *:
    """out (*batch, m, n) = or += a (*batch, m, k) b (*batch, k, n).

    One vector goes to the loops that read a matrix once, small matrices to our own product, large ones to NumPy's.
    """
    cdef bint is_single = a.view.ndim == b.view.ndim == 2
    cdef Py_ssize_t n_columns = b.shape[b.view.ndim - 1], n_rows = a.shape[a.view.ndim - 2]
    cdef double n_products = <double>n_elements(out) * <double>a.shape[a.view.ndim - 1]
    cdef jk_view matrix = a.view, vector = b.view, flat = out.view
    cdef product_call *call = jk_dense_jvp
    cdef Call context
    cdef jk_status status
    if is_single and n_columns == 1:
        vector.ndim = flat.ndim = 1
    elif is_single and n_rows == 1:
        call = jk_dense_vjp
        matrix = b.view
        vector = a.view
        vector.ndim = flat.ndim = 1
        vector.shape, vector.strides_in_bytes = vector.shape + 1, vector.strides_in_bytes + 1
        flat.shape, flat.strides_in_bytes = flat.shape + 1, flat.strides_in_bytes + 1
    elif n_products <= OWN_PRODUCTS:
        call = jk_matmul
    else:
        status = jk_check_output(&out.view, 2)
        if status.error == JK_OK:
            multiply_by_numpy(a, b, out, accumulate)
        return status
    if n_products < LARGE:
        return call(NULL, &matrix, &vector, &flat, accumulate)
    context = Call()
    with nogil:
        status = call(&context.context, &matrix, &vector, &flat, accumulate)
    return status


cdef struct Factors:
    # a and b of y = a @ b as stacks of matrices, and the shape of y.
    Laid a, b
    bint a_is_vector, b_is_vector
    int ndim
    cnp.npy_intp shape[JK_MAX_NDIM]


cdef bint lay_factors(Factors *f, cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether a @ b is defined; describes it."""
    cdef int n_a, n_b, n, d
    cdef Py_ssize_t length_a, length_b
    if cnp.PyArray_NDIM(a) == 0 or cnp.PyArray_NDIM(b) == 0:
        return False
    f.a_is_vector = cnp.PyArray_NDIM(a) == 1
    f.b_is_vector = cnp.PyArray_NDIM(b) == 1
    lay_matrix(&f.a, a, f.a_is_vector, False)
    lay_matrix(&f.b, b, False, f.b_is_vector)
    n_a, n_b = f.a.view.ndim - 2, f.b.view.ndim - 2
    if f.a.shape[n_a + 1] != f.b.shape[n_b]:
        return False
    n = max(n_a, n_b)
    for d in range(n):
        length_a = f.a.shape[d - n + n_a] if d >= n - n_a else 1
        length_b = f.b.shape[d - n + n_b] if d >= n - n_b else 1
        if length_a != length_b and length_a != 1 and length_b != 1:
            return False
        f.shape[d] = length_b if length_a == 1 else length_a
    f.ndim = n
    if not f.a_is_vector:
        f.shape[f.ndim] = f.a.shape[n_a]
        f.ndim += 1
    if not f.b_is_vector:
        f.shape[f.ndim] = f.b.shape[n_b + 1]
        f.ndim += 1
    return True


cdef inline void lay_product(Laid *l, cnp.ndarray y, Factors *f) noexcept:
    lay_matrix(l, y, f.a_is_vector, f.b_is_vector)


cdef bint lay_cotangent(Factors *f, cnp.ndarray y_bar, int k, cnp.ndarray bar, Laid *left, Laid *right,
                        Laid *out) noexcept:
    """Describes the cotangent of a (k = 0) or b (k = 1) as one product of stacks.

    One matrix b for a whole stack a is multiplied with the rows of all of a.  False where that needs a copy, and where
    matrices of a stack would have to be summed.
    """
    cdef Laid *a = left if k == 1 else out
    cdef Laid *y = right if k == 1 else left
    cdef int d, n
    if k == 0:
        right[0] = f.b
        right.view.shape, right.view.strides_in_bytes = right.shape, right.strides
        lay_matrix(out, bar, f.a_is_vector, False)
    else:
        left[0] = f.a
        left.view.shape, left.view.strides_in_bytes = left.shape, left.strides
        lay_matrix(out, bar, False, f.b_is_vector)
    lay_product(y, y_bar, f)
    if f.b.view.ndim == 2 and f.a.view.ndim > 2 and not (join_rows(a) and join_rows(y)):
        return False
    transpose(right if k == 0 else left)
    # `out` has the axes of the stack that its product has
    n = max(left.view.ndim, right.view.ndim)
    if out.view.ndim != n:
        return False
    for d in range(n - 2):
        if out.shape[d] != y.shape[d]:
            return False
    return True


cdef inline bint join_rows(Laid *l) noexcept:
    """Makes one matrix of a stack; False where strides forbid it."""
    cdef int column = l.view.ndim - 1
    cdef Py_ssize_t n = l.shape[column], stride = l.strides[column]
    l.view.ndim -= 1
    if not join_front(l, 0):
        return False
    l.shape[1], l.strides[1] = n, stride
    l.view.ndim = 2
    return True


cdef class MatrixProductOp(FamilyOp):
    # y = a @ b, plus a bias along the last axis where there is one.  An absent argument is None.

    cdef bint add_rows(self, int product, cnp.ndarray bias, cnp.ndarray out) except -1:
        """out += bias in every row."""
        cdef Laid bias_laid, out_laid
        lay(&bias_laid, bias)
        lay(&out_laid, out)
        return self.went(product, move(jk_repeat, out, &bias_laid, &out_laid, True))

    cdef object value(self, object a, object b, object bias, PyObject *given):
        """The product the straight way; NotImplemented where that cannot be taken."""
        cdef Factors f
        cdef Laid out_laid, bias_laid
        cdef cnp.ndarray out
        if not is_native(a) or not is_like_dtype(b, a) or not lay_factors(&f, a, b):
            return NotImplemented
        if bias is not None and (not is_like_dtype(bias, a) or not is_bias(bias, &f)):
            return NotImplemented
        out = output(given, f.ndim, f.shape, cnp.PyArray_TYPE(<cnp.ndarray>a))
        if out is None:
            return NotImplemented
        lay_product(&out_laid, out, &f)
        if bias is not None:
            lay(&bias_laid, bias)
            if given != NULL and not are_apart(&bias_laid, &out_laid):
                return NotImplemented
        if not self.went(VALUE, multiply(&f.a, &f.b, &out_laid, False)):
            return NotImplemented
        if bias is not None and not self.add_rows(VALUE, bias, out):
            return NotImplemented
        return returned(out, given)

    cdef object push(self, int product, object a_dot, object b_dot, object bias_dot, object a, object b,
                     PyObject *given, bint adds):
        """``a_dot @ b + a @ b_dot + bias_dot``; NotImplemented where only the general way can."""
        cdef Factors f
        cdef Laid tangent, out_laid, total_laid
        cdef cnp.ndarray out, total
        cdef int n = (a_dot is not None) + (b_dot is not None) + (bias_dot is not None)
        if not is_native(a) or not is_like_dtype(b, a) or not lay_factors(&f, a, b) or n == 0:
            return NotImplemented
        if ((a_dot is not None and not is_like(a_dot, <cnp.ndarray>a))
                or (b_dot is not None and not is_like(b_dot, <cnp.ndarray>b))
                or (bias_dot is not None and (not is_like_dtype(bias_dot, a) or not is_bias(bias_dot, &f)))):
            return NotImplemented
        out = output(given, f.ndim, f.shape, cnp.PyArray_TYPE(<cnp.ndarray>a))
        if out is None:
            return NotImplemented
        total = out
        if n > 1 and given != NULL:
            # The sum is rounded and added once, and no product may read what another one wrote.
            if adds or cnp.PyArray_TYPE(out) != cnp.PyArray_TYPE(<cnp.ndarray>a) or not all_apart(
                    out, (a_dot, b_dot, bias_dot, a, b)):
                total = new_array(f.ndim, f.shape, cnp.PyArray_TYPE(<cnp.ndarray>a), False)
        lay_product(&total_laid, total, &f)
        cdef bint is_first = True
        if a_dot is not None:
            lay_matrix(&tangent, a_dot, f.a_is_vector, False)
            if not self.went(product, multiply(&tangent, &f.b, &total_laid, adds and total is out)):
                return NotImplemented
            is_first = False
        if b_dot is not None:
            lay_matrix(&tangent, b_dot, False, f.b_is_vector)
            if not self.went(product, multiply(&f.a, &tangent, &total_laid, not is_first or (adds and total is out))):
                return NotImplemented
            is_first = False
        if bias_dot is not None:
            lay(&tangent, bias_dot)
            lay(&total_laid, total)
            if not self.went(product, move(jk_repeat, total, &tangent, &total_laid,
                                           not is_first or (adds and total is out))):
                return NotImplemented
        if total is not out:
            lay(&total_laid, total)
            lay(&out_laid, out)
            if not self.went(product, move(jk_repeat, out, &total_laid, &out_laid, adds)):
                return NotImplemented
        return returned(out, given)

    cdef bint pull(self, int product, object y_bar, object a, object b, int k, cnp.ndarray out, bint adds) except -1:
        """The cotangent of a (k = 0), b (1) or the bias (2), into out; whether the straight way could."""
        cdef Factors f
        cdef Laid left, right, out_laid
        if k == 2:
            lay(&left, y_bar)
            lay(&out_laid, out)
            return self.went(product, move(jk_unbroadcast, y_bar, &left, &out_laid, adds))
        return (lay_factors(&f, a, b) and lay_cotangent(&f, y_bar, k, out, &left, &right, &out_laid)
                and self.went(product, multiply(&left, &right, &out_laid, adds)))

    cdef int raise_late(self, str product) except -1:
        raise InternalError(f"ops.{self.name}.{product}: a result was refused after another one was written. This is a "
                            f"fault of jackern, please report it.")

    cdef object cotangents(self, object y_bar, object a, object b, object bias, object wrt, object out,
                           object accumulate):
        """The results of `vjp` the straight way; NotImplemented where that cannot be taken."""
        cdef Factors f
        cdef Wish wish
        cdef int i, k
        cdef tuple args = (a, b) if bias is None else (a, b, bias)
        cdef cnp.ndarray bar
        if not is_native(a) or not is_like_dtype(b, a) or not is_like_dtype(y_bar, a) or not lay_factors(&f, a, b):
            return NotImplemented
        if (not has_shape(y_bar, f.ndim, f.shape) or (bias is not None and not is_bias(bias, &f))
                or not read_wrt(&wish, wrt, <int>len(args)) or not read_outs(&wish, out, accumulate)):
            return NotImplemented
        if wish.n > 1 and out is not None and not (outs_are_apart(&wish) and outs_avoid(&wish, (y_bar, a, b))):
            return NotImplemented
        cdef list results = []
        for i in range(wish.n):
            k = wish.position[i]
            bar = <cnp.ndarray?>args[k]
            bar = output(wish.out[i], cnp.PyArray_NDIM(bar), cnp.PyArray_DIMS(bar), cnp.PyArray_TYPE(<cnp.ndarray>a))
            if bar is None or not can_pull(&f, y_bar, k, bar):
                return NotImplemented
            results.append(bar)
        for i in range(wish.n):
            if not self.pull(VJP, y_bar, a, b, wish.position[i], results[i], wish.adds[i]):
                if i == 0:
                    return NotImplemented
                self.raise_late("vjp")
        return tuple(results) if wish.is_tuple else results[0]

    cdef object twice(self, object h, object y_bar, object a, object b, object bias, object wrt, object out,
                      object accumulate):
        """The results of `vjp2` the straight way; NotImplemented where that cannot be taken."""
        cdef Factors f, of_h
        cdef Wish wish, outs
        cdef int i, k
        cdef tuple args = (a, b) if bias is None else (a, b, bias)
        cdef list cotangents = [None, None, None]
        cdef list results = []
        cdef cnp.ndarray like
        if not is_native(a) or not is_like_dtype(b, a) or not is_like_dtype(y_bar, a) or not lay_factors(&f, a, b):
            return NotImplemented
        outs.n = <int>len(args) + 1
        outs.is_tuple = True
        if (not has_shape(y_bar, f.ndim, f.shape) or (bias is not None and not is_bias(bias, &f))
                or not read_wrt(&wish, wrt, <int>len(args)) or not read_outs(&outs, out, accumulate)):
            return NotImplemented
        hs = h if wish.is_tuple else (h,)
        if type(hs) is not tuple or len(<tuple>hs) != wish.n:
            return NotImplemented
        for i in range(wish.n):
            one, like = (<tuple>hs)[i], args[wish.position[i]]
            if one is not None and (not is_like_dtype(one, a) or not same_shape(<cnp.ndarray>one, like)):
                return NotImplemented
            cotangents[wish.position[i]] = one
        h_a, h_b, h_bias = cotangents
        if out is not None and not (outs_are_apart(&outs) and outs_avoid(&outs, (y_bar, a, b, h_a, h_b, h_bias))):
            return NotImplemented
        # All that may be refused is looked at before anything is written.
        lay_factors(&of_h, a if h_a is None else h_a, b if h_b is None else h_b)
        for i in range(1, outs.n):
            like = args[i - 1]
            like = output(outs.out[i], cnp.PyArray_NDIM(like), cnp.PyArray_DIMS(like),
                          cnp.PyArray_TYPE(<cnp.ndarray>a))
            if like is None or not can_pull(&of_h, y_bar, i - 1, like):
                return NotImplemented
            results.append(like)
        y_bar_bar = self.push(VJP2, h_a, h_b, h_bias, a, b, outs.out[0], outs.adds[0])
        if y_bar_bar is NotImplemented:
            return NotImplemented
        for i in range(1, outs.n):
            # a_bar = y_bar h_b^T and b_bar = h_a^T y_bar, the cotangents of h_a @ h_b
            done = True
            if i == 1 and h_b is not None:
                done = self.pull(VJP2, y_bar, a, h_b, 0, results[0], outs.adds[1])
            elif i == 2 and h_a is not None:
                done = self.pull(VJP2, y_bar, h_a, b, 1, results[1], outs.adds[2])
            else:
                fill_zero(results[i - 1], outs.adds[i])
            if not done:
                self.raise_late("vjp2")
        return (y_bar_bar, *results)


cdef bint can_pull(Factors *f, object y_bar, int k, cnp.ndarray bar) noexcept:
    """Whether one product makes the cotangent of argument k."""
    cdef Laid left, right, out
    return k == 2 or lay_cotangent(f, y_bar, k, bar, &left, &right, &out)


cdef inline bint is_like_dtype(object x, object like) noexcept:
    return is_native(x) and cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.PyArray_TYPE(<cnp.ndarray>like)


cdef inline bint is_bias(object bias, Factors *f) noexcept:
    """Whether a native array has one number per column."""
    return (cnp.PyArray_CheckExact(bias) and cnp.PyArray_NDIM(<cnp.ndarray>bias) == 1
            and cnp.PyArray_DIMS(<cnp.ndarray>bias)[0] == f.b.shape[f.b.view.ndim - 1])


cdef inline bint is_bias_of(object bias, cnp.ndarray w) noexcept:
    """Whether a native array has one number per column of w."""
    return (cnp.PyArray_NDIM(<cnp.ndarray>bias) == 1
            and cnp.PyArray_DIMS(<cnp.ndarray>bias)[0] == cnp.PyArray_DIMS(w)[1])


cdef bint all_apart(cnp.ndarray out, tuple arrays) noexcept:
    """Whether `out` shares no memory with any of these native arrays; None is none."""
    cdef Laid out_laid, laid
    lay(&out_laid, out)
    for x in arrays:
        if x is not None:
            lay(&laid, x)
            if not are_apart(&out_laid, &laid):
                return False
    return True


cdef bint outs_avoid(Wish *wish, tuple arrays) noexcept:
    """Whether no array that a result goes to shares memory with any of these."""
    cdef int i
    for i in range(wish.n):
        if wish.out[i] != NULL and not all_apart(<cnp.ndarray>wish.out[i], arrays):
            return False
    return True


# ---- one C call each, for operands that are native arrays already ----------------------------------------

def dense_jvp(a, v, out, bint accumulate):
    """a @ v into out."""
    cdef Views views = Views([a, v, out])
    cdef Call call = Call(views.largest)
    cdef jk_status status
    with nogil:
        status = jk_dense_jvp(&call.context, views.at[0], views.at[1], views.at[2], accumulate)
    finish(status)


def matrix_product(a, b, out, bint accumulate):
    """out = or += a @ b, by NumPy's rules for vectors and stacks; the operands lie apart from out."""
    cdef Factors f
    cdef Laid out_laid
    if not is_native(a) or not is_native(b) or not lay_factors(&f, a, b) or not has_shape(out, f.ndim, f.shape):
        raise TypeError(f"expected native arrays that fit, got {type(a)}, {type(b)} and {type(out)}")
    lay_product(&out_laid, out, &f)
    finish(multiply(&f.a, &f.b, &out_laid, accumulate))
