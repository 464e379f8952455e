/* Prints what the library computes, as a table of hashes: one line for every row, dtype and product, and for reductions,
 * matrices and solves, under every instruction set that runs here.  `make cross-bits` compares such tables of other
 * processors, C libraries and compilers: every line has to be the same. */
#include <jackern/jackern.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1200, ROWS = 70, COLS = 300, MAX_VIEWS = 40 };

/* ---- numbers that are the same everywhere -------------------------------------------------------------------- */

static uint64_t state;

/* The next of a fixed sequence, 0 <= u < 1. */
static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) * 0x1p-53;
}

static const double corners[] = {
    0.0,  0x1p-1074, 0x1p-149, 0x1p-126, 0x1p-1022, 0x1p-60, 0x1p-27, 0.5,    1.0,    0x1.fffffep-1, 0x1.000002p+0,
    1.5,  2.0,       3.0,      7.0,      22.0,      88.5,    100.25,  700.5,  1e4,    1e5,           12345678.0,
    1e15, 1e22,      3.4e38,   1e100,    1e300,     1.7e308, 0x1p31,  0x1p53, 0x1p64, 0x1p127,       0x1p1023,
};
enum { N_CORNERS = sizeof corners / sizeof *corners };

/* ---- arrays --------------------------------------------------------------------------------------------------- */

typedef struct block {
    jk_view view;
    ptrdiff_t shape[2], strides[2];
} block;

static block blocks[MAX_VIEWS];
static int n_blocks;

static void *allocated(size_t n)
{
    void *memory = malloc(n + 1);
    if (memory == NULL) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return memory;
}

static const jk_view *new_block(jk_dtype dtype, int ndim, ptrdiff_t rows, ptrdiff_t cols)
{
    block *b = &blocks[n_blocks++];
    const ptrdiff_t item = dtype == JK_FLOAT64 ? 8 : 4;
    b->shape[0] = ndim == 2 ? rows : cols;
    b->shape[1] = cols;
    b->strides[0] = ndim == 2 ? cols * item : item;
    b->strides[1] = item;
    void *data = allocated((size_t)(rows * cols * item));
    memset(data, 0, (size_t)(rows * cols * item));
    b->view = (jk_view){data, dtype, ndim, b->shape, b->strides};
    return &b->view;
}

static const jk_view *vector(jk_dtype dtype, ptrdiff_t n) { return new_block(dtype, 1, 1, n); }
static const jk_view *matrix(jk_dtype dtype, ptrdiff_t m, ptrdiff_t n) { return new_block(dtype, 2, m, n); }

static void free_blocks(void)
{
    while (n_blocks > 0) free(blocks[--n_blocks].view.data);
}

static ptrdiff_t size_of(const jk_view *v)
{
    ptrdiff_t n = 1;
    for (int d = 0; d < v->ndim; d++) n *= v->shape[d];
    return n;
}

static void put(const jk_view *v, ptrdiff_t i, double x)
{
    if (v->dtype == JK_FLOAT64)
        ((double *)v->data)[i] = x;
    else
        ((float *)v->data)[i] = (float)x;
}

static const jk_view *filled(const jk_view *v, double low, double high)
{
    for (ptrdiff_t i = 0; i < size_of(v); i++) put(v, i, low + (high - low) * uniform());
    return v;
}

/* The first half inside the domain, the other from the corners of the range, with both signs. */
static const jk_view *with_corners(const jk_view *v, double low, double high, int stride)
{
    filled(v, low, high);
    const ptrdiff_t n = size_of(v);
    for (ptrdiff_t i = n / 2, j = 0; i < n; i++, j += stride) {
        const double corner = corners[j / 2 % N_CORNERS];
        put(v, i, j % 2 != 0 ? -corner : corner);
    }
    return v;
}

/* ---- lines ---------------------------------------------------------------------------------------------------- */

static uint64_t bits_of(const jk_view *v, ptrdiff_t i)
{
    if (v->dtype == JK_FLOAT64) {
        const double x = ((const double *)v->data)[i];
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        return x != x ? UINT64_C(0x7ff8) << 48 : bits;
    }
    const float x = ((const float *)v->data)[i];
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x != x ? UINT32_C(0x7fc00000) : bits;
}

/* One hash (FNV-1a over whole numbers, so that the order of bytes does not matter) of all results, or the status. */
static void print_line(const char *op, const char *product, jk_status status, const jk_view *const *results, int n)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (int k = 0; k < n; k++)
        for (ptrdiff_t i = 0; results[k] != NULL && i < size_of(results[k]); i++)
            hash = (hash ^ bits_of(results[k], i)) * UINT64_C(1099511628211);
    printf("%s %s %s ", jk_isa_in_use(), op, product);
    if (status.error == JK_OK)
        printf("%016" PRIx64 "\n", hash);
    else
        printf("status %s\n", jk_message(status.error));
}

static const char *const dtypes[] = {[JK_FLOAT32] = "float32", [JK_FLOAT64] = "float64"};

static void name_it(char *name, size_t n, const char *op, jk_dtype dtype)
{
    (void)snprintf(name, n, "%s/%s", op, dtypes[dtype]);
}

/* ---- rows ----------------------------------------------------------------------------------------------------- */

static void print_row(int index, jk_dtype dtype)
{
    const jk_op *op = jk_op_at(index);
    char name[80];
    name_it(name, sizeof name, op->name, dtype);
    const jk_view *args[JK_MAX_ARGS] = {NULL}, *dots[JK_MAX_ARGS] = {NULL}, *bars[JK_MAX_ARGS] = {NULL};
    const jk_view *second[JK_MAX_ARGS + 1] = {NULL};
    static const int strides[] = {1, 3, 7};
    for (int k = 0; k < op->n_args; k++) {
        args[k] = with_corners(vector(dtype, N), op->low[k], op->high[k], strides[k]);
        dots[k] = filled(vector(dtype, N), -2, 2);
        bars[k] = vector(dtype, N);
        second[k + 1] = vector(dtype, N);
    }
    second[0] = vector(dtype, N);
    const jk_view *y = vector(dtype, N), *t = filled(vector(dtype, N), -2, 2), *dot = vector(dtype, N);
    print_line(name, "value", jk_pointwise_value(NULL, index, args, y, 0), &y, 1);
    print_line(name, "jvp", jk_pointwise_jvp(NULL, index, dots, args, NULL, dot, 0), &dot, 1);
    print_line(name, "vjp", jk_pointwise_vjp(NULL, index, t, args, NULL, bars, 0), bars, op->n_args);
    print_line(name, "vjp_from_y", jk_pointwise_vjp(NULL, index, t, args, y, bars, 0), bars, op->n_args);
    print_line(name, "vjp2", jk_pointwise_vjp2(NULL, index, dots, t, args, NULL, second, 0), second, op->n_args + 1);
    if (op->n_args == 2) { /* a number for all elements, and a sum over those */
        const jk_view *one = filled(vector(dtype, 1), op->low[1], op->high[1]), *sum = vector(dtype, 1);
        const jk_view *some[] = {args[0], one}, *outs[] = {bars[0], sum};
        print_line(name, "value_of_number", jk_pointwise_value(NULL, index, some, y, 0), &y, 1);
        print_line(name, "vjp_of_number", jk_pointwise_vjp(NULL, index, t, some, NULL, outs, 0), outs, 2);
    }
    free_blocks();
}

static void print_rowwise(int index, jk_dtype dtype)
{
    const jk_rowwise_op *op = jk_rowwise_at(index);
    char name[80];
    name_it(name, sizeof name, op->name, dtype);
    static ptrdiff_t labels[ROWS];
    for (int i = 0; i < ROWS; i++) labels[i] = (ptrdiff_t)(uniform() * COLS);
    const jk_view *x = filled(matrix(dtype, ROWS, COLS), op->low, op->high), *bar = matrix(dtype, ROWS, COLS);
    const jk_view *dot = filled(matrix(dtype, ROWS, COLS), -2, 2), *y = vector(dtype, ROWS);
    const jk_view *t = filled(vector(dtype, ROWS), -2, 2);
    const jk_row_operands operands = {.x = x, .labels = op->takes_labels ? labels : NULL};
    print_line(name, "value", jk_rowwise_value(NULL, index, &operands, y, 0), &y, 1);
    print_line(name, "jvp", jk_rowwise_jvp(NULL, index, dot, &operands, y, 0), &y, 1);
    print_line(name, "vjp", jk_rowwise_vjp(NULL, index, t, &operands, bar, 0), &bar, 1);
    free_blocks();
}

/* ---- sums, matrices, solves ----------------------------------------------------------------------------------- */

static void print_sums(jk_dtype dtype)
{
    char name[80];
    name_it(name, sizeof name, "unbroadcast", dtype);
    const jk_view *g = filled(matrix(dtype, ROWS, COLS), -2, 2);
    const ptrdiff_t to[][2] = {{1, 1}, {1, COLS}, {ROWS, 1}};
    static const char *const products[] = {"all", "columns", "rows"};
    for (int i = 0; i < 3; i++) {
        const jk_view *out = matrix(dtype, to[i][0], to[i][1]);
        print_line(name, products[i], jk_unbroadcast(NULL, g, out, 0), &out, 1);
    }
    free_blocks();
}

static void print_matrices(jk_dtype dtype)
{
    char name[80];
    const jk_view *a = filled(matrix(dtype, ROWS, COLS), -2, 2), *v = filled(vector(dtype, COLS), -2, 2);
    const jk_view *u = filled(vector(dtype, ROWS), -2, 2), *w = filled(vector(dtype, ROWS), 0.5, 2);
    const jk_view *rows = vector(dtype, ROWS), *cols = vector(dtype, COLS);
    const jk_view *b = filled(matrix(dtype, COLS, 7), -2, 2), *product = matrix(dtype, ROWS, 7);
    name_it(name, sizeof name, "dense", dtype);
    print_line(name, "jvp", jk_dense_jvp(NULL, a, v, rows, 0), &rows, 1);
    print_line(name, "vjp", jk_dense_vjp(NULL, a, u, cols, 0), &cols, 1);
    print_line(name, "matmul", jk_matmul(NULL, a, b, product, 0), &product, 1);
    const size_t n_bytes = jk_dense_gram_workspace(a, v, w, cols);
    char *workspace = allocated(n_bytes + 64);
    const jk_context context = {.workspace = workspace + (64 - (uintptr_t)workspace % 64) % 64,
                                .workspace_bytes = n_bytes};
    print_line(name, "gram", jk_dense_gram_jvp(&context, a, v, w, cols, 0), &cols, 1);
    free(workspace);

    name_it(name, sizeof name, "csr", dtype);
    enum { PER_ROW = 40 };
    static int32_t indptr[ROWS + 1], indices[ROWS * PER_ROW];
    for (int i = 0; i <= ROWS; i++) indptr[i] = i * PER_ROW;
    for (int k = 0; k < ROWS * PER_ROW; k++) indices[k] = (int32_t)(uniform() * COLS);
    const jk_view *values = filled(vector(dtype, ROWS * PER_ROW), -2, 2);
    const jk_csr csr = {ROWS, COLS, JK_INT32, indptr, indices, *values};
    print_line(name, "jvp", jk_csr_jvp(NULL, &csr, v, rows, 0), &rows, 1);
    print_line(name, "vjp", jk_csr_vjp(NULL, &csr, u, cols, 0), &cols, 1);

    name_it(name, sizeof name, "convolution", dtype);
    const jk_convolution convolution = {*filled(vector(dtype, 11), -2, 2), 0, 0};
    const jk_view *full = vector(dtype, COLS + 10);
    print_line(name, "jvp", jk_convolution_jvp(NULL, &convolution, v, full, 0), &full, 1);
    free_blocks();
}

static void print_solves(jk_dtype dtype)
{
    char name[80];
    name_it(name, sizeof name, "tridiagonal", dtype);
    const jk_view *lower = filled(vector(dtype, COLS - 1), -1, 1), *upper = filled(vector(dtype, COLS - 1), -1, 1);
    const jk_view *diagonal = filled(vector(dtype, COLS), 1, 3), *factor = matrix(dtype, 4, COLS);
    const jk_view *x = filled(matrix(dtype, 1, COLS), -2, 2);
    static unsigned char swapped[COLS];
    jk_status status = jk_tridiagonal_factor(NULL, lower, diagonal, upper, factor, swapped);
    if (status.error == JK_OK) status = jk_tridiagonal_solve(NULL, factor, swapped, x);
    print_line(name, "solve", status, &x, 1);

    name_it(name, sizeof name, "band", dtype);
    static ptrdiff_t pivots[COLS];
    const jk_view *band = filled(matrix(dtype, COLS, 2 * 2 + 3 + 1), -1, 1);
    for (ptrdiff_t i = 0; i < COLS; i++) put(band, 8 * i + 6, 0), put(band, 8 * i + 7, 0);
    status = jk_band_factor(NULL, 2, 3, band, pivots);
    if (status.error == JK_OK) status = jk_band_solve(NULL, 2, 3, band, pivots, 0, x);
    print_line(name, "solve", status, &x, 1);

    name_it(name, sizeof name, "cholesky", dtype);
    const jk_view *half = filled(matrix(dtype, COLS, 3), 0, 1);
    for (ptrdiff_t i = 0; i < COLS; i++) put(half, 3 * i, 5 + uniform());
    status = jk_band_cholesky(NULL, half);
    if (status.error == JK_OK) status = jk_band_cholesky_solve(NULL, half, x);
    print_line(name, "solve", status, &x, 1);
    free_blocks();
}

int main(void)
{
    for (int i = 0; jk_isa_name(i) != NULL; i++) {
        if (jk_init(jk_isa_name(i)).error != JK_OK) return 1;
        for (int dtype = 0; dtype < JK_N_DTYPES; dtype++) {
            state = 1;
            for (int op = 0; op < jk_n_ops(); op++) print_row(op, (jk_dtype)dtype);
            for (int op = 0; op < jk_n_rowwise(); op++) print_rowwise(op, (jk_dtype)dtype);
            print_sums((jk_dtype)dtype);
            print_matrices((jk_dtype)dtype);
            print_solves((jk_dtype)dtype);
        }
    }
    return 0;
}
