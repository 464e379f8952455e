# What a large call needs: views of arrays that stay, a workspace, threads, and Ctrl-C.

from libc.stdint cimport uintptr_t

cdef extern from "Python.h":
    int check_signals "PyErr_CheckSignals"()


cdef int poll_signals(void *argument) noexcept with gil:
    # On Ctrl-C the exception is set here and stays set until raise_interrupt lets it through.
    return check_signals() != 0


cdef class Views:
    """Up to 16 arrays as views, in the order of a call's parameters."""

    cdef jk_view view[16]
    cdef const jk_view *at[16]
    cdef list arrays
    cdef Py_ssize_t largest

    def __cinit__(self, list arrays):
        cdef int k
        self.arrays = arrays
        self.largest = 0
        for k in range(<int>len(arrays)):
            if arrays[k] is None:
                self.at[k] = NULL
                continue
            if not is_native(arrays[k]):
                raise TypeError(f"argument {k}: expected a native float32 or float64 array, got {type(arrays[k])}")
            arrays[k] = borrowed(<cnp.ndarray>arrays[k])
            view_of(&self.view[k], <cnp.ndarray>arrays[k])
            self.at[k] = &self.view[k]
            self.largest = max(self.largest, cnp.PyArray_SIZE(<cnp.ndarray>arrays[k]))


# Large calls that are under way, changed with the GIL held: while one is, others have the threads that call them alone.
cdef int calls_under_way = 0


cdef inline void leave_call() noexcept:
    """Counts a large call that has ended; one that was under way at a fork is forgotten in the child."""
    global calls_under_way
    if calls_under_way > 0:
        calls_under_way -= 1


def forget_calls():
    """In the child of a fork no call of another thread is under way."""
    global calls_under_way
    calls_under_way = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_calls)

# The workspace of the last call, for the next one; taken and given back with the GIL held.
cdef void *spare_workspace = NULL
cdef size_t spare_bytes = 0


@cython.freelist(8)
cdef class Call:
    """What a large call needs: a context with threads and a workspace, Ctrl-C, and the GIL released meanwhile."""

    cdef jk_context context
    cdef Pool pool
    cdef void *memory
    cdef bint is_large

    def __cinit__(self, Py_ssize_t size=LARGE):
        """Small calls, of fewer than LARGE elements, get no workspace: the stack is enough."""
        global spare_workspace, calls_under_way
        cdef int n_threads = num_threads if calls_under_way == 0 else 1
        cdef size_t workspace_bytes = n_threads * WORKSPACE_BYTES
        self.context.parallel_for = NULL
        self.context.pool = NULL
        self.context.n_threads = 1
        self.context.poll = poll_signals
        self.context.poll_argument = NULL
        self.context.workspace = NULL
        self.context.workspace_bytes = 0
        if size < LARGE:
            return
        self.is_large = True
        calls_under_way += 1
        if n_threads > 1:
            self.pool = current_pool()
            self.context.parallel_for = jk_pool_run
            self.context.pool = self.pool.pool
            self.context.n_threads = n_threads
        if spare_bytes == workspace_bytes:
            self.memory = spare_workspace
            spare_workspace = NULL
        if self.memory == NULL:
            self.memory = PyMem_Malloc(workspace_bytes + 64)
        if self.memory == NULL:
            raise MemoryError()
        self.context.workspace = <char *>self.memory + (64 - <uintptr_t>self.memory % 64)
        self.context.workspace_bytes = workspace_bytes

    def __dealloc__(self):
        global spare_workspace, spare_bytes
        if self.is_large:
            leave_call()
        if self.memory != NULL:
            PyMem_Free(spare_workspace)
            spare_workspace = self.memory
            spare_bytes = self.context.workspace_bytes
