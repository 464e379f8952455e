#!/bin/sh
# CasADi 3.8.2: the gradient of the largest element depends on whether the expression is of SX or of MX.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 casadi==3.8.2
"$folder/venv/bin/python" - <<'END'
import casadi
import numpy as np


def gradient(kind, x):
    s = kind.sym("s", len(x))
    return np.array(casadi.Function("g", [s], [casadi.gradient(casadi.mmax(s), s)])(x)).ravel()


seen = {
    (kind.__name__, x): gradient(kind, list(x)) for kind in (casadi.SX, casadi.MX) for x in ((1, 1, 1), (1, np.nan, 0))
}
print("CasADi", casadi.__version__)
for (kind, x), g in seen.items():
    print(kind, "at", x, g)
expected = [[0.25, 0.25, 0.5], [np.nan, np.nan, 0], [1 / 3] * 3, [1, 0, 0]]  # mmax is 1 at both points
if not all(np.allclose(g, e, equal_nan=True) for g, e in zip(seen.values(), expected, strict=True)):
    raise SystemExit("this has changed")
END
