/* Matrix times vector.  Sums along a row run in lanes, sums over rows in groups of eight: both wide enough for every
 * instruction set, so that one source is fast on all of them and gives the same bits. */

#define N_LANES (JK_REGISTER_BYTES / (ptrdiff_t)sizeof(real))
#define RUN (JK_DENSE_RUN_BYTES / (ptrdiff_t)sizeof(real))

/* Every row of 2 * half lanes shrinks to half of them; `half` is a constant here. */
JK_INLINE void N(halve_lanes)(ptrdiff_t n_rows, ptrdiff_t half, real *lanes)
{
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        real *o = lanes + i * half;
        const real *p = lanes + 2 * i * half;
        JK_SIMD
        for (ptrdiff_t l = 0; l < half; l++) o[l] = p[l] + p[l + half];
    }
}

/* out[i] = sum of a row of at most RUN products.  n_rows is a constant here, so that the sums stay in registers. */
JK_INLINE void N(dot_leaf)(ptrdiff_t n_rows, ptrdiff_t n_cols, real *out, const void *a, ptrdiff_t row_stride,
                           const real *v)
{
    if (n_cols < N_LANES) { /* too few for lanes */
        for (ptrdiff_t i = 0; i < n_rows; i++) {
            const real *p = N(at)(a, i * row_stride);
            real sum = 0;
            for (ptrdiff_t j = 0; j < n_cols; j++) sum += p[j] * v[j];
            out[i] = sum;
        }
        return;
    }
    real sum[JK_DOT_ROWS * N_LANES];
    for (ptrdiff_t l = 0; l < n_rows * N_LANES; l++) sum[l] = 0;
    const ptrdiff_t n_rest = n_cols % N_LANES, n_whole = n_cols - n_rest;
    for (ptrdiff_t j = 0; j < n_whole; j += N_LANES) {
        for (ptrdiff_t i = 0; i < n_rows; i++) {
            const real *p = (const real *)N(at)(a, i * row_stride) + j;
            JK_SIMD
            for (ptrdiff_t l = 0; l < N_LANES; l++) sum[i * N_LANES + l] += p[l] * v[j + l];
        }
    }
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const real *p = (const real *)N(at)(a, i * row_stride) + n_whole;
        for (ptrdiff_t l = 0; l < n_rest; l++) sum[i * N_LANES + l] += p[l] * v[n_whole + l];
    }
    if (N_LANES == 16) N(halve_lanes)(n_rows, 8, sum);
    N(halve_lanes)(n_rows, 4, sum);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const real *s = sum + 4 * i;
        out[i] = (s[0] + s[2]) + (s[1] + s[3]);
    }
}

/* n_rows is 1 or JK_DOT_ROWS. */
static void N(dot_rows)(ptrdiff_t n_rows, ptrdiff_t n_cols, real *out, const void *a, ptrdiff_t row_stride,
                        const real *v)
{
    if (n_cols > RUN) {
        const ptrdiff_t head = jk_left_part(n_cols, RUN);
        real tail[JK_DOT_ROWS];
        N(dot_rows)(n_rows, head, out, a, row_stride, v);
        N(dot_rows)(n_rows, n_cols - head, tail, (const real *)a + head, row_stride, v + head);
        for (ptrdiff_t i = 0; i < n_rows; i++) out[i] += tail[i];
    } else if (n_rows == JK_DOT_ROWS) {
        N(dot_leaf)(JK_DOT_ROWS, n_cols, out, a, row_stride, v);
    } else {
        N(dot_leaf)(1, n_cols, out, a, row_stride, v);
    }
}

static void N(dense_dot)(ptrdiff_t n_rows, ptrdiff_t n_cols, void *out, const void *a, ptrdiff_t row_stride,
                         const void *v)
{
    real *o = out;
    ptrdiff_t i = 0;
    for (; i <= n_rows - JK_DOT_ROWS; i += JK_DOT_ROWS)
        N(dot_rows)(JK_DOT_ROWS, n_cols, o + i, N(at)(a, i * row_stride), row_stride, v);
    for (; i < n_rows; i++) N(dot_rows)(1, n_cols, o + i, N(at)(a, i * row_stride), row_stride, v);
}
#undef N_LANES
#undef RUN

/* Groups of JK_AXPY_ROWS rows, each by halves; the remaining rows follow as four by halves, then one by one. */
static void N(dense_axpy)(ptrdiff_t n_rows, ptrdiff_t n_cols, void *out, const void *a, ptrdiff_t row_stride,
                          const void *u)
{
    real *o = out;
    const real *w = u;
    for (; n_rows >= JK_AXPY_ROWS; n_rows -= JK_AXPY_ROWS) {
        const real *r0 = a, *r1 = N(at)(a, row_stride), *r2 = N(at)(a, 2 * row_stride), *r3 = N(at)(a, 3 * row_stride),
                   *r4 = N(at)(a, 4 * row_stride), *r5 = N(at)(a, 5 * row_stride), *r6 = N(at)(a, 6 * row_stride),
                   *r7 = N(at)(a, 7 * row_stride);
        const real w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7];
        JK_SIMD
        for (ptrdiff_t j = 0; j < n_cols; j++)
            o[j] += ((w0 * r0[j] + w4 * r4[j]) + (w2 * r2[j] + w6 * r6[j])) +
                    ((w1 * r1[j] + w5 * r5[j]) + (w3 * r3[j] + w7 * r7[j]));
        a = N(at)(a, JK_AXPY_ROWS * row_stride);
        w += JK_AXPY_ROWS;
    }
    if (n_rows >= 4) {
        const real *r0 = a, *r1 = N(at)(a, row_stride), *r2 = N(at)(a, 2 * row_stride), *r3 = N(at)(a, 3 * row_stride);
        const real w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        JK_SIMD
        for (ptrdiff_t j = 0; j < n_cols; j++) o[j] += (w0 * r0[j] + w2 * r2[j]) + (w1 * r1[j] + w3 * r3[j]);
        a = N(at)(a, 4 * row_stride);
        w += 4;
        n_rows -= 4;
    }
    for (; n_rows > 0; n_rows--) {
        const real *r0 = a;
        const real w0 = w[0];
        JK_SIMD
        for (ptrdiff_t j = 0; j < n_cols; j++) o[j] += w0 * r0[j];
        a = N(at)(a, row_stride);
        w++;
    }
}

static const jk_dense_loops N(dense_loops) = {
    .dense_dot = N(dense_dot),
    .dense_axpy = N(dense_axpy),
};
