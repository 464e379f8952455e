/* Sums.  Of long rows JK_CHAIN_ROWS at a time are added one after the other, which is how memory is fetched best; blocks of
 * short rows are summed by halves: row i is paired with row i + half.  A run of numbers is summed in lanes, of which four
 * fill the widest registers, and the lanes by halves.  Either way every step is a plain vector addition,
 * the tree is the same for every instruction set, and longer sums are halved by the law of table/tree.h, so that the
 * error grows like the logarithm of the length. */

/* o[j] = p[j] + q[j] */
JK_INLINE void N(sum2)(ptrdiff_t n, real *o, const real *p, const real *q)
{
    JK_SIMD
    for (ptrdiff_t j = 0; j < n; j++) o[j] = p[j] + q[j];
}

static void N(fold_rows)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in)
{
    real *o = out;
    const real *r0 = in, *r1 = r0 + n, *r2 = r1 + n, *r3 = r2 + n, *r4 = r3 + n, *r5 = r4 + n, *r6 = r5 + n,
               *r7 = r6 + n;
    if (n_rows == JK_CHAIN_ROWS) {
        JK_SIMD
        for (ptrdiff_t j = 0; j < n; j++)
            o[j] = ((((((r0[j] + r1[j]) + r2[j]) + r3[j]) + r4[j]) + r5[j]) + r6[j]) + r7[j];
        return;
    }
    memcpy(out, in, (size_t)n * sizeof(real));
    for (ptrdiff_t i = 1; i < n_rows; i++) N(sum2)(n, o, o, r0 + i * n);
}

/* In `out`, which has room for half of the rows, or is `in`; the last three halvings are one. */
static void N(fold_flat)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in)
{
    real *o = out;
    const real *v = in;
    for (; n_rows > 8; n_rows /= 2, v = o) N(sum2)(n_rows / 2 * n, o, v, v + n_rows / 2 * n);
    const real *r1 = v + n, *r2 = r1 + n, *r3 = r2 + n, *r4 = r3 + n, *r5 = r4 + n, *r6 = r5 + n, *r7 = r6 + n;
    if (n_rows == 8) {
        JK_SIMD
        for (ptrdiff_t j = 0; j < n; j++)
            o[j] = ((v[j] + r4[j]) + (r2[j] + r6[j])) + ((r1[j] + r5[j]) + (r3[j] + r7[j]));
    } else if (n_rows == 4) {
        JK_SIMD
        for (ptrdiff_t j = 0; j < n; j++) o[j] = (v[j] + r2[j]) + (r1[j] + r3[j]);
    } else if (n_rows == 2) {
        N(sum2)(n, o, v, r1);
    } else if (o != v) {
        memcpy(o, v, (size_t)n * sizeof(real));
    }
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

/* ---- of what an element function gives, which is not written down --------------------------------------------- */

typedef real N(element)(real t, real a, real b, real c, real y, real h, int far);

/* What an element function does not read is not loaded once it is inlined into a loop. */
typedef struct N(inputs) {
    const real *t, *a, *b, *c, *y, *h;
} N(inputs);

JK_INLINE N(inputs) N(inputs_at)(const void *const *in)
{
    return (N(inputs)){in[JK_IN_T], in[JK_IN_A], in[JK_IN_B], in[JK_IN_C], in[JK_IN_Y], in[JK_IN_H]};
}

JK_INLINE N(inputs) N(inputs_from)(N(inputs) x, ptrdiff_t first)
{
    return (N(inputs)){x.t + first, x.a + first, x.b + first, x.c + first, x.y + first, x.h + first};
}

JK_INLINE real N(map_at)(N(inputs) x, ptrdiff_t i, N(element) * f)
{
    return f(x.t[i], x.a[i], x.b[i], x.c[i], x.y[i], x.h[i], 0);
}

/* At most JK_RUN elements: lane l sums the elements l, l + SUM_LANES, ..., then the lanes are summed by halves. */
JK_INLINE real N(map_lanes)(ptrdiff_t n, N(inputs) x, N(element) * f)
{
    real lanes[SUM_LANES];
    if (n < SUM_LANES) {
        lanes[0] = 0;
        for (ptrdiff_t l = 0; l < n; l++) lanes[l] = N(map_at)(x, l, f);
        return N(halve)(n, lanes);
    }
    real sum[SUM_LANES];
    JK_SIMD
    for (ptrdiff_t l = 0; l < SUM_LANES; l++) sum[l] = N(map_at)(x, l, f);
    const ptrdiff_t n_rest = n % SUM_LANES;
    for (ptrdiff_t j = SUM_LANES; j < n - n_rest; j += SUM_LANES) {
        JK_SIMD
        for (ptrdiff_t l = 0; l < SUM_LANES; l++) sum[l] += N(map_at)(x, j + l, f);
    }
    for (ptrdiff_t l = 0; l < SUM_LANES; l++) lanes[l] = sum[l];
    for (ptrdiff_t l = 0; l < n_rest; l++) lanes[l] += N(map_at)(x, n - n_rest + l, f);
    return N(halve)(SUM_LANES, lanes);
}

/* Runs, joined by the law of table/tree.h: before the k-th run, a part of 2^j runs waits for each bit j of k. */
JK_INLINE real N(map_runs)(ptrdiff_t n, N(inputs) x, N(element) * f)
{
    real waiting[8 * sizeof n];
    int n_waiting = 0;
    for (ptrdiff_t run = 0, first = 0; first < n; run++, first += JK_RUN) {
        real sum = N(map_lanes)(n - first < JK_RUN ? n - first : JK_RUN, N(inputs_from)(x, first), f);
        for (ptrdiff_t k = run; k & 1; k >>= 1) sum = waiting[--n_waiting] + sum;
        waiting[n_waiting++] = sum;
    }
    real sum = n_waiting > 0 ? waiting[--n_waiting] : 0;
    while (n_waiting > 0) sum = waiting[--n_waiting] + sum;
    return sum;
}

JK_INLINE N(inputs) N(row_of)(const void *const *in, const ptrdiff_t *row_stride, ptrdiff_t i)
{
    const void *at[JK_N_IN];
    for (int k = 0; k < JK_N_IN; k++) at[k] = N(at)(in[k], i * row_stride[k]);
    return N(inputs_at)(at);
}

JK_INLINE void N(map_each)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *const *in, const ptrdiff_t *row_stride,
                           N(element) * f)
{
    real *o = out;
    for (ptrdiff_t i = 0; i < n_rows; i++) o[i] = N(map_runs)(n, N(row_of)(in, row_stride, i), f);
}

/* Elements before the first that starts a line of the cache: loads that lie across two lines fetch badly. */
JK_INLINE ptrdiff_t N(until_line)(const real *p, ptrdiff_t n)
{
    const ptrdiff_t head = (ptrdiff_t)((0 - (uintptr_t)p) % JK_LINE_BYTES / sizeof(real));
    return head < n ? head : n;
}

/* Elements first <= j < last of one row, put or added. */
typedef void N(row_loop)(ptrdiff_t first, ptrdiff_t last, real *o, N(inputs) x, int adds);

JK_INLINE void N(map_onto)(ptrdiff_t first, ptrdiff_t last, real *o, N(inputs) x, int adds, N(element) * f)
{
    if (adds) {
        JK_SIMD
        for (ptrdiff_t j = first; j < last; j++) o[j] += N(map_at)(x, j, f);
    } else {
        JK_SIMD
        for (ptrdiff_t j = first; j < last; j++) o[j] = N(map_at)(x, j, f);
    }
}

static void N(run_chains)(ptrdiff_t n_rows, ptrdiff_t n, void *out, void *spare, const void *const *in,
                          const ptrdiff_t *row_stride, N(row_loop) * row)
{
    enum { LONG = 512 };
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const int adds = i % JK_CHAIN_ROWS != 0;
        const N(inputs) x = N(row_of)(in, row_stride, i);
        const ptrdiff_t head = n < LONG ? 0 : N(until_line)(x.t, n);
        const int is_first = i < JK_CHAIN_ROWS;
        real *const o = is_first ? out : spare;
        if (head > 0) row(0, head, o, x, adds);
        row(head, n, o, x, adds);
        if (!is_first && (i + 1 == n_rows || (i + 1) % JK_CHAIN_ROWS == 0)) N(sum2)(n, out, out, spare);
    }
}

/* ---- of numbers ------------------------------------------------------------------------------------------------- */

JK_INLINE real N(itself)(real t, real a, real b, real c, real y, real h, int far)
{
    (void)a, (void)b, (void)c, (void)y, (void)h, (void)far;
    return t;
}

static void N(itself_row)(ptrdiff_t first, ptrdiff_t last, real *o, N(inputs) x, int adds)
{
    N(map_onto)(first, last, o, x, adds, N(itself));
}

static void N(chains)(ptrdiff_t n_rows, ptrdiff_t n, void *out, void *spare, const void *const *in,
                      const ptrdiff_t *row_stride)
{
    N(run_chains)(n_rows, n, out, spare, in, row_stride, N(itself_row));
}

/* At most JK_RUN; the first halving of few is made where they lie. */
static real N(sum_lanes)(ptrdiff_t n, const real *p)
{
    if (n >= SUM_LANES) return N(map_lanes)(n, (N(inputs)){p, p, p, p, p, p}, N(itself));
    real lanes[SUM_LANES];
    const ptrdiff_t half = (n + 1) / 2;
    lanes[0] = 0;
    N(sum2)(n - half, lanes, p, p + half);
    if (2 * half > n) lanes[half - 1] = p[half - 1];
    return N(halve)(half, lanes);
}

static real N(sum_runs)(ptrdiff_t n, const real *p)
{
    return n <= JK_RUN ? N(sum_lanes)(n, p) : N(map_runs)(n, (N(inputs)){p, p, p, p, p, p}, N(itself));
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
    .chains = N(chains),
};
