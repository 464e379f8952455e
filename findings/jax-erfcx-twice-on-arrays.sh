#!/bin/sh
# JAX 0.12.0.1: the second derivative of erfcx is there for a number, and a TypeError for an array.
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
from jax.scipy.special import erfcx


def second(x):
    first = jax.grad(lambda x: erfcx(x).sum())
    return jax.grad(lambda x: first(x).sum())(x)


one = float(second(jnp.float32(1)))
mapped = jax.vmap(jax.grad(jax.grad(erfcx)))(jnp.ones(3))
try:
    second(jnp.ones(3))
    refused = ""
except TypeError as error:
    refused = str(error)
print("JAX", jax.__version__, "of a number:", one, " of numbers by vmap:", mapped, " of an array:", refused)
if abs(one - 0.3087431) > 1e-5 or abs(mapped - one).max() > 1e-5 or not refused:
    raise SystemExit("this has changed")
END
