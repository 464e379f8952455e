#include "engine/program.h"

#include <string.h>

/* ---- writing ------------------------------------------------------------------------------------------------ */

void jk_begin_program(jk_program *p, int accumulate)
{
    p->dtype = JK_FLOAT32;
    p->accumulate = accumulate != 0;
    p->n_inputs = p->n_outputs = p->n_registers = p->n_steps = 0;
}

int jk_add_input(jk_program *p, const jk_view *view, int argument)
{
    const int reg = p->n_inputs++;
    p->input[reg] = view;
    p->input_argument[reg] = argument;
    p->n_registers = p->n_inputs;
    p->dtype = jk_promote(p->dtype, view->dtype);
    return reg;
}

jk_step *jk_add_step(jk_program *p, jk_pointwise_loop *loop)
{
    jk_step *step = &p->step[p->n_steps++];
    memset(step, 0, sizeof *step);
    step->loop = loop;
    step->out = (signed char)p->n_registers++;
    return step;
}

void jk_add_output(jk_program *p, const jk_view *view, int argument, int result)
{
    p->output[p->n_outputs] = view;
    p->output_argument[p->n_outputs] = argument;
    p->result[p->n_outputs++] = (signed char)result;
}

/* ---- running ------------------------------------------------------------------------------------------------ */

/* Found from the last step to the first. */
unsigned jk_steps_to(const jk_program *p, unsigned outputs)
{
    unsigned registers = 0, steps = 0;
    for (int k = 0; k < p->n_outputs; k++)
        if (outputs >> k & 1) registers |= 1u << p->result[k];
    for (int s = p->n_steps - 1; s >= 0; s--) {
        const jk_step *step = &p->step[s];
        if (!(registers >> step->out & 1) && !(step->add_to && (registers >> step->add_to & 1))) continue;
        steps |= 1u << s;
        for (int i = 0; i < JK_N_IN; i++) registers |= 1u << step->in[i];
    }
    return steps;
}

void jk_run_steps(const jk_program *p, unsigned steps, char *const *registers, ptrdiff_t n)
{
    for (int s = 0; s < p->n_steps; s++) {
        if (!(steps >> s & 1)) continue;
        const jk_step *step = &p->step[s];
        const void *in[JK_N_IN];
        for (int i = 0; i < JK_N_IN; i++) in[i] = registers[step->in[i]];
        step->loop(n, registers[step->out], in);
        if (step->add_to)
            jk_loops_of(p->dtype)->add(n, registers[step->add_to], jk_itemsize(p->dtype), registers[step->out]);
    }
}
