/* log and log1p: x = 2**k * m with sqrt(1/2) <= m < sqrt(2), so that log(x) = k*log(2) + log(m). */
#include "vmath/log_polynomials.h"

/* log(1 + f) for 0 <= f <= 1, as f - s*(f - s*s*tail): the leading f is exact. */
JK_INLINE real M(log1p_unit)(real f)
{
    const real s = f / (2 + f), z = s * s;
    return f - s * (f - z * N(log1p_tail)(z));
}

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
