/* Runs a short program of loops over N broadcast dimensions, block by block, and sums what comes back to a smaller
 * output on the way.  A block passes through all steps while it is in the first-level cache; no array of the full shape
 * is made, and every operand is read once. */
#ifndef JK_NDLOOP_H
#define JK_NDLOOP_H

#include "engine/view.h"

enum { JK_MAX_INPUTS = 8, JK_MAX_OUTPUTS = JK_MAX_ARGS + 1, JK_MAX_STEPS = 16, JK_MAX_REGISTERS = 20 };

/* register out = loop(registers in); then, unless add_to is 0, register add_to += out */
typedef struct jk_step {
    jk_pointwise_loop *loop;
    signed char in[JK_N_IN]; /* a register for every place, also for those that are not read */
    signed char out;
    signed char add_to; /* register 0 is an input and never written */
} jk_step;

/* Registers 0 .. n_inputs-1 are the inputs, the others belong to steps. */
typedef struct jk_program {
    jk_dtype dtype; /* what everything is computed in */
    int accumulate;
    int n_inputs, n_outputs, n_registers, n_steps;
    const jk_view *input[JK_MAX_INPUTS];
    const jk_view *output[JK_MAX_OUTPUTS];
    int input_argument[JK_MAX_INPUTS], output_argument[JK_MAX_OUTPUTS];
    signed char result[JK_MAX_OUTPUTS]; /* the register of an output; -1: it is zero */
    jk_step step[JK_MAX_STEPS];
} jk_program;

/* Runs over `shape`: inputs are broadcast to it; outputs of a smaller shape are summed over what they lack. */
jk_status jk_run(const jk_context *context, const jk_program *program, int ndim, const ptrdiff_t *shape);

#endif
