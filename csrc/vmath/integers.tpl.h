/* Integers near a number, and what division leaves.  All of it is exact. */

/* Where one instruction rounds, the compiler puts it in the place of the call. */
#if defined(__GNUC__) && (defined(__SSE4_1__) || defined(__aarch64__))

JK_INLINE real M(rint)(real x) { return JK_PASTE(__builtin_, LIBM(rint))(x); }
JK_INLINE real M(floor)(real x) { return JK_PASTE(__builtin_, LIBM(floor))(x); }
JK_INLINE real M(ceil)(real x) { return JK_PASTE(__builtin_, LIBM(ceil))(x); }
JK_INLINE real M(trunc)(real x) { return JK_PASTE(__builtin_, LIBM(trunc))(x); }
JK_INLINE real M(trunc_size)(real size) { return M(trunc)(size); }

#else

/* A sum with 2**n_fraction is rounded to an integer, ties to even; from there on every number is one. */
JK_INLINE real M(rint_size)(real size)
{
    return size < N(two_to_fraction) ? (size + N(two_to_fraction)) - N(two_to_fraction) : size;
}
JK_INLINE real M(rint)(real x) { return LIBM(copysign)(M(rint_size)(M(fabs)(x)), x); }
JK_INLINE real M(floor)(real x)
{
    const real r = M(rint)(x);
    return r > x ? r - 1 : r;
}
JK_INLINE real M(ceil)(real x)
{
    const real r = M(rint)(x);
    return LIBM(copysign)(r < x ? r + 1 : r, x);
}
JK_INLINE real M(trunc_size)(real size)
{
    const real r = M(rint_size)(size);
    return r > size ? r - 1 : r;
}
JK_INLINE real M(trunc)(real x) { return LIBM(copysign)(M(trunc_size)(M(fabs)(x)), x); }

#endif

/* Whether the quotient of a and b is so large that one step of division does not find the rest. */
JK_INLINE int M(is_far_quotient)(real a, real b) { return M(fabs)(a) > N(two_to_fraction) * C(0.5) * M(fabs)(b); }

/* a - q*b for the integer q below the quotient of a, b >= 0, which is not far.  The rounded quotient may be an integer
 * that is one too large; all the rest is exact, at a smaller scale where a and b are near the largest numbers. */
JK_INLINE real M(rest_of_step)(real a, real b)
{
    const real scale = a > 1 / N(least_normal) / N(two_to_fraction) ? 1 / N(two_to_fraction) : 1;
    const real p = a * scale, d = b * scale;
    const N(pair) whole = M(two_product)(M(trunc_size)(p / d), d);
    const real r = (p - whole.high) - whole.low, rest = r < 0 ? r + d : r;
    return a < b ? a : rest * (scale < 1 ? N(two_to_fraction) : 1);
}

/* |a| modulo |b|: in the far loop by steps that divide by multiples of b, as long division does. */
JK_INLINE real M(rest)(real a, real b, int far)
{
    const int is_number = M(fabs)(a) < (real)INFINITY && M(fabs)(b) > 0;
    const real size = M(fabs)(b);
    real rest = is_number ? M(fabs)(a) : (real)NAN;
    while (far && M(is_far_quotient)(rest, size)) {
        const real digits = M(split)(rest, 1).exponent - M(split)(size, 1).exponent - (N(n_fraction) - 2);
        const real third = M(round)(digits * C(0.3));
        rest = M(rest_of_step)(rest,
                               size * M(two_to)(third, 0) * M(two_to)(third, 0) * M(two_to)(digits - 2 * third, 0));
    }
    return size < (real)INFINITY ? M(rest_of_step)(rest, size) : size > 0 ? rest : size;
}

JK_INLINE real M(fmod)(real a, real b, int far) { return LIBM(copysign)(M(rest)(a, b, far), a); }

/* a modulo b with the sign of b. */
JK_INLINE real M(remainder)(real a, real b, int far)
{
    const real r = M(fmod)(a, b, far);
    return r == 0 ? LIBM(copysign)(0, b) : (r < 0) != (b < 0) ? r + b : r;
}

/* The integer quotients that belong to them, rounded where they have more digits than a number.  One that is far is an
 * integer as it is; else it may be one too large, which what is left of a tells. */
JK_INLINE real M(quotient)(real a, real b, int floored)
{
    const real size = M(fabs)(a), divisor = M(fabs)(b), q = M(trunc_size)(size / divisor);
    const int far = q >= 2 * N(two_to_fraction), opposite = (a < 0) ^ (b < 0);
    const real scale = size > 1 / N(least_normal) / N(two_to_fraction) ? 1 / N(two_to_fraction) : 1;
    const real d = far ? 0 : q == 0 ? 1 : divisor * scale, p = far | (q == 0) ? size : size * scale;
    const N(pair) whole = M(two_product)(far ? 0 : q, d);
    const real r = (p - whole.high) - whole.low, below = r < 0 ? q - 1 : q;
    const real n = far ? q : floored & opposite & (r != 0) & (r + d != 0) ? below + 1 : below;
    const int is_number = (size < (real)INFINITY) & (divisor > 0);
    return is_number ? opposite ? -n : n : (real)NAN;
}
JK_INLINE real M(floored_quotient)(real a, real b) { return M(quotient)(a, b, 1); }
JK_INLINE real M(truncated_quotient)(real a, real b) { return M(quotient)(a, b, 0); }
