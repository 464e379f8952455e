"""erf and its kin: erfcx and what is left of its derivatives, as functions of a bounded argument, and erfinv."""

import itertools

import mpmath as mp
from minimax import Fit, root

SQRT_PI, SQRT_HALF = mp.sqrt(mp.pi), mp.sqrt(mp.mpf(1) / 2)
SHIFT, NORMAL_SHIFT, LARGE_SHIFT, TAIL_SHIFT = 4, 5, 2, mp.mpf("3.75")
MILLS_START = mp.mpf(5) / 4  # it and 1 for erfcx make the products flat at 0, where the rounding of t would count
ERFCX_MIDDLE, MILLS_MIDDLE = mp.mpf(11) / 16, mp.mpf(1) / 2  # what is added, exactly, behind the polynomial
INFINITY = 1 - mp.mpf(2) ** -60  # the end of t = (a - shift)/(a + shift)
SPLIT = mp.mpf("0.75")  # of erf
LAST = mp.mpf("3.5")  # -log(1 - x**2) where the tail of erfinv begins
TAIL_START, TAIL_END = mp.sqrt(-mp.log((1 - mp.sqrt(-mp.expm1(-LAST))) / 2)), mp.mpf("6.2")


def terms(a):
    """Return the terms of the asymptotic series of sqrt(pi)*a*erfcx(a), 1 - 1/(2a**2) + ..."""
    result = [mp.mpf(1)]
    while abs(result[-1]) > mp.mpf(2) ** -mp.mp.prec:
        result.append(-result[-1] * (2 * len(result) - 1) / (2 * a * a))
    return result


def scaled(a):
    """Return erfcx(a); precise, because the derivatives are differences."""
    with mp.extraprec(400):
        return mp.exp(a * a) * mp.erfc(a)


def erfcx(a):
    """Return exp(a**2)*erfc(a)."""
    return +scaled(a) if a < 13 else mp.fsum(terms(a)) / (a * SQRT_PI)


def first(a):
    """Return -erfcx'(a)."""
    if a < 13:
        with mp.extraprec(400):
            return 2 / SQRT_PI - 2 * a * scaled(a)
    return -2 / SQRT_PI * mp.fsum(terms(a)[1:])


def second(a):
    """Return erfcx''(a)."""
    if a < 13:
        with mp.extraprec(400):
            return 2 * scaled(a) * (1 + 2 * a * a) - 4 * a / SQRT_PI
    series = terms(a)
    return 2 / (a * SQRT_PI) * mp.fsum(p + 2 * a * a * q for p, q in itertools.pairwise(series))


def erfinv_over_x(w):
    """Return erfinv(x)/x in w = -log(1 - x**2)."""
    x = mp.sqrt(-mp.expm1(-w))
    return mp.erfinv(x) / x


def inverse_tail(v):
    """Return erfinv(x)/v in v = sqrt(-log((1 - x)/2)), by Newton's method."""
    y = v - mp.mpf("0.1")
    for _ in range(7):
        c = mp.erfc(y)
        y += (mp.log(c) + v * v - mp.ln2) * SQRT_PI / 2 * mp.exp(y * y) * c
    return y / v


def bounded(function, shift):
    """Return t -> function(a) for t = (a - shift)/(a + shift)."""
    return lambda t: function(shift * (1 + t) / (1 - t))


def at(a, shift):
    """Return t for an a."""
    return (a - shift) / (a + shift)


def positive(name, meaning, function, shift=SHIFT, less=0):
    """Return the fit of a function of a >= 0, which has no zero, less a number."""
    f = bounded(function, shift)
    meaning += f" - {mp.nstr(less)}" if less else ""
    meaning += f" in t = (a - {shift})/(a + {shift}) for a >= 0"
    return Fit(name, meaning, lambda t: f(t) - less, lambda t: 1 / f(t), mp.mpf(-1), INFINITY, 2)


FITS = (
    Fit(
        "erf_small",
        "erf(x)/x - 1 in t = x**2 for |x| <= 0.75",
        root(lambda x: mp.erf(x) / x - 1),
        root(lambda x: x / mp.erf(x)),
        mp.mpf(0),
        SPLIT**2,
    ),
    Fit(
        "erf_large",
        f"(1 + a)*erfcx(a), for 1 - erfc(a) in t = (a - {LARGE_SHIFT})/(a + {LARGE_SHIFT}) for 0.75 <= a <= 6",
        bounded(lambda a: (1 + a) * erfcx(a), LARGE_SHIFT),
        bounded(lambda a: mp.exp(-a * a) / (1 + a) / mp.erf(a), LARGE_SHIFT),
        at(SPLIT, LARGE_SHIFT),
        at(mp.mpf(6), LARGE_SHIFT),
        2,
    ),
    positive("erfcx_bounded", "(1 + a)*erfcx(a)", lambda a: (1 + a) * erfcx(a), SHIFT, ERFCX_MIDDLE),
    positive("erfcx_first", "-(1 + a)**2*erfcx'(a)", lambda a: (1 + a) ** 2 * first(a)),
    positive("erfcx_second", "(1 + a)**3*erfcx''(a)", lambda a: (1 + a) ** 3 * second(a)),
    positive(
        "mills_bounded",
        "(5/4 + a)*exp(a*a/2)*ndtr(-a)",
        lambda a: (MILLS_START + a) * erfcx(a * SQRT_HALF) / 2,
        NORMAL_SHIFT,
        MILLS_MIDDLE,
    ),
    Fit(
        "erfinv_center",
        f"erfinv(x)/x - 1 in t = -log(1 - x**2) up to {mp.nstr(LAST)}",
        lambda w: erfinv_over_x(w) - 1,
        lambda w: 1 / erfinv_over_x(w),
        mp.mpf(0),
        LAST,
        2,
    ),
    Fit(
        "erfinv_tail",
        f"erfinv(x)/v - 1 in t = (v - {TAIL_SHIFT})/(v + {TAIL_SHIFT}), v = sqrt(-log((1 - x)/2)), for the x beyond",
        bounded(lambda v: inverse_tail(v) - 1, TAIL_SHIFT),
        bounded(lambda v: 1 / inverse_tail(v), TAIL_SHIFT),
        at(TAIL_START, TAIL_SHIFT),
        at(TAIL_END, TAIL_SHIFT),
        2,
    ),
)


def constants(dtype):
    """Return the C constants of a dtype."""
    is_wide = dtype.precision > 24

    def shift(bits):
        return mp.mpf(1.5) * 2 ** (dtype.precision - 1 - bits)

    # Where exp(-a*a) is far below the smallest subnormal number, and so are its products with powers of a.
    end = mp.sqrt((2 ** (dtype.exponent - 1) - 2 + dtype.precision + 24) * mp.ln2)
    sums = 2 * mp.sqrt(2 / mp.pi), 2 * mp.sqrt(2 / mp.pi) * mp.mpf("0.044715")
    values = (
        ("erfc_end", "erfc and its derivatives are 0 from here on", end),
        ("ndtr_end", "and those of ndtr(-x)", end / SQRT_HALF),
        ("square_shift", "a sum with it is rounded so far that its square is exact", shift(20 if is_wide else 8)),
        (
            "quotient_shift",
            "a sum with it is rounded so far that its product with such a number and 1 is exact",
            shift(27 if is_wide else 12),
        ),
        ("erfcx_middle", "what erfcx_bounded leaves out", ERFCX_MIDDLE),
        ("mills_middle", "and mills_bounded", MILLS_MIDDLE),
        ("mills_start", "what it adds to a", MILLS_START),
        ("erfinv_last", "where the tail of erfinv begins", mp.sqrt(-mp.expm1(-LAST))),
        ("erfcx_end", "erfcx(-x) is infinite from here on", mp.sqrt(mp.ceil(2 ** (dtype.exponent - 1) * mp.ln2))),
        ("erf_shift", "of erf_large", mp.mpf(LARGE_SHIFT)),
        ("erfcx_shift", "of erfcx_bounded, erfcx_first and erfcx_second", mp.mpf(SHIFT)),
        ("mills_shift", "of mills_bounded", mp.mpf(NORMAL_SHIFT)),
        ("erfinv_shift", "of erfinv_tail", TAIL_SHIFT),
        ("erfinv_inverse", "erfinv'(v)/(2*v) in its t, to a tenth", mp.mpf("1.12") / (2 * TAIL_SHIFT)),
        ("two_over_sqrt_pi", "2/sqrt(pi)", 2 / SQRT_PI),
        ("half_sqrt_pi", "sqrt(pi)/2", SQRT_PI / 2),
        ("quarter_sqrt_two", "sqrt(2)/4", SQRT_HALF / 2),
        ("density", "1/sqrt(2*pi)", 1 / mp.sqrt(2 * mp.pi)),
        (
            "gelu_tanh_end",
            "and those of gelu_tanh(-x)",
            mp.findroot(lambda x: x * (sums[0] + sums[1] * x * x) - end * end, end / 2),
        ),
        ("gelu_linear", "2*sqrt(2/pi), rounded", dtype.rounded(sums[0])),
        ("gelu_linear_low", "and its rest", sums[0] - dtype.rounded(sums[0])),
        ("gelu_cubic", "2*sqrt(2/pi)*0.044715, rounded", dtype.rounded(sums[1])),
        ("gelu_cubic_low", "and its rest", sums[1] - dtype.rounded(sums[1])),
    )
    lines = []
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return "\n" + "\n".join(lines)
