"""Measuring in an image: OpenZFS's own code counts, and the model is held against it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from made_stream import MadeStream
from recorded_traces import RECORDINGS
from zfstune.host.compressors import compressed_size
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.load_trace import load_replay
from zfstune.measurement.load_workload import load_workload
from zfstune.measurement.prediction import predict
from zfstune.values.layout import layout_of
from zfstune.values.marks import SCRATCH_PREFIX, SCRATCH_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from zfstune.engine.image import ImageEngine

SIZE = 2 << 20
FILE = 8  # the number of some object


def referenced(
    engine: ImageEngine, folder: Path, corpus: Corpus, candidate: Candidate
) -> int:
    """Return what a dataset refers to that holds one file with these records."""
    record = candidate.recordsize_bytes
    made = MadeStream()
    made.object(FILE, block=record)
    for offset in range(0, SIZE, record):
        made.write(FILE, offset, corpus.read(0, offset, record))
    stream = folder / "stream"
    stream.write_bytes(made.end())
    name = f"tank/{record}-{candidate.compression}"
    fd = os.open(stream, os.O_RDONLY)
    try:
        engine.receive(f"{name}@1", fd, properties={"compression": candidate.compression})
    finally:
        os.close(fd)
    engine.sync("tank")
    return int(engine.dataset(name).value("referenced") or 0)


@pytest.mark.parametrize(
    ("recordsize", "compression"),
    [
        *[(8192, "lz4"), (16384, "lz4"), (131072, "lz4"), (1048576, "lz4")],
        *[(16384, "zstd"), (131072, "zstd-9"), (131072, "gzip")],
    ],
)
def test_the_model_and_openzfs(
    zfs_image: ImageEngine, tmp_path: Path, recordsize: int, compression: str
) -> None:
    """Both make the same of the data, but for a few sectors of the whole file.

    Indirect blocks are there with and without compression, and nearly of one size.
    """
    workload = load_workload("postgres")
    corpus = Corpus(workload.shape, 1)
    candidate = Candidate(recordsize, compression)
    model = predict(
        candidate,
        plan_batches(workload, SIZE, seed=1),
        corpus,
        layout_of(zfs_image.pool("tank")),
        compressed_size,
    )
    plain = Candidate(recordsize, "off")
    saved = referenced(zfs_image, tmp_path, corpus, plain) - referenced(
        zfs_image, tmp_path, corpus, candidate
    )
    off = saved - (SIZE - model.allocated_bytes)
    assert saved > SIZE // 4
    assert abs(off) <= 4 * model.sector_bytes


SMALL: dict[str, Any] = {"recordsizes": (8192, 131072), "size_bytes": 4 << 20, "runs": 2}


def test_a_measurement(zfs_image: ImageEngine) -> None:
    """An image answers with bytes that were counted; nothing of it is left in the pool."""
    before = [dataset.name for dataset in zfs_image.datasets("tank")]
    found = zfstune.measure(zfstune.Wishes("postgres", **SMALL), engine=zfs_image)
    assert [dataset.name for dataset in zfs_image.datasets("tank")] == before
    assert found.verdict.findings == ()
    small, large = found.measurement.measured
    for each in (small, large):
        model, runs = each.predicted, each.runs
        assert model is not None
        for run in runs:
            counts = run.counts
            off = counts.allocated_bytes - model.allocated_bytes
            assert abs(off) <= model.records * model.sector_bytes
            cold = counts.leaf_asked_bytes / counts.asked_bytes
            assert cold == pytest.approx(model.cold_read_amplification, rel=0.03)
            data = model.write_amplification * counts.written_bytes
            assert counts.leaf_written_bytes > data
            assert (counts.zil, run.times) == (None, None)
        one, other = (run.counts for run in runs)
        for name in ("allocated_bytes", "leaf_read_bytes", "leaf_asked_bytes"):
            assert getattr(other, name) == getattr(one, name), name
        assert other.pinned_bytes == pytest.approx(one.pinned_bytes, rel=0.01)
    assert small.runs[0].counts.leaf_read_bytes < 50_000
    assert large.runs[0].counts.leaf_read_bytes > large.runs[0].counts.written_bytes
    assert large.runs[0].counts.pinned_bytes > 1.5 * small.runs[0].counts.pinned_bytes
    assert found.measurement.machine["openzfs"].startswith("libzpool ")
    assert found.measurement.parameters == {}


def test_settings_of_the_pool(zfs_image: ImageEngine) -> None:
    """What the root dataset passes on is said, and each copy is reckoned with."""
    zfs_image.set("tank", {"copies": "2", "sync": "disabled", "dedup": "on"})
    wishes = zfstune.Wishes("postgres", **{**SMALL, "runs": 1})
    found = zfstune.measure(wishes, engine=zfs_image)
    assert found.verdict.findings == ()
    remarks = found.measurement.pool["remarks"]
    for said in ("dedup=on is in force", "sync=disabled is in force", "copies=2 is in"):
        assert said in remarks
    for each in found.measurement.measured:
        model, counts = each.predicted, each.runs[0].counts
        assert model is not None
        off = counts.allocated_bytes - model.allocated_bytes
        assert abs(off) <= 2 * model.records * model.sector_bytes
        assert counts.allocated_bytes > 0.9 * counts.file_bytes


@pytest.mark.parametrize("name", ["logs", "mail", "vm-images"])
def test_other_patterns(zfs_image: ImageEngine, name: str) -> None:
    """Files that grow, small files, and unaligned pages are written without a finding."""
    wishes = zfstune.Wishes(name, size_bytes=4 << 20, runs=1)
    found = zfstune.measure(wishes, engine=zfs_image)
    assert found.verdict.findings == ()
    for each in found.measurement.measured:
        assert each.runs[0].counts.leaf_written_bytes > 0
        assert each.runs[0].counts.leaf_asked_bytes > 0


def test_an_image_that_is_killed(zfs_image: ImageEngine) -> None:
    """What a measurement that ended early has left is removed by the next one."""
    left = f"tank/{SCRATCH_PREFIX}00000000"
    gone = "00000000-0000-0000-0000-000000000000.1.1"
    zfs_image.create(left, properties={SCRATCH_PROPERTY: gone})
    zfs_image.create(f"{left}/one")
    wishes = zfstune.Wishes("postgres", recordsizes=(8192,), size_bytes=1 << 20, runs=1)
    zfstune.measure(wishes, engine=zfs_image)
    assert not zfs_image.exists(left)


def test_a_replay(zfs_image: ImageEngine) -> None:
    """The recorded writes and reads are made: their bytes are those of the trace."""
    trace = str(RECORDINGS / "fio-iolog-v3.log")
    wishes = zfstune.Wishes(trace=trace, replay=True, recordsizes=(8192, 131072), runs=1)
    found = zfstune.measure(wishes, engine=zfs_image)
    places = load_replay(trace, 1 << 30)
    assert found.verdict.findings == ()
    small, large = (each.runs[0].counts for each in found.measurement.measured)
    for counts in (small, large):
        assert counts.written_bytes == places.written_bytes
        assert counts.asked_bytes == places.asked_bytes
    assert large.leaf_asked_bytes > small.leaf_asked_bytes
