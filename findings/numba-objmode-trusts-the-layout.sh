#!/bin/sh
# Numba 0.68.1: what leaves an objmode block is refused if its items have another size than declared; the layout, and what the
# items are, is not looked at.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 numba==0.68.1 llvmlite==0.50.0
cat > "$folder/seen.py" <<'END'
import numba
import numpy as np
from numba import njit, objmode

X = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


def elements(y):
    return [[y[i, j] for j in range(3)] for i in range(2)]


read = njit(elements)


@njit
def columns_first_declared_rows_first(x):
    with objmode(y="float64[:, ::1]"):
        y = np.asfortranarray(x)
    return read(y)


@njit
def columns_first_declared_any(x):
    with objmode(y="float64[:, :]"):
        y = np.asfortranarray(x)
    return read(y)


@njit
def int64_declared_float64(x):
    with objmode(y="float64[:, ::1]"):
        y = x.astype(np.int64)
    return read(y)


@njit
def float32_declared_float64(x):
    with objmode(y="float64[:, ::1]"):
        y = x.astype(np.float32)
    return read(y)


as_it_is = X.tolist()
in_order_of_memory = [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]]
bits_of_integers = X.astype(np.int64).view(np.float64).tolist()
seen = {
    columns_first_declared_rows_first: in_order_of_memory,
    columns_first_declared_any: as_it_is,
    int64_declared_float64: bits_of_integers,
    float32_declared_float64: "TypeError",
}
print("Numba", numba.__version__, "NumPy", np.__version__)
for function, expected in seen.items():
    try:
        found = function(X)
    except TypeError:
        found = "TypeError"
    print(f"{function.__name__}: {found}")
    if found != expected:
        raise SystemExit("this has changed")
END
"$folder/venv/bin/python" "$folder/seen.py"
