/* The normal distribution, and what is made of it.  For a >= 0 ndtr(-a) = exp(-a*a/2)*mills(a). */

JK_INLINE real M(mills)(real a)
{
    return (N(mills_middle) + N(mills_bounded)(M(bounded)(a, N(mills_shift)))) / (N(mills_start) + a);
}

/* The same with more digits for a up to ndtr_end, and as it is up to 2**60 */
JK_INLINE N(pair) M(mills_pair)(real a)
{
    const real d = N(mills_start) + a, e = a + N(mills_shift), inverse = 1 / (d * e);
    const real s = N(mills_bounded)((a - N(mills_shift)) * (d * inverse));
    const N(pair) q = M(over_sum)(N(mills_middle), s, N(mills_start), a, e * inverse);
    const int large = a > N(ndtr_end);
    return (N(pair)){large ? (N(mills_middle) + s) * (e * inverse) : q.high, large ? 0 : q.low};
}

/* exp(-x*x/2); the a beyond which that is 0 */
JK_INLINE real M(before_ndtr_end)(real x)
{
    const real a = M(fabs)(x);
    return a > N(ndtr_end) ? N(ndtr_end) : a;
}
JK_INLINE N(exponential) M(normal_exp)(real x) { return M(exp_of_square)(M(before_ndtr_end)(x), C(-0.5)); }

JK_INLINE real M(ndtr)(real x)
{
    const real tail = M(pair_times_exp)(M(mills_pair)(M(before_ndtr_end)(x)), M(normal_exp)(x));
    return x > 0 ? 1 - tail : tail;
}
JK_INLINE real M(ndtr_slope)(real x) { return M(times_exponential)(N(density), M(normal_exp)(x)); }
JK_INLINE real M(ndtr_second)(real x)
{
    return M(times_exponential)(-N(density) * M(clip)(x, -N(ndtr_end), N(ndtr_end)), M(normal_exp)(x));
}

/* log(mills(-x)) - x*x/2 for x < 0, else log1p(-ndtr(-x)); v rounds its argument, `rest` is what that takes from it. */
JK_INLINE real M(log_ndtr)(real x)
{
    const real a = M(fabs)(x);
    const N(pair) q = M(mills_pair)(a > C(0x1p60) ? C(0x1p60) : a);
    const N(exponential) e = M(normal_exp)(x);
    const real power = M(two_to)(M(round)(e.k * C(0.5)), 0) * M(two_to)(e.k - M(round)(e.k * C(0.5)), 0);
    const real high = q.high * power, low = (q.low + (q.high + q.low) * e.rest) * power;
    const real v = x < 0 ? q.high + q.low : 1 - (high + low);
    const real rest = x < 0 ? (q.high - v) + q.low : ((1 - v) - high) - low;
    return -M(fabs)(M(log_plus_normal)(v, rest / v) - (x < 0 ? C(0.5) * a * a : 0));
}

/* density(x)/ndtr(x), for x < 0 without their common factor, and times what mills is divided by */
JK_INLINE real M(log_ndtr_slope)(real x)
{
    const real a = M(fabs)(x), sum = N(mills_start) + a;
    const real p = N(mills_middle) + N(mills_bounded)(M(bounded)(a, N(mills_shift)));
    const N(exponential) e = M(normal_exp)(x);
    const real r = (x < 0 ? N(density) : M(times_exponential)(N(density), e)) /
                   (x < 0 ? p : 1 - M(times_exponential)(p / sum, e));
    return x < 0 ? (a > C(0x1p60) ? a : r * sum) : r;
}

/* -r*(r + x) for the slope r.  For x < 0 r + x is what is left of a difference, -sqrt(1/2)*erfcx'(a)/2 over mills for
 * a = |x|/sqrt(2); for x > 0 r is the small factor, and may be subnormal where the product is not. */
JK_INLINE real M(log_ndtr_second)(real x)
{
    const real a = M(fabs)(x), inside = a > C(0x1p30) ? C(0x1p30) : a, q = M(mills)(inside);
    const real left = N(density) / q * (N(quarter_sqrt_two) * M(erfcx_first_positive)(inside * N(sqrt_half)) / q);
    const N(exponential) e = M(normal_exp)(x);
    const real whole = 1 - M(times_exponential)(q, e), r = M(times_exponential)(N(density), e) / whole;
    return -(x < 0 ? left : M(times_exponential)(N(density) * (r + M(before_ndtr_end)(x)) / whole, e));
}

/* x*ndtr(x), where ndtr may be subnormal and the product not. */
JK_INLINE real M(gelu)(real x)
{
    const N(pair) q = M(mills_pair)(M(before_ndtr_end)(x));
    const real by = x > 0 ? 1 : M(clip)(x, -N(ndtr_end), 0);
    const real tail = M(pair_times_exp)((N(pair)){by * q.high, by * q.low}, M(normal_exp)(x));
    return LIBM(copysign)(x > 0 ? x * (1 - tail) : tail, x);
}

/* ndtr(x) + x*density(x) */
JK_INLINE real M(gelu_slope)(real x)
{
    const real a = M(before_ndtr_end)(x), tail = M(times_exponential)(M(mills)(a) - a * N(density), M(normal_exp)(x));
    return x > 0 ? 1 - tail : tail;
}

/* (2 - x*x)*density(x) */
JK_INLINE real M(gelu_second)(real x)
{
    const real a = M(before_ndtr_end)(x);
    return M(times_exponential)(N(density) * (2 - a * a), M(normal_exp)(x));
}

/* gelu with ndtr(x) replaced by sigmoid(w), w = 2*sqrt(2/pi)*(x + 0.044715*x**3), which is
 * (1 + tanh(w/2))/2.  In the tail exp(w) counts, and all digits of w. */
JK_INLINE N(exponential) M(gelu_tanh_exp)(real a)
{
    if (sizeof(real) < sizeof(other)) {
        const other wide = (other)a, w = -wide * ((other)gelu_linear_f64 + (other)gelu_cubic_f64 * wide * wide);
        return M(exp_of_pair)((real)w, (real)(w - (other)(real)w));
    }
    const N(pair) z = M(two_product)(a, a), cubic = M(two_product)(N(gelu_cubic), z.high);
    const N(pair) sum = M(two_sum)(N(gelu_linear), cubic.high), w = M(two_product)(a, sum.high);
    const real low = N(gelu_cubic) * z.low + N(gelu_cubic_low) * z.high + cubic.low;
    return M(exp_of_pair)(-w.high, -(w.low + a * (sum.low + (low + N(gelu_linear_low)))));
}

JK_INLINE real M(before_gelu_tanh_end)(real x)
{
    const real a = M(fabs)(x);
    return a > N(gelu_tanh_end) ? N(gelu_tanh_end) : a;
}

JK_INLINE real M(gelu_tanh)(real x)
{
    const real a = M(before_gelu_tanh_end)(x);
    const N(exponential) e = M(gelu_tanh_exp)(a);
    const real y = (x < -a ? -a : x) / (1 + M(times_exponential)(1, e));
    return x > 0 ? y : M(times_exponential)(y, e);
}

/* sigmoid(w) + x*sigmoid(w)*sigmoid(-w)*w' */
JK_INLINE real M(gelu_tanh_slope)(real x)
{
    const real a = M(before_gelu_tanh_end)(x), slope = N(gelu_linear) + 3 * N(gelu_cubic) * (a * a);
    const N(exponential) e = M(gelu_tanh_exp)(a);
    const real small = M(times_exponential)(1, e), p = 1 / (1 + small);
    return x > 0 ? p * (1 + a * (small * p) * slope) : M(times_exponential)(p * (1 - a * p * slope), e);
}

JK_INLINE real M(gelu_tanh_second)(real x)
{
    const real a = M(before_gelu_tanh_end)(x), z = a * a, slope = N(gelu_linear) + 3 * N(gelu_cubic) * z;
    const N(exponential) e = M(gelu_tanh_exp)(a);
    const real small = M(times_exponential)(1, e), p = 1 / (1 + small);
    const real sum = 2 * slope + 6 * N(gelu_cubic) * z - a * (p * (1 - small)) * (slope * slope);
    return M(times_exponential)(p * p * sum, e);
}
