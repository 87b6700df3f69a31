"""The size of a block on disk: figures from the sources, and rules that always hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.ondisk import (
    Overwrite,
    allocated_bytes,
    charged_bytes,
    device_bytes,
    overwrite,
    packed_bytes,
    sector_step_bytes,
    stored_bytes,
)
from zfstune.values.state import Vdev

K = 1 << 10
M = 1 << 20


def vdev(kind: str, width: int = 1, ashift: int = 12) -> Vdev:
    """Return a vdev; its parity is the last digit of its kind."""
    parity = int(kind[-1]) if kind[-1].isdigit() else 0
    devices = tuple(f"/dev/sd{n}" for n in range(width))
    return Vdev(kind, ashift, "normal", devices, None, width if parity else 1, parity)


DISK = vdev("disk")


@pytest.mark.parametrize(
    ("kind", "width", "stored", "ratio"),
    [
        ("disk", 1, 8 * K, 1.0),
        ("mirror", 2, 8 * K, 1.0),
        ("raidz1", 5, 8 * K, 2.0),
        ("raidz1", 5, 16 * K, 1.5),
        ("raidz1", 5, 32 * K, 1.25),
        ("raidz1", 5, 128 * K, 1.25),
        ("raidz2", 6, 4 * K, 3.0),
        ("raidz2", 6, 8 * K, 3.0),
        ("raidz2", 6, 16 * K, 1.5),
        ("raidz2", 6, 1 * M, 1.5),
        ("raidz2", 10, 8 * K, 3.0),
        ("raidz2", 10, 64 * K, 1.3125),
        ("raidz3", 11, 8 * K, 4.0),
        ("raidz3", 11, 128 * K, 1.375),
        ("draid1", 5, 4 * K, 5.0),
        ("draid1", 5, 16 * K, 1.25),
        ("draid2", 10, 128 * K, 1.25),
    ],
)
def test_parity_and_padding(kind: str, width: int, stored: int, ratio: float) -> None:
    """In sectors of 4K, vdev_raidz_asize() and vdev_draid_asize() allocate these sizes."""
    assert allocated_bytes(vdev(kind, width), stored) == stored * ratio


@pytest.mark.parametrize(
    ("block", "packed", "ashift", "stored"),
    [
        (8 * K, None, 12, 8 * K),
        (8 * K, 0, 12, 0),  # zeroes
        (8 * K, 112, 12, 0),  # within the pointer
        (8 * K, 113, 12, 4 * K),
        (8 * K, 4 * K, 12, 4 * K),
        (8 * K, 4 * K + 1, 12, 8 * K),  # half or nothing
        (8 * K, 1 * K, 13, 8 * K),  # a sector is all it has
        (8 * K, 1 * K, 9, 1 * K),
        (8 * K, 7 * K, 9, 7 * K),
        (8 * K, 7 * K + 1, 9, 8 * K),  # an eighth has to be saved
        (128 * K, 112 * K, 12, 112 * K),
        (128 * K, 112 * K + 1, 12, 128 * K),
        (128 * K, 5, 12, 0),
        (5000, None, 12, 5120),
        (700, 500, 12, 1024),
        (700, 100, 12, 0),
    ],
)
def test_what_is_stored_of_a_block(
    block: int, packed: int | None, ashift: int, stored: int
) -> None:
    """Compression counts if it saves an eighth, in whole sectors: zio_write_compress()."""
    assert stored_bytes(block, packed, ashift=ashift) == stored


def test_without_the_feature_nothing_is_embedded() -> None:
    """Without embedded_data, data that would fit into the pointer takes a sector."""
    assert stored_bytes(8 * K, 100, ashift=12, embedded=False) == 4 * K


@pytest.mark.parametrize(
    ("record", "ratio", "pages"),
    [
        # measured with pgbench and lz4 on sectors of 4K: bytes a random 8K page
        (8 * K, 2.0, 0.5),
        (16 * K, 4.0, 0.5),
        (32 * K, 8.0, 0.5),
        (64 * K, 8.0, 1.0),
        (128 * K, 10.6, 2.0),
        (128 * K, None, 16.0),
        (8 * K, None, 1.0),
        (4 * K, None, 1.0),
    ],
)
def test_a_page_written_at_random(record: int, ratio: float | None, pages: float) -> None:
    """A page costs the record around it, or the records that it is made of."""
    cost = overwrite(DISK, record, 8 * K, ratio=ratio)
    assert cost.written_bytes == pages * 8 * K
    assert (cost.read_bytes > 0) == (record > 8 * K)


def test_every_side_of_a_mirror_is_written() -> None:
    """ZFS counts one side of a mirror, and each side is written to."""
    mirror = vdev("mirror", 3)
    assert allocated_bytes(mirror, 8 * K) == 8 * K
    assert device_bytes(mirror, 8 * K) == 24 * K
    assert overwrite(mirror, 8 * K, 8 * K) == Overwrite(24 * K, 0)
    assert device_bytes(vdev("raidz1", 5), 8 * K) == 16 * K


@pytest.mark.parametrize(
    ("kind", "width", "stored", "charged"),
    [
        ("disk", 1, 8 * K, 8 * K),
        ("mirror", 2, 128 * K, 128 * K),
        # 128K on raidz1 of 5 allocates 160K, which counts as 128K: 409 for 512
        ("raidz1", 5, 128 * K, 320 * 409),
        ("raidz1", 5, 8 * K, 32 * 409),
    ],
)
def test_what_du_says(kind: str, width: int, stored: int, charged: int) -> None:
    """Parity is subtracted at the rate of 128K: vdev_set_deflate_ratio()."""
    assert charged_bytes(vdev(kind, width), stored) == charged


def test_a_ratio_below_one_is_none() -> None:
    """Data that grows under compression is stored as it is."""
    assert packed_bytes(8 * K, 0.5) == 8 * K
    assert packed_bytes(8 * K, 3.0) == 2731


_vdevs = st.builds(
    vdev,
    st.sampled_from(["disk", "mirror", "raidz1", "raidz2", "raidz3", "draid1", "draid2"]),
    st.integers(4, 14),
    st.integers(9, 14),
)
_blocks = st.integers(9, 24).map(lambda bits: 1 << bits)


@given(_vdevs, _blocks, st.integers(1, 16 * M))
def test_sizes_stay_within_their_bounds(where: Vdev, block: int, packed: int) -> None:
    """A block takes whole sectors: at least its packed size, at most its unpacked one."""
    packed = min(packed, block)
    stored = stored_bytes(block, packed, ashift=where.ashift)
    raw = stored_bytes(block, None, ashift=where.ashift)
    assert stored in (0, raw) or packed <= stored <= raw - raw // 8
    allocated = allocated_bytes(where, stored)
    assert stored <= allocated <= allocated_bytes(where, raw)
    assert allocated % (1 << where.ashift) == 0
    data = where.width - where.parity
    assert allocated * data >= stored * where.width or not where.parity


@given(_vdevs, _blocks, st.integers(1, 1 << 24), st.integers(1, 1 << 24))
def test_packing_better_never_takes_more(
    where: Vdev, block: int, one: int, other: int
) -> None:
    """Data that compresses better never takes more space on disk."""
    less, more = sorted((one, other))
    small = stored_bytes(block, less, ashift=where.ashift)
    large = stored_bytes(block, more, ashift=where.ashift)
    assert allocated_bytes(where, small) <= allocated_bytes(where, large)


@given(_vdevs, st.integers(0, 5000))
def test_a_sector_more_takes_no_more_than_a_step(where: Vdev, sectors: int) -> None:
    """Whatever the length of the record; and some length takes as much."""
    step = sector_step_bytes(where)
    more, less = (
        charged_bytes(where, count << where.ashift) for count in (sectors + 1, sectors)
    )
    assert 0 <= more - less <= step
    assert step >= charged_bytes(where, 1 << where.ashift) > 0


def test_steps_of_layouts() -> None:
    """A sector on a disk, its parity and padding on raidz2, a row on draid: all of 8K."""
    assert sector_step_bytes(vdev("disk", 1, 13)) == 8 * K
    # Three sectors, of which zfs list shows two thirds.
    assert sector_step_bytes(vdev("raidz2", 6, 13)) == pytest.approx(16 * K, rel=0.01)
    assert sector_step_bytes(vdev("draid1", 5, 13)) == pytest.approx(32 * K, rel=0.01)
