#!/bin/sh
# JAX 0.12.0.1 on the CPU: a jitted call that has returned still reads a NumPy argument whose address is a multiple of 64.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 jax==0.12.0.1 jaxlib==0.12.0.1
"$folder/venv/bin/python" - <<'END'
import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def slow(x):
    y = x
    for _ in range(40):
        y = jnp.sin(y) + x
    return y


def ones(offset, n=2_000_000):
    raw = np.empty(4 * n + 128, np.uint8)
    start = -raw.ctypes.data % 64 + offset
    x = raw[start : start + 4 * n].view(np.float32)
    x[:] = 1
    return x


wanted = np.asarray(slow(np.ones(1, np.float32)))[0]
seen = {}
for offset in (0, 4, 16, 32):
    slow(ones(offset)).block_until_ready()
    x = ones(offset)
    y = slow(x)
    x[:] = 0  # the call has returned
    seen[offset] = int(np.count_nonzero(np.asarray(y) != wanted))
print("JAX", jax.__version__, "results that changed with the argument afterwards, by its address modulo 64:", seen)
if not seen[0] or any(seen[offset] for offset in (4, 16, 32)):
    raise SystemExit("this has changed")
END
