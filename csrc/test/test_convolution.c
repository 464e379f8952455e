/* Convolutions against loops over single elements. */
#include "harness.h"

/* out[k][i][r] += kernel[j] * v[k][i + shift - j][r], over three axes of which the middle one is convolved. */
static void convolve(array *out, const array *kernel, ptrdiff_t shift, const array *v, int transposed)
{
    const array *rows = transposed ? v : out, *cols = transposed ? out : v;
    for (ptrdiff_t k = 0; k < out->shape[0]; k++)
        for (ptrdiff_t i = 0; i < rows->shape[1]; i++)
            for (ptrdiff_t j = 0; j < kernel->size; j++)
                for (ptrdiff_t r = 0; r < out->shape[2]; r++) {
                    const ptrdiff_t m = i + shift - j, n_behind = out->shape[2];
                    if (m < 0 || m >= cols->shape[1]) continue;
                    const ptrdiff_t row = (k * rows->shape[1] + i) * n_behind + r;
                    const ptrdiff_t col = (k * cols->shape[1] + m) * n_behind + r;
                    const ptrdiff_t to = transposed ? col : row, from = transposed ? row : col;
                    set(out, to, get(out, to) + get(kernel, j) * get(v, from));
                }
}

typedef jk_status product(const jk_context *, const jk_convolution *, const jk_view *, const jk_view *, int);

static void check_convolution(jk_dtype dtype, jk_dtype v_dtype, layout lay, const ptrdiff_t *shape, ptrdiff_t n_out,
                              ptrdiff_t n_taps, ptrdiff_t shift)
{
    array *kernel = randoms(dtype, lay, -1, 1, DIMS(n_taps)), *ends[2], *products[2];
    const jk_convolution convolution = {*view(kernel), shift, 1};
    const double tolerance = 10 * (double)n_taps * rounding(dtype < v_dtype ? dtype : v_dtype);
    for (int transposed = 0; transposed < 2; transposed++) {
        const ptrdiff_t to = transposed ? shape[1] : n_out, from = transposed ? n_out : shape[1];
        array *v = randoms(v_dtype, lay, -1, 1, DIMS(shape[0], from, shape[2]));
        array *out = new_array(v_dtype, lay, DIMS(shape[0], to, shape[2])), *sum = like(out);
        array *wanted = new_array(JK_FLOAT64, CONTIGUOUS, DIMS(shape[0], to, shape[2]));
        set_all(wanted, 0);
        set_all(sum, 0.25);
        convolve(wanted, kernel, shift, v, transposed);
        product *const call = transposed ? jk_convolution_vjp : jk_convolution_jvp;
        check_ok(call(NULL, &convolution, view(v), view(out), 0), "convolution");
        check_array_close(out, wanted, tolerance, "convolution");
        check_ok(call(NULL, &convolution, view(v), view(sum), 1), "convolution, accumulated");
        for (ptrdiff_t i = 0; i < wanted->size; i++) set(wanted, i, get(wanted, i) + 0.25);
        check_array_close(sum, wanted, tolerance, "convolution, accumulated");
        ends[transposed] = v;
        products[transposed] = out;
    }
    check_close(dot(ends[1], products[0]), dot(products[1], ends[0]), 1000 * tolerance,
                "convolution: <u, J v> and <J'u, v>");
    free_arrays();
}

/* Every fault is named, and nothing is written. */
static void check_faults(jk_dtype dtype)
{
    array *kernel = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3)), *none = new_array(dtype, CONTIGUOUS, DIMS(0));
    array *square = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3, 3)), *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2, 6));
    array *out = new_array(dtype, CONTIGUOUS, DIMS(2, 8)), *other = new_array(dtype, CONTIGUOUS, DIMS(3, 8));
    array *row = new_array(dtype, CONTIGUOUS, DIMS(8));
    const jk_convolution good = {*view(kernel), 0, 0};
    const struct {
        jk_convolution convolution;
        int argument;
        const char *what;
    } faults[] = {
        {{*view(none), 0, 0}, 0, "no taps"},
        {{*view(square), 0, 0}, 0, "a kernel of two axes"},
        {{*view(kernel), PTRDIFF_MAX, 0}, -1, "a shift that overflows"},
        {{*view(kernel), -PTRDIFF_MAX, 0}, -1, "a shift that overflows"},
        {{*view(kernel), 0, -1}, -1, "-1 axes behind"},
        {{*view(kernel), 0, 2}, 2, "as many axes behind as there are"},
        {{*view(kernel), 0, 1}, 1, "another axis of another length"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const jk_convolution *fault = &faults[i].convolution;
        check_status(jk_convolution_jvp(NULL, fault, view(v), view(out), 0), JK_SHAPE, faults[i].argument,
                     faults[i].what);
        check_status(jk_convolution_vjp(NULL, fault, view(v), view(out), 0), JK_SHAPE, faults[i].argument,
                     faults[i].what);
    }
    check_status(jk_convolution_jvp(NULL, &good, view(v), view(row), 0), JK_SHAPE, 1, "a batch for one vector");
    check_status(jk_convolution_jvp(NULL, &good, view(v), view(other), 0), JK_SHAPE, 1, "another batch");
    check_status(jk_convolution_jvp(NULL, &good, NULL, view(out), 0), JK_NULL_VIEW, 1, "no v");
    check_status(jk_convolution_jvp(NULL, &good, view(v), NULL, 0), JK_NULL_VIEW, 2, "no out");
    check(is_untouched(out), "a call that fails writes nothing");

    array *memory = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(16)), *before = laid_out(memory, CONTIGUOUS);
    jk_view whole = *view(memory), part = whole;
    const ptrdiff_t n = 14;
    part.shape = &n;
    check_status(jk_convolution_jvp(NULL, &good, &part, &whole, 0), JK_OVERLAP, 1, "v in out");
    part.shape = view(kernel)->shape;
    const jk_convolution within = {part, 0, 0};
    array *long_v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(14));
    check_status(jk_convolution_vjp(NULL, &within, view(long_v), &whole, 0), JK_OVERLAP, 0, "the kernel in out");
    check_same_bits(memory, before, "what overlaps is not written");
    free_arrays();
}

/* A long product on several threads has the bits of one. */
static void check_threads(jk_dtype dtype)
{
    enum { N_THREADS = 3, N = 60000 };
    static _Alignas(64) char memory[4096];
    check(jk_pool_bytes(N_THREADS) <= sizeof memory, "the pool fits");
    jk_pool *const pool = jk_pool_create(memory, N_THREADS);
    const jk_context context = {jk_pool_run, pool, N_THREADS, NULL, NULL, NULL, 0};
    array *kernel = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(19)), *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N));
    array *wanted = like(v), *out = like(v);
    const jk_convolution convolution = {*view(kernel), 9, 0};
    check_ok(jk_convolution_jvp(NULL, &convolution, view(v), view(wanted), 0), "convolution, one thread");
    check_ok(jk_convolution_jvp(&context, &convolution, view(v), view(out), 0), "convolution, threads");
    check_same_bits(out, wanted, "convolution, threads");
    jk_pool_destroy(pool);
    free_arrays();
}

void test_convolution(jk_dtype dtype)
{
    static const ptrdiff_t shapes[][3] = {{1, 1, 1}, {3, 8, 1},  {1, 40, 3},   {2, 5, 33},   {2, 0, 3},
                                          {0, 4, 2}, {2, 3, 70}, {1, 3000, 1}, {1, 70, 1500}};
    static const ptrdiff_t taps[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 33};
    for (layout lay = 0; lay < N_LAYOUTS; lay++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (size_t j = 0; j < sizeof taps / sizeof *taps; j++) {
                const ptrdiff_t *shape = shapes[i], n = shape[1], k = taps[j];
                if (shape[0] * n * shape[2] > 1000 && k % 8 != 1) continue;
                check_convolution(dtype, dtype, lay, shape, n + k - 1, k, 0);
                check_convolution(dtype, dtype, lay, shape, n, k, (k - 1) / 2);
                check_convolution(dtype, 1 - dtype, lay, shape, n, k, (k - 1) / 2);
                if (k <= n) check_convolution(dtype, dtype, lay, shape, n - k + 1, k, k - 1);
                check_convolution(dtype, dtype, lay, shape, 3, k, -1);
                check_convolution(dtype, dtype, lay, shape, 4, k, n + k - 3);
            }
    check_faults(dtype);
    check_threads(dtype);
}
