"""Exits with one sentence that says what to install if this Python cannot build jackern.

Run by make before anything is made, and by setup.py before anything is compiled.  Standard library only.
"""

import os
import shlex
import shutil
import sys
import sysconfig


def missing(environ=os.environ, python_h=None, version=sys.version_info):
    """Return the sentence for the first thing that is missing, or None.

    Parameters
    ----------
    environ : mapping
        The environment, of which CC is read.
    python_h : str, optional
        Where Python.h should be; this Python's own place by default.
    version : tuple
        The version of Python.
    """
    python = f"Python {version[0]}.{version[1]}"
    if version < (3, 11):
        return f"jackern needs Python 3.11 or newer, not {python}: name another, as in `make PYTHON=python3.12`."
    # No compiler is named on Windows, where setuptools looks for Visual C++ itself.
    compiler = environ.get("CC") or sysconfig.get_config_var("CC")
    if compiler and not shutil.which(shlex.split(compiler)[0]):
        return (
            f"jackern needs a C compiler and `{compiler}` cannot be found: install one (Debian, Ubuntu: "
            "`apt install build-essential`; Fedora: `dnf install gcc`; macOS: `xcode-select --install`) "
            "or name another with CC=."
        )
    python_h = python_h or os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(python_h):
        return (
            f"jackern needs the C headers of {python} and `{python_h}` cannot be found: install them "
            "(Debian, Ubuntu: `apt install python3-dev`; Fedora: `dnf install python3-devel`)."
        )
    return None


if __name__ == "__main__":
    sys.exit(missing())
