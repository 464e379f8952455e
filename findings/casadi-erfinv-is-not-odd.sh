#!/bin/sh
# CasADi 3.8.2: erfinv keeps six digits between -0.7 and 0.7, and all of them from 0.7 on.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 casadi==3.8.2 mpmath==1.3.0
"$folder/venv/bin/python" - <<'END'
import casadi
import mpmath

off = {}
for x in (-0.9, -0.7, -0.69999, 0.69999, 0.7, 0.9):
    exact = mpmath.erfinv(x)
    off[x] = float(abs(float(casadi.erfinv(casadi.DM(x))) / exact - 1))
print("CasADi", casadi.__version__, "relative errors of erfinv:", {x: f"{e:.0e}" for x, e in off.items()})
both = float(casadi.erfinv(casadi.DM(0.7)) + casadi.erfinv(casadi.DM(-0.7)))
print("erfinv(0.7) + erfinv(-0.7) =", both)
right = max(off[0.7], off[0.9]) < 1e-15
wrong = 1e-6 < off[-0.7] and 1e-6 < off[0.69999] and 1e-6 < off[-0.69999] and 1e-8 < off[-0.9] and both > 1e-6
if not (right and wrong):
    raise SystemExit("this has changed")
END
