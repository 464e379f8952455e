"""Writes what jackern computes, case by case, and compares two such files bit for bit.

``make bits BASE=<commit>`` builds that commit and the working tree, lets both write, once per instruction set, and
compares: a change that only moves code must not change a bit.  `bits_cases` makes the cases, through the public
interface alone, so that one version of it runs with both builds.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from bits_cases.recorder import ON_TWO_THREADS, Recorder

LINES = 36  # of groups and their cases, at most
HEADER = "instruction set"


# ---- writing -----------------------------------------------------------------------------------------------------


def write(path: Path) -> int:
    """Write all cases to a file, under the instruction set in use."""
    from bits_cases import every

    import jackern as jk

    isa = jk.show_config("dicts")["instruction set in use"]
    if isa != os.environ.get("JACKERN_ISA", isa):
        raise SystemExit(f"bits: JACKERN_ISA={os.environ['JACKERN_ISA']}, but {isa} is in use")
    wanted, found = os.environ.get("PYTHONPATH"), Path(jk.__file__).resolve().parents[1]
    if wanted and Path(wanted).resolve() != found:
        raise SystemExit(f"bits: jackern of {wanted} was asked for, that of {found} was imported")
    warnings.simplefilter("ignore")
    with path.open("w") as file, np.errstate(all="ignore"):
        print(HEADER, isa, sep="\t", file=file)
        unknown = every.write(Recorder(file))
    for name in unknown:
        print(f"bits: no cases for jackern.ops.{name}; bits_cases.families.FAMILIES lacks it", file=sys.stderr)
    return bool(unknown)


# ---- comparing ---------------------------------------------------------------------------------------------------


def read(path: Path) -> dict[tuple[str, str], str]:
    """Return the results by case and instruction set, of a file or of all ``*.txt`` in a folder."""
    results = {}
    for file in sorted(path.glob("*.txt")) if path.is_dir() else [path]:
        header, *lines = file.read_text().splitlines()
        isa = header.removeprefix(f"{HEADER}\t")
        results |= {(name, isa): result for name, _, result in (line.partition("\t") for line in lines)}
    return results


def differences(old, new) -> tuple[dict[str, dict[tuple[str, str], str]], int]:
    """Return what is wrong, by the leading component of its name and by case; and how many cases are equal."""
    wrong: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    n_equal = 0
    for case, result in old.items():
        if new.get(case) == result:
            n_equal += 1
        else:
            wrong[case[0].partition("/")[0]][case] = "differ" if case in new else "are only in the old one"
    for (name, isa), result in new.items():
        alone = (name.removesuffix(ON_TWO_THREADS), isa)
        if name.endswith(ON_TWO_THREADS) and new.get(alone) != result:
            wrong[name.partition("/")[0]][name, isa] = "differ from one thread"
    return wrong, n_equal


def compare(old_path: Path, new_path: Path, expected_path: Path | None) -> int:
    """Print the cases that differ, or that the new one lacks; return whether there are any that are not expected."""
    old, new = read(old_path), read(new_path)
    if not old or not new:
        raise SystemExit(f"bits: no cases in {new_path if old else old_path}")
    wrong, n_equal = differences(old, new)
    patterns = [] if expected_path is None else expected_path.read_text().splitlines()
    patterns = [line.strip() for line in patterns if line.strip() and not line.lstrip().startswith("#")]
    names = {name for cases in wrong.values() for name, _ in cases}
    met = {pattern: set(fnmatch.filter(names, pattern)) for pattern in patterns}
    expected = set().union(*met.values())
    n_expected = sum(name in expected for cases in wrong.values() for name, _ in cases)
    groups = {
        group: left
        for group, cases in wrong.items()
        if (left := {case: how for case, how in cases.items() if case[0] not in expected})
    }
    total = defaultdict(int)
    for name, _ in old:
        total[name.partition("/")[0]] += 1
    for line in summaries(groups, total):
        print(line)
    for pattern in [pattern for pattern in patterns if not met[pattern]]:
        print(f"expected, but nothing differs: {pattern}")
    if n_expected:
        print(f"{n_expected} cases differ as expected")
    if n_new := len(new.keys() - old.keys()):
        print(f"{n_new} cases are only in the new one")
    if groups:
        print(f"{sum(map(len, groups.values()))} cases differ, {n_equal} are equal")
        return 1
    print(f"{n_equal} cases equal")
    return 0


def summaries(groups, total) -> list[str]:
    """Return a few lines per group: how many cases, under which instruction sets, and the first of them."""
    order = sorted(groups, key=lambda group: -len(groups[group]))
    each = max(1, LINES // max(1, len(order)) - 1)  # examples
    lines = []
    for group in order:
        cases = groups[group]
        kinds = defaultdict(list)
        for (name, isa), how in cases.items():
            kinds[how].append((name, isa))
        for how, found in kinds.items():
            isas = ", ".join(dict.fromkeys(isa for _, isa in found))
            lines.append(f"{group}: {len(found)} of {total[group]} {how} ({isas})")
            if len(order) <= LINES // 2:
                lines += [f"    {name}" for name in list(dict.fromkeys(name for name, _ in found))[:each]]
    if len(lines) > LINES:
        lines[LINES - 1 :] = [f"... and {len(lines) - LINES + 1} lines more"]
    return lines


def main() -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("write", help="compute all cases with the jackern that is imported")
    command.add_argument("file", type=Path)
    command = commands.add_parser("compare", help="print what differs; exit status 1 if anything does")
    command.add_argument("old", type=Path, help="a file, or a folder of them, one per instruction set")
    command.add_argument("new", type=Path)
    command.add_argument("--expected", type=Path, help="a file of patterns, as tanh/jvp/*, of cases that may differ")
    arguments = parser.parse_args()
    if arguments.command == "write":
        return write(arguments.file)
    return compare(arguments.old, arguments.new, arguments.expected)


if __name__ == "__main__":
    sys.exit(main())
