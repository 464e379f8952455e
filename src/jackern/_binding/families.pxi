# What families share: ops that are no rows of the table.  A class per kind of family has the fast entry: native arrays
# of one dtype go straight to C calls.  Whatever else comes goes to the methods _value, _jvp, _vjp and _vjp2 of a Python
# class above it, which has the words of the op too.

from inspect import signature


cdef extern from "numpy/arrayobject.h":
    bint PyArray_IsIntegerScalar(object x)
    object PyArray_FromScalar(object x, void *descr)

cdef extern from "engine/view.h" nogil:
    ctypedef enum jk_meeting:
        JK_APART
        JK_SAME
        JK_PARTLY

    jk_meeting jk_meet(const jk_view *a, const jk_view *b)
    jk_status jk_check_output(const jk_view *view, int argument)

ctypedef jk_status move_call(const jk_context *, const jk_view *, const jk_view *, int) noexcept nogil
ctypedef jk_status product_call(const jk_context *, const jk_view *, const jk_view *, const jk_view *,
                                int) noexcept nogil


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

    @property
    def __signature__(self):
        return signature(self._value)


# ---- arrays as a C call sees them ---------------------------------------------------------------------

cdef struct Laid:
    # A view with a shape of its own: axes may be added, joined and exchanged, and it stays as it is if somebody
    # reshapes the array while other threads run.
    jk_view view
    Py_ssize_t shape[JK_MAX_NDIM + 1]
    Py_ssize_t strides[JK_MAX_NDIM + 1]


cdef inline void lay(Laid *l, cnp.ndarray a) noexcept:
    """Describes a native array."""
    cdef int d
    view_of(&l.view, a)
    for d in range(l.view.ndim):
        l.shape[d] = l.view.shape[d]
        l.strides[d] = l.view.strides_in_bytes[d]
    l.view.shape = l.shape
    l.view.strides_in_bytes = l.strides


cdef inline void insert_axis(Laid *l, int place) noexcept:
    """An axis of length 1 in front of axis `place`."""
    cdef int d
    for d in range(l.view.ndim, place, -1):
        l.shape[d] = l.shape[d - 1]
        l.strides[d] = l.strides[d - 1]
    l.shape[place] = 1
    l.strides[place] = 8
    l.view.ndim += 1


cdef inline bint join_front(Laid *l, int n_own) noexcept:
    """Makes one axis of all but the last n_own; False where their strides forbid it."""
    cdef int n = l.view.ndim - n_own, d, k
    cdef Py_ssize_t length = 1, stride = 8
    if n == 0:
        insert_axis(l, 0)
        return True
    for d in range(n - 1, -1, -1):
        if l.shape[d] == 1:
            continue
        if length == 1:
            stride = l.strides[d]
        elif l.strides[d] != stride * length and l.shape[d] != 0 and length != 0:
            return False
        length *= l.shape[d]
    l.shape[0] = length
    l.strides[0] = stride
    for k in range(n_own):
        l.shape[1 + k] = l.shape[n + k]
        l.strides[1 + k] = l.strides[n + k]
    l.view.ndim = 1 + n_own
    return True


cdef inline Py_ssize_t n_elements(Laid *l) noexcept:
    cdef Py_ssize_t n = 1
    cdef int d
    for d in range(l.view.ndim):
        n *= l.shape[d]
    return n


cdef inline bint are_apart(Laid *a, Laid *b) noexcept:
    """Whether no element of one shares memory with the other."""
    return jk_meet(&a.view, &b.view) == JK_APART


cdef jk_status move(move_call *call, cnp.ndarray like, Laid *g, Laid *out, bint accumulate) except *:
    """A call with one input and one output; other threads run meanwhile if `like`, the larger of them, is large."""
    cdef Call context
    cdef jk_status status
    if cnp.PyArray_SIZE(like) < LARGE:
        return call(NULL, &g.view, &out.view, accumulate)
    context = Call()
    with nogil:
        status = call(&context.context, &g.view, &out.view, accumulate)
    return status


# ---- results ----------------------------------------------------------------------------------------

cdef inline cnp.ndarray output(PyObject *out, int ndim, cnp.npy_intp *shape, int typenum):
    """`out` if it is a writable native array of this shape, a new array for NULL; None for anything else."""
    if out == NULL:
        return new_array(ndim, shape, typenum, False)
    if has_shape(<object>out, ndim, shape) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
        return <cnp.ndarray>out
    return None


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


cdef inline object returned(cnp.ndarray result, PyObject *out):
    """What the caller gets: a NumPy scalar where a new result is 0-d."""
    if out == NULL and cnp.PyArray_NDIM(result) == 0:
        return cnp.PyArray_ToScalar(cnp.PyArray_DATA(result), result)
    return result


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
