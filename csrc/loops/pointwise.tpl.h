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

/* A row's expression stands in parentheses of its own. */
/* clang-format off */
#define ZERO 0
#define JK_READ_ALL (void)t, (void)a, (void)b, (void)c, (void)y, (void)h
/* The function of one element and its loop. */
#define JK_ELEMENT(name, expression)                                                                                  \
    JK_INLINE real N(name##_of)(real t, real a, real b, real c, real y, real h) { JK_READ_ALL; return expression; }   \
    static void N(name)(ptrdiff_t n, void *out, const void *const *in) { N(map)(n, out, in, N(name##_of)); }

/* In a unary row the argument is called x. */
#define x a
#define JK_UNARY(name, aliases, value, d, dd, ...)                                                                    \
    JK_ELEMENT(name##_value, value)                                                                                   \
    JK_ELEMENT(name##_da, t * (d))                                                                                    \
    JK_ELEMENT(name##_daa, h * (t * (dd)))
#define JK_SELECT1(name, aliases, value, d, dd, ...)                                                                  \
    JK_ELEMENT(name##_value, value)                                                                                   \
    JK_ELEMENT(name##_da, M(keep)(t, d))                                                                              \
    JK_ELEMENT(name##_daa, M(keep)(h * t, dd))
#define JK_BINARY(name, aliases, value, da, db, daa, dab, dbb, ...)                                                   \
    JK_ELEMENT(name##_value, value)                                                                                   \
    JK_ELEMENT(name##_da, t * (da))                                                                                   \
    JK_ELEMENT(name##_db, t * (db))                                                                                   \
    JK_ELEMENT(name##_daa, h * (t * (daa)))                                                                             \
    JK_ELEMENT(name##_dab, h * (t * (dab)))                                                                             \
    JK_ELEMENT(name##_dbb, h * (t * (dbb)))
#define JK_SELECT2(name, aliases, value, da, db, daa, dab, dbb, ...)                                                  \
    JK_ELEMENT(name##_value, value)                                                                                   \
    JK_ELEMENT(name##_da, M(keep)(t, da))                                                                             \
    JK_ELEMENT(name##_db, M(keep)(t, db))                                                                             \
    JK_ELEMENT(name##_daa, M(keep)(h * t, daa))                                                                       \
    JK_ELEMENT(name##_dab, M(keep)(h * t, dab))                                                                       \
    JK_ELEMENT(name##_dbb, M(keep)(h * t, dbb))
/* clang-format on */
#include "table/ops.def"
#undef JK_UNARY
#undef JK_SELECT1
#undef JK_BINARY
#undef JK_SELECT2
#undef x
#undef JK_ELEMENT
#undef JK_READ_ALL
#undef ZERO
