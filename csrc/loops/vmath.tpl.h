/* Functions of one dtype that ops.def may name with M(f): our own, libm's, and those that need a choice to stay
 * accurate.  Our own are straight lines with selects, so that a loop over them is vectorised; they need no FMA, and give
 * the same bits on every instruction set.  `make accuracy` prints their errors. */
#include "loops/vmath_polynomials.h"

#if FLT_EVAL_METHOD != 0
#error "rounding needs sums in their own dtype: no x87 (for gcc and clang -msse2 -mfpmath=sse)"
#endif

#define M(f) N(m_##f)

JK_INLINE real M(fabs)(real x) { return LIBM(fabs)(x); }
JK_INLINE real M(sqrt)(real x) { return LIBM(sqrt)(x); }
JK_INLINE real M(sin)(real x) { return LIBM(sin)(x); }
JK_INLINE real M(cos)(real x) { return LIBM(cos)(x); }
JK_INLINE real M(tan)(real x) { return LIBM(tan)(x); }
JK_INLINE real M(asin)(real x) { return LIBM(asin)(x); }
JK_INLINE real M(acos)(real x) { return LIBM(acos)(x); }
JK_INLINE real M(atan)(real x) { return LIBM(atan)(x); }
JK_INLINE real M(asinh)(real x) { return LIBM(asinh)(x); }
JK_INLINE real M(pow)(real a, real b) { return LIBM(pow)(a, b); }
JK_INLINE real M(atan2)(real a, real b) { return LIBM(atan2)(a, b); }
JK_INLINE real M(hypot)(real a, real b) { return LIBM(hypot)(a, b); }

JK_INLINE N(word) M(bits)(real x)
{
    N(word) bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

JK_INLINE real M(from_bits)(N(word) bits)
{
    real x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- exp and its kin: x = k*log(2) + r with |r| <= log(2)/2, so that exp(x) = 2**k * exp(r) ---- */

JK_INLINE real M(clip)(real x, real low, real high) { return x < low ? low : x > high ? high : x; }

/* The integer nearest to a number that is not large; NaN stays NaN. */
JK_INLINE real M(round)(real x) { return (x + N(round_shift)) - N(round_shift); }

/* 2**(k + n), a normal number, for a constant n: the sum holds the biased exponent in its lowest bits. */
JK_INLINE real M(two_to)(real k, real n) { return M(from_bits)(M(bits)(k + (N(round_shift) + n)) << N(n_fraction)); }

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

/* log(1 + f) for 0 <= f <= 1, as f - s*(f - s*s*tail): the leading f is exact. */
JK_INLINE real M(log1p_unit)(real f)
{
    const real s = f / (2 + f), z = s * s;
    return f - s * (f - z * N(log1p_tail)(z));
}

/* ---- log and log1p: x = 2**k * m with sqrt(1/2) <= m < sqrt(2), so that log(x) = k*log(2) + log(m) ---- */

/* log(x) + rest for a positive, finite x and a rest that is small beside it. */
JK_INLINE real M(log_plus)(real x, real rest)
{
    const int subnormal = x < N(least_normal);
    /* As integers: the sum carries into the exponent where the significand of x reaches sqrt(2). */
    const N(word) one = M(bits)(1), least = M(bits)(N(sqrt_half));
    const N(word) sum = M(bits)(subnormal ? x * N(two_to_fraction) : x) + (one - least);
    const real biased = M(from_bits)(M(bits)(N(two_to_fraction)) | (sum >> N(n_fraction))) - N(two_to_fraction);
    const real k = biased - (subnormal ? N(bias) + N(n_fraction) : N(bias));
    const real f = M(from_bits)((sum & (((N(word))1 << N(n_fraction)) - 1)) + least) - 1;
    const real s = f / (2 + f), z = s * s;
    return k * N(ln2_hi) + (f - ((s * (f - z * N(log_tail)(z)) - k * N(ln2_lo)) - rest));
}

/* What log gives where x is not positive and finite. */
JK_INLINE real M(log_choose)(real x, real inside)
{
    const real outside = x < 0 ? (real)NAN : x == 0 ? -(real)INFINITY : x;
    return x > 0 && x < (real)INFINITY ? inside : outside;
}

JK_INLINE real M(log)(real x) { return M(log_choose)(x, M(log_plus)(x, 0)); }

/* u = 1 + x rounds; log(1 + x) is log(u) + rest/u to first order in what it rounds off. */
JK_INLINE real M(log1p)(real x)
{
    const real u = 1 + x, back = u - 1, rest = (1 - (u - back)) + (x - back);
    return LIBM(copysign)(M(log_choose)(u, M(log_plus)(u, rest / u)), x);
}

/* Choices: NaN goes through every one of them. */
JK_INLINE real M(sign)(real x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }
JK_INLINE real M(step)(real x) { return x > 0 ? 1 : x <= 0 ? 0 : x; }
JK_INLINE real M(relu)(real x) { return x < 0 ? 0 : x; }
JK_INLINE real M(maximum)(real a, real b) { return a >= b || a != a ? a : b; }
JK_INLINE real M(minimum)(real a, real b) { return a <= b || a != a ? a : b; }
/* d max(a, b)/da: 1 where a is chosen, 0 where b is, 1/2 at a tie. */
JK_INLINE real M(prefer)(real a, real b) { return a > b ? 1 : a < b ? 0 : a == b ? C(0.5) : a + b; }
/* Which one min(max(x, lo), hi) is: x between the bounds, hi where max(x, lo) is not below it, else lo. */
JK_INLINE real M(share_unless_nan)(int is_chosen, real x, real lo, real hi)
{
    return x == x && lo == lo && hi == hi ? (real)is_chosen : (real)NAN;
}
JK_INLINE real M(clip_x)(real x, real lo, real hi) { return M(share_unless_nan)(lo < x && x < hi, x, lo, hi); }
JK_INLINE real M(clip_lo)(real x, real lo, real hi) { return M(share_unless_nan)(x <= lo && lo < hi, x, lo, hi); }
JK_INLINE real M(clip_hi)(real x, real lo, real hi) { return M(share_unless_nan)(x >= hi || lo >= hi, x, lo, hi); }
/* What a row that chooses does with a tangent: an argument that was not chosen drops it, infinite or not. */
JK_INLINE real M(keep)(real t, real chosen) { return chosen == 0 ? 0 : t * chosen; }

/* ---- products with a cotangent t that are right wherever they can be represented ---- */

/* The exponent of x in its biased form: 0 for 0 and all subnormal numbers, the largest for infinity and NaN. */
JK_INLINE real M(biased_exponent)(real x)
{
    return M(from_bits)(M(bits)(N(two_to_fraction)) | (M(bits)(M(fabs)(x)) >> N(n_fraction))) - N(two_to_fraction);
}

/* (t/q)*(p/r)*c with c from 1/2 to 1, for a product where one quotient may overflow while the other vanishes.  A power of
 * two goes from the larger of t and p to the smaller, which changes no digit; 3/8 of the distance of their exponents
 * brings them near enough and leaves the power a normal number.  Where t or p is 0, so is the product, whatever |q| and
 * |r| > 0. */
JK_INLINE real M(quotients)(real t, real q, real p, real r, real c)
{
    const real k = M(round)(C(0.375) * (M(biased_exponent)(t) - M(biased_exponent)(p)));
    const int zero = t == 0 || p == 0;
    const real by_q = zero && M(fabs)(q) > 0 ? LIBM(copysign)(1, q) : q;
    const real by_r = zero && M(fabs)(r) > 0 ? LIBM(copysign)(1, r) : r;
    return t * M(two_to)(-k, 0) / by_q * c * (p * M(two_to)(k, 0) / by_r);
}

/* t*p/(q*q) */
JK_INLINE real M(over_square)(real t, real p, real q) { return M(quotients)(t, q, p, q, 1); }

/* t/(1 + x*x); where x*x might overflow, the 1 does not count. */
JK_INLINE real M(over_one_plus_square)(real t, real x)
{
    const int large = M(fabs)(x) > C(1e9);
    return t / (large ? x : 1) / (large ? x : 1 + x * x);
}

/* ---- slopes and curvatures ---- */

/* (1 - x)(1 + x) keeps the digits of 1 - x*x near |x| = 1. */
JK_INLINE real M(asin_second)(real x)
{
    const real q = (1 - x) * (1 + x);
    return x / (q * M(sqrt)(q));
}

/* -2x/(1 + x*x)^2, through 1/x where x*x may overflow. */
JK_INLINE real M(atan_second)(real x)
{
    const real q = 1 / (1 + x * x), r = 1 / x;
    return M(fabs)(x) < C(1e9) ? -2 * (x * q) * q : -2 * r * r * r;
}

/* -x/(1 + x*x)^(3/2), divided step by step so that nothing overflows. */
JK_INLINE real M(asinh_second)(real x)
{
    const real h = M(hypot)(1, x);
    return (M(fabs)(x) < C(1e18) ? -(x / h) : -M(sign)(x)) / h / h;
}

/* 1/(1 + exp(-x)) through exp(-|x|), which cannot overflow and keeps the digits of small results. */
JK_INLINE real M(sigmoid)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    return (x < 0 ? e : 1) / (1 + e);
}

JK_INLINE real M(sigmoid_slope)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    return e / ((1 + e) * (1 + e));
}

/* sech(x)**2 = 4*sigmoid'(2*x) */
JK_INLINE real M(sech2)(real x) { return 4 * M(sigmoid_slope)(2 * x); }

JK_INLINE real M(sigmoid_second)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    const real slope = e / ((1 + e) * (1 + e));
    return slope * ((x < 0 ? 1 - e : e - 1) / (1 + e));
}

JK_INLINE real M(softplus)(real x) { return M(relu)(x) + M(log1p_unit)(M(exp)(-M(fabs)(x))); }

/* x*sigmoid(x), for x < 0 with exp(x) scaled by 2**64, so that no digits are lost where it is subnormal and silu is not;
 * long before the clip the result is 0. */
JK_INLINE real M(silu)(real x)
{
    const real e = M(exp_times_two_to)(-M(fabs)(x), 64), scale = x < 0 ? C(0x1p-64) : 1;
    return (x < 0 ? M(clip)(x, -(N(exp_overflow) + 60), 0) * e : x) / (1 + e * C(0x1p-64)) * scale;
}

/* s + x*s*(1 - s) for s = sigmoid(x), scaled and clipped like silu. */
JK_INLINE real M(silu_slope)(real x)
{
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64);
    const real s = (x < 0 ? scaled : 1) / (1 + e), rest = (x < 0 ? 1 : e) / (1 + e);
    const real inside = x < 0 ? M(clip)(x, -(N(exp_overflow) + 60), 0) : x;
    return s * (1 + (rest == 0 ? 0 : inside * rest)) * (x < 0 ? C(0x1p-64) : 1);
}

JK_INLINE real M(silu_second)(real x)
{
    const real slope = M(sigmoid_slope)(x);
    return slope == 0 ? 0 : 2 * slope + x * M(sigmoid_second)(x);
}

/* a**b: the derivative by a is 0 where b = 0, that by b is 0 where a = 0, and NaN for a < 0 through the logarithm.
 * t*b*a**(b - 1) takes the root of the power twice where it, or its product with b, is no normal number. */
JK_INLINE real M(pow_da)(real t, real a, real b)
{
    const real power = b == 0 ? 0 : M(pow)(a, b - 1), slope = b * power;
    const int normal = M(fabs)(power) >= N(least_normal) && M(fabs)(slope) >= N(least_normal);
    if (b == 0 || slope != slope || (normal && M(fabs)(slope) < (real)INFINITY)) return t * slope;
    const real root = M(pow)(M(fabs)(a), C(0.5) * (b - 1));
    return t * root * b * LIBM(copysign)(root, power);
}

/* Whether the product of y, a power of a, with the logarithm of a is 0, which is infinite: by choice where a = 0, and by
 * its limit where a is infinite and y is 0. */
JK_INLINE int M(outweighs_log)(real a, real y) { return a == 0 ? y == y : a == (real)INFINITY && y == 0; }
JK_INLINE real M(pow_db)(real a, real y) { return M(outweighs_log)(a, y) ? 0 : y * M(log)(a); }
JK_INLINE real M(pow_daa)(real a, real b) { return b == 0 || b == 1 ? 0 : b * (b - 1) * M(pow)(a, b - 2); }
JK_INLINE real M(pow_dab)(real a, real b)
{
    const real power = M(pow)(a, b - 1);
    return M(outweighs_log)(a, power) ? 0 : power * (1 + b * M(log)(a));
}
JK_INLINE real M(pow_dbb)(real a, real y)
{
    const real l = M(log)(a);
    return M(outweighs_log)(a, y) ? 0 : y * l * l;
}

/* t*b/(a*a + b*b), scaled by the larger of the two so that the squares neither overflow nor vanish. */
JK_INLINE real M(atan2_da)(real t, real a, real b)
{
    const int b_larger = M(fabs)(b) >= M(fabs)(a);
    const real big = b_larger ? b : a, r = (b_larger ? a : b) / big;
    return M(quotients)(t, big, b_larger ? 1 : b, b_larger ? 1 : big, 1 / (1 + r * r));
}

/* a/y for y = hypot(a, b): of size 1 where |a| is all of it, infinite or not.  hypot has no derivative at the origin; 0
 * is its smallest subgradient. */
JK_INLINE real M(direction)(real a, real y) { return M(fabs)(a) == y ? M(sign)(a) : a / y; }

/* t*a/y; where a/y would be no normal number, t gives it the power of two that makes it one. */
JK_INLINE real M(hypot_da)(real t, real a, real y)
{
    const int tiny = M(fabs)(a) < y * N(least_normal) && y < (real)INFINITY;
    return t * (tiny ? N(least_normal) : 1) * M(direction)(a * (tiny ? 1 / N(least_normal) : 1), y);
}

JK_INLINE real M(hypot_dd)(real p, real q, real y) { return y == 0 ? 0 : (p / y) * (q / y) / y; }

JK_INLINE real M(atan2_daa)(real a, real b)
{
    const real h = M(hypot)(a, b);
    return -2 * M(direction)(a, h) * M(direction)(b, h) / h / h;
}

/* a - b and a + b are rounded once, where the difference of the quotients would lose the digits that cancel; halves
 * keep them finite. */
JK_INLINE real M(atan2_dab)(real a, real b)
{
    const real h = M(hypot)(a, b), p = C(0.5) * a, q = C(0.5) * b, half = C(0.5) * h;
    return M(direction)(p - q, half) * M(direction)(p + q, half) / h / h;
}
