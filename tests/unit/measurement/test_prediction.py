"""Predictions of the model, where they can be worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_plan import POOL
from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.prediction import predict, record_length
from zfstune.measurement.results import Prediction
from zfstune.values.frozen import replace
from zfstune.values.layout import layout_of
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.values.layout import DataLayout

MIB = 1 << 20
BATCHES = plan_batches(workload("sequential"), MIB, seed=1)
CORPUS = Corpus(HALF, 1)
DISK = Vdev("disk", 12, "normal", ("/a",), None)
MIRROR = Vdev("mirror", 12, "normal", ("/a", "/b"), None)


SPECIAL = Vdev("mirror", 12, "special", ("/s", "/t"), None)
RAIDZ = Vdev("raidz1", 12, "normal", tuple("abc"), None, width=3, parity=1)


def layout(*vdevs: Vdev, small_bytes: int = 0, copies: int = 1) -> DataLayout:
    """Return the layout of a pool of these vdevs."""
    return layout_of(replace(POOL, vdevs=vdevs), small_bytes=small_bytes, copies=copies)


def of(recordsize: int, vdev: Vdev, size: int | None) -> Prediction:
    """Return the prediction where each record compresses to the same size."""
    candidate = Candidate(recordsize, "lz4")
    return predict(candidate, BATCHES, CORPUS, layout(vdev), lambda *_: size)


def test_without_compression() -> None:
    """Whole records are written as they are, and read as they are."""
    assert of(8192, DISK, None) == Prediction(MIB, 1.0, 1.0, 128, 4096)


def test_compressed_on_a_mirror() -> None:
    """A record of 8K in one sector of 4K takes half, and is written twice."""
    found = of(8192, MIRROR, 4000)
    assert found == Prediction(MIB // 2, 1.0, 0.5, 128, 4096)


def test_each_copy_is_written() -> None:
    """With copies=2 a record is written and charged twice, and read once."""
    candidate, disk = Candidate(8192, "lz4"), layout(DISK, copies=2)
    found = predict(candidate, BATCHES, CORPUS, disk, lambda *_: None)
    assert found == Prediction(2 * MIB, 2.0, 1.0, 128, 4096)


def test_small_blocks_on_a_special_vdev() -> None:
    """A block counts as small by its size after compression, and lies on the mirror."""
    both = layout(RAIDZ, SPECIAL, small_bytes=4096)
    written = [
        predict(Candidate(8192, "lz4"), BATCHES, CORPUS, both, lambda *_, s=size: s)
        for size in (4000, 5000)
    ]
    # On the mirror two sectors for one; on raidz1 four for two: two of data, one of
    # parity, one of padding.
    assert [each.write_amplification for each in written] == [1.0, 2.0]


def test_records_that_are_larger_than_pages() -> None:
    """A batch of 32 pages of 8K front to back writes 2 records of 128K, each once."""
    found = of(128 << 10, DISK, None)
    assert (found.records, found.write_amplification) == (8, 1.0)
    scattered = plan_batches(workload(), 64 * MIB, seed=1)
    candidate = Candidate(128 << 10, "lz4")
    found = predict(candidate, scattered, CORPUS, layout(DISK), lambda *_: None)
    assert 14 < found.write_amplification < 16
    assert 8 < found.cold_read_amplification < 16


def test_the_header_counts() -> None:
    """lz4 puts 4 bytes before its data, zstd 8: with them it has to fit the sector."""
    for compression, most in (("lz4", 4092), ("zstd-3", 4088), ("gzip", 4096)):
        candidate = Candidate(8192, compression)
        for size, space in ((most, MIB // 2), (most + 1, MIB)):
            found = predict(candidate, BATCHES, CORPUS, layout(DISK), lambda *_, s=size: s)
            assert found.allocated_bytes == space, (compression, size)


def test_small_files_have_small_records() -> None:
    """A file that fits one record has a record of its own length, in whole 512 bytes."""
    assert record_length(5000, 128 << 10) == 5120
    assert record_length(128 << 10, 128 << 10) == 128 << 10
    assert record_length(129 << 10, 128 << 10) == 128 << 10
