# Compiler flags, the only place for them: csrc/Makefile and setup.py read them, one `name = value` a line.
# cc is for gcc, clang and their kin, cc_v3 and cc_v4 add what csrc/loops/isa_v3.c and isa_v4.c need; -O3, because that
# is where gcc vectorises.  cc_exact goes behind the flags of whoever builds: none of them may change what arithmetic
# means (clang would warn that one overrides another: it shall).  cc_link does the same where something is linked: -Ofast and its kin would have subnormal numbers flushed in
# every process that loads it.  No FMA (-ffp-contract=off), so that every instruction set gives the same bits; no errno
# and no traps, because both keep a loop scalar.  msvc is for Visual C++, which builds the baseline alone.
cc = -std=c11 -O3 -fopenmp-simd -DJK_OPENMP_SIMD -fvisibility=hidden -ffunction-sections -fdata-sections
cc_exact = -Wno-overriding-t-option -fno-fast-math -fno-unsafe-math-optimizations -fno-finite-math-only -fno-associative-math -fno-reciprocal-math -fsigned-zeros -ffp-contract=off -fno-math-errno -fno-trapping-math
cc_link = -O -fno-fast-math -fno-unsafe-math-optimizations
cc_v3 = -march=x86-64-v3
cc_v4 = -march=x86-64-v4 -mprefer-vector-width=512
msvc = /std:c11 /O2 /fp:precise
