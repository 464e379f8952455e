# A sum of bands and its products.  Windows are lowered once, when it is made, to what one C call takes.


cdef class BandedProducts(Products):
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

    __signature__ = parameters("bands, out_lengths, in_lengths, out_shape, in_shape")

    cdef tuple bands, kept
    cdef readonly tuple _out_lengths, _in_lengths
    cdef jk_band *band
    cdef int n_bands
    cdef void *memory
    cdef Py_ssize_t *unused

    def __cinit__(self, tuple bands, tuple out_lengths, tuple in_lengths, tuple out_shape, tuple in_shape):
        cdef int b, d
        cdef int n_axes = <int>len(out_lengths)
        self.kept = tuple([Kept(band[0]) for band in bands])
        self.bands = tuple([((<Kept>kept).array, *band[1:]) for kept, band in zip(self.kept, bands)])
        self._out_lengths = out_lengths
        self._in_lengths = in_lengths
        self.out_shape = out_shape
        self.in_shape = in_shape
        self.n_bands = <int>len(bands)
        self.typenum = cnp.NPY_FLOAT
        self.is_straight = True
        if self.n_bands == 0:
            raise ValueError("a sum of no bands")
        if len(in_lengths) != n_axes or n_axes > JK_MAX_NDIM:
            raise ValueError(f"lengths {out_lengths} and {in_lengths}, expected as many of both, at most {JK_MAX_NDIM}")

        # Six numbers per axis of a band, two per axis of an end.
        cdef Py_ssize_t size = (6 * <Py_ssize_t>self.n_bands + 4) * n_axes + len(out_shape) + len(in_shape)
        self.memory = PyMem_Malloc(self.n_bands * sizeof(jk_band) + size * sizeof(Py_ssize_t))
        if self.memory == NULL:
            raise MemoryError()
        self.band = <jk_band *>self.memory
        self.unused = <Py_ssize_t *>(self.band + self.n_bands)
        self.place(&self.out_end, out_shape, out_lengths)
        self.place(&self.in_end, in_shape, in_lengths)
        for b in range(self.n_bands):
            values, out_start, out_step, in_start, in_step = self.bands[b]
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
            for d in range(n_axes):
                if not (fits(cnp.PyArray_DIMS(values)[d], out_start[d], out_step[d], out_lengths[d])
                        and fits(cnp.PyArray_DIMS(values)[d], in_start[d], in_step[d], in_lengths[d])):
                    raise ValueError(f"band {b} of shape {(<object>values).shape}, from {out_start} by {out_step} and "
                                     f"from {in_start} by {in_step}: it leaves the lengths {out_lengths} and "
                                     f"{in_lengths}")
            self.typenum = max(self.typenum, cnp.PyArray_TYPE(values))
            self.n_products += cnp.PyArray_SIZE(values)

    @property
    def _bands(self):
        """What was given; ValueError where the memory of values is gone."""
        self.check_kept()
        return self.bands

    cdef int check_kept(self) except -1:
        for kept in self.kept:
            (<Kept>kept).check()
        return 0

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
        copy_shape(end.shape, shape, copy_lengths(end.length, lengths), lengths)
        end.stride = self.take(lengths, end.n_axes)
        for k in reversed(range(end.n_axes)):
            end.stride[k] = stride
            stride = times(stride, end.length[k])
        return 0

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        if transposed:
            return jk_banded_vjp(context, self.n_bands, self.band, v, out, accumulate)
        return jk_banded_jvp(context, self.n_bands, self.band, v, out, accumulate)


cdef bint fits(object n, object start, object step, object length) except -1:
    """Whether the n places start, start + step, ... are on an axis of this length, in numbers that do not overflow."""
    return step != 0 and (n == 0 or (0 <= start < length and 0 <= start + step * (n - 1) < length))
