# What a call with several results asks for: `wrt`, `out` and `accumulate`.

from cpython.long cimport PyLong_AsLongAndOverflow

cdef enum:
    MAX_OUTPUTS = 4

# The defaults of `wrt` for one operand and for two, by their identity.
cdef object FIRST = 0
cdef object BOTH = (0, 1)

cdef struct Wish:
    # Results: whose, where they go (borrowed; NULL: to a new array), and whether they are added to what is there.
    int n
    int position[MAX_OUTPUTS]
    PyObject *out[MAX_OUTPUTS]
    bint adds[MAX_OUTPUTS]
    bint is_tuple


cdef inline bint is_position(object k, int n, int *position) noexcept:
    """Whether k is an int from 0 to n - 1."""
    cdef int overflow = 0
    cdef long value
    if type(k) is not int:
        return False
    value = PyLong_AsLongAndOverflow(k, &overflow)
    position[0] = <int>value
    return overflow == 0 and 0 <= value < n


cdef inline bint read_wrt(Wish *wish, object wrt, int nin) noexcept:
    """Whether wrt is an int or a tuple of different ones, each an argument's position; fills in whose results."""
    cdef int i, k
    wish.is_tuple = False
    if wrt is FIRST:
        wish.n = 1
        wish.position[0] = 0
        return True
    if wrt is BOTH and nin > 1:
        wish.is_tuple = True
        wish.n = 2
        wish.position[0], wish.position[1] = 0, 1
        return True
    wish.is_tuple = type(wrt) is tuple
    if not wish.is_tuple:
        wish.n = 1
        return is_position(wrt, nin, &wish.position[0])
    wish.n = <int>len(<tuple>wrt)
    if not 0 < wish.n <= nin:
        return False
    for i in range(wish.n):
        if not is_position((<tuple>wrt)[i], nin, &wish.position[i]):
            return False
        for k in range(i):
            if wish.position[k] == wish.position[i]:
                return False
    return True


cdef inline bint read_outs(Wish *wish, object out, object accumulate) noexcept:
    """Whether `out` and `accumulate` are what a call with so many results takes; fills in where these go.

    Both may be tuples where the results are one.  Nothing is added to a new array.
    """
    cdef int i, flag = as_flag(accumulate)
    cdef bint is_given = False
    if not wish.is_tuple:
        wish.out[0] = NULL if out is None else <PyObject *>out
        wish.adds[0] = flag == 1
        return flag == 0 or (flag == 1 and out is not None)
    if out is None:
        for i in range(wish.n):
            wish.out[i] = NULL
            wish.adds[i] = False
        return flag == 0 or (flag < 0 and adds_nothing(accumulate, wish.n))
    if type(out) is not tuple or len(<tuple>out) != wish.n:
        return False
    if flag < 0 and (type(accumulate) is not tuple or len(<tuple>accumulate) != wish.n):
        return False
    for i in range(wish.n):
        wish.out[i] = NULL if (<tuple>out)[i] is None else <PyObject *>(<tuple>out)[i]
        wish.adds[i] = flag == 1
        if flag < 0:
            wish.adds[i] = as_flag((<tuple>accumulate)[i]) == 1
            if as_flag((<tuple>accumulate)[i]) < 0 or (wish.adds[i] and wish.out[i] == NULL):
                return False
        if wish.out[i] == NULL:
            wish.adds[i] = False
        else:
            is_given = True
    return flag != 1 or is_given


cdef inline bint adds_nothing(object accumulate, int n) noexcept:
    """Whether accumulate is a tuple of n times False."""
    cdef int i
    if type(accumulate) is not tuple or len(<tuple>accumulate) != n:
        return False
    for i in range(n):
        if as_flag((<tuple>accumulate)[i]) != 0:
            return False
    return True
