"""What the engine reads, against what ``zfs get`` and ``zfs list`` print."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from zfstune.values import properties
from zfstune.values.errors import NotFound
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.state import Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

# Where zfstune differs from `zfs get -Hp all`, and why.
NOT_IN_ZFSTUNE = {
    "mounted": "no property of the kernel's: Engine.mounts() reads the mount table",
    "filesystem_count": "not counted below any limit: zfs prints a number for 'unknown'",
    "snapshot_count": "the same",
}
# What stands in a filesystem's own blocks is read from it, not from its snapshots.
NOT_OF_SNAPSHOTS = [
    *("casesensitivity", "normalization", "utf8only", "version"),
    *(name for name in properties.TABLE if name.startswith("default")),
]
# zfs calls them local where they are counted, though nobody set them.
COUNTS = ("filesystem_count", "snapshot_count")
# zfs hides a property that has no value; here it is empty, or 0.
EMPTY = {"clones", "redact_snaps", "snapshots_changed"}
# xattr=on meant "dir" up to 2.2 and "sa" since: zfstune prints what it means.
MEANS = {"xattr": {"on": {"dir", "sa"}}}
UNLIMITED = {"filesystem_limit", "snapshot_limit"}
# An instant apart, these differ: space that is being freed.
MOVES = {"available", "used", "referenced", "written", "usedbydataset", "usedbychildren"}

USER_VALUE = b"caf\xe9 \xff \xe2\x82\xac =,#"


def as_zfs_has_it(name: str) -> dict[str, tuple[str, str]]:
    """Give property to (value, source) of `zfs get -Hp all`."""
    columns = "property,value,source"
    done = subprocess.run(
        ["zfs", "get", "-Hp", "-o", columns, "all", name], capture_output=True, check=True
    )
    text = done.stdout.decode("utf-8", "surrogateescape")
    rows = (line.split("\t") for line in text.splitlines())
    return {prop: (value, source) for prop, value, source in rows}


def source_column(found: PropertyValue) -> str:
    """Give what `zfs get` prints in its SOURCE column."""
    if found.source == "inherited":
        return f"inherited from {found.origin}"
    return "-" if found.source == "none" else found.source


def differences(value: Dataset | Snapshot) -> dict[str, tuple[object, object]]:
    """Give the properties in which zfs and zfstune differ for no known reason."""
    theirs = as_zfs_has_it(value.name)
    ours = {p: (v.value, source_column(v)) for p, v in value.properties.items()}
    if isinstance(value, Dataset) and value.kind == "filesystem":
        # stored in the engine's, in force in zfs's
        path = effective_mountpoint(value, "") or ours["mountpoint"][0]
        ours["mountpoint"] = (path, ours["mountpoint"][1])
    apart = dict.fromkeys((*NOT_IN_ZFSTUNE, *EMPTY))
    if isinstance(value, Snapshot):
        apart |= dict.fromkeys(NOT_OF_SNAPSHOTS)
    found: dict[str, tuple[object, object]] = {}
    for prop in theirs.keys() | ours.keys():
        a, b = theirs.get(prop), ours.get(prop)
        if a == b or (a is None and _hidden(prop)) or (b is None and prop in apart):
            continue
        if a is None and b in (("", "-"), ("0", "-")) and prop in EMPTY:
            continue
        if prop in COUNTS and a == (b and b[0], "local") and b and b[1] == "-":
            continue
        if a and b and a[1] == b[1] and _same(prop, a[0], b[0]):
            continue
        found[prop] = (a, b)
    return found


def _hidden(prop: str) -> bool:
    known = properties.find(prop)
    return known is not None and known.hidden


def _same(prop: str, theirs: str, ours: str) -> bool:
    if prop in UNLIMITED:
        return ours == "none" and theirs in ("none", str((1 << 64) - 1))
    if prop in MOVES:
        return abs(int(theirs) - int(ours)) <= 4 << 20
    return ours in MEANS.get(prop, {}).get(theirs, ())


@pytest.fixture(scope="module")
def tree(pool: str, command: Callable[..., str]) -> Iterator[str]:
    """Give a tree with every kind of dataset and every source, made by zfs."""
    zfs = "zfs"
    options = (
        "recordsize=8K compression=zstd-3 normalization=formC org.x:inherited=yes "
        "quota=300M refquota=200M reservation=10M refreservation=5M canmount=noauto"
    )
    set_at_creation = [word for option in options.split() for word in ("-o", option)]
    command(zfs, "create", *set_at_creation, f"{pool}/fs")
    command(zfs, "create", f"{pool}/fs/child")
    command(
        zfs, "set", "atime=off", "org.x:local=1", "filesystem_limit=9", f"{pool}/fs/child"
    )
    raw = b"org.x:raw=" + USER_VALUE
    subprocess.run([zfs, "set", raw, f"{pool}/fs/child"], check=True)
    mixed = ("-o", "casesensitivity=mixed", "-o", "mountpoint=legacy")
    command(zfs, "create", *mixed, f"{pool}/mixed")
    command(
        zfs, "create", "-o", "mountpoint=/zt mnt/a", "-o", "xattr=sa", f"{pool}/with space"
    )
    command(zfs, "create", f"{pool}/with space/below it")
    command(zfs, "create", "-V", "32M", f"{pool}/vol")
    sparse = ("-s", "-V", "32M", "-o", "volblocksize=64k", "-o", "snapshot_limit=3")
    command(zfs, "create", *sparse, f"{pool}/vol sparse")
    for name in ("fs", "fs/child", "vol"):
        command(zfs, "snapshot", "-o", "org.x:snap=1", f"{pool}/{name}@a")
    command(zfs, "hold", "tag", f"{pool}/fs@a")
    command(zfs, "clone", f"{pool}/fs@a", f"{pool}/clone")
    command(zfs, "bookmark", f"{pool}/fs@a", f"{pool}/fs#mark")
    command(zfs, "create", f"{pool}/received")
    stream = f"zfs send -p {pool}/fs/child@a | zfs recv {pool}/received/c"
    command("sh", "-c", stream)
    command(zfs, "set", "atime=on", f"{pool}/received/c")
    command(zfs, "inherit", "recordsize", f"{pool}/received/c")
    key = "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw"
    command(
        "sh",
        "-c",
        f"{key} -o keylocation=file:///dev/stdin {pool}/secret || "
        f"{key} -o keylocation=prompt {pool}/secret",
    )
    command(zfs, "unmount", f"{pool}/secret")
    command(zfs, "unload-key", f"{pool}/secret")
    command("zpool", "sync", pool)
    yield pool
    command(zfs, "destroy", "-r", f"{pool}/with space")


def test_properties_are_those_of_zfs_get(tree: str, engine: Engine) -> None:
    """Value and source of each property are what `zfs get` prints, for every kind."""
    found = engine.datasets(tree)
    assert len(found) == 12
    for dataset in found:
        assert differences(dataset) == {}, dataset.name
        assert dict(engine.dataset(dataset.name).properties) == dict(dataset.properties)
    for name in ("fs@a", "vol@a", "received/c@a"):
        assert differences(engine.snapshot(f"{tree}/{name}")) == {}, name


def test_sources_are_told_apart(tree: str, engine: Engine) -> None:
    """Local, inherited, received and default values each say so."""
    child = engine.dataset(f"{tree}/fs/child").properties
    assert child["atime"] == PropertyValue("off", "local")
    assert child["recordsize"] == PropertyValue("8192", "inherited", f"{tree}/fs")
    assert child["org.x:inherited"] == PropertyValue("yes", "inherited", f"{tree}/fs")
    assert child["sync"] == PropertyValue("standard", "default")
    assert child["creation"].source == "none"
    received = engine.dataset(f"{tree}/received/c").properties
    assert received["atime"].source == "local"
    assert received["org.x:local"] == PropertyValue("1", "received")


def test_bytes_that_are_no_utf8_are_kept(tree: str, engine: Engine) -> None:
    """A user property's value comes back byte by byte, and goes in again."""
    text = engine.dataset(f"{tree}/fs/child").value("org.x:raw")
    assert text is not None
    assert text.encode("utf-8", "surrogateescape") == USER_VALUE
    engine.set(f"{tree}/mixed", {"org.x:raw": text})
    assert as_zfs_has_it(f"{tree}/mixed")["org.x:raw"] == (text, "local")


def test_what_a_filesystem_was_created_with(tree: str, engine: Engine) -> None:
    """Create-only properties are the dataset's own, not the release's defaults."""
    fs = engine.dataset(f"{tree}/fs")
    assert (fs.value("normalization"), fs.value("utf8only")) == ("formC", "on")
    assert engine.dataset(f"{tree}/mixed").value("casesensitivity") == "mixed"
    assert engine.dataset(f"{tree}/secret").value("keystatus") == "unavailable"


def test_properties_of_another_kind_are_left_out(tree: str, engine: Engine) -> None:
    """The kernel lists a quota for volumes, too; the mapping does not."""
    volume, fs = engine.dataset(f"{tree}/vol"), engine.dataset(f"{tree}/fs")
    assert "quota" not in volume.properties
    assert volume.value("quota") is None
    assert "userrefs" not in fs.properties
    assert "volsize" not in engine.snapshot(f"{tree}/fs@a").properties
    assert volume.local("volsize") == str(32 << 20)


def test_listing_is_that_of_zfs_list(
    tree: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Names, types and identities are those of `zfs list`, parents first."""
    columns = "name,type,guid,createtxg"
    words = ("zfs", "list", "-Hp", "-r", "-t", "filesystem,volume", "-o", columns)
    theirs = {tuple(line.split("\t")) for line in command(*words, tree).splitlines()}
    found = engine.datasets(tree)
    assert {(d.name, d.kind, str(d.guid), str(d.createtxg)) for d in found} == theirs
    names = [dataset.name for dataset in found]
    assert all(name.rpartition("/")[0] in names[:i] for i, name in enumerate(names) if i)
    assert [d.name for d in engine.datasets(f"{tree}/fs", recursive=False)] == [
        f"{tree}/fs"
    ]
    with pytest.raises(NotFound):
        engine.datasets(f"{tree}/none")


def test_snapshots_are_those_of_zfs_list(
    tree: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Snapshots come oldest first with guid, createtxg and clones; cheaply or in full."""
    for name in ("m", "c", "z"):
        command("zfs", "snapshot", f"{tree}/fs@{name}")
    columns = "name,guid,createtxg"
    words = (
        "zfs",
        "list",
        "-Hp",
        "-d1",
        "-t",
        "snapshot",
        "-s",
        "createtxg",
        "-o",
        columns,
    )
    theirs = [line.split("\t") for line in command(*words, f"{tree}/fs").splitlines()]
    for full in (False, True):
        found = engine.snapshots(f"{tree}/fs", properties=full)
        assert [[s.name, str(s.guid), str(s.createtxg)] for s in found] == theirs
        assert [s.clones for s in found] == [1, 0, 0, 0]
        assert bool(found[0].properties) is full
    assert found[0].properties["org.x:snap"] == PropertyValue("1", "local")
    assert found[0].value("userrefs") == "1"
    assert found[0].value("clones") == f"{tree}/clone"
    assert engine.snapshots(f"{tree}/mixed") == []
    with pytest.raises(NotFound):
        engine.snapshots(f"{tree}/none")


def test_find_snapshots_passes_over_what_is_gone(tree: str, engine: Engine) -> None:
    """Those that exist come by name, of any dataset or pool; the rest is no error."""
    names = [f"{tree}/fs@a", f"{tree}/fs@none", f"{tree}/none@a", "nopool/x@a"]
    found = engine.find_snapshots([*names, f"{tree}/vol@a"], properties=True)
    assert list(found) == [f"{tree}/fs@a", f"{tree}/vol@a"]
    assert found[f"{tree}/fs@a"] == engine.snapshot(f"{tree}/fs@a")
    assert engine.find_snapshots([]) == {}


def test_exists(tree: str, engine: Engine) -> None:
    """Datasets and snapshots exist or not; an unknown pool is no error."""
    for name in ("", "/fs", "/vol", "/fs@a", "/with space/below it"):
        assert engine.exists(tree + name)
    for name in (f"{tree}/f", f"{tree}/fs@none", "nopool", "nopool/x", "nopool/x@y"):
        assert not engine.exists(name)


def test_a_redacted_receive_is_seen(
    tree: str, engine: Engine, command: Callable[..., str]
) -> None:
    """What was received redacted, or not to its end, says so among its properties."""
    base = f"{tree}/redact"
    command("zfs", "create", base)
    for i in range(3):
        command("dd", "if=/dev/urandom", f"of=/{base}/f{i}", "bs=1M", "count=1")
    command("zfs", "snapshot", f"{base}@all")
    command("zfs", "clone", f"{base}@all", f"{base}-clone")
    command("rm", f"/{base}-clone/f1")
    command("zfs", "snapshot", f"{base}-clone@less")
    command("zfs", "redact", f"{base}@all", "book", f"{base}-clone@less")
    send = f"zfs send --redact book {base}@all | zfs recv {base}-received"
    command("sh", "-c", send)
    assert engine.dataset(f"{base}-received").value("redacted") == "1"
    cut = f"zfs send {base}@all | head -c 1500000 | zfs recv -s {base}-cut"
    command("sh", "-c", cut, check=False)
    found = engine.dataset(f"{base}-cut")
    assert found.value("inconsistent") == "1"
    assert found.value("receive_resume_token")
    assert engine.dataset(base).value("redacted") is None
