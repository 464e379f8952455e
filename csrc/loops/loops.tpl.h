/* All loops of one dtype, and the table that holds them. */
#include "loops/vmath.tpl.h"

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

/* clang-format off */
static const jk_loops N(loops) = {
    .op = N(op_loops),
    .rowwise = N(rowwise_loops),
    .pack = N(pack),
    .pack_other = N(pack_other),
    .unpack = N(unpack),
    .unpack_other = N(unpack_other),
    .add = N(add_to),
    .add_other = N(add_to_other),
    .zero = N(zero),
    .fold_rows = N(fold_rows),
    .fold_flat = N(fold_flat),
    .sum_run = N(sum_run),
    .dot_run = N(dot_run),
    .dense_dot = N(dense_dot),
    .dense_axpy = N(dense_axpy),
    .bands = N(bands),
    .repeated_bands = N(repeated_bands),
    .strided_bands = N(strided_bands),
    .csr_jvp = {[JK_INT32] = N(csr_jvp_i32), [JK_INT64] = N(csr_jvp_i64)},
    .csr_vjp = {[JK_INT32] = N(csr_vjp_i32), [JK_INT64] = N(csr_vjp_i64)},
    .tridiagonal_factor = N(tridiagonal_factor),
    .tridiagonal_solve = N(tridiagonal_solve),
    .band_factor = N(band_factor),
    .band_forward = N(band_forward),
    .band_back = N(band_back),
    .cholesky_factor = N(cholesky_factor),
    .cholesky_forward = N(cholesky_forward),
    .triangular_solve = N(triangular_solve),
    .taps = N(taps),
};
/* clang-format on */
