"""The mount table as the kernel writes it, and the options that a mount gets."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine import _mount_table
from zfstune.values.state import Dataset, PropertyValue

if TYPE_CHECKING:
    from pathlib import Path


def mangled(text: bytes) -> bytes:
    """Escape blanks, tabs, newlines and backslashes, as fs/proc_namespace.c does."""
    return b"".join(
        b"\\%03o" % byte if byte in b" \t\n\\" else bytes([byte]) for byte in text
    )


def line(source: bytes, path: bytes, *, kind: bytes = b"zfs", tags: bytes = b"") -> bytes:
    """Return one line of /proc/self/mountinfo."""
    before = b"36 35 0:41 / " + mangled(path) + b" rw,noatime " + tags
    return before + b"- " + kind + b" " + mangled(source) + b" rw,xattr,posixacl\n"


def paths(monkeypatch: pytest.MonkeyPatch, *lines: bytes) -> dict[str, str]:
    """Read a mount table made of these lines."""
    with monkeypatch.context() as patch:
        patch.setattr(
            _mount_table, "open", lambda *_: io.BytesIO(b"".join(lines)), raising=False
        )
        return _mount_table.mount_paths()


def test_what_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only filesystems of ZFS are listed: no snapshots, and no folders within one."""
    found = paths(
        monkeypatch,
        line(b"proc", b"/proc", kind=b"proc"),
        line(b"tank", b"/tank"),
        line(b"tank/a", b"/tank/a", tags=b"shared:12 master:3 "),
        line(b"tank/a@now", b"/tank/a/.zfs/snapshot/now"),
        line(b"tank/zfs", b"/mnt/zfs", kind=b"ext4"),
        line(b"tank/b", b"/mnt/folder").replace(b"0:41 / ", b"0:41 /folder "),
        b"22 1 0:20 / /sys rw - sysfs  rw\n",
    )
    assert found == {"tank": "/tank", "tank/a": "/tank/a"}


def test_the_first_mount_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem mounted twice shows the path of its first mount."""
    found = paths(monkeypatch, line(b"tank", b"/tank"), line(b"tank", b"/mnt"))
    assert found == {"tank": "/tank"}


PATHS = st.lists(
    st.sampled_from([b" ", b"\t", b"\n", b"\\", b"040", b"134", b"a", b"-", b"\xff", b"/"]),
    max_size=8,
).map(lambda parts: b"/" + b"".join(parts))


@given(PATHS, st.sampled_from([b"tank", b"tank/with space", b"tank/a-b", b"tank/a \\040"]))
def test_any_path_is_read_back(path: bytes, source: bytes) -> None:
    """Whatever bytes a path and a name are made of, they come out as they went in."""
    with pytest.MonkeyPatch.context() as patch:
        assert paths(patch, line(source, path)) == {source.decode(): os.fsdecode(path)}


def test_table_knows_owner_and_mode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The table has owner and mode of each root; a path that is gone is left out."""
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o2750)
    table = line(b"tank/a", os.fsencode(there)) + line(b"tank/b", b"/nowhere/at/all")
    monkeypatch.setattr(_mount_table, "open", lambda *_: io.BytesIO(table), raising=False)
    (mount,) = _mount_table.mount_table().values()
    assert (mount.dataset, mount.path, mount.mode) == ("tank/a", str(there), 0o2750)
    assert (mount.uid, mount.gid) == (os.getuid(), there.stat().st_gid)
    assert mount.options == frozenset({"rw", "noatime"})
    assert mount.hidden  # the line gives device 0:41


def test_a_path_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may not look at a mounted directory still sees that it is mounted."""

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied", path)

    below = line(b"tank/a", b"/closed/a")
    over = b"99 36 0:7 / /closed/a rw - tmpfs none rw\n"
    monkeypatch.setattr(os, "stat", refuse)
    for table, hidden in ((below, False), (below + over, True)):
        monkeypatch.setattr(
            _mount_table, "open", lambda *_, t=table: io.BytesIO(t), raising=False
        )
        (mount,) = _mount_table.mount_table().values()
        assert (mount.path, mount.uid, mount.mode) == ("/closed/a", None, None)
        assert mount.hidden is hidden


def dataset(**properties: str) -> Dataset:
    """Return a filesystem with these properties."""
    values = {name: PropertyValue(value) for name, value in properties.items()}
    return Dataset("tank/a", "filesystem", 1, 1, values)


@pytest.mark.parametrize(
    ("properties", "flags"),
    [
        ({}, 0),
        ({"atime": "off", "relatime": "on"}, _mount_table.MS_NOATIME),
        ({"atime": "on", "relatime": "on"}, _mount_table.MS_RELATIME),
        # Linux takes relatime for granted unless told: strictatime is said out loud
        ({"atime": "on", "relatime": "off"}, _mount_table.MS_STRICTATIME),
        ({"devices": "off"}, _mount_table.MS_NODEV),
        ({"exec": "off"}, _mount_table.MS_NOEXEC),
        ({"setuid": "off"}, _mount_table.MS_NOSUID),
        ({"readonly": "on"}, _mount_table.MS_RDONLY),
        ({"nbmand": "on"}, _mount_table.MS_MANDLOCK),
        ({"devices": "on", "exec": "on", "setuid": "on", "readonly": "off"}, 0),
    ],
)
def test_flags(properties: dict[str, str], flags: int) -> None:
    """Each property gives the flag of mount(2) that libzfs gives it."""
    found, options = _mount_table.mount_options(
        dataset(**properties), "/tank/a", readonly_pool=False
    )
    assert found == flags
    assert options == "zfsutil,mntpoint=/tank/a"


def test_flags_are_those_of_linux() -> None:
    """The flags have the numbers of linux/mount.h, as far as Python knows them."""
    assert _mount_table.MS_RDONLY == os.ST_RDONLY
    assert _mount_table.MS_NOSUID == os.ST_NOSUID
    assert _mount_table.MS_NODEV == os.ST_NODEV
    assert _mount_table.MS_NOEXEC == os.ST_NOEXEC
    assert _mount_table.MS_MANDLOCK == os.ST_MANDLOCK
    assert _mount_table.MS_NOATIME == os.ST_NOATIME


def test_a_readonly_pool_mounts_readonly() -> None:
    """A pool imported read-only mounts so, whatever the property says."""
    flags, _ = _mount_table.mount_options(dataset(readonly="off"), "/a", readonly_pool=True)
    assert flags == _mount_table.MS_RDONLY


def test_contexts_are_quoted() -> None:
    """SELinux labels hold commas: they are quoted, and "none" is left out."""
    labels = {"context": "u:r:t:s0,c1", "fscontext": "none", "rootcontext": "u:r:t:s0"}
    _, options = _mount_table.mount_options(dataset(**labels), "/a", readonly_pool=False)
    assert options == 'zfsutil,mntpoint=/a,context="u:r:t:s0,c1",rootcontext="u:r:t:s0"'
