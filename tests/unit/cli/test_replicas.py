"""``zfstune replicas``: what is known of targets, and what is dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import zfstune
from stream_engine import StreamEngine
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> StreamEngine:
    """Let the command open a pool with a dataset that has a copy."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1")
    zfstune.replicate("tank/a", "tank/b", engine=engine.zfs)
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_targets_are_listed(run: Run, tank: StreamEngine) -> None:
    """A row each, with the number that --forget takes."""
    status, out, _ = run("replicas")
    (note,) = tank.local["tank/a"]
    assert status == 0
    assert out.splitlines()[0].split() == [
        *("DATASET", "TARGET", "PLACE", "BASE", "TAKEN", "BEHIND", "LAG", "STATE"),
    ]
    assert out.splitlines()[1].split()[:3] == ["tank/a", note.rpartition("-")[2], "tank/b"]
    assert run("replicas", "tank/b", "-H")[1] == ""
    (listed,) = json.loads(run("replicas", "--json")[1])["replicas"]
    assert listed["base"]["bookmark"] in tank.marks["tank/a"]


def test_a_target_is_forgotten(run: Run, tank: StreamEngine) -> None:
    """The plan and the run say the same."""
    planned = run("replicas", "tank/a", "--forget", "tank/b", "-n")[1]
    (bookmark,) = tank.marks["tank/a"]
    (note,) = tank.local["tank/a"]
    assert planned == f"would drop {bookmark}\nwould drop {note} on tank/a\n"
    said = json.loads(run("replicas", "tank/a", "--forget", "tank/b", "--json")[1])
    assert (said["dry_run"], said["bookmarks"], said["property"]) == (
        False,
        [bookmark],
        note,
    )
    assert tank.marks["tank/a"] == {}
    assert tank.local["tank/a"] == {}


@pytest.mark.parametrize(
    "words", ["--forget tank/b", "tank tank/a --forget tank/b", "tank/a -n"]
)
@pytest.mark.usefixtures("tank")
def test_what_goes_together(run: Run, words: str) -> None:
    """One target of one dataset is forgotten at a time."""
    status, out, err = run("replicas", *words.split())
    assert (status, out) == (2, "")
    assert "--forget" in err
