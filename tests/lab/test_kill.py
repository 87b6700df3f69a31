"""Killed at any moment, the next run ends where an undisturbed one would have ended."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from lots import kills, seed, tally
from zfstune.engine.open import open_engine
from zfstune.profiles.load import load_text
from zfstune.retention import destroy
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

OWN = {SNAPSHOT_PROPERTY: "auto"}
# The kills of a run of the whole suite; `make endurance` asks for hundreds.
KILLS = kills(15)
SEED = seed(20261123)
# Small, so that a short prune has several batches.
BATCH = 2
BRANCHES = ("a", "b", "c", "d")

PROFILE = """
name = "app"
summary = "All kinds of steps"
[[dataset]]
path = "app"
owner = "postgres"
group = "postgres"
mode = "0750"
[dataset.properties]
recordsize = { value = "16K", why = "x", source = "x" }
atime = { value = "off", why = "x", source = "x" }
[[dataset]]
path = "app/deep/wal"
[dataset.properties]
compression = { value = "lz4", why = "x", source = "x" }
"""


def start(work: Callable[[Engine], object]) -> int:
    """Run in a child with an engine of its own, warm, as no new interpreter would be."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with open_engine() as engine:
                work(engine)
            status = 0
        except Exception:  # noqa: BLE001 (said here, or nowhere)
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return child


def seconds(work: Callable[[Engine], object]) -> float:
    """Run it undisturbed, and see how long that takes."""
    began = time.monotonic()
    _, status = os.waitpid(start(work), 0)
    assert status == 0
    return time.monotonic() - began


def kill_within(work: Callable[[Engine], object], after: float) -> bool:
    """Start it, kill it; tell whether the kill came before its end."""
    child = start(work)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def outcome(engine: Engine, root: str) -> dict[str, object]:
    """Give what two runs must agree on: local properties, mounts, owners."""
    mounts = engine.mounts()
    found: dict[str, object] = {}
    for dataset in engine.datasets(root):
        own = {
            name: value.value.replace(root.partition("/")[2], "ROOT")
            for name, value in dataset.properties.items()
            if value.source == "local"
        }
        at = mounts.get(dataset.name)
        where = at and (at.path.replace(root.partition("/")[2], "ROOT"), at.uid, at.mode)
        found[dataset.name[len(root) :]] = own, where
    return found


def test_apply_converges(pool: str, engine: Engine, command: Command) -> None:
    """Applies killed at random moments: each is finished by the next."""
    profile = load_text(PROFILE, "app.toml")
    mine = f"{pool}/mine"
    command("zfs", "create", mine)
    Path(f"/{mine}/file").write_text("by hand")
    command("zfs", "snapshot", f"{mine}@zfstune-20260101T000000Z")

    def apply_below(root: str) -> Callable[[Engine], object]:
        return lambda zfs: zfstune.apply(profile, root=root, engine=zfs)

    lasts = seconds(apply_below(f"{pool}/undisturbed"))
    expected = outcome(engine, f"{pool}/undisturbed")
    assert set(expected) == {"", "/app", "/app/deep", "/app/deep/wal"}
    moments = random.Random(SEED)  # noqa: S311 (to repeat, not to surprise)
    remaining: list[int] = []
    for number in range(KILLS):
        root = f"{pool}/killed{number}"
        kill_within(apply_below(root), lasts * (number + moments.random()) / KILLS)
        written = [m.path for d, m in engine.mounts().items() if d.startswith(root + "/")]
        for path in written:
            Path(path, "file").write_text(path)
        made = zfstune.apply(profile, root=root, engine=engine)
        remaining.append(len(made.done))
        assert outcome(engine, root) == expected
        assert all(Path(path, "file").read_text() == path for path in written)
    assert not zfstune.plan(profile, root=root, engine=engine).pending
    tally(kills=KILLS)
    # Some came before its first step, some after its last, and some in between.
    assert len(set(remaining)) > 2, remaining
    assert Path(f"/{mine}/file").read_text() == "by hand"
    assert engine.exists(f"{mine}@zfstune-20260101T000000Z")


def test_prune_converges(
    pool: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prunes killed at random moments: the next run does the rest, and no more.

    The kernel goes through a batch in an order of its own, and SIGKILL can stop it
    half way; those before it are complete, those after it untouched.
    """
    monkeypatch.setattr(destroy, "DEFAULT_BATCH", BATCH)
    branches = [f"{pool}/{branch}" for branch in BRANCHES]
    for name in branches:
        engine.create(name)
    first = branches[0]
    held = f"{first}@zfstune-20250102T000000Z"
    unmarked = f"{first}@zfstune-20250101T000000Z"
    untouched = {f"{first}@by-hand", unmarked, held}
    engine.take_snapshots([f"{first}@by-hand"])
    engine.take_snapshots([unmarked])
    engine.take_snapshots([held], properties=OWN)
    engine.hold([held], "tag")
    shorts: list[str] = []

    def top_up() -> list[str]:
        """Have three on each branch; give those that go, in the order in which they go."""
        for _ in range(2 if shorts else 3):
            shorts.append(f"zfstune-20260101T000000Z-{len(shorts) + 1}")
            engine.take_snapshots([f"{b}@{shorts[-1]}" for b in branches], properties=OWN)
        return [f"{branch}@{short}" for short in shorts[-3:-1] for branch in branches]

    def names() -> set[str]:
        return {s.name for name in branches for s in engine.snapshots(name)}

    def work(zfs: Engine) -> None:
        zfstune.prune(*branches, keep=1, engine=zfs)

    top_up()
    lasts = seconds(work)
    moments = random.Random(SEED)  # noqa: S311 (to repeat, not to surprise)
    counts: list[int] = []
    for _ in range(KILLS):
        victims = top_up()
        kill_within(work, moments.uniform(0, lasts))
        gone = set(victims) - names()
        counts.append(len(gone))
        begun = -(-len(gone) // BATCH) * BATCH
        assert gone <= set(victims[:begun])
        assert gone >= set(victims[: max(begun - BATCH, 0)])
        pruned = zfstune.prune(*branches, keep=1, engine=engine)
        assert gone | set(pruned.destroyed) == set(victims)
        assert names() == untouched | {f"{branch}@{shorts[-1]}" for branch in branches}
    tally(kills=KILLS)
    assert len(set(counts)) > 2, counts


def test_signals_wait_for_a_batch(
    dataset: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is signalled all the time still destroys whole batches.

    Without more ado the kernel would cancel the batch at each of these signals.
    """
    taken = [f"{dataset}@zfstune-20260101T000000Z-{n}" for n in range(1, 41)]
    for name in taken:
        engine.take_snapshots([name], properties=OWN)
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))

    def ring(_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)

    try:
        pruned = zfstune.prune(dataset, keep=1, engine=engine, show=ring)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert list(pruned.destroyed) == taken[:-1]
    assert [s.name for s in engine.snapshots(dataset)] == taken[-1:]
    assert rung
