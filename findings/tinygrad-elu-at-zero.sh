#!/bin/sh
# tinygrad 0.14.0: the slope of elu is 1 on both sides of 0 and 0 at it; that of celu, the same function, is 1.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 tinygrad==0.14.0
HOME="$folder" XDG_CACHE_HOME="$folder" "$folder/venv/bin/python" - <<'END'
import os
from importlib.metadata import version

os.environ["DEV"] = "PYTHON"
from tinygrad import Tensor


def slope(name, x):
    t = Tensor([x])
    return float(getattr(t, name)().sum().gradient(t)[0].item())


seen = {name: [round(slope(name, x), 5) for x in (-1e-6, 0.0, 1e-6)] for name in ("elu", "celu")}
print("tinygrad", version("tinygrad"), "slopes below, at and above 0:", seen)
if seen != {"elu": [1, 0, 1], "celu": [1, 1, 1]}:
    raise SystemExit("this has changed")
END
