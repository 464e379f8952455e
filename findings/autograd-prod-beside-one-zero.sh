#!/bin/sh
# autograd 1.9.1: where one factor is 0, the gradient of prod is NaN for it, and cheaper spellings have it right.
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
x = np.array([0.0, 3.0, 2.0])
whole = grad(np.prod)(x)
one_by_one = grad(lambda x: x[0] * x[1] * x[2])(x)
print("autograd", version("autograd"), "prod:", whole, " x[0]*x[1]*x[2]:", one_by_one)
if not np.array_equal(whole, [np.nan, 0, 0], equal_nan=True) or one_by_one.tolist() != [6, 0, 0]:
    raise SystemExit("this has changed")
END
