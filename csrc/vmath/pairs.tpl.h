/* Sums and products with what rounding takes from them: a number is `high + low`, unevaluated.  All of it is exact in
 * round to nearest, as long as nothing overflows or, in products, vanishes. */
typedef struct N(pair) {
    real high, low;
} N(pair);

/* a + b */
JK_INLINE N(pair) M(two_sum)(real a, real b)
{
    const real sum = a + b, back = sum - a;
    return (N(pair)){sum, (a - (sum - back)) + (b - back)};
}

/* a + b for |a| >= |b|, or a = 0 */
JK_INLINE N(pair) M(fast_two_sum)(real a, real b)
{
    const real sum = a + b;
    return (N(pair)){sum, b - (sum - a)};
}

/* x in two halves, whose products are exact; |x| may not be near the largest number. */
JK_INLINE N(pair) M(halves)(real x)
{
    const real shifted = N(half_shift) * x, high = shifted - (shifted - x);
    return (N(pair)){high, x - high};
}

/* a*b */
JK_INLINE N(pair) M(two_product)(real a, real b)
{
    const N(pair) p = M(halves)(a), q = M(halves)(b);
    const real product = a * b;
    return (N(pair)){product, ((p.high * q.high - product) + p.high * q.low + p.low * q.high) + p.low * q.low};
}
