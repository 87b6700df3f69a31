"""Block size and reservation of volumes; tests/lab compares them with zfs create -V."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.state import Vdev
from zfstune.values.volume import default_block_bytes, reservation_bytes

MIB = 1 << 20


def vdev(kind: str, width: int = 1, parity: int = 0, **more: object) -> Vdev:
    """Return a vdev with sectors of 4 KiB; by default it is of the normal class."""
    facts = {"ashift": 12, "role": "normal", "devices": (), "rotational": None, **more}
    return Vdev(kind, width=width, parity=parity, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vdevs", "expected"),
    [
        ([], 8192),
        ([vdev("mirror")], 8192),
        ([vdev("mirror", ashift=14)], 16384),
        ([vdev("raidz1", 3, 1)], 8192),
        ([vdev("raidz2", 6, 2)], 16384),
        ([vdev("raidz3", 8, 3)], 16384),
        ([vdev("draid2", 10, 2)], 32768),
        ([vdev("mirror"), vdev("raidz2", 6, 2)], 16384),
        ([vdev("mirror"), vdev("mirror", ashift=16, role="log")], 8192),
    ],
)
def test_blocks_fill_what_a_vdev_allocates(vdevs: list[Vdev], expected: int) -> None:
    """The default grows to the least width that wastes little on the pool's vdevs."""
    assert default_block_bytes(8192, vdevs) == expected


@given(st.integers(2, 20), st.integers(9, 16))
def test_a_block_wastes_less_than_half(data: int, ashift: int) -> None:
    """The block is the largest power of two in a row of the vdev, or the default."""
    row = data << ashift
    block = default_block_bytes(8192, [vdev("draid1", data + 1, 1, ashift=ashift)])
    assert block == max(8192, 1 << row.bit_length() - 1)


def test_more_copies_reserve_more() -> None:
    """Two copies reserve the data twice; libzfs forgets that, and its volumes run full."""
    once = reservation_bytes(64 * MIB, 8192, copies=1, vdevs=[])
    assert reservation_bytes(64 * MIB, 8192, copies=2, vdevs=[]) >= once + 64 * MIB


def test_small_blocks_on_raidz_reserve_their_padding() -> None:
    """Blocks of two sectors on raidz2 take three times the space of their data."""
    on_mirror = reservation_bytes(64 * MIB, 8192, copies=1, vdevs=[vdev("mirror")])
    on_raidz = reservation_bytes(64 * MIB, 8192, copies=1, vdevs=[vdev("raidz2", 6, 2)])
    assert on_raidz > on_mirror * 1.5
