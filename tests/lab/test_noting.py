"""Notes on snapshots, on a real kernel: numbers are objects, and the newest stay."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Snapshot

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

SHARES = 0xFFFFFFFFFFFE  # ZFSCTL_INO_SHARES, include/sys/zfs_ctldir.h


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that notes of this test are kept in."""
    monkeypatch.setenv("ZFSTUNE_CACHE", os.fspath(tmp_path))
    return tmp_path


def take(engine: Engine, dataset: str, *shorts: str) -> None:
    """Take marked snapshots one after the other."""
    for short in shorts:
        engine.take_snapshots(
            [f"{dataset}@{short}"], properties={SNAPSHOT_PROPERTY: "auto"}
        )


def by_age(command: Command, dataset: str) -> list[str]:
    """Give the short names as zfs orders them, oldest first."""
    listed = command(
        "zfs", "list", "-Hd1", "-t", "snapshot", "-o", "name", "-s", "createtxg", dataset
    )
    return [line.partition("@")[2] for line in listed.splitlines()]


def prune(engine: Engine, dataset: str, keep: int) -> list[str]:
    """Prune by notes; give the short names of what went."""
    pruned = zfstune.prune(dataset, keep=keep, match="*", engine=engine)
    return [name.partition("@")[2] for name in pruned.destroyed]


def test_numbers_are_those_of_objects(
    dataset: str, engine: Engine, command: Command
) -> None:
    """What .zfs says is what `zfs get objsetid` says, also after a rename."""
    take(engine, dataset, "a", "b", "c")
    command("zfs", "rename", f"{dataset}@b", f"{dataset}@z")
    found = engine.snapshot_numbers([dataset])[dataset]
    assert found.keys() == {"a", "c", "z"}
    for short, number in found.items():
        said = command("zfs", "get", "-Hpo", "value", "objsetid", f"{dataset}@{short}")
        assert SHARES - number == int(said)


def test_no_numbers_where_zfs_is_out_of_sight(
    dataset: str, engine: Engine, command: Command, tmp_path: Path
) -> None:
    """Neither of what is unmounted nor of what lies below another mount."""
    path = command("zfs", "get", "-Ho", "value", "mountpoint", dataset).strip()
    take(engine, dataset, "a")
    command("mount", "-t", "tmpfs", "none", path)
    try:
        assert engine.snapshot_numbers([dataset]) == {}
        os.makedirs(f"{path}/.zfs/snapshot/forged")  # noqa: PTH103 (a path of zfs)
        assert engine.snapshot_numbers([dataset]) == {}
    finally:
        command("umount", path)
    assert engine.snapshot_numbers([dataset]).keys() == {dataset}
    engine.unmount(dataset)
    assert engine.snapshot_numbers([dataset]) == {}


def test_the_second_prune_reads_what_is_new_and_what_goes(
    dataset: str, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others are known by number."""
    read: list[str] = []
    find = engine.find_snapshots

    def spy(names: Iterable[str], *, properties: bool = False) -> dict[str, Snapshot]:
        found = find(names, properties=properties)
        read.extend(snapshot.short_name for snapshot in found.values())
        return found

    monkeypatch.setattr(engine, "find_snapshots", spy)
    take(engine, dataset, *"abcd")
    assert prune(engine, dataset, 4) == []
    assert sorted(read) == [*"abcd"]
    read.clear()
    take(engine, dataset, "e")
    assert prune(engine, dataset, 4) == ["a"]
    assert sorted(read) == ["a", "e"]
    noted = json.loads((folder / "snapshots.json").read_text())[dataset][1]
    assert noted.keys() == set("abcde")  # as listed; the next run drops what went


def test_the_newest_stay_whatever_became_of_names(
    dataset: str, engine: Engine, folder: Path, command: Command
) -> None:
    """Names that are swapped, rotated, or given to a new snapshot."""
    take(engine, dataset, *"abcdef")
    prune(engine, dataset, 6)
    for old, new in (("a", "x"), ("f", "a"), ("x", "f")):
        command("zfs", "rename", f"{dataset}@{old}", f"{dataset}@{new}")
    command("zfs", "destroy", f"{dataset}@c")
    take(engine, dataset, "c")
    for keep in (4, 2):
        newest = by_age(command, dataset)[-keep:]
        prune(engine, dataset, keep)
        assert by_age(command, dataset) == newest
    assert newest == ["a", "c"]


def test_a_dataset_made_anew_has_no_notes(
    dataset: str, engine: Engine, folder: Path, command: Command
) -> None:
    """Of the same name, with snapshots of the same names, in another order."""
    take(engine, dataset, *"abc")
    prune(engine, dataset, 3)
    command("zfs", "destroy", "-r", dataset)
    command("zfs", "create", dataset)
    take(engine, dataset, *"cba")
    assert prune(engine, dataset, 1) == ["c", "b"]


def test_a_clone_keeps_its_snapshot_though_notes_say_nothing(
    dataset: str, engine: Engine, folder: Path, command: Command
) -> None:
    """What hangs on a victim is looked at when it is read."""
    take(engine, dataset, *"abc")
    prune(engine, dataset, 3)
    command("zfs", "clone", f"{dataset}@a", f"{dataset}-clone")
    pruned = zfstune.prune(dataset, keep=1, match="*", engine=engine)
    assert pruned.destroyed == (f"{dataset}@b",)
    [spared] = pruned.spared
    assert (spared.snapshot.short_name, spared.reasons) == ("a", ("a clone hangs on it",))
    command("zfs", "destroy", f"{dataset}-clone")
