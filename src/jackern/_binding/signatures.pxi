# Signatures and docstrings where Cython makes none: of classes by their parameters, of ops by what they are.

from inspect import Parameter, signature


cdef object parameters(str text):
    """The signature of a class that is called with these parameters."""
    return signature(eval(f"lambda {text}: None"))


def called_with(op):
    """The signature of an op that a Python class describes."""
    described = signature(op._value)
    plain = [parameter.replace(annotation=Parameter.empty) for parameter in described.parameters.values()]
    return described.replace(parameters=plain, return_annotation=Parameter.empty)


cdef class OfOps:
    """An attribute of op objects, by a function of the op, of which their class has another value.

    Parameters
    ----------
    function : callable
        Returns the attribute of an op.
    of_class : object
        The attribute of the class.
    """

    cdef object function, of_class

    __signature__ = parameters("function, of_class")

    def __cinit__(self, function, of_class):
        self.function = function
        self.of_class = of_class

    def __get__(self, op, owner):
        return self.of_class if op is None else self.function(op)
