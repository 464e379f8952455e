/* A program is a short list of loops over registers, which hold one block each: what a call computes at every element,
 * apart from how the elements are walked.  It is written from top to bottom: its inputs, then its steps, its outputs. */
#ifndef JK_PROGRAM_H
#define JK_PROGRAM_H

#include "engine/view.h"

enum { JK_MAX_INPUTS = 8, JK_MAX_OUTPUTS = JK_MAX_ARGS + 1, JK_MAX_STEPS = 16, JK_MAX_REGISTERS = 20 };

/* register out = loop(registers in); then, unless add_to is 0, register add_to += out */
typedef struct jk_step {
    jk_pointwise_loop *loop;
    const jk_sums *sums;     /* of what the loop computes; NULL if there are none */
    signed char in[JK_N_IN]; /* a register for every place; -1 for those that are not read */
    signed char out;
    unsigned char ones; /* of which arguments the loop takes one number */
    signed char add_to; /* register 0 is an input and never written */
} jk_step;

/* Registers 0 .. n_inputs-1 are the inputs, the others belong to steps. */
typedef struct jk_program {
    jk_dtype dtype; /* what everything is computed in: that of the widest input */
    int accumulate;
    int n_inputs, n_outputs, n_registers, n_steps;
    unsigned ones; /* inputs that are one number, repeated; a bit each */
    const jk_view *input[JK_MAX_INPUTS];
    const jk_view *output[JK_MAX_OUTPUTS];
    int input_argument[JK_MAX_INPUTS], output_argument[JK_MAX_OUTPUTS];
    signed char result[JK_MAX_OUTPUTS]; /* the register of an output; -1: it is zero */
    jk_step step[JK_MAX_STEPS];
} jk_program;

/* ---- writing: inline, since small calls consist of little else -------------------------------------------- */

static inline void jk_begin_program(jk_program *p, int accumulate)
{
    p->dtype = JK_FLOAT32;
    p->accumulate = accumulate != 0;
    p->n_inputs = p->n_outputs = p->n_registers = p->n_steps = 0;
    p->ones = 0;
}

/* `argument` is the view's place in the call, for errors.  Returns its register. */
static inline int jk_add_input(jk_program *p, const jk_view *view, int argument)
{
    const int reg = p->n_inputs++;
    p->input[reg] = view;
    p->input_argument[reg] = argument;
    p->n_registers = p->n_inputs;
    p->dtype = jk_promote(p->dtype, view->dtype);
    p->ones |= (unsigned)jk_is_one(view) << reg;
    return reg;
}

/* Returns a step without sums whose `out` is a new register, and which reads arguments alone: a register for each, or -1. */
static inline jk_step *jk_add_step(jk_program *p, jk_pointwise_loop *loop, const int *args, int n_args, int takes_ones)
{
    jk_step *step = &p->step[p->n_steps++];
    *step = (jk_step){.loop = loop, .in = {-1, -1, -1, -1, -1, -1}, .out = (signed char)p->n_registers++};
    unsigned ones = 0;
    for (int k = 0; k < n_args; k++) {
        step->in[JK_IN_A + k] = (signed char)args[k];
        if (args[k] >= 0 && (p->ones >> args[k] & 1)) ones |= (unsigned)JK_ONE_A << k;
    }
    if (takes_ones && jk_takes_ones(n_args, ones)) step->ones = (unsigned char)ones;
    return step;
}

static inline void jk_add_output(jk_program *p, const jk_view *view, int argument, int result)
{
    p->output[p->n_outputs] = view;
    p->output_argument[p->n_outputs] = argument;
    p->result[p->n_outputs++] = (signed char)result;
}

/* ---- running ------------------------------------------------------------------------------------------------ */

/* Elements of a block, where nothing else limits it: what passes through several steps stays in the first-level cache
 * meanwhile, what passes through one need not. */
enum { JK_STEP_BLOCK = 512, JK_LONG_BLOCK = 65536 };
static inline ptrdiff_t jk_block_length(const jk_program *program)
{
    return program->n_steps == 1 ? JK_LONG_BLOCK : JK_STEP_BLOCK;
}

/* The steps that lead to some of the outputs; one bit each. */
unsigned jk_steps_to(const jk_program *program, unsigned outputs);

/* Some steps over n elements of the registers. */
void jk_run_steps(const jk_program *program, unsigned steps, char *const *registers, ptrdiff_t n);

#endif
