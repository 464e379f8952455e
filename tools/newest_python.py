"""Prints the path of the newest Python at hand that can build jackern, if it is newer than the one that runs this.

Otherwise it prints nothing, and says so on stderr.  At hand are the versions of pyenv, and python3.11, python3.12, ...
on PATH.  Only releases count, and of two with the same minor version the later.  Run by `make test-newest`.  Standard
library only.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECK = Path(__file__).with_name("check_build.py")
ASK = "import ensurepip, sys, venv; print(*sys.version_info[:3]); sys.exit(sys.version_info.releaselevel != 'final')"


def at_hand(path=None, pyenv_root=None):
    """Return every file that is named as a Python 3.

    Parameters
    ----------
    path : str, optional
        The directories to search, joined as in PATH; PATH by default.
    pyenv_root : str, optional
        Where pyenv keeps its versions; what `pyenv root` prints by default.
    """
    path = os.environ.get("PATH", "") if path is None else path
    if pyenv_root is None and (pyenv := shutil.which("pyenv")):
        pyenv_root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
    pythons = [python for folder in path.split(os.pathsep) if folder for python in Path(folder).glob("python3.*")]
    pythons = [python for python in pythons if re.fullmatch(r"python3\.\d+", python.name)]
    if pyenv_root:
        versions = Path(pyenv_root, "versions").glob("3.*")
        pythons += [version / "bin/python3" for version in versions if re.fullmatch(r"3\.\d+\.\d+", version.name)]
    return pythons


def version_of(python):
    """Return the version of a Python as three numbers; none if it does not run, is no release or has no venv."""
    try:
        answer = subprocess.run([python, "-c", ASK], capture_output=True, text=True)
    except OSError:
        return ()
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else ()


def newest(pythons, than=sys.version_info):
    """Return the newest of these that is newer than a version and can build jackern, or None."""
    versions = {python: version_of(python) for python in pythons}
    for python in sorted(versions, key=versions.__getitem__, reverse=True):
        if versions[python][:2] > than[:2] and subprocess.run([python, CHECK]).returncode == 0:
            return python
    return None


if __name__ == "__main__":
    if python := newest(at_hand()):
        print(python)
    else:
        print(
            f"No Python newer than {sys.version_info[0]}.{sys.version_info[1]} that can build jackern is at hand, from "
            "pyenv or on PATH: nothing to test.",
            file=sys.stderr,
        )
