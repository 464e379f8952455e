/* exp and its kin: x = k*log(2) + r with |r| <= log(2)/2, so that exp(x) = 2**k * exp(r). */
#include "vmath/exp_polynomials.h"

/* x - k*log(2)*scale for a power of two, where k*ln2_hi and the first difference are exact. */
JK_INLINE real M(less_k_ln2)(real x, real k, real scale)
{
    return (x - k * (N(ln2_hi) * scale)) - k * (N(ln2_lo) * scale);
}

/* exp(x - k*log(2)) */
JK_INLINE real M(exp_less)(real x, real k)
{
    const real r = M(less_k_ln2)(x, k, 1);
    return 1 + (r + r * r * N(exp_tail)(r));
}

/* 2**n * exp(x), |n| <= 64.  Two factors reach infinity, and the subnormal numbers with one rounding. */
JK_INLINE real M(exp_times_two_to)(real x, real n)
{
    const real inside = M(clip)(x, -(N(exp_overflow) + 60), N(exp_overflow));
    const real k = M(round)(inside * N(log2e)), half = M(round)(k * C(0.5));
    return M(exp_less)(inside, k) * M(two_to)(half, 0) * M(two_to)(k - half, n);
}

/* exp(x)/2 for x >= 0: it overflows later than exp(x), and needs but one power of two. */
JK_INLINE real M(exp_half)(real x)
{
    const real inside = x > N(exp_overflow) + 1 ? N(exp_overflow) + 1 : x, k = M(round)(inside * N(log2e));
    return M(exp_less)(inside, k) * M(two_to)(k, -2) * 2;
}

JK_INLINE real M(exp)(real x) { return M(exp_times_two_to)(x, 0); }

/* Whether 2**x or exp(x) may be no normal number. */
JK_INLINE int M(is_far_exponential)(real x) { return !(M(fabs)(x) < N(exp_overflow) - 2); }

JK_INLINE real M(exp_normal)(real x)
{
    const real k = M(round)(x * N(log2e));
    return M(exp_less)(x, k) * M(two_to)(k, 0);
}

/* 2**k * (exp(r) - 1) + (2**k - 1), at half the scale so that 2**k does not overflow before the result does; r - high is
 * what rounding took from r. */
JK_INLINE real M(expm1)(real x)
{
    const real inside = M(clip)(x, -60, N(exp_overflow)), k = M(round)(inside * N(log2e));
    const real high = inside - k * N(ln2_hi), low = k * N(ln2_lo), r = high - low;
    const real p = r + (((high - r) - low) + r * r * N(exp_tail)(r)), power = M(two_to)(k, -1);
    return LIBM(copysign)(k == 0 ? p : (power * p + (power - C(0.5))) * 2, x);
}

/* With w = r*coth(r), tanh(r) = r/w and exp(2*r) = (w + r)/(w - r).  Up to 0.55 that is all, r = |x|; from there on
 * |x| = k*log(2)/2 + r, and the result is 1 - 2/(exp(2*|x|) + 1). */
JK_INLINE real M(tanh)(real x)
{
    const real a = M(fabs)(x), inside = a > 20 ? 20 : a, k = M(round)(inside * (2 * N(log2e)));
    const int small = a < C(0.55);
    const real r = small ? a : M(less_k_ln2)(inside, k, C(0.5)), w = 1 + r * r * N(tanh_tail)(r * r);
    const real q = (small ? r : 2 * (w - r)) / (small ? w : M(two_to)(k, 0) * (w + r) + (w - r));
    return LIBM(copysign)(small ? q : 1 - q, x);
}

/* sinh(|x|) = (2**k + 2**-k)/2 * sinh(r) + (2**k - 2**-k)/2 * cosh(r), at a quarter of the scale so that 2**k does not
 * overflow before the result does.  Beyond k = 64 the smaller power does not count. */
JK_INLINE real M(sinh)(real x)
{
    const real a = M(fabs)(x), inside = a > N(exp_overflow) + 1 ? N(exp_overflow) + 1 : a;
    const real k = M(round)(inside * N(log2e));
    const real high = inside - k * N(ln2_hi), low = k * N(ln2_lo), r = high - low, z = r * r;
    const real tail = ((high - r) - low) + r * z * N(sinh_tail)(z);
    const real large = M(two_to)(k, -3), small = M(two_to)(-(k > 64 ? 64 : k), -3);
    const real sum = large + small, difference = large - small;
    const real y = difference + (sum * r + (sum * tail + difference * (z * N(cosh_tail)(z))));
    return LIBM(copysign)(k == 0 ? r + tail : 4 * y, x);
}

/* exp(|x|)/2 + exp(-|x|)/2 */
JK_INLINE real M(cosh)(real x)
{
    const real h = M(exp_half)(M(fabs)(x));
    return h + C(0.25) / h;
}

/* 2**f for |f| <= 1/2 */
JK_INLINE real M(exp2_fraction)(real f) { return 1 + (f * N(ln2) + f * f * N(exp2_tail)(f)); }

/* 2**(k + f), k an integer: two factors, as above. */
JK_INLINE real M(exp2)(real x)
{
    const real inside = M(clip)(x, -(N(bias) + N(n_fraction) + 4), N(bias) + 2), k = M(round)(inside);
    const real half = M(round)(k * C(0.5));
    return M(exp2_fraction)(inside - k) * M(two_to)(half, 0) * M(two_to)(k - half, 0);
}

JK_INLINE real M(exp2_normal)(real x)
{
    const real k = M(round)(x);
    return M(exp2_fraction)(x - k) * M(two_to)(k, 0);
}
