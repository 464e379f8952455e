#!/bin/sh
# autograd 1.9.1: the derivative of the Bessel function iv by its order is 0, where that of gammainc by its order raises.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 scipy==1.18.1 autograd==1.9.1
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

from autograd import grad
from autograd.scipy import special
from scipy.special import iv

h = 1e-5
quotient = (iv(1 + h, 2.0) - iv(1 - h, 2.0)) / (2 * h)
seen = grad(special.iv, 0)(1.0, 2.0)
try:
    grad(special.gammainc, 0)(1.0, 2.0)
    refused = False
except NotImplementedError:
    refused = True
print("autograd", version("autograd"), "iv by its order at (1, 2):", seen, "the quotient of differences:", quotient)
print("gammainc by its order is refused:", refused)
if seen != 0 or not refused or abs(quotient + 0.99992677) > 1e-7:
    raise SystemExit("this has changed")
END
