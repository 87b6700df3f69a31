"""Read the records of a stream as far as a receive has to know them.

The data of a snapshot is left to the kernel. Nothing is read beyond a record, so that the
kernel goes on where the reading stopped.
"""

from __future__ import annotations

from zfstune.engine.read_exactly import read_exactly
from zfstune.streams.package import MOST_LIST_BYTES, read_package
from zfstune.streams.packed_list import unpack
from zfstune.values.errors import Damaged, EngineError, InvalidName, InvalidValue
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.names import check_snapshot
from zfstune.values.stream_record import (
    END,
    RECORD_BYTES,
    parse_end,
    parse_header,
    parse_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.package import Package
    from zfstune.values.stream_record import StreamHeader

__all__ = ["Unwrapped"]

# The first bytes of files that hold a stream in packed form, and what unpacks them.
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"BZh": "bzip2",
}


class Unwrapped:
    """A stream that is read record by record.

    Args:
        fd: The descriptor; what follows a header that was returned is for the caller to
            read, or to :meth:`pass_over`.
        target: What the stream is received into, as messages call it.

    Attributes:
        package: The package that the streams are in; None: there is one stream alone.
        header: The first record of the stream that comes next; None: none does.
        record: Its bytes.
        name: The name of the snapshot that all is of, on the sender.
    """

    def __init__(self, fd: int, target: str) -> None:
        self._fd = fd
        self._target = target
        self.record = read_exactly(fd, RECORD_BYTES)
        self.header = parse_header(self.record)
        self.package: Package | None = None
        if self.header is None:
            raise self._no_stream()
        self.name = self._checked_name(self.header)
        if self.header.package:
            self.package = self._read_package(self.record, self.header)
            self._read_header()

    def advance(self) -> None:
        """Go on to the next stream, once the one before has been read to its end."""
        if self.package is None:
            self.header = None
        else:
            self._read_header()

    def pass_over(self, header: StreamHeader) -> None:
        """Read the rest of the stream with that header, and do nothing with it."""
        kind, size = -1, header.payload_bytes
        if size > MOST_LIST_BYTES:
            raise InvalidValue(self._cannot("its first record has a false length"))
        while True:
            self._read(size)
            if kind == END:
                return
            record = self._read(RECORD_BYTES)
            kind, size = parse_record(record, big_endian=header.big_endian)

    def _read_header(self) -> None:
        self.record = self._read(RECORD_BYTES)
        self.header = parse_header(self.record)
        if self.header is None and not self._is_end(self.record):
            raise InvalidValue(self._cannot("in the package comes what is no stream"))
        if self.header is not None and self.header.package:
            raise InvalidValue(self._cannot("in the package comes another one"))

    @staticmethod
    def _is_end(record: bytes) -> bool:
        return any(parse_end(record, big_endian=big) is not None for big in (False, True))

    def _read_package(self, record: bytes, header: StreamHeader) -> Package:
        """Read the list of a package, and check the checksum behind it."""
        if header.payload_bytes > MOST_LIST_BYTES:
            raise InvalidValue(self._cannot("the list of the package is too long"))
        payload = self._read(header.payload_bytes)
        checksum = parse_end(self._read(RECORD_BYTES), big_endian=header.big_endian)
        if checksum is None:
            raise InvalidValue(self._cannot("no end follows the list of the package"))
        if checksum != fletcher4(record + payload, big_endian=header.big_endian):
            raise Damaged(
                operation="receive into",
                target=self._target,
                reason="the list of the package has another checksum than it says",
            )
        return read_package(header.toname, unpack(payload) if payload else None)

    def _read(self, size: int) -> bytes:
        data = read_exactly(self._fd, size)
        if len(data) < size:
            raise EngineError(
                operation="receive into",
                target=self._target,
                reason="the stream ended early",
                hint="receive all of it again: what has arrived is passed over",
            )
        return data

    def _checked_name(self, header: StreamHeader) -> str:
        try:
            return check_snapshot(header.toname, creating=True)
        except InvalidName as error:
            raise InvalidValue(self._cannot(f"its name cannot be right: {error}")) from None

    def _no_stream(self) -> InvalidValue:
        if not self.record:
            return InvalidValue(self._cannot("it is empty"))
        for magic, program in _PACKED.items():
            if self.record.startswith(magic):
                return InvalidValue(
                    self._cannot(f"it is packed by {program}"),
                    hint=f"unpack it: `{program} -dc FILE | zfstune receive TARGET`",
                )
        return InvalidValue(self._cannot("it is no stream of `zfs send`"))

    def _cannot(self, reason: str) -> str:
        return f"cannot receive the stream into '{self._target}': {reason}"
