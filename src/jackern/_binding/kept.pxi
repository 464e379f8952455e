# What a description of a Jacobian is checked by when it is made: shapes, sizes, and arrays that have to stay.

from cpython.number cimport PyNumber_AsSsize_t

cdef extern from "Python.h":
    Py_ssize_t PY_SSIZE_T_MAX


@cython.final
cdef class Kept:
    """An array into whose memory a description points; whoever owns it may change its numbers, but not free it.

    Parameters
    ----------
    array : ndarray
        Native and aligned; of a subclass, the base class's view of its memory is kept.
    """

    cdef cnp.ndarray array, owner
    cdef void *data
    cdef Py_ssize_t n_bytes

    def __cinit__(self, cnp.ndarray array not None):
        self.array = array if cnp.PyArray_CheckExact(array) else (<object>array).view(cnp.ndarray)
        self.owner = self.array
        base = cnp.get_array_base(self.owner)
        while isinstance(base, cnp.ndarray):
            self.owner = base
            base = cnp.get_array_base(self.owner)
        self.data = cnp.PyArray_DATA(self.owner)
        self.n_bytes = cnp.PyArray_NBYTES(self.owner)

    cdef inline bint is_there(self) noexcept:
        """Whether the memory is the same still."""
        return cnp.PyArray_DATA(self.owner) == self.data and cnp.PyArray_NBYTES(self.owner) >= self.n_bytes

    cdef int check(self) except -1:
        if self.is_there():
            return 0
        raise ValueError("the array that this Jacobian keeps was given other memory since, as by "
                         "resize(refcheck=False) or __setstate__; keep a copy in the Jacobian, or leave the array as "
                         "it is")

    cdef cnp.ndarray get(self):
        self.check()
        return self.array


cdef object size_of(tuple lengths):
    """The product of lengths, none of them negative: an int of Python, which does not overflow."""
    cdef object size = 1
    for n in lengths:
        if PyNumber_AsSsize_t(n, OverflowError) < 0:
            raise ValueError(f"{lengths}: a length is negative")
        size = size * n
    return size


cdef int copy_shape(Py_ssize_t *to, tuple shape, object size) except -1:
    """Copies a shape of `size` elements."""
    cdef int d
    if len(shape) > JK_MAX_NDIM:
        raise ValueError(f"the shape {shape} has {len(shape)} axes, expected at most {JK_MAX_NDIM}")
    if size_of(shape) != size:
        raise ValueError(f"the shape {shape} has {size_of(shape)} elements, expected {size}")
    for d in range(<int>len(shape)):
        to[d] = shape[d]
    return 0


cdef inline Py_ssize_t times(Py_ssize_t a, Py_ssize_t b) noexcept:
    """The product of lengths that are not negative, at most the largest number: no array is as long as that."""
    return PY_SSIZE_T_MAX if b != 0 and a > PY_SSIZE_T_MAX // b else a * b
