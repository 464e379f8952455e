"""The command ``python -m jackern bench``: it compares before it times, and says what is wrong with its arguments."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jackern._bench import arguments, outcome, peers, questions, report, run

PAGE = Path(__file__).parent.parent / "tools" / "performance_page.py"


@pytest.fixture(params=questions.QUESTIONS, ids=lambda question: question.name)
def question(request):
    return request.param


def test_all_sides_give_the_same_numbers(question):
    here = peers.installed()
    case = question.make(question.sizes[0], peers.namespace(here, 1))
    statements = {side: code for side, code in case.statements.items() if side in ("jackern", *here)}
    assert len(statements) > 1
    run.compare(question.name, question.sizes[0], statements, case.names)
    assert case.n_elements > 0
    assert case.n_bytes > 0


def test_another_result_is_not_timed(question):
    case = question.make(question.sizes[0], peers.namespace(("numpy", "scipy"), 1))
    side = "numpy" if "numpy" in case.statements else "scipy"
    statements = {"jackern": case.statements["jackern"], side: f"wrong({case.statements[side]})"}
    names = case.names | {"wrong": lambda result: [np.add(one, 1) for one in peers.as_arrays(result)]}
    with pytest.raises(AssertionError, match=f"{side} has other numbers than jackern; nothing was timed"):
        run.compare(question.name, question.sizes[0], statements, names)


def test_sizes_grow(question):
    assert list(question.sizes) == sorted(set(question.sizes))


def came_to(name, n, ours, theirs):
    return outcome.Outcome(name, n, n, 8 * n, {"jackern": [ours] * 3, "numpy": [theirs] * 3, "scipy": [1.0] * 3}, 1e-6)


def test_losses_come_first():
    rows = report.rows([came_to("won", 8, 1e-6, 4e-6), came_to("lost", 8, 3e-6, 2e-6), came_to("even", 8, 2e-6, 2e-6)])
    assert [row[0] for row in rows] == ["lost", "even", "won"]
    assert rows[0] == ("lost", "8", "3 us", "numpy", "2 us", "1.50", "33%")


def test_times_in_words():
    assert [report.in_words(t) for t in (2.5, 0.25, 1.5e-5, 3e-8, 1e-10)] == [
        "2.5 s",
        "250 ms",
        "15 us",
        "30 ns",
        "0.1 ns",
    ]


def test_the_command(tmp_path, capfd):
    files = tmp_path / "rounds.json", tmp_path / "plot.png"
    args = ["--quick", "--only", "VJP of tanh", "--peers", "numpy", "--json", str(files[0]), "--plot", str(files[1])]
    assert run.launch(args, 1) == 0
    printed = capfd.readouterr().out
    assert "VJP of tanh, from its output" in printed
    assert "numpy" in printed
    assert "one thread" in printed
    assert files[1].read_bytes().startswith(b"\x89PNG")
    written = json.loads(files[0].read_text())
    assert {one["params"]["side"] for one in written["benchmarks"]} == {"jackern", "numpy"}
    page = subprocess.run([sys.executable, PAGE, files[0], tmp_path], capture_output=True, text=True, check=True)
    assert page.stdout.startswith("3 races; the slowest: VJP of tanh")
    assert "| VJP of tanh, from its output |" in (tmp_path / "performance.md").read_text()
    assert "<svg" in (tmp_path / "roofline.svg").read_text()
    for one in written["benchmarks"]:
        assert one["stats"]["min"] <= one["stats"]["median"] <= one["stats"]["max"]
        assert one["extra_info"]["threads"] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--peers", "nothing"], "'nothing' is no peer; here are "),
        (["--only", "nothing"], "has 'nothing' in its name"),
    ],
)
def test_what_is_asked_of_nobody(args, words, capfd, monkeypatch):
    monkeypatch.setattr("os.sched_setaffinity", lambda *args: None, raising=False)
    assert run.main(args) == 2
    assert words in capfd.readouterr().err


def test_a_peer_that_is_not_installed(capfd, monkeypatch):
    monkeypatch.setattr("os.sched_setaffinity", lambda *args: None, raising=False)
    monkeypatch.setattr(peers, "installed", lambda: ("numpy",))
    assert run.main(["--peers", "numpy", "jax"]) == 2
    assert "'jax' is not installed; here are numpy" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--threads", "0"], "expected a number from 1 to "),
        (["--json", "rounds.txt"], "expected a file in .json, got 'rounds.txt'"),
        (["--plot", "plot.json"], "expected a file in .pdf, .png, .svg, got 'plot.json'"),
        (["--json", "no/such/folder.json"], "there is no directory 'no/such'"),
    ],
)
def test_bad_arguments_are_named(args, words, capfd):
    with pytest.raises(SystemExit) as error:
        arguments.parser().parse_args(args)
    assert error.value.code == 2
    assert words in capfd.readouterr().err


def test_the_default_is_every_peer():
    assert arguments.parser().parse_args([]) == argparse.Namespace(
        quick=False, peers=None, only=None, threads=1, json=None, plot=None
    )
