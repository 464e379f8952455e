"""The trigonometric functions and the inverse ones: remainders of their series, and the parts of pi."""

import mpmath as mp
from minimax import Fit, root

# How many quarter turns a near argument has at most, in bits: they stay free in the first two parts of pi/2.
TURN_BITS = 16
NEAR_END = 100_000
assert 2 / mp.pi * NEAR_END < 2**TURN_BITS
# Words of 2/pi behind the first, which is 0: as many as the last digits of the largest double need.
WORDS = 20


def sinc(x):
    """Return sin(pi*x)/(pi*x)."""
    return mp.sincpi(x)


def sinc_slope(x):
    """Return the derivative of sinc."""
    return (mp.cospi(x) - sinc(x)) / x


def sinc_second(x):
    """Return the second derivative of sinc."""
    return -(mp.pi**2) * sinc(x) - 2 * sinc_slope(x) / x


def acosh_tail(d):
    """Return what is left of acosh(1 + d) beside sqrt(2*d)."""
    return (1 - mp.acosh(1 + d) / mp.sqrt(2 * d)) / d


FITS = (
    Fit(
        "sin_tail",
        "(sin(r) - r)/r**3 in t = r**2 for |r| <= 0.8",
        root(lambda r: (mp.sin(r) - r) / r**3),
        root(lambda r: r**3 / mp.sin(r)),
        mp.mpf(0),
        mp.mpf("0.64"),
    ),
    Fit(
        "cos_tail",
        "(cos(r) - 1 + r**2/2)/r**4 in t = r**2 for |r| <= 0.8",
        root(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4),
        root(lambda r: r**4 / mp.cos(r)),
        mp.mpf(0),
        mp.mpf("0.64"),
    ),
    Fit(
        "sinc_tail",
        "(sinc(f) - 1 + (pi*f)**2/6)/f**4 in t = f**2 for |f| <= 1/2",
        root(lambda f: (sinc(f) - 1 + (mp.pi * f) ** 2 / 6) / f**4),
        root(lambda f: f**4 / sinc(f)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
    Fit(
        "sinc_slope_near",
        "sinc'(x)/x in t = x**2 for |x| <= 1/2",
        root(lambda x: sinc_slope(x) / x),
        root(lambda x: x / sinc_slope(x)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
    Fit(
        "sinc_second_near",
        "sinc''(x) in t = x**2 for |x| <= 1/2",
        root(sinc_second),
        root(lambda x: 1 / sinc_second(x)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
    Fit(
        "asin_tail",
        "(asin(r) - r)/r**3 in t = r**2 for |r| <= 1/2",
        root(lambda r: (mp.asin(r) - r) / r**3),
        root(lambda r: r**3 / mp.asin(r)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
    Fit(
        "atan_tail",
        "(atan(r) - r)/r**3 in t = r**2 for |r| <= 1/2",
        root(lambda r: (mp.atan(r) - r) / r**3),
        root(lambda r: r**3 / mp.atan(r)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
    Fit(
        "atanh_tail",
        "(atanh(s) - s)/s**3 in t = s**2 for s**2 <= 0.1",
        root(lambda s: (mp.atanh(s) - s) / s**3),
        root(lambda s: s**3 / mp.atanh(s)),
        mp.mpf(0),
        mp.mpf("0.1"),
    ),
    Fit(
        "acosh_tail",
        "(1 - acosh(1 + t)/sqrt(2*t))/t for t <= 1/4",
        acosh_tail,
        lambda d: d / (1 - d * acosh_tail(d)),
        mp.mpf(0),
        mp.mpf("0.25"),
    ),
)


def parts(x, *bits):
    """Return numbers of so many bits that sum up to x."""
    found = []
    for n in bits:
        found.append(mp.fadd(x, 0, prec=n))
        x -= found[-1]
    return found


def constants(dtype):
    """Return the C constants of a dtype; double, which reduces angles of both, has parts of pi/2 and bits of 2/pi."""
    halves = parts(mp.pi / 2, dtype.precision, dtype.precision)
    n_fraction = dtype.precision - 1
    values = [
        ("near_end", "larger angles are far ones", mp.mpf(NEAR_END)),
        ("two_over_pi", "2/pi", 2 / mp.pi),
        ("one_over_pi", "1/pi", 1 / mp.pi),
        ("pi", "pi", 2 * halves[0]),
        ("pi_lo", "and its rest", 2 * halves[1]),
        (
            "quarter_shift",
            "a sum with it cuts |f| <= 1/2 to a quarter of the significand",
            1.5 * mp.mpf(2) ** (n_fraction - dtype.precision // 4),
        ),
        ("half_cut", "and to half of it", 1.5 * mp.mpf(2) ** (n_fraction - dtype.precision // 2)),
        ("pi_sixth_hi", "pi**2/6, its first half", dtype.rounded(mp.pi**2 / 6, dtype.precision // 2)),
        ("pi_sixth", "pi**2/6", mp.pi**2 / 6),
        (
            "pi_sixth_lo",
            "what pi_sixth_hi leaves of it",
            mp.pi**2 / 6 - dtype.rounded(mp.pi**2 / 6, dtype.precision // 2),
        ),
        ("pi_squared", "pi**2", mp.pi**2),
    ]
    table = []
    if dtype.name == "f64":
        free = dtype.precision - TURN_BITS
        values += [
            (f"half_pi_{i}", f"pi/2, part {i}", part)
            for i, part in enumerate(parts(mp.pi / 2, free, free, dtype.precision), 1)
        ]
        with mp.workprec(64 * WORDS + 64):
            bits = int(mp.floor(2 / mp.pi * 2 ** (64 * (WORDS - 1))))
        words = [f"0x{bits >> (64 * i) & (2**64 - 1):016x}" for i in reversed(range(WORDS))]
        table = [
            f"/* 2/pi in binary: its integer part, 0, and {64 * (WORDS - 1)} bits */",
            f"static const uint64_t two_over_pi_bits[{WORDS}] = {{",
            *(f"    {', '.join(words[i : i + 4])}," for i in range(0, WORDS, 4)),
            "};",
        ]
    lines = [""]
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return "\n".join([*lines, *table])
