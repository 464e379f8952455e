#!/bin/sh
# sparse 0.19.3: what is not stored times NaN is NaN in einsum; in a product it is 0 with a warning, in kron 0 without one.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 sparse==0.19.3
"$folder/venv/bin/python" - <<'END'
import warnings

import numpy as np
import sparse

dense = np.array([[1.0, 0.0], [0.0, 2.0]])
a = sparse.COO.from_numpy(dense)
x = np.array([np.nan, 1.0])
ways = {
    "a @ x": lambda: a @ x,
    "einsum of a and x": lambda: sparse.einsum("ij,j->i", a, sparse.COO.from_numpy(x)).todense(),
    "kron(a, x)": lambda: sparse.kron(a, x).todense(),
}
expected = [np.array([np.nan, 2]), dense @ x, np.array([[np.nan, 1, 0, 0], [0, 0, np.nan, 2]])]
print("sparse", sparse.__version__)
print("dense: a @ x", (dense @ x).tolist(), " kron(a, x)", np.kron(dense, x).tolist())
warned = []
for (name, way), e in zip(ways.items(), expected, strict=True):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = way()
    warned.append(bool(caught))
    print(name, y.tolist(), "warned" if caught else "")
    if not np.array_equal(y, e, equal_nan=True):
        raise SystemExit("this has changed")
if warned != [True, False, False]:
    raise SystemExit("this has changed")
END
