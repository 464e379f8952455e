/* Products with logarithms: 0 where their first factor is 0. */
JK_INLINE real M(xlogy)(real a, real b) { return a == 0 && b == b ? 0 : a * M(log)(b); }
JK_INLINE real M(xlog1py)(real a, real b) { return a == 0 && b == b ? 0 : a * M(log1p)(b); }
/* t*a/b, through a/b where that is a number without loss, and 0 where a = 0 */
JK_INLINE real M(part)(real t, real a, real b)
{
    const real r = a / b;
    const int normal = (M(fabs)(r) >= N(least_normal)) & (M(fabs)(r) < (real)INFINITY);
    return a == 0 && b == b ? 0 : normal ? t * r : M(quotients)(t, b, a, 1, 1);
}
/* h*t*a/(b*b), and 0 where a = 0 */
JK_INLINE real M(part_of_square)(real h, real t, real a, real b)
{
    return a == 0 && b == b ? 0 : M(product)(h, t, a / b / b);
}

JK_INLINE real M(entr_normal)(real x) { return -(x * M(log_normal)(x)); }
JK_INLINE real M(entr)(real x) { return x < 0 ? -(real)INFINITY : x == 0 ? 0 : -(x * M(log)(x)); }

/* log(a/b) for positive, finite a and b, through s = (p - q)/(p + q) for significands p and q from sqrt(1/2) to sqrt(2)
 * apart: no quotient is rounded, and p - q is exact. */
JK_INLINE real M(log_ratio)(real a, real b)
{
    const N(split) x = M(split)(a, 1), y = M(split)(b, 1);
    const real q = y.significand;
    const int above = x.significand * N(sqrt_half) > q, below = q * N(sqrt_half) > x.significand;
    const real p = x.significand * (above   ? C(0.5)
                                    : below ? 2
                                            : 1),
               k = x.exponent - y.exponent + (real)(above - below);
    const real s = (p - q) / (p + q), z = s * s;
    return k * N(ln2_hi) + (2 * s + (s * z * N(log_tail)(z) + k * N(ln2_lo)));
}

/* The same where a or b may be 0 or infinite. */
JK_INLINE real M(log_ratio_choose)(real a, real b, real inside)
{
    const real end = (a > 0) & (b < (real)INFINITY) ? (real)INFINITY : -(real)INFINITY;
    const int is_finite = (a > 0) & (b > 0) & (a < (real)INFINITY) & (b < (real)INFINITY);
    const int undefined = (a == b) | (a < 0) | (b < 0) | (a != a) | (b != b);
    return is_finite ? inside : undefined ? (real)NAN : end;
}

JK_INLINE real M(entropy_choose)(real a, real b, real inside, real at_zero)
{
    const real outside = (a == 0) & (b >= 0) ? at_zero : (real)INFINITY;
    return a != a || b != b ? a + b : (a > 0) & (b > 0) ? inside : outside;
}

JK_INLINE real M(rel_entr)(real a, real b)
{
    return M(entropy_choose)(a, b, a * M(log_ratio_choose)(a, b, M(log_ratio)(a, b)), 0);
}

/* Whether a quotient of a and b, its logarithm or what it leaves takes more than two splits of normal numbers. */
JK_INLINE int M(is_far_ratio)(real a, real b)
{
    return !((a >= N(least_normal)) & (a < (real)INFINITY) & (b >= N(least_normal)) & (b < (real)INFINITY));
}

/* b over the power of two of a, or of itself, for positive normal numbers: the exponents are integers. */
JK_INLINE real M(in_units_of)(real b, real a, int itself)
{
    const N(word) end = M(bits)((real)INFINITY);
    return M(from_bits)(M(bits)(b) - (itself ? M(bits)(b) & end : M(bits)(a) & end) + M(bits)(1));
}

/* a*log(a/b) - a + b, through p = a and q = b in units of one power of two where a/b is from 1/3 to 3, and of one for
 * each elsewhere: with s = (p - q)/(p + q) the logarithm of p/q is 2*s + s*w.  Where the terms would cancel the result is
 * (a - b)*(s + (1 + s)*w/2). */
JK_INLINE real M(kl_div)(real a, real b, int far)
{
    const N(split) x = far ? M(split)(a, 1) : M(split_normal)(a, 1), y = far ? M(split)(b, 1) : M(split_normal)(b, 1);
    const int near = (a <= 3 * b) & (b <= 3 * a);
    const real apart = x.exponent - y.exponent, k = near ? 0 : apart, p = x.significand;
    const real q = far ? y.significand * M(two_to)(near ? -apart : 0, 0) : M(in_units_of)(b, a, !near);
    const real s = (p - q) / (p + q), z = s * s, tail = N(log_third_tail)(z), w = s * z, d = a - b;
    const real small = d * (s + (C(0.5) * z + C(0.5) * w) * tail);
    const real l = (k * N(ln2_hi) + 2 * s) + (w * tail + k * N(ln2_lo));
    const real large = a > b ? a * (l - 1) + b : a * l - d, inside = near ? small : large;
    if (!far) return inside;
    const real end = a < (real)INFINITY ? inside : (real)INFINITY;
    return M(entropy_choose)(a, b, b < (real)INFINITY ? end : (real)NAN, b);
}

/* Their slopes: NaN where a or b is negative, and 0 by a at the origin, where the value jumps. */
JK_INLINE real M(entropy_slope)(real a, real b, real slope)
{
    return (a < 0) | (b < 0) ? (real)NAN : (a == 0) & (b == 0) ? 0 : slope;
}
JK_INLINE real M(kl_div_da)(real a, real b)
{
    return M(entropy_slope)(a, b, M(log_ratio_choose)(a, b, M(log_ratio)(a, b)));
}
JK_INLINE real M(rel_entr_da)(real a, real b)
{
    return M(entropy_slope)(a, b, M(log_ratio_choose)(a, b, M(log_ratio)(a, b)) + 1);
}
JK_INLINE real M(rel_entr_db)(real t, real a, real b) { return (a < 0) | (b < 0) ? (real)NAN : -M(part)(t, a, b); }
JK_INLINE real M(kl_div_db)(real t, real a, real b)
{
    return (a < 0) | (b < 0) ? (real)NAN : (a == 0) & (b == b) ? t : M(part)(t, b - a, b);
}
