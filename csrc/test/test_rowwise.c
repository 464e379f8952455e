/* Row-wise ops: every row of the table against its definition, in all layouts and with threads. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- definitions, of one row in double ---------------------------------------------------------------------- */

typedef struct definition {
    const char *name;
    double (*value)(const double *x, ptrdiff_t n, ptrdiff_t label);
    double (*slope)(const double *x, ptrdiff_t n, ptrdiff_t label, ptrdiff_t k); /* dy/dx[k] */
} definition;

/* (No difference of two logits is exact: what it rounds off is many units of its exponential.) */
static double sum_of_exp(const double *x, ptrdiff_t n, ptrdiff_t without)
{
    double sum = 0;
    for (ptrdiff_t k = 0; k < n; k++) sum += k == without ? 0 : exp(x[k]);
    return sum;
}

static double logsumexp(const double *x, ptrdiff_t n, ptrdiff_t label)
{
    (void)label;
    return log(sum_of_exp(x, n, -1));
}

static double logsumexp_slope(const double *x, ptrdiff_t n, ptrdiff_t label, ptrdiff_t k)
{
    (void)label;
    return exp(x[k]) / sum_of_exp(x, n, -1);
}

static double cross_entropy(const double *x, ptrdiff_t n, ptrdiff_t label)
{
    return log1p(sum_of_exp(x, n, label) / exp(x[label]));
}

static double cross_entropy_slope(const double *x, ptrdiff_t n, ptrdiff_t label, ptrdiff_t k)
{
    const double all = sum_of_exp(x, n, -1);
    return k == label ? -sum_of_exp(x, n, label) / all : exp(x[k]) / all;
}

static const definition definitions[] = {
    {"softmax_cross_entropy", cross_entropy, cross_entropy_slope},
    {"logsumexp", logsumexp, logsumexp_slope},
};

static const definition *definition_of(int op)
{
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++)
        if (strcmp(definitions[i].name, jk_rowwise_at(op)->name) == 0) return &definitions[i];
    check(0, "%s has a definition in this file", jk_rowwise_at(op)->name);
    return NULL;
}

/* ---- a row of the table against its definition -------------------------------------------------------------- */

enum { MAX_ROWS = 200, MAX_ELEMENTS = 20000 };

static ptrdiff_t labels[MAX_ROWS];

static void draw_labels(ptrdiff_t n_rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n_rows; i++) labels[i] = (ptrdiff_t)uniform(0, (double)n);
}

typedef struct products {
    array *value, *jvp, *vjp;
} products;

typedef enum product_kind { VALUE, JVP, VJP } product_kind;

static products new_products(const array *x, jk_dtype dtype, layout lay)
{
    return (products){new_array(dtype, lay, DIMS(x->shape[0])), new_array(dtype, lay, DIMS(x->shape[0])),
                      new_array(dtype, lay, 2, x->shape)};
}

static void multiply(const jk_context *context, int op, const array *x, const array *x_dot, const array *y_bar,
                     const products *out, int accumulate)
{
    const jk_row_operands operands = {view(x), labels};
    const char *name = jk_rowwise_at(op)->name;
    check_ok(jk_rowwise_value(context, op, &operands, view(out->value), accumulate), name);
    check_ok(jk_rowwise_jvp(context, op, view(x_dot), &operands, view(out->jvp), accumulate), name);
    check_ok(jk_rowwise_vjp(context, op, view(y_bar), &operands, view(out->vjp), accumulate), name);
}

static void check_same_products(const products *got, const products *wanted, const char *what)
{
    check_same_bits(got->value, wanted->value, what);
    check_same_bits(got->jvp, wanted->jvp, what);
    check_same_bits(got->vjp, wanted->vjp, what);
}

static void check_shape(jk_dtype dtype, int op, ptrdiff_t n_rows, ptrdiff_t n)
{
    static double row[MAX_ELEMENTS];
    const definition *d = definition_of(op);
    const jk_dtype other = dtype == JK_FLOAT64 ? JK_FLOAT32 : JK_FLOAT64;
    const char *name = jk_rowwise_at(op)->name;
    array *x = randoms(dtype, CONTIGUOUS, -4, 4, DIMS(n_rows, n)),
          *x_dot = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(n_rows, n));
    array *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(n_rows));
    draw_labels(n_rows, n);
    const products wanted = new_products(x, JK_FLOAT64, CONTIGUOUS), plain = new_products(x, dtype, CONTIGUOUS);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        for (ptrdiff_t k = 0; k < n; k++) row[k] = get(x, i * n + k);
        const double all = d->value(row, n, labels[i]);
        double jvp = 0;
        for (ptrdiff_t k = 0; k < n; k++) {
            /* a slope costs as much as a row: of a long one, some will do */
            const double slope = n < 1000 || k % 997 == 0 ? d->slope(row, n, labels[i], k) : (double)NAN;
            jvp += slope * get(x_dot, i * n + k);
            set(wanted.vjp, i * n + k, slope * get(y_bar, i));
        }
        set(wanted.value, i, all);
        set(wanted.jvp, i, jvp);
    }
    multiply(NULL, op, x, x_dot, y_bar, &plain, 0);
    check_array_close(plain.value, wanted.value, rounding(dtype), name);
    if (n < 1000) check_array_close(plain.jvp, wanted.jvp, 4 * rounding(dtype), name);
    for (ptrdiff_t i = 0; i < x->size; i++)
        if (!isnan(get(wanted.vjp, i))) check_close(get(plain.vjp, i), get(wanted.vjp, i), rounding(dtype), name);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        double sum = 0;
        for (ptrdiff_t k = 0; k < n; k++) sum += get(plain.vjp, i * n + k) * get(x_dot, i * n + k);
        check_close(sum, get(plain.jvp, i) * get(y_bar, i), 4 * rounding(dtype), "adjoint of a row");
    }

    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        const products strided = new_products(x, dtype, lay);
        multiply(NULL, op, laid_out(x, lay), laid_out(x_dot, lay), laid_out(y_bar, lay), &strided, 0);
        check_same_products(&strided, &plain, "a row has the same bits in any layout");
        products sums = new_products(x, dtype, lay), doubled = new_products(x, dtype, CONTIGUOUS);
        array *const from[] = {plain.value, plain.jvp, plain.vjp}, *const once[] = {sums.value, sums.jvp, sums.vjp};
        array *const twice[] = {doubled.value, doubled.jvp, doubled.vjp};
        for (int k = 0; k < 3; k++)
            for (ptrdiff_t i = 0; i < from[k]->size; i++) {
                set(once[k], i, get(from[k], i));
                set(twice[k], i, 2 * get(from[k], i));
            }
        multiply(NULL, op, laid_out(x, lay), x_dot, y_bar, &sums, 1);
        check_same_products(&sums, &doubled, "accumulated");
    }
    if (dtype == JK_FLOAT64) {
        array *narrow = new_array(other, EVERY_SECOND, 2, x->shape), *widened = like(x);
        copy(narrow, x);
        copy(widened, narrow);
        const products mixed = new_products(x, dtype, CONTIGUOUS), wide = new_products(x, dtype, CONTIGUOUS);
        const jk_row_operands narrow_operands = {view(narrow), labels}, wide_operands = {view(widened), labels};
        check_ok(jk_rowwise_jvp(NULL, op, view(x_dot), &narrow_operands, view(mixed.jvp), 0), name);
        check_ok(jk_rowwise_vjp(NULL, op, view(y_bar), &narrow_operands, view(mixed.vjp), 0), name);
        check_ok(jk_rowwise_jvp(NULL, op, view(x_dot), &wide_operands, view(wide.jvp), 0), name);
        check_ok(jk_rowwise_vjp(NULL, op, view(y_bar), &wide_operands, view(wide.vjp), 0), name);
        check_same_bits(mixed.jvp, wide.jvp, "a mixed call is computed in the wider dtype");
        check_same_bits(mixed.vjp, wide.vjp, "a mixed call is computed in the wider dtype");
    }
    free_arrays();
}

/* ---- ends of the range -------------------------------------------------------------------------------------- */

static double relative_error(double got, double wanted) { return fabs(got - wanted) / fabs(wanted); }

/* A nearly certain class: a small loss, and the slope at its label, have their digits. */
static void check_certain(jk_dtype dtype)
{
    static const double margins[] = {0, 1e-3, 1, 12, 40, 80, 300, 700};
    const int op = jk_find_rowwise("softmax_cross_entropy");
    const double few = (dtype == JK_FLOAT64 ? 2.2e-16 : 1.2e-7) * 8;
    for (size_t k = 0; k < sizeof margins / sizeof *margins && margins[k] < (dtype == JK_FLOAT64 ? 701 : 81); k++)
        for (ptrdiff_t label = 0; label < 3; label++) {
            array *x = new_array(dtype, CONTIGUOUS, DIMS(1, 3)), *one = new_array(dtype, CONTIGUOUS, DIMS(1));
            const products out = new_products(x, dtype, CONTIGUOUS);
            double row[3];
            for (ptrdiff_t i = 0; i < 3; i++) set(x, i, i == label ? 0.7 : 0.7 - margins[k] * (1 + 0.01 * (double)i));
            for (ptrdiff_t i = 0; i < 3; i++) row[i] = get(x, i);
            set(one, 0, 1);
            labels[0] = label;
            multiply(NULL, op, x, x, one, &out, 0);
            check(relative_error(get(out.value, 0), cross_entropy(row, 3, label)) < few, "loss %g at a margin of %g",
                  get(out.value, 0), margins[k]);
            for (ptrdiff_t i = 0; i < 3; i++)
                check(relative_error(get(out.vjp, i), cross_entropy_slope(row, 3, label, i)) < few,
                      "slope %g of class %td at a margin of %g", get(out.vjp, i), i, margins[k]);
            free_arrays();
        }
}

/* Whether the values and the first slopes of a row of three are those wanted; NaN wants NaN. */
static void check_row(jk_dtype dtype, int op, double a, double b, double c, double value, double slope,
                      const char *what)
{
    array *x = new_array(dtype, CONTIGUOUS, DIMS(1, 3)), *one = new_array(dtype, CONTIGUOUS, DIMS(1));
    const products out = new_products(x, dtype, CONTIGUOUS);
    set(x, 0, a), set(x, 1, b), set(x, 2, c), set(one, 0, 1);
    labels[0] = 0;
    multiply(NULL, op, x, laid_out(x, CONTIGUOUS), one, &out, 0);
    const double got_value = get(out.value, 0), got_slope = get(out.vjp, 0);
    check(got_value == value || (isnan(value) && isnan(got_value)), "%s: %g, expected %g", what, got_value, value);
    check(got_slope == slope || (isnan(slope) && isnan(got_slope)), "%s: slope %g, expected %g", what, got_slope,
          slope);
    free_arrays();
}

static void check_infinite(jk_dtype dtype)
{
    const double inf = (double)INFINITY, nan = (double)NAN;
    const int entropy = jk_find_rowwise("softmax_cross_entropy"), lse = jk_find_rowwise("logsumexp");
    check_row(dtype, entropy, inf, 0, 1, 0, 0, "the label is certain");
    check_row(dtype, entropy, 0, inf, 1, inf, -1, "another class is certain");
    check_row(dtype, entropy, -inf, 1, -inf, inf, -1, "the label is impossible");
    check_row(dtype, entropy, inf, inf, 1, nan, nan, "two infinite maxima");
    check_row(dtype, entropy, -inf, -inf, -inf, nan, nan, "nothing but -inf");
    check_row(dtype, entropy, 1, nan, 1, nan, nan, "a NaN");
    check_row(dtype, entropy, nan, inf, 1, nan, nan, "a NaN at the label");
    check_row(dtype, lse, inf, 0, 1, inf, 1, "an infinite maximum");
    check_row(dtype, lse, 0, -inf, -inf, 0, 1, "all but one impossible");
    check_row(dtype, lse, inf, inf, 1, inf, nan, "two infinite maxima");
    check_row(dtype, lse, -inf, -inf, -inf, -inf, nan, "nothing but -inf");
    check_row(dtype, lse, nan, 1, 1, nan, nan, "a NaN");
}

static void check_empty(jk_dtype dtype)
{
    const int lse = jk_find_rowwise("logsumexp");
    array *x = new_array(dtype, CONTIGUOUS, DIMS(2, 0)), *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2));
    const products out = new_products(x, dtype, CONTIGUOUS);
    multiply(NULL, lse, x, x, y_bar, &out, 0);
    check(get(out.value, 1) == -(double)INFINITY, "the sum of no exponentials is 0");
    check(get(out.jvp, 1) == 0, "a row of no elements does not change");
    free_arrays();

    /* the memory of no elements may be NULL, with any strides */
    const ptrdiff_t shape[] = {2, 0}, strides[] = {0, 0};
    const jk_view no_elements = {NULL, dtype, 2, shape, strides};
    const jk_row_operands no_row = {&no_elements, NULL};
    array *value = new_array(dtype, CONTIGUOUS, DIMS(2)), *jvp = like(value);
    y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2));
    check_ok(jk_rowwise_value(NULL, lse, &no_row, view(value), 0), "rows without memory");
    check_ok(jk_rowwise_jvp(NULL, lse, &no_elements, &no_row, view(jvp), 0), "rows without memory");
    check_ok(jk_rowwise_vjp(NULL, lse, view(y_bar), &no_row, &no_elements, 0), "rows without memory");
    check(get(value, 1) == -(double)INFINITY && get(jvp, 1) == 0, "rows without memory are rows of no elements");
    free_arrays();
    for (int op = 0; op < jk_n_rowwise(); op++) {
        array *none = new_array(dtype, CONTIGUOUS, DIMS(0, 3)), *nothing = new_array(dtype, CONTIGUOUS, DIMS(0));
        const products empty = new_products(none, dtype, CONTIGUOUS);
        multiply(NULL, op, none, none, nothing, &empty, 0);
        free_arrays();
    }
}

/* ---- what is refused ---------------------------------------------------------------------------------------- */

static void check_refusals(jk_dtype dtype)
{
    const int op = jk_find_rowwise("softmax_cross_entropy");
    array *x = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5, 4)), *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5));
    const products out = new_products(x, dtype, CONTIGUOUS);
    const ptrdiff_t bad[] = {0, 3, 4, -1, 2};
    const jk_row_operands badly = {view(x), bad}, without = {view(x), NULL}, nothing = {NULL, labels};
    draw_labels(5, 4);
    const jk_row_operands well = {view(x), labels};
    check_status(jk_rowwise_value(NULL, op, &badly, view(out.value), 0), JK_LABEL, 2, "a label too large");
    check_status(jk_rowwise_vjp(NULL, op, view(y_bar), &badly, view(out.vjp), 0), JK_LABEL, 2, "a label too large");
    check_status(jk_rowwise_value(NULL, op, &without, view(out.value), 0), JK_NULL_VIEW, 1, "no labels");
    check_status(jk_rowwise_value(NULL, op, &nothing, view(out.value), 0), JK_NULL_VIEW, 0, "no rows");
    check_status(jk_rowwise_value(NULL, op, NULL, view(out.value), 0), JK_NULL_VIEW, 0, "no operands");
    check_status(jk_rowwise_value(NULL, -1, &well, view(out.value), 0), JK_UNKNOWN_OP, -1, "no such op");
    check_status(jk_rowwise_jvp(NULL, op, NULL, &well, view(out.jvp), 0), JK_NULL_VIEW, 0, "no tangent");
    check_status(jk_rowwise_jvp(NULL, op, view(y_bar), &well, view(out.jvp), 0), JK_SHAPE, 0, "a tangent's shape");
    check_status(jk_rowwise_vjp(NULL, op, view(y_bar), &well, view(y_bar), 0), JK_SHAPE, 3, "a cotangent's shape");
    check_status(jk_rowwise_vjp(NULL, op, view(y_bar), &well, view(x), 0), JK_OVERLAP, 1, "out is x");
    check(is_untouched(out.value) && is_untouched(out.jvp) && is_untouched(out.vjp), "what is refused writes nothing");

    /* memory of the labels and an output: what was checked must not change before it is used */
    union {
        ptrdiff_t label[20];
        float f32[20];
        double f64[20];
    } shared = {{0, 1, 2, 3, 0}};
    const ptrdiff_t item = dtype == JK_FLOAT64 ? 8 : 4, strides[] = {4 * item, item};
    const jk_view y = {&shared, dtype, 1, x->shape, strides + 1}, x_bar = {&shared, dtype, 2, x->shape, strides};
    const jk_row_operands sharing = {view(x), shared.label};
    check_status(jk_rowwise_value(NULL, op, &sharing, &y, 0), JK_OVERLAP, 1, "labels that share memory with out");
    check_status(jk_rowwise_vjp(NULL, op, view(y_bar), &sharing, &x_bar, 0), JK_OVERLAP, 2, "labels in x_bar");
    check_status(jk_softmax_cross_entropy_vjp(NULL, view(y_bar), view(x), shared.label, &x_bar, 0), JK_OVERLAP, 2,
                 "labels in logits_bar");
    check(shared.label[3] == 3, "the labels are unwritten");
    free_arrays();
}

/* ---- threads and interrupts --------------------------------------------------------------------------------- */

static int interrupt(void *n_polls)
{
    ++*(int *)n_polls;
    return 1;
}

static void check_context(jk_dtype dtype)
{
    enum { N_THREADS = 3 };
    jk_pool *const threads = jk_pool_create(malloc(jk_pool_bytes(N_THREADS)), N_THREADS);
    const jk_context pool = {jk_pool_run, threads, N_THREADS, NULL, NULL, NULL, 0};
    int n_polls = 0;
    const jk_context polling = {NULL, NULL, 1, interrupt, &n_polls, NULL, 0};
    static const ptrdiff_t shapes[][2] = {{MAX_ROWS, 1300}, {MAX_ROWS - 1, 5000}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        array *x = randoms(dtype, CONTIGUOUS, -4, 4, 2, shapes[k]),
              *x_dot = randoms(dtype, CONTIGUOUS, -1, 1, 2, shapes[k]);
        array *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, 1, shapes[k]);
        draw_labels(shapes[k][0], shapes[k][1]);
        for (int op = 0; op < jk_n_rowwise(); op++) {
            const products alone = new_products(x, dtype, CONTIGUOUS), shared = new_products(x, dtype, CONTIGUOUS);
            multiply(NULL, op, x, x_dot, y_bar, &alone, 0);
            multiply(&pool, op, x, x_dot, y_bar, &shared, 0);
            check_same_products(&shared, &alone, "rows shared by threads");
            const jk_row_operands operands = {view(x), labels};
            n_polls = 0;
            check_status(jk_rowwise_value(&polling, op, &operands, view(alone.value), 0), JK_INTERRUPTED, -1, "a poll");
            check(n_polls == 1, "a poll that says so ends the call at once, after %d polls", n_polls);
        }
        free_arrays();
    }
    jk_pool_destroy(threads);
    free(threads);
}

static int count(void *n_polls)
{
    ++*(int *)n_polls;
    return 0;
}

/* One row is no whole: its passes ask in between, on one thread and with a pool. */
static void check_long_row(jk_dtype dtype)
{
    enum { N = 3 << 20 };
    jk_pool *const threads = jk_pool_create(malloc(jk_pool_bytes(2)), 2);
    array *x = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1, N)), *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1));
    array *value = like(y_bar), *x_bar = like(x);
    for (int op = 0; op < jk_n_rowwise(); op++) {
        labels[0] = N / 2;
        const jk_row_operands operands = {view(x), labels};
        for (int n_threads = 1; n_threads < 3; n_threads++) {
            int n_polls = 0;
            const jk_context context = {
                n_threads > 1 ? jk_pool_run : NULL, threads, n_threads, count, &n_polls, NULL, 0};
            check_ok(jk_rowwise_value(&context, op, &operands, view(value), 0), "a long row");
            check(n_polls > 5, "a long row asks more than %d times", n_polls);
            n_polls = 0;
            check_ok(jk_rowwise_vjp(&context, op, view(y_bar), &operands, view(x_bar), 0), "a long row");
            check(n_polls > 8, "the cotangent of a long row asks more than %d times", n_polls);
        }
    }
    free_arrays();
    jk_pool_destroy(threads);
    free(threads);
}

/* What may happen to labels while a call runs. */
static int spoil_labels(void *value)
{
    for (ptrdiff_t i = 0; i < MAX_ROWS; i++) labels[i] = *(const ptrdiff_t *)value;
    return 0;
}

static void spoil_then_run(void *value, jk_task *task, void *argument, ptrdiff_t n_tasks)
{
    (void)spoil_labels(value);
    while (n_tasks > 0) task(argument, --n_tasks);
}

/* A label that goes bad between its check and its use ends the call, and names no memory. */
static void check_spoiled_labels(jk_dtype dtype)
{
    static ptrdiff_t values[] = {PTRDIFF_MAX, PTRDIFF_MIN, 5000, -1};
    const int op = jk_find_rowwise("softmax_cross_entropy");
    array *x = randoms(dtype, CONTIGUOUS, -4, 4, DIMS(MAX_ROWS, 5000)), *y_bar = like(new_products(x, dtype, 0).value);
    const products out = new_products(x, dtype, CONTIGUOUS);
    const jk_row_operands operands = {view(x), labels};
    set_all(y_bar, 1);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        for (int shared = 0; shared < 2; shared++) {
            const jk_context context = {
                shared ? spoil_then_run : NULL, &values[k], 4, shared ? NULL : spoil_labels, &values[k], NULL, 0};
            for (product_kind kind = VALUE; kind <= VJP; kind++) {
                draw_labels(MAX_ROWS, 5000);
                const jk_status status = kind == VALUE ? jk_rowwise_value(&context, op, &operands, view(out.value), 0)
                                         : kind == JVP
                                             ? jk_rowwise_jvp(&context, op, view(x), &operands, view(out.jvp), 0)
                                             : jk_rowwise_vjp(&context, op, view(y_bar), &operands, view(out.vjp), 0);
                check(status.error == JK_LABEL && (shared ? status.argument == 0 : status.argument > 0),
                      "labels that go bad: status %d of %d", (int)status.error, status.argument);
            }
        }
    free_arrays();
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

static void check_table(void)
{
    for (int op = 0; op < jk_n_rowwise(); op++) {
        const jk_rowwise_op *row = jk_rowwise_at(op);
        check(jk_find_rowwise(row->name) == op, "%s is found by its name", row->name);
        check(row->reads & JK_READS_A && !(row->reads & JK_READS_B) == !row->takes_labels, "%s: what it reads",
              row->name);
        check(row->low < row->high && strlen(row->vjp) > 0 && strlen(row->sum) > 0, "%s: its columns", row->name);
    }
    check(jk_rowwise_at(-1) == NULL && jk_rowwise_at(jk_n_rowwise()) == NULL, "there is no row beyond the table");
    check(jk_find_rowwise("") == -1 && jk_find_rowwise("tanh") == -1, "a name that is no row is not found");
}

void test_rowwise(jk_dtype dtype)
{
    static const ptrdiff_t shapes[][2] = {{1, 1},   {5, 2},   {100, 3},  {MAX_ROWS, 10}, {7, 64},
                                          {9, 100}, {3, 257}, {2, 1025}, {2, 2500},      {2, MAX_ELEMENTS}};
    check_table();
    for (int op = 0; op < jk_n_rowwise(); op++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check_shape(dtype, op, shapes[i][0], shapes[i][1]);
    check_certain(dtype);
    check_infinite(dtype);
    check_empty(dtype);
    check_refusals(dtype);
    check_context(dtype);
    check_long_row(dtype);
    check_spoiled_labels(dtype);
}
