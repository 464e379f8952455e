#!/bin/sh
# NumExpr 2.14.2: max over an array passes NaN over; maximum of two numbers, and sum, do not.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 numexpr==2.14.2
"$folder/venv/bin/python" - <<'END'
import numexpr
import numpy as np

x = np.array([1.0, np.nan, 2.0])
seen = {text: numexpr.evaluate(text).tolist() for text in ("max(x)", "min(x)", "sum(x)", "maximum(x, 0)", "minimum(x, 0)")}
print("NumExpr", numexpr.__version__, x, seen)
nan = np.nan
expected = [2, 1, nan, [1, nan, 2], [0, nan, 0]]
if not all(np.array_equal(s, e, equal_nan=True) for s, e in zip(seen.values(), expected, strict=True)):
    raise SystemExit("this has changed")
END
