#!/bin/sh
# autograd 1.9.1: the slope of sqrt at 0 is infinite for a number of NumPy, and a ZeroDivisionError for one of Python.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 autograd==1.9.1
"$folder/venv/bin/python" - <<'END'
import warnings
from importlib.metadata import version

import autograd.numpy as np
from autograd import grad

warnings.simplefilter("ignore", RuntimeWarning)
seen = []
for name in ("sqrt", "reciprocal"):
    for zero in (np.float64(0.0), 0.0):
        try:
            seen.append((name, type(zero).__name__, float(grad(getattr(np, name))(zero))))
        except ZeroDivisionError as error:
            seen.append((name, type(zero).__name__, type(error).__name__))
print("autograd", version("autograd"), *seen, sep="\n")
if [result for *_, result in seen] != [np.inf, "ZeroDivisionError", -np.inf, -np.inf]:
    raise SystemExit("this has changed")
END
