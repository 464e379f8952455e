# The faces of matmul and linear: what their calls take, and where it goes.

# What `wrt` is by default, without and with a bias.
cdef tuple XW = (0, 1)
cdef tuple XWB = (0, 1, 2)


cdef class MatmulOp(MatrixProductOp):
    """The matrix product."""

    def __call__(self, a, b, *, out=None):
        result = self.value(a, b, None, NULL if out is None else <PyObject *>out)
        if result is not NotImplemented:
            self.count(VALUE)
            return result
        result = self._value(a, b, out=out)
        self.count_general(VALUE)
        return result

    def jvp(self, tangents, a, b, *, out=None, accumulate=False):
        """``a_dot @ b + a @ b_dot``.

        Parameters
        ----------
        tangents : tuple
            ``(a_dot, b_dot)``, each of the shape of its operand, or None for zero.
        a, b : array_like
            The operands; of one whose product is not needed, only the shape is read.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, of the shape of the result.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array of the shape of ``a @ b``.

        Raises
        ------
        ValueError
            For a tangent of another shape than its operand, and as in the call.
        TypeError
            If both tangents are None, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.matmul.jvp((None, np.array([1.0, 0.0])), np.array([[1.0, 2.0]]), np.zeros(2))
        array([1.])
        """
        cdef Wish wish
        wish.is_tuple = False
        if type(tangents) is tuple and len(<tuple>tangents) == 2 and read_outs(&wish, out, accumulate):
            result = self.push(JVP, (<tuple>tangents)[0], (<tuple>tangents)[1], None, a, b, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(JVP)
                return result
        result = self._jvp(tangents, a, b, out=out, accumulate=accumulate)
        self.count_general(JVP)
        return result

    def vjp(self, y_bar, a, b, *, wrt=(0, 1), out=None, accumulate=False):
        """``y_bar @ b.T`` and ``a.T @ y_bar``, each summed to its operand's shape.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, of the shape of ``a @ b``.
        a, b : array_like
            The operands; the cotangent of one reads the other, and of itself the shape only.
        wrt : int or tuple of int
            Whose cotangents: 0 is `a`, 1 is `b`.
        out : ndarray, or tuple of ndarray or None, optional
            Where the results are written; a tuple if `wrt` is one.  None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        ndarray or tuple of ndarray
            One cotangent for each of `wrt`, of the shape of its operand; a tuple if `wrt` is one.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, for a `wrt` out of range, if outs overlap, and as in the call.
        TypeError
            For a `wrt`, `out` or `accumulate` of another kind, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> a_bar, b_bar = jk.ops.matmul.vjp(np.ones(1), np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
        >>> a_bar, b_bar
        (array([[3., 4.]]), array([1., 2.]))
        """
        result = self.cotangents(y_bar, a, b, None, wrt, out, accumulate)
        if result is not NotImplemented:
            self.count(VJP)
            return result
        result = self._vjp(y_bar, a, b, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP)
        return result

    def vjp2(self, h, y_bar, a, b, *, wrt=(0, 1), out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, a, b)`` for cotangents `h` of the results of `vjp`.

        Parameters
        ----------
        h : array_like or tuple
            The cotangents of `vjp`'s results: a tuple like `wrt`, None in it stands for zero.
        y_bar, a, b, wrt
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the three results are written; None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``h_a @ b + a @ h_b``, ``y_bar @ h_b.T`` and ``h_a.T @ y_bar``, each summed to the shape of what it is the
            cotangent of.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> a, b, h_a = np.array([[1.0, 2.0]]), np.array([3.0, 4.0]), np.array([[1.0, 0.0]])
        >>> jk.ops.matmul.vjp2((h_a, None), np.ones(1), a, b)
        (array([3.]), array([[0., 0.]]), array([1., 0.]))
        """
        result = self.twice(h, y_bar, a, b, None, wrt, out, accumulate)
        if result is not NotImplemented:
            self.count(VJP2)
            return result
        result = self._vjp2(h, y_bar, a, b, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP2)
        return result

    def jacobian(self, a, b, *, wrt=0):
        """The Jacobian by one operand, or a tuple for a tuple `wrt`: its numbers are the other operand itself.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> a = np.ones((2, 3))
        >>> J = jk.ops.matmul.jacobian(a, np.ones((3, 4)), wrt=1)
        >>> J.structure, J.values is a
        ('block-diagonal', True)
        """
        result = self._jacobian(a, b, wrt=wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these operands: native float32 or float64, one dtype, shapes that fit."""
        cdef Factors f
        return (len(arrays) == 2 and is_native((<tuple>arrays)[0])
                and is_like_dtype((<tuple>arrays)[1], (<tuple>arrays)[0])
                and lay_factors(&f, (<tuple>arrays)[0], (<tuple>arrays)[1]))


cdef class LinearOp(MatrixProductOp):
    """A matrix product plus a bias."""

    def __call__(self, x, w, b=None, *, out=None):
        if cnp.PyArray_CheckExact(w) and cnp.PyArray_NDIM(<cnp.ndarray>w) == 2:
            result = self.value(x, w, b, NULL if out is None else <PyObject *>out)
            if result is not NotImplemented:
                self.count(VALUE)
                return result
        result = self._value(x, w, b, out=out)
        self.count_general(VALUE)
        return result

    def jvp(self, tangents, x, w, b=None, *, out=None, accumulate=False):
        """``x_dot @ w + x @ w_dot + b_dot``.

        Parameters
        ----------
        tangents : tuple
            ``(x_dot, w_dot, b_dot)``, each of the shape of its operand, or None for zero.
        x, w, b : array_like
            The operands.
        out : ndarray, optional
            Where the result is written: float32 or float64, writable, of the shape of the result.
        accumulate : bool
            Add to `out` instead of overwriting it.

        Returns
        -------
        ndarray
            `out`, or a new array ``(*batch, n)``.

        Raises
        ------
        ValueError
            For a tangent of another shape than its operand, and as in the call.
        TypeError
            If every tangent is None, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.linear.jvp((None, None, np.array([1.0, 2.0])), np.ones((1, 3)), np.ones((3, 2)))
        array([[1., 2.]])
        """
        cdef Wish wish
        wish.is_tuple = False
        if (type(tangents) is tuple and len(<tuple>tangents) == 3 and read_outs(&wish, out, accumulate)
                and cnp.PyArray_CheckExact(w) and cnp.PyArray_NDIM(<cnp.ndarray>w) == 2
                and (b is None or is_like_dtype(b, w) and is_bias_of(b, w))):
            x_dot, w_dot, b_dot = <tuple>tangents
            result = self.push(JVP, x_dot, w_dot, b_dot, x, w, wish.out[0], wish.adds[0])
            if result is not NotImplemented:
                self.count(JVP)
                return result
        result = self._jvp(tangents, x, w, b, out=out, accumulate=accumulate)
        self.count_general(JVP)
        return result

    def vjp(self, y_bar, x, w, b=None, *, wrt=None, out=None, accumulate=False):
        """Cotangents of x, w and b: ``y_bar @ w.T``, ``x.T @ y_bar`` and `y_bar` summed over its rows.

        Parameters
        ----------
        y_bar : array_like
            The cotangent, ``(*batch, n)``.
        x, w, b : array_like
            The operands; the cotangent of b reads none of them.
        wrt : int or tuple of int, optional
            Whose cotangents; all of them by default, without b where there is none.
        out : ndarray, or tuple of ndarray or None, optional
            Where the results are written; a tuple if `wrt` is one.  None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        ndarray or tuple of ndarray
            One cotangent for each of `wrt`, of the shape of its operand; a tuple if `wrt` is one.

        Raises
        ------
        ValueError
            If `y_bar` has another shape, for a `wrt` out of range, if outs overlap, and as in the call.
        TypeError
            For a `wrt`, `out` or `accumulate` of another kind, and as in the call.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> x, w, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 1)), np.zeros(1)
        >>> x_bar, w_bar, b_bar = jk.ops.linear.vjp(np.ones((2, 1)), x, w, b)
        >>> w_bar.ravel(), b_bar
        (array([4., 6.]), array([2.]))
        """
        if wrt is None:
            wrt = XW if b is None else XWB
        if cnp.PyArray_CheckExact(w) and cnp.PyArray_NDIM(<cnp.ndarray>w) == 2:
            result = self.cotangents(y_bar, x, w, b, wrt, out, accumulate)
            if result is not NotImplemented:
                self.count(VJP)
                return result
        result = self._vjp(y_bar, x, w, b, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP)
        return result

    def vjp2(self, h, y_bar, x, w, b=None, *, wrt=None, out=None, accumulate=False):
        """Double backward: the cotangents of ``(y_bar, x, w, b)`` for cotangents `h` of the results of `vjp`.

        Parameters
        ----------
        h : array_like or tuple
            The cotangents of `vjp`'s results: a tuple like `wrt`, None in it stands for zero.
        y_bar, x, w, b, wrt
            As `vjp` was given them.
        out : tuple of ndarray or None, optional
            Where the results are written; None makes a new array.
        accumulate : bool or tuple of bool
            Add to what is given in `out`.

        Returns
        -------
        tuple of ndarray
            ``h_x @ w + x @ h_w + h_b``, ``y_bar @ h_w.T``, ``h_x.T @ y_bar`` and, with a bias, zeros.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> x, w, b = np.ones((1, 2)), np.ones((2, 1)), np.zeros(1)
        >>> jk.ops.linear.vjp2(np.array([4.0]), np.ones((1, 1)), x, w, b, wrt=2)[0]
        array([[4.]])
        """
        if wrt is None:
            wrt = XW if b is None else XWB
        if cnp.PyArray_CheckExact(w) and cnp.PyArray_NDIM(<cnp.ndarray>w) == 2:
            result = self.twice(h, y_bar, x, w, b, wrt, out, accumulate)
            if result is not NotImplemented:
                self.count(VJP2)
                return result
        result = self._vjp2(h, y_bar, x, w, b, wrt=wrt, out=out, accumulate=accumulate)
        self.count_general(VJP2)
        return result

    def jacobian(self, x, w, b=None, *, wrt=0):
        """The Jacobian by x (its numbers are w), by w (its numbers are x) or by b (one number).

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.ops.linear.jacobian(np.ones((2, 3)), np.ones((3, 2)), np.ones(2), wrt=2)
        <broadcast Jacobian, (2, 2) <- (2,), float64, 8 bytes>
        1 ·
        · 1
        1 ·
        · 1
        """
        result = self._jacobian(x, w, b, wrt=wrt)
        self.count(JACOBIAN)
        return result

    def accepts(self, *arrays):
        """Whether the straight way takes these operands: native float32 or float64, one dtype, shapes that fit."""
        cdef Factors f
        cdef Py_ssize_t n = len(arrays)
        if not 2 <= n <= 3 or not is_native((<tuple>arrays)[0]):
            return False
        for x in arrays:
            if not is_like_dtype(x, (<tuple>arrays)[0]):
                return False
        return (cnp.PyArray_NDIM(<cnp.ndarray>(<tuple>arrays)[1]) == 2
                and lay_factors(&f, (<tuple>arrays)[0], (<tuple>arrays)[1])
                and (n == 2 or is_bias((<tuple>arrays)[2], &f)))
