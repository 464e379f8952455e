# An axis Jacobian's storage and its products.  Letters longer than 1 are lowered once, when it is made, to what one C
# call takes.

from libc.string cimport memset

cdef enum:
    AXIS         # jk_axis_*: the letters as they are
    ELEMENTWISE  # the same; all arrays lie alike, so that a new result may come from the loop without set-up
    DENSE        # jk_dense_*: a stack of matrices
    SEVERAL      # no single call: letters to be summed first or repeated last, or many vectors to one matrix

cdef BinaryOp MULTIPLY = op_named("multiply")


cdef class AxisProducts(Products):
    """Values and letters of an axis Jacobian, and its products with vectors.

    Parameters
    ----------
    values : ndarray
        Native and aligned; no axis has length 1 or stride 0.
    value_letters, out_letters, in_letters : tuple of int
        A letter per axis, none twice in a tuple; one of the values stands at an end too.
    lengths : tuple of int
        Of the letters 0, 1, ...
    out_shape, in_shape : tuple of int
        What the lengths of `out_letters` and `in_letters` multiply to.
    names : str, optional
        A character for every letter, for `subscripts`; by default those of the alphabet.

    Raises
    ------
    ValueError
        The letters do not fit the values, or are too many.
    """

    __signature__ = parameters(
        "values, value_letters, out_letters, in_letters, lengths, out_shape, in_shape, names=None")

    cdef Kept kept
    cdef readonly tuple _value_letters, _out_letters, _in_letters, _lengths
    cdef readonly str _names
    cdef jk_axis axis
    cdef jk_view stack
    cdef int kind
    cdef Py_ssize_t *memory
    cdef Py_ssize_t *unused

    def __cinit__(self, cnp.ndarray values, tuple value_letters, tuple out_letters, tuple in_letters, tuple lengths,
                  tuple out_shape, tuple in_shape, str names=None):
        cdef Py_ssize_t k, n = 0, n_letters = len(lengths), n_axes
        self.kept = Kept(values)
        values = self.kept.array
        n_axes = cnp.PyArray_NDIM(values)
        for k in range(n_letters):
            n += lengths[k] > 1
        if n > JK_MAX_NDIM or n_axes != len(value_letters) or n_axes > n or not is_native(values):
            raise ValueError(f"letters {value_letters} do not fit the values, or there are over {JK_MAX_NDIM}")
        if names is not None and len(names) < n_letters:
            raise ValueError(f"names {names!r} are fewer than the {n_letters} letters")
        self._value_letters = value_letters
        self._out_letters = out_letters
        self._in_letters = in_letters
        self._lengths = lengths
        self._names = names
        self.out_shape = out_shape
        self.in_shape = in_shape
        self.typenum = cnp.PyArray_TYPE(values)

        # Per letter four numbers for the values, three at each end, and six more where it becomes DENSE; its length and
        # where it stands among those longer than 1, which are all that the C calls see.
        cdef Py_ssize_t size = 16 * n + 2 * n_letters + len(out_shape) + len(in_shape)
        self.memory = <Py_ssize_t *>PyMem_Malloc(size * sizeof(Py_ssize_t))
        if self.memory == NULL:
            raise MemoryError()
        self.unused = self.memory
        cdef Py_ssize_t *full = self.take(<int>n_letters)
        cdef Py_ssize_t *place = self.take(<int>n_letters)
        cdef Py_ssize_t *length = self.take(<int>n)
        cdef Py_ssize_t *value_stride = self.take(<int>n)
        cdef Py_ssize_t *value_length = self.take(<int>n)
        cdef signed char *value_letter = <signed char *>self.take(<int>n)
        copy_lengths(full, lengths)
        self.n_products = 1
        n = 0
        for k in range(n_letters):
            place[k] = -1
            if full[k] < 1:
                raise ValueError(f"letter {k} has length {full[k]}, expected 1 or more")
            if full[k] > 1:
                place[k] = n
                length[n] = full[k]
                self.n_products *= length[n]
                n += 1
        self.place(&self.out_end, out_shape, out_letters, full, place)
        self.place(&self.in_end, in_shape, in_letters, full, place)
        for k in range(n_axes):
            value_letter[k] = <signed char>place[self.letter(value_letters[k])]
            value_length[k] = cnp.PyArray_DIMS(values)[k]
            value_stride[k] = cnp.PyArray_STRIDES(values)[k]
            if value_letter[k] < 0 or value_length[k] != length[value_letter[k]]:
                raise ValueError(f"axis {k} of the values has length {value_length[k]}, its letter "
                                 f"{lengths[value_letters[k]]}")
            if (holds(value_letter[k], value_letter, k) or not (
                    holds(value_letter[k], self.out_end.letter, self.out_end.n_axes)
                    or holds(value_letter[k], self.in_end.letter, self.in_end.n_axes))):
                raise ValueError(f"letters {value_letters} of the values: each once, and at an end too")

        # The array may get another shape later, but the memory that these describe stays its own.
        view_of(&self.axis.values, values)
        self.axis.values.shape = value_length
        self.axis.values.strides_in_bytes = value_stride
        self.axis.n_letters = <int>n
        self.axis.length = length
        self.axis.value_letters = value_letter
        self.axis.n_out = self.out_end.n_axes
        self.axis.out_letters = self.out_end.letter
        self.axis.n_in = self.in_end.n_axes
        self.axis.in_letters = self.in_end.letter
        self.kind = self.lower()
        self.is_straight = self.kind != SEVERAL

    def __dealloc__(self):
        PyMem_Free(self.memory)

    cdef int check_kept(self) except -1:
        return self.kept.check()

    @property
    def values(self):
        """The numbers, an axis per letter of `_value_letters`; ValueError where their memory is gone."""
        return self.kept.get()

    @property
    def _is_double(self):
        """Whether the values are float64; their array may be given another dtype later, the memory stays as it was."""
        return self.typenum == cnp.NPY_DOUBLE

    def _is_alike(self, other):
        """Whether both are diagonal with the same letters, all stored: what they make is made of their values."""
        return self.is_alike(other)

    def _times_alike(self, other):
        """The product with one that is alike; None for another."""
        if not self.is_alike(other):
            return None
        values = uncounted_value(MULTIPLY, self.kept.get(), (<AxisProducts>other).kept.get())
        if not cnp.PyArray_CheckExact(values):
            return None
        return type(self)(values, self._value_letters, self._out_letters, self._in_letters, self._lengths,
                          self.out_shape, (<AxisProducts>other).in_shape, self._names)

    cdef bint is_alike(self, object other) noexcept:
        cdef AxisProducts one
        if not isinstance(other, AxisProducts):
            return False
        one = <AxisProducts>other
        return (self._value_letters == self._out_letters == self._in_letters == one._value_letters == one._out_letters
                == one._in_letters and self._lengths == one._lengths)

    @property
    def _lowered(self):
        """The C call that was chosen."""
        return "dense" if self.kind == DENSE else "several" if self.kind == SEVERAL else "axis"

    cdef Py_ssize_t *take(self, int n) noexcept:
        self.unused += n
        return self.unused - n

    cdef Py_ssize_t letter(self, Py_ssize_t x) except -1:
        if not 0 <= x < len(self._lengths):
            raise ValueError(f"letter {x} has no length, there are {len(self._lengths)}")
        return x

    cdef int place(self, End *end, tuple shape, tuple letters, const Py_ssize_t *full,
                   const Py_ssize_t *place) except -1:
        """Fills in one end, with one axis for every letter longer than 1."""
        cdef Py_ssize_t k, x, size = 1, stride = 1
        end.n_axes = 0
        if len(letters) == 2 and letters[0] == letters[1] or len(letters) > 2 and len(set(letters)) < len(letters):
            raise ValueError(f"letters {letters}, of which one stands twice")
        for k in range(len(letters)):
            x = self.letter(letters[k])
            end.n_axes += place[x] >= 0
            size = times(size, full[x])
        end.ndim = <int>len(shape)
        end.shape = self.take(end.ndim)
        copy_shape(end.shape, shape, size, tuple([self._lengths[y] for y in letters]))
        end.length = self.take(end.n_axes)
        end.stride = self.take(end.n_axes)
        end.letter = <signed char *>self.take(end.n_axes)
        end.n_axes = 0
        for k in range(len(letters)):
            x = self.letter(letters[k])
            if place[x] >= 0:
                end.letter[end.n_axes] = <signed char>place[x]
                end.length[end.n_axes] = full[x]
                end.n_axes += 1
        for k in range(end.n_axes - 1, -1, -1):
            end.stride[k] = stride
            stride = times(stride, end.length[k])
        return 0

    cdef int lower(self) noexcept:
        """Chooses the C call.  Letters of both ends count matrices, of one end their rows or columns."""
        cdef const jk_axis *j = &self.axis
        cdef Py_ssize_t value_stride[JK_MAX_NDIM]
        cdef Py_ssize_t out_stride[JK_MAX_NDIM]
        cdef Py_ssize_t in_stride[JK_MAX_NDIM]
        cdef int k, n_missing = 0, n_rows = 0, n_columns = 0, n_stack = 0
        for k in range(j.n_letters):
            value_stride[k] = out_stride[k] = in_stride[k] = 0
        for k in range(j.values.ndim):
            value_stride[j.value_letters[k]] = j.values.strides_in_bytes[k]
        for k in range(j.n_out):
            out_stride[j.out_letters[k]] = self.out_end.stride[k]
        for k in range(j.n_in):
            in_stride[j.in_letters[k]] = self.in_end.stride[k]
        for k in range(j.n_letters):
            n_missing += value_stride[k] == 0
            n_rows += in_stride[k] == 0
            n_columns += out_stride[k] == 0
        if n_rows == 0 and n_columns == 0:
            return ELEMENTWISE if self.is_elementwise() else AXIS
        if n_rows == 0 or n_columns == 0:
            return AXIS
        if n_missing > 0:
            return SEVERAL

        cdef Py_ssize_t *lengths = self.take(j.n_letters)
        cdef Py_ssize_t *strides = self.take(j.n_letters)
        cdef Py_ssize_t *out_lengths = self.take(j.n_letters)
        cdef Py_ssize_t *out_strides = self.take(j.n_letters)
        cdef Py_ssize_t *in_lengths = self.take(j.n_letters)
        cdef Py_ssize_t *in_strides = self.take(j.n_letters)
        for k in range(j.n_letters):
            if out_stride[k] != 0 and in_stride[k] != 0:
                lengths[n_stack] = out_lengths[n_stack] = in_lengths[n_stack] = j.length[k]
                strides[n_stack] = value_stride[k]
                out_strides[n_stack] = out_stride[k]
                in_strides[n_stack] = in_stride[k]
                n_stack += 1
        cdef int row = n_stack, column = n_stack + 1
        if not join(&lengths[row], &strides[row], &out_strides[row], &self.out_end, in_stride, j.length,
                    value_stride):
            return SEVERAL
        if not join(&lengths[column], &strides[column], &in_strides[row], &self.in_end, out_stride, j.length,
                    value_stride):
            return SEVERAL
        out_lengths[n_stack] = lengths[n_stack]
        in_lengths[n_stack] = lengths[n_stack + 1]
        self.stack = j.values
        self.stack.ndim = n_stack + 2
        self.stack.shape = lengths
        self.stack.strides_in_bytes = strides
        self.out_end.n_axes = self.in_end.n_axes = n_stack + 1
        self.out_end.length = out_lengths
        self.out_end.stride = out_strides
        self.in_end.length = in_lengths
        self.in_end.stride = in_strides
        return DENSE

    cdef bint is_elementwise(self) noexcept:
        """Whether values, input and output have the same letters in the same order, the values contiguous."""
        cdef const jk_axis *j = &self.axis
        cdef int k
        if j.values.ndim != j.n_out or j.n_in != j.n_out or not cnp.PyArray_IS_C_CONTIGUOUS(self.kept.array):
            return False
        for k in range(j.n_out):
            if j.value_letters[k] != j.out_letters[k] or j.in_letters[k] != j.out_letters[k]:
                return False
        return True

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        if self.kind == DENSE:
            if transposed:
                return jk_dense_vjp(context, &self.stack, v, out, accumulate)
            return jk_dense_jvp(context, &self.stack, v, out, accumulate)
        return self.run_batched(context, v, out, accumulate, transposed)

    cdef jk_status run_batched(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                               bint transposed) noexcept nogil:
        """The call by letters, whatever was chosen: both views have an axis per letter longer than 1."""
        if transposed:
            return jk_axis_vjp(context, &self.axis, v, out, accumulate)
        return jk_axis_jvp(context, &self.axis, v, out, accumulate)

    cdef void multiply_elements(self, cnp.ndarray out, const void *v, bint adds) noexcept:
        cdef const void *inputs[JK_N_IN]
        cdef int k
        for k in range(JK_N_IN):
            inputs[k] = v
        inputs[JK_IN_A] = self.axis.values.data
        cdef jk_pointwise_loop *loop = jk_pointwise_of(self.axis.values.dtype).op[<int>JK_OP_multiply].value
        if adds:
            add_loop(loop, out, inputs, 0)
        else:
            run_loop(loop, <Py_ssize_t>self.n_products, cnp.PyArray_DATA(out), inputs)

    cdef bint is_one_matrix(self, bint transposed) noexcept:
        """Whether `multiply_matrix` forms the sums of a C call: of one matrix that lies flat, of few terms."""
        cdef const jk_view *a = &self.stack
        cdef int kept = transposed, summed = 1 - transposed
        cdef Py_ssize_t item = cnp.PyArray_ITEMSIZE(self.kept.array)
        return (self.kind == DENSE and a.ndim == 2 and a.shape[0] > 1 and a.shape[1] > 1
                and self.in_end.stride[0] == 1 and self.out_end.stride[0] == 1
                and (a.strides_in_bytes[summed] == item
                     or (a.strides_in_bytes[kept] == item and a.shape[summed] <= JK_RUN)))

    cdef void multiply_matrix(self, cnp.ndarray out, const void *v, bint transposed) noexcept:
        cdef jk_environment before = jk_enter()
        cdef const jk_view *a = &self.stack
        cdef const jk_dense_loops *loops = jk_dense_of(a.dtype)
        cdef int kept = transposed, summed = 1 - transposed
        if a.strides_in_bytes[summed] == cnp.PyArray_ITEMSIZE(out):
            loops.dense_dot(a.shape[kept], a.shape[summed], cnp.PyArray_DATA(out), a.data, a.strides_in_bytes[kept], v)
        else:
            memset(cnp.PyArray_DATA(out), 0, cnp.PyArray_NBYTES(out))
            loops.dense_axpy(a.shape[summed], a.shape[kept], cnp.PyArray_DATA(out), a.data, a.strides_in_bytes[summed],
                             v)
        jk_leave(before)

    cdef object multiply_dense(self, object v, object out, bint accumulate, bint transposed):
        """`multiply` where the loops may be called without set-up, or not."""
        cdef End *source = &self.out_end if transposed else &self.in_end
        cdef End *target = &self.in_end if transposed else &self.out_end
        cdef cnp.ndarray result
        if (accumulate or self.n_products >= LARGE or not is_at(v, source) or not self.kept.is_there()
                or cnp.PyArray_TYPE(<cnp.ndarray>v) != self.typenum or not self.is_one_matrix(transposed)
                or (out is not None and not (is_at(out, target) and self.is_apart(v, out)))):
            return Products.multiply(self, v, out, accumulate, transposed)
        result = (<cnp.ndarray>out if out is not None
                  else new_array(target.ndim, <cnp.npy_intp *>target.shape, self.typenum, False))
        self.multiply_matrix(result, cnp.PyArray_DATA(<cnp.ndarray>v), transposed)
        return result

    cdef object multiply(self, object v, object out, bint accumulate, bint transposed):
        cdef End *source = &self.out_end if transposed else &self.in_end
        cdef End *target = &self.in_end if transposed else &self.out_end
        cdef cnp.ndarray result
        if self.kind == DENSE:
            return self.multiply_dense(v, out, accumulate, transposed)
        if (self.kind != ELEMENTWISE or self.n_products >= LARGE or not is_at(v, source)
                or not self.kept.is_there()
                or cnp.PyArray_TYPE(<cnp.ndarray>v) != self.typenum):
            return Products.multiply(self, v, out, accumulate, transposed)
        if out is None and not accumulate:
            result = new_array(target.ndim, <cnp.npy_intp *>target.shape, self.typenum, False)
        elif (is_at(out, target) and cnp.PyArray_TYPE(<cnp.ndarray>out) == self.typenum
                and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
                and self.is_beside(cnp.PyArray_BYTES(<cnp.ndarray>v), cnp.PyArray_BYTES(<cnp.ndarray>out))
                and self.is_beside(<char *>self.axis.values.data, cnp.PyArray_BYTES(<cnp.ndarray>out))):
            result = <cnp.ndarray>out
        else:
            return Products.multiply(self, v, out, accumulate, transposed)
        self.multiply_elements(result, cnp.PyArray_DATA(<cnp.ndarray>v), accumulate)
        return result

    cdef inline bint is_apart(self, cnp.ndarray v, cnp.ndarray out) noexcept:
        """Whether an array may be written while the values and v are read, and has the dtype of the product."""
        cdef cnp.ndarray values = self.kept.array
        return (cnp.PyArray_TYPE(out) == self.typenum and cnp.PyArray_ISWRITEABLE(out) and is_beyond(v, out)
                and is_beyond(values, out) and (cnp.PyArray_IS_C_CONTIGUOUS(values)
                                                or cnp.PyArray_IS_F_CONTIGUOUS(values)))

    cdef inline bint is_beside(self, char *a, char *b) noexcept:
        """Whether arrays as large as the values lie apart from each other, or exactly on each other."""
        cdef Py_ssize_t n_bytes = <Py_ssize_t>self.n_products * (8 if self.typenum == cnp.NPY_DOUBLE else 4)
        return a == b or a + n_bytes <= b or b + n_bytes <= a

    def _straight_product(self, v, out, bint accumulate, bint transposed):
        """Writes the product with one vector into out, if one C call can; whether it did."""
        return self.multiply(v, out, accumulate, transposed) is not NotImplemented


cdef inline bint holds(signed char letter, const signed char *letters, Py_ssize_t n) noexcept:
    cdef Py_ssize_t k
    for k in range(n):
        if letters[k] == letter:
            return True
    return False


cdef bint join(Py_ssize_t *length, Py_ssize_t *value_stride, Py_ssize_t *stride, End *end,
               const Py_ssize_t *other_strides, const Py_ssize_t *lengths,
               const Py_ssize_t *value_strides) noexcept:
    """Joins the letters that only this end has to one axis; False where strides forbid it."""
    cdef int k, x
    length[0] = 0
    for k in reversed(range(end.n_axes)):
        x = end.letter[k]
        if other_strides[x] != 0:
            continue
        if length[0] == 0:
            length[0] = 1
            value_stride[0] = value_strides[x]
            stride[0] = end.stride[k]
        elif (value_strides[x] != value_stride[0] * length[0] or end.stride[k] != times(stride[0], length[0])):
            return False
        length[0] = times(length[0], lengths[x])
    return True
