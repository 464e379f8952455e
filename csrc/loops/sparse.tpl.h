/* Products with sparse matrices, for every type of index. */

#define integer int32_t
#define NI(name) N(name##_i32)
#include "loops/csr.tpl.h"
#undef integer
#undef NI
#define integer int64_t
#define NI(name) N(name##_i64)
#include "loops/csr.tpl.h"
#undef integer
#undef NI

static const jk_sparse_loops N(sparse_loops) = {
    .csr_jvp = {[JK_INT32] = N(csr_jvp_i32), [JK_INT64] = N(csr_jvp_i64)},
    .csr_vjp = {[JK_INT32] = N(csr_vjp_i32), [JK_INT64] = N(csr_vjp_i64)},
};
