"""prune in one transaction: what it meets on a real pool, and what it does without."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.marks import KEPT_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.retention.prune import PrunePlan

    Command = Callable[..., str]

OWN = {SNAPSHOT_PROPERTY: "auto"}
PARAMETERS = Path("/sys/module/zfs/parameters")


def take(engine: Engine, dataset: str, days: Iterable[int]) -> list[str]:
    """Take marked snapshots one after the other; give their full names."""
    taken = [f"{dataset}@zfstune-202601{day:02d}T000000Z" for day in days]
    for name in taken:
        engine.take_snapshots([name], properties=OWN)
    return taken


def write(path: str, megabytes: int) -> None:
    """Write what does not compress."""
    with open(path, "wb") as file:  # noqa: PTH123 (a plain file)
        file.writelines(os.urandom(1 << 20) for _ in range(megabytes))


def test_root_looks_in_the_transaction(
    dataset: str, engine: Engine, command: Command
) -> None:
    """What is mounted below .zfs goes too; what became the newest since stays."""
    taken = take(engine, dataset, range(1, 6))
    list(Path(f"/{dataset}/.zfs/snapshot/{taken[0].partition('@')[2]}").iterdir())
    assert taken[0] in Path("/proc/mounts").read_text()
    pruned = zfstune.prune(dataset, keep=3, engine=engine)
    assert (set(pruned.destroyed), pruned.fallback) == (set(taken[:2]), "")

    def lose_the_newest(_: PrunePlan) -> None:
        command("zfs", "destroy", taken[4])

    pruned = zfstune.prune(dataset, keep=1, engine=engine, show=lose_the_newest)
    assert pruned.destroyed == ()
    assert {d.snapshot.name for d in pruned.spared} == set(taken[2:4])
    assert "outlive" in pruned.spared[0].reasons[0]


def test_others_look_just_before(dataset: str, engine: Engine, command: Command) -> None:
    """Who has but `zfs allow` prunes all the same, and the result says how."""
    taken = take(engine, dataset, range(1, 4))
    command("zfs", "allow", "alice", "destroy,mount", dataset)
    line = f"zfstune prune --keep 1 --json {dataset}"
    done = subprocess.run(
        ["sudo", "-u", "alice", "sh", "-c", line],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"checked": "just before"' in done.stdout
    assert "permission denied" in done.stdout
    assert [s.name for s in engine.snapshots(dataset)] == taken[2:]


def test_how_many_were_left_is_noted(
    dataset: str, engine: Engine, command: Command
) -> None:
    """In the transaction that destroyed, where `zfs get` sees it."""
    for number in range(1, 14):
        name = f"{dataset}@zfstune-20260101T000000Z-{number}"
        engine.take_snapshots([name], properties=OWN)
    zfstune.prune(dataset, policy="keep=12", engine=engine)
    noted = command("zfs", "get", "-Hpo", "value,source", KEPT_PROPERTY, dataset)
    assert noted.split() == ["12", "local"]


def test_a_dataset_with_its_own_quota_and_target(
    dataset: str, engine: Engine, command: Command
) -> None:
    """Below a quota, what is available counts, and no more goes than it takes."""
    for day in range(1, 5):
        write(f"/{dataset}/file", 4)
        command("sync")
        take(engine, dataset, [day])
    command("zfs", "set", "quota=24M", dataset)
    command("zpool", "sync", dataset.partition("/")[0])
    pruned = zfstune.prune(
        dataset, policy="keep=1 free-target=11M", wait_seconds=60, engine=engine
    )
    assert len(pruned.destroyed) == 1
    [(pool, freed)] = (pruned.freed or {}).items()
    foretold = sum((pruned.plan.reclaims or {}).values())
    assert pool == dataset.partition("/")[0]
    assert freed == pytest.approx(foretold, abs=512 << 10)
    assert int(command("zfs", "get", "-Hpo", "value", "available", dataset)) >= 11 << 20


@pytest.fixture
def parameter() -> Iterator[Callable[[str, str], None]]:
    """Give a function that sets a parameter of the module, until the test ends."""
    before: dict[Path, str] = {}

    def put(name: str, value: str) -> None:
        path = PARAMETERS / name
        before.setdefault(path, path.read_text())
        path.write_text(value)

    yield put
    for path, value in before.items():
        path.write_text(value)


def test_mid_scrub(
    dataset: str,
    pool: str,
    engine: Engine,
    command: Command,
    parameter: Callable[[str, str], None],
) -> None:
    """A scrub that is under way is in nobody's way."""
    write(f"/{dataset}/file", 16)
    taken = take(engine, dataset, range(1, 4))
    parameter("zfs_scan_suspend_progress", "1")
    command("zpool", "scrub", pool)
    pruned = zfstune.prune(dataset, keep=1, engine=engine)
    assert (pruned.destroyed, pruned.fallback) == (tuple(taken[:2]), "")
    assert "scrub in progress" in command("zpool", "status", pool)
    parameter("zfs_scan_suspend_progress", "0")
    command("zpool", "wait", "-t", "scrub", pool)


def test_no_room_even_for_the_program(
    make_pool: Callable[..., str],
    engine: Engine,
    command: Command,
    parameter: Callable[[str, str], None],
) -> None:
    """Where ZFS answers that it has no room to destroy, the error says what helps."""
    pool = make_pool(size_bytes=8 << 30)
    taken = take(engine, pool, (1, 2, 3))
    parameter("spa_slop_shift", "31")
    free = int(command("zfs", "get", "-Hpo", "value", "available", pool))
    command("zfs", "create", "-o", f"reservation={free * 99 // 100}", f"{pool}/reserved")
    parameter("spa_slop_shift", "1")
    with pytest.raises(zfstune.NoSpace, match="no room even to destroy") as refused:
        zfstune.prune(pool, keep=1, engine=engine)
    assert "spa_slop_shift" in refused.value.hint
    parameter("spa_slop_shift", "15")
    assert zfstune.prune(pool, keep=1, engine=engine).destroyed == tuple(taken[:2])
    command("zpool", "destroy", "-f", pool)
