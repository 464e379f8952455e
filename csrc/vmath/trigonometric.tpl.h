/* The trigonometric functions and the inverse ones, with the inverse hyperbolic, and their slopes. */
static const real N(near_end) = (real)INFINITY; /* far arguments are larger */

JK_INLINE real M(sin)(real x, int far) { return (void)far, LIBM(sin)(x); }
JK_INLINE real M(cos)(real x, int far) { return (void)far, LIBM(cos)(x); }
JK_INLINE real M(tan)(real x, int far) { return (void)far, LIBM(tan)(x); }
JK_INLINE real M(asin)(real x) { return LIBM(asin)(x); }
JK_INLINE real M(acos)(real x) { return LIBM(acos)(x); }
JK_INLINE real M(atan)(real x) { return LIBM(atan)(x); }
JK_INLINE real M(asinh)(real x) { return LIBM(asinh)(x); }
JK_INLINE real M(atan2)(real a, real b) { return LIBM(atan2)(a, b); }

/* t/(1 + x*x); where x*x might overflow, the 1 does not count. */
JK_INLINE real M(over_one_plus_square)(real t, real x)
{
    const int large = M(fabs)(x) > C(1e9);
    return t / (large ? x : 1) / (large ? x : 1 + x * x);
}

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

/* t*b/(a*a + b*b), scaled by the larger of the two so that the squares neither overflow nor vanish. */
JK_INLINE real M(atan2_da)(real t, real a, real b)
{
    const int b_larger = M(fabs)(b) >= M(fabs)(a);
    const real big = b_larger ? b : a, r = (b_larger ? a : b) / big;
    return M(quotients)(t, big, b_larger ? 1 : b, b_larger ? 1 : big, 1 / (1 + r * r));
}

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
