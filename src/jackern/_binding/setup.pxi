# The instruction set, chosen once at import, and what the library says of itself.

from operator import index as index_of


cdef int usable_processors():
    """How many processors this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def instruction_sets():
    """Names of the instruction sets built in and supported by this CPU, narrowest first."""
    names = []
    while jk_isa_name(<int>len(names)) != NULL:
        names.append(jk_isa_name(<int>len(names)).decode())
    return tuple(names)


def built_instruction_sets():
    """Names of the instruction sets built in, whether this CPU has them or not."""
    names = []
    while jk_isa_built(<int>len(names)) != NULL:
        names.append(jk_isa_built(<int>len(names)).decode())
    return tuple(names)


def instruction_set():
    """The name of the instruction set in use."""
    return jk_isa_in_use().decode()


def compiler():
    """The compiler that built the extension."""
    return jk_compiler().decode()


def library_version():
    """The version of the C library."""
    return jk_version().decode()


def buffer_cache():
    """How many bytes of freed results are kept at most, and how many are kept now."""
    return recycle_limit, recycle_held


def set_buffer_cache(n_bytes):
    """Set how many bytes of freed results are kept, to be handed out again as new ones; give back what is beyond.

    Results of 128 KiB or more take such memory.  A caller who frees a result of 160 MB keeps as much resident, until it
    is used again or `release_memory` is called.

    Parameters
    ----------
    n_bytes : int
        At least 0, which keeps nothing.  At first it is what the environment variable JACKERN_BUFFER_CACHE says, by
        default 256 MiB (268,435,456).

    Returns
    -------
    int
        The number that held before.

    Raises
    ------
    TypeError
        `n_bytes` is no integer.
    ValueError
        It is negative.

    Examples
    --------
    >>> import jackern as jk
    >>> before = jk.set_buffer_cache(0)
    >>> jk.set_buffer_cache(before)
    0
    """
    before = recycle_limit
    try:
        wanted = index_of(n_bytes)
    except TypeError:
        raise TypeError(f"set_buffer_cache: n_bytes is {n_bytes!r}, expected a number of bytes") from None
    if wanted < 0:
        raise ValueError(f"set_buffer_cache: n_bytes is {wanted}, expected at least 0")
    recycle_set_limit(min(wanted, <size_t>-1))
    return before


def release_memory():
    """Give the memory of freed results that is kept for the next ones back to the system.

    Large results take recycled memory, so that its pages are not faulted in anew by every call: at most as many bytes
    as `set_buffer_cache` says, by default 256 MiB.  It is given back by itself where jackern's own allocation would
    fail, but not where another one does.

    Returns
    -------
    int
        How many bytes were given back.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> y = jk.ops.tanh(np.ones(1_000_000))
    >>> del y
    >>> jk.release_memory() >= 8_000_000
    True
    >>> jk.release_memory()
    0
    """
    return recycle_release(0)


cdef int set_up() except -1:
    wanted = os.environ.get("JACKERN_ISA", "")
    cdef bytes name = wanted.encode()
    cdef const char *isa = name
    cdef jk_status status = jk_init(isa if wanted else NULL)
    if status.error == JK_INEXACT:
        raise ImportError(f"jackern: {jk_message(status.error).decode()}")
    if status.error != JK_OK:
        raise ValueError(f"JACKERN_ISA={wanted!r}: not an instruction set built in and supported by this CPU; "
                         f"choose one of {', '.join(instruction_sets())}, or leave it unset")
    limit = os.environ.get("JACKERN_BUFFER_CACHE", "")
    if limit:
        if not limit.isdecimal():
            raise ValueError(f"JACKERN_BUFFER_CACHE={limit!r}: expected a number of bytes, 0 to switch it off")
        recycle_set_limit(min(int(limit), <size_t>-1))
    threads = os.environ.get("JACKERN_NUM_THREADS", "")
    if threads:
        if not threads.isdecimal() or not 1 <= int(threads) <= MAX_THREADS:
            raise ValueError(f"JACKERN_NUM_THREADS={threads!r}: expected a number from 1 to {MAX_THREADS}")
        set_num_threads(int(threads))
    else:
        set_num_threads(min(usable_processors(), MAX_THREADS))
    return 0


set_up()
