/* erf and its kin, by erfcx(a) = exp(a*a)*erfc(a) for a >= 0: with t = (a - shift)/(a + shift) in [-1, 1], (1 + a)*erfcx(a)
 * is a polynomial in t, and so are its derivatives with higher powers of 1 + a.  1 + a makes them flat at both ends, so
 * that the rounding of t does not count. */
#include "vmath/erf_polynomials.h"

/* 2**k * (1 + rest), where rest is exp(r) - 1 for |r| <= log(2)/2: one rounding less than a number would have. */
typedef struct N(exponential) {
    real k, rest;
} N(exponential);

/* The first bits of 0 <= a <= ndtr_end: their square is exact. */
JK_INLINE real M(head)(real a) { return (a + N(square_shift)) - N(square_shift); }

/* exp(high + low) */
JK_INLINE N(exponential) M(exp_of_pair)(real high, real low)
{
    const real k = M(round)((high + low) * N(log2e));
    const real r = (high - k * N(ln2_hi)) - (k * N(ln2_lo) - low);
    return (N(exponential)){k, r + r * r * N(exp_tail)(r)};
}

/* exp(scale*a*a) for scale = -1, -1/2 or 1 and a up to ndtr_end */
JK_INLINE N(exponential) M(exp_of_square)(real a, real scale)
{
    const real head = M(head)(a);
    return M(exp_of_pair)(scale * (head * head), scale * ((a - head) * (a + head)));
}

/* m*exp, right also where the result is subnormal. */
JK_INLINE real M(times_exponential)(real m, N(exponential) e)
{
    const real half = M(round)(e.k * C(0.5));
    return (m + m * e.rest) * M(two_to)(half, 0) * M(two_to)(e.k - half, 0);
}

/* The same for an exp whose exponent is that of a normal number. */
JK_INLINE real M(times_normal_exp)(real m, N(exponential) e) { return (m + m * e.rest) * M(two_to)(e.k, 0); }

JK_INLINE real M(pair_times_exp)(N(pair) m, N(exponential) e)
{
    const real half = M(round)(e.k * C(0.5));
    return (m.high + (m.high * e.rest + (m.low + m.low * e.rest))) * M(two_to)(half, 0) * M(two_to)(e.k - half, 0);
}

/* (a - shift)/(a + shift), also for an infinite a */
JK_INLINE real M(bounded)(real a, real shift)
{
    const real inside = a > C(0x1p60) ? C(0x1p60) : a;
    return (inside - shift) / (inside + shift);
}

/* (middle + s)/(d + rest), where products of d with numbers of few bits are exact; `inverse` is about 1/d. */
JK_INLINE N(pair) M(pair_quotient)(real middle, real s, real q, real d, real rest, real inverse)
{
    const real p = middle + s, low = s - (p - middle);
    return (N(pair)){q, (((p - q * d) - q * rest) + low) * inverse};
}

/* (middle + s)/(start + a) for a up to ndtr_end */
JK_INLINE N(pair) M(over_sum)(real middle, real s, real start, real a, real inverse)
{
    const real head = M(head)(a), q = ((middle + s) * inverse + N(quotient_shift)) - N(quotient_shift);
    return M(pair_quotient)(middle, s, q, start + head, a - head, inverse);
}

/* erfcx(a) for a up to erfc_end */
JK_INLINE N(pair) M(erfcx_pair)(real a)
{
    const real d = 1 + a, e = a + N(erfcx_shift), inverse = 1 / (d * e);
    const real s = N(erfcx_bounded)((a - N(erfcx_shift)) * (d * inverse));
    return M(over_sum)(N(erfcx_middle), s, 1, a, e * inverse);
}

/* The same for any a; a large one takes the 1 into its rest. */
JK_INLINE real M(erfcx_positive)(real a)
{
    const int large = a > 16, huge = a > C(0x1p60);
    const real inside = huge ? 1 : a, inverse = 1 / (1 + inside), s = N(erfcx_bounded)(M(bounded)(a, N(erfcx_shift)));
    const real q = M(halves)((N(erfcx_middle) + s) * inverse).high;
    const real head = large ? M(halves)(inside).high : M(head)(inside), rest = inside - head;
    const N(pair)
        y = M(pair_quotient)(N(erfcx_middle), s, q, large ? head : 1 + head, large ? rest + 1 : rest, inverse);
    return huge ? C(0.5) * N(two_over_sqrt_pi) / a : y.high + y.low;
}

/* -erfcx'(a) and erfcx''(a) for a >= 0 */
JK_INLINE real M(erfcx_first_positive)(real a)
{
    return N(erfcx_first)(M(bounded)(a, N(erfcx_shift))) / (1 + a) / (1 + a);
}
JK_INLINE real M(erfcx_second_positive)(real a)
{
    return N(erfcx_second)(M(bounded)(a, N(erfcx_shift))) / (1 + a) / (1 + a) / (1 + a);
}

JK_INLINE real M(erf)(real x)
{
    const real a = M(fabs)(x), inside = a > 6 ? 6 : a;
    const real q = N(erf_large)((inside - N(erf_shift)) / (inside + N(erf_shift))) / (1 + inside);
    const real large = 1 - M(times_normal_exp)(q, M(exp_of_square)(inside, -1));
    return LIBM(copysign)(a < C(0.75) ? a + a * N(erf_small)(a * a) : large, x);
}

JK_INLINE real M(erfc)(real x)
{
    const real a = M(fabs)(x), inside = a > N(erfc_end) ? N(erfc_end) : a;
    const real tail = M(pair_times_exp)(M(erfcx_pair)(inside), M(exp_of_square)(inside, -1));
    return x < 0 ? 2 - tail : tail;
}

/* 2*exp(x*x) - erfcx(-x) for x < 0: at a quarter of the scale, so that 2**k does not overflow before the result does. */
JK_INLINE real M(erfcx)(real x)
{
    const real a = M(fabs)(x), q = M(erfcx_positive)(a);
    const N(exponential) e = M(exp_of_square)(a > N(erfcx_end) ? N(erfcx_end) : a, 1);
    const real power = M(two_to)(e.k, -1);
    return x < 0 ? 4 * (power + (power * e.rest - C(0.25) * q)) : q;
}

JK_INLINE real M(erfcx_slope)(real x)
{
    const real a = M(fabs)(x), inside = a > N(erfcx_end) ? N(erfcx_end) : a;
    const N(exponential) e = M(exp_of_square)(inside, 1);
    const real grown = 8 * ((inside + inside * e.rest) * M(two_to)(e.k, -1));
    return -(M(erfcx_first_positive)(a) + (x < 0 ? grown : 0));
}

JK_INLINE real M(erfcx_curve)(real x)
{
    const real a = M(fabs)(x), inside = a > N(erfcx_end) ? N(erfcx_end) : a, m = 1 + 2 * (inside * inside);
    const N(exponential) e = M(exp_of_square)(inside, 1);
    const real grown = 8 * ((m + m * e.rest) * M(two_to)(e.k, -1)), q = M(erfcx_second_positive)(a);
    return x < 0 ? grown - q : q;
}

/* factor*exp(-x*x) */
JK_INLINE real M(bell)(real factor, real x)
{
    const real a = M(fabs)(x);
    return M(times_exponential)(factor, M(exp_of_square)(a > N(erfc_end) ? N(erfc_end) : a, -1));
}
JK_INLINE real M(erf_slope)(real x) { return M(bell)(N(two_over_sqrt_pi), x); }
JK_INLINE real M(erf_second)(real x)
{
    return M(bell)(-2 * N(two_over_sqrt_pi) * M(clip)(x, -N(erfc_end), N(erfc_end)), x);
}

/* x, and x times a polynomial in w = -log(1 - x*x), which is smooth for |x| < 1; nearer to 1, v = sqrt(-log((1 - |x|)/2)), and
 * v times one in (v - shift)/(v + shift).  1 - |x| is exact where that matters, and what rounding
 * took from v is added. */
JK_INLINE real M(erfinv)(real x)
{
    const real a = M(fabs)(x), rest = 1 - a;
    const int center = a < N(erfinv_last);
    const real w = -M(log_normal)(rest * (center ? 1 + a : C(0.5))), v = M(sqrt)(w);
    const real t = (v - N(erfinv_shift)) / (v + N(erfinv_shift));
    const N(pair) square = M(two_product)(v, v);
    const real lost = ((w - square.high) - square.low) * (N(erfinv_inverse) - 2 * N(erfinv_inverse) * t);
    const real tail = v + (v * N(erfinv_tail)(t) + lost);
    const real inside = center ? a + a * N(erfinv_center)(w) : tail;
    return LIBM(copysign)(a < 1 ? inside : a == 1 ? (real)INFINITY : (real)NAN, x);
}

/* sqrt(pi)/2 * exp(y*y), where exp(y*y) = erfcx(|y|)/erfc(|y|) and erfc(|y|) = 1 - |x| */
JK_INLINE real M(erfinv_slope)(real x, real y)
{
    const real a = M(fabs)(x);
    const real slope = N(half_sqrt_pi) * M(erfcx_positive)(M(fabs)(y)) / (1 - a);
    return a == 1 ? (real)INFINITY : slope;
}

JK_INLINE real M(erfinv_second)(real x, real y)
{
    const real slope = M(erfinv_slope)(x, y);
    return 2 * y * slope * slope;
}
