/* Memory that a call needs while it runs: a bounded amount of the stack, or the workspace of its context.  Pieces of it
 * start at the lines of the cache. */
#ifndef JK_SCRATCH_H
#define JK_SCRATCH_H

#include "table/table.h"

enum { JK_ALIGNMENT = 64 };

typedef struct jk_scratch {
    char *at;
    size_t left; /* bytes */
} jk_scratch;

/* The workspace where it is larger than JK_STACK_BYTES, else so many bytes of the caller's stack; both are aligned. */
static inline jk_scratch jk_larger_scratch(const jk_context *context, char *stack)
{
    if (context != NULL && context->workspace_bytes > JK_STACK_BYTES)
        return (jk_scratch){context->workspace, context->workspace_bytes};
    return (jk_scratch){stack, JK_STACK_BYTES};
}

static inline size_t jk_align(size_t bytes) { return (bytes + JK_ALIGNMENT - 1) / JK_ALIGNMENT * JK_ALIGNMENT; }

/* The next so many bytes; NULL if there are fewer. */
static inline char *jk_take(jk_scratch *scratch, size_t bytes)
{
    const size_t taken = jk_align(bytes);
    if (scratch->left < taken) return NULL;
    char *const piece = scratch->at;
    scratch->at += taken;
    scratch->left -= taken;
    return piece;
}

#endif
