/* Dense products against loops over single elements. */
#include "harness.h"

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
