# The number of threads, and the pool that large calls share.

from cpython.number cimport PyNumber_Index

cdef extern from *:
    """
    #if defined(_WIN32)
    #include <process.h>
    #define this_process _getpid
    #else
    #include <unistd.h>
    #define this_process getpid
    #endif
    """
    int this_process()

cdef enum:
    MAX_THREADS = 1024

cdef int num_threads = 1
cdef Pool pool_in_use = None


cdef class Pool:
    """Threads that wait for work.  The child of a fork has none of them, and so must not end them."""

    cdef jk_pool *pool
    cdef int process

    def __cinit__(self):
        cdef void *memory = PyMem_Malloc(jk_pool_bytes(num_threads))
        if memory == NULL:
            raise MemoryError()
        self.pool = jk_pool_create(memory, num_threads)
        self.process = this_process()

    def __dealloc__(self):
        if self.pool != NULL and self.process == this_process():
            jk_pool_destroy(self.pool)
        PyMem_Free(self.pool)


cdef Pool current_pool():
    """The pool that calls share, started by the first that needs it, and anew after a fork."""
    global pool_in_use
    if pool_in_use is None or pool_in_use.process != this_process():
        pool_in_use = Pool()
    return pool_in_use


def set_num_threads(n):
    """Let large calls use up to `n` threads, the calling one among them; results have the same bits for every `n`.

    Parameters
    ----------
    n : int
        From 1 to 1024.  The default is what the environment variable JACKERN_NUM_THREADS says, or else the number of
        processors that the process may use.

    Notes
    -----
    Calls of at least 524,288 elements are shared among threads, one for every 262,144.  While one thread of the caller
    is in such a call, calls of its other threads use no more threads than those that make them.

    Raises
    ------
    TypeError
        If `n` is not an integer.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> import jackern as jk
    >>> before = jk.get_num_threads()
    >>> jk.set_num_threads(2)
    >>> jk.get_num_threads()
    2
    >>> jk.set_num_threads(before)
    """
    global num_threads, pool_in_use
    try:
        wanted = PyNumber_Index(n)
    except TypeError:
        raise TypeError(f"set_num_threads: n is {n!r}, expected an integer") from None
    if not 1 <= wanted <= MAX_THREADS:
        raise ValueError(f"set_num_threads: n is {wanted}, expected 1 to {MAX_THREADS}")
    num_threads = wanted
    pool_in_use = None  # its threads end with the last call that uses them


def get_num_threads():
    """Return how many threads large calls may use; see `set_num_threads`."""
    return num_threads
