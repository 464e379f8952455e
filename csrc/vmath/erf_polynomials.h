/* Polynomials and constants of erf, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_ERF_POLYNOMIALS_H
#define JK_VMATH_ERF_POLYNOMIALS_H

/* erfc and its derivatives are 0 from here on */
static const double erfc_end_f64 = 0x1.b99a3fd75e3c9p+4;
/* and those of ndtr(-x) */
static const double ndtr_end_f64 = 0x1.3842991358591p+5;
/* a sum with it is rounded so far that its square is exact */
static const double square_shift_f64 = 0x1.8p+32;
/* a sum with it is rounded so far that its product with such a number and 1 is exact */
static const double quotient_shift_f64 = 0x1.8p+25;
/* what erfcx_bounded leaves out */
static const double erfcx_middle_f64 = 0x1.6p-1;
/* and mills_bounded */
static const double mills_middle_f64 = 0x1p-1;
/* what it adds to a */
static const double mills_start_f64 = 0x1.4p+0;
/* where the tail of erfinv begins */
static const double erfinv_last_f64 = 0x1.f835d067673eep-1;
/* erfcx(-x) is infinite from here on */
static const double erfcx_end_f64 = 0x1.aa554ccb17776p+4;
/* of erf_large */
static const double erf_shift_f64 = 0x1p+1;
/* of erfcx_bounded, erfcx_first and erfcx_second */
static const double erfcx_shift_f64 = 0x1p+2;
/* of mills_bounded */
static const double mills_shift_f64 = 0x1.4p+2;
/* of erfinv_tail */
static const double erfinv_shift_f64 = 0x1.ep+1;
/* erfinv'(v)/(2*v) in its t, to a tenth */
static const double erfinv_inverse_f64 = 0x1.31d5acb6f4651p-3;
/* 2/sqrt(pi) */
static const double two_over_sqrt_pi_f64 = 0x1.20dd750429b6dp+0;
/* sqrt(pi)/2 */
static const double half_sqrt_pi_f64 = 0x1.c5bf891b4ef6bp-1;
/* sqrt(2)/4 */
static const double quarter_sqrt_two_f64 = 0x1.6a09e667f3bcdp-2;
/* 1/sqrt(2*pi) */
static const double density_f64 = 0x1.9884533d43651p-2;
/* and those of gelu_tanh(-x) */
static const double gelu_tanh_end_f64 = 0x1.5ae3b74addb9bp+4;
/* 2*sqrt(2/pi), rounded */
static const double gelu_linear_f64 = 0x1.9884533d43651p+0;
/* and its rest */
static const double gelu_linear_low_f64 = -0x1.cbc0d30ebfd15p-54;
/* 2*sqrt(2/pi)*0.044715, rounded */
static const double gelu_cubic_f64 = 0x1.2444f2a4d8b4bp-4;
/* and its rest */
static const double gelu_cubic_low_f64 = -0x1.6c843a29d1c7p-61;

/* erf(x)/x - 1 in t = x**2 for |x| <= 0.75: error 2**-60.1 */
JK_INLINE double erf_small_f64(double t)
{
    const double p1_0 = 0x1.06eba8214db69p-3 - 0x1.812746b0379ep-2 * t;
    const double p1_1 = 0x1.ce2f21a04247p-4 - 0x1.b82ce312556b8p-6 * t;
    const double p1_2 = 0x1.565bcd0311575p-8 - 0x1.c02db110b689bp-11 * t;
    const double p1_3 = 0x1.f9a2ad766d045p-14 - 0x1.f4c5b36ad0efp-17 * t;
    const double p1_4 = 0x1.b90cc3c549f4dp-20 - 0x1.5641dcbbfadcap-23 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + 0x1.89e42c5e70b3dp-27 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p2_2 * t8;
    return p8_0;
}

/* (1 + a)*erfcx(a), for 1 - erfc(a) in t = (a - 2)/(a + 2) for 0.75 <= a <= 6: error 2**-56.6 */
JK_INLINE double erf_large_f64(double t)
{
    const double p1_0 = 0x1.35c57e12b89abp-5 + 0x1.5c7530c170643p-5 * t;
    const double p1_1 = -0x1.9d9723c11b2c1p-6 - 0x1.0fb9b3552ae16p-11 * t;
    const double p1_2 = 0x1.02107ea0a3cb4p-8 + 0x1.2f3d96d41e61bp-13 * t;
    const double p1_3 = -0x1.72a10747d431fp-11 - 0x1.251b2f09d1956p-13 * t;
    const double p1_4 = 0x1.fcf2d3e7dcda6p-14 + 0x1.3d877d833f8b3p-14 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + 0x1.db3365ac5baa3p-17 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p2_2 * t8;
    return (0x1.8849aa8fc2b34p-1 - 0x1.0a36d7faca49p-2 * t) + t2 * p8_0;
}

/* (1 + a)*erfcx(a) - 0.6875 in t = (a - 4)/(a + 4) for a >= 0: error 2**-55.1 */
JK_INLINE double erfcx_bounded_f64(double t)
{
    const double p1_0 = 0x1.df6f7856004bp-4 - 0x1.89dfde1d983dfp-5 * t;
    const double p1_1 = 0x1.03a84393b4p-8 + 0x1.f5c2a425cad51p-7 * t;
    const double p1_2 = -0x1.1ef9faf915e25p-6 + 0x1.8e8471de35a56p-7 * t;
    const double p1_3 = -0x1.8db87b212cedfp-8 + 0x1.1567538d86b0ep-9 * t;
    const double p1_4 = -0x1.98b378ec3bc61p-12 - 0x1.f8776518072a9p-15 * t;
    const double p1_5 = 0x1.0c9379982fc8ap-14 - 0x1.b93f8c7b49cap-17 * t;
    const double p1_6 = -0x1.15d9f5b0d6b7dp-18 + 0x1.6378d43ec768fp-19 * t;
    const double p1_7 = 0x1.e5aa64c31b513p-28 - 0x1.848f406b86ef3p-22 * t;
    const double p1_8 = 0x1.9d25193dd9dafp-25 + 0x1.832d364e65825p-25 * t;
    const double p1_9 = -0x1.3d7c31c173fdbp-27 - 0x1.57f2daf631aa1p-28 * t;
    const double p1_10 = 0x1.d5c758c5175b1p-31 + 0x1.870e175ec0b16p-32 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double p4_2 = p2_4 + p1_10 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p4_2 * t16;
    return (-0x1.4809134e6568dp-9 - 0x1.9841f8fe19458p-3 * t) + t2 * p16_0;
}

/* -(1 + a)**2*erfcx'(a) in t = (a - 4)/(a + 4) for a >= 0: error 2**-55.7 */
JK_INLINE double erfcx_first_f64(double t)
{
    const double p1_0 = 0x1.871bccff15d0fp-3 - 0x1.9a292a86f651bp-8 * t;
    const double p1_1 = -0x1.8118ec9cd9764p-4 + 0x1.b280dfc8dcf26p-4 * t;
    const double p1_2 = -0x1.17b30ca9f3fap-4 + 0x1.8f6a4208b9ebcp-6 * t;
    const double p1_3 = 0x1.db6d291683dfbp-10 - 0x1.235dbae8e4e67p-7 * t;
    const double p1_4 = 0x1.95cf8020d906p-8 - 0x1.1c1569fa127a2p-9 * t;
    const double p1_5 = 0x1.e1ff3ab8c28bcp-14 + 0x1.19818d685ceb8p-12 * t;
    const double p1_6 = -0x1.c33215b3645f9p-14 - 0x1.33e33ccce724dp-17 * t;
    const double p1_7 = 0x1.3b2476476d002p-16 - 0x1.4b6d97be1f42ap-19 * t;
    const double p1_8 = -0x1.5a7df936b099bp-19 + 0x1.9a506047a2fa2p-21 * t;
    const double p1_9 = 0x1.64e490f2bfad3p-22 - 0x1.428bb91264b3cp-23 * t;
    const double p1_10 = -0x1.4cbc5ec3c75f9p-25 + 0x1.7c25e499dfb75p-26 * t;
    const double p1_11 = 0x1.921b59521ce32p-29 - 0x1.fce4708bcfe4bp-30 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double p2_5 = p1_10 + p1_11 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double p4_2 = p2_4 + p2_5 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p4_2 * t16;
    return (0x1.9e8245d4658d8p-1 - 0x1.94fc1139afe91p-2 * t) + t2 * p16_0;
}

/* (1 + a)**3*erfcx''(a) in t = (a - 4)/(a + 4) for a >= 0: error 2**-55.5 */
JK_INLINE double erfcx_second_f64(double t)
{
    const double p1_0 = 0x1.5d086e882d6d6p-2 + 0x1.71ba3bede104cp-2 * t;
    const double p1_1 = -0x1.3dbe8cc4f473p-1 + 0x1.d6d738f80994dp-2 * t;
    const double p1_2 = -0x1.2c8ea07b187b6p-3 - 0x1.2403c5dfea85ap-4 * t;
    const double p1_3 = 0x1.f0b275723c091p-4 - 0x1.2305babf86b96p-4 * t;
    const double p1_4 = 0x1.a1fb503439e27p-7 + 0x1.8b4d91421d5c9p-7 * t;
    const double p1_5 = -0x1.599bde51583fdp-7 + 0x1.77e62cdfdeb52p-9 * t;
    const double p1_6 = 0x1.a50c0d2857cfbp-11 - 0x1.a64c8f75b382p-11 * t;
    const double p1_7 = 0x1.6ec0f735b4088p-14 + 0x1.09467e2e3cb07p-13 * t;
    const double p1_8 = -0x1.5e5cc2be82f0ap-15 - 0x1.16db64a43780ep-16 * t;
    const double p1_9 = 0x1.4c89d259fcb62p-17 + 0x1.17ac05ee476eap-19 * t;
    const double p1_10 = -0x1.fd616857e6853p-20 - 0x1.175174b4793d5p-22 * t;
    const double p1_11 = 0x1.2f29d82f6cb27p-22 + 0x1.ec206d2ddd97p-26 * t;
    const double p1_12 = -0x1.9788c744941c6p-26 - 0x1.fd6913d2202e9p-30 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double p2_5 = p1_10 + p1_11 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double p4_2 = p2_4 + p2_5 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double p8_1 = p4_2 + p1_12 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p8_1 * t16;
    return (0x1.ddc9a8856909fp+0 - 0x1.20ea21b84e5a5p+0 * t) + t2 * p16_0;
}

/* (5/4 + a)*exp(a*a/2)*ndtr(-a) - 0.5 in t = (a - 5)/(a + 5) for a >= 0: error 2**-56.0 */
JK_INLINE double mills_bounded_f64(double t)
{
    const double p1_0 = 0x1.ebe8e26b67169p-5 - 0x1.4ed7f8c399a25p-7 * t;
    const double p1_1 = -0x1.d9140d6f7598ap-7 + 0x1.321c3a9d48225p-6 * t;
    const double p1_2 = -0x1.a77265b3f16fep-7 + 0x1.84736ae6df804p-8 * t;
    const double p1_3 = -0x1.a8fbdc5fa7187p-10 + 0x1.5af5a1d0c1c88p-15 * t;
    const double p1_4 = 0x1.5eb3757d874a8p-13 - 0x1.bfad30712b6bbp-15 * t;
    const double p1_5 = -0x1.14521b7b0ce43p-17 + 0x1.255686ae1a84ap-17 * t;
    const double p1_6 = -0x1.00b56e0a9627fp-22 - 0x1.4e8f14960ef51p-20 * t;
    const double p1_7 = 0x1.3bd3a91f9f787p-23 + 0x1.8fb8bad02ac5dp-23 * t;
    const double p1_8 = -0x1.f0edfb0ddfb39p-26 - 0x1.f670d47fdae9p-26 * t;
    const double p1_9 = 0x1.1387aeb9a515bp-28 + 0x1.1b3f0e357bfd3p-28 * t;
    const double p1_10 = -0x1.5ec59337616d8p-32 - 0x1.822ce634df74bp-32 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double p4_2 = p2_4 + p1_10 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p4_2 * t16;
    return (-0x1.3b76925884e6bp-6 - 0x1.04f3080b418bdp-3 * t) + t2 * p16_0;
}

/* erfinv(x)/x - 1 in t = -log(1 - x**2) up to 3.5: error 2**-59.0 */
JK_INLINE double erfinv_center_f64(double t)
{
    const double p1_0 = 0x1.7a72e72c1dc4fp-7 - 0x1.3211025dcceffp-9 * t;
    const double p1_1 = -0x1.0c86b86b5f977p-13 + 0x1.87014eed5cb09p-15 * t;
    const double p1_2 = 0x1.0f1e455360bbdp-19 - 0x1.0fce897450935p-20 * t;
    const double p1_3 = -0x1.40378001ddb92p-25 + 0x1.870b51b4c9a5dp-26 * t;
    const double p1_4 = 0x1.b45edcd36ce58p-31 - 0x1.33702cdcb0d67p-31 * t;
    const double p1_5 = 0x1.da30483b6cacfp-38 + 0x1.150d66759041bp-40 * t;
    const double p1_6 = 0x1.3bc6df3c55046p-38 - 0x1.8680a3c6eb772p-40 * t;
    const double p1_7 = 0x1.acde74cb6fd11p-43 - 0x1.e3debb3c077ebp-47 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + 0x1.ce1cd975f4d37p-52 * t16;
    return (-0x1.d203b725884abp-4 + 0x1.db29fb2fee5eep-3 * t) + t2 * p16_0;
}

/* erfinv(x)/v - 1 in t = (v - 3.75)/(v + 3.75), v = sqrt(-log((1 - x)/2)), for the x beyond: error 2**-57.6 */
JK_INLINE double erfinv_tail_f64(double t)
{
    const double p1_0 = -0x1.fcdede34fc5a3p-2 + 0x1.374c5d3a80166p-1 * t;
    const double p1_1 = -0x1.6160767da1091p-1 + 0x1.80be196386ae5p-1 * t;
    const double p1_2 = -0x1.99cd1304b718ep-1 + 0x1.ae362f957350ap-1 * t;
    const double p1_3 = -0x1.bf966a34e848p-1 + 0x1.ce92ffe423577p-1 * t;
    const double p1_4 = -0x1.dbd42eed76aacp-1 + 0x1.e7a1e25546ed8p-1 * t;
    const double p1_5 = -0x1.f22b84784ebbdp-1 + 0x1.fb792eda2122fp-1 * t;
    const double p1_6 = -0x1.03806643f201ep+0 + 0x1.0a5756fd7b5cep+0 * t;
    const double p1_7 = -0x1.f7638b0c38d46p-1 + 0x1.d0bfe5d6901p-1 * t;
    const double p1_8 = -0x1.797287c32b58dp+0 + 0x1.cc8ec8019e693p+0 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p1_8 * t16;
    return (-0x1.8254e881c8d01p-4 + 0x1.3f06920a24fdfp-2 * t) + t2 * p16_0;
}

/* erfc and its derivatives are 0 from here on */
static const float erfc_end_f32 = 0x1.5f6dc4p+3f;
/* and those of ndtr(-x) */
static const float ndtr_end_f32 = 0x1.f0fedp+3f;
/* a sum with it is rounded so far that its square is exact */
static const float square_shift_f32 = 0x1.8p+15f;
/* a sum with it is rounded so far that its product with such a number and 1 is exact */
static const float quotient_shift_f32 = 0x1.8p+11f;
/* what erfcx_bounded leaves out */
static const float erfcx_middle_f32 = 0x1.6p-1f;
/* and mills_bounded */
static const float mills_middle_f32 = 0x1p-1f;
/* what it adds to a */
static const float mills_start_f32 = 0x1.4p+0f;
/* where the tail of erfinv begins */
static const float erfinv_last_f32 = 0x1.f835dp-1f;
/* erfcx(-x) is infinite from here on */
static const float erfcx_end_f32 = 0x1.2de32cp+3f;
/* of erf_large */
static const float erf_shift_f32 = 0x1p+1f;
/* of erfcx_bounded, erfcx_first and erfcx_second */
static const float erfcx_shift_f32 = 0x1p+2f;
/* of mills_bounded */
static const float mills_shift_f32 = 0x1.4p+2f;
/* of erfinv_tail */
static const float erfinv_shift_f32 = 0x1.ep+1f;
/* erfinv'(v)/(2*v) in its t, to a tenth */
static const float erfinv_inverse_f32 = 0x1.31d5acp-3f;
/* 2/sqrt(pi) */
static const float two_over_sqrt_pi_f32 = 0x1.20dd76p+0f;
/* sqrt(pi)/2 */
static const float half_sqrt_pi_f32 = 0x1.c5bf8ap-1f;
/* sqrt(2)/4 */
static const float quarter_sqrt_two_f32 = 0x1.6a09e6p-2f;
/* 1/sqrt(2*pi) */
static const float density_f32 = 0x1.988454p-2f;
/* and those of gelu_tanh(-x) */
static const float gelu_tanh_end_f32 = 0x1.692d3ep+3f;
/* 2*sqrt(2/pi), rounded */
static const float gelu_linear_f32 = 0x1.988454p+0f;
/* and its rest */
static const float gelu_linear_low_f32 = -0x1.857936p-25f;
/* 2*sqrt(2/pi)*0.044715, rounded */
static const float gelu_cubic_f32 = 0x1.2444f2p-4f;
/* and its rest */
static const float gelu_cubic_low_f32 = 0x1.49b16ap-29f;

/* erf(x)/x - 1 in t = x**2 for |x| <= 0.75: error 2**-29.4 */
JK_INLINE float erf_small_f32(float t)
{
    const float p1_0 = 0x1.06eba8p-3f - 0x1.81273ap-2f * t;
    const float p1_1 = 0x1.ce2ac8p-4f - 0x1.b7a892p-6f * t;
    const float p1_2 = 0x1.4f2c7ap-8f - 0x1.61de6ep-11f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* (1 + a)*erfcx(a), for 1 - erfc(a) in t = (a - 2)/(a + 2) for 0.75 <= a <= 6: error 2**-29.5 */
JK_INLINE float erf_large_f32(float t)
{
    const float p1_0 = 0x1.353064p-5f + 0x1.570682p-5f * t;
    const float p1_1 = -0x1.c945a6p-6f - 0x1.6e77ccp-8f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    return (0x1.8849aep-1f - 0x1.0a373ap-2f * t) + t2 * p2_0;
}

/* (1 + a)*erfcx(a) - 0.6875 in t = (a - 4)/(a + 4) for a >= 0: error 2**-28.7 */
JK_INLINE float erfcx_bounded_f32(float t)
{
    const float p1_0 = 0x1.df6f92p-4f - 0x1.89e0dep-5f * t;
    const float p1_1 = 0x1.039238p-8f + 0x1.f5e5ap-7f * t;
    const float p1_2 = -0x1.1edca2p-6f + 0x1.8e00eap-7f * t;
    const float p1_3 = -0x1.8ee3ccp-8f + 0x1.193fbp-9f * t;
    const float p1_4 = -0x1.8009eep-12f - 0x1.7274aep-14f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float p2_2 = p1_4 + 0x1.96ba4p-15f * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p2_2 * t8;
    return (-0x1.48091cp-9f - 0x1.9841f6p-3f * t) + t2 * p8_0;
}

/* -(1 + a)**2*erfcx'(a) in t = (a - 4)/(a + 4) for a >= 0: error 2**-26.8 */
JK_INLINE float erfcx_first_f32(float t)
{
    const float p1_0 = 0x1.871c1ap-3f - 0x1.9a0e0cp-8f * t;
    const float p1_1 = -0x1.812348p-4f + 0x1.b271d8p-4f * t;
    const float p1_2 = -0x1.177106p-4f + 0x1.90551p-6f * t;
    const float p1_3 = 0x1.a8ff4ep-10f - 0x1.2705ccp-7f * t;
    const float p1_4 = 0x1.aa06c2p-8f - 0x1.0cb6p-9f * t;
    const float p1_5 = -0x1.31ff3ap-13f + 0x1.b55918p-13f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float p2_2 = p1_4 + p1_5 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p2_2 * t8;
    return (0x1.9e8246p-1f - 0x1.94fc14p-2f * t) + t2 * p8_0;
}

/* (1 + a)**3*erfcx''(a) in t = (a - 4)/(a + 4) for a >= 0: error 2**-26.0 */
JK_INLINE float erfcx_second_f32(float t)
{
    const float p1_0 = 0x1.5d082p-2f + 0x1.71be08p-2f * t;
    const float p1_1 = -0x1.3dbc2cp-1f + 0x1.d6aceap-2f * t;
    const float p1_2 = -0x1.2cc6c2p-3f - 0x1.20c234p-4f * t;
    const float p1_3 = 0x1.f1ed18p-4f - 0x1.2b5654p-4f * t;
    const float p1_4 = 0x1.941d48p-7f + 0x1.e8788p-7f * t;
    const float p1_5 = -0x1.50f66cp-7f + 0x1.75efb6p-11f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float p2_2 = p1_4 + p1_5 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float p4_1 = p2_2 + 0x1.a6c29ap-11f * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p4_1 * t8;
    return (0x1.ddc9a8p+0f - 0x1.20ea28p+0f * t) + t2 * p8_0;
}

/* (5/4 + a)*exp(a*a/2)*ndtr(-a) - 0.5 in t = (a - 5)/(a + 5) for a >= 0: error 2**-26.8 */
JK_INLINE float mills_bounded_f32(float t)
{
    const float p1_0 = 0x1.ebe84ep-5f - 0x1.4ed384p-7f * t;
    const float p1_1 = -0x1.d8f86cp-7f + 0x1.320a62p-6f * t;
    const float p1_2 = -0x1.a7e9fcp-7f + 0x1.856b12p-8f * t;
    const float p1_3 = -0x1.a1b1b8p-10f + 0x1.0b88cap-16f * t;
    const float p1_4 = 0x1.2a7068p-13f - 0x1.06b26cp-15f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p1_4 * t8;
    return (-0x1.3b768ep-6f - 0x1.04f30ap-3f * t) + t2 * p8_0;
}

/* erfinv(x)/x - 1 in t = -log(1 - x**2) up to 3.5: error 2**-27.9 */
JK_INLINE float erfinv_center_f32(float t)
{
    const float p1_0 = 0x1.7a68cep-7f - 0x1.31a238p-9f * t;
    const float p1_1 = -0x1.1578aep-13f + 0x1.9dbd56p-15f * t;
    const float p1_2 = 0x1.70d222p-20f - 0x1.39ff0ep-20f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + 0x1.8081c8p-24f * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return (-0x1.d203b8p-4f + 0x1.db2a12p-3f * t) + t2 * p4_0;
}

/* erfinv(x)/v - 1 in t = (v - 3.75)/(v + 3.75), v = sqrt(-log((1 - x)/2)), for the x beyond: error 2**-28.3 */
JK_INLINE float erfinv_tail_f32(float t)
{
    const float p1_0 = -0x1.fcde6cp-2f + 0x1.374a72p-1f * t;
    const float p1_1 = -0x1.617c88p-1f + 0x1.81423ap-1f * t;
    const float p1_2 = -0x1.9506bcp-1f + 0x1.a0318ep-1f * t;
    const float p1_3 = -0x1.0994b6p+0f + 0x1.3459dp+0f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return (-0x1.8254eap-4f + 0x1.3f0696p-2f * t) + t2 * p4_0;
}

#endif
