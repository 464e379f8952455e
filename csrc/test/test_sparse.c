/* Sparse matrices against loops over their entries. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 20000, MAX_ROWS = 6000 };

/* The same indices in both widths. */
typedef struct pattern {
    ptrdiff_t n_rows, n_cols, n_entries;
    int one_each; /* no indptr */
    int32_t indptr32[MAX_ROWS + 1], indices32[MAX_ENTRIES];
    int64_t indptr64[MAX_ROWS + 1], indices64[MAX_ENTRIES];
} pattern;

static pattern p;
static _Alignas(64) char workspace[MAX_ROWS * 8];
static const jk_context room = {NULL, NULL, 1, NULL, NULL, workspace, sizeof workspace};

/* Rows of random lengths up to max_length, some of them empty; longest is the length of row 1. */
static void fill_pattern(ptrdiff_t n_rows, ptrdiff_t n_cols, ptrdiff_t max_length, ptrdiff_t longest)
{
    p.n_rows = n_rows;
    p.n_cols = n_cols;
    p.one_each = max_length < 0;
    p.n_entries = 0;
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        ptrdiff_t length = p.one_each ? 1 : n_cols == 0 ? 0 : (ptrdiff_t)uniform(0, (double)max_length + 0.99);
        if (i == 1 && longest > 0) length = longest;
        p.indptr32[i] = (int32_t)p.n_entries;
        p.indptr64[i] = p.n_entries;
        for (; length > 0; length--, p.n_entries++) {
            p.indices32[p.n_entries] = (int32_t)uniform(0, (double)n_cols);
            p.indices64[p.n_entries] = p.indices32[p.n_entries];
        }
    }
    p.indptr32[n_rows] = (int32_t)p.n_entries;
    p.indptr64[n_rows] = p.n_entries;
}

static jk_csr matrix_of(const array *values, jk_index index)
{
    const int narrow = index == JK_INT32;
    const void *indptr = narrow ? (const void *)p.indptr32 : (const void *)p.indptr64;
    const void *indices = narrow ? (const void *)p.indices32 : (const void *)p.indices64;
    const jk_csr matrix = {p.n_rows, p.n_cols, index, p.one_each ? NULL : indptr, indices, values->view};
    return matrix;
}

/* wanted (n_vectors, n_out), in C order, += the products with in, entry by entry. */
static void add_products(array *wanted, const array *values, const array *in, int transposed)
{
    const ptrdiff_t n_in = transposed ? p.n_rows : p.n_cols, n_out = transposed ? p.n_cols : p.n_rows;
    for (ptrdiff_t j = 0; n_out > 0 && j < wanted->size / n_out; j++)
        for (ptrdiff_t i = 0; i < p.n_rows; i++)
            for (int64_t k = p.indptr64[i]; k < p.indptr64[i + 1]; k++) {
                const ptrdiff_t column = (ptrdiff_t)p.indices64[k];
                const ptrdiff_t to = j * n_out + (transposed ? column : i), from = j * n_in + (transposed ? i : column);
                set(wanted, to, get(wanted, to) + get(values, k) * get(in, from));
            }
}

static void check_product(jk_dtype dtype, jk_dtype out_dtype, layout lay, jk_index index, const array *values,
                          int transposed, int n_batch, const ptrdiff_t *batch)
{
    ptrdiff_t in_shape[MAX_NDIM], out_shape[MAX_NDIM];
    for (int d = 0; d < n_batch; d++) in_shape[d] = out_shape[d] = batch[d];
    in_shape[n_batch] = transposed ? p.n_rows : p.n_cols;
    out_shape[n_batch] = transposed ? p.n_cols : p.n_rows;
    array *in = randoms(dtype, lay, -1, 1, n_batch + 1, in_shape);
    array *out = new_array(out_dtype, lay, n_batch + 1, out_shape);
    array *wanted = new_array(JK_FLOAT64, CONTIGUOUS, n_batch + 1, out_shape);
    const jk_csr matrix = matrix_of(values, index);
    char what[80];
    snprintf(what, sizeof what, "sparse %s (%td, %td), layout %d, %d batch axes", transposed ? "vjp" : "jvp", p.n_rows,
             p.n_cols, (int)lay, n_batch);
    const double tolerance = (double)(20 + p.n_entries / (p.n_cols + 1)) *
                             rounding(out_dtype == dtype ? dtype : JK_FLOAT32);
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        set_all(wanted, 0);
        set_all(out, 7);
        add_products(wanted, values, in, transposed);
        if (accumulate) {
            set_all(out, 0.25);
            for (ptrdiff_t i = 0; i < wanted->size; i++) set(wanted, i, get(wanted, i) + 0.25);
        }
        check_ok((transposed ? jk_csr_vjp : jk_csr_jvp)(&room, &matrix, view(in), view(out), accumulate), what);
        check_array_close(out, wanted, tolerance, what);
    }
}

static void check_pattern(jk_dtype dtype, layout lay)
{
    static const ptrdiff_t batch[][2] = {{7, 0}, {0, 0}, {3, 2}, {2, 19}};
    static const ptrdiff_t one = 1;
    const jk_dtype other = dtype == JK_FLOAT64 ? JK_FLOAT32 : JK_FLOAT64;
    array *values = randoms(dtype, lay, -1, 1, DIMS(p.n_entries)), *narrow = laid_out(values, lay);
    array *mixed = randoms(other, lay, -1, 1, DIMS(p.n_entries)), *constant = randoms(dtype, lay, 1, 2, 1, &one);
    static const ptrdiff_t still = 0;
    constant->shape[0] = p.n_entries;
    constant->strides[0] = still;
    const jk_csr matrix = matrix_of(values, JK_INT64);
    check_ok(jk_csr_check(&matrix), "sparse: a good pattern");
    for (int transposed = 0; transposed < 2; transposed++)
        for (jk_index index = JK_INT32; index < JK_N_INDICES; index++) {
            check_product(dtype, dtype, lay, index, values, transposed, 0, NULL);
            check_product(dtype, dtype, lay, index, narrow, transposed, 1, batch[0]);
            check_product(dtype, dtype, lay, index, values, transposed, 1, batch[1]);
            check_product(dtype, dtype, lay, index, constant, transposed, 2, batch[2]);
            check_product(dtype, other, lay, index, constant, transposed, 2, batch[3]);
            check_product(JK_FLOAT64, JK_FLOAT64, lay, index, mixed, transposed, 1, batch[0]);
            check_product(JK_FLOAT64, JK_FLOAT32, lay, index, mixed, transposed, 0, NULL);
        }
    free_arrays();
}

/* More rows and entries than are taken at a time. */
static void check_large(jk_dtype dtype, ptrdiff_t n_cols, ptrdiff_t max_length, ptrdiff_t longest)
{
    static const ptrdiff_t batch[] = {3};
    fill_pattern(MAX_ROWS, n_cols, max_length, longest);
    array *values = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(p.n_entries));
    for (int transposed = 0; transposed < 2; transposed++)
        for (layout lay = CONTIGUOUS; lay <= FORTRAN; lay++) {
            check_product(dtype, dtype, lay, JK_INT32, values, transposed, 1, batch);
            check_product(dtype, JK_FLOAT32, lay, JK_INT64, values, transposed, 1, batch);
        }
    free_arrays();
}

static void check_refusals(jk_dtype dtype)
{
    fill_pattern(4, 5, 3, 2);
    array *values = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(p.n_entries)),
          *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5));
    array *out = new_array(dtype, CONTIGUOUS, DIMS(4));
    jk_csr matrix = matrix_of(values, JK_INT32);
    check_status(jk_csr_jvp(NULL, &matrix, view(out), view(out), 0), JK_SHAPE, 1, "sparse: v of another length");
    check_status(jk_csr_jvp(NULL, &matrix, view(v), view(v), 0), JK_SHAPE, 2, "sparse: out of another length");
    check_status(jk_csr_jvp(NULL, &matrix, view(v), NULL, 0), JK_NULL_VIEW, 2, "sparse: no out");
    jk_view inside = v->view;
    const ptrdiff_t four[] = {4};
    inside.shape = four;
    check_status(jk_csr_jvp(NULL, &matrix, view(v), &inside, 0), JK_OVERLAP, 1, "sparse: out in v");
    if (p.n_entries >= 4) {
        inside = values->view;
        inside.shape = four;
        check_status(jk_csr_jvp(NULL, &matrix, view(v), &inside, 0), JK_OVERLAP, 0, "sparse: out in the values");
    }
    check(is_untouched(out), "a sparse product that fails writes nothing");

    p.indices32[p.indptr32[2] - 1] = 5;
    check_status(jk_csr_check(&matrix), JK_INDEX, 1, "sparse: a column past the end");
    p.indices32[p.indptr32[2] - 1] = -1;
    check_status(jk_csr_check(&matrix), JK_INDEX, 1, "sparse: a negative column");
    p.indices32[p.indptr32[2] - 1] = 0;
    check_ok(jk_csr_check(&matrix), "sparse: all columns in range");
    p.indptr32[2] = p.indptr32[1] - 1;
    check_status(jk_csr_check(&matrix), JK_INDEX, 1, "sparse: indptr that falls");
    p.indptr32[0] = 1;
    check_status(jk_csr_check(&matrix), JK_INDEX, 0, "sparse: indptr that does not start with 0");
    matrix = matrix_of(values, JK_INT64);
    p.indices64[0] = (int64_t)1 << 32;
    check_status(jk_csr_check(&matrix), JK_INDEX, p.indptr64[1] > 0 ? 0 : 1, "sparse: a column beyond 32 bits");
    matrix.n_rows--;
    check(jk_csr_check(&matrix).error != JK_OK, "sparse: indptr that ends early");
    free_arrays();
}

static void last_task_first(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks)
{
    (void)pool;
    while (n_tasks > 0) task(argument, --n_tasks);
}

/* Threads change no bit; a vjp that accumulates needs room, or says so. */
static void check_context(jk_dtype dtype)
{
    enum { N_BATCH = 40 };
    fill_pattern(MAX_ROWS, MAX_ROWS, 4, 3000);
    array *values = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(p.n_entries));
    array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N_BATCH, MAX_ROWS)), *serial = like(v), *shared = like(v);
    array *u = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(MAX_ROWS)), *sum = like(u), *plain = like(u), *left = like(u);
    const jk_csr matrix = matrix_of(values, JK_INT32);
    const jk_context threads = {last_task_first, NULL, 3, NULL, NULL, NULL, 0};
    check_ok(jk_csr_jvp(NULL, &matrix, view(v), view(serial), 0), "sparse: one thread");
    check_ok(jk_csr_jvp(&threads, &matrix, view(v), view(shared), 0), "sparse: three threads");
    check_same_bits(shared, serial, "sparse: three threads");
    check_status(jk_csr_vjp(NULL, &matrix, view(u), view(left), 1), JK_WORKSPACE, -1, "sparse: no room");
    check(is_untouched(left), "a sparse product without room writes nothing");
    set_all(sum, 0);
    check_ok(jk_csr_vjp(&room, &matrix, view(u), view(sum), 1), "sparse: room");
    check_ok(jk_csr_vjp(NULL, &matrix, view(u), view(plain), 0), "sparse: no room needed");
    check_same_bits(sum, plain, "sparse: the sum is added once");
    free_arrays();
}

static int count(void *argument)
{
    ++*(int *)argument;
    return 0;
}

/* One piece with many vectors is no reason to wait long. */
static void check_polls(jk_dtype dtype)
{
    int n_polls = 0;
    const jk_context context = {.n_threads = 1, .poll = count, .poll_argument = &n_polls};
    fill_pattern(50, 50, 40, 0);
    const jk_csr matrix = matrix_of(randoms(dtype, CONTIGUOUS, -1, 1, DIMS(p.n_entries)), JK_INT32);
    const array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(4000, 50));
    check_ok(jk_csr_jvp(&context, &matrix, view(v), view(like(v)), 0), "sparse: polls");
    check(n_polls >= 2, "sparse: %d polls of a jvp", n_polls);
    n_polls = 0;
    check_ok(jk_csr_vjp(&context, &matrix, view(v), view(like(v)), 0), "sparse: polls");
    check(n_polls >= 2, "sparse: %d polls of a vjp", n_polls);
    free_arrays();
}

/* A view without elements needs no memory. */
static void check_no_memory(jk_dtype dtype)
{
    fill_pattern(3, 0, 0, 0);
    const jk_csr matrix = matrix_of(new_array(dtype, CONTIGUOUS, DIMS(0)), JK_INT32);
    array *v = new_array(dtype, CONTIGUOUS, DIMS(2, 0)), *out = new_array(dtype, CONTIGUOUS, DIMS(2, 3));
    v->strides[0] = 8;
    v->view.data = NULL;
    check_ok(jk_csr_jvp(NULL, &matrix, view(v), view(out), 0), "sparse: no columns");
    for (ptrdiff_t i = 0; i < out->size; i++) check_close(get(out, i), 0, 0, "sparse: no columns");
    free_arrays();
}

void test_sparse(jk_dtype dtype)
{
    static const ptrdiff_t sizes[][4] = {{1, 1, 1, 0}, {5, 4, 3, 0},  {40, 7, 60, 300}, {0, 3, 2, 0},    {3, 0, 0, 0},
                                         {3, 4, 0, 0}, {9, 4, -1, 0}, {5, 6, 4, 2000},  {600, 500, 9, 0}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (layout lay = 0; lay < N_LAYOUTS; lay++) {
            fill_pattern(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
            check_pattern(dtype, lay);
        }
    check_large(dtype, 50, -1, 0);
    check_large(dtype, MAX_ROWS, 3, 5000);
    check_refusals(dtype);
    check_context(dtype);
    check_polls(dtype);
    check_no_memory(dtype);
}
