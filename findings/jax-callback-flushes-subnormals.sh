#!/bin/sh
# JAX 0.12.0.1 on the CPU: a host callback runs with subnormal numbers flushed to zero, in NumPy too.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 jax==0.12.0.1 jaxlib==0.12.0.1
"$folder/venv/bin/python" - <<'END'
import jax
import numpy as np

HALF = np.full(3, 0.5)
TINY = np.full(3, 2e-310)
seen = []


def host(x):
    seen.append(HALF * TINY)
    return np.asarray(x)


x = np.ones(3, np.float32)
shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
jax.jit(lambda x: jax.pure_callback(host, shape, x))(x).block_until_ready()
print("JAX", jax.__version__, "0.5 * 2e-310 in a callback:", seen[0], "and outside:", HALF * TINY)
if seen[0].any() or not (HALF * TINY).all():
    raise SystemExit("this has changed")
END
