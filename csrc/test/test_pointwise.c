/* Pointwise value, JVP, VJP and double backward of every row of the table. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_POINTS = 37 }; /* a few full vectors of any width and a rest */

/* Arguments of one op at points of its domain. */
typedef struct point {
    array *array[JK_MAX_ARGS];
    const jk_view *view[JK_MAX_ARGS];
} point;

static point arguments_of(const jk_op *op, jk_dtype dtype, layout lay)
{
    point p = {{NULL}, {NULL}};
    for (int k = 0; k < op->n_args; k++) {
        p.array[k] = randoms(dtype, lay, op->low[k], op->high[k], DIMS(N_POINTS));
        p.view[k] = view(p.array[k]);
    }
    return p;
}

/* What a check is about: an op's name and the product. */
static const char *of(const char *name, const char *product)
{
    static char text[64];
    snprintf(text, sizeof text, "%s, %s", name, product);
    return text;
}

/* The op at single numbers, in float64. */
static double value_at(int op, const double *x)
{
    static const ptrdiff_t none = 0;
    double y = 0;
    jk_view in[JK_MAX_ARGS];
    const jk_view *args[JK_MAX_ARGS] = {NULL};
    double copy_of_x[JK_MAX_ARGS];
    for (int k = 0; k < jk_op_at(op)->n_args; k++) {
        copy_of_x[k] = x[k];
        in[k] = (jk_view){&copy_of_x[k], JK_FLOAT64, 0, &none, &none};
        args[k] = &in[k];
    }
    const jk_view out = {&y, JK_FLOAT64, 0, &none, &none};
    jk_pointwise_value(NULL, op, args, &out, 0);
    return y;
}

/* Sum over j of h[j] * dy/dx[j] at single numbers, in float64. */
static double slope_at(int op, const double *x, const double *h)
{
    static const ptrdiff_t none = 0;
    const int n = jk_op_at(op)->n_args;
    double slope = 0, numbers[2 * JK_MAX_ARGS];
    jk_view in[2 * JK_MAX_ARGS];
    const jk_view *args[JK_MAX_ARGS] = {NULL}, *tangents[JK_MAX_ARGS] = {NULL};
    for (int k = 0; k < n; k++) {
        numbers[k] = x[k];
        numbers[n + k] = h[k];
        in[k] = (jk_view){&numbers[k], JK_FLOAT64, 0, &none, &none};
        in[n + k] = (jk_view){&numbers[n + k], JK_FLOAT64, 0, &none, &none};
        args[k] = &in[k];
        tangents[k] = &in[n + k];
    }
    const jk_view out = {&slope, JK_FLOAT64, 0, &none, &none};
    jk_pointwise_jvp(NULL, op, tangents, args, NULL, &out, 0);
    return slope;
}

/* dy/dx[k] by central differences. */
static double slope_by_differences(int op, const double *x, int k)
{
    double low[JK_MAX_ARGS], high[JK_MAX_ARGS];
    memcpy(low, x, sizeof low);
    memcpy(high, x, sizeof high);
    low[k] -= 1e-6;
    high[k] += 1e-6;
    return (value_at(op, high) - value_at(op, low)) / (high[k] - low[k]);
}

/* d/dx[k] of slope_at by central differences. */
static double curvature_by_differences(int op, const double *x, const double *h, int k)
{
    double low[JK_MAX_ARGS], high[JK_MAX_ARGS];
    memcpy(low, x, sizeof low);
    memcpy(high, x, sizeof high);
    low[k] -= 1e-6;
    high[k] += 1e-6;
    return (slope_at(op, high, h) - slope_at(op, low, h)) / (high[k] - low[k]);
}

/* Value, JVP, VJP and double backward of every op against single numbers, differences and each other. */
static void test_products(jk_dtype dtype)
{
    const double tolerance = dtype == JK_FLOAT64 ? 1e-7 : 2e-4;
    for (int i = 0; i < jk_n_ops(); i++) {
        const jk_op *op = jk_op_at(i);
        const int n = op->n_args;
        const point args = arguments_of(op, dtype, CONTIGUOUS), tangents = arguments_of(op, dtype, CONTIGUOUS);
        const array *x = args.array[0];
        array *y = like(x), *y_dot = like(x), *y_dot_from_y = like(x), *y_bar = like(x), *y_bar_bar = like(x);
        array *wanted = like(x);
        array *bars[JK_MAX_ARGS] = {NULL}, *second_bars[JK_MAX_ARGS] = {NULL};
        const jk_view *outs[JK_MAX_ARGS] = {NULL}, *second_outs[1 + JK_MAX_ARGS] = {view(y_bar_bar)};
        for (int k = 0; k < n; k++) {
            outs[k] = view(bars[k] = like(x));
            second_outs[1 + k] = view(second_bars[k] = like(x));
        }
        for (ptrdiff_t j = 0; j < N_POINTS; j++) set(y_bar, j, uniform(-1, 1));

        check_ok(jk_pointwise_value(NULL, i, args.view, view(y), 0), of(op->name, "value"));
        check_ok(jk_pointwise_jvp(NULL, i, tangents.view, args.view, NULL, view(y_dot), 0), of(op->name, "jvp"));
        check_ok(jk_pointwise_jvp(NULL, i, tangents.view, args.view, view(y), view(y_dot_from_y), 0),
                 of(op->name, "jvp from y"));
        check_ok(jk_pointwise_vjp(NULL, i, view(y_bar), args.view, NULL, outs, 0), of(op->name, "vjp"));
        check_ok(jk_pointwise_vjp2(NULL, i, tangents.view, view(y_bar), args.view, NULL, second_outs, 0),
                 of(op->name, "vjp2"));

        double both_ways[2] = {dot(y_bar, y_dot), 0};
        for (ptrdiff_t j = 0; j < N_POINTS; j++) {
            double at_j[JK_MAX_ARGS] = {0}, dot_j[JK_MAX_ARGS] = {0}, sum = 0;
            for (int k = 0; k < n; k++) {
                at_j[k] = get(args.array[k], j);
                dot_j[k] = get(tangents.array[k], j);
            }
            for (int k = 0; k < n; k++) {
                sum += dot_j[k] * slope_by_differences(i, at_j, k);
                both_ways[1] += get(bars[k], j) * dot_j[k];
                check_close(get(second_bars[k], j), get(y_bar, j) * curvature_by_differences(i, at_j, dot_j, k),
                            10 * tolerance, of(op->name, "vjp2 of an argument"));
            }
            check_close(get(y, j), value_at(i, at_j), rounding(dtype), of(op->name, "value"));
            check_close(get(y_bar_bar, j), slope_at(i, at_j, dot_j), 10 * rounding(dtype),
                        of(op->name, "vjp2 of y_bar"));
            set(wanted, j, sum);
        }
        check_array_close(y_dot, wanted, tolerance, of(op->name, "jvp"));
        if (op->first[0] != NULL && op->first_from_y != NULL)
            check_array_close(y_dot_from_y, y_dot, 10 * rounding(dtype), of(op->name, "jvp from y"));
        else
            check_same_bits(y_dot_from_y, y_dot, of(op->name, "jvp from y"));
        check_close(both_ways[1], both_ways[0], N_POINTS * rounding(dtype), of(op->name, "jvp against vjp"));
        add_to_digest(y);
        add_to_digest(y_bar_bar);
        for (int k = 0; k < n; k++) {
            add_to_digest(bars[k]);
            add_to_digest(second_bars[k]);
        }
        free_arrays();
    }
}

/* Every layout of inputs and outputs, in place and accumulated: the bits of the contiguous answer. */
static void test_layouts(jk_dtype dtype)
{
    for (int i = 0; i < jk_n_ops(); i++) {
        const jk_op *op = jk_op_at(i);
        const int n = op->n_args;
        const point args = arguments_of(op, dtype, CONTIGUOUS);
        const array *y_bar = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(N_POINTS));
        array *y = like(y_bar), *bars[JK_MAX_ARGS] = {NULL}, *sums[JK_MAX_ARGS] = {NULL};
        const jk_view *outs[JK_MAX_ARGS] = {NULL}, *sum_outs[JK_MAX_ARGS] = {NULL};
        for (int k = 0; k < n; k++) {
            outs[k] = view(bars[k] = like(y_bar));
            sum_outs[k] = view(sums[k] = like(y_bar));
            set_all(sums[k], 0.5);
        }
        check_ok(jk_pointwise_value(NULL, i, args.view, view(y), 0), of(op->name, "value"));
        check_ok(jk_pointwise_vjp(NULL, i, view(y_bar), args.view, view(y), outs, 0), of(op->name, "vjp"));

        for (layout lay = 0; lay < N_LAYOUTS; lay++) {
            const jk_view *strided_args[JK_MAX_ARGS] = {NULL}, *strided_outs[JK_MAX_ARGS] = {NULL};
            array *strided_bars[JK_MAX_ARGS] = {NULL}, *strided_y = laid_out(y, lay);
            for (int k = 0; k < n; k++) {
                strided_args[k] = view(laid_out(args.array[k], lay));
                strided_outs[k] = view(strided_bars[k] = laid_out(y_bar, lay));
            }
            check_ok(jk_pointwise_value(NULL, i, strided_args, view(strided_y), 0), of(op->name, "strided value"));
            check_same_bits(strided_y, y, of(op->name, "strided value"));
            check_ok(jk_pointwise_vjp(NULL, i, view(y_bar), strided_args, view(strided_y), strided_outs, 0),
                     of(op->name, "strided vjp"));
            for (int k = 0; k < n; k++) check_same_bits(strided_bars[k], bars[k], of(op->name, "strided vjp"));

            /* In place on each argument, on y and on y_bar. */
            array *in_place = laid_out(args.array[n - 1], lay);
            strided_args[n - 1] = view(in_place);
            check_ok(jk_pointwise_value(NULL, i, strided_args, view(in_place), 0), of(op->name, "value in place"));
            check_same_bits(in_place, y, of(op->name, "value in place"));
            copy(in_place, args.array[n - 1]);
            array *into_y = laid_out(y, lay), *into_y_bar = laid_out(y_bar, lay);
            memset(strided_outs, 0, sizeof strided_outs);
            strided_outs[0] = view(into_y);
            check_ok(jk_pointwise_vjp(NULL, i, view(y_bar), strided_args, view(into_y), strided_outs, 0),
                     of(op->name, "strided vjp"));
            check_same_bits(into_y, bars[0], of(op->name, "vjp into y"));
            strided_outs[0] = view(into_y_bar);
            check_ok(jk_pointwise_vjp(NULL, i, view(into_y_bar), strided_args, view(y), strided_outs, 0),
                     of(op->name, "strided vjp"));
            check_same_bits(into_y_bar, bars[0], of(op->name, "vjp into y_bar"));
        }

        check_ok(jk_pointwise_vjp(NULL, i, view(y_bar), args.view, view(y), sum_outs, 1),
                 of(op->name, "accumulated vjp"));
        for (int k = 0; k < n; k++) {
            for (ptrdiff_t j = 0; j < N_POINTS; j++)
                set(bars[k], j, dtype == JK_FLOAT64 ? 0.5 + get(bars[k], j) : (double)(0.5f + (float)get(bars[k], j)));
            check_same_bits(sums[k], bars[k], of(op->name, "accumulated vjp"));
        }
        free_arrays();
    }
}

/* The place in `small` from which the element at `index` of an array of shape `big` is broadcast. */
static ptrdiff_t broadcast_index(const array *big, const array *small, ptrdiff_t index)
{
    ptrdiff_t place = 0, step = 1;
    for (int k = 1; k <= small->view.ndim; k++) {
        const ptrdiff_t length = big->shape[big->view.ndim - k], own = small->shape[small->view.ndim - k];
        place += (own == 1 ? 0 : index % length) * step;
        index /= length;
        step *= own;
    }
    return place;
}

static array *summed_to(const array *big, const array *small)
{
    array *sum = new_array(JK_FLOAT64, CONTIGUOUS, small->view.ndim, small->shape);
    set_all(sum, 0);
    for (ptrdiff_t i = 0; i < big->size; i++) {
        const ptrdiff_t place = broadcast_index(big, small, i);
        set(sum, place, get(sum, place) + get(big, i));
    }
    return sum;
}

/* Cotangents that come back to a broadcast argument, against single elements summed one by one. */
static void check_broadcast(jk_dtype dtype, const char *name, int a_ndim, const ptrdiff_t *a_shape, int b_ndim,
                            const ptrdiff_t *b_shape, int y_ndim, const ptrdiff_t *y_shape)
{
    const int op = jk_find_op(name);
    for (layout lay = 0; lay < N_LAYOUTS; lay++) {
        const array *a = randoms(dtype, lay, 0.5, 2, a_ndim, a_shape),
                    *b = randoms(dtype, lay, 0.5, 2, b_ndim, b_shape);
        const array *y_bar = randoms(dtype, lay, -1, 1, y_ndim, y_shape);
        const jk_view *args[] = {view(a), view(b)};
        array *y = new_array(dtype, lay, y_ndim, y_shape), *a_bar = like(a), *b_bar = like(b);
        array *products[2] = {new_array(JK_FLOAT64, CONTIGUOUS, y_ndim, y_shape),
                              new_array(JK_FLOAT64, CONTIGUOUS, y_ndim, y_shape)};
        check_ok(jk_pointwise_value(NULL, op, args, view(y), 0), name);
        check_ok(
            jk_pointwise_vjp(NULL, op, view(y_bar), args, view(y), (const jk_view *[]){view(a_bar), view(b_bar)}, 0),
            name);
        for (ptrdiff_t i = 0; i < y->size; i++) {
            const double at_i[JK_MAX_ARGS] = {get(a, broadcast_index(y, a, i)), get(b, broadcast_index(y, b, i))};
            check_close(get(y, i), value_at(op, at_i), rounding(dtype), of(name, "broadcast value"));
            for (int k = 0; k < 2; k++) {
                double unit[JK_MAX_ARGS] = {0};
                unit[k] = 1;
                set(products[k], i, get(y_bar, i) * slope_at(op, at_i, unit));
            }
        }
        const double tolerance = rounding(dtype) * (double)(1 + y->size);
        check_array_close(a_bar, summed_to(products[0], a), tolerance, of(name, "broadcast vjp of a"));
        check_array_close(b_bar, summed_to(products[1], b), tolerance, of(name, "broadcast vjp of b"));

        /* Each alone, and accumulated, from the arguments without y. */
        array *alone = like(b);
        set_all(alone, 0);
        check_ok(jk_pointwise_vjp(NULL, op, view(y_bar), args, NULL, (const jk_view *[]){NULL, view(alone)}, 1), name);
        check_array_close(alone, b_bar, rounding(dtype), of(name, "broadcast vjp of b alone"));

        array *g_sum = like(a);
        check_ok(jk_unbroadcast(NULL, view(y_bar), view(g_sum), 0), "unbroadcast");
        check_array_close(g_sum, summed_to(y_bar, a), tolerance, "unbroadcast");
        free_arrays();
    }
}

static void test_broadcasting(jk_dtype dtype)
{
    static const char *const names[] = {"multiply", "power", "maximum", "subtract"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i];
        check_broadcast(dtype, name, DIMS(3, 4), DIMS(4), DIMS(3, 4));
        check_broadcast(dtype, name, DIMS(3, 1), DIMS(1, 4), DIMS(3, 4));
        check_broadcast(dtype, name, SCALAR, DIMS(3, 4), DIMS(3, 4));
        check_broadcast(dtype, name, DIMS(2, 1, 4), DIMS(3, 1), DIMS(2, 3, 4));
        check_broadcast(dtype, name, DIMS(1, 1, 1), DIMS(2, 3, 4), DIMS(2, 3, 4));
        check_broadcast(dtype, name, DIMS(2, 3, 4, 5), DIMS(3, 1, 5), DIMS(2, 3, 4, 5));
        check_broadcast(dtype, name, DIMS(0, 3), DIMS(3), DIMS(0, 3));
        check_broadcast(dtype, name, DIMS(1), DIMS(0), DIMS(0));
        check_broadcast(dtype, name, DIMS(300, 3), DIMS(3), DIMS(300, 3));
        check_broadcast(dtype, name, DIMS(3, 700), DIMS(3, 1), DIMS(3, 700));
        check_broadcast(dtype, name, SCALAR, DIMS(1500), DIMS(1500));
    }
}

void test_pointwise(jk_dtype dtype)
{
    test_products(dtype);
    test_layouts(dtype);
    test_broadcasting(dtype);
}
