/* Powers and lengths, and their slopes. */
JK_INLINE real M(pow)(real a, real b) { return LIBM(pow)(a, b); }
JK_INLINE real M(hypot)(real a, real b) { return LIBM(hypot)(a, b); }

/* a**b: the derivative by a is 0 where b = 0, that by b is 0 where a = 0, and NaN for a < 0 through the logarithm.
 * t*b*a**(b - 1) takes the root of the power twice where it, or its product with b, is no normal number. */
JK_INLINE real M(pow_da)(real t, real a, real b)
{
    const real power = b == 0 ? 0 : M(pow)(a, b - 1), slope = b * power;
    const int normal = M(fabs)(power) >= N(least_normal) && M(fabs)(slope) >= N(least_normal);
    if (b == 0 || slope != slope || (normal && M(fabs)(slope) < (real)INFINITY)) return t * slope;
    const real root = M(pow)(M(fabs)(a), C(0.5) * (b - 1));
    return t * root * b * LIBM(copysign)(root, power);
}

/* Whether the product of y, a power of a, with the logarithm of a is 0, which is infinite: by choice where a = 0, and by
 * its limit where a is infinite and y is 0. */
JK_INLINE int M(outweighs_log)(real a, real y) { return a == 0 ? y == y : a == (real)INFINITY && y == 0; }
JK_INLINE real M(pow_db)(real a, real y) { return M(outweighs_log)(a, y) ? 0 : y * M(log)(a); }
JK_INLINE real M(pow_daa)(real a, real b) { return b == 0 || b == 1 ? 0 : b * (b - 1) * M(pow)(a, b - 2); }
JK_INLINE real M(pow_dab)(real a, real b)
{
    const real power = M(pow)(a, b - 1);
    return M(outweighs_log)(a, power) ? 0 : power * (1 + b * M(log)(a));
}
JK_INLINE real M(pow_dbb)(real a, real y)
{
    const real l = M(log)(a);
    return M(outweighs_log)(a, y) ? 0 : y * l * l;
}

/* a/y for y = hypot(a, b): of size 1 where |a| is all of it, infinite or not.  hypot has no derivative at the origin; 0
 * is its smallest subgradient. */
JK_INLINE real M(direction)(real a, real y) { return M(fabs)(a) == y ? M(sign)(a) : a / y; }

/* t*a/y; where a/y would be no normal number, t gives it the power of two that makes it one. */
JK_INLINE real M(hypot_da)(real t, real a, real y)
{
    const int tiny = M(fabs)(a) < y * N(least_normal) && y < (real)INFINITY;
    return t * (tiny ? N(least_normal) : 1) * M(direction)(a * (tiny ? 1 / N(least_normal) : 1), y);
}

JK_INLINE real M(hypot_dd)(real p, real q, real y) { return y == 0 ? 0 : (p / y) * (q / y) / y; }
