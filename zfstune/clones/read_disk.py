"""Read a disk in a file, raw or qcow2, block by block."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from zfstune.clones.qcow2 import MAGIC, qcow2_clusters, read_qcow2_header
from zfstune.host.sparse_file import data_parts
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.clones.qcow2 import Qcow2

__all__ = ["DISK_FORMATS", "Disk", "open_disk"]

DISK_FORMATS = ("raw", "qcow2")

_PART_BYTES = 1 << 20
_LONGEST_MAGIC = 8
# How the files of other programs begin that somebody may take for a disk.
_OTHERS = {
    b"KDMV": "VMDK",
    b"COWD": "VMDK",
    b"vhdxfile": "VHDX",
    b"conectix": "VHD",
    b"QED\0": "QED",
    b"<<< Orac": "VDI",
    b"\x1f\x8b": "a packed file",
    b"\xfd7zXZ": "a packed file",
    b"\x28\xb5\x2f\xfd": "a packed file",
}


class Disk:
    """A disk in an open file.

    Attributes:
        format: ``raw`` or ``qcow2``.
        size_bytes: The size of the disk, which is that of a raw file.
    """

    def __init__(self, path: str, fd: int, form: str) -> None:
        self._path = path
        self._fd = fd
        self.format = form
        self._qcow2: Qcow2 | None = None
        if form == "qcow2":
            self._qcow2 = read_qcow2_header(self._read_at, path)
            self.size_bytes = self._qcow2.size_bytes
        else:
            self.size_bytes = os.lseek(fd, 0, os.SEEK_END)
        if not self.size_bytes:
            raise InvalidValue(f"cannot read disk '{shown(path)}': it is empty")

    def blocks(self, block_bytes: int) -> Iterator[tuple[int, bytes]]:
        """Give offset and bytes of each block that does not hold zeros alone.

        The last one is filled up with zeros.

        Args:
            block_bytes: Size of a block, a power of two.

        Raises:
            InvalidValue: The file is damaged.
            PlanError: It cannot be read.
        """
        zeros = bytes(block_bytes)
        for offset, data in _in_blocks(self._parts(), block_bytes, self.size_bytes):
            if data != zeros:
                yield offset, data

    def _parts(self) -> Iterable[tuple[int, bytes]]:
        if self._qcow2 is not None:
            return qcow2_clusters(self._qcow2, self._read_at, self._path)
        return self._data()

    def _data(self) -> Iterator[tuple[int, bytes]]:
        """Give the parts of a raw disk that are no holes, in pieces."""
        for start, end in self._data_parts():
            for at in range(start, end, _PART_BYTES):
                data = self._read_at(at, min(_PART_BYTES, end - at))
                if len(data) < min(_PART_BYTES, end - at):
                    raise PlanError(f"cannot read disk '{shown(self._path)}': it was cut")
                yield at, data

    def _data_parts(self) -> Iterator[tuple[int, int]]:
        try:
            yield from data_parts(self._fd, self.size_bytes)
        except OSError as error:
            raise self._unread(error) from None

    def _read_at(self, offset: int, count: int) -> bytes:
        try:
            return os.pread(self._fd, count, offset)
        except (OSError, OverflowError) as error:
            raise self._unread(error) from None

    def _unread(self, error: OSError | OverflowError) -> PlanError:
        reason = getattr(error, "strerror", "") or "an offset in it is too large"
        return PlanError(f"cannot read disk '{shown(self._path)}': {reason}")


def _in_blocks(
    parts: Iterable[tuple[int, bytes]], block_bytes: int, size_bytes: int
) -> Iterator[tuple[int, bytes]]:
    """Cut parts that do not overlap, in order, into whole blocks."""
    start, block = -1, bytearray()
    for offset, part in parts:
        data = memoryview(part)[: max(size_bytes - offset, 0)]
        done = 0
        while done < len(data):
            inside = (offset + done) % block_bytes
            if start != offset + done - inside:
                if block:
                    yield start, bytes(block)
                start, block = offset + done - inside, bytearray(block_bytes)
            count = min(block_bytes - inside, len(data) - done)
            block[inside : inside + count] = data[done : done + count]
            done += count
    if block:
        yield start, bytes(block)


@contextmanager
def open_disk(path: str, form: str | None = None) -> Iterator[Disk]:
    """Open a disk in a file during a block.

    Args:
        path: The file, or a block device.
        form: One of :data:`DISK_FORMATS`; default: qcow2 if the file begins like one.

    Raises:
        PlanError: The file cannot be read.
        NotSupported: It has another format, or needs what zfstune does not read.
        InvalidValue: It is empty or damaged.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise PlanError(f"cannot read disk '{shown(path)}': {error.strerror}") from None
    try:
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            raise InvalidValue(f"cannot read disk '{shown(path)}': it is no plain file")
        yield Disk(path, fd, form or _format_of(path, fd))
    finally:
        os.close(fd)


def _format_of(path: str, fd: int) -> str:
    begin = os.pread(fd, _LONGEST_MAGIC, 0)
    if begin.startswith(MAGIC):
        return "qcow2"
    for magic, name in _OTHERS.items():
        if begin.startswith(magic):
            raise InvalidValue(
                f"cannot read disk '{shown(path)}': it begins like {name}",
                hint=f"make a plain file of it first, as with qemu-img convert -O raw "
                f"{for_shell(path)} disk.raw; or say that it is one: --format raw",
            )
    return "raw"
