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

JK_INLINE real M(clip)(real x, real low, real high) { return x < low ? low : x > high ? high : x; }

/* The integer nearest to a number that is not large; NaN stays NaN. */
JK_INLINE real M(round)(real x) { return (x + N(round_shift)) - N(round_shift); }

/* 2**(k + n), a normal number, for a constant n: the sum holds the biased exponent in its lowest bits. */
JK_INLINE real M(two_to)(real k, real n) { return M(from_bits)(M(bits)(k + (N(round_shift) + n)) << N(n_fraction)); }
