/* Work that falls into independent pieces, and how the threads of a context share it. */
#ifndef JK_THREADS_H
#define JK_THREADS_H

#include "engine/base.h"

/* Does the pieces first <= i < last.  No two calls that run at the same time have the same `task`. */
typedef void jk_work(void *argument, ptrdiff_t task, ptrdiff_t first, ptrdiff_t last);

/* How many threads shall share work over so many elements: 1 where a second would not pay.  Nothing that a thread
 * count decides may touch the tree of a sum. */
int jk_n_tasks(const jk_context *context, double n_elements);

/* Does n_pieces of about equal cost, and polls now and then; task < n_tasks. */
jk_status jk_split(const jk_context *context, int n_tasks, ptrdiff_t n_pieces, double n_elements, jk_work *work,
                   void *argument);

#endif
