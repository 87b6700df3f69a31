"""Predictions of the model, where they can be worked out by hand."""

from __future__ import annotations

from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.prediction import predict
from zfstune.measurement.results import Prediction
from zfstune.measurement.space_model import Layout

MIB = 1 << 20
BATCHES = plan_batches(workload("sequential"), MIB, seed=1)
CORPUS = Corpus(HALF, 1)


def of(recordsize: int, layout: Layout, size: int | None) -> Prediction:
    """Return the prediction where each record compresses to the same size."""
    return predict(Candidate(recordsize, "lz4"), BATCHES, CORPUS, layout, lambda *_: size)


def test_without_compression() -> None:
    """Whole records are written as they are, and read as they are."""
    assert of(8192, Layout(4096), None) == Prediction(MIB, 1.0, 1.0, 128, 4096)


def test_compressed_on_a_mirror() -> None:
    """A record of 8K in one sector of 4K takes half, and is written twice."""
    found = of(8192, Layout(4096, copies=2), 4000)
    assert found == Prediction(MIB // 2, 1.0, 0.5, 128, 4096)


def test_records_that_are_larger_than_pages() -> None:
    """A batch of 32 pages of 8K front to back writes 2 records of 128K, each once."""
    found = of(128 << 10, Layout(4096), None)
    assert (found.records, found.write_amplification) == (8, 1.0)
    scattered = plan_batches(workload(), 64 * MIB, seed=1)
    candidate = Candidate(128 << 10, "lz4")
    found = predict(candidate, scattered, CORPUS, Layout(4096), lambda *_: None)
    assert 14 < found.write_amplification < 16
    assert 8 < found.cold_read_amplification < 16
