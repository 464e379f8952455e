/* Softmax of one row of logits, which may come in pieces: its maximum m, then e = exp(x - m) and their sum. */

/* x - m, also where the maximum itself is infinite: the limit as it grows. */
JK_INLINE real N(below_max)(real x, real m) { return x == m ? 0 : x - m; }

/* A row with several infinite maxima (or nothing but -inf) has no limit. */
JK_INLINE real N(partition)(real sum, real m) { return isinf(m) && sum > 1 ? (real)NAN : sum; }

/* A NaN may be passed over here: it comes back in the sum. */
static void N(row_max)(ptrdiff_t n, void *max, const void *logits)
{
    const real *x = logits;
    real m = *(real *)max;
    for (ptrdiff_t i = 0; i < n; i++) m = x[i] > m ? x[i] : m;
    *(real *)max = m;
}

static void N(row_exp)(ptrdiff_t n, void *exps, const void *logits, const void *max)
{
    const real *x = logits, m = *(const real *)max;
    real *e = exps;
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) e[i] = M(exp)(N(below_max)(x[i], m));
}

static void N(row_less)(ptrdiff_t n, void *out, const void *logits_dot, const void *label_dot)
{
    const real *t = logits_dot, t_label = *(const real *)label_dot;
    real *o = out;
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) o[i] = t[i] - t_label;
}

static void N(cross_entropy_value)(void *loss, const void *sum, const void *max, const void *label_logit)
{
    const real m = *(const real *)max;
    *(real *)loss = M(log)(N(partition)(*(const real *)sum, m)) - N(below_max)(*(const real *)label_logit, m);
}

static void N(cross_entropy_vjp)(ptrdiff_t n, void *logits_bar, const void *loss_bar, const void *exps, const void *sum,
                                 const void *max, ptrdiff_t label)
{
    const real *e = exps, g = *(const real *)loss_bar, s = N(partition)(*(const real *)sum, *(const real *)max);
    real *o = logits_bar;
    JK_SIMD
    for (ptrdiff_t i = 0; i < n; i++) o[i] = g * (e[i] / s);
    if (label >= 0 && label < n) o[label] = g * (e[label] / s - 1);
}

static void N(cross_entropy_jvp)(void *loss_dot, const void *tangent_sum, const void *sum, const void *max)
{
    *(real *)loss_dot = *(const real *)tangent_sum / N(partition)(*(const real *)sum, *(const real *)max);
}
