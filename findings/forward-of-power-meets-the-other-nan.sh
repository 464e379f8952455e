#!/bin/sh
# PyTorch 2.14.1 and JAX 0.12.0.1, CPU: forward mode by the base of power is NaN at a negative one, reverse is not.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 torch==2.14.1 jax==0.12.0.1 jaxlib==0.12.0.1
"$folder/venv/bin/python" - <<'END'
import math

import jax
import jax.numpy as jnp
import torch

a, b, one, zero = (torch.tensor(x, dtype=torch.float64) for x in (-2.0, 3.0, 1.0, 0.0))
seen = {
    f"PyTorch {torch.__version__}": (
        float(torch.func.vjp(torch.pow, a, b)[1](one)[0]),
        float(torch.func.jvp(torch.pow, (a, b), (one, zero))[1]),
        float(torch.func.jvp(lambda a: torch.pow(a, b), (a,), (one,))[1]),
    ),
    f"JAX {jax.__version__}": (
        float(jax.vjp(jnp.power, -2.0, 3.0)[1](1.0)[0]),
        float(jax.jvp(jnp.power, (-2.0, 3.0), (1.0, 0.0))[1]),
        float(jax.jvp(lambda a: jnp.power(a, 3.0), (-2.0,), (1.0,))[1]),
    ),
}
changed = False
for name, (reverse, forward, closed) in seen.items():
    print(name, "(-2)**3 by its base: reverse", reverse, " tangents 1, 0:", forward, " 3 closed over:", closed)
    changed |= reverse != 12 or not math.isnan(forward) or closed != 12
if changed:
    raise SystemExit("this has changed")
END
