/* The trigonometric functions, and their slopes. */
#include "vmath/trig_polynomials.h"

#include "vmath/angles.h"

/* sin and cos of r + low, or if not `exact` of r, as a sum whose second part is small. */
JK_INLINE N(pair) M(sin_parts)(N(turn) a, int exact)
{
    const real z = a.r * a.r, tail = a.r * (z * N(sin_tail)(z));
    return (N(pair)){a.r, exact ? tail + a.low : tail};
}

/* What 1 - z/2 rounds off comes back. */
JK_INLINE N(pair) M(cos_parts)(N(turn) a, int exact)
{
    const real z = a.r * a.r, half = C(0.5) * z, high = 1 - half;
    const real tail = ((1 - high) - half) + z * z * N(cos_tail)(z);
    return (N(pair)){high, exact ? tail - a.r * a.low : tail};
}

/* The sign of y times that of a number with these bits; a sum would drop that of 0. */
JK_INLINE real M(times_sign)(real y, N(word) bits) { return M(from_bits)(M(bits)(y) ^ (bits & M(bits)(C(-0.0)))); }

/* The lowest two bits of k as the first two of a number, 0 or -0 where k is even, else 2 or -2: SSE2 compares numbers, but
 * not integers of 64 bits. */
JK_INLINE N(word) M(quarter)(N(turn) a) { return a.k << (8 * sizeof(real) - 2); }
JK_INLINE int M(is_odd_quarter)(N(word) quarter) { return M(from_bits)(quarter) != 0; }

typedef struct N(sin_cos) {
    real sin, cos;
} N(sin_cos);

/* sin and cos behind k quarter turns.  In double `low` may be a good part of the rest; in float it is only what rounding
 * takes from that, and what it costs is more than what it brings. */
JK_INLINE N(sin_cos) M(after_turns)(N(turn) a)
{
    const int exact = sizeof(real) > sizeof(float);
    const N(pair) sin = M(sin_parts)(a, exact), cos = M(cos_parts)(a, exact);
    const real s = sin.high + sin.low, c = cos.high + cos.low;
    const N(word) quarter = M(quarter)(a);
    const int odd = M(is_odd_quarter)(quarter);
    return (N(sin_cos)){M(times_sign)(odd ? c : s, quarter), M(times_sign)(odd ? s : c, quarter ^ quarter << 1)};
}

/* Both, for |x|: they share their reduction.  `far`: |x| may be larger than near_end. */
JK_INLINE int M(is_far_angle)(real x) { return M(fabs)(x) > N(near_end); }
JK_INLINE N(sin_cos) M(sin_cos)(real x, int far) { return M(after_turns)(M(turn)(M(fabs)(x), far)); }

JK_INLINE real M(sin)(real x, int far) { return M(times_sign)(M(sin_cos)(x, far).sin, M(bits)(x)); }
JK_INLINE real M(cos)(real x, int far) { return M(sin_cos)(x, far).cos; }

/* The quotient q = p/d of sin and cos, or of cos and sin, and what the roundings of p and d change in it: 1/d = d/d^2 and
 * 1/d^2 = 1 + q^2, because p^2 + d^2 = 1.  Behind an odd number of quarter turns its sign is the other one. */
JK_INLINE real M(tan)(real x, int far)
{
    const N(turn) a = M(turn)(M(fabs)(x), far);
    const N(pair) sin = M(sin_parts)(a, 1), cos = M(cos_parts)(a, 1);
    const N(pair) s = M(fast_two_sum)(sin.high, sin.low), c = M(fast_two_sum)(cos.high, cos.low);
    const N(word) odd = 0 - (a.k & 1);
    const real d = M(select)(odd, s.high, c.high), q = M(select)(odd, c.high, s.high) / d;
    const real rounded = M(select)(odd, c.low, s.low) - q * M(select)(odd, s.low, c.low);
    return M(times_sign)(q + d * rounded * (1 + q * q), M(bits)(x) ^ odd);
}

/* 2*tan(x)*(1 + tan(x)^2) */
JK_INLINE real M(tan_second)(real x, int far)
{
    const real y = M(tan)(x, far);
    return 2 * y * (1 + y * y);
}

/* t/cos(x)^2: the sum 1 + tan(x)^2 needs no division, but tan(x) does, and costs more than cos(x). */
JK_INLINE real M(tan_slope)(real t, real x, int far)
{
    const real c = M(cos)(x, far);
    return t / (c * c);
}

/* a modulo 2, from -1 to 1, exact.  What is larger than the clip is even. */
JK_INLINE real M(modulo_two)(real a)
{
    const real inside = a > 2 * N(two_to_fraction) ? 2 * N(two_to_fraction) : a;
    return inside - 2 * M(round)(C(0.5) * inside);
}

/* sin(pi*x)/(pi*x) = sinc(f)*f/x, up to the sign, where f is what the nearest whole number leaves of |x|.  The square of
 * f, cut to a quarter of its digits, times pi_sixth_hi is exact, and so is its difference from 1.  The last sum makes 0 of -0. */
JK_INLINE real M(sinc)(real x)
{
    const real a = M(fabs)(x), b = M(modulo_two)(a), k = M(round)(b), f = b - k, z = f * f;
    const real cut = (f + N(quarter_shift)) - N(quarter_shift), square = cut * cut, rest = (f - cut) * (f + cut);
    const real high = 1 - square * N(pi_sixth_hi);
    const real tail = z * z * N(sinc_tail)(z) - (square * N(pi_sixth_lo) + rest * N(pi_sixth));
    /* The product of two halves is exact. */
    const real s = (high + N(half_cut)) - N(half_cut), g = (f + N(half_cut)) - N(half_cut);
    const real product = s * g + (s * (f - g) + ((high - s) + tail) * f);
    return (f == a ? high + tail : (k == 0 ? product : -product) / a) + 0;
}

/* sin and cos of pi*|x| */
JK_INLINE N(sin_cos) M(sin_cos_pi)(real x)
{
    const real b = M(modulo_two)(M(fabs)(x)), shifted = 2 * b + N(round_shift);
    const real g = b - C(0.5) * (shifted - N(round_shift));
    return M(after_turns)((N(turn)){g * N(pi), 0, M(bits)(shifted) + 1});
}

/* (cos(pi*x) - sinc(x))/x, whose terms cancel near 0. */
JK_INLINE real M(sinc_slope)(real x)
{
    const real a = M(fabs)(x), over = 1 / a;
    const N(sin_cos) u = M(sin_cos_pi)(x);
    const real far_slope = (u.cos - u.sin * N(one_over_pi) * over) * over;
    return a <= C(0.5) ? x * N(sinc_slope_near)(x * x) : M(times_sign)(far_slope, M(bits)(x));
}

/* -pi*pi*sinc(x) - 2*sinc'(x)/x */
JK_INLINE real M(sinc_second)(real x)
{
    const real a = M(fabs)(x), over = 1 / a;
    const N(sin_cos) u = M(sin_cos_pi)(x);
    const real y = u.sin * N(one_over_pi) * over, slope = (u.cos - y) * over;
    return a <= C(0.5) ? N(sinc_second_near)(x * x) : -(N(pi_squared) * y + 2 * (slope * over));
}
