"""The reservation of a volume: real figures, and rules that hold on any pool."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zfstune.values.state import Vdev
from zfstune.values.volume import reservation_bytes

K, M, G = 1 << 10, 1 << 20, 1 << 30


def vdev(kind: str, width: int = 1, parity: int = 0, ashift: int = 12) -> Vdev:
    """Return a vdev of which only the geometry counts."""
    return Vdev(kind, ashift, "normal", (), None, width, parity)


DISK = vdev("disk")
MIRROR = vdev("mirror")
RAIDZ1 = vdev("raidz1", 3, 1)
RAIDZ2 = vdev("raidz2", 6, 2)
RAIDZ3 = vdev("raidz3", 5, 3)
DRAID1 = vdev("draid1", 3, 1)
DRAID2 = vdev("draid2", 5, 2)


@pytest.mark.parametrize(
    ("vdevs", "block", "size", "expected"),
    [
        # what `zfs create -V` of 2.4 set; tests/lab/test_volume.py asks each release
        ([DISK], 4 * K, 4 * K, 1_839_104),
        ([DISK], 4 * K, 64 * M, 73_400_320),
        ([DISK], 8 * K, G, 1_109_393_408),
        ([DISK], 16 * K, 48 * M, 53_215_232),
        ([RAIDZ2], 4 * K, 4 * K, 1_843_200),
        ([RAIDZ2], 4 * K, 64 * M, 140_509_184),
        ([RAIDZ2], 8 * K, G, 2_183_135_232),
        ([RAIDZ2], 16 * K, 48 * M, 53_215_232),
        ([RAIDZ3], 4 * K, 4 * K, 1_841_408),
        ([RAIDZ3], 4 * K, 64 * M, 113_665_536),
        ([RAIDZ3], 8 * K, G, 1_753_638_400),
        ([RAIDZ3], 16 * K, 48 * M, 63_281_408),
        ([DRAID1], 4 * K, 4 * K, 1_843_200),
        ([DRAID1], 4 * K, 64 * M, 140_509_184),
        ([DRAID1], 8 * K, G, 1_109_393_408),
        ([DRAID2], 4 * K, 4 * K, 1_846_784),
        ([DRAID2], 4 * K, 64 * M, 201_517_056),
        ([DRAID2], 8 * K, G, 1_597_457_664),
        ([DRAID2], 16 * K, 48 * M, 76_093_184),
        ([DRAID2], 64 * K, 64 * M, 75_306_752),
    ],
)
def test_what_libzfs_reserves(
    vdevs: list[Vdev], block: int, size: int, expected: int
) -> None:
    """The reservation is the number that `zfs create -V` came to on real pools."""
    assert reservation_bytes(size, block, copies=1, vdevs=vdevs) == expected


ASHIFTS = st.integers(9, 13)
PLAIN = st.builds(vdev, st.sampled_from(["disk", "mirror", "file"]), ashift=ASHIFTS)


@st.composite
def parities(draw: st.DrawFn) -> Vdev:
    """Return a raidz or draid of any geometry."""
    parity = draw(st.integers(1, 3))
    data = draw(st.integers(1, 16))
    kind = draw(st.sampled_from(["raidz", "draid"])) + str(parity)
    return vdev(kind, data + parity, parity, draw(ASHIFTS))


BLOCKS = st.integers(9, 17).map(lambda shift: 1 << shift)
POOLS = st.lists(st.one_of(PLAIN, parities()), min_size=1, max_size=3)
COUNTS = st.integers(1, 1 << 30)


@given(POOLS, BLOCKS, COUNTS, st.integers(1, 3))
def test_metadata_comes_on_top(
    vdevs: list[Vdev], block: int, count: int, copies: int
) -> None:
    """Metadata has one copy more than data: seven levels and the indirect blocks."""
    bare = reservation_bytes(0, block, copies=copies, vdevs=vdevs)
    assert bare == 7 * min(3, copies + 1) * 128 * K
    assert reservation_bytes(count * block, block, copies=copies, vdevs=vdevs) > bare


@given(st.lists(PLAIN, max_size=3), BLOCKS, COUNTS, st.integers(1, 3))
def test_without_parity_data_is_charged_as_it_is(
    vdevs: list[Vdev], block: int, count: int, copies: int
) -> None:
    """On disks and mirrors each copy of the volume is reserved in full, and little more."""
    size = count * block
    reserved = reservation_bytes(size, block, copies=copies, vdevs=vdevs)
    extra = reserved - size * copies
    indirects = count // 1023 + 40
    assert 0 < extra <= indirects * min(3, copies + 1) * 128 * K


@given(POOLS, BLOCKS, COUNTS, COUNTS, st.integers(1, 3))
def test_a_larger_volume_reserves_no_less(
    vdevs: list[Vdev], block: int, one: int, other: int, copies: int
) -> None:
    """The reservation grows with the volume."""
    small, large = sorted((one, other))
    assert reservation_bytes(
        small * block, block, copies=copies, vdevs=vdevs
    ) <= reservation_bytes(large * block, block, copies=copies, vdevs=vdevs)


@given(POOLS, parities(), BLOCKS, COUNTS)
def test_the_dearest_vdev_counts(
    vdevs: list[Vdev], more: Vdev, block: int, count: int
) -> None:
    """Of several vdevs with parity, the one that needs the most space counts."""
    assume(any(v.parity for v in vdevs))
    size = count * block
    before = reservation_bytes(size, block, copies=1, vdevs=vdevs)
    after = reservation_bytes(size, block, copies=1, vdevs=[*vdevs, more])
    alone = reservation_bytes(size, block, copies=1, vdevs=[more])
    assert after == max(before, alone)


@given(parities(), COUNTS)
def test_blocks_as_large_as_records_are_charged_in_full(
    parity_vdev: Vdev, count: int
) -> None:
    """Space is counted in units of 128 KiB: such blocks are charged their own size."""
    size = count * 128 * K
    data = reservation_bytes(size, 128 * K, copies=1, vdevs=[parity_vdev])
    plain = reservation_bytes(size, 128 * K, copies=1, vdevs=[DISK])
    # rounded down to what 512 bytes of a record allow
    assert 0 <= plain - data < 128 * K // 256 + 256
