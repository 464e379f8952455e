/* Sums of bands: products of values a with elements of x, each band with its own a and x. */

/* The elements first <= i < last, with the values p[b][i] or the constants c[b].  n_bands, constant and adds are
 * constants here, so that the bands unroll. */
JK_INLINE void N(add_bands_between)(ptrdiff_t first, ptrdiff_t last, int n_bands, real *o, const real *const *p,
                                    const real *const *q, const real *c, int constant, int adds)
{
    JK_SIMD
    for (ptrdiff_t i = first; i < last; i++) {
        real sum = (constant ? c[0] : p[0][i]) * q[0][i];
        if (adds) sum = o[i] + sum;
        for (int b = 1; b < n_bands; b++) sum += (constant ? c[b] : p[b][i]) * q[b][i];
        o[i] = sum;
    }
}

/* All arrays are read in one sweep, which takes half the time of a sweep per band.  The hardware does not fetch ahead
 * across pages; to do it here saves another sixth where the arrays are beyond the caches. */
JK_INLINE void N(add_bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x, int adds)
{
    const ptrdiff_t line = JK_LINE_BYTES / (ptrdiff_t)sizeof(real);
    real *o = out;
    const real *p[JK_BANDS], *q[JK_BANDS];
    for (int b = 0; b < n_bands; b++) {
        p[b] = a[b];
        q[b] = x[b];
    }
    ptrdiff_t i = 0;
    for (; i <= n - line; i += line) {
        for (int b = 0; b < n_bands; b++) {
            JK_FETCH_AHEAD(p[b] + i);
            JK_FETCH_AHEAD(q[b] + i);
        }
        JK_FETCH_AHEAD(o + i);
        N(add_bands_between)(i, i + line, n_bands, o, p, q, NULL, 0, adds);
    }
    N(add_bands_between)(i, n, n_bands, o, p, q, NULL, 0, adds);
}

JK_INLINE void N(add_repeated_bands)(int n_bands, ptrdiff_t n, ptrdiff_t repeat, void *out, const void *const *a,
                                     const ptrdiff_t *a_stride, const void *const *x, int adds)
{
    real c[JK_BANDS];
    const real *q[JK_BANDS];
    for (int b = 0; b < n_bands; b++) q[b] = x[b];
    for (ptrdiff_t i = 0; i < n; i++) {
        for (int b = 0; b < n_bands; b++) c[b] = *(const real *)N(at)(a[b], i * a_stride[b]);
        N(add_bands_between)(i * repeat, (i + 1) * repeat, n_bands, out, NULL, q, c, 1, adds);
    }
}

JK_INLINE void N(add_strided_bands)(int n_bands, ptrdiff_t n, void *out, ptrdiff_t out_stride, const void *const *a,
                                    const ptrdiff_t *a_stride, const void *const *x, const ptrdiff_t *x_stride,
                                    int adds)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        real *o = N(at_out)(out, i * out_stride);
        real sum = *(const real *)N(at)(a[0], i * a_stride[0]) * *(const real *)N(at)(x[0], i * x_stride[0]);
        if (adds) sum = *o + sum;
        for (int b = 1; b < n_bands; b++)
            sum += *(const real *)N(at)(a[b], i * a_stride[b]) * *(const real *)N(at)(x[b], i * x_stride[b]);
        *o = sum;
    }
}

/* clang-format off */
/* Calls a loop above with constants for the number of bands and for adds. */
#define JK_EACH_NUMBER(loop, adds, ...)                                                                                \
    switch (n_bands) {                                                                                                 \
    case 1: N(loop)(1, __VA_ARGS__, adds); break;                                                                      \
    case 2: N(loop)(2, __VA_ARGS__, adds); break;                                                                      \
    case 3: N(loop)(3, __VA_ARGS__, adds); break;                                                                      \
    case 4: N(loop)(4, __VA_ARGS__, adds); break;                                                                      \
    default: N(loop)(JK_BANDS, __VA_ARGS__, adds);                                                                     \
    }
#define JK_UNROLLED(loop, ...)                                                                                         \
    if (adds) JK_EACH_NUMBER(loop, 1, __VA_ARGS__) else JK_EACH_NUMBER(loop, 0, __VA_ARGS__)
/* clang-format on */

static void N(bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x, int adds)
{
    JK_UNROLLED(add_bands, n, out, a, x)
}

static void N(repeated_bands)(int n_bands, ptrdiff_t n, ptrdiff_t repeat, void *out, const void *const *a,
                              const ptrdiff_t *a_stride, const void *const *x, int adds)
{
    JK_UNROLLED(add_repeated_bands, n, repeat, out, a, a_stride, x)
}

static void N(strided_bands)(int n_bands, ptrdiff_t n, void *out, ptrdiff_t out_stride, const void *const *a,
                             const ptrdiff_t *a_stride, const void *const *x, const ptrdiff_t *x_stride, int adds)
{
    JK_UNROLLED(add_strided_bands, n, out, out_stride, a, a_stride, x, x_stride)
}
#undef JK_UNROLLED
#undef JK_EACH_NUMBER

static const jk_banded_loops N(banded_loops) = {
    .bands = N(bands),
    .repeated_bands = N(repeated_bands),
    .strided_bands = N(strided_bands),
};
