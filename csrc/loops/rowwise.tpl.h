/* The loops of every row of rowwise.def, on a block of rows or a run of one, and the functions that its expressions
 * name.
 *
 * A share of a softmax is e/s with e = exp(x - m), m the largest x.  Far below the maximum e is small, but not what is
 * made of it: a scaled loss, or the sum of what a nearly certain class leaves to the others.  So
 *
 *   - what x - m rounds off is kept: at x - m = -700 it is some hundred units in the last place of e;
 *   - e is ONE = 2**64 times as large, so that it has all digits where exp(x - m) is a subnormal number;
 *   - 1 - e/s at a label is not computed so, but as the sum of the others over s. */
#define ONE C(0x1p64)

/* x - m, also where the maximum itself is infinite: the limit as it grows. */
JK_INLINE real M(below)(real x, real m) { return x == m ? 0 : x - m; }

/* ONE * exp(x - m) for x <= m; x - m is `difference` + `rest` exactly, or else the result is 0 or ONE without `rest`. */
JK_INLINE real M(exp_below)(real x, real m)
{
    const real lowest = -(N(exp_overflow) + 80); /* the result is 0 there, and so at -inf */
    const real difference = M(below)(x, m), back = difference - x, rest = (x - (difference - back)) - (m + back);
    const real inside = difference < lowest ? lowest : difference;
    const real k = M(round)(inside * N(log2e)), half = M(round)(k * C(0.5));
    const real r = M(less_k_ln2)(inside, k, 1) + (M(fabs)(rest) < 1 ? rest : 0);
    return (1 + (r + r * r * N(exp_tail)(r))) * M(two_to)(half, 0) * M(two_to)(k - half, 64);
}

/* v / ONE */
JK_INLINE real M(down)(real v) { return v * (1 / ONE); }

/* v * t / ONE, where neither v * t nor t / ONE overflows, nor loses digits that the result has. */
JK_INLINE real M(down_times)(real v, real t)
{
    const int large = M(fabs)(t) > 1;
    return v * (large ? M(down)(t) : t) * (large ? 1 : 1 / ONE);
}

/* The sum v of a row with an infinite maximum; NaN if it is above that of one such element alone: with several, or with
 * nothing but -inf, there is no limit. */
JK_INLINE real M(limit)(real v, real m, real alone)
{
    return M(fabs)(m) == (real)INFINITY && v > alone ? (real)NAN : v;
}

/* ---- loops ---- */

/* What an expression sees of an element, and of its row.  (No struct: gcc would not vectorise a loop that makes one.) */
typedef real N(row_function)(real x, real e, real t, real m, real s, real r, real g, real xl, real el, real tl,
                             int at_label);

/* out[j] = f of element j of row i; out may be the row of e itself. */
JK_INLINE void N(map_row)(const jk_rows *rows, ptrdiff_t i, real *out, N(row_function) * f)
{
    const ptrdiff_t n = rows->n, label = rows->labels == NULL ? -1 : rows->labels[i] - rows->first;
    const real *x = (const real *)rows->x + i * n, *e = (const real *)rows->e + i * n,
               *t = (const real *)rows->t + i * n;
    const real m = ((const real *)rows->m)[i], s = ((const real *)rows->s)[i], r = ((const real *)rows->r)[i];
    const real g = ((const real *)rows->g)[i], tl = ((const real *)rows->tl)[i];
    const real xl = ((const real *)rows->xl)[i], el = ((const real *)rows->el)[i];
    const int labelled = label >= 0 && label < n;
    const real of_label = labelled ? f(x[label], e[label], t[label], m, s, r, g, xl, el, tl, 1) : 0;
    JK_SIMD
    for (ptrdiff_t j = 0; j < n; j++) out[j] = f(x[j], e[j], t[j], m, s, r, g, xl, el, tl, 0);
    if (labelled) out[label] = of_label;
}

JK_INLINE void N(map_elements)(const jk_rows *rows, void *out, N(row_function) * f)
{
    for (ptrdiff_t i = 0; i < rows->n_rows; i++) N(map_row)(rows, i, (real *)out + i * rows->n, f);
}

JK_INLINE void N(sum_elements)(const jk_rows *rows, void *out, N(row_function) * f)
{
    real *o = out, terms[JK_RUN];
    for (ptrdiff_t i = 0; i < rows->n_rows; i++) {
        N(map_row)(rows, i, terms, f);
        o[i] = N(sum_lanes)(rows->n, terms);
    }
}

/* f is of the row alone. */
JK_INLINE void N(map_rows)(const jk_rows *rows, void *out, N(row_function) * f)
{
    const real *m = rows->m, *s = rows->s, *r = rows->r, *g = rows->g, *xl = rows->xl, *el = rows->el, *tl = rows->tl;
    real *o = out;
    JK_SIMD
    for (ptrdiff_t i = 0; i < rows->n_rows; i++) o[i] = f(0, 0, 0, m[i], s[i], r[i], g[i], xl[i], el[i], tl[i], 0);
}

/* f is of x and m alone: what x has in all rows is one loop, with every element's m in its place at first. */
JK_INLINE void N(map_block)(const jk_rows *rows, void *out, N(row_function) * f)
{
    const ptrdiff_t n_rows = rows->n_rows, n = rows->n;
    const real *x = rows->x, *m = rows->m;
    real *o = out;
    for (ptrdiff_t i = 0; i < n_rows; i++)
        for (ptrdiff_t j = 0; j < n; j++) o[i * n + j] = m[i];
    JK_SIMD
    for (ptrdiff_t k = 0; k < n_rows * n; k++) o[k] = f(x[k], 0, 0, o[k], 0, 0, 0, 0, 0, 0, 0);
}

/* The larger one; a NaN is passed over: it comes back in e. */
JK_INLINE real N(larger)(real a, real b) { return b > a ? b : a; }

/* out[i] = the largest f of x in row i, or in its runs up to this one */
JK_INLINE void N(max_elements)(const jk_rows *rows, void *out, N(row_function) * f)
{
    const ptrdiff_t n = rows->n, n_rest = n % SUM_LANES;
    real *o = out;
    for (ptrdiff_t i = 0; i < rows->n_rows; i++) {
        const real *x = (const real *)rows->x + i * n;
        real lanes[SUM_LANES], largest = rows->first == 0 ? -(real)INFINITY : o[i];
        for (ptrdiff_t j = n - n_rest; j < n; j++) largest = N(larger)(largest, f(x[j], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        if (n >= SUM_LANES) {
            for (ptrdiff_t l = 0; l < SUM_LANES; l++) lanes[l] = -(real)INFINITY;
            for (ptrdiff_t j = 0; j < n - n_rest; j += SUM_LANES) {
                JK_SIMD
                for (ptrdiff_t l = 0; l < SUM_LANES; l++)
                    lanes[l] = N(larger)(lanes[l], f(x[j + l], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
            }
            for (ptrdiff_t l = 0; l < SUM_LANES; l++) largest = N(larger)(largest, lanes[l]);
        }
        o[i] = largest;
    }
}

/* ---- the rows ---- */

/* clang-format off */
#define JK_READ_ALL (void)x, (void)e, (void)t, (void)m, (void)s, (void)r, (void)g, (void)xl, (void)el, (void)tl, (void)at_label
/* The function of one element and its loop. */
#define JK_ROW_LOOP(name, loop, expression)                                                                           \
    JK_INLINE real N(name##_of)(real x, real e, real t, real m, real s, real r, real g, real xl, real el, real tl,    \
                                int at_label) { JK_READ_ALL; return expression; }                                     \
    static void N(name)(const jk_rows *rows, void *out) { N(loop)(rows, out, N(name##_of)); }
#define JK_ROWWISE(name, aliases, labels, max, kept, sum, value, jvp_sum, jvp, vjp, ...)                              \
    JK_ROW_LOOP(name##_max, max_elements, max)                                                                        \
    JK_ROW_LOOP(name##_kept, map_block, kept)                                                                         \
    JK_ROW_LOOP(name##_sum, sum_elements, sum)                                                                        \
    JK_ROW_LOOP(name##_value, map_rows, value)                                                                    \
    JK_ROW_LOOP(name##_jvp_sum, sum_elements, jvp_sum)                                                                \
    JK_ROW_LOOP(name##_jvp, map_rows, jvp)                                                                            \
    JK_ROW_LOOP(name##_vjp, map_elements, vjp)
/* clang-format on */
#include "table/rowwise.def"
#undef JK_ROWWISE
#undef JK_ROW_LOOP
#undef JK_READ_ALL
#undef ONE

static const jk_rowwise_loops N(rowwise_loops) = {{
#define JK_ROWWISE(name, ...)                                                                                          \
    [JK_ROWWISE_##name] = {.max = N(name##_max),                                                                       \
                           .kept = N(name##_kept),                                                                     \
                           .sum = N(name##_sum),                                                                       \
                           .value = N(name##_value),                                                                   \
                           .jvp_sum = N(name##_jvp_sum),                                                               \
                           .jvp = N(name##_jvp),                                                                       \
                           .vjp = N(name##_vjp)},
#include "table/rowwise.def"
#undef JK_ROWWISE
}};
