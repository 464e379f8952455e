/* Memory that a call needs while it runs: a bounded amount of the stack, or the workspace of its context.  Pieces of it
 * start at the lines of the cache, wherever the workspace starts. */
#ifndef JK_SCRATCH_H
#define JK_SCRATCH_H

#include "table/table.h"

#include <stdint.h>

enum { JK_ALIGNMENT = JK_LINE_BYTES };

typedef struct jk_scratch {
    char *at;
    size_t left; /* bytes */
} jk_scratch;

/* The workspace from the first line of the cache in it on; no bytes if there is none. */
static inline jk_scratch jk_workspace(const jk_context *context)
{
    if (context == NULL || context->workspace == NULL) return (jk_scratch){NULL, 0};
    const size_t skipped = (JK_ALIGNMENT - (uintptr_t)context->workspace % JK_ALIGNMENT) % JK_ALIGNMENT;
    if (context->workspace_bytes <= skipped) return (jk_scratch){NULL, 0};
    return (jk_scratch){(char *)context->workspace + skipped, context->workspace_bytes - skipped};
}

/* The workspace where it is larger than JK_STACK_BYTES, else so many bytes of the caller's stack, which is aligned. */
static inline jk_scratch jk_larger_scratch(const jk_context *context, char *stack)
{
    const jk_scratch workspace = jk_workspace(context);
    return workspace.left > JK_STACK_BYTES ? workspace : (jk_scratch){stack, JK_STACK_BYTES};
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
