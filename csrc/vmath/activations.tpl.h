/* What models are made of, and slopes: smooth ones first, then those with branches. */
#include "vmath/activations_polynomials.h"

/* x*(1 - x) for x from 0 to 1, and NaN elsewhere. */
JK_INLINE real M(unit_parabola)(real x)
{
    const real product = x * (1 - x);
    return product >= 0 ? M(fabs)(product) : (real)NAN;
}

/* log(x/(1 - x)): what the quotient u and the difference 1 - x round off comes back as a rest of the logarithm, which is
 * all that is left of it near x = 1/2. */
JK_INLINE real M(logit)(real x)
{
    const N(pair) d = M(two_sum)(1, -x);
    const real u = x / d.high;
    const N(pair) product = M(two_product)(u, d.high);
    const real rest = ((x - product.high) - product.low) - u * d.low;
    return M(log_choose)(u, M(log_plus)(u, rest / x));
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

/* sech(x)**2 = 4*sigmoid'(2*x) */
JK_INLINE real M(sech2)(real x) { return 4 * M(sigmoid_slope)(2 * x); }

/* s*(1 - s)*(1 - 2*s) for s = sigmoid(x) */
JK_INLINE real M(sigmoid_second)(real x) { return -M(sigmoid_slope)(x) * M(tanh)(C(0.5) * x); }

JK_INLINE real M(softplus)(real x) { return M(relu)(x) + M(log1p_unit)(M(exp)(-M(fabs)(x))); }

/* x where exp(-|x|) is not 0, even scaled by 2**64, and a number beyond where |x| is larger. */
JK_INLINE real M(inside_exp)(real x) { return M(clip)(x, -(N(exp_overflow) + 60), N(exp_overflow) + 60); }

/* x*sigmoid(x), for x < 0 with exp(x) scaled by 2**64, so that no digits are lost where it is subnormal and silu is not;
 * long before the clip the result is 0. */
JK_INLINE real M(silu)(real x)
{
    const real e = M(exp_times_two_to)(-M(fabs)(x), 64), scale = x < 0 ? C(0x1p-64) : 1;
    return (x < 0 ? M(inside_exp)(x) * e : x) / (1 + e * C(0x1p-64)) * scale;
}

/* s + x*s*(1 - s) for s = sigmoid(x), scaled and clipped like silu. */
JK_INLINE real M(silu_slope)(real x)
{
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64);
    const real s = (x < 0 ? scaled : 1) / (1 + e), rest = (x < 0 ? 1 : e) / (1 + e);
    return s * (1 + M(inside_exp)(x) * rest) * (x < 0 ? C(0x1p-64) : 1);
}

/* sigmoid'(x)*(2 - x*tanh(x/2)), scaled and clipped like silu. */
JK_INLINE real M(silu_second)(real x)
{
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64), inside = M(inside_exp)(x);
    return scaled / ((1 + e) * (1 + e)) * (2 - inside * M(tanh)(C(0.5) * inside)) * C(0x1p-64);
}

/* tanh(softplus(x)) is p/q with p = E*(E + 2) and q = p + 2 for E = exp(x); for x > 0 both are divided by E*E.  So all is
 * in e = exp(-|x|) and sums of positive numbers, scaled and clipped like silu. */
JK_INLINE real M(mish)(real x)
{
    const int positive = x > 0;
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64);
    const real p = positive ? 1 + 2 * e : scaled * (e + 2), q = positive ? p + 2 * e * e : e * (e + 2) + 2;
    return (positive ? x : M(inside_exp)(x)) * (p / q) * (positive ? 1 : C(0x1p-64));
}

/* (p + 4*x*E*(E + 1)/q)/q */
JK_INLINE real M(mish_slope)(real x)
{
    const int positive = x > 0;
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64);
    const real p = positive ? 1 + 2 * e : scaled * (e + 2), q = positive ? p + 2 * e * e : e * (e + 2) + 2;
    const real rest = (positive ? e * e : scaled) * (e + 1);
    return (p + 4 * (M(inside_exp)(x) * rest) / q) / q * (positive ? 1 : C(0x1p-64));
}

/* 4*E*(2*(E + 1)*q + x*(2 + 2*E - 3*E**2 - 2*E**3))/q**3 */
JK_INLINE real M(mish_second)(real x)
{
    const int positive = x > 0;
    const real scaled = M(exp_times_two_to)(-M(fabs)(x), 64), e = scaled * C(0x1p-64);
    const real q = positive ? 1 + 2 * e * (1 + e) : e * (e + 2) + 2;
    const real cubic = positive ? e * (e * (2 * e + 2) - 3) - 2 : 2 + e * (2 - e * (3 + 2 * e));
    const real first = scaled * (positive ? e : 1);
    return 4 * first * (2 * (e + 1) * q + M(inside_exp)(x) * cubic) / (q * q * q) * C(0x1p-64);
}

/* x/(1 + |x|), which is 1 long before the clip. */
JK_INLINE real M(softsign)(real x)
{
    const real inside = M(clip)(x, -C(0x1p64), C(0x1p64));
    return inside / (1 + M(fabs)(inside));
}

JK_INLINE real M(softsign_second)(real x)
{
    const real q = 1 + M(fabs)(x);
    return -2 * M(sign)(x) / q / q / q;
}

JK_INLINE real M(softsign_second_from_y)(real y)
{
    const real over_q = 1 - M(fabs)(y);
    return -2 * M(sign)(y) * over_q * over_q * over_q;
}

/* sqrt(x*x + b) and its kin: everything is in units of a power of two near the larger of |x| and sqrt(b), and root is at
 * least of size 1, unless all is 0 or subnormal. */
typedef struct N(squareplus_parts) {
    real x, b, root, half_sum, unit, over_unit;
} N(squareplus_parts);

JK_INLINE N(squareplus_parts) M(squareplus_parts)(real x, real b)
{
    const real s = M(sqrt)(M(fabs)(b)), a = M(fabs)(x);
    const real k = M(clip)(M(biased_exponent)(a > s ? a : s) - N(bias), 1 - N(bias), N(bias) - 1);
    const real over_unit = M(two_to)(-k, 0), scaled = a * over_unit, square = b * over_unit * over_unit;
    const real root = M(sqrt)(scaled * scaled + square);
    return (N(squareplus_parts)){x * over_unit, square, root, C(0.5) * (scaled + root), M(two_to)(k, 0), over_unit};
}

/* (x + root)/2, or for x < 0, where that is a difference, b/4 over (|x| + root)/2. */
JK_INLINE real M(squareplus)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    const int divides = x < 0 && (b < (real)INFINITY || x == -(real)INFINITY);
    return divides ? C(0.25) * (b * p.over_unit) / p.half_sum : p.half_sum * p.unit;
}

/* squareplus/root; beyond 4 units x is infinite, beyond 16 b is. */
JK_INLINE real M(squareplus_slope)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    const real root = p.root > 4 ? 4 : p.root, half_sum = p.half_sum > 4 ? 4 : p.half_sum;
    const real part = x < 0 ? C(0.25) * (p.b > 16 ? 16 : p.b) / half_sum : half_sum;
    return root == 0 ? C(0.5) : part / root;
}

JK_INLINE real M(squareplus_by_b)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    return C(0.25) * p.over_unit / p.root;
}

/* The second derivatives are b/2, -x/4 and -1/8 over root**3. */
JK_INLINE real M(squareplus_xx)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    return p.root == 0 ? 0 : C(0.5) * (p.b * p.over_unit) / p.root / p.root / p.root;
}

JK_INLINE real M(squareplus_xb)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    return p.root == 0 ? 0 : C(-0.25) * M(clip)(p.x, -4, 4) / p.root * p.over_unit / p.root * p.over_unit / p.root;
}

JK_INLINE real M(squareplus_bb)(real x, real b)
{
    const N(squareplus_parts) p = M(squareplus_parts)(x, b);
    const real over_root = p.over_unit / p.root;
    return p.root == 0 ? 0 : C(-0.125) * over_root * over_root * over_root;
}

/* ---- branches ------------------------------------------------------------------------------------------------- */

/* x*relu6(x + 3)/6: the bounds are compared with x, because x + 3 rounds. */
JK_INLINE real M(hard_silu)(real x)
{
    const real inside = x < -3 ? -3 : x;
    return inside * ((M(minimum)(inside, 3) + 3) / 6);
}

JK_INLINE real M(hard_silu_slope)(real x) { return x >= 3 ? 1 : x <= -3 ? 0 : (2 * x + 3) / 6; }

/* What a function whose formula compares x > 0 has for a slope: 1, or what the other branch has; NaN where x is, or the
 * other. */
JK_INLINE real M(slope_or)(real x, real rest) { return x != x ? x : x > 0 && rest == rest ? 1 : rest; }

/* c*exp(x), for x <= 0 also where exp(x) vanishes and the product does not: exp(x/2) counts twice. */
JK_INLINE real M(times_exp)(real c, real x)
{
    const real root = M(exp)(C(0.5) * x);
    return c * root * root;
}

JK_INLINE real M(elu)(real x, real alpha) { return x > 0 ? x : alpha * M(expm1)(x); }
JK_INLINE real M(elu_slope)(real x, real alpha) { return M(slope_or)(x, x > 0 ? alpha : M(times_exp)(alpha, x)); }

/* elu with these numbers keeps mean 0 and variance 1 from layer to layer. */
static const real N(selu_scale) = C(1.0507009873554804934193349852946);
static const real N(selu_scale_alpha) = C(1.7580993408473768599402175208123);

JK_INLINE real M(selu)(real x) { return x > 0 ? N(selu_scale) * x : N(selu_scale_alpha) * M(expm1)(x); }
JK_INLINE real M(selu_slope)(real x) { return x > 0 ? N(selu_scale) : N(selu_scale_alpha) * M(exp)(x); }
JK_INLINE real M(selu_slope_from_y)(real y) { return y > 0 ? N(selu_scale) : y + N(selu_scale_alpha); }

/* alpha*expm1(x/alpha), which is x where the quotient does not count beside 1. */
JK_INLINE real M(celu)(real x, real alpha)
{
    const real z = x / alpha;
    return x > 0 || 1 + z == 1 ? x : alpha * M(expm1)(z);
}

/* exp(x/alpha): what the quotient rounds off counts as often as it is large.  It is found in units in which neither
 * overflows and the product of alpha is normal, unless the exponential is 0 or infinite. */
JK_INLINE real M(exp_of_quotient)(real x, real alpha)
{
    const real z = x / alpha, unit = M(fabs)(alpha) < 1 ? C(0x1p64) : C(0x1p-64), a = alpha * unit;
    const N(pair) product = M(two_product)(z, a);
    const real rest = ((x * unit - product.high) - product.low) / a, e = M(exp)(z);
    return M(fabs)(rest) < C(0.001) ? e + e * rest : e;
}

JK_INLINE real M(celu_slope)(real x, real alpha)
{
    return M(slope_or)(x, x > 0 ? alpha : M(exp_of_quotient)(x, alpha));
}

/* expm1(z) - z*exp(z) for z = x/alpha: a difference of nearly equal numbers where z is small. */
JK_INLINE real M(celu_by_alpha)(real x, real alpha)
{
    const real z = M(inside_exp)(x / alpha);
    return z > -1 && z <= 0 ? z * z * N(celu_tail)(z) : M(exp)(z) * (1 - z) - 1;
}

/* exp(z)/alpha times (-z)**n: the second derivatives by x and alpha, n times by alpha.  exp(z/2) counts twice, because
 * exp(z) may vanish where the quotient does not. */
JK_INLINE real M(celu_second)(real x, real alpha, int n)
{
    const real z = M(clip)(x / alpha, -4096, 4096), root = M(exp_of_quotient)(C(0.5) * x, alpha);
    return root * (n == 0 ? 1 : -z) / alpha * (root * (n == 2 ? -z : 1));
}
