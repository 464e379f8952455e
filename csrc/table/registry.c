/* What the table of ops says about itself: names, formulas, what derivatives read, domains. */
#include "table/table.h"

#include <string.h>

/* In ops.def READS and a unary row's argument stand without a prefix. */
#define NONE 0u
#define A 1u
#define B 2u
#define Y 8u
#define AB (A | B)
#define AY (A | Y)
#define BY (B | Y)

/* clang-format off */
#define JK_ROW_1(name, aliases, selects, value, d, dd, reads, low, high, kinks)                                       \
    {#name, aliases, 1, selects, #value, {#d, NULL, NULL}, {#dd, NULL, NULL, NULL, NULL, NULL}, {reads, 0, 0},        \
     {low, 0, 0}, {high, 0, 0}, kinks},
#define JK_ROW_2(name, aliases, selects, value, da, db, daa, dab, dbb, reads_a, reads_b, low_a, high_a, low_b,        \
                 high_b, kinks)                                                                                       \
    {#name, aliases, 2, selects, #value, {#da, #db, NULL}, {#daa, #dab, #dbb, NULL, NULL, NULL},                      \
     {reads_a, reads_b, 0}, {low_a, low_b, 0}, {high_a, high_b, 0}, kinks},

#define JK_UNARY(name, aliases, ...) JK_ROW_1(name, aliases, 0, __VA_ARGS__)
#define JK_SELECT1(name, aliases, ...) JK_ROW_1(name, aliases, 1, __VA_ARGS__)
#define JK_BINARY(name, aliases, ...) JK_ROW_2(name, aliases, 0, __VA_ARGS__)
#define JK_SELECT2(name, aliases, ...) JK_ROW_2(name, aliases, 1, __VA_ARGS__)

/* clang-format on */
static const jk_op ops[JK_N_OPS] = {
#include "table/ops.def"
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

int jk_find_op(const char *name)
{
    for (int i = 0; i < JK_N_OPS; i++)
        if (strcmp(ops[i].name, name) == 0 || (*name != '\0' && has_word(ops[i].aliases, name))) return i;
    return -1;
}

int jk_second(int i, int j) { return i <= j ? j * (j + 1) / 2 + i : i * (i + 1) / 2 + j; }
