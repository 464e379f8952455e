/* Recycles large blocks of array memory through NumPy's per-array memory handler (NEP 49).
 *
 * Above the allocator's mmap ceiling every fresh array faults its pages in anew, which costs more than the arithmetic.
 * Freed blocks are kept here, at most `recycle_limit` bytes of them, and handed out again; where the system has no
 * more memory, they are given back first.  A lock guards the slots, for Pythons without a GIL. */
#ifndef JACKERN_RECYCLE_H
#define JACKERN_RECYCLE_H

#include <numpy/ndarraytypes.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if !defined(__STDC_NO_ATOMICS__) && !defined(_MSC_VER)
#include <stdatomic.h>
static atomic_flag recycle_lock = ATOMIC_FLAG_INIT;
#define RECYCLE_LOCK()                                                                                                 \
    while (atomic_flag_test_and_set_explicit(&recycle_lock, memory_order_acquire)) continue
#define RECYCLE_UNLOCK() atomic_flag_clear_explicit(&recycle_lock, memory_order_release)
#else
#define RECYCLE_LOCK() (void)0
#define RECYCLE_UNLOCK() (void)0
#endif

enum { RECYCLE_SLOTS = 16, RECYCLE_HEADER = 64, RECYCLE_PAGE = 4096 };

/* In front of every block, so that it need not be told its size again. */
typedef union recycle_header {
    size_t capacity;
    char padding[RECYCLE_HEADER];
} recycle_header;

static size_t recycle_limit = (size_t)256 << 20;
static size_t recycle_held;
static recycle_header *recycle_slot[RECYCLE_SLOTS];

/* The smallest kept block of at least `size` bytes, if that does not waste more than half of it; NULL: none. */
static recycle_header *recycle_take(size_t size)
{
    recycle_header *block = NULL;
    int best = -1;
    RECYCLE_LOCK();
    for (int i = 0; i < RECYCLE_SLOTS; i++) {
        if (recycle_slot[i] == NULL || recycle_slot[i]->capacity < size) continue;
        if (best < 0 || recycle_slot[i]->capacity < recycle_slot[best]->capacity) best = i;
    }
    if (best >= 0 && recycle_slot[best]->capacity / 2 <= size) {
        block = recycle_slot[best];
        recycle_slot[best] = NULL;
        recycle_held -= block->capacity;
    }
    RECYCLE_UNLOCK();
    return block;
}

/* Gives back all but at most `kept` bytes; returns how many bytes went. */
static size_t recycle_release(size_t kept)
{
    recycle_header *given[RECYCLE_SLOTS];
    size_t freed = 0;
    int n = 0;
    RECYCLE_LOCK();
    for (int i = 0; i < RECYCLE_SLOTS && recycle_held > kept; i++) {
        if (recycle_slot[i] == NULL) continue;
        given[n++] = recycle_slot[i];
        recycle_held -= recycle_slot[i]->capacity;
        freed += recycle_slot[i]->capacity;
        recycle_slot[i] = NULL;
    }
    RECYCLE_UNLOCK();
    while (n > 0) free(given[--n]);
    return freed;
}

static recycle_header *recycle_new(size_t bytes)
{
#if defined(_WIN32)
    return malloc(bytes);
#else
    return aligned_alloc(RECYCLE_PAGE, bytes);
#endif
}

static void *recycle_malloc(void *context, size_t size)
{
    (void)context;
    recycle_header *block = recycle_take(size);
    if (block != NULL) return block + 1;
    if (size > SIZE_MAX - 2 * RECYCLE_PAGE) return NULL;
    const size_t bytes = (size + RECYCLE_HEADER + RECYCLE_PAGE - 1) / RECYCLE_PAGE * RECYCLE_PAGE;
    block = recycle_new(bytes);
    if (block == NULL && recycle_release(0) > 0) block = recycle_new(bytes);
    if (block == NULL) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    (void)madvise(block, bytes, MADV_HUGEPAGE); /* only a wish: it may be refused */
#endif
    block->capacity = bytes - RECYCLE_HEADER;
    return block + 1;
}

static void recycle_free(void *context, void *data, size_t size)
{
    (void)context, (void)size;
    if (data == NULL) return;
    recycle_header *block = (recycle_header *)data - 1;
    int place = 0; /* a free slot, or that of the smallest block */
    RECYCLE_LOCK();
    for (int i = 1; i < RECYCLE_SLOTS && recycle_slot[place] != NULL; i++)
        if (recycle_slot[i] == NULL || recycle_slot[i]->capacity < recycle_slot[place]->capacity) place = i;
    recycle_header *smallest = recycle_slot[place];
    const size_t freed = smallest == NULL ? 0 : smallest->capacity;
    if (block->capacity > freed && block->capacity <= recycle_limit &&
        recycle_held - freed <= recycle_limit - block->capacity) {
        recycle_slot[place] = block;
        recycle_held += block->capacity - freed;
        block = smallest;
    }
    RECYCLE_UNLOCK();
    free(block);
}

static void *recycle_calloc(void *context, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    void *data = recycle_malloc(context, count * size);
    if (data != NULL) memset(data, 0, count * size);
    return data;
}

static void *recycle_realloc(void *context, void *data, size_t size)
{
    if (data == NULL) return recycle_malloc(context, size);
    const size_t capacity = ((recycle_header *)data - 1)->capacity;
    void *moved = recycle_malloc(context, size);
    if (moved == NULL) return NULL;
    memcpy(moved, data, capacity < size ? capacity : size);
    recycle_free(context, data, capacity);
    return moved;
}

/* Keeps at most `limit` bytes from now on; 0 switches recycling off. */
static void recycle_set_limit(size_t limit)
{
    recycle_limit = limit;
    (void)recycle_release(limit);
}

static PyDataMem_Handler recycle_handler = {
    "jackern_recycle", 1, {NULL, recycle_malloc, recycle_calloc, recycle_realloc, recycle_free}};

#endif
