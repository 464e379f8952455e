/* Polynomials and constants of power, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_POWER_POLYNOMIALS_H
#define JK_VMATH_POWER_POLYNOMIALS_H

/* sqrt(3)/2 */
static const double sqrt_three_quarters_f64 = 0x1.bb67ae8584caap-1;
/* sqrt(3/2) */
static const double sqrt_three_halves_f64 = 0x1.3988e1409212ep+0;
/* 2/3*log2(e) */
static const double two_thirds_log2e_f64 = 0x1.ec709dc3a03fdp-1;
/* the same, the first half of its digits */
static const double two_thirds_log2e_hi_f64 = 0x1.ec709ep-1;
/* and its rest */
static const double two_thirds_log2e_lo_f64 = -0x1.e2fe0145b01f5p-28;
/* log2(3/2), the first half of its digits */
static const double log2_three_halves_hi_f64 = 0x1.2b80348p-1;
/* and its rest */
static const double log2_three_halves_lo_f64 = -0x1.810a5e1817fd4p-30;

/* (3*atanh(s)/s - 3 - s**2)/s**4 in t = s**2, relative to the logarithm: error 2**-71.3 */
JK_INLINE double log2_tail_f64(double t)
{
    const double p1_0 = 0x1.3333333333303p-1 + 0x1.b6db6db6fa6bdp-2 * t;
    const double p1_1 = 0x1.555555196f678p-2 + 0x1.17460a3b7aef9p-2 * t;
    const double p1_2 = 0x1.d864e18212fcep-3 + 0x1.a7db868699b55p-3 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}
/* 2**(1/3) */
static const double cbrt_two_f64 = 0x1.428a2f98d728bp+0;
/* 2**(-1/3) */
static const double cbrt_half_f64 = 0x1.965fea53d6e3dp-1;
/* the squares of this and of its inverse are far from the ends of the range */
static const double large_square_f64 = 0x1p+409;
/* takes what is larger to the middle of the range */
static const double to_smaller_f64 = 0x1p-716;
/* its bits less half of those of x are about those of 1/sqrt(x) */
static const double inverse_root_start_f64 = 0x1.6eb3bd314e56ap+511;

/* t**(-1/3) for 1 <= t <= 2, half of its digits: error 2**-28.1 */
JK_INLINE double cbrt_start_f64(double t)
{
    const double p1_0 = 0x1.103c527ab4035p+1 - 0x1.aff89599d26b4p+1 * t;
    const double p1_1 = 0x1.59d128b6386dfp+2 - 0x1.8902b4c89aee9p+2 * t;
    const double p1_2 = 0x1.396d4b79e400cp+2 - 0x1.5db4146cc9b53p+1 * t;
    const double p1_3 = 0x1.0bd69cecb3b7dp+0 - 0x1.0cc0291040c1ep-2 * t;
    const double p1_4 = 0x1.3e89f577fa6e3p-5 - 0x1.5261d3ebc9578p-9 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p1_4 * t8;
    return p8_0;
}

/* log2((1 + s)/(1 - s))/s in t = s**2: error 2**-45.1 */
JK_INLINE double log2_over_s_wide(double t)
{
    const double p1_0 = 0x1.71547652b8251p+1 + 0x1.ec709dc53c30ep-1 * t;
    const double p1_1 = 0x1.2776c29382bd4p-1 + 0x1.a61a2e8f9eb19p-2 * t;
    const double p1_2 = 0x1.4795601f8db31p-2 + 0x1.21b05526c9d04p-2 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (2**t - 1)/t for |t| <= 1/2: error 2**-32.0 */
JK_INLINE double exp2_slope_wide(double t)
{
    const double p1_0 = 0x1.62e4300b9c91p-1 + 0x1.ebfbe0456e0dep-3 * t;
    const double p1_1 = 0x1.c6b0551efe61bp-5 + 0x1.3b2a1bf6ebc7ep-7 * t;
    const double p1_2 = 0x1.5dc04fd037354p-10 + 0x1.443f9547fb401p-13 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + 0x1.c049a82afb669p-17 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}
/* 2**(1/3) */
static const float cbrt_two_f32 = 0x1.428a3p+0f;
/* 2**(-1/3) */
static const float cbrt_half_f32 = 0x1.965feap-1f;
/* the squares of this and of its inverse are far from the ends of the range */
static const float large_square_f32 = 0x1p+50f;
/* takes what is larger to the middle of the range */
static const float to_smaller_f32 = 0x1p-88f;
/* its bits less half of those of x are about those of 1/sqrt(x) */
static const float inverse_root_start_f32 = 0x1.6eb3bep+63f;

/* t**(-1/3) for 1 <= t <= 2, half of its digits: error 2**-14.7 */
JK_INLINE float cbrt_start_f32(float t)
{
    const float p1_0 = 0x1.ab859p+0f - 0x1.2c41ep+0f * t;
    const float p1_1 = 0x1.64164ap-1f - 0x1.c51852p-3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + 0x1.d46f68p-6f * t4;
    return p4_0;
}

#endif
