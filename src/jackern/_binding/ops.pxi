# What op objects share; there is one class per number of arguments.  Their methods take the straight way where all
# operands are native arrays of one dtype; whatever else comes (array-likes, mixed dtypes, 0-d, every error) goes to the
# general functions, which `_wiring` hands in at import and which call those of pointwise.pxi.

# What takes the calls that the straight way does not.
cdef object general = Slots("derivative_of", "derivatives", "docstring_of", "jacobian", "jvp", "masked_jvp",
                            "masked_vjp", "readable", "signature_of", "unbroadcast", "value", "vjp", "vjp2")
fallbacks = general


# Of ops, by the number of arguments, and of one operand with a parameter; rows.pxi has them.
cdef tuple CLASSES = ()
cdef tuple KINDS = ("unary", "binary", "ternary")


cdef inline int class_of(const jk_op *row) noexcept:
    """The place of the class of a row."""
    return 3 if row.n_args == 2 and row.n_operands == 1 else row.n_args - 1


def signature_of(op):
    """The signature of an op as a function of its arguments."""
    return general.signature_of(op)


def docstring_of(op):
    """The docstring of an op."""
    return general.docstring_of(op)


cdef class Op(NamedOp):
    """One row of the table of ops."""

    __signature__ = OfOps(signature_of, parameters("index"))

    cdef readonly int index
    cdef readonly tuple _argument_names
    cdef const jk_op *row
    cdef unsigned all_reads

    def __cinit__(self, int index):
        self.index = index
        self.vectorcall = <vectorcallfunc>vectorcalled
        self.row = jk_op_at(index)
        if self.row == NULL or CLASSES[class_of(self.row)] is not type(self):
            raise ValueError(f"{type(self).__name__}: no such op at {index}; jackern.ops has them all")
        self.all_reads = self.row.reads[0] | self.row.reads[1] | self.row.reads[2]
        self._argument_names = tuple(self.row.argument[k].decode() for k in range(self.row.n_args))

    cdef object tangents_of(self, object tangents):
        """One for every argument: a tangent alone is that of the only operand."""
        if self.row.n_operands > 1 or type(tangents) is tuple:
            return tangents
        return (tangents,) + (None,) * (self.row.n_args - 1)

    cdef object mask_of(self, object a, object b):
        """The first argument; one that is a mask of booleans in the dtype of the second."""
        if (self.row.is_masked and is_native(b) and cnp.PyArray_CheckExact(a)
                and cnp.PyArray_TYPE(<cnp.ndarray>a) == cnp.NPY_BOOL):
            return cnp.PyArray_Cast(<cnp.ndarray>a, cnp.PyArray_TYPE(<cnp.ndarray>b))
        return a

    @property
    def is_masked(self):
        """Whether the first argument is a mask: not 0 is true, and there is no derivative by it."""
        return bool(self.row.is_masked)

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
    def defaults(self):
        """What the last arguments are where they are not given: a tuple of numbers, empty for most ops."""
        return tuple(self.row.standard[k] for k in range(self.row.n_args) if self.row.is_optional[k])

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

    def sample(self, rng, n):
        """Return arguments of n numbers each, drawn from the domain, and keywords to try the op with: none."""
        primals = tuple(rng.uniform(low, high, n) for low, high in self.domain)
        return ((rng.random(n) < 0.5,) + primals[1:] if self.row.is_masked else primals), {}
