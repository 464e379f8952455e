# Op objects, one class per kind.  Their methods take the straight way where all operands are native arrays of one
# dtype; whatever else comes (array-likes, mixed dtypes, 0-d, every error) goes to the general functions, which `_wiring`
# hands in at import and which call the functions of calls.pxi.

cdef enum:
    VALUE, JVP, VJP, VJP2, N_PRODUCTS, MAX_OPS = 256

cdef long long calls[MAX_OPS][N_PRODUCTS]
cdef long long jacobian_calls[2]

# What takes the calls that the straight way does not.
cdef object general = Slots("derivative_of", "docstring_of", "jacobian", "jvp", "readable", "signature_of",
                            "unbroadcast", "value", "vjp", "vjp2")
fallbacks = general


cdef inline void count(int op, int product) noexcept:
    calls[op][product] += 1


def count_calls():
    """Calls of every pointwise kernel since the start or the last reset, as ``{"tanh.vjp": 3}``."""
    names = ("value", "jvp", "vjp", "vjp2")
    counted = {f"{jk_op_at(i).name.decode()}.{names[k]}": calls[i][k]
               for i in range(jk_n_ops()) for k in range(N_PRODUCTS) if calls[i][k]}
    for name, n in (("unbroadcast", unbroadcast_calls), ("jacobian.jvp", jacobian_calls[0]),
                    ("jacobian.vjp", jacobian_calls[1])):
        if n:
            counted[name] = n
    return counted


def reset_calls():
    """Sets the counters of all pointwise kernels to zero."""
    global unbroadcast_calls
    unbroadcast_calls = jacobian_calls[0] = jacobian_calls[1] = 0
    for i in range(jk_n_ops()):
        for k in range(N_PRODUCTS):
            calls[i][k] = 0


cdef inline bint is_operand(object x) noexcept:
    """A native array that is not 0-d (a 0-d result is a NumPy scalar, which the general way makes)."""
    return is_native(x) and cnp.PyArray_NDIM(<cnp.ndarray>x) > 0


cdef inline bint is_like(object x, cnp.ndarray t) noexcept:
    """A native array of the shape and the dtype of t."""
    return (is_native(x) and cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.PyArray_TYPE(t)
            and same_shape(<cnp.ndarray>x, t))


cdef inline bint is_out(object x, cnp.ndarray t) noexcept:
    """A writable native array of the shape of t."""
    return is_native(x) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>x) and same_shape(<cnp.ndarray>x, t)


cdef inline cnp.ndarray as_operand(object x, int typenum):
    """A native array of this dtype: x itself, or a Python number as a 0-d array; None for anything else."""
    cdef cnp.ndarray scalar
    if is_native(x):
        return <cnp.ndarray>x if cnp.PyArray_TYPE(<cnp.ndarray>x) == typenum else None
    if (type(x) is not float and type(x) is not int) or not -3e38 < x < 3e38:  # the general way rounds or explains
        return None
    scalar = PyArray_EMPTY(0, NULL, typenum, 0)
    cnp.PyArray_SETITEM(scalar, cnp.PyArray_DATA(scalar), x)
    return scalar


cdef inline bint has_shape(object x, int ndim, const cnp.npy_intp *shape) noexcept:
    """A native array of this shape."""
    cdef int d
    if not is_native(x) or cnp.PyArray_NDIM(<cnp.ndarray>x) != ndim:
        return False
    for d in range(ndim):
        if cnp.PyArray_DIMS(<cnp.ndarray>x)[d] != shape[d]:
            return False
    return True


cdef inline const jk_op_loops *flat_loops(int op, cnp.ndarray like) noexcept:
    """The loops of an op for arrays of this dtype."""
    return &jk_loops_of(JK_FLOAT64 if cnp.PyArray_TYPE(like) == cnp.NPY_DOUBLE else JK_FLOAT32).op[op]


cdef inline bint lies_flat(object x, cnp.ndarray result) noexcept:
    """Whether x, where it is given, is C-contiguous and lies apart from the result or exactly on it."""
    cdef char *a
    cdef char *b = <char *>cnp.PyArray_DATA(result)
    if x is None:
        return True
    a = <char *>cnp.PyArray_DATA(<cnp.ndarray>x)
    return (cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>x)
            and (a == b or a + cnp.PyArray_NBYTES(<cnp.ndarray>x) <= b or b + cnp.PyArray_NBYTES(result) <= a))


cdef inline void read_flat(const void **inputs, cnp.ndarray t, object y) noexcept:
    """The inputs of a loop: y in its place where it is given, t in its own and in all that are not read."""
    cdef int k
    for k in range(JK_N_IN):
        inputs[k] = cnp.PyArray_DATA(t)
    if y is not None:
        inputs[JK_IN_Y] = cnp.PyArray_DATA(<cnp.ndarray>y)


cdef tuple CLASSES = ()  # of ops, by the number of arguments


cdef class Op:
    """One row of the table of ops."""

    cdef readonly int index
    cdef readonly tuple _argument_names
    cdef const jk_op *row
    cdef unsigned all_reads

    def __cinit__(self, int index):
        self.index = index
        self.row = jk_op_at(index)
        if self.row == NULL or CLASSES[self.row.n_args - 1] is not type(self):
            raise ValueError(f"{type(self).__name__}: no such op at {index}; jackern.ops has them all")
        self.all_reads = self.row.reads[0] | self.row.reads[1] | self.row.reads[2]
        self._argument_names = tuple(self.row.argument[k].decode() for k in range(self.row.n_args))

    @property
    def name(self):
        """The op's name, NumPy's where NumPy has it."""
        return self.row.name.decode()

    @property
    def aliases(self):
        """Other names of the same object."""
        return tuple(self.row.aliases.decode().split())

    @property
    def nin(self):
        """The number of arguments."""
        return self.row.n_args

    @property
    def selects(self):
        """Whether the op chooses: what it did not choose is a structural zero."""
        return bool(self.row.selects)

    @property
    def formula(self):
        """The value as the table writes it."""
        return general.readable(self.row.value.decode())

    @property
    def derivative_formula(self):
        """The derivative: the table's product with the cotangent ``t``, at ``t = 1``.

        From y where the derivative may be read from y alone; for several arguments a tuple, one per argument.
        """
        if self.row.first_from_y != NULL:
            return general.derivative_of(self.row.first_from_y.decode())
        formulas = tuple(general.derivative_of(self.row.first[k].decode()) for k in range(self.row.n_args))
        return formulas[0] if self.row.n_args == 1 else formulas

    @property
    def reads(self):
        """What the derivative by each argument reads: a tuple of frozensets of argument names and ``"y"``."""
        return tuple(
            frozenset([self._argument_names[i] for i in range(self.row.n_args) if self.row.reads[k] >> i & 1]
                      + ["y"] * bool(self.row.reads[k] & JK_READS_Y))
            for k in range(self.row.n_args))

    @property
    def domain(self):
        """Where tests draw each argument from: a tuple of (low, high)."""
        return tuple((self.row.low[k], self.row.high[k]) for k in range(self.row.n_args))

    @property
    def kinks(self):
        """The points without a derivative, with the value chosen there, in words."""
        return self.row.kinks.decode()

    @property
    def __name__(self):
        return self.name

    @property
    def __signature__(self):
        return general.signature_of(self)

    def __repr__(self):
        return f"jackern.ops.{self.name}"

    def __reduce__(self):
        return restored, ("op", self.name)
