# Pointwise products, one C call each, for operands that are native arrays already.  `None` stands for what is absent.


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
