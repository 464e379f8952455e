# Operands that are no arrays of one native dtype: numbers, integers, booleans, the other width.  Small ones are made
# such arrays, by NumPy's promotion, before the straight way is taken; what is large or needs words goes the general
# way.

from cpython.dict cimport PyDict_GetItem
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsDouble

from numpy import dtype as numpy_dtype, float32 as numpy_float32, float64 as numpy_float64

cdef extern from "<float.h>":
    const float FLT_MAX

cdef extern from "<math.h>" nogil:
    double fabs(double x)

# The dtypes of NumPy's numbers, by their class.
cdef dict SCALAR_TYPES = {numpy_dtype(code).type: numpy_dtype(code).num for code in "?bBhHiIlLqQfd"}

cdef enum Width:
    # What an operand is in promotion, from what gives way to what does not.
    REFUSED = -1
    WEAK    # a Python number
    NARROW  # integers that float32 holds
    SINGLE
    DOUBLE


cdef inline Width width_of_type(int typenum) noexcept:
    if typenum == cnp.NPY_FLOAT:
        return SINGLE
    if typenum == cnp.NPY_DOUBLE:
        return DOUBLE
    if typenum in (cnp.NPY_BOOL, cnp.NPY_BYTE, cnp.NPY_UBYTE, cnp.NPY_SHORT, cnp.NPY_USHORT):
        return NARROW
    if typenum in (cnp.NPY_INT, cnp.NPY_UINT, cnp.NPY_LONG, cnp.NPY_ULONG, cnp.NPY_LONGLONG, cnp.NPY_ULONGLONG):
        return DOUBLE
    return REFUSED


cdef inline Width width_of(object x) noexcept:
    """What x is in promotion; REFUSED for what the general way looks at."""
    cdef PyObject *typenum
    if cnp.PyArray_CheckExact(x):
        return width_of_type(cnp.PyArray_TYPE(<cnp.ndarray>x))
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        return WEAK
    typenum = PyDict_GetItem(SCALAR_TYPES, kind)
    return REFUSED if typenum == NULL else width_of_type(<object>typenum)


cdef inline bint read_number(object x, int typenum, double *number) noexcept:
    """Whether x is a Python number, or one of NumPy's that is no wider than this dtype, and in its range."""
    cdef PyObject *own
    kind = type(x)
    if kind is float or (kind is numpy_float64 and typenum == cnp.NPY_DOUBLE):
        number[0] = PyFloat_AS_DOUBLE(x)
    elif kind is int:
        try:
            number[0] = PyLong_AsDouble(x)
        except OverflowError:
            return False
    elif x is True or x is False:
        number[0] = x is True
    else:
        own = PyDict_GetItem(SCALAR_TYPES, kind)
        if own == NULL or (width_of_type(<object>own) == DOUBLE and typenum != cnp.NPY_DOUBLE):
            return False
        number[0] = float(x)
    return typenum == cnp.NPY_DOUBLE or not fabs(number[0]) > FLT_MAX or kind is numpy_float32


cdef inline cnp.ndarray as_operand(object x, int typenum):
    """A native array of this dtype: x itself, or a number that does not promote it as a 0-d array; None for others."""
    cdef cnp.ndarray scalar
    cdef double number
    if is_native(x):
        return <cnp.ndarray>x if cnp.PyArray_TYPE(<cnp.ndarray>x) == typenum else None
    if x is None or not read_number(x, typenum, &number):  # the general way rounds or explains
        return None
    scalar = new_array(0, NULL, typenum, False)
    if typenum == cnp.NPY_DOUBLE:
        (<double *>cnp.PyArray_DATA(scalar))[0] = number
    else:
        (<float *>cnp.PyArray_DATA(scalar))[0] = <float>number
    return scalar


cdef inline int common_type(Width width) noexcept:
    """The dtype of a call whose widest operand is this; -1 where numbers alone have none."""
    return -1 if width <= WEAK else cnp.NPY_FLOAT if width == SINGLE else cnp.NPY_DOUBLE


cdef inline Width wider(Width width, object x) noexcept:
    """The wider of a width and that of x; REFUSED if either is."""
    cdef Width own = width_of(x)
    return REFUSED if own == REFUSED or width == REFUSED else own if own > width else width


cdef inline cnp.ndarray converted(object x, int typenum):
    """What takes part in promotion as a native array of this dtype; None where the general way rounds or explains."""
    cdef jk_environment before
    if not cnp.PyArray_CheckExact(x) or is_native(x) and cnp.PyArray_TYPE(<cnp.ndarray>x) == typenum:
        return as_operand(x, typenum)
    if cnp.PyArray_SIZE(<cnp.ndarray>x) >= LARGE or width_of(x) == REFUSED:
        return None
    before = jk_enter()
    try:
        return cnp.PyArray_Cast(<cnp.ndarray>x, typenum)
    finally:
        jk_leave(before)


cdef inline cnp.ndarray shaped(object x, int typenum):
    """A native array of the shape of what is not read; None where the general way looks at it."""
    if is_native(x) and cnp.PyArray_TYPE(<cnp.ndarray>x) == typenum:
        return <cnp.ndarray>x
    if cnp.PyArray_CheckExact(x) and cnp.PyArray_SIZE(<cnp.ndarray>x) < LARGE and width_of(x) != REFUSED:
        return new_array(cnp.PyArray_NDIM(<cnp.ndarray>x), cnp.PyArray_DIMS(<cnp.ndarray>x), typenum, False)
    return None if width_of(x) == REFUSED or cnp.PyArray_CheckExact(x) else new_array(0, NULL, typenum, False)


cdef inline object returned(cnp.ndarray result, PyObject *out):
    """What the caller gets: a NumPy scalar where a new result is 0-d."""
    if out == NULL and cnp.PyArray_NDIM(result) == 0:
        return cnp.PyArray_ToScalar(cnp.PyArray_DATA(result), result)
    return result
