"""The text of systemd's units: names, command lines and times."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from scheduled_units import BERLIN, COMMAND, HOURLY, cadence, units
from zfstune.schedules.unit_text import Unit, escape, hook_of, owner_of, units_for
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_systemds(tmp_path: Path) -> None:
    """Names of datasets are escaped as by systemd-escape; long ones end in a digest."""
    for name in ("tank", "tank/data/www", "tank/a-b_c.d:e f", "tank/.hidden"):
        words = ["systemd-escape", name]
        assert escape(name) == subprocess.check_output(words, text=True).rstrip("\n")
    long = [f"tank/{'x-' * 120}{end}" for end in "ab"]
    assert len({escape(name) for name in long}) == 2
    assert all(len(f"zfstune-snapshot-{escape(name)}.service") < 256 for name in long)


def test_the_command_line_is_quoted() -> None:
    """Blanks, percent and dollar signs reach the program unchanged."""
    [unit, *_] = units_for(
        "tank/my data", HOURLY, UTC, ("/opt/a b/$x%", "-m"), prunes=False
    )
    [line] = re.findall(r"^ExecStart=(.*)", unit.text, re.MULTILINE)
    assert line == ('"/opt/a b/$$x%%" -m schedule run --once snapshot "tank/my data"')


def test_timers_are_in_utc_and_runs_look_whether_they_are_due() -> None:
    """A timer has one line for each offset of the zone if it goes by the wall clock."""
    daily = cadence("daily@02:05")
    wanted = units_for("tank", daily, BERLIN, COMMAND, prunes=True)
    service, timer, pruning, later = (unit.text for unit in wanted)
    assert "OnCalendar=*-*-* 00:05:00 UTC\nOnCalendar=*-*-* 01:05:00 UTC\n" in timer
    assert "OnCalendar=*-*-* 00:35:00 UTC\nOnCalendar=*-*-* 01:35:00 UTC\n" in later
    assert "Description=Take snapshots of tank, daily@02:05 Europe/Berlin\n" in timer
    assert "schedule run --once snapshot --if-due tank\n" in service
    assert "schedule run --once prune --if-due tank\n" in pruning
    service, timer, *_ = (
        unit.text for unit in units_for("tank", daily, UTC, COMMAND, prunes=True)
    )
    assert "OnCalendar=*-*-* 02:05:00 UTC\nPersistent=yes\n" in timer
    assert "schedule run --once snapshot tank\n" in service


def test_a_partly_failed_prune_is_a_failed_unit() -> None:
    """Only status 0 is a success, so that OnFailure= is started."""
    assert all("SuccessExitStatus" not in unit.text for unit in units())


def test_no_prune_no_units_for_it() -> None:
    """A schedule that never prunes has no units for pruning."""
    assert [unit.name for unit in units(prunes=False)] == [
        "zfstune-snapshot-tank-a\\x2db.service",
        "zfstune-snapshot-tank-a\\x2db.timer",
    ]


@pytest.mark.parametrize(
    "hook", ["alert", "alert.timer", ".service", "a b.service", "a\nb.service"]
)
def test_a_hook_is_a_unit(hook: str) -> None:
    """A text that is no unit's name does not get into a unit."""
    with pytest.raises(InvalidValue, match="on a failure"):
        units(on_failure=hook)


def test_a_unit_names_its_dataset_and_its_hook() -> None:
    """The mark on the first line tells the dataset, and a service names its hook."""
    for unit in units("tank/a b", on_failure="alert@%n.service"):
        assert owner_of(unit.text) == "tank/a b"
        is_service = unit.name.endswith(".service")
        assert hook_of(unit.text) == ("alert@%n.service" if is_service else "")
        assert unit.enabled != is_service
    assert owner_of(Unit("x.timer", "[Timer]\n# zfstune schedule: tank\n").text) is None
    assert hook_of(units()[0].text) == ""
