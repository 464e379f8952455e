/* Functions of one element and one dtype that ops.def may name with M(f).  They are straight lines with selects, so that
 * a loop over them is vectorised; they need no FMA, and give the same bits on every instruction set.  `make accuracy`
 * prints their errors. */
#include "vmath/constants.h"

#define M(f) N(m_##f)

/* JK_PASTE(JK_IS_, real): which dtype it is. */
#define JK_IS_double 1
#define JK_IS_float 0

#include "vmath/bits.tpl.h"
#include "vmath/pairs.tpl.h"

#include "vmath/choices.tpl.h"
#include "vmath/exp.tpl.h"
#include "vmath/log.tpl.h"
#include "vmath/quotients.tpl.h"
#include "vmath/power.tpl.h"
#include "vmath/integers.tpl.h"
#include "vmath/entropies.tpl.h"
#include "vmath/trigonometric.tpl.h"
#include "vmath/inverse_trigonometric.tpl.h"
#include "vmath/inverse_hyperbolic.tpl.h"
#include "vmath/activations.tpl.h"
#include "vmath/losses.tpl.h"
#include "vmath/erf.tpl.h"
#include "vmath/gamma.tpl.h"
#include "vmath/normal.tpl.h"
