"""Mounting in process, against what ``zfs mount`` does with a twin."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import Busy, EngineError, NotFound, PlanError, RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine


def mounted_at(dataset: str) -> list[tuple[str, str, str]]:
    """Give path, options and superblock options from /proc/self/mountinfo."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind, source, more = after.split(" ", 2)
        if kind == "zfs" and source.replace("\\040", " ") == dataset:
            fields = before.split(" ")
            found.append((fields[4].replace("\\040", " "), fields[5], more))
    return found


@pytest.fixture
def name(pool: str) -> str:
    """Give a name that no dataset has yet."""
    return f"{pool}/{secrets.token_hex(4)}"


OPTIONS = [
    {},
    {"atime": "off"},
    {"atime": "on", "relatime": "off"},
    {"atime": "on", "relatime": "on"},
    {"atime": "off", "relatime": "on"},
    {"exec": "off"},
    {"setuid": "off", "devices": "off"},
    {"readonly": "on"},
    {"nbmand": "on"},
    {"xattr": "sa", "acltype": "posix"},
    {"xattr": "off"},
    {"canmount": "noauto"},
]


def test_options_are_those_of_zfs_mount(
    pool: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Flags and options of the mount are those that `zfs mount` gives a twin."""
    base = f"{pool}/{secrets.token_hex(4)}"
    engine.create(base)
    for i, wanted in enumerate(OPTIONS):
        ours, twin = f"{base}/ours{i}", f"{base}/twin{i}"
        for dataset in (ours, twin):
            engine.create(dataset, properties=wanted)
        assert engine.mount(ours) == f"/{ours}"
        command("zfs", "mount", twin)
        assert [m[1:] for m in mounted_at(ours)] == [m[1:] for m in mounted_at(twin)], (
            wanted
        )
        assert [m[0] for m in mounted_at(ours)] == [f"/{ours}"]
        assert Path(f"/{ours}").stat().st_mode == Path(f"/{twin}").stat().st_mode


def test_mounts_lists_what_is_mounted(
    pool: str, engine: Engine, command: Callable[..., str], dataset: str
) -> None:
    """Every mounted filesystem is listed with path, owner and mode of its root."""
    os.chown(f"/{dataset}", 12, 34)
    Path(f"/{dataset}").chmod(0o2750)
    found = engine.mounts()
    assert (found[dataset].path, found[dataset].uid, found[dataset].gid) == (
        f"/{dataset}",
        12,
        34,
    )
    assert found[dataset].mode == 0o2750
    lines = [line.split(maxsplit=1) for line in command("zfs", "mount").splitlines()]
    assert {d: m.path for d, m in found.items()} == {d: p.strip() for d, p in lines}


def test_a_mount_is_made_once(engine: Engine, dataset: str) -> None:
    """What is mounted in its place stays; what is mounted elsewhere is said to be."""
    assert engine.mount(dataset) == f"/{dataset}"
    assert len(mounted_at(dataset)) == 1
    engine.set(dataset, {"mountpoint": f"/{dataset}-else"})
    with pytest.raises(Busy, match=f"mounted at /{dataset}"):
        engine.mount(dataset)
    engine.unmount(dataset)
    assert engine.mount(dataset) == f"/{dataset}-else"


def test_what_cannot_be_mounted_says_why(
    pool: str, engine: Engine, name: str, command: Callable[..., str]
) -> None:
    """canmount=off, none, legacy, a volume and a missing key are refused by name."""
    engine.create(name)
    cases = {
        "off": ({"canmount": "off"}, "canmount is off"),
        "legacy": ({"mountpoint": "legacy"}, "legacy"),
        "none": ({"mountpoint": "none"}, "none"),
    }
    for short, (wanted, reason) in cases.items():
        engine.create(f"{name}/{short}", properties=wanted)
        with pytest.raises(PlanError, match=reason):
            engine.mount(f"{name}/{short}")
    engine.create(f"{name}/vol", volume=True, properties={"volsize": "1M"})
    with pytest.raises(PlanError, match="volume"):
        engine.mount(f"{name}/vol")
    key = "zfs create -o encryption=on -o keyformat=passphrase -o keylocation=prompt"
    command("sh", "-c", f"yes 12345678 | head -2 | {key} {name}/secret")
    command("zfs", "unmount", f"{name}/secret")
    assert engine.mount(f"{name}/secret")
    engine.unmount(f"{name}/secret")
    command("zfs", "unload-key", f"{name}/secret")
    with pytest.raises(PlanError, match="key"):
        engine.mount(f"{name}/secret")
    with pytest.raises(NotFound):
        engine.mount(f"{name}/nothing")


def test_overlay_and_odd_mountpoints(
    pool: str, engine: Engine, name: str, command: Callable[..., str], tmp_path: Path
) -> None:
    """overlay=off spares files; spaces and non-ASCII in a path are kept, commas refused."""
    covered = tmp_path / "covered"
    covered.mkdir()
    (covered / "file").write_text("mine")
    properties = {"mountpoint": str(covered), "overlay": "off"}
    engine.create(name, properties=properties)
    with pytest.raises(Busy, match="overlay is off") as caught:
        engine.mount(name)
    assert caught.value.target == name
    engine.set(name, {"overlay": "on"})
    engine.mount(name)
    assert not (covered / "file").exists()
    engine.unmount(name)
    assert (covered / "file").read_text() == "mine"
    for odd in ("with space", "tab\there", "caf\u00e9", "back\\slash"):
        path = str(tmp_path / odd / "deep")
        engine.set(name, {"mountpoint": path})
        assert engine.mount(name) == path
        assert engine.mounts()[name].path == path
        assert os.path.ismount(path)
        engine.unmount(name)
        command("zfs", "mount", name)
        assert engine.mounts()[name].path == path
        engine.unmount(name)
    engine.set(name, {"mountpoint": str(tmp_path / "a,b")})
    with pytest.raises(PlanError, match="comma"):
        engine.mount(name)
    engine.set(name, {"mountpoint": str(covered / "file")})
    with pytest.raises(RefusedValue, match="no directory"):
        engine.mount(name)
    engine.set(name, {"mountpoint": str(covered / "file" / "below")})
    with pytest.raises(
        RefusedValue, match="a part of its mountpoint's path is no directory"
    ):
        engine.mount(name)


def test_unmount(engine: Engine, dataset: str) -> None:
    """An open file keeps a mount unless forced; what is not mounted is said not to be."""
    with Path(f"/{dataset}/open").open("w", encoding="utf-8"):
        with pytest.raises(Busy) as caught:
            engine.unmount(dataset)
        assert caught.value.operation == "unmount"
        assert "fuser" in caught.value.hint
    engine.unmount(dataset)
    assert mounted_at(dataset) == []
    with pytest.raises(NotFound, match="not mounted"):
        engine.unmount(dataset)
    engine.mount(dataset)
    engine.unmount(dataset, force=True)
    assert mounted_at(dataset) == []


def test_rename_moves_the_mounts(engine: Engine, dataset: str) -> None:
    """A tree is mounted under its new name; a local mountpoint does not even blink."""
    local = f"/{dataset}-local"
    properties = {"mountpoint": local}
    engine.create(f"{dataset}/child")
    engine.create(f"{dataset}/local", properties=properties)
    engine.create(f"{dataset}/local/below")
    engine.create(f"{dataset}/legacy", properties={"mountpoint": "legacy"})
    for short in ("child", "local", "local/below"):
        engine.mount(f"{dataset}/{short}")
    hand = Path(f"/{dataset}-hand")
    hand.mkdir()
    assert os.system(f"mount -t zfs {dataset}/legacy {hand}") == 0  # noqa: S605
    new = f"{dataset}-new"
    with Path(f"{local}/below/open").open("w", encoding="utf-8"):
        engine.rename(dataset, new)
    paths = {n: m.path for n, m in engine.mounts().items() if n.startswith(dataset)}
    assert paths == {
        new: f"/{new}",
        f"{new}/child": f"/{new}/child",
        f"{new}/local": local,
        f"{new}/local/below": f"{local}/below",
        f"{new}/legacy": str(hand),
    }
    # where the new parent is mounted nowhere, nothing is mounted below it
    engine.create(f"{dataset}-none", properties={"mountpoint": "none"})
    engine.rename(f"{new}/child", f"{dataset}-none/child")
    assert mounted_at(f"{dataset}-none/child") == []


def test_a_refused_rename_leaves_the_mounts(engine: Engine, dataset: str) -> None:
    """Where the rename fails or a file is open, everything is mounted as before."""
    engine.create(f"{dataset}/a")
    engine.mount(f"{dataset}/a")
    engine.create(f"{dataset}-there")
    before = mounted_at(dataset), mounted_at(f"{dataset}/a")
    with pytest.raises(EngineError):
        engine.rename(dataset, f"{dataset}-there")
    assert (mounted_at(dataset), mounted_at(f"{dataset}/a")) == before
    with Path(f"/{dataset}/open").open("w", encoding="utf-8"), pytest.raises(Busy):
        engine.rename(dataset, f"{dataset}-new")
    assert (mounted_at(dataset), mounted_at(f"{dataset}/a")) == before


def test_destroy_mounts_again_what_it_must_keep(engine: Engine, dataset: str) -> None:
    """A dataset with snapshots or children stays, and stays mounted, legacy or not."""
    engine.take_snapshots([f"{dataset}@a"])
    with pytest.raises(Busy):
        engine.destroy(dataset)
    assert mounted_at(dataset)
    engine.create(f"{dataset}/legacy", properties={"mountpoint": "legacy"})
    engine.create(f"{dataset}/legacy/child")
    hand = f"/{dataset}-hand"
    Path(hand).mkdir()
    assert os.system(f"mount -t zfs {dataset}/legacy {hand}") == 0  # noqa: S605
    with pytest.raises(Busy, match="children"):
        engine.destroy(f"{dataset}/legacy")
    assert [m[0] for m in mounted_at(f"{dataset}/legacy")] == [hand]
    engine.destroy(f"{dataset}/legacy/child")
    engine.destroy(f"{dataset}/legacy")
    assert not engine.exists(f"{dataset}/legacy")
    engine.destroy_snapshots([f"{dataset}@a"])
    engine.destroy(dataset)
    assert not engine.exists(dataset)
    assert mounted_at(dataset) == []


def test_altroot(
    make_pool: Callable[..., str],
    engine: Engine,
    command: Callable[..., str],
    tmp_path: Path,
) -> None:
    """Below an alternate root, paths are where `zfs get mountpoint` says."""
    pool = make_pool(options=("-R", str(tmp_path)))
    assert engine.pool(pool).altroot == str(tmp_path)
    engine.create(f"{pool}/a", properties={"mountpoint": "/srv/a"})
    engine.create(f"{pool}/a/b")
    engine.create(f"{pool}/c")
    for name in (f"{pool}/a", f"{pool}/a/b", f"{pool}/c"):
        expected = command("zfs", "get", "-Hpo", "value", "mountpoint", name).strip()
        assert engine.mount(name) == expected
        assert engine.mounts()[name].path == expected
    engine.rename(f"{pool}/c", f"{pool}/a/d")
    assert engine.mounts()[f"{pool}/a/d"].path == f"{tmp_path}/srv/a/d"
    command("zpool", "destroy", "-f", pool)
