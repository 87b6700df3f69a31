"""What the exact model says about a candidate, for the places that are written and read."""

from __future__ import annotations

from zfstune.measurement.batches import touched_records
from zfstune.measurement.results import Prediction
from zfstune.measurement.space_model import record_length, stored_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.data_shape import Corpus
    from zfstune.measurement.space_model import Layout

    Compress = Callable[[str, bytes], int | None]

__all__ = ["predict"]

_SAMPLE_BYTES = 8 << 20


def predict(
    candidate: Candidate,
    batches: Batches,
    corpus: Corpus,
    layout: Layout,
    compress: Compress,
) -> Prediction:
    """Predict the bytes of a candidate.

    Args:
        candidate: The record size and compression.
        batches: The places.
        corpus: The data.
        layout: The layout of the pool's vdevs.
        compress: Returns the size that an algorithm makes of bytes; None: it is off.
    """
    record = record_length(batches.file_bytes, candidate.recordsize_bytes)
    records = -(-batches.file_bytes // record) * batches.files
    sample = _sample(batches, record, records)
    stored = [
        stored_bytes(
            record,
            compress(candidate.compression, corpus.read(file, number * record, record)),
            candidate.compression,
            layout.sector_bytes,
        )
        for file, number in sample
    ]

    def mean(count: Callable[[int], int]) -> float:
        return sum(map(count, stored)) / len(stored)

    page = batches.page_bytes
    rewritten = sum(len(touched_records(batch, page, record)) for batch in batches.counted)
    asked = len(touched_records(batches.asked, page, record))
    return Prediction(
        allocated_bytes=round(records * mean(layout.counted_bytes)),
        write_amplification=rewritten
        * mean(layout.written_bytes)
        / (batches.written_pages * page),
        cold_read_amplification=asked * mean(int) / (len(batches.asked) * page),
        records=records,
        sector_bytes=layout.sector_bytes,
    )


def _sample(batches: Batches, record: int, records: int) -> list[tuple[int, int]]:
    """Choose records evenly over all files: all of them, or some MiB."""
    count = min(records, max(_SAMPLE_BYTES // record, 1))
    in_file = records // batches.files
    chosen = (index * records // count for index in range(count))
    return [divmod(number, in_file) for number in chosen]
