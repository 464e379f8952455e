/* Solves: what they give, multiplied by the matrix again, is the right-hand side but for rounding. */
#include "harness.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_N = 41, N_SOLUTIONS = 3 };

/* A band matrix as a function of its place, and arrays that hold it. */
static ptrdiff_t n_rows, lower, upper;
static double entry[MAX_N][MAX_N];

/* Random entries; `diagonal` is added to the main diagonal, and 0 there asks for interchanges in every row. */
static void new_matrix(jk_dtype dtype, ptrdiff_t n, ptrdiff_t l, ptrdiff_t u, double diagonal, int symmetric)
{
    n_rows = n, lower = l, upper = u;
    array *numbers = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(MAX_N, MAX_N)); /* rounded to the dtype */
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            const int inside = j - i <= u && i - j <= l;
            const ptrdiff_t place = symmetric && j < i ? j * MAX_N + i : i * MAX_N + j;
            entry[i][j] = !inside ? 0 : i == j ? diagonal : get(numbers, place);
        }
}

/* Row i holds a[i][i - before] to a[i][i + upper], then zeros. */
static array *rows_of_band(jk_dtype dtype, ptrdiff_t before, ptrdiff_t after)
{
    array *band = new_array(dtype, CONTIGUOUS, DIMS(n_rows, before + upper + 1 + after));
    set_all(band, 0);
    for (ptrdiff_t i = 0; i < n_rows; i++)
        for (ptrdiff_t j = 0; j < n_rows; j++)
            if (j - i >= -before && j - i <= upper) set(band, i * band->shape[1] + j - i + before, entry[i][j]);
    return band;
}

/* |A x - b| <= tolerance * (|A| |x| + |b|), in the largest norm, for every row of x. */
static void check_solutions(const array *x, const array *b, int transposed, const char *what)
{
    add_to_digest(x);
    for (ptrdiff_t s = 0; s < x->shape[0]; s++) {
        double error = 0, size = 0;
        for (ptrdiff_t i = 0; i < n_rows; i++) {
            double rest = -get(b, s * n_rows + i), sum = fabs(rest);
            for (ptrdiff_t j = 0; j < n_rows; j++) {
                const double term = (transposed ? entry[j][i] : entry[i][j]) * get(x, s * n_rows + j);
                rest += term;
                sum += fabs(term);
            }
            error = fmax(error, fabs(rest));
            size = fmax(size, sum);
        }
        check(error <= rounding(x->view.dtype) * size, "%s, n = %td, lower = %td, upper = %td: error %g of %g", what,
              n_rows, lower, upper, error, size);
    }
}

static array *right_sides(jk_dtype dtype) { return randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N_SOLUTIONS, n_rows)); }

static void check_tridiagonal(jk_dtype dtype, layout lay)
{
    const char *what = "tridiagonal solve";
    const ptrdiff_t n = n_rows, n_off = n > 0 ? n - 1 : 0;
    array *below = new_array(dtype, lay, DIMS(n_off)), *main_diagonal = new_array(dtype, lay, DIMS(n)),
          *above = new_array(dtype, lay, DIMS(n_off)), *factor = new_array(dtype, CONTIGUOUS, DIMS(4, n));
    for (ptrdiff_t i = 0; i < n; i++) set(main_diagonal, i, entry[i][i]);
    for (ptrdiff_t i = 0; i < n_off; i++) {
        set(below, i, entry[i + 1][i]);
        set(above, i, entry[i][i + 1]);
    }
    unsigned char swapped[MAX_N];
    array *b = right_sides(dtype), *x = laid_out(b, CONTIGUOUS);
    check_ok(jk_tridiagonal_factor(NULL, view(below), view(main_diagonal), view(above), view(factor), swapped), what);
    check_ok(jk_tridiagonal_solve(NULL, view(factor), swapped, view(x)), what);
    check_solutions(x, b, 0, what);
}

static void check_band(jk_dtype dtype, int transposed)
{
    const char *what = transposed ? "transposed band solve" : "band solve";
    array *band = rows_of_band(dtype, lower, lower), *b = right_sides(dtype), *x = laid_out(b, CONTIGUOUS);
    ptrdiff_t pivots[MAX_N];
    check_ok(jk_band_factor(NULL, lower, upper, view(band), pivots), what);
    check_ok(jk_band_solve(NULL, lower, upper, view(band), pivots, transposed, view(x)), what);
    check_solutions(x, b, transposed, what);
}

static void check_cholesky(jk_dtype dtype)
{
    const char *what = "band Cholesky";
    array *band = rows_of_band(dtype, 0, 0), *b = right_sides(dtype), *x = laid_out(b, CONTIGUOUS);
    check_ok(jk_band_cholesky(NULL, view(band)), what);
    check_ok(jk_band_cholesky_solve(NULL, view(band), view(x)), what);
    check_solutions(x, b, 0, what);
}

static void check_triangle(jk_dtype dtype, int transposed)
{
    const char *what = transposed ? "transposed triangular solve" : "triangular solve";
    const ptrdiff_t n = n_rows;
    array *l = new_array(dtype, CONTIGUOUS, DIMS(2, n, n)), *b = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(2, 3, n));
    array *x = laid_out(b, CONTIGUOUS);
    for (ptrdiff_t k = 0; k < 2 * n * n; k++) {
        const ptrdiff_t i = k / n % n, j = k % n;
        set(l, k, j > i ? (double)NAN : entry[i][j]);
    }
    check_ok(jk_triangular_solve(NULL, view(l), transposed, view(x)), what);
    for (ptrdiff_t item = 0; item < 2; item++) {
        array *b_item = new_array(dtype, CONTIGUOUS, DIMS(3, n)), *x_item = like(b_item);
        for (ptrdiff_t k = 0; k < 3 * n; k++) {
            set(b_item, k, get(b, item * 3 * n + k));
            set(x_item, k, get(x, item * 3 * n + k));
        }
        check_solutions(x_item, b_item, transposed, what);
    }
}

/* What cannot be solved, and what is no solve at all. */
/* What a factorisation leaves does not depend on what was there. */
static void check_all_written(jk_dtype dtype)
{
    for (ptrdiff_t n = 1; n < 8; n++) {
        array *diagonal = new_array(dtype, CONTIGUOUS, DIMS(n)), *off = new_array(dtype, CONTIGUOUS, DIMS(n - 1));
        array *factors[2];
        unsigned char swapped[2][8];
        set_all(diagonal, 2);
        set_all(off, 1);
        for (int k = 0; k < 2; k++) {
            factors[k] = new_array(dtype, CONTIGUOUS, DIMS(4, n));
            set_all(factors[k], k + 1);
            memset(swapped[k], k + 1, sizeof swapped[k]);
            check_ok(jk_tridiagonal_factor(NULL, view(off), view(diagonal), view(off), view(factors[k]), swapped[k]),
                     "tridiagonal");
        }
        check_same_bits(factors[0], factors[1], "a tridiagonal factor, all of it");
        check(memcmp(swapped[0], swapped[1], (size_t)n) == 0, "%td interchanges, all of them", n);
        free_arrays();
    }
}

static void check_refusals(jk_dtype dtype)
{
    unsigned char swapped[MAX_N];
    ptrdiff_t pivots[MAX_N];
    array *zeros = new_array(dtype, CONTIGUOUS, DIMS(5)), *off = new_array(dtype, CONTIGUOUS, DIMS(4)),
          *factor = new_array(dtype, CONTIGUOUS, DIMS(4, 5)), *band = new_array(dtype, CONTIGUOUS, DIMS(5, 4)),
          *x = new_array(dtype, CONTIGUOUS, DIMS(1, 5)), *strided = new_array(dtype, EVERY_SECOND, DIMS(1, 5)),
          *half = new_array(dtype, CONTIGUOUS, DIMS(5, 2)), *ones = like(zeros);
    set_all(ones, 1);
    set(ones, 0, 0);
    set_all(zeros, 0);
    set_all(off, 0);
    check_status(jk_tridiagonal_factor(NULL, view(off), view(zeros), view(off), view(factor), swapped), JK_SINGULAR, 0,
                 "a tridiagonal matrix of zeros");
    set_all(band, 0);
    for (ptrdiff_t i = 0; i < 5; i++) set(band, 4 * i + 1, i == 3 ? 0 : 2);
    check_status(jk_band_factor(NULL, 1, 1, view(band), pivots), JK_SINGULAR, 3, "a band with a zero in row 3");
    set_all(half, 0);
    for (ptrdiff_t i = 0; i < 5; i++) set(half, 2 * i, i == 2 ? -1 : 1);
    check_status(jk_band_cholesky(NULL, view(half)), JK_INDEFINITE, 2, "a band with a negative pivot in row 2");
    set(half, 0, (double)NAN);
    check_status(jk_band_cholesky(NULL, view(half)), JK_INDEFINITE, 0, "a band with a NaN");

    check_status(jk_band_factor(NULL, 2, 1, view(band), pivots), JK_SHAPE, 0, "a band that is too narrow");
    check_status(jk_band_factor(NULL, -1, 5, view(band), pivots), JK_SHAPE, 0, "fewer than no diagonals");
    check_status(jk_band_solve(NULL, 1, 1, view(band), pivots, 0, view(strided)), JK_CONTIGUITY, 1, "a strided x");
    check_status(jk_band_solve(NULL, 1, 1, view(band), pivots, 0, view(half)), JK_SHAPE, 1, "an x of other length");
    check_status(jk_tridiagonal_factor(NULL, view(zeros), view(zeros), view(off), view(factor), swapped), JK_SHAPE, 0,
                 "a lower diagonal that is too long");
    check_status(jk_tridiagonal_solve(NULL, view(band), swapped, view(x)), JK_SHAPE, 0, "a factor of other shape");
    check(is_untouched(x) && is_untouched(strided), "a refused solve has written nothing");
    check_ok(jk_band_solve(NULL, 1, 1, view(band), pivots, 0, view(new_array(dtype, EVERY_SECOND, DIMS(0, 5)))),
             "no solutions are contiguous");

    /* a NaN is no zero, also below one, and reaches the solutions */
    set_all(band, 0);
    for (ptrdiff_t i = 0; i < 5; i++) set(band, 4 * i + 1, 1);
    set(band, 4, (double)NAN);
    set_all(x, 1);
    set(band, 9, 0);
    set(band, 12, (double)NAN);
    check_ok(jk_band_factor(NULL, 1, 1, view(band), pivots), "a band with a NaN");
    check_ok(jk_band_solve(NULL, 1, 1, view(band), pivots, 0, view(x)), "a band with a NaN");
    check(isnan(get(x, 0)) && isnan(get(x, 1)), "a NaN reaches the solution");
    set(off, 0, (double)NAN);
    check_ok(jk_tridiagonal_factor(NULL, view(off), view(ones), view(off), view(factor), swapped),
             "a zero above a NaN");
}

static int count(void *n_polls)
{
    ++*(int *)n_polls;
    return 0;
}

/* Long steps ask in between. */
static void check_polls(jk_dtype dtype)
{
    enum { LONG = 900001, SIDE = 1500 };
    int n_polls = 0;
    const jk_context context = {NULL, NULL, 1, count, &n_polls, NULL, 0};
    array *diagonal = new_array(dtype, CONTIGUOUS, DIMS(LONG)), *off = new_array(dtype, CONTIGUOUS, DIMS(LONG - 1));
    array *factor = new_array(dtype, CONTIGUOUS, DIMS(4, LONG)), *x = new_array(dtype, CONTIGUOUS, DIMS(1, LONG));
    unsigned char *swapped = malloc(LONG);
    set_all(diagonal, 3);
    set_all(off, -1);
    set_all(x, 1);
    check_ok(jk_tridiagonal_factor(&context, view(off), view(diagonal), view(off), view(factor), swapped),
             "tridiagonal");
    check(n_polls > 2, "a tridiagonal factorisation asks more than %d times", n_polls);
    check_ok(jk_tridiagonal_solve(NULL, view(factor), swapped, view(x)), "tridiagonal");
    for (ptrdiff_t i = 1; i < LONG - 1; i += 1237)
        check_close(3 * get(x, i) - get(x, i - 1) - get(x, i + 1), 1, 10 * rounding(dtype), "a long tridiagonal solve");
    free(swapped);

    array *l = new_array(dtype, CONTIGUOUS, DIMS(1, SIDE, SIDE)), *b = new_array(dtype, CONTIGUOUS, DIMS(1, 16, SIDE));
    set_all(l, 0);
    for (ptrdiff_t i = 0; i < SIDE; i++) set(l, i * SIDE + i, 2);
    for (int transposed = 0; transposed < 2; transposed++) {
        set_all(b, 1);
        n_polls = 0;
        check_ok(jk_triangular_solve(&context, view(l), transposed, view(b)), "a large triangle");
        check(n_polls > 8, "a large triangle asks more than %d times", n_polls);
        check(get(b, 0) == 0.5 && get(b, b->size - 1) == 0.5, "a large triangle is solved");
    }
    free_arrays();
}

void test_solve(jk_dtype dtype)
{
    static const ptrdiff_t sizes[][3] = {{0, 0, 0}, {1, 0, 0}, {2, 1, 1},  {3, 1, 1},  {4, 1, 1},  {5, 0, 2},
                                         {5, 2, 0}, {7, 0, 0}, {9, 3, 1},  {16, 1, 4}, {17, 1, 1}, {24, 23, 23},
                                         {8, 7, 7}, {9, 8, 8}, {40, 1, 1}, {41, 1, 1}, {41, 5, 9}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const ptrdiff_t n = sizes[i][0], l = sizes[i][1], u = sizes[i][2];
        for (int kind = 0; kind < 3; kind++) { /* interchanges everywhere, here and there, nowhere */
            const double diagonal = kind == 0 && l > 0 && u > 0 && n % 2 == 0 ? 0
                                    : kind == 1                               ? 0.5
                                                                              : 2 + (double)(l + u);
            new_matrix(dtype, n, l, u, diagonal, 0);
            if (l == 1 && u == 1)
                for (layout lay = 0; lay < N_LAYOUTS; lay++) check_tridiagonal(dtype, lay);
            for (int transposed = 0; transposed < 2; transposed++) check_band(dtype, transposed);
            free_arrays();
        }
        new_matrix(dtype, n, l, 0, 2 + (double)l, 0);
        for (int transposed = 0; transposed < 2; transposed++) check_triangle(dtype, transposed);
        free_arrays();
        if (l != u) continue;
        new_matrix(dtype, n, l, u, 2 + (double)(l + u), 1);
        check_cholesky(dtype);
        free_arrays();
    }
    check_refusals(dtype);
    check_polls(dtype);
    check_all_written(dtype);
    free_arrays();
}
