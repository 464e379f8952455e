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

typedef int N(is_far)(real a, real b);

/* Two loops, both vectorised, of which one is right where no pair of a and b is far.  One number is repeated as often as
 * the runs are long, which are shorter then. */
JK_INLINE void N(map_forked)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f,
                             N(is_far) * is_far)
{
    enum { SHORT_RUN = 32 };
    const N(inputs) x = N(inputs_at)(in);
    const real one = ones == JK_ONE_A ? *x.a : ones == JK_ONE_B ? *x.b : 0;
    const ptrdiff_t run = ones == 0 ? JK_RUN : SHORT_RUN;
    real repeated[SHORT_RUN];
    for (int i = 0; i < SHORT_RUN; i++) repeated[i] = one;
    for (ptrdiff_t first = 0; first < n; first += run) {
        const ptrdiff_t m = n - first < run ? n - first : run;
        const real *t = x.t + first, *a = ones == JK_ONE_A ? repeated : x.a + first,
                   *b = ones == JK_ONE_B ? repeated : x.b + first, *h = x.h + first;
        int far = 0;
        for (ptrdiff_t i = 0; i < m; i++) far |= is_far(a[i], b[i]);
        if (far) {
            JK_SIMD
            for (ptrdiff_t i = 0; i < m; i++) out[first + i] = f(t[i], a[i], b[i], 0, 0, h[i], 1);
        } else {
            JK_SIMD
            for (ptrdiff_t i = 0; i < m; i++) out[first + i] = f(t[i], a[i], b[i], 0, 0, h[i], 0);
        }
    }
}

JK_INLINE void N(map_quotient)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    N(map_forked)(n, out, in, ones, f, M(is_far_quotient));
}

JK_INLINE void N(map_power)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    N(map_forked)(n, out, in, ones, f, M(is_far_power));
}

/* b is one number, and known to the compiler. */
JK_INLINE void N(map_known)(ptrdiff_t n, real *out, const void *const *in, real b, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], x.a[i], b, 0, 0, 0, JK_KNOWN_POWER);
}

JK_INLINE void N(map_exponent)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
{
    const real b = ones == JK_ONE_B ? *N(inputs_at)(in).b : (real)NAN;
    if (b == -1)
        N(map_known)(n, out, in, -1, f);
    else if (b == 0)
        N(map_known)(n, out, in, 0, f);
    else if (b == C(0.5))
        N(map_known)(n, out, in, C(0.5), f);
    else if (b == 1)
        N(map_known)(n, out, in, 1, f);
    else if (b == 2)
        N(map_known)(n, out, in, 2, f);
    else if (b == 3)
        N(map_known)(n, out, in, 3, f);
    else if (b == 4)
        N(map_known)(n, out, in, 4, f);
    else
        N(map_power)(n, out, in, ones, f);
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
