/* The inverse hyperbolic functions, and their slopes.  With s = tanh(y), y = s + s**3*atanh_tail(s**2); powers of two taken
 * from exp(y) or exp(2*y) keep |s| below 0.316. */

/* x = m*2**k with 0.9 <= m < 1.8, for x > 1/4; `shrink` is 2**(1 - k), or 0 for the largest k. */
typedef struct N(scaled) {
    real m, k, shrink;
} N(scaled);

JK_INLINE N(scaled) M(scaled)(real x)
{
    const N(word) one = M(bits)(1), least = M(bits)(C(0.9)), unit = (N(word))1 << N(n_fraction);
    const N(word) sum = M(bits)(x) + (one - least);
    const real biased = M(from_bits)(M(bits)(N(two_to_fraction)) | (sum >> N(n_fraction))) - N(two_to_fraction);
    return (N(scaled)){M(from_bits)((sum & (unit - 1)) + least), biased - N(bias),
                       M(from_bits)((2 * one + unit) - (sum & ~(unit - 1)))};
}

/* log(2*(x + rest)) as k*log(2) + 2*atanh(s), for x > 1/4 and a rest within its last digit, which is 0 where x is large */
typedef struct N(log_parts) {
    real k, s, tail;
} N(log_parts);

JK_INLINE N(log_parts) M(log_parts)(real x, real rest)
{
    const N(scaled) g = M(scaled)(x);
    const real f = g.m - 1, s = (f + C(0.5) * rest * g.shrink) / (2 + f), z = s * s;
    return (N(log_parts)){g.k + 1, s, z * N(atanh_tail)(z)};
}

JK_INLINE real M(log_sum)(N(log_parts) a)
{
    const N(pair) sum = M(fast_two_sum)(a.k * N(ln2_hi), 2 * a.s);
    return sum.high + (sum.low + (2 * a.s * a.tail + a.k * N(ln2_lo)));
}

/* y = log(a + w) for w = sqrt(1 + a*a), through half of the sum.  Where no power of two is taken from it, s = tanh(y/2),
 * 2*s = a*(1 - s*s), and the first term of y = a - s*(s*a - 2*tail) is exact. */
JK_INLINE real M(asinh)(real x)
{
    const real a = M(fabs)(x), w = a > C(0x1p28) ? a : M(sqrt)(1 + a * a);
    const N(pair) sum = M(fast_two_sum)(C(0.5) * w, C(0.5) * a);
    const N(log_parts) parts = M(log_parts)(sum.high, sum.low);
    const real small = a - parts.s * (parts.s * a - 2 * parts.tail), large = M(log_sum)(parts);
    const real y = parts.k == 0 ? small : large;
    return LIBM(copysign)(a < (real)INFINITY ? y : a, x);
}

/* sqrt(2*d)*(1 - d*acosh_tail(d)) for d = x - 1 up to 1/4, then log(x + sqrt(x*x - 1)) like asinh. */
JK_INLINE real M(acosh)(real x)
{
    const real d = x - 1;
    const int low = d <= C(0.25);
    const real root = M(sqrt)(low ? 2 * d : d * (1 + x)), w = x > C(0x1p28) ? x : root;
    const N(pair) sum = M(fast_two_sum)(C(0.5) * x, C(0.5) * w);
    const real small = root - root * (d * N(acosh_tail)(d)), large = M(log_sum)(M(log_parts)(sum.high, sum.low));
    const real y = low ? small : large;
    return x < (real)INFINITY ? y : x + d;
}

/* With p = 1 + a and q = (1 - a)*2**k, which is between p/1.91 and p/0.85, y = k*log(2)/2 + atanh((p - q)/(p + q)); with
 * k = 0 the quotient is a itself.  What rounding takes from p and q returns in the difference, where it counts. */
JK_INLINE real M(atanh)(real x)
{
    const real a = M(fabs)(x);
    const N(pair) p = M(fast_two_sum)(1, a), q = M(fast_two_sum)(1, -a);
    const N(word) offset = M(bits)(C(1.15)) - M(bits)(1), unit = (N(word))1 << N(n_fraction);
    const N(word) distance = (M(bits)(p.high) - M(bits)(q.high) + offset) & ~(unit - 1);
    const real power = M(from_bits)(M(bits)(1) + distance);
    const real k = M(from_bits)(M(bits)(N(two_to_fraction)) | (distance >> N(n_fraction))) - N(two_to_fraction);
    const real scaled = q.high * power, difference = (p.high - scaled) + (p.low - q.low * power);
    const real s = (k == 0 ? a : difference) / (k == 0 ? 1 : p.high + scaled), z = s * s, half = C(0.5) * k;
    const real y = half * N(ln2_hi) + (s + (s * (z * N(atanh_tail)(z)) + half * N(ln2_lo)));
    const real outside = a == 1 ? (real)INFINITY : (real)NAN;
    return LIBM(copysign)(a < 1 ? y : outside, x);
}

/* sqrt(1 + x*x), where x*x might overflow |x| */
JK_INLINE real M(sqrt_one_plus_square)(real x) { return M(fabs)(x) > C(1e9) ? M(fabs)(x) : M(sqrt)(1 + x * x); }

/* -x/(1 + x*x)^(3/2), through 1/x where the 1 does not count */
JK_INLINE real M(asinh_second)(real x)
{
    const real q = 1 + x * x, r = 1 / x;
    return M(fabs)(x) > C(1e9) ? -M(sign)(x) * r * r : -x / (q * M(sqrt)(q));
}

/* x*x - 1 keeps its digits near 1; x below, which has no acosh, makes NaN. */
JK_INLINE real M(square_minus_one)(real x) { return x >= 1 ? (x - 1) * (x + 1) : (real)NAN; }

/* t/sqrt(x*x - 1) */
JK_INLINE real M(over_acosh)(real t, real x) { return t / (x > C(1e9) ? x : M(sqrt)(M(square_minus_one)(x))); }

/* -x/(x*x - 1)^(3/2) */
JK_INLINE real M(acosh_second)(real x)
{
    const real q = M(square_minus_one)(x), r = 1 / x;
    return x > C(1e9) ? -r * r : -x / (q * M(sqrt)(q));
}

/* 1 - x*x, where atanh is defined */
JK_INLINE real M(atanh_square)(real x) { return M(fabs)(x) <= 1 ? M(one_minus_square)(x) : (real)NAN; }

/* 2x/(1 - x*x)^2 */
JK_INLINE real M(atanh_second)(real x)
{
    const real q = M(atanh_square)(x);
    return 2 * (x / q) / q;
}
