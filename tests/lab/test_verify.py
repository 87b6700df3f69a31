"""verify on real pools: mounts, owners, keys, devices and blocks as the kernel has them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.profiles.load import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

PROFILE = """
name = "app"
summary = "An application"

[[dataset]]
path = "app"
owner = "postgres"
mode = "0750"

[dataset.properties.recordsize]
value = "8K"
why = "Pages of 8K."
source = "nowhere"

[dataset.properties.exec]
value = "off"
why = "Nothing here is run."
source = "nowhere"
"""
CLONING = (2, 3)  # from then on plain cp clones blocks unasked


@pytest.fixture
def app() -> Profile:
    """Give a profile of one dataset."""
    return load_text(PROFILE, "app.toml")


@pytest.fixture
def root(pool: str, command: Command) -> Iterator[str]:
    """Give a root for profiles, in a pool of its own name's mountpoint."""
    command("zfs", "create", f"{pool}/srv")
    yield f"{pool}/srv"
    command("zfs", "destroy", "-R", f"{pool}/srv")


def findings(root: str, app: Profile, engine: Engine) -> list[tuple[str, str]]:
    """Give state and note of all that is found of the application's dataset."""
    [verdict] = zfstune.verify(app, root=root, engine=engine).datasets
    return [(finding.state, finding.note) for finding in verdict.findings]


def test_mounts_and_owners(
    root: str, app: Profile, engine: Engine, command: Command
) -> None:
    """Each thing that is done to a mounted dataset is found, and nothing else."""
    zfstune.apply(app, root=root, engine=engine)
    place = f"/{root}/app"
    assert findings(root, app, engine) == []
    os.chown(place, 0, 0)
    Path(place).chmod(0o755)
    [(state, note)] = findings(root, app, engine)
    assert (state, "user 0 instead of postgres" in note) == ("wrong-owner", True)
    assert "mode 0755 instead of 0750" in note
    zfstune.apply(app, root=root, engine=engine)
    command("mount", "-o", "remount,exec", place)
    assert findings(root, app, engine) == [
        (
            "stale-mount",
            "its mount options differ from its properties, which ask for +noexec",
        )
    ]
    command("mount", "-o", "remount,noexec", place)
    assert findings(root, app, engine) == []
    command("mount", "-t", "tmpfs", "none", place)
    [(state, note)] = findings(root, app, engine)
    assert (state, note) == ("unmounted", f"something else is mounted over {place}")
    command("umount", place)
    command("zfs", "unmount", f"{root}/app")
    [(state, note)] = findings(root, app, engine)
    assert (state, f"belongs at {place}" in note) == ("unmounted", True)
    command("mount", "-t", "zfs", "-o", "zfsutil", f"{root}/app", "/mnt")
    [(state, note), *_] = findings(root, app, engine)
    assert (state, "mounted at /mnt" in note) == ("unmounted", True)
    command("umount", "/mnt")


def test_values_have_sources(
    root: str, app: Profile, engine: Engine, command: Command
) -> None:
    """The zfs command's changes are told apart by where the value comes from now."""
    zfstune.apply(app, root=root, engine=engine)
    command("zfs", "set", "recordsize=16K", f"{root}/app")
    command("zfs", "set", "exec=off", root)
    command("zfs", "inherit", "exec", f"{root}/app")
    assert findings(root, app, engine) == [
        ("drift-local", "recordsize is 16K, set by hand, and was set to 8K"),
        (
            "drift-inherited",
            f"exec is off, inherited from {root}, and was set to off here",
        ),
    ]


def test_a_key_that_is_not_loaded(
    root: str, engine: Engine, command: Command, tmp_path: Path
) -> None:
    """An encrypted dataset says that its key is missing, and not that it is unmounted."""
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    options = ("encryption=on", "keyformat=raw", f"keylocation=file://{key}")
    command("zfs", "create", *(w for o in options for w in ("-o", o)), f"{root}/vault")
    zfstune.apply("logs", root=f"{root}/vault", engine=engine)
    assert not zfstune.verify(f"{root}/vault", engine=engine).pending
    command("zfs", "unmount", f"{root}/vault/logs")
    command("zfs", "unmount", f"{root}/vault")
    command("zfs", "unload-key", f"{root}/vault")
    verdicts = zfstune.verify(f"{root}/vault", engine=engine).datasets
    hints = {f.hint for v in verdicts for f in v.findings if f.pending}
    assert {v.state for v in verdicts} == {"key-not-loaded"}
    assert hints == {f"zfs load-key {root}/vault, then zfstune apply"}


def test_blocks_of_an_old_size(
    root: str, app: Profile, engine: Engine, command: Command
) -> None:
    """Files from before are found; the remedy works, and what is said not to does not."""
    place = Path(f"/{root}/app")
    command("zfs", "create", "-o", "recordsize=128K", f"{root}/app")
    old = place / "old"
    old.write_bytes(os.urandom(1 << 20))
    (place / "small").write_bytes(b"x" * 600)
    command("zfs", "snapshot", f"{root}/app@old")
    zfstune.apply(app, root=root, engine=engine)
    [(state, note)] = findings(root, app, engine)
    assert state == "stale-blocks"
    assert note == (f"1 of 2 files (1M) has blocks of 128K, and recordsize is 8K: {old}")
    # said not to help
    pipe = f"zfs send -L {root}/app@old | zfs recv -u -o recordsize=8K {root}/copy"
    subprocess.run(["bash", "-o", "pipefail", "-c", pipe], check=True)
    command("zfs", "mount", f"{root}/copy")
    assert block_bytes(f"/{root}/copy/old") == 128 << 10
    if engine.limits.release >= CLONING:
        command("sync")  # what is still in memory alone is not cloned
        command("cp", str(old), str(place / "plain"))
        assert block_bytes(place / "plain") == 128 << 10
        (place / "plain").unlink()
    if "rewrite" in command("zfs", "--help"):
        command("zfs", "rewrite", str(old))
        assert block_bytes(old) == 128 << 10
    # the remedy
    new = place / "new"
    command("cp", "--reflink=never", "-p", str(old), str(new))
    assert block_bytes(new) == 8 << 10
    new.rename(old)
    assert findings(root, app, engine) == []


def block_bytes(path: Path | str) -> int:
    """Give a file's block size."""
    return Path(path).stat().st_blksize


def test_devices(make_pool: Callable[..., str], command: Command, engine: Engine) -> None:
    """A pool is as healthy as zpool says; the device that is not is named."""
    options = ("-O", "mountpoint=none")
    name = make_pool("mirror", "FILE", "FILE", options=options, size_bytes=128 << 20)
    assert not zfstune.verify(pool=name, engine=engine).pending
    info = engine.pool(name)
    leaf = info.vdevs[0].devices[0]
    command("zpool", "offline", name, leaf)
    [verdict] = zfstune.verify(pool=name, engine=engine).pools
    health = command("zpool", "list", "-Ho", "health", name).strip()
    assert verdict.state == "unhealthy"
    assert verdict.findings[0].note == f"it is {health}: {leaf} OFFLINE"
