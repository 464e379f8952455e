/* Choices: NaN goes through every one of them. */
JK_INLINE real M(sign)(real x) { return x != x ? x : x == 0 ? 0 : LIBM(copysign)(1, x); }
JK_INLINE real M(step)(real x) { return x > 0 ? 1 : x <= 0 ? 0 : x; }
/* -0 stays: clang takes x < 0 ? 0 : x for the larger of both, which is 0 on some processors (AArch64), but not what is
 * compared with the number next to 0. */
JK_INLINE real M(relu)(real x) { return x <= -(N(least_normal) / N(two_to_fraction)) ? 0 : x; }
/* Two selects, which gcc vectorises also where one is put into another. */
JK_INLINE real M(maximum)(real a, real b)
{
    const real larger = a >= b ? a : b;
    return a != a ? a : larger;
}
JK_INLINE real M(minimum)(real a, real b)
{
    const real smaller = a <= b ? a : b;
    return a != a ? a : smaller;
}
/* d max(a, b)/da: 1 where a is chosen, 0 where b is, 1/2 at a tie. */
JK_INLINE real M(prefer)(real a, real b) { return a > b ? 1 : a < b ? 0 : a == b ? C(0.5) : a + b; }
/* Which one min(max(x, lo), hi) is: x between the bounds, hi where max(x, lo) is not below it, else lo. */
JK_INLINE real M(share_unless_nan)(int is_chosen, real x, real lo, real hi)
{
    return x == x && lo == lo && hi == hi ? (real)is_chosen : (real)NAN;
}
JK_INLINE real M(clip_x)(real x, real lo, real hi) { return M(share_unless_nan)(lo < x && x < hi, x, lo, hi); }
JK_INLINE real M(clip_lo)(real x, real lo, real hi) { return M(share_unless_nan)(x <= lo && lo < hi, x, lo, hi); }
JK_INLINE real M(clip_hi)(real x, real lo, real hi) { return M(share_unless_nan)(x >= hi || lo >= hi, x, lo, hi); }
/* What a row that chooses does with a tangent: an argument that was not chosen drops it, infinite or not. */
JK_INLINE real M(keep)(real t, real chosen) { return chosen == 0 ? 0 : t * chosen; }

/* Those that pass over NaN: the share of one that is beside a number is 0, of both 1/2. */
JK_INLINE real M(fmax)(real a, real b) { return a >= b || b != b ? a : b; }
JK_INLINE real M(fmin)(real a, real b) { return a <= b || b != b ? a : b; }
JK_INLINE real M(prefer_number)(real a, real b)
{
    const int all = (a > b) | (b != b), none = (a < b) | (a != a);
    const real share = C(0.5) * (real)(1 + all - none);
    return all & none ? a : share;
}

JK_INLINE real M(signbit)(real x) { return x != x ? x : LIBM(copysign)(1, x); }
JK_INLINE real M(copysign)(real a, real b) { return LIBM(copysign)(a, b); }
JK_INLINE real M(heaviside)(real a, real b) { return a > 0 ? 1 : a < 0 ? 0 : a == 0 ? b : a; }
JK_INLINE real M(is_zero)(real x) { return x == 0 ? 1 : x != x ? x : 0; }
JK_INLINE real M(is_finite)(real x) { return M(fabs)(x) < (real)INFINITY ? 1 : 0; }
JK_INLINE real M(nan_to_num)(real x)
{
    const real largest = M(from_bits)(M(bits)((real)INFINITY) - 1);
    return x != x ? 0 : M(clip)(x, -largest, largest);
}
