"""Compiles the C core, each instruction set with its own flags; all else is in pyproject.toml."""

import ast
import os
import re
import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError

CSRC = Path("csrc")
CLASSES = {"1": "UnaryOp", "2": "BinaryOp", "3": "TernaryOp[Literal[{}]]"}  # of ops, by the number of arguments
VERSION = Path("VERSION").read_text().strip()


def library(suffix):
    """Return the files of the C library with this suffix, without those of its test program and of its own build."""
    return sorted(p for p in CSRC.rglob(f"*.{suffix}") if p.parts[1] not in ("build", "test"))


class BuildExt(build_ext):
    """Compiles the C library with the flags of csrc/flags.mk, or takes one, and links it into the extension."""

    def run(self):
        if missing := runpy.run_path("tools/check_build.py")["missing"]():
            raise SystemExit(missing)
        super().run()

    def build_extension(self, ext):
        lines = [line.split(" = ") for line in (CSRC / "flags.mk").read_text().splitlines()]
        flags = {line[0]: line[1].split() for line in lines if len(line) == 2}
        family = "msvc" if self.compiler.compiler_type == "msvc" else "cc"
        if family == "cc" and "-g" not in os.environ.get("CFLAGS", "").split():
            flags["cc"].append("-g0")  # Python's own flags have -g, which takes build time and most of a wheel
        exact = flags.get(f"{family}_exact", [])
        # The binding has no loops to vectorise: it is optimised as Python is, or as CFLAGS says.
        ext.extra_compile_args = [flag for flag in flags[family] if flag != "-O3"] + exact
        ext.extra_link_args = flags.get(f"{family}_link", [])
        ext.libraries = [] if family == "msvc" else ["m"]
        ext.cython_c_in_temp = True  # no generated C beside the sources

        if rows := os.environ.get("JACKERN_ROWS"):
            ext.define_macros.append(("JK_ROWS", f'"{Path(rows).resolve()}"'))
        prebuilt = os.environ.get("JACKERN_LIBRARY")
        ext.extra_objects += [prebuilt] if prebuilt else []
        sources, wanted = {}, os.environ.get("JACKERN_ISAS", "v3 v4").split()
        for path in [] if prebuilt else library("c"):
            isa = path.stem.removeprefix("isa_") if path.stem.startswith("isa_v") else None
            isa_flags = flags.get(f"{family}_{isa}", [])
            if isa and not (isa in wanted and isa_flags and self.accepts(isa_flags)):
                continue
            sources[path] = flags[family] + isa_flags + exact
            if isa:
                ext.define_macros.append((f"JK_HAVE_{isa.upper()}", None))

        def compiled(path):
            return self.compiler.compile(
                [str(path)],
                output_dir=self.build_temp,
                macros=ext.define_macros,
                include_dirs=ext.include_dirs,
                debug=self.debug,
                extra_postargs=sources[path],
            )

        # Longest first: the loops of an instruction set take most of the time, and the binding as long as one of them.
        paths = sorted(sources, key=lambda path: (not path.stem.startswith("isa_"), path))
        link = self.compiler.link_shared_object
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            compiling = [pool.submit(compiled, path) for path in paths]

            def link_all(objects, *args, **kwargs):
                link([*objects, *(name for job in compiling for name in job.result())], *args, **kwargs)

            self.compiler.link_shared_object = link_all
            super().build_extension(ext)

    def accepts(self, flags):
        """Whether the compiler takes these flags: only one for x86-64 does."""
        probe = Path(self.build_temp, "probe.c")
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text("int jk_probe;\n")
        try:
            self.compiler.compile([str(probe)], output_dir=self.build_temp, extra_postargs=flags)
        except CompileError:
            return False
        return True


class BuildPy(build_py):
    """Writes the stub of jackern.ops, and puts the public header into what is not an editable install."""

    def run(self):
        Path("src/jackern/ops.pyi").write_text(stub_of_ops())
        super().run()
        if not self.editable_mode:
            self.copy_tree(str(CSRC / "include"), str(Path(self.build_lib, "jackern", "include")))


def stub_of_ops():
    """Return the text of ops.pyi: what is fixed, then a line for every row of the table of ops and every family."""
    lines = Path("src/jackern/ops.pyi.in").read_text()
    kinds, rows = ((CSRC / "table" / name).read_text() for name in ("kinds.def", "ops.def"))
    classes = classes_of(kinds)
    if own := os.environ.get("JACKERN_ROWS"):
        rows += Path(own).read_text()
    # Only of three arguments it is the rows that say how many are operands, behind their names.
    rows = re.findall(r'^JK_(\w+)\s*\(\s*(\w+)\s*,\s*"([^"]*)"(?:(?:\s*,\s*\w+){3}\s*,\s*(\d))?', rows, re.M)
    names = [
        (name, classes[kind].format(n_operands))
        for kind, row, aliases, n_operands in rows
        for name in [row, *aliases.split()]
    ]
    return lines + "".join(f"{name}: {kind}\n" for name, kind in [*names, *families()])


def classes_of(kinds):
    """Return the class of every kind of row, by its arguments: a kind says them itself, or is made of another."""
    classes = {}
    for kind, body in re.findall(r"^#define JK_(\w+)\((.*?[^\\])$", kinds, re.M | re.S):
        row = re.search(r"JK_ROW\(name, aliases, (\d)", body)
        base = re.search(r"\bJK_(\w+)\(([^)]*)", body)
        if row:
            classes[kind] = CLASSES[row[1]]
        elif base and base[1] in classes:
            has_parameter = kind.endswith("_WITH") and re.search(r"\b1\b", base[2])
            n_operands = '"masked"' if "JK_MASKED" in body else "{}"
            classes[kind] = "ParametricOp" if has_parameter else classes[base[1]].format(n_operands)
    return classes


def families():
    """Return the name of every family and its class, from the decorators in src/jackern/_ops."""
    for path in sorted(Path("src/jackern/_ops").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            decorators = node.decorator_list if isinstance(node, ast.ClassDef) else []
            for call in (d for d in decorators if isinstance(d, ast.Call) and d.func.id == "registered"):
                for family in call.args:
                    described = {keyword.arg: keyword.value for keyword in family.keywords}
                    aliases = ast.literal_eval(described["aliases"]) if "aliases" in described else ()
                    yield from ((name, node.name) for name in (ast.literal_eval(described["name"]), *aliases))


setup(
    cmdclass={"build_ext": BuildExt, "build_py": BuildPy},
    ext_modules=[
        Extension(
            "jackern._core",
            ["src/jackern/_binding/core.pyx"],
            include_dirs=["csrc/include", "csrc", "src/jackern/_binding", np.get_include()],
            define_macros=[("JK_VERSION", f'"{VERSION}"'), ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            depends=[str(path) for suffix in ("c", "h", "def", "mk") for path in library(suffix)],
        )
    ],
)
