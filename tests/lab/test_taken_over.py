"""Targets that other tools filled: they are taken over, and nothing is sent in full."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.streams.steps import Full
from zfstune.values.errors import RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

TOOLS = ["syncoid", "bzfs", "zfs-autobackup", "zrepl"]


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str]) -> str:
    """Make a second pool."""
    return make_pool()


@pytest.fixture
def source(pool: str, engine: Engine) -> Iterator[str]:
    """Make a tree of two datasets with a file and a snapshot each."""
    name = f"{pool}/{secrets.token_hex(4)}"
    for dataset in (name, f"{name}/a"):
        engine.create(dataset)
        Path(engine.mount(dataset), "file").write_text(dataset)
    engine.take_snapshots([f"{name}@1", f"{name}/a@1"])
    yield name
    for dataset in (f"{name}/a", name):
        engine.unmount(dataset, force=True)


def snapshot_name(number: int) -> str:
    """Give a name that each of the tools takes for its own."""
    return f"backup-{20300101000000 + number}"


def take(source: str, number: int, command: Command) -> None:
    """Write a file to each dataset, and take a snapshot of the whole tree."""
    places = command("zfs", "list", "-rH", "-o", "mountpoint", source).split()
    for place in places:
        Path(place, f"file{number}").write_text(f"{number}")
    command("zfs", "snapshot", "-r", f"{source}@{snapshot_name(number)}")


def copy(tool: str, source: str, back: str, command: Command, folder: Path) -> str:
    """Let the tool copy the tree; give the name of the copy."""
    own = source.partition("/")[2]
    if tool == "syncoid":
        target = f"{back}/{own}"
        options = ("--recursive", "--no-sync-snap", "--no-privilege-elevation")
        command("syncoid", *options, source, target)
        return target
    if tool == "bzfs":
        target = f"{back}/{own}"
        # bzfs wants this word in the folder's name, and the folder for itself.
        logs = folder / "bzfs-logs"
        logs.mkdir(mode=0o700)
        options = ("--recursive", "--no-privilege-elevation", "--log-dir")
        command("bzfs", source, target, *options, str(logs))
        return target
    parent = f"{back}/{tool}-{own}"
    if tool == "zfs-autobackup":
        command("zfs", "set", f"autobackup:{own}=true", source)
        command("zfs", "create", "-p", parent)
        form = ("--snapshot-format", "backup-%Y%m%d%H%M%S", "--utc", "--no-thinning")
        command("zfs-autobackup", "--no-snapshot", *form, own, parent)
        return f"{parent}/{source}"
    # zrepl puts the sender's own path below the root of its client; each dataset above
    # the copy is a placeholder with this property.
    target = f"{parent}/client/{source}"
    above = target.rpartition("/")[0]
    command("zfs", "create", "-p", "-o", "mountpoint=none", above)
    for name in (f"{parent}/client", above):
        command("zfs", "set", "zrepl:placeholder=on", name)
    short = snapshot_name(1)
    for dataset in (source, f"{source}/a"):
        place = target + dataset.removeprefix(source)
        for what in (f"{dataset}@1", f"-I @1 {dataset}@{short}"):
            command("sh", "-ec", f"zfs send {what} | zfs receive -u {place}")
        command("zfs", "bookmark", f"{dataset}@{short}", f"{dataset}#zrepl_CURSOR_{short}")
    return target


@pytest.fixture(params=TOOLS)
def target(request: pytest.FixtureRequest, source: str, back: str, command: Command) -> str:
    """Let a tool copy the tree."""
    take(source, 1, command)
    folder = request.getfixturevalue("tmp_path")
    return copy(request.param, source, back, command, folder)


def test_a_target_is_taken_over(
    source: str, target: str, engine: Engine, command: Command
) -> None:
    """The next snapshot goes as an increment, as does the one after the base has gone."""
    before = {s.guid for d in engine.datasets(target) for s in engine.snapshots(d.name)}
    assert len(before) >= 2
    # The tool may have mounted the copy, which wrote the folder that the child lies on.
    losing = {"lose": ["written"]}
    for number, below, how in ((2, ("", "/a"), losing), (3, ("",), {"recursive": True})):
        take(source, number, command)
        plans = [zfstune.replicate(source + d, target + d, **how) for d in below]
        steps = [s for p in plans for each in p.datasets for s in each.transfer.steps]
        assert len(steps) >= 2
        assert not [step for step in steps if isinstance(step, Full)]
        newest = f"@{snapshot_name(number)}"
        for dataset in engine.datasets(source):
            there = target + dataset.name.removeprefix(source)
            ours, theirs = f"{dataset.name}{newest}", f"{there}{newest}"
            assert zfstune.compare(ours, theirs, engine=engine).equal
            # Only a bookmark is left to send from, and what the tool holds.
            names = [s.name for s in engine.snapshots(dataset.name)]
            engine.destroy_snapshots([name for name in names if not engine.holds(name)])
    after = {s.guid for d in engine.datasets(target) for s in engine.snapshots(d.name)}
    assert before <= after


def test_a_copy_whose_large_records_were_split(
    pool: str, back: str, engine: Engine, command: Command
) -> None:
    """It takes what follows; the way back is refused, and open in full.

    A tool that sends without -L splits records above 128K: send-L_toggle and
    send_large_blocks_reverse of OpenZFS' own tests.
    """
    source, copy = f"{pool}/{secrets.token_hex(4)}", f"{back}/{secrets.token_hex(4)}"
    engine.create(source, properties={"recordsize": "1M", "compression": "off"})
    file = Path(engine.mount(source), "file")
    file.write_bytes(os.urandom(1500 << 10))
    engine.take_snapshots([f"{source}@1"])
    command("sh", "-ec", f"zfs send {source}@1 | zfs receive {copy}")

    Path(f"/{copy}/small").write_bytes(os.urandom(4096))
    engine.take_snapshots([f"{copy}@own"])
    with pytest.raises(RefusedValue, match="blocks above 128K"):
        zfstune.replicate(copy, source)
    assert [each.short_name for each in engine.snapshots(source)] == ["1"]
    zfstune.replicate(copy, f"{pool}/{secrets.token_hex(4)}")

    with file.open("r+b") as changed:
        changed.seek(1 << 20)
        changed.write(os.urandom(1500 << 10))
    engine.take_snapshots([f"{source}@2"])
    zfstune.replicate(source, copy, lose=["own"])
    assert zfstune.compare(f"{source}@2", f"{copy}@2", engine=engine).equal
