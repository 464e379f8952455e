/* Asking the caller, now and then, whether the call shall end. */
#ifndef JK_POLL_H
#define JK_POLL_H

#include "engine/base.h"

/* The work of one thread since it last asked, in multiplications or what takes as long; about a millisecond of it makes
 * a question. */
typedef struct jk_poll {
    const jk_context *context; /* NULL: nobody is asked, as on a thread that helps */
    double work;
} jk_poll;

enum { JK_POLL_WORK = 1 << 20 };

static inline jk_status jk_poll_now(const jk_context *context)
{
    if (context == NULL || context->poll == NULL || !context->poll(context->poll_argument)) return jk_success();
    return jk_fail(JK_INTERRUPTED, -1);
}

/* To be called after so much more work. */
static inline jk_status jk_poll_after(jk_poll *poll, double work)
{
    poll->work += work;
    if (poll->work < JK_POLL_WORK) return jk_success();
    poll->work = 0;
    return jk_poll_now(poll->context);
}

#endif
