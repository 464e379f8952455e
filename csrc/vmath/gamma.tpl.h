/* log |gamma| and its derivatives.  Near their smallest positive arguments they are polynomials, next to that the
 * recurrence leads there, far away Stirling's series takes over, and x < 0 is reflected. */
#include "vmath/gamma_polynomials.h"

/* x less the nearest integer for x >= 0: exact, and 0 where all numbers are integers. */
JK_INLINE real M(off_integer)(real x)
{
    const real integer = (x + N(two_to_fraction)) - N(two_to_fraction);
    return x < N(two_to_fraction) ? x - integer : 0;
}

/* sin(pi*r)/pi and pi*cot(pi*r) for |r| <= 1/2 */
JK_INLINE real M(sin_over_pi)(real r) { return r + r * (r * r * N(sin_pi)(r * r)); }
JK_INLINE real M(pi_cot)(real r) { return (1 - 2 * r) * (1 + 2 * r) / r * N(cot_pi)(r * r); }

/* log|gamma(v)| for v >= -1/2, and whether v is a positive, normal number.  Up to 4.5, gamma(v) is gamma(2 + f) over
 * v*(v + 1), v or 1, or times v - 1 or (v - 1)*(v - 2); f is exact. */
JK_INLINE real M(gammaln_right)(real v, int normal)
{
    const int far = v >= C(4.5), least = v < C(0.25), less = v < C(1.25), more = v >= C(2.5), most = v >= C(3.5);
    const real f = v - (least ? 0 : less ? 1 : most ? 4 : more ? 3 : 2), before = v - 1;
    const real factor = most ? before * (v - 2) : before;
    const real by = least ? M(fabs)(v * (v + 1)) : less || far ? v : more ? factor : 1;
    const real rest = far ? -1 : 0, i = 1 / v;
    const real l = normal ? M(log_plus_normal)(by, rest) : M(log_plus)(by, rest);
    const real near = (f * (1 + f)) * N(gammaln_near)(f) + (less ? -l : l);
    const real series = (v - C(0.5)) * l + (N(stirling) + i * N(gammaln_far)(i * i));
    return v < C(4.5) ? near : series;
}

/* Reflected, gamma(x)*gamma(-x) = -pi/(x*sin(pi*x)). */
JK_INLINE real M(gammaln)(real x)
{
    const int reflected = x < C(-0.5);
    const real v = reflected ? -x : x, y = M(gammaln_right)(v, 0), r = M(off_integer)(v);
    const real mirrored = -M(log_normal)(v * M(fabs)(M(sin_over_pi)(r))) - y;
    return x == -(real)INFINITY ? x : x == 0 || (reflected && r == 0) ? (real)INFINITY : reflected ? mirrored : y;
}

JK_INLINE real M(gammaln_normal)(real x) { return M(gammaln_right)(x, 1); }

/* polygamma(n, x) is polygamma(n, v), v = 1 - x, with the sign (-1)**n, for x < 0, and a derivative of -pi*cot(pi*x). */
JK_INLINE real M(digamma)(real x)
{
    const int reflected = x < 0;
    const real v = reflected ? 1 - x : x;
    const int far = v >= 3, less = v < 1, more = v >= 2;
    const real u = v + (less ? 1 : more ? -1 : 0), i = 1 / (more && !far ? u : v), z = i * i;
    const real near = ((u - N(digamma_zero)) - N(digamma_zero_low)) * N(digamma_near)(u - C(1.5));
    const real shift = less ? -i : more ? i : 0;
    const real series = M(log_normal)(v) - (C(0.5) * i - z * N(digamma_far)(z));
    const real y = far ? (v < (real)INFINITY ? series : v) : near + shift, r = M(off_integer)(-x);
    return reflected ? (r == 0 ? (real)NAN : y + M(pi_cot)(r)) : y;
}

/* (pi/sin(pi*r))**2 + y; the square is scaled so that it does not lose digits where its inverse is a number. */
JK_INLINE real M(csc_square_plus)(real r, real y)
{
    const real s = C(0x1p30) * r;
    return C(0x1p60) / (s * s) + (N(csc_pi)(r * r) + y);
}

JK_INLINE real M(trigamma)(real x)
{
    const int reflected = x < 0;
    const real v = reflected ? 1 - x : x, i = 1 / v, z = i * i;
    const real near = N(trigamma_near)((v < 1 ? v + 1 : v) - C(1.5)) + (v < 1 ? z : 0);
    const real series = i + z * (C(0.5) + i * N(trigamma_far)(z));
    const real y = v < 2 ? near : series, mirrored = M(csc_square_plus)(M(off_integer)(-x), -y);
    return reflected ? (v == (real)INFINITY ? (real)NAN : mirrored) : y;
}

JK_INLINE real M(tetragamma)(real x)
{
    const int reflected = x < 0;
    const real v = reflected ? 1 - x : x, i = 1 / v, z = i * i;
    const real near = N(tetragamma_near)((v < 1 ? v + 1 : v) - C(1.5)) - (v < 1 ? 2 * z * i : 0);
    const real series = z * (z * N(tetragamma_far)(z) - (1 + i));
    const real y = v < 2 ? near : series, r = M(off_integer)(-x);
    return reflected ? (r == 0 ? (real)NAN : y + 2 * M(pi_cot)(r) * M(csc_square_plus)(r, 0)) : y;
}

JK_INLINE real M(pentagamma)(real x)
{
    const int reflected = x < 0;
    const real v = reflected ? 1 - x : x, i = 1 / v, z = i * i;
    const real near = N(pentagamma_near)((v < 1 ? v + 1 : v) - C(1.5)) + (v < 1 ? 6 * z * z : 0);
    const real series = z * (i * (2 + i * (3 + i * N(pentagamma_far)(z))));
    const real y = v < 2 ? near : series, r = M(off_integer)(-x), csc = M(csc_square_plus)(r, 0), cot = M(pi_cot)(r);
    return reflected ? (v == (real)INFINITY ? (real)NAN : 2 * csc * (csc + 2 * (cot * cot)) - y) : y;
}
