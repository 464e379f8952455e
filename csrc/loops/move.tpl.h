/* Strided elements to and from contiguous blocks, in this dtype or the other one.  Strides are in bytes. */

JK_INLINE const void *N(at)(const void *data, ptrdiff_t offset) { return (const char *)data + offset; }
JK_INLINE void *N(at_out)(void *data, ptrdiff_t offset) { return (char *)data + offset; }

static void N(pack)(ptrdiff_t n, void *out, const void *in, ptrdiff_t stride)
{
    real *o = out;
    const ptrdiff_t item = (ptrdiff_t)sizeof(real);
    if (stride == item) {
        memcpy(out, in, (size_t)n * sizeof(real));
    } else if (stride == 0) {
        const real v = *(const real *)in;
        for (ptrdiff_t i = 0; i < n; i++) o[i] = v;
    } else {
        for (ptrdiff_t i = 0; i < n; i++) o[i] = *(const real *)N(at)(in, i * stride);
    }
}

static void N(pack_other)(ptrdiff_t n, void *out, const void *in, ptrdiff_t stride)
{
    real *o = out;
    const other *v = in;
    if (stride == (ptrdiff_t)sizeof(other)) {
        for (ptrdiff_t i = 0; i < n; i++) o[i] = (real)v[i];
    } else {
        for (ptrdiff_t i = 0; i < n; i++) o[i] = (real) * (const other *)N(at)(in, i * stride);
    }
}

static void N(unpack)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in)
{
    const real *v = in;
    if (stride == (ptrdiff_t)sizeof(real)) {
        memcpy(out, in, (size_t)n * sizeof(real));
    } else {
        for (ptrdiff_t i = 0; i < n; i++) *(real *)N(at_out)(out, i * stride) = v[i];
    }
}

static void N(unpack_other)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in)
{
    const real *v = in;
    other *o = out;
    if (stride == (ptrdiff_t)sizeof(other)) {
        for (ptrdiff_t i = 0; i < n; i++) o[i] = (other)v[i];
    } else {
        for (ptrdiff_t i = 0; i < n; i++) *(other *)N(at_out)(out, i * stride) = (other)v[i];
    }
}

static void N(add_to)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in)
{
    const real *v = in;
    if (stride == (ptrdiff_t)sizeof(real)) {
        real *o = out;
        JK_SIMD
        for (ptrdiff_t i = 0; i < n; i++) o[i] += v[i];
    } else {
        for (ptrdiff_t i = 0; i < n; i++) *(real *)N(at_out)(out, i * stride) += v[i];
    }
}

/* The sum is formed in double and rounded once. */
static void N(add_to_other)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in)
{
    const real *v = in;
    for (ptrdiff_t i = 0; i < n; i++) {
        other *o = N(at_out)(out, i * stride);
        *o = (other)((double)*o + (double)v[i]);
    }
}

static void N(zero)(ptrdiff_t n, void *out, ptrdiff_t stride)
{
    for (ptrdiff_t i = 0; i < n; i++) *(real *)N(at_out)(out, i * stride) = 0;
}

static const jk_move_loops N(move_loops) = {
    .pack = N(pack),
    .pack_other = N(pack_other),
    .unpack = N(unpack),
    .unpack_other = N(unpack_other),
    .add = N(add_to),
    .add_other = N(add_to_other),
    .zero = N(zero),
};
