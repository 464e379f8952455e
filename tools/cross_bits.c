/* Prints what the library computes, as a table of hashes: one line for every row, dtype and product, and for reductions,
 * matrices and solves, under every instruction set that runs here.  `make cross-bits` compares such tables of other
 * processors, C libraries and compilers: every line has to be the same. */
#include <jackern/jackern.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1200, ROWS = 70, COLS = 300, MAX_VIEWS = 64 };

/* ---- numbers that are the same everywhere -------------------------------------------------------------------- */

static uint64_t state;

/* The next of a fixed sequence, 0 <= u < 1. */
static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) * 0x1p-53;
}

/* clang-format off */
static const double corners[] = {
    0.0, 0x1p-1074, 0x1p-149, 0x1p-126, 0x1p-1022, 0x1p-60, 0x1p-27, 0.5, 1.0, 0x1.fffffep-1, 0x1.000002p+0,
    1.5, 2.0, 3.0, 7.0, 22.0, 88.5, 100.25, 700.5, 1e4, 1e5, 12345678.0,
    1e15, 1e22, 3.4e38, 1e100, 1e300, 1.7e308, 0x1p31, 0x1p53, 0x1p64, 0x1p127, 0x1p1023, (double)INFINITY, (double)NAN,
};
/* clang-format on */
enum { N_CORNERS = sizeof corners / sizeof *corners };

/* ---- arrays --------------------------------------------------------------------------------------------------- */

typedef struct block {
    jk_view view;
    ptrdiff_t shape[3], strides[3];
    void *memory;
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

/* The last ndim of three lengths. */
static const jk_view *new_block(jk_dtype dtype, int ndim, ptrdiff_t items, ptrdiff_t rows, ptrdiff_t cols)
{
    const ptrdiff_t length[3] = {items, rows, cols};
    block *b = &blocks[n_blocks++];
    ptrdiff_t size = dtype == JK_FLOAT64 ? 8 : 4;
    for (int d = ndim - 1; d >= 0; d--) {
        b->shape[d] = length[3 - ndim + d];
        b->strides[d] = size;
        size *= b->shape[d];
    }
    b->memory = allocated((size_t)size);
    memset(b->memory, 0, (size_t)size);
    b->view = (jk_view){b->memory, dtype, ndim, b->shape, b->strides};
    return &b->view;
}

static const jk_view *vector(jk_dtype dtype, ptrdiff_t n) { return new_block(dtype, 1, 1, 1, n); }
static const jk_view *matrix(jk_dtype dtype, ptrdiff_t m, ptrdiff_t n) { return new_block(dtype, 2, 1, m, n); }
static const jk_view *cube(jk_dtype dtype, ptrdiff_t k, ptrdiff_t m, ptrdiff_t n)
{
    return new_block(dtype, 3, k, m, n);
}

/* A matrix by columns, without a copy. */
static const jk_view *transposed(const jk_view *a)
{
    block *b = &blocks[n_blocks++];
    for (int d = 0; d < 2; d++) {
        b->shape[d] = a->shape[1 - d];
        b->strides[d] = a->strides_in_bytes[1 - d];
    }
    b->memory = NULL;
    b->view = (jk_view){a->data, a->dtype, 2, b->shape, b->strides};
    return &b->view;
}

static void free_blocks(void)
{
    while (n_blocks > 0) free(blocks[--n_blocks].memory);
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
    for (ptrdiff_t i = 0; i < size_of(v); i++) {
        const volatile double above = (high - low) * uniform(); /* fused with the sum by no flag */
        put(v, i, low + above);
    }
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

/* One hash of all results (FNV-1a over whole numbers, so that the order of bytes does not matter; the shift brings signs
 * down, of which two would cancel), or the status. */
static void print_line(const char *op, const char *product, jk_status status, const jk_view *const *results, int n)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (int k = 0; k < n; k++)
        for (ptrdiff_t i = 0; results[k] != NULL && i < size_of(results[k]); i++) {
            hash = (hash ^ bits_of(results[k], i)) * UINT64_C(1099511628211);
            hash ^= hash >> 32;
        }
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
    print_line(name, "jvp_from_y", jk_pointwise_jvp(NULL, index, dots, args, y, dot, 0), &dot, 1);
    print_line(name, "vjp2_from_y", jk_pointwise_vjp2(NULL, index, dots, t, args, y, second, 0), second,
               op->n_args + 1);
    free_blocks();
}

/* Numbers for all elements: those of the domain, and those that have loops of their own. */
static void print_numbers(int index, jk_dtype dtype)
{
    static const double known[] = {0, -1, 0, 0.5, 1, 2, 3, 4};
    const jk_op *op = jk_op_at(index);
    char name[80], product[40];
    name_it(name, sizeof name, op->name, dtype);
    for (int k = 0; k < op->n_args; k++)
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            const jk_view *args[JK_MAX_ARGS] = {NULL}, *bars[JK_MAX_ARGS] = {NULL};
            for (int j = 0; j < op->n_args; j++) {
                const int is_number = op->n_args == 3 ? j > 0 : j == k;
                args[j] = filled(vector(dtype, is_number ? 1 : N), op->low[j], op->high[j]);
                bars[j] = vector(dtype, is_number ? 1 : N);
            }
            if (i > 0) put(args[k], 0, known[i]);
            const jk_view *t = filled(vector(dtype, N), -2, 2), *y = vector(dtype, N);
            (void)snprintf(product, sizeof product, "value_of_number_%d_%d", k, (int)i);
            print_line(name, product, jk_pointwise_value(NULL, index, args, y, 0), &y, 1);
            (void)snprintf(product, sizeof product, "vjp_of_number_%d_%d", k, (int)i);
            print_line(name, product, jk_pointwise_vjp(NULL, index, t, args, NULL, bars, 0), bars, op->n_args);
            free_blocks();
        }
}

/* Arguments that are stretched, along either axis: products with them are sums. */
static void print_stretched(int index, jk_dtype dtype)
{
    static const ptrdiff_t shapes[][2] = {{ROWS, COLS}, {1, COLS}, {ROWS, 1}};
    const jk_op *op = jk_op_at(index);
    char name[80], product[40];
    name_it(name, sizeof name, op->name, dtype);
    for (int turn = 0; turn < 3; turn++) {
        const jk_view *args[JK_MAX_ARGS] = {NULL}, *dots[JK_MAX_ARGS] = {NULL}, *bars[JK_MAX_ARGS] = {NULL};
        const jk_view *second[JK_MAX_ARGS + 1] = {NULL};
        for (int k = 0; k < op->n_args; k++) {
            const ptrdiff_t *shape = shapes[(k + turn) % 3];
            args[k] = filled(matrix(dtype, shape[0], shape[1]), op->low[k], op->high[k]);
            dots[k] = filled(matrix(dtype, shape[0], shape[1]), -2, 2);
            bars[k] = matrix(dtype, shape[0], shape[1]);
            second[k + 1] = matrix(dtype, shape[0], shape[1]);
        }
        second[0] = matrix(dtype, ROWS, COLS);
        const jk_view *t = filled(matrix(dtype, ROWS, COLS), -2, 2), *dot = matrix(dtype, ROWS, COLS);
        (void)snprintf(product, sizeof product, "jvp_stretched_%d", turn);
        print_line(name, product, jk_pointwise_jvp(NULL, index, dots, args, NULL, dot, 0), &dot, 1);
        (void)snprintf(product, sizeof product, "vjp_stretched_%d", turn);
        print_line(name, product, jk_pointwise_vjp(NULL, index, t, args, NULL, bars, 0), bars, op->n_args);
        (void)snprintf(product, sizeof product, "vjp2_stretched_%d", turn);
        print_line(name, product, jk_pointwise_vjp2(NULL, index, dots, t, args, NULL, second, 0), second,
                   op->n_args + 1);
        free_blocks();
    }
}

static void print_rowwise(int index, jk_dtype dtype, ptrdiff_t n_rows, ptrdiff_t n)
{
    const jk_rowwise_op *op = jk_rowwise_at(index);
    char name[80];
    (void)snprintf(name, sizeof name, "%s/%s/%d", op->name, dtypes[dtype], (int)n);
    static ptrdiff_t labels[ROWS];
    for (ptrdiff_t i = 0; i < n_rows; i++) labels[i] = (ptrdiff_t)(uniform() * (double)n);
    const jk_view *x = filled(matrix(dtype, n_rows, n), op->low, op->high), *bar = matrix(dtype, n_rows, n);
    /* One row certain of an element, one with an infinite maximum, and one of NaN. */
    put(x, n / 2, 50), put(x, n, (double)INFINITY), put(x, 2 * n, (double)NAN);
    const jk_view *dot = filled(matrix(dtype, n_rows, n), -2, 2), *y = vector(dtype, n_rows);
    const jk_view *t = filled(vector(dtype, n_rows), -2, 2);
    const jk_row_operands operands = {.x = x, .labels = op->takes_labels ? labels : NULL};
    print_line(name, "value", jk_rowwise_value(NULL, index, &operands, y, 0), &y, 1);
    print_line(name, "jvp", jk_rowwise_jvp(NULL, index, dot, &operands, y, 0), &y, 1);
    print_line(name, "vjp", jk_rowwise_vjp(NULL, index, t, &operands, bar, 0), &bar, 1);
    free_blocks();
}

/* ---- sums, matrices, solves ----------------------------------------------------------------------------------- */

static void print_sums(jk_dtype dtype)
{
    const jk_dtype other = dtype == JK_FLOAT64 ? JK_FLOAT32 : JK_FLOAT64;
    char name[80], product[40];
    const jk_view *g = filled(matrix(dtype, ROWS, COLS), -2, 2), *corner = with_corners(vector(dtype, N), -2, 2, 1);
    const ptrdiff_t to[][2] = {{1, 1}, {1, COLS}, {ROWS, 1}};
    static const char *const axes[] = {"all", "columns", "rows"};
    for (int i = 0; i < 3; i++) {
        const jk_view *out = matrix(dtype, to[i][0], to[i][1]), *rounded = matrix(other, to[i][0], to[i][1]);
        const jk_view *whole = filled(matrix(dtype, ROWS, COLS), -2, 2);
        name_it(name, sizeof name, "unbroadcast", dtype);
        print_line(name, axes[i], jk_unbroadcast(NULL, g, out, 0), &out, 1);
        (void)snprintf(product, sizeof product, "%s_to_other", axes[i]);
        print_line(name, product, jk_unbroadcast(NULL, g, filled(rounded, -2, 2), 1), &rounded, 1);
        name_it(name, sizeof name, "repeat", dtype);
        print_line(name, axes[i], jk_repeat(NULL, out, whole, 1), &whole, 1);
    }
    const jk_view *converted = vector(other, N), *sum = filled(vector(other, N), -2, 2);
    print_line(name, "to_other", jk_repeat(NULL, corner, converted, 0), &converted, 1);
    print_line(name, "to_other_added", jk_repeat(NULL, corner, sum, 1), &sum, 1);
    free_blocks();
}

/* Over every choice of axes. */
static void print_sums_of_axes(jk_dtype dtype)
{
    static const ptrdiff_t shapes[][3] = {{7, 300, 40}, {40, 300, 3}};
    char name[80], product[40];
    name_it(name, sizeof name, "unbroadcast", dtype);
    for (int i = 0; i < 2; i++) {
        const ptrdiff_t *n = shapes[i];
        const jk_view *g = filled(cube(dtype, n[0], n[1], n[2]), -2, 2);
        for (int kept = 0; kept < 8; kept++) {
            const jk_view *out = cube(dtype, kept & 1 ? n[0] : 1, kept & 2 ? n[1] : 1, kept & 4 ? n[2] : 1);
            (void)snprintf(product, sizeof product, "axes_%d_%d", i, kept);
            print_line(name, product, jk_unbroadcast(NULL, g, out, 0), &out, 1);
        }
    }
    free_blocks();
}

static void print_dense(jk_dtype dtype)
{
    char name[80];
    name_it(name, sizeof name, "dense", dtype);
    const jk_view *a = filled(matrix(dtype, ROWS, COLS), -2, 2), *v = filled(vector(dtype, COLS), -2, 2);
    const jk_view *u = filled(vector(dtype, ROWS), -2, 2), *w = filled(vector(dtype, ROWS), 0.5, 2);
    const jk_view *rows = vector(dtype, ROWS), *cols = vector(dtype, COLS);
    const jk_view *b = filled(matrix(dtype, COLS, 7), -2, 2), *product = matrix(dtype, ROWS, 7);
    const jk_view *long_row = filled(matrix(dtype, 3, 3000), -2, 2), *long_v = filled(vector(dtype, 3000), -2, 2);
    const jk_view *few = vector(dtype, 3), *vectors = filled(matrix(dtype, 5, COLS), -2, 2);
    print_line(name, "jvp", jk_dense_jvp(NULL, a, v, rows, 0), &rows, 1);
    print_line(name, "vjp", jk_dense_vjp(NULL, a, u, cols, 0), &cols, 1);
    print_line(name, "jvp_added", jk_dense_jvp(NULL, a, v, rows, 1), &rows, 1);
    print_line(name, "jvp_by_columns", jk_dense_jvp(NULL, transposed(a), u, cols, 0), &cols, 1);
    print_line(name, "vjp_by_columns", jk_dense_vjp(NULL, transposed(a), v, rows, 0), &rows, 1);
    print_line(name, "jvp_of_long_rows", jk_dense_jvp(NULL, long_row, long_v, few, 0), &few, 1);
    print_line(name, "matmul", jk_matmul(NULL, a, b, product, 0), &product, 1);
    const jk_view *const of[] = {v, vectors};
    for (int i = 0; i < 4; i++) {
        const jk_view *from = of[i / 2], *out = from == v ? cols : matrix(dtype, 5, COLS), *weights = i % 2 ? w : NULL;
        const size_t n_bytes = jk_dense_gram_workspace(a, from, weights, out);
        char *workspace = allocated(n_bytes + 64), line[40];
        const jk_context context = {.workspace = workspace, .workspace_bytes = n_bytes + 64};
        (void)snprintf(line, sizeof line, "gram%s%s", i % 2 ? "_weighted" : "", i / 2 ? "_of_vectors" : "");
        print_line(name, line, jk_dense_gram_jvp(&context, a, from, weights, out, 0), &out, 1);
        free(workspace);
    }
    const jk_view *tall = filled(matrix(dtype, 600, 40), -2, 2), *of_tall = filled(vector(dtype, 40), -2, 2);
    const jk_view *out = vector(dtype, 40);
    static char workspace[1 << 16];
    const jk_context context = {.workspace = workspace, .workspace_bytes = sizeof workspace};
    print_line(name, "gram_of_tall", jk_dense_gram_jvp(&context, tall, of_tall, NULL, out, 0), &out, 1);
    free_blocks();
}

/* Rows, columns (which are vjp), and vectors, neighbours or not. */
static void print_csr(jk_dtype dtype)
{
    enum { PER_ROW = 40 };
    static int32_t starts[ROWS + 1], columns[ROWS * PER_ROW];
    static int64_t wide_starts[ROWS + 1], wide_columns[ROWS * PER_ROW];
    char name[80];
    for (int k = 0; k < ROWS * PER_ROW; k++) wide_columns[k] = columns[k] = (int32_t)(uniform() * COLS);
    for (int i = 1; i <= ROWS; i++) /* rows of about 30, and a long one */
        wide_starts[i] = starts[i] = i == ROWS ? ROWS * PER_ROW : 30 * i + i % 7;
    const jk_view *values = filled(vector(dtype, ROWS * PER_ROW), -2, 2),
                  *gathered = filled(vector(dtype, ROWS), -2, 2);
    const jk_csr matrices[] = {{ROWS, COLS, JK_INT32, starts, columns, *values},
                               {ROWS, COLS, JK_INT64, wide_starts, wide_columns, *values},
                               {ROWS, COLS, JK_INT32, NULL, columns, *gathered}};
    static const char *const kinds[] = {"csr", "csr_int64", "gather"};
    const jk_view *v = filled(vector(dtype, COLS), -2, 2), *u = filled(vector(dtype, ROWS), -2, 2);
    const jk_view *vs = filled(matrix(dtype, 7, COLS), -2, 2), *us = filled(matrix(dtype, 7, ROWS), -2, 2);
    const jk_view *rows = vector(dtype, ROWS), *cols = vector(dtype, COLS);
    const jk_view *many_rows = matrix(dtype, 7, ROWS), *many_cols = matrix(dtype, 7, COLS);
    const jk_view *neighbours = filled(matrix(dtype, COLS, 31), -2, 2), *many = matrix(dtype, ROWS, 31);
    for (int i = 0; i < 3; i++) {
        const jk_csr *csr = &matrices[i];
        const jk_view *back = matrix(dtype, COLS, 31);
        name_it(name, sizeof name, kinds[i], dtype);
        print_line(name, "check", jk_csr_check(csr), NULL, 0);
        print_line(name, "jvp", jk_csr_jvp(NULL, csr, v, rows, 0), &rows, 1);
        print_line(name, "vjp", jk_csr_vjp(NULL, csr, u, cols, 0), &cols, 1);
        print_line(name, "jvp_added", jk_csr_jvp(NULL, csr, v, rows, 1), &rows, 1);
        print_line(name, "vjp_added", jk_csr_vjp(NULL, csr, u, cols, 1), &cols, 1);
        print_line(name, "jvp_of_vectors", jk_csr_jvp(NULL, csr, vs, many_rows, 0), &many_rows, 1);
        print_line(name, "vjp_of_vectors", jk_csr_vjp(NULL, csr, us, many_cols, 0), &many_cols, 1);
        print_line(name, "jvp_of_neighbours", jk_csr_jvp(NULL, csr, transposed(neighbours), transposed(many), 0), &many,
                   1);
        print_line(name, "vjp_of_neighbours", jk_csr_vjp(NULL, csr, transposed(many), transposed(back), 0), &back, 1);
    }
    free_blocks();
}

static void print_structures(jk_dtype dtype)
{
    char name[80], product[40];
    name_it(name, sizeof name, "axis", dtype);
    static const ptrdiff_t length[] = {7, 30, 40};
    static const signed char letters[] = {0, 1, 2};
    const jk_axis axis = {*filled(cube(dtype, 7, 30, 40), -2, 2), 3, length, 2, 2, letters, letters, letters + 1};
    const jk_view *v = filled(matrix(dtype, 30, 40), -2, 2), *u = filled(matrix(dtype, 7, 30), -2, 2);
    print_line(name, "jvp", jk_axis_jvp(NULL, &axis, v, u, 0), &u, 1);
    print_line(name, "vjp", jk_axis_vjp(NULL, &axis, u, v, 0), &v, 1);

    name_it(name, sizeof name, "banded", dtype);
    static const ptrdiff_t first[] = {0, 0}, second[] = {0, 1}, step[] = {1, 1};
    static ptrdiff_t no_strides[] = {0, 0};
    jk_band bands[] = {{*filled(matrix(dtype, 7, COLS), -2, 2), first, step, first, step},
                       {*filled(matrix(dtype, 7, COLS - 1), -2, 2), first, step, second, step},
                       {*filled(matrix(dtype, 7, COLS - 1), -2, 2), second, step, first, step}};
    const jk_view *x = filled(cube(dtype, 4, 7, COLS), -2, 2), *y = cube(dtype, 4, 7, COLS);
    print_line(name, "jvp", jk_banded_jvp(NULL, 3, bands, x, y, 0), &y, 1);
    print_line(name, "vjp", jk_banded_vjp(NULL, 3, bands, x, y, 1), &y, 1);
    for (int i = 0; i < 3; i++) bands[i].values.strides_in_bytes = no_strides;
    print_line(name, "jvp_of_constants", jk_banded_jvp(NULL, 3, bands, x, y, 0), &y, 1);

    name_it(name, sizeof name, "convolution", dtype);
    const jk_view *kernel = filled(vector(dtype, 11), -2, 2), *full = matrix(dtype, 7, COLS + 10);
    const jk_view *back = matrix(dtype, 7, COLS), *behind = cube(dtype, 4, 7, COLS);
    const jk_convolution along = {*kernel, 0, 0}, across = {*kernel, 5, 1};
    print_line(name, "jvp", jk_convolution_jvp(NULL, &along, &bands[0].values, full, 0), &full, 1);
    print_line(name, "vjp", jk_convolution_vjp(NULL, &along, full, back, 0), &back, 1);
    print_line(name, "jvp_across", jk_convolution_jvp(NULL, &across, x, behind, 0), &behind, 1);
    print_line(name, "vjp_across", jk_convolution_vjp(NULL, &across, x, behind, 1), &behind, 1);
    for (ptrdiff_t taps = 1; taps < 10; taps++) {
        const jk_convolution some = {*filled(vector(dtype, taps), -2, 2), taps / 2, 0};
        (void)snprintf(product, sizeof product, "jvp_of_%d", (int)taps);
        print_line(name, product, jk_convolution_jvp(NULL, &some, x, behind, 0), &behind, 1);
    }
    free_blocks();
}

static void print_tridiagonal(jk_dtype dtype, ptrdiff_t n)
{
    char name[80];
    (void)snprintf(name, sizeof name, "tridiagonal/%s/%d", dtypes[dtype], (int)n);
    const jk_view *lower = filled(vector(dtype, n - 1), -1, 1), *upper = filled(vector(dtype, n - 1), -1, 1);
    const jk_view *diagonal = filled(vector(dtype, n), -1, 1), *factor = matrix(dtype, 4, n);
    const jk_view *x = filled(matrix(dtype, 3, n), -2, 2);
    static unsigned char swapped[COLS];
    print_line(name, "factor", jk_tridiagonal_factor(NULL, lower, diagonal, upper, factor, swapped), &factor, 1);
    print_line(name, "solve", jk_tridiagonal_solve(NULL, factor, swapped, x), &x, 1);
    free_blocks();
}

static void print_solves(jk_dtype dtype)
{
    char name[80];
    const jk_view *x = matrix(dtype, 3, COLS);
    name_it(name, sizeof name, "band", dtype);
    static ptrdiff_t pivots[COLS];
    const jk_view *band = filled(matrix(dtype, COLS, 2 * 2 + 3 + 1), -1, 1);
    for (ptrdiff_t i = 0; i < COLS; i++) put(band, 8 * i + 6, 0), put(band, 8 * i + 7, 0);
    print_line(name, "factor", jk_band_factor(NULL, 2, 3, band, pivots), &band, 1);
    print_line(name, "solve", jk_band_solve(NULL, 2, 3, band, pivots, 0, filled(x, -2, 2)), &x, 1);
    print_line(name, "solve_transposed", jk_band_solve(NULL, 2, 3, band, pivots, 1, filled(x, -2, 2)), &x, 1);

    name_it(name, sizeof name, "cholesky", dtype);
    const jk_view *half = filled(matrix(dtype, COLS, 3), 0, 1);
    for (ptrdiff_t i = 0; i < COLS; i++) put(half, 3 * i, 5 + uniform());
    print_line(name, "factor", jk_band_cholesky(NULL, half), &half, 1);
    print_line(name, "solve", jk_band_cholesky_solve(NULL, half, filled(x, -2, 2)), &x, 1);

    name_it(name, sizeof name, "triangular", dtype);
    const jk_view *triangle = filled(cube(dtype, 2, ROWS, ROWS), -0.1, 0.1), *b = cube(dtype, 2, 3, ROWS);
    for (ptrdiff_t i = 0; i < 2 * ROWS; i++)
        put(triangle, i / ROWS * ROWS * ROWS + i % ROWS * (ROWS + 1), 1 + uniform());
    print_line(name, "solve", jk_triangular_solve(NULL, triangle, 0, filled(b, -2, 2)), &b, 1);
    print_line(name, "solve_transposed", jk_triangular_solve(NULL, triangle, 1, filled(b, -2, 2)), &b, 1);
    free_blocks();
}

int main(void)
{
    for (int i = 0; jk_isa_name(i) != NULL; i++) {
        if (jk_init(jk_isa_name(i)).error != JK_OK) return 1;
        for (int dtype = 0; dtype < JK_N_DTYPES; dtype++) {
            state = 1;
            for (int op = 0; op < jk_n_ops(); op++) {
                print_row(op, (jk_dtype)dtype);
                if (jk_op_at(op)->n_args == 1) continue;
                print_numbers(op, (jk_dtype)dtype);
                print_stretched(op, (jk_dtype)dtype);
            }
            for (int op = 0; op < jk_n_rowwise(); op++) {
                print_rowwise(op, (jk_dtype)dtype, ROWS, COLS);
                print_rowwise(op, (jk_dtype)dtype, 4, 5000);
            }
            print_sums((jk_dtype)dtype);
            print_sums_of_axes((jk_dtype)dtype);
            print_dense((jk_dtype)dtype);
            print_csr((jk_dtype)dtype);
            print_structures((jk_dtype)dtype);
            for (ptrdiff_t n = 1; n < COLS; n += 1 + 99 * (n > 2)) print_tridiagonal((jk_dtype)dtype, n);
            print_solves((jk_dtype)dtype);
        }
    }
    return 0;
}
