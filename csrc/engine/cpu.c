/* Chooses the table of one instruction set, once. */
#include "engine/cpu.h"
#include "engine/base.h"
#include "engine/environment.h"

#include <string.h>

#if defined(JK_HAVE_V3) || defined(JK_HAVE_V4)
#include <cpuid.h>

/* What the compiler may use besides and older builtins do not know: of these, lzcnt is another instruction, with other
 * results, where a CPU or its hypervisor lacks it. */
static int has_rest_of_v3(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_MOVBE) == 0 || (c & bit_F16C) == 0) return 0;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT) != 0;
}

/* The compiler's builtins also ask the operating system whether it saves the wide registers. */
static int has_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") && has_rest_of_v3();
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

/* clang-format off */
#if defined(JK_HAVE_V3)
#define IF_V3(...) __VA_ARGS__
#else
#define IF_V3(...)
#endif
#if defined(JK_HAVE_V4)
#define IF_V4(...) __VA_ARGS__
#else
#define IF_V4(...)
#endif
/* The instruction sets that are built in, narrowest first. */
#define JK_ISAS(of, room)           \
          of(room, baseline, always) \
    IF_V3(of(room, v3, has_v3))      \
    IF_V4(of(room, v4, has_v4))

#define ISA(room, isa, supported) {#isa, supported},
static const struct {
    const char *name;
    int (*supported)(void);
} built[] = {JK_ISAS(ISA, any)};
enum { N_BUILT = (int)(sizeof built / sizeof built[0]) };

static int in_use = -1;

/* The tables of each room, one by one and in the order of `built`. */
#define DECLARED(room, isa, supported) extern const jk_##room##_loops *const jk_##room##_##isa[JK_N_DTYPES];
#define TABLES(room, isa, supported) jk_##room##_##isa,
#define JK_ROOM(room)                                                                                                  \
    JK_ISAS(DECLARED, room)                                                                                            \
    static const jk_##room##_loops *const *const room##_tables[N_BUILT] = {JK_ISAS(TABLES, room)};                     \
    const jk_##room##_loops *jk_##room##_of(jk_dtype dtype) { return in_use < 0 ? NULL : room##_tables[in_use][dtype]; }
#include "table/rooms.def"
/* clang-format on */

jk_status jk_init(const char *isa)
{
    int found = -1;
    for (int i = 0; i < N_BUILT; i++)
        if (built[i].supported() && (isa == NULL || strcmp(isa, built[i].name) == 0)) found = i;
    if (found < 0) return jk_fail(JK_UNKNOWN_ISA, -1);
    const jk_environment before = jk_enter();
    int is_exact = 1;
    for (int dtype = 0; dtype < JK_N_DTYPES; dtype++) is_exact &= check_tables[found][dtype]->is_exact();
    jk_leave(before);
    if (!is_exact) return jk_fail(JK_INEXACT, -1);
    in_use = found;
    return jk_success();
}

const char *jk_isa_in_use(void) { return in_use < 0 ? NULL : built[in_use].name; }

const char *jk_isa_built(int index) { return index >= 0 && index < N_BUILT ? built[index].name : NULL; }

const char *jk_isa_name(int index)
{
    for (int i = 0; i < N_BUILT; i++)
        if (built[i].supported() && index-- == 0) return built[i].name;
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
