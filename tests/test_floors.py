"""The floors of docs/architecture.md: a file includes or imports only what lies on its own floor or below.

Reads the include, cimport and import lines themselves, so nothing has to be built.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The floor of every file, by its path; a name with * stands for all that match.  A new file needs a line.
FLOORS = {
    # the public interface
    "csrc/include/jackern/jackern.h": 0,
    "csrc/include/jackern/status.def": 0,
    # what an op is, and what an instruction set provides
    "csrc/table/ops.def": 1,
    "csrc/table/table.h": 1,
    # real functions in one dimension: one dtype, one instruction set
    "csrc/loops/loops.tpl.h": 2,
    "csrc/loops/vmath.tpl.h": 2,
    "csrc/loops/vmath_polynomials.h": 2,
    "csrc/loops/move.tpl.h": 2,
    "csrc/loops/pointwise.tpl.h": 2,
    "csrc/loops/reduce.tpl.h": 2,
    "csrc/loops/dense.tpl.h": 2,
    "csrc/loops/banded.tpl.h": 2,
    "csrc/loops/rowwise.tpl.h": 2,
    "csrc/loops/solve.tpl.h": 2,
    "csrc/loops/sparse.tpl.h": 2,
    # an instruction set
    "csrc/loops/isa.tpl.h": 3,
    "csrc/isa_*.c": 3,
    # N dimensions
    "csrc/engine/view.h": 4,
    "csrc/engine/threads.h": 4,
    "csrc/engine/boxes.c": 4,
    "csrc/engine/boxes.h": 4,
    "csrc/engine/ndloop.h": 4,
    "csrc/engine/plan.c": 4,
    "csrc/engine/plan.h": 4,
    "csrc/engine/walk.c": 4,
    "csrc/engine/walk.h": 4,
    "csrc/engine/cpu.c": 4,
    "csrc/table/registry.c": 4,
    "csrc/engine/view.c": 4,
    "csrc/engine/ndloop.c": 4,
    "csrc/products/pointwise.c": 4,
    "csrc/products/axis.c": 4,
    "csrc/products/dense.c": 4,
    "csrc/products/dense.h": 4,
    "csrc/products/gram.c": 4,
    "csrc/products/banded.c": 4,
    "csrc/rowwise/rowwise.c": 4,
    "csrc/solve/solve.c": 4,
    "csrc/products/sparse.c": 4,
    "csrc/engine/threads.c": 4,
    # arrays
    "src/jackern/*.pxd": 5,
    "src/jackern/*.pxi": 5,
    "src/jackern/*.pyx": 5,
    "src/jackern/*.h": 5,
    "src/jackern/_core.pyi": 5,
    # Python
    "src/jackern/*.py": 6,
    "src/jackern/*.pyi": 6,
}
# Its test program stands where any user of the C library stands: it sees the public header alone.
FLOORS_SEEN_BY_C_TESTS = {0}
C_FLOORS = range(5)

C_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)
CYTHON_IMPORT = re.compile(
    r"""^[ \t]*(?:
        include[ ]+["'](?P<include>[^"']+)["']
      | cdef[ ]+extern[ ]+from[ ]+["']<?(?P<header>[\w./]+)>?["']
      | from[ ]+(?P<origin>[\w.]+)[ ]+c?import[ ]+(?P<names>\([^)]*\)|[^#\n]+)
      | c?import[ ]+(?P<modules>[^#\n]+)
    )""",
    re.M | re.X,
)
SUFFIXES = {".pyx", ".pxd", ".pxi", ".h", ".py", ".pyi"}
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def sources(root):
    """Every file that has a floor, as paths below root."""
    found = [path for suffix in ("c", "h", "def") for path in (root / "csrc").rglob(f"*.{suffix}")]
    found += [path for path in root.glob("src/jackern/*.*") if path.suffix in SUFFIXES]
    paths = sorted(path.relative_to(root) for path in found)
    return [path for path in paths if path.parts[:2] not in {("csrc", "build"), ("csrc", "test")}]


def floor(path):
    """The floor of one file: its own line, or the first pattern that it matches; None if there is neither."""
    if path.as_posix() in FLOORS:
        return FLOORS[path.as_posix()]
    return next((number for pattern, number in FLOORS.items() if path.match(pattern)), None)


def included_by_c(root, path):
    """The project's own files that a C file includes; the system's are nobody's floor."""
    for name in C_INCLUDE.findall((root / path).read_text()):
        places = [path.parent / name, Path("csrc") / name, Path("csrc/include") / name]
        yield from [place for place in places if (root / place).is_file()][:1]


def modules_to_files(root, names):
    """The files of the package that hold the modules with these dotted names."""
    for name in names:
        package, _, module = name.partition(".")
        if package == "jackern":
            stem = module.split(".")[0] or "__init__"
            files = [root / "src/jackern" / f"{stem}{suffix}" for suffix in (".py", ".pyx", ".pxd")]
            yield from [file.relative_to(root) for file in files if file.is_file()]


def imported_by_cython(root, path):
    """The project's own files that a Cython file includes, cimports, imports or declares extern."""
    for found in CYTHON_IMPORT.finditer((root / path).read_text()):
        if found["include"]:
            yield path.parent / found["include"]
        elif found["header"]:
            places = [Path(place) / found["header"] for place in ("csrc/include", "csrc", "src/jackern")]
            yield from [place for place in places if (root / place).is_file()][:1]
        else:
            if found["modules"]:
                names = [name.split()[0] for name in found["modules"].split(",")]
            elif found["origin"] not in (".", "jackern"):
                names = [found["origin"]]
            else:
                names = [f"jackern.{name}" for name in re.findall(r"(?:^|,)\s*(\w+)", found["names"].strip("() "))]
            yield from modules_to_files(root, [re.sub(r"^\.", "jackern.", name) for name in names])


def imported_by_python(root, path):
    """The project's own modules that a Python file imports, inside functions too."""
    for node in ast.walk(ast.parse((root / path).read_text())):
        if isinstance(node, ast.Import):
            yield from modules_to_files(root, [alias.name for alias in node.names])
        elif isinstance(node, ast.ImportFrom):
            origin = f"jackern.{node.module or ''}".rstrip(".") if node.level else node.module
            names = [f"jackern.{alias.name}" for alias in node.names] if origin == "jackern" else [origin]
            yield from modules_to_files(root, names)


def used_by(root, path):
    """The project's own files that one file includes or imports."""
    if path.suffix in {".c", ".h", ".def"}:
        return included_by_c(root, path)
    if path.suffix in {".py", ".pyi"}:
        return imported_by_python(root, path)
    return imported_by_cython(root, path)


def edges_that_go_up(root):
    """Sentences for the includes and imports that reach a higher floor."""
    return [
        f"{path} (floor {floor(path)}) uses {used} (floor {floor(used)})"
        for path in sources(root)
        for used in used_by(root, path)
        if floor(used) is None or floor(used) > floor(path)
    ]


def test_every_file_has_a_floor():
    unknown = [str(path) for path in sources(ROOT) if floor(path) is None]
    assert not unknown, f"files without a floor in this test's table: {unknown}"


def test_every_line_of_the_table_names_a_file():
    gone = [pattern for pattern in FLOORS if not list(ROOT.glob(pattern))]
    assert not gone, f"the table of this test names files that do not exist: {gone}"


def test_no_file_includes_or_imports_a_higher_floor():
    assert edges_that_go_up(ROOT) == []


def test_the_edges_are_really_read():
    used = {path.as_posix(): {u.as_posix() for u in used_by(ROOT, path)} for path in sources(ROOT)}
    assert "csrc/include/jackern/status.def" in used["csrc/include/jackern/jackern.h"]
    assert "csrc/loops/isa.tpl.h" in used["csrc/loops/isa_v3.c"]
    assert "csrc/include/jackern/jackern.h" in used["src/jackern/_c.pxd"]
    assert "src/jackern/_core.pyx" in used["src/jackern/__init__.py"] | used["src/jackern/ops.py"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("csrc/table/ops.def", '#include "engine/view.h"'),
        ("csrc/table/table.h", '#  include "engine/view.h"'),
        ("csrc/table/table.h", "#include <ops.c>"),
        ("src/jackern/_core.pyx", "from jackern.ops import add"),
        ("src/jackern/_core.pyx", "    import jackern.ops as ops"),
        ("src/jackern/_core.pyx", "from . import ops"),
        ("src/jackern/_core.pyx", "from .ops import (add,"),
        ("src/jackern/_core.pyx", "from . import (\n    _core,\n    ops,\n)"),
    ],
)
def test_an_edge_that_goes_up_is_found(tmp_path, path, line):
    for name in (
        "csrc/table/ops.def",
        "csrc/ops.c",
        "csrc/table/table.h",
        "csrc/engine/view.h",
        "src/jackern/_core.pyx",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "src/jackern/ops.py").write_text("from jackern import _core\n")
    assert edges_that_go_up(tmp_path) == []
    (tmp_path / path).write_text(f"first line\n{line}\n")
    assert len(edges_that_go_up(tmp_path)) == 1


def test_the_c_library_knows_neither_python_nor_the_heap():
    forbidden = re.compile(r"\bPython\.h\b|\b(?:m|c|re|aligned_)alloc\b|\balloca\b|\bPy[A-Z_]\w*")
    for path in sources(ROOT):
        if floor(path) in C_FLOORS:
            code = C_COMMENT.sub("", (ROOT / path).read_text())
            assert not (found := forbidden.search(code)), f"{path}: {found.group()}"


def test_the_c_test_program_sees_the_public_header_alone():
    for path in (ROOT / "csrc/test").glob("*.[ch]"):
        used = [file for file in included_by_c(ROOT, path.relative_to(ROOT)) if file.parent != Path("csrc/test")]
        assert {floor(file) for file in used} <= FLOORS_SEEN_BY_C_TESTS
