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

    __signature__ = parameters("array")

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
        cdef Py_ssize_t n = (cnp.PyArray_DIMS(self.owner)[0] if cnp.PyArray_NDIM(self.owner) == 1
                             else cnp.PyArray_SIZE(self.owner))
        return cnp.PyArray_DATA(self.owner) == self.data and n * cnp.PyArray_ITEMSIZE(self.owner) >= self.n_bytes

    cdef int check(self) except -1:
        if self.is_there():
            return 0
        raise ValueError("the array that this Jacobian keeps was given other memory since, as by "
                         "resize(refcheck=False) or __setstate__; keep a copy in the Jacobian, or leave the array as "
                         "it is")

    cdef cnp.ndarray get(self):
        self.check()
        return self.array


cdef inline Py_ssize_t times(Py_ssize_t a, Py_ssize_t b) noexcept:
    """The product of lengths that are not negative, at most the largest number: no array is as long as that."""
    return PY_SSIZE_T_MAX if b != 0 and a > PY_SSIZE_T_MAX // b else a * b


cdef Py_ssize_t copy_lengths(Py_ssize_t *to, tuple lengths) except -1:
    """Copies lengths, none of them negative; their product, at most the largest number."""
    cdef Py_ssize_t k, size = 1
    for k in range(len(lengths)):
        to[k] = PyNumber_AsSsize_t(lengths[k], OverflowError)
        if to[k] < 0:
            raise ValueError(f"{lengths}: a length is negative")
        size = times(size, to[k])
    return size


cdef object size_of(tuple lengths):
    """The product of lengths: an int of Python, which does not overflow."""
    cdef object size = 1
    for n in lengths:
        size = size * n
    return size


cdef int copy_shape(Py_ssize_t *to, tuple shape, Py_ssize_t size, tuple lengths) except -1:
    """Copies a shape of as many elements as these lengths, whose product is `size` or too large for it."""
    if len(shape) > JK_MAX_NDIM:
        raise ValueError(f"the shape {shape} has {len(shape)} axes, expected at most {JK_MAX_NDIM}")
    if copy_lengths(to, shape) != size or (size == PY_SSIZE_T_MAX and size_of(shape) != size_of(lengths)):
        raise ValueError(f"the shape {shape} has {size_of(shape)} elements, expected {size_of(lengths)}")
    return 0
