/* Polynomials and constants of the vector math, in both dtypes.  Made by
 *     python tools/fit_vmath.py > csrc/loops/vmath_polynomials.h
 * Change that, not this. */
#ifndef JK_VMATH_POLYNOMIALS_H
#define JK_VMATH_POLYNOMIALS_H

#include <stdint.h>

typedef uint64_t word_f64;
enum { n_fraction_f64 = 52 };
/* exp of this is infinite */
static const double exp_overflow_f64 = 0x1.63p+9;
/* log2(e) */
static const double log2e_f64 = 0x1.71547652b82fep+0;
/* log(2), its first 42 bits */
static const double ln2_hi_f64 = 0x1.62e42fefa38p-1;
/* and its rest */
static const double ln2_lo_f64 = 0x1.ef35793c7673p-45;
/* sqrt(1/2) */
static const double sqrt_half_f64 = 0x1.6a09e667f3bcdp-1;
/* the last digit of its significand counts 1 */
static const double two_to_fraction_f64 = 0x1p+52;
/* what is added to the exponent */
static const double bias_f64 = 0x1.ff8p+9;
/* numbers below it have fewer digits */
static const double least_normal_f64 = 0x1p-1022;
/* a sum with it is rounded to an integer, k, and ends with the bits of k + bias */
static const double round_shift_f64 = 0x1.80000000003ffp+52;

/* (exp(t) - 1 - t)/t**2 for |t| <= log(2)/2: error 2**-55.4 */
JK_INLINE double exp_tail_f64(double t)
{
    const double p1_0 = 0x1.0000000000006p-1 + 0x1.555555555556p-3 * t;
    const double p1_1 = 0x1.5555555551ab2p-5 + 0x1.111111110b6c4p-7 * t;
    const double p1_2 = 0x1.6c16c180dfe9cp-10 + 0x1.a01a01d356768p-13 * t;
    const double p1_3 = 0x1.a019a16751852p-16 + 0x1.71dd8862cb721p-19 * t;
    const double p1_4 = 0x1.28a7dcbd4d3eep-22 + 0x1.b044d828bba72p-26 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p1_4 * t8;
    return p8_0;
}

/* (x*coth(x) - 1)/x**2 in t = x**2 for |x| <= 0.55: error 2**-61.4 */
JK_INLINE double tanh_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555553p-2 - 0x1.6c16c16c15eap-6 * t;
    const double p1_1 = 0x1.1566abbf18355p-9 - 0x1.bbd7781cbd97ep-13 * t;
    const double p1_2 = 0x1.66a89c8af295p-16 - 0x1.2270ca4957c8dp-19 * t;
    const double p1_3 = 0x1.d39385a272a57p-23 - 0x1.4d7f654977d34p-26 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

/* (sinh(r) - r)/r**3 in t = r**2 for |r| <= log(2)/2: error 2**-61.7 */
JK_INLINE double sinh_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555559p-3 + 0x1.111111110f6d3p-7 * t;
    const double p1_1 = 0x1.a01a01afd680ep-13 + 0x1.71ddf878a8a4dp-19 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + 0x1.af5e7e7b322d2p-26 * t4;
    return p4_0;
}

/* (cosh(r) - 1)/r**2 in t = r**2 for |r| <= log(2)/2: error 2**-58.1 */
JK_INLINE double cosh_tail_f64(double t)
{
    const double p1_0 = 0x1.000000000000bp-1 + 0x1.55555555500ccp-5 * t;
    const double p1_1 = 0x1.6c16c18583c8ap-10 + 0x1.a01996f3c1859p-16 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + 0x1.28aff2219931p-22 * t4;
    return p4_0;
}

/* (log(1 + f) - 2*s)/s**3 in t = s**2, where s = f/(2 + f), for 0 <= f <= 1: error 2**-59.4 */
JK_INLINE double log1p_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555535p-1 + 0x1.99999999a06cp-2 * t;
    const double p1_1 = 0x1.249249209118ap-2 + 0x1.c71c741a04b67p-3 * t;
    const double p1_2 = 0x1.745cb459dd4c6p-3 + 0x1.3b1dd3aa1ee56p-3 * t;
    const double p1_3 = 0x1.10682ef470978p-3 + 0x1.efd18bc895538p-4 * t;
    const double p1_4 = 0x1.55cf5e3482b88p-4 + 0x1.5c5c1de29000ap-3 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p1_4 * t8;
    return p8_0;
}

/* the same for sqrt(1/2) <= 1 + f <= sqrt(2): error 2**-59.5 */
JK_INLINE double log_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555592p-1 + 0x1.999999997fee9p-2 * t;
    const double p1_1 = 0x1.24924941e0a2cp-2 + 0x1.c71c5216747bdp-3 * t;
    const double p1_2 = 0x1.74663c495a18bp-3 + 0x1.39a1fcc5e9277p-3 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + 0x1.2f02d8f3b5ce6p-3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

typedef uint32_t word_f32;
enum { n_fraction_f32 = 23 };
/* exp of this is infinite */
static const float exp_overflow_f32 = 0x1.64p+6f;
/* log2(e) */
static const float log2e_f32 = 0x1.715476p+0f;
/* log(2), its first 16 bits */
static const float ln2_hi_f32 = 0x1.62e4p-1f;
/* and its rest */
static const float ln2_lo_f32 = 0x1.7f7d1cp-20f;
/* sqrt(1/2) */
static const float sqrt_half_f32 = 0x1.6a09e6p-1f;
/* the last digit of its significand counts 1 */
static const float two_to_fraction_f32 = 0x1p+23f;
/* what is added to the exponent */
static const float bias_f32 = 0x1.fcp+6f;
/* numbers below it have fewer digits */
static const float least_normal_f32 = 0x1p-126f;
/* a sum with it is rounded to an integer, k, and ends with the bits of k + bias */
static const float round_shift_f32 = 0x1.8000fep+23f;

/* (exp(t) - 1 - t)/t**2 for |t| <= log(2)/2: error 2**-31.8 */
JK_INLINE float exp_tail_f32(float t)
{
    const float p1_0 = 0x1p-1f + 0x1.555556p-3f * t;
    const float p1_1 = 0x1.5554ap-5f + 0x1.11101ep-7f * t;
    const float p1_2 = 0x1.6d8338p-10f + 0x1.a2a334p-13f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (x*coth(x) - 1)/x**2 in t = x**2 for |x| <= 0.55: error 2**-26.1 */
JK_INLINE float tanh_tail_f32(float t)
{
    const float p1_0 = 0x1.555514p-2f - 0x1.6bc27ap-6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.0607f6p-9f * t2;
    return p2_0;
}

/* (sinh(r) - r)/r**3 in t = r**2 for |r| <= log(2)/2: error 2**-26.2 */
JK_INLINE float sinh_tail_f32(float t)
{
    const float p1_0 = 0x1.5554bp-3f + 0x1.122788p-7f * t;
    return p1_0;
}

/* (cosh(r) - 1)/r**2 in t = r**2 for |r| <= log(2)/2: error 2**-34.3 */
JK_INLINE float cosh_tail_f32(float t)
{
    const float p1_0 = 0x1p-1f + 0x1.55548p-5f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.6d9622p-10f * t2;
    return p2_0;
}

/* (log(1 + f) - 2*s)/s**3 in t = s**2, where s = f/(2 + f), for 0 <= f <= 1: error 2**-27.7 */
JK_INLINE float log1p_tail_f32(float t)
{
    const float p1_0 = 0x1.555502p-1f + 0x1.99d208p-2f * t;
    const float p1_1 = 0x1.1ebd0ap-2f + 0x1.1ed7dp-2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    return p2_0;
}

/* the same for sqrt(1/2) <= 1 + f <= sqrt(2): error 2**-30.2 */
JK_INLINE float log_tail_f32(float t)
{
    const float p1_0 = 0x1.55557ap-1f + 0x1.995edp-2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.31e0dep-2f * t2;
    return p2_0;
}

#endif
