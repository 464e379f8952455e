/* Constants of the vector math, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef JK_VMATH_CONSTANTS_H
#define JK_VMATH_CONSTANTS_H

#include <stdint.h>

typedef uint64_t word_f64;
enum { n_fraction_f64 = 52 };
/* exp of this is infinite */
static const double exp_overflow_f64 = 0x1.63p+9;
/* log2(e) */
static const double log2e_f64 = 0x1.71547652b82fep+0;
/* log(2) */
static const double ln2_f64 = 0x1.62e42fefa39efp-1;
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
/* a product with it rounds to half of the significand */
static const double half_shift_f64 = 0x1.0000002p+27;
/* a sum with it is rounded to an integer, k, and ends with the bits of k + bias */
static const double round_shift_f64 = 0x1.80000000003ffp+52;

typedef uint32_t word_f32;
enum { n_fraction_f32 = 23 };
/* exp of this is infinite */
static const float exp_overflow_f32 = 0x1.64p+6f;
/* log2(e) */
static const float log2e_f32 = 0x1.715476p+0f;
/* log(2) */
static const float ln2_f32 = 0x1.62e43p-1f;
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
/* a product with it rounds to half of the significand */
static const float half_shift_f32 = 0x1.001p+12f;
/* a sum with it is rounded to an integer, k, and ends with the bits of k + bias */
static const float round_shift_f32 = 0x1.8000fep+23f;

#endif
