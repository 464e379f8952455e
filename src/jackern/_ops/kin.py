"""Which ops are near a function that is none, by what they mean."""

import difflib

# Words of one meaning in a line: names of ops, and names that other libraries have for what is no op here.
KIN = (
    "add sum cumsum plus nansum logaddexp",
    "subtract negative diff minus ediff1d",
    "multiply square prod cumprod times vecdot dot multiply_add",
    "divide reciprocal true_divide floor_divide divmod quotient rsqrt",
    "remainder fmod mod divmod floor_divide modf",
    "floor ceil trunc rint round around fix floor_divide modf nan_to_num",
    "power float_power square sqrt cbrt pow reciprocal",
    "exp exp2 expm1 exp10 logaddexp softplus",
    "log log2 log10 log1p logaddexp xlogy logit",
    "sin cos tan sinc sinpi cospi sincos",
    "arcsin arccos arctan arctan2 angle",
    "sinh cosh tanh coth sech",
    "arcsinh arccosh arctanh",
    "deg2rad rad2deg radians degrees unwrap",
    "absolute fabs sign copysign abs fabs signbit hypot",
    "maximum fmax minimum fmin clip max min amax amin ptp argmax argmin threshold",
    "relu relu6 leaky_relu prelu rrelu threshold elu celu selu",
    "elu celu selu leaky_relu",
    "gelu gelu_tanh silu mish swish quick_gelu",
    "sigmoid hard_sigmoid log_sigmoid expit logit tanh",
    "softmax log_softmax logsumexp softmax_cross_entropy sigmoid",
    "softplus squareplus log_sigmoid logaddexp",
    "hard_tanh hard_sigmoid hard_silu relu6 clip hardshrink softshrink tanhshrink",
    "softsign tanh arctan",
    "huber pseudo_huber smooth_l1 smooth_l1_loss l1_loss mse_loss",
    "sigmoid_cross_entropy softmax_cross_entropy binary_cross_entropy bce nll_loss cross_entropy kl_div",
    "entr rel_entr kl_div xlogy xlog1py entropy",
    "erf erfc erfcx erfinv erfcinv ndtr log_ndtr ndtri erfi dawsn",
    "gammaln digamma trigamma polygamma gamma lgamma loggamma psi beta betaln factorial multigammaln",
    "ndtr log_ndtr ndtri norm_cdf",
    "where select choose piecewise heaviside clip",
    "heaviside sign where step",
    "mean sum average var std median nanmean",
    "matmul linear dot inner tensordot vecdot matvec einsum outer multi_dot",
    "hypot arctan2 norm absolute cabs",
    "lerp interp multiply_add where",
    "positive identity copy conjugate real",
    "nan_to_num isnan isfinite",
)


def nearest(name: str, known: list[str], n: int = 3) -> list[str]:
    """Return at most n names of `known` that are near: those of one meaning first, then those spelled alike."""
    groups = [line.split() for line in KIN]
    same = [group for group in groups if name in group]
    if not same:  # a name that contains, or is contained in, one of the words: nanmax, safe_divide, log_softmax_loss
        same = [group for group in groups if any(len(word) > 3 and (word in name or name in word) for word in group)]
    shared: dict[str, int] = {}
    for group in same:
        for place, word in enumerate(group):
            if word in known and word != name:
                shared[word] = shared.get(word, 0) + 100 - place
    by_meaning = sorted(shared, key=lambda word: -shared[word])
    by_spelling = difflib.get_close_matches(name, known, n=n, cutoff=0.5)
    itself = [name] if name in known else []  # another function of that name
    return list(dict.fromkeys([*itself, *by_meaning, *by_spelling]))[:n]
