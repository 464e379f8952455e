/* Sums of bands against loops over single elements. */
#include "harness.h"

enum { MAX_BANDS = 7, N_AXES = 2 };

/* What one band has along each of two axes. */
typedef struct lattice {
    ptrdiff_t n[N_AXES], out_start[N_AXES], out_step[N_AXES], in_start[N_AXES], in_step[N_AXES];
} lattice;

/* Windows of every sort on an output of m and an input of n elements. */
static lattice random_lattice(const ptrdiff_t *m, const ptrdiff_t *n)
{
    lattice l;
    for (int d = 0; d < N_AXES; d++) {
        const ptrdiff_t least = m[d] < n[d] ? m[d] : n[d];
        const ptrdiff_t stride = uniform(0, 1) < 0.7 ? 1 : 2;
        l.n[d] = least / stride - (least / stride > 0 && uniform(0, 1) < 0.5);
        const ptrdiff_t reach = l.n[d] > 0 ? stride * (l.n[d] - 1) : 0;
        l.out_step[d] = stride;
        l.in_step[d] = uniform(0, 1) < 0.8 ? stride : -stride;
        l.out_start[d] = l.n[d] > 0 ? (ptrdiff_t)uniform(0, (double)(m[d] - reach)) : 0;
        l.in_start[d] = l.n[d] > 0 ? (ptrdiff_t)uniform(0, (double)(n[d] - reach)) : 0;
        if (l.in_step[d] < 0) l.in_start[d] += reach;
    }
    return l;
}

/* For every vector, out += band * v; out += v * band where transposed. */
static void add_band(array *out, const array *v, const lattice *l, const array *values, int transposed)
{
    const ptrdiff_t *to = out->shape + 1, *from = v->shape + 1;
    for (ptrdiff_t k = 0; k < out->shape[0]; k++)
        for (ptrdiff_t i = 0; i < l->n[0]; i++)
            for (ptrdiff_t j = 0; j < l->n[1]; j++) {
                const ptrdiff_t at_out[] = {l->out_start[0] + l->out_step[0] * i, l->out_start[1] + l->out_step[1] * j};
                const ptrdiff_t at_in[] = {l->in_start[0] + l->in_step[0] * i, l->in_start[1] + l->in_step[1] * j};
                const ptrdiff_t *row = transposed ? at_in : at_out, *col = transposed ? at_out : at_in;
                const ptrdiff_t place = (k * to[0] + row[0]) * to[1] + row[1];
                const double factor = get(v, (k * from[0] + col[0]) * from[1] + col[1]);
                set(out, place, get(out, place) + get(values, i * l->n[1] + j) * factor);
            }
}

static void check_banded(jk_dtype dtype, jk_dtype v_dtype, layout lay, int n_bands, const ptrdiff_t *m,
                         const ptrdiff_t *n, ptrdiff_t n_batch)
{
    jk_band bands[MAX_BANDS];
    lattice lattices[MAX_BANDS];
    array *values[MAX_BANDS];
    const double tolerance = 10 * rounding(dtype < v_dtype ? dtype : v_dtype);
    for (int b = 0; b < n_bands; b++) {
        lattice *l = &lattices[b];
        *l = random_lattice(m, n);
        values[b] = randoms(dtype, lay, -1, 1, N_AXES, l->n);
        bands[b] = (jk_band){values[b]->view, l->out_start, l->out_step, l->in_start, l->in_step};
    }
    array *ends[2], *products[2];
    for (int transposed = 0; transposed < 2; transposed++) {
        const ptrdiff_t *to = transposed ? n : m, *from = transposed ? m : n;
        array *v = randoms(v_dtype, lay, -1, 1, DIMS(n_batch, from[0], from[1]));
        array *out = new_array(v_dtype, lay, DIMS(n_batch, to[0], to[1])), *sum = like(out);
        array *wanted = new_array(JK_FLOAT64, CONTIGUOUS, DIMS(n_batch, to[0], to[1]));
        set_all(wanted, 0);
        set_all(sum, 0.25);
        for (int b = 0; b < n_bands; b++) add_band(wanted, v, &lattices[b], values[b], transposed);
        jk_status (*const product)(const jk_context *, int, const jk_band *, const jk_view *, const jk_view *,
                                   int) = transposed ? jk_banded_vjp : jk_banded_jvp;
        check_ok(product(NULL, n_bands, bands, view(v), view(out), 0), "banded");
        check_array_close(out, wanted, tolerance, "banded");
        check_ok(product(NULL, n_bands, bands, view(v), view(sum), 1), "banded, accumulated");
        for (ptrdiff_t i = 0; i < wanted->size; i++) set(wanted, i, get(wanted, i) + 0.25);
        check_array_close(sum, wanted, tolerance, "banded, accumulated");
        ends[transposed] = v;
        products[transposed] = out;
    }
    check_close(dot(ends[1], products[0]), dot(products[1], ends[0]), 1000 * tolerance,
                "banded: <u, J v> and <J'u, v>");
    free_arrays();
}

/* Every fault is named, and nothing is written. */
static void check_faults(jk_dtype dtype)
{
    static const ptrdiff_t zero[] = {0}, one[] = {1}, two[] = {2}, minus[] = {-1}, far[] = {PTRDIFF_MAX};
    array *a = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5)), *square = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5, 5));
    array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(6)), *out = new_array(dtype, CONTIGUOUS, DIMS(7));
    array *batches = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2, 6));
    const jk_band good = {a->view, two, one, one, one};
    const struct {
        jk_band band;
        const char *what;
    } faults[] = {
        {{square->view, zero, one, zero, one}, "bands with unlike axes"},
        {{a->view, zero, zero, zero, one}, "a step of 0"},
        {{a->view, two, one, two, one}, "past the end of v"},
        {{a->view, minus, one, zero, one}, "before the start of out"},
        {{a->view, zero, two, zero, one}, "a step that leaves out"},
        {{a->view, zero, far, zero, one}, "a step that overflows"},
        {{a->view, zero, one, two, minus}, "back past the start of v"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const jk_band bands[] = {good, faults[i].band};
        check_status(jk_banded_jvp(NULL, 2, bands, view(v), view(out), 0), JK_SHAPE, 1, faults[i].what);
    }
    check_status(jk_banded_jvp(NULL, -1, &good, view(v), view(out), 0), JK_SHAPE, -1, "-1 bands");
    check_status(jk_banded_jvp(NULL, 1, &good, view(v), NULL, 0), JK_NULL_VIEW, 2, "no out");
    check_status(jk_banded_jvp(NULL, 1, &good, NULL, view(out), 0), JK_NULL_VIEW, 1, "no v");
    check_status(jk_banded_jvp(NULL, 1, &good, view(batches), view(out), 0), JK_SHAPE, 1, "a batch for one vector");
    check_status(jk_banded_vjp(NULL, 1, &good, view(v), view(out), 0), JK_SHAPE, 0, "the transpose of 7 <- 6");
    check(is_untouched(out), "a call that fails writes nothing");

    array *memory = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(12)), *before = laid_out(memory, CONTIGUOUS);
    jk_view within = memory->view;
    within.shape = out->shape;
    const jk_band lies_in_out = {{memory->memory, dtype, 1, a->shape, a->strides}, two, one, one, one};
    const jk_band overlapping[] = {good, lies_in_out};
    check_status(jk_banded_jvp(NULL, 2, overlapping, view(v), &within, 0), JK_OVERLAP, 1, "values in out");
    const jk_view end = {memory->memory + 6 * memory->strides[0], dtype, 1, v->shape, memory->strides};
    check_status(jk_banded_jvp(NULL, 1, &good, &end, &within, 0), JK_OVERLAP, 1, "v in out");
    check_same_bits(memory, before, "what overlaps is not written");

    set_all(out, 1);
    check_ok(jk_banded_jvp(NULL, 0, NULL, view(v), view(out), 1), "no bands, accumulated");
    check_close(dot(out, out), 7, 0, "no bands, accumulated");
    check_ok(jk_banded_jvp(NULL, 0, NULL, view(v), view(out), 0), "no bands");
    check_close(dot(out, out), 0, 0, "no bands");
    free_arrays();
}

/* A long product on several threads has the bits of one. */
static void check_threads(jk_dtype dtype)
{
    enum { N_THREADS = 3, N = 60000 };
    static const ptrdiff_t zero[] = {0}, one[] = {1}, back[] = {-1}, last[] = {N - 1};
    static _Alignas(64) char memory[4096];
    check(jk_pool_bytes(N_THREADS) <= sizeof memory, "the pool fits");
    jk_pool *const pool = jk_pool_create(memory, N_THREADS);
    const jk_context context = {jk_pool_run, pool, N_THREADS, NULL, NULL, NULL, 0};
    array *a = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N)), *shorter = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N - 1));
    array *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N)), *wanted = like(v), *out = like(v);
    const jk_band bands[] = {{shorter->view, one, one, zero, one},
                             {a->view, zero, one, zero, one},
                             {shorter->view, zero, one, one, one},
                             {a->view, zero, one, last, back}};
    check_ok(jk_banded_jvp(NULL, 4, bands, view(v), view(wanted), 0), "banded, one thread");
    check_ok(jk_banded_jvp(&context, 4, bands, view(v), view(out), 0), "banded, threads");
    check_same_bits(out, wanted, "banded, threads");
    jk_pool_destroy(pool);
    free_arrays();
}

void test_banded(jk_dtype dtype)
{
    static const ptrdiff_t shapes[][2] = {{1, 1}, {4, 3}, {3, 40}, {33, 5}, {2, 0}, {0, 3}, {2, 5000}, {70, 70}};
    enum { N_SHAPES = sizeof shapes / sizeof *shapes };
    for (layout lay = 0; lay < N_LAYOUTS; lay++)
        for (int i = 0; i < N_SHAPES; i++)
            for (int n_bands = 1; n_bands <= MAX_BANDS; n_bands += 2) {
                const ptrdiff_t *m = shapes[i], *n = shapes[(i + n_bands) % N_SHAPES];
                const ptrdiff_t n_batch = m[1] < 1000 && n[1] < 1000 ? n_bands / 2 * 10 : 2;
                check_banded(dtype, dtype, lay, n_bands, m, m, 1);
                check_banded(dtype, dtype, lay, n_bands, m, n, n_batch);
                check_banded(dtype, 1 - dtype, lay, n_bands, m, n, 1);
            }
    check_faults(dtype);
    check_threads(dtype);
}
