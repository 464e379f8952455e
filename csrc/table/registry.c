/* What the table of ops says about itself: names, formulas, what derivatives read, domains. */
#include "table/table.h"

#include <string.h>

/* What a derivative reads, as ops.def says it. */
enum {
    NOTHING = 0,
    ITSELF = 1 << 8, /* nothing, and the product is t itself */
    A = JK_READS_A,
    B = JK_READS_B,
    C = JK_READS_C,
    Y = JK_READS_Y,
    AB = A | B,
    AY = A | Y,
    BY = B | Y,
    ABC = A | B | C,
};

/* clang-format off */
#define JK_ROW(op, aliases_, n_args_, n_operands_, selects_, kinks_)                                                   \
    [JK_OP_##op].name = #op, [JK_OP_##op].aliases = aliases_, [JK_OP_##op].n_args = n_args_,                           \
    [JK_OP_##op].n_operands = n_operands_, [JK_OP_##op].selects = selects_, [JK_OP_##op].kinks = kinks_,
#define JK_ARGUMENT(op, place, argument_, reads_, low_, high_)                                                         \
    [JK_OP_##op].argument[place] = #argument_, [JK_OP_##op].reads[place] = (reads_) & ~ITSELF,                                   \
    [JK_OP_##op].low[place] = low_, [JK_OP_##op].high[place] = high_,
#define JK_MASKED(op) [JK_OP_##op].is_masked = 1,
#define JK_DEFAULT(op, place, value)                                                                                   \
    [JK_OP_##op].is_optional[place] = 1, [JK_OP_##op].standard[place] = value,
#define JK_FORMULA(op, form, field, loop, a, b, c, text, expression) [JK_OP_##op].field = text,
/* clang-format on */
static const jk_op ops[JK_N_OPS] = {
#include "table/kinds.def"
};

#define JK_ARGUMENT(op, place, argument, reads, low, high) [JK_OP_##op][place] = (reads) == ITSELF,
const unsigned char jk_passes_on[JK_N_OPS][JK_MAX_ARGS] = {
#include "table/kinds.def"
};

/* Whether a row-wise op takes labels. */
enum { NO_LABELS, LABELS };

#define JK_ROWWISE(name, aliases, labels, max, kept, sum, value, jvp_sum, jvp, vjp, reads, low, high, kinks)           \
    {#name, aliases, labels, #max, #kept, #sum, #value, #jvp_sum, #jvp, #vjp, reads, low, high, kinks},
static const jk_rowwise_op rowwise[JK_N_ROWWISE] = {
#include "table/rowwise.def"
};

static const char *const messages[JK_N_ERRORS] = {
#define JK_STATUS(name, message) message,
#include "jackern/status.def"
};

const char *jk_message(jk_error error)
{
    return (int)error >= 0 && error < JK_N_ERRORS ? messages[error] : "unknown error";
}

const char *jk_version(void) { return JK_VERSION; }

int jk_n_ops(void) { return JK_N_OPS; }

const jk_op *jk_op_at(int op) { return op >= 0 && op < JK_N_OPS ? &ops[op] : NULL; }

/* Whether `word` is one of the words of `list`, which single spaces separate. */
static int has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = list; *p != '\0'; p += *p == ' ') {
        const size_t m = strcspn(p, " ");
        if (m == n && memcmp(p, word, n) == 0) return 1;
        p += m;
    }
    return 0;
}

static int is_called(const char *name, const char *op_name, const char *aliases)
{
    return strcmp(op_name, name) == 0 || (*name != '\0' && has_word(aliases, name));
}

int jk_find_op(const char *name)
{
    for (int i = 0; i < JK_N_OPS; i++)
        if (is_called(name, ops[i].name, ops[i].aliases)) return i;
    return -1;
}

int jk_second(int i, int j) { return i <= j ? j * (j + 1) / 2 + i : i * (i + 1) / 2 + j; }

int jk_n_rowwise(void) { return JK_N_ROWWISE; }

const jk_rowwise_op *jk_rowwise_at(int op) { return op >= 0 && op < JK_N_ROWWISE ? &rowwise[op] : NULL; }

int jk_find_rowwise(const char *name)
{
    for (int i = 0; i < JK_N_ROWWISE; i++)
        if (is_called(name, rowwise[i].name, rowwise[i].aliases)) return i;
    return -1;
}
