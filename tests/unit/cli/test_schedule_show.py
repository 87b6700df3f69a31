"""``zfstune schedule show``: schedules, timers, runs, and policies that do not fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_schedule_without_timers(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The row of the schedule has a dash for timers and for runs without a note."""
    tank.set("tank/a", {"org.zfstune:schedule": "daily", "org.zfstune:policy": "daily=30"})
    words = ("schedule", "show", "--dir", str(tmp_path), "--state", str(tmp_path))
    status, out, _ = run(*words, "-H")
    assert status == 0
    assert out == "tank/a\tdaily\tdaily=30\t-\t-\t-\t-\t-\n"
    [row] = json.loads(run(*words, "--json")[1])["schedules"]
    assert row["datasets"] == ["tank/a", "tank/a/b"]
    assert row["runs"] == {"snapshot": None, "replicate": None, "prune": None}
    assert row["replicates_to"] == []


def test_a_policy_that_does_not_fit(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The warning has the command that stores a policy which fits."""
    tank.set("tank/a", {"org.zfstune:schedule": "hourly", "org.zfstune:policy": "daily=30"})
    words = ("schedule", "show", "--dir", str(tmp_path), "--state", str(tmp_path))
    status, _, err = run(*words)
    assert status == 0
    assert "hint: zfstune policy set tank/a " in err


def test_a_schedule_that_cannot_be_read(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The schedule is named, and the status says that the list is not whole."""
    tank.set("tank/a", {"org.zfstune:schedule": "now and then"})
    words = ("schedule", "show", "--dir", str(tmp_path), "--state", str(tmp_path))
    status, out, err = run(*words, "-H")
    assert (status, out) == (3, "")
    assert "'tank/a'" in err
