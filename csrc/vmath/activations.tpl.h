/* What models are made of, and slopes. */
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
