# Op objects, one class per kind.  Their methods take the straight way where all operands are native arrays of one
# dtype; whatever else comes (array-likes, mixed dtypes, 0-d, every error) goes to the general functions, which `_wiring`
# hands in at import and which call the functions of calls.pxi.

cdef enum:
    VALUE, JVP, VJP, VJP2, N_PRODUCTS, MAX_OPS = 256

cdef long long calls[MAX_OPS][N_PRODUCTS]
cdef long long jacobian_calls[2]

# What takes the calls that the straight way does not.
cdef object general = Slots("derivative_of", "docstring_of", "jacobian", "jvp", "readable", "signature_of",
                            "unbroadcast", "value", "vjp", "vjp2")
fallbacks = general


cdef inline void count(int op, int product) noexcept:
    calls[op][product] += 1


def count_calls():
    """Calls of every pointwise kernel since the start or the last reset, as ``{"tanh.vjp": 3}``."""
    names = ("value", "jvp", "vjp", "vjp2")
    counted = {f"{jk_op_at(i).name.decode()}.{names[k]}": calls[i][k]
               for i in range(jk_n_ops()) for k in range(N_PRODUCTS) if calls[i][k]}
    for name, n in (("unbroadcast", unbroadcast_calls), ("jacobian.jvp", jacobian_calls[0]),
                    ("jacobian.vjp", jacobian_calls[1])):
        if n:
            counted[name] = n
    return counted


def reset_calls():
    """Sets the counters of all pointwise kernels to zero."""
    global unbroadcast_calls
    unbroadcast_calls = jacobian_calls[0] = jacobian_calls[1] = 0
    for i in range(jk_n_ops()):
        for k in range(N_PRODUCTS):
            calls[i][k] = 0


cdef inline bint is_operand(object x) noexcept:
    """A native array that is not 0-d (a 0-d result is a NumPy scalar, which the general way makes)."""
    return is_native(x) and cnp.PyArray_NDIM(<cnp.ndarray>x) > 0


cdef inline bint is_like(object x, cnp.ndarray t) noexcept:
    """A native array of the shape and the dtype of t."""
    return (is_native(x) and cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.PyArray_TYPE(t)
            and same_shape(<cnp.ndarray>x, t))


cdef inline bint is_out(object x, cnp.ndarray t) noexcept:
    """A writable native array of the shape of t."""
    return is_native(x) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>x) and same_shape(<cnp.ndarray>x, t)


cdef inline int typenum_of(object a, object b) noexcept:
    """The dtype of whichever is a native array; -1 if neither is."""
    if is_native(a):
        return cnp.PyArray_TYPE(<cnp.ndarray>a)
    return cnp.PyArray_TYPE(<cnp.ndarray>b) if is_native(b) else -1


cdef inline cnp.ndarray as_operand(object x, int typenum):
    """A native array of this dtype: x itself, or a Python number as a 0-d array; None for anything else."""
    cdef cnp.ndarray scalar
    if is_native(x):
        return <cnp.ndarray>x if cnp.PyArray_TYPE(<cnp.ndarray>x) == typenum else None
    if (type(x) is not float and type(x) is not int) or not -3e38 < x < 3e38:  # the general way rounds or explains
        return None
    scalar = PyArray_EMPTY(0, NULL, typenum, 0)
    cnp.PyArray_SETITEM(scalar, cnp.PyArray_DATA(scalar), x)
    return scalar


cdef inline int broadcast(cnp.ndarray a, cnp.ndarray b, cnp.npy_intp *shape) noexcept:
    """The shape that a and b broadcast to, and its length; -1 if they do not."""
    cdef int n_a = cnp.PyArray_NDIM(a), n_b = cnp.PyArray_NDIM(b)
    cdef int n = max(n_a, n_b), d
    cdef cnp.npy_intp length_a, length_b
    for d in range(n):
        length_a = cnp.PyArray_DIMS(a)[d - n + n_a] if d >= n - n_a else 1
        length_b = cnp.PyArray_DIMS(b)[d - n + n_b] if d >= n - n_b else 1
        if length_a != length_b and length_a != 1 and length_b != 1:
            return -1
        shape[d] = length_b if length_a == 1 else length_a
    return n


cdef inline bint has_shape(object x, int ndim, const cnp.npy_intp *shape) noexcept:
    """A native array of this shape."""
    cdef int d
    if not is_native(x) or cnp.PyArray_NDIM(<cnp.ndarray>x) != ndim:
        return False
    for d in range(ndim):
        if cnp.PyArray_DIMS(<cnp.ndarray>x)[d] != shape[d]:
            return False
    return True


cdef inline const jk_op_loops *flat_loops(int op, cnp.ndarray like) noexcept:
    """The loops of an op for arrays of this dtype."""
    return &jk_loops_of(JK_FLOAT64 if cnp.PyArray_TYPE(like) == cnp.NPY_DOUBLE else JK_FLOAT32).op[op]


cdef inline bint lies_flat(object x, cnp.ndarray result) noexcept:
    """Whether x, where it is given, is C-contiguous and lies apart from the result or exactly on it."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    if x is None:
        return True
    a = <char *>cnp.PyArray_DATA(<cnp.ndarray>x)
    return (cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x)
            and (a == b or a + cnp.PyArray_NBYTES(<cnp.ndarray>x) <= b or b + cnp.PyArray_NBYTES(result) <= a))


cdef inline void run_flat(jk_pointwise_loop *loop, cnp.ndarray result, object t, object a, object b, object y) noexcept:
    """One loop over small arrays that lie flat, of one shape and dtype; places that it does not read hold t."""
    cdef const void *inputs[JK_N_IN]
    cdef const void *first = cnp.PyArray_DATA(<cnp.ndarray>t)
    cdef int k
    for k in range(JK_N_IN):
        inputs[k] = first
    if a is not None:
        inputs[JK_IN_A] = cnp.PyArray_DATA(<cnp.ndarray>a)
    if b is not None:
        inputs[JK_IN_B] = cnp.PyArray_DATA(<cnp.ndarray>b)
    if y is not None:
        inputs[JK_IN_Y] = cnp.PyArray_DATA(<cnp.ndarray>y)
    loop(cnp.PyArray_SIZE(result), cnp.PyArray_DATA(result), inputs)


cdef bint are_accepted(tuple arrays, int nin) noexcept:
    cdef cnp.npy_intp shape[JK_MAX_NDIM]
    if not 0 < len(arrays) <= nin:
        return False
    for x in arrays:
        if not is_operand(x) or cnp.PyArray_TYPE(<cnp.ndarray>x) != cnp.PyArray_TYPE(<cnp.ndarray>arrays[0]):
            return False
    return len(arrays) == 1 or broadcast(<cnp.ndarray>arrays[0], <cnp.ndarray>arrays[1], shape) >= 0


cdef class Op:
    """One row of the table of ops."""

    cdef readonly int index
    cdef const jk_op *row
    cdef unsigned all_reads

    def __cinit__(self, int index):
        self.index = index
        self.row = jk_op_at(index)
        if self.row == NULL or self.row.n_args != (1 if isinstance(self, UnaryOp) else 2):
            raise ValueError(f"{type(self).__name__}: no such op at {index}; jackern.ops has them all")
        self.all_reads = self.row.reads[0] | self.row.reads[1] | self.row.reads[2]

    @property
    def name(self):
        """The op's name, NumPy's where NumPy has it."""
        return self.row.name.decode()

    @property
    def aliases(self):
        """Other names of the same object."""
        return tuple(self.row.aliases.decode().split())

    @property
    def nin(self):
        """The number of arguments."""
        return self.row.n_args

    @property
    def selects(self):
        """Whether the op chooses: what it did not choose is a structural zero."""
        return bool(self.row.selects)

    @property
    def formula(self):
        """The value as the table writes it."""
        return general.readable(self.row.value.decode())

    @property
    def derivative_formula(self):
        """The derivative: the table's product with the cotangent ``t``, at ``t = 1``.

        From y where the derivative may be read from y alone; for several arguments a tuple, one per argument.
        """
        if self.row.first_from_y != NULL:
            return general.derivative_of(self.row.first_from_y.decode())
        formulas = tuple(general.derivative_of(self.row.first[k].decode()) for k in range(self.row.n_args))
        return formulas[0] if self.row.n_args == 1 else formulas

    @property
    def reads(self):
        """What the derivative by each argument reads: a tuple of frozensets of argument names and ``"y"``."""
        names = "x" if self.row.n_args == 1 else "abc"
        return tuple(
            frozenset([names[i] for i in range(self.row.n_args) if self.row.reads[k] >> i & 1]
                      + ["y"] * bool(self.row.reads[k] & JK_READS_Y))
            for k in range(self.row.n_args))

    @property
    def domain(self):
        """Where tests draw each argument from: a tuple of (low, high)."""
        return tuple((self.row.low[k], self.row.high[k]) for k in range(self.row.n_args))

    @property
    def kinks(self):
        """The points without a derivative, with the value chosen there, in words."""
        return self.row.kinks.decode()

    @property
    def __name__(self):
        return self.name

    @property
    def __signature__(self):
        return general.signature_of(self)

    def __repr__(self):
        return f"jackern.ops.{self.name}"

    def __reduce__(self):
        return restored, ("op", self.name)


@cython.final
cdef class UnaryOp(Op):
    # A pointwise function of one argument.  Calling it gives the value; jvp and vjp multiply by the derivative, which
    # is read from x or, where the table allows it, from the output y alone.

    @property
    def __doc__(self):
        return general.docstring_of(self)

    cdef object multiply(self, object t, object x, object y, object out, bint accumulate, bint forward):
        """t * dy/dx the straight way; NotImplemented where that cannot be taken."""
        cdef jk_view t_view, x_view, y_view, out_view
        cdef const jk_view *x_at = NULL
        cdef const jk_view *y_at = NULL
        cdef const jk_view *t_at = &t_view
        cdef const jk_view *out_at = &out_view
        if not is_operand(t):
            return NotImplemented
        cdef cnp.ndarray like = <cnp.ndarray>t, result
        if x is not None:
            if not is_like(x, like):
                return NotImplemented
            view_of(&x_view, <cnp.ndarray>x)
            x_at = &x_view
        if y is not None:
            if not is_like(y, like):
                return NotImplemented
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if (self.all_reads & JK_READS_A and x_at == NULL) or (self.all_reads and x_at == NULL and y_at == NULL):
            return NotImplemented
        if out is None:
            if accumulate:
                return NotImplemented
            result = new_like(like)
        elif is_out(out, like):
            result = <cnp.ndarray>out
        else:
            return NotImplemented
        cdef bint large = cnp.PyArray_SIZE(like) >= LARGE
        cdef const jk_op_loops *loops = flat_loops(self.index, like)
        cdef jk_pointwise_loop *loop = loops.first[0] if y is None or loops.first_from_y == NULL else loops.first_from_y
        if (not large and not accumulate and loop != NULL and cnp.PyArray_TYPE(result) == cnp.PyArray_TYPE(like)
                and cnp.PyArray_IS_C_CONTIGUOUS(result)
                and lies_flat(t, result) and lies_flat(x, result) and lies_flat(y, result)):
            run_flat(loop, result, t, x, None, y)
            count(self.index, JVP if forward else VJP)
            return result
        if large:
            try:
                if forward:
                    pointwise_jvp(self, [t], [x], y, result, accumulate)
                else:
                    pointwise_vjp(self, t, [x], y, [result], accumulate)
            except (Overlap, Refused):
                return NotImplemented
            return result
        view_of(&t_view, like)
        view_of(&out_view, result)
        if jk_pointwise_vjp(NULL, self.index, t_at, &x_at, y_at, &out_at, accumulate).error != JK_OK:
            return NotImplemented
        count(self.index, JVP if forward else VJP)
        return result

    def __call__(self, x=None, out=None):
        cdef jk_view x_view, out_view
        cdef const jk_view *x_at = &x_view
        cdef cnp.ndarray result
        if not is_operand(x):
            return general.value(self, (x,), out)
        if out is None:
            result = new_like(<cnp.ndarray>x)
        elif is_out(out, <cnp.ndarray>x):
            result = <cnp.ndarray>out
        else:
            return general.value(self, (x,), out)
        if (cnp.PyArray_TYPE(result) == cnp.PyArray_TYPE(<cnp.ndarray>x) and cnp.PyArray_IS_C_CONTIGUOUS(result)
                and cnp.PyArray_SIZE(result) < LARGE and lies_flat(x, result)):
            run_flat(flat_loops(self.index, result).value, result, x, x, None, None)
            count(self.index, VALUE)
            return result
        if cnp.PyArray_SIZE(result) >= LARGE:
            try:
                pointwise_value(self, [x], result, False)
            except (Overlap, Refused):
                return general.value(self, (x,), out)
            return result
        view_of(&x_view, <cnp.ndarray>x)
        view_of(&out_view, result)
        if jk_pointwise_value(NULL, self.index, &x_at, &out_view, False).error != JK_OK:
            return general.value(self, (x,), out)
        count(self.index, VALUE)
        return result

    def jvp(self, x_dot, x=None, *, y=None, out=None, bint accumulate=False):
        """The Jacobian-vector product ``dy/dx * x_dot``.

        Parameters
        ----------
        x_dot : array
            The tangent, of the shape of `x`.
        x, y : array, optional
            The argument and the op's own output there.  One of them is enough where `reads` allows it; `y` is used
            where both are given and the derivative can be read from it.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, of the shape of `x`; it may be `x_dot`, `x` or
            `y` itself.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the promoted dtype; a NumPy scalar if 0-d.
        """
        result = self.multiply(x_dot, x, y, out, accumulate, True)
        if result is NotImplemented:
            return general.jvp(self, (x_dot,), (x,), y, out, accumulate)
        return result

    def vjp(self, y_bar, x=None, *, y=None, out=None, bint accumulate=False):
        """The vector-Jacobian product ``dy/dx * y_bar``; parameters as for `jvp`, `y_bar` being the cotangent."""
        result = self.multiply(y_bar, x, y, out, accumulate, False)
        if result is NotImplemented:
            return general.vjp(self, y_bar, (x,), y, 0, out, accumulate)
        return result

    def vjp2(self, h, y_bar, x=None, *, y=None, out=None, bint accumulate=False):
        """Double backward: the cotangents of ``(y_bar, x)`` for a cotangent `h` of the result of `vjp`.

        Parameters
        ----------
        h, y_bar : array
            The cotangent of `vjp`'s result, and the cotangent that `vjp` was given; of the shape of `x`.
        x, y : array, optional
            As for `vjp`.
        out : tuple of ndarray or None, optional
            Where the two results are written; ``None`` makes a new array.
        accumulate : bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``(h * dy/dx, h * y_bar * d2y/dx2)``.
        """
        return general.vjp2(self, h, y_bar, (x,), y, 0, out, accumulate)

    def jacobian(self, x=None, *, y=None):
        """The Jacobian at `x` (or read from `y`): diagonal, one number per element."""
        return general.jacobian(self, (x,), y, 0)

    def accepts(self, *arrays):
        """Whether the straight way takes these arrays: native float32 or float64, one dtype, not 0-d, broadcastable."""
        return are_accepted(arrays, self.row.n_args)


cdef tuple BOTH = (0, 1)


@cython.final
cdef class BinaryOp(Op):
    # A pointwise function of two arguments, which broadcast against each other.  The cotangent of an argument that was
    # stretched is summed over the axes it was stretched along, in the same pass.

    @property
    def __doc__(self):
        return general.docstring_of(self)

    cdef bint is_special(self, cnp.ndarray b) noexcept:
        """A power with a scalar exponent may be a square or a reciprocal; the general way looks."""
        return self.index == JK_OP_power and cnp.PyArray_NDIM(b) == 0

    def __call__(self, a=None, b=None, out=None):
        cdef jk_view a_view, b_view, out_view
        cdef const jk_view *args[2]
        cdef cnp.npy_intp shape[JK_MAX_NDIM]
        cdef int n = -1, typenum = typenum_of(a, b)
        cdef cnp.ndarray result, x = None, z = None
        if typenum >= 0:
            x = as_operand(a, typenum)
            z = as_operand(b, typenum)
        if x is not None and z is not None and not self.is_special(z):
            n = broadcast(x, z, shape)
        if n <= 0:
            return general.value(self, (a, b), out)
        if out is None:
            result = new_like(x) if same_shape(x, z) else new_array(n, shape, typenum, False)
        elif has_shape(out, n, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            result = <cnp.ndarray>out
        else:
            return general.value(self, (a, b), out)
        if (cnp.PyArray_SIZE(result) < LARGE and same_shape(x, z) and cnp.PyArray_TYPE(result) == typenum
                and cnp.PyArray_IS_C_CONTIGUOUS(result) and lies_flat(x, result) and lies_flat(z, result)):
            run_flat(flat_loops(self.index, result).value, result, x, x, z, None)
            count(self.index, VALUE)
            return result
        if cnp.PyArray_SIZE(result) >= LARGE:
            try:
                pointwise_value(self, [x, z], result, False)
            except (Overlap, Refused):
                return general.value(self, (a, b), out)
            return result
        view_of(&a_view, x)
        view_of(&b_view, z)
        view_of(&out_view, result)
        args[0] = &a_view
        args[1] = &b_view
        if jk_pointwise_value(NULL, self.index, args, &out_view, False).error != JK_OK:
            return general.value(self, (a, b), out)
        count(self.index, VALUE)
        return result

    def jvp(self, tangents, a, b, *, y=None, out=None, bint accumulate=False):
        """The Jacobian-vector product ``dy/da * a_dot + dy/db * b_dot``.

        Parameters
        ----------
        tangents : tuple
            ``(a_dot, b_dot)``, each of the shape of its argument; one of them may be None, which stands for zero.
        a, b : array
            The arguments.  One that is read for its shape only (see `reads`) takes no part in promotion.
        y : array, optional
            The op's own output there, if at hand.
        out : ndarray, optional
            Where the result is written, of the broadcast shape.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the broadcast shape and the promoted dtype.
        """
        cdef jk_view view[6]
        cdef const jk_view *tangent_at[2]
        cdef const jk_view *args[2]
        cdef const jk_view *y_at = NULL
        cdef cnp.npy_intp shape[JK_MAX_NDIM]
        cdef int n = -1, typenum = typenum_of(a, b)
        cdef cnp.ndarray result, x = None, z = None, x_dot = None, z_dot = None
        if typenum >= 0 and type(tangents) is tuple and len(<tuple>tangents) == 2:
            x = as_operand(a, typenum)
            z = as_operand(b, typenum)
            x_dot = as_operand((<tuple>tangents)[0], typenum)
            z_dot = as_operand((<tuple>tangents)[1], typenum)
        if x is not None and z is not None and not self.is_special(z):
            n = broadcast(x, z, shape)
        if (n <= 0 or (x_dot is None and z_dot is None)
                or (x_dot is None) != ((<tuple>tangents)[0] is None)
                or (z_dot is None) != ((<tuple>tangents)[1] is None)
                or (x_dot is not None and not same_shape(x_dot, x))
                or (z_dot is not None and not same_shape(z_dot, z))
                or (y is not None and not (has_shape(y, n, shape) and cnp.PyArray_TYPE(<cnp.ndarray>y) == typenum))):
            return general.jvp(self, tangents, (a, b), y, out, accumulate)
        if out is None and not accumulate:
            result = new_array(n, shape, typenum, False)
        elif has_shape(out, n, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            result = <cnp.ndarray>out
        else:
            return general.jvp(self, tangents, (a, b), y, out, accumulate)
        if cnp.PyArray_SIZE(result) >= LARGE:
            try:
                pointwise_jvp(self, [x_dot, z_dot], [x, z], y, result, accumulate)
            except (Overlap, Refused):
                return general.jvp(self, tangents, (a, b), y, out, accumulate)
            return result
        tangent_at[0] = tangent_at[1] = NULL
        if x_dot is not None:
            view_of(&view[0], x_dot)
            tangent_at[0] = &view[0]
        if z_dot is not None:
            view_of(&view[1], z_dot)
            tangent_at[1] = &view[1]
        view_of(&view[2], x)
        view_of(&view[3], z)
        args[0] = &view[2]
        args[1] = &view[3]
        if y is not None:
            view_of(&view[4], <cnp.ndarray>y)
            y_at = &view[4]
        view_of(&view[5], result)
        if jk_pointwise_jvp(NULL, self.index, tangent_at, args, y_at, &view[5], accumulate).error != JK_OK:
            return general.jvp(self, tangents, (a, b), y, out, accumulate)
        count(self.index, JVP)
        return result

    def vjp(self, y_bar, a, b, *, y=None, wrt=(0, 1), out=None, bint accumulate=False):
        """The vector-Jacobian products ``dy/da * y_bar`` and ``dy/db * y_bar``, each summed to its argument's shape.

        Parameters
        ----------
        y_bar : array
            The cotangent, of the broadcast shape of `a` and `b`.
        a, b : array
            The arguments.  One that is read for its shape only (see `reads`) takes no part in promotion.
        y : array, optional
            The op's own output there, if at hand.
        wrt : int or tuple of int
            Which arguments' cotangents are wanted.
        out : ndarray or tuple of ndarray, optional
            Where the results are written; a tuple for a tuple, ``None`` in it makes a new array.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray or tuple of ndarray
            One per argument in `wrt`, of that argument's shape.
        """
        cdef jk_view t_view, a_view, b_view, y_view, a_bar_view, b_bar_view
        cdef const jk_view *args[2]
        cdef const jk_view *outs[2]
        cdef const jk_view *y_at = NULL
        cdef cnp.npy_intp shape[JK_MAX_NDIM]
        cdef int typenum = cnp.PyArray_TYPE(<cnp.ndarray>y_bar) if is_operand(y_bar) else -1
        cdef cnp.ndarray a_bar = None, b_bar = None, x = None, z = None
        cdef bint want_a = False, want_b = False
        if type(wrt) is tuple and len(<tuple>wrt) == 2 and type((<tuple>wrt)[0]) is type((<tuple>wrt)[1]) is int:
            want_a = want_b = wrt == BOTH
        elif type(wrt) is int:
            want_a = wrt == 0
            want_b = wrt == 1
        if typenum >= 0:
            x = as_operand(a, typenum)
            z = as_operand(b, typenum)
        if (x is None or z is None or not (want_a or want_b) or accumulate or self.is_special(z)
                or (want_a and cnp.PyArray_NDIM(x) == 0) or (want_b and cnp.PyArray_NDIM(z) == 0)
                or not has_shape(y_bar, broadcast(x, z, shape), shape)
                or (y is not None and not is_like(y, <cnp.ndarray>y_bar))):
            return general.vjp(self, y_bar, (a, b), y, wrt, out, accumulate)
        given_a = out
        given_b = out
        if out is not None and want_a and want_b:
            if type(out) is not tuple or len(<tuple>out) != 2:
                return general.vjp(self, y_bar, (a, b), y, wrt, out, accumulate)
            given_a, given_b = <tuple>out
        if (want_a and given_a is not None and not is_out(given_a, x)
                or want_b and given_b is not None and not is_out(given_b, z)):
            return general.vjp(self, y_bar, (a, b), y, wrt, out, accumulate)
        cdef bint flat = (out is None and cnp.PyArray_SIZE(<cnp.ndarray>y_bar) < LARGE
                          and not (self.all_reads & JK_READS_Y and y is None)
                          and same_shape(<cnp.ndarray>y_bar, x)
                          and same_shape(<cnp.ndarray>y_bar, z)
                          and cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>y_bar)
                          and cnp.PyArray_IS_C_CONTIGUOUS(x)
                          and cnp.PyArray_IS_C_CONTIGUOUS(z)
                          and (y is None or cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>y)))
        if flat:
            if want_a:
                a_bar = new_like(x)
                run_flat(flat_loops(self.index, a_bar).first[0], a_bar, y_bar, x, z, y)
            if want_b:
                b_bar = new_like(z)
                run_flat(flat_loops(self.index, b_bar).first[1], b_bar, y_bar, x, z, y)
            count(self.index, VJP)
            if want_a and want_b:
                return a_bar, b_bar
            return a_bar if want_a else b_bar
        view_of(&t_view, <cnp.ndarray>y_bar)
        view_of(&a_view, x)
        view_of(&b_view, z)
        args[0] = &a_view
        args[1] = &b_view
        outs[0] = outs[1] = NULL
        if y is not None:
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if want_a:
            a_bar = new_like(x) if given_a is None else <cnp.ndarray>given_a
            view_of(&a_bar_view, a_bar)
            outs[0] = &a_bar_view
        if want_b:
            b_bar = new_like(z) if given_b is None else <cnp.ndarray>given_b
            view_of(&b_bar_view, b_bar)
            outs[1] = &b_bar_view
        if cnp.PyArray_SIZE(<cnp.ndarray>y_bar) >= LARGE:
            try:
                pointwise_vjp(self, y_bar, [x, z], y, [a_bar, b_bar], False)
            except (Overlap, Refused):
                return general.vjp(self, y_bar, (a, b), y, wrt, out, accumulate)
            if want_a and want_b:
                return a_bar, b_bar
            return a_bar if want_a else b_bar
        if jk_pointwise_vjp(NULL, self.index, &t_view, args, y_at, outs, False).error != JK_OK:
            return general.vjp(self, y_bar, (a, b), y, wrt, out, accumulate)
        count(self.index, VJP)
        if want_a and want_b:
            return a_bar, b_bar
        return a_bar if want_a else b_bar

    def vjp2(self, h, y_bar, a, b, *, y=None, wrt=(0, 1), out=None, bint accumulate=False):
        """Double backward: the cotangents of ``(y_bar, a, b)`` for cotangents `h` of the results of `vjp`.

        Parameters
        ----------
        h : array or tuple of array
            The cotangents of `vjp`'s results: a tuple like `wrt`, ``None`` in it stands for zero.
        y_bar, a, b, y, wrt :
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the three results are written; ``None`` makes a new array.
        accumulate : bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``(y_bar_bar, a_bar, b_bar)``, each summed to the shape of what it is the cotangent of.
        """
        return general.vjp2(self, h, y_bar, (a, b), y, wrt, out, accumulate)

    def jacobian(self, a, b, *, y=None, wrt=0):
        """The Jacobian by one argument (an int in `wrt`), or a tuple of them: diagonal, or a broadcast."""
        return general.jacobian(self, (a, b), y, wrt)

    def accepts(self, *arrays):
        """Whether the straight way takes these arrays: native float32 or float64, one dtype, not 0-d, broadcastable."""
        return are_accepted(arrays, self.row.n_args)


cdef int row_index
for row_index in range(jk_n_ops()):
    add_op((UnaryOp if jk_op_at(row_index).n_args == 1 else BinaryOp)(row_index))
