# Compiler flags, the only place for them: csrc/Makefile and setup.py read them, one `name = value` a line.
# cc is for gcc, clang and their kin, cc_v3 adds what csrc/loops/isa_v3.c needs; msvc is for Visual C++, which builds the
# baseline alone.  No FMA (-ffp-contract=off), so that every instruction set gives the same bits; -O3, because that is
# where gcc vectorises; no errno and no traps, because both keep a loop scalar.
cc = -std=c11 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp-simd -DJK_OPENMP_SIMD -fvisibility=hidden -ffunction-sections -fdata-sections
cc_v3 = -march=x86-64-v3
cc_v4 = -march=x86-64-v4 -mprefer-vector-width=512
msvc = /std:c11 /O2 /fp:precise
