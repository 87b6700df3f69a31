"""Fill files, write pages over, and read pages, at exactly the places that are planned."""

from __future__ import annotations

import os
from contextlib import contextmanager

from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zfstune.measurement.batches import Batches, Spot
    from zfstune.measurement.data_shape import Corpus

__all__ = ["Pages", "file_name"]

_CHUNK_BYTES = 1 << 20
_MOST_OPEN = 64
_TOUCHED = "touched"


def file_name(number: int) -> str:
    """Return the name of a file, which fio's job makes of ``data.$filenum`` too."""
    return f"data.{number}"


class Pages:
    """The files of one run.

    Args:
        folder: Where they are.
        batches: The places.
        corpus: The data.
        sync: Writes out all that is dirty, in a transaction group.
        sync_every: Writes from one fdatasync to the next; 0: none.
    """

    def __init__(
        self,
        folder: str,
        batches: Batches,
        corpus: Corpus,
        sync: Callable[[], None],
        sync_every: int,
    ) -> None:
        self._folder = folder
        self._batches = batches
        self._corpus = corpus
        self._sync = sync
        self._sync_every = sync_every
        self._open: dict[int, int] = {}
        self._written = 0
        self._touches = 0

    def fill(self) -> None:
        """Write all files from front to back."""
        with self._failing("fill"):
            for file, length in enumerate(self._batches.lengths):
                fd = self._fd(file, create=True)
                for offset in range(0, length, _CHUNK_BYTES):
                    size = min(_CHUNK_BYTES, length - offset)
                    _write(fd, self._corpus.read(file, offset, size), offset)
        self._sync()

    def allocated_bytes(self) -> int:
        """Return what the files occupy, as ``st_blocks`` has it."""
        with self._failing("look at"):
            return sum(
                os.stat(self._path(file)).st_blocks * 512
                for file in range(self._batches.files)
            )

    def write(self, batches: Sequence[Sequence[Spot]], *, synced: bool) -> int:
        """Write pages over, each batch in a transaction group; return their bytes.

        Args:
            batches: The places.
            synced: Sync as often as the application does.
        """
        every = self._sync_every if synced else 0
        for batch in batches:
            with self._failing("write to"):
                for file, offset, size in batch:
                    fd = self._fd(file)
                    self._written += 1
                    data = self._corpus.read(file, offset, size, self._written)
                    _write(fd, data, offset)
                    if every and self._written % every == 0:
                        os.fdatasync(fd)
            self._sync()
        return sum(size for batch in batches for *_, size in batch)

    def touch(self, *, synced: bool) -> None:
        """Change one byte of a file of its own, in a transaction group.

        Args:
            synced: Sync it too, if the application syncs.
        """
        with self._failing("write to"):
            flags = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_CREAT
            fd = os.open(os.path.join(self._folder, _TOUCHED), flags, 0o600)
            try:
                self._touches += 1
                _write(fd, bytes([self._touches % 256]), 0)
                if synced and self._sync_every:
                    os.fdatasync(fd)
            finally:
                os.close(fd)
        self._sync()

    def read(self, places: Sequence[Spot]) -> int:
        """Read pages; return their bytes."""
        with self._failing("read from"):
            return sum(len(os.pread(self._fd(file), size, at)) for file, at, size in places)

    def close(self) -> None:
        """Close the files."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()

    def _fd(self, file: int, *, create: bool = False) -> int:
        fd = self._open.get(file)
        if fd is None:
            if len(self._open) >= _MOST_OPEN:
                os.close(self._open.pop(next(iter(self._open))))
            flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT * create)
            fd = self._open[file] = os.open(self._path(file), flags, 0o600)
        return fd

    def _path(self, file: int) -> str:
        return os.path.join(self._folder, file_name(file))

    @contextmanager
    def _failing(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot {verb} '{self._folder}': {error.strerror}"
            raise ZfstuneError(message) from None


def _write(fd: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written
