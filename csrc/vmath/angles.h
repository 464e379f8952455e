/* Angles as quarter turns and a rest: a = k*pi/2 + r.  Angles of either dtype are reduced in double.  Near ones lose pi/2
 * in parts, whose products with k are exact; far ones are multiplied with as many bits of 2/pi as they need (M. Payne and
 * R. Hanek, Radian reduction for trigonometric functions, 1983). */
#ifndef JK_VMATH_ANGLES_H
#define JK_VMATH_ANGLES_H

/* The rest is r + low, |r| <= 0.8; k counts in its lowest two bits. */
typedef struct turn_f64 {
    double r, low;
    uint64_t k;
} turn_f64;

typedef struct turn_f32 {
    float r, low;
    uint32_t k;
} turn_f32;

/* The upper half of a*b, by 32 bits at a time: the sums cannot overflow. */
static uint64_t high_product(uint64_t a, uint64_t b)
{
    const uint64_t a1 = a >> 32, a0 = a & 0xffffffff, b1 = b >> 32, b0 = b & 0xffffffff;
    const uint64_t cross = a1 * b0 + (a0 * b0 >> 32);
    return a1 * b1 + (cross >> 32) + ((a0 * b1 + (cross & 0xffffffff)) >> 32);
}

/* For a >= 2**16.  With a = significand * 2**e, the bits of 2/pi before the one that counts 2**(1 - e) contribute whole turns,
 * those behind the 192 that follow no more than 2**-137; no double is nearer than 2**-62 to a multiple of pi/2. */
static turn_f64 far_turn(double a)
{
    const uint64_t bits = m_bits_f64(a), significand = (bits & 0xfffffffffffff) | 0x10000000000000;
    const unsigned start = (unsigned)(bits >> 52) - 1013, shift = start % 64;
    const uint64_t *const words = two_over_pi_bits + start / 64;
    uint64_t w[3];
    for (int i = 0; i < 3; i++) w[i] = words[i] << shift | words[i + 1] >> 1 >> (63 - shift);

    /* The product modulo 2**192, whose first two bits count quarter turns. */
    const uint64_t low = significand * w[2], product = significand * w[1];
    const uint64_t middle = product + high_product(significand, w[2]);
    const uint64_t high = significand * w[0] + high_product(significand, w[1]) + (middle < product);

    /* What the nearest whole number leaves, from -1/2 to 1/2, and 144 bits of its absolute value. */
    const uint64_t fraction = high << 2 | middle >> 62, sign = 0 - (fraction >> 63);
    const uint64_t f1 = fraction ^ sign, f0 = (middle << 2 | low >> 62) ^ sign;
    const double first = (double)(int64_t)(f1 >> 16) * 0x1p-48;
    const double second = (double)(int64_t)((f1 & 0xffff) << 32 | f0 >> 32) * 0x1p-96;
    const double third = (double)(int64_t)((f0 & 0xffffffff) << 16 | (low << 2 ^ sign) >> 48) * 0x1p-144;
    const pair_f64 f = m_fast_two_sum_f64(first, second), r = m_two_product_f64(f.high, 0.5 * pi_f64);
    const double rest = f.low + third, tail = r.low + (f.high * (0.5 * pi_lo_f64) + rest * (0.5 * pi_f64));
    const pair_f64 sum = m_fast_two_sum_f64(r.high, tail);

    const double signed_unit = a < (double)INFINITY ? (sign ? -1 : 1) : (double)NAN;
    return (turn_f64){signed_unit * sum.high, signed_unit * sum.low, (high + 0x2000000000000000) >> 62};
}

/* a - k*half_pi_1 is exact, and so is what the next difference rounds off. */
JK_INLINE turn_f64 m_turn_f64(double a, int far)
{
    if (far && !(a <= near_end_f64)) return far_turn(a);
    const double shifted = a * two_over_pi_f64 + round_shift_f64, k = shifted - round_shift_f64;
    const double first = a - k * half_pi_1_f64, second = k * half_pi_2_f64, r = first - second;
    return (turn_f64){r, ((first - r) - second) - k * half_pi_3_f64, m_bits_f64(shifted) + 1};
}

/* k, in float, may be nearly the second nearest whole number.  Double has digits enough for the rest. */
JK_INLINE turn_f32 m_turn_f32(float a, int far)
{
    if (far && !(a <= near_end_f32)) {
        const turn_f64 turn = far_turn((double)a);
        const float r = (float)turn.r;
        return (turn_f32){r, (float)(turn.r - (double)r), (uint32_t)turn.k};
    }
    const float shifted = a * two_over_pi_f32 + round_shift_f32;
    const double k = (double)(shifted - round_shift_f32);
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const double rest = ((double)a - k * half_pi_1_f64) - k * half_pi_2_f64;
    const float r = (float)rest;
    return (turn_f32){r, (float)(rest - (double)r), bits + 1};
}

#endif
