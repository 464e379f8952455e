/* Sums.  Blocks of rows are summed by halves: row i is paired with row i + half.  A run of numbers is summed in lanes,
 * of which four fill the widest registers, and the lanes by halves.  Either way every step is a plain vector addition,
 * the tree is the same for every instruction set, and longer sums are halved by the law of table/tree.h, so that the
 * error grows like the logarithm of the length. */

/* o[j] = p[j] + q[j] */
JK_INLINE void N(sum2)(ptrdiff_t n, real *o, const real *p, const real *q)
{
    JK_SIMD
    for (ptrdiff_t j = 0; j < n; j++) o[j] = p[j] + q[j];
}

static void N(fold_rows)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in, ptrdiff_t row_stride)
{
    real *o = out;
    const real *r[JK_FOLD_ROWS];
    for (ptrdiff_t i = 0; i < JK_FOLD_ROWS; i++) r[i] = N(at)(in, i < n_rows ? i * row_stride : 0);
    const real *r0 = r[0], *r1 = r[1], *r2 = r[2], *r3 = r[3], *r4 = r[4], *r5 = r[5], *r6 = r[6], *r7 = r[7];
    switch (n_rows) {
    case 1:
        if (out != in) memcpy(out, in, (size_t)n * sizeof(real));
        break;
    case 2:
        N(sum2)(n, o, r0, r1);
        break;
    case 4:
        JK_SIMD
        for (ptrdiff_t j = 0; j < n; j++) o[j] = (r0[j] + r2[j]) + (r1[j] + r3[j]);
        break;
    default:
        JK_SIMD
        for (ptrdiff_t j = 0; j < n; j++)
            o[j] = ((r0[j] + r4[j]) + (r2[j] + r6[j])) + ((r1[j] + r5[j]) + (r3[j] + r7[j]));
    }
}

static void N(fold_flat)(ptrdiff_t n_rows, ptrdiff_t n, void *in)
{
    real *v = in;
    for (n_rows /= 2; n_rows > 0; n_rows /= 2) N(sum2)(n_rows * n, v, v, v + n_rows * n);
}

/* Sums m elements in place by halves; an odd one in the middle waits for the next step.  The last steps are no loops. */
JK_INLINE real N(halve)(ptrdiff_t m, real *v)
{
    while (m > 4) {
        const ptrdiff_t half = (m + 1) / 2;
        N(sum2)(m - half, v, v, v + half);
        m = half;
    }
    if (m == 4) return (v[0] + v[2]) + (v[1] + v[3]);
    if (m == 3) return (v[0] + v[2]) + v[1];
    return m == 2 ? v[0] + v[1] : v[0];
}

/* At most JK_RUN elements: lane l sums the elements l, l + SUM_LANES, ..., then the lanes are summed by halves. */
JK_INLINE real N(sum_lanes)(ptrdiff_t n, const real *p)
{
    real lanes[SUM_LANES];
    if (n < SUM_LANES) {
        const ptrdiff_t half = (n + 1) / 2;
        lanes[0] = 0;
        N(sum2)(n - half, lanes, p, p + half);
        if (2 * half > n) lanes[half - 1] = p[half - 1];
        return N(halve)(half, lanes);
    }
    real sum[SUM_LANES];
    for (ptrdiff_t l = 0; l < SUM_LANES; l++) sum[l] = p[l];
    const ptrdiff_t n_rest = n % SUM_LANES;
    for (ptrdiff_t j = SUM_LANES; j < n - n_rest; j += SUM_LANES) {
        JK_SIMD
        for (ptrdiff_t l = 0; l < SUM_LANES; l++) sum[l] += p[j + l];
    }
    for (ptrdiff_t l = 0; l < SUM_LANES; l++) lanes[l] = sum[l];
    for (ptrdiff_t l = 0; l < n_rest; l++) lanes[l] += p[n - n_rest + l];
    return N(halve)(SUM_LANES, lanes);
}

static real N(sum_runs)(ptrdiff_t n, const real *p)
{
    if (n <= JK_RUN) return N(sum_lanes)(n, p);
    const ptrdiff_t left = jk_left_part(n, JK_RUN);
    const real head = N(sum_runs)(left, p);
    return head + N(sum_runs)(n - left, p + left);
}

/* Rows that are shorter than the lanes, some at once: as columns, which are summed by halves like the row alone. */
static void N(sum_short)(ptrdiff_t n_rows, ptrdiff_t n, real *out, const real *in)
{
    enum { ROWS = 16 };
    real column[SUM_LANES * ROWS];
    for (ptrdiff_t first = 0; first < n_rows; first += ROWS) {
        const ptrdiff_t rows = n_rows - first < ROWS ? n_rows - first : ROWS;
        const real *p = in + first * n;
        if (rows < ROWS) memset(column, 0, (size_t)(n * ROWS) * sizeof(real));
        for (ptrdiff_t j = 0; j < n; j++)
            for (ptrdiff_t i = 0; i < rows; i++) column[j * ROWS + i] = p[i * n + j];
        for (ptrdiff_t m = n; m > 1; m = (m + 1) / 2) {
            const ptrdiff_t half = (m + 1) / 2;
            N(sum2)((m - half) * ROWS, column, column, column + half * ROWS);
        }
        memcpy(out + first, column, (size_t)rows * sizeof(real));
    }
}

static void N(sum_each)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in)
{
    const real *p = in;
    real *o = out;
    if (n < SUM_LANES && n_rows > 1)
        N(sum_short)(n_rows, n, o, p);
    else
        for (ptrdiff_t i = 0; i < n_rows; i++) o[i] = N(sum_runs)(n, p + i * n);
}

static const jk_reduce_loops N(reduce_loops) = {
    .fold_rows = N(fold_rows),
    .fold_flat = N(fold_flat),
    .sum_each = N(sum_each),
};
