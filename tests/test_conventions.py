"""docs/conventions_peers.md says of jackern what it computes, and has every kink.  No other library is needed here."""

from __future__ import annotations

import runpy
from pathlib import Path

import jackern as jk

ROOT = Path(__file__).resolve().parents[1]
tool = runpy.run_path(str(ROOT / "tools/conventions/__main__.py"))
points, names = tool["points"], tool["names"]
TEXT = (ROOT / "docs/conventions_peers.md").read_text(encoding="utf-8")
N_KINKS = TEXT[: TEXT.index("## Special points")].count("\n")


def lines():
    """Every derivative on the page: its place (op, point, argument), jackern's cell, and whether it is of the kinks."""
    for number, line in enumerate(TEXT.splitlines()):
        if line.startswith("| `"):
            op, at, by, ours, *_ = line.strip("| ").split(" | ")
            for point in at.split("; "):
                yield (op.strip("`"), point, by), ours, number < N_KINKS


def computed(op, chosen):
    """What jackern gives at these points: a cell by its place."""
    return {
        (op.name, tool["place"](op, point), op.arguments[k]): tool["cell"](points.jackern(op, k, point))
        for point in chosen
        for k in range(op.first, op.nin)
    }


def test_the_page_has_the_kinks_of_every_row():
    stated = {place: ours for place, ours, of_kinks in lines() if of_kinks}
    here = {}
    for op in points.ROWS:
        here |= computed(op, points.at_kinks(op))
        assert not op.kinks or points.at_kinks(op)
    assert stated == here, "run `make conventions`"


def test_jackern_gives_at_special_points_what_the_page_says():
    here = {}
    for op in points.EVERY:
        here |= computed(op, points.special(op))
    for place, ours, of_kinks in lines():
        assert of_kinks or here.get(place) == ours, "run `make conventions`"


def test_the_names_elsewhere_are_of_ops():
    ops = {*jk.op_names(), *names.COMPOSITIONS}
    for peer in names.PEERS:
        assert set(names.NAMES[peer]) <= ops


def test_the_page_names_every_peer_and_its_pinned_version():
    pins = (ROOT / "tools/conventions/requirements.txt").read_text().splitlines()
    versions = dict(pin.split("==") for pin in pins if not pin.startswith("#"))
    for peer, title in names.PEERS.items():
        assert f"{title} {versions[peer]}" in TEXT, "run `make conventions`"
