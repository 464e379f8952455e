/* What an instruction set provides: one table of loops per room and dtype.  A loop walks contiguous memory in one dimension,
 * needs no set-up and may be called on any block; `real` below is the table's dtype.  Floors above never do arithmetic
 * on elements themselves. */
#ifndef JK_TABLE_H
#define JK_TABLE_H

#include "jackern/jackern.h"

#include <float.h>

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "jackern promises bits, NaN and infinities: build it without -ffast-math, -Ofast and their kin"
#endif
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: only what is narrower than float */
#error "float is computed in a wider type (FLT_EVAL_METHOD), and so rounded twice: \
gcc needs -fexcess-precision=fast on s390x, and -msse2 -mfpmath=sse in place of x87"
#endif

enum jk_op_id {
#define JK_ROW(name, ...) JK_OP_##name,
#include "table/kinds.def"
    JK_N_OPS
};

/* By which arguments the first derivative is 1, so that the product is the cotangent itself. */
extern const unsigned char jk_passes_on[JK_N_OPS][JK_MAX_ARGS];

enum jk_rowwise_id {
#define JK_ROWWISE(name, ...) JK_ROWWISE_##name,
#include "table/rowwise.def"
#undef JK_ROWWISE
    JK_N_ROWWISE
};

/* Places of a pointwise loop's inputs.  A place that the loop does not read still holds a readable array. */
enum { JK_IN_T, JK_IN_A, JK_IN_B, JK_IN_C, JK_IN_Y, JK_IN_H, JK_N_IN };

/* One bit for each place of arguments of which a loop reads one number for all elements. */
enum { JK_ONE_A = 1 << JK_IN_A, JK_ONE_B = 1 << JK_IN_B, JK_ONE_C = 1 << JK_IN_C };

/* Whether the loops of values and first derivatives of so many arguments take these. */
static inline int jk_takes_ones(int n_args, unsigned ones)
{
    return ones == 0 || (n_args == 2 && (ones == JK_ONE_A || ones == JK_ONE_B)) ||
           (n_args == 3 && ones == (JK_ONE_B | JK_ONE_C));
}

/* out[i] = f(in[...][i]); out may be exactly one of the inputs that has n elements. */
typedef void jk_pointwise_loop(ptrdiff_t n, void *out, const void *const *in, unsigned ones);

/* Sums of what a loop computes, in the same loop.  The inputs are rows of n contiguous elements, those of the k-th place
 * row_stride[k] bytes apart; places that are not read hold the first. */
typedef void jk_chains(ptrdiff_t n_rows, ptrdiff_t n, void *out, void *spare, const void *const *in,
                       const ptrdiff_t *row_stride);
typedef struct jk_sums {
    /* out[i] = the sum of the i-th row, as sum_each has it */
    void (*each)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *const *in, const ptrdiff_t *row_stride);
    /* out[j] = the sum over rows: as fold_rows has it of JK_CHAIN_ROWS at a time, which follow each other; `spare` has room
     * for n elements, and is not written to where there are no more rows */
    jk_chains *chains;
} jk_sums;

/* NULL where the row has no such form, or where it vanishes identically. */
typedef struct jk_op_loops {
    jk_pointwise_loop *value;               /* y from A, B, C */
    jk_pointwise_loop *first[JK_MAX_ARGS];  /* T * dy/darg from A, B, C and, of several arguments, Y */
    jk_pointwise_loop *second[JK_N_SECOND]; /* H * T * d2y from the same */
    jk_pointwise_loop *first_from_y;        /* of one argument: T * dy/dx from Y alone */
    jk_pointwise_loop *second_from_y;       /* H * T * d2y/dx2 from Y alone */
    jk_sums sums_of_first[JK_MAX_ARGS];     /* of `first`, where it takes a few instructions alone */
} jk_op_loops;

/* A block of whole rows, one after another, or a run of one: n_rows * n contiguous elements, and what is known of each
 * row by the names of rowwise.def.  What a loop does not read still is a readable array. */
typedef struct jk_rows {
    ptrdiff_t n_rows, n, first;               /* first: where in its row a run starts */
    const void *x, *e, *t;                    /* one per element */
    const void *m, *s, *r, *g, *xl, *el, *tl; /* one per row */
    const ptrdiff_t *labels;                  /* one per row, or NULL */
} jk_rows;

typedef void jk_rows_loop(const jk_rows *rows, void *out);

/* One result per row, unless another number is said. */
typedef struct jk_rowwise_op_loops {
    jk_rows_loop *max;  /* m: in a run that is not the first, the larger of `out` and what is found there */
    jk_rows_loop *kept; /* e, one per element */
    jk_rows_loop *sum;  /* s, of n <= JK_RUN elements */
    jk_rows_loop *value;
    jk_rows_loop *jvp_sum; /* r, of n <= JK_RUN elements */
    jk_rows_loop *jvp;
    jk_rows_loop *vjp; /* one per element; out may be e */
} jk_rowwise_op_loops;

/* Whether its file was compiled as it is written. */
typedef struct jk_check_loops {
    int (*is_exact)(void);
} jk_check_loops;

typedef struct jk_rowwise_loops {
    jk_rowwise_op_loops op[JK_N_ROWWISE];
} jk_rowwise_loops;

/* Strides in bytes, n elements. */
typedef struct jk_move_loops {
    void (*pack)(ptrdiff_t n, void *out, const void *in, ptrdiff_t stride);         /* real <- real, strided */
    void (*pack_other)(ptrdiff_t n, void *out, const void *in, ptrdiff_t stride);   /* real <- other dtype */
    void (*unpack)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in);       /* strided real <- real */
    void (*unpack_other)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in); /* strided other <- real */
    void (*add)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in);          /* strided real += real */
    void (*add_other)(ptrdiff_t n, void *out, ptrdiff_t stride, const void *in); /* strided other += real, in double */
    void (*zero)(ptrdiff_t n, void *out, ptrdiff_t stride);
} jk_move_loops;

typedef struct jk_pointwise_loops {
    jk_op_loops op[JK_N_OPS];
} jk_pointwise_loops;

typedef struct jk_reduce_loops {
    /* out[j] = sum of in[i*n + j] over i < n_rows <= JK_CHAIN_ROWS, one after the other */
    void (*fold_rows)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in);
    /* out[j] = sum over i < n_rows (a power of two) of in[i*n + j], by halves; out is `in`, or has room for half of it */
    void (*fold_flat)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in);
    /* out[i] = sum of the n elements of the i-th row: runs in lanes, joined pairwise */
    void (*sum_each)(ptrdiff_t n_rows, ptrdiff_t n, void *out, const void *in);
    /* the chains of jk_sums, of numbers: those of the first place */
    jk_chains *chains;
} jk_reduce_loops;

/* `a` has n_rows rows of n_cols contiguous elements, row_stride bytes apart. */
typedef struct jk_dense_loops {
    /* out[i] = sum of a[i][j] * v[j]: in lanes within JK_DENSE_RUN_BYTES, runs by halves */
    void (*dense_dot)(ptrdiff_t n_rows, ptrdiff_t n_cols, void *out, const void *a, ptrdiff_t row_stride,
                      const void *v);
    /* out[j] += sum of u[i] * a[i][j]: eight rows by halves, then the next eight */
    void (*dense_axpy)(ptrdiff_t n_rows, ptrdiff_t n_cols, void *out, const void *a, ptrdiff_t row_stride,
                       const void *u);
} jk_dense_loops;

typedef struct jk_banded_loops {
    /* out[i] = or += the sum of a[b][i] * x[b][i], band after band, at most JK_BANDS; strides in bytes */
    void (*bands)(int n_bands, ptrdiff_t n, void *out, const void *const *a, const void *const *x, int adds);
    /* n values, each for `repeat` elements of x and out, which are contiguous */
    void (*repeated_bands)(int n_bands, ptrdiff_t n, ptrdiff_t repeat, void *out, const void *const *a,
                           const ptrdiff_t *a_stride, const void *const *x, int adds);
    void (*strided_bands)(int n_bands, ptrdiff_t n, void *out, ptrdiff_t out_stride, const void *const *a,
                          const ptrdiff_t *a_stride, const void *const *x, const ptrdiff_t *x_stride, int adds);
} jk_banded_loops;

/* Rows of a sparse matrix, vectors, and where their products go.  Strides are in bytes: from element to element of a
 * vector, and (next) from vector to vector. */
typedef struct jk_csr_rows {
    ptrdiff_t n_rows, n_vectors;
    const void *indptr;  /* of every row the place of its first entry, and the end; NULL: row i has entry i alone */
    const void *indices; /* of every entry its column */
    const void *values;
    ptrdiff_t value_stride;
    int values_are_other, in_is_other; /* of the other dtype */
    int add;                           /* csr_jvp adds to out */
    const void *in;
    ptrdiff_t in_stride, in_next;
    void *out;
    ptrdiff_t out_stride, out_next;
} jk_csr_rows;

/* By the type of the indices. */
typedef struct jk_sparse_loops {
    /* out[i] = sum of values[k] * in[indices[k]] over the entries of row i: in four lanes, runs by halves */
    void (*csr_jvp[JK_N_INDICES])(const jk_csr_rows *rows);
    /* out[indices[k]] += values[k] * in[i] for all entries, in the order of the rows */
    void (*csr_vjp[JK_N_INDICES])(const jk_csr_rows *rows);
} jk_sparse_loops;

/* In place; a factorisation returns the index of a pivot that it cannot use, or -1. */
typedef struct jk_solve_loops {
    /* Strides in bytes; factor (4, n).  The steps first <= k < last of the (n - 2) / 2 that go on at either end; the last
     * of them is followed by the middle.  `running`, four numbers, is what the next steps go on with. */
    ptrdiff_t (*tridiagonal_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, const void *lower,
                                    ptrdiff_t lower_stride, const void *diagonal, ptrdiff_t diagonal_stride,
                                    const void *upper, ptrdiff_t upper_stride, void *factor, unsigned char *swapped,
                                    void *running);
    void (*tridiagonal_solve)(ptrdiff_t n, void *factor, const unsigned char *swapped, void *solution);
    /* steps first <= k < last; `reach`, the last column that elimination has come to, is 0 at first */
    ptrdiff_t (*band_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper, void *band,
                             ptrdiff_t *pivots, ptrdiff_t *reach);
    void (*band_forward)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper,
                         const void *band, const ptrdiff_t *pivots, int transposed, void *solution);
    void (*band_back)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t lower, ptrdiff_t upper, const void *band,
                      const ptrdiff_t *pivots, int transposed, void *solution);
    ptrdiff_t (*cholesky_factor)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t upper, void *band);
    void (*cholesky_forward)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, ptrdiff_t upper, const void *band,
                             void *solution);
    /* solutions (n_solutions, n) of L x = b, or of its transpose; triangle (n, n): the panels first <= k < last of
     * JK_AXPY_ROWS unknowns, in the order in which they are found */
    void (*triangular_solve)(ptrdiff_t first, ptrdiff_t last, ptrdiff_t n, const void *triangle, ptrdiff_t n_solutions,
                             void *solutions, int transposed);
} jk_solve_loops;

typedef struct jk_convolution_loops {
    /* out[i] = or += the sum of taps[t] * x[i] of x - t * step over t < n_taps, at most JK_TAPS, by halves; step in
     * bytes */
    void (*taps)(int n_taps, ptrdiff_t n, void *out, const void *taps, const void *x, ptrdiff_t step, int adds);
} jk_convolution_loops;

#define JK_LINE_BYTES 64        /* of the cache */
#define JK_REGISTER_BYTES 64    /* of the widest register */
#define JK_CHAIN_ROWS 8         /* rows that are added one after the other */
#define JK_AXPY_ROWS 8          /* rows that dense_axpy adds by halves */
#define JK_DOT_ROWS 4           /* rows of dense_dot that share the loads of the vector */
#define JK_BANDS 5              /* bands that share a loop */
#define JK_TAPS 8               /* taps of a convolution that share a loop */
#define JK_RUN 256              /* elements of a run that is summed by halves */
#define JK_DENSE_RUN_BYTES 4096 /* of a row of a matrix, that are summed in lanes before halving starts */

#ifndef JK_STACK_BYTES
#define JK_STACK_BYTES 32768 /* scratch that a call may take from the stack */
#endif

#endif
