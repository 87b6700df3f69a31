"""The digest of parts, as a stream's content comes in them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.content import FORMAT, ContentHash, Digest, ObjectDigest
from zfstune.values import stream_parts

BEGIN = (9, stream_parts.BEGIN, 8)
FILESYSTEM, VOLUME = (2).to_bytes(8, "little"), (3).to_bytes(8, "little")
Object = tuple[int, list[tuple[int, bytes]]]


def begun(kind: bytes = FILESYSTEM, bits: int = 0) -> ContentHash:
    """Begin a digest."""
    made = ContentHash()
    assert made.add(memoryview(kind), [(9, stream_parts.BEGIN | bits, 8)]) == []
    return made


def add(made: ContentHash, number: int, pieces: list[tuple[int, bytes]]) -> ObjectDigest:
    """Add an object of type 19, in one call."""
    parts, content = [], b""
    for kind, data in pieces:
        content += data
        parts.append((number, kind, len(content)))
    parts.append((number, stream_parts.END | 19 << stream_parts.TYPE_SHIFT, len(content)))
    [done] = made.add(memoryview(content), parts)
    return done


def test_what_a_digest_is_made_of() -> None:
    """The format of docs/reference/content-digest.md, said once more: its name fixes it."""
    made = begun()
    done = add(made, 7, [(stream_parts.ATTRIBUTES, b"attr"), (stream_parts.DATA, b"data")])
    attributes, data = sha256(b"attr").digest(), sha256(b"data").digest()
    assert done == ObjectDigest(7, 19, attributes, data)
    whole = b"zfstune-content-1\n" + FILESYSTEM + (7).to_bytes(8, "little")
    found = made.digest([done])
    assert found.value == sha256(whole + attributes + data).hexdigest()
    assert (found.count, found.objects, found.kind.guid) == (1, (done,), 9)
    assert found.text == f"{FORMAT}:{found.value}"


def test_objects_are_counted() -> None:
    """The count is that of all objects, whatever the call in which each one ended."""
    made = begun()
    for number in (1, 2, 3):
        add(made, number, [])
    assert made.digest().count == 3


def test_digests_that_cannot_be_compared_differ() -> None:
    """Volume, raw and foreign content have other digests, and say so."""
    found = [
        begun().digest(),
        begun(VOLUME).digest(),
        begun(bits=stream_parts.RAW).digest(),
        begun(bits=stream_parts.BIG_ENDIAN).digest(),
    ]
    assert len({f.value for f in found}) == len(found)
    assert [f.text.partition(":")[0] for f in found] == [
        FORMAT,
        FORMAT,
        f"{FORMAT}-raw",
        f"{FORMAT}-be",
    ]
    assert [f.kind.volume for f in found] == [False, True, False, False]


def test_an_object_without_data() -> None:
    """No data, and no digest taken over from the object before."""
    made = begun()
    full = add(made, 1, [(stream_parts.ATTRIBUTES, b"a"), (stream_parts.DATA, b"d")])
    empty = add(made, 2, [(stream_parts.ATTRIBUTES, b"a")])
    assert empty.data == sha256().digest() != full.data
    assert empty.attributes == full.attributes


def test_nothing_was_read() -> None:
    """Without a first record there is no digest."""
    assert ContentHash().kind is None
    with pytest.raises(ValueError, match="first record"):
        ContentHash().digest()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([stream_parts.ATTRIBUTES, stream_parts.DATA]),
            st.binary(max_size=20),
        ),
        max_size=6,
    ),
    st.data(),
)
def test_parts_may_be_cut_anywhere(
    pieces: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    """However content is handed over, the digest is that of all of it."""
    whole = begun()
    add(whole, 3, pieces)
    cut = begun()
    for kind, piece in pieces:
        place = data.draw(st.integers(0, len(piece)))
        for part in (piece[:place], piece[place:]):
            assert cut.add(memoryview(part), [(3, kind, len(part))]) == []
    add(cut, 3, [])
    assert cut.digest() == whole.digest()


def test_a_digest_is_a_value() -> None:
    """Two readings of the same content are equal."""
    first, second = begun(), begun()
    for made in (first, second):
        add(made, 1, [(stream_parts.DATA, b"x")])
    assert first.digest() == second.digest()
    assert isinstance(first.digest(), Digest)
