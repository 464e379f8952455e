/* The cotangent of a broadcast operand, in C, without Python.
 *
 * y = x * w multiplies every row of x, (2, 3), by w, (3).  The cotangent of w is x * y_bar summed over the rows; it is
 * computed in one pass, and no array of x's shape is made.  From the root of the repository:
 *
 *     make -C csrc
 *     cc -std=c11 -Icsrc/include examples/broadcast_vjp.c csrc/libjackern.a -lm -pthread -o broadcast_vjp
 *     ./broadcast_vjp
 *
 * prints w_bar = 5 7 9, the sums of x's columns.
 */
#include <jackern/jackern.h>
#include <stdio.h>

int main(void)
{
    double x[] = {1, 2, 3, 4, 5, 6}, w[] = {10, 20, 30}, y_bar[] = {1, 1, 1, 1, 1, 1}, w_bar[3];
    const ptrdiff_t shape[] = {2, 3}, strides[] = {3 * sizeof(double), sizeof(double)};
    const jk_view x_view = {x, JK_FLOAT64, 2, shape, strides};
    const jk_view w_view = {w, JK_FLOAT64, 1, shape + 1, strides + 1};
    const jk_view y_bar_view = {y_bar, JK_FLOAT64, 2, shape, strides};
    const jk_view w_bar_view = {w_bar, JK_FLOAT64, 1, shape + 1, strides + 1};
    const jk_view *const args[] = {&x_view, &w_view};
    const jk_view *const outs[] = {NULL, &w_bar_view}; /* the cotangent of x is not wanted */

    jk_status status = jk_init(NULL);
    if (status.error == JK_OK) {
        status = jk_pointwise_vjp(NULL, jk_find_op("multiply"), &y_bar_view, args, NULL, outs, 0);
    }
    if (status.error != JK_OK) {
        fprintf(stderr, "argument %d: %s\n", status.argument, jk_message(status.error));
        return 1;
    }
    printf("w_bar = %g %g %g\n", w_bar[0], w_bar[1], w_bar[2]);
    return 0;
}
