"""What a page about ops says of them beyond their rows: formulas for readers, and names in other libraries.

An op that is not listed here is shown with its row's formulas, and with the name that the rules below give.
"""

from __future__ import annotations

# The value, and the derivative by every argument, of ops whose rows call functions that say less.
FORMULAS = {
    "absolute": ("|x|", "sign(x)"),
    "power": ("a**b", "b*a**(b - 1)", "log(a)*a**b"),
    "float_power": ("a**b", "b*a**(b - 1)", "log(a)*a**b"),
    "arctan": ("arctan(x)", "1/(1 + x*x)"),
    "arctan2": ("the angle of (b, a)", "b/(a*a + b*b)", "-a/(a*a + b*b)"),
    "hypot": ("sqrt(a*a + b*b)", "a/y", "b/y"),
    "arcsinh": ("arcsinh(x)", "1/sqrt(1 + x*x)"),
    "arccosh": ("arccosh(x)", "1/sqrt(x*x - 1)"),
    "arctanh": ("arctanh(x)", "1/(1 - x*x)"),
    "sinc": ("sin(pi*x)/(pi*x)", "(cos(pi*x) - sinc(x))/x"),
    "reciprocal": ("1/x", "-1/(x*x)"),
    "divide": ("a/b", "1/b", "-a/(b*b)"),
    "erf": ("erf(x)", "2/sqrt(pi)*exp(-x*x)"),
    "erfc": ("1 - erf(x)", "-2/sqrt(pi)*exp(-x*x)"),
    "erfcx": ("exp(x*x)*erfc(x)", "2*x*y - 2/sqrt(pi)"),
    "erfinv": ("the inverse of erf", "sqrt(pi)/2*exp(y*y)"),
    "ndtr": ("erfc(-x/sqrt(2))/2", "exp(-x*x/2)/sqrt(2*pi)"),
    "log_ndtr": ("log(ndtr(x))", "exp(-x*x/2)/sqrt(2*pi)/ndtr(x)"),
    "gammaln": ("log(|gamma(x)|)", "digamma(x)"),
    "digamma": ("the derivative of gammaln", "trigamma(x)"),
    "sigmoid": ("1/(1 + exp(-x))", "y*(1 - y)"),
    "logit": ("log(x/(1 - x))", "1/(x*(1 - x))"),
    "log_sigmoid": ("-log(1 + exp(-x))", "sigmoid(-x)"),
    "entr": ("-x*log(x)", "-log(x) - 1"),
    "softplus": ("log(1 + exp(x))", "sigmoid(x)"),
    "silu": ("x*s for s = sigmoid(x)", "s*(1 + x*(1 - s))"),
    "relu": ("max(x, 0)", "1 where x > 0, else 0"),
    "relu6": ("min(max(x, 0), 6)", "1 where 0 < x < 6, else 0"),
    "leaky_relu": ("x where x > 0, else alpha*x", "1 where x > 0, else alpha", "0 where x > 0, else x"),
    "elu": (
        "x where x > 0, else alpha*(exp(x) - 1)",
        "1 where x > 0, else alpha*exp(x)",
        "0 where x > 0, else exp(x) - 1",
    ),
    "celu": (
        "x where x > 0, else alpha*(exp(x/alpha) - 1)",
        "1 where x > 0, else exp(x/alpha)",
        "0 where x > 0, else exp(x/alpha)*(1 - x/alpha) - 1",
    ),
    "selu": (
        "1.0507...*(x where x > 0, else 1.6733...*(exp(x) - 1))",
        "1.0507...*(1 where x > 0, else 1.6733...*exp(x))",
    ),
    "softsign": ("x/(1 + |x|)", "1/(1 + |x|)**2"),
    "gelu": ("x*ndtr(x)", "ndtr(x) + x*exp(-x*x/2)/sqrt(2*pi)"),
    "gelu_tanh": (
        "x*s for s = sigmoid(2*u), u = sqrt(2/pi)*(x + 0.044715*x**3)",
        "s + 2*x*s*(1 - s)*sqrt(2/pi)*(1 + 0.134145*x*x)",
    ),
    "mish": ("x*t for t = tanh(log(1 + exp(x)))", "t + x*(1 - t*t)*sigmoid(x)"),
    "hard_tanh": ("min(max(x, -1), 1)", "1 where -1 < x < 1, else 0"),
    "hard_sigmoid": ("min(max(x + 3, 0), 6)/6", "1/6 where -3 < x < 3, else 0"),
    "hard_silu": ("x*min(max(x + 3, 0), 6)/6", "(2*x + 3)/6 where -3 < x < 3, else 0 or 1"),
    "squareplus": ("(x + sqrt(x*x + b))/2", "(1 + x/sqrt(x*x + b))/2", "1/(4*sqrt(x*x + b))"),
    "logaddexp": ("log(exp(a) + exp(b))", "sigmoid(a - b)", "sigmoid(b - a)"),
    "logaddexp2": ("log2(2**a + 2**b)", "1/(1 + 2**(b - a))", "1/(1 + 2**(a - b))"),
    "maximum": ("max(a, b)", "1 where a > b, else 0", "1 where b > a, else 0"),
    "minimum": ("min(a, b)", "1 where a < b, else 0", "1 where b < a, else 0"),
    "clip": ("min(max(x, lo), hi)", "1 where lo < x < hi, else 0", "1 where x is below lo", "1 where x is above hi"),
    "xlogy": ("x*log(y), 0 where x = 0", "log(y)", "x/y"),
    "xlog1py": ("x*log(1 + y), 0 where x = 0", "log(1 + y)", "x/(1 + y)"),
    "rel_entr": ("x*log(x/y)", "log(x/y) + 1", "-x/y"),
    "kl_div": ("x*log(x/y) - x + y", "log(x/y)", "1 - x/y"),
}

# The rules: a name that NumPy has is jax.numpy's and torch's, one of scipy.special is jax.scipy.special's and
# torch.special's, any other jax.nn's and torch.nn.functional's.  Here are those that differ; None: there is none.
JAX_VERSION, TORCH_VERSION = "0.12", "2.14"
JAX = {
    "rsqrt": "jax.lax.rsqrt",
    "softplus": "jax.nn.softplus",
    "softsign": "jax.nn.soft_sign",
    "gelu": "jax.nn.gelu(approximate=False)",
    "gelu_tanh": "jax.nn.gelu",
    "huber": None,
    "pseudo_huber": None,
    "sigmoid_cross_entropy": None,
    "multiply_add": None,
    "lerp": None,
}
TORCH = {
    "fabs": "torch.abs",
    "cbrt": None,
    "rint": "torch.round",
    "rsqrt": "torch.rsqrt",
    "power": "torch.pow",
    "relu": "torch.relu",
    "sigmoid": "torch.sigmoid",
    "softplus": "torch.nn.functional.softplus",
    "log_sigmoid": "torch.nn.functional.logsigmoid",
    "gelu_tanh": 'torch.nn.functional.gelu(approximate="tanh")',
    "hard_tanh": "torch.nn.functional.hardtanh",
    "hard_sigmoid": "torch.nn.functional.hardsigmoid",
    "hard_silu": "torch.nn.functional.hardswish",
    "squareplus": None,
    "rel_entr": None,
    "kl_div": None,
    "huber": 'torch.nn.functional.huber_loss(reduction="none")',
    "pseudo_huber": None,
    "sigmoid_cross_entropy": 'torch.nn.functional.binary_cross_entropy_with_logits(reduction="none")',
    "multiply_add": "torch.addcmul(c, a, b)",
    "lerp": "torch.lerp",
}
