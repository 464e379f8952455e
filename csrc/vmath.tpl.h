/* Functions of one dtype that ops.def may name with M(f): libm's, and those that need a choice to stay accurate. */
#define M(f) N(m_##f)

JK_INLINE real M(fabs)(real x) { return LIBM(fabs)(x); }
JK_INLINE real M(sqrt)(real x) { return LIBM(sqrt)(x); }
JK_INLINE real M(exp)(real x) { return LIBM(exp)(x); }
JK_INLINE real M(expm1)(real x) { return LIBM(expm1)(x); }
JK_INLINE real M(log)(real x) { return LIBM(log)(x); }
JK_INLINE real M(log1p)(real x) { return LIBM(log1p)(x); }
JK_INLINE real M(sin)(real x) { return LIBM(sin)(x); }
JK_INLINE real M(cos)(real x) { return LIBM(cos)(x); }
JK_INLINE real M(tan)(real x) { return LIBM(tan)(x); }
JK_INLINE real M(asin)(real x) { return LIBM(asin)(x); }
JK_INLINE real M(acos)(real x) { return LIBM(acos)(x); }
JK_INLINE real M(atan)(real x) { return LIBM(atan)(x); }
JK_INLINE real M(sinh)(real x) { return LIBM(sinh)(x); }
JK_INLINE real M(cosh)(real x) { return LIBM(cosh)(x); }
JK_INLINE real M(tanh)(real x) { return LIBM(tanh)(x); }
JK_INLINE real M(asinh)(real x) { return LIBM(asinh)(x); }
JK_INLINE real M(pow)(real a, real b) { return LIBM(pow)(a, b); }
JK_INLINE real M(atan2)(real a, real b) { return LIBM(atan2)(a, b); }
JK_INLINE real M(hypot)(real a, real b) { return LIBM(hypot)(a, b); }

/* Choices: NaN goes through every one of them. */
JK_INLINE real M(sign)(real x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }
JK_INLINE real M(step)(real x) { return x > 0 ? 1 : x <= 0 ? 0 : x; }
JK_INLINE real M(relu)(real x) { return x < 0 ? 0 : x; }
JK_INLINE real M(maximum)(real a, real b) { return a >= b || a != a ? a : b; }
JK_INLINE real M(minimum)(real a, real b) { return a <= b || a != a ? a : b; }
/* d max(a, b)/da: 1 where a is chosen, 0 where b is, 1/2 at a tie. */
JK_INLINE real M(prefer)(real a, real b) { return a > b ? 1 : a < b ? 0 : a == b ? C(0.5) : a + b; }
/* What a row that chooses does with a tangent: an argument that was not chosen drops it, infinite or not. */
JK_INLINE real M(keep)(real t, real chosen) { return chosen == 0 ? 0 : t * chosen; }

/* (1 - x)(1 + x) keeps the digits of 1 - x*x near |x| = 1. */
JK_INLINE real M(asin_second)(real x)
{
    const real q = (1 - x) * (1 + x);
    return x / (q * M(sqrt)(q));
}

JK_INLINE real M(atan_second)(real x)
{
    const real q = 1 / (1 + x * x);
    return -2 * (x * q) * q;
}

/* -x/(1 + x*x)^(3/2), divided step by step so that nothing overflows. */
JK_INLINE real M(asinh_second)(real x)
{
    const real h = M(hypot)(1, x);
    return -(x / h) / h / h;
}

/* 1/(1 + exp(-x)) through exp(-|x|), which cannot overflow and keeps the digits of small results. */
JK_INLINE real M(sigmoid)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    return (x < 0 ? e : 1) / (1 + e);
}

JK_INLINE real M(sigmoid_slope)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    return e / ((1 + e) * (1 + e));
}

JK_INLINE real M(sigmoid_second)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    const real slope = e / ((1 + e) * (1 + e));
    return slope * ((x < 0 ? 1 - e : e - 1) / (1 + e));
}

JK_INLINE real M(softplus)(real x) { return M(relu)(x) + M(log1p)(M(exp)(-M(fabs)(x))); }

/* silu: where the sigmoid has underflowed the product is 0, also at x = -inf. */
JK_INLINE real M(silu)(real x)
{
    const real s = M(sigmoid)(x);
    return s == 0 ? 0 : x * s;
}

JK_INLINE real M(silu_slope)(real x)
{
    const real e = M(exp)(-M(fabs)(x));
    const real s = (x < 0 ? e : 1) / (1 + e), rest = (x < 0 ? 1 : e) / (1 + e);
    return s == 0 ? 0 : s * (1 + (rest == 0 ? 0 : x * rest));
}

JK_INLINE real M(silu_second)(real x)
{
    const real slope = M(sigmoid_slope)(x);
    return slope == 0 ? 0 : 2 * slope + x * M(sigmoid_second)(x);
}

/* a**b: the derivative by a is 0 where b = 0, that by b is 0 where a = 0, and NaN for a < 0 through the logarithm. */
JK_INLINE real M(pow_da)(real a, real b) { return b == 0 ? 0 : b * M(pow)(a, b - 1); }
JK_INLINE real M(pow_db)(real a, real y) { return a == 0 && y == y ? 0 : y * M(log)(a); }
JK_INLINE real M(pow_daa)(real a, real b) { return b == 0 || b == 1 ? 0 : b * (b - 1) * M(pow)(a, b - 2); }
JK_INLINE real M(pow_dab)(real a, real b) { return a == 0 ? 0 : M(pow)(a, b - 1) * (1 + b * M(log)(a)); }
JK_INLINE real M(pow_dbb)(real a, real y)
{
    const real l = M(log)(a);
    return a == 0 && y == y ? 0 : y * l * l;
}

/* b/(a*a + b*b), scaled by the larger of the two so that the squares neither overflow nor vanish. */
JK_INLINE real M(atan2_da)(real a, real b)
{
    const int b_larger = M(fabs)(b) >= M(fabs)(a);
    const real big = b_larger ? b : a, t = (b_larger ? a : b) / big;
    return (b_larger ? 1 : t) / (big * (1 + t * t));
}

JK_INLINE real M(atan2_daa)(real a, real b)
{
    const real h = M(hypot)(a, b);
    return -2 * (a / h) * (b / h) / h / h;
}

JK_INLINE real M(atan2_dab)(real a, real b)
{
    const real h = M(hypot)(a, b), p = a / h, q = b / h;
    return (p - q) * (p + q) / h / h;
}

/* hypot has no derivative at the origin; 0 is its smallest subgradient. */
JK_INLINE real M(hypot_d)(real a, real y) { return y == 0 ? 0 : a / y; }
JK_INLINE real M(hypot_dd)(real p, real q, real y) { return y == 0 ? 0 : (p / y) * (q / y) / y; }
