/* Elimination for matrices that keep their structure under it: tridiagonal and band matrices, and triangles.  Rows are
 * combined elementwise, in a fixed order, so that every instruction set gives the same bits.  A NaN among the
 * candidates for a pivot becomes the pivot, and so reaches the solution instead of passing for a zero. */

/* o -= w * r */
JK_INLINE void N(subtract)(ptrdiff_t n, real *o, const real *r, real w)
{
    JK_SIMD
    for (ptrdiff_t j = 0; j < n; j++) o[j] -= w * r[j];
}

JK_INLINE real N(dot)(ptrdiff_t n, const real *a, const real *b)
{
    real sum;
    N(dot_rows)(1, n, &sum, a, 0, b);
    return sum;
}

JK_INLINE void N(swap)(ptrdiff_t n, real *a, real *b)
{
    for (ptrdiff_t j = 0; j < n; j++) {
        const real t = a[j];
        a[j] = b[j];
        b[j] = t;
    }
}

/* Whether b is the better pivot. */
JK_INLINE int N(outweighs)(real b, real a) { return LIBM(fabs)(b) > LIBM(fabs)(a) || isnan(b); }

/* ---- tridiagonal --------------------------------------------------------------------------------------------- *
 * Every step waits for the division of the step before.  So the elimination starts at both ends at once, which halves
 * the wait, and meets in the middle: unknowns 0, 1, ... are eliminated from the top and n-1, n-2, ... from the bottom,
 * until two are left, each with one row that has run down or up to them. */

/* What is kept of the elimination of unknown k.  Behind it lie k+1 and k+2 from the top, k-1 and k-2 from the bottom. */
typedef struct N(steps) {
    real *pivot;
    real *next, *after; /* of the pivot's row, at the two unknowns behind */
    real *multiplier;   /* of the pivot's row, that was subtracted from the other one */
} N(steps);

JK_INLINE N(steps) N(steps_at)(ptrdiff_t n, void *factor)
{
    real *f = factor;
    const N(steps) s = {f, f + n, f + 2 * n, f + 3 * n};
    return s;
}

/* The row that runs: its coefficients of the unknown to be eliminated and of the one behind. */
typedef struct N(running) {
    real own, next;
} N(running);

/* Eliminates unknown k between the running row and the next one, which has (behind, own, next) at k and the two unknowns
 * behind it.  Swapped: the next row gave the pivot, and the running one runs on. */
JK_INLINE N(running) N(eliminate)(const N(steps) * s, unsigned char *is_swapped, ptrdiff_t k, N(running) row,
                                  real behind, real own, real next)
{
    const int swapped = N(outweighs)(behind, row.own);
    const real pivot = swapped ? behind : row.own, multiplier = (swapped ? row.own : behind) / pivot;
    is_swapped[k] = (unsigned char)swapped;
    s->pivot[k] = pivot;
    s->multiplier[k] = multiplier;
    s->next[k] = swapped ? own : row.next;
    s->after[k] = swapped ? next : 0;
    if (swapped) {
        const N(running) below = {row.next - multiplier * own, -multiplier * next};
        return below;
    }
    const N(running) below = {own - multiplier * row.next, next};
    return below;
}

static ptrdiff_t N(tridiagonal_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, const void *lower,
                                       ptrdiff_t lower_stride, const void *diagonal, ptrdiff_t diagonal_stride,
                                       const void *upper, ptrdiff_t upper_stride, void *factor, unsigned char *swapped,
                                       void *running)
{
#define L(i) (*(const real *)N(at)(lower, (i) * lower_stride))
#define D(i) (*(const real *)N(at)(diagonal, (i) * diagonal_stride))
#define U(i) (*(const real *)N(at)(upper, (i) * upper_stride))
    const N(steps) s = N(steps_at)(n, factor);
    const ptrdiff_t alone = n / 2; /* the unknown that is not eliminated: it has a pivot alone */
    s.next[alone] = s.after[alone] = s.multiplier[alone] = 0;
    swapped[alone] = 0;
    if (n == 1) {
        s.pivot[0] = D(0);
        return D(0) == 0 ? 0 : -1;
    }
    const ptrdiff_t h = (n - 2) / 2; /* and h + 1 are left */
    N(running) *const rows = running, top = {D(0), U(0)}, bottom = {D(n - 1), L(n - 2)};
    if (first > 0) {
        top = rows[0];
        bottom = rows[1];
    }
    for (ptrdiff_t i = first; i < last; i++) {
        const ptrdiff_t k = n - 1 - i;
        top = N(eliminate)(&s, swapped, i, top, L(i), D(i + 1), U(i + 1));
        bottom = N(eliminate)(&s, swapped, k, bottom, U(k - 1), D(k - 1), L(k - 2));
        if (s.pivot[i] == 0) return i;
        if (s.pivot[k] == 0) return k;
    }
    rows[0] = top;
    rows[1] = bottom;
    if (last < h) return -1;
    if (n % 2) {
        bottom = N(eliminate)(&s, swapped, h + 2, bottom, U(h + 1), D(h + 1), L(h));
        if (s.pivot[h + 2] == 0) return h + 2;
    }
    s.pivot[h + 1] = N(eliminate)(&s, swapped, h, top, bottom.next, bottom.own, 0).own;
    if (s.pivot[h] == 0) return h;
    if (s.pivot[h + 1] == 0) return h + 1;
    return -1;
#undef L
#undef D
#undef U
}

/* The same on the right-hand side: x[k] becomes that of the pivot's row. */
JK_INLINE real N(eliminate_value)(const N(steps) * s, int swapped, ptrdiff_t k, real *x, real running, real behind)
{
    const real y = swapped ? behind : running, rest = swapped ? running : behind;
    x[k] = y;
    return rest - s->multiplier[k] * y;
}

/* Unknown k, after those behind it.  Their coefficients over the pivot need not be representable where the unknown is,
 * so the sum is divided, not its parts; by a reciprocal, since that does not have to wait for the sum. */
JK_INLINE real N(substitute)(const N(steps) * s, ptrdiff_t k, real *x, real next, real after)
{
    const real pivot = s->pivot[k], inverse = 1 / pivot;
    const real sum = (x[k] - s->after[k] * after) - s->next[k] * next;
    return x[k] = isnormal(inverse) ? sum * inverse : sum / pivot;
}

static void N(tridiagonal_solve)(ptrdiff_t n, void *factor, const unsigned char *swapped, void *solution)
{
    const N(steps) s = N(steps_at)(n, factor);
    real *x = solution;
    if (n == 1) {
        x[0] /= s.pivot[0];
        return;
    }
    const ptrdiff_t h = (n - 2) / 2;
    real top = x[0], bottom = x[n - 1];
    for (ptrdiff_t i = 0; i < h; i++) {
        top = N(eliminate_value)(&s, swapped[i], i, x, top, x[i + 1]);
        bottom = N(eliminate_value)(&s, swapped[n - 1 - i], n - 1 - i, x, bottom, x[n - 2 - i]);
    }
    if (n % 2) bottom = N(eliminate_value)(&s, swapped[h + 2], h + 2, x, bottom, x[h + 1]);
    x[h + 1] = N(eliminate_value)(&s, swapped[h], h, x, top, bottom) / s.pivot[h + 1];
    N(substitute)(&s, h, x, x[h + 1], 0);

    real top_next = x[h], top_after = x[h + 1], bottom_next = top_after, bottom_after = top_next;
    for (ptrdiff_t i = 0; i < h; i++) {
        const real top_here = N(substitute)(&s, h - 1 - i, x, top_next, top_after);
        const real bottom_here = N(substitute)(&s, h + 2 + i, x, bottom_next, bottom_after);
        top_after = top_next;
        top_next = top_here;
        bottom_after = bottom_next;
        bottom_next = bottom_here;
    }
    if (n % 2) N(substitute)(&s, n - 1, x, bottom_next, bottom_after);
}

/* ---- band ---------------------------------------------------------------------------------------------------- *
 * Row k of the band holds a[k][k - lower] to a[k][k + upper], then `lower` places for what pivoting fills in.  As in
 * LAPACK's gbtrf, rows are swapped from the pivot's column on, so that L stays a product of steps.  What lies left of
 * the diagonal is not read after its step: row k keeps the multipliers of step k there, in the order of their rows. */

static ptrdiff_t N(band_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper,
                                void *band, ptrdiff_t *pivots, ptrdiff_t *reach)
{
    const ptrdiff_t width = 2 * lower + upper + 1;
    for (ptrdiff_t k = first; k < last; k++) {
        real *row = (real *)band + k * width + lower; /* at the diagonal; a step down the column is width - 1 */
        const ptrdiff_t n_below = lower < n - 1 - k ? lower : n - 1 - k;
        ptrdiff_t p = 0;
        for (ptrdiff_t d = 1; d <= n_below; d++)
            if (N(outweighs)(row[d * (width - 1)], row[p * (width - 1)])) p = d;
        pivots[k] = k + p;
        if (row[p * (width - 1)] == 0) return k;
        /* the last column that a pivot's row has reached so far */
        if (*reach < k + p + upper) *reach = k + p + upper < n ? k + p + upper : n - 1;
        const ptrdiff_t n_right = *reach - k;
        if (p > 0) N(swap)(n_right + 1, row, row + p * (width - 1));
        for (ptrdiff_t d = 1; d <= n_below; d++) {
            real *below = row + d * (width - 1);
            const real multiplier = below[0] / row[0];
            row[d - 1 - lower] = multiplier;
            N(subtract)(n_right, below + 1, row + 1, multiplier);
        }
    }
    return -1;
}

/* Steps first <= k < last of L y = b, or, transposed, of U^T y = b; in place. */
static void N(band_forward)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper,
                            const void *band, const ptrdiff_t *pivots, int transposed, void *solution)
{
    real *x = solution;
    for (ptrdiff_t k = first; k < last; k++) {
        const real *row = (const real *)band + k * (2 * lower + upper + 1) + lower;
        if (transposed) {
            const ptrdiff_t n_right = lower + upper < n - 1 - k ? lower + upper : n - 1 - k;
            x[k] /= row[0];
            N(subtract)(n_right, x + k + 1, row + 1, x[k]);
        } else {
            N(swap)(1, x + k, x + pivots[k]);
            N(subtract)(lower < n - 1 - k ? lower : n - 1 - k, x + k + 1, row - lower, x[k]);
        }
    }
}

/* Steps last > k >= first of U x = y, or, transposed, of L^T x = y; in place. */
static void N(band_back)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper,
                         const void *band, const ptrdiff_t *pivots, int transposed, void *solution)
{
    real *x = solution;
    for (ptrdiff_t k = last - 1; k >= first; k--) {
        const real *row = (const real *)band + k * (2 * lower + upper + 1) + lower;
        if (transposed) {
            x[k] -= N(dot)(lower < n - 1 - k ? lower : n - 1 - k, row - lower, x + k + 1);
            N(swap)(1, x + k, x + pivots[k]);
        } else {
            const ptrdiff_t n_right = lower + upper < n - 1 - k ? lower + upper : n - 1 - k;
            x[k] = (x[k] - N(dot)(n_right, row + 1, x + k + 1)) / row[0];
        }
    }
}

/* ---- symmetric positive definite band ------------------------------------------------------------------------- *
 * U^T D^-1 U without square roots: row k holds a[k][k] to a[k][k + upper], afterwards row k of U, with D its diagonal. */

static ptrdiff_t N(cholesky_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t upper, void *band)
{
    for (ptrdiff_t k = first; k < last; k++) {
        real *row = (real *)band + k * (upper + 1);
        if (!(row[0] > 0)) return k;
        const ptrdiff_t n_right = upper < n - 1 - k ? upper : n - 1 - k;
        for (ptrdiff_t d = 1; d <= n_right; d++)
            N(subtract)(n_right - d + 1, row + d * (upper + 1), row + d, row[d] / row[0]);
    }
    return -1;
}

/* U^T D^-1 y = b in place; U x = y is band_back without lower diagonals. */
static void N(cholesky_forward)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t upper, const void *band,
                                void *solution)
{
    real *x = solution;
    for (ptrdiff_t k = first; k < last; k++) {
        const real *row = (const real *)band + k * (upper + 1);
        N(subtract)(upper < n - 1 - k ? upper : n - 1 - k, x + k + 1, row + 1, x[k] / row[0]);
    }
}

/* ---- triangle ------------------------------------------------------------------------------------------------- *
 * Panels of rows of L: what lies left of their square goes to the loops of dense products, for all right-hand sides
 * while the panel is in cache. */

#define PANEL JK_AXPY_ROWS

static void N(triangular_solve)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, const void *triangle,
                                ptrdiff_t n_solutions, void *solutions, int transposed)
{
    const ptrdiff_t row_stride = n * (ptrdiff_t)sizeof(real), n_panels = jk_n_runs(n, PANEL);
    for (ptrdiff_t panel = first; panel < last; panel++) {
        const ptrdiff_t row = PANEL * (transposed ? n_panels - 1 - panel : panel);
        const ptrdiff_t n_rows = n - row < PANEL ? n - row : PANEL;
        const real *rows = (const real *)triangle + row * n, *square = rows + row;
        for (ptrdiff_t s = 0; s < n_solutions; s++) {
            real *before = (real *)solutions + s * n, *x = before + row, sums[PANEL];
            if (transposed) {
                for (ptrdiff_t i = n_rows - 1; i >= 0; i--) {
                    for (ptrdiff_t j = i + 1; j < n_rows; j++) x[i] -= square[j * n + i] * x[j];
                    x[i] /= square[i * n + i];
                    sums[i] = -x[i];
                }
                N(dense_axpy)(n_rows, row, before, rows, row_stride, sums);
            } else {
                N(dense_dot)(n_rows, row, sums, rows, row_stride, before);
                for (ptrdiff_t i = 0; i < n_rows; i++) {
                    x[i] -= sums[i];
                    for (ptrdiff_t j = 0; j < i; j++) x[i] -= square[i * n + j] * x[j];
                    x[i] /= square[i * n + i];
                }
            }
        }
    }
}
#undef PANEL

static const jk_solve_loops N(solve_loops) = {
    .tridiagonal_factor = N(tridiagonal_factor),
    .tridiagonal_solve = N(tridiagonal_solve),
    .band_factor = N(band_factor),
    .band_forward = N(band_forward),
    .band_back = N(band_back),
    .cholesky_factor = N(cholesky_factor),
    .cholesky_forward = N(cholesky_forward),
    .triangular_solve = N(triangular_solve),
};
