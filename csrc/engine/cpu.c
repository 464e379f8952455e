/* Chooses the table of one instruction set, once. */
#include "engine/cpu.h"
#include "engine/base.h"

#include <string.h>

extern const jk_table jk_table_baseline;
#if defined(JK_HAVE_V3)
extern const jk_table jk_table_v3;
#endif
#if defined(JK_HAVE_V4)
extern const jk_table jk_table_v4;
#endif

#if defined(JK_HAVE_V3) || defined(JK_HAVE_V4)
/* The compiler's builtins also ask the operating system whether it saves the wide registers. */
static int has_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
#endif
#if defined(JK_HAVE_V4)
static int has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif
static int always(void) { return 1; }

static const struct {
    const jk_table *table;
    int (*supported)(void);
} built[] = {
    {&jk_table_baseline, always},
#if defined(JK_HAVE_V3)
    {&jk_table_v3, has_v3},
#endif
#if defined(JK_HAVE_V4)
    {&jk_table_v4, has_v4},
#endif
};
enum { N_BUILT = (int)(sizeof built / sizeof built[0]) };

static const jk_table *in_use;

jk_status jk_init(const char *isa)
{
    const jk_table *found = NULL;
    for (int i = 0; i < N_BUILT; i++)
        if (built[i].supported() && (isa == NULL || strcmp(isa, built[i].table->isa) == 0)) found = built[i].table;
    if (found == NULL) return jk_fail(JK_UNKNOWN_ISA, -1);
    in_use = found;
    return jk_success();
}

const jk_loops *jk_loops_of(jk_dtype dtype) { return in_use == NULL ? NULL : in_use->loops[dtype]; }

const char *jk_isa_in_use(void) { return in_use == NULL ? NULL : in_use->isa; }

const char *jk_isa_built(int index) { return index >= 0 && index < N_BUILT ? built[index].table->isa : NULL; }

const char *jk_isa_name(int index)
{
    for (int i = 0; i < N_BUILT; i++)
        if (built[i].supported() && index-- == 0) return built[i].table->isa;
    return NULL;
}

const char *jk_compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#elif defined(_MSC_VER)
    return "MSVC";
#else
    return "unknown";
#endif
}
