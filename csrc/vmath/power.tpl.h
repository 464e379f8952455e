/* Powers, roots and lengths, and their slopes. */
#include "vmath/power_polynomials.h"

static const real N(large_exponent) = C(0x1p66); /* to it no power is a number but that of 1 */

/* What the functions below are told of a, and hand on: whether it is far, and if not, log2(a) in two parts, in float64. */
#define JK_LOG2 int far, real log2_high, real log2_low
#define JK_LOG2_TOO far, log2_high, log2_low

/* Products of factors of any scale, of which only the last result need be a number of this dtype: here with an exponent
 * of their own, in float32 as double, where nothing overflows. */
#if JK_PASTE(JK_IS_, real) == 1

typedef N(split) N(product);

JK_INLINE N(product) M(product_of)(real x)
{
    const real size = M(fabs)(x);
    const N(split) p = M(split)(size, 1);
    const int is_number = size > 0 && size < (real)INFINITY;
    return (N(product)){is_number ? LIBM(copysign)(p.significand, x) : x, is_number ? p.exponent : 0};
}

/* |a|, which is a where it is not far */
JK_INLINE N(product) M(product_of_size)(real a, int far)
{
    return far ? M(product_of)(M(fabs)(a)) : M(split_normal)(a, 1);
}

JK_INLINE N(product) M(times)(N(product) p, N(product) q)
{
    return (N(product)){p.significand * q.significand, p.exponent + q.exponent};
}

JK_INLINE N(product) M(over)(N(product) p, N(product) q)
{
    return (N(product)){p.significand / q.significand, p.exponent - q.exponent};
}

/* Two factors reach infinity, and the subnormal numbers with one rounding. */
JK_INLINE real M(number_of_power)(N(product) p)
{
    const real half = M(round)(p.exponent * C(0.5));
    return p.significand * M(two_to)(half, 0) * M(two_to)(p.exponent - half, 0);
}

/* The significands of a few factors leave the exponent near that of the product. */
JK_INLINE real M(number_of)(N(product) p)
{
    const real end = N(bias) + N(n_fraction) + 64;
    return M(number_of_power)((N(product)){p.significand, M(clip)(p.exponent, -end, end)});
}

/* log2 of a number that is split at sqrt(3)/2: the first half of its digits, and the rest.  m is the significand, c = 1
 * or 3/2 is near it, and s = (m - c)/(m + c), in halves too; log2(m/c) = 2/3*log2(e)*s*(3 + s*s + s**4*tail). */
JK_INLINE N(pair) M(log2_pair)(N(split) p)
{
    const int first = p.significand < N(sqrt_three_halves);
    const real c = first ? 1 : C(1.5), u = p.significand - c, d = p.significand + c, inverse = 1 / d, s = u * inverse;
    const real d_high = M(upper_half)(d), d_low = p.significand - (d_high - c);
    const real s_high = M(upper_half)(s), s_low = inverse * ((u - s_high * d_high) - s_high * d_low);
    const real z = s * s, square = s_high * s_high, tail = z * z * N(log2_tail)(z) + s_low * (s_high + s);
    const real f_high = M(upper_half)(3 + square + tail), f_low = tail - ((f_high - 3) - square);
    const real product = s_high * f_high, rest = s_low * f_high + f_low * s;
    const real high = M(upper_half)(product + rest), low = rest - (high - product);
    const real log_c = first ? 0 : N(log2_three_halves_hi), log_c_low = first ? 0 : N(log2_three_halves_lo);
    const real y = N(two_thirds_log2e_hi) * high;
    const real y_low = N(two_thirds_log2e_lo) * high + low * N(two_thirds_log2e) + log_c_low;
    const real sum = M(upper_half)(((y + y_low) + log_c) + p.exponent);
    return (N(pair)){sum, y_low - (((sum - p.exponent) - log_c) - y)};
}

/* Beyond 2**8192 no factors bring a power back to the numbers, not even two cotangents and two exponents; alone it is
 * none long before. */
static const real N(factor_end) = 8192, N(power_end) = 1100;

/* |a|**b and log2|a|, for a finite a that is not 0; the power stops at 2**end.  What is not far has its logarithm from
 * JK_LOG2 for a run at once: both steps together are a chain so long that a processor waits for it. */
typedef struct N(power) {
    N(product) power;
    real log2;
} N(power);

JK_INLINE N(pair) M(log2_parts)(real a, int far)
{
    return M(log2_pair)(far ? M(split)(M(fabs)(a), N(sqrt_three_quarters))
                            : M(split_normal)(a, N(sqrt_three_quarters)));
}

JK_INLINE N(power) M(power)(real a, real b, real end, JK_LOG2)
{
    const N(pair) l = far ? M(log2_parts)(a, 1) : (N(pair)){log2_high, log2_low};
    const real y = far ? M(clip)(b, -N(large_exponent), N(large_exponent)) : b, y_high = M(upper_half)(y);
    const real high = y_high * l.high, low = (y - y_high) * l.high + y * l.low, x = high + low;
    const real inside = M(clip)(x, -end, end), k = M(round)(inside), f = inside == x ? (high - k) + low : 0;
    return (N(power)){{M(exp2_fraction)(f), k}, l.high + l.low};
}

#else

typedef double N(product);

static const real N(factor_end) = 1000, N(power_end) = 1000;

JK_INLINE double M(product_of)(real x) { return (double)x; }
JK_INLINE double M(product_of_size)(real a, int far) { return (double)(far ? M(fabs)(a) : a); }
JK_INLINE double M(times)(double p, double q) { return p * q; }
JK_INLINE double M(over)(double p, double q) { return p / q; }
JK_INLINE real M(number_of)(double p) { return (real)p; }
JK_INLINE real M(number_of_power)(double p) { return (real)p; }

typedef struct N(power) {
    double power;
    real log2;
} N(power);

/* Half of a register at a time: no chain is waited for. */
JK_INLINE N(power) M(power)(real a, real b, real end, JK_LOG2)
{
    (void)log2_high, (void)log2_low;
    const real y = far ? M(clip)(b, -N(large_exponent), N(large_exponent)) : b;
    const split_f64 p = m_split_normal_f64(fabs((double)a), sqrt_half_f64);
    const double f = p.significand - 1, s = f / (2 + f), l = p.exponent + s * log2_over_s_wide(s * s);
    const double x = m_clip_f64((double)y * l, -(double)end, (double)end), k = m_round_f64(x), r = x - k;
    return (N(power)){(1 + r * exp2_slope_wide(r)) * m_two_to_f64(k, 0), (real)l};
}

#endif

/* Whether b is an odd integer, or one at all: from 2**n_fraction on every number is an integer, from twice that an even
 * one.  A sum with 2**n_fraction is rounded to an integer. */
JK_INLINE int M(is_integer)(real b)
{
    const real size = M(fabs)(b);
    return (size >= N(two_to_fraction)) | ((size + N(two_to_fraction)) - N(two_to_fraction) == size);
}
JK_INLINE int M(is_odd)(real b)
{
    const real half = C(0.5) * M(fabs)(b);
    return M(is_integer)(b) & (half < N(two_to_fraction)) & ((half + N(two_to_fraction)) - N(two_to_fraction) != half);
}

/* A power of 0 or infinity by an exponent other than 0: 0 or infinity. */
JK_INLINE int M(is_end)(real a) { return (a == 0) | (M(fabs)(a) == (real)INFINITY); }
JK_INLINE real M(power_of_end)(real a, real b) { return (a == 0) ^ (b < 0) ? 0 : (real)INFINITY; }

/* Whether a power needs more than the logarithm of a, because of its sign, its scale or an exception. */
JK_INLINE int M(is_far_power)(real a, real b)
{
    return !((a >= N(least_normal)) & (a < (real)INFINITY) & (M(fabs)(b) <= N(large_exponent)));
}

/* What `far` is where the exponent is a known one, whose powers are products or a root. */
#define JK_KNOWN_POWER 2

JK_INLINE real M(pow_known)(real a, real b)
{
    if (b == 0) return 1;
    if (b == -1) return 1 / a;
    if (b == C(0.5)) return M(sqrt)(M(is_end)(a) ? M(fabs)(a) : a);
    return b == 1 ? a : b == 2 ? a * a : b == 3 ? a * a * a : (a * a) * (a * a);
}

/* Every step brings the product nearer to what it will be, so that none overflows or vanishes alone. */
JK_INLINE real M(pow_known_da)(real t, real a, real b)
{
    if (b == 0) return t * 0;
    if (b == -1) return -(t / a) / a;
    if (b == C(0.5)) return t / (2 * M(sqrt)(M(is_end)(a) ? M(fabs)(a) : a));
    return b == 1 ? t : b == 2 ? 2 * (t * a) : b == 3 ? 3 * (t * a * a) : 4 * (t * a * a * a);
}

JK_INLINE real M(pow)(real a, real b, JK_LOG2)
{
    if (far == JK_KNOWN_POWER) return M(pow_known)(a, b);
    const real inside = M(number_of_power)(M(power)(a, b, N(power_end), JK_LOG2_TOO).power);
    if (!far) return inside;
    const real size = M(is_end)(a) ? M(power_of_end)(a, b) : inside;
    const real y = M(is_odd)(b) ? LIBM(copysign)(size, a) : size;
    const int undefined = (a < 0) & (a > -(real)INFINITY) & !M(is_integer)(b);
    return (a == 1) | (b == 0) ? 1 : a != a || b != b ? a + b : undefined ? (real)NAN : y;
}

/* What a product with |a|**(b - less) is: at 0 and infinity `end` times that power, which is 1 where b = less; `end`
 * alone where it is a product with 0; NaN where a < 0 and b is no integer, else with the sign of the power. */
JK_INLINE real M(power_product)(real inside, real end, int vanishes, real a, real b, real less)
{
    const real power = vanishes | (b == less) ? 1 : M(power_of_end)(a, b - less);
    const real size = M(is_end)(a) | (vanishes & (a != a)) ? end * power : inside;
    const int is_integer = M(is_integer)(b);
    const int is_odd = is_integer & (M(is_odd)(b) ^ (less == 1)) & (M(fabs)(b) < (real)INFINITY);
    const int undefined = (a < 0) & (a > -(real)INFINITY) & !is_integer;
    const real y = undefined ? (real)NAN : is_odd ? size * LIBM(copysign)(1, a) : size;
    return (a != a) & !vanishes ? a : b != b ? b : y;
}

/* A factor b beside a power of a by b: none where b is infinite and the power 0. */
JK_INLINE real M(beside_power)(real a, real b)
{
    const int vanishes = (M(fabs)(b) == (real)INFINITY) & (b < 0 ? M(fabs)(a) > 1 : M(fabs)(a) < 1);
    return vanishes ? 0 : b;
}

/* t*b*a**(b - 1), and a product with 0 where b = 0. */
JK_INLINE real M(pow_da)(real t, real a, real b, JK_LOG2)
{
    if (far == JK_KNOWN_POWER) return M(pow_known_da)(t, a, b);
    const N(product) factors = M(times)(M(product_of)(t), M(product_of)(far ? M(beside_power)(a, b) : b)),
                     power = M(power)(a, b, N(factor_end), JK_LOG2_TOO).power;
    const real inside = M(number_of)(M(over)(M(times)(factors, power), M(product_of_size)(a, far)));
    if (!far) return inside;
    return M(power_product)(inside, t * M(beside_power)(a, b), b == 0, a, b, 1);
}

/* h*t*b*(b - 1)*a**(b - 2), and a product with 0 where b = 0 or b = 1. */
JK_INLINE real M(pow_daa)(real h, real t, real a, real b, JK_LOG2)
{
    const real c = far ? M(beside_power)(a, b) : b;
    const N(product) ht = M(times)(M(product_of)(h), M(product_of)(t)),
                     bb = M(times)(M(product_of)(c), M(product_of)(c - 1));
    const N(product) p = M(times)(M(times)(ht, bb), M(power)(a, b, N(factor_end), JK_LOG2_TOO).power),
                     size = M(product_of_size)(a, far);
    const real inside = M(number_of)(M(over)(M(over)(p, size), size));
    if (!far) return inside;
    return M(power_product)(inside, h * t * (c * (c - 1)), (b == 0) | (b == 1), a, b, 2);
}

/* A product with a power and the logarithm of a: 0 where a = 0, by choice, and where the power of
 * infinity vanishes. */
JK_INLINE real M(power_log_product)(real inside, real t, real a, int vanishes)
{
    const real end = t * ((a == 0) | vanishes ? 0 : (real)INFINITY);
    return a < 0 ? (real)NAN : M(is_end)(a) ? end : inside;
}

/* t*a**b*log(a) */
JK_INLINE real M(pow_db)(real t, real a, real b, JK_LOG2)
{
    const N(power) p = M(power)(a, b, N(factor_end), JK_LOG2_TOO);
    const N(product) factors = M(times)(M(product_of)(t), M(product_of)(p.log2 * N(ln2)));
    const real inside = M(number_of)(M(times)(factors, p.power));
    if (!far) return inside;
    return a != a || b != b ? a + b : M(power_log_product)(inside, t, a, b < 0);
}

/* h*t*a**b*log(a)**2 */
JK_INLINE real M(pow_dbb)(real h, real t, real a, real b, JK_LOG2)
{
    const N(power) p = M(power)(a, b, N(factor_end), JK_LOG2_TOO);
    const N(product) ht = M(times)(M(product_of)(h), M(product_of)(t)), l = M(product_of)(p.log2 * N(ln2));
    const real inside = M(number_of)(M(times)(M(times)(ht, p.power), M(times)(l, l)));
    if (!far) return inside;
    return a != a || b != b ? a + b : M(power_log_product)(inside, h * t, a, b < 0);
}

/* h*t*a**(b - 1)*(1 + b*log(a)) */
JK_INLINE real M(pow_dab)(real h, real t, real a, real b, JK_LOG2)
{
    const N(power) p = M(power)(a, b, N(factor_end), JK_LOG2_TOO);
    const real y = M(clip)(b, -N(large_exponent), N(large_exponent)), slope = 1 + y * (p.log2 * N(ln2));
    const N(product) factors = M(times)(M(times)(M(product_of)(h), M(product_of)(t)), M(product_of)(slope));
    const real inside = M(number_of)(M(over)(M(times)(factors, p.power), M(product_of_size)(a, far)));
    if (!far) return inside;
    return a != a || b != b ? a + b : M(power_log_product)(inside, h * t, a, b < 1);
}

/* x = m * 2**(3*q), 1/2 <= m < 4, has the root of m times 2**q.  That is near t = m/cbrt(m)**2, of half the digits so
 * that t*t is exact; with m = t**3 * (1 + e) it is t*(1 + e/3 - e*e/9). */
JK_INLINE real M(cbrt)(real x)
{
    const N(split) p = M(split)(M(fabs)(x), 1);
    const real q = M(round)(p.exponent * C(0.3333333333333333)), r = p.exponent - 3 * q;
    const real m = p.significand * (r < 0 ? C(0.5) : r > 0 ? 2 : 1);
    const real inverse = N(cbrt_start)(p.significand) * (r < 0 ? N(cbrt_two) : r > 0 ? N(cbrt_half) : 1);
    const real t = M(upper_half)(m * (inverse * inverse)), d = m / (t * t) - t;
    const real root = t + d * (C(0.3333333333333333) - d * (inverse * C(0.1111111111111111)));
    return M(is_end)(x) || x != x ? x : LIBM(copysign)(root * M(two_to)(q, 0), x);
}

/* A power of two that brings a and b, of which this is the larger one, to where no square overflows or vanishes beside
 * the other; and its inverse. */
JK_INLINE N(pair) M(scale_of_squares)(real largest)
{
    const int large = largest > N(large_square), small = largest < 1 / N(large_square);
    return (N(pair)){large   ? N(to_smaller)
                     : small ? 1 / N(to_smaller)
                             : 1,
                     large   ? 1 / N(to_smaller)
                     : small ? N(to_smaller)
                             : 1};
}

JK_INLINE real M(hypot)(real a, real b)
{
    const real p = M(fabs)(a), q = M(fabs)(b);
    const N(pair) scale = M(scale_of_squares)(p < q ? q : p);
    const real x = p * scale.high, y = q * scale.high, root = M(sqrt)(x * x + y * y) * scale.low;
    return p == (real)INFINITY || q == (real)INFINITY ? (real)INFINITY : root;
}

/* a/y for y = hypot(a, b): of size 1 where |a| is all of it, infinite or not. */
JK_INLINE real M(direction)(real a, real y) { return M(fabs)(a) == y ? M(sign)(a) : a / y; }

/* Whether the slopes of the length of a and b take more than the inverse of a root: the sum tells how large the larger one
 * is, and what is not below `least` has a normal quotient with that. */
JK_INLINE int M(is_far_length)(real a, real b)
{
    const real p = M(fabs)(a), q = M(fabs)(b), sum = p + q, least = N(large_square) * N(least_normal);
    const int fits = (sum >= 2 / N(large_square)) & (sum <= N(large_square));
    return !(fits & ((p >= least) | (p == 0)) & ((q >= least) | (q == 0)));
}

/* 1/sqrt(x) for a normal, finite x: from a start of 5 bits on every step doubles the digits that are right, and costs less
 * than a root and a quotient. */
JK_INLINE real M(inverse_root)(real x)
{
    const int n_steps = sizeof(real) > sizeof(float) ? 4 : 3;
    real y = M(from_bits)(M(bits)(N(inverse_root_start)) - (M(bits)(x) >> 1));
    const real half = C(0.5) * x;
    for (int i = 1; i < n_steps; i++) y = y * (C(1.5) - half * (y * y));
    return y + y * (C(0.5) - half * (y * y));
}

/* t*a/hypot(a, b), which has no derivative at the origin: 0 is its smallest subgradient.  Large numbers are only halved
 * twice beside four times the inverse; where the product would be no normal number, t gives it the power of two that makes
 * it one. */
JK_INLINE real M(hypot_da)(real t, real a, real b, int far)
{
    if (!far) return t * (a * M(inverse_root)(a * a + b * b));
    const real p = M(fabs)(a), q = M(fabs)(b), largest = p < q ? q : p;
    const N(pair) scale = M(scale_of_squares)(largest);
    const real x = p * scale.high, y = q * scale.high, square = x * x + y * y;
    const real inverse = square < (real)INFINITY ? M(inverse_root)(square) : 1 / square;
    const int large = largest > N(large_square), tiny = (p < largest * N(least_normal)) & (largest < (real)INFINITY);
    const real up = tiny ? 1 / N(least_normal) : 1, back = tiny ? N(least_normal) : 1;
    const real ratio = a * (up * (large ? C(0.25) : scale.high)) * (inverse * (large ? 4 * scale.high : 1));
    return t * back * (p == (real)INFINITY ? LIBM(copysign)(1, a) : square == 0 ? 0 : ratio);
}

/* h*t*p*q/hypot(a, b)**3, where p and q are each a or b.  Large ones are divided by 16: so the length is a number, and its
 * inverse a normal one. */
JK_INLINE real M(hypot_second)(real h, real t, real p, real q, real a, real b)
{
    const int large = (M(fabs)(a) > N(large_square)) | (M(fabs)(b) > N(large_square));
    const real c = large ? C(0.0625) : 1, y = M(hypot)(a * c, b * c);
    return y == 0 ? 0 : c * M(product)(h, t, (p * c / y) * (q * c / y) / y);
}

/* -t/(2*x*sqrt(x)) in the order in which nothing overflows or vanishes before the product does. */
JK_INLINE real M(rsqrt_slope)(real t, real x)
{
    const real s = C(-0.5) / M(sqrt)(x);
    return M(fabs)(t) > 1 ? t * s / x : t / x * s;
}
#undef JK_LOG2
#undef JK_LOG2_TOO
