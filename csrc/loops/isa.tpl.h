/* Stamps every dtype over the loops and fills the tables of one instruction set, named JK_ISA. */

/* No product may be fused with a sum, whatever flags the library is built with: gcc ignores the pragma of the standard. */
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__) && (defined(__FP_FAST_FMA) || defined(__FP_FAST_FMAF))
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

#include "table/table.h"
#include "table/tree.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define JK_PASTE_(a, b) a##b
#define JK_PASTE(a, b) JK_PASTE_(a, b)

/* A loop takes its element function as an argument and is inlined with it, so that both stay ordinary functions. */
#if defined(__GNUC__)
#define JK_INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define JK_INLINE static __forceinline
#else
#define JK_INLINE static inline
#endif

/* Iterations are independent, also where the output is exactly one of the inputs: `restrict` would forbid that. */
#if defined(JK_OPENMP_SIMD)
#define JK_SIMD _Pragma("omp simd")
#else
#define JK_SIMD
#endif

/* Asks for the memory half a page further on, without reading it: it need not exist. */
#define JK_HALF_PAGE 2048
#if defined(__GNUC__)
#define JK_FETCH_AHEAD(address) __builtin_prefetch((const void *)((uintptr_t)(address) + JK_HALF_PAGE))
#else
#define JK_FETCH_AHEAD(address) (void)(address)
#endif

/* clang reports every such loop that it cannot vectorise because of a call into libm. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
/* & and | between comparisons are meant: nothing branches. */
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wbitwise-conditional-parentheses"
#pragma clang diagnostic ignored "-Wbitwise-instead-of-logical"
#endif

#define real double
#define other float
#define N(name) name##_f64
#define C(literal) literal
#define LIBM(name) name
#include "loops/loops.tpl.h"
#undef real
#undef other
#undef N
#undef C
#undef LIBM

#define real float
#define other double
#define N(name) name##_f32
#define C(literal) literal##f
#define LIBM(name) name##f
#include "loops/loops.tpl.h"
#undef real
#undef other
#undef N
#undef C
#undef LIBM

/* jk_<room>_<instruction set>: a table for each dtype. */
#define JK_TABLES(room) JK_PASTE(jk_##room##_, JK_ISA)[JK_N_DTYPES]
#define JK_ROOM(room)                                                                                                  \
    extern const jk_##room##_loops *const JK_TABLES(room);                                                             \
    const jk_##room##_loops *const JK_TABLES(room) = {[JK_FLOAT32] = &room##_loops_f32,                                \
                                                      [JK_FLOAT64] = &room##_loops_f64};
#include "table/rooms.def"
