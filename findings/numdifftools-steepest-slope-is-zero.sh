#!/bin/sh
# numdifftools 0.11.2: where the slope is infinite, as that of the cube root at 0, the estimate is 0.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 scipy==1.18.1 numdifftools==0.11.2
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

import numdifftools
import numpy as np

print("numdifftools", version("numdifftools"))
for f, method in ((np.cbrt, "central"), (np.cbrt, "forward"), (np.sqrt, "forward")):
    result = numdifftools.Derivative(f, method=method, full_output=True)(0.0)
    estimate, error = float(result.estimate), float(result.error_estimate)
    h = 1e-12
    print(f.__name__, method, "at 0:", estimate, "give or take", error, "and the quotient at 1e-12:", f(h) / h)
    if not abs(estimate) < 1e-12 or not 1 < error < 100:
        raise SystemExit("this has changed")
END
