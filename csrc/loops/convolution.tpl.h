/* Convolution: every element of out sums the products of constants, the taps, with elements of x that lie in equal steps
 * before one another.  Up to JK_TAPS products are summed in registers, by halves as every sum here. */

/* clang-format off */
/* n_taps is a constant here. */
JK_INLINE real N(sum_of_taps)(int n_taps, const real *c, const real *const *x, ptrdiff_t i)
{
#define P(t) (c[t] * x[t][i])
    switch (n_taps) {
    case 1: return P(0);
    case 2: return P(0) + P(1);
    case 3: return (P(0) + P(2)) + P(1);
    case 4: return (P(0) + P(2)) + (P(1) + P(3));
    case 5: return ((P(0) + P(3)) + P(2)) + (P(1) + P(4));
    case 6: return ((P(0) + P(3)) + (P(2) + P(5))) + (P(1) + P(4));
    case 7: return ((P(0) + P(4)) + (P(2) + P(6))) + ((P(1) + P(5)) + P(3));
    default: return ((P(0) + P(4)) + (P(2) + P(6))) + ((P(1) + P(5)) + (P(3) + P(7)));
    }
#undef P
}
/* clang-format on */

/* n_taps and adds are constants here. */
JK_INLINE void N(add_taps)(int n_taps, ptrdiff_t n, void *out, const void *taps, const void *in, ptrdiff_t step,
                           int adds)
{
    real *o = out, c[JK_TAPS];
    const real *x[JK_TAPS] = {in};
    for (int t = 0; t < n_taps; t++) c[t] = ((const real *)taps)[t];
    for (int t = 1; t < n_taps; t++) x[t] = N(at)(x[t - 1], -step);
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) {
        const real sum = N(sum_of_taps)(n_taps, c, x, i);
        o[i] = adds ? o[i] + sum : sum;
    }
}

/* clang-format off */
/* Calls the loop above with a constant for adds. */
#define JK_EACH(n_taps)                                                                                                \
    if (adds) N(add_taps)(n_taps, n, out, taps, x, step, 1); else N(add_taps)(n_taps, n, out, taps, x, step, 0);       \
    break

static void N(taps)(int n_taps, ptrdiff_t n, void *out, const void *taps, const void *x, ptrdiff_t step, int adds)
{
    switch (n_taps) {
    case 1: JK_EACH(1);
    case 2: JK_EACH(2);
    case 3: JK_EACH(3);
    case 4: JK_EACH(4);
    case 5: JK_EACH(5);
    case 6: JK_EACH(6);
    case 7: JK_EACH(7);
    default: JK_EACH(JK_TAPS);
    }
}
/* clang-format on */
#undef JK_EACH

static const jk_convolution_loops N(convolution_loops) = {.taps = N(taps)};
