#!/bin/sh
# MyGrad 2.5.0: the slopes of arcsin and arccos are 0 at 1, where those of arctanh and arccosh are infinite.
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
import numpy as np


def slope(f, x):
    t = mygrad.tensor(x)
    with np.errstate(divide="ignore"):
        f(t).backward()
    return float(t.grad)


print("MyGrad", version("mygrad"))
names = ("arcsin", "arccos", "arccosh", "arctanh")
at_1 = {name: slope(getattr(mygrad, name), 1.0) for name in names}
beside = {name: slope(getattr(mygrad, name), np.nextafter(1.0, 2.0 if name == "arccosh" else 0.0)) for name in names}
print("at 1:", at_1, " one float beside it:", beside)
if list(at_1.values()) != [0, 0, np.inf, np.inf] or min(map(abs, beside.values())) < 1e7:
    raise SystemExit("this has changed")
END
