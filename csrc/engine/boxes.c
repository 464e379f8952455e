/* The shape is halved along its longest axis until boxes are small.  Where an output is summed along that axis, its right
 * part is summed apart and then added, so that the sums are pairwise and partial sums are as small as the shape allows:
 * for (n, 1) times (1, m) they hold a few times min(n, m) numbers. */
#include "engine/boxes.h"
#include "engine/passes.h"
#include "engine/scratch.h"
#include "table/tree.h"

#include <string.h>

enum {
    BOX = 16384,         /* elements */
    PASS_BYTES = 1 << 17 /* of the workspace, for the pass itself */
};

typedef struct box {
    ptrdiff_t length[JK_MAX_NDIM];
    char *in[JK_MAX_INPUTS], *out[JK_MAX_OUTPUTS];
} box;

typedef struct boxes {
    const jk_context *context; /* of the passes */
    jk_poll poll;              /* of all boxes: each by itself is too small to ask */
    const jk_program *program;
    int ndim;
    ptrdiff_t in[JK_MAX_INPUTS][JK_MAX_NDIM]; /* strides in bytes, 0 where stretched */
    char *scratch;
} boxes;

static ptrdiff_t n_elements(const ptrdiff_t *length, int ndim)
{
    ptrdiff_t n = 1;
    for (int d = 0; d < ndim; d++) n *= length[d];
    return n;
}

static int longest(const ptrdiff_t *length, int ndim)
{
    int d = 0;
    for (int e = 1; e < ndim; e++)
        if (length[e] > length[d]) d = e;
    return d;
}

/* A partial sum of output k over a box: C-contiguous, with length 1 where it is summed. */
static size_t partial(const boxes *b, int k, const ptrdiff_t *length, ptrdiff_t *shape, ptrdiff_t *strides)
{
    ptrdiff_t bytes = jk_itemsize(b->program->dtype);
    for (int d = b->ndim - 1; d >= 0; d--) {
        shape[d] = jk_is_stretched(b->program->output[k], b->ndim, d) ? 1 : length[d];
        strides[d] = bytes;
        bytes *= shape[d];
    }
    return jk_align((size_t)bytes);
}

/* Room for one number per axis of every output. */
static size_t geometry_bytes(const boxes *b)
{
    return jk_align((size_t)b->program->n_outputs * (size_t)b->ndim * sizeof(ptrdiff_t));
}

static ptrdiff_t *take_geometry(boxes *b)
{
    ptrdiff_t *geometry = (ptrdiff_t *)(void *)b->scratch;
    b->scratch += geometry_bytes(b);
    return geometry;
}

static jk_view view_of(const boxes *b, void *data, const ptrdiff_t *shape, const ptrdiff_t *strides)
{
    const jk_view view = {data, b->program->dtype, b->ndim, shape, strides};
    return view;
}

/* Adds a view to another one, or copies it, summed over what the other one lacks. */
static jk_status add_view(boxes *b, const jk_view *from, const jk_view *into, int accumulate)
{
    jk_program p;
    jk_begin_program(&p, accumulate);
    jk_add_output(&p, into, -1, jk_add_input(&p, from, -1));
    const outline o = jk_outline(&p, b->ndim, from->shape);
    return jk_run_passes(NULL, &b->poll, &p, b->ndim, from->shape, &o, 0);
}

static jk_status run_box(boxes *b, const box *at, const ptrdiff_t *strides)
{
    const jk_program *p = b->program;
    jk_program inner = *p;
    jk_view in[JK_MAX_INPUTS], out[JK_MAX_OUTPUTS];
    ptrdiff_t in_shape[JK_MAX_INPUTS][JK_MAX_NDIM], out_shape[JK_MAX_OUTPUTS][JK_MAX_NDIM];
    inner.accumulate = 0;
    for (int j = 0; j < p->n_inputs; j++) {
        for (int d = 0; d < b->ndim; d++) in_shape[j][d] = jk_is_stretched(p->input[j], b->ndim, d) ? 1 : at->length[d];
        in[j] = view_of(b, at->in[j], in_shape[j], b->in[j]);
        in[j].dtype = p->input[j]->dtype;
        inner.input[j] = &in[j];
    }
    for (int k = 0; k < p->n_outputs; k++) {
        for (int d = 0; d < b->ndim; d++)
            out_shape[k][d] = jk_is_stretched(p->output[k], b->ndim, d) ? 1 : at->length[d];
        out[k] = view_of(b, at->out[k], out_shape[k], strides + k * b->ndim);
        inner.output[k] = &out[k];
    }
    const outline o = jk_outline(&inner, b->ndim, at->length);
    return jk_run_passes(b->context, &b->poll, &inner, b->ndim, at->length, &o, 0);
}

/* Sums a box into at->out, whose strides are given. */
static jk_status split(boxes *b, const box *at, const ptrdiff_t *strides)
{
    const jk_program *p = b->program;
    if (n_elements(at->length, b->ndim) <= BOX) return run_box(b, at, strides);
    const int d = longest(at->length, b->ndim);
    box part = *at;
    part.length[d] = jk_left_part(at->length[d], 1);
    JK_TRY(split(b, &part, strides));

    const ptrdiff_t moved = part.length[d];
    char *const scratch = b->scratch;
    ptrdiff_t *shape = take_geometry(b), *right = take_geometry(b);
    part.length[d] = at->length[d] - moved;
    for (int j = 0; j < p->n_inputs; j++) part.in[j] += moved * b->in[j][d];
    for (int k = 0; k < p->n_outputs; k++) {
        const int own = k * b->ndim;
        const size_t bytes = partial(b, k, part.length, shape + own, right + own);
        if (jk_is_stretched(p->output[k], b->ndim, d)) {
            part.out[k] = b->scratch;
            b->scratch += bytes;
        } else {
            part.out[k] += moved * strides[own + d];
            memcpy(right + own, strides + own, (size_t)b->ndim * sizeof *strides);
        }
    }
    JK_TRY(split(b, &part, right));
    for (int k = 0; k < p->n_outputs; k++) {
        if (!jk_is_stretched(p->output[k], b->ndim, d)) continue;
        const jk_view from = view_of(b, part.out[k], shape + k * b->ndim, right + k * b->ndim);
        const jk_view into = view_of(b, at->out[k], shape + k * b->ndim, strides + k * b->ndim);
        JK_TRY(add_view(b, &from, &into, 1));
    }
    b->scratch = scratch;
    return jk_success();
}

/* Bytes of all partial sums that live at once, and of their geometry; the left parts are the larger ones. */
static size_t needed(const boxes *b, const ptrdiff_t *shape)
{
    ptrdiff_t length[JK_MAX_NDIM], ignored[2][JK_MAX_NDIM];
    size_t bytes = 2 * geometry_bytes(b);
    memcpy(length, shape, (size_t)b->ndim * sizeof *shape);
    for (int k = 0; k < b->program->n_outputs; k++) bytes += partial(b, k, length, ignored[0], ignored[1]);
    while (n_elements(length, b->ndim) > BOX) {
        const int d = longest(length, b->ndim);
        length[d] = jk_left_part(length[d], 1);
        bytes += 2 * geometry_bytes(b);
        for (int k = 0; k < b->program->n_outputs; k++)
            if (jk_is_stretched(b->program->output[k], b->ndim, d))
                bytes += partial(b, k, length, ignored[0], ignored[1]);
    }
    return bytes;
}

jk_status jk_run_boxes(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape)
{
    const jk_scratch workspace = jk_workspace(context);
    boxes b = {.poll = {context, 0}, .program = program, .ndim = ndim};
    if (workspace.left < PASS_BYTES || needed(&b, shape) > workspace.left - PASS_BYTES)
        return jk_fail(JK_WORKSPACE, -1);
    jk_context inner = *context;
    inner.parallel_for = NULL; /* a box is too small to share */
    inner.workspace = workspace.at;
    inner.workspace_bytes = PASS_BYTES;
    b.context = &inner;
    b.scratch = workspace.at + PASS_BYTES;

    box all;
    ptrdiff_t *sum_shape = take_geometry(&b), *strides = take_geometry(&b);
    memcpy(all.length, shape, (size_t)ndim * sizeof *shape);
    for (int j = 0; j < program->n_inputs; j++) {
        const jk_view *v = program->input[j];
        all.in[j] = v->data;
        for (int d = 0; d < ndim; d++) b.in[j][d] = jk_stride_along(v, ndim, d);
    }
    for (int k = 0; k < program->n_outputs; k++) {
        all.out[k] = b.scratch;
        b.scratch += partial(&b, k, shape, sum_shape + k * ndim, strides + k * ndim);
    }
    JK_TRY(split(&b, &all, strides));
    for (int k = 0; k < program->n_outputs; k++) {
        const jk_view sum = view_of(&b, all.out[k], sum_shape + k * ndim, strides + k * ndim);
        jk_view out = *program->output[k];
        ptrdiff_t out_shape[JK_MAX_NDIM], out_strides[JK_MAX_NDIM];
        for (int d = 0; d < ndim; d++) {
            const int e = d - (ndim - out.ndim);
            out_shape[d] = e < 0 ? 1 : out.shape[e];
            out_strides[d] = e < 0 ? 0 : out.strides_in_bytes[e];
        }
        out.ndim = ndim;
        out.shape = out_shape;
        out.strides_in_bytes = out_strides;
        JK_TRY(add_view(&b, &sum, &out, program->accumulate));
    }
    return jk_success();
}
