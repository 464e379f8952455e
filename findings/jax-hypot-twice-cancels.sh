#!/bin/sh
# JAX 0.12.0.1: hypot and its slope are right to the last digits, its second derivative loses all of them beside a long leg.
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

jax.config.update("jax_enable_x64", True)
first, second = jax.grad(jnp.hypot, 1), jax.grad(jax.grad(jnp.hypot))
print("JAX", jax.__version__)
off = []
for a in (1.0, 1e3, 1e5, 1e8):
    exact = (a * a + 1) ** -1.5  # b*b over the cube of the hypotenuse, at b = 1
    slope = abs(float(first(a, 1.0)) * (a * a + 1) ** 0.5 - 1)
    off.append(abs(float(second(a, 1.0)) / exact - 1))
    seen = float(second(a, 1.0))
    print(f"a = {a:g}, b = 1: second derivative by a {seen}, expected {exact}; slope by b off by {slope:.0e}")
    if slope > 1e-15:
        raise SystemExit("the slope has changed")
if off[0] > 1e-14 or not off[1] > 1e-12 or not off[2] > 1e-7 or off[3] != 1:
    raise SystemExit("this has changed")
END
