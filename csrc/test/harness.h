/* What the tests of the C library share: counting, and arrays in any layout.  Tests are C programs that see the public
 * header alone. */
#ifndef JK_HARNESS_H
#define JK_HARNESS_H

#include <jackern/jackern.h>

#include <stdint.h>

/* ---- counting ----------------------------------------------------------------------------------------------- */

extern long n_passed, n_failed;

#if defined(__GNUC__)
#define JK_PRINTF __attribute__((format(printf, 2, 3)))
#else
#define JK_PRINTF
#endif

/* Counts one check; prints the format, under the instruction set in use, if it failed. */
void check(int passed, const char *format, ...) JK_PRINTF;
void check_status(jk_status status, jk_error error, int argument, const char *what);
void check_ok(jk_status status, const char *what);
/* |got - wanted| <= tolerance * (1 + |wanted|) */
void check_close(double got, double wanted, double tolerance, const char *what);

/* ---- arrays ------------------------------------------------------------------------------------------------- */

enum { MAX_NDIM = 4 };

typedef enum layout { CONTIGUOUS, FORTRAN, EVERY_SECOND, REVERSED, N_LAYOUTS } layout;

/* Elements are addressed by their place in C order, whatever the layout.  Memory is exactly as long as needed, so that
 * a sanitizer sees a stray access. */
typedef struct array {
    jk_view view; /* points to the two members below: an array is never copied */
    ptrdiff_t shape[MAX_NDIM], strides[MAX_NDIM];
    ptrdiff_t size;
    char *memory;
    size_t n_bytes;
} array;

/* Number of axes and shape as new_array takes them: DIMS(2, 3), or SCALAR. */
/* clang-format off */
#define DIMS(...) (int)(sizeof((ptrdiff_t[]){__VA_ARGS__}) / sizeof(ptrdiff_t)), (const ptrdiff_t[]){__VA_ARGS__}
/* clang-format on */
#define SCALAR 0, NULL

/* New arrays live until free_arrays; those of new_array and like are unwritten, which is_untouched can tell. */
array *new_array(jk_dtype dtype, layout lay, int ndim, const ptrdiff_t *shape);
array *like(const array *a);
array *randoms(jk_dtype dtype, layout lay, double low, double high, int ndim, const ptrdiff_t *shape);
array *laid_out(const array *a, layout lay);
int is_untouched(const array *a);
void free_arrays(void);

const jk_view *view(const array *a); /* NULL for NULL */
double get(const array *a, ptrdiff_t index);
void set(array *a, ptrdiff_t index, double value);
void set_all(array *a, double value);
void copy(array *to, const array *from);
double dot(const array *a, const array *b);

/* The same sequence after every seed. */
void seed(uint64_t state);
double uniform(double low, double high);

/* Rounding of one result, relative to 1 + |value|. */
double rounding(jk_dtype dtype);

/* A digest of all results that were checked; the two checks below add theirs. */
extern uint64_t digest;
void add_to_digest(const array *a);
void check_same_bits(const array *got, const array *wanted, const char *what);
void check_array_close(const array *got, const array *wanted, double tolerance, const char *what);

/* ---- groups, each for one dtype under the instruction set in use -------------------------------------------- */

void test_pointwise(jk_dtype dtype);
void test_axis(jk_dtype dtype);
void test_dense(jk_dtype dtype);
void test_banded(jk_dtype dtype);
void test_convolution(jk_dtype dtype);
void test_gram(jk_dtype dtype);
void test_rowwise(jk_dtype dtype);
void test_sparse(jk_dtype dtype);
void test_solve(jk_dtype dtype);
void test_threads(jk_dtype dtype, int n_rounds);

#endif
