"""``zfstune schedule set``: what is stored, and what is left to other commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from json_document import found_in
from zfstune.values.marks import REPLICATE_PROPERTY, SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_stored_once(run: Run, tank: Heirs) -> None:
    """A dry run stores nothing, a second run changes nothing; no timer is written."""
    line = ("schedule", "set", "tank/a", "--every", "hourly")
    status, out, _ = run(*line, "-n")
    assert (status, out) == (0, "would set org.zfstune:schedule=hourly on tank/a\n")
    assert SCHEDULE_PROPERTY not in tank.marks["tank/a"]
    status, out, err = run(*line)
    assert (status, out) == (0, "set org.zfstune:schedule=hourly on tank/a\n")
    assert "zfstune schedule install tank/a" in err
    assert tank.marks["tank/a"][SCHEDULE_PROPERTY] == "hourly"
    status, out, err = run(*line)
    assert (status, out, err) == (0, "nothing to do: it is stored like that already\n", "")


def test_with_targets(run: Run, tank: Heirs) -> None:
    """They are stored beside it, and stay where none is named."""
    line = ("schedule", "set", "tank/a", "--every", "daily", "--json")
    found = found_in(run(*line, "--replicate", "tank/copy")[1])
    assert found == {
        "schedules": [{"dataset": "tank/a", "every": "daily"}],
        "targets": [{"dataset": "tank/a", "replicate_to": "tank/copy"}],
        "options": [],
    }
    assert json.loads(run(*line)[1])["targets"] == []
    assert tank.marks["tank/a"][REPLICATE_PROPERTY] == "tank/copy"
    assert run(*line, "--replicate", "tank/copy", "--no-replicate")[0] == 2
    found = found_in(run(*line, "--no-replicate")[1])
    assert found["targets"] == [{"dataset": "tank/a", "replicate_to": None}]
    assert REPLICATE_PROPERTY not in tank.marks["tank/a"]


def test_words_that_make_no_sense(run: Run, tank: Heirs) -> None:
    """No interval, an unknown one, `none`, and one target for two datasets."""
    tank.calls.clear()
    assert run("schedule", "set", "tank/a")[0] == 2
    assert run("schedule", "set", "tank/a", "--every", "often")[0] == 2
    status, _, err = run("schedule", "set", "tank/a", "--every", "none")
    assert status == 2
    assert "zfstune schedule remove tank/a" in err
    two = ("tank/a", "tank/a/b", "--every", "daily", "--replicate", "tank/copy")
    assert run("schedule", "set", *two)[0] == 2
    for option in (("--properties",), ("--exclude-property", "x:y")):
        status, _, err = run("schedule", "set", "tank/a", "--every", "daily", *option)
        assert status == 2
        assert f"{option[0]} goes with --replicate TARGET" in err
    line = ("tank/a", "--every", "daily", "--replicate", "tank/copy", "--exclude-property")
    assert run("schedule", "set", *line, "nonsense")[0] == 1
    assert SCHEDULE_PROPERTY not in tank.marks["tank/a"]
