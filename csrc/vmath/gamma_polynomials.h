/* Polynomials and constants of gamma, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_GAMMA_POLYNOMIALS_H
#define JK_VMATH_GAMMA_POLYNOMIALS_H

/* where digamma is 0, rounded */
static const double digamma_zero_f64 = 0x1.762d86356be3fp+0;
/* and its rest */
static const double digamma_zero_low_f64 = 0x1.b86a722197829p-54;
/* log(2*pi)/2 - 1/2 */
static const double stirling_f64 = 0x1.acfe390c97d69p-2;

/* log(gamma(2 + t))/(t*(1 + t)) for -3/4 <= t <= 1/2: error 2**-56.8 */
JK_INLINE double gammaln_near_f64(double t)
{
    const double p1_0 = 0x1.0e0c9df293642p-5 - 0x1.95ce223a9bb1p-7 * t;
    const double p1_1 = 0x1.47974853775d8p-8 - 0x1.145121fab007ep-9 * t;
    const double p1_2 = 0x1.dfebcfc8313cbp-11 - 0x1.a96a3efd9b97ap-12 * t;
    const double p1_3 = 0x1.7ed7237319c5bp-13 - 0x1.5c87039edfe99p-14 * t;
    const double p1_4 = 0x1.40318fe0950f8p-15 - 0x1.28436c7af484ap-16 * t;
    const double p1_5 = 0x1.13adb9a1e9f98p-17 - 0x1.037db9a350124p-18 * t;
    const double p1_6 = 0x1.e9d538bf1ff0fp-20 - 0x1.a245ca57596bcp-21 * t;
    const double p1_7 = 0x1.acb040844138dp-22 - 0x1.70753c7662331p-22 * t;
    const double p1_8 = 0x1.31fdb950ec3f7p-26 + 0x1.5ea72115ac02ap-24 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + 0x1.266c8be2fc1aep-23 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p2_4 * t16;
    return (0x1.b0ee6072093cep-2 - 0x1.9ae6509ea10a2p-4 * t) + t2 * p16_0;
}

/* x*(log(gamma(x)) - (x - 1/2)*log(x) + x - log(2*pi)/2), in t = 1/x**2 for x >= 4.5: error 2**-56.2 */
JK_INLINE double gammaln_far_f64(double t)
{
    const double p1_0 = 0x1.5555555554b2bp-4 - 0x1.6c16c14888a7ep-9 * t;
    const double p1_1 = 0x1.a019a89857269p-11 - 0x1.37f7fed175a3ap-11 * t;
    const double p1_2 = 0x1.b4975c7770642p-11 - 0x1.ba3a1d90dad86p-10 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + 0x1.8715f41611b2bp-9 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

/* digamma(x)/(x - zero) in t = x - 3/2 for 1 <= x <= 2: error 2**-56.0 */
JK_INLINE double digamma_near_f64(double t)
{
    const double p1_0 = 0x1.eca189b8e6d99p-3 - 0x1.2feeeb98a7a33p-3 * t;
    const double p1_1 = 0x1.8512e5905da5bp-4 - 0x1.fb44202a072c3p-5 * t;
    const double p1_2 = 0x1.4de9aa059a6d7p-5 - 0x1.b9f8b124a1b1dp-6 * t;
    const double p1_3 = 0x1.256475f140a04p-6 - 0x1.8635627b1c5d1p-7 * t;
    const double p1_4 = 0x1.03c006a6f92efp-7 - 0x1.5a06cc7b7881dp-8 * t;
    const double p1_5 = 0x1.cd3e743045efcp-9 - 0x1.336b4341b9859p-9 * t;
    const double p1_6 = 0x1.980d9d220bcdcp-10 - 0x1.0fcd4b60c787dp-10 * t;
    const double p1_7 = 0x1.7b4a113a5e74dp-11 - 0x1.fc46d349244f6p-12 * t;
    const double p1_8 = 0x1.dc1b34abede92p-13 - 0x1.343c10bc067bfp-13 * t;
    const double p1_9 = 0x1.107955a77a8d8p-12 - 0x1.724775b80785p-13 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p2_4 * t16;
    return (0x1.e6f0cbb873617p-1 - 0x1.b1cb63005ee98p-2 * t) + t2 * p16_0;
}

/* (digamma(x) - log(x) + 1/(2*x))*x**2, in t = 1/x**2 for x >= 3: error 2**-57.6 */
JK_INLINE double digamma_far_f64(double t)
{
    const double p1_0 = -0x1.5555555554f3ep-4 + 0x1.1111110b4e6ecp-7 * t;
    const double p1_1 = -0x1.04103919d755bp-8 + 0x1.110e435ef9753p-8 * t;
    const double p1_2 = -0x1.efe37f0bd75b1p-8 + 0x1.5446443e50052p-6 * t;
    const double p1_3 = -0x1.348984cd87337p-4 + 0x1.323cb87d36638p-2 * t;
    const double p1_4 = -0x1.0ab74e05fd578p+0 + 0x1.436f749d48307p+1 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 - 0x1.801e9ae32b3e6p+1 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p2_2 * t8;
    return p8_0;
}

/* polygamma(1, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-56.4 */
JK_INLINE double trigamma_near_f64(double t)
{
    const double p1_0 = 0x1.68ba30a4209c7p-1 - 0x1.287825428e6fep-1 * t;
    const double p1_1 = 0x1.da2d963cf545bp-2 - 0x1.72d7487c3488ap-2 * t;
    const double p1_2 = 0x1.1cc1377e5202fp-2 - 0x1.aeb6f1564af22p-3 * t;
    const double p1_3 = 0x1.41a51b1b0f9d3p-3 - 0x1.db4d84bc89913p-4 * t;
    const double p1_4 = 0x1.5c0861ee6bd4fp-4 - 0x1.f9c70bafbacccp-5 * t;
    const double p1_5 = 0x1.6d12b51719438p-5 - 0x1.06062667e0abep-5 * t;
    const double p1_6 = 0x1.769026e47046ep-6 - 0x1.0a472e530e213p-6 * t;
    const double p1_7 = 0x1.75377ae3733p-7 - 0x1.07dd25831e97bp-7 * t;
    const double p1_8 = 0x1.94bd95bba3be1p-8 - 0x1.199e53eb6f719p-8 * t;
    const double p1_9 = 0x1.b1d1973c41d0bp-10 - 0x1.3e69e4e8d7a77p-10 * t;
    const double p1_10 = 0x1.7d89f52cb104p-9 - 0x1.040a4791bc372p-9 * t;
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
    return (0x1.de9e64df22ef3p-1 - 0x1.a85808a40aba2p-1 * t) + t2 * p16_0;
}

/* (trigamma(x) - 1/x - 1/(2*x**2))*x**3, in t = 1/x**2 for x >= 2: error 2**-55.4 */
JK_INLINE double trigamma_far_f64(double t)
{
    const double p1_0 = 0x1.5555555554fc3p-3 - 0x1.1111110ddd848p-5 * t;
    const double p1_1 = 0x1.86185c558c2cp-6 - 0x1.110ffcc04e5f5p-5 * t;
    const double p1_2 = 0x1.362aa25b68523p-4 - 0x1.01b41014d569ap-2 * t;
    const double p1_3 = 0x1.1f05df1c21208p+0 - 0x1.803c046278e9dp+2 * t;
    const double p1_4 = 0x1.0fb84d416b4f1p+5 - 0x1.69c627854cb4fp+7 * t;
    const double p1_5 = 0x1.a0fc27df2dcf1p+9 - 0x1.8870ffdd904b6p+11 * t;
    const double p1_6 = 0x1.1fbcf112a5748p+13 - 0x1.38fb4e2168d32p+14 * t;
    const double p1_7 = 0x1.d8429d0a814d9p+14 - 0x1.b77c2429a4c13p+14 * t;
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
    const double p16_0 = p8_0 + 0x1.7b0afd91266c6p+13 * t16;
    return p16_0;
}

/* polygamma(2, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-57.1 */
JK_INLINE double tetragamma_near_f64(double t)
{
    const double p1_0 = -0x1.bcb437e3d5ad1p+0 + 0x1.da2d963cfea58p+0 * t;
    const double p1_1 = -0x1.cf8d1a9b422d1p+0 + 0x1.ab21d3396045fp+0 * t;
    const double p1_2 = -0x1.78e0132a0d337p+0 + 0x1.41a51bedbadcep+0 * t;
    const double p1_3 = -0x1.0b5b9b1520013p+0 + 0x1.b30a4bd7f3aa7p-1 * t;
    const double p1_4 = -0x1.5bb8bbda2e45dp-1 + 0x1.11d12656601bdp-1 * t;
    const double p1_5 = -0x1.a9ce3561292fcp-2 + 0x1.477a16033800cp-2 * t;
    const double p1_6 = -0x1.f2e192a40d7a7p-3 + 0x1.78f87418bc515p-3 * t;
    const double p1_7 = -0x1.1b5215d1fca94p-3 + 0x1.a57017f22aa67p-4 * t;
    const double p1_8 = -0x1.31761c7448d8ep-4 + 0x1.c81f513d454cbp-5 * t;
    const double p1_9 = -0x1.80b995d0c093fp-5 + 0x1.09ce4c549edadp-5 * t;
    const double p1_10 = -0x1.2091f78baaeadp-7 + 0x1.297230a0f22a4p-7 * t;
    const double p1_11 = -0x1.bf7841e3ea76p-6 + 0x1.25c60f949322bp-6 * t;
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
    return (-0x1.a85808a40aba2p-1 + 0x1.68ba30a420963p+0 * t) + t2 * p16_0;
}

/* (tetragamma(x) + 1/x**2 + 1/x**3)*x**4, in t = 1/x**2 for x >= 2: error 2**-56.2 */
JK_INLINE double tetragamma_far_f64(double t)
{
    const double p1_0 = -0x1.ffffffffffdb7p-2 + 0x1.555555546ccdfp-3 * t;
    const double p1_1 = -0x1.55555450efcep-3 + 0x1.3332e853d422ap-2 * t;
    const double p1_2 = -0x1.aa9d8e5663939p-1 + 0x1.a468717c70f09p+1 * t;
    const double p1_3 = -0x1.13cab4775d28bp+4 + 0x1.bf633ea0087b7p+6 * t;
    const double p1_4 = -0x1.96c4320082dafp+9 + 0x1.757b0b7d6ee49p+12 * t;
    const double p1_5 = -0x1.3e0f269bc1182p+15 + 0x1.d9c8cd547f1b9p+17 * t;
    const double p1_6 = -0x1.28b73fc2aeaa2p+20 + 0x1.2f854929ec6dp+22 * t;
    const double p1_7 = -0x1.edefa6a66d551p+23 + 0x1.3651e36c288bep+25 * t;
    const double p1_8 = -0x1.21377ace3e7edp+26 + 0x1.778f6ef781065p+26 * t;
    const double p1_9 = -0x1.2eb8edbb4219cp+26 + 0x1.c79d4da5466a4p+24 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double p2_3 = p1_6 + p1_7 * t2;
    const double p2_4 = p1_8 + p1_9 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p2_3 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p2_4 * t16;
    return p16_0;
}

/* polygamma(3, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-56.0 */
JK_INLINE double pentagamma_near_f64(double t)
{
    const double p1_0 = 0x1.63a230adbeeffp+2 - 0x1.cf8d1a9b4060ap+2 * t;
    const double p1_1 = 0x1.0af52403e0cf7p+3 - 0x1.1aa80e6004ebbp+3 * t;
    const double p1_2 = 0x1.1970786eab6ddp+3 - 0x1.0b5b9af6e924ap+3 * t;
    const double p1_3 = 0x1.e96b95b5d0b77p+2 - 0x1.b2a6f3100bc1ap+2 * t;
    const double p1_4 = 0x1.787f8cdbd0c59p+2 - 0x1.3f59f713e5ccap+2 * t;
    const double p1_5 = 0x1.0a138b4877fd3p+2 - 0x1.b498a4c3d6e65p+1 * t;
    const double p1_6 = 0x1.61653b8f1b11fp+1 - 0x1.1a9e818b4e2fdp+1 * t;
    const double p1_7 = 0x1.bfb90044219bfp+0 - 0x1.6075fc52bd694p+0 * t;
    const double p1_8 = 0x1.10b96d707a9b6p+0 - 0x1.97290d21681a2p-1 * t;
    const double p1_9 = 0x1.42bb21a298512p-1 - 0x1.27d4e345a891ep-1 * t;
    const double p1_10 = 0x1.8d1bee4cf112dp-2 - 0x1.09d4a445c3be9p-4 * t;
    const double p1_11 = 0x1.e6d756f2cb2ddp-4 - 0x1.98060a45798d4p-2 * t;
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
    const double p8_1 = p4_2 + 0x1.02c03eb5740a7p-2 * t8;
    const double t16 = t8 * t8;
    const double p16_0 = p8_0 + p8_1 * t16;
    return (0x1.68ba30a420963p+0 - 0x1.bcb437e3d5afp+1 * t) + t2 * p16_0;
}

/* (pentagamma(x) - 2/x**3 - 3/x**4)*x**5, in t = 1/x**2 for x >= 2: error 2**-55.9 */
JK_INLINE double pentagamma_far_f64(double t)
{
    const double p1_0 = 0x1.ffffffffffe3ep+0 - 0x1.ffffffff26221p-1 * t;
    const double p1_1 = 0x1.555554c11f643p+0 - 0x1.7fffcc3f21068p+1 * t;
    const double p1_2 = 0x1.3ffa7ed9a0f07p+3 - 0x1.70238a62badfbp+5 * t;
    const double p1_3 = 0x1.1563486faeeadp+8 - 0x1.021d4e1327b24p+11 * t;
    const double p1_4 = 0x1.1193351d87e6dp+14 - 0x1.2cbb05a107f3ep+17 * t;
    const double p1_5 = 0x1.3bab4207f6f8bp+20 - 0x1.2a290fe707171p+23 * t;
    const double p1_6 = 0x1.e7750b37d28ap+25 - 0x1.4ff26dc4b16cep+28 * t;
    const double p1_7 = 0x1.7eb40f48e4b8ep+30 - 0x1.61bdf334a1e3cp+32 * t;
    const double p1_8 = 0x1.03e35531dde75p+34 - 0x1.2782d077ecef4p+35 * t;
    const double p1_9 = 0x1.f454db0592f7bp+35 - 0x1.285fc82784d7p+36 * t;
    const double p1_10 = 0x1.b5ee59f425023p+35 - 0x1.2f76733680687p+34 * t;
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
    return p16_0;
}

/* (sin(pi*r)/(pi*r) - 1)/r**2 in t = r**2 for |r| <= 1/2: error 2**-61.7 */
JK_INLINE double sin_pi_f64(double t)
{
    const double p1_0 = 0x1.9f9cb402bc3f2p-1 - 0x1.86a8e4720896p-3 * t;
    const double p1_1 = 0x1.ac6805cbdb1ap-6 - 0x1.3381696cdc7c9p-9 * t;
    const double p1_2 = 0x1.374695b2abc5ap-13 - 0x1.d3e335a72b213p-18 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + 0x1.070f44147417bp-22 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    return (-0x1.a51a6625307d3p+0) + t * p4_0;
}

/* pi*r*cot(pi*r)/(1 - 4*r**2) in t = r**2 for |r| <= 1/2: error 2**-56.5 */
JK_INLINE double cot_pi_f64(double t)
{
    const double p1_0 = 0x1.6b96676b3e018p-1 + 0x1.5a0d12fb0d5e3p-1 * t;
    const double p1_1 = 0x1.5671eab6c0319p-1 + 0x1.559ad16b1e9d5p-1 * t;
    const double p1_2 = 0x1.55665b0fe4f64p-1 + 0x1.555dcb964ceffp-1 * t;
    const double p1_3 = 0x1.5512615214a2dp-1 + 0x1.585ed741dafa3p-1 * t;
    const double p1_4 = 0x1.3ca1a5e1c0ac2p-1 + 0x1.e47e8bc141035p-1 * t;
    const double p1_5 = -0x1.e1d691af5f58cp-2 + 0x1.e594004c28f17p+1 * t;
    const double p1_6 = -0x1.2c86ff72ede6fp+2 + 0x1.568294f0660b1p+2 * t;
    const double t2 = t * t;
    const double p2_0 = p1_0 + p1_1 * t2;
    const double p2_1 = p1_2 + p1_3 * t2;
    const double p2_2 = p1_4 + p1_5 * t2;
    const double t4 = t2 * t2;
    const double p4_0 = p2_0 + p2_1 * t4;
    const double p4_1 = p2_2 + p1_6 * t4;
    const double t8 = t4 * t4;
    const double p8_0 = p4_0 + p4_1 * t8;
    return (0x1p+0) + t * p8_0;
}

/* (pi/sin(pi*r))**2 - 1/r**2 in t = r**2 for |r| <= 1/2: error 2**-57.8 */
JK_INLINE double csc_pi_f64(double t)
{
    const double p1_0 = 0x1.a51a6625307c5p+1 + 0x1.9f9cb402bd1a2p+2 * t;
    const double p1_1 = 0x1.458cbe5ec6306p+3 + 0x1.c1d39fca1cdcfp+3 * t;
    const double p1_2 = 0x1.204951b72a777p+4 + 0x1.601677327d785p+4 * t;
    const double p1_3 = 0x1.9ffff4cc91c72p+4 + 0x1.e06bdbba5689fp+4 * t;
    const double p1_4 = 0x1.0d90818742e37p+5 + 0x1.45296c199d74ap+5 * t;
    const double p1_5 = 0x1.90395131d91c6p+4 + 0x1.f7fcf4d0f1459p+6 * t;
    const double p1_6 = -0x1.b8dcbfc8865cbp+7 + 0x1.553cfe42851dep+9 * t;
    const double p1_7 = -0x1.af04388046d76p+9 + 0x1.747ecfd9e96fbp+9 * t;
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
    return p8_0;
}

/* where digamma is 0, rounded */
static const float digamma_zero_f32 = 0x1.762d86p+0f;
/* and its rest */
static const float digamma_zero_low_f32 = 0x1.ab5f2p-27f;
/* log(2*pi)/2 - 1/2 */
static const float stirling_f32 = 0x1.acfe3ap-2f;

/* log(gamma(2 + t))/(t*(1 + t)) for -3/4 <= t <= 1/2: error 2**-27.9 */
JK_INLINE float gammaln_near_f32(float t)
{
    const float p1_0 = 0x1.0e0ce2p-5f - 0x1.95c5bcp-7f * t;
    const float p1_1 = 0x1.476f76p-8f - 0x1.15fb0cp-9f * t;
    const float p1_2 = 0x1.e67438p-11f - 0x1.67069p-12f * t;
    const float p1_3 = 0x1.6ad1a4p-13f - 0x1.9d4ff6p-13f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return (0x1.b0ee6p-2f - 0x1.9ae656p-4f * t) + t2 * p4_0;
}

/* x*(log(gamma(x)) - (x - 1/2)*log(x) + x - log(2*pi)/2), in t = 1/x**2 for x >= 4.5: error 2**-27.9 */
JK_INLINE float gammaln_far_f32(float t)
{
    const float p1_0 = 0x1.555456p-4f - 0x1.64b7b2p-9f * t;
    return p1_0;
}

/* digamma(x)/(x - zero) in t = x - 3/2 for 1 <= x <= 2: error 2**-28.0 */
JK_INLINE float digamma_near_f32(float t)
{
    const float p1_0 = 0x1.eca19cp-3f - 0x1.2febb4p-3f * t;
    const float p1_1 = 0x1.850beep-4f - 0x1.fc5f1ap-5f * t;
    const float p1_2 = 0x1.4ee24p-5f - 0x1.a66592p-6f * t;
    const float p1_3 = 0x1.163478p-6f - 0x1.0c6f9cp-6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + 0x1.6c579ep-7f * t8;
    return (0x1.e6f0ccp-1f - 0x1.b1cb68p-2f * t) + t2 * p8_0;
}

/* (digamma(x) - log(x) + 1/(2*x))*x**2, in t = 1/x**2 for x >= 3: error 2**-28.4 */
JK_INLINE float digamma_far_f32(float t)
{
    const float p1_0 = -0x1.55545ep-4f + 0x1.0f8736p-7f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 - 0x1.a7ab06p-9f * t2;
    return p2_0;
}

/* polygamma(1, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-26.9 */
JK_INLINE float trigamma_near_f32(float t)
{
    const float p1_0 = 0x1.68ba7cp-1f - 0x1.287832p-1f * t;
    const float p1_1 = 0x1.da1264p-2f - 0x1.72cb2ap-2f * t;
    const float p1_2 = 0x1.1e8b44p-2f - 0x1.b0bf46p-3f * t;
    const float p1_3 = 0x1.26e61cp-3f - 0x1.b94454p-4f * t;
    const float p1_4 = 0x1.065522p-3f - 0x1.752a0cp-4f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p1_4 * t8;
    return (0x1.de9e64p-1f - 0x1.a85808p-1f * t) + t2 * p8_0;
}

/* (trigamma(x) - 1/x - 1/(2*x**2))*x**3, in t = 1/x**2 for x >= 2: error 2**-28.3 */
JK_INLINE float trigamma_far_f32(float t)
{
    const float p1_0 = 0x1.5554fap-3f - 0x1.10b41cp-5f * t;
    const float p1_1 = 0x1.76582p-6f - 0x1.7f6c66p-6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + 0x1.16cc4ep-6f * t4;
    return p4_0;
}

/* polygamma(2, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-28.2 */
JK_INLINE float tetragamma_near_f32(float t)
{
    const float p1_0 = -0x1.bcb428p+0f + 0x1.da2dc8p+0f * t;
    const float p1_1 = -0x1.cf9168p+0f + 0x1.ab1d16p+0f * t;
    const float p1_2 = -0x1.787626p+0f + 0x1.41c464p+0f * t;
    const float p1_3 = -0x1.101e5cp+0f + 0x1.b45a2ap-1f * t;
    const float p1_4 = -0x1.24f256p-1f + 0x1.f70cd4p-2f * t;
    const float p1_5 = -0x1.68d314p-1f + 0x1.f732cep-2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float p2_2 = p1_4 + p1_5 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p2_2 * t8;
    return (-0x1.a85808p-1f + 0x1.68ba3p+0f * t) + t2 * p8_0;
}

/* (tetragamma(x) + 1/x**2 + 1/x**3)*x**4, in t = 1/x**2 for x >= 2: error 2**-28.0 */
JK_INLINE float tetragamma_far_f32(float t)
{
    const float p1_0 = -0x1.ffffbp-2f + 0x1.551b34p-3f * t;
    const float p1_1 = -0x1.4e4082p-3f + 0x1.fa4ff2p-3f * t;
    const float p1_2 = -0x1.6ff61ap-2f + 0x1.25f3fap-2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return p4_0;
}

/* polygamma(3, x) in t = x - 3/2 for 1 <= x <= 2: error 2**-27.8 */
JK_INLINE float pentagamma_near_f32(float t)
{
    const float p1_0 = 0x1.63a22ap+2f - 0x1.cf8cbep+2f * t;
    const float p1_1 = 0x1.0af6p+3f - 0x1.1ab0b4p+3f * t;
    const float p1_2 = 0x1.195e56p+3f - 0x1.0aab04p+3f * t;
    const float p1_3 = 0x1.ea9f88p+2f - 0x1.c0ae3ap+2f * t;
    const float p1_4 = 0x1.75cdaep+2f - 0x1.eb45c2p+1f * t;
    const float p1_5 = 0x1.f19502p+1f - 0x1.92e28ap+2f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float p2_2 = p1_4 + p1_5 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    const float p4_1 = p2_2 + 0x1.12c19cp+2f * t4;
    const float t8 = t4 * t4;
    const float p8_0 = p4_0 + p4_1 * t8;
    return (0x1.68ba3p+0f - 0x1.bcb438p+1f * t) + t2 * p8_0;
}

/* (pentagamma(x) - 2/x**3 - 3/x**4)*x**5, in t = 1/x**2 for x >= 2: error 2**-28.1 */
JK_INLINE float pentagamma_far_f32(float t)
{
    const float p1_0 = 0x1.ffffcep+0f - 0x1.ffcf52p-1f * t;
    const float p1_1 = 0x1.514dc4p+0f - 0x1.55998cp+1f * t;
    const float p1_2 = 0x1.759e96p+2f - 0x1.32ac52p+3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + 0x1.ebb3e8p+2f * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

/* (sin(pi*r)/(pi*r) - 1)/r**2 in t = r**2 for |r| <= 1/2: error 2**-27.3 */
JK_INLINE float sin_pi_f32(float t)
{
    const float p1_0 = 0x1.9f994cp-1f - 0x1.860946p-3f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + 0x1.951848p-6f * t2;
    return (-0x1.a51a5ap+0f) + t * p2_0;
}

/* pi*r*cot(pi*r)/(1 - 4*r**2) in t = r**2 for |r| <= 1/2: error 2**-26.1 */
JK_INLINE float cot_pi_f32(float t)
{
    const float p1_0 = 0x1.6b95b6p-1f + 0x1.5a3884p-1f * t;
    const float p1_1 = 0x1.52804ap-1f + 0x1.80732cp-1f * t;
    const float p1_2 = 0x1.bb47a4p-3f + 0x1.c3cc86p+0f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p1_2 * t4;
    return (0x1p+0f) + t * p4_0;
}

/* (pi/sin(pi*r))**2 - 1/r**2 in t = r**2 for |r| <= 1/2: error 2**-28.3 */
JK_INLINE float csc_pi_f32(float t)
{
    const float p1_0 = 0x1.a51a5ap+1f + 0x1.9f9fb8p+2f * t;
    const float p1_1 = 0x1.454872p+3f + 0x1.c795aep+3f * t;
    const float p1_2 = 0x1.fd238p+3f + 0x1.1ffa64p+5f * t;
    const float p1_3 = -0x1.951fa8p+4f + 0x1.df3a44p+6f * t;
    const float t2 = t * t;
    const float p2_0 = p1_0 + p1_1 * t2;
    const float p2_1 = p1_2 + p1_3 * t2;
    const float t4 = t2 * t2;
    const float p4_0 = p2_0 + p2_1 * t4;
    return p4_0;
}

#endif
