/* Checks of the solves, and their steps in shares small enough to poll in between and to stay in cache while the
 * right-hand sides pass. */
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/view.h"
#include "table/tree.h"

enum {
    SHARE = 1 << 15, /* elements of a factor that one share of steps goes through */
    PER_UNKNOWN = 5, /* multiplications, or what takes as long, of a tridiagonal matrix */
    TOGETHER = 16    /* right-hand sides that share the loads of a triangle */
};

/* An array that is read and written where it lies. */
static jk_status check_place(const jk_view *view, int ndim, int argument)
{
    JK_TRY(jk_check_output(view, argument));
    if (view->ndim != ndim) return jk_fail(JK_SHAPE, argument);
    if (jk_solve_of(view->dtype) == NULL) return jk_fail(JK_NO_INIT, -1);
    return jk_is_contiguous(view) ? jk_success() : jk_fail(JK_CONTIGUITY, argument);
}

/* x (..., n) beside a factor of the same dtype. */
static jk_status check_solutions(const jk_view *factor, const jk_view *x, int ndim, ptrdiff_t n)
{
    JK_TRY(check_place(x, ndim, 1));
    if (x->dtype != factor->dtype) return jk_fail(JK_DTYPE, 1);
    if (x->shape[ndim - 1] != n) return jk_fail(JK_SHAPE, 1);
    return jk_meet(factor, x) == JK_APART ? jk_success() : jk_fail(JK_OVERLAP, 0);
}

static char *row_of(const jk_view *view, ptrdiff_t row)
{
    return (char *)view->data + row * view->shape[view->ndim - 1] * jk_itemsize(view->dtype);
}

/* ---- tridiagonal -------------------------------------------------------------------------------------------- */

static jk_status check_diagonal(const jk_view *diagonal, ptrdiff_t n, const jk_view *factor, int argument)
{
    JK_TRY(jk_check_input(diagonal, argument));
    if (diagonal->dtype != factor->dtype) return jk_fail(JK_DTYPE, argument);
    if (diagonal->ndim != 1 || diagonal->shape[0] != n) return jk_fail(JK_SHAPE, argument);
    return jk_meet(diagonal, factor) == JK_APART ? jk_success() : jk_fail(JK_OVERLAP, argument);
}

static jk_status tridiagonal_factor(const jk_context *context, const jk_view *lower, const jk_view *diagonal,
                                    const jk_view *upper, const jk_view *factor, unsigned char *swapped)
{
    JK_TRY(check_place(factor, 2, 3));
    const ptrdiff_t n = factor->shape[1];
    if (factor->shape[0] != 4) return jk_fail(JK_SHAPE, 3);
    JK_TRY(check_diagonal(lower, JK_MAX(n - 1, 0), factor, 0));
    JK_TRY(check_diagonal(diagonal, n, factor, 1));
    JK_TRY(check_diagonal(upper, JK_MAX(n - 1, 0), factor, 2));
    if (n == 0) return jk_success();
    if (swapped == NULL) return jk_fail(JK_NULL_VIEW, -1);
    const jk_solve_loops *loops = jk_solve_of(factor->dtype);
    const ptrdiff_t n_steps = n < 2 ? 0 : (n - 2) / 2; /* at either end */
    double running[4];                                 /* of either dtype */
    jk_poll poll = {context, 0};
    for (ptrdiff_t k = 0;; k += SHARE) {
        const ptrdiff_t last = JK_MIN(k + SHARE, n_steps);
        const ptrdiff_t zero = loops->tridiagonal_factor(k, last, n, lower->data, lower->strides_in_bytes[0],
                                                         diagonal->data, diagonal->strides_in_bytes[0], upper->data,
                                                         upper->strides_in_bytes[0], factor->data, swapped, running);
        if (zero >= 0) return jk_fail_at(JK_SINGULAR, zero);
        JK_TRY(jk_poll_after(&poll, 2 * PER_UNKNOWN * (double)(last - k)));
        if (last == n_steps) return jk_success();
    }
}

jk_status jk_tridiagonal_factor(const jk_context *context, const jk_view *lower, const jk_view *diagonal,
                                const jk_view *upper, const jk_view *factor, unsigned char *swapped)
{
    const jk_environment before = jk_enter();
    return jk_left(before, tridiagonal_factor(context, lower, diagonal, upper, factor, swapped));
}

static jk_status tridiagonal_solve(const jk_context *context, const jk_view *factor, const unsigned char *swapped,
                                   const jk_view *x)
{
    JK_TRY(check_place(factor, 2, 0));
    const ptrdiff_t n = factor->shape[1];
    if (factor->shape[0] != 4) return jk_fail(JK_SHAPE, 0);
    JK_TRY(check_solutions(factor, x, 2, n));
    if (jk_size(x) == 0) return jk_success();
    if (swapped == NULL) return jk_fail(JK_NULL_VIEW, -1);
    jk_poll poll = {context, 0};
    for (ptrdiff_t s = 0; s < x->shape[0]; s++) {
        jk_solve_of(x->dtype)->tridiagonal_solve(n, factor->data, swapped, row_of(x, s));
        JK_TRY(jk_poll_after(&poll, PER_UNKNOWN * (double)n));
    }
    return jk_success();
}

jk_status jk_tridiagonal_solve(const jk_context *context, const jk_view *factor, const unsigned char *swapped,
                               const jk_view *x)
{
    const jk_environment before = jk_enter();
    return jk_left(before, tridiagonal_solve(context, factor, swapped, x));
}

/* ---- band --------------------------------------------------------------------------------------------------- */

typedef struct band {
    const jk_solve_loops *loops;
    ptrdiff_t n, lower, upper, width;
    ptrdiff_t share; /* steps */
    void *data;
    const ptrdiff_t *pivots; /* NULL: none, as it is Cholesky's */
} band;

static jk_status check_band(band *b, ptrdiff_t lower, ptrdiff_t upper, const jk_view *view, const ptrdiff_t *pivots)
{
    JK_TRY(check_place(view, 2, 0));
    const ptrdiff_t n = view->shape[0], width = view->shape[1];
    if (lower < 0 || upper < 0 || lower > (width - 1) / 2 || width - 1 - 2 * lower != upper)
        return jk_fail(JK_SHAPE, 0);
    if (n > 0 && (lower > n - 1 || upper > n - 1)) return jk_fail(JK_SHAPE, 0);
    *b = (band){jk_solve_of(view->dtype), n, lower, upper, width, SHARE / JK_MIN(width, SHARE), view->data, pivots};
    return jk_success();
}

static jk_status band_factor(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *view,
                             ptrdiff_t *pivots)
{
    band b;
    JK_TRY(check_band(&b, lower, upper, view, pivots));
    if (b.n > 0 && pivots == NULL) return jk_fail(JK_NULL_VIEW, -1);
    ptrdiff_t reach = 0;
    jk_poll poll = {context, 0};
    for (ptrdiff_t k = 0; k < b.n; k += b.share) {
        const ptrdiff_t last = JK_MIN(k + b.share, b.n);
        const ptrdiff_t zero = b.loops->band_factor(k, last, b.n, lower, upper, b.data, pivots, &reach);
        if (zero >= 0) return jk_fail_at(JK_SINGULAR, zero);
        JK_TRY(jk_poll_after(&poll, (double)(last - k) * (double)(lower + 1) * (double)b.width));
    }
    return jk_success();
}

jk_status jk_band_factor(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *view,
                         ptrdiff_t *pivots)
{
    const jk_environment before = jk_enter();
    return jk_left(before, band_factor(context, lower, upper, view, pivots));
}

static jk_status band_cholesky(const jk_context *context, const jk_view *view)
{
    band b;
    JK_TRY(check_place(view, 2, 0));
    JK_TRY(check_band(&b, 0, view->shape[1] - 1, view, NULL));
    jk_poll poll = {context, 0};
    for (ptrdiff_t k = 0; k < b.n; k += b.share) {
        const ptrdiff_t last = JK_MIN(k + b.share, b.n);
        const ptrdiff_t bad = b.loops->cholesky_factor(k, last, b.n, b.upper, b.data);
        if (bad >= 0) return jk_fail_at(JK_INDEFINITE, bad);
        JK_TRY(jk_poll_after(&poll, (double)(last - k) * (double)b.width * (double)b.width));
    }
    return jk_success();
}

jk_status jk_band_cholesky(const jk_context *context, const jk_view *view)
{
    const jk_environment before = jk_enter();
    return jk_left(before, band_cholesky(context, view));
}

/* Steps first <= k < last for every right-hand side. */
static void take_share(const band *b, ptrdiff_t first, int backwards, int transposed, const jk_view *x)
{
    const ptrdiff_t last = JK_MIN(first + b->share, b->n);
    for (ptrdiff_t s = 0; s < x->shape[0]; s++) {
        void *solution = row_of(x, s);
        if (backwards)
            b->loops->band_back(first, last, b->n, b->lower, b->upper, b->data, b->pivots, transposed, solution);
        else if (b->pivots != NULL)
            b->loops->band_forward(first, last, b->n, b->lower, b->upper, b->data, b->pivots, transposed, solution);
        else
            b->loops->cholesky_forward(first, last, b->n, b->upper, b->data, solution);
    }
}

static jk_status solve_band(const jk_context *context, const band *b, int transposed, const jk_view *x)
{
    if (jk_size(x) == 0) return jk_success();
    const ptrdiff_t n_shares = jk_n_runs(b->n, b->share);
    jk_poll poll = {context, 0};
    for (int backwards = 0; backwards < 2; backwards++)
        for (ptrdiff_t i = 0; i < n_shares; i++) {
            take_share(b, b->share * (backwards ? n_shares - 1 - i : i), backwards, transposed, x);
            JK_TRY(jk_poll_after(&poll, (double)x->shape[0] * SHARE));
        }
    return jk_success();
}

static jk_status band_solve(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *view,
                            const ptrdiff_t *pivots, int transposed, const jk_view *x)
{
    band b;
    JK_TRY(check_band(&b, lower, upper, view, pivots));
    JK_TRY(check_solutions(view, x, 2, b.n));
    if (b.n > 0 && pivots == NULL) return jk_fail(JK_NULL_VIEW, -1);
    return solve_band(context, &b, transposed, x);
}

jk_status jk_band_solve(const jk_context *context, ptrdiff_t lower, ptrdiff_t upper, const jk_view *view,
                        const ptrdiff_t *pivots, int transposed, const jk_view *x)
{
    const jk_environment before = jk_enter();
    return jk_left(before, band_solve(context, lower, upper, view, pivots, transposed, x));
}

static jk_status band_cholesky_solve(const jk_context *context, const jk_view *view, const jk_view *x)
{
    band b;
    JK_TRY(check_place(view, 2, 0));
    JK_TRY(check_band(&b, 0, view->shape[1] - 1, view, NULL));
    JK_TRY(check_solutions(view, x, 2, b.n));
    return solve_band(context, &b, 0, x);
}

jk_status jk_band_cholesky_solve(const jk_context *context, const jk_view *view, const jk_view *x)
{
    const jk_environment before = jk_enter();
    return jk_left(before, band_cholesky_solve(context, view, x));
}

/* ---- triangle ----------------------------------------------------------------------------------------------- */

static jk_status triangular_solve(const jk_context *context, const jk_view *l, int transposed, const jk_view *x)
{
    JK_TRY(check_place(l, 3, 0));
    const ptrdiff_t n = l->shape[2];
    if (l->shape[1] != n) return jk_fail(JK_SHAPE, 0);
    JK_TRY(check_solutions(l, x, 3, n));
    if (x->shape[0] != l->shape[0]) return jk_fail(JK_SHAPE, 1);
    if (jk_size(x) == 0) return jk_success();
    const jk_solve_loops *loops = jk_solve_of(x->dtype);
    const ptrdiff_t n_solutions = x->shape[1], n_panels = jk_n_runs(n, JK_AXPY_ROWS);
    const ptrdiff_t share = JK_MAX(SHARE / n / JK_AXPY_ROWS, 1); /* panels */
    jk_poll poll = {context, 0};
    for (ptrdiff_t i = 0; i < x->shape[0]; i++)
        for (ptrdiff_t s = 0; s < n_solutions; s += TOGETHER) {
            const ptrdiff_t n_together = JK_MIN(TOGETHER, n_solutions - s);
            void *const solutions = row_of(x, i * n_solutions + s);
            for (ptrdiff_t k = 0; k < n_panels; k += share) {
                const ptrdiff_t last = JK_MIN(k + share, n_panels);
                loops->triangular_solve(k, last, n, row_of(l, i * n), n_together, solutions, transposed);
                JK_TRY(jk_poll_after(&poll, (double)(last - k) * JK_AXPY_ROWS * (double)n * (double)n_together));
            }
        }
    return jk_success();
}

jk_status jk_triangular_solve(const jk_context *context, const jk_view *l, int transposed, const jk_view *x)
{
    const jk_environment before = jk_enter();
    return jk_left(before, triangular_solve(context, l, transposed, x));
}
