# Ops of two and of three arguments, which broadcast against each other.  The cotangent of an argument that was
# stretched is summed over the axes it was stretched along, in the same pass.

from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM

cdef struct Operands:
    # Arguments or tangents of a call, as views of arrays that the caller holds; NULL where one is not given.
    int n
    bint complete, contiguous
    jk_view view[JK_MAX_ARGS]
    const jk_view *at[JK_MAX_ARGS]


cdef inline void describe(Operands *operands, int k, cnp.ndarray x) noexcept:
    operands.at[k] = NULL
    if x is None:
        operands.complete = False
        return
    view_of(&operands.view[k], x)
    operands.at[k] = &operands.view[k]
    operands.contiguous = operands.contiguous and cnp.PyArray_IS_C_CONTIGUOUS(x)


cdef inline void describe_all(Operands *operands, int n, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c) noexcept:
    operands.n = n
    operands.complete = operands.contiguous = True
    describe(operands, 0, a)
    describe(operands, 1, b)
    if n == 3:
        describe(operands, 2, c)


cdef inline int typenum_of(object a, object b, object c) noexcept:
    """The dtype of the first that is a native array; -1 if none is."""
    if is_native(a):
        return cnp.PyArray_TYPE(<cnp.ndarray>a)
    if is_native(b):
        return cnp.PyArray_TYPE(<cnp.ndarray>b)
    return cnp.PyArray_TYPE(<cnp.ndarray>c) if is_native(c) else -1


cdef inline bint views_shape(const jk_view *view, int ndim, const cnp.npy_intp *shape) noexcept:
    """Whether a view has this shape."""
    cdef int d
    if view.ndim != ndim:
        return False
    for d in range(ndim):
        if view.shape[d] != shape[d]:
            return False
    return True


cdef inline bint have_shape(const Operands *operands, int ndim, const cnp.npy_intp *shape) noexcept:
    """Whether all operands have this shape."""
    cdef int k
    for k in range(operands.n):
        if not views_shape(operands.at[k], ndim, shape):
            return False
    return True


cdef inline bint lie_alike(const Operands *operands, int ndim, const cnp.npy_intp *shape, unsigned *ones) noexcept:
    """Whether all operands lie flat in this shape but for numbers alone, and a loop takes these as ones."""
    cdef int k
    ones[0] = 0
    for k in range(operands.n):
        if operands.at[k].ndim == 0:
            ones[0] |= <unsigned>JK_ONE_A << k
        elif not views_shape(operands.at[k], ndim, shape):
            return False
    return operands.contiguous and jk_takes_ones(operands.n, ones[0])


cdef inline int broadcast(const Operands *operands, cnp.npy_intp *shape) noexcept:
    """The shape that all operands broadcast to, and its length; -1 if they do not."""
    cdef cnp.npy_intp length
    cdef int n = 0, d, k, ahead
    for k in range(operands.n):
        n = max(n, operands.at[k].ndim)
    for d in range(n):
        shape[d] = 1
    for k in range(operands.n):
        ahead = n - operands.at[k].ndim
        for d in range(ahead, n):
            length = operands.at[k].shape[d - ahead]
            if length != 1 and shape[d] != 1 and shape[d] != length:
                return -1
            if length != 1:
                shape[d] = length
    return n


cdef inline bint lie_apart(const Operands *operands, cnp.ndarray result) noexcept:
    """Whether each operand, of the result's size in bytes, lies apart from it or exactly on it."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    cdef Py_ssize_t n_bytes = cnp.PyArray_NBYTES(result)
    cdef int k
    for k in range(operands.n):
        a = <char *>operands.at[k].data
        if a != b and a + n_bytes > b and b + n_bytes > a:
            return False
    return True


cdef inline void read_all_flat(const void **inputs, const Operands *operands, cnp.ndarray t, object y) noexcept:
    """The inputs of a loop over operands that lie flat."""
    cdef int k
    read_flat(inputs, t, y)
    for k in range(operands.n):
        inputs[JK_IN_A + k] = operands.at[k].data


cdef inline tuple given(Op op, object a, object b, object c):
    return (a, b) if op.row.n_args == 2 else (a, b, c)


cdef inline bint is_writable(object out, int ndim, const cnp.npy_intp *shape) noexcept:
    """A writable native array of this shape."""
    return has_shape(out, ndim, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)


cdef object straight_value(Op op, object a, object b, object c, object out):
    """The value; NotImplemented where the straight way cannot be taken."""
    cdef Operands args
    cdef jk_view out_view
    cdef const void *inputs[JK_N_IN]
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    cdef int ndim = -1, typenum = typenum_of(a, b, c)
    cdef unsigned ones
    cdef bint alike
    cdef cnp.ndarray u, v, w, result
    if typenum >= 0:
        u, v, w = as_operand(a, typenum), as_operand(b, typenum), as_operand(c, typenum)
        describe_all(&args, op.row.n_args, u, v, w)
        if args.complete:
            ndim = broadcast(&args, shape)
    if ndim <= 0 or (out is not None and not is_writable(out, ndim, shape)):
        return NotImplemented
    alike = lie_alike(&args, ndim, shape, &ones)
    if out is not None:
        result = <cnp.ndarray>out
    else:
        result = new_like(u) if have_shape(&args, ndim, shape) else new_array(ndim, shape, typenum, False)
    if cnp.PyArray_SIZE(result) >= LARGE:
        try:
            pointwise_value(op, list(given(op, u, v, w)), result, False)
        except (Overlap, Refused):
            return NotImplemented
    elif (alike and cnp.PyArray_IS_C_CONTIGUOUS(result)
            and cnp.PyArray_TYPE(result) == typenum and lie_apart(&args, result)):
        read_all_flat(inputs, &args, result, None)
        run_loop(flat_loops(op.index, result).value, cnp.PyArray_SIZE(result), cnp.PyArray_DATA(result), inputs, ones)
    else:
        view_of(&out_view, result)
        if not op.went(VALUE, jk_pointwise_value(NULL, op.index, args.at, &out_view, False)):
            return NotImplemented
    return result


cdef object straight_jvp(Op op, object tangents, object a, object b, object c, object y, object out,
                         object accumulate):
    """The sum of derivative times tangent; NotImplemented where the straight way cannot be taken."""
    cdef Operands args, dots
    cdef jk_view y_view, out_view
    cdef const jk_view *y_at = NULL
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    cdef int ndim = -1, typenum = typenum_of(a, b, c), n = op.row.n_args, n_tangents = 0, k
    cdef Wish wish
    cdef cnp.ndarray u, v, w, u_dot, v_dot, w_dot, result
    wish.is_tuple = False
    if (typenum >= 0 and type(tangents) is tuple and len(<tuple>tangents) == n
            and read_outs(&wish, out, accumulate)):
        u, v, w = as_operand(a, typenum), as_operand(b, typenum), as_operand(c, typenum)
        a_dot, b_dot, c_dot = (<tuple>tangents)[0], (<tuple>tangents)[1], (<tuple>tangents)[2] if n == 3 else None
        u_dot, v_dot, w_dot = as_operand(a_dot, typenum), as_operand(b_dot, typenum), as_operand(c_dot, typenum)
        describe_all(&args, n, u, v, w)
        describe_all(&dots, n, u_dot, v_dot, w_dot)
        if (args.complete and (u_dot is None) == (a_dot is None) and (v_dot is None) == (b_dot is None)
                and (w_dot is None) == (c_dot is None)):
            ndim = broadcast(&args, shape)
    if ndim > 0:
        for k in range(n):
            if dots.at[k] != NULL:
                n_tangents += 1
                if not views_shape(dots.at[k], args.at[k].ndim, <const cnp.npy_intp *>args.at[k].shape):
                    ndim = -1
    if (ndim <= 0 or n_tangents == 0
            or (y is not None and not (has_shape(y, ndim, shape) and cnp.PyArray_TYPE(<cnp.ndarray>y) == typenum))
            or (out is not None and not is_writable(out, ndim, shape))):
        return NotImplemented
    result = <cnp.ndarray>out if out is not None else new_array(ndim, shape, typenum, False)
    if cnp.PyArray_SIZE(result) >= LARGE:
        try:
            pointwise_jvp(op, list(given(op, u_dot, v_dot, w_dot)), list(given(op, u, v, w)), y, result,
                          wish.adds[0])
        except (Overlap, Refused):
            return NotImplemented
        return result
    if y is not None:
        view_of(&y_view, <cnp.ndarray>y)
        y_at = &y_view
    view_of(&out_view, result)
    if not op.went(JVP, jk_pointwise_jvp(NULL, op.index, dots.at, args.at, y_at, &out_view, wish.adds[0])):
        return NotImplemented
    return result


cdef inline int adds_alike(const Wish *wish) noexcept:
    """Whether all results are added to what is there (1), or none (0); -1 for some, which takes two calls."""
    cdef int i
    for i in range(1, wish.n):
        if wish.adds[i] != wish.adds[0]:
            return -1
    return wish.adds[0]


cdef inline bint is_flat_result(const Operands *args, cnp.ndarray t, object y, const Wish *wish) noexcept:
    """Whether loops may write to what is given as `out`, of the shape of t.

    Then it is the only result, because a second loop would read what the first one wrote.
    """
    cdef cnp.ndarray out
    if wish.n > 1 or wish.out[0] == NULL:
        return wish.n == 1 or not any_out(wish)
    out = <cnp.ndarray>wish.out[0]
    return (cnp.PyArray_TYPE(out) == cnp.PyArray_TYPE(t) and cnp.PyArray_IS_C_CONTIGUOUS(out) and lies_flat(t, out)
            and lies_flat(y, out) and lie_apart(args, out))


cdef inline bint any_out(const Wish *wish) noexcept:
    cdef int i
    for i in range(wish.n):
        if wish.out[i] != NULL:
            return True
    return False


cdef object straight_vjp(Op op, cnp.ndarray t, cnp.ndarray u, cnp.ndarray v, cnp.ndarray w, object y, object wrt,
                         object out, object accumulate):
    """The cotangents of the arguments in wrt; NotImplemented where the straight way cannot be taken."""
    cdef Operands args
    cdef Wish wish
    cdef jk_view t_view, y_view
    cdef jk_view bar_view[JK_MAX_ARGS]
    cdef const jk_view *bars[JK_MAX_ARGS]
    cdef const jk_view *y_at = NULL
    cdef const void *inputs[JK_N_IN]
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    cdef int i, k, n = op.row.n_args, adds
    cdef unsigned ones
    cdef bint alike
    cdef tuple results = None
    cdef cnp.ndarray result = None
    cdef const jk_op_loops *loops
    describe_all(&args, n, u, v, w)
    if (not read_wrt(&wish, wrt, n) or not read_outs(&wish, out, accumulate) or not args.complete
            or (y is not None and not is_like(y, t))):
        return NotImplemented
    alike = lie_alike(&args, cnp.PyArray_NDIM(t), cnp.PyArray_DIMS(t), &ones)
    adds = adds_alike(&wish)
    if adds < 0 or (not alike and not has_shape(t, broadcast(&args, shape), shape)):
        return NotImplemented
    for k in range(n):
        bars[k] = NULL
    if wish.is_tuple:
        results = PyTuple_New(wish.n)
    for i in range(wish.n):
        k = wish.position[i]
        x = u if k == 0 else v if k == 1 else w
        if args.at[k].ndim == 0 or (wish.out[i] != NULL and not is_out(<object>wish.out[i], <cnp.ndarray>x)):
            return NotImplemented
        result = new_like(<cnp.ndarray>x) if wish.out[i] == NULL else <cnp.ndarray>wish.out[i]
        view_of(&bar_view[k], result)
        bars[k] = &bar_view[k]
        if results is not None:
            Py_INCREF(result)
            PyTuple_SET_ITEM(results, i, result)
    if cnp.PyArray_SIZE(t) >= LARGE:
        outs = [None] * n
        for i in range(wish.n):
            outs[wish.position[i]] = result if results is None else results[i]
        try:
            pointwise_vjp(op, t, list(given(op, u, v, w)), y, outs, adds)
        except (Overlap, Refused):
            return NotImplemented
    elif (alike and not adds and cnp.PyArray_IS_C_CONTIGUOUS(t)
            and (cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>y) if y is not None else not op.all_reads & JK_READS_Y)
            and is_flat_result(&args, t, y, &wish)):
        loops = flat_loops(op.index, t)
        read_all_flat(inputs, &args, t, y)
        for k in range(n):
            if bars[k] != NULL:
                run_loop(loops.first[k], cnp.PyArray_SIZE(t), bar_view[k].data, inputs, ones)
    else:
        view_of(&t_view, t)
        if y is not None:
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if not op.went(VJP, jk_pointwise_vjp(NULL, op.index, &t_view, args.at, y_at, bars, adds)):
            return NotImplemented
    return result if results is None else results


cdef object straight_vjp2(Op op, Operands *h, list h_arrays, cnp.ndarray t, Operands *args, list arrays, object y,
                          object out, object accumulate):
    """Double backward; NotImplemented where the straight way cannot be taken.

    An h has the shape and dtype of its argument.  The only argument may be missing where it is not read.
    """
    cdef Wish wish
    cdef jk_view t_view, y_view
    cdef jk_view bar_view[JK_MAX_ARGS + 1]
    cdef const jk_view *bars[JK_MAX_ARGS + 1]
    cdef const jk_view *y_at = NULL
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    cdef int i, n = op.row.n_args, adds
    cdef list results = []
    cdef cnp.ndarray like, result
    wish.n = n + 1
    wish.is_tuple = True
    if not read_outs(&wish, out, accumulate) or (y is not None and not is_like(y, t)):
        return NotImplemented
    adds = adds_alike(&wish)
    if adds < 0 or (args.complete and not has_shape(t, broadcast(args, shape), shape)):
        return NotImplemented
    for i in range(n + 1):
        like = t if i == 0 or arrays[i - 1] is None else <cnp.ndarray>arrays[i - 1]
        if cnp.PyArray_NDIM(like) == 0 or (wish.out[i] != NULL and not is_out(<object>wish.out[i], like)):
            return NotImplemented
        result = new_like(like) if wish.out[i] == NULL else <cnp.ndarray>wish.out[i]
        view_of(&bar_view[i], result)
        bars[i] = &bar_view[i]
        results.append(result)
    if cnp.PyArray_SIZE(t) >= LARGE:
        try:
            pointwise_vjp2(op, h_arrays, t, arrays, y, results, adds)
        except (Overlap, Refused):
            return NotImplemented
    else:
        view_of(&t_view, t)
        if y is not None:
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if not op.went(VJP2, jk_pointwise_vjp2(NULL, op.index, h.at, &t_view, args.at, y_at, bars, adds)):
            return NotImplemented
    return tuple(results)


cdef object value_of(Op op, object a, object b, object c, object out):
    """The value; by the straight way unless that cannot be taken."""
    a = op.mask_of(a, b)
    result = straight_value(op, a, b, c, out)
    if result is not NotImplemented:
        op.count(VALUE)
        return result
    result = general.value(op, given(op, a, b, c), out)
    op.count_general(VALUE)
    return result


cdef object jvp_of(Op op, object tangents, object a, object b, object c, object y, object out, object accumulate):
    """The sum of derivative times tangent; by the straight way unless that cannot be taken."""
    tangents = op.tangents_of(tangents)
    a = op.mask_of(a, b)
    result = straight_jvp(op, tangents, a, b, c, y, out, accumulate)
    if result is not NotImplemented:
        op.count(JVP)
        return result
    result = general.jvp(op, tangents, given(op, a, b, c), y, out, accumulate)
    op.count_general(JVP)
    return result


cdef object vjp_of(Op op, object y_bar, object a, object b, object c, object y, object wrt, object out,
                   object accumulate):
    """The cotangents of the arguments in wrt; by the straight way unless that cannot be taken."""
    cdef int typenum
    result = NotImplemented
    a = op.mask_of(a, b)
    if is_operand(y_bar):
        typenum = cnp.PyArray_TYPE(<cnp.ndarray>y_bar)
        result = straight_vjp(op, <cnp.ndarray>y_bar, as_operand(a, typenum), as_operand(b, typenum),
                              as_operand(c, typenum), y, wrt, out, accumulate)
    if result is not NotImplemented:
        op.count(VJP)
        return result
    result = general.vjp(op, y_bar, given(op, a, b, c), y, wrt, out, accumulate)
    op.count_general(VJP)
    return result


cdef object vjp2_of(Op op, object h, object y_bar, object a, object b, object c, object y, object wrt, object out,
                    object accumulate):
    """Double backward; by the straight way unless that cannot be taken."""
    cdef Operands args, hs
    cdef Wish wish
    cdef int typenum, i, k, n = op.row.n_args, n_given = 0
    cdef cnp.ndarray u, v, w
    cdef bint fits
    cdef list h_arrays
    result = NotImplemented
    a = op.mask_of(a, b)
    several = h if type(wrt) is tuple else (h,)
    if (is_operand(y_bar) and read_wrt(&wish, wrt, n) and type(several) is tuple and len(<tuple>several) == wish.n):
        typenum = cnp.PyArray_TYPE(<cnp.ndarray>y_bar)
        u, v, w = as_operand(a, typenum), as_operand(b, typenum), as_operand(c, typenum)
        describe_all(&args, n, u, v, w)
        describe_all(&hs, n, None, None, None)
        fits = args.complete
        h_arrays = [None] * n
        for i in range(wish.n):
            one, k = (<tuple>several)[i], wish.position[i]
            if one is None or not fits:
                continue
            fits = is_like(one, u if k == 0 else v if k == 1 else w)
            if fits:
                describe(&hs, k, <cnp.ndarray>one)
                h_arrays[k] = one
                n_given += 1
        if fits and n_given > 0:
            result = straight_vjp2(op, &hs, h_arrays, <cnp.ndarray>y_bar, &args, list(given(op, u, v, w)), y, out,
                                   accumulate)
    if result is not NotImplemented:
        op.count(VJP2)
        return result
    result = general.vjp2(op, h, y_bar, given(op, a, b, c), y, wrt, out, accumulate)
    op.count_general(VJP2)
    return result


cdef bint are_accepted(tuple arrays, int n_args) noexcept:
    """Whether the straight way takes these arrays, at most one per argument."""
    cdef Operands operands
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    cdef int k
    if not 0 < len(arrays) <= n_args:
        return False
    operands.n = <int>len(arrays)
    operands.complete = operands.contiguous = True
    for k in range(operands.n):
        x = arrays[k]
        if not is_operand(x) or cnp.PyArray_TYPE(<cnp.ndarray>x) != cnp.PyArray_TYPE(<cnp.ndarray>arrays[0]):
            return False
        describe(&operands, k, <cnp.ndarray>x)
    return broadcast(&operands, shape) >= 0
