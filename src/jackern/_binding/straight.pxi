# Products of ops of two and of three arguments by the straight way: native arrays of one dtype, which broadcast against
# each other.  The cotangent of an argument that was stretched is summed over the axes it was stretched along, in the
# same pass.

from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.string cimport memcpy


cdef inline tuple given(Op op, object a, object b, object c):
    return (a, b) if op.row.n_args == 2 else (a, b, c)


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
    if ndim < 0 or (out is not None and not is_writable(out, ndim, shape)):
        return NotImplemented
    alike = lie_alike(&args, ndim, shape, &ones)
    if out is not None:
        result = <cnp.ndarray>out
    else:
        result = new_like(u) if have_shape(&args, ndim, shape) else new_array(ndim, shape, typenum, False)
    if (cnp.PyArray_SIZE(result) < LARGE and alike and cnp.PyArray_IS_C_CONTIGUOUS(result)
            and cnp.PyArray_TYPE(result) == typenum and lie_apart(&args, result)):
        read_all_flat(inputs, &args, result, None)
        run_loop(flat_loops(op.index, result).value, cnp.PyArray_SIZE(result), cnp.PyArray_DATA(result), inputs, ones)
    else:
        view_of(&out_view, result)
        if not op.went(VALUE, call_value(op, args.at, &out_view, cnp.PyArray_SIZE(result))):
            return NotImplemented
    return returned(result, NULL if out is None else <PyObject *>out)


cdef inline bint are_flat_terms(const Operands *args, const Operands *dots, int ndim, const cnp.npy_intp *shape,
                                object y, cnp.ndarray result, Op op) noexcept:
    """Whether loops may write the sum of products: all of one shape, and the result apart from them or on them."""
    cdef int k
    for k in range(args.n):
        if not views_shape(args.at[k], ndim, shape):
            return False
    return (args.contiguous and dots.contiguous and cnp.PyArray_IS_C_CONTIGUOUS(result)
            and dtype_of(result) == args.at[0].dtype and lie_apart(args, result) and lie_apart(dots, result)
            and (y is not None or not op.all_reads & JK_READS_Y) and lies_flat(y, result))


cdef void jvp_loops(Op op, const Operands *args, const Operands *dots, object y, cnp.ndarray result,
                    bint adds) noexcept:
    """The sum of derivative times tangent over operands that lie flat, piece by piece."""
    cdef jk_environment before = jk_enter()
    cdef double total[PIECE]
    cdef double term[PIECE]
    cdef const void *inputs[JK_N_IN]
    cdef const jk_op_loops *loops = flat_loops(op.index, result)
    cdef Py_ssize_t item = cnp.PyArray_ITEMSIZE(result), n = cnp.PyArray_SIZE(result), first = 0, m
    cdef int k
    cdef double *into
    while first < n:
        m = min(n - first, <Py_ssize_t>PIECE)
        into = total
        for k in range(JK_N_IN):
            inputs[k] = <const char *>args.at[0].data + first * item
        for k in range(args.n):
            inputs[JK_IN_A + k] = <const char *>args.at[k].data + first * item
        if y is not None:
            inputs[JK_IN_Y] = cnp.PyArray_BYTES(<cnp.ndarray>y) + first * item
        for k in range(args.n):
            if dots.at[k] == NULL:
                continue
            inputs[JK_IN_T] = <const char *>dots.at[k].data + first * item
            loops.first[k](m, into, inputs, 0)
            if into == term:
                jk_move_of(dtype_of(result)).add(m, total, item, term)
            into = term
        if adds:
            jk_move_of(dtype_of(result)).add(m, cnp.PyArray_BYTES(result) + first * item, item, total)
        else:
            memcpy(cnp.PyArray_BYTES(result) + first * item, total, <size_t>(m * item))
        first += m
    jk_leave(before)


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
    if ndim >= 0:
        for k in range(n):
            if dots.at[k] != NULL:
                n_tangents += 1
                if not views_shape(dots.at[k], args.at[k].ndim, <const cnp.npy_intp *>args.at[k].shape):
                    ndim = -1
    if (ndim < 0 or n_tangents == 0
            or (y is not None and not (has_shape(y, ndim, shape) and cnp.PyArray_TYPE(<cnp.ndarray>y) == typenum))
            or (out is not None and not is_writable(out, ndim, shape))):
        return NotImplemented
    result = <cnp.ndarray>out if out is not None else new_array(ndim, shape, typenum, False)
    if cnp.PyArray_SIZE(result) < LARGE and are_flat_terms(&args, &dots, ndim, shape, y, result, op):
        jvp_loops(op, &args, &dots, y, result, wish.adds[0])
        return returned(result, wish.out[0])
    if y is not None:
        view_of(&y_view, <cnp.ndarray>y)
        y_at = &y_view
    view_of(&out_view, result)
    if not op.went(JVP, call_jvp(op, dots.at, args.at, y_at, &out_view, wish.adds[0], cnp.PyArray_SIZE(result))):
        return NotImplemented
    return returned(result, wish.out[0])


cdef inline int adds_alike(const Wish *wish) noexcept:
    """Whether all results are added to what is there (1), or none (0); -1 for some, which takes two calls."""
    cdef int i
    for i in range(1, wish.n):
        if wish.adds[i] != wish.adds[0]:
            return -1
    return wish.adds[0]


cdef inline bint are_flat_results(const Operands *args, cnp.ndarray t, object y, const Wish *wish) noexcept:
    """Whether loops may write all results: of the shape of t, or one number, and in an `out` beside what they read.

    The only result may lie exactly on an operand; of several, a second loop would read what the first one wrote.
    """
    cdef cnp.ndarray out
    cdef int i, k
    for i in range(wish.n):
        if args.at[wish.position[i]].ndim != cnp.PyArray_NDIM(t) and not 0 < cnp.PyArray_SIZE(t) <= SHORT:
            return False
        if wish.out[i] == NULL:
            continue
        out = <cnp.ndarray>wish.out[i]
        if cnp.PyArray_TYPE(out) != cnp.PyArray_TYPE(t) or not cnp.PyArray_IS_C_CONTIGUOUS(out):
            return False
        if wish.n == 1 and same_shape(out, t):
            return lies_flat(t, out) and lies_flat(y, out) and lie_apart(args, out)
        if not is_beyond(t, out) or not is_beyond(y, out) or not lie_beyond(args, t, out):
            return False
        for k in range(i):
            if wish.out[k] != NULL and not is_beyond(<object>wish.out[k], out):
                return False
    return True


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
    cdef bint alike, is_number = False
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
    if wish.is_tuple:
        results = PyTuple_New(wish.n)
    for i in range(wish.n):
        k = wish.position[i]
        x = u if k == 0 else v if k == 1 else w
        if wish.out[i] != NULL and not is_out(<object>wish.out[i], <cnp.ndarray>x):
            return NotImplemented
        result = new_like(<cnp.ndarray>x) if wish.out[i] == NULL else <cnp.ndarray>wish.out[i]
        is_number = is_number or (wish.out[i] == NULL and args.at[k].ndim == 0)
        if results is not None:
            Py_INCREF(result)
            PyTuple_SET_ITEM(results, i, result)
    if (cnp.PyArray_SIZE(t) < LARGE and alike and cnp.PyArray_IS_C_CONTIGUOUS(t)
            and (cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>y) if y is not None else not op.all_reads & JK_READS_Y)
            and are_flat_results(&args, t, y, &wish)):
        loops = flat_loops(op.index, t)
        read_all_flat(inputs, &args, t, y)
        for i in range(wish.n):
            write_loop(loops.first[wish.position[i]], cnp.PyArray_SIZE(t),
                       result if results is None else <cnp.ndarray>results[i], inputs, ones, adds)
    else:
        for k in range(n):
            bars[k] = NULL
        for i in range(wish.n):
            k = wish.position[i]
            view_of(&bar_view[k], result if results is None else <cnp.ndarray>results[i])
            bars[k] = &bar_view[k]
        view_of(&t_view, t)
        if y is not None:
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if not op.went(VJP, call_vjp(op, &t_view, args.at, y_at, bars, adds, cnp.PyArray_SIZE(t))):
            return NotImplemented
    if results is None:
        return returned(result, wish.out[0])
    return with_numbers(results, &wish) if is_number else results


cdef tuple with_numbers(tuple results, const Wish *wish):
    """The results of a call, of which some are new and 0-d, as the caller gets them."""
    cdef int i
    return tuple([returned(<cnp.ndarray>results[i], wish.out[i]) for i in range(wish.n)])


cdef object straight_vjp2(Op op, Operands *h, cnp.ndarray t, Operands *args, list arrays, object y, object out,
                          object accumulate):
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
    view_of(&t_view, t)
    if y is not None:
        view_of(&y_view, <cnp.ndarray>y)
        y_at = &y_view
    if not op.went(VJP2, call_vjp2(op, h.at, &t_view, args.at, y_at, bars, adds, cnp.PyArray_SIZE(t))):
        return NotImplemented
    return tuple(results)
