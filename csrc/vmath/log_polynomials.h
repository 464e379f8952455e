/* Polynomials and constants of log, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
#ifndef JK_VMATH_LOG_POLYNOMIALS_H
#define JK_VMATH_LOG_POLYNOMIALS_H

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
