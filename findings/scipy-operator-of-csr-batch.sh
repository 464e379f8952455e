#!/bin/sh
# SciPy 1.18.1: the operator of a CSR array refuses batches that the operator of the dense array takes.
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
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

a = np.arange(12.0).reshape(3, 4)
vectors = np.ones((2, 4))
dense = aslinearoperator(a).matvec(vectors)
print("SciPy", scipy.__version__)
print("of the dense array", dense.tolist())
assert np.array_equal(dense, vectors @ a.T)
try:
    print("of the CSR array", aslinearoperator(scipy.sparse.csr_array(a)).matvec(vectors).tolist())
except ValueError as error:
    print("of the CSR array", repr(error))
else:
    raise SystemExit("the operator of the CSR array takes batches now")
END
