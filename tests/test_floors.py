"""The rooms of docs/architecture.md: a file uses its own folder or lower ones, and no circle of files is left.

Reads the include, cimport and import lines (those inside functions too), the calls of C functions, and the names in the
parts of the binding, which are included in order; so nothing has to be built.
"""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Folders, lowest first; those on one line do not use one another.
C_FLOORS = [
    ["include/jackern"],
    ["table"],
    ["vmath"],
    ["loops"],
    ["engine"],
    ["products"],
    ["rowwise", "solve"],
]
PYTHON_FLOORS = [
    ["_binding"],
    ["_arrays"],
    ["_terms"],
    ["_structures"],
    ["_probes", "_algebra"],
    ["_solve", "_adapters", "_show"],
    ["_constructors"],
    ["_ops"],
    [""],  # the faces
    ["_bench", "_demo"],
]
RANKS = {f"csrc/{name}": rank for rank, names in enumerate(C_FLOORS) for name in names} | {
    f"src/jackern/{name}".rstrip("/"): len(C_FLOORS) + rank
    for rank, names in enumerate(PYTHON_FLOORS)
    for name in names
}
TOP = len(C_FLOORS) + len(PYTHON_FLOORS)  # the command line, which starts the demo
C_SUFFIXES, PYTHON_SUFFIXES = {".c", ".h", ".def"}, {".py", ".pyi", ".pyx", ".pxd", ".pxi"}

C_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
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


def sources(root):
    """Every file that lives in a room, as paths below root."""
    files = [path for path in (*(root / "csrc").rglob("*"), *(root / "src/jackern").rglob("*")) if path.is_file()]
    paths = sorted(path.relative_to(root) for path in files if path.suffix in C_SUFFIXES | PYTHON_SUFFIXES)
    return [path for path in paths if path.parts[:2] not in {("csrc", "build"), ("csrc", "test")}]


def rank(path):
    """How high the folder of a file lies; None for an unknown folder."""
    if path == Path("src/jackern/__main__.py"):
        return TOP
    if path in {Path("src/jackern/_core.pyi"), Path("src/jackern/_core_ops.pyi")}:  # say what the binding holds
        return RANKS["src/jackern/_binding"]
    return RANKS.get(path.parent.as_posix())


# ---- what a file uses ------------------------------------------------------------------------------------------


def included_by_c(root, path):
    """The project's own files that a C file includes; the system's are nobody's floor."""
    for name in C_INCLUDE.findall((root / path).read_text()):
        places = [path.parent / name, Path("csrc") / name, Path("csrc/include") / name]
        yield from [place for place in places if (root / place).is_file()][:1]


def functions(root, path):
    """The functions that a C file defines, and those that the bodies of its functions name."""
    text = C_TEXT.sub(" ", re.sub(r"^[ \t]*#.*(?:\\\n.*)*", "", (root / path).read_text(), flags=re.M))
    defined, named, depth, start = set(), set(), 0, 0
    for brace in re.finditer(r"[{}]", text):
        part, start = text[start : brace.start()], brace.end()
        if depth:
            named.update(re.findall(r"\bjk_\w+\b", part))
        elif brace.group() == "{" and (head := re.search(r"\b(jk_\w+)\s*\([^;{}]*\)\s*$", part)):
            defined.add(head.group(1))
        if brace.group() == "}" or brace.group() == "{":
            depth += 1 if brace.group() == "{" else -1
    return defined, named


def calls_in_c(root):
    """For every C file, the files that define the functions which it names."""
    files = [path for path in sources(root) if path.suffix in {".c", ".h"} and "include" not in path.parts]
    read = {path: functions(root, path) for path in files}
    home = {name: path for path, (defined, _) in read.items() for name in defined}
    return {path: {home[name] for name in named if name in home} - {path} for path, (_, named) in read.items()}


def modules_to_files(root, names):
    """The files of the package that hold the modules with these dotted names, or the modules that hold them."""
    for name in names:
        package, *parts = name.split(".")
        if package != "jackern":
            continue
        if parts[:1] == ["_core"]:
            yield Path("src/jackern/_binding/core.pyx")
            continue
        folder = Path("src/jackern", *parts)
        places = [folder.with_suffix(suffix) for suffix in (".py", ".pyx", ".pxd")] if parts else []
        yield from [place for place in [*places, folder / "__init__.py"] if (root / place).is_file()][:1]


def is_module(root, name):
    return bool(list(modules_to_files(root, [name])))


def imported_names(root, origin, names):
    """The dotted modules of ``from origin import names``: submodules where they are some, else origin itself."""
    modules = [f"{origin}.{name}" for name in names]
    return [name if is_module(root, name) else origin for name in modules]


def imported_by_cython(root, path):
    """The project's own files that a Cython file includes, cimports, imports or declares extern."""
    for found in CYTHON_IMPORT.finditer((root / path).read_text()):
        if found["include"]:
            yield path.parent / found["include"]
        elif found["header"]:
            places = [Path(place) / found["header"] for place in ("csrc/include", "csrc", path.parent)]
            yield from [place for place in places if (root / place).is_file()][:1]
        elif found["modules"]:
            yield from modules_to_files(root, [name.split()[0] for name in found["modules"].split(",")])
        else:
            origin = re.sub(r"^\.", "jackern.", found["origin"]).rstrip(".")
            names = re.findall(r"(?:^|,)\s*(\w+)", found["names"].strip("() "))
            yield from modules_to_files(root, imported_names(root, origin, names))


def imported_by_python(root, path):
    """The project's own modules that a Python file imports, inside functions too."""
    folder = ["jackern", *path.parent.parts[2:]]
    for node in ast.walk(ast.parse((root / path).read_text())):
        if isinstance(node, ast.Import):
            yield from modules_to_files(root, [alias.name for alias in node.names])
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from modules_to_files(root, imported_names(root, origin, [alias.name for alias in node.names]))


def uses(root):
    """For every file, the project's own files that it includes, imports or calls into."""
    calls = calls_in_c(root)
    result = {}
    for path in sources(root):
        if path.suffix in C_SUFFIXES:
            result[path] = {*included_by_c(root, path), *calls.get(path, ())}
        elif path.suffix == ".pyi":
            result[path] = set()  # read by type checkers alone: results may have the types of higher rooms
        else:
            read = imported_by_python if path.suffix == ".py" else imported_by_cython
            result[path] = set(read(root, path))
    return result


# ---- the parts of the binding ----------------------------------------------------------------------------------

BINDING = Path("src/jackern/_binding")
CYTHON_TEXT = re.compile(r"(?P<prefix>\b[bfru]+)?(?P<text>\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\")|#[^\n]*", re.S | re.I)
BLOCK = re.compile(r"(?:cdef[ ]+|cpdef[ ]+|ctypedef[ ]+)?(?:\w+[ ]+)*?(extern|enum|struct|union|class)\b.*:$")
CLASS = re.compile(r"(?:cdef[ ]+)?(?:class|(?:ctypedef[ ]+)?(?:struct|union|enum))[ ]+(\w+)[^,]*:$")
FUNCTION = re.compile(r"(?:cdef[ ]+|cpdef[ ]+|ctypedef[ ]+|def[ ]+)?[^=()]*?(\w+)[ ]*\((.*)\)[^()]*$")


def included_parts(root):
    """The parts of the binding, in the order in which they are included."""
    return [BINDING / name for name in re.findall(r'^include "(.*)"', (root / BINDING / "core.pyx").read_text(), re.M)]


def statements(root, path):
    """The statements of a Cython file without comments and strings (what an f-string reads stays), with indents."""

    def read(found):
        if "f" not in (found["prefix"] or "").lower():
            return " "
        return " ".join(re.findall(r"\{([^{}!:]+)", found["text"]))

    text = CYTHON_TEXT.sub(read, (root / path).read_text())
    whole = ""
    for line in text.splitlines():
        whole += line if not whole else " " + line.strip()
        if whole.strip() and all(whole.count(a) <= whole.count(b) for a, b in ("()", "[]", "{}")):
            yield len(whole) - len(whole.lstrip()), whole.strip()
            whole = ""
        elif not whole.strip():
            whole = ""


def split_at_commas(text):
    """The parts between commas that no bracket holds."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def declared(text):
    """The names in a list of declarations, like ``int n = 0, *k, shape[8]``."""
    heads = (re.sub(r"\[[^\]]*\]", "", part.split("=")[0]) for part in split_at_commas(text))
    return {words[-1] for head in heads if (words := re.findall(r"\w+", head))}


def defined_by(statement, kind):
    """The names that one statement defines where it stands, and those that live inside it alone."""
    if found := re.match(r"from[ ].*?[ ]c?import[ ]+(.*)|c?import[ ]+(.*)", statement):
        return declared(re.sub(r"[\w.*]+[ ]+as[ ]+", "", found[1] or found[2]).strip("()")), set()
    if found := CLASS.match(statement):
        return {found[1]}, set()
    if BLOCK.match(statement):
        return set(), set()
    if kind == "enum":
        return declared(statement), set()
    if kind == "extern" or re.match(r"(cdef|cpdef|ctypedef|def)\b", statement):
        if found := FUNCTION.match(statement):
            return {found[1]}, declared(found[2])
        return declared(re.sub(r"^(cdef|ctypedef)\b", "", statement)), set()
    if found := re.match(r"for[ ]+(.*?)[ ]+in\b", statement):
        return set(), declared(found[1])
    if found := re.match(r"([\w, ]+?)[ ]*(?::[^=]*)?=(?!=)", statement):
        return declared(found[1]), set()
    return set(), set()


def names(root, path):
    """The names that a Cython file defines for others, and those that it uses and does not define itself."""
    public, own, used, shared = set(), set(), set(), set()
    blocks = []  # indent and kind of those that a statement stands in
    for indent, statement in statements(root, path):
        while blocks and blocks[-1][0] >= indent:
            blocks.pop()
        kinds = [kind for _, kind in blocks]
        here, inside = defined_by(statement, kinds[-1] if kinds else "")
        own |= here | inside
        if all(kind in ("extern", "enum") for kind in kinds):
            public |= here
        if re.match(r"global\b", statement):
            shared |= declared(statement.removeprefix("global"))
        own |= {x for part in re.findall(r"\bfor[ ]+([\w, ]+?)[ ]+in\b", statement) for x in declared(part)}
        used |= set(re.findall(r"(?<![\w.])[A-Za-z_]\w*\b(?!=[^=])", statement))
        if statement.endswith(":"):
            found = BLOCK.match(statement)
            blocks.append((indent, found[1] if found else "code"))
    return public, used - (own - shared) - public


# ---- what is wrong ---------------------------------------------------------------------------------------------


def unit(path):
    """A header and the file that defines what it declares are one; so are the parts of the compiled module."""
    if path.parts[:3] == ("src", "jackern", "_binding"):
        return "src/jackern/_binding"
    return path.with_suffix("").as_posix() if path.suffix in {".c", ".h"} else path.as_posix()


def edges_that_go_up(root):
    """Sentences for what reaches a higher folder, or one beside it."""
    return [
        f"{path} uses {used}"
        for path, files in uses(root).items()
        for used in sorted(files)
        if rank(used) is None or rank(used) > rank(path) or (rank(used) == rank(path) and used.parent != path.parent)
    ]


def circles(root):
    """Circles of units, each as the list of its members: the strongly connected components with more than one."""
    graph: dict[str, set[str]] = {}
    for path, files in uses(root).items():
        graph.setdefault(unit(path), set()).update(unit(used) for used in files if unit(used) != unit(path))

    def reached(start):
        seen, left = set(), [start]
        while left:
            for used in graph.get(left.pop(), ()):
                if used not in seen:
                    seen.add(used)
                    left.append(used)
        return seen

    reach = {name: reached(name) for name in graph}
    together = {name: frozenset(other for other in reach[name] if name in reach.get(other, ())) for name in graph}
    return sorted({tuple(sorted(members)) for members in together.values() if members})


def names_of_later_parts(root):
    """Sentences for what a part of the binding uses of one that is included after it."""
    paths = included_parts(root)
    read = [names(root, path) for path in paths]
    home = {name: k for k in reversed(range(len(read))) for name in read[k][0]}
    return [
        f"{paths[k].name} uses {name} of {paths[home[name]].name}"
        for k, (_, used) in enumerate(read)
        for name in sorted(used)
        if home.get(name, 0) > k
    ]


def test_every_file_lives_in_a_known_folder():
    unknown = [str(path) for path in sources(ROOT) if rank(path) is None]
    assert not unknown, f"files in folders that this test does not rank: {unknown}"


def test_every_ranked_folder_exists():
    assert not [folder for folder in RANKS if not (ROOT / folder).is_dir()]


def test_no_file_uses_a_higher_folder():
    assert edges_that_go_up(ROOT) == []


def test_there_is_no_circle_of_files():
    assert circles(ROOT) == []


def test_every_part_of_the_binding_is_included_once():
    parts = included_parts(ROOT)
    assert sorted(parts) == sorted(path for path in sources(ROOT) if path.suffix == ".pxi")


def test_parts_of_the_binding_use_earlier_ones_alone():
    assert names_of_later_parts(ROOT) == []


def test_the_names_of_the_binding_are_really_read():
    for part, name in [
        ("arrays.pxi", "LARGE"),
        ("arrays.pxi", "view_of"),
        ("statuses.pxi", "Overlap"),
        ("table.pxi", "JK_OP_divide"),
        ("layout.pxi", "Laid"),
        ("layout.pxi", "move_call"),
        ("arrays.pxi", "PyObject"),
        ("context.pxi", "Call"),
        ("ops.pxi", "general"),
        ("axis.pxi", "SEVERAL"),
        ("unbroadcast.pxi", "sum_to"),
    ]:
        assert name in names(ROOT, BINDING / part)[0]
    used = names(ROOT, BINDING / "unary.pxi")[1]
    assert {"LARGE", "Operands", "UnaryOp", "is_operand", "call_vjp"} - used == {"UnaryOp"}


def test_the_edges_are_really_read():
    used = {path.as_posix(): {u.as_posix() for u in files} for path, files in uses(ROOT).items()}
    assert "csrc/include/jackern/status.def" in used["csrc/include/jackern/jackern.h"]
    assert "csrc/loops/isa.tpl.h" in used["csrc/loops/isa_v3.c"]
    assert "csrc/engine/view.c" in used["csrc/solve/solve.c"]  # by its calls alone
    assert "csrc/include/jackern/jackern.h" in used["src/jackern/_binding/c.pxd"]
    assert "src/jackern/_binding/core.pyx" in used["src/jackern/ops.py"]
    assert "src/jackern/_demo/demo.py" in used["src/jackern/__main__.py"]  # inside a function


@functools.cache
def as_they_are(find):
    """What is found in the sources before anything is planted in a copy of them."""
    return find(ROOT)


@pytest.fixture
def copy(tmp_path):
    """The tree that the tests read, as a copy to plant things in."""
    for path in sources(ROOT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text())
    return tmp_path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("csrc/table/ops.def", '#include "engine/view.h"\n'),
        ("csrc/engine/view.h", '#  include "products/dense.h"\n'),
        ("csrc/engine/view.c", "void jk_planted(void)\n{\n    jk_unbroadcast(NULL, NULL, NULL, 0);\n}\n"),
        (
            "csrc/solve/solve.c",
            "void jk_planted(void) { jk_softmax_cross_entropy_value(NULL, NULL, NULL, NULL, 0); }\n",
        ),
        ("src/jackern/_binding/core.pyx", "from jackern._terms.term import Axis\n"),
        ("src/jackern/_binding/core.pyx", "    import jackern.ops as ops\n"),
        ("src/jackern/_binding/core.pyx", "from jackern import (\n    _core,\n    ops,\n)\n"),
        ("src/jackern/_terms/term.py", "from jackern._structures import base\n"),
        ("src/jackern/_terms/term.py", "def planted():\n    from jackern._ops.registry import OPS\n"),
        ("src/jackern/_structures/base.py", "import jackern\n"),
        ("src/jackern/_show/explain.py", "from .._solve import solve\n"),
    ],
)
def test_an_edge_that_goes_up_is_found(copy, path, text):
    before = len(as_they_are(edges_that_go_up))
    (copy / path).write_text((copy / path).read_text() + text)
    assert len(edges_that_go_up(copy)) > before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("csrc/engine/plan.c", "void jk_planted(void)\n{\n    jk_walk(NULL, 0);\n}\n"),
        ("csrc/loops/move.tpl.h", '#include "loops/loops.tpl.h"\n'),
        ("src/jackern/_terms/term.py", "def planted():\n    from jackern._terms.combine import add\n"),
        ("src/jackern/_structures/base.py", "from . import axis\n"),
    ],
)
def test_a_circle_is_found(copy, path, text):
    before = as_they_are(circles)
    (copy / path).write_text((copy / path).read_text() + text)
    assert circles(copy) != before


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("arrays.pxi", "cdef int planted() except -1:\n    return raise_interrupt()\n"),
        ("registry.pxi", 'def planted():\n    raise InvalidPlanted(f"{planted_later}")\n'),
        ("ops.pxi", "def planted():\n    global unbroadcast_planted\n    unbroadcast_planted = 0\n"),
        ("ops.pxi", "cdef int planted(AxisProducts jacobian) except -1:\n    return 0\n"),
        ("unary.pxi", "cdef int planted(End *end):\n    return end.n_axes\n"),
        ("families.pxi", "cdef class Planted(Products):\n    pass\n"),
        ("families.pxi", "cdef int planted():\n    return DENSE\n"),
        ("products.pxi", "cdef int planted(band_planted *band):\n    return 0\n"),
    ],
)
def test_a_name_of_a_later_part_is_found(copy, part, text):
    with (copy / BINDING / "solve.pxi").open("a") as last:
        last.write("\n\ncdef int planted_later = 0, unbroadcast_planted\n\ncdef struct band_planted:\n    int n\n")
    assert names_of_later_parts(copy) == []
    with (copy / BINDING / part).open("a") as file:
        file.write("\n\n" + text)
    found = names_of_later_parts(copy)
    if part == "arrays.pxi":
        assert found == ["arrays.pxi uses raise_interrupt of statuses.pxi"]
    assert len(found) == 1


def test_the_c_library_knows_neither_python_nor_the_heap():
    forbidden = re.compile(r"\bPython\.h\b|\b(?:m|c|re|aligned_)alloc\b|\balloca\b|\bPy[A-Z_]\w*")
    for path in sources(ROOT):
        if path.parts[0] == "csrc":
            code = C_TEXT.sub("", (ROOT / path).read_text())
            assert not (found := forbidden.search(code)), f"{path}: {found.group()}"


def test_the_c_test_program_sees_the_public_header_alone():
    for path in (ROOT / "csrc/test").glob("*.[ch]"):
        used = [file for file in included_by_c(ROOT, path.relative_to(ROOT)) if file.parent != Path("csrc/test")]
        assert {file.parent for file in used} <= {Path("csrc/include/jackern")}


def test_no_file_is_too_long_for_one_head():
    folders = ("csrc", "src", "tests", "bench", "examples", "tools")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.suffix in C_SUFFIXES | PYTHON_SUFFIXES]
    own = [path for path in files if "build" not in path.relative_to(ROOT).parts]
    assert not [str(path) for path in own if path.read_text().count("\n") > 600]
