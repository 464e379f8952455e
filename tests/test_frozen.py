"""Applications that PyInstaller and cx_Freeze pack, with jackern in them (the extra frozen)."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import jackern as jk

SCRIPT = Path(__file__).with_name("frozen.py")
# What jackern imports only where it is called for, and that would take most of the time here.
LEFT_OUT = ["matplotlib", "scipy", "sklearn", "tqdm"]
FREEZERS = {
    "PyInstaller": ["--noconfirm", "--log-level=WARN", *(f"--exclude-module={name}" for name in LEFT_OUT), str(SCRIPT)],
    "cx_Freeze": [f"--script={SCRIPT}", "--target-dir=dist/frozen", "build_exe", f"--excludes={','.join(LEFT_OUT)}"],
}
OF_THE_PLACE = ("jackern from ", "its core from ", "include: ", "header in ", "no header: ", "Python: ")


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def split(lines):
    """What depends on where it runs (or on its Python: cx_Freeze may bring another micro version), and the rest."""
    return [[line for line in lines if line.startswith(OF_THE_PLACE) == there] for there in (True, False)]


@pytest.mark.slow
@pytest.mark.parametrize("name", FREEZERS)
def test_a_frozen_application_computes_what_its_script_does(name, tmp_path):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} comes with the extra frozen")
    made, moved, elsewhere = (tmp_path / folder for folder in ("made", "moved", "elsewhere"))
    wanted = split(run([sys.executable, SCRIPT]))[1]
    made.mkdir()
    elsewhere.mkdir()
    own = os.environ | {"PYINSTALLER_CONFIG_DIR": str(tmp_path)}
    run([sys.executable, "-m", name, *FREEZERS[name]], cwd=made, env=own)
    shutil.move(made / "dist/frozen", moved)
    place, found = split(run([moved / "frozen"], cwd=elsewhere, env={}))
    assert found == wanted
    assert all(line.split(" from ")[1].startswith(str(moved)) for line in place[:2])
    assert "include: without the header" in place
    assert "a frozen application is packed without it" in place[-1]


@pytest.mark.parametrize("frozen", [False, True])
def test_an_absent_header_is_told_and_is_no_error_of_show_config(frozen, tmp_path, monkeypatch):
    monkeypatch.setattr(jk._config, "__file__", str(tmp_path / "a/b/jackern/_config.py"))
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    why = "a frozen application is packed without it" if frozen else "install jackern anew"
    with pytest.raises(FileNotFoundError, match=f"get_include: .*jackern.h is not in {tmp_path}.*: {why}"):
        jk.get_include()
    assert jk.show_config("dicts")["include"] == "without the header"
