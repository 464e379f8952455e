# Ops of two arguments.


@cython.final
cdef class BinaryOp(Op):
    # A pointwise function of two arguments.

    __doc__ = OfOps(docstring_of, "A pointwise function of two arguments.")

    cdef object called(self, PyObject *const *args, Py_ssize_t n, object out):
        return value_of(self, <object>args[0], <object>args[1], None, out) if n == 2 else NotImplemented

    def __call__(self, a=None, b=None, out=None):
        return value_of(self, a, b, None, out)

    def jvp(self, tangents, a, b, *, y=None, out=None, accumulate=False, where=None):
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
        where : array of bool, optional
            Broadcast to the output's shape: elements that are masked off are never evaluated, nothing comes from them.

        Returns
        -------
        ndarray
            `out`, or a new array of the broadcast shape and the promoted dtype.
        """
        if where is not None:
            result = general.masked_jvp(self, where, self.tangents_of(tangents), (a, b), y, out, accumulate)
            self.count_general(JVP)
            return result
        return jvp_of(self, tangents, a, b, None, y, out, accumulate)

    def vjp(self, y_bar, a, b, *, y=None, wrt=(0, 1), out=None, accumulate=False,
            where=None):
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
        accumulate : bool or tuple of bool
            Add to `out` instead of overwriting it; a tuple where `out` is one, for each of its arrays.
        where : array of bool, optional
            As for `jvp`.

        Returns
        -------
        ndarray or tuple of ndarray
            One per argument in `wrt`, of that argument's shape.
        """
        if where is not None:
            result = general.masked_vjp(self, where, y_bar, (a, b), y, wrt, out, accumulate)
            self.count_general(VJP)
            return result
        return vjp_of(self, y_bar, a, b, None, y, wrt, out, accumulate)

    def vjp2(self, h, y_bar, a, b, *, y=None, wrt=(0, 1), out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, a, b)`` for cotangents `h` of the results of `vjp`.

        Parameters
        ----------
        h : array or tuple of array
            The cotangents of `vjp`'s results: a tuple like `wrt`, ``None`` in it stands for zero.
        y_bar, a, b, y, wrt :
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the three results are written; ``None`` makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``(y_bar_bar, a_bar, b_bar)``, each summed to the shape of what it is the cotangent of.
        """
        return vjp2_of(self, h, y_bar, a, b, None, y, wrt, out, accumulate)

    def derivative(self, a, b, *, y=None, wrt=0, out=None):
        """The derivative itself by one argument (an int in `wrt`), or a tuple of them, of the broadcast shape."""
        return general.derivatives(self, (a, b), y, wrt, out)

    def jacobian(self, a, b, *, y=None, wrt=0):
        """The Jacobian by one argument (an int in `wrt`), or a tuple of them: diagonal, or a broadcast."""
        result = general.jacobian(self, (a, b), y, wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these arrays: native float32 or float64, one dtype, not 0-d, broadcastable."""
        return are_accepted(arrays, 2)


def uncounted_value(BinaryOp op not None, a, b):
    """The value of an op as calling it gives it, for jackern's own use: `stats` counts what users call."""
    result = straight_value(op, a, b, None, None)
    return general.value(op, (a, b), None) if result is NotImplemented else result
