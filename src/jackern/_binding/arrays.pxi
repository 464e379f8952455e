# Which arrays are native, their views, and new ones.

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_New
from cpython.ref cimport Py_INCREF

from numpy import bool_ as numpy_bool

cdef extern from "numpy/arrayobject.h":
    object PyArray_NewFromDescr(PyObject *subtype, cnp.dtype descr, int ndim, const cnp.npy_intp *shape,
                                const cnp.npy_intp *strides, void *data, int flags, PyObject *finalizer)
    PyObject *PyArray_Type "(PyTypeObject *)&PyArray_Type"

cdef extern from "numpy/ndarraytypes.h":
    object PyDataMem_SetHandler(object handler)

cdef extern from "recycle.h":
    void *recycle_handler_address "&recycle_handler"
    void recycle_set_limit(size_t limit)
    size_t recycle_release(size_t kept)
    size_t recycle_limit
    size_t recycle_held

# From this many elements on a call lets other threads run, and may need more scratch than the stack gives.
cdef Py_ssize_t LARGE = 8192
# From this many bytes on an output is taken from recycled blocks.
cdef Py_ssize_t RECYCLED = 1 << 17
cdef size_t WORKSPACE_BYTES = jk_pointwise_workspace()
cdef cnp.dtype FLOAT32 = cnp.PyArray_DescrFromType(cnp.NPY_FLOAT)
cdef cnp.dtype FLOAT64 = cnp.PyArray_DescrFromType(cnp.NPY_DOUBLE)
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


cdef inline cnp.ndarray empty(int ndim, const cnp.npy_intp *shape, cnp.dtype dtype, bint fortran):
    """What np.empty gives, without a search for its arguments."""
    Py_INCREF(dtype)  # the call takes one
    return PyArray_NewFromDescr(PyArray_Type, dtype, ndim, shape, NULL, NULL, fortran, NULL)


cdef cnp.ndarray new_array(int ndim, cnp.npy_intp *shape, int typenum, bint fortran):
    """An uninitialised array, from recycled memory where it is large."""
    cdef cnp.dtype dtype = FLOAT64 if typenum == cnp.NPY_DOUBLE else FLOAT32
    cdef Py_ssize_t size = 8 if typenum == cnp.NPY_DOUBLE else 4
    cdef int d
    for d in range(ndim):
        if shape[d] > 0 and size < RECYCLED:
            size *= shape[d]
    if size < RECYCLED or recycle_limit == 0:
        return empty(ndim, shape, dtype, fortran)
    previous = PyDataMem_SetHandler(recycle_capsule)
    try:
        return empty(ndim, shape, dtype, fortran)
    finally:
        PyDataMem_SetHandler(previous)


cdef inline cnp.ndarray new_like(cnp.ndarray a):
    """An uninitialised array of the shape, the dtype and (C or Fortran) the order of a native array."""
    return new_array(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a),
                     cnp.PyArray_IS_F_CONTIGUOUS(a) and not cnp.PyArray_IS_C_CONTIGUOUS(a))


cdef inline int as_flag(object x) noexcept:
    """0 or 1 for a bool, of NumPy too; -1 for anything else."""
    if x is False:
        return 0
    if x is True:
        return 1
    return (1 if x else 0) if type(x) is numpy_bool else -1


def new_output(tuple shape, dtype):
    """An uninitialised C-contiguous array; large ones come from recycled memory."""
    cdef cnp.npy_intp lengths[JK_MAX_NDIM]
    cdef int d
    if len(shape) > JK_MAX_NDIM:
        raise ValueError(f"a result of shape {shape} has {len(shape)} axes, expected at most {JK_MAX_NDIM}")
    for d in range(<int>len(shape)):
        lengths[d] = shape[d]
    return new_array(<int>len(shape), lengths, cnp.NPY_DOUBLE if dtype == float else cnp.NPY_FLOAT, False)


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


cdef inline bint has_shape(object x, int ndim, const cnp.npy_intp *shape) noexcept:
    """A native array of this shape."""
    cdef int d
    if not is_native(x) or cnp.PyArray_NDIM(<cnp.ndarray>x) != ndim:
        return False
    for d in range(ndim):
        if cnp.PyArray_DIMS(<cnp.ndarray>x)[d] != shape[d]:
            return False
    return True
