/* Rows of a sparse matrix times vectors, for one type of index.  Short rows are summed in order, longer ones in four
 * lanes, and the law of table/tree.h joins runs of JK_RUN entries, so that the error grows like the logarithm of the
 * length.
 * Neighbouring vectors need no lanes: every one has a place of its own in a register. */

#define SHORT_ROW 32
#define TILE (JK_REGISTER_BYTES / (ptrdiff_t)sizeof(real)) /* neighbouring vectors that fill the widest register */

JK_INLINE real NI(element)(const void *data, ptrdiff_t offset, int is_other)
{
    return is_other ? (real) * (const other *)N(at)(data, offset) : *(const real *)N(at)(data, offset);
}

/* Entry k times its element of a vector.  `plain` is a constant: all arrays are contiguous and of this dtype. */
JK_INLINE real NI(product)(const jk_csr_rows *r, const void *in, ptrdiff_t k, int plain)
{
    const ptrdiff_t column = ((const integer *)r->indices)[k];
    if (plain) return ((const real *)r->values)[k] * ((const real *)in)[column];
    return NI(element)(r->values, k * r->value_stride, r->values_are_other) *
           NI(element)(in, column * r->in_stride, r->in_is_other);
}

/* At most JK_RUN entries. */
JK_INLINE real NI(sum_run)(const jk_csr_rows *r, const void *in, ptrdiff_t first, ptrdiff_t end, int plain)
{
    real s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    ptrdiff_t k = first;
    for (; k <= end - 4; k += 4) {
        s0 += NI(product)(r, in, k, plain);
        s1 += NI(product)(r, in, k + 1, plain);
        s2 += NI(product)(r, in, k + 2, plain);
        s3 += NI(product)(r, in, k + 3, plain);
    }
    real sum = (s0 + s2) + (s1 + s3);
    for (; k < end; k++) sum += NI(product)(r, in, k, plain);
    return sum;
}

static real NI(sum_long_row)(const jk_csr_rows *r, const void *in, ptrdiff_t first, ptrdiff_t end, int plain)
{
    if (end - first <= JK_RUN) return plain ? NI(sum_run)(r, in, first, end, 1) : NI(sum_run)(r, in, first, end, 0);
    const ptrdiff_t middle = first + jk_left_part(end - first, JK_RUN);
    const real head = NI(sum_long_row)(r, in, first, middle, plain);
    return head + NI(sum_long_row)(r, in, middle, end, plain);
}

/* One vector.  What the loop reads is copied, so that the compiler knows that no store changes it. */
JK_INLINE void NI(multiply)(const jk_csr_rows *rows, const void *in, void *out, int plain)
{
    const jk_csr_rows r = *rows;
    const integer *indptr = r.indptr;
    ptrdiff_t k = indptr[0];
    for (ptrdiff_t i = 0; i < r.n_rows; i++) {
        const ptrdiff_t end = indptr[i + 1];
        real sum = 0;
        if (end - k > SHORT_ROW) {
            sum = NI(sum_long_row)(rows, in, k, end, plain);
            k = end;
        }
        for (; k < end; k++) sum += NI(product)(&r, in, k, plain);
        real *o = N(at_out)(out, i * (plain ? (ptrdiff_t)sizeof(real) : r.out_stride));
        *o = !plain && r.add ? *o + sum : sum;
    }
}

/* One vector and rows of one entry. */
static void NI(take)(const jk_csr_rows *rows, const void *in, void *out)
{
    const jk_csr_rows r = *rows;
    for (ptrdiff_t i = 0; i < r.n_rows; i++) {
        real *o = N(at_out)(out, i * r.out_stride);
        const real product = NI(product)(&r, in, i, 0);
        *o = r.add ? *o + product : product;
    }
}

JK_INLINE real NI(value)(const jk_csr_rows *r, ptrdiff_t k)
{
    return NI(element)(r->values, k * r->value_stride, r->values_are_other);
}

/* sums[j] = sum of the products with vector j, at most JK_RUN.  `width` is a constant: the sums stay in registers. */
JK_INLINE void NI(sum_tile)(const jk_csr_rows *r, const real *in, ptrdiff_t first, ptrdiff_t end, ptrdiff_t width,
                            real *sums)
{
    const integer *column = r->indices;
    real sum[TILE];
    for (ptrdiff_t j = 0; j < width; j++) sum[j] = 0;
    for (ptrdiff_t k = first; k < end; k++) {
        const real w = NI(value)(r, k), *p = N(at)(in, column[k] * r->in_stride);
        JK_SIMD
        for (ptrdiff_t j = 0; j < width; j++) sum[j] += w * p[j];
    }
    for (ptrdiff_t j = 0; j < width; j++) sums[j] = sum[j];
}

static void NI(sum_tiles)(const jk_csr_rows *r, const real *in, ptrdiff_t first, ptrdiff_t end, ptrdiff_t width,
                          real *sums)
{
    if (end - first <= JK_RUN) {
        NI(sum_tile)(r, in, first, end, width, sums);
        return;
    }
    const ptrdiff_t middle = first + jk_left_part(end - first, JK_RUN);
    real tail[TILE];
    NI(sum_tiles)(r, in, first, middle, width, sums);
    NI(sum_tiles)(r, in, middle, end, width, tail);
    for (ptrdiff_t j = 0; j < width; j++) sums[j] += tail[j];
}

/* So many neighbouring vectors from the j-th on. */
JK_INLINE void NI(multiply_tile)(const jk_csr_rows *rows, ptrdiff_t j, ptrdiff_t width)
{
    const jk_csr_rows r = *rows;
    const integer *indptr = r.indptr;
    const real *in = (const real *)r.in + j;
    ptrdiff_t first = indptr == NULL ? 0 : indptr[0];
    for (ptrdiff_t i = 0; i < r.n_rows; i++) {
        const ptrdiff_t end = indptr == NULL ? i + 1 : indptr[i + 1];
        real sums[TILE], *o = (real *)N(at_out)(r.out, i * r.out_stride) + j;
        if (end - first > JK_RUN)
            NI(sum_tiles)(rows, in, first, end, width, sums);
        else
            NI(sum_tile)(&r, in, first, end, width, sums);
        for (ptrdiff_t l = 0; l < width; l++) o[l] = r.add ? o[l] + sums[l] : sums[l];
        first = end;
    }
}

/* Neighbouring vectors, of this dtype: as many at once as fill a register, then half as many, and so on. */
static void NI(multiply_neighbours)(const jk_csr_rows *r)
{
    ptrdiff_t j = 0;
    for (; j <= r->n_vectors - TILE; j += TILE) NI(multiply_tile)(r, j, TILE);
    if (TILE == 16 && (r->n_vectors & 8)) {
        NI(multiply_tile)(r, j, 8);
        j += 8;
    }
    if (r->n_vectors & 4) {
        NI(multiply_tile)(r, j, 4);
        j += 4;
    }
    if (r->n_vectors & 2) {
        NI(multiply_tile)(r, j, 2);
        j += 2;
    }
    if (r->n_vectors & 1) NI(multiply_tile)(r, j, 1);
}

static void NI(csr_jvp)(const jk_csr_rows *r)
{
    const ptrdiff_t item = (ptrdiff_t)sizeof(real);
    if (r->n_vectors > 1 && r->in_next == item && r->out_next == item && !r->in_is_other) {
        NI(multiply_neighbours)(r);
        return;
    }
    const int plain = r->value_stride == item && r->in_stride == item && r->out_stride == item &&
                      !r->values_are_other && !r->in_is_other && !r->add;
    for (ptrdiff_t j = 0; j < r->n_vectors; j++) {
        const void *in = N(at)(r->in, j * r->in_next);
        void *out = N(at_out)(r->out, j * r->out_next);
        if (r->indptr == NULL)
            NI(take)(r, in, out);
        else if (plain)
            NI(multiply)(r, in, out, 1);
        else
            NI(multiply)(r, in, out, 0);
    }
}

/* Adds every entry times the element of its row, in the order of the rows. */
JK_INLINE void NI(scatter)(const jk_csr_rows *rows, const void *in, void *out, int plain)
{
    const jk_csr_rows r = *rows;
    const integer *indptr = r.indptr, *column = r.indices;
    ptrdiff_t k = indptr == NULL ? 0 : indptr[0];
    for (ptrdiff_t i = 0; i < r.n_rows; i++) {
        const ptrdiff_t end = indptr == NULL ? i + 1 : indptr[i + 1];
        const real u = NI(element)(in, i * r.in_stride, r.in_is_other);
        for (; k < end; k++) {
            if (plain)
                ((real *)out)[column[k]] += ((const real *)r.values)[k] * u;
            else
                *(real *)N(at_out)(
                    out, column[k] * r.out_stride) += NI(element)(r.values, k * r.value_stride, r.values_are_other) * u;
        }
    }
}

JK_INLINE void NI(scatter_tile)(const jk_csr_rows *rows, ptrdiff_t j, ptrdiff_t width)
{
    const jk_csr_rows r = *rows;
    const integer *indptr = r.indptr, *column = r.indices;
    ptrdiff_t k = indptr == NULL ? 0 : indptr[0];
    for (ptrdiff_t i = 0; i < r.n_rows; i++) {
        const ptrdiff_t end = indptr == NULL ? i + 1 : indptr[i + 1];
        const real *in = (const real *)N(at)(r.in, i * r.in_stride) + j;
        real u[TILE];
        for (ptrdiff_t l = 0; l < width; l++) u[l] = in[l];
        for (; k < end; k++) {
            const real w = NI(value)(&r, k);
            real *o = (real *)N(at_out)(r.out, column[k] * r.out_stride) + j;
            JK_SIMD
            for (ptrdiff_t l = 0; l < width; l++) o[l] += w * u[l];
        }
    }
}

/* Neighbouring vectors, of this dtype. */
static void NI(scatter_neighbours)(const jk_csr_rows *r)
{
    ptrdiff_t j = 0;
    for (; j <= r->n_vectors - TILE; j += TILE) NI(scatter_tile)(r, j, TILE);
    if (TILE == 16 && (r->n_vectors & 8)) {
        NI(scatter_tile)(r, j, 8);
        j += 8;
    }
    if (r->n_vectors & 4) {
        NI(scatter_tile)(r, j, 4);
        j += 4;
    }
    if (r->n_vectors & 2) {
        NI(scatter_tile)(r, j, 2);
        j += 2;
    }
    if (r->n_vectors & 1) NI(scatter_tile)(r, j, 1);
}

static void NI(csr_vjp)(const jk_csr_rows *r)
{
    const ptrdiff_t item = (ptrdiff_t)sizeof(real);
    if (r->n_vectors > 1 && r->in_next == item && r->out_next == item && !r->in_is_other) {
        NI(scatter_neighbours)(r);
        return;
    }
    const int plain = r->value_stride == item && r->out_stride == item && !r->values_are_other;
    for (ptrdiff_t j = 0; j < r->n_vectors; j++) {
        const void *in = N(at)(r->in, j * r->in_next);
        void *out = N(at_out)(r->out, j * r->out_next);
        if (plain)
            NI(scatter)(r, in, out, 1);
        else
            NI(scatter)(r, in, out, 0);
    }
}
#undef SHORT_ROW
#undef TILE
