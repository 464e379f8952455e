#include "harness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long n_passed, n_failed;

void check(int passed, const char *format, ...)
{
    if (passed) {
        n_passed++;
        return;
    }
    n_failed++;
    printf("FAILED (%s) ", jk_isa_in_use() ? jk_isa_in_use() : "before jk_init");
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void check_status(jk_status status, jk_error error, int argument, const char *what)
{
    check(status.error == error && status.argument == argument, "%s: status %d (%s) of argument %d, expected %d of %d",
          what, (int)status.error, jk_message(status.error), status.argument, (int)error, argument);
}

void check_ok(jk_status status, const char *what) { check_status(status, JK_OK, -1, what); }

void check_close(double got, double wanted, double tolerance, const char *what)
{
    const double scale = 1 + fabs(wanted);
    check(fabs(got - wanted) <= tolerance * scale, "%s: %.17g, expected %.17g", what, got, wanted);
}

enum { MAX_ARRAYS = 4096 };

static array *live[MAX_ARRAYS];
static int n_live;

static void *allocate(size_t n_bytes)
{
    void *memory = malloc(n_bytes ? n_bytes : 1);
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void free_arrays(void)
{
    while (n_live > 0) {
        free(live[--n_live]->memory);
        free(live[n_live]);
    }
}

static ptrdiff_t item_of(jk_dtype dtype)
{
    return dtype == JK_FLOAT64 ? (ptrdiff_t)sizeof(double) : (ptrdiff_t)sizeof(float);
}

/* A new array full of bytes 0xAA. */
array *new_array(jk_dtype dtype, layout lay, int ndim, const ptrdiff_t *shape)
{
    if (n_live == MAX_ARRAYS) {
        fputs("too many arrays in one group\n", stderr);
        exit(2);
    }
    array *a = allocate(sizeof *a);
    live[n_live++] = a;
    ptrdiff_t stride = item_of(dtype) * (lay == EVERY_SECOND ? 2 : 1);
    a->size = 1;
    for (int k = 0; k < ndim; k++) {
        const int d = lay == FORTRAN ? k : ndim - 1 - k;
        a->shape[d] = shape[d];
        a->strides[d] = lay == REVERSED ? -stride : stride;
        stride *= shape[d];
        a->size *= shape[d];
    }
    a->n_bytes = (size_t)stride;
    a->memory = allocate(a->n_bytes);
    memset(a->memory, 0xAA, a->n_bytes);
    a->view = (jk_view){a->memory, dtype, ndim, a->shape, a->strides};
    if (lay == REVERSED && a->size > 0) a->view.data = a->memory + a->n_bytes - item_of(dtype);
    return a;
}

array *like(const array *a) { return new_array(a->view.dtype, CONTIGUOUS, a->view.ndim, a->shape); }

/* The address of the element that stands at `index` in C order. */
static char *at(const array *a, ptrdiff_t index)
{
    char *address = a->view.data;
    for (int d = a->view.ndim - 1; d >= 0; d--) {
        address += index % a->shape[d] * a->strides[d];
        index /= a->shape[d];
    }
    return address;
}

double get(const array *a, ptrdiff_t index)
{
    float single;
    double value;
    if (a->view.dtype == JK_FLOAT64)
        memcpy(&value, at(a, index), sizeof value);
    else {
        memcpy(&single, at(a, index), sizeof single);
        value = (double)single;
    }
    return value;
}

void set(array *a, ptrdiff_t index, double value)
{
    const float single = (float)value;
    if (a->view.dtype == JK_FLOAT64)
        memcpy(at(a, index), &value, sizeof value);
    else
        memcpy(at(a, index), &single, sizeof single);
}

void set_all(array *a, double value)
{
    for (ptrdiff_t i = 0; i < a->size; i++) set(a, i, value);
}

void copy(array *to, const array *from)
{
    for (ptrdiff_t i = 0; i < to->size; i++) set(to, i, get(from, i));
}

static uint64_t random_state;

void seed(uint64_t state) { random_state = state; }

double uniform(double low, double high)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(random_state >> 11) / 9007199254740992.0;
}

array *randoms(jk_dtype dtype, layout lay, double low, double high, int ndim, const ptrdiff_t *shape)
{
    array *a = new_array(dtype, lay, ndim, shape);
    for (ptrdiff_t i = 0; i < a->size; i++) set(a, i, uniform(low, high));
    return a;
}

array *laid_out(const array *a, layout lay)
{
    array *b = new_array(a->view.dtype, lay, a->view.ndim, a->shape);
    copy(b, a);
    return b;
}

const jk_view *view(const array *a) { return a ? &a->view : NULL; }

double dot(const array *a, const array *b)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < a->size; i++) sum += get(a, i) * get(b, i);
    return sum;
}

/* FNV-1a over the values of all results, in C order. */
uint64_t digest;

void add_to_digest(const array *a)
{
    for (ptrdiff_t i = 0; i < a->size; i++) {
        const unsigned char *byte = (const unsigned char *)at(a, i);
        for (ptrdiff_t k = 0; k < item_of(a->view.dtype); k++) digest = (digest ^ byte[k]) * 1099511628211u;
    }
}

void check_same_bits(const array *got, const array *wanted, const char *what)
{
    add_to_digest(got);
    for (ptrdiff_t i = 0; i < wanted->size; i++)
        if (memcmp(at(got, i), at(wanted, i), (size_t)item_of(wanted->view.dtype)) != 0) {
            check(0, "%s: element %td is %.17g, expected the bits of %.17g", what, i, get(got, i), get(wanted, i));
            return;
        }
    check(1, "%s", what);
}

void check_array_close(const array *got, const array *wanted, double tolerance, const char *what)
{
    add_to_digest(got);
    for (ptrdiff_t i = 0; i < wanted->size; i++)
        if (!(fabs(get(got, i) - get(wanted, i)) <= tolerance * (1 + fabs(get(wanted, i))))) {
            check(0, "%s: element %td is %.17g, expected %.17g", what, i, get(got, i), get(wanted, i));
            return;
        }
    check(1, "%s", what);
}

int is_untouched(const array *a)
{
    for (size_t i = 0; i < a->n_bytes; i++)
        if ((unsigned char)a->memory[i] != 0xAA) return 0;
    return 1;
}

double rounding(jk_dtype dtype) { return dtype == JK_FLOAT64 ? 1e-13 : 2e-5; }
