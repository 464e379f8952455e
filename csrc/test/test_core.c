/* Tests of the C library through its public header alone, as a C program without Python sees it.
 *
 * Every group runs once per instruction set and dtype.  What is expected comes from slow loops over single elements
 * and from central differences; all results of a group go into a digest, which has to be the same on every instruction
 * set.  Prints each failure, then "N passed, 0 failed".  `test_core threads 20` runs the calls of several threads alone,
 * so many times.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_before_init(void)
{
    array *x = randoms(JK_FLOAT64, CONTIGUOUS, 0, 1, DIMS(3));
    array *y = like(x);
    check(jk_isa_in_use() == NULL, "no instruction set is in use before jk_init");
    check_status(jk_pointwise_value(NULL, 0, (const jk_view *[]){view(x)}, view(y), 0), JK_NO_INIT, -1, "value");
    check_status(jk_unbroadcast(NULL, view(x), view(y), 0), JK_NO_INIT, -1, "unbroadcast");
    check(is_untouched(y), "a call before jk_init writes nothing");
    check(jk_init("no such thing").error == JK_UNKNOWN_ISA, "an unknown instruction set is refused");
    check(jk_isa_in_use() == NULL, "a failed jk_init chooses nothing");
    free_arrays();
}

static void test_table(void)
{
    check(jk_n_ops() >= 33, "%d ops", jk_n_ops());
    check(jk_op_at(-1) == NULL && jk_op_at(jk_n_ops()) == NULL, "jk_op_at out of range is NULL");
    check(jk_find_op("no such op") == -1 && jk_find_op("") == -1, "jk_find_op of an unknown name is -1");
    for (int i = 0; i < jk_n_ops(); i++) {
        const jk_op *op = jk_op_at(i);
        check(jk_find_op(op->name) == i, "%s is found by its name", op->name);
        char aliases[64] = "", *rest = aliases;
        strncat(aliases, op->aliases, sizeof aliases - 1);
        while (*rest) {
            char *alias = rest;
            rest += strcspn(rest, " ");
            if (*rest) *rest++ = '\0';
            check(jk_find_op(alias) == i, "%s is found by its alias %s", op->name, alias);
        }
        check(op->n_args >= 1 && op->n_args <= JK_MAX_ARGS && op->n_operands >= 1 && op->n_operands <= op->n_args,
              "%s: arguments are counted", op->name);
        for (int k = 0; k < op->n_args; k++)
            check(op->argument[k] != NULL && op->low[k] < op->high[k] &&
                      (op->first[k] != NULL || op->first_from_y != NULL),
                  "%s: argument %d is described", op->name, k);
        if (op->n_args > 1) continue;
        /* What y alone allows, a second derivative allows too, and where x alone does, so does it. */
        const int from_y = op->first_from_y != NULL, second_from_y = op->second_from_y != NULL;
        check(from_y == ((op->reads[0] & JK_READS_Y) != 0), "%s reads y where it has a form from y", op->name);
        check(second_from_y ? from_y && (op->first[0] == NULL) == (op->second[0] == NULL)
                            : !from_y || op->second[0] == NULL,
              "%s: the second derivative has the forms of the first", op->name);
    }
    for (int e = 0; e < JK_N_ERRORS; e++) check(strlen(jk_message((jk_error)e)) > 0, "error %d has a message", e);
    for (int i = 0; i < JK_MAX_ARGS; i++)
        for (int j = 0; j < JK_MAX_ARGS; j++)
            check(jk_second(i, j) == jk_second(j, i) && jk_second(i, j) < JK_N_SECOND, "jk_second(%d, %d)", i, j);
    check(strcmp(jk_isa_name(0), "baseline") == 0, "the first instruction set is the baseline");
    check(strlen(jk_version()) > 0 && strlen(jk_compiler()) > 0, "version and compiler are told");
}

/* Bad arguments give a status with the position of the guilty one, and nothing is written. */
static void test_statuses(void)
{
    const int multiply = jk_find_op("multiply");
    array *a = randoms(JK_FLOAT64, CONTIGUOUS, 1, 2, DIMS(3, 4)), *b = randoms(JK_FLOAT64, CONTIGUOUS, 1, 2, DIMS(4));
    array *y_bar = randoms(JK_FLOAT64, CONTIGUOUS, 1, 2, DIMS(3, 4)),
          *wide = randoms(JK_FLOAT64, CONTIGUOUS, 1, 2, DIMS(3, 5));
    array *out = like(a), *small_out = like(b), *wide_out = like(wide);
    const jk_view *args[] = {view(a), view(b)}, *wrong[] = {view(a), view(wide)}, *absent[] = {view(a), NULL};
    const jk_view *outs[] = {view(out), view(small_out)}, *wrong_outs[] = {view(out), view(wide_out)};

    check_status(jk_pointwise_value(NULL, -1, args, view(out), 0), JK_UNKNOWN_OP, -1, "op -1");
    check_status(jk_pointwise_value(NULL, jk_n_ops(), args, view(out), 0), JK_UNKNOWN_OP, -1, "op past the end");
    check_status(jk_pointwise_value(NULL, multiply, absent, view(out), 0), JK_NULL_VIEW, 1, "absent argument");
    check_status(jk_pointwise_value(NULL, multiply, args, NULL, 0), JK_NULL_VIEW, 2, "absent out");
    check_status(jk_pointwise_value(NULL, multiply, wrong, view(out), 0), JK_SHAPE, 1, "shapes that do not broadcast");
    check_status(jk_pointwise_value(NULL, multiply, args, view(wide), 0), JK_SHAPE, 2, "out of another shape");
    check(jk_pointwise_vjp(NULL, multiply, view(wide), args, NULL, outs, 0).error == JK_SHAPE,
          "y_bar of another shape");
    check_status(jk_pointwise_vjp(NULL, jk_find_op("exp"), view(y_bar), args, view(wide), outs, 0), JK_SHAPE, 2, "y");
    check_status(jk_pointwise_vjp(NULL, multiply, view(y_bar), args, NULL, wrong_outs, 0), JK_SHAPE, 5, "out of b");
    check_status(jk_pointwise_vjp(NULL, multiply, NULL, args, NULL, outs, 0), JK_NULL_VIEW, 0, "absent y_bar");
    check_status(jk_pointwise_jvp(NULL, multiply, args, args, NULL, view(wide), 0), JK_SHAPE, 5, "out of a jvp");
    check_status(jk_pointwise_jvp(NULL, multiply, wrong, args, NULL, view(out), 0), JK_SHAPE, 1, "tangent");

    jk_view bad = a->view;
    const jk_view *bad_args[] = {&bad, view(b)};
    bad.dtype = (jk_dtype)7;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_DTYPE, 0, "dtype");
    bad = a->view;
    bad.ndim = JK_MAX_NDIM + 1;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_NDIM, 0, "too many axes");
    bad.ndim = -1;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_NDIM, 0, "negative number of axes");
    bad = a->view;
    bad.data = a->memory + 1;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_MISALIGNED, 0, "misaligned data");
    bad = a->view;
    const ptrdiff_t odd[] = {33, 8}, vast[] = {PTRDIFF_MAX / 2, 4}, negative[] = {3, -4};
    bad.strides_in_bytes = odd;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_MISALIGNED, 0, "misaligned stride");
    bad = a->view;
    bad.shape = vast;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_TOO_LARGE, 0, "size that overflows");
    bad.shape = negative;
    check_status(jk_pointwise_value(NULL, multiply, bad_args, view(out), 0), JK_SHAPE, 0, "negative length");

    /* without arguments, outputs say what broadcast to y_bar: a sum of two rows is no matrix */
    const int add = jk_find_op("add");
    const jk_view *none[] = {NULL, NULL}, *rows[] = {view(small_out), view(like(b))}, *row[] = {view(small_out), NULL};
    const jk_view *second_rows[] = {NULL, rows[0], rows[1]}, *second_outs[] = {view(out), NULL, NULL};
    const jk_view *h[] = {view(b), view(b)};
    check_status(jk_pointwise_vjp(NULL, add, view(y_bar), none, NULL, rows, 0), JK_SHAPE, 0, "outs of two rows");
    check_status(jk_pointwise_vjp2(NULL, add, none, view(y_bar), none, NULL, second_rows, 0), JK_SHAPE, 2,
                 "outs of rows");
    check_status(jk_pointwise_vjp2(NULL, add, h, view(y_bar), none, NULL, second_outs, 0), JK_SHAPE, 2,
                 "h of two rows");
    check(is_untouched(out) && is_untouched(small_out), "a call that fails writes nothing");
    array *sum = like(b);
    check_ok(jk_pointwise_vjp(NULL, add, view(y_bar), none, NULL, row, 0), "a row and an unknown shape");
    check_ok(jk_unbroadcast(NULL, view(y_bar), view(sum), 0), "the sum itself");
    check_same_bits(small_out, sum, "the cotangent of a sum is a sum");
    small_out = like(b);

    check_status(jk_unbroadcast(NULL, view(b), view(a), 0), JK_SHAPE, 1, "unbroadcast to a larger shape");
    check_status(jk_dense_jvp(NULL, view(a), view(wide), view(b), 0), JK_SHAPE, 1, "dense with a matrix for a vector");
    check_status(jk_matmul(NULL, view(a), view(wide), view(out), 0), JK_SHAPE, 1, "matmul of unequal inner lengths");
    check(is_untouched(out) && is_untouched(small_out) && is_untouched(wide_out), "a call that fails writes nothing");
    free_arrays();
}

/* Which overlaps are computed, and which are refused before anything is written. */
static void test_overlaps(void)
{
    const int tanh_op = jk_find_op("tanh"), multiply = jk_find_op("multiply");
    array *x = randoms(JK_FLOAT64, CONTIGUOUS, -1, 1, DIMS(8)), *saved = laid_out(x, CONTIGUOUS), *y_bar = like(x);
    const ptrdiff_t seven[] = {7}, step[] = {8}, still[] = {0}, two_by_four[] = {2, 4}, interleaved[] = {8, 8};
    jk_view first = {x->memory, JK_FLOAT64, 1, seven, step}, second = {x->memory + 8, JK_FLOAT64, 1, seven, step};
    const jk_view *shifted[] = {&first};
    copy(y_bar, x);

    check_status(jk_pointwise_value(NULL, tanh_op, shifted, &second, 0), JK_OVERLAP, 0, "out one element further");
    first.strides_in_bytes = still;
    check_status(jk_pointwise_value(NULL, tanh_op, (const jk_view *[]){&second}, &first, 0), JK_SELF_OVERLAP, 1,
                 "out with stride 0");
    jk_view folded = {x->memory, JK_FLOAT64, 2, two_by_four, interleaved};
    array *matrix = randoms(JK_FLOAT64, CONTIGUOUS, -1, 1, DIMS(2, 4)), *other = like(matrix);
    check_status(jk_pointwise_value(NULL, tanh_op, (const jk_view *[]){view(matrix)}, &folded, 0), JK_SELF_OVERLAP, 1,
                 "out that folds onto itself");
    const jk_view *pair[] = {view(matrix), view(matrix)}, *same_outs[] = {view(other), view(other)};
    check_status(jk_pointwise_vjp(NULL, multiply, view(matrix), pair, NULL, same_outs, 0), JK_SELF_OVERLAP, 5,
                 "two outputs in one place");
    check(is_untouched(other), "overlapping outputs stay unwritten");

    /* A sum cannot be written over its own operand. */
    array *row = randoms(JK_FLOAT64, CONTIGUOUS, -1, 1, DIMS(4));
    const jk_view first_row = {matrix->memory, JK_FLOAT64, 1, row->shape, row->strides};
    const jk_view *broadcast[] = {view(matrix), view(row)}, *row_out[] = {NULL, &first_row};
    array *before = laid_out(matrix, CONTIGUOUS);
    const jk_status status = jk_pointwise_vjp(NULL, multiply, view(matrix), broadcast, NULL, row_out, 0);
    check(status.error == JK_OVERLAP && (status.argument == 0 || status.argument == 1), "a sum over its own operand");
    check_same_bits(matrix, before, "a sum over its own operand");
    check_same_bits(x, saved, "inputs of refused calls");
    check_same_bits(y_bar, saved, "inputs of refused calls");
    free_arrays();
}

/* A pool that does its tasks in the worst order. */
static void last_task_first(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks)
{
    (void)pool;
    while (n_tasks > 0) task(argument, --n_tasks);
}

static int interrupt(void *n_polls)
{
    ++*(int *)n_polls;
    return 1;
}

static int count(void *n_polls)
{
    ++*(int *)n_polls;
    return 0;
}

/* A workspace that starts anywhere gives the same bits; one without memory is none. */
static void test_workspace(jk_dtype dtype)
{
    enum { BYTES = 1 << 19, N = 9000 };
    static _Alignas(64) char workspace[BYTES + 64];
    const int multiply = jk_find_op("multiply");
    array *a = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(200, 1)), *b = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1, 300));
    array *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(200, 300)),
          *x = randoms(dtype, FORTRAN, -1, 1, DIMS(900, 300));
    array *matrix = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3, 5000)),
          *v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5000));
    array *one = randoms(dtype, CONTIGUOUS, 1, 1, DIMS(1));
    const jk_view *args[] = {view(a), view(b)};
    const int32_t column[] = {N - 1};
    const jk_csr csr = {1, N, JK_INT32, NULL, column, one->view};
    array *wanted[5] = {NULL};
    for (int k = 0; k < 5; k++) {
        /* aligned, then less and less so, and no memory */
        const jk_context context = {last_task_first, NULL, 3, NULL, NULL, k < 4 ? workspace + k * 21 : NULL, BYTES};
        array *out[] = {like(a), like(b), like(x), like(v), new_array(dtype, CONTIGUOUS, DIMS(N))};
        set_all(out[4], 1);
        check_ok(jk_pointwise_vjp(&context, multiply, view(y_bar), args, NULL,
                                  (const jk_view *[]){view(out[0]), view(out[1])}, 0),
                 "sums over different axes");
        check_ok(jk_pointwise_value(&context, jk_find_op("square"), (const jk_view *[]){view(x)}, view(out[2]), 0),
                 "square");
        if (k == 4) {
            check_status(jk_dense_gram_jvp(&context, view(matrix), view(v), NULL, view(out[3]), 0), JK_WORKSPACE, -1,
                         "gram");
            check_status(jk_csr_vjp(&context, &csr, view(one), view(out[4]), 1), JK_WORKSPACE, -1, "sparse vjp");
            check_array_close(out[0], wanted[0], rounding(dtype), "without a workspace");
            break;
        }
        check_ok(jk_dense_gram_jvp(&context, view(matrix), view(v), NULL, view(out[3]), 0), "gram");
        check_ok(jk_csr_vjp(&context, &csr, view(one), view(out[4]), 1), "sparse vjp");
        check(get(out[4], N - 1) == 2 && get(out[4], 0) == 1, "a sparse vjp adds");
        for (int i = 0; i < 5; i++) {
            if (k == 0)
                wanted[i] = out[i];
            else
                check_same_bits(out[i], wanted[i], "a workspace that is not aligned");
        }
    }

    /* many boxes, each too small to ask */
    int n_polls = 0;
    const jk_context polling = {NULL, NULL, 1, count, &n_polls, workspace, BYTES};
    const ptrdiff_t shape[] = {5000, 2000}, still[] = {0, 0};
    const jk_view vast = {one->memory, dtype, 2, shape, still};
    array *left = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(5000, 1)),
          *right = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1, 2000));
    check_ok(jk_pointwise_vjp(&polling, multiply, &vast, (const jk_view *[]){view(left), view(right)}, NULL,
                              (const jk_view *[]){view(like(left)), view(like(right))}, 0),
             "boxes");
    check(n_polls > 5, "sums over different axes ask more than %d times", n_polls);
    free_arrays();
}

/* Bits depend neither on the number of threads nor on the order of their tasks; a poll ends a long call. */
static void test_context(jk_dtype dtype)
{
    enum { N_THREADS = 4 };
    static _Alignas(64) char workspace[N_THREADS << 17];
    int n_polls = 0;
    jk_pool *const threads = jk_pool_create(malloc(jk_pool_bytes(N_THREADS)), N_THREADS);
    const jk_context contexts[] = {
        {NULL, NULL, 1, NULL, NULL, NULL, 0},
        {last_task_first, NULL, N_THREADS, NULL, NULL, workspace, sizeof workspace},
        {jk_pool_run, threads, N_THREADS, NULL, NULL, workspace, sizeof workspace},
        {jk_pool_run, threads, 3, NULL, NULL, NULL, 0},
    };
    const jk_context polling = {NULL, NULL, 1, interrupt, &n_polls, NULL, 0};
    const int multiply = jk_find_op("multiply");
    array *x = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3000, 401)), *w = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(401));
    array *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3000, 401)),
          *u = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3000)), *narrow = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(401, 3));
    const jk_view *args[] = {view(x), view(w)};
    const jk_view *x_alone[] = {view(x)};
    array *wanted[8];
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        const jk_context *context = &contexts[i];
        array *out[] = {like(x), like(w), new_array(dtype, CONTIGUOUS, SCALAR),       like(u), like(u),
                        like(w), like(x), new_array(dtype, CONTIGUOUS, DIMS(3000, 3))};
        const jk_view *outs[] = {view(out[0]), view(out[1])};
        jk_view column = out[3]->view;
        const ptrdiff_t column_shape[] = {out[3]->shape[0], 1}, column_strides[] = {out[3]->strides[0], 0};
        column.ndim = 2;
        column.shape = column_shape;
        column.strides_in_bytes = column_strides;
        check_ok(jk_pointwise_vjp(context, multiply, view(y_bar), args, NULL, outs, 0), "multiply");
        check_ok(jk_unbroadcast(context, view(x), view(out[2]), 0), "unbroadcast to a number");
        check_ok(jk_unbroadcast(context, view(x), &column, 0), "unbroadcast to a column");
        check_ok(jk_dense_jvp(context, view(x), view(w), view(out[4]), 0), "dense jvp");
        check_ok(jk_dense_vjp(context, view(x), view(u), view(out[5]), 0), "dense vjp");
        check_ok(jk_pointwise_value(context, jk_find_op("square"), x_alone, view(out[6]), 0), "square");
        check_ok(jk_matmul(context, view(x), view(narrow), view(out[7]), 0), "matmul");
        for (int k = 0; k < 8; k++) {
            if (i == 0)
                wanted[k] = out[k];
            else
                check_same_bits(out[k], wanted[k], "with a pool");
        }
    }
    jk_pool_destroy(threads);
    free(threads);

    /* one element, repeated for long enough */
    const ptrdiff_t many[] = {10000000}, still[] = {0};
    const jk_view repeated = {w->memory, dtype, 1, many, still};
    check(jk_unbroadcast(&polling, &repeated, view(wanted[2]), 0).error == JK_INTERRUPTED && n_polls == 1,
          "a poll that says so ends the call at once, after %d polls", n_polls);
    free_arrays();
}

static void run_all(jk_dtype dtype)
{
    seed(20240229);
    test_pointwise(dtype);
    test_axis(dtype);
    test_dense(dtype);
    test_banded(dtype);
    test_convolution(dtype);
    test_gram(dtype);
    test_rowwise(dtype);
    test_sparse(dtype);
    test_solve(dtype);
    test_context(dtype);
    test_workspace(dtype);
    test_threads(dtype, 1);
}

static int verdict(void)
{
    printf("%ld passed, %ld failed\n", n_passed, n_failed);
    return n_failed != 0;
}

int main(int n_words, char **words)
{
    uint64_t expected = 0;
    if (n_words == 3 && strcmp(words[1], "threads") == 0) {
        check_ok(jk_init(NULL), "jk_init");
        test_threads(JK_FLOAT32, atoi(words[2]));
        test_threads(JK_FLOAT64, atoi(words[2]));
        return verdict();
    }
    test_before_init();
    check_ok(jk_init(NULL), "jk_init");
    test_table();
    test_statuses();
    test_overlaps();
    for (int i = 0; jk_isa_name(i) != NULL; i++) {
        check_ok(jk_init(jk_isa_name(i)), jk_isa_name(i));
        check(strcmp(jk_isa_in_use(), jk_isa_name(i)) == 0, "%s is in use", jk_isa_name(i));
        digest = 14695981039346656037u;
        run_all(JK_FLOAT32);
        run_all(JK_FLOAT64);
        if (i == 0) expected = digest;
        check(digest == expected, "%s gives the bits of %s", jk_isa_name(i), jk_isa_name(0));
        printf("instruction set %s: ran\n", jk_isa_name(i));
    }
    return verdict();
}
