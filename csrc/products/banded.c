/* Products with a sum of bands, in one pass over the output, chunk by chunk of its inner axis: JK_BANDS bands at a time
 * add their products in one sweep over the chunk, which stays in the first-level cache for the next.  Batch axes are
 * axes along which every band is constant and whole.  They are walked fastest, so that values are read from memory once
 * for all vectors. */
#include "engine/environment.h"
#include "engine/poll.h"
#include "engine/scratch.h"
#include "engine/threads.h"
#include "engine/view.h"
#include "table/tree.h"

#include <string.h>

enum {
    SCRATCH = JK_STACK_BYTES / 32, /* elements of either dtype: three arrays of them fit */
    CHUNK = 4096,                  /* elements of a chunk whose sum is formed in out; else it is SCRATCH */
    LEAST = 128,                   /* elements of a chunk at least, however large strides are, unless SCRATCH is less */
    SHORT = 64                     /* fewer elements are not worth a loop if another axis has more */
};

/* An axis of out and v, or neighbours that are walked as one: all but the first of these are whole in every band. */
typedef struct axis {
    int first, last;  /* among the axes of the values; a batch axis has -1 */
    ptrdiff_t n_rest; /* elements of the axes behind the first */
    ptrdiff_t n;      /* elements of out */
    ptrdiff_t repeat; /* neighbours that share a value, because the last batch axis lies behind all others */
    ptrdiff_t out_stride, in_stride;
} axis;

/* What a band has along an axis: value k multiplies in_start + in_step * k and goes to out_start + out_step * k. */
typedef struct window {
    ptrdiff_t n, out_start, out_step, in_start, in_step, stride;
} window;

typedef struct product {
    const jk_banded_loops *loops; /* of the dtype that everything is computed in */
    jk_dtype dtype;
    int n_bands, transposed;
    const jk_band *bands;
    const jk_view *v, *out;
    jk_write_loop *write; /* NULL: the sum is formed in out */
    axis inner, outer[JK_MAX_NDIM];
    int n_outer;
    ptrdiff_t chunk; /* of the inner axis */
} product;

/* ---- bands along one axis ----------------------------------------------------------------------------------- */

static window window_of(const product *p, const jk_band *band, const axis *a)
{
    if (a->first < 0) return (window){a->n, 0, 1, 0, 1, 0};
    const ptrdiff_t *const out_start = p->transposed ? band->in_start : band->out_start;
    const ptrdiff_t *const out_step = p->transposed ? band->in_step : band->out_step;
    const ptrdiff_t *const in_start = p->transposed ? band->out_start : band->in_start;
    const ptrdiff_t *const in_step = p->transposed ? band->out_step : band->in_step;
    const ptrdiff_t n = band->values.shape[a->first];
    if (n == 0) return (window){0, 0, 1, 0, 1, 0}; /* its start may be any number */
    return (window){
        .n = n * a->n_rest,
        .out_start = out_start[a->first] * a->n_rest,
        .out_step = n == 1 ? 1 : out_step[a->first],
        .in_start = in_start[a->first] * a->n_rest,
        .in_step = n == 1 ? 1 : in_step[a->first],
        .stride = band->values.strides_in_bytes[a->last],
    };
}

/* How many of 0, step, 2 * step, ... are less than `distance`. */
static ptrdiff_t n_below(ptrdiff_t distance, ptrdiff_t step)
{
    if (distance <= 0) return 0;
    return step == 1 ? distance : (distance - 1) / step + 1;
}

/* Cuts a window to the n elements of out from `start` on, from which its places then count; returns the first k. */
static ptrdiff_t cut(window *w, ptrdiff_t start, ptrdiff_t n)
{
    ptrdiff_t first, last;
    if (w->out_step > 0) {
        first = n_below(start - w->out_start, w->out_step);
        last = n_below(start - w->out_start + n, w->out_step);
    } else {
        first = n_below(w->out_start - start + 1 - n, -w->out_step);
        last = n_below(w->out_start - start + 1, -w->out_step);
    }
    w->n = JK_MAX(JK_MIN(last, w->n) - first, 0);
    if (w->n == 0) return 0;
    w->out_start += first * w->out_step - start;
    w->in_start += first * w->in_step;
    return first;
}

/* The place among the values of element k of a window. */
static ptrdiff_t value_of(const axis *a, ptrdiff_t k) { return a->repeat == 1 ? k : k / a->repeat; }

/* ---- the sum over bands ------------------------------------------------------------------------------------- */

/* What a band has for a row, that is n elements of the inner axis: products for every step-th from `place` on. */
typedef struct part {
    ptrdiff_t n, place, step;
    const char *a, *x;
    ptrdiff_t a_stride, x_stride;
    jk_dtype a_dtype;
} part;

/* The row has the elements from `start` on of the inner axis and lies at `index` of the outer ones. */
static part part_of(const product *p, const jk_band *band, const ptrdiff_t *index, ptrdiff_t start, ptrdiff_t n)
{
    window w = window_of(p, band, &p->inner);
    const char *a = band->values.data, *x = p->v->data;
    if (a == NULL || x == NULL) return (part){0}; /* as empty views may have it */
    const ptrdiff_t first = cut(&w, start, n);
    part own = {w.n, w.out_start, w.out_step, NULL, NULL, w.stride, w.in_step * p->inner.in_stride, band->values.dtype};
    if (own.n == 0) return own;
    a += value_of(&p->inner, first) * w.stride;
    x += w.in_start * p->inner.in_stride;
    for (int d = 0; d < p->n_outer; d++) {
        w = window_of(p, band, &p->outer[d]);
        const ptrdiff_t k = cut(&w, index[d], 1);
        if (w.n == 0) return (part){0};
        a += value_of(&p->outer[d], k) * w.stride;
        x += w.in_start * p->outer[d].in_stride;
    }
    own.a = a;
    own.x = x;
    return own;
}

/* Adds the products first <= k < last of one part. */
static void run_part(const product *p, const part *own, ptrdiff_t first, ptrdiff_t last, char *sum, int adds)
{
    _Alignas(JK_ALIGNMENT) char scratch[2][SCRATCH * sizeof(double)];
    const ptrdiff_t item = jk_itemsize(p->dtype);
    for (ptrdiff_t n; first < last; first += n) {
        const void *a = own->a + value_of(&p->inner, first) * own->a_stride, *x = own->x + first * own->x_stride;
        ptrdiff_t a_stride = own->a_stride, x_stride = own->x_stride;
        char *const out = sum + (own->place + first * own->step) * item;
        if (p->inner.repeat > 1) {
            n = last - first;
            p->loops->repeated_bands(1, n / p->inner.repeat, p->inner.repeat, out, &a, &a_stride, &x, adds);
            continue;
        }
        n = JK_MIN(SCRATCH, last - first);
        if (own->a_dtype != p->dtype) {
            jk_reader(p->dtype, own->a_dtype)(n, scratch[0], a, a_stride);
            a = scratch[0];
            a_stride = item;
        }
        if (p->v->dtype != p->dtype) {
            jk_reader(p->dtype, p->v->dtype)(n, scratch[1], x, x_stride);
            x = scratch[1];
            x_stride = item;
        }
        p->loops->strided_bands(1, n, out, own->step * item, &a, &a_stride, &x, &x_stride, adds);
    }
}

/* The places where all parts have products that one loop can add up; an empty range if there are none. */
static void common_places(const product *p, int n_parts, const part *parts, ptrdiff_t *low, ptrdiff_t *high)
{
    *low = parts[0].place;
    *high = parts[0].place + parts[0].n;
    for (int i = 0; i < n_parts; i++) {
        *low = JK_MAX(*low, parts[i].place);
        *high = JK_MIN(*high, parts[i].place + parts[i].n);
        if (parts[i].step != 1 || parts[i].a_dtype != p->dtype) *high = *low;
    }
    if (p->v->dtype != p->dtype) *high = *low;
    *high = JK_MAX(*high, *low);
}

/* The stride of all values where all vectors are contiguous: 0, constants; the item size; -1, neither. */
static ptrdiff_t common_stride(const product *p, int n_parts, const part *parts)
{
    const ptrdiff_t item = jk_itemsize(p->dtype), stride = parts[0].a_stride;
    for (int i = 0; i < n_parts; i++)
        if (parts[i].a_stride != stride || parts[i].x_stride != item) return -1;
    return stride == 0 || stride == item ? stride : -1;
}

/* Adds the parts, of which the first sets what the others add to unless `adds`.  The ends come last, when the sweep has
 * brought them into the cache. */
static void run_parts(const product *p, int n_parts, const part *parts, char *sum, int adds)
{
    const ptrdiff_t item = jk_itemsize(p->dtype), repeat = p->inner.repeat;
    const void *a[JK_BANDS], *x[JK_BANDS];
    ptrdiff_t a_stride[JK_BANDS], x_stride[JK_BANDS], low, high;
    common_places(p, n_parts, parts, &low, &high);
    const ptrdiff_t n = high - low, stride = common_stride(p, n_parts, parts);
    for (int i = 0; i < n_parts && n > 0; i++) {
        const ptrdiff_t first = low - parts[i].place;
        a[i] = parts[i].a + value_of(&p->inner, first) * parts[i].a_stride;
        x[i] = parts[i].x + first * parts[i].x_stride;
        a_stride[i] = parts[i].a_stride;
        x_stride[i] = parts[i].x_stride;
    }
    if (n > 0 && repeat > 1)
        p->loops->repeated_bands(n_parts, n / repeat, repeat, sum + low * item, a, a_stride, x, adds);
    else if (n > 0 && stride == item)
        p->loops->bands(n_parts, n, sum + low * item, a, x, adds);
    else if (n > 0 && stride == 0)
        p->loops->repeated_bands(n_parts, 1, n, sum + low * item, a, a_stride, x, adds);
    else if (n > 0)
        p->loops->strided_bands(n_parts, n, sum + low * item, item, a, a_stride, x, x_stride, adds);
    for (int i = 0; i < n_parts; i++) {
        const ptrdiff_t first = n > 0 ? low - parts[i].place : 0, last = n > 0 ? high - parts[i].place : 0;
        if (first > 0) run_part(p, &parts[i], 0, first, sum, adds || i > 0);
        if (last < parts[i].n) run_part(p, &parts[i], last, parts[i].n, sum, adds || i > 0);
    }
}

/* The sum starts with the first band where that has a product, and elsewhere with 0. */
static void run_row(const product *p, const ptrdiff_t *index, ptrdiff_t start, ptrdiff_t n)
{
    _Alignas(JK_ALIGNMENT) char scratch[SCRATCH * sizeof(double)];
    const ptrdiff_t item = jk_itemsize(p->dtype);
    char *out = (char *)p->out->data + start * p->inner.out_stride;
    for (int d = 0; d < p->n_outer; d++) out += index[d] * p->outer[d].out_stride;
    char *sum = p->write == NULL ? out : scratch;
    part parts[JK_BANDS];
    int n_parts = 0, adds = 0;
    for (int b = 0; b < p->n_bands; b++) {
        parts[n_parts] = part_of(p, &p->bands[b], index, start, n);
        if (b == 0 && parts[0].n < n) memset(sum, 0, (size_t)(n * item));
        if (b == 0 && parts[0].n == 0) adds = 1;
        if (parts[n_parts].n > 0) n_parts++;
        if (n_parts < JK_BANDS && b < p->n_bands - 1) continue;
        if (n_parts > 0) run_parts(p, n_parts, parts, sum, adds);
        adds = 1;
        n_parts = 0;
    }
    if (p->n_bands == 0) memset(sum, 0, (size_t)(n * item));
    if (p->write != NULL) p->write(n, out, p->inner.out_stride, sum);
}

/* The rows first <= row < last: the last of the outer axes fastest, chunks of the inner axis slowest. */
static jk_status run_rows(const product *p, const jk_context *context, ptrdiff_t first, ptrdiff_t last)
{
    ptrdiff_t index[JK_MAX_NDIM], chunk = first;
    jk_poll poll = {context, 0};
    for (int d = p->n_outer - 1; d >= 0; d--) {
        index[d] = chunk % p->outer[d].n;
        chunk /= p->outer[d].n;
    }
    for (ptrdiff_t row = first; row < last; row++) {
        const ptrdiff_t n = JK_MIN(p->chunk, p->inner.n - chunk * p->chunk);
        run_row(p, index, chunk * p->chunk, n);
        int d = p->n_outer - 1;
        while (d >= 0 && ++index[d] == p->outer[d].n) index[d--] = 0;
        if (d < 0) chunk++;
        JK_TRY(jk_poll_after(&poll, (double)n * JK_MAX(p->n_bands, 1)));
    }
    return jk_success();
}

static void run_share(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last)
{
    (void)task;
    (void)run_rows(argument, NULL, first, last);
}

/* ---- axes --------------------------------------------------------------------------------------------------- */

/* Whether every band has the whole of its axis d, which is n long in out and in v. */
static int is_whole(const product *p, int d, ptrdiff_t n)
{
    for (int b = 0; b < p->n_bands; b++) {
        const jk_band *band = &p->bands[b];
        if (band->values.shape[d] != n || (n > 1 && (band->out_step[d] != 1 || band->in_step[d] != 1))) return 0;
    }
    return 1;
}

/* Whether every band steps by 1 along its axis d. */
static int is_dense(const product *p, int d)
{
    for (int b = 0; b < p->n_bands; b++) {
        const jk_band *band = &p->bands[b];
        if (band->values.shape[d] > 1 && (band->out_step[d] != 1 || band->in_step[d] != 1)) return 0;
    }
    return 1;
}

/* Whether the values of every band allow to walk its axis d, which it has whole, as one with those before it. */
static int values_join(const product *p, const axis *before, int d)
{
    for (int b = 0; b < p->n_bands; b++) {
        const ptrdiff_t *shape = p->bands[b].values.shape, *strides = p->bands[b].values.strides_in_bytes;
        if (shape[before->last] > 1 && strides[before->last] != shape[d] * strides[d]) return 0;
    }
    return 1;
}

static int nest(const axis *before, const axis *a)
{
    return before->out_stride == a->n * a->out_stride && before->in_stride == a->n * a->in_stride;
}

static int axes_join(const product *p, const axis *before, const axis *a, ptrdiff_t n_in)
{
    if (a->n != n_in || !nest(before, a)) return 0;
    if (a->first < 0 || before->first < 0) return a->first == before->first;
    return is_whole(p, a->first, a->n) && is_dense(p, before->first) && values_join(p, before, a->first);
}

static void join(axis *before, const axis *a)
{
    before->n_rest *= a->n;
    before->n *= a->n;
    before->out_stride = a->out_stride;
    before->in_stride = a->in_stride;
}

/* The axes that are walked, in the order of out: neighbours are joined, those of length 1 left out. */
static int find_axes(const product *p, int n_batch, axis *axes)
{
    int n = 0;
    for (int d = 0; d < p->out->ndim; d++) {
        const int own = JK_MAX(d - n_batch, -1);
        const axis a = {own, own, 1, p->out->shape[d], 1, p->out->strides_in_bytes[d], p->v->strides_in_bytes[d]};
        const ptrdiff_t n_in = p->v->shape[d];
        if (a.n == 1 && n_in == 1 && (own < 0 || is_whole(p, own, 1))) continue;
        if (n > 0 && axes_join(p, &axes[n - 1], &a, n_in)) {
            join(&axes[n - 1], &a);
            axes[n - 1].last = own;
        } else {
            axes[n++] = a;
        }
    }
    return n;
}

/* A short batch axis that lies behind the last of the bands' axes in memory, as the columns of a C-contiguous matrix of
 * vectors do, is joined to that; returns the number of axes that are left. */
static int join_vectors(const product *p, int n, axis *axes)
{
    if (n < 2 || axes[n - 1].first < 0 || axes[0].first >= 0) return n;
    axis *own = &axes[n - 1];
    int c = n - 2;
    while (axes[c].first >= 0) c--;
    if (axes[c].n > JK_MIN(LEAST, SCRATCH) || !nest(own, &axes[c])) return n;
    if (axes[c].out_stride != jk_itemsize(p->dtype) || axes[c].in_stride != jk_itemsize(p->dtype)) return n;
    if (p->out->dtype != p->dtype || p->v->dtype != p->dtype || !is_dense(p, own->first)) return n;
    for (int b = 0; b < p->n_bands; b++)
        if (p->bands[b].values.dtype != p->dtype) return n;
    own->repeat = axes[c].n;
    join(own, &axes[c]);
    memmove(&axes[c], &axes[c + 1], (size_t)(n - 1 - c) * sizeof *axes);
    return n - 1;
}

static ptrdiff_t distance(const axis *a) { return jk_magnitude(a->out_stride) + jk_magnitude(a->in_stride); }

/* Whether a loop over this axis is better than one over another. */
static int is_better(const axis *a, const axis *b)
{
    if (a->n < SHORT || b->n < SHORT) return a->n > b->n;
    return distance(a) < distance(b);
}

static void order_axes(product *p, int n_batch)
{
    axis axes[JK_MAX_NDIM];
    const int n = join_vectors(p, find_axes(p, n_batch, axes), axes);
    int inner = 0;
    for (int d = 1; d < n; d++)
        if (is_better(&axes[d], &axes[inner])) inner = d;
    const axis single = {-1, -1, 1, 1, 1, jk_itemsize(p->out->dtype), jk_itemsize(p->v->dtype)};
    p->inner = n == 0 ? single : axes[inner];
    p->n_outer = 0;
    for (int is_batch = 0; is_batch < 2; is_batch++)
        for (int d = 0; d < n; d++)
            if (d != inner && (axes[d].first < 0) == is_batch) p->outer[p->n_outer++] = axes[d];
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

/* Whether the places start, start + step, ... of n values lie on an axis. */
static int fits(ptrdiff_t n, ptrdiff_t start, ptrdiff_t step, ptrdiff_t length)
{
    if (step == 0) return 0;
    if (n == 0) return 1;
    if (start < 0 || start >= length) return 0;
    if (step == 1) return n <= length - start;
    return n - 1 <= (step > 0 ? (length - 1 - start) / step : -(start / step));
}

static jk_status check_bands(int n_bands, const jk_band *bands, const ptrdiff_t *out_length, const ptrdiff_t *in_length)
{
    for (int b = 0; b < n_bands; b++)
        for (int d = 0; d < bands[b].values.ndim; d++) {
            const ptrdiff_t n = bands[b].values.shape[d];
            if (!fits(n, bands[b].out_start[d], bands[b].out_step[d], out_length[d])) return jk_fail(JK_SHAPE, b);
            if (!fits(n, bands[b].in_start[d], bands[b].in_step[d], in_length[d])) return jk_fail(JK_SHAPE, b);
        }
    return jk_success();
}

static jk_status apply(const jk_context *context, int n_bands, const jk_band *bands, const jk_view *v,
                       const jk_view *out, int accumulate, int transposed)
{
    if (jk_banded_of(JK_FLOAT64) == NULL) return jk_fail(JK_NO_INIT, -1);
    if (n_bands < 0) return jk_fail(JK_SHAPE, -1);
    for (int b = 0; b < n_bands; b++) {
        JK_TRY(jk_check_input(&bands[b].values, b));
        if (bands[b].values.ndim != bands[0].values.ndim) return jk_fail(JK_SHAPE, b);
    }
    JK_TRY(jk_check_input(v, n_bands));
    JK_TRY(jk_check_output(out, n_bands + 1));
    product p; /* large, so that setting all of it to 0 would show */
    p.dtype = v->dtype;
    p.n_bands = n_bands;
    p.transposed = transposed;
    p.bands = bands;
    p.v = v;
    p.out = out;
    p.write = NULL;
    int n_batch = out->ndim;
    if (n_bands > 0) {
        n_batch -= bands[0].values.ndim;
        if (n_batch < 0) return jk_fail(JK_SHAPE, n_bands + 1);
        if (v->ndim != out->ndim) return jk_fail(JK_SHAPE, n_bands);
        for (int d = 0; d < n_batch; d++)
            if (v->shape[d] != out->shape[d]) return jk_fail(JK_SHAPE, n_bands);
        const ptrdiff_t *const v_length = v->shape + n_batch, *const length = out->shape + n_batch;
        JK_TRY(check_bands(n_bands, bands, transposed ? v_length : length, transposed ? length : v_length));
    }
    for (int b = 0; b < n_bands; b++) {
        if (jk_meet(&bands[b].values, out) != JK_APART) return jk_fail(JK_OVERLAP, b);
        p.dtype = jk_promote(p.dtype, bands[b].values.dtype);
    }
    if (jk_meet(v, out) != JK_APART) return jk_fail(JK_OVERLAP, n_bands);
    const ptrdiff_t size = jk_size(out);
    if (size == 0) return jk_success();

    if (n_bands == 0) p.v = out; /* nothing is read, and the shape of v says nothing */
    p.loops = jk_banded_of(p.dtype);
    order_axes(&p, n_batch);
    if (accumulate || out->dtype != p.dtype || p.inner.out_stride != jk_itemsize(p.dtype))
        p.write = jk_writer(p.dtype, out->dtype, accumulate);
    p.chunk = p.write == NULL ? CHUNK : JK_MIN(SCRATCH, JK_MAX(LEAST, CHUNK * 2 / JK_MAX(distance(&p.inner), 1)));
    p.chunk -= p.chunk % p.inner.repeat;
    const double cost = (double)size * JK_MAX(n_bands, 1);
    const int n_tasks = jk_n_tasks(context, cost);
    const ptrdiff_t n_rows = size / p.inner.n * jk_n_runs(p.inner.n, p.chunk);
    if (n_tasks == 1) return run_rows(&p, context, 0, n_rows);
    return jk_split(context, n_tasks, n_rows, cost, run_share, &p);
}

jk_status jk_banded_jvp(const jk_context *context, int n_bands, const jk_band *bands, const jk_view *v,
                        const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, apply(context, n_bands, bands, v, out, accumulate, 0));
}

jk_status jk_banded_vjp(const jk_context *context, int n_bands, const jk_band *bands, const jk_view *u,
                        const jk_view *out, int accumulate)
{
    const jk_environment before = jk_enter();
    return jk_left(before, apply(context, n_bands, bands, u, out, accumulate, 1));
}
