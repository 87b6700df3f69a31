"""Overlays with a layer on a filesystem, in any mount namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.host.overlays import overlays_on

if TYPE_CHECKING:
    from pathlib import Path


def process(proc: Path, pid: int, namespace: str, table: str) -> None:
    """Make a process with a mount table."""
    (proc / str(pid) / "ns").mkdir(parents=True)
    (proc / str(pid) / "ns" / "mnt").symlink_to(f"mnt:[{namespace}]")
    (proc / str(pid) / "mountinfo").write_text(table)


def test_each_layer_counts(tmp_path: Path) -> None:
    """Lower, upper and working layers, of old and new spelling, with odd names."""
    proc, layer = tmp_path / "proc", tmp_path / "a layer"
    layer.mkdir()
    name = str(layer).replace(" ", "\\040")
    line = "36 35 0:30 / /mnt/{} rw - overlay overlay rw,{}\n"
    process(proc, 1, "1", line.format("lower", f"lowerdir=/none:{name},upperdir=/none"))
    process(proc, 2, "2", line.format("upper\\040one", f"lowerdir=/none,upperdir={name}"))
    process(proc, 3, "3", line.format("new", f"lowerdir+={name}"))
    process(proc, 4, "3", line.format("seen already", f"lowerdir={name}"))
    process(proc, 5, "5", line.format("other", "lowerdir=l/A:/none,workdir=/proc"))
    process(proc, 6, "6", f"36 35 0:30 / {name} rw - ext4 /dev/sda lowerdir={name}\n")
    (proc / "self").mkdir()
    found = overlays_on(layer.stat().st_dev, proc=str(proc))
    assert found == ("/mnt/lower", "/mnt/new", "/mnt/upper one")
    assert overlays_on(-2, proc=str(proc)) == ()
