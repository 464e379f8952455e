# An op for every row of the table.

CLASSES = (UnaryOp, BinaryOp, TernaryOp)
cdef int row_index
for row_index in range(jk_n_ops()):
    add_op(CLASSES[jk_op_at(row_index).n_args - 1](row_index))
