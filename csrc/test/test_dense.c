/* Dense products and rows against loops over single elements. */
#include "harness.h"

#include <math.h>

static void check_dense(jk_dtype dtype, layout lay, ptrdiff_t m, ptrdiff_t n)
{
    array *a = randoms(dtype, lay, -1, 1, DIMS(m, n)), *v = randoms(dtype, lay, -1, 1, DIMS(n));
    array *u = randoms(dtype, lay, -1, 1, DIMS(m)), *av = like(u), *ua = like(v);
    array *av_wanted = new_array(JK_FLOAT64, CONTIGUOUS, DIMS(m)),
          *ua_wanted = new_array(JK_FLOAT64, CONTIGUOUS, DIMS(n));
    set_all(av_wanted, 0);
    set_all(ua_wanted, 0);
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            set(av_wanted, i, get(av_wanted, i) + get(a, i * n + j) * get(v, j));
            set(ua_wanted, j, get(ua_wanted, j) + get(a, i * n + j) * get(u, i));
        }
    check_ok(jk_dense_jvp(NULL, view(a), view(v), view(av), 0), "dense jvp");
    check_ok(jk_dense_vjp(NULL, view(a), view(u), view(ua), 0), "dense vjp");
    check_array_close(av, av_wanted, (double)(1 + n) * rounding(dtype), "dense jvp");
    check_array_close(ua, ua_wanted, (double)(1 + m) * rounding(dtype), "dense vjp");
    free_arrays();
}

static void check_matmul(jk_dtype dtype, layout lay, int a_ndim, const ptrdiff_t *a_shape, int b_ndim,
                         const ptrdiff_t *b_shape, int y_ndim, const ptrdiff_t *y_shape)
{
    array *a = randoms(dtype, lay, -1, 1, a_ndim, a_shape), *b = randoms(dtype, lay, -1, 1, b_ndim, b_shape);
    array *y = new_array(dtype, lay, y_ndim, y_shape), *wanted = new_array(JK_FLOAT64, CONTIGUOUS, y_ndim, y_shape);
    const ptrdiff_t m = y_shape[y_ndim - 2], n = y_shape[y_ndim - 1], k = a_shape[a_ndim - 1];
    for (ptrdiff_t i = 0; i < y->size; i++) {
        const ptrdiff_t batch = i / (m * n), row = i / n % m, column = i % n;
        const ptrdiff_t a_batch = a->size == m * k ? 0 : batch, b_batch = b->size == k * n ? 0 : batch;
        double sum = 0;
        for (ptrdiff_t l = 0; l < k; l++)
            sum += get(a, (a_batch * m + row) * k + l) * get(b, (b_batch * k + l) * n + column);
        set(wanted, i, sum);
    }
    check_ok(jk_matmul(NULL, view(a), view(b), view(y), 0), "matmul");
    check_array_close(y, wanted, (double)(1 + k) * rounding(dtype), "matmul");
    free_arrays();
}

void test_dense(jk_dtype dtype)
{
    static const ptrdiff_t sizes[][2] = {{1, 1}, {3, 4}, {17, 5},     {5, 17},  {64, 64},
                                         {0, 3}, {3, 0}, {130, 1100}, {1100, 7}};
    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_dense(dtype, lay, sizes[i][0], sizes[i][1]);
        check_matmul(dtype, lay, DIMS(3, 4), DIMS(4, 5), DIMS(3, 5));
        check_matmul(dtype, lay, DIMS(2, 3, 4), DIMS(4, 5), DIMS(2, 3, 5));
        check_matmul(dtype, lay, DIMS(3, 4), DIMS(2, 4, 5), DIMS(2, 3, 5));
        check_matmul(dtype, lay, DIMS(2, 3, 4), DIMS(2, 4, 5), DIMS(2, 3, 5));
        check_matmul(dtype, lay, DIMS(3, 0), DIMS(0, 5), DIMS(3, 5));
        check_matmul(dtype, lay, DIMS(2, 1, 33), DIMS(1, 33, 70), DIMS(2, 1, 70));
    }
}

void test_softmax_cross_entropy(jk_dtype dtype)
{
    enum { N_ROWS = 5, N_CLASSES = 10 };
    const char *what = "softmax cross-entropy";
    static const ptrdiff_t labels[N_ROWS] = {0, 9, 3, 3, 5}, bad_labels[N_ROWS] = {0, 9, 10, -1, 5};
    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        array *logits = randoms(dtype, lay, -3, 3, DIMS(N_ROWS, N_CLASSES)),
              *logits_dot = randoms(dtype, lay, -1, 1, DIMS(N_ROWS, N_CLASSES));
        array *loss_bar = randoms(dtype, lay, -1, 1, DIMS(N_ROWS)), *loss = like(loss_bar), *loss_dot = like(loss_bar);
        array *logits_bar = like(logits), *slope = laid_out(logits, CONTIGUOUS),
              *wanted = laid_out(loss_bar, CONTIGUOUS);
        set(logits, 0, 80); /* exp of it is beyond float32 once doubled; the loss must not be */
        set(logits, N_CLASSES, dtype == JK_FLOAT64 ? -1e4 : -1e3);
        array *wanted_dot = laid_out(loss_bar, CONTIGUOUS);
        for (ptrdiff_t i = 0; i < N_ROWS; i++) {
            double largest = get(logits, i * N_CLASSES), sum = 0, dot_i = 0;
            for (ptrdiff_t j = 0; j < N_CLASSES; j++) largest = fmax(largest, get(logits, i * N_CLASSES + j));
            for (ptrdiff_t j = 0; j < N_CLASSES; j++) sum += exp(get(logits, i * N_CLASSES + j) - largest);
            set(wanted, i, log(sum) + largest - get(logits, i * N_CLASSES + labels[i]));
            for (ptrdiff_t j = 0; j < N_CLASSES; j++) {
                const double d = exp(get(logits, i * N_CLASSES + j) - largest) / sum - (j == labels[i]);
                set(slope, i * N_CLASSES + j, d * get(loss_bar, i));
                dot_i += d * get(logits_dot, i * N_CLASSES + j);
            }
            set(wanted_dot, i, dot_i);
        }
        const double tolerance = 20 * rounding(dtype);
        check_ok(jk_softmax_cross_entropy_value(NULL, view(logits), labels, view(loss), 0), what);
        check_ok(jk_softmax_cross_entropy_vjp(NULL, view(loss_bar), view(logits), labels, view(logits_bar), 0), what);
        check_ok(jk_softmax_cross_entropy_jvp(NULL, view(logits_dot), view(logits), labels, view(loss_dot), 0), what);
        check_array_close(loss, wanted, tolerance, what);
        check_array_close(logits_bar, slope, tolerance, what);
        check_array_close(loss_dot, wanted_dot, tolerance, what);
        check_close(dot(loss_bar, loss_dot), dot(logits_bar, logits_dot), tolerance, what);

        array *unwritten = like(loss);
        check_status(jk_softmax_cross_entropy_value(NULL, view(logits), bad_labels, view(unwritten), 0), JK_LABEL, 2,
                     what);
        check(is_untouched(unwritten), "a bad label in a later row leaves the earlier rows unwritten");
        free_arrays();
    }
}
