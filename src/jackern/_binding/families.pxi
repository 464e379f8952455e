# What families share: ops that are no rows of the table.  A class per kind of family has the fast entry: native arrays
# of one dtype go straight to C calls.  Whatever else comes goes to the methods _value, _jvp, _vjp and _vjp2 of a Python
# class above it, which has the words of the op too.

cdef extern from "numpy/arrayobject.h":
    bint PyArray_IsIntegerScalar(object x)
    object PyArray_FromScalar(object x, void *descr)


cdef class FamilyOp(NamedOp):
    """An op that is no row of the table, as a Python class describes it.

    Parameters
    ----------
    name, kind, formula, kinks : str
        As for the rows of the table.
    derivative_formula : str or tuple of str
        The differential of the result by each argument; a tuple for several.
    reads : tuple of frozenset of str
        What the derivative by each argument reads.
    aliases : tuple of str
        Other names.
    **options
        What the class of this kind takes besides.
    """

    __signature__ = OfOps(
        called_with, parameters("name, *, kind, formula, derivative_formula, reads, kinks='', aliases=(), **options"))

    cdef readonly str name, kind, formula, kinks
    cdef readonly object derivative_formula
    cdef readonly tuple reads, aliases
    cdef readonly int nin

    def __cinit__(self, str name, *, str kind, str formula, derivative_formula, tuple reads, str kinks="",
                  tuple aliases=(), **options):
        self.name = name
        self.kind = kind
        self.formula = formula
        self.derivative_formula = derivative_formula
        self.reads = reads
        self.kinks = kinks
        self.aliases = aliases
        self.nin = <int>len(reads)


# ---- results ----------------------------------------------------------------------------------------

cdef inline cnp.ndarray output(PyObject *out, int ndim, cnp.npy_intp *shape, int typenum):
    """`out` if it is a writable native array of this shape, apart from itself; a new one for NULL; None else."""
    if out == NULL:
        return new_array(ndim, shape, typenum, False)
    if (has_shape(<object>out, ndim, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
            and is_apart_from_itself(<cnp.ndarray>out)):
        return <cnp.ndarray>out
    return None


cdef inline bint is_apart_from_itself(cnp.ndarray out) noexcept:
    """Whether every element has memory of its own."""
    cdef jk_view view
    if cnp.PyArray_IS_C_CONTIGUOUS(out) or cnp.PyArray_IS_F_CONTIGUOUS(out):
        return True
    view_of(&view, out)
    return jk_check_output(&view, 0).error == JK_OK


cdef inline bint outs_are_apart(Wish *wish) noexcept:
    """Whether the arrays that results go to are native and share no memory with each other."""
    cdef Laid laid[MAX_OUTPUTS]
    cdef int i, k
    for i in range(wish.n):
        if wish.out[i] == NULL:
            continue
        if not is_native(<object>wish.out[i]):
            return False
        lay(&laid[i], <cnp.ndarray>wish.out[i])
        for k in range(i):
            if wish.out[k] != NULL and not are_apart(&laid[i], &laid[k]):
                return False
    return True


cdef inline cnp.ndarray as_cotangent(object g, object x):
    """A native array: g itself, a NumPy float as 0-d, or a Python number in the dtype of x; None for anything else."""
    cdef cnp.ndarray scalar
    if is_native(g):
        return <cnp.ndarray>g
    if type(g) is float or type(g) is int:
        return as_operand(g, cnp.PyArray_TYPE(<cnp.ndarray>x)) if is_native(x) else None
    if cnp.PyArray_CheckScalar(g) and not cnp.PyArray_Check(g):
        scalar = PyArray_FromScalar(g, NULL)
        return scalar if is_native(scalar) else None
    return None


cdef inline int fill_zero(cnp.ndarray result, bint adds) except -1:
    """Writes the cotangent of what the product does not depend on, or adds it."""
    if not adds:
        result.fill(0)
    return 0
