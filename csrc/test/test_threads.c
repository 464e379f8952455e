/* Several threads of a program call at once: with one pool that they share or each with one of its own, on the same
 * operands or on others.  Bits are those of one thread, and `make tsan` runs this where a race between any two threads,
 * callers or workers, is reported. */
#include "harness.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { N_THREADS = 3, N_CALLERS = 4, N_SETS = 2, ROWS = 700, COLUMNS = 1601, SIZE = ROWS * COLUMNS, TAPS = 9 };
enum { WORKSPACE = N_THREADS << 17 };

/* ---- what is called ----------------------------------------------------------------------------------------- */

/* Operands are read by several callers; outputs, and what is written besides, belong to one. */
typedef struct operands {
    array *x, *columns, *w, *u, *narrow, *long_x, *shorter, *taps, *entries, *v;
    ptrdiff_t labels[ROWS];
    int32_t indptr[ROWS + 1], indices[SIZE];
} operands;

enum { MAX_OUTS = 2 };
typedef struct outputs {
    array *at[MAX_OUTS];
} outputs;

static operands sets[N_SETS];

static jk_status flat(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_pointwise_value(context, jk_find_op("tanh"), (const jk_view *[]){view(o->x)}, view(out->at[0]), 0);
}

static jk_status strided(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_pointwise_value(context, jk_find_op("add"), (const jk_view *[]){view(o->columns), view(o->w)},
                              view(out->at[0]), 0);
}

static jk_status broadcast_vjp(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_pointwise_vjp(context, jk_find_op("multiply"), view(o->columns),
                            (const jk_view *[]){view(o->x), view(o->w)}, NULL,
                            (const jk_view *[]){view(out->at[0]), view(out->at[1])}, 0);
}

static jk_status sum_of_x(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_unbroadcast(context, view(o->x), view(out->at[0]), 0);
}

static jk_status repeated(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_repeat(context, view(o->w), view(out->at[0]), 0);
}

static jk_status dense_jvp(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_dense_jvp(context, view(o->x), view(o->w), view(out->at[0]), 0);
}

static jk_status dense_vjp(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_dense_vjp(context, view(o->x), view(o->u), view(out->at[0]), 0);
}

static jk_status matmul(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_matmul(context, view(o->x), view(o->narrow), view(out->at[0]), 0);
}

static jk_status gram(const jk_context *context, const operands *o, const outputs *out)
{
    return jk_dense_gram_jvp(context, view(o->x), view(o->w), view(o->u), view(out->at[0]), 0);
}

static jk_status banded(const jk_context *context, const operands *o, const outputs *out)
{
    static const ptrdiff_t zero[] = {0}, one[] = {1};
    const jk_band bands[] = {{o->shorter->view, one, one, zero, one},
                             {o->long_x->view, zero, one, zero, one},
                             {o->shorter->view, zero, one, one, one}};
    return jk_banded_jvp(context, 3, bands, view(o->v), view(out->at[0]), 0);
}

static jk_status convolution(const jk_context *context, const operands *o, const outputs *out)
{
    const jk_convolution taps = {o->taps->view, (TAPS - 1) / 2, 0};
    return jk_convolution_jvp(context, &taps, view(o->v), view(out->at[0]), 0);
}

static jk_csr csr_of(const operands *o)
{
    return (jk_csr){ROWS, COLUMNS, JK_INT32, o->indptr, o->indices, o->entries->view};
}

static jk_status sparse_jvp(const jk_context *context, const operands *o, const outputs *out)
{
    const jk_csr matrix = csr_of(o);
    return jk_csr_jvp(context, &matrix, view(o->w), view(out->at[0]), 0);
}

static jk_status sparse_vjp(const jk_context *context, const operands *o, const outputs *out)
{
    const jk_csr matrix = csr_of(o);
    return jk_csr_vjp(context, &matrix, view(o->u), view(out->at[0]), 0);
}

static jk_status rows_value(const jk_context *context, const operands *o, const outputs *out)
{
    const jk_row_operands rows = {view(o->x), o->labels};
    return jk_rowwise_value(context, jk_find_rowwise("logsumexp"), &rows, view(out->at[0]), 0);
}

static jk_status rows_vjp(const jk_context *context, const operands *o, const outputs *out)
{
    const jk_row_operands rows = {view(o->x), o->labels};
    return jk_rowwise_vjp(context, jk_find_rowwise("softmax_cross_entropy"), view(o->u), &rows, view(out->at[0]), 0);
}

enum shape { NONE, MATRIX, ROW, COLUMN, NUMBER, PRODUCT, LONG };
static const struct {
    const char *name;
    jk_status (*call)(const jk_context *context, const operands *o, const outputs *out);
    enum shape out[MAX_OUTS];
    int alone; /* jackern gives no part of it to other threads */
} kinds[] = {
    {"flat", flat, {MATRIX}, 0},
    {"strided", strided, {MATRIX}, 0},
    {"broadcast vjp", broadcast_vjp, {MATRIX, ROW}, 0},
    {"sum to a number", sum_of_x, {NUMBER}, 1},
    {"sum of columns", sum_of_x, {ROW}, 0},
    {"repeat", repeated, {MATRIX}, 0},
    {"dense jvp", dense_jvp, {COLUMN}, 0},
    {"dense vjp", dense_vjp, {ROW}, 0},
    {"matmul", matmul, {PRODUCT}, 0},
    {"gram", gram, {ROW}, 0},
    {"banded", banded, {LONG}, 0},
    {"convolution", convolution, {LONG}, 0},
    {"sparse jvp", sparse_jvp, {COLUMN}, 0},
    {"sparse vjp", sparse_vjp, {ROW}, 1},
    {"rows", rows_value, {COLUMN}, 0},
    {"rows vjp", rows_vjp, {MATRIX}, 0},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static void draw(operands *o, jk_dtype dtype)
{
    o->x = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(ROWS, COLUMNS));
    o->columns = laid_out(o->x, FORTRAN);
    o->w = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(COLUMNS));
    o->u = randoms(dtype, CONTIGUOUS, 0, 1, DIMS(ROWS));
    o->narrow = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(COLUMNS, 3));
    o->long_x = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(SIZE));
    o->shorter = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(SIZE - 1));
    o->v = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(SIZE));
    o->taps = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(TAPS));
    o->entries = randoms(dtype, CONTIGUOUS, -1, 1, DIMS(SIZE));
    for (int i = 0; i < ROWS; i++) o->labels[i] = i % COLUMNS;
    for (int32_t i = 0; i <= ROWS; i++) o->indptr[i] = i * COLUMNS;
    for (int32_t k = 0; k < SIZE; k++) o->indices[k] = k * 7 % COLUMNS;
}

static outputs new_outputs(int kind, jk_dtype dtype)
{
    static const ptrdiff_t shapes[][2] = {[MATRIX] = {ROWS, COLUMNS}, [ROW] = {COLUMNS},
                                          [COLUMN] = {ROWS},          [NUMBER] = {1},
                                          [PRODUCT] = {ROWS, 3},      [LONG] = {SIZE}};
    outputs out = {{NULL}};
    for (int k = 0; k < MAX_OUTS && kinds[kind].out[k] != NONE; k++) {
        const enum shape shape = kinds[kind].out[k];
        const int ndim = shape == NUMBER ? 0 : shape == MATRIX || shape == PRODUCT ? 2 : 1;
        out.at[k] = new_array(dtype, CONTIGUOUS, ndim, shapes[shape]);
    }
    return out;
}

/* ---- who calls ---------------------------------------------------------------------------------------------- */

/* What a caller hands over as its pool: it counts the runs of several tasks. */
typedef struct counted {
    jk_pool *pool;
    int n_shared;
} counted;

static void run_counted(void *argument, jk_task *task, void *task_argument, ptrdiff_t n_tasks)
{
    counted *c = argument;
    c->n_shared += n_tasks > 1;
    jk_pool_run(c->pool, task, task_argument, n_tasks);
}

typedef struct caller {
    pthread_t thread;
    const operands *operands;
    outputs out[N_KINDS];
    const outputs *wanted;
    jk_pool *shared; /* NULL: a pool of its own for every round */
    int first_kind, n_rounds;
    int n_failed[N_KINDS], n_other[N_KINDS],
        n_shared[N_KINDS]; /* calls, results of other bits, calls that were shared */
    _Alignas(64) char workspace[WORKSPACE];
} caller;

static void *call_all(void *argument)
{
    caller *c = argument;
    char *memory = NULL;
    for (int round = 0; round < c->n_rounds; round++) {
        counted pool = {c->shared, 0};
        if (c->shared == NULL) {
            memory = malloc(jk_pool_bytes(N_THREADS));
            pool.pool = jk_pool_create(memory, N_THREADS);
        }
        const jk_context context = {run_counted, &pool, N_THREADS, NULL, NULL, c->workspace, sizeof c->workspace};
        for (int i = 0; i < N_KINDS; i++) {
            const int kind = (c->first_kind + i) % N_KINDS;
            const outputs *out = &c->out[kind], *wanted = &c->wanted[kind];
            pool.n_shared = 0;
            c->n_failed[kind] += kinds[kind].call(&context, c->operands, out).error != JK_OK;
            c->n_shared[kind] += pool.n_shared > 0;
            for (int k = 0; k < MAX_OUTS && out->at[k] != NULL; k++) {
                c->n_other[kind] += memcmp(out->at[k]->memory, wanted->at[k]->memory, wanted->at[k]->n_bytes) != 0;
                memset(out->at[k]->memory, 0xAA, out->at[k]->n_bytes);
            }
        }
        if (c->shared == NULL) {
            jk_pool_destroy(pool.pool);
            free(memory);
        }
    }
    return NULL;
}

/* Callers 0 and 1 have one set of operands, 2 and 3 the other; the last one brings pools of its own. */
static void check_callers(jk_dtype dtype, int n_rounds)
{
    static caller callers[N_CALLERS];
    static _Alignas(64) char workspace[WORKSPACE];
    outputs wanted[N_SETS][N_KINDS];
    const jk_context alone = {NULL, NULL, 1, NULL, NULL, workspace, sizeof workspace};
    for (int s = 0; s < N_SETS; s++) draw(&sets[s], dtype);
    for (int s = 0; s < N_SETS; s++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            wanted[s][kind] = new_outputs(kind, dtype);
            check_ok(kinds[kind].call(&alone, &sets[s], &wanted[s][kind]), kinds[kind].name);
        }
    char *memory = malloc(jk_pool_bytes(N_THREADS));
    jk_pool *const shared = jk_pool_create(memory, N_THREADS);
    for (int i = 0; i < N_CALLERS; i++) {
        caller *c = &callers[i];
        memset(c, 0, sizeof *c);
        c->operands = &sets[i / 2];
        c->wanted = wanted[i / 2];
        c->shared = i < N_CALLERS - 1 ? shared : NULL;
        c->first_kind = i % 2 * 5; /* the same calls at once, and others */
        c->n_rounds = n_rounds;
        for (int kind = 0; kind < N_KINDS; kind++) c->out[kind] = new_outputs(kind, dtype);
    }
    int n_started = 0;
    while (n_started < N_CALLERS &&
           pthread_create(&callers[n_started].thread, NULL, call_all, &callers[n_started]) == 0)
        n_started++;
    check(n_started == N_CALLERS, "the system gives %d threads", N_CALLERS);
    for (int i = 0; i < n_started; i++) {
        const caller *c = &callers[i];
        pthread_join(c->thread, NULL);
        for (int kind = 0; kind < N_KINDS; kind++) {
            check(c->n_failed[kind] == 0, "%s: caller %d fails", kinds[kind].name, i);
            check(c->n_other[kind] == 0, "%s: caller %d gets other bits", kinds[kind].name, i);
            check(c->n_shared[kind] == (kinds[kind].alone ? 0 : n_rounds), "%s: caller %d shares %d calls of %d",
                  kinds[kind].name, i, c->n_shared[kind], n_rounds);
        }
    }
    jk_pool_destroy(shared);
    free(memory);
    free_arrays();
}

/* ---- the pool alone ----------------------------------------------------------------------------------------- */

typedef struct tally {
    jk_pool *pool;
    int n_done[64]; /* by each task */
    int nests;
} tally;

static void tick(void *argument, ptrdiff_t index) { ((tally *)argument)->n_done[index]++; }

static void tick_and_nest(void *argument, ptrdiff_t index)
{
    tally *t = argument, inner = {.pool = t->pool};
    tick(t, index);
    jk_pool_run(t->pool, tick, &inner, 5);
    for (int i = 0; i < 5; i++) t->n_done[index] += inner.n_done[i] != 1;
}

static void *run_tasks(void *argument)
{
    tally *t = argument;
    for (ptrdiff_t n = 0; n <= 64; n++) jk_pool_run(t->pool, t->nests ? tick_and_nest : tick, t, n);
    return NULL;
}

/* Every task is done once, whoever does it, and its caller sees what it wrote. */
static void check_pool(int n_threads)
{
    char *memory = malloc(jk_pool_bytes(n_threads));
    jk_pool *const pool = jk_pool_create(memory, n_threads);
    tally tallies[N_CALLERS];
    pthread_t threads[N_CALLERS];
    for (int i = 0; i < N_CALLERS; i++) {
        tallies[i] = (tally){.pool = pool, .nests = i % 2};
        if (pthread_create(&threads[i], NULL, run_tasks, &tallies[i]) != 0) abort();
    }
    for (int i = 0; i < N_CALLERS; i++) {
        pthread_join(threads[i], NULL);
        int n_wrong = 0;
        for (int k = 0; k < 64; k++) n_wrong += tallies[i].n_done[k] != 64 - k;
        check(n_wrong == 0, "%d threads: %d tasks of caller %d are not done once a run", n_threads, n_wrong, i);
    }
    jk_pool_destroy(pool);
    free(memory);
}

void test_threads(jk_dtype dtype, int n_rounds)
{
    for (int round = 0; round < n_rounds; round++)
        for (int n_threads = 1; n_threads <= N_THREADS; n_threads++) check_pool(n_threads);
    check_callers(dtype, n_rounds);
}

#else

void test_threads(jk_dtype dtype, int n_rounds) { (void)dtype, (void)n_rounds; }

#endif
