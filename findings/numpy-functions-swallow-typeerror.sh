#!/bin/sh
# NumPy 2.5.5: np.reshape, np.argsort and their kin swallow a TypeError of the method that they call, and convert instead.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5
"$folder/venv/bin/python" - <<'END'
import numpy as np


class Refusing(np.ndarray):
    def reshape(self, *shape, **options):
        raise TypeError("this has a meaning that would be lost")

    argsort = repeat = take = reshape


x = np.arange(6.0).view(Refusing)
calls = {"reshape": ((2, 3),), "argsort": (), "repeat": (2,), "take": ([1],)}
silent = [name for name, arguments in calls.items() if getattr(np, name)(x, *arguments) is not None]
print("NumPy", np.__version__, "functions that dropped the TypeError of the method:", silent)
if silent != list(calls):
    raise SystemExit("this has changed")
END
