"""The model of records is held against OpenZFS's own code, and its own lz4 and zstd."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from made_stream import MadeStream
from zfstune.host.compressors import compressed_size
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.load_workload import load_workload
from zfstune.measurement.prediction import data_vdev, predict

if TYPE_CHECKING:
    from pathlib import Path

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
        data_vdev(zfs_image.pool("tank")),
        compressed_size,
    )
    plain = Candidate(recordsize, "off")
    saved = referenced(zfs_image, tmp_path, corpus, plain) - referenced(
        zfs_image, tmp_path, corpus, candidate
    )
    off = saved - (SIZE - model.allocated_bytes)
    assert saved > SIZE // 4
    assert abs(off) <= 4 * model.sector_bytes
