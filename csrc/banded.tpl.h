/* Sums of bands: products of values a with elements of x, each band with its own a and x. */

/* The elements first <= i < last; n_bands, constant and adds are constants here, so that the bands unroll. */
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

/* All arrays are read in one sweep, which takes half the time of a sweep per band.  Hardware that fetches ahead does not
 * cross a page; fetching ahead here saves another quarter where the arrays are beyond the caches. */
JK_INLINE void N(add_bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x,
                            int constant, int adds)
{
    const ptrdiff_t line = 64 / (ptrdiff_t)sizeof(real);
    real *o = out, c[JK_BANDS];
    const real *p[JK_BANDS], *q[JK_BANDS];
    for (int b = 0; b < n_bands; b++) {
        p[b] = a[b];
        q[b] = x[b];
        c[b] = *p[b];
    }
    ptrdiff_t i = 0;
    for (; i <= n - line; i += line) {
        for (int b = 0; b < n_bands && !constant; b++) JK_FETCH_AHEAD(p[b] + i);
        JK_FETCH_AHEAD(q[0] + i);
        JK_FETCH_AHEAD(o + i);
        N(add_bands_between)(i, i + line, n_bands, o, p, q, c, constant, adds);
    }
    N(add_bands_between)(i, n, n_bands, o, p, q, c, constant, adds);
}

JK_INLINE void N(some_bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x,
                             int constant, int adds)
{
    switch (n_bands) {
    case 1:
        N(add_bands)(1, n, out, a, x, constant, adds);
        break;
    case 2:
        N(add_bands)(2, n, out, a, x, constant, adds);
        break;
    case 3:
        N(add_bands)(3, n, out, a, x, constant, adds);
        break;
    case 4:
        N(add_bands)(4, n, out, a, x, constant, adds);
        break;
    default:
        N(add_bands)(JK_BANDS, n, out, a, x, constant, adds);
    }
}

static void N(bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x, int constant,
                     int adds)
{
    if (constant && adds)
        N(some_bands)(n_bands, n, out, a, x, 1, 1);
    else if (constant)
        N(some_bands)(n_bands, n, out, a, x, 1, 0);
    else if (adds)
        N(some_bands)(n_bands, n, out, a, x, 0, 1);
    else
        N(some_bands)(n_bands, n, out, a, x, 0, 0);
}

/* n_bands is a constant here. */
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

static void N(strided_bands)(int n_bands, ptrdiff_t n, void *out, ptrdiff_t out_stride, const void *const *a,
                             const ptrdiff_t *a_stride, const void *const *x, const ptrdiff_t *x_stride, int adds)
{
    switch (n_bands) {
    case 1:
        N(add_strided_bands)(1, n, out, out_stride, a, a_stride, x, x_stride, adds);
        break;
    case 2:
        N(add_strided_bands)(2, n, out, out_stride, a, a_stride, x, x_stride, adds);
        break;
    case 3:
        N(add_strided_bands)(3, n, out, out_stride, a, a_stride, x, x_stride, adds);
        break;
    case 4:
        N(add_strided_bands)(4, n, out, out_stride, a, a_stride, x, x_stride, adds);
        break;
    default:
        N(add_strided_bands)(JK_BANDS, n, out, out_stride, a, a_stride, x, x_stride, adds);
    }
}
