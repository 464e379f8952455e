#!/bin/sh
# PyTorch 2.14.1, CPU: beside a NaN, reverse mode of fmax gives both operands all, forward mode the second alone.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 torch==2.14.1
"$folder/venv/bin/python" - <<'END'
import math

import torch
from torch.func import jvp, vjp

one, nan, zero = (torch.tensor(x, dtype=torch.float64) for x in (1.0, math.nan, 0.0))
seen = {}
for name, operands in {"fmax(1, nan)": (one, nan), "fmax(nan, 1)": (nan, one)}.items():
    value, pull = vjp(torch.fmax, *operands)
    reverse = [float(g) for g in pull(one)]
    forward = [float(jvp(torch.fmax, operands, tangent)[1]) for tangent in ((one, zero), (zero, one))]
    seen[name] = reverse, forward
    print("PyTorch", torch.__version__, name, "=", float(value), "reverse", reverse, "forward", forward)
if any(result != ([1, 1], [0, 1]) for result in seen.values()):
    raise SystemExit("this has changed")
END
