"""Prune: the seed's pipeline, one destroy a dataset, zfstune, and C."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine.open import open_engine
from zfstune.retention.prune import prune
from zfstune.values import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(3600)

KEEP = 48
ONE = "prune 1000 -> 48, one dataset"
TWENTY = "prune 20 x 100 -> 48"
STEADY = "prune 200 x 49 -> 48, steady state"
# datasets, snapshots of each
SIZES = {ONE: (1, 1000), TWENTY: (20, 100), STEADY: (200, 49)}

YARDSTICK = "library"
COMMA = "zfs list, zfs destroy ds@a,b,..."
PIPELINE = "zfs list | xargs -n1 zfs destroy"
NOTED = "library, noted"
LAPS = {
    STEADY: {
        "C program": 7,
        "library": 7,
        NOTED: 7,
        "command": 7,
        COMMA: 2,
        PIPELINE: 2,
    },
    TWENTY: {"C program": 3, "library": 3, "command": 3, COMMA: 2, PIPELINE: 1},
    ONE: {"C program": 3, "library": 3, "command": 3, COMMA: 2, PIPELINE: 1},
}
TARGETS = [
    ("library", "C program", 1.05),
    ("command", COMMA, 1),
    ("command", PIPELINE, 1),
    ("command", PIPELINE, 1 / 20, STEADY),
]
# Where what snapshots keep for life is noted from one run to the next.
NOTES = Path("/dev/shm/zfstune-notes")  # noqa: S108 (the guest is ours alone)


class State:
    """A pool of mounted datasets with snapshots, the same before each run."""

    def __init__(
        self, scenario: str, pool: Any, engine: Engine, scaled: Callable[..., int]
    ) -> None:
        self.scenario = scenario
        self.pool = pool
        self.engine = engine
        count, each = SIZES[scenario]
        if count == 1:
            each = scaled(each, 2 * KEEP)
        else:
            count = scaled(count, 2)
        self.datasets = [f"{pool.name}/d{number:03}" for number in range(count)]
        self.snapshots = 0
        for name in self.datasets:
            engine.create(name, properties={marks.PROFILE_PROPERTY: "bench"})
            engine.mount(name)
        for _ in range(KEEP if scenario == STEADY else each):
            self.take()
        if scenario != STEADY:
            pool.keep()

    def take(self) -> None:
        """Take one more snapshot of each dataset."""
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.snapshots)
        self.snapshots += 1
        short = marks.auto_name(when, 0)
        self.engine.take_snapshots(
            [f"{name}@{short}" for name in self.datasets],
            properties={marks.SNAPSHOT_PROPERTY: "auto"},
        )

    def ready(self) -> None:
        """Bring the state about, and what is read of it into memory."""
        shutil.rmtree(NOTES, ignore_errors=True)
        NOTES.mkdir()
        if self.scenario == STEADY:
            # as the run of an hour ago left it: nothing to do, and all noted
            prune(keep=KEEP, pool=self.pool.name, engine=self.engine)
            self.take()  # nothing was exported, so all is in memory
            return
        self.pool.put_back()
        for name in self.datasets:
            self.engine.snapshots(name, properties=True)

    def left(self) -> set[int]:
        """Give the numbers of snapshots that datasets have now, of some of them."""
        return {len(self.engine.snapshots(name)) for name in self.datasets[::9]}


@pytest.fixture(scope="module")
def state(
    make_pool: Callable[[], Any], scaled: Callable[..., int]
) -> Iterator[Callable[[str], State]]:
    """Give the function that gives a scenario's state, made when it is the first."""
    made: list[State] = []

    def drop() -> None:
        while made:
            made.pop().pool.destroy()

    with open_engine() as engine:

        def get(scenario: str) -> State:
            if not made or made[0].scenario != scenario:
                drop()
                made.append(State(scenario, make_pool(), engine, scaled))
            return made[0]

        yield get
        drop()


def bench_prune(
    *,
    measure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    state: Callable[[str], State],
    peers: dict[str, str],
    scenario: str,
    peer: str,
) -> None:
    """Prune all datasets of the pool; the peers of the shell are told their names.

    The command finds the notes of the run before, as a timer's does, where there was
    one. The library has none, and makes the calls that the C program makes.
    """
    monkeypatch.setenv("ZFSTUNE_CACHE", os.fspath(NOTES))
    now = state(scenario)
    pool, keep = now.pool.name, str(KEEP)
    now.ready()
    argv = {
        "C program": [peers["prune"], pool, keep],
        "command": ["zfstune", "prune", "--keep", keep, "--pool", pool],
        COMMA: [peers["comma"], keep, *now.datasets],
        PIPELINE: [peers["pipeline"], keep, *now.datasets],
    }
    if peer == "library":
        monkeypatch.setenv("ZFSTUNE_CACHE", "")
    if peer in ("library", NOTED):
        measure(lambda: prune(keep=KEEP, pool=pool))
    else:
        measure(lambda: subprocess.run(argv[peer], stdout=subprocess.DEVNULL, check=True))
    assert now.left() == {KEEP}
