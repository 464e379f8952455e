# A convolution along one axis, and its products.


cdef class ConvolutionProducts(Products):
    """The kernel of a convolution along one axis, and its products with vectors.

    Row i of the result, all elements at one place of that axis, sums ``kernel[j]`` times row ``i + shift - j`` of the
    argument, over the taps j for which there is one.

    Parameters
    ----------
    kernel : ndarray
        ``(n_taps,)``, native and aligned.
    shift : int
        Which row of the argument the first tap takes for row 0.
    lengths : tuple of int
        ``(n_before, n_out, n_in, n_behind)``: elements of the axes before the convolved one, its own in the result and
        in the argument, elements of the axes behind it.
    out_shape, in_shape : tuple of int
        What ``n_before * n_out * n_behind`` and ``n_before * n_in * n_behind`` are the products of.

    Raises
    ------
    ValueError
        The kernel is not native, has not one axis or no taps; the shapes do not fit the lengths.
    """

    __signature__ = parameters("kernel, shift, lengths, out_shape, in_shape")

    cdef Kept kept
    cdef readonly Py_ssize_t _shift
    cdef readonly tuple _lengths
    cdef jk_convolution convolution
    cdef Py_ssize_t n_taps, kernel_stride
    cdef Py_ssize_t out_length[3]
    cdef Py_ssize_t out_stride[3]
    cdef Py_ssize_t in_length[3]
    cdef Py_ssize_t in_stride[3]
    cdef Py_ssize_t *memory

    def __cinit__(self, cnp.ndarray kernel, Py_ssize_t shift, tuple lengths, tuple out_shape, tuple in_shape):
        self.kept = Kept(kernel)
        kernel = self.kept.array
        if not is_native(kernel) or cnp.PyArray_NDIM(kernel) != 1 or cnp.PyArray_SIZE(kernel) == 0:
            raise ValueError(f"a kernel of shape {(<object>kernel).shape} and dtype {kernel.dtype}, expected "
                             f"(n_taps,), native")
        n_before, n_out, n_in, n_behind = lengths
        self._shift = shift
        self._lengths = lengths
        self.out_shape = out_shape
        self.in_shape = in_shape
        self.typenum = cnp.PyArray_TYPE(kernel)
        self.is_straight = True
        # The array may get another shape later, but the memory that these describe stays its own.
        self.n_taps = cnp.PyArray_DIMS(kernel)[0]
        self.kernel_stride = cnp.PyArray_STRIDES(kernel)[0]
        view_of(&self.convolution.kernel, kernel)
        self.convolution.kernel.shape = &self.n_taps
        self.convolution.kernel.strides_in_bytes = &self.kernel_stride
        self.convolution.shift = shift
        self.convolution.n_behind = 1
        self.n_products = <double>self.n_taps * <double>n_before * <double>n_out * <double>n_behind

        self.memory = <Py_ssize_t *>PyMem_Malloc((len(out_shape) + len(in_shape) + 1) * sizeof(Py_ssize_t))
        if self.memory == NULL:
            raise MemoryError()
        self.out_end.length = self.out_length
        self.out_end.stride = self.out_stride
        self.out_end.shape = self.memory
        self.place(&self.out_end, out_shape, (n_before, n_out, n_behind))
        self.in_end.length = self.in_length
        self.in_end.stride = self.in_stride
        self.in_end.shape = self.memory + len(out_shape)
        self.place(&self.in_end, in_shape, (n_before, n_in, n_behind))

    @property
    def _kernel(self):
        """The numbers; ValueError where their memory is gone."""
        return self.kept.get()

    cdef int check_kept(self) except -1:
        return self.kept.check()

    def __dealloc__(self):
        PyMem_Free(self.memory)

    cdef int place(self, End *end, tuple shape, tuple lengths) except -1:
        """Fills in one end, with three axes."""
        cdef int k
        cdef Py_ssize_t stride = 1
        end.ndim = <int>len(shape)
        copy_shape(end.shape, shape, copy_lengths(end.length, lengths), lengths)
        end.n_axes = 3
        for k in reversed(range(3)):
            end.stride[k] = stride
            stride = times(stride, end.length[k])
        return 0

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        if transposed:
            return jk_convolution_vjp(context, &self.convolution, v, out, accumulate)
        return jk_convolution_jvp(context, &self.convolution, v, out, accumulate)
