"""What the exact model says about a candidate, for the places that are written and read."""

from __future__ import annotations

from zfstune.measurement.batches import touched_records
from zfstune.measurement.results import Prediction
from zfstune.values.ondisk import (
    charged_bytes,
    device_bytes,
    sector_step_bytes,
    stored_bytes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.data_shape import Corpus
    from zfstune.values.layout import DataLayout
    from zfstune.values.state import Vdev

    Compress = Callable[[str, bytes], int | None]

__all__ = ["predict", "record_length"]

_SAMPLE_BYTES = 8 << 20
_LEAST_BLOCK = 512  # SPA_MINBLOCKSIZE
# What OpenZFS puts before compressed data: its size, and for zstd version and level too.
_HEADERS = {"lz4": 4, "on": 4, "zstd": 8}


def record_length(file_bytes: int, recordsize_bytes: int) -> int:
    """Return the length of a file's records: a small file has one of its own length."""
    if file_bytes > recordsize_bytes:
        return recordsize_bytes
    return -(-file_bytes // _LEAST_BLOCK) * _LEAST_BLOCK


def predict(
    candidate: Candidate,
    batches: Batches,
    corpus: Corpus,
    layout: DataLayout,
    compress: Compress,
) -> Prediction:
    """Predict the bytes of a candidate.

    Args:
        candidate: The record size and compression.
        batches: The places.
        corpus: The data.
        layout: Where the data lies.
        compress: Returns the size that an algorithm makes of bytes; None: it is off.
    """
    recordsize = candidate.recordsize_bytes
    records = [
        (file, number, record)
        for file, length in enumerate(batches.lengths)
        for record in (record_length(length, recordsize),)
        for number in range(-(-length // record))
    ]
    stored = []
    for file, number, record in _sample(records, recordsize):
        data = corpus.read(file, number * record, record)
        packed = compress(candidate.compression, data)
        if packed is not None:
            packed += _HEADERS.get(candidate.compression.partition("-")[0], 0)
        stored.append(stored_bytes(record, packed, ashift=layout.ashift))

    def mean(count: Callable[[Vdev, int], int]) -> float:
        return sum(count(layout.vdev_of(size), size) for size in stored) / len(stored)

    longest = record_length(batches.file_bytes, recordsize)
    rewritten = sum(len(touched_records(batch, longest)) for batch in batches.counted)
    asked = len(touched_records(batches.asked, longest))
    return Prediction(
        allocated_bytes=round(len(records) * layout.copies * mean(charged_bytes)),
        write_amplification=rewritten
        * layout.copies
        * mean(device_bytes)
        / max(batches.written_bytes, 1),
        cold_read_amplification=asked
        * sum(stored)
        / len(stored)
        / max(batches.asked_bytes, 1),
        records=len(records),
        sector_bytes=sector_step_bytes(layout.vdev),
    )


def _sample(
    records: list[tuple[int, int, int]], recordsize: int
) -> list[tuple[int, int, int]]:
    """Choose records evenly over all files: all of them, or some MiB."""
    count = min(len(records), max(_SAMPLE_BYTES // recordsize, 1))
    return [records[index * len(records) // count] for index in range(count)]
