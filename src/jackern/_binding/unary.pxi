# Ops of one argument.

@cython.final
cdef class UnaryOp(Op):
    # A pointwise function of one argument.  Calling it gives the value; jvp and vjp multiply by the derivative, which
    # is read from x or, where the table allows it, from the output y alone.

    __doc__ = OfOps(docstring_of, "A pointwise function of one argument.")

    cdef object multiply(self, int product, object t, object x, object y, PyObject *out, bint adds):
        """t * dy/dx the straight way; NotImplemented where that cannot be taken."""
        cdef jk_view t_view, x_view, y_view, out_view
        cdef const void *inputs[JK_N_IN]
        cdef const jk_view *x_at = NULL
        cdef const jk_view *y_at = NULL
        cdef const jk_view *out_at
        if not is_native(t):
            return NotImplemented
        cdef cnp.ndarray like = <cnp.ndarray>t, result
        cdef Py_ssize_t n = cnp.PyArray_SIZE(like)
        cdef bint is_flat = cnp.PyArray_IS_C_CONTIGUOUS(like) and n < LARGE
        if x is not None:
            if not is_like(x, like):
                return NotImplemented
            is_flat = is_flat and cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x)
        if y is not None:
            if not is_like(y, like):
                return NotImplemented
            is_flat = is_flat and cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>y)
        if not self.can_read(x, y):
            return NotImplemented
        if out == NULL:
            result = new_like(like)
        elif is_out(<object>out, like):
            result = <cnp.ndarray>out
            is_flat = (is_flat and cnp.PyArray_TYPE(result) == cnp.PyArray_TYPE(like)
                       and cnp.PyArray_IS_C_CONTIGUOUS(result)
                       and lies_flat(t, result) and lies_flat(x, result) and lies_flat(y, result))
        else:
            return NotImplemented
        cdef const jk_op_loops *loops = flat_loops(self.index, like)
        cdef jk_pointwise_loop *loop = loops.first[0] if y is None or loops.first_from_y == NULL else loops.first_from_y
        if is_flat and loop != NULL:
            read_flat(inputs, like, y)
            if x is not None:
                inputs[JK_IN_A] = cnp.PyArray_DATA(<cnp.ndarray>x)
            write_loop(loop, n, result, inputs, 0, adds)
            return returned(result, out)
        view_of(&t_view, like)
        view_of(&out_view, result)
        out_at = &out_view
        if x is not None:
            view_of(&x_view, <cnp.ndarray>x)
            x_at = &x_view
        if y is not None:
            view_of(&y_view, <cnp.ndarray>y)
            y_at = &y_view
        if not self.went(product, call_vjp(self, &t_view, &x_at, y_at, &out_at, adds, n)):
            return NotImplemented
        return returned(result, out)

    cdef object coerced(self, int product, object t, object x, object y, PyObject *out, bint adds):
        """`multiply` of operands that have to be converted; NotImplemented where they cannot be."""
        cdef unsigned reads = self.all_reads
        cdef Width width = width_of(t)
        cdef int typenum
        cdef cnp.ndarray t_array, x_array, y_array
        if reads & JK_READS_Y and y is None:
            reads = JK_READS_A
        elif reads & JK_READS_Y and self.row.first_from_y != NULL:
            reads = JK_READS_Y
        if reads & JK_READS_A:
            width = wider(width, x)
        if reads & JK_READS_Y:
            width = wider(width, y)
        typenum = common_type(width)
        if typenum < 0:
            return NotImplemented
        t_array = converted(t, typenum)
        x_array = converted(x, typenum) if reads & JK_READS_A else shaped(x, typenum)
        y_array = converted(y, typenum) if reads & JK_READS_Y else shaped(y, typenum)
        if t_array is None or (x_array is None) != (x is None) or (y_array is None) != (y is None):
            return NotImplemented
        return self.multiply(product, t_array, x_array, y_array, out, adds)

    cdef inline bint can_read(self, object x, object y) noexcept:
        """Whether what is given is enough for the derivative."""
        return (x is not None or not self.all_reads & JK_READS_A) and (x is not None or y is not None
                                                                       or not self.all_reads)

    cdef object twice(self, object h, object y_bar, object x, object y, object out, object accumulate):
        """The results of `vjp2` the straight way; NotImplemented where that cannot be taken."""
        cdef Operands args, hs
        if (not is_operand(y_bar) or not is_like(h, <cnp.ndarray>y_bar)
                or (x is not None and not is_like(x, <cnp.ndarray>y_bar)) or not self.can_read(x, y)):
            return NotImplemented
        args.n = hs.n = 1
        args.complete = args.contiguous = hs.complete = hs.contiguous = True
        describe(&args, 0, x)
        describe(&hs, 0, h)
        return straight_vjp2(self, &hs, <cnp.ndarray>y_bar, &args, [x], y, out, accumulate)

    cdef object value(self, object x, object out):
        """The value the straight way; NotImplemented where that cannot be taken."""
        cdef jk_view x_view, out_view
        cdef const jk_view *x_at = &x_view
        cdef const void *inputs[JK_N_IN]
        cdef cnp.ndarray result
        cdef Py_ssize_t n
        cdef bint is_flat
        if not is_native(x):
            return NotImplemented
        n = cnp.PyArray_SIZE(<cnp.ndarray>x)
        is_flat = n < LARGE and cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x)
        if out is None:
            result = new_like(<cnp.ndarray>x)
        elif is_out(out, <cnp.ndarray>x):
            result = <cnp.ndarray>out
            is_flat = (is_flat and cnp.PyArray_TYPE(result) == cnp.PyArray_TYPE(<cnp.ndarray>x)
                       and cnp.PyArray_IS_C_CONTIGUOUS(result) and lies_flat(x, result))
        else:
            return NotImplemented
        if is_flat:
            read_flat(inputs, <cnp.ndarray>x, None)
            run_loop(flat_loops(self.index, result).value, n, cnp.PyArray_DATA(result), inputs)
            return returned(result, NULL if out is None else <PyObject *>out)
        view_of(&x_view, <cnp.ndarray>x)
        view_of(&out_view, result)
        if not self.went(VALUE, call_value(self, &x_at, &out_view, n)):
            return NotImplemented
        return returned(result, NULL if out is None else <PyObject *>out)

    cdef object valued(self, object x, object out):
        """The value; by the straight way unless that cannot be taken."""
        cdef int typenum
        result = self.value(x, out)
        if result is NotImplemented:
            typenum = common_type(width_of(x))
            if typenum >= 0:
                result = self.value(converted(x, typenum), out)
        if result is not NotImplemented:
            self.count(VALUE)
            return result
        result = general.value(self, (x,), out)
        self.count_general(VALUE)
        return result

    cdef object called(self, PyObject *const *args, Py_ssize_t n, object out):
        return self.valued(<object>args[0], out) if n == 1 else NotImplemented

    def __call__(self, x=None, out=None):
        return self.valued(x, out)

    def jvp(self, x_dot, x=None, *, y=None, out=None, accumulate=False, where=None):
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
        where : array of bool, optional
            Elements that are masked off are never evaluated: nothing comes from them, whatever the derivative is there.

        Returns
        -------
        ndarray
            `out`, or a new array of the promoted dtype; a NumPy scalar if 0-d.
        """
        cdef Wish wish
        if where is not None:
            result = general.masked_jvp(self, where, (x_dot,), (x,), y, out, accumulate)
            self.count_general(JVP)
            return result
        wish.is_tuple = False
        if read_outs(&wish, out, accumulate):
            result = self.multiply(JVP, x_dot, x, y, wish.out[0], wish.adds[0])
            if result is NotImplemented:
                result = self.coerced(JVP, x_dot, x, y, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(JVP)
                return result
        result = general.jvp(self, (x_dot,), (x,), y, out, accumulate)
        self.count_general(JVP)
        return result

    def vjp(self, y_bar, x=None, *, y=None, wrt=0, out=None, accumulate=False,
            where=None):
        """The vector-Jacobian product ``dy/dx * y_bar``.

        Parameters
        ----------
        y_bar : array
            The cotangent, of the shape of `x`.
        x, y, out, accumulate, where :
            As for `jvp`.
        wrt : int or tuple of int
            0, or (0,) for a tuple of one result, whose `out` and `accumulate` may be tuples then.

        Returns
        -------
        ndarray or tuple of ndarray
            `out`, or a new array of the promoted dtype; a NumPy scalar if 0-d.
        """
        cdef Wish wish
        if where is not None:
            result = general.masked_vjp(self, where, y_bar, (x,), y, wrt, out, accumulate)
            self.count_general(VJP)
            return result
        if read_wrt(&wish, wrt, 1) and read_outs(&wish, out, accumulate):
            result = self.multiply(VJP, y_bar, x, y, wish.out[0], wish.adds[0])
            if result is NotImplemented:
                result = self.coerced(VJP, y_bar, x, y, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(VJP)
                return (result,) if wish.is_tuple else result
        result = general.vjp(self, y_bar, (x,), y, wrt, out, accumulate)
        self.count_general(VJP)
        return result

    def vjp2(self, h, y_bar, x=None, *, y=None, wrt=0, out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, x)`` for a cotangent `h` of the result of `vjp`.

        Parameters
        ----------
        h, y_bar : array
            The cotangent of `vjp`'s result, and the cotangent that `vjp` was given; of the shape of `x`.  `h` is a
            tuple of one where `wrt` is a tuple.
        x, y, wrt :
            As for `vjp`.
        out : tuple of ndarray or None, optional
            Where the two results are written; ``None`` makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``(h * dy/dx, h * y_bar * d2y/dx2)``.
        """
        cdef Wish wish
        if read_wrt(&wish, wrt, 1):
            one = h
            if wish.is_tuple:
                one = (<tuple>h)[0] if type(h) is tuple and len(<tuple>h) == 1 else None
            result = self.twice(one, y_bar, x, y, out, accumulate)
            if result is not NotImplemented:
                self.count(VJP2)
                return result
        result = general.vjp2(self, h, y_bar, (x,), y, wrt, out, accumulate)
        self.count_general(VJP2)
        return result

    def derivative(self, x=None, *, y=None, wrt=0, out=None):
        """The derivative itself, at `x` or read from `y`, as a new array or in `out`; in a tuple for a tuple `wrt`."""
        return general.derivatives(self, (x,), y, wrt, out)

    def jacobian(self, x=None, *, y=None, wrt=0):
        """The Jacobian at `x` (or read from `y`): diagonal, one number per element; in a tuple for a tuple `wrt`."""
        result = general.jacobian(self, (x,), y, wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes this array: native float32 or float64, not 0-d."""
        return len(arrays) == 1 and is_operand(arrays[0])
