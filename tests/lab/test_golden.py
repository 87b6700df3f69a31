"""Golden images on the kernel's ZFS: mounts, device nodes, identities, many clones."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune import golden
from zfstune.clones import finish
from zfstune.host.device_nodes import device_node

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release

OWNER = golden.Owner(uid=4711, gid=4712, mode=0o750)
MIB = 1 << 20


def make_node(root: Path) -> None:
    """Write a system's identity below a folder."""
    for folder in ("etc/ssh", "var/lib/dbus", "var/lib/systemd"):
        (root / folder).mkdir(parents=True)
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (root / "etc/ssh/ssh_host_ed25519_key").write_text("secret")
    (root / "etc/ssh/sshd_config").write_text("Port 22\n")
    (root / "var/lib/dbus/machine-id").symlink_to("/etc/machine-id")
    (root / "var/lib/systemd/random-seed").write_bytes(b"seed")


def names_in(folder: Path) -> list[str]:
    """Give the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def node(dataset: str, engine: Engine) -> str:
    """Give a sealed filesystem that holds a system."""
    make_node(Path(engine.mounts()[dataset].path))
    golden.create(dataset, engine=engine)
    return dataset


def test_each_clone_has_an_identity_of_its_own(node: str, engine: Engine) -> None:
    """It is mounted where it belongs, owned as told, and nothing private is left."""
    names = [f"{node}-{number}" for number in range(3)]
    done = golden.stamp(node, *names, owner=OWNER, engine=engine)
    assert (done.done, done.left) == (tuple(names), {})
    mounts = engine.mounts()
    for name in names:
        mount = mounts[name]
        root = Path(mount.path)
        assert mount.path == f"/{name}"
        assert (mount.uid, mount.gid, mount.mode) == (4711, 4712, 0o750)
        assert (root / "etc/machine-id").read_bytes() == b""
        assert names_in(root / "etc/ssh") == ["sshd_config"]
        assert names_in(root / "var/lib/dbus") == []
        assert names_in(root / "var/lib/systemd") == []
        assert engine.dataset(name).local("mountpoint") is None
    assert Path("/etc/machine-id").exists()
    assert names_in(Path(finish._PRIVATE)) == []
    again = golden.stamp(node, *names, engine=engine)
    assert (again.done, again.plan.there) == ((), tuple(names))
    origin = Path(engine.mounts()[node].path)
    assert (origin / "etc/machine-id").read_text().startswith("0123")
    with pytest.raises(OSError, match="Read-only"):
        (origin / "new").write_text("x")


def test_links_of_an_image_lead_nowhere(dataset: str, engine: Engine) -> None:
    """Such a clone stays unfinished and unmounted, and this machine's files stay."""
    root = Path(engine.mounts()[dataset].path)
    outside = Path(engine.mounts()[dataset].path).parent / secrets.token_hex(4)
    (outside / "ssh").mkdir(parents=True)
    (outside / "machine-id").write_text("mine")
    (root / "etc").symlink_to(outside)
    golden.create(dataset, engine=engine)
    done = golden.stamp(dataset, f"{dataset}-x", engine=engine)
    assert done.done == ()
    assert "a link or no directory is on the way" in done.left[f"{dataset}-x"].message
    assert (outside / "machine-id").read_text() == "mine"
    assert f"{dataset}-x" not in engine.mounts()
    assert engine.dataset(f"{dataset}-x").value("canmount") == "noauto"


def test_a_volume_has_its_node_and_a_new_uuid(
    pool: str, engine: Engine, tmp_path: Path, command: Callable[..., str]
) -> None:
    """From a file with a file system to volumes, each with another UUID, and back."""
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(32 * MIB)
    command("mkfs.ext4", "-q", str(disk))
    image = f"{pool}/{secrets.token_hex(4)}"
    golden.create(image, disk=str(disk), engine=engine)
    assert engine.dataset(image).value("volmode") == "none"
    before = command("blkid", "-p", "-o", "value", "-s", "UUID", str(disk))
    names = [f"{image}-{number}" for number in range(2)]
    done = golden.stamp(image, *names, new_uuid=True, wait_s=60, engine=engine)
    assert (done.done, done.left) == (tuple(names), {})
    seen = {before}
    for name in names:
        assert Path(device_node(name)).is_block_device()
        seen.add(command("blkid", "-p", "-o", "value", "-s", "UUID", device_node(name)))
        command("e2fsck", "-fn", device_node(name))
    assert len(seen) == 3
    golden.export_disk(image, str(tmp_path / "back.raw"), engine=engine)
    assert (tmp_path / "back.raw").read_bytes() == disk.read_bytes()


def test_a_run_that_was_killed_is_completed(node: str, engine: Engine) -> None:
    """At any moment: the next run finishes each clone, and nothing else is mounted."""
    names = [f"{node}-{number}" for number in range(4)]
    argv = [sys.executable, "-m", "zfstune", "golden", "stamp", node, *names]
    for delay in (0.4, 1.2):
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
    done = golden.stamp(node, *names, engine=engine)
    assert done.left == {}
    mounts = engine.mounts()
    for name in names:
        assert mounts[name].path == f"/{name}"
        assert Path(mounts[name].path, "etc/machine-id").read_bytes() == b""
    assert not [m for m in mounts.values() if m.path.startswith(finish._PRIVATE)]


def test_an_export_is_restored(
    pool: str, node: str, engine: Engine, tmp_path: Path
) -> None:
    """It is the same image, and clones are stamped from it."""
    golden.export(node, str(tmp_path / "out"), engine=engine)
    back = f"{pool}/{secrets.token_hex(4)}"
    golden.restore(str(tmp_path / "out"), back, engine=engine)
    assert back not in engine.mounts()
    done = golden.stamp(back, f"{back}-x", engine=engine)
    assert done.left == {}
    root = Path(engine.mounts()[f"{back}-x"].path)
    assert (root / "etc/ssh/sshd_config").read_text() == "Port 22\n"


def test_many_clones_share_transactions(node: str, engine: Engine) -> None:
    """They take far fewer transaction groups than one after the other."""
    engine.create(f"{node}-all", properties={"mountpoint": "none"})
    names = [f"{node}-all/{number}" for number in range(40)]
    zfstune.clone(f"{node}@golden", *names, engine=engine)
    born = {engine.dataset(name).createtxg for name in names}
    assert len(born) < len(names) / 4


def test_retire_destroys_what_nothing_hangs_on(node: str, engine: Engine) -> None:
    """While a clone is there it stays; then dataset and snapshot go."""
    golden.stamp(node, f"{node}-x", engine=engine)
    assert golden.retire(node, lose=["image"], engine=engine).clones == (f"{node}-x",)
    engine.unmount(f"{node}-x")
    engine.destroy(f"{node}-x")
    golden.retire(node, lose=["image"], engine=engine)
    assert not engine.exists(node)
