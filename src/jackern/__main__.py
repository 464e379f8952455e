"""The command line: ``python -m jackern demo``, ``bench`` and ``info``, or ``jackern`` for short."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import jackern as jk
from jackern._bench import arguments as bench

DEMO_EXTRA = ("matplotlib", "sklearn", "tqdm")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 for a failure, 130 after Ctrl-C.

    Bad arguments leave through ``SystemExit(2)``, as argparse does it.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "bench":
            from jackern._bench.run import launch

            return launch(argv[1:], arguments.threads)
        return _info() if arguments.command == "info" else _demo(arguments)
    except KeyboardInterrupt:
        print("jackern: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jackern", description="Jacobian products without the zeros.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    commands.add_parser("info", help="print how jackern was built and what it uses here")
    demo = commands.add_parser(
        "demo",
        help="train a classifier of handwritten digits through jackern's kernels, beside plain NumPy",
        description="Train a classifier of handwritten digits through jackern's kernels, beside the same "
        "network in plain NumPy; compare losses, times and gradients, list the Jacobians of all layers and "
        "draw a picture. The exit code is 1 if the gradients disagree.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = demo.add_argument
    add("--epochs", type=_epochs, default=30, help="passes over the training digits")
    add("--seed", type=_seed, default=0, help="seed of the split, the parameters and the minibatches")
    add("--float32", action="store_true", help="compute in float32 instead of float64")
    add("--output", type=bench.picture, default="jackern-demo.png", metavar="FILE", help="where the picture goes")
    bench.add_arguments(
        commands.add_parser(
            "bench",
            help="race jackern against every other library that is installed",
            description=bench.DESCRIPTION,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
    )
    return parser


def _epochs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of epochs, 1 or more, got {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to {2**32 - 1}, got {text!r}")
    return int(text)


def _info() -> int:
    jk.show_config()
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    try:
        from jackern._demo.demo import run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in DEMO_EXTRA:
            raise
        message = f'the demo needs {missing}, which this command installs: pip install "jackern[demo]"'
        print(f"jackern: {message}", file=sys.stderr)
        return 1
    dtype = "float32" if arguments.float32 else "float64"
    return run(arguments.epochs, arguments.seed, dtype, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
