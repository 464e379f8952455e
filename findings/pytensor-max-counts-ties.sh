#!/bin/sh
# PyTensor 3.3.8: the gradient of max over n equal elements is n ones; maximum gives one of two equals everything.
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

mode = Mode(linker="py", optimizer=None)
v, a, b, c = pt.dvector(), pt.dscalar(), pt.dscalar(), pt.dscalar()
whole = pytensor.function([v], pytensor.grad(pt.max(v), v), mode=mode)(np.ones(4))
pair = pytensor.function([a, b], pytensor.grad(pt.maximum(a, b), [a, b]), mode=mode)(1.0, 1.0)
# c is added to every element, so that the largest grows as c does: the slope is 1
shifted = pytensor.function([c], pytensor.grad(pt.max(c + np.ones(4)), c), mode=mode)(0.0)
print("PyTensor", pytensor.__version__)
print("max of four ones:", whole, " maximum(1, 1):", [float(g) for g in pair], " max(c + ones) by c:", float(shifted))
if whole.tolist() != [1, 1, 1, 1] or [float(g) for g in pair] != [1, 0] or shifted != 4:
    raise SystemExit("this has changed")
END
