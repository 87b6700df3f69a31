"""The datasets that `zfstune schedule` is given, by name, by role and by schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.cli import schedule_targets
from zfstune.cli.parser import build_parser
from zfstune.cli.schedule_targets import named_datasets, without_taken_along

if TYPE_CHECKING:
    import argparse

    from heirs import Heirs


def parsed(words: str) -> argparse.Namespace:
    """Return the options of `schedule install` with these words."""
    argv = ["schedule", "install", *words.split()]
    return build_parser(argv).parse_args(argv)


def test_each_dataset_is_named_once(tank: Heirs) -> None:
    """--all adds the datasets with a schedule to those that stand on the command line."""
    tank.set("tank/a", {"org.zfstune:schedule": "daily"})
    tank.set("tank/a/b", {"org.zfstune:schedule": "hourly"})
    assert named_datasets(parsed("tank/a/b --all"), tank.seam) == ["tank/a/b", "tank/a"]
    assert named_datasets(parsed("tank"), tank.seam) == ["tank"]


def test_nothing_is_named(tank: Heirs, capsys: pytest.CaptureFixture[str]) -> None:
    """That is a usage error, before the engine is asked."""
    tank.before = pytest.fail
    with pytest.raises(SystemExit, match="2"):
        named_datasets(parsed(""), tank.seam)
    assert "name a DATASET, a --role or --all" in capsys.readouterr().err


def test_a_dataset_that_is_taken_along(
    tank: Heirs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role's dataset is left to the schedule above it, but not one that was typed."""
    monkeypatch.setattr(
        schedule_targets,
        "taken_along_with",
        lambda _, dataset: "tank/a" if dataset.name == "tank/a/b" else "",
    )
    names = ["tank/a", "tank/a/b"]
    assert without_taken_along(parsed("--role web"), tank.seam, names) == ["tank/a"]
    assert "left 'tank/a/b' to the schedule of 'tank/a'" in capsys.readouterr().err
    assert without_taken_along(parsed("tank/a/b"), tank.seam, names) == names
    assert capsys.readouterr().err == ""
