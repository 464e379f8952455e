/* Polynomials and constants of exp, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_EXP_POLYNOMIALS_H
#define JK_VMATH_EXP_POLYNOMIALS_H

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

/* (2**t - 1 - t*log(2))/t**2 for |t| <= 1/2: error 2**-55.4 */
JK_INLINE double exp2_tail_f64(double t)
{
    const double p1_0 = 0x1.ebfbdff82c59ap-3 + 0x1.c6b08d704a0cep-5 * t;
    const double p1_1 = 0x1.3b2ab6fba1852p-7 + 0x1.5d87fe789f39bp-10 * t;
    const double p1_2 = 0x1.4309130adda1ep-13 + 0x1.ffcbfc979008ap-17 * t;
    const double p1_3 = 0x1.62bfd0317f6cp-20 + 0x1.b5246ae88d581p-24 * t;
    const double p1_4 = 0x1.e60e9eafe3578p-28 + 0x1.eaec7c20eb5ffp-32 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p1_4 * t8;
    return p8_0;
}

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

/* (2**t - 1 - t*log(2))/t**2 for |t| <= 1/2: error 2**-31.8 */
JK_INLINE float exp2_tail_f32(float t)
{
    const float p1_0 = 0x1.ebfbep-3f + 0x1.c6b08ep-5f * t;
    const float p1_1 = 0x1.3b2a0ep-7f + 0x1.5d86c6p-10f * t;
    const float p1_2 = 0x1.444c72p-13f + 0x1.01753ep-16f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

#endif
