"""The command line and the demo."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import jackern
from jackern.__main__ import main

DEMO_EXTRA = ("matplotlib", "sklearn", "tqdm")

# The command line in a process of its own, after a preparation.
PROGRAM = """
{}
import sys
from jackern.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def demo():
    for name in DEMO_EXTRA:
        pytest.importorskip(name)
    from jackern._demo import demo

    return demo


def test_the_demo_reaches_97_percent_with_the_default_seed(demo, tmp_path, capsys):
    output = tmp_path / "picture.png"
    assert main(["demo", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    accuracies = re.search(r"test accuracy +([\d.]+)% +([\d.]+)%", printed).groups()
    assert all(float(accuracy) >= 97 for accuracy in accuracies)
    assert re.search(r"tanh +x +diagonal +8,192 +67,108,864\n", printed)
    assert re.search(r"linear 64 -> 128 +x +block-diagonal +8,192 +33,554,432\n", printed)
    assert re.search(r"linear 64 -> 128 +b +broadcast +1 +1,048,576\n", printed)
    assert f"wrote {output.resolve()}\n" in printed
    assert output.read_bytes().startswith(b"\x89PNG")


def test_the_demo_agrees_with_numpy_in_float32_too(demo, tmp_path, capsys):
    assert main(["demo", "--float32", "--epochs", "1", "--seed", "1", "--output", f"{tmp_path}/p.svg"]) == 0
    printed = capsys.readouterr().out
    assert "in float32, seed 1" in printed
    assert "(limit 1e-04)" in printed


@pytest.mark.parametrize("wrong", [1 + 1e-6, np.nan])
def test_the_demo_fails_when_the_gradient_is_wrong(demo, tmp_path, capsys, monkeypatch, wrong):
    right = demo.JackernNetwork.loss_and_gradient

    def loss_and_wrong_gradient(self, x, labels):
        loss = right(self, x, labels)
        self.gradient[self.gradient.argmax()] *= wrong
        return loss

    monkeypatch.setattr(demo.JackernNetwork, "loss_and_gradient", loss_and_wrong_gradient)
    assert main(["demo", "--epochs", "1", "--output", str(tmp_path / "p.png")]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"gradients of jackern and NumPy: \S+ \(limit 1e-10\): FAILED\n", printed)


def test_the_network_runs_through_the_kernels(demo):
    sizes = (3, 4, 4, 2)
    rng = np.random.default_rng(0)
    network = demo.JackernNetwork(sizes, demo.initial_parameters(sizes, rng, "float64"))
    jackern.reset_stats()
    network.loss_and_gradient(rng.standard_normal((5, 3)), np.array([0, 1, 1, 0, 1]))
    calls = jackern.stats()
    for name in ("linear", "tanh", "softmax_cross_entropy"):
        assert any(kernel.startswith(name) and count > 0 for kernel, count in calls.items()), (name, calls)


@pytest.mark.parametrize("missing", DEMO_EXTRA)
def test_without_the_extra_the_demo_names_the_command_that_installs_it(missing):
    program = PROGRAM.format(f"import sys; sys.modules[{missing!r}] = None")
    result = subprocess.run([sys.executable, "-c", program, "demo"], capture_output=True, text=True)
    assert result.returncode == 1
    message = f'jackern: the demo needs {missing}, which this command installs: pip install "jackern[demo]"\n'
    assert result.stderr == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: command"),
        (["train"], "invalid choice: 'train'"),
        (["demo", "--epochs", "0"], "--epochs: expected a number of epochs, 1 or more, got '0'"),
        (["demo", "--epochs", "ten"], "--epochs: expected a number of epochs, 1 or more, got 'ten'"),
        (["demo", "--seed", "-1"], "--seed: expected an integer from 0 to 4294967295, got '-1'"),
        (["demo", "--seed", "4294967296"], "--seed: expected an integer from 0 to 4294967295, got '429"),
        (["demo", "--output", "p.txt"], "--output: expected a file in .pdf, .png, .svg, got 'p.txt'"),
        (["demo", "--output", "no/such/p.png"], "--output: there is no directory 'no/such'"),
        (["demo", "--speed", "1"], "unrecognized arguments: --speed"),
    ],
)
def test_a_bad_argument_ends_with_a_message_that_names_it(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_directory_is_no_file_for_the_picture(tmp_path, capsys):
    directory = tmp_path / "d.png"
    directory.mkdir()
    with pytest.raises(SystemExit):
        main(["demo", "--output", str(directory)])
    assert f"{str(directory)!r} is a directory" in capsys.readouterr().err


def test_help_lists_the_options(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for option in ("--epochs", "--seed", "--float32", "--output"):
        assert option in printed


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to another process")
def test_an_interrupt_ends_the_demo_with_one_line_and_code_130(demo, tmp_path):
    # The handler is set by hand: a shell that runs tests in the background starts them with SIGINT ignored.
    program = PROGRAM.format("import signal; signal.signal(signal.SIGINT, signal.default_int_handler)")
    command = [sys.executable, "-c", program, "demo", "--epochs", "100000", "--output", f"{tmp_path}/p.png"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert "handwritten digits" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "jackern: interrupted"


def test_info_prints_the_configuration(capsys):
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    jackern.show_config()
    assert printed == capsys.readouterr().out
    assert "instruction set in use: " in printed


def test_the_module_runs_as_a_program():
    command = [sys.executable, "-m", "jackern", "info"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "instruction set in use: " in result.stdout
