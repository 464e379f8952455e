/* All loops of one dtype, and the tables that hold them, one per room. */
#include "vmath/vmath.tpl.h"

#define SUM_LANES (4 * JK_REGISTER_BYTES / (ptrdiff_t)sizeof(real)) /* that share a sum, or a maximum */

#include "loops/check.tpl.h"
#include "loops/move.tpl.h"
#include "loops/reduce.tpl.h"
#include "loops/pointwise.tpl.h"

#include "loops/dense.tpl.h"
#include "loops/banded.tpl.h"
#include "loops/convolution.tpl.h"
#include "loops/rowwise.tpl.h"
#include "loops/solve.tpl.h"
#include "loops/sparse.tpl.h"
#undef SUM_LANES
#undef M
