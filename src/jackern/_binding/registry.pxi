# What all ops are, the ops by name, and one function through which every pickle comes back: `jackern._core.restored`
# stays where it is when files and classes move.

cdef enum:
    VALUE, JVP, VJP, VJP2, JACOBIAN, N_PRODUCTS

cdef tuple PRODUCT_NAMES = ("value", "jvp", "vjp", "vjp2", "jacobian")


cdef extern from "Python.h":
    ctypedef void *vectorcallfunc


cdef class NamedOp:
    """What all ops have in common: pickling by name, and how often each product was called."""

    __signature__ = parameters("")

    cdef object __weakref__  # a library that traces functions may keep track of them
    cdef long long calls[N_PRODUCTS]
    cdef long long general_calls[N_PRODUCTS]
    cdef vectorcallfunc vectorcall  # of classes that serve vectorcalls

    cdef object called(self, PyObject *const *args, Py_ssize_t n, object out):
        """The value for n positional arguments and `out`; NotImplemented where only `__call__` has words for it."""
        return NotImplemented

    @property
    def __name__(self):
        return self.name

    def __repr__(self):
        return f"jackern.ops.{self.name}"

    def __get__(self, instance, owner):
        # What has this is a routine to inspect, and so to help(), pydoc and Sphinx.
        return self

    def __reduce__(self):
        return restored, ("op", self.name)

    def count_call(self, str product not None):
        """Counts a call of an op that is written in Python, which has no straight way."""
        self.count_general(PRODUCT_NAMES.index(product))

    cdef inline void count(self, int product) noexcept:
        self.calls[product] += 1

    cdef inline void count_general(self, int product) noexcept:
        self.calls[product] += 1
        self.general_calls[product] += 1

    cdef bint went(self, int product, jk_status status) except -1:
        """Whether the C call did it; False where the general way has to copy an operand, or has words for an error."""
        if status.error == JK_OK:
            return True
        if status.error == JK_INTERRUPTED:  # first: nothing may be formatted while an exception waits
            return raise_interrupt()
        return went(f"ops.{self.name}.{PRODUCT_NAMES[product]}", status)


# Op objects by name and alias, in the order of the table, then of registration.
cdef dict NAMED = {}
# What makes an object of a kind from its pickled state.
cdef dict MAKERS = {}


def register(str kind not None, maker):
    """Name what makes objects of a kind from their state, so that `restored` finds it.

    Parameters
    ----------
    kind : str
        It stands in every pickle of such an object, and so must never change.
    maker : callable
        ``maker(*state)`` makes the object.

    Raises
    ------
    ValueError
        The kind has a maker already.
    """
    if kind in MAKERS:
        raise ValueError(f"{kind!r} has a maker already: {MAKERS[kind]!r}")
    MAKERS[kind] = maker


def restored(kind, *state):
    """The object of this kind and state: what ``__reduce__`` of every class of jackern names.

    Raises
    ------
    ValueError
        A kind that this version does not know, or a state that is none of it.
    """
    if kind not in MAKERS:
        raise ValueError(f"jackern {library_version()} restores no {kind!r}, but {', '.join(map(repr, MAKERS))}; was "
                         f"it pickled by a later version?")
    try:
        return MAKERS[kind](*state)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"what was pickled as {kind!r} is damaged: {error!r}") from error


def add_op(op):
    """Make an op known by its name and its aliases.

    Raises
    ------
    ValueError
        One of them is taken.
    """
    names = (op.name, *op.aliases)
    for name in names:
        if name in NAMED:
            raise ValueError(f"there is an op {name!r} already: {NAMED[name]!r}")
    NAMED.update(dict.fromkeys(names, op))


def drop_op(op):
    """Forget an op that was registered: for tests, which leave nothing behind."""
    for name in (op.name, *op.aliases):
        del NAMED[name]


def op_names():
    """Names of all ops, without aliases: the rows of the table in its order, then the families."""
    return [name for name, op in NAMED.items() if name == op.name]


def named_ops():
    """All ops by name and alias."""
    return dict(NAMED)


def op_named(name):
    """The op of this name or alias."""
    if name not in NAMED:
        raise ValueError(f"jackern {library_version()} has no op {name!r}")
    return NAMED[name]


register("op", op_named)
