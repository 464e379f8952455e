/* Products with a cotangent t that are right wherever they can be represented. */

/* The exponent of x in its biased form: 0 for 0 and all subnormal numbers, the largest for infinity and NaN. */
JK_INLINE real M(biased_exponent)(real x)
{
    return M(from_bits)(M(bits)(N(two_to_fraction)) | (M(bits)(M(fabs)(x)) >> N(n_fraction))) - N(two_to_fraction);
}

/* (t/q)*(p/r)*c with c from 1/2 to 1, for a product where one quotient may overflow while the other vanishes.  A power of
 * two goes from the larger of t and p to the smaller, which changes no digit; 3/8 of the distance of their exponents
 * brings them near enough and leaves the power a normal number.  Where t or p is 0, so is the product, whatever |q| and
 * |r| > 0. */
JK_INLINE real M(quotients)(real t, real q, real p, real r, real c)
{
    const real k = M(round)(C(0.375) * (M(biased_exponent)(t) - M(biased_exponent)(p)));
    const int zero = t == 0 || p == 0;
    const real by_q = zero && M(fabs)(q) > 0 ? LIBM(copysign)(1, q) : q;
    const real by_r = zero && M(fabs)(r) > 0 ? LIBM(copysign)(1, r) : r;
    return t * M(two_to)(-k, 0) / by_q * c * (p * M(two_to)(k, 0) / by_r);
}

/* t*p/(q*q) */
JK_INLINE real M(over_square)(real t, real p, real q) { return M(quotients)(t, q, p, q, 1); }

/* a*b*c, where no product of two of them has to be a number.  The largest times the smallest lies between them; where it
 * is subnormal the largest goes with the one between, which cannot overflow then unless the smallest is 0. */
JK_INLINE real M(product)(real a, real b, real c)
{
    const int b_larger = M(fabs)(a) < M(fabs)(b);
    const real p = b_larger ? b : a, q = b_larger ? a : b; /* |p| >= |q| */
    const int c_largest = M(fabs)(c) > M(fabs)(p), c_smallest = M(fabs)(c) < M(fabs)(q);
    const real largest = c_largest ? c : p, smallest = c_smallest ? c : q;
    const real between = c_largest ? p : c_smallest ? q : c, ends = largest * smallest;
    const int tiny = M(fabs)(ends) < N(least_normal) && M(fabs)(largest) < C(0x1p60);
    return tiny ? largest * between * smallest : ends * between;
}
