# A sparse matrix by rows, and its products.

from numpy import array as make_array
from numpy import frombuffer as from_buffer

cdef float stand_in = 0  # for the values, while indices are checked


cdef class SparsePattern:
    """Where the entries of a sparse matrix stand: checked once, and copied, so that no caller can change it.

    Parameters
    ----------
    indptr : ndarray of int, or None
        Row i has the entries ``indptr[i] <= k < indptr[i + 1]``; None: the entry i alone.
    indices : ndarray of int
        The column of every entry.
    n_rows, n_cols : int
        The shape of the matrix.

    Raises
    ------
    ValueError
        `indptr` does not grow from 0 to the number of entries, or a column is out of range.
    """

    __signature__ = parameters("indptr, indices, n_rows, n_cols")

    cdef readonly object indptr, indices
    cdef readonly Py_ssize_t n_rows, n_cols, n_entries
    cdef jk_csr matrix  # without values

    def __cinit__(self, indptr, indices, Py_ssize_t n_rows, Py_ssize_t n_cols):
        if n_rows < 0 or n_cols < 0:
            raise ValueError(f"sparse: a matrix of {n_rows} rows and {n_cols} columns")
        indices = whole_numbers(indices, "indices")
        indptr = None if indptr is None else whole_numbers(indptr, "indptr")
        self.n_rows, self.n_cols, self.n_entries = n_rows, n_cols, len(indices)
        if (len(indices) if indptr is None else len(indptr) - 1) != n_rows:
            raise ValueError(f"sparse: indices for {len(indices) if indptr is None else len(indptr) - 1} rows, "
                             f"expected {n_rows}")
        self.hold(indptr, indices, "i8")
        self.check()
        if max(n_cols, self.n_entries) < 1 << 31:
            self.hold(self.indptr, self.indices, "i4")

    cdef int hold(self, indptr, indices, str dtype) except -1:
        """Copies the indices to where nobody may write."""
        self.indptr = None if indptr is None else immutable(indptr, dtype)
        self.indices = immutable(indices, dtype)
        self.matrix.n_rows = self.n_rows
        self.matrix.n_cols = self.n_cols
        self.matrix.index = JK_INT64 if dtype == "i8" else JK_INT32
        self.matrix.indptr = NULL if indptr is None else cnp.PyArray_DATA(<cnp.ndarray>self.indptr)
        self.matrix.indices = cnp.PyArray_DATA(<cnp.ndarray>self.indices)
        return 0

    cdef int check(self) except -1:
        cdef jk_csr matrix = self.matrix
        cdef Py_ssize_t still = 0
        cdef jk_status status
        matrix.values.data = &stand_in
        matrix.values.dtype = JK_FLOAT32
        matrix.values.ndim = 1
        matrix.values.shape = &self.n_entries
        matrix.values.strides_in_bytes = &still
        with nogil:
            status = jk_csr_check(&matrix)
        if status.error == JK_OK:
            return 0
        if status.error != JK_INDEX and self.indptr is not None:
            raise ValueError(f"sparse: indptr ends with {self.indptr[self.n_rows]}, expected {self.n_entries}, as many "
                             f"as there are entries")
        row = status.argument
        bounds = (row, row + 1) if self.indptr is None else (int(self.indptr[row]), int(self.indptr[row + 1]))
        if not 0 <= bounds[0] <= bounds[1] <= self.n_entries or (row == 0 and bounds[0] != 0):
            raise ValueError(f"sparse: indptr goes from {bounds[0]} to {bounds[1]} in row {row}, expected to grow from "
                             f"0 to {self.n_entries}")
        columns = self.indices[bounds[0]:bounds[1]]
        bad = columns[(columns < 0) | (columns >= self.n_cols)][0]
        raise ValueError(f"sparse: row {row} has an entry in column {bad}, expected 0 to {self.n_cols - 1}")

    def __reduce__(self):
        return restored, ("sparse-pattern", self.indptr, self.indices, self.n_rows, self.n_cols)


register("sparse-pattern", SparsePattern)


cdef object whole_numbers(object x, str name):
    """Exactly an ndarray of one axis of integers: what a subclass makes of its methods plays no part."""
    cdef object array = make_array(x, copy=None, subok=False)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"sparse: {name} has shape {array.shape} and dtype {array.dtype}, expected integers along one "
                         f"axis")
    return array


cdef cnp.ndarray immutable(object array, str dtype):
    """A copy in memory that no array can make writable."""
    return from_buffer(array.astype(dtype).tobytes(), dtype) if len(array) else array.astype(dtype)


cdef class SparseProducts(Products):
    """Values and pattern of a sparse Jacobian, and its products with vectors.

    Parameters
    ----------
    values : ndarray
        One per entry: native and aligned, with stride 0 where all are equal.
    pattern : SparsePattern
        Where they stand.
    out_shape, in_shape : tuple of int
        What the numbers of rows and of columns are the products of.
    transposed : bool
        The rows of the pattern are the columns of the Jacobian.
    """

    __signature__ = parameters("values, pattern, out_shape, in_shape, transposed")

    cdef Kept kept
    cdef readonly SparsePattern _pattern
    cdef readonly bint _transposed
    cdef jk_csr matrix
    cdef Py_ssize_t value_stride, stride
    cdef Py_ssize_t *memory

    def __cinit__(self, cnp.ndarray values, SparsePattern pattern not None, tuple out_shape, tuple in_shape,
                  bint transposed):
        cdef Py_ssize_t *unused
        self.kept = Kept(values)
        values = self.kept.array
        if not is_native(values) or cnp.PyArray_NDIM(values) != 1 or len(values) != pattern.n_entries:
            raise ValueError(f"sparse: values of shape {(<object>values).shape} and dtype {values.dtype}, expected "
                             f"({pattern.n_entries},), native")
        self._pattern = pattern
        self._transposed = transposed
        self.out_shape = out_shape
        self.in_shape = in_shape
        # The array may get another shape later, but the memory that these describe stays its own.
        self.matrix = pattern.matrix
        view_of(&self.matrix.values, values)
        self.value_stride = cnp.PyArray_STRIDES(values)[0]
        self.matrix.values.shape = &pattern.n_entries
        self.matrix.values.strides_in_bytes = &self.value_stride
        self.typenum = cnp.PyArray_TYPE(values)
        self.n_products = <double>pattern.n_entries
        self.is_straight = True

        self.stride = 1
        self.memory = <Py_ssize_t *>PyMem_Malloc((len(out_shape) + len(in_shape) + 1) * sizeof(Py_ssize_t))
        if self.memory == NULL:
            raise MemoryError()
        unused = self.place(&self.out_end, self.memory, out_shape,
                            &pattern.n_cols if transposed else &pattern.n_rows)
        self.place(&self.in_end, unused, in_shape, &pattern.n_rows if transposed else &pattern.n_cols)

    @property
    def _values(self):
        """The numbers; ValueError where their memory is gone."""
        return self.kept.get()

    cdef int check_kept(self) except -1:
        return self.kept.check()

    def __dealloc__(self):
        PyMem_Free(self.memory)

    cdef Py_ssize_t *place(self, End *end, Py_ssize_t *memory, tuple shape, Py_ssize_t *n) except NULL:
        """Fills in one end: the C call sees one axis, of n elements."""
        end.ndim = <int>len(shape)
        end.shape = memory
        copy_shape(end.shape, shape, n[0], (n[0],))
        end.n_axes = 1
        end.length = n
        end.stride = &self.stride
        return memory + end.ndim

    cdef jk_status run(self, const jk_context *context, const jk_view *v, const jk_view *out, bint accumulate,
                       bint transposed) noexcept nogil:
        if transposed != self._transposed:
            return jk_csr_vjp(context, &self.matrix, v, out, accumulate)
        return jk_csr_jvp(context, &self.matrix, v, out, accumulate)
