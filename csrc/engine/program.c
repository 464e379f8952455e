#include "engine/program.h"

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
        for (int i = 0; i < JK_N_IN; i++)
            if (step->in[i] >= 0) registers |= 1u << step->in[i];
    }
    return steps;
}

void jk_run_steps(const jk_program *p, unsigned steps, char *const *registers, ptrdiff_t n)
{
    for (int s = 0; s < p->n_steps; s++) {
        if (!(steps >> s & 1)) continue;
        const jk_step *step = &p->step[s];
        const void *in[JK_N_IN];
        for (int i = 0; i < JK_N_IN; i++) in[i] = registers[step->in[i] >= 0 ? step->in[i] : step->out];
        step->loop(n, registers[step->out], in, step->ones);
        if (step->add_to)
            jk_move_of(p->dtype)->add(n, registers[step->add_to], jk_itemsize(p->dtype), registers[step->out]);
    }
}
