/* The floating-point environment of kernels: round to nearest, keep subnormal numbers, trap nothing.
 *
 * A caller may have set another one, and a worker has that of whoever started it.  Vector math leans on the rounding mode,
 * and results shall depend on shapes and strides alone: so every call sets the default, on every thread that works for
 * it, and puts back what it found.  Flags that exceptions leave behind are no concern of either. */
#ifndef JK_ENVIRONMENT_H
#define JK_ENVIRONMENT_H

#include "jackern/jackern.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
typedef unsigned jk_environment;
enum { JK_ENVIRONMENT = 0x1f80, JK_ENVIRONMENT_BITS = 0xffc0 }; /* of MXCSR */
static inline jk_environment jk_environment_now(void) { return _mm_getcsr(); }
static inline void jk_set_environment(jk_environment environment) { _mm_setcsr(environment); }

#elif defined(__aarch64__) && defined(__GNUC__)
#include <stdint.h>
typedef uint64_t jk_environment;
#define JK_ENVIRONMENT UINT64_C(0) /* of FPCR */
#define JK_ENVIRONMENT_BITS UINT64_MAX
static inline jk_environment jk_environment_now(void)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr;
}
static inline void jk_set_environment(jk_environment environment)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(environment) : "memory");
}

#elif defined(__arm__) && defined(__ARM_FP) && defined(__GNUC__)
#include <stdint.h>
typedef uint32_t jk_environment;
#define JK_ENVIRONMENT UINT32_C(0)
#define JK_ENVIRONMENT_BITS UINT32_C(0x03c09f00) /* of FPSCR: rounding, flushing, default NaN, traps */
static inline jk_environment jk_environment_now(void)
{
    uint32_t fpscr;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(fpscr));
    return fpscr;
}
static inline void jk_set_environment(jk_environment environment)
{
    __asm__ volatile("vmsr fpscr, %0" : : "r"(environment) : "memory", "vfpcc");
}

#elif defined(__riscv_flen) && defined(__GNUC__)
typedef unsigned long jk_environment;
enum { JK_ENVIRONMENT = 0, JK_ENVIRONMENT_BITS = 7 }; /* of frm: nothing is flushed or traps here */
static inline jk_environment jk_environment_now(void)
{
    unsigned long frm;
    __asm__ volatile("frrm %0" : "=r"(frm));
    return frm;
}
static inline void jk_set_environment(jk_environment environment)
{
    __asm__ volatile("fsrm %0" : : "r"(environment) : "memory");
}

#else
#include <fenv.h>
typedef int jk_environment;
enum { JK_ENVIRONMENT = FE_TONEAREST, JK_ENVIRONMENT_BITS = -1 };
static inline jk_environment jk_environment_now(void) { return fegetround(); }
static inline void jk_set_environment(jk_environment environment) { (void)fesetround(environment); }
#endif

/* Sets the default; returns what jk_leave puts back. */
static inline jk_environment jk_enter(void)
{
    const jk_environment before = jk_environment_now();
    if ((before & JK_ENVIRONMENT_BITS) != JK_ENVIRONMENT) jk_set_environment(JK_ENVIRONMENT);
    return before;
}

static inline void jk_leave(jk_environment before)
{
    if ((before & JK_ENVIRONMENT_BITS) != JK_ENVIRONMENT) jk_set_environment(before);
}

/* Leaves with what a call returned. */
static inline jk_status jk_left(jk_environment before, jk_status status)
{
    jk_leave(before);
    return status;
}

#endif
