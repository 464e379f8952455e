"""log |gamma| and its derivatives: near their smallest positive arguments, and what is left of Stirling's series."""

import mpmath as mp
from minimax import Fit, root

ZERO = mp.findroot(lambda x: mp.psi(0, x), mp.mpf("1.4616"))  # of digamma
HALF_LOG_TWO_PI = mp.log(2 * mp.pi) / 2
FAR = mp.mpf(10) ** 8  # the series' last coefficients are their limits


def bernoulli(x, coefficient):
    """Return the sum of coefficient(k)*B(2k)/x**(2k - 2), an asymptotic series, for a large x."""
    total, k = mp.mpf(0), 1
    while True:
        term = coefficient(k) * mp.bernoulli(2 * k) / x ** (2 * k - 2)
        total += term
        if abs(term) < mp.mpf(2) ** -mp.mp.prec:
            return total
        k += 1


def loggamma_over_zeros(f):
    """Return log(gamma(2 + f))/(f*(1 + f)), which has no zero."""
    return mp.loggamma(2 + f) / (f * (1 + f)) if f else mp.psi(0, 2)


def stirling(x):
    """Return x*(log(gamma(x)) - (x - 1/2)*log(x) + x - log(2*pi)/2)."""
    if x > 40:
        return bernoulli(x, lambda k: mp.mpf(1) / (2 * k * (2 * k - 1)))
    with mp.extraprec(60):
        return x * (mp.loggamma(x) - (x - mp.mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


def far(n, x):
    """Return what is left of the asymptotic series of polygamma(n, x) behind its first two terms, over 1/x**(n + 2)."""
    if x > 40:
        return (-1) ** (n + 1) * bernoulli(x, lambda k: mp.gammaprod([2 * k + n], [2 * k + 1]))
    with mp.extraprec(100):
        start = mp.log(x) if n == 0 else (-1) ** (n + 1) * mp.factorial(n - 1) / x**n
        return (mp.psi(n, x) - start + (-1) ** n * mp.factorial(n) / (2 * x ** (n + 1))) * x ** (n + 2)


def in_inverse_square(function, start):
    """Return the function, its weight's name left out, and the ends of t = 1/x**2 for x >= start."""
    return lambda t: function(1 / mp.sqrt(t)) if t > 1 / FAR**2 else function(FAR)


def asymptotic(name, meaning, function, whole, power, start):
    """Return the fit of function(x), x >= start, in 1/x**2, that counts as function(x)/x**power beside whole(x)."""
    return Fit(
        name,
        f"{meaning}, in t = 1/x**2 for x >= {start}",
        in_inverse_square(function, start),
        in_inverse_square(lambda x: 1 / (x**power * abs(whole(x))), start),
        mp.mpf(0),
        1 / mp.mpf(start) ** 2,
    )


def near(n, name):
    """Return the fit of polygamma(n, x) for 1 <= x <= 2, less a zero."""

    def function(t):
        x = t + mp.mpf(3) / 2
        if n:
            return mp.psi(n, x)
        return mp.psi(0, x) / (x - ZERO) if abs(x - ZERO) > mp.mpf(10) ** -20 else mp.psi(1, ZERO)

    meaning = f"polygamma({n}, x)" if n else "digamma(x)/(x - zero)"
    half = mp.mpf(1) / 2
    return Fit(
        name, f"{meaning} in t = x - 3/2 for 1 <= x <= 2", function, lambda t: 1 / function(t), -half, half, leading=2
    )


def cotangent(r):
    """Return pi*r*cot(pi*r)/(1 - 4*r**2), which has no zero for |r| <= 1/2."""
    return mp.cospi(r) / mp.sincpi(r) / ((1 - 2 * r) * (1 + 2 * r))


def polygamma(n):
    """Return polygamma of this order."""
    return lambda x: mp.psi(n, x)


FITS = (
    Fit(
        "gammaln_near",
        "log(gamma(2 + t))/(t*(1 + t)) for -3/4 <= t <= 1/2",
        loggamma_over_zeros,
        lambda f: 1 / loggamma_over_zeros(f),
        mp.mpf("-0.75"),
        mp.mpf("0.5"),
        2,
    ),
    asymptotic("gammaln_far", "x*(log(gamma(x)) - (x - 1/2)*log(x) + x - log(2*pi)/2)", stirling, mp.loggamma, 1, 4.5),
    near(0, "digamma_near"),
    asymptotic("digamma_far", "(digamma(x) - log(x) + 1/(2*x))*x**2", lambda x: far(0, x), polygamma(0), 2, 3),
    near(1, "trigamma_near"),
    asymptotic("trigamma_far", "(trigamma(x) - 1/x - 1/(2*x**2))*x**3", lambda x: far(1, x), polygamma(1), 3, 2),
    near(2, "tetragamma_near"),
    asymptotic("tetragamma_far", "(tetragamma(x) + 1/x**2 + 1/x**3)*x**4", lambda x: far(2, x), polygamma(2), 4, 2),
    near(3, "pentagamma_near"),
    asymptotic("pentagamma_far", "(pentagamma(x) - 2/x**3 - 3/x**4)*x**5", lambda x: far(3, x), polygamma(3), 5, 2),
    Fit(
        "sin_pi",
        "(sin(pi*r)/(pi*r) - 1)/r**2 in t = r**2 for |r| <= 1/2",
        root(lambda r: (mp.sincpi(r) - 1) / r**2),
        root(lambda r: r**2 / mp.sincpi(r)),
        mp.mpf(0),
        mp.mpf(1) / 4,
        1,
    ),
    Fit(
        "cot_pi",
        "pi*r*cot(pi*r)/(1 - 4*r**2) in t = r**2 for |r| <= 1/2",
        root(cotangent),
        root(lambda r: 1 / cotangent(r)),
        mp.mpf(0),
        mp.mpf(1) / 4,
        1,
    ),
    Fit(
        "csc_pi",
        "(pi/sin(pi*r))**2 - 1/r**2 in t = r**2 for |r| <= 1/2",
        root(lambda r: (1 / mp.sincpi(r) ** 2 - 1) / r**2),
        root(lambda r: (r * mp.sincpi(r)) ** 2),
        mp.mpf(0),
        mp.mpf(1) / 4,
    ),
)


def constants(dtype):
    """Return the C constants of a dtype."""
    zero = dtype.rounded(ZERO)
    values = (
        ("digamma_zero", "where digamma is 0, rounded", zero),
        ("digamma_zero_low", "and its rest", ZERO - zero),
        ("stirling", "log(2*pi)/2 - 1/2", HALF_LOG_TWO_PI - mp.mpf(1) / 2),
    )
    lines = []
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return "\n" + "\n".join(lines)
