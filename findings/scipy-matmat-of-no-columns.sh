#!/bin/sh
# SciPy 1.17.1 and 1.18.1: matmat of an operator that has a matvec alone raises for a matrix without columns.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.17.1 1.18.1; do
    "$python" -m venv "$folder/$version"
    "$folder/$version/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 "scipy==$version"
    "$folder/$version/bin/python" - <<'END'
import numpy as np
import scipy
from scipy.sparse.linalg import LinearOperator, aslinearoperator

a = np.arange(12.0).reshape(3, 4)
none = np.ones((4, 0))
print("SciPy", scipy.__version__, "of the array itself:", aslinearoperator(a).matmat(none).shape)
assert aslinearoperator(a).matmat(none).shape == (3, 0)
try:
    print("of its matvec:", LinearOperator((3, 4), matvec=lambda v: a @ v, dtype=float).matmat(none).shape)
except ValueError as error:
    print("of its matvec:", repr(error))
else:
    raise SystemExit("a matrix without columns is multiplied now")
END
done
