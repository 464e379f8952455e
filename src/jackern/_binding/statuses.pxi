# What a C call says, as exceptions.


class Overlap(Exception):
    """An output overlaps this argument (its position among the views of the call), which has to be copied first."""


class BadLabel(Exception):
    """The label of this row is no class."""


class Refused(ValueError):
    """Outputs overlap; or the C library has not so many axes, or no address for so large an array."""


class InternalError(RuntimeError):
    """A fault of jackern: the C library refused what all checks above it had let through."""


cdef int raise_interrupt() except -1:
    """The exception that check_signals has set."""
    return -1


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


cdef int finish(jk_status status) except -1:
    if status.error == JK_INTERRUPTED:
        return raise_interrupt()
    return raise_status(status)
