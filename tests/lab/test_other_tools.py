"""Other tools prune a dataset, zfstune its twin by what it imported from their settings.

All is real: the tools, their settings, and the ages, since the guest's clock is set to
the time of each snapshot before it is taken and to one and the same time before each
tool runs. Times are whole steps of five minutes, and the tools run a minute after one,
so that no snapshot crosses an edge while a tool is at work; edges to the second are in
tests/unit/retention/test_decision_oracles.py.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release

STEP, HOUR, DAY = 300, 3600, 86400
# Kind, length of its period, and how many of it are kept; three more are taken.
KINDS = {
    "frequently": (900, 3),
    "hourly": (HOUR, 5),
    "daily": (DAY, 4),
    "weekly": (7 * DAY, 3),
    "monthly": (31 * DAY, 2),
    "yearly": (365 * DAY, 1),
}
# An hour and a half after clocks were set, so that hourlies lie on both sides.
MIDNIGHT = datetime(2025, 10, 26, tzinfo=UTC)
CHANGES = {
    "set back": MIDNIGHT + timedelta(hours=2, minutes=31),
    "set forward": datetime(2026, 3, 29, 2, 31, tzinfo=UTC),
}
# The tools take minutes in a guest: each release has one of the changes.
CHANGE = (1, "set back")
if os.environ.get("ZFSTUNE_LAB_RELEASE") != "bookworm":
    CHANGE = (2, "set forward")

SANOID = """\
[{dataset}]
use_template = kept
monthly = 2
[template_kept]
frequently = 3
hourly = 5
daily = 4
weekly = 3
monthly = 9
yearly = 0
autosnap = no
autoprune = yes
"""
PYZNAP = """\
[{dataset}]
frequent = 3
hourly = 5
daily = 4
monthly = 2
yearly = 1
clean = yes
"""
BZFS = {
    "prod": {
        "onsite": {"15minutely": 3, "hourly": 5, "daily": 4, "monthly": 2, "yearly": 0},
        "": {"weekly": 3},
    }
}


@dataclass(frozen=True)
class Tool:
    """A tool: how it names a snapshot, its settings, and how it is told to prune.

    `mine` begins the imported policy where the settings do not say whose snapshots
    they are for. `zone` is the host's; most tools do not go by it.
    """

    name: Callable[[str, datetime], str]
    settings: str
    argv: tuple[str, ...]
    mine: str = ""
    zone: str = "Europe/Berlin"


def autosnap(kind: str, when: datetime) -> str:
    """Give sanoid's name."""
    return f"autosnap_{when:%Y-%m-%d_%H:%M:%S}_{kind}"


def pyznap(kind: str, when: datetime) -> str:
    """Give pyznap's name; a year old, those of sanoid, which it takes for its own."""
    prefix = "autosnap" if kind == "yearly" else "pyznap"
    short = "frequent" if kind == "frequently" else kind
    return f"{prefix}_{when:%Y-%m-%d_%H:%M:%S}_{short}"


def bzfs(kind: str, when: datetime) -> str:
    """Give bzfs's name, of weeklies one without a target."""
    target = "" if kind == "weekly" else "onsite_"
    short = "15minutely" if kind == "frequently" else kind
    return f"prod_{target}{when:%Y-%m-%d_%H:%M:%S}_{short}"


TOOLS = {
    "sanoid": Tool(
        autosnap,
        SANOID,
        (
            *("sanoid", "--prune-snapshots", "--configdir", "{folder}"),
            *("--cache-dir", "{folder}/cache", "--run-dir", "{folder}/run"),
        ),
    ),
    "pyznap": Tool(pyznap, PYZNAP, ("pyznap", "--config", "{file}", "snap", "--clean")),
    "bzfs": Tool(
        bzfs,
        repr(BZFS),
        (
            *("bzfs", "dummy", "{dataset}", "--skip-replication", "--delete-dst-snapshots"),
            *("--delete-dst-snapshots-except-plan", "{settings}"),
            *("--no-privilege-elevation", "--log-dir", "{folder}/bzfs-logs"),
        ),
    ),
    "zfs-autobackup": Tool(
        lambda _, when: f"it-{when:%Y%m%d%H%M%S}",
        "3,1h5h,1d4d,1w1m,1m1y",
        (
            "zfs-autobackup",
            "--no-snapshot",
            "--keep-source",
            "{settings}",
            "--snapshot-format",
            "it-%Y%m%d%H%M%S",
            "{group}",
        ),
        mine="match=it-* ",
        zone="UTC",
    ),
}


@pytest.fixture
def set_clock() -> Iterator[Callable[[float], None]]:
    """Give the function that sets the guest's clock; it goes right again afterwards."""
    began, wall = time.monotonic(), time.time()
    yield lambda when: time.clock_settime(time.CLOCK_REALTIME, when)
    time.clock_settime(time.CLOCK_REALTIME, wall + time.monotonic() - began)


def history(seed: int, now: int) -> list[tuple[int, str]]:
    """Give times and kinds as timers leave them: late or early, with days of nothing."""
    random = Random(seed)  # noqa: S311 (to repeat, not to surprise)
    outages = [(random.randrange(1, 60) * 6 * HOUR, random.randrange(DAY)) for _ in "123"]
    taken = set()
    for kind, (period, kept) in KINDS.items():
        for number in range(kept + 3):
            jitter = random.randrange(-2, 3) * STEP if kind != "frequently" else 0
            age = max(number * period + jitter, 0)
            if not any(begin <= age <= begin + length for begin, length in outages):
                taken.add(((now - age) // STEP * STEP, kind))
    return sorted(taken)


def take(
    engine: Engine,
    set_clock: Callable[[float], None],
    twins: dict[str, tuple[str, str]],
    times: list[tuple[int, str]],
) -> None:
    """Take the snapshots of all tools, each under its own name and on both twins."""
    there: set[str] = set()
    for when, kind in times:
        set_clock(when)
        stamp = datetime.fromtimestamp(when, UTC)
        names = {
            f"{dataset}@{TOOLS[tool].name(kind, stamp)}"
            for tool, both in twins.items()
            for dataset in both
        }
        engine.take_snapshots(sorted(names - there))
        there |= names
    for both in twins.values():
        engine.take_snapshots([f"{dataset}@manual" for dataset in both])


def left(engine: Engine, dataset: str) -> set[str]:
    """Give the short names of what a dataset has."""
    return {s.short_name for s in engine.snapshots(dataset)}


def prune(
    tool: Tool, twins: tuple[str, str], folder: Path, now: Callable[[], None]
) -> None:
    """Let the tool prune the one, and zfstune the other by the tool's settings."""
    theirs, ours = twins
    folder.mkdir()
    words = {
        "{dataset}": theirs,
        "{group}": theirs.split("/")[1],
        "{folder}": str(folder),
        "{file}": str(folder / "sanoid.conf"),
        "{settings}": tool.settings,
    }
    settings, *argv = (_filled(text, words) for text in (tool.settings, *tool.argv))
    (folder / "sanoid.conf").write_text(settings, "utf-8")
    # pyznap copies its first settings with it; newer setuptools have it no more
    (folder / "pkg_resources.py").write_text("resource_string = None\n", "utf-8")
    now()
    env = os.environ | {"TZ": tool.zone, "PYTHONPATH": str(folder)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    now()
    line = ["zfstune", "policy", "import", tool.argv[0], words["{file}"]]
    told = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    command = command_for(theirs, told)
    command[-2:] = [ours, tool.mine + command[-1]]
    subprocess.run(command, capture_output=True, check=True)
    consent = ["--all-of-them"] if "--all-of-them" in command else []
    subprocess.run(["zfstune", "prune", "--force", *consent, ours], check=True)


def command_for(dataset: str, told: str) -> list[str]:
    """Give the command that an import printed for a dataset, as words.

    Settings that name no dataset come as a comment, with DATASET for the name.
    """
    lines = [shlex.split(line.removeprefix("# ")) for line in told.splitlines()]
    [command] = [words for words in lines if words[-2] in (dataset, "DATASET")]
    return command


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def twin(engine: Engine, dataset: str, name: str) -> tuple[str, str]:
    """Make two datasets, the first one selected for zfs-autobackup."""
    theirs, ours = f"{dataset}/{name}", f"{dataset}/{name}-twin"
    engine.create(theirs, properties={f"autobackup:{dataset.split('/')[1]}": "true"})
    engine.create(ours)
    return theirs, ours


@pytest.mark.parametrize(("seed", "change"), [CHANGE])
def test_the_same_is_left(
    *,
    dataset: str,
    engine: Engine,
    set_clock: Callable[[float], None],
    tmp_path: Path,
    seed: int,
    change: str,
) -> None:
    """Whatever was taken when, by whichever tool, and whatever the clocks did."""
    now = int(CHANGES[change].timestamp())
    twins = {tool: twin(engine, dataset, tool) for tool in TOOLS}
    take(engine, set_clock, twins, history(seed, now))
    for name, both in twins.items():
        before = left(engine, both[0])
        prune(TOOLS[name], both, tmp_path / name, lambda: set_clock(now))
        kept, ours = (left(engine, each) for each in both)
        assert kept == ours, name
        assert 5 < len(kept) < len(before) - 5, name
        assert ("manual" in kept) == (name != "bzfs"), name


@pytest.mark.parametrize(
    ("zone", "options", "schedule", "minutes", "lost"),
    [
        # two o'clock comes twice, and has had its snapshot when it comes again
        ("Europe/Berlin", (), "1,1h1d", [10, 45, 80, 130], {80}),
        # four hours west of UTC all is four hours older
        ("America/New_York", ("--utc",), "1,1h6h", range(-200, 101, 60),
         {-200, -140, -80, -20}),
    ],
)  # fmt: skip
def test_what_zfs_autobackup_loses_by_the_wall(
    *,
    dataset: str,
    engine: Engine,
    set_clock: Callable[[float], None],
    tmp_path: Path,
    zone: str,
    options: tuple[str, ...],
    schedule: str,
    minutes: Iterable[int],
    lost: set[int],
) -> None:
    """Zones of names make it differ as the notes of the import say, and in that alone."""
    known = TOOLS["zfs-autobackup"]
    tool = replace(known, settings=schedule, zone=zone, argv=(*known.argv, *options))
    both = twin(engine, dataset, "wall")
    named = UTC if options else ZoneInfo(zone)
    shorts = {}
    for minute in minutes:
        when = MIDNIGHT + timedelta(minutes=minute)
        shorts[minute] = f"it-{when.astimezone(named):%Y%m%d%H%M%S}"
        set_clock(when.timestamp())
        engine.take_snapshots([f"{each}@{shorts[minute]}" for each in both])
    prune(tool, both, tmp_path / "wall", lambda: set_clock(CHANGES["set back"].timestamp()))
    theirs, ours = (left(engine, each) for each in both)
    assert ours - theirs == {shorts[minute] for minute in lost}
    assert theirs < ours
