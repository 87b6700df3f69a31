"""Whole commands that are killed at random moments, and what must be true after that.

Each scenario makes datasets of its own below a root, names the command that works on
them, and says what that command may destroy and how it must have ended. Beside the root
stands a dataset that no command is about. The scenarios are in `killed_scenarios`,
`killed_longer` and `killed_on_kernels`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lots import tally
from process_groups import wait_until_ended
from zfstune.engine.image import ImageEngine
from zfstune.engine.open import open_engine
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from zfstune.engine.protocol import Engine

__all__ = [
    "OURS",
    "OWN",
    "VOLUME",
    "Ground",
    "Scenario",
    "beside",
    "lap",
    "shorts",
    "snapshots",
    "survive",
    "tree",
]

Result = TypeVar("Result")

OWN = {SNAPSHOT_PROPERTY: "auto"}
OURS = "zfstune-20260101T00000"
VOLUME = {"volsize": "8M"}
# A command that hangs after a kill is a finding; no guest is slower than that.
LIMIT_S = 300


@dataclass
class Ground:
    """A pool, and the files beside it.

    Attributes:
        pool: The name of the pool.
        folder: For the files of commands.
        image: The pool's file; None: it is the kernel's.
        limits: Words of prlimit(1) that commands are started with.
    """

    pool: str
    folder: Path
    image: Path | None = None
    limits: tuple[str, ...] = ()

    def open(self) -> Engine:
        """Open the pool."""
        return ImageEngine(self.image) if self.image else open_engine()

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command, at the head of a group of processes of its own."""
        image = ("--image", str(self.image)) if self.image else ()
        return subprocess.Popen(
            [*self.limits, sys.executable, "-m", "zfstune", *image, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, status: Sequence[int] = (0,)) -> str:
        """Run a command to its end; give what it printed."""
        child = self.start(*words)
        printed, _ = child.communicate(timeout=LIMIT_S)
        assert child.returncode in status, (words, child.returncode, printed)
        return printed

    def kill(self, after: float, *words: str, alone: bool) -> bool:
        """Start a command, and kill it; tell whether the kill came before its end.

        Args:
            after: Seconds until the kill.
            words: The command.
            alone: Kill the command's first process and none of those that it started.
        """
        child = self.start(*words)
        try:
            child.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                (os.kill if alone else os.killpg)(child.pid, signal.SIGKILL)
            child.communicate(timeout=LIMIT_S)
            # Whoever opens an image next waits for its process; for one that works on
            # a kernel nobody waits.
            if self.image is None and wait_until_ended(child.pid):
                tally(outlived_by_a_child=1)
        return child.returncode == -signal.SIGKILL


@dataclass
class Seen:
    """All that a pool has, to compare one moment with another.

    Attributes:
        guids: The guid of each dataset, snapshot and bookmark by name.
        holds: The tags of each snapshot that is held.
    """

    guids: dict[str, int] = field(default_factory=dict)
    holds: dict[str, tuple[str, ...]] = field(default_factory=dict)


def look(engine: Engine, pool: str) -> Seen:
    """Read all that a pool has."""
    seen = Seen()
    for dataset in engine.datasets(pool):
        seen.guids[dataset.name] = dataset.guid
        for name, bookmark in engine.bookmarks(dataset.name).items():
            seen.guids[name] = bookmark.guid
        for snapshot in engine.snapshots(dataset.name, properties=True):
            seen.guids[snapshot.name] = snapshot.guid
            if snapshot.value("userrefs") not in (None, "0"):
                seen.holds[snapshot.name] = tuple(sorted(engine.holds(snapshot.name)))
    return seen


@dataclass(frozen=True)
class Scenario:
    """A command, and what is asked of it.

    Attributes:
        verb: Its name.
        make: Makes what it works on, below a root; the root itself is there.
        words: The command, for a root.
        check: Looks at the pool after a run to the end.
        may_go: Which of the names that were there before it may destroy.
        intact: Looks at what no run may lose, also right after a kill.
        holds: The holds that a run to the end leaves beside those that were there.
        again: The statuses of a second run, which finds all done.
        keeps: Whether a second run leaves the pool as it is.
    """

    verb: str
    make: Callable[[Ground, Engine, str], None]
    words: Callable[[Ground, str], tuple[str, ...]]
    check: Callable[[Ground, Engine, str], None]
    may_go: Callable[[str, str], bool] = lambda _name, _root: False
    intact: Callable[[Ground, Engine, str], None] = lambda _ground, _engine, _root: None
    holds: Callable[[str], Mapping[str, tuple[str, ...]]] = lambda _root: {}
    again: tuple[int, ...] = (0,)
    keeps: bool = True


def bystander(engine: Engine, pool: str) -> None:
    """Make a dataset with snapshots, a hold, a bookmark and a clone of its own."""
    name = f"{pool}/bystander"
    if engine.exists(name):
        return
    engine.create(name, properties=VOLUME, volume=True)
    for number in range(3):
        engine.take_snapshots([f"{name}@{OURS}{number}Z"], properties=OWN)
    engine.hold([f"{name}@{OURS}0Z"], "mine")
    engine.bookmark(f"{name}@{OURS}1Z", f"{name}#mine")
    engine.clone(f"{name}@{OURS}2Z", f"{pool}/bystander-clone")


def survive(ground: Ground, scenario: Scenario, kills: int, random: Random) -> int:
    """Kill a command at random moments, each time on datasets made anew.

    Returns:
        The number of kills that came before the command's end.
    """
    began = time.monotonic()
    lap(ground, scenario, f"{ground.pool}/{scenario.verb}", ground.run)
    # Half of it, since a lap runs the command twice.
    lasts = (time.monotonic() - began) / 2
    early = 0
    for number in range(kills):
        moment = lasts * (number + random.random()) / kills
        kill = partial(ground.kill, moment, alone=number % 2 == 0)
        early += lap(ground, scenario, f"{ground.pool}/{scenario.verb}-{number}", kill)
    return early


def lap(
    ground: Ground, scenario: Scenario, root: str, disturb: Callable[..., Result]
) -> Result:
    """Disturb a command, then have it end, and run it once more.

    Args:
        ground: The pool.
        scenario: The command.
        root: A dataset that is not there yet, for what the command works on.
        disturb: Called with the words of the command, which it does not let end in peace.

    Returns:
        What `disturb` returned.
    """
    with ground.open() as engine:
        bystander(engine, ground.pool)
        engine.create(root)
        scenario.make(ground, engine, root)
        before = look(engine, ground.pool)
    words = scenario.words(ground, root)
    result = disturb(*words)
    with ground.open() as engine:
        _nothing_lost(scenario, root, before, look(engine, ground.pool))
        scenario.intact(ground, engine, root)
    ground.run(*words, status=(0, *scenario.again))
    with ground.open() as engine:
        after = look(engine, ground.pool)
        _nothing_lost(scenario, root, before, after)
        scenario.intact(ground, engine, root)
        scenario.check(ground, engine, root)
        gone = before.guids.keys() - after.guids.keys()
        kept = {name: tags for name, tags in before.holds.items() if name not in gone}
        assert after.holds == {**kept, **scenario.holds(root)}
        assert not [name for name in after.guids if name.rpartition("/")[2][0] == "%"]
        assert _drafts_in(ground.folder) == []
    ground.run(*words, status=scenario.again)
    with ground.open() as engine:
        settled = look(engine, ground.pool)
        assert not scenario.keeps or settled == after
        assert settled.holds == after.holds
    return result


def _nothing_lost(scenario: Scenario, root: str, before: Seen, after: Seen) -> None:
    """See that all is there but what the command may destroy, and is what it was."""
    for name, guid in before.guids.items():
        own = f"{name}/".startswith((f"{root}/", f"{root}@"))
        if after.guids.get(name) != guid:
            assert own, name
            assert scenario.may_go(name, root), name


def beside(ground: Ground, root: str, suffix: str) -> Path:
    """Give the path of a file or folder of one scenario."""
    return ground.folder / f"{root.replace('/', '-')}.{suffix}"


def _drafts_in(folder: Path) -> list[Path]:
    """Give the drafts that lie in a folder and those below it."""
    return sorted(folder.rglob(".*.new"))


def tree(engine: Engine, root: str) -> None:
    """Make two volumes below a root."""
    for name in ("a", "b"):
        engine.create(f"{root}/{name}", properties=VOLUME, volume=True)


def snapshots(engine: Engine, root: str) -> None:
    """Make two volumes with four snapshots of zfstune's each, and one of somebody's."""
    tree(engine, root)
    for number in range(4):
        names = [f"{root}/{name}@{OURS}{number}Z" for name in ("a", "b")]
        engine.take_snapshots(names, properties=OWN)
    engine.take_snapshots([f"{root}/a@by-hand"])


def shorts(engine: Engine, dataset: str) -> list[str]:
    """Give the names of a dataset's snapshots, from the oldest on."""
    return [snapshot.short_name for snapshot in engine.snapshots(dataset)]
