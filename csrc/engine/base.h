/* What every file from here up is written with: statuses, minimum and maximum. */
#ifndef JK_BASE_H
#define JK_BASE_H

#include "table/table.h"

#include <limits.h>
#include <stdint.h>

#define JK_MIN(a, b) ((a) < (b) ? (a) : (b))
#define JK_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Returns from the enclosing function if a call failed. */
#define JK_TRY(call)                                                                                                   \
    do {                                                                                                               \
        const jk_status jk_try_status = (call);                                                                        \
        if (jk_try_status.error != JK_OK) return jk_try_status;                                                        \
    } while (0)

static inline jk_status jk_fail(jk_error error, int argument)
{
    const jk_status status = {error, argument};
    return status;
}

/* For errors whose argument is a row; the last row that an int can name stands for those behind it. */
static inline jk_status jk_fail_at(jk_error error, ptrdiff_t row) { return jk_fail(error, (int)JK_MIN(row, INT_MAX)); }

/* Whether a * b, of two numbers that are not negative, is beyond every address; else it is in `product`. */
static inline int jk_overflows(ptrdiff_t a, ptrdiff_t b, ptrdiff_t *product)
{
#if defined(__GNUC__)
    return __builtin_mul_overflow(a, b, product);
#else
    if (b != 0 && a > PTRDIFF_MAX / b) return 1;
    *product = a * b;
    return 0;
#endif
}

static inline jk_status jk_success(void) { return jk_fail(JK_OK, -1); }

#endif
