/* Shares work among the threads of a context; and the optional pool of POSIX threads that a context may bring. */
#if defined(__unix__) || defined(__APPLE__)
#define JK_POSIX_THREADS
#define _POSIX_C_SOURCE 200809L
#endif

#include "engine/threads.h"
#include "engine/environment.h"
#include "engine/poll.h"

#if defined(JK_POSIX_THREADS)
#include <pthread.h>
#include <signal.h>
#endif

/* ---- sharing work ------------------------------------------------------------------------------------------- */

/* Elements for which a thread is worth waking: fewer lie in the caches of the processor that calls, and sums and products
 * of them are slower on two (0.7 at 2^18, 1.06 at 2^19, 1.6 at 10^6 of tanh's VJP on two processors of Zen 3). */
static const double TASK = 1 << 18;
static const double ROUND = 1 << 22; /* elements per thread between two polls */

int jk_n_tasks(const jk_context *context, double n_elements)
{
    if (context == NULL || context->parallel_for == NULL || n_elements < 2 * TASK) return 1;
    const double enough = n_elements / TASK;
    return enough < (double)context->n_threads ? (int)enough : JK_MAX(context->n_threads, 1);
}

typedef struct share {
    jk_work *work;
    void *argument;
    ptrdiff_t first, n_pieces, n_tasks;
} share;

static void run_task(void *argument, ptrdiff_t task)
{
    const share *s = argument;
    const ptrdiff_t each = s->n_pieces / s->n_tasks, rest = s->n_pieces % s->n_tasks;
    const ptrdiff_t first = s->first + task * each + JK_MIN(task, rest);
    const jk_environment before = jk_enter();
    s->work(s->argument, task, first, first + each + (task < rest));
    jk_leave(before);
}

jk_status jk_split(const jk_context *context, int n_tasks, ptrdiff_t n_pieces, double n_elements, jk_work *work,
                   void *argument)
{
    const double n_rounds = JK_MAX(n_elements / ROUND / n_tasks, 1);
    const ptrdiff_t each = 1 + (ptrdiff_t)((double)n_pieces / n_rounds / n_tasks), round_size = each * n_tasks;
    share s = {.work = work, .argument = argument};
    for (;;) {
        s.n_pieces = JK_MIN(round_size, n_pieces - s.first);
        s.n_tasks = JK_MIN(n_tasks, s.n_pieces);
        context->parallel_for(context->pool, run_task, &s, s.n_tasks);
        s.first += s.n_pieces;
        if (s.first == n_pieces) return jk_success();
        JK_TRY(jk_poll_now(context));
    }
}

/* ---- the pool ----------------------------------------------------------------------------------------------- */

#if defined(JK_POSIX_THREADS)

/* Everything below `lock` is read and written under it. */
struct jk_pool {
    pthread_mutex_t lock;
    pthread_cond_t more, done; /* there are tasks to take; the last one has ended */
    jk_task *task;
    void *argument;
    ptrdiff_t n_tasks, n_taken, n_ended; /* of the run that has the pool */
    int busy, closing;
    int n_workers; /* written before the pool is given away, then fixed */
    pthread_t worker[];
};

size_t jk_pool_bytes(int n_threads) { return sizeof(jk_pool) + (size_t)JK_MAX(n_threads, 1) * sizeof(pthread_t); }

/* Takes and does tasks until none is left to take; called and left with the lock. */
static void work_off(jk_pool *pool)
{
    while (pool->n_taken < pool->n_tasks) {
        jk_task *const task = pool->task;
        void *const argument = pool->argument;
        const ptrdiff_t index = pool->n_taken++;
        pthread_mutex_unlock(&pool->lock);
        task(argument, index);
        pthread_mutex_lock(&pool->lock);
        if (++pool->n_ended == pool->n_tasks) pthread_cond_signal(&pool->done);
    }
}

static void *worker(void *argument)
{
    jk_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        work_off(pool);
        if (!pool->closing) pthread_cond_wait(&pool->more, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

jk_pool *jk_pool_create(void *memory, int n_threads)
{
    jk_pool *pool = memory;
    *pool = (jk_pool){
        .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    /* Signals are for the threads of the program. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->n_workers < n_threads - 1 && pthread_create(&pool->worker[pool->n_workers], NULL, worker, pool) == 0)
        pool->n_workers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool;
}

void jk_pool_run(void *argument, jk_task *task, void *task_argument, ptrdiff_t n_tasks)
{
    jk_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    const int mine = !pool->busy;
    if (mine) {
        pool->busy = 1;
        pool->task = task;
        pool->argument = task_argument;
        pool->n_taken = pool->n_ended = 0;
        pool->n_tasks = n_tasks;
        pthread_cond_broadcast(&pool->more);
        work_off(pool);
        while (pool->n_ended < n_tasks) pthread_cond_wait(&pool->done, &pool->lock);
        pool->busy = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    for (ptrdiff_t i = 0; i < n_tasks && !mine; i++) task(task_argument, i);
}

void jk_pool_destroy(jk_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->closing = 1;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_workers; i++) pthread_join(pool->worker[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
}

#else

struct jk_pool {
    int n_threads;
};

size_t jk_pool_bytes(int n_threads)
{
    (void)n_threads;
    return sizeof(jk_pool);
}

jk_pool *jk_pool_create(void *memory, int n_threads)
{
    jk_pool *pool = memory;
    pool->n_threads = n_threads;
    return pool;
}

void jk_pool_run(void *pool, jk_task *task, void *argument, ptrdiff_t n_tasks)
{
    (void)pool;
    for (ptrdiff_t i = 0; i < n_tasks; i++) task(argument, i);
}

void jk_pool_destroy(jk_pool *pool) { (void)pool; }

#endif
