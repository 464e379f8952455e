/* The loops of every row of ops.def. */

typedef real N(element)(real t, real a, real b, real c, real y, real h, int far);

/* What an element function does not read is not loaded once it is inlined into a loop. */
typedef struct N(inputs) {
    const real *t, *a, *b, *c, *y, *h;
} N(inputs);

JK_INLINE N(inputs) N(inputs_at)(const void *const *in)
{
    return (N(inputs)){in[JK_IN_T], in[JK_IN_A], in[JK_IN_B], in[JK_IN_C], in[JK_IN_Y], in[JK_IN_H]};
}

JK_INLINE void N(map_plain)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    (void)ones;
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], x.a[i], x.b[i], x.c[i], x.y[i], x.h[i], 0);
}

JK_INLINE void N(map_pair)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    if (ones == JK_ONE_A) {
        const real a = *x.a;
        JK_SIMD
        for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], a, x.b[i], 0, x.y[i], 0, 0);
    } else if (ones == JK_ONE_B) {
        const real b = *x.b;
        JK_SIMD
        for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], x.a[i], b, 0, x.y[i], 0, 0);
    } else {
        N(map_plain)(n, out, in, ones, f);
    }
}

JK_INLINE void N(map_triple)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    if (ones != 0) {
        const real b = *x.b, c = *x.c;
        JK_SIMD
        for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], x.a[i], b, c, x.y[i], 0, 0);
    } else {
        N(map_plain)(n, out, in, ones, f);
    }
}

/* Of two loops one is vectorised and right where |x| is at most N(near_end); runs that hold a larger one take the other.
 * An element has the same bits in both. */
JK_INLINE void N(map_far)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    (void)ones;
    for (ptrdiff_t first = 0; first < n; first += JK_RUN) {
        const ptrdiff_t end = n - first < JK_RUN ? n : first + JK_RUN;
        int far = 0;
        for (ptrdiff_t i = first; i < end; i++) far |= M(fabs)(x.a[i]) > N(near_end);
        if (far) {
            for (ptrdiff_t i = first; i < end; i++) out[i] = f(x.t[i], x.a[i], x.b[i], x.c[i], x.y[i], x.h[i], 1);
        } else {
            JK_SIMD
            for (ptrdiff_t i = first; i < end; i++) out[i] = f(x.t[i], x.a[i], x.b[i], x.c[i], x.y[i], x.h[i], 0);
        }
    }
}

/* The function of one element under the row's names of its arguments, and its loop. */
/* clang-format off */
#define JK_FORMULA(name, form, field, loop, a, b, c, text, expression)                                                 \
    JK_INLINE real N(name##_##form##_of)(real t, real a, real b, real c, real y, real h, int far)                      \
    { (void)t, (void)a, (void)b, (void)c, (void)y, (void)h, (void)far; return expression; }                            \
    static void N(name##_##form)(ptrdiff_t n, void *out, const void *const *in, unsigned ones)                         \
    { N(map_##loop)(n, out, in, ones, N(name##_##form##_of)); }
#include "table/kinds.def"

static const jk_pointwise_loops N(pointwise_loops) = {
#define JK_FORMULA(name, form, field, loop, a, b, c, text, expression) .op[JK_OP_##name].field = N(name##_##form),
#include "table/kinds.def"
};
/* clang-format on */
