/* All loops of one dtype, and the tables that hold them, one per room. */
#include "loops/vmath.tpl.h"

#include "loops/check.tpl.h"
#include "loops/move.tpl.h"
#include "loops/pointwise.tpl.h"
#include "loops/reduce.tpl.h"

#include "loops/dense.tpl.h"
#include "loops/banded.tpl.h"
#include "loops/convolution.tpl.h"
#include "loops/rowwise.tpl.h"
#include "loops/solve.tpl.h"

#define integer int32_t
#define NI(name) N(name##_i32)
#include "loops/sparse.tpl.h"
#undef integer
#undef NI
#define integer int64_t
#define NI(name) N(name##_i64)
#include "loops/sparse.tpl.h"
#undef integer
#undef NI
#undef M

static const jk_sparse_loops N(sparse_loops) = {
    .csr_jvp = {[JK_INT32] = N(csr_jvp_i32), [JK_INT64] = N(csr_jvp_i64)},
    .csr_vjp = {[JK_INT32] = N(csr_vjp_i32), [JK_INT64] = N(csr_vjp_i64)},
};
