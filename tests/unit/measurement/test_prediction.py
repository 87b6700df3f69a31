"""Predictions of the model, where they can be worked out by hand."""

from __future__ import annotations

from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.prediction import predict, record_length
from zfstune.measurement.results import Prediction
from zfstune.values.state import Vdev

MIB = 1 << 20
BATCHES = plan_batches(workload("sequential"), MIB, seed=1)
CORPUS = Corpus(HALF, 1)
DISK = Vdev("disk", 12, "normal", ("/a",), None)
MIRROR = Vdev("mirror", 12, "normal", ("/a", "/b"), None)


def of(recordsize: int, vdev: Vdev, size: int | None) -> Prediction:
    """Return the prediction where each record compresses to the same size."""
    return predict(Candidate(recordsize, "lz4"), BATCHES, CORPUS, vdev, lambda *_: size)


def test_without_compression() -> None:
    """Whole records are written as they are, and read as they are."""
    assert of(8192, DISK, None) == Prediction(MIB, 1.0, 1.0, 128, 4096)


def test_compressed_on_a_mirror() -> None:
    """A record of 8K in one sector of 4K takes half, and is written twice."""
    found = of(8192, MIRROR, 4000)
    assert found == Prediction(MIB // 2, 1.0, 0.5, 128, 4096)


def test_records_that_are_larger_than_pages() -> None:
    """A batch of 32 pages of 8K front to back writes 2 records of 128K, each once."""
    found = of(128 << 10, DISK, None)
    assert (found.records, found.write_amplification) == (8, 1.0)
    scattered = plan_batches(workload(), 64 * MIB, seed=1)
    candidate = Candidate(128 << 10, "lz4")
    found = predict(candidate, scattered, CORPUS, DISK, lambda *_: None)
    assert 14 < found.write_amplification < 16
    assert 8 < found.cold_read_amplification < 16


def test_the_header_counts() -> None:
    """lz4 puts 4 bytes before its data, zstd 8: with them it has to fit the sector."""
    for compression, most in (("lz4", 4092), ("zstd-3", 4088), ("gzip", 4096)):
        candidate = Candidate(8192, compression)
        for size, space in ((most, MIB // 2), (most + 1, MIB)):
            found = predict(candidate, BATCHES, CORPUS, DISK, lambda *_, s=size: s)
            assert found.allocated_bytes == space, (compression, size)


def test_small_files_have_small_records() -> None:
    """A file that fits one record has a record of its own length, in whole 512 bytes."""
    assert record_length(5000, 128 << 10) == 5120
    assert record_length(128 << 10, 128 << 10) == 128 << 10
    assert record_length(129 << 10, 128 << 10) == 128 << 10
