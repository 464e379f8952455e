/* Axis Jacobians against loops over every combination of their letters. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* Letters a, b, c, ... of a string as small integers. */
typedef struct letters {
    int n;
    signed char letter[MAX_NDIM];
} letters;

static letters parse(const char *text)
{
    letters s = {(int)strlen(text), {0}};
    for (int k = 0; k < s.n; k++) s.letter[k] = (signed char)(text[k] - 'a');
    return s;
}

enum { N_LETTERS = 4 };
static const ptrdiff_t letter_length[N_LETTERS] = {3, 5, 4, 2};

/* The place of one combination of letters in an array whose axes carry these letters. */
static ptrdiff_t place(letters s, const ptrdiff_t *at_letter)
{
    ptrdiff_t index = 0;
    for (int k = 0; k < s.n; k++) index = index * letter_length[s.letter[k]] + at_letter[s.letter[k]];
    return index;
}

static array *array_over(jk_dtype dtype, layout lay, int n_batch, letters s)
{
    ptrdiff_t shape[MAX_NDIM] = {0};
    for (int k = 0; k < s.n; k++) shape[n_batch + k] = letter_length[s.letter[k]];
    if (n_batch) shape[0] = 2;
    return randoms(dtype, lay, -1, 1, n_batch + s.n, shape);
}

/* J v and J^T u of one axis Jacobian against loops over every combination of its letters. */
static void check_axis(jk_dtype dtype, layout lay, const char *values_text, const char *out_text, const char *in_text,
                       int n_batch)
{
    const letters in_values = parse(values_text), out_s = parse(out_text), in_s = parse(in_text);
    char what[64];
    snprintf(what, sizeof what, "axis %s: %s <- %s", values_text, out_text, in_text);
    array *values = array_over(dtype, lay, 0, in_values);
    array *v = array_over(dtype, lay, n_batch, in_s), *u = array_over(dtype, lay, n_batch, out_s);
    array *jv = like(u), *ju = like(v), *jv_wanted = laid_out(u, CONTIGUOUS), *ju_wanted = laid_out(v, CONTIGUOUS);
    const jk_axis jacobian = {values->view, N_LETTERS,        letter_length, out_s.n,
                              in_s.n,       in_values.letter, out_s.letter,  in_s.letter};
    set_all(jv_wanted, 0);
    set_all(ju_wanted, 0);
    int used[N_LETTERS] = {0};
    for (int k = 0; k < out_s.n; k++) used[out_s.letter[k]] = 1;
    for (int k = 0; k < in_s.n; k++) used[in_s.letter[k]] = 1;
    ptrdiff_t n_combinations = 1, out_size = 1, in_size = 1;
    for (int k = 0; k < N_LETTERS; k++) n_combinations *= used[k] ? letter_length[k] : 1;
    for (int k = 0; k < out_s.n; k++) out_size *= letter_length[out_s.letter[k]];
    for (int k = 0; k < in_s.n; k++) in_size *= letter_length[in_s.letter[k]];

    for (ptrdiff_t batch = 0; batch < (n_batch ? 2 : 1); batch++)
        for (ptrdiff_t i = 0; i < n_combinations; i++) {
            ptrdiff_t at_letter[N_LETTERS] = {0}, rest = i;
            for (int k = 0; k < N_LETTERS; k++)
                if (used[k]) {
                    at_letter[k] = rest % letter_length[k];
                    rest /= letter_length[k];
                }
            const double value = get(values, place(in_values, at_letter));
            const ptrdiff_t out_at = batch * out_size + place(out_s, at_letter);
            const ptrdiff_t in_at = batch * in_size + place(in_s, at_letter);
            set(jv_wanted, out_at, get(jv_wanted, out_at) + value * get(v, in_at));
            set(ju_wanted, in_at, get(ju_wanted, in_at) + value * get(u, out_at));
        }
    check_ok(jk_axis_jvp(NULL, &jacobian, view(v), view(jv), 0), what);
    check_ok(jk_axis_vjp(NULL, &jacobian, view(u), view(ju), 0), what);
    check_array_close(jv, jv_wanted, 60 * rounding(dtype), what);
    check_array_close(ju, ju_wanted, 60 * rounding(dtype), what);
    check_close(dot(u, jv), dot(ju, v), 600 * rounding(dtype), what);

    array *sum = like(jv);
    set_all(sum, 0.25);
    check_ok(jk_axis_jvp(NULL, &jacobian, view(v), view(sum), 1), what);
    for (ptrdiff_t i = 0; i < sum->size; i++) set(jv_wanted, i, get(jv_wanted, i) + 0.25);
    check_array_close(sum, jv_wanted, 60 * rounding(dtype), what);
    free_arrays();
}

/* Every element of `out` against that of g which it repeats, and the adjoint, a sum. */
static void check_repeat(jk_dtype dtype, layout lay, int g_ndim, const ptrdiff_t *g_shape, int ndim,
                         const ptrdiff_t *shape)
{
    char what[64];
    snprintf(what, sizeof what, "repeat, layout %d", (int)lay);
    array *g = randoms(dtype, lay, -1, 1, g_ndim, g_shape), *u = randoms(dtype, lay, -1, 1, ndim, shape);
    array *out = like(u), *wanted = laid_out(u, CONTIGUOUS), *g_bar = like(g);
    for (ptrdiff_t i = 0; i < out->size; i++) {
        ptrdiff_t rest = i, at = 0, stride = 1;
        for (int d = ndim - 1; d >= 0; d--) {
            const ptrdiff_t index = rest % shape[d];
            const int own = d - (ndim - g_ndim);
            rest /= shape[d];
            if (own < 0) continue;
            if (g_shape[own] != 1) at += index * stride;
            stride *= g_shape[own];
        }
        set(wanted, i, get(g, at));
    }
    check_ok(jk_repeat(NULL, view(g), view(out), 0), what);
    check_same_bits(out, wanted, what);
    check_ok(jk_unbroadcast(NULL, view(u), view(g_bar), 0), what);
    check_close(dot(u, out), dot(g_bar, g), 600 * rounding(dtype), what);
    set_all(out, 0.25);
    check_ok(jk_repeat(NULL, view(g), view(out), 1), what);
    for (ptrdiff_t i = 0; i < out->size; i++) set(wanted, i, get(wanted, i) + 0.25);
    check_array_close(out, wanted, rounding(dtype), what);
    free_arrays();
}

static void test_repeat(jk_dtype dtype)
{
    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        check_repeat(dtype, lay, DIMS(3, 4), DIMS(3, 4));
        check_repeat(dtype, lay, DIMS(4), DIMS(3, 4));
        check_repeat(dtype, lay, DIMS(3, 1), DIMS(3, 4));
        check_repeat(dtype, lay, DIMS(1, 1), DIMS(2, 3, 4));
        check_repeat(dtype, lay, SCALAR, DIMS(5));
        check_repeat(dtype, lay, SCALAR, SCALAR);
        check_repeat(dtype, lay, DIMS(2, 1, 4), DIMS(2, 3, 4));
        check_repeat(dtype, lay, DIMS(3, 1), DIMS(2, 3, 0));
        check_repeat(dtype, lay, DIMS(100, 1), DIMS(100, 100));
    }
    array *g = new_array(dtype, CONTIGUOUS, DIMS(3)), *out = new_array(dtype, CONTIGUOUS, DIMS(3, 4));
    check_status(jk_repeat(NULL, view(g), view(out), 0), JK_SHAPE, 1, "repeat to a shape that is none");
    check_status(jk_repeat(NULL, view(out), view(g), 0), JK_SHAPE, 1, "repeat to fewer axes");
    array *row = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(1, 4));
    jk_view inside = *view(out);
    inside.data = row->view.data;
    check_status(jk_repeat(NULL, view(row), &inside, 0), JK_OVERLAP, 0, "repeat onto itself");
    free_arrays();
}

static void test_refusals(jk_dtype dtype)
{
    array *values = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(3)), *out = like(values);
    const signed char a[] = {0};
    for (int k = 0; k < 2; k++) {
        const jk_axis jacobian = {values->view, N_LETTERS, letter_length, k ? 1 : -1, k ? -1 : 1, a, a, a};
        check_status(jk_axis_jvp(NULL, &jacobian, view(values), view(out), 0), JK_SHAPE, 0,
                     "a negative number of letters");
        check_status(jk_axis_vjp(NULL, &jacobian, view(values), view(out), 0), JK_SHAPE, 0,
                     "a negative number of letters");
    }
    check(is_untouched(out), "a refused axis Jacobian writes nothing");
    free_arrays();
}

void test_axis(jk_dtype dtype)
{
    test_repeat(dtype);
    test_refusals(dtype);
    static const char *const cases[][3] = {
        {"a", "a", "a"},     {"ab", "ab", "b"},  {"", "a", ""},        {"", "", "a"},         {"ab", "a", "b"},
        {"bc", "ac", "ab"},  {"ab", "ac", "bc"}, {"", "a", "a"},       {"", "ba", "ab"},      {"ab", "b", "ab"},
        {"ab", "ba", "ab"},  {"", "", ""},       {"a", "ab", "ab"},    {"a", "", "a"},        {"abc", "ab", "ac"},
        {"cb", "acb", "ab"}, {"", "ab", "bc"},   {"dc", "abd", "abc"}, {"dabc", "dab", "cb"}, {"b", "ab", "bc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (layout lay = 0; lay < N_LAYOUTS; lay++)
            for (int n_batch = 0; n_batch < 2; n_batch++)
                check_axis(dtype, lay, cases[i][0], cases[i][1], cases[i][2], n_batch);
}
