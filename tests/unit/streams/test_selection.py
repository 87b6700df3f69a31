"""Which datasets of a tree are sent, and why the others are not."""

from __future__ import annotations

import pytest

from zfstune.streams.ends import End
from zfstune.streams.selection import PropertyFilter, orphans, read_filter, select
from zfstune.streams.tree import Pair, Pairing
from zfstune.values.errors import InvalidProperty, InvalidValue
from zfstune.values.frozen import replace
from zfstune.values.replication_marks import BaseMark, Replica
from zfstune.values.state import INHERITED, LOCAL, RECEIVED, Bookmark, PropertyValue


def end(name: str, **how: object) -> End:
    """Make a dataset."""
    return replace(End(name, exists=True, guid=1, kind="filesystem"), **how)


def with_own(name: str, value: str, source: str = LOCAL) -> End:
    """Make a dataset on which com.x:keep has a value."""
    return end(name, own={"com.x:keep": PropertyValue(value, source)})


def test_by_name() -> None:
    """A pattern takes a dataset with all below it, and no other that begins alike."""
    names = ["t", "t/a", "t/a/b", "t/ab", "t/c"]
    found = select([end(name) for name in names], ["t/a", "*/c"])
    assert [e.name for e in found.chosen] == ["t", "t/ab"]
    assert [e.name for e in found.out] == ["t/a", "t/a/b", "t/c"]
    assert [each.describe() for each in found.left_out] == [
        "leave out t/a: 't/a' matches its name",
        "leave out t/c: '*/c' matches its name",
    ]


def test_by_property() -> None:
    """A value that was set here counts, and those below are left out with it."""
    sources = [
        with_own("t", "yes"),
        with_own("t/a", "no"),
        end("t/a/b"),
        with_own("t/c", "no", RECEIVED),
        with_own("t/d", "no", INHERITED),
    ]
    found = select(sources, (), [read_filter("com.x:keep=no")])
    assert [e.name for e in found.chosen] == ["t", "t/c", "t/d"]
    assert [each.to_dict() for each in found.left_out] == [
        {"source": "t/a", "reason": "com.x:keep=no is set on it"}
    ]
    assert select(sources, (), [read_filter("com.x:keep")]).chosen == ()


def test_by_its_own_word() -> None:
    """It counts below the dataset that was named, and not on that one."""
    sources = [end("t", unsent=True), end("t/a", unsent=True), end("t/a/b"), end("t/c")]
    found = select(sources)
    assert [e.name for e in found.chosen] == ["t", "t/c"]
    assert [each.reason for each in found.left_out] == [
        "org.zfstune:replicate-to=none is set on it"
    ]


def test_a_filter() -> None:
    """A native property is compared as ZFS prints it; what is none is refused."""
    assert read_filter("recordsize=8K") == PropertyFilter("recordsize", "8192")
    assert read_filter("com.x:y=a=b") == PropertyFilter("com.x:y", "a=b")
    assert read_filter("canmount") == PropertyFilter("canmount", None)
    with pytest.raises(InvalidProperty, match="recordsiz"):
        read_filter("recordsiz")
    for text in ("", "=x"):
        with pytest.raises(InvalidValue, match="names no property"):
            read_filter(text)


def test_copies_without_a_source() -> None:
    """Those that zfstune made, and no dataset that is in use or that is left out."""
    copy = {"replica": Replica(1, raw=False)}
    sources = [end("t", guid=1), end("t/a", guid=2)]
    targets = [
        end("b", guid=11, **copy),
        end("b/a", guid=12, **copy),
        end("b/gone", guid=13, replica=Replica(7, raw=False)),
        end("b/parent", guid=14, stands_for=99),
        end("b/live", guid=15, replica=Replica(8, raw=False, live=True)),
        end("b/mine", guid=16),
        end("b/out", guid=17, replica=Replica(9, raw=True)),
        end("b/moved", guid=18, replica=Replica(10, raw=True)),
        end("b/marked", guid=19, replica=Replica(11, raw=True)),
        end("b/held", guid=20, stands_for=77),
    ]
    pairs = tuple(map(Pair, sources, targets))
    bookmark = Bookmark(BaseMark(11, 5).on("t/o"), 5, 5, 0)
    out = [
        end("t/out", guid=3),
        end("t/other", guid=4, places={10: "b/moved"}),
        end("t/o", guid=77, bookmarks=(bookmark,)),
    ]
    found = orphans(Pairing(pairs, tuple(targets)), out, "t", "b")
    assert [each.target for each in found] == ["b/gone", "b/parent"]
    assert found[0].describe() == "b/gone stays: its source is not below t any more"
    assert found[0].to_dict() == {"target": "b/gone"}
