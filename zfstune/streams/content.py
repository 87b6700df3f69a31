"""The digest of a snapshot's content: what it is made of, and in which order.

`docs/reference/content-digest.md` describes the format. Two snapshots have one digest where
their objects have the same numbers, types, attributes and bytes, whatever the blocks are
that the bytes lie in: zeros that were written count as a hole.
"""

from __future__ import annotations

from hashlib import sha256

from zfstune.values import stream_parts
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["FORMAT", "ContentHash", "Digest", "ObjectDigest", "StreamKind"]

# Any change to what the digest is made of changes this name.
FORMAT = "zfstune-content-1"

_VOLUME = 3  # DMU_OST_ZVOL
_NOTHING = sha256().digest()


@frozen
class StreamKind:
    """What a stream says of all of its content.

    Attributes:
        guid: Guid of the snapshot.
        type: Type of the dataset, as the stream has it.
        raw: The content is ciphertext.
        big_endian: The stream has the byte order of a big-endian machine.
    """

    guid: int
    type: int
    raw: bool
    big_endian: bool

    @property
    def volume(self) -> bool:
        """Tell whether the snapshot is that of a volume."""
        return self.type == _VOLUME


@frozen
class ObjectDigest:
    """The digest of one object.

    Attributes:
        number: Number of the object; for a file it is the inode number.
        type: Type of the object, as ZFS numbers them.
        attributes: Digest of its types and attributes.
        data: Digest of its bytes and where they stand.
    """

    number: int
    type: int
    attributes: bytes
    data: bytes


@frozen
class Digest:
    """The digest of a snapshot.

    Attributes:
        kind: What the stream said of all of its content.
        value: The digest of all objects, as hexadecimal text.
        count: Number of the objects.
        objects: The digest of each object, where they were asked for.
    """

    kind: StreamKind
    value: str
    count: int
    objects: tuple[ObjectDigest, ...] = ()

    @property
    def text(self) -> str:
        """Return the digest with its format: equal texts mean equal content."""
        return f"{FORMAT}{_order(self.kind)}:{self.value}"


def _order(kind: StreamKind) -> str:
    """Return the words that keep digests apart that cannot be compared."""
    return f"{'-raw' if kind.raw else ''}{'-be' if kind.big_endian else ''}"


class ContentHash:
    """Makes the digest out of the parts of a stream, as they come.

    Attributes:
        kind: What the stream says of its content; None before its first record.
    """

    def __init__(self) -> None:
        self.kind: StreamKind | None = None
        self._whole = sha256()
        self._attributes = sha256()
        self._data: Any = None
        self._count = 0

    def add(
        self, content: memoryview, parts: Iterable[tuple[int, int, int]]
    ) -> list[ObjectDigest]:
        """Take content with its parts; return the digest of each object that ended."""
        done: list[ObjectDigest] = []
        start = 0
        for number, word, end in parts:
            piece, start = content[start:end], end
            kind = word & stream_parts.KIND
            if kind == stream_parts.DATA:
                if self._data is None:
                    self._data = sha256()
                self._data.update(piece)
            elif kind == stream_parts.ATTRIBUTES:
                self._attributes.update(piece)
            elif kind == stream_parts.END:
                done.append(self._end_object(number, word >> stream_parts.TYPE_SHIFT))
            else:
                self._begin(number, word, piece)
        return done

    def _begin(self, guid: int, word: int, piece: memoryview) -> None:
        self.kind = StreamKind(
            guid,
            int.from_bytes(piece, "little"),
            bool(word & stream_parts.RAW),
            bool(word & stream_parts.BIG_ENDIAN),
        )
        self._whole.update(f"{FORMAT}{_order(self.kind)}\n".encode())
        self._whole.update(piece)

    def _end_object(self, number: int, kind: int) -> ObjectDigest:
        data = _NOTHING if self._data is None else self._data.digest()
        ended = ObjectDigest(number, kind, self._attributes.digest(), data)
        self._attributes, self._data = sha256(), None
        self._whole.update(number.to_bytes(8, "little") + ended.attributes + ended.data)
        self._count += 1
        return ended

    def digest(self, objects: Iterable[ObjectDigest] = ()) -> Digest:
        """Return the digest of all that was added."""
        if self.kind is None:
            raise ValueError("a stream without a first record has no digest")
        return Digest(self.kind, self._whole.hexdigest(), self._count, tuple(objects))
