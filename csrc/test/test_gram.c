/* J^T W J v against loops over single elements. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORKSPACE = 1 << 20, N_THREADS = 3 };

/* All matrices, vectors and weights are of one batch axis at most; v may have one more in front, which counts vectors. */
static array *gram_of(const array *a, const array *v, const array *w)
{
    const int n_batch = v->view.ndim - 1;
    const ptrdiff_t m = a->shape[a->view.ndim - 2], n = a->shape[a->view.ndim - 1];
    array *wanted = new_array(JK_FLOAT64, CONTIGUOUS, n_batch + 1, v->shape);
    for (ptrdiff_t item = 0; item < v->size / (n ? n : 1); item++) {
        const ptrdiff_t matrix = a->size > 0 ? item % (a->size / (m * n)) : 0;
        for (ptrdiff_t j = 0; j < n; j++) set(wanted, item * n + j, 0);
        for (ptrdiff_t i = 0; i < m; i++) {
            double sum = 0;
            for (ptrdiff_t j = 0; j < n; j++) sum += get(a, (matrix * m + i) * n + j) * get(v, item * n + j);
            if (w != NULL) sum *= get(w, w->size == m ? i : matrix * m + i);
            for (ptrdiff_t j = 0; j < n; j++)
                set(wanted, item * n + j, get(wanted, item * n + j) + sum * get(a, (matrix * m + i) * n + j));
        }
    }
    return wanted;
}

static void check_gram(const jk_context *context, const array *a, const array *v, const array *w, const char *what)
{
    const jk_dtype dtype = a->view.dtype;
    const ptrdiff_t m = a->shape[a->view.ndim - 2], n = a->shape[a->view.ndim - 1];
    const double tolerance = (double)(1 + m + n) * rounding(dtype);
    array *wanted = gram_of(a, v, w), *out = like(v);
    check(jk_dense_gram_workspace(view(a), view(v), view(w), view(out)) <= context->workspace_bytes, "%s: %zu bytes",
          what, jk_dense_gram_workspace(view(a), view(v), view(w), view(out)));
    check_ok(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(out), 0), what);
    check_array_close(out, wanted, tolerance, what);
    check_ok(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(out), 1), what);
    for (ptrdiff_t i = 0; i < wanted->size; i++) set(wanted, i, 2 * get(wanted, i));
    check_array_close(out, wanted, tolerance, what);
}

static void check_sizes(const jk_context *context, jk_dtype dtype)
{
    static const ptrdiff_t sizes[][2] = {{1, 1}, {3, 4},  {17, 5},     {5, 17},   {64, 64},   {0, 3},
                                         {3, 0}, {4, 12}, {130, 1100}, {1100, 7}, {1030, 33}, {3, 2000}};
    for (layout lay = 0; lay < N_LAYOUTS; lay++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const ptrdiff_t m = sizes[i][0], n = sizes[i][1];
            char what[64];
            snprintf(what, sizeof what, "gram of (%td, %td), layout %d", m, n, (int)lay);
            const array *a = randoms(dtype, lay, -1, 1, DIMS(m, n)), *w = randoms(dtype, lay, 0, 1, DIMS(m));
            check_gram(context, a, randoms(dtype, lay, -1, 1, DIMS(n)), NULL, what);
            check_gram(context, a, randoms(dtype, lay, -1, 1, DIMS(n)), w, what);
            check_gram(context, a, randoms(dtype, lay, -1, 1, DIMS(3, n)), w, what);
            free_arrays();
        }
}

static void check_batches(const jk_context *context, jk_dtype dtype)
{
    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        const array *a = randoms(dtype, lay, -1, 1, DIMS(4, 5, 3)), *v = randoms(dtype, lay, -1, 1, DIMS(4, 3));
        const array *vectors = randoms(dtype, lay, -1, 1, DIMS(11, 4, 3));
        check_gram(context, a, v, NULL, "a matrix for each vector");
        check_gram(context, a, v, randoms(dtype, lay, 0, 1, DIMS(4, 5)), "a matrix and weights for each vector");
        check_gram(context, a, v, randoms(dtype, lay, 0, 1, DIMS(5)), "shared weights");
        check_gram(context, a, vectors, randoms(dtype, lay, 0, 1, DIMS(4, 5)), "many vectors for each matrix");
        free_arrays();
    }
}

/* Weights that alone have a batch axis, or a length along it: rows in place, by columns, and of the narrower dtype. */
static void check_weights_alone(const jk_context *context, jk_dtype dtype)
{
    static const ptrdiff_t shapes[][2] = {{5, 4}, {1, 2}, {3, 1}, {0, 2}};
    for (int k = 0; k < 12; k++) {
        const ptrdiff_t m = shapes[k / 3][0], n = shapes[k / 3][1];
        const array *a = randoms(k % 3 == 2 ? JK_FLOAT32 : dtype, k % 3 == 1 ? FORTRAN : CONTIGUOUS, -1, 1,
                                 DIMS(1, m, n));
        const array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1, n)),
                    *w = randoms(dtype, CONTIGUOUS, 0, 1, DIMS(3, m));
        array *wanted = new_array(JK_FLOAT64, CONTIGUOUS, DIMS(3, n)), *out = new_array(dtype, CONTIGUOUS, DIMS(3, n));
        array *row = new_array(dtype, CONTIGUOUS, DIMS(m));
        for (ptrdiff_t i = 0; i < 3; i++) {
            for (ptrdiff_t j = 0; j < m; j++) set(row, j, get(w, i * m + j));
            const array *product = gram_of(a, v, row);
            for (ptrdiff_t j = 0; j < n; j++) set(wanted, i * n + j, get(product, j));
        }
        const jk_view matrix = {a->view.data, a->view.dtype, 2, a->shape + 1, a->strides + 1};
        const jk_view vector = {v->view.data, v->view.dtype, 1, v->shape + 1, v->strides + 1};
        check_ok(jk_dense_gram_jvp(context, &matrix, &vector, view(w), view(out), 0), "w alone has a batch");
        check_array_close(out, wanted, 10 * rounding(dtype), "w alone has a batch");
        check_ok(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(out), 0), "w alone has a length");
        check_array_close(out, wanted, 10 * rounding(dtype), "w alone has a length");
        free_arrays();
    }
}

static void run_tasks_in_turn(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks)
{
    (void)pool;
    while (n_tasks > 0) task(argument, --n_tasks);
}

/* Vectors that share a pass, tasks that share a sum or matrices, and a small workspace change no bit. */
static void check_same_tree(const jk_context *context, const array *a, const array *v, const array *w)
{
    array *wanted = like(v), *out = like(v);
    check_ok(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(wanted), 0), "gram");
    jk_context other = *context;
    other.parallel_for = run_tasks_in_turn;
    for (other.n_threads = 2; other.n_threads <= N_THREADS; other.n_threads++) {
        check_ok(jk_dense_gram_jvp(&other, view(a), view(v), view(w), view(out), 0), "gram with tasks");
        check_same_bits(out, wanted, "gram with tasks");
    }
    check_ok(jk_dense_gram_jvp(NULL, view(a), view(v), view(w), view(out), 0), "gram with the stack alone");
    check_same_bits(out, wanted, "gram with the stack alone");

    const ptrdiff_t n_vectors = v->shape[0];
    const ptrdiff_t next = v->strides[0];
    jk_view one = v->view, one_out = out->view;
    one.ndim = one_out.ndim = v->view.ndim - 1;
    one.shape = one_out.shape = v->shape + 1;
    one.strides_in_bytes = one_out.strides_in_bytes = v->strides + 1;
    for (ptrdiff_t i = 0; i < n_vectors; i++) {
        one.data = (char *)v->view.data + i * next;
        one_out.data = (char *)out->view.data + i * next;
        check_ok(jk_dense_gram_jvp(context, view(a), &one, view(w), &one_out, 0), "gram, a vector alone");
    }
    check_same_bits(out, wanted, "gram, each vector alone");
}

static int stop(void *argument)
{
    (void)argument;
    return 1;
}

/* A sum that tasks share ends when the caller wants it to. */
static void check_interrupt(const jk_context *context, jk_dtype dtype)
{
    const array *a = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(4500, 130));
    const array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2, 130));
    array *out = like(v);
    jk_context other = *context;
    other.parallel_for = run_tasks_in_turn;
    other.poll = stop;
    for (other.n_threads = 1; other.n_threads <= N_THREADS; other.n_threads++)
        check_status(jk_dense_gram_jvp(&other, view(a), view(v), NULL, view(out), 0), JK_INTERRUPTED, -1, "gram");
    check(is_untouched(out), "an interrupted gram product of one pass writes nothing");
    free_arrays();
}

static void check_mixed(const jk_context *context)
{
    static const jk_dtype dtypes[] = {JK_FLOAT32, JK_FLOAT64};
    for (int i = 0; i < 16; i++) {
        const array *a = randoms(dtypes[i & 1], i & 8 ? FORTRAN : CONTIGUOUS, -1, 1, DIMS(9, 7));
        const array *v = randoms(dtypes[i >> 1 & 1], CONTIGUOUS, -1, 1, DIMS(2, 7));
        const array *w = randoms(dtypes[i >> 2 & 1], CONTIGUOUS, 0, 1, DIMS(9));
        for (int k = 0; k < 2; k++) {
            array *out = new_array(dtypes[k], CONTIGUOUS, DIMS(2, 7));
            const int is_double = k == 1 && (i & 7) != 0;
            check_ok(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(out), 0), "mixed gram");
            check_array_close(out, gram_of(a, v, w), rounding(is_double ? JK_FLOAT64 : JK_FLOAT32), "mixed gram");
        }
        free_arrays();
    }
}

static void check_errors(const jk_context *context, jk_dtype dtype)
{
    array *a = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5, 4)), *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(4));
    array *w = randoms(dtype, CONTIGUOUS, 0, 1, DIMS(5)), *out = like(v), *longer = like(w);
    check_status(jk_dense_gram_jvp(context, view(v), view(v), view(w), view(out), 0), JK_SHAPE, 0, "gram of a vector");
    check_status(jk_dense_gram_jvp(context, view(a), view(w), view(w), view(out), 0), JK_SHAPE, 1, "a longer v");
    check_status(jk_dense_gram_jvp(context, view(a), view(v), view(v), view(out), 0), JK_SHAPE, 2, "a shorter w");
    check_status(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(longer), 0), JK_SHAPE, 3, "a longer out");
    check_status(jk_dense_gram_jvp(context, NULL, view(v), view(w), view(out), 0), JK_NULL_VIEW, 0, "no matrix");
    jk_view part = out->view;
    part.data = a->view.data;
    check_status(jk_dense_gram_jvp(context, view(a), view(v), view(w), &part, 0), JK_OVERLAP, 0, "out in a");
    check_status(jk_dense_gram_jvp(context, view(a), view(v), view(w), view(v), 0), JK_OVERLAP, 1, "out is v");
    part.data = w->view.data;
    check_status(jk_dense_gram_jvp(context, view(a), view(v), view(w), &part, 0), JK_OVERLAP, 2, "out in w");

    const array *large = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2, 5000)),
                *wide = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5000));
    const array *columns = laid_out(large, FORTRAN), *tall = randoms(dtype, FORTRAN, -1, 1, DIMS(9000, 2));
    const array *two = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2));
    array *wide_out = like(wide), *two_out = like(two);
    check_status(jk_dense_gram_jvp(NULL, view(large), view(wide), NULL, view(wide_out), 0), JK_WORKSPACE, -1, "wide");
    check_status(jk_dense_gram_jvp(NULL, view(tall), view(two), NULL, view(two_out), 0), JK_WORKSPACE, -1, "tall");
    check_ok(jk_dense_gram_jvp(NULL, view(columns), view(wide), NULL, view(wide_out), 0), "wide, by columns");
    check(is_untouched(out) && is_untouched(longer) && is_untouched(two_out), "errors leave the output unwritten");
    free_arrays();
}

void test_gram(jk_dtype dtype)
{
    void *workspace = aligned_alloc(64, WORKSPACE);
    check(workspace != NULL, "memory");
    const jk_context context = {.n_threads = 1, .workspace = workspace, .workspace_bytes = WORKSPACE};
    check_sizes(&context, dtype);
    check_batches(&context, dtype);
    check_same_tree(&context, randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1337, 130)),
                    randoms(dtype, CONTIGUOUS, -1, 1, DIMS(10, 130)), randoms(dtype, CONTIGUOUS, 0, 1, DIMS(1337)));
    check_same_tree(&context, randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5, 301, 31)),
                    randoms(dtype, CONTIGUOUS, -1, 1, DIMS(9, 5, 31)), NULL);
    free_arrays();
    check_mixed(&context);
    check_weights_alone(&context, dtype);
    check_interrupt(&context, dtype);
    check_errors(&context, dtype);
    free(workspace);
}
