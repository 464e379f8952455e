# Ops of one operand and a parameter, such as leaky_relu(x, alpha=0.01).


@cython.final
cdef class ParametricOp(Op):
    # A pointwise function of one argument and a parameter that the row names.  The parameter is an operand as well: it
    # may be an array, and it has derivatives where `wrt` asks for them.

    __doc__ = OfOps(docstring_of, "A pointwise function of one argument and a parameter.")

    cdef object parameter_of(self, object parameter, dict named):
        """The parameter as it is given, by its place or by its name in the row, or its default."""
        if named:
            name = self._argument_names[1]
            if len(named) > 1 or name not in named:
                raise TypeError(f"ops.{self.name}: {', '.join(named)} is no argument of it, expected "
                                f"{', '.join(self._argument_names)}")
            if parameter is not None:
                raise TypeError(f"ops.{self.name}: {name} is given twice, by its place and by its name")
            parameter = named[name]
        if parameter is None and self.row.is_optional[1]:
            return self.row.standard[1]
        return parameter

    cdef object called(self, PyObject *const *args, Py_ssize_t n, object out):
        if not 0 < n <= 2:
            return NotImplemented
        parameter = self.parameter_of(<object>args[1] if n == 2 else None, None)
        return value_of(self, <object>args[0], parameter, None, out)

    def __call__(self, x=None, parameter=None, out=None, **named):
        return value_of(self, x, self.parameter_of(parameter, named), None, out)

    def jvp(self, tangents, x=None, parameter=None, *, y=None, out=None, accumulate=False, where=None, **named):
        """The Jacobian-vector product.

        Parameters
        ----------
        tangents : array, or tuple
            The tangent of `x`, or one for `x` and one for the parameter, None standing for zero.
        x : array
            The operand.
        parameter : array, optional
            By its place here, or by its name.
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
            args = (x, self.parameter_of(parameter, named))
            result = general.masked_jvp(self, where, self.tangents_of(tangents), args, y, out, accumulate)
            self.count_general(JVP)
            return result
        return jvp_of(self, tangents, x, self.parameter_of(parameter, named), None, y, out, accumulate)

    def vjp(self, y_bar, x=None, parameter=None, *, y=None, wrt=0, out=None, accumulate=False,
            where=None, **named):
        """The vector-Jacobian products by the arguments in `wrt`, each summed to its argument's shape.

        Parameters
        ----------
        y_bar : array
            The cotangent, of the broadcast shape of the arguments.
        x : array
            The operand.
        parameter : array, optional
            By its place here, or by its name.
        y : array, optional
            The op's own output there, if at hand.
        wrt : int or tuple of int
            Which arguments' cotangents are wanted: 0 is `x`, 1 the parameter.
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
            result = general.masked_vjp(self, where, y_bar, (x, self.parameter_of(parameter, named)), y,
                                        wrt, out, accumulate)
            self.count_general(VJP)
            return result
        return vjp_of(self, y_bar, x, self.parameter_of(parameter, named), None, y, wrt, out, accumulate)

    def vjp2(self, h, y_bar, x=None, parameter=None, *, y=None, wrt=0, out=None, accumulate=False, **named):
        """Double backward: the cotangents of `y_bar`, `x` and the parameter for cotangents `h` of what `vjp` gave.

        Parameters
        ----------
        h : array or tuple of array
            The cotangents of `vjp`'s results: like `wrt`, ``None`` in a tuple stands for zero.
        y_bar, x, parameter, y, wrt :
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the three results are written; ``None`` makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            The three cotangents, each summed to the shape of what it is the cotangent of.
        """
        return vjp2_of(self, h, y_bar, x, self.parameter_of(parameter, named), None, y, wrt, out, accumulate)

    def derivative(self, x=None, parameter=None, *, y=None, wrt=0, out=None, **named):
        """The derivative itself by one argument (an int in `wrt`), or a tuple of them, of the broadcast shape."""
        return general.derivatives(self, (x, self.parameter_of(parameter, named)), y, wrt, out)

    def jacobian(self, x=None, parameter=None, *, y=None, wrt=0, **named):
        """The Jacobian by one argument (an int in `wrt`), or a tuple of them: diagonal, or a broadcast."""
        result = general.jacobian(self, (x, self.parameter_of(parameter, named)), y, wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these arrays: native float32 or float64, one dtype, not 0-d, broadcastable."""
        return are_accepted(arrays, 2)
