/* The loops of every row of ops.def. */

/* Elements of the widest register: cores go over whole ones. */
enum { N(LANES) = JK_REGISTER_BYTES / sizeof(real) };

/* ---- a few instructions: one loop for each case ----------------------------------------------------------------- */

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

/* ---- functions: one core, which is given whole registers of arrays --------------------------------------------- */

typedef void N(core)(ptrdiff_t n, real *out, const real *const *in);

JK_INLINE void N(map_core)(ptrdiff_t n, real *out, const real *const *in, N(element) * f, int far)
{
    const real *t = in[JK_IN_T], *a = in[JK_IN_A], *b = in[JK_IN_B], *c = in[JK_IN_C], *y = in[JK_IN_Y],
               *h = in[JK_IN_H];
    const ptrdiff_t whole = n & -(ptrdiff_t)N(LANES); /* all of n: then there is nothing to do behind the registers */
    JK_SIMD
    for (ptrdiff_t i = 0; i < whole; i++) out[i] = f(t[i], a[i], b[i], c[i], y[i], h[i], far);
}

/* What does not fill a register is continued by its first element. */
static void N(run_core)(ptrdiff_t n, real *out, const real *const *in, N(core) * core)
{
    const ptrdiff_t whole = n & -(ptrdiff_t)N(LANES), rest = n - whole;
    if (whole > 0) core(whole, out, in);
    if (rest == 0) return;
    real padded[JK_N_IN][N(LANES)], result[N(LANES)];
    const real *at[JK_N_IN];
    for (int k = 0; k < JK_N_IN; k++) {
        at[k] = k > 0 && in[k] == in[0] ? at[0] : padded[k];
        if (at[k] != padded[k]) continue;
        for (ptrdiff_t i = 0; i < N(LANES); i++) padded[k][i] = in[k][whole + (i < rest ? i : 0)];
    }
    core(N(LANES), result, at);
    memcpy(out + whole, result, (size_t)rest * sizeof(real));
}

typedef int N(is_far)(const real *const *in, ptrdiff_t i);

/* Makes what a core reads besides the arguments of at most JK_RUN elements, in a room for twice as many numbers. */
typedef void N(prepare)(ptrdiff_t n, const real **in, real *room);

JK_INLINE int N(are_some_far)(ptrdiff_t n, const real *const *in, N(is_far) * is_far)
{
    int some = 0;
    for (ptrdiff_t i = 0; i < n; i++) some |= is_far(in, i);
    return some;
}

JK_INLINE void N(go_to)(ptrdiff_t i, const real **here, const real *const *at, unsigned ones)
{
    for (int k = 0; k < JK_N_IN; k++) here[k] = at[k] + (ones >> k & 1 ? 0 : i);
}

enum { N(STRETCH) = 4 * JK_RUN };

/* Where it makes a difference how far arguments are from 0 or from each other, runs that hold such elements go to another
 * core; an element has the same bits in both.  One number is repeated as often as a run is long.  A stretch of several
 * runs in which none is far goes to its core as a whole, where nothing is prepared. */
JK_INLINE void N(run_cores)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(core) * near, N(core) * far,
                            N(is_far) * is_far, N(prepare) * prepare)
{
    real repeated[JK_MAX_ARGS][JK_RUN], prepared[2 * JK_RUN];
    const real *at[JK_N_IN];
    const ptrdiff_t run = n < JK_RUN ? n : JK_RUN;
    for (int k = 0; k < JK_N_IN; k++) {
        at[k] = in[k];
        if (!(ones >> k & 1)) continue;
        real *numbers = repeated[k - JK_IN_A];
        for (ptrdiff_t i = 0; i < run; i++) numbers[i] = *at[k];
        at[k] = numbers;
    }
    for (ptrdiff_t first = 0, end; first < n; first = end) {
        const real *here[JK_N_IN];
        end = n - first < N(STRETCH) ? n : first + N(STRETCH);
        N(go_to)(first, here, at, ones);
        const int may_be_whole = ones == 0 && prepare == NULL && end - first > run;
        if (may_be_whole && !N(are_some_far)(end - first, here, is_far)) {
            N(run_core)(end - first, out + first, here, near);
            continue;
        }
        for (ptrdiff_t i = first; i < end; i += run) {
            const ptrdiff_t m = end - i < run ? end - i : run;
            N(go_to)(i, here, at, ones);
            const int some = is_far != NULL && N(are_some_far)(m, here, is_far);
            if (prepare != NULL && !some) prepare(m, here, prepared);
            N(run_core)(m, out + i, here, some ? far : near);
        }
    }
}

static void N(run_all)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(core) * core)
{
    if (ones == 0)
        N(run_core)(n, out, (const real *const *)in, core);
    else
        N(run_cores)(n, out, in, ones, core, core, NULL, NULL);
}

#if JK_PASTE(JK_IS_, real) == 1
static void N(log2_core)(ptrdiff_t n, real *high, real *low, const real *a)
{
    const ptrdiff_t whole = n & -(ptrdiff_t)N(LANES);
    JK_SIMD
    for (ptrdiff_t i = 0; i < whole; i++) {
        const N(pair) l = M(log2_parts)(a[i], 0);
        high[i] = l.high;
        low[i] = l.low;
    }
}

/* c and y = log2(a), in two parts. */
static void N(prepare_powers)(ptrdiff_t n, const real **in, real *room)
{
    const ptrdiff_t whole = n & -(ptrdiff_t)N(LANES), rest = n - whole;
    const real *a = in[JK_IN_A];
    real *high = room, *low = room + JK_RUN, padded[N(LANES)];
    N(log2_core)(whole, high, low, a);
    if (rest > 0) {
        for (ptrdiff_t i = 0; i < N(LANES); i++) padded[i] = a[whole + (i < rest ? i : 0)];
        N(log2_core)(N(LANES), high + whole, low + whole, padded);
    }
    in[JK_IN_C] = high;
    in[JK_IN_Y] = low;
}
#else
static N(prepare) *const N(prepare_powers) = NULL;
#endif

/* clang-format off */
#define JK_RUN_KIND(kind, prepare, ...)                                                                                \
    JK_INLINE int N(is_far_##kind)(const real *const *in, ptrdiff_t i) { return M(is_far_##kind)(__VA_ARGS__); }       \
    static void N(run_##kind)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(core) *near, N(core) *far) \
    { N(run_cores)(n, out, in, ones, near, far, N(is_far_##kind), prepare); }

JK_RUN_KIND(angle, NULL, in[JK_IN_A][i])
JK_RUN_KIND(exponential, NULL, in[JK_IN_A][i])
JK_RUN_KIND(logarithm, NULL, in[JK_IN_A][i])
JK_RUN_KIND(quotient, NULL, in[JK_IN_A][i], in[JK_IN_B][i])
JK_RUN_KIND(ratio, NULL, in[JK_IN_A][i], in[JK_IN_B][i])
JK_RUN_KIND(length, NULL, in[JK_IN_A][i], in[JK_IN_B][i])
JK_RUN_KIND(power, N(prepare_powers), in[JK_IN_A][i], in[JK_IN_B][i])
#undef JK_RUN_KIND
/* clang-format on */

/* b is one number, and known to the compiler. */
JK_INLINE void N(map_known)(ptrdiff_t n, real *out, const void *const *in, real b, N(element) * f)
{
    const N(inputs) x = N(inputs_at)(in);
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) out[i] = f(x.t[i], x.a[i], b, 0, 0, 0, JK_KNOWN_POWER);
}

/* Whether b is one of the exponents that have a loop of their own, which then is done. */
JK_INLINE int N(map_exponent)(ptrdiff_t n, real *out, const void *const *in, unsigned ones, N(element) * f)
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
        return 0;
    return 1;
}

/* ---- the functions of one element under the rows' names of their arguments, and their loops --------------------- */

/* clang-format off */
#define JK_LOOP(loop) static void N(loop)(ptrdiff_t n, void *out, const void *const *in, unsigned ones)
#define JK_CORE(core, f, far)                                                                                          \
    static void N(core)(ptrdiff_t n, real *out, const real *const *in) { N(map_core)(n, out, in, N(f), far); }
#define JK_FORKED(loop, run)                                                                                           \
    JK_CORE(loop##_near, loop##_of, 0) JK_CORE(loop##_far, loop##_of, 1)                                               \
    JK_LOOP(loop) { N(run)(n, out, in, ones, N(loop##_near), N(loop##_far)); }

#define JK_LOOP_product(loop)                                                                                          \
    JK_LOOP_pair(loop)                                                                                                 \
    static void N(loop##_each)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *const *in,                        \
                               const ptrdiff_t *row_stride)                                                            \
    { N(map_each)(n_rows, n, out, in, row_stride, N(loop##_of)); }                                                     \
    static void N(loop##_row)(ptrdiff_t first, ptrdiff_t last, real *o, N(inputs) x, int adds)                         \
    { N(map_onto)(first, last, o, x, adds, N(loop##_of)); }                                                             \
    static void N(loop##_chains)(ptrdiff_t n_rows, ptrdiff_t n, void *out, void *spare, const void *const *in,         \
                                 const ptrdiff_t *row_stride)                                                          \
    { N(run_chains)(n_rows, n, out, spare, in, row_stride, N(loop##_row)); }
#define JK_LOOP_plain(loop) JK_LOOP(loop) { N(map_plain)(n, out, in, ones, N(loop##_of)); }
#define JK_LOOP_pair(loop) JK_LOOP(loop) { N(map_pair)(n, out, in, ones, N(loop##_of)); }
#define JK_LOOP_triple(loop) JK_LOOP(loop) { N(map_triple)(n, out, in, ones, N(loop##_of)); }
#define JK_LOOP_core(loop)                                                                                             \
    JK_CORE(loop##_core, loop##_of, 0)                                                                                 \
    JK_LOOP(loop) { N(run_all)(n, out, in, ones, N(loop##_core)); }
#define JK_LOOP_angle(loop) JK_FORKED(loop, run_angle)
#define JK_LOOP_exponential(loop) JK_FORKED(loop, run_exponential)
#define JK_LOOP_logarithm(loop) JK_FORKED(loop, run_logarithm)
#define JK_LOOP_quotient(loop) JK_FORKED(loop, run_quotient)
#define JK_LOOP_ratio(loop) JK_FORKED(loop, run_ratio)
#define JK_LOOP_length(loop) JK_FORKED(loop, run_length)
#define JK_LOOP_power(loop) JK_FORKED(loop, run_power)
#define JK_LOOP_exponent(loop)                                                                                         \
    JK_CORE(loop##_near, loop##_of, 0) JK_CORE(loop##_far, loop##_of, 1)                                               \
    JK_LOOP(loop)                                                                                                      \
    {                                                                                                                  \
        if (!N(map_exponent)(n, out, in, ones, N(loop##_of)))                                                          \
            N(run_power)(n, out, in, ones, N(loop##_near), N(loop##_far));                                            \
    }

#define JK_FORMULA(name, form, field, loop, a, b, c, text, expression)                                                 \
    JK_INLINE real N(name##_##form##_of)(real t, real a, real b, real c, real y, real h, int far)                      \
    { (void)t, (void)a, (void)b, (void)c, (void)y, (void)h, (void)far; return expression; }                            \
    JK_LOOP_##loop(name##_##form)
#include "table/kinds.def"

static const jk_pointwise_loops N(pointwise_loops) = {
#define JK_FORMULA(name, form, field, loop, a, b, c, text, expression)                                                 \
    .op[JK_OP_##name].field = N(name##_##form), JK_SUMS_##loop(name, form, field)
#define JK_SUMS_product(name, form, field)                                                                             \
    .op[JK_OP_##name].sums_of_##field = {N(name##_##form##_each), N(name##_##form##_chains)},
#define JK_SUMS_plain(...)
#define JK_SUMS_pair(...)
#define JK_SUMS_triple(...)
#define JK_SUMS_core(...)
#define JK_SUMS_angle(...)
#define JK_SUMS_exponential(...)
#define JK_SUMS_logarithm(...)
#define JK_SUMS_quotient(...)
#define JK_SUMS_ratio(...)
#define JK_SUMS_length(...)
#define JK_SUMS_power(...)
#define JK_SUMS_exponent(...)
#include "table/kinds.def"
};
/* clang-format on */
#undef JK_LOOP
#undef JK_CORE
#undef JK_FORKED
#undef JK_LOOP_product
#undef JK_LOOP_plain
#undef JK_LOOP_pair
#undef JK_LOOP_triple
#undef JK_LOOP_core
#undef JK_LOOP_angle
#undef JK_LOOP_exponential
#undef JK_LOOP_logarithm
#undef JK_LOOP_quotient
#undef JK_LOOP_ratio
#undef JK_LOOP_length
#undef JK_LOOP_power
#undef JK_LOOP_exponent
#undef JK_SUMS_product
#undef JK_SUMS_plain
#undef JK_SUMS_pair
#undef JK_SUMS_triple
#undef JK_SUMS_core
#undef JK_SUMS_angle
#undef JK_SUMS_exponential
#undef JK_SUMS_logarithm
#undef JK_SUMS_quotient
#undef JK_SUMS_ratio
#undef JK_SUMS_length
#undef JK_SUMS_power
#undef JK_SUMS_exponent
