"""``zfstune schedule``: options that belong together, and units in a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from zfstune.cli import schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("install", "name a DATASET, a --role or --all"),
        ("remove", "name a DATASET, a --role or --all"),
        ("run --once snapshot", "--once JOB and DATASET go together"),
        ("run tank/a", "--once JOB and DATASET go together"),
        ("run --if-due", "--if-due goes with --once"),
        ("run --once nothing tank/a", "invalid choice"),
    ],
)
def test_options_that_belong_together(
    run: Run, tank: Heirs, words: str, reason: str
) -> None:
    """A usage error says which option is missing, below the usage of the action."""
    status, out, err = run("schedule", *words.split())
    assert (status, out) == (2, "")
    assert err.startswith(f"usage: zfstune schedule {words.split(maxsplit=1)[0]} ")
    assert reason in err
    assert tank.calls == []


def test_units_are_written_and_removed(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """A dry run writes none; install stores the schedule, and remove takes it back."""
    words = ("tank/a", "--dir", str(tmp_path))
    every = ("--every", "daily", "--no-prune")
    status, out, _ = run("schedule", "install", *words, *every, "-n")
    assert (status, [*tmp_path.iterdir()]) == (0, [])
    assert "set org.zfstune:schedule=daily on tank/a" in out
    status, out, _ = run("schedule", "install", *words, *every, "--json")
    assert status == 0
    assert json.loads(out)["schedules"] == [{"dataset": "tank/a", "every": "daily"}]
    assert (tmp_path / "zfstune-snapshot-tank-a.timer").exists()
    assert tank.marks["tank/a"] == {"org.zfstune:schedule": "daily"}
    assert run("schedule", "remove", *words)[0] == 0
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    assert tank.marks["tank/a"] == {"org.zfstune:schedule": "none"}


@pytest.mark.usefixtures("_no_zfs")
def test_units_are_removed_without_zfs(run: Run, tmp_path: Path) -> None:
    """A host whose ZFS is gone can still be rid of its timers."""
    status, out, _ = run("schedule", "remove", "--all", "--dir", str(tmp_path))
    assert (status, out) == (0, "nothing to do: no units, and no schedule to change\n")
    assert run("schedule", "remove", "--role", "web", "--dir", str(tmp_path))[0] == 5


def test_an_image_has_no_units(run: Run, tmp_path: Path, tank: Heirs) -> None:
    """Systemd's units work on the kernel's ZFS, so install refuses an image."""
    status, out, err = run("--image", "x.zpool", "schedule", "install", "tank/a")
    assert (status, out) == (1, "")
    assert "hint: `zfstune --image FILE schedule run` does what they do" in err
    assert [*tmp_path.iterdir()] == []
    assert tank.calls == []


def test_the_lines_for_systemd(
    run: Run,
    tank: Heirs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command that systemd needs is a hint, with each timer that was written."""
    monkeypatch.setattr(schedule, "_FOLDER", str(tmp_path))
    monkeypatch.setattr("os.path.isdir", lambda _: True)
    tank.set("tank/a", {"org.zfstune:policy": "keep=5"})
    words = ("schedule", "install", "tank/a", "--every", "daily", "--dir", str(tmp_path))
    _, _, err = run(*words)
    assert err.splitlines()[-1] == (
        "hint: systemctl daemon-reload && systemctl restart "
        "zfstune-snapshot-tank-a.timer zfstune-prune-tank-a.timer"
    )
