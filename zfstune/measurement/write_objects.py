"""Do in an image what :mod:`~zfstune.measurement.write_pages` does with files.

No filesystem of an image is mounted, so each file is a bare object of its dataset. Its
data goes the same way as a file's: through records, compression, whole sectors and the
cache, in OpenZFS's own code. What a kernel adds, the intent log, is not there.
"""

from __future__ import annotations

from zfstune.engine.relay import relay
from zfstune.measurement.prediction import record_length
from zfstune.values.object_operations import make_object, read_bytes, write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.batches import Batches, Spot
    from zfstune.measurement.data_shape import Corpus

__all__ = ["Objects"]

# A new filesystem has its own objects far below.
_FIRST = 1 << 20
_CHUNK_BYTES = 1 << 20
_TOUCHED_BYTES = 512


class Objects:
    """The objects of one run, which stand for its files.

    Args:
        engine: Where the image is open.
        dataset: A new filesystem.
        batches: The places.
        corpus: The data.
        recordsize_bytes: Its recordsize.
    """

    def __init__(
        self,
        engine: Engine,
        dataset: str,
        batches: Batches,
        corpus: Corpus,
        recordsize_bytes: int,
    ) -> None:
        self._engine = engine
        self._dataset = dataset
        self._batches = batches
        self._corpus = corpus
        # A file that outgrows its one block gets blocks of the recordsize.
        grown = {
            file
            for batch in batches.counted
            for file, offset, size in batch
            if offset + size > batches.lengths[file]
        }
        self._blocks = [
            recordsize_bytes if file in grown else record_length(length, recordsize_bytes)
            for file, length in enumerate(batches.lengths)
        ]
        self._empty_bytes = self._referenced()
        self._written = 0
        self._touches = 0

    def fill(self) -> None:
        """Write all objects from front to back."""
        self._carry_out(self._filling())

    def allocated_bytes(self) -> int:
        """Return what the objects occupy, their indirect blocks included."""
        return self._referenced() - self._empty_bytes

    def write(self, batches: Sequence[Sequence[Spot]], *, synced: bool) -> int:
        """Write pages over, each batch in a transaction group; return their bytes.

        Args:
            batches: The places.
            synced: Means nothing here: there is no intent log.
        """
        del synced
        for batch in batches:
            self._carry_out(self._pages(batch))
        return sum(size for batch in batches for *_, size in batch)

    def touch(self, *, synced: bool) -> None:
        """Change one byte of an object of its own, in a transaction group.

        Args:
            synced: Means nothing here: there is no intent log.
        """
        del synced
        number = _FIRST + self._batches.files
        made = [] if self._touches else [make_object(number, _TOUCHED_BYTES)]
        self._touches += 1
        byte = bytes([self._touches % 256])
        self._carry_out([*made, write_bytes(number, 0, byte)])

    def read(self, places: Sequence[Spot]) -> int:
        """Read pages; return their bytes."""
        self._carry_out(read_bytes(_FIRST + file, at, size) for file, at, size in places)
        return sum(size for *_, size in places)

    def close(self) -> None:
        """Do nothing: objects are not open."""

    def _filling(self) -> Iterator[bytes]:
        for file, length in enumerate(self._batches.lengths):
            block = self._blocks[file]
            chunk = max(_CHUNK_BYTES // block, 1) * block
            yield make_object(_FIRST + file, block)
            for start in range(0, length, chunk):
                data = self._corpus.read(file, start, min(chunk, length - start))
                for place in range(0, len(data), block):
                    part = data[place : place + block]
                    yield write_bytes(_FIRST + file, start + place, part)

    def _pages(self, batch: Sequence[Spot]) -> Iterator[bytes]:
        for file, offset, size in batch:
            self._written += 1
            data = self._corpus.read(file, offset, size, self._written)
            yield write_bytes(_FIRST + file, offset, data)

    def _carry_out(self, operations: Iterable[bytes]) -> None:
        def send(fd: int) -> None:
            with open(fd, "wb", buffering=_CHUNK_BYTES, closefd=False) as pipe:
                pipe.writelines(operations)

        relay(send, lambda fd: self._engine.exercise(self._dataset, fd))
        self._engine.sync(self._dataset.partition("/")[0])

    def _referenced(self) -> int:
        return int(self._engine.dataset(self._dataset).value("referenced") or 0)
