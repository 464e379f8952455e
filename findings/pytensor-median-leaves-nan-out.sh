#!/bin/sh
# PyTensor 3.3.8: median takes a NaN for the largest number, where max and numpy.median return it.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 pytensor==3.3.8
HOME="$folder" XDG_CACHE_HOME="$folder" "$folder/venv/bin/python" - <<'END'
import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

v = pt.dvector()
both = pytensor.function([v], [pt.median(v), pt.max(v)], mode=Mode(linker="py", optimizer=None))
print("PyTensor", pytensor.__version__)
seen = []
for x in ([1.0, np.nan, 0.0], [np.nan, 1.0, 0.0, 3.0], [np.nan, np.nan, 1.0]):
    median, largest = both(np.array(x))
    seen += [float(median), float(largest)]
    print(x, "median", median, "max", largest, "numpy.median", np.median(x))
if not np.array_equal(seen, [1, np.nan, 2, np.nan, np.nan, np.nan], equal_nan=True):
    raise SystemExit("this has changed")
END
