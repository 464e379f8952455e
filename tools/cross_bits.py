"""Compares what the C library computes on other processors, with other C libraries and compilers: `make cross-bits`.

Every target builds the library and `cross_bits.c`, runs it, under qemu where the processor is another, and its table
of hashes is compared with that of the first line by line.  Packages of Debian and Ubuntu that targets need: clang
gcc-aarch64-linux-gnu gcc-s390x-linux-gnu musl-tools qemu-user-static; a target whose compiler is absent is left out,
and said to be, unless it was asked for.  An instruction set that this processor lacks is compiled, not run.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 40  # lines that differ, at most


@dataclass(frozen=True)
class Target:
    """How a target is compiled, and what runs it."""

    cc: str
    flags: str = ""
    emulator: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> str:
        """Where it is built: targets that are compiled alike share that."""
        return "".join(c if c.isalnum() else "-" for c in f"{self.cc} {self.flags}".strip())

    @property
    def isas(self) -> list[str]:
        """What is compiled besides the baseline."""
        return [] if self.emulator else ["v3", "v4"]


TARGETS = {
    "x86-64": Target("gcc"),
    "x86-64 without FMA in libm": Target(
        "gcc", environment=(("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2_Usable,-AVX2"),)
    ),
    "x86-64 -ffp-contract=fast": Target("gcc", "-ffp-contract=fast"),
    "x86-64 -O1": Target("gcc", "-O1"),
    "x86-64 clang": Target("clang"),
    "x86-64 musl": Target("musl-gcc", "-static"),
    "aarch64": Target("aarch64-linux-gnu-gcc", "-static", "qemu-aarch64-static"),
    "aarch64 -ffp-contract=fast": Target("aarch64-linux-gnu-gcc", "-static -ffp-contract=fast", "qemu-aarch64-static"),
    "aarch64 clang": Target("clang --target=aarch64-linux-gnu", "-static", "qemu-aarch64-static"),
    # Debian configures this gcc with --enable-s390-excess-float-precision: under -std=c11 float is then computed in
    # double (FLT_EVAL_METHOD is 1) and rounded twice, unless the compiler is told not to.
    "s390x": Target("s390x-linux-gnu-gcc", "-static -fexcess-precision=fast", "qemu-s390x-static"),
}


def known_flags() -> dict[str, list[str]]:
    """Return the flags of csrc/flags.mk by name."""
    lines = (line.split(" = ") for line in (ROOT / "csrc/flags.mk").read_text().splitlines() if " = " in line)
    return {name: value.split() for name, value in lines}


def build(target: Target, folder: Path) -> Path:
    """Compile and link the program of a target."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = known_flags()
    cc = shlex.split(target.cc)
    common = [
        *cc,
        *flags["cc"],
        *target.flags.split(),
        '-DJK_VERSION="0"',
        f"-I{ROOT}/csrc",
        f"-I{ROOT}/csrc/include",
    ]
    common += [f"-DJK_HAVE_{isa.upper()}" for isa in target.isas]
    # A contraction that is asked for comes behind: what does not depend on flags has to withstand it.
    exact = [f for f in flags["cc_exact"] if "contract" not in f or "contract" not in target.flags]
    jobs, objects = [], []
    sources = [p for p in sorted((ROOT / "csrc").glob("*/*.c")) if p.parts[-2] not in ("test", "build")]
    sources.sort(key=lambda path: not path.stem.startswith("isa_"))
    for source in [*sources, ROOT / "tools/cross_bits.c"]:
        isa = source.stem.removeprefix("isa_")
        if source.stem.startswith("isa_v") and isa not in target.isas:
            continue
        objects.append(folder / f"{source.parent.name}_{source.stem}.o")
        jobs.append([*common, *flags.get(f"cc_{isa}", []), *exact, "-c", "-o", str(objects[-1]), str(source)])
    run_all(jobs)
    program = folder / "cross_bits"
    static = ["-static"] if "-static" in target.flags else []
    subprocess.run([*cc, *static, "-o", program, *objects, "-lm", "-pthread"], check=True)
    return program


def run_all(commands: list[list[str]]) -> None:
    """Run commands, as many at a time as there are processors."""
    running: list[subprocess.Popen[bytes]] = []
    for command in commands:
        if len(running) >= len(os.sched_getaffinity(0)):
            check(running.pop(0))
        running.append(subprocess.Popen(command))
    for process in running:
        check(process)


def check(process: subprocess.Popen[bytes]) -> None:
    """Raise where a command failed."""
    if process.wait() != 0:
        raise SystemExit(f"cross-bits: failed: {process.args!r}")


def table(target: Target, program: Path) -> dict[str, dict[str, str]]:
    """Return the hashes of a target by instruction set and case."""
    command = [*([target.emulator] if target.emulator else []), str(program)]
    environment = os.environ | dict(target.environment)
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    result: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        isa, op, product, found = line.split(" ", 3)
        result.setdefault(isa, {})[f"{op} {product}"] = found
    return result


def absent_tools(target: Target) -> list[str]:
    """Return what a target needs and is not installed."""
    return [tool for tool in (target.cc.split()[0], target.emulator) if tool and shutil.which(tool) is None]


def main() -> int:
    """Compare the tables; return whether any line differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "targets", nargs="*", metavar="target", help=f"of {', '.join(map(repr, TARGETS))} (default: all)"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build/cross-bits", help="where they are built")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    first: dict[str, str] = {}
    summary, wrong, programs, start = [], 0, {}, time.monotonic()
    for name in options.targets or TARGETS:
        target = TARGETS[name]
        if absent := absent_tools(target):
            if name in options.targets:
                parser.error(f"{name} needs {', '.join(absent)}")
            summary.append(f"{name}: left out, {', '.join(absent)} is not installed")
            continue
        began = time.monotonic()
        if target.folder not in programs:
            programs[target.folder] = build(target, options.folder / target.folder)
        tables = table(target, programs[target.folder])
        seconds = time.monotonic() - began
        for isa, cases in tables.items():
            first = first or cases
            differ = [case for case in first | cases if first.get(case) != cases.get(case)]
            wrong += len(differ)
            summary.append(f"{name}, {isa}: equal: {len(first) - len(differ)} of {len(first)} entries")
            for case in differ[:SHOWN]:
                print(f"    {name}, {isa}, {case}: {cases.get(case)}, expected {first.get(case)}")
        summary += [f"{name}, {isa}: compiled, not run" for isa in target.isas if isa not in tables]
        print(f"{name:28} {seconds:4.0f} s", flush=True)
    print(f"{'together':28} {time.monotonic() - start:4.0f} s", *summary, sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
