# A sum of bands and its products.  Windows are lowered once, when it is made, to what one C call takes; a product of
# contiguous arrays goes straight there.  Whatever else comes goes to `_general_product`, which the Python class above
# supplies.


cdef class BandedProducts:
    """Bands of a Jacobian, and the products of their sum with vectors.

    Parameters
    ----------
    bands : tuple of (values, out_start, out_step, in_start, in_step)
        ``out[out_start + out_step * k] += values[k] * v[in_start + in_step * k]`` along every axis: an ndarray, native
        and aligned, that may have strides of 0, and four tuples with an int per axis.
    out_lengths, in_lengths : tuple of int
        The lengths of these axes in ``out`` and in ``v``.
    out_shape, in_shape : tuple of int
        What these lengths multiply to.

    Raises
    ------
    ValueError
        The lengths, or what a band has, are not as many as the axes; values that are not native.
    """

    cdef readonly tuple _bands
    cdef readonly tuple _out_lengths, _in_lengths
    cdef readonly tuple out_shape, in_shape
    cdef jk_band *band
    cdef int n_bands, typenum
    cdef End out_end, in_end
    cdef double n_products
    cdef void *memory
    cdef Py_ssize_t *unused

    def __cinit__(self, tuple bands, tuple out_lengths, tuple in_lengths, tuple out_shape, tuple in_shape):
        cdef int b, d
        cdef int n_axes = <int>len(out_lengths)
        self._bands = bands
        self._out_lengths = out_lengths
        self._in_lengths = in_lengths
        self.out_shape = out_shape
        self.in_shape = in_shape
        self.n_bands = <int>len(bands)
        self.typenum = cnp.NPY_FLOAT
        if len(in_lengths) != n_axes or n_axes > JK_MAX_NDIM:
            raise ValueError(f"lengths {out_lengths} and {in_lengths}, expected as many of both, at most {JK_MAX_NDIM}")

        # Six numbers per axis of a band, two per axis of an end.
        cdef Py_ssize_t size = (6 * self.n_bands + 4) * n_axes + len(out_shape) + len(in_shape)
        self.memory = PyMem_Malloc(self.n_bands * sizeof(jk_band) + size * sizeof(Py_ssize_t))
        if self.memory == NULL:
            raise MemoryError()
        self.band = <jk_band *>self.memory
        self.unused = <Py_ssize_t *>(self.band + self.n_bands)
        self.place(&self.out_end, out_shape, out_lengths)
        self.place(&self.in_end, in_shape, in_lengths)
        for b in range(self.n_bands):
            values, out_start, out_step, in_start, in_step = bands[b]
            if not is_native(values) or cnp.PyArray_NDIM(values) != n_axes:
                raise ValueError(f"band {b}: the values are {values!r}, expected a native array of {n_axes} axes")
            # The array may get another shape later, but the memory that these describe stays its own.
            view_of(&self.band[b].values, values)
            self.band[b].values.shape = self.take(values.shape, n_axes)
            self.band[b].values.strides_in_bytes = self.take(values.strides, n_axes)
            self.band[b].out_start = self.take(out_start, n_axes)
            self.band[b].out_step = self.take(out_step, n_axes)
            self.band[b].in_start = self.take(in_start, n_axes)
            self.band[b].in_step = self.take(in_step, n_axes)
            self.typenum = max(self.typenum, cnp.PyArray_TYPE(values))
            self.n_products += cnp.PyArray_SIZE(values)

    def __dealloc__(self):
        PyMem_Free(self.memory)

    cdef Py_ssize_t *take(self, tuple numbers, int n) except NULL:
        cdef int k
        if len(numbers) != n:
            raise ValueError(f"{numbers} has {len(numbers)} numbers, expected one for each of {n} axes")
        for k in range(n):
            self.unused[k] = numbers[k]
        self.unused += n
        return self.unused - n

    cdef int place(self, End *end, tuple shape, tuple lengths) except -1:
        """Fills in one end, with one axis per length."""
        cdef int k
        cdef Py_ssize_t stride = 1
        end.ndim = <int>len(shape)
        end.shape = self.take(shape, end.ndim)
        end.n_axes = <int>len(lengths)
        end.length = self.take(lengths, end.n_axes)
        end.stride = self.take(lengths, end.n_axes)
        for k in reversed(range(end.n_axes)):
            end.stride[k] = stride
            stride *= end.length[k]
        return 0

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        if transposed:
            return jk_banded_vjp(context, self.n_bands, self.band, v, out, accumulate)
        return jk_banded_jvp(context, self.n_bands, self.band, v, out, accumulate)

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        """The product the straight way; NotImplemented where that cannot be taken."""
        cdef End *source = &self.out_end if transposed else &self.in_end
        cdef End *target = &self.in_end if transposed else &self.out_end
        cdef cnp.ndarray result
        if not is_at(v, source):
            return NotImplemented
        if out is None:
            if accumulate:
                return NotImplemented
            result = new_array(target.ndim, <cnp.npy_intp *>target.shape,
                               max(self.typenum, cnp.PyArray_TYPE(<cnp.ndarray>v)), False)
        elif is_at(out, target) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            result = <cnp.ndarray>out
        else:
            return NotImplemented
        cdef jk_view v_view, result_view
        cdef Py_ssize_t v_strides[JK_MAX_NDIM]
        cdef Py_ssize_t result_strides[JK_MAX_NDIM]
        cdef jk_status status
        cdef Call call
        view_at(&v_view, v_strides, <cnp.ndarray>v, source)
        view_at(&result_view, result_strides, result, target)
        if self.n_products < LARGE and cnp.PyArray_SIZE(result) < LARGE:
            status = self.run(NULL, &v_view, &result_view, accumulate, transposed)
        else:
            call = Call()
            with nogil:
                status = self.run(&call.context, &v_view, &result_view, accumulate, transposed)
            if status.error == JK_INTERRUPTED:
                raise_interrupt()
        if status.error != JK_OK:
            return NotImplemented
        if target.ndim == 0 and out is None:
            return result[()]
        return result

    def jvp(self, x_dot, *, out=None, bint accumulate=False):
        """The Jacobian-vector product; see `jackern.Jacobian.jvp`."""
        result = self.multiply(x_dot, out, accumulate, False)
        if result is NotImplemented:
            result = self._general_product(x_dot, out, accumulate, False)
        jacobian_calls[0] += 1
        return result

    def vjp(self, y_bar, *, out=None, bint accumulate=False):
        """The vector-Jacobian product; see `jackern.Jacobian.vjp`."""
        result = self.multiply(y_bar, out, accumulate, True)
        if result is NotImplemented:
            result = self._general_product(y_bar, out, accumulate, True)
        jacobian_calls[1] += 1
        return result

    def _banded_product(self, v, out, bint accumulate, bint transposed):
        """The product by axes: v and out have the lengths' axes, after any equal batch axes."""
        cdef Views views = Views([v, out])
        cdef Call call = Call()
        cdef jk_status status
        with nogil:
            status = self.run(&call.context, views.at[0], views.at[1], accumulate, transposed)
        finish(status)
