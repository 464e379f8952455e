/* Bits of numbers, powers of two and rounding. */
JK_INLINE real M(fabs)(real x) { return LIBM(fabs)(x); }
JK_INLINE real M(sqrt)(real x) { return LIBM(sqrt)(x); }

JK_INLINE N(word) M(bits)(real x)
{
    N(word) bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

JK_INLINE real M(from_bits)(N(word) bits)
{
    real x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x where all bits of the mask are set, y where none is: what is chosen so is computed once, where gcc goes on with both
 * sides of a condition as long as it can. */
JK_INLINE real M(select)(N(word) mask, real x, real y)
{
    return M(from_bits)((M(bits)(x) & mask) | (M(bits)(y) & ~mask));
}

JK_INLINE real M(clip)(real x, real low, real high) { return x < low ? low : x > high ? high : x; }

/* The integer nearest to a number that is not large; NaN stays NaN. */
JK_INLINE real M(round)(real x) { return (x + N(round_shift)) - N(round_shift); }

/* 2**(k + n), a normal number, for a constant n: the sum holds the biased exponent in its lowest bits. */
JK_INLINE real M(two_to)(real k, real n) { return M(from_bits)(M(bits)(k + (N(round_shift) + n)) << N(n_fraction)); }

/* The first half of the digits of x: the product of two such numbers is exact. */
JK_INLINE real M(upper_half)(real x)
{
    return M(from_bits)(M(bits)(x) & ~(((N(word))1 << (N(n_fraction) + 2) / 2) - 1));
}

/* x = significand * 2**exponent with least <= significand < 2*least, for a positive, normal, finite x and
 * 1/2 <= least <= 1. */
typedef struct N(split) {
    real significand, exponent;
} N(split);

JK_INLINE N(split) M(split_normal)(real x, real least)
{
    /* As integers: the sum carries into the exponent where the significand of x reaches 2*least. */
    const N(word) one = M(bits)(1), first = M(bits)(least), sum = M(bits)(x) + (one - first);
    const real shifted = M(from_bits)(M(bits)(N(two_to_fraction)) | (sum >> N(n_fraction)));
    return (N(split)){M(from_bits)((sum & (((N(word))1 << N(n_fraction)) - 1)) + first),
                      shifted - (N(two_to_fraction) + N(bias))};
}

/* The same where x may be subnormal. */
JK_INLINE N(split) M(split)(real x, real least)
{
    const int subnormal = x < N(least_normal);
    const N(split) p = M(split_normal)(subnormal ? x * N(two_to_fraction) : x, least);
    return (N(split)){p.significand, subnormal ? p.exponent - N(n_fraction) : p.exponent};
}
