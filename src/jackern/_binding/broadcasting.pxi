# Calls of ops of two and of three arguments: by the straight way, after small operands have been converted where they
# have to be, or by the general one.

cdef inline Width width_of_read(Op op, unsigned reads, Width width, object a, object b, object c, object y) noexcept:
    """The wider of a width and those of the operands that are read; REFUSED if one is."""
    if reads & JK_READS_A and not op.row.is_masked:
        width = wider(width, a)
    if reads & JK_READS_B:
        width = wider(width, b)
    if reads & JK_READS_C:
        width = wider(width, c)
    return wider(width, y) if reads & JK_READS_Y else width


cdef inline cnp.ndarray operand(unsigned reads, unsigned what, object x, int typenum):
    """An operand in the dtype of a call; of one that is not read, its shape."""
    return converted(x, typenum) if reads & what else shaped(x, typenum)


cdef inline bint can_convert(Op op, object a, object y, int typenum):
    """Whether a call has a dtype, and what would be lost in it can be had: a mask is one of booleans."""
    return typenum >= 0 and not (op.row.is_masked and not (
        cnp.PyArray_CheckExact(a) and cnp.PyArray_TYPE(<cnp.ndarray>a) == cnp.NPY_BOOL)) and (
            y is None or shaped(y, typenum) is not None)


cdef object value_of(Op op, object a, object b, object c, object out):
    """The value; by the straight way unless that cannot be taken."""
    cdef int typenum
    cdef unsigned reads = (1u << op.row.n_args) - 1
    result = straight_value(op, op.mask_of(a, b), b, c, out)
    if result is NotImplemented:
        typenum = common_type(width_of_read(op, reads, WEAK, a, b, c, None))
        if can_convert(op, a, None, typenum):
            result = straight_value(op, converted(a, typenum), converted(b, typenum), converted(c, typenum), out)
    if result is not NotImplemented:
        op.count(VALUE)
        return result
    result = general.value(op, given(op, a, b, c), out)
    op.count_general(VALUE)
    return result


cdef object jvp_of(Op op, object tangents, object a, object b, object c, object y, object out, object accumulate):
    """The sum of derivative times tangent; by the straight way unless that cannot be taken."""
    tangents = op.tangents_of(tangents)
    result = straight_jvp(op, tangents, op.mask_of(a, b), b, c, y, out, accumulate)
    if result is NotImplemented:
        result = coerced_jvp(op, tangents, a, b, c, y, out, accumulate)
    if result is not NotImplemented:
        op.count(JVP)
        return result
    result = general.jvp(op, tangents, given(op, a, b, c), y, out, accumulate)
    op.count_general(JVP)
    return result


cdef object coerced_jvp(Op op, object tangents, object a, object b, object c, object y, object out,
                        object accumulate):
    """`straight_jvp` of operands that have to be converted; NotImplemented where they cannot be."""
    cdef int k, n = op.row.n_args, typenum
    cdef unsigned reads = 0
    cdef Width width = WEAK
    if type(tangents) is not tuple or len(<tuple>tangents) != n:
        return NotImplemented
    for k in range(n):
        if (<tuple>tangents)[k] is not None:
            reads |= op.row.reads[k]
            width = wider(width, (<tuple>tangents)[k])
    if reads & JK_READS_Y and y is None:
        reads |= (1u << n) - 1
    typenum = common_type(width_of_read(op, reads & ~JK_READS_Y if y is None else reads, width, a, b, c, y))
    if not can_convert(op, a, y, typenum):
        return NotImplemented
    tangents = tuple([None if t is None else converted(t, typenum) for t in <tuple>tangents])
    return straight_jvp(op, tangents, operand(reads, JK_READS_A, a, typenum), operand(reads, JK_READS_B, b, typenum),
                        operand(reads, JK_READS_C, c, typenum), operand(reads, JK_READS_Y, y, typenum), out, accumulate)


cdef object vjp_of(Op op, object y_bar, object a, object b, object c, object y, object wrt, object out,
                   object accumulate):
    """The cotangents of the arguments in wrt; by the straight way unless that cannot be taken."""
    cdef int typenum
    result = NotImplemented
    if is_native(y_bar):
        typenum = cnp.PyArray_TYPE(<cnp.ndarray>y_bar)
        result = straight_vjp(op, <cnp.ndarray>y_bar, as_operand(op.mask_of(a, b), typenum), as_operand(b, typenum),
                              as_operand(c, typenum), y, wrt, out, accumulate)
    if result is NotImplemented:
        result = coerced_vjp(op, y_bar, a, b, c, y, wrt, out, accumulate)
    if result is not NotImplemented:
        op.count(VJP)
        return result
    result = general.vjp(op, y_bar, given(op, a, b, c), y, wrt, out, accumulate)
    op.count_general(VJP)
    return result


cdef object coerced_vjp(Op op, object y_bar, object a, object b, object c, object y, object wrt, object out,
                        object accumulate):
    """`straight_vjp` of operands that have to be converted; NotImplemented where they cannot be."""
    cdef int i, n = op.row.n_args, typenum
    cdef unsigned reads = 0
    cdef Wish wish
    cdef cnp.ndarray t
    if not read_wrt(&wish, wrt, n):
        return NotImplemented
    for i in range(wish.n):
        reads |= op.row.reads[wish.position[i]]
    if reads & JK_READS_Y and y is None:
        reads |= (1u << n) - 1
    typenum = common_type(width_of_read(op, reads & ~JK_READS_Y if y is None else reads, width_of(y_bar), a, b, c, y))
    t = converted(y_bar, typenum) if can_convert(op, a, y, typenum) else None
    if t is None:
        return NotImplemented
    return straight_vjp(op, t, operand(reads, JK_READS_A, a, typenum), operand(reads, JK_READS_B, b, typenum),
                        operand(reads, JK_READS_C, c, typenum), operand(reads, JK_READS_Y, y, typenum), wrt, out,
                        accumulate)


cdef object vjp2_of(Op op, object h, object y_bar, object a, object b, object c, object y, object wrt, object out,
                    object accumulate):
    """Double backward; by the straight way unless that cannot be taken."""
    cdef Operands args, hs
    cdef Wish wish
    cdef int typenum, i, k, n = op.row.n_args, n_given = 0
    cdef cnp.ndarray u, v, w
    cdef bint fits
    result = NotImplemented
    a = op.mask_of(a, b)
    several = h if type(wrt) is tuple else (h,)
    if (is_operand(y_bar) and read_wrt(&wish, wrt, n) and type(several) is tuple and len(<tuple>several) == wish.n):
        typenum = cnp.PyArray_TYPE(<cnp.ndarray>y_bar)
        u, v, w = as_operand(a, typenum), as_operand(b, typenum), as_operand(c, typenum)
        describe_all(&args, n, u, v, w)
        describe_all(&hs, n, None, None, None)
        fits = args.complete
        for i in range(wish.n):
            one, k = (<tuple>several)[i], wish.position[i]
            if one is None or not fits:
                continue
            fits = is_like(one, u if k == 0 else v if k == 1 else w)
            if fits:
                describe(&hs, k, <cnp.ndarray>one)
                n_given += 1
        if fits and n_given > 0:
            result = straight_vjp2(op, &hs, <cnp.ndarray>y_bar, &args, list(given(op, u, v, w)), y, out, accumulate)
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
