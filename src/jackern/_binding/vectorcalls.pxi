# Calls of ops without a tuple and a dict of what they are given.  Cython gives a class only tp_call, which takes both;
# CPython asks a class that has Py_TPFLAGS_HAVE_VECTORCALL for a function in every object, which reads the caller's
# stack.  What that function has no short way for goes to tp_call, and so to `__call__`.

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        Py_ssize_t tp_vectorcall_offset
        unsigned long tp_flags
        object tp_call(object op, object args, PyObject *keywords)

    enum:
        Py_TPFLAGS_HAVE_VECTORCALL

    Py_ssize_t PyVectorcall_NARGS(size_t nargsf)
    void PyType_Modified(type cls)
    PyTypeObject *Py_TYPE(object o)

cdef str OUT = "out"


cdef object vectorcalled(object op, PyObject *const *args, size_t nargsf, PyObject *kwnames):
    """What CPython calls for a call of an op: the short way, or tp_call."""
    cdef Py_ssize_t n = PyVectorcall_NARGS(nargsf), k
    cdef tuple names = () if kwnames == NULL else <tuple>kwnames
    cdef dict keywords
    if len(names) == 0:
        result = (<NamedOp>op).called(args, n, None)
    elif len(names) == 1 and names[0] is OUT:
        result = (<NamedOp>op).called(args, n, <object>args[n])
    else:
        result = NotImplemented
    if result is not NotImplemented:
        return result
    keywords = {names[k]: <object>args[n + k] for k in range(len(names))}
    return Py_TYPE(op).tp_call(op, tuple([<object>args[k] for k in range(n)]), <PyObject *>keywords)


cdef int serve_vectorcalls(type cls) except -1:
    """Makes CPython call the ops of a class by their function; no class that is ready takes the flag of its base."""
    cdef NamedOp sample = NamedOp.__new__(NamedOp)
    cdef PyTypeObject *served = <PyTypeObject *>cls
    served.tp_vectorcall_offset = <char *>&sample.vectorcall - <char *><PyObject *>sample
    served.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL
    PyType_Modified(cls)
    return 0
