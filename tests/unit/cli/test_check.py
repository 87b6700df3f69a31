"""``zfstune check``: one line and the statuses of monitoring plugins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_nothing_has_a_schedule(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """It is UNKNOWN, not OK: somebody expects snapshots here."""
    status, out, err = run("check", "--state", str(tmp_path))
    assert (status, err) == (3, "")
    assert out.startswith("ZFSTUNE UNKNOWN: ")
    assert out.count("\n") == 1
    assert tank.calls == []


@pytest.mark.usefixtures("_no_zfs")
def test_no_zfs_is_unknown(run: Run) -> None:
    """A plugin prints its error as its one line, also as JSON."""
    assert run("check") == (3, "ZFSTUNE UNKNOWN: cannot use ZFS: there is none\n", "")
    status, out, _ = run("check", "--json")
    assert (status, json.loads(out)["status"]) == (3, "UNKNOWN")


@pytest.mark.parametrize(
    "words", [("-w", "soon"), ("-c", "1h", "-w", "2h"), ("-c", "never")]
)
def test_ages_that_make_no_sense(run: Run, tank: Heirs, words: tuple[str, ...]) -> None:
    """They are UNKNOWN, before any dataset is read."""
    tank.before = pytest.fail
    status, out, _ = run("check", *words)
    assert status == 3
    assert out.startswith("ZFSTUNE UNKNOWN: cannot ")


def test_an_old_snapshot_is_critical(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """A snapshot of a past year is long overdue; JSON has the figures."""
    tank.set("tank/a", {"org.zfstune:schedule": "hourly"})
    words = ("check", "tank/a", "--state", str(tmp_path))
    tank.take("tank/a", [24 * 365])
    status, out, _ = run(*words)
    assert (status, out.split(":")[0]) == (2, "ZFSTUNE CRITICAL")
    found = json.loads(run(*words, "--json")[1])
    assert found["status"] == "CRITICAL"
    assert found["datasets"][0]["snapshots"] == 1
    assert found["datasets"][0]["interval_s"] == 3600
