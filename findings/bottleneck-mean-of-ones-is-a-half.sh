#!/bin/sh
# Bottleneck 1.6.0: nanmean of 2**25 ones of float32 is 0.5; the sum stands still at 2**24.
set -eu
python=${PYTHON:-$(for p in python3.13 python3.12 python3 "$(pyenv root 2>/dev/null)"/versions/3.1[23].*/bin/python3; do "$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "needs Python 3.12 or newer: PYTHON=... names one" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.5.5 bottleneck==1.6.0
"$folder/venv/bin/python" - <<'END'
import bottleneck
import numpy as np

ones = np.ones(2**25, np.float32)
seen = float(bottleneck.nanmean(ones)), float(bottleneck.nansum(ones))
print("Bottleneck", bottleneck.__version__, "nanmean and nansum:", seen, " NumPy:", np.nanmean(ones), np.nansum(ones))
if seen != (0.5, 2.0**24) or np.nanmean(ones) != 1:
    raise SystemExit("this has changed")
END
