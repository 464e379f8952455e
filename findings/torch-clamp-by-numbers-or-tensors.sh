#!/bin/sh
# PyTorch 2.14.1, CPU: on a bound, and at NaN, the slope of clamp depends on whether the bounds are numbers or tensors.
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


def slope(f, x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return float(torch.autograd.grad(f(x), x)[0])


zero, one = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
ways = {
    "clamp(x, 0, 1)": lambda x: torch.clamp(x, 0.0, 1.0),
    "clamp(x, zero, one)": lambda x: torch.clamp(x, zero, one),
    "clamp(x, min=0)": lambda x: torch.clamp(x, min=0.0),
    "clamp(x, min=zero)": lambda x: torch.clamp(x, min=zero),
}
points = (0.0, 0.5, 1.0, math.nan)
seen = {name: [slope(f, x) for x in points] for name, f in ways.items()}
print("PyTorch", torch.__version__, "at", points)
for name, slopes in seen.items():
    print(name, slopes)
expected = [[0, 1, 0, 0], [0.5, 1, 0.5, 1], [0, 1, 1, 0], [0.5, 1, 1, 1]]
if list(seen.values()) != expected:
    raise SystemExit("this has changed")
END
