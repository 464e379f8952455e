/* Polynomials and constants of trig, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_TRIG_POLYNOMIALS_H
#define JK_VMATH_TRIG_POLYNOMIALS_H

/* larger angles are far ones */
static const double near_end_f64 = 0x1.86ap+16;
/* 2/pi */
static const double two_over_pi_f64 = 0x1.45f306dc9c883p-1;
/* 1/pi */
static const double one_over_pi_f64 = 0x1.45f306dc9c883p-2;
/* pi */
static const double pi_f64 = 0x1.921fb54442d18p+1;
/* and its rest */
static const double pi_lo_f64 = 0x1.1a62633145c07p-53;
/* a sum with it cuts |f| <= 1/2 to a quarter of the significand */
static const double quarter_shift_f64 = 0x1.8p+39;
/* and to half of it */
static const double half_cut_f64 = 0x1.8p+26;
/* pi**2/6, its first half */
static const double pi_sixth_hi_f64 = 0x1.a51a66p+0;
/* pi**2/6 */
static const double pi_sixth_f64 = 0x1.a51a6625307d3p+0;
/* what pi_sixth_hi leaves of it */
static const double pi_sixth_lo_f64 = 0x1.2983e991873d9p-27;
/* pi**2 */
static const double pi_squared_f64 = 0x1.3bd3cc9be45dep+3;
/* pi/2, part 1 */
static const double half_pi_1_f64 = 0x1.921fb5444p+0;
/* pi/2, part 2 */
static const double half_pi_2_f64 = 0x1.68c234c4cp-39;
/* pi/2, part 3 */
static const double half_pi_3_f64 = 0x1.98a2e03707345p-77;
/* 2/pi in binary: its integer part, 0, and 1216 bits */
static const uint64_t two_over_pi_bits[20] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};

/* (sin(r) - r)/r**3 in t = r**2 for |r| <= 0.8: error 2**-57.6 */
JK_INLINE double sin_tail_f64(double t)
{
    const double p1_0 = -0x1.5555555555545p-3 + 0x1.111111110f2aep-7 * t;
    const double p1_1 = -0x1.a01a019b56487p-13 + 0x1.71de34d40664fp-19 * t;
    const double p1_2 = -0x1.ae5de54bfbd91p-26 + 0x1.5d6d74454f581p-33 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (cos(r) - 1 + r**2/2)/r**4 in t = r**2 for |r| <= 0.8: error 2**-63.5 */
JK_INLINE double cos_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555548p-5 - 0x1.6c16c16c149b5p-10 * t;
    const double p1_1 = 0x1.a01a019bf099ap-16 - 0x1.27e4f77f51889p-22 * t;
    const double p1_2 = 0x1.1ee98e42cf6dep-29 - 0x1.8f7e67d3eccep-37 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (sinc(f) - 1 + (pi*f)**2/6)/f**4 in t = f**2 for |f| <= 1/2: error 2**-61.2 */
JK_INLINE double sinc_tail_f64(double t)
{
    const double p1_0 = 0x1.9f9cb402bc44p-1 - 0x1.86a8e4720acd1p-3 * t;
    const double p1_1 = 0x1.ac6805ccda803p-6 - 0x1.338169ac1af4ep-9 * t;
    const double p1_2 = 0x1.3746a73e88a1bp-13 - 0x1.d3e853732b4ebp-18 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + 0x1.075d6c8f88aa4p-22 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

/* sinc'(x)/x in t = x**2 for |x| <= 1/2: error 2**-55.4 */
JK_INLINE double sinc_slope_near_f64(double t)
{
    const double p1_0 = -0x1.a51a6625307d3p+1 + 0x1.9f9cb402bc421p+1 * t;
    const double p1_1 = -0x1.24feab5587409p+0 + 0x1.ac6805cc3a433p-3 * t;
    const double p1_2 = -0x1.8061c3dc0eaf6p-6 + 0x1.d2e9e414cfb01p-10 * t;
    const double p1_3 = -0x1.9966e590d3c0bp-14 + 0x1.0708428d1c049p-18 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

/* sinc''(x) in t = x**2 for |x| <= 1/2: error 2**-60.0 */
JK_INLINE double sinc_second_near_f64(double t)
{
    const double p1_0 = -0x1.a51a6625307d3p+1 + 0x1.37b587020d35p+3 * t;
    const double p1_1 = -0x1.6e3e562aeccfp+2 + 0x1.76db05154725p+0 * t;
    const double p1_2 = -0x1.b06dfdf2b8fe5p-3 + 0x1.41015142a8edp-6 * t;
    const double p1_3 = -0x1.4cd1649a20f49p-10 + 0x1.fd4d4f645067fp-15 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 - 0x1.220bf1df914ep-19 * t8;
    return p8_0;
}

/* (asin(r) - r)/r**3 in t = r**2 for |r| <= 1/2: error 2**-55.9 */
JK_INLINE double asin_tail_f64(double t)
{
    const double p1_0 = 0x1.555555555539p-3 + 0x1.333333336e7cfp-4 * t;
    const double p1_1 = 0x1.6db6db427c43cp-5 + 0x1.f1c72c38747a7p-6 * t;
    const double p1_2 = 0x1.6e89f44b29384p-6 + 0x1.1c6be1105eb63p-6 * t;
    const double p1_3 = 0x1.c6fdcc45cebeep-7 + 0x1.8ec2bc27a9998p-7 * t;
    const double p1_4 = 0x1.abd16639dea4cp-8 + 0x1.3ff359a570f9ap-6 * t;
    const double p1_5 = -0x1.09d1348cc468ap-6 + 0x1.056cc93fc2f67p-5 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p2_2 * t8;
    return p8_0;
}

/* (atan(r) - r)/r**3 in t = r**2 for |r| <= 1/2: error 2**-57.8 */
JK_INLINE double atan_tail_f64(double t)
{
    const double p1_0 = -0x1.5555555555516p-2 + 0x1.999999999115p-3 * t;
    const double p1_1 = -0x1.249249215e186p-3 + 0x1.c71c7090f68f5p-4 * t;
    const double p1_2 = -0x1.745cf4cc4d063p-4 + 0x1.3b113dcf6fd74p-4 * t;
    const double p1_3 = -0x1.10f31f99f4e1bp-4 + 0x1.dfe97d8dc654ep-5 * t;
    const double p1_4 = -0x1.a3987bd7b1611p-5 + 0x1.56f5fa703557p-5 * t;
    const double p1_5 = -0x1.c18061eaa2adp-6 + 0x1.4b84ba08c63cbp-7 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p2_2 * t8;
    return p8_0;
}

/* (atanh(s) - s)/s**3 in t = s**2 for s**2 <= 0.1: error 2**-55.8 */
JK_INLINE double atanh_tail_f64(double t)
{
    const double p1_0 = 0x1.55555555556c1p-2 + 0x1.9999999952f21p-3 * t;
    const double p1_1 = 0x1.2492494a60e42p-3 + 0x1.c71c5dfb08754p-4 * t;
    const double p1_2 = 0x1.74600398163b6p-4 + 0x1.3ad14a0579677p-4 * t;
    const double p1_3 = 0x1.14aa57538a454p-4 + 0x1.a6be02164750ep-5 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + 0x1.5818ee33ec84ap-4 * t8;
    return p8_0;
}

/* (1 - acosh(1 + t)/sqrt(2*t))/t for t <= 1/4: error 2**-56.6 */
JK_INLINE double acosh_tail_f64(double t)
{
    const double p1_0 = 0x1.5555555555407p-4 - 0x1.33333332fe4cdp-6 * t;
    const double p1_1 = 0x1.6db6db3f900ebp-8 - 0x1.f1c708a9a76dcp-10 * t;
    const double p1_2 = 0x1.6e893adbc7bf4p-11 - 0x1.1c213f32cfacdp-12 * t;
    const double p1_3 = 0x1.c569946129be8p-14 - 0x1.5c30dfde26c57p-15 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + 0x1.7ffaa4693dd0bp-17 * t8;
    return p8_0;
}

/* larger angles are far ones */
static const float near_end_f32 = 0x1.86ap+16f;
/* 2/pi */
static const float two_over_pi_f32 = 0x1.45f306p-1f;
/* 1/pi */
static const float one_over_pi_f32 = 0x1.45f306p-2f;
/* pi */
static const float pi_f32 = 0x1.921fb6p+1f;
/* and its rest */
static const float pi_lo_f32 = -0x1.777a5cp-24f;
/* a sum with it cuts |f| <= 1/2 to a quarter of the significand */
static const float quarter_shift_f32 = 0x1.8p+17f;
/* and to half of it */
static const float half_cut_f32 = 0x1.8p+11f;
/* pi**2/6, its first half */
static const float pi_sixth_hi_f32 = 0x1.a52p+0f;
/* pi**2/6 */
static const float pi_sixth_f32 = 0x1.a51a66p+0f;
/* what pi_sixth_hi leaves of it */
static const float pi_sixth_lo_f32 = -0x1.6676b4p-14f;
/* pi**2 */
static const float pi_squared_f32 = 0x1.3bd3ccp+3f;

/* (sin(r) - r)/r**3 in t = r**2 for |r| <= 0.8: error 2**-27.8 */
JK_INLINE float sin_tail_f32(float t)
{
    const float p1_0 = -0x1.555544p-3f + 0x1.11067ap-7f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 - 0x1.99024ep-13f * t2;
    return p2_0;
}

/* (cos(r) - 1 + r**2/2)/r**4 in t = r**2 for |r| <= 0.8: error 2**-32.7 */
JK_INLINE float cos_tail_f32(float t)
{
    const float p1_0 = 0x1.555548p-5f - 0x1.6c0b62p-10f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.99afa8p-16f * t2;
    return p2_0;
}

/* (sinc(f) - 1 + (pi*f)**2/6)/f**4 in t = f**2 for |f| <= 1/2: error 2**-26.4 */
JK_INLINE float sinc_tail_f32(float t)
{
    const float p1_0 = 0x1.9f9b28p-1f - 0x1.86371ep-3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.97d7fep-6f * t2;
    return p2_0;
}

/* sinc'(x)/x in t = x**2 for |x| <= 1/2: error 2**-29.7 */
JK_INLINE float sinc_slope_near_f32(float t)
{
    const float p1_0 = -0x1.a51a66p+1f + 0x1.9f9caep+1f * t;
    const float p1_1 = -0x1.24fd3ap+0f + 0x1.abe8ap-3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 - 0x1.6e54e6p-6f * t4;
    return p4_0;
}

/* sinc''(x) in t = x**2 for |x| <= 1/2: error 2**-33.7 */
JK_INLINE float sinc_second_near_f32(float t)
{
    const float p1_0 = -0x1.a51a66p+1f + 0x1.37b586p+3f * t;
    const float p1_1 = -0x1.6e3e4cp+2f + 0x1.76d878p+0f * t;
    const float p1_2 = -0x1.afd92p-3f + 0x1.3121a2p-6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (asin(r) - r)/r**3 in t = r**2 for |r| <= 1/2: error 2**-27.6 */
JK_INLINE float asin_tail_f32(float t)
{
    const float p1_0 = 0x1.5555c8p-3f + 0x1.3301e4p-4f * t;
    const float p1_1 = 0x1.747e42p-5f + 0x1.8c28a2p-6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + 0x1.596cc8p-5f * t4;
    return p4_0;
}

/* (atan(r) - r)/r**3 in t = r**2 for |r| <= 1/2: error 2**-27.5 */
JK_INLINE float atan_tail_f32(float t)
{
    const float p1_0 = -0x1.555512p-2f + 0x1.997b54p-3f * t;
    const float p1_1 = -0x1.224dep-3f + 0x1.a0277ap-4f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 - 0x1.a4765ep-5f * t4;
    return p4_0;
}

/* (atanh(s) - s)/s**3 in t = s**2 for s**2 <= 0.1: error 2**-28.5 */
JK_INLINE float atanh_tail_f32(float t)
{
    const float p1_0 = 0x1.55552p-2f + 0x1.99c1b8p-3f * t;
    const float p1_1 = 0x1.1ff394p-3f + 0x1.1802cap-3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    return p2_0;
}

/* (1 - acosh(1 + t)/sqrt(2*t))/t for t <= 1/4: error 2**-29.7 */
JK_INLINE float acosh_tail_f32(float t)
{
    const float p1_0 = 0x1.55552ep-4f - 0x1.331a86p-6f * t;
    const float p1_1 = 0x1.68ecfcp-8f - 0x1.91a352p-10f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    return p2_0;
}

#endif
