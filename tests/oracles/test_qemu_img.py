"""qcow2 disks: what zfstune reads in them is what QEMU reads."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from zfstune.clones.read_disk import open_disk
from zfstune.values.errors import NotSupported

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 4096
MIB = 1 << 20


def content(path: Path, form: str | None = None) -> tuple[int, dict[int, bytes]]:
    """Read the size and the blocks of a disk."""
    with open_disk(str(path), form) as disk:
        return disk.size_bytes, dict(disk.blocks(BLOCK))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-c",),
        ("-o", "compat=0.10"),
        ("-o", "cluster_size=4096"),
        ("-o", "cluster_size=2M"),
        ("-c", "-o", "cluster_size=512"),
        ("-S", "0"),
    ],
)
def test_qcow2_is_read_as_qemu_reads_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Files that qemu-img wrote have the content of the raw disk."""
    raw, made = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    with raw.open("wb") as file:
        file.truncate(5 * MIB + 512)
        for offset in (0, 70_000, 3 * MIB - 3, 5 * MIB):
            os.pwrite(file.fileno(), os.urandom(200) + b"text" * 3000, offset)
        file.truncate(5 * MIB + 512)
    command = ["qemu-img", "convert", "-O", "qcow2", *options, str(raw), str(made)]
    subprocess.run(command, check=True)
    assert content(made) == content(raw)
    assert content(made, "raw") != content(raw)


def test_qcow2_that_grew_in_use(tmp_path: Path) -> None:
    """Clusters that lie in any order, some of them zeroed again."""
    made, raw = tmp_path / "disk.qcow2", tmp_path / "disk.raw"
    script = "write -P 7 4M 128k;write -P 8 1M 64k;write -z 4M 64k;write -P 9 65k 3k"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(made), "8M"], check=True)
    words = [word for line in script.split(";") for word in ("-c", line)]
    subprocess.run(["qemu-io", *words, str(made)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(made), str(raw)], check=True)
    assert content(made) == content(raw)


def test_qcow2_with_more_than_its_own_data(tmp_path: Path) -> None:
    """A backing file names any file of this machine, so it is never opened."""
    base, made = tmp_path / "base.qcow2", tmp_path / "disk.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(base), "8M"], check=True)
    options = ["-f", "qcow2", "-b", str(base), "-F", "qcow2"]
    subprocess.run(["qemu-img", "create", "-q", *options, str(made)], check=True)
    with pytest.raises(NotSupported, match="backing file"):
        content(made)
    options = ["-f", "qcow2", "-o", "extended_l2=on"]
    subprocess.run(["qemu-img", "create", "-q", *options, str(made), "8M"], check=True)
    with pytest.raises(NotSupported, match="subclusters"):
        content(made)
