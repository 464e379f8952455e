/* Polynomials and constants of log, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_LOG_POLYNOMIALS_H
#define JK_VMATH_LOG_POLYNOMIALS_H

/* log2(e), the first half of its digits */
static const double log2e_hi_f64 = 0x1.7154768p+0;
/* and its rest */
static const double log2e_lo_f64 = -0x1.6a3e80f444178p-27;
/* log10(e), the first half of its digits */
static const double log10e_hi_f64 = 0x1.bcb7b18p-2;
/* and its rest */
static const double log10e_lo_f64 = -0x1.6c8d78e6acaa4p-29;
/* log10(2), its first 42 bits */
static const double log10_2_hi_f64 = 0x1.34413509f78p-2;
/* and its rest */
static const double log10_2_lo_f64 = 0x1.fef311f12b358p-46;

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

/* the same for 1/3 <= 1 + f <= 3: error 2**-57.1 */
JK_INLINE double log_third_tail_f64(double t)
{
    const double p1_0 = 0x1.55555555555ccp-1 + 0x1.9999999987946p-2 * t;
    const double p1_1 = 0x1.2492492c3d7cap-2 + 0x1.c71c6e7f0ed2fp-3 * t;
    const double p1_2 = 0x1.745d81049e3afp-3 + 0x1.3b0b2b138e2efp-3 * t;
    const double p1_3 = 0x1.118751b4988abp-3 + 0x1.d909e6f0faf54p-4 * t;
    const double p1_4 = 0x1.ea13f09c285p-4 + 0x1.dd449105034f9p-6 * t;
    const double p1_5 = 0x1.28cf9b76ec09bp-2 - 0x1.3920479544da2p-2 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + 0x1.cc572648d2645p-2 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    return p8_0;
}

/* log2(e), the first half of its digits */
static const float log2e_hi_f32 = 0x1.716p+0f;
/* and its rest */
static const float log2e_lo_f32 = -0x1.7135a8p-13f;
/* log10(e), the first half of its digits */
static const float log10e_hi_f32 = 0x1.bccp-2f;
/* and its rest */
static const float log10e_lo_f32 = -0x1.09d5b2p-15f;
/* log10(2), its first 16 bits */
static const float log10_2_hi_f32 = 0x1.3442p-2f;
/* and its rest */
static const float log10_2_lo_f32 = -0x1.95ec1p-19f;

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

/* the same for 1/3 <= 1 + f <= 3: error 2**-29.4 */
JK_INLINE float log_third_tail_f32(float t)
{
    const float p1_0 = 0x1.55554p-1f + 0x1.99a6cep-2f * t;
    const float p1_1 = 0x1.23483cp-2f + 0x1.e44cc2p-3f * t;
    const float p1_2 = 0x1.a4ba64p-4f + 0x1.69dceep-2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

#endif
