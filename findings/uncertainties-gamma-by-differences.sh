#!/bin/sh
# uncertainties 3.2.3: derivatives of gamma and lgamma come from differences, and have seven to nine digits.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 mpmath==1.3.0 uncertainties==3.2.3
"$folder/venv/bin/python" - <<'END'
import mpmath
import uncertainties
from uncertainties import ufloat, umath

EXACT = {
    "gamma": lambda x: mpmath.gamma(x) * mpmath.digamma(x),
    "lgamma": mpmath.digamma,
    "erf": lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(x**2)),
}


def off(name, x):
    u = ufloat(x, 1)
    return float(abs(getattr(umath, name)(u).derivatives[u] / EXACT[name](x) - 1))


seen = {name: max(off(name, x) for x in (0.5, 1.0, 3.0)) for name in EXACT}
print("uncertainties", uncertainties.__version__, "largest relative errors:", {n: f"{e:.0e}" for n, e in seen.items()})
print("gamma at -0.5:", f"{off('gamma', -0.5):.0e}")
if not (seen["gamma"] > 1e-9 and seen["lgamma"] > 1e-9 and seen["erf"] < 1e-14 and off("gamma", -0.5) > 1e-7):
    raise SystemExit("this has changed")
END
