"""One version, the files that others compile against, one sentence where a tool of the build is missing."""

import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

import jackern as jk

ROOT = Path(__file__).resolve().parents[1]
missing = runpy.run_path(str(ROOT / "tools/check_build.py"))["missing"]
gnu = pytest.mark.skipif(platform.machine() != "x86_64" or os.name != "posix", reason="flags of gcc and clang")
newest_python = runpy.run_path(str(ROOT / "tools/newest_python.py"))


def test_the_version_is_the_same_everywhere():
    version = (ROOT / "VERSION").read_text().strip()
    assert jk.__version__ == version
    assert metadata.version("jackern") == version


@pytest.mark.parametrize("name", ["jackern/jackern.h", "jackern/status.def"])
def test_get_include_has_the_public_header(name):
    assert Path(jk.get_include(), name).is_file()


@pytest.mark.parametrize("name", ["py.typed", "_binding/c.pxd", "_core.pyi", "_core_ops.pyi"])
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


@pytest.fixture
def fake_python(tmp_path):
    """Makes an executable that answers like a Python of some version, or like what cannot build jackern."""

    def make(name, version, *, exits=0, builds=True):
        python = tmp_path / name
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f'#!/bin/sh\n[ "$1" = -c ] || exit {int(not builds)}\necho {version}\nexit {exits}\n')
        python.chmod(0o755)
        return python

    return make


@pytest.mark.skipif(os.name != "posix", reason="fakes are shell scripts")
def test_the_newest_python_is_found_on_path_and_among_the_versions_of_pyenv(tmp_path, fake_python):
    on_path = [fake_python("a/python3.12", "3 12 1"), fake_python("b/python3.13", "3 13 0")]
    of_pyenv = [fake_python(f"versions/{v}/bin/python3", v.replace(".", " ")) for v in ("3.9.18", "3.13.2", "3.20.1")]
    for other in ("a/python3", "a/python3.13-config", "b/python3.14t", "versions/3.15-dev/bin/python3"):
        fake_python(other, "3 30 0")
    found = newest_python["at_hand"](f"{tmp_path}/a{os.pathsep}{tmp_path}/b", tmp_path)
    assert sorted(found) == sorted(on_path + of_pyenv)
    assert newest_python["newest"](found, (3, 11, 7)) == of_pyenv[2]
    assert newest_python["newest"](found, (3, 20, 0)) is None


@pytest.mark.skipif(os.name != "posix", reason="fakes are shell scripts")
def test_a_newer_python_has_to_run_and_to_be_able_to_build(tmp_path, fake_python):
    newest = newest_python["newest"]
    good = fake_python("python3.12", "3 12 1")
    later = fake_python("later", "3 12 4")
    bad = [
        fake_python("shim", "", exits=127),
        fake_python("candidate", "3 16 0", exits=1),
        fake_python("without headers", "3 15 0", builds=False),
        tmp_path / "absent",
    ]
    assert newest([good, *bad], (3, 11, 7)) == good
    assert newest([good, later], (3, 11, 7)) == later
    assert newest([good, later], (3, 12, 0)) is None
    assert newest(bad, (3, 11, 7)) is None


# ---- rows of whoever builds ------------------------------------------------------------------------------------

ROWS = """
JK_UNARY(quartic, "fourth", (x*x)*(x*x), 4*(t*x)*(x*x), NONE, 12*(h*t)*(x*x), NONE, A, -2.0, 2.0, "")
"""
USES_ROW = """
#include <jackern/jackern.h>
int main(void)
{
    double x[2] = {1, 2}, t[2] = {1, 10}, bar[2];
    const ptrdiff_t shape[] = {2}, stride[] = {sizeof(double)};
    const jk_view x_view = {x, JK_FLOAT64, 1, shape, stride}, t_view = {t, JK_FLOAT64, 1, shape, stride},
                  bar_view = {bar, JK_FLOAT64, 1, shape, stride};
    const jk_view *args[] = {&x_view}, *outs[] = {&bar_view};
    if (jk_init("baseline").error != JK_OK || jk_find_op("fourth") != jk_n_ops() - 1) return 1;
    if (jk_pointwise_vjp(NULL, jk_find_op("quartic"), &t_view, args, NULL, outs, 0).error != JK_OK) return 2;
    return bar[0] != 4 || bar[1] != 320;
}
"""


@gnu
def test_rows_of_a_file_given_at_build_time_are_ops(tmp_path):
    rows, source, program = (tmp_path / name for name in ("rows.def", "main.c", "main"))
    rows.write_text(ROWS)
    source.write_text(USES_ROW)
    compiler = shlex.split(os.environ.get("CC", "cc"))
    library = [p for p in (ROOT / "csrc").glob("*/*.c") if p.parts[-2] != "test" and not p.stem.startswith("isa_v")]
    options = ["-std=c11", "-O0", f"-I{ROOT}/csrc", f"-I{ROOT}/csrc/include", f'-DJK_ROWS="{rows}"', '-DJK_VERSION="0"']
    command = [*compiler, *options, *flags()["cc_exact"], "-o", program, source, *library, "-lm", "-pthread"]
    subprocess.run(command, check=True)
    assert subprocess.run([program]).returncode == 0


# ---- flags that would change arithmetic --------------------------------------------------------------------------

CHECK = """
#include "table/table.h"
#include "vmath/constants.h"
#include <math.h>
#include <string.h>
#define real double
#define N(name) name##_f64
#define C(literal) literal
#define LIBM(name) name
#include "loops/check.tpl.h"
#undef real
#undef N
#undef C
#undef LIBM
#define real float
#define N(name) name##_f32
#define C(literal) literal##f
#define LIBM(name) name##f
#include "loops/check.tpl.h"
int main(void) { return !(is_exact_f64() & check_loops_f32.is_exact() & check_loops_f64.is_exact()); }
"""
HOSTILE = {
    "order": ["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math"],
    "reciprocals": ["-freciprocal-math"],
    "fused": ["-ffp-contract=fast", "-march=x86-64-v3"],
}


def flags():
    lines = (line.split(" = ") for line in (ROOT / "csrc/flags.mk").read_text().splitlines() if " = " in line)
    return {name: value.split() for name, value in lines}


def is_exact(folder, compiling, linking=()):
    """Compile the check by which the library knows itself, link it and run it."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    source, compiled, program = (folder / name for name in ("check.c", "check.o", "check"))
    source.write_text(CHECK)
    includes = [f"-I{ROOT}/csrc", f"-I{ROOT}/csrc/include"]
    subprocess.run([*compiler, *compiling, *includes, "-c", "-o", compiled, source], check=True)
    subprocess.run([*compiler, *linking, "-o", program, compiled, "-lm"], check=True)
    return subprocess.run([program]).returncode == 0


@gnu
@pytest.mark.parametrize(
    "hostile", [[], ["-Ofast"], ["-ffast-math"], ["-funsafe-math-optimizations"], *HOSTILE.values()], ids=str
)
def test_flags_of_the_environment_do_not_change_arithmetic(tmp_path, hostile):
    known = flags()
    assert is_exact(tmp_path, [*known["cc"], *hostile, *known["cc_exact"]], [*hostile, *known["cc_link"]])


@gnu
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_library_whose_arithmetic_was_changed_would_know(tmp_path, hostile):
    assert not is_exact(tmp_path, [*flags()["cc"], *hostile])


def refusal(*flags):
    """Return what the compiler says of the library's headers under flags that they do not take."""
    command = [*shlex.split(os.environ.get("CC", "cc")), *flags, "-fsyntax-only", "-Icsrc", "-Icsrc/include"]
    done = subprocess.run([*command, "csrc/engine/view.c"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stderr


@gnu
@pytest.mark.parametrize("hostile", ["-Ofast", "-ffast-math", "-ffinite-math-only"])
def test_fast_math_does_not_compile(hostile):
    assert "build it without -ffast-math" in refusal(hostile)


@gnu
def test_excess_precision_does_not_compile():
    said = refusal("-std=c11", "-U__FLT_EVAL_METHOD__", "-D__FLT_EVAL_METHOD__=1")
    assert "-fexcess-precision=fast on s390x" in said
