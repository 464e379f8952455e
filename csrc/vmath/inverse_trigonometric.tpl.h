/* The inverse trigonometric functions, and their slopes. */

/* asin(r) - r, where r is |x|, or from 1/2 on sqrt((1 - |x|)/2), of which asin is pi/4 - asin(|x|)/2. */
typedef struct N(arc) {
    real r, tail;
    int steep;
} N(arc);

JK_INLINE N(arc) M(arc)(real x)
{
    const real a = M(fabs)(x);
    const int steep = a > C(0.5);
    const real z = steep ? C(0.5) * (1 - a) : a * a, r = steep ? M(sqrt)(z) : a;
    return (N(arc)){r, r * (z * N(asin_tail)(z)), steep};
}

/* base + (r + tail), for a multiple of pi/4 with its rest, which is 0 or not below |r|. */
JK_INLINE real M(from_base)(real base, real base_lo, real r, real tail)
{
    const N(pair) sum = M(fast_two_sum)(base, r);
    return sum.high + (sum.low + (base_lo + tail));
}

JK_INLINE real M(asin)(real x)
{
    const N(arc) a = M(arc)(x);
    const real y = M(from_base)(C(0.5) * N(pi), C(0.5) * N(pi_lo), -2 * a.r, -2 * a.tail);
    return LIBM(copysign)(a.steep ? y : a.r + a.tail, x);
}

/* pi/2 - asin(x), or from |x| = 1/2 on 2*asin(r) or pi less that. */
JK_INLINE real M(acos)(real x)
{
    const N(arc) a = M(arc)(x);
    const real turns = a.steep ? (x < 0 ? 1 : 0) : C(0.5), factor = a.steep ? (x < 0 ? -2 : 2) : x < 0 ? 1 : -1;
    return M(from_base)(turns * N(pi), turns * N(pi_lo), factor * a.r, factor * a.tail);
}

/* The angle of (x, y), 0 <= x, y, less n*pi/4, which leaves a tangent r of at most 1/2.  In the middle y - x is exact, and
 * quarters keep y + x finite.  Differences tell which it is where halves would vanish, and two infinities are in the middle. */
typedef struct N(eighths) {
    real n, r;
} N(eighths);

JK_INLINE N(eighths) M(eighths)(real y, real x)
{
    const real difference = y - x, scale = y > 1 ? C(0.25) : 1;
    const int flat = -difference >= y, steep = difference > x;
    const real p = flat ? y : steep ? -x : scale * difference, q = flat ? x : steep ? y : scale * y + scale * x;
    return (N(eighths)){flat ? 0 : steep ? 2 : 1, y == x ? 0 : p / q};
}

JK_INLINE real M(from_eighths)(real n, real r)
{
    const real z = r * r;
    return C(0.25) * N(pi) * n + (r + (r * (z * N(atan_tail)(z)) + C(0.25) * N(pi_lo) * n));
}

JK_INLINE real M(atan)(real x)
{
    const N(eighths) a = M(eighths)(M(fabs)(x), 1);
    return LIBM(copysign)(M(from_eighths)(a.n, a.r), x);
}

/* The angle of (b, a); for b < 0, -0 too, pi less that of (-b, a). */
JK_INLINE real M(atan2)(real a, real b)
{
    const N(eighths) angle = M(eighths)(M(fabs)(a), M(fabs)(b));
    const int left = LIBM(copysign)(1, b) < 0;
    const real y = M(from_eighths)(left ? 4 - angle.n : angle.n, left ? -angle.r : angle.r);
    return LIBM(copysign)(y, a);
}

/* t/(1 + x*x); where x*x might overflow, the 1 does not count. */
JK_INLINE real M(over_one_plus_square)(real t, real x)
{
    const int large = M(fabs)(x) > C(1e9);
    return t / (large ? x : 1) / (large ? x : 1 + x * x);
}

/* (1 - x)(1 + x) keeps the digits of 1 - x*x near |x| = 1. */
JK_INLINE real M(one_minus_square)(real x) { return (1 - x) * (1 + x); }

JK_INLINE real M(asin_second)(real x)
{
    const real q = M(one_minus_square)(x);
    return x / (q * M(sqrt)(q));
}

/* -2x/(1 + x*x)^2, through 1/x where x*x may overflow. */
JK_INLINE real M(atan_second)(real x)
{
    const real q = 1 / (1 + x * x), r = 1 / x;
    return M(fabs)(x) < C(1e9) ? -2 * (x * q) * q : -2 * r * r * r;
}

/* t*b/(a*a + b*b), scaled by the larger of the two so that the squares neither overflow nor vanish; for an infinite b its
 * limit. */
JK_INLINE real M(atan2_da)(real t, real a, real b)
{
    const int b_larger = M(fabs)(b) >= M(fabs)(a);
    const real big = b_larger ? b : a, r = (b_larger ? a : b) / big;
    const real y = M(quotients)(t, big, b, big, 1 / (1 + r * r));
    return M(fabs)(b) == (real)INFINITY && r == 0 ? t / b : y;
}

/* -2*a*b/(a*a + b*b)^2.  A subnormal operand is scaled, so that its quotient by the other one keeps its digits; the
 * power of two goes where what it is taken from is a normal number, and what it is not taken from is finite. */
JK_INLINE real M(atan2_daa)(real a, real b)
{
    const int b_larger = M(fabs)(b) >= M(fabs)(a);
    const real big = b_larger ? b : a, small = b_larger ? a : b, ratio = small / big, q = 1 / (1 + ratio * ratio);
    const int tiny = M(fabs)(small) < N(least_normal), early = M(fabs)(big) < C(0x1p-26);
    const real r = (tiny ? small * N(two_to_fraction) : small) / big, back = tiny ? 1 / N(two_to_fraction) : 1;
    return -2 * (r * q) * q / big * (early ? back : 1) / big * (early ? 1 : back);
}

/* (a - b)*(a + b)/(a*a + b*b)^2.  The sums are rounded once, where the difference of the quotients would lose the digits
 * that cancel; halves keep them finite. */
JK_INLINE real M(atan2_dab)(real a, real b)
{
    const real big = M(maximum)(M(fabs)(a), M(fabs)(b)), small = M(minimum)(M(fabs)(a), M(fabs)(b));
    const real r = small / big, q = 1 / (1 + r * r), scale = big > 1 ? C(0.5) : 1;
    const real p = scale * a, s = scale * b, unit = scale * big;
    return (p - s) / unit * q * ((p + s) / unit * q) / big / big;
}
