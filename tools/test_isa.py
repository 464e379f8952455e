"""Runs the tests marked `isa` once per instruction set, and says which ran.

Fails if one that this CPU has was not run: not built in, not chosen, or without a test.  With --others it leaves out
the one that is in use here, which the whole suite has run with.  Further arguments go to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

import jackern as jk

# The flags by which Linux reports what an instruction set needs: apart from jackern's own detection.
NEEDS = {
    "v3": {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"},
    "v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}


def instruction_sets_of_the_cpu():
    """Return the names of those that must run here; only the baseline where the system does not tell."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        flags = set()
    v3 = NEEDS["v3"] <= flags
    return ["baseline"] + ["v3"] * v3 + ["v4"] * (v3 and NEEDS["v4"] <= flags)


def run(isa, arguments):
    """Run the marked tests under one instruction set; return whether they ran and passed."""
    environment = os.environ | {"JACKERN_ISA": isa}
    in_use = "import jackern as jk; print(jk.show_config('dicts')['instruction set in use'])"
    used = subprocess.run([sys.executable, "-c", in_use], env=environment, capture_output=True, text=True)
    if used.stdout.strip() != isa:
        print(f"JACKERN_ISA={isa} gave {used.stdout.strip() or used.stderr.strip()!r}")
        return False
    # pytest exits with 5, a failure here, where no test is marked.
    command = [sys.executable, "-m", "pytest", "-m", "isa", "--numprocesses", "auto", *arguments]
    return subprocess.run(command, env=environment).returncode == 0


def main():
    """Run all instruction sets, built in or had by the CPU, and exit non-zero unless each passed."""
    arguments, config = sys.argv[1:], jk.show_config("dicts")
    wanted = dict.fromkeys([*config["instruction sets"], *instruction_sets_of_the_cpu()])
    if "--others" in arguments:
        arguments.remove("--others")
        del wanted[config["instruction set in use"]]
    passed = {isa: run(isa, arguments) for isa in wanted}
    for isa, ok in passed.items():
        print(f"instruction set {isa}: {'passed' if ok else 'FAILED'}")
    sys.exit(not all(passed.values()))


if __name__ == "__main__":
    main()
