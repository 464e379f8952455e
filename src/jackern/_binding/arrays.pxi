# Arrays to views, views to one C call, a status to an exception.

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.pycapsule cimport PyCapsule_New

from numpy import bool_ as numpy_bool

cdef extern from "numpy/arrayobject.h":
    object PyArray_EMPTY(int ndim, cnp.npy_intp *shape, int typenum, int fortran)

cdef extern from "numpy/ndarraytypes.h":
    object PyDataMem_SetHandler(object handler)

cdef extern from "recycle.h":
    void *recycle_handler_address "&recycle_handler"
    void recycle_set_limit(size_t limit)
    size_t recycle_limit

# From this many elements on a call lets other threads run, and may need more scratch than the stack gives.
cdef Py_ssize_t LARGE = 8192
# From this many bytes on an output is taken from recycled blocks.
cdef Py_ssize_t RECYCLED = 1 << 17
cdef size_t WORKSPACE_BYTES = jk_pointwise_workspace()
cdef object recycle_capsule = PyCapsule_New(recycle_handler_address, b"mem_handler", NULL)


cdef inline bint is_native(object x) noexcept:
    """Whether x is exactly an ndarray of aligned, native float32 or float64."""
    return (cnp.PyArray_CheckExact(x) and cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray>x)
            and (cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.NPY_DOUBLE
                 or cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.NPY_FLOAT))


cdef inline void view_of(jk_view *view, cnp.ndarray a) noexcept:
    """Describes a native array; the view borrows its shape and strides."""
    view.data = cnp.PyArray_DATA(a)
    view.dtype = JK_FLOAT64 if cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE else JK_FLOAT32
    view.ndim = cnp.PyArray_NDIM(a)
    view.shape = <const Py_ssize_t *>cnp.PyArray_DIMS(a)
    view.strides_in_bytes = <const Py_ssize_t *>cnp.PyArray_STRIDES(a)


cdef inline cnp.ndarray borrowed(cnp.ndarray a):
    """The same memory as an array that nobody else holds: its shape stays while other threads run."""
    return a.view()


cdef inline bint same_shape(cnp.ndarray a, cnp.ndarray b) noexcept:
    cdef int d
    if cnp.PyArray_NDIM(a) != cnp.PyArray_NDIM(b):
        return False
    for d in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_DIMS(a)[d] != cnp.PyArray_DIMS(b)[d]:
            return False
    return True


cdef cnp.ndarray new_array(int ndim, cnp.npy_intp *shape, int typenum, bint fortran):
    """An uninitialised array, from recycled memory where it is large."""
    cdef Py_ssize_t size = 8 if typenum == cnp.NPY_DOUBLE else 4
    cdef int d
    for d in range(ndim):
        if shape[d] > 0 and size < RECYCLED:
            size *= shape[d]
    if size < RECYCLED or recycle_limit == 0:
        return PyArray_EMPTY(ndim, shape, typenum, fortran)
    previous = PyDataMem_SetHandler(recycle_capsule)
    try:
        return PyArray_EMPTY(ndim, shape, typenum, fortran)
    finally:
        PyDataMem_SetHandler(previous)


cdef inline cnp.ndarray new_like(cnp.ndarray a):
    """An uninitialised array of the shape, the dtype and (C or Fortran) the order of a native array."""
    return new_array(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a),
                     cnp.PyArray_IS_F_CONTIGUOUS(a) and not cnp.PyArray_IS_C_CONTIGUOUS(a))


class Overlap(Exception):
    """An output overlaps this argument (its position among the views of the call), which has to be copied first."""


class BadLabel(Exception):
    """The label of this row is no class."""


class Refused(ValueError):
    """Outputs overlap; or the C library has not so many axes, or no address for so large an array."""


class InternalError(RuntimeError):
    """A fault of jackern: the C library refused what all checks above it had let through."""


cdef inline int as_flag(object x) noexcept:
    """0 or 1 for a bool, of NumPy too; -1 for anything else."""
    if x is False:
        return 0
    if x is True:
        return 1
    return (1 if x else 0) if type(x) is numpy_bool else -1


cdef bint went(str where, jk_status status) except -1:
    """Whether a call on the straight way did it.

    False for the reasons for which the general way is there: an input has to be copied because an output overlaps it,
    the stack has no room, or an argument is wrong and needs words.  Anything else is a fault of jackern.
    """
    if status.error == JK_OK:
        return True
    if status.error == JK_INTERRUPTED:
        return raise_interrupt()
    if status.error in (JK_OVERLAP, JK_WORKSPACE, JK_SELF_OVERLAP, JK_LABEL, JK_NDIM, JK_TOO_LARGE):
        return False
    raise InternalError(f"{where}: the C call says of argument {status.argument}: {jk_message(status.error).decode()}. "
                        f"This is a fault of jackern, please report it.")


cdef int raise_status(jk_status status) except -1:
    """Turns what the callers above did not rule out into an exception."""
    if status.error == JK_OK:
        return 0
    if status.error == JK_OVERLAP:
        raise Overlap(status.argument)
    if status.error == JK_LABEL:
        raise BadLabel(status.argument)
    message = jk_message(status.error).decode()
    if status.error == JK_WORKSPACE:
        raise MemoryError(message)
    if status.error in (JK_SELF_OVERLAP, JK_NDIM, JK_TOO_LARGE):
        raise Refused(message)
    raise InternalError(f"the C call says of argument {status.argument}: {message}. This is a fault of jackern, please "
                        f"report it.")


def new_output(tuple shape, dtype):
    """An uninitialised C-contiguous array; large ones come from recycled memory."""
    cdef cnp.npy_intp lengths[JK_MAX_NDIM]
    cdef int d
    if len(shape) > JK_MAX_NDIM:
        raise ValueError(f"a result of shape {shape} has {len(shape)} axes, expected at most {JK_MAX_NDIM}")
    for d in range(<int>len(shape)):
        lengths[d] = shape[d]
    return new_array(<int>len(shape), lengths, cnp.NPY_DOUBLE if dtype == float else cnp.NPY_FLOAT, False)
