"""Timers under a real systemd, in a guest of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from guest_report import DEFAULT_RELEASES

HERE = Path(__file__).resolve().parent
RUN = HERE.parent / "lab" / "run"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a guest of each release that the lab's tests run on."""
    releases = metafunc.config.getoption("release") or DEFAULT_RELEASES
    metafunc.parametrize("release", releases)


@pytest.mark.guest
@pytest.mark.timeout(600)
def test_a_schedule_goes_round(release: str) -> None:
    """Snapshots, pruning, a failure that somebody is told of, and the end of it all."""
    argv = [str(RUN), "--release", release, "--systemd", "--disk", "1G", "--timeout", "500"]
    done = subprocess.run(
        [*argv, "--", "python3", "tests/systemd/cycle.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert told[:3] == [
        "the timer took a snapshot",
        "the timer pruned",
        "a run without the pool failed",
    ]
    assert "zfstune-snapshot-tank-data-www" in told[3]
    assert told[4] == "the loop did it without systemd"
    assert told[5].startswith("all was removed")
