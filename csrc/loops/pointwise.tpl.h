/* The loops of every row of ops.def. */

typedef real N(element)(real t, real a, real b, real c, real y, real h);

/* One loop serves all: what an element function does not read is not loaded once it is inlined here. */
JK_INLINE void N(map)(ptrdiff_t n, void *out, const void *const *in, N(element) * f)
{
    real *o = out;
    const real *t = in[JK_IN_T], *a = in[JK_IN_A], *b = in[JK_IN_B], *c = in[JK_IN_C], *y = in[JK_IN_Y],
               *h = in[JK_IN_H];
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) o[i] = f(t[i], a[i], b[i], c[i], y[i], h[i]);
}

typedef real N(far_element)(real t, real a, real b, real c, real y, real h, int far);

/* The same in two loops: one is vectorised and right where |x| is at most N(near_end), runs that hold a larger one take
 * the other.  An element has the same bits in both. */
JK_INLINE void N(map_far)(ptrdiff_t n, void *out, const void *const *in, N(far_element) * f)
{
    real *o = out;
    const real *t = in[JK_IN_T], *a = in[JK_IN_A], *b = in[JK_IN_B], *c = in[JK_IN_C], *y = in[JK_IN_Y],
               *h = in[JK_IN_H];
    for (ptrdiff_t first = 0; first < n; first += JK_RUN) {
        const ptrdiff_t end = n - first < JK_RUN ? n : first + JK_RUN;
        int far = 0;
        for (ptrdiff_t i = first; i < end; i++) far |= M(fabs)(a[i]) > N(near_end);
        if (far) {
            for (ptrdiff_t i = first; i < end; i++) o[i] = f(t[i], a[i], b[i], c[i], y[i], h[i], 1);
        } else {
            JK_SIMD
            for (ptrdiff_t i = first; i < end; i++) o[i] = f(t[i], a[i], b[i], c[i], y[i], h[i], 0);
        }
    }
}

/* The function of one element under the row's names of its arguments, and its loop. */
/* clang-format off */
#define JK_FORMULA(name, form, field, a, b, c, text, expression)                                                       \
    JK_INLINE real N(name##_##form##_of)(real t, real a, real b, real c, real y, real h)                               \
    { (void)t, (void)a, (void)b, (void)c, (void)y, (void)h; return expression; }                                       \
    static void N(name##_##form)(ptrdiff_t n, void *out, const void *const *in) { N(map)(n, out, in, N(name##_##form##_of)); }
#define JK_FAR_FORMULA(name, form, field, a, b, c, text, expression)                                                   \
    JK_INLINE real N(name##_##form##_of)(real t, real a, real b, real c, real y, real h, int far)                      \
    { (void)t, (void)a, (void)b, (void)c, (void)y, (void)h; return expression; }                                       \
    static void N(name##_##form)(ptrdiff_t n, void *out, const void *const *in) { N(map_far)(n, out, in, N(name##_##form##_of)); }
#include "table/kinds.def"

static const jk_pointwise_loops N(pointwise_loops) = {
#define JK_FORMULA(name, form, field, a, b, c, text, expression) .op[JK_OP_##name].field = N(name##_##form),
#include "table/kinds.def"
};
/* clang-format on */
