# How often each product was called.

cdef long long jacobian_calls[2]
cdef long long jacobian_general_calls[2]
cdef long long unbroadcast_calls = 0
cdef long long unbroadcast_general_calls = 0


def count_calls():
    """Successful calls since the start or the last reset, as ``{"tanh.vjp": 3, "tanh.vjp (general)": 1}``.

    The first number is that of all calls; the second of those among them that did not go the straight way.
    """
    cdef NamedOp op
    cdef int k
    counted = {}
    for name in op_names():
        op = NAMED[name]
        for k in range(N_PRODUCTS):
            add_count(counted, f"{name}.{PRODUCT_NAMES[k]}", op.calls[k], op.general_calls[k])
    add_count(counted, "unbroadcast", unbroadcast_calls, unbroadcast_general_calls)
    for k in range(2):
        add_count(counted, f"jacobian.{PRODUCT_NAMES[JVP + k]}", jacobian_calls[k], jacobian_general_calls[k])
    if recycle_held:
        counted["buffer cache (bytes)"] = recycle_held
    return counted


cdef int add_count(dict counted, str name, long long n, long long n_general) except -1:
    if n:
        counted[name] = n
    if n_general:
        counted[f"{name} (general)"] = n_general
    return 0


def reset_calls():
    """Sets all counters to zero."""
    global unbroadcast_calls, unbroadcast_general_calls
    cdef NamedOp op
    cdef int k
    unbroadcast_calls = unbroadcast_general_calls = 0
    for k in range(2):
        jacobian_calls[k] = jacobian_general_calls[k] = 0
    for op in NAMED.values():
        for k in range(N_PRODUCTS):
            op.calls[k] = op.general_calls[k] = 0


def count_general_product(str product not None):
    """Counts a product of a Jacobian that has no straight way."""
    cdef int k = PRODUCT_NAMES.index(product) - JVP
    jacobian_calls[k] += 1
    jacobian_general_calls[k] += 1
