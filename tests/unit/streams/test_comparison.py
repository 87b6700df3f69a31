"""What differs between two snapshots, and what cannot be compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.comparison import (
    Comparison,
    ObjectDifference,
    as_text,
    check_kinds,
    differing,
    needs_raw,
)
from zfstune.streams.content import Digest, ObjectDigest, StreamKind
from zfstune.values.errors import PlanError
from zfstune.values.state import NONE, PropertyValue, Snapshot

KIND = StreamKind(5, 2, raw=False, big_endian=False)
OBJECTS = st.dictionaries(
    st.integers(0, 12),
    st.tuples(st.sampled_from([b"a", b"b"]), st.sampled_from([b"", b"d"])),
)


def objects(content: dict[int, tuple[bytes, bytes]]) -> list[ObjectDigest]:
    """Give objects by number: attributes and data."""
    return [ObjectDigest(number, 19, *content[number]) for number in sorted(content)]


@given(OBJECTS, OBJECTS)
def test_each_object_is_looked_at(
    first: dict[int, tuple[bytes, bytes]], second: dict[int, tuple[bytes, bytes]]
) -> None:
    """An object is named if and only if it is not the same on both sides."""
    found = list(differing(objects(first), objects(second)))
    assert [d.number for d in found] == sorted(
        n for n in first.keys() | second.keys() if first.get(n) != second.get(n)
    )
    for difference in found:
        a, b = first.get(difference.number), second.get(difference.number)
        if a is None or b is None:
            side = "first" if b is None else "second"
            assert difference.differs == (f"only in the {side}",)
        else:
            assert ("attributes" in difference.differs) is (a[0] != b[0])
            assert ("content" in difference.differs) is (a[1] != b[1])


def test_a_block_of_objects_comes_before_its_first() -> None:
    """In a raw stream two entries may have one number."""
    block, first = ObjectDigest(32, 10, b"a", b""), ObjectDigest(32, 19, b"a", b"")
    assert list(differing([block, first], [block, first])) == []
    [only] = differing([block, first], [block])
    assert (only.number, only.what, only.differs) == (32, "file", ("only in the first",))
    [only] = differing([first], [block, first])
    assert (only.what, only.differs) == ("block of objects", ("only in the second",))


def test_types_have_words() -> None:
    """A type without a word is a number."""
    assert [
        d.what for d in differing([ObjectDigest(n, n, b"", b"") for n in (19, 23, 99)], [])
    ] == ["file", "data of the volume", "object of type 99"]


def comparison(*differences: ObjectDifference, unlisted: int = 0) -> Comparison:
    """Give a comparison; it is equal where there is no difference."""
    digests = Digest(KIND, "aa", 3), Digest(KIND, "bb" if differences else "aa", 4)
    return Comparison("tank/a@1", "tank/b@1", digests, differences, unlisted)


def test_in_words() -> None:
    """Text and JSON say the same."""
    assert as_text(comparison()) == [
        "tank/a@1 and tank/b@1 have the same content",
        "zfstune-content-1:aa",
    ]
    odd = ObjectDifference(130, "file", ("content", "attributes"), "/a\nb")
    found = comparison(odd, ObjectDifference(1, "master node", ("content",)), unlisted=7)
    assert as_text(found) == [
        "tank/a@1 and tank/b@1 differ:",
        "  object 130 (file) /a\\nb: content and attributes",
        "  object 1 (master node): content",
        "  and 7 more",
    ]
    assert found.to_dict() == {
        "first": "tank/a@1",
        "second": "tank/b@1",
        "equal": False,
        "digest_format": "zfstune-content-1",
        "raw": False,
        "digests": ["zfstune-content-1:aa", "zfstune-content-1:bb"],
        "objects": [3, 4],
        "differences": [
            {
                "object": 130,
                "what": "file",
                "differs": ["content", "attributes"],
                "path": "/a\nb",
            },
            {"object": 1, "what": "master node", "differs": ["content"], "path": None},
        ],
        "unlisted": 7,
    }
    volume = Digest(StreamKind(5, 3, raw=False, big_endian=False), "aa", 3)
    other = Comparison("a@1", "b@1", (Digest(KIND, "bb", 3), volume), ())
    assert as_text(other) == [
        "a@1 and b@1 differ:",
        "  one is a volume and the other is not",
    ]


def test_ciphertext_is_called_so() -> None:
    """Nobody is told that content is the same where only ciphertext was read."""
    digest = Digest(StreamKind(5, 2, raw=True, big_endian=False), "aa", 3)
    found = Comparison("tank/a@1", "tank/b@1", (digest, digest), ())
    assert as_text(found) == [
        "tank/a@1 and tank/b@1 have the same ciphertext",
        "zfstune-content-1-raw:aa",
    ]
    assert found.to_dict()["raw"] is True


def snapshot(name: str, guid: int, **properties: str) -> Snapshot:
    """Give a snapshot with properties."""
    values = {key: PropertyValue(value, NONE) for key, value in properties.items()}
    return Snapshot(name, guid, 1, 0, values, 0)


OPEN: dict[str, Any] = {"encryption": "aes-256-gcm", "keystatus": "available"}
LOCKED: dict[str, Any] = {"encryption": "aes-256-gcm", "keystatus": "unavailable"}
PLAIN: dict[str, Any] = {"encryption": "off", "keystatus": "none"}


@pytest.mark.parametrize(
    ("first", "second", "raw"),
    [
        (PLAIN, PLAIN, False),
        (PLAIN, OPEN, False),
        (OPEN, OPEN, False),
        (OPEN, LOCKED, True),
        (LOCKED, LOCKED, True),
        ({}, {}, False),
    ],
)
def test_when_ciphertext_is_all_there_is(
    first: dict[str, str],
    second: dict[str, str],
    raw: bool,  # noqa: FBT001 (a table of rows)
) -> None:
    """Content is compared where the keys are there."""
    pair = snapshot("tank/a@1", 7, **first), snapshot("tank/b@1", 7, **second)
    assert needs_raw(*pair) is needs_raw(*pair[::-1]) is raw


def test_a_key_that_is_missing() -> None:
    """The reason names the dataset, and the hint loads its key."""
    locked = snapshot("tank/a b@1", 7, **LOCKED)
    with pytest.raises(PlanError, match="'tank/c' is not encrypted") as refused:
        needs_raw(snapshot("tank/c@1", 7, **PLAIN), locked)
    assert refused.value.hint == "zfs load-key 'tank/a b'"
    with pytest.raises(PlanError, match="only a snapshot and its raw copy"):
        needs_raw(snapshot("tank/c@1", 8, **OPEN), locked)


def test_streams_that_mean_other_things() -> None:
    """Ciphertext and content, or two byte orders, are not compared."""
    raw = StreamKind(5, 2, raw=True, big_endian=False)
    big = StreamKind(5, 2, raw=False, big_endian=True)
    check_kinds(("a@1", "b@1"), (raw, raw))
    for pair in ((raw, KIND), (KIND, raw)):
        name = "a@1" if pair[0].raw else "b@1"
        with pytest.raises(PlanError, match=f"'{name}' is ciphertext"):
            check_kinds(("a@1", "b@1"), pair)
    with pytest.raises(PlanError, match="byte order"):
        check_kinds(("a@1", "b@1"), (KIND, big))
