/* Losses of one residual or one logit, and their slopes. */

/* x*x/2 for |x| <= delta, and its tangent beyond. */
JK_INLINE real M(huber)(real x, real delta)
{
    const real a = M(fabs)(x);
    return a <= delta ? C(0.5) * x * x : delta * (a - C(0.5) * delta);
}

JK_INLINE real M(huber_slope)(real x, real delta) { return M(fabs)(x) <= delta ? x : delta * M(sign)(x); }

/* 1 where |x| > delta, 0 where it is not. */
JK_INLINE real M(beyond)(real x, real delta)
{
    const real a = M(fabs)(x);
    return a > delta ? 1 : a <= delta ? 0 : a + delta;
}

/* delta**2*(sqrt(1 + (x/delta)**2) - 1) and its kin: small is the smaller of |x| and |delta| over the larger, and root is
 * sqrt(1 + small**2), so that nothing overflows and no difference is taken. */
typedef struct N(pseudo_huber_parts) {
    real small, root;
    int inside; /* |x| <= |delta| */
} N(pseudo_huber_parts);

JK_INLINE N(pseudo_huber_parts) M(pseudo_huber_parts)(real x, real delta)
{
    const real a = M(fabs)(x), d = M(fabs)(delta);
    const int inside = a <= d;
    const real small = a == d ? 1 : inside ? a / d : d / a;
    return (N(pseudo_huber_parts)){small, M(sqrt)(1 + small * small), inside};
}

JK_INLINE real M(pseudo_huber)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    const real a = M(fabs)(x), d = M(fabs)(delta);
    return (p.inside ? a : d) / ((p.inside ? 1 : p.small) + p.root) * a;
}

/* x/sqrt(1 + (x/delta)**2) */
JK_INLINE real M(pseudo_huber_slope)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    return (p.inside ? x : M(fabs)(delta) * M(sign)(x)) / p.root;
}

/* (s - 1)*sqrt(w/s) for s = sqrt(1 + (x/delta)**2), w being 1 inside and s/root outside */
JK_INLINE real M(pseudo_huber_excess)(N(pseudo_huber_parts) p)
{
    return p.inside ? p.small * (p.small / (1 + p.root)) : 1 / (p.small + p.root);
}

/* delta*(s - 1)**2/s */
JK_INLINE real M(pseudo_huber_by_delta)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    const real excess = M(pseudo_huber_excess)(p);
    return (p.inside ? delta : LIBM(copysign)(x, delta)) * excess * excess / p.root;
}

/* 1/s**3 */
JK_INLINE real M(pseudo_huber_xx)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    const real over_s = (p.inside ? 1 : p.small) / p.root;
    return over_s * over_s * over_s;
}

/* (x/(delta*s))**3 */
JK_INLINE real M(pseudo_huber_xd)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    const real ratio = (p.inside ? p.small : 1) / p.root;
    return ratio * ratio * ratio * M(sign)(x) * LIBM(copysign)(1, delta);
}

/* -(s - 1)**2*(2*s + 1)/s**3 */
JK_INLINE real M(pseudo_huber_dd)(real x, real delta)
{
    const N(pseudo_huber_parts) p = M(pseudo_huber_parts)(x, delta);
    const real excess = M(pseudo_huber_excess)(p), sum = 2 * p.root + (p.inside ? 1 : p.small);
    return -excess * excess * sum / (p.root * p.root * p.root);
}

/* -p*log(s) - (1 - p)*log(1 - s) for s = sigmoid(z): |z| times what the certain answer misses, and log(1 + exp(-|z|)),
 * both at least 0.  An infinite logit that is right costs nothing. */
JK_INLINE real M(sigmoid_cross_entropy)(real z, real p)
{
    const real a = M(fabs)(z), missed = z < 0 ? p : 1 - p;
    return (missed == 0 ? 0 : a * missed) + M(log1p_unit)(M(exp)(-a));
}

/* sigmoid(z) - p; for z > 0 as (1 - p) - sigmoid(-z), which keeps the digits of a small slope. */
JK_INLINE real M(sigmoid_cross_entropy_slope)(real z, real p)
{
    const real s = M(sigmoid)(-M(fabs)(z));
    return z < 0 ? s - p : (1 - p) - s;
}
