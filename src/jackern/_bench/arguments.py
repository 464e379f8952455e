"""The arguments of ``python -m jackern bench``, and files that commands may write."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

PICTURE_SUFFIXES = (".pdf", ".png", ".svg")

DESCRIPTION = """Race jackern's products and values against every other library that is installed: all of them
compiled and warmed, writing into arrays that exist, on the same processors. Results are compared before they are timed.
The table has what jackern loses first."""


def parser() -> argparse.ArgumentParser:
    """The command by itself."""
    made = argparse.ArgumentParser(prog="jackern bench", description=DESCRIPTION)
    add_arguments(made)
    return made


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("--quick", action="store_true", help="small and middle sizes, few rounds: about a minute")
    add("--peers", nargs="+", metavar="PEER", help="libraries to race against (default: all that are installed)")
    add("--only", metavar="TEXT", help="questions whose name has this in it")
    add("--threads", type=_threads, default=1, help="threads, and processors, that every library may use")
    add("--json", type=json_file, metavar="FILE", help="write all rounds, for pytest-benchmark compare")
    add("--plot", type=picture, metavar="FILE", help="draw time per element against size, a line per library")


def picture(text: str) -> Path:
    """A file to draw a picture in."""
    return _writable(text, PICTURE_SUFFIXES)


def json_file(text: str) -> Path:
    """A file to write JSON in."""
    return _writable(text, (".json",))


def _writable(text: str, suffixes: tuple[str, ...]) -> Path:
    path = Path(text)
    if path.suffix.lower() not in suffixes:
        raise argparse.ArgumentTypeError(f"expected a file in {', '.join(suffixes)}, got {text!r}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a directory")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {str(path.parent)!r}")
    if not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"directory {str(path.parent)!r} is not writable")
    return path


def _threads(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= (os.cpu_count() or 1):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {os.cpu_count()}, got {text!r}")
    return int(text)
