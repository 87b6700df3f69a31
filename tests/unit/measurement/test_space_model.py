"""What OpenZFS makes of a record, held against figures that are known."""

from __future__ import annotations

import pytest

from zfstune.measurement.space_model import (
    Layout,
    header_bytes,
    layout_of,
    record_length,
    stored_bytes,
)
from zfstune.values.state import Vdev

K = 1024


@pytest.mark.parametrize(
    ("record", "compressed", "sector", "stored"),
    [
        (8 * K, 4 * K - 4, 4096, 4 * K),  # with the header it just fits one sector
        (8 * K, 4 * K - 3, 4096, 8 * K),
        (8 * K, 4 * K - 4, 8192, 8 * K),  # on large sectors 8K never shrinks
        (128 * K, 112 * K - 4, 4096, 112 * K),
        (128 * K, 112 * K - 3, 4096, 128 * K),  # it saves less than an eighth
        (128 * K, 200, 512, 512),
        (128 * K, 108, 4096, 0),  # it goes into the block pointer
        (128 * K, None, 4096, 128 * K),
        (1536, None, 4096, 4 * K),
    ],
)
def test_stored(record: int, compressed: int | None, sector: int, stored: int) -> None:
    """Compressed records are rounded up to sectors, and kept only where that saves."""
    assert stored_bytes(record, compressed, "lz4", sector) == stored


def test_headers() -> None:
    """lz4 keeps its size before the data, zstd its size, version and level."""
    assert [header_bytes(name) for name in ("lz4", "zstd", "zstd-3", "gzip", "off")] == [
        *(4, 8, 8, 0, 0)
    ]


@pytest.mark.parametrize(
    ("width", "parity", "stored", "ratio"),
    [  # computed with vdev_raidz_asize() at ashift 12
        *[(5, 1, 8 * K, 2.0), (5, 1, 16 * K, 1.5), (5, 1, 32 * K, 1.25)],
        *[(6, 2, 4 * K, 3.0), (6, 2, 8 * K, 3.0), (6, 2, 16 * K, 1.5)],
        *[(10, 2, 8 * K, 3.0), (10, 2, 64 * K, 1.3125), (10, 2, 1024 * K, 1.253)],
        *[(11, 3, 8 * K, 4.0), (11, 3, 128 * K, 1.375)],
    ],
)
def test_raidz(width: int, parity: int, stored: int, ratio: float) -> None:
    """Parity and padding of a raidz are those of the real function."""
    layout = Layout(4096, kind="raidz", width=width, parity=parity)
    assert layout.allocated_bytes(stored) / stored == pytest.approx(ratio, abs=0.01)


def test_counting_hides_parity() -> None:
    """As `zfs list` counts it, a record of 128K takes 128K on any raidz; 8K take more."""
    layout = Layout(4096, kind="raidz", width=5, parity=1)
    assert layout.counted_bytes(128 * K) == pytest.approx(128 * K, rel=0.01)
    assert layout.counted_bytes(8 * K) == pytest.approx(8 * K * 2.0 / 1.25, rel=0.01)
    assert Layout(4096).counted_bytes(8 * K) == 8 * K


def test_what_devices_write() -> None:
    """Mirrors write all copies, raidz data and parity without padding, draid whole rows."""
    assert Layout(4096, copies=3).written_bytes(8 * K) == 24 * K
    raidz = Layout(4096, kind="raidz", width=5, parity=1)
    assert raidz.allocated_bytes(8 * K) == 16 * K
    assert raidz.written_bytes(8 * K) == 12 * K
    draid = Layout(4096, kind="draid", width=10, parity=2)
    assert draid.written_bytes(8 * K) == draid.allocated_bytes(8 * K) == 40 * K


def test_small_files_have_small_records() -> None:
    """A file that fits one record has a record of its own length, in whole 512 bytes."""
    assert record_length(5000, 128 * K) == 5120
    assert record_length(128 * K, 128 * K) == 128 * K
    assert record_length(129 * K, 128 * K) == 128 * K


def test_layouts() -> None:
    """The first vdev that holds data counts; a log does not."""
    log = Vdev("disk", 9, "log", ("/l",), None)
    mirror = Vdev("mirror", 12, "normal", ("/a", "/b"), None)
    raidz = Vdev("raidz2", 13, "normal", tuple("abcdef"), None, width=6, parity=2)
    assert layout_of((log, mirror)) == Layout(4096, copies=2)
    assert layout_of((raidz, mirror)) == Layout(8192, kind="raidz", width=6, parity=2)
    assert layout_of((Vdev("disk", 9, "normal", ("/a",), None),)) == Layout(512)
