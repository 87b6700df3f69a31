"""A host that lives for many days, as root in a guest of the lab that runs systemd.

    python3 tests/systemd/year.py FIRST-DAY DAYS

The timers of one schedule take a snapshot a night, replicate it and prune; the copy is
pruned once a day, as a line of cron would. Nobody waits: before each instant at which a
timer fires, as systemd itself tells, the clock is set to just before it.

After each day the snapshots on both sides are compared with `expected`, which knows
nothing of zfstune: it goes by the calendar and by the words of the policy. What may not
grow is counted as well. Each month prints a line, and the first day that is not as
expected ends the script.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")
SOURCE, COPY = "tank/www", "tank/copy"
# Newest so many of all, and the first of each of the newest so many weeks and months.
RULES = {SOURCE: (10, 5, 6), COPY: (20, 0, 6)}
UNITS = Path("/etc/systemd/system")
JOBS = ("snapshot", "replicate", "prune")
TIMERS = [f"zfstune-{job}-tank-www.timer" for job in JOBS]
STAMP = "%Y-%m-%d %H:%M:%S"
# Seconds to wait for what systemd does by itself; emulation is slow.
PATIENCE = 240
# After so many days as many snapshots are there as the policies will ever keep.
SETTLED_DAYS = 200


def run(line: str) -> str:
    """Run a command line; give what it printed."""
    done = subprocess.run(line.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{line}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def instant(day: date) -> datetime:
    """Give when a night's snapshot is taken: 02:05 in Berlin, whatever the clocks do.

    Where 02:05 comes twice it is the first; where it is skipped, the offset before
    the change counts. Both is what fold=0 means.
    """
    wall = datetime(day.year, day.month, day.day, 2, 5, tzinfo=BERLIN, fold=0)
    return wall.astimezone(UTC)


def expected(taken: list[datetime], rules: tuple[int, int, int]) -> list[datetime]:
    """Give the snapshots that are there, by the words of the policy."""
    newest, weeks, months = rules

    def firsts(period: Callable[[datetime], object], count: int) -> list[datetime]:
        found = [next(members) for _, members in groupby(taken, key=period)]
        return found[-count:] if count else []

    def week(at: datetime) -> date:
        day = at.astimezone(BERLIN).date()
        return day - timedelta(days=day.weekday())

    return sorted(
        {
            *taken[-newest:],
            *firsts(week, weeks),
            *firsts(lambda at: f"{at.astimezone(BERLIN):%Y-%m}", months),
        }
    )


def compare(taken: list[datetime]) -> tuple[int, int]:
    """Compare both sides with what should be there; give how many there are."""
    counts = []
    for dataset, rules in RULES.items():
        listed = run(f"zfs list -H -o name -s createtxg -t snapshot {dataset}").split()
        there = [name.partition("@")[2].partition("T") for name in listed]
        found = [f"{day}T{clock[:2]}" for day, _, clock in there]
        wanted = [f"zfstune-{at:%Y%m%dT%H}" for at in expected(taken, rules)]
        if found != wanted:
            sys.exit(f"{taken[-1]}: {dataset} has\n{found}\nand should have\n{wanted}")
        counts.append(len(found))
    return counts[0], counts[1]


def install(first: date) -> None:
    """Make the pool, the schedule with its timers, and the first copy's policy."""
    [disk, *_] = environ["ZFSTUNE_LAB_DISKS"].split()
    run(f"date -u --set {first - timedelta(days=1)}T12:00:00")
    run(f"zpool create -O mountpoint=none tank {disk}")
    run(f"zfs create {SOURCE}")
    newest, weeks, months = RULES[SOURCE]
    policy = f"keep={newest} weekly={weeks} monthly={months} tz=Europe/Berlin"
    run(f"zfstune policy set {SOURCE} {policy}")
    run(f"zfstune schedule install {SOURCE} --every daily@02:05 --replicate {COPY}")
    for timer in TIMERS:  # what an administrator would change goes in a drop-in
        folder = UNITS / f"{timer}.d"
        folder.mkdir()
        (folder / "soon.conf").write_text("[Timer]\nRandomizedDelaySec=0\n")
    run("systemctl daemon-reload")
    run(f"systemctl start {' '.join(TIMERS)}")


def elapses() -> list[tuple[datetime, str]]:
    """Give when each timer fires next, the earliest first; nothing while one works."""
    told = run(f"systemctl show -p NextElapseUSecRealtime {' '.join(TIMERS)}").splitlines()
    stamps = [line.partition("=")[2] for line in told if line]
    if not all(stamps):
        return []
    # as "Mon 2028-02-28 00:05:00 UTC"; the zone of a guest is UTC
    instants = [
        datetime.strptime(stamp[4:-4], STAMP).replace(tzinfo=UTC) for stamp in stamps
    ]
    return sorted(zip(instants, TIMERS, strict=True))


def ended(service: str) -> tuple[str, str]:
    """Give when a service last ended, by the clock that nobody sets, and its result."""
    show = f"systemctl show {service} -p ExecMainExitTimestampMonotonic -p Result"
    facts = dict(line.split("=", 1) for line in run(show).splitlines())
    return facts["ExecMainExitTimestampMonotonic"], facts["Result"]


def wait(what: str, happened: Callable[[], object]) -> None:
    """Wait for what systemd does by itself."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() > began + PATIENCE:
            sys.exit(f"{what} did not come about\n{run('journalctl --no-pager -n 60')}")
        time.sleep(0.2)


def fire() -> datetime:
    """Let the timer elapse that comes next, wait for its service; give the instant."""
    wait("three timers that wait", elapses)
    (at, timer), *_ = elapses()
    service = timer.replace(".timer", ".service")
    before = ended(service)[0]
    shortly = at - timedelta(seconds=2)
    if shortly > datetime.now(UTC):
        run(f"date -u --set {shortly:%Y-%m-%dT%H:%M:%S}")
    wait(f"a run of {service}", lambda: ended(service)[0] not in (before, "0"))
    if ended(service)[1] != "success":
        sys.exit(f"{service} failed\n{run(f'journalctl --no-pager -u {service}')}")
    return at


def left_over() -> dict[str, int]:
    """Count what may not grow over the days."""
    kept = [
        path.stat().st_size
        for folder in ("/var/lib/zfstune", "/var/cache/zfstune")
        for path in Path(folder).rglob("*")
        if path.is_file()
    ]
    files = Path("/proc/sys/fs/file-nr").read_text(encoding="utf-8").split()
    properties = run(f"zfs get -H -s local -o property all {SOURCE} {COPY}").split()
    return {
        "bookmarks": len(run(f"zfs list -H -o name -t bookmark -r {SOURCE}").split()),
        "files that zfstune keeps": len(kept),
        "bytes in them": sum(kept),
        "properties": len(properties),
        "open files": int(files[0]),
    }


def live(first: date, count: int) -> None:
    """Let the days go by."""
    settled: dict[str, int] = {}
    # What fires first makes up for the night before, of which there is no snapshot.
    taken = [fire()]
    for number in range(1, count + 1):
        day = first + timedelta(days=number - 1)
        # A timer has a line for either half of the year: the wrong one fires as well, and
        # nothing comes of it. The prune of a day comes half an hour after its snapshot.
        while fire() < instant(day) + timedelta(minutes=30):
            pass
        if instant(day) > taken[-1]:
            taken.append(instant(day))
        if number == 1:
            newest, _, months = RULES[COPY]
            policy = f"match=zfstune-* keep={newest} monthly={months} tz=Europe/Berlin"
            run(f"zfstune policy set {COPY} {policy}")
        run(f"zfstune prune {COPY}")
        counts = compare(taken)
        if number == SETTLED_DAYS:
            settled = left_over()
        if (day + timedelta(days=1)).day == 1 or number == count:
            print(f"{day}: {counts[0]} snapshots, {counts[1]} of the copy", flush=True)
    run(f"zfstune check {SOURCE}")
    run("zfstune verify")
    for name, number in left_over().items() if settled else ():
        # A twentieth: names of snapshots and times are not all of the same length.
        if number > settled[name] * 1.05:
            sys.exit(f"{name}: {number}, and {settled[name]} at first")
        print(f"{name}: {number}, and {settled[name]} at first")
    if run("systemctl --failed --no-legend --plain").strip():
        sys.exit(run("systemctl --failed --no-pager"))
    print(f"{count} days are as they should be")


if __name__ == "__main__":
    start = date.fromisoformat(sys.argv[1])
    install(start)
    live(start, int(sys.argv[2]))
