"""Timers under a real systemd, in a guest of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from guest_report import DEFAULT_RELEASES
from lots import days, tally

HERE = Path(__file__).resolve().parent
RUN = HERE.parent / "lab" / "run"

# The nights before, of and after the one on which Berlin's clocks go forward. A year from
# the autumn has both changes of the clocks, and a leap day.
FIRST_OF_FEW, FEW = "2027-03-27", 3
FIRST_OF_MANY = "2027-10-01"
BOOT_S = 900
# Six runs of services; a busy machine takes half a minute for them.
DAY_S = 60


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a guest of each release that the lab's tests run on; one for the clock."""
    releases = metafunc.config.getoption("release") or DEFAULT_RELEASES
    if metafunc.function is not test_a_schedule_goes_round:
        # minutes long; what systemd makes of the lines is held on the host as well
        releases = releases[:1]
    metafunc.parametrize("release", releases)


def in_a_guest(release: str, script: str, *words: str, limit_s: int = BOOT_S) -> list[str]:
    """Run a script of this folder in a guest that runs systemd; give what it printed."""
    guest = ["--release", release, "--systemd", "--disk", "1G", "--timeout", str(limit_s)]
    done = subprocess.run(
        [str(RUN), *guest, "--", "python3", f"tests/systemd/{script}", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.guest
@pytest.mark.timeout(1000)
def test_a_schedule_goes_round(release: str) -> None:
    """Snapshots, pruning, a failure that somebody is told of, and the end of it all."""
    told = in_a_guest(release, "cycle.py")
    assert told[:4] == [
        "the timer took a snapshot",
        "the timer pruned",
        "the service replicated",
        "a run without the pool failed",
    ]
    assert "zfstune-snapshot-tank-data-www" in told[4]
    assert told[5] == "the loop did it without systemd"
    assert told[6].startswith("all was removed")


@pytest.mark.guest
@pytest.mark.timeout(1000)
def test_no_clock_change_loses_a_snapshot(release: str) -> None:
    """One a fourth of a day, and one an hour, whatever a clock on the wall shows."""
    assert in_a_guest(release, "clock_changes.py") == [
        "a day: 29T14 29T18 29T22 30T02 30T06",
        "hours: 30T23 31T00 31T01 31T02",
    ]


@pytest.mark.guest
@pytest.mark.timeout(BOOT_S + DAY_S * days(FEW) + 100)
def test_each_day_has_what_the_policies_say(release: str) -> None:
    """Source and copy have exactly these snapshots after each day, and nothing grows."""
    count = days(FEW)
    first = FIRST_OF_FEW if count == FEW else FIRST_OF_MANY
    limit_s = BOOT_S + DAY_S * count
    told = in_a_guest(release, "year.py", first, str(count), limit_s=limit_s)
    assert told[-1] == f"{count} days are as they should be"
    tally(days=count)
