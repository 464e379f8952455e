/* log and its kin: x = 2**k * m with sqrt(1/2) <= m < sqrt(2), so that log(x) = k*log(2) + log(m). */
#include "vmath/log_polynomials.h"

/* log(1 + f) for 0 <= f <= 1, as f - s*(f - s*s*tail): the leading f is exact. */
JK_INLINE real M(log1p_unit)(real f)
{
    const real s = f / (2 + f), z = s * s;
    return f - s * (f - z * N(log1p_tail)(z));
}

/* log(x) + rest for a number x that is split at sqrt(1/2), and a rest that is small beside it; for a positive, finite x;
 * and for a normal one. */
JK_INLINE real M(log_plus_of)(N(split) p, real rest)
{
    const real k = p.exponent, f = p.significand - 1, s = f / (2 + f), z = s * s;
    return k * N(ln2_hi) + (f - ((s * (f - z * N(log_tail)(z)) - k * N(ln2_lo)) - rest));
}

JK_INLINE real M(log_plus)(real x, real rest) { return M(log_plus_of)(M(split)(x, N(sqrt_half)), rest); }
JK_INLINE real M(log_plus_normal)(real x, real rest) { return M(log_plus_of)(M(split_normal)(x, N(sqrt_half)), rest); }

/* What log gives where x is not positive and finite. */
JK_INLINE real M(log_choose)(real x, real inside)
{
    const real outside = x < 0 ? (real)NAN : x == 0 ? -(real)INFINITY : x;
    return x > 0 && x < (real)INFINITY ? inside : outside;
}

JK_INLINE real M(log)(real x) { return M(log_choose)(x, M(log_plus)(x, 0)); }

/* Whether x is anything but a positive, normal, finite number. */
JK_INLINE int M(is_far_logarithm)(real x) { return !((x >= N(least_normal)) & (x < (real)INFINITY)); }

JK_INLINE real M(log_normal)(real x) { return M(log_plus_normal)(x, 0); }

/* u = 1 + x rounds; log(1 + x) is log(u) + rest/u to first order in what it rounds off.  A positive u is no subnormal
 * number. */
JK_INLINE real M(log1p)(real x)
{
    const real u = 1 + x, back = u - 1, rest = (1 - (u - back)) + (x - back);
    return LIBM(copysign)(M(log_choose)(u, M(log_plus_normal)(u, rest / u)), x);
}

/* The logarithm of a number that is split at sqrt(1/2), to a base with this logarithm e of e, and that of 2, each in two
 * parts. */
JK_INLINE real M(log_in_base)(N(split) p, N(pair) e, N(pair) two)
{
    const real k = p.exponent, f = p.significand - 1, s = f / (2 + f), z = s * s;
    const real below = s * (f - z * N(log_tail)(z)), high = M(upper_half)(f - below), low = (f - high) - below;
    const N(pair) sum = M(fast_two_sum)(k * two.high, high * e.high);
    return sum.high + (sum.low + (k * two.low + (low * e.high + (high + low) * e.low)));
}

JK_INLINE real M(log2_of)(N(split) p)
{
    return M(log_in_base)(p, (N(pair)){N(log2e_hi), N(log2e_lo)}, (N(pair)){1, 0});
}

JK_INLINE real M(log10_of)(N(split) p)
{
    return M(log_in_base)(p, (N(pair)){N(log10e_hi), N(log10e_lo)}, (N(pair)){N(log10_2_hi), N(log10_2_lo)});
}

JK_INLINE real M(log2)(real x) { return M(log_choose)(x, M(log2_of)(M(split)(x, N(sqrt_half)))); }
JK_INLINE real M(log2_normal)(real x) { return M(log2_of)(M(split_normal)(x, N(sqrt_half))); }
JK_INLINE real M(log10)(real x) { return M(log_choose)(x, M(log10_of)(M(split)(x, N(sqrt_half)))); }
JK_INLINE real M(log10_normal)(real x) { return M(log10_of)(M(split_normal)(x, N(sqrt_half))); }

/* log2(1 + f) for 0 <= f <= 1 */
JK_INLINE real M(log2_1p_unit)(real f)
{
    const real s = f / (2 + f), z = s * s, below = s * (f - z * N(log1p_tail)(z));
    const real high = M(upper_half)(f - below), low = (f - high) - below;
    return high * N(log2e_hi) + (low * N(log2e_hi) + (high + low) * N(log2e_lo));
}

/* Sums of powers are b**max * (1 + w) with w = b**-|x - y|, to which goes what rounding takes from the difference. */
JK_INLINE N(pair) M(distance)(real x, real y)
{
    const N(pair) d = M(two_sum)(x, -y);
    const real low = d.high < 0 ? -d.low : d.low;
    return (N(pair)){M(fabs)(d.high), low - low == 0 ? low : 0};
}

/* An infinity is at no distance from itself. */
JK_INLINE real M(exp_apart)(real x, real y)
{
    const N(pair) d = M(distance)(x, y);
    const real w = M(exp)(-d.high);
    return x == y ? 1 : w - w * d.low;
}

JK_INLINE real M(exp2_apart)(real x, real y)
{
    const N(pair) d = M(distance)(x, y);
    const real w = M(exp2)(-d.high);
    return x == y ? 1 : w - w * (d.low * N(ln2));
}

JK_INLINE real M(logaddexp)(real x, real y) { return M(maximum)(x, y) + M(log1p_unit)(M(exp_apart)(x, y)); }
JK_INLINE real M(logaddexp2)(real x, real y) { return M(maximum)(x, y) + M(log2_1p_unit)(M(exp2_apart)(x, y)); }

/* The share that x has of the sum, with w as above, and how fast it grows. */
JK_INLINE real M(share)(real x, real y, real w) { return (x >= y ? 1 : w) / (1 + w); }
JK_INLINE real M(share_slope)(real w) { return w / ((1 + w) * (1 + w)); }
