"""One version, the files that others compile against, one sentence where a tool of the build is missing."""

import os
import runpy
import shutil
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

import jackern as jk

ROOT = Path(__file__).resolve().parents[1]
missing = runpy.run_path(str(ROOT / "tools/check_build.py"))["missing"]


def test_the_version_is_the_same_everywhere():
    version = (ROOT / "VERSION").read_text().strip()
    assert jk.__version__ == version
    assert metadata.version("jackern") == version


@pytest.mark.parametrize("name", ["jackern/jackern.h", "jackern/status.def"])
def test_get_include_has_the_public_header(name):
    assert Path(jk.get_include(), name).is_file()


@pytest.mark.parametrize("name", ["py.typed", "_binding/c.pxd", "_core.pyi"])
def test_the_package_has_what_type_checkers_and_cython_read(name):
    assert resources.files("jackern").joinpath(name).is_file()


def test_nothing_is_missing_where_jackern_was_built():
    assert missing(environ={"CC": sys.executable}, python_h=__file__) is None


def test_an_old_python_is_named():
    assert "Python 3.11 or newer, not Python 3.10" in missing(version=(3, 10, 2))


def test_missing_python_headers_say_what_to_install():
    sentence = missing(environ={"CC": sys.executable}, python_h="/nowhere/Python.h")
    assert "/nowhere/Python.h" in sentence
    assert "apt install python3-dev" in sentence


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "tools/check_build.py"],
        [sys.executable, "setup.py", "--quiet", "build_ext"],
        ["make", "--no-print-directory", "-C", "csrc"],
        ["make", "--no-print-directory", "VENV=/nowhere", "PYTHON=" + sys.executable, "build"],
    ],
)
def test_a_missing_compiler_says_what_to_install(command):
    if shutil.which(command[0]) is None:
        pytest.skip("make is not installed")
    if "setup.py" in command:
        pytest.importorskip("setuptools", reason="setup.py runs in a build environment")
        pytest.importorskip("Cython", reason="setup.py runs in a build environment")
    environment = os.environ | {"CC": "/nowhere/cc --flag"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "needs a C compiler and `/nowhere/cc --flag` cannot be found" in done.stderr
    assert "apt install build-essential" in done.stderr
    assert "Traceback" not in done.stderr
