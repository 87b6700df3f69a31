"""Timers while clocks change under a real systemd, as root in a guest of the lab.

The clock is walked over two nights: midnight does not exist in Cairo on 30 April 2027, and
02:00 comes twice in Berlin on 31 October. (`year.py` has a night without its 02:05.)
Before each instant at which a timer fires the clock is set to just before it.
Each night prints a line with day and hour, in UTC, of the snapshots that are there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path("/etc/systemd/system")
# Seconds to wait for what systemd does by itself; emulation is slow.
PATIENCE = 120


def run(line: str) -> str:
    """Run a command line; give what it printed."""
    done = subprocess.run(line.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{line}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def ended(service: str) -> str:
    """Give when a service last ended, by the clock that nobody sets."""
    show = f"systemctl show {service} -p ExecMainExitTimestampMonotonic --value"
    return run(show).strip()


def install(name: str, every: str, zone: str, clock: str) -> str:
    """Have a dataset's snapshots taken; give the name of the service."""
    run(f"zfs create tank/{name}")
    run(f"zfstune policy set tank/{name} keep=99 tz={zone}")
    run(f"date -u --set {clock}")
    run(f"zfstune schedule install tank/{name} --every {every}")
    unit = f"zfstune-snapshot-tank-{name}"
    # what an administrator would change goes in a drop-in
    folder = UNITS / f"{unit}.timer.d"
    folder.mkdir()
    (folder / "soon.conf").write_text("[Timer]\nRandomizedDelaySec=0\n")
    run("systemctl daemon-reload")
    run(f"systemctl start {unit}.timer")
    return f"{unit}.service"


def fire(service: str, clock: str) -> None:
    """Let the timer elapse at a minute, and wait until its service has run."""
    before = ended(service)
    began = time.monotonic()
    run(f"date -u --set {clock}")
    while ended(service) in (before, "", "0"):  # 0: it runs right now
        if time.monotonic() > began + PATIENCE:
            timer = service.replace(".service", ".timer")
            sys.exit(
                f"{service} did not run after {clock}\n"
                + run(f"systemctl show {timer} -p NextElapseUSecRealtime,SubState")
                + run(f"journalctl --no-pager -u {service} -u {timer}")
            )
        time.sleep(0.5)


def taken(name: str) -> str:
    """Give day and hour of a dataset's snapshots, as their names say."""
    names = run(f"zfs list -H -o name -s createtxg -t snapshot tank/{name}").split()
    stamps = [short.partition("@zfstune-")[2] for short in names]
    return " ".join(f"{stamp[6:8]}T{stamp[9:11]}" for stamp in stamps)


def day_without_its_midnight() -> None:
    """Walk over the day that begins at 01:00 in Cairo."""
    service = install("day", "4h", "Africa/Cairo", "2027-04-29T12:10:00")
    for clock in ("29T13", "29T17", "29T21", "30T01", "30T05"):
        fire(service, f"2027-04-{clock}:59:58")
    print("a day:", taken("day"), flush=True)
    run("systemctl stop zfstune-snapshot-tank-day.timer")


def hour_that_comes_twice() -> None:
    """Walk over the two hours of Berlin that are both called 02:00."""
    service = install("hours", "hourly", "Europe/Berlin", "2027-10-30T22:10:00")
    for clock in ("30T22", "30T23", "31T00", "31T01"):
        fire(service, f"2027-10-{clock}:59:58")
    print("hours:", taken("hours"), flush=True)
    run("zfstune check tank/hours")


if __name__ == "__main__":
    [disk, *_] = os.environ["ZFSTUNE_LAB_DISKS"].split()
    run(f"zpool create -O mountpoint=none tank {disk}")
    day_without_its_midnight()
    hour_that_comes_twice()
