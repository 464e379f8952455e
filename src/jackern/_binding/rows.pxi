# An op for every row of the table.

CLASSES = (UnaryOp, BinaryOp, TernaryOp, ParametricOp)
cdef type row_class
for row_class in CLASSES:
    serve_vectorcalls(row_class)
cdef int row_index
for row_index in range(jk_n_ops()):
    add_op(CLASSES[class_of(jk_op_at(row_index))](row_index))
