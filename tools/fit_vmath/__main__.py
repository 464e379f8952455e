"""Writes the numbers of the vector math, computed by mpmath: csrc/vmath/constants.h and *_polynomials.h.

Run `python tools/fit_vmath`; with `--check` nothing is written, and what differs from the files is printed.  Every
polynomial is the weighted minimax fit with the fewest coefficients whose error, relative to the function that it
serves, stays below a quarter of an ulp.  A family of functions is a file here with a tuple FITS, and perhaps a function
`constants(dtype)`.
"""

import argparse
import difflib
import importlib
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from formats import DTYPES
from minimax import polynomial

VMATH = Path(__file__).resolve().parents[2] / "csrc/vmath"
FAMILIES = ("exp", "log", "power", "trig", "activations", "erf", "gamma")
NOTE = """\
/* {title}, in both dtypes.  Made by
 *     python tools/fit_vmath
 * Change that, not this. */
/* clang-format off */
#ifndef {guard}
#define {guard}
"""


def header(name, title, parts):
    """Return the text of a header."""
    guard = f"JK_VMATH_{name.upper()}_H"
    return "\n".join([NOTE.format(title=title, guard=guard).rstrip("\n"), *parts, "\n#endif\n"])


def headers(families):
    """Yield the headers of the families, as pairs of a file and its text."""
    from constants import constants

    if not families:
        yield (
            "constants.h",
            header("constants", "Constants of the vector math", ["\n#include <stdint.h>", *map(constants, DTYPES)]),
        )
    with ProcessPoolExecutor() as pool:
        yield from pool.map(header_of, families or FAMILIES)


def header_of(family):
    """Return the header of a family, as a pair of a file and its text."""
    module = importlib.import_module(family)
    parts = []
    for dtype in DTYPES:
        parts += [module.constants(dtype)] if hasattr(module, "constants") else []
        parts += [polynomial(fit, dtype) for fit in module.FITS]
    name = f"{family}_polynomials"
    return f"{name}.h", header(name, f"Polynomials and constants of {family}", parts)


def main():
    """Write the headers, or compare them; exit non-zero where they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "families", nargs="*", metavar="family", help=f"of {', '.join(FAMILIES)} (default: all, and the constants)"
    )
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    options = parser.parse_args()
    differs = False
    for name, text in headers(options.families):
        file = VMATH / name
        if options.check:
            lines = list(
                difflib.unified_diff(file.read_text().splitlines(), text.splitlines(), name, "fitted", lineterm="")
            )
            differs |= bool(lines)
            print(*lines, sep="\n", end="\n" if lines else "")
        else:
            file.write_text(text)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
