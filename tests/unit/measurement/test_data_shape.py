"""Made data: it compresses as it was asked to, at each record size and after writes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from zfstune.host.compressors import compressed_size
from zfstune.measurement.data_shape import Corpus, DataShape
from zfstune.measurement.load_workload import shipped_workloads
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from zfstune.measurement.job_file import Workload

SIZE = 1 << 20
FRACTIONS = {4096: 0.60, 8192: 0.52, 16384: 0.46, 32768: 0.42, 65536: 0.40}
SHAPE = DataShape(FRACTIONS, (), 256, "a test")


def fraction(data: bytes, record: int, compression: str = "lz4") -> float:
    """Return compressed size over size, record by record."""
    sizes = [
        compressed_size(compression, data[start : start + record])
        for start in range(0, len(data), record)
    ]
    return sum(filter(None, sizes)) / len(data)


def test_it_compresses_as_asked() -> None:
    """At each record size, the data is within a twentieth of what was asked for."""
    data = Corpus(SHAPE, 1).read(0, 0, SIZE)
    for record, asked in FRACTIONS.items():
        assert fraction(data, record) == pytest.approx(asked, abs=0.05)
    larger = [fraction(data, record) for record in FRACTIONS]
    assert larger == sorted(larger, reverse=True)


def test_records_beyond_the_window_of_lz4() -> None:
    """Where larger records than 64K are to pack better, lz4 packs them better."""
    fractions = FRACTIONS | {131072: 0.38, 262144: 0.37, 524288: 0.36, SIZE: 0.35}
    data = Corpus(DataShape(fractions, (), 256, "a test"), 1).read(0, 0, 2 * SIZE)
    found = [fraction(data, record) for record in fractions]
    assert found == pytest.approx(list(fractions.values()), abs=0.05)
    saved = [smaller - larger for smaller, larger in pairwise(found)]
    assert min(saved) > 0.003


@pytest.mark.parametrize("workload", shipped_workloads(), ids=lambda w: w.facts.name)
def test_the_data_of_each_workload(workload: Workload) -> None:
    """It packs as its job says, at each record size."""
    data = Corpus(workload.shape, 1).read(0, 0, SIZE)
    for record in (1 << power for power in range(12, 21)):
        asked = workload.shape.fraction(record)
        assert fraction(data, record) == pytest.approx(asked, abs=0.06), record


def test_it_stays_so_when_written_over() -> None:
    """Pages that are written over one by one compress with their neighbours as before."""
    corpus = Corpus(SHAPE, 1)
    fresh = corpus.read(0, 0, SIZE)
    pages = (corpus.read(0, at, 8192, at + 1) for at in range(0, SIZE, 8192))
    written = b"".join(pages)
    assert written != fresh
    for record in FRACTIONS:
        assert fraction(written, record) == pytest.approx(fraction(fresh, record), rel=0.01)


def test_pages_are_not_all_alike() -> None:
    """With a spread, some pages fit half of their size and others do not."""
    spread = (0.3, 0.3, 0.3, 0.9)
    shape = DataShape({8192: 0.45}, spread, 256, "a test")
    data = Corpus(shape, 1).read(0, 0, SIZE)
    small = [fraction(data[at : at + 8192], 8192) < 0.5 for at in range(0, SIZE, 8192)]
    assert sum(small) / len(small) == pytest.approx(0.75, abs=0.1)


def test_fewer_symbols_are_for_zstd() -> None:
    """Bytes of fewer values are what zstd packs and lz4 does not."""
    shape = DataShape({4096: 0.9}, (), 64, "a test")
    data = Corpus(shape, 1).read(0, 0, SIZE)
    assert fraction(data, 65536, "zstd-3") < 0.8 * fraction(data, 65536)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Any piece is the same wherever a read begins; other seeds and files differ."""
    corpus = Corpus(SHAPE, 7)
    whole = corpus.read(0, 0, 64 << 10)
    assert corpus.read(0, 5000, 9000) == whole[5000:14000]
    assert Corpus(SHAPE, 7).read(0, 0, 4096) == whole[:4096]
    for other in (Corpus(SHAPE, 8).read(0, 0, 4096), corpus.read(1, 0, 4096)):
        assert other != whole[:4096]


def test_nothing_repeats() -> None:
    """No page is there twice, and none is of zeros."""
    data = Corpus(SHAPE, 1).read(0, 0, SIZE)
    pages = [data[at : at + 4096] for at in range(0, SIZE, 4096)]
    assert len(set(pages)) == len(pages)
    assert all(
        max(page.count(bytes([value])) for value in range(256)) < 200 for page in pages[:9]
    )


@pytest.mark.parametrize(
    ("fractions", "spread", "symbols"),
    [
        ({}, (), 256),
        ({8192: 0.0}, (), 256),
        ({8192: 1.5}, (), 256),
        ({8192: 1.0}, (2.0,), 256),
        ({8192: 1.0}, (), 1),
        ({8192: 1.0}, (), 257),
    ],
)
def test_no_data_has_that_shape(
    fractions: dict[int, float], spread: tuple[float, ...], symbols: int
) -> None:
    """Fractions outside of 0 to 1, and a byte of one value, are refused."""
    with pytest.raises(InvalidValue, match="cannot make such data"):
        DataShape(fractions, spread, symbols, "")


def test_fraction_between() -> None:
    """A record size that was not measured is as the next smaller one."""
    assert SHAPE.fraction(1 << 20) == 0.40
    assert SHAPE.fraction(12_000) == 0.52
    assert SHAPE.fraction(512) == 0.60
