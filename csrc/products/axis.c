/* Products with an axis Jacobian: its letters become the axes of one run, v is repeated along the letters that only
 * `out` has, and the output is summed over those that it lacks. */
#include "engine/run.h"

typedef struct axes {
    int n;
    ptrdiff_t shape[JK_MAX_NDIM];
    int place[JK_MAX_NDIM]; /* of a letter among the axes; -1: none yet */
} axes;

static jk_status add_letter(axes *a, const jk_axis *jacobian, int letter)
{
    if (a->n == JK_MAX_NDIM) return jk_fail(JK_NDIM, -1);
    a->place[letter] = a->n;
    a->shape[a->n++] = jacobian->length[letter];
    return jk_success();
}

/* A view with one axis per axis of the run: batch axes in front, then the letters it has; length 1 elsewhere. */
static jk_status spread(const axes *a, const jk_view *view, int n_batch, const signed char *letters, int n_letters,
                        ptrdiff_t *shape, ptrdiff_t *strides, jk_view *spread_view, int argument)
{
    if (view->ndim != n_batch + n_letters) return jk_fail(JK_SHAPE, argument);
    for (int d = 0; d < a->n; d++) {
        shape[d] = 1;
        strides[d] = 0;
    }
    for (int d = 0; d < n_batch; d++) {
        if (view->shape[d] != a->shape[d]) return jk_fail(JK_SHAPE, argument);
        shape[d] = view->shape[d];
        strides[d] = view->strides_in_bytes[d];
    }
    for (int k = 0; k < n_letters; k++) {
        const int place = a->place[letters[k]];
        if (view->shape[n_batch + k] != a->shape[place]) return jk_fail(JK_SHAPE, argument);
        shape[place] = view->shape[n_batch + k];
        strides[place] = view->strides_in_bytes[n_batch + k];
    }
    *spread_view = *view;
    spread_view->ndim = a->n;
    spread_view->shape = shape;
    spread_view->strides_in_bytes = strides;
    return jk_success();
}

static jk_status check_letters(const jk_axis *j, const signed char *letters, int n)
{
    unsigned long long seen = 0;
    if (n < 0) return jk_fail(JK_SHAPE, 0);
    for (int k = 0; k < n; k++) {
        if (letters[k] < 0 || letters[k] >= j->n_letters || (seen >> letters[k] & 1)) return jk_fail(JK_SHAPE, 0);
        seen |= 1ull << letters[k];
    }
    return jk_success();
}

/* Rows of at least so many elements are summed as rows of matrices. */
enum { LONG_ROW = 128 };

/* Where all of `out` stands in the input, and the letters summed over are stored and lie together, contiguous, every
 * element of `out` is a matrix of one row times a vector.  The views have one axis per axis of the run, of which the
 * first n_kept are kept.  Returns the length of a row; 0 if it is otherwise, or short. */
static ptrdiff_t row_length(const axes *a, int n_kept, const jk_view *values, const jk_view *v)
{
    if (n_kept == a->n || n_kept + 2 > JK_MAX_NDIM) return 0;
    for (int d = 0; d < n_kept; d++)
        if (v->shape[d] != a->shape[d]) return 0;
    ptrdiff_t n = 1;
    for (int d = a->n - 1; d >= n_kept; d--) {
        if (values->shape[d] != a->shape[d] || values->strides_in_bytes[d] != n * jk_itemsize(values->dtype) ||
            v->strides_in_bytes[d] != n * jk_itemsize(v->dtype))
            return 0;
        n *= a->shape[d];
    }
    return n < LONG_ROW ? 0 : n;
}

static jk_status sum_rows(const jk_context *context, int n_kept, ptrdiff_t n, jk_view *values, jk_view *v, jk_view *out,
                          int accumulate)
{
    ptrdiff_t shape[3][JK_MAX_NDIM], strides[3][JK_MAX_NDIM];
    jk_view *const views[] = {values, v, out};
    for (int k = 0; k < 3; k++) {
        for (int d = 0; d < n_kept; d++) {
            shape[k][d] = views[k]->shape[d];
            strides[k][d] = views[k]->strides_in_bytes[d];
        }
        const int n_own = k == 0 ? 2 : 1;
        for (int d = 0; d < n_own; d++) {
            shape[k][n_kept + d] = 1;
            strides[k][n_kept + d] = jk_itemsize(views[k]->dtype);
        }
        if (k < 2) shape[k][n_kept + n_own - 1] = n;
        views[k]->ndim = n_kept + n_own;
        views[k]->shape = shape[k];
        views[k]->strides_in_bytes = strides[k];
    }
    return jk_dense_jvp(context, values, v, out, accumulate);
}

static jk_status apply(const jk_context *context, const jk_axis *j, const signed char *out_letters, int n_out,
                       const signed char *in_letters, int n_in, const jk_view *v, const jk_view *out, int accumulate)
{
    JK_TRY(jk_check_input(&j->values, 0));
    JK_TRY(jk_check_input(v, 1));
    JK_TRY(jk_check_output(out, 2));
    if (j->n_letters < 0 || j->n_letters > JK_MAX_NDIM) return jk_fail(JK_NDIM, 0);
    JK_TRY(check_letters(j, j->value_letters, j->values.ndim));
    JK_TRY(check_letters(j, out_letters, n_out));
    JK_TRY(check_letters(j, in_letters, n_in));
    const int n_batch = v->ndim - n_in;
    if (n_batch < 0 || out->ndim != n_batch + n_out) return jk_fail(JK_SHAPE, n_batch < 0 ? 1 : 2);

    axes a = {.n = n_batch};
    for (int k = 0; k < j->n_letters; k++) a.place[k] = -1;
    for (int d = 0; d < n_batch; d++) a.shape[d] = v->shape[d];
    for (int k = 0; k < n_out; k++) JK_TRY(add_letter(&a, j, out_letters[k]));
    for (int k = 0; k < n_in; k++)
        if (a.place[in_letters[k]] < 0) JK_TRY(add_letter(&a, j, in_letters[k]));
    for (int k = 0; k < j->values.ndim; k++)
        if (a.place[j->value_letters[k]] < 0) return jk_fail(JK_SHAPE, 0);

    ptrdiff_t shape[3][JK_MAX_NDIM], strides[3][JK_MAX_NDIM];
    jk_view values_view, v_view, out_view;
    JK_TRY(spread(&a, &j->values, 0, j->value_letters, j->values.ndim, shape[0], strides[0], &values_view, 0));
    JK_TRY(spread(&a, v, n_batch, in_letters, n_in, shape[1], strides[1], &v_view, 1));
    JK_TRY(spread(&a, out, n_batch, out_letters, n_out, shape[2], strides[2], &out_view, 2));

    const int n_kept = n_batch + n_out;
    const ptrdiff_t n = row_length(&a, n_kept, &values_view, &v_view);
    if (n > 0) return sum_rows(context, n_kept, n, &values_view, &v_view, &out_view, accumulate);

    jk_program p;
    jk_begin_program(&p, accumulate);
    const int factors[] = {jk_add_input(&p, &values_view, 0), jk_add_input(&p, &v_view, 1)};
    const jk_pointwise_loops *pointwise = jk_pointwise_of(p.dtype);
    if (pointwise == NULL) return jk_fail(JK_NO_INIT, -1);
    const jk_step *step = jk_add_step(&p, pointwise->op[JK_OP_multiply].value, factors, 2, 1);
    jk_add_output(&p, &out_view, 2, step->out);
    return jk_run(context, &p, a.n, a.shape);
}

jk_status jk_axis_jvp(const jk_context *context, const jk_axis *jacobian, const jk_view *v, const jk_view *out,
                      int accumulate)
{
    return apply(context, jacobian, jacobian->out_letters, jacobian->n_out, jacobian->in_letters, jacobian->n_in, v,
                 out, accumulate);
}

jk_status jk_axis_vjp(const jk_context *context, const jk_axis *jacobian, const jk_view *u, const jk_view *out,
                      int accumulate)
{
    return apply(context, jacobian, jacobian->in_letters, jacobian->n_in, jacobian->out_letters, jacobian->n_out, u,
                 out, accumulate);
}
