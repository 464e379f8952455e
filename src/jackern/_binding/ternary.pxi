# Ops of three arguments.


@cython.final
cdef class TernaryOp(Op):
    # A pointwise function of three arguments.  They are given by position: every row has its own names for them.

    __doc__ = OfOps(docstring_of, "A pointwise function of three arguments, which are given by position.")

    cdef object wrt_of(self, object wrt):
        """wrt, or by default all arguments that are neither parameters nor a mask."""
        if wrt is not None:
            return wrt
        return 0 if self.row.n_operands == 1 else tuple(range(self.row.is_masked, self.row.n_operands))

    cdef object called(self, PyObject *const *args, Py_ssize_t n, object out):
        if n != 3:
            return NotImplemented
        return value_of(self, <object>args[0], <object>args[1], <object>args[2], out)

    def __call__(self, a=None, b=None, c=None, /, out=None):
        return value_of(self, a, b, c, out)

    def jvp(self, tangents, a, b, c, /, *, y=None, out=None, accumulate=False, where=None):
        """The Jacobian-vector product, the sum of derivative times tangent over the three arguments.

        Parameters
        ----------
        tangents : tuple
            Three tangents, each of the shape of its argument, or None, which stands for zero; one at least is not.
        a, b, c : array
            The arguments.  One that is read for its shape only (see `reads`) takes no part in promotion.
        y, out, accumulate, where :
            As for ops of two arguments.

        Returns
        -------
        ndarray
            `out`, or a new array of the broadcast shape and the promoted dtype.
        """
        if where is not None:
            result = general.masked_jvp(self, where, self.tangents_of(tangents), (a, b, c), y, out, accumulate)
            self.count_general(JVP)
            return result
        return jvp_of(self, tangents, a, b, c, y, out, accumulate)

    def vjp(self, y_bar, a, b, c, /, *, y=None, wrt=None, out=None, accumulate=False,
            where=None):
        """The vector-Jacobian products by the arguments in `wrt`, each summed to its argument's shape.

        Parameters
        ----------
        y_bar : array
            The cotangent, of the broadcast shape of the arguments.
        a, b, c : array
            The arguments.  One that is read for its shape only (see `reads`) takes no part in promotion.
        wrt : int or tuple of int, optional
            Which arguments' cotangents are wanted; by default those of all that are neither parameters nor
            a mask.
        y, out, accumulate, where :
            As for ops of two arguments.

        Returns
        -------
        ndarray or tuple of ndarray
            One per argument in `wrt`, of that argument's shape; an array alone where `wrt` is an int, or where but one
            argument is no parameter.
        """
        if where is not None:
            result = general.masked_vjp(self, where, y_bar, (a, b, c), y, self.wrt_of(wrt), out, accumulate)
            self.count_general(VJP)
            return result
        return vjp_of(self, y_bar, a, b, c, y, self.wrt_of(wrt), out, accumulate)

    def vjp2(self, h, y_bar, a, b, c, /, *, y=None, wrt=None, out=None, accumulate=False):
        """Double backward: the cotangents of `y_bar` and the three arguments, for cotangents `h` of what `vjp` gave.

        Parameters
        ----------
        h : array or tuple of array
            The cotangents of `vjp`'s results: like `wrt`, ``None`` in a tuple stands for zero.
        y_bar, a, b, c, y, wrt :
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the four results are written; ``None`` makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``(y_bar_bar, a_bar, b_bar, c_bar)``, each summed to the shape of what it is the cotangent of.
        """
        return vjp2_of(self, h, y_bar, a, b, c, y, self.wrt_of(wrt), out, accumulate)

    def derivative(self, a, b, c, /, *, y=None, wrt=None, out=None):
        """The derivative itself by one argument (an int in `wrt`), or a tuple of them, of the broadcast shape."""
        return general.derivatives(self, (a, b, c), y, self.row.is_masked if wrt is None else wrt, out)

    def jacobian(self, a, b, c, /, *, y=None, wrt=None):
        """The Jacobian by one argument (an int in `wrt`), or a tuple of them: diagonal, or a broadcast.

        By default it is the first argument that is no mask.
        """
        result = general.jacobian(self, (a, b, c), y, self.row.is_masked if wrt is None else wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these arrays: native float32 or float64, one dtype, not 0-d, broadcastable."""
        if self.row.is_masked and len(arrays) == 3:
            arrays = (self.mask_of(arrays[0], arrays[1]), arrays[1], arrays[2])
        return are_accepted(arrays, 3)
