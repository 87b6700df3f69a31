"""Timers under a real systemd, in a guest of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from guest_report import DEFAULT_RELEASES

HERE = Path(__file__).resolve().parent
RUN = HERE.parent / "lab" / "run"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a guest of each release that the lab's tests run on; one for the clock."""
    releases = metafunc.config.getoption("release") or DEFAULT_RELEASES
    if metafunc.function is test_no_clock_change_loses_a_snapshot:
        # minutes long; what systemd makes of the lines is held on the host as well
        releases = releases[:1]
    metafunc.parametrize("release", releases)


def in_a_guest(release: str, script: str) -> list[str]:
    """Run a script of this folder in a guest that runs systemd; give what it printed."""
    argv = [str(RUN), "--release", release, "--systemd", "--disk", "1G", "--timeout", "900"]
    done = subprocess.run(
        [*argv, "--", "python3", f"tests/systemd/{script}"],
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
    """One a night, a fourth of a day and an hour; a first where a night never had one."""
    assert in_a_guest(release, "clock_changes.py") == [
        "a night: 27T00 27T01 28T01 29T00",
        "a day: 29T14 29T18 29T22 30T02 30T06",
        "hours: 30T23 31T00 31T01 31T02",
    ]
