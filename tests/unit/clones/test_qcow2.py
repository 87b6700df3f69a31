"""qcow2: what is understood is read, and all the rest is refused with its reason."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.qcow2 import qcow2_clusters, read_qcow2_header
from zfstune.values.errors import InvalidValue, NotSupported, ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTER = 512
L1, L2, FIRST = 1, 2, 3  # clusters of the file
COMPRESSED, COPIED, ZERO = 1 << 62, 1 << 63, 1


def deflated(data: bytes) -> bytes:
    """Pack a cluster as QEMU does."""
    packer = zlib.compressobj(wbits=-12)
    return packer.compress(data) + packer.flush()


class Made:
    """A disk of 64 clusters of 512 bytes, whose file a test puts together."""

    def __init__(self, *, version: int = 3, size: int = 64 * CLUSTER) -> None:
        self.fields: dict[str, int] = {
            "version": version,
            "backing": 0,
            "bits": 9,
            "size": size,
            "crypt": 0,
            "entries": 1,
            "l1": L1 * CLUSTER,
            "features": 0,
        }
        self.l1 = [L2 * CLUSTER | COPIED]
        self.l2 = [0] * 64
        self.data = b""

    def put(self, index: int, data: bytes, *, packed: bool = False) -> None:
        """Have a cluster of the disk."""
        at = FIRST * CLUSTER + len(self.data)
        if packed:
            data = deflated(data)
            sectors = (at % 512 + len(data) - 1) // 512
            self.l2[index] = COMPRESSED | sectors << 61 | at
        else:
            self.data += bytes(-len(self.data) % CLUSTER)
            at = FIRST * CLUSTER + len(self.data)
            self.l2[index] = at | COPIED
        self.data += data

    def file(self) -> bytes:
        """Give the bytes of the file."""
        f = self.fields
        head = struct.pack(
            ">4sIQIIQIIQQIIQ",
            *(b"QFI\xfb", f["version"], f["backing"], 0, f["bits"], f["size"]),
            *(f["crypt"], f["entries"], f["l1"], 0, 0, 0, 0),
        )
        head += struct.pack(">QQQII", f["features"], 0, 0, 4, 104)
        l1 = struct.pack(f">{len(self.l1)}Q", *self.l1).ljust(CLUSTER, b"\0")
        return head.ljust(CLUSTER, b"\0") + l1 + struct.pack(">64Q", *self.l2) + self.data


def reader(file: bytes) -> Callable[[int, int], bytes]:
    """Give what reads at an offset."""
    return lambda offset, count: file[offset : offset + count]


def read(file: bytes) -> dict[int, bytes]:
    """Read a disk."""
    header = read_qcow2_header(reader(file), "x.qcow2")
    return dict(qcow2_clusters(header, reader(file), "x.qcow2"))


@given(
    st.dictionaries(
        st.integers(0, 63), st.tuples(st.binary(min_size=1, max_size=1), st.booleans())
    ),
    st.sampled_from([2, 3]),
)
def test_clusters_are_read_where_they_belong(
    clusters: dict[int, tuple[bytes, bool]], version: int
) -> None:
    """Plain and packed, in both versions; in the order of the disk."""
    made = Made(version=version)
    for index, (byte, packed) in clusters.items():
        made.put(index, byte * CLUSTER, packed=packed)
    found = read(made.file())
    assert found == {i * CLUSTER: byte * CLUSTER for i, (byte, _) in clusters.items()}
    assert list(found) == sorted(found)


def test_holes_and_zeros_are_not_given() -> None:
    """Neither a cluster marked as zeros nor one without a place; nor one past the end."""
    made = Made(size=10 * CLUSTER)
    made.put(1, b"a" * CLUSTER)
    made.l2[1] |= ZERO
    made.put(40, b"b" * CLUSTER)
    assert read(made.file()) == {}
    made.l1 = [0]
    assert read(made.file()) == {}


def test_the_last_cluster_of_a_file_may_be_cut() -> None:
    """QEMU writes no zeros behind the end of the disk."""
    made = Made()
    made.put(0, b"a" * 100)
    assert read(made.file()) == {0: b"a" * 100 + bytes(412)}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("version", 1, "it is of version 1"),
        ("version", 4, "it is of version 4"),
        ("backing", 4096, "it builds on a backing file"),
        ("crypt", 1, "it is encrypted"),
        ("features", 1 << 1, "it is marked as corrupt"),
        ("features", 1 << 2, "its data lie in another file"),
        ("features", 1 << 3, "it is compressed with zstd"),
        ("features", 1 << 4, "its clusters have subclusters"),
        ("features", 1 << 60, r"nobody knows here \(0x1000000000000000\)"),
    ],
)
def test_what_is_not_read(field: str, value: int, reason: str) -> None:
    """Each with the command of the tool that reads it."""
    made = Made()
    made.fields[field] = value
    with pytest.raises(NotSupported, match=reason) as caught:
        read(made.file())
    assert caught.value.hint.endswith("qemu-img convert -O raw x.qcow2 disk.raw")


def test_a_dirty_disk_is_read() -> None:
    """Only its reference counts are wrong, which nobody needs here."""
    made = Made()
    made.fields["features"] = 1
    made.put(5, b"a" * CLUSTER)
    assert list(read(made.file())) == [5 * CLUSTER]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("bits", 8, "sizes that cannot be"),
        ("bits", 22, "sizes that cannot be"),
        ("size", 1 << 63, "sizes that cannot be"),
        ("size", 65 * CLUSTER, "first table does not fit its size"),
        ("entries", 1 << 30, "first table does not fit its size"),
        ("entries", 0, "first table does not fit its size"),
        ("l1", 1 << 40, "a part of it lies past its end"),
    ],
)
def test_headers_that_cannot_be(field: str, value: int, reason: str) -> None:
    """They are refused before anything is read by them."""
    made = Made()
    made.fields[field] = value
    with pytest.raises(InvalidValue, match=reason):
        read(made.file())


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (1 << 40, "a part of it lies past its end"),
        (FIRST * CLUSTER + 2, "entry for offset 0 is invalid"),
        (1 << 58 | FIRST * CLUSTER, "entry for offset 0 is invalid"),
        (COMPRESSED | 8, "compressed cluster of it cannot be unpacked"),
        (COMPRESSED | 1 << 50, "compressed cluster of it cannot be unpacked"),
    ],
)
def test_entries_that_cannot_be(entry: int, reason: str) -> None:
    """A table leads past the end, or to what is no cluster."""
    made = Made()
    made.l2[0] = entry
    with pytest.raises(InvalidValue, match=reason):
        read(made.file())


def test_tables_that_cannot_be() -> None:
    """Reserved bits, and a cluster within another one."""
    made = Made()
    made.l1 = [L2 * CLUSTER | 1]
    with pytest.raises(InvalidValue, match="entry of its first table is invalid"):
        read(made.file())
    made = Made()
    made.fields["bits"], made.l2[0] = 10, FIRST * CLUSTER
    made.fields["size"] = 1024
    with pytest.raises(InvalidValue):
        read(made.file())


def test_a_packed_cluster_is_not_unpacked_without_end() -> None:
    """A bomb gives one cluster, which is read, and nothing more."""
    made = Made()
    made.put(0, b"a" * CLUSTER)
    packed = deflated(b"b" * (1 << 20))
    made.data += packed
    at = FIRST * CLUSTER + CLUSTER
    made.l2[1] = COMPRESSED | (len(packed) // 512 + 1) << 61 | at
    assert read(made.file())[CLUSTER] == b"b" * CLUSTER


@pytest.mark.parametrize("file", [b"", b"QFI\xfb", b"\0" * 600])
def test_what_is_no_such_file(file: bytes) -> None:
    """It says so."""
    with pytest.raises(InvalidValue, match="it has no header of qcow2"):
        read(file)


@given(st.data())
def test_a_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    """Never anything but clusters of the disk, or an error of zfstune's."""
    made = Made()
    made.put(3, b"a" * CLUSTER)
    made.put(9, b"b" * CLUSTER, packed=True)
    file = bytearray(made.file())
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    file = file[: data.draw(st.integers(0, len(file)))]
    try:
        header = read_qcow2_header(reader(bytes(file)), "x")
        if header.size_bytes > 1 << 24:
            return
        for offset, cluster in qcow2_clusters(header, reader(bytes(file)), "x"):
            assert 0 <= offset < header.size_bytes
            assert len(cluster) == 1 << header.cluster_bits
    except ZfstuneError as error:
        assert "cannot read disk 'x'" in error.message  # noqa: PT017 (one of two ends)
