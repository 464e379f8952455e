/* Polynomials and constants of activations, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_ACTIVATIONS_POLYNOMIALS_H
#define JK_VMATH_ACTIVATIONS_POLYNOMIALS_H

/* (expm1(z) - z*exp(z))/z**2 for -1 <= z <= 0: error 2**-60.7 */
JK_INLINE double celu_tail_f64(double t)
{
    const double p1_0 = -0x1p-1 - 0x1.5555555555554p-2 * t;
    const double p1_1 = -0x1.ffffffffffea5p-4 - 0x1.111111110d72ep-5 * t;
    const double p1_2 = -0x1.c71c71c5d9c99p-8 - 0x1.381381167b2c2p-10 * t;
    const double p1_3 = -0x1.6c16bce9ccb29p-13 - 0x1.71ddd2167511p-16 * t;
    const double p1_4 = -0x1.4cdb2158e16b6p-19 - 0x1.0cb7956784bcp-22 * t;
    const double p1_5 = -0x1.865d4188a4f44p-26 - 0x1.e8c38e17afbdcp-30 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 - 0x1.9af7b023e18d9p-34 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    return p8_0;
}

/* (expm1(z) - z*exp(z))/z**2 for -1 <= z <= 0: error 2**-27.7 */
JK_INLINE float celu_tail_f32(float t)
{
    const float p1_0 = -0x1p-1f - 0x1.555546p-2f * t;
    const float p1_1 = -0x1.fffc8ap-4f - 0x1.10e8b4p-5f * t;
    const float p1_2 = -0x1.c38b98p-8f - 0x1.22e1f8p-10f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 - 0x1.d27ecep-14f * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

#endif
