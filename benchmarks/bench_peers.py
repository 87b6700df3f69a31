"""Prune beside the tools that prune: one pool, one scheme of names, one state.

The snapshots are named so that each tool takes them for its own: ``autosnap_``, the
time in UTC, ``_hourly``. They are taken with the clock set back, an hour apart, since
sanoid and bzfs let nothing go that is younger than its count of hours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine.open import open_engine
from zfstune.retention.prune import prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(3600)

KEEP, EACH, DATASETS = 48, 60, 10
HOUR = 3600
FORMAT = "autosnap_%Y-%m-%d_%H:%M:%S_hourly"
GLOB = "autosnap_*_hourly"

YARDSTICK = "library"
COMMA = "zfs list, zfs destroy ds@a,b,..."
PIPELINE = "zfs list | xargs -n1 zfs destroy"
# One process a snapshot: a lap takes long, and they are far away.
SLOW = (PIPELINE, "sanoid", "zfs-autobackup")
LAPS = {
    f"prune {DATASETS} x {EACH} -> {KEEP}, beside others": dict.fromkeys(
        ("library", "pyzfs", "command", COMMA, "bzfs"), 3
    )
    | dict.fromkeys(SLOW, 1)
}
TARGETS = [
    ("library", "pyzfs", 1),
    *(("command", peer, 1) for peer in (COMMA, "bzfs", *SLOW)),
]


class State:
    """A pool of mounted datasets with a snapshot an hour, the same before each run."""

    def __init__(
        self, pool: Any, engine: Engine, folder: Path, scaled: Callable[..., int]
    ) -> None:
        self.pool = pool
        self.engine = engine
        self.folder = folder
        count = scaled(DATASETS, 2)
        self.datasets = [f"{pool.name}/d{number:03}" for number in range(count)]
        for name in self.datasets:
            # what selects a dataset for zfs-autobackup
            engine.create(name, properties={"autobackup:bench": "true"})
            engine.mount(name)
        shorts = self._take()
        self.expected = {f"{n}@{short}" for n in self.datasets for short in shorts[-KEEP:]}
        self._write_settings()
        pool.keep()

    def _take(self) -> list[str]:
        """Take what a timer of the last hours would have; give the names, oldest first."""
        began, wall = time.monotonic(), time.time()
        shorts = []
        try:
            for hours in range(EACH, 0, -1):
                # half an hour off the edges that ages have
                when = wall - hours * HOUR + HOUR / 2
                time.clock_settime(time.CLOCK_REALTIME, when)
                shorts.append(datetime.fromtimestamp(when, UTC).strftime(FORMAT))
                self.engine.take_snapshots([f"{n}@{shorts[-1]}" for n in self.datasets])
        finally:
            time.clock_settime(time.CLOCK_REALTIME, wall + time.monotonic() - began)
        return shorts

    def _write_settings(self) -> None:
        sections = "".join(f"[{name}]\nuse_template = bench\n" for name in self.datasets)
        template = f"[template_bench]\nhourly = {KEEP}\nautoprune = yes\nautosnap = no\n"
        (self.folder / "sanoid.conf").write_text(sections + template, "utf-8")

    def ready(self) -> None:
        """Bring the state about, and what is read of it into memory."""
        self.pool.put_back()
        # sanoid would believe the listing of its last run
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        for name in self.datasets:
            self.engine.snapshots(name, properties=True)

    def left(self) -> set[str]:
        """Give the names of all snapshots that are there."""
        return {s.name for name in self.datasets for s in self.engine.snapshots(name)}


@pytest.fixture(scope="module")
def state(
    make_pool: Callable[[], Any],
    scaled: Callable[..., int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[State]:
    """Give the state that each run begins with."""
    pool = make_pool()
    with open_engine() as engine:
        # bzfs wants the word in the name of a folder that it writes logs to
        yield State(pool, engine, tmp_path_factory.mktemp("bzfs-logs"), scaled)
    pool.destroy()


def lines(state: State, scripts: dict[str, str]) -> dict[str, list[str]]:
    """Give the command line of each peer that is a command."""
    pool, keep, folder = state.pool.name, str(KEEP), str(state.folder)
    plan = {"autosnap": {"": {"hourly": KEEP}}}
    return {
        "command": ["zfstune", "prune", "-r", pool, "--match", GLOB, "--keep", keep],
        COMMA: [scripts["comma"], keep, *state.datasets],
        PIPELINE: [scripts["pipeline"], keep, *state.datasets],
        "sanoid": [
            *("sanoid", "--prune-snapshots", "--configdir", folder),
            *("--cache-dir", f"{folder}/cache", "--run-dir", f"{folder}/run"),
        ],
        "bzfs": [
            *("bzfs", "dummy", pool, "--recursive", "--skip-parent", "--skip-replication"),
            *("--delete-dst-snapshots", "--delete-dst-snapshots-except-plan", repr(plan)),
            *("--no-privilege-elevation", "--log-dir", folder),
        ],
        "zfs-autobackup": [
            *("zfs-autobackup", "--no-snapshot", "--keep-source", keep, "--utc"),
            *("--snapshot-format", FORMAT, "bench"),
        ],
    }


def by_pyzfs(pool: str) -> None:
    """List with the zfs command, as pyzfs cannot, and destroy all in one call of it."""
    from libzfs_core import lzc_destroy_snaps  # noqa: PLC0415 (guests alone)

    line = ["zfs", "list", "-r", "-t", "snapshot", "-H", "-o", "name", "-s", "createtxg"]
    listed = subprocess.run([*line, pool], capture_output=True, check=True).stdout
    of_dataset: dict[bytes, list[bytes]] = {}
    for name in listed.split():
        of_dataset.setdefault(name.partition(b"@")[0], []).append(name)
    lzc_destroy_snaps(
        [n for each in of_dataset.values() for n in each[:-KEEP]], defer=False
    )


def bench_peers(
    measure: Callable[..., None], state: State, peers: dict[str, str], peer: str
) -> None:
    """Prune all datasets of the pool; what is left is the same, whoever did it."""
    pool = state.pool.name
    state.ready()
    if peer == "library":
        measure(lambda: prune(pool, keep=KEEP, match=GLOB, recursive=True))
    elif peer == "pyzfs":
        measure(lambda: by_pyzfs(pool))
    else:
        argv = lines(state, peers)[peer]
        env = os.environ | {"TZ": "UTC"}
        measure(
            lambda: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True, env=env)
        )
    assert state.left() == state.expected
