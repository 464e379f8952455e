#!/bin/sh
# MyGrad 2.5.0: of two equal numbers maximum hands the gradient to neither, max over an array to the first.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 mygrad==2.5.0
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

import mygrad

a, b, both = mygrad.tensor(1.0), mygrad.tensor(1.0), mygrad.tensor([1.0, 1.0])
mygrad.maximum(a, b).backward()
mygrad.max(both).backward()
x = mygrad.tensor(2.0)
mygrad.maximum(x, x).backward()  # the identity, whose slope is 1
print("MyGrad", version("mygrad"))
print("maximum(1, 1):", a.grad, b.grad, " max([1, 1]):", both.grad, " maximum(x, x):", x.grad)
if [float(a.grad), float(b.grad), float(x.grad), *both.grad.tolist()] != [0, 0, 0, 1, 0]:
    raise SystemExit("this has changed")
END
