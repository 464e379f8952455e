#!/bin/sh
# SciPy 1.18.1: the matvec of a LinearOperator gets a batch whole, and what it returns is reshaped unseen.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 scipy==1.18.1
"$folder/bin/python" - <<'END'
import numpy as np
import scipy
from scipy.sparse.linalg import LinearOperator

a = np.arange(12.0).reshape(3, 4)
operator = LinearOperator((3, 4), matvec=lambda v: a @ v, dtype=float)  # as it was written before there were batches
vectors = np.eye(4)  # four vectors of four numbers
seen = operator.matvec(vectors)
expected = vectors @ a.T  # one product a row
print("SciPy", scipy.__version__)
print("expected", expected.tolist())
print("seen    ", seen.tolist())
assert seen.shape == expected.shape == (4, 3)
assert np.array_equal(seen, (a @ vectors).reshape(4, 3)), "another result"
assert not np.array_equal(seen, expected), "the products are right now"
END
