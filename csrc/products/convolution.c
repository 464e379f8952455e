/* Products with a convolution along one axis: row by row of the output, a row being all elements at one place of that
 * axis.  Row i sums kernel[j] times row i + shift - j of the input over the taps j for which there is one, JK_TAPS of
 * them in one sweep over a block of the output, which stays in the first-level cache for the next.  Where rows lie end
 * to end a block of several is one loop: then element f takes f - j * step, whatever the length of a row. */
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "engine/view.h"
#include "table/tree.h"

#include <stdint.h>
#include <string.h>

enum {
    SCRATCH = JK_STACK_BYTES / 32, /* elements of either dtype: two arrays of them fit, with a kernel's */
    BLOCK = 1024,                  /* elements of a block */
    TILE = SCRATCH / 64,           /* elements of a row in a block that is read into scratch, but at least one */
    SHORT = 16                     /* fewer elements of a row are not worth a loop */
};

typedef struct axis {
    ptrdiff_t n, out_stride, in_stride;
} axis;

typedef struct product {
    const jk_convolution_loops *loops; /* of the dtype that everything is computed in */
    jk_dtype dtype;
    const jk_view *kernel;
    ptrdiff_t n_taps, shift;
    const char *v;
    char *out;
    jk_read_loop *read_kernel, *read; /* NULL: v is read where it lies */
    jk_write_loop *write;             /* NULL: the sum is formed in out */
    ptrdiff_t n_in;
    axis rows, row; /* the rows of out, and the elements of one that are walked together */
    axis outer[JK_MAX_NDIM];
    int n_outer;
    ptrdiff_t n_rows, n_tile; /* of a block, at most; where a row is longer, the last of the outer axes counts tiles */
    ptrdiff_t n_parts;        /* of all rows */
} product;

/* Rows first <= i < last of out and `n` elements of each; the pointers are those of row 0, its first such element. */
typedef struct block {
    const char *v;
    char *out;
    ptrdiff_t first, last, n;
} block;

/* Where rows lie, from `first` on. */
typedef struct place {
    char *data;
    ptrdiff_t first, stride;
} place;

static char *row_at(place rows, ptrdiff_t i) { return rows.data + (i - rows.first) * rows.stride; }

/* ---- the sum over taps -------------------------------------------------------------------------------------- */

/* Sets the rows first <= i < last of n elements to the products of n_taps taps, of which all have one, or adds these; the
 * first tap takes row i - back of v. */
static void add_taps(const product *p, ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, int n_taps, const char *taps,
                     ptrdiff_t back, place x, place sum, int adds)
{
    const ptrdiff_t whole = n * jk_itemsize(p->dtype);
    const int flat = x.stride == whole && sum.stride == whole;
    const ptrdiff_t n_together = flat ? last - first : 1;
    for (ptrdiff_t i = first; i < last; i += n_together)
        p->loops->taps(n_taps, n_together * n, row_at(sum, i), taps, row_at(x, i - back), x.stride, adds);
}

/* The taps first <= j < last in the rows of a block.  At both ends of v rows have fewer of them, each row others. */
static void add_run(const product *p, const block *b, ptrdiff_t first, ptrdiff_t last, const char *taps, place x,
                    place sum)
{
    const ptrdiff_t item = jk_itemsize(p->dtype);
    for (ptrdiff_t i = b->first, next; i < b->last; i = next) {
        const ptrdiff_t low = JK_MAX(first, i + p->shift - p->n_in + 1), high = JK_MIN(last, i + p->shift + 1);
        if (low >= high) {
            next = i + p->shift < first ? JK_MIN(first - p->shift, b->last) : b->last;
            for (; first == 0 && i < next; i++) memset(row_at(sum, i), 0, (size_t)(b->n * item));
            continue;
        }
        next = low == first && high == last ? JK_MIN(first + p->n_in - p->shift, b->last) : i + 1;
        add_taps(p, i, next, b->n, (int)(high - low), taps + (low - first) * item, low - p->shift, x, sum, first > 0);
    }
}

/* The rows first <= i < last of the input, read into scratch. */
static place read_rows(const product *p, const block *b, ptrdiff_t first, ptrdiff_t last, char *scratch)
{
    const ptrdiff_t whole = b->n * jk_itemsize(p->dtype);
    const char *in = b->v + first * p->rows.in_stride;
    if (b->n == 1) {
        p->read(last - first, scratch, in, p->rows.in_stride);
    } else {
        for (ptrdiff_t i = 0; i < last - first; i++)
            p->read(b->n, scratch + i * whole, in + i * p->rows.in_stride, p->row.in_stride);
    }
    return (place){scratch, first, whole};
}

static void write_rows(const product *p, const block *b, const char *scratch)
{
    const ptrdiff_t whole = b->n * jk_itemsize(p->dtype), n_rows = b->last - b->first;
    char *out = b->out + b->first * p->rows.out_stride;
    if (b->n == 1) {
        p->write(n_rows, out, p->rows.out_stride, scratch);
    } else {
        for (ptrdiff_t i = 0; i < n_rows; i++)
            p->write(b->n, out + i * p->rows.out_stride, p->row.out_stride, scratch + i * whole);
    }
}

static void run_block(const product *p, const block *b)
{
    _Alignas(JK_ALIGNMENT) char scratch[2][SCRATCH * sizeof(double)];
    _Alignas(JK_ALIGNMENT) char taps[JK_TAPS * sizeof(double)];
    const ptrdiff_t whole = b->n * jk_itemsize(p->dtype), stride = p->kernel->strides_in_bytes[0];
    const place sum = p->write == NULL ? (place){b->out, 0, p->rows.out_stride} : (place){scratch[0], b->first, whole};
    for (ptrdiff_t first = 0; first < p->n_taps; first += JK_TAPS) {
        const ptrdiff_t last = JK_MIN(first + JK_TAPS, p->n_taps);
        const ptrdiff_t low = JK_MAX(b->first + p->shift - (last - 1), 0);
        const ptrdiff_t high = JK_MIN(b->last + p->shift - first, p->n_in);
        if (first > 0 && low >= high) continue;
        p->read_kernel(last - first, taps, (const char *)p->kernel->data + first * stride, stride);
        place x = {(char *)b->v, 0, p->rows.in_stride};
        if (p->read != NULL && low < high) x = read_rows(p, b, low, high, scratch[1]);
        add_run(p, b, first, last, taps, x, sum);
    }
    if (p->write != NULL) write_rows(p, b, scratch[0]);
}

/* Part k of the rows, at `index` of the outer axes. */
static block block_of(const product *p, const ptrdiff_t *index, ptrdiff_t k)
{
    const ptrdiff_t first = k * p->n_rows;
    block b = {p->v, p->out, first, JK_MIN(first + p->n_rows, p->rows.n), p->n_tile};
    for (int d = 0; d < p->n_outer; d++) {
        b.v += index[d] * p->outer[d].in_stride;
        b.out += index[d] * p->outer[d].out_stride;
    }
    if (p->n_tile < p->row.n) b.n = JK_MIN(p->n_tile, p->row.n - index[p->n_outer - 1] * p->n_tile);
    return b;
}

/* The blocks first <= k < last: the parts of the rows fastest, then the last of the outer axes. */
static jk_status run_blocks(const product *p, const jk_context *context, ptrdiff_t first, ptrdiff_t last)
{
    ptrdiff_t index[JK_MAX_NDIM] = {0}, part = 0, rest = first;
    if (first > 0) {
        part = rest % p->n_parts;
        rest /= p->n_parts;
    }
    for (int d = p->n_outer - 1; rest > 0; d--) {
        index[d] = rest % p->outer[d].n;
        rest /= p->outer[d].n;
    }
    jk_poll poll = {context, 0};
    for (ptrdiff_t k = first; k < last; k++) {
        const block b = block_of(p, index, part);
        run_block(p, &b);
        JK_TRY(jk_poll_after(&poll, (double)(b.last - b.first) * (double)b.n * (double)p->n_taps));
        if (++part < p->n_parts) continue;
        part = 0;
        for (int d = p->n_outer - 1; d >= 0 && ++index[d] == p->outer[d].n; d--) index[d] = 0;
    }
    return jk_success();
}

static void run_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    (void)run_blocks(argument, NULL, first, last);
}

/* ---- axes --------------------------------------------------------------------------------------------------- */

static int is_unit(const axis *a, const jk_view *v, const jk_view *out)
{
    return a->out_stride == jk_itemsize(out->dtype) && a->in_stride == jk_itemsize(v->dtype);
}

/* The axis of the rows, and the others: neighbours that can be walked as one are joined, those of length 1 left out.  A
 * row is what lies side by side, or one element where that is the axis of the rows itself. */
static void find_axes(product *p, const jk_view *v, const jk_view *out, int at)
{
    p->rows = (axis){out->shape[at], out->strides_in_bytes[at], v->strides_in_bytes[at]};
    p->row = (axis){1, jk_itemsize(out->dtype), jk_itemsize(v->dtype)};
    p->n_outer = 0;
    for (int d = 0; d < out->ndim; d++) {
        const axis a = {out->shape[d], out->strides_in_bytes[d], v->strides_in_bytes[d]};
        if (d == at || a.n == 1) continue;
        axis *before = p->n_outer > 0 ? &p->outer[p->n_outer - 1] : NULL;
        if (before != NULL && before->out_stride == a.n * a.out_stride && before->in_stride == a.n * a.in_stride)
            *before = (axis){before->n * a.n, a.out_stride, a.in_stride};
        else
            p->outer[p->n_outer++] = a;
    }
    for (int d = 0; d < p->n_outer; d++) {
        const axis a = p->outer[d];
        const int flat = p->rows.out_stride == a.n * a.out_stride && p->rows.in_stride == a.n * a.in_stride;
        if (is_unit(&p->rows, v, out) || !is_unit(&a, v, out) || (a.n < SHORT && !flat)) continue;
        p->row = a;
        memmove(&p->outer[d], &p->outer[d + 1], (size_t)(--p->n_outer - d) * sizeof a);
        break;
    }
}

/* What is read and written through scratch, and how large a block may be then. */
static void find_blocks(product *p, const jk_view *v, const jk_view *out, int accumulate)
{
    const axis *const side_by_side = p->row.n > 1 ? &p->row : &p->rows;
    const ptrdiff_t item = jk_itemsize(p->dtype);
    p->read_kernel = jk_reader(p->dtype, p->kernel->dtype);
    p->read = NULL;
    p->write = NULL;
    if (v->dtype != p->dtype || side_by_side->in_stride != item) p->read = jk_reader(p->dtype, v->dtype);
    if (accumulate || out->dtype != p->dtype || side_by_side->out_stride != item)
        p->write = jk_writer(p->dtype, out->dtype, accumulate);
    const ptrdiff_t n = p->read != NULL ? SCRATCH : p->write != NULL ? JK_MIN(BLOCK, SCRATCH) : BLOCK;
    p->n_tile = JK_MIN(p->row.n, p->read != NULL ? JK_MAX(TILE, 1) : n);
    p->n_rows = p->n_tile == 1 ? n : n / p->n_tile;
    if (p->read != NULL) p->n_rows -= JK_TAPS - 1; /* as many more are read */
    p->n_parts = jk_n_runs(p->rows.n, p->n_rows);
    if (p->n_tile < p->row.n)
        p->outer[p->n_outer++] = (axis){jk_n_runs(p->row.n, p->n_tile), p->n_tile * p->row.out_stride,
                                        p->n_tile * p->row.in_stride};
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

static jk_status check_kernel(const jk_convolution *convolution)
{
    JK_TRY(jk_check_input(&convolution->kernel, 0));
    if (convolution->kernel.ndim != 1 || convolution->kernel.shape[0] == 0) return jk_fail(JK_SHAPE, 0);
    const ptrdiff_t most = PTRDIFF_MAX / 4; /* no array is longer */
    if (convolution->shift < -most || convolution->shift > most) return jk_fail(JK_SHAPE, -1);
    return jk_success();
}

/* jk_init was called, and the kernel was checked. */
static jk_status apply(const jk_context *context, const jk_convolution *convolution, const jk_view *v,
                       const jk_view *out, int accumulate)
{
    const jk_view *const kernel = &convolution->kernel;
    JK_TRY(jk_check_input(v, 1));
    JK_TRY(jk_check_output(out, 2));
    const int at = out->ndim - 1 - convolution->n_behind;
    if (convolution->n_behind < 0) return jk_fail(JK_SHAPE, -1);
    if (at < 0) return jk_fail(JK_SHAPE, 2);
    if (v->ndim != out->ndim) return jk_fail(JK_SHAPE, 1);
    for (int d = 0; d < out->ndim; d++)
        if (d != at && v->shape[d] != out->shape[d]) return jk_fail(JK_SHAPE, 1);
    if (jk_meet(kernel, out) != JK_APART) return jk_fail(JK_OVERLAP, 0);
    if (jk_meet(v, out) != JK_APART) return jk_fail(JK_OVERLAP, 1);
    const ptrdiff_t size = jk_size(out);
    if (size == 0) return jk_success();

    product p; /* large, so that setting all of it to 0 would show */
    p.dtype = jk_promote(kernel->dtype, v->dtype);
    p.loops = jk_convolution_of(p.dtype);
    p.kernel = kernel;
    p.n_taps = kernel->shape[0];
    p.shift = convolution->shift;
    p.n_in = v->shape[at];
    const jk_view in = p.n_in > 0 ? *v : jk_still(v, out->data);
    p.v = in.data;
    p.out = out->data;
    find_axes(&p, &in, out, at);
    find_blocks(&p, &in, out, accumulate);
    const double cost = (double)size * (double)p.n_taps;
    const int n_tasks = jk_n_tasks(context, cost);
    ptrdiff_t n_blocks = p.n_parts;
    for (int d = 0; d < p.n_outer; d++) n_blocks *= p.outer[d].n;
    if (n_tasks == 1) return run_blocks(&p, context, 0, n_blocks);
    return jk_split(context, n_tasks, n_blocks, cost, run_share, &p);
}

static jk_status convolution_jvp(const jk_context *context, const jk_convolution *convolution, const jk_view *v,
                                 const jk_view *out, int accumulate)
{
    if (jk_convolution_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(check_kernel(convolution));
    return apply(context, convolution, v, out, accumulate);
}

jk_status jk_convolution_jvp(const jk_context *context, const jk_convolution *convolution, const jk_view *v,
                             const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, convolution_jvp(context, convolution, v, out, accumulate));
}

/* The transpose is a convolution again: row m of it sums kernel[j] times row m - shift + j. */
static jk_status convolution_vjp(const jk_context *context, const jk_convolution *convolution, const jk_view *u,
                                 const jk_view *out, int accumulate)
{
    if (jk_convolution_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    JK_TRY(check_kernel(convolution));
    const jk_view *const kernel = &convolution->kernel;
    const ptrdiff_t last = kernel->shape[0] - 1, stride = kernel->strides_in_bytes[0], back = -stride;
    const jk_convolution transpose = {
        {(char *)kernel->data + last * stride, kernel->dtype, 1, kernel->shape, &back},
        last - convolution->shift,
        convolution->n_behind,
    };
    return apply(context, &transpose, u, out, accumulate);
}

jk_status jk_convolution_vjp(const jk_context *context, const jk_convolution *convolution, const jk_view *u,
                             const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, convolution_vjp(context, convolution, u, out, accumulate));
}
