"""The difference between the content of two snapshots, object by object."""

from __future__ import annotations

from zfstune.streams.content import FORMAT
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.streams.content import Digest, ObjectDigest, StreamKind
    from zfstune.values.state import Snapshot

__all__ = [
    "Comparison",
    "ObjectDifference",
    "as_text",
    "check_kinds",
    "differing",
    "needs_raw",
]

# dmu_object_type_t in include/sys/dmu.h: those of filesystems and volumes
_RANGE = 10
_TYPES = {
    _RANGE: "block of objects",
    18: "access list",
    19: "file",
    20: "directory",
    21: "master node",
    22: "list of deleted files",
    23: "data of the volume",
    24: "properties of the volume",
    45: "list of attributes",
    46: "names of attributes",
    47: "layouts of attributes",
}


@frozen
class ObjectDifference:
    """One object that is not the same in both snapshots.

    Attributes:
        number: Number of the object; for a file it is the inode number.
        what: The kind of object, in words.
        differs: Where the two differ: ``content``, ``attributes``, or both; or
            ``only in the first``, ``only in the second``.
        path: Its path below the mountpoint, where one could be found.
    """

    number: int
    what: str
    differs: tuple[str, ...]
    path: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the difference in terms of JSON."""
        return {
            "object": self.number,
            "what": self.what,
            "differs": list(self.differs),
            "path": self.path,
        }


@frozen
class Comparison:
    """The result of comparing two snapshots.

    Attributes:
        first: Name of the first snapshot or stream.
        second: Name of the second one.
        digests: The digest of each.
        differences: The objects that differ, by number, as far as they are listed.
        unlisted: Number of further objects that differ.
    """

    first: str
    second: str
    digests: tuple[Digest, Digest]
    differences: tuple[ObjectDifference, ...]
    unlisted: int = 0

    @property
    def equal(self) -> bool:
        """Tell whether the content of both is the same."""
        first, second = self.digests
        return first.text == second.text

    def __str__(self) -> str:
        return "\n".join(as_text(self))

    def to_dict(self) -> dict[str, object]:
        """Return the comparison in terms of JSON."""
        first, second = self.digests
        return {
            "first": self.first,
            "second": self.second,
            "equal": self.equal,
            "digest_format": FORMAT,
            "raw": first.kind.raw,
            "digests": [first.text, second.text],
            "objects": [first.count, second.count],
            "differences": [difference.to_dict() for difference in self.differences],
            "unlisted": self.unlisted,
        }


def as_text(comparison: Comparison) -> list[str]:
    """Return the comparison as lines for people."""
    first, second = comparison.digests
    names = f"{shown(comparison.first)} and {shown(comparison.second)}"
    what = "ciphertext" if first.kind.raw else "content"
    if comparison.equal:
        return [f"{names} have the same {what}", first.text]
    lines = [f"{names} differ:"]
    for difference in comparison.differences:
        path = "" if difference.path is None else f" {shown(difference.path)}"
        where = " and ".join(difference.differs)
        lines.append(f"  object {difference.number} ({difference.what}){path}: {where}")
    if comparison.unlisted:
        lines.append(f"  and {comparison.unlisted} more")
    if first.kind.type != second.kind.type:
        lines.append("  one is a volume and the other is not")
    return lines


def differing(
    first: Iterable[ObjectDigest], second: Iterable[ObjectDigest]
) -> Iterator[ObjectDifference]:
    """Compare the objects of two snapshots, each in the order of its numbers."""
    left, right = iter(first), iter(second)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and _place(a) < _place(b)):
            assert a is not None  # noqa: S101 (for the type checker: one of them is there)
            yield _difference(a, "only in the first")
            a = next(left, None)
        elif a is None or _place(b) < _place(a):
            yield _difference(b, "only in the second")
            b = next(right, None)
        else:
            differs = [
                word
                for word, same in (
                    ("content", a.data == b.data),
                    ("attributes", a.attributes == b.attributes),
                )
                if not same
            ]
            if differs:
                yield _difference(a, *differs)
            a, b = next(left, None), next(right, None)


def _place(item: ObjectDigest) -> tuple[int, bool]:
    """Return what objects are sorted by; a block of objects comes before its first."""
    return item.number, item.type != _RANGE


def _difference(item: ObjectDigest, *differs: str) -> ObjectDifference:
    what = _TYPES.get(item.type, f"object of type {item.type}")
    return ObjectDifference(item.number, what, differs)


def needs_raw(first: Snapshot, second: Snapshot) -> bool:
    """Tell whether two snapshots can be compared as ciphertext alone.

    Raises:
        PlanError: They cannot be compared: a key is missing, and the ciphertext of one
            says nothing about the other.
    """
    locked = [s for s in (first, second) if s.value("keystatus") == "unavailable"]
    if not locked:
        return False
    names = f"cannot compare '{first.name}' with '{second.name}'"
    hint = f"zfs load-key {for_shell(locked[0].dataset)}"
    for snapshot in (first, second):
        if snapshot.value("encryption") in (None, "off"):
            raise PlanError(
                f"{names}: the key of '{locked[0].dataset}' is not loaded, and "
                f"'{snapshot.dataset}' is not encrypted",
                hint=hint,
            )
    if first.guid != second.guid:
        raise PlanError(
            f"{names}: the key of '{locked[0].dataset}' is not loaded, and only a "
            "snapshot and its raw copy have the same ciphertext",
            hint=hint,
        )
    return True


def check_kinds(names: tuple[str, str], kinds: tuple[StreamKind, StreamKind]) -> None:
    """Refuse to compare streams whose bytes mean different things.

    Raises:
        PlanError: One is raw and the other is not, or their byte orders differ.
    """
    first, second = kinds
    what = f"cannot compare '{names[0]}' with '{names[1]}'"
    if first.raw != second.raw:
        raw, plain = names if first.raw else names[::-1]
        raise PlanError(
            f"{what}: '{raw}' is ciphertext, and '{plain}' is not",
            hint="compare two raw streams, or load the key and compare without --raw",
        )
    if first.big_endian != second.big_endian:
        raise PlanError(
            f"{what}: the streams come from machines of different byte order, and so "
            "does the metadata in them"
        )
