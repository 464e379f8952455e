#!/bin/sh
# Cython 3.3.1: its functions and methods are called by vectorcall, a cdef class with __call__ is not: each keyword argument
# costs a new dict.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cython==3.3.1 setuptools==80.9.0
cd "$folder"
cat > called.pyx <<'END'
cdef class Called:
    def __call__(self, x, *, y=None):
        return y


def function(x, *, y=None):
    return y
END
"$folder/venv/bin/cythonize" --quiet --inplace -3 called.pyx >/dev/null 2>&1
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

from called import Called, function

HAVE_VECTORCALL = 1 << 11  # Py_TPFLAGS_HAVE_VECTORCALL
of_class = bool(Called.__flags__ & HAVE_VECTORCALL)
of_function = bool(type(function).__flags__ & HAVE_VECTORCALL)
print("Cython", version("cython"), "vectorcall of a function:", of_function, "of a cdef class with __call__:", of_class)
if not of_function or of_class:
    raise SystemExit("this has changed")
END
