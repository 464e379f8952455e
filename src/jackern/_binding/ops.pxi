# What op objects share; there is one class per number of arguments.  Their methods take the straight way where all
# operands are native arrays of one dtype; whatever else comes (array-likes, mixed dtypes, 0-d, every error) goes to the
# general functions, which `_wiring` hands in at import and which call the functions of calls.pxi.

cdef long long jacobian_calls[2]
cdef long long jacobian_general_calls[2]

# What takes the calls that the straight way does not.
cdef object general = Slots("derivative_of", "docstring_of", "jacobian", "jvp", "readable", "signature_of",
                            "unbroadcast", "value", "vjp", "vjp2")
fallbacks = general


def count_calls():
    """Successful calls since the start or the last reset, as ``{"tanh.vjp": 3, "tanh.vjp (general)": 1}``.

    The first number is that of all calls; the second of those among them that did not go the straight way.
    """
    cdef NamedOp op
    cdef int k
    counted = {}
    for name in op_names():
        op = NAMED[name]
        for k in range(N_PRODUCTS):
            add_count(counted, f"{name}.{PRODUCT_NAMES[k]}", op.calls[k], op.general_calls[k])
    add_count(counted, "unbroadcast", unbroadcast_calls, unbroadcast_general_calls)
    for k in range(2):
        add_count(counted, f"jacobian.{PRODUCT_NAMES[JVP + k]}", jacobian_calls[k], jacobian_general_calls[k])
    return counted


cdef int add_count(dict counted, str name, long long n, long long n_general) except -1:
    if n:
        counted[name] = n
    if n_general:
        counted[f"{name} (general)"] = n_general
    return 0


def reset_calls():
    """Sets all counters to zero."""
    global unbroadcast_calls, unbroadcast_general_calls
    cdef NamedOp op
    cdef int k
    unbroadcast_calls = unbroadcast_general_calls = 0
    for k in range(2):
        jacobian_calls[k] = jacobian_general_calls[k] = 0
    for op in NAMED.values():
        for k in range(N_PRODUCTS):
            op.calls[k] = op.general_calls[k] = 0


def count_general(NamedOp op not None, str product not None):
    """Counts a call that went the general way."""
    op.count_general(PRODUCT_NAMES.index(product))


def count_general_product(str product not None):
    """Counts a product of a Jacobian that has no straight way."""
    cdef int k = PRODUCT_NAMES.index(product) - JVP
    jacobian_calls[k] += 1
    jacobian_general_calls[k] += 1


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
    return &jk_pointwise_of(JK_FLOAT64 if cnp.PyArray_TYPE(like) == cnp.NPY_DOUBLE else JK_FLOAT32).op[op]


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


# Of ops, by the number of arguments.
cdef tuple CLASSES = ()
cdef tuple KINDS = ("unary", "binary", "ternary")


cdef class Op(NamedOp):
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
    def kind(self):
        """What kind of row it is: unary, binary, ternary or, if it chooses, select."""
        return "select" if self.row.selects else KINDS[self.row.n_args - 1]

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
    def __signature__(self):
        return general.signature_of(self)

    def sample(self, rng, n):
        """Return arguments of n numbers each, drawn from the domain, and keywords to try the op with: none."""
        return tuple(rng.uniform(low, high, n) for low, high in self.domain), {}
