"""The content of streams: made up, cut, changed, and of a foreign byte order."""

from __future__ import annotations

import os
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_stream
from made_stream import GRAIN, RECORD_BYTES, MadeStream, raw_stream, slow_digest
from zfstune.engine.stream_content import ContentReader
from zfstune.streams.content import ContentHash
from zfstune.values.errors import Damaged, InvalidValue, NotSupported, ZfstuneError

MIB = 1 << 20


def digest_of(stream: bytes, *, step: int = MIB) -> str:
    """Read a stream in pieces of one size; give the digest."""
    reader, hashed = ContentReader("made up"), ContentHash()
    for start in range(0, len(stream), step):
        hashed.add(*reader.feed(stream[start : start + step]))
    reader.end()
    return hashed.digest().text


def split(data: bytes, block: int) -> list[tuple[int, bytes]]:
    """Split data into blocks of one size; the last is filled up with zeros."""
    return [
        (start, data[start : start + block].ljust(block, b"\0"))
        for start in range(0, len(data), block)
    ]


@pytest.mark.parametrize("step", [1, 7, 311, 4097, MIB])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pieces_of_any_size(order: str, step: int) -> None:
    """The same comes out however the stream is cut, and as the format is described."""
    data = os.urandom(9000) + bytes(20_000) + os.urandom(5000)
    made = MadeStream(order=order, payload=b"12345678" * 3)
    made.free_objects(0, 1)
    made.object(1, b"master", kind=21, bonus_type=0)
    made.object(7, b"attributes")
    made.free(7, MIB, (1 << 64) - 1)
    for offset, block in split(data, 512):
        made.write(7, offset, block)
    made.spill(7, b"spilled".ljust(512, b"\0"))
    made.free_objects(8, 24)
    expected = slow_digest(
        {
            1: {"kind": 21, "bonus_type": 0, "bonus": b"master"},
            7: {"bonus": b"attributes", "data": [(0, data)], "spill": b"spilled"},
        }
    )
    found = digest_of(made.end(), step=step)
    assert found.replace("-be:", ":").partition(":")[0] == "zfstune-content-1"
    if order == "<":
        assert found == expected
    else:
        assert found == digest_of(bytes(made.data), step=17)
        assert "-be:" in found


@given(
    data=st.binary(min_size=1, max_size=300).flatmap(
        lambda seed: st.integers(1, 60).map(lambda times: seed * times)
    ),
    start=st.integers(0, 40).map(lambda n: n * 512),
    blocks=st.permutations([512, 1536, 4096, 8192, 65536]),
)
def test_record_sizes_do_not_matter(data: bytes, start: int, blocks: list[int]) -> None:
    """Data have one digest whatever blocks they lie in, zeros before them or a hole."""
    found = set()
    for block in blocks[:2]:
        whole = bytes(start) + data
        made = MadeStream()
        made.object(5)
        for offset, part in split(whole, block):
            if any(part) or block == blocks[0]:
                made.write(5, offset, part)
        found.add(digest_of(made.end()))
    assert found == {slow_digest({5: {"data": [(start, data)]}})}


@pytest.mark.parametrize("place", [0, GRAIN - 1, GRAIN, 3 * GRAIN + 5])
def test_each_byte_counts(place: int) -> None:
    """One byte of the data, its place, the bonus and the spill block change the digest."""
    found = []
    for byte, bonus, spill in (
        (b"\1", b"a", b"s"),
        (b"\2", b"a", b"s"),
        (b"\1", b"b", b"s"),
        (b"\1", b"a", b"t"),
        (b"\1", b"a\0", b"s"),
    ):
        made = MadeStream()
        made.object(5, bonus)
        made.write(5, 0, (bytes(place) + byte).ljust(16384, b"\0"))
        made.spill(5, spill.ljust(512, b"\0"))
        found.append(digest_of(made.end()))
    assert len(set(found)) == len(found)


def plain() -> MadeStream:
    """Give the beginning of a stream, with an object and a block."""
    made = MadeStream()
    made.object(5, b"bonus")
    made.write(5, 8192, b"x" * 4096)
    return made


DISORDER: dict[str, Any] = {
    "an object again": lambda m: m.object(5),
    "an object before": lambda m: m.object(4),
    "a block again": lambda m: m.write(5, 8192, b"y" * 512),
    "a block before": lambda m: m.write(5, 0, b"y" * 512),
    "a block of another": lambda m: m.write(6, 0, b"y" * 512),
    "a hole over a block": lambda m: m.free(5, 4096, 1 << 40),
    "attributes of another": lambda m: m.spill(6, b"y" * 512),
    "attributes twice": lambda m: [m.spill(5, b"y" * 512) for _ in range(2)],
    "a range": lambda m: m.record(made_stream.RANGE, "QQQ", 32, 32, 0),
    "no kind": lambda m: m.record(77, "Q", 0),
    "a second beginning": lambda m: m.record(0, "QQ", made_stream.MAGIC, 1),
    "an empty block": lambda m: m.write(5, 1 << 20, b""),
    "an odd block": lambda m: m.write(5, 1 << 20, b"odd"),
    "a huge block": lambda m: m.record(
        made_stream.WRITE, "QIIQQQ", 5, 19, 0, 1 << 20, 4 << 30, 0
    ),
    "a block past the end": lambda m: m.record(
        made_stream.WRITE, "QIIQQQ", 5, 19, 0, (1 << 64) - 4096, 8192, 0
    ),
    "a huge bonus": lambda m: m.record(
        made_stream.OBJECT, "QIIIIBBBBIQ", 9, 19, 44, 512, 1 << 31, 0, 0, 1, 0, 0, 0
    ),
    "huge attributes": lambda m: m.record(made_stream.SPILL, "QQQ", 5, 4 << 30, 0),
}


@pytest.mark.parametrize("case", DISORDER)
def test_streams_that_contradict_themselves(case: str) -> None:
    """Records out of order and lengths that lie are refused, whatever the checksum says."""
    made = plain()
    DISORDER[case](made)
    with pytest.raises(InvalidValue, match=r"^cannot read stream 'made up': "):
        digest_of(made.end())


UNFIT: dict[str, tuple[Any, str]] = {
    "package": (lambda: MadeStream(header=2), "package of streams"),
    "incremental": (lambda: MadeStream(base=3), "incremental"),
    "deduplicated": (lambda: MadeStream(features=1), "deduplicated"),
    "redacted": (lambda: MadeStream(features=1 << 21), "redacted"),
    "resumed": (lambda: MadeStream(features=1 << 20), "interrupted"),
    "later": (lambda: MadeStream(features=1 << 40), "unknown"),
}
RECORDS = {
    "compressed": (made_stream.WRITE, "QIIQQQBBB", (5, 19, 0, 1 << 20, 4096, 0, 0, 0, 15)),
    "embedded": (made_stream.EMBEDDED, "QQQ", (5, 0, 512)),
    "redacted": (made_stream.REDACT, "QQQ", (5, 0, 512)),
    "deduplicated": (made_stream.BYREF, "QQQ", (5, 0, 512)),
}


@pytest.mark.parametrize("case", UNFIT)
def test_streams_that_lack_content(case: str) -> None:
    """A stream that holds not all of a snapshot is refused with the reason and a way."""
    make, words = UNFIT[case]
    with pytest.raises(NotSupported, match=words) as refused:
        digest_of(make().end())
    assert "zfs send -L" in refused.value.hint


@pytest.mark.parametrize("case", RECORDS)
def test_records_that_lack_content(case: str) -> None:
    """The record that shows it is enough, if the first one does not say so."""
    kind, form, fields = RECORDS[case]
    made = plain()
    if case == "compressed":
        form, fields = form + "5x40xQ", (*fields, 512)
    made.record(kind, form, *fields)
    with pytest.raises(NotSupported, match=case):
        digest_of(made.end())


@pytest.mark.parametrize("cut", [0, 1, 311, 312, 313, 700, -1, -312, -313])
def test_a_stream_that_was_cut(cut: int) -> None:
    """A stream that ends too early is told apart from a whole one."""
    stream = plain().end()
    with pytest.raises(InvalidValue, match="ends too early" if cut else "is empty"):
        digest_of(stream[:cut])


def test_what_follows_the_end() -> None:
    """Bytes after the last record are not passed over."""
    with pytest.raises(InvalidValue, match="bytes follow"):
        digest_of(plain().end() + b"\0")


def test_a_flipped_bit_is_damage() -> None:
    """Wherever a bit flips, the checksums show it, or the record makes no sense."""
    stream = plain().end()
    for place in range(8, len(stream), 13):
        changed = bytearray(stream)
        changed[place] ^= 4
        with pytest.raises(ZfstuneError):
            digest_of(bytes(changed))
    changed = bytearray(stream)
    changed[-RECORD_BYTES * 2 - 100] ^= 1
    with pytest.raises(Damaged, match="checksum"):
        digest_of(bytes(changed))


def test_sums_may_be_missing() -> None:
    """A sender that reckons no checksums leaves zeros, which are taken."""
    stream = bytearray(plain().end())
    for start in (312, 312 + 312 + 8, len(stream) - 312):
        stream[start + 280 : start + 312] = bytes(32)
    stream[len(stream) - 304 : len(stream) - 272] = bytes(32)
    assert digest_of(bytes(stream)) == digest_of(plain().end())


@given(st.data())
def test_mutations_give_an_error_or_a_digest(data: st.DataObject) -> None:
    """Whatever becomes of a stream, the answer is a digest or an error of zfstune."""
    stream = bytearray(plain().end())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    if data.draw(st.booleans()):
        del stream[data.draw(st.integers(0, len(stream))) :]
    try:
        said = digest_of(bytes(stream))
    except ZfstuneError as error:
        said = str(error)
    assert said.startswith(("zfstune-content-1", "cannot read stream 'made up': "))


def test_a_raw_stream() -> None:
    """Ciphertext, keys' salts and MACs count, and the digest says that it is raw."""
    found = digest_of(raw_stream())
    assert found.startswith("zfstune-content-1-raw:")
    assert found == digest_of(raw_stream(), step=100)
    assert found != digest_of(raw_stream(first_mac=2))
    hashed, reader = ContentHash(), ContentReader("raw")
    objects = hashed.add(*reader.feed(raw_stream()))
    assert [(o.number, o.type) for o in objects] == [(0, 10), (32, 10), (33, 19)]
    changed = raw_stream().replace(b"c" * 1024, b"c" * 1023 + b"d")
    with pytest.raises(Damaged):
        digest_of(changed)


def test_no_memory_is_kept() -> None:
    """What was given is overwritten by the next call: nothing grows with the stream."""
    reader = ContentReader("long")
    made = plain()
    content, parts = reader.feed(bytes(made.data))
    assert parts[-1][2] == len(content)
    assert struct.unpack("<Q", content[-GRAIN - 8 : -GRAIN]) == (8192,)
    content, parts = reader.feed(bytes(10))
    assert (len(content), parts) == (0, [])
