"""The change that an object stands for, by what ZFS says of it before and after."""

from __future__ import annotations

import stat
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.snapshots.changes import (
    ADDED,
    CHANGED,
    GONE,
    MODIFIED,
    NEW,
    REMOVED,
    RENAMED,
    SAME,
    ChangesBetween,
    DatasetChanges,
    PathChange,
    check_order,
    path_changes,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.object_stats import ObjectStats
from zfstune.values.state import Snapshot

FILE, FOLDER = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755


TICKS = count()


def stats(path: str, generation: int = 1, mode: int = FILE, links: int = 1) -> ObjectStats:
    """Give an object, a file unless told; each was changed at another time."""
    return ObjectStats(path, generation, mode, links, 5, next(TICKS))


A, A_LATER, B = stats("/a"), stats("/a"), stats("/b")
D = stats("/d", 1, FOLDER, 2)
GONE_A = PathChange(REMOVED, "file", "/a")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, None, []),
        (None, A, [PathChange(ADDED, "file", "/a")]),
        (A, None, [GONE_A]),
        (A, A, []),
        (A, A_LATER, [PathChange(MODIFIED, "file", "/a")]),
        (A, replace(A, changed_s=6), [PathChange(MODIFIED, "file", "/a")]),
        (A, B, [PathChange(RENAMED, "file", "/b", "/a")]),
        # Another file under the same number
        (A, stats("/b", 2), [GONE_A, PathChange(ADDED, "file", "/b")]),
        (A, stats("/a", 2), [PathChange(ADDED, "file", "/a"), GONE_A]),
        # Another kind of file under the same number, in one transaction group
        (A, stats("/a", 1, FOLDER), [PathChange(ADDED, "directory", "/a"), GONE_A]),
        # A file with several links: any of them may give the path
        (A, stats("/b", links=2), [PathChange(MODIFIED, "file", "/a", links=1)]),
        (stats("/a", links=3), B, [PathChange(MODIFIED, "file", "/b", links=-2)]),
        # The links of a directory are its subdirectories
        (D, stats("/d", 1, FOLDER, 3), [PathChange(MODIFIED, "directory", "/d")]),
        (D, stats("/e", 1, FOLDER, 3), [PathChange(RENAMED, "directory", "/e", "/d")]),
        # Deleted, and open still
        (A, stats("/a", links=0), [GONE_A]),
        (stats("/a", links=0), None, []),
        (stats("/a", links=0), stats("/a", links=0), []),
        # Attributes in a directory of their own belong to a file
        (None, stats("/a/<xattrdir>/user.x"), [PathChange(MODIFIED, "file", "/a")]),
        (stats("/a/<xattrdir>"), None, [PathChange(MODIFIED, "file", "/a")]),
    ],
)
def test_one_object(
    before: ObjectStats | None, after: ObjectStats | None, changes: list[PathChange]
) -> None:
    """Each pair of states has its change, and none is guessed."""
    assert list(path_changes([(before, after)])) == changes


def test_changes_are_sorted_and_told_once() -> None:
    """Three attributes of one file are one change of that file."""
    pairs = [
        (None, stats("/z")),
        (None, stats("/a/<xattrdir>")),
        (None, stats("/a/<xattrdir>/user.x")),
        (A, A_LATER),
    ]
    assert [(c.kind, c.path) for c in path_changes(pairs)] == [
        (MODIFIED, "/a"),
        (ADDED, "/z"),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), unique_by=lambda f: f[0]
    ),
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), unique_by=lambda f: f[0]
    ),
)
def test_the_changes_lead_from_one_state_to_the_other(
    old: list[tuple[str, int]], new: list[tuple[str, int]]
) -> None:
    """Applied to the earlier paths, additions and removals give the later ones."""
    before = {number: stats(f"/{path}", gen) for number, (path, gen) in enumerate(old)}
    after = {number: stats(f"/{path}", gen) for number, (path, gen) in enumerate(new)}
    changes = path_changes(
        (before.get(number), after.get(number)) for number in before | after
    )
    paths = {s.path for s in before.values()}
    paths -= {c.path for c in changes if c.kind == REMOVED}
    paths -= {c.old_path for c in changes if c.kind == RENAMED}
    paths |= {c.path for c in changes if c.kind in (ADDED, RENAMED)}
    assert paths == {s.path for s in after.values()}


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (stat.S_IFLNK, "link"),
        (stat.S_IFIFO, "pipe"),
        (stat.S_IFSOCK, "socket"),
        (stat.S_IFBLK, "block device"),
        (stat.S_IFCHR, "character device"),
        (0, "object"),
    ],
)
def test_kinds(mode: int, what: str) -> None:
    """A kind that does not exist yet is an object."""
    (change,) = path_changes([(None, stats("/x", mode=mode))])
    assert change.what == what


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (PathChange(ADDED, "file", "/a"), "+ file /a"),
        (PathChange(REMOVED, "link", "/a\nb"), r"- link /a\nb"),
        (PathChange(RENAMED, "directory", "/b", "/a"), "R directory /b (was /a)"),
        (PathChange(MODIFIED, "file", "/a", links=1), "M file /a (+1 links)"),
        (PathChange(MODIFIED, "file", "/a", links=-2), "M file /a (-2 links)"),
    ],
)
def test_lines(change: PathChange, line: str) -> None:
    """A change is one line, whatever is in its name."""
    assert change.line == line


def test_a_dataset() -> None:
    """Its state follows from what is there; JSON has all of it."""
    change = PathChange(RENAMED, "file", "/b", "/a")
    changed = DatasetChanges("t/a", "t/a@1", "t/a@2", 2048, True, (change,))
    cases = {
        CHANGED: (changed, "t/a: changed, about 2K"),
        SAME: (DatasetChanges("t/a", "t/a@1", "t/a@2", 624), "t/a: no change"),
        NEW: (
            DatasetChanges("t/a", "", "t/a@2", 4096),
            "t/a: has no earlier snapshot; it holds 4K",
        ),
        GONE: (DatasetChanges("t/a", "t/a@1", ""), "t/a: has no later snapshot"),
    }
    for status, (dataset, line) in cases.items():
        assert (dataset.status, next(dataset.lines())) == (status, line)
        assert ChangesBetween((dataset,)).any is (status != SAME)
    assert list(ChangesBetween((changed,)).lines())[1:] == ["  R file /b (was /a)"]
    assert not ChangesBetween(()).any
    assert ChangesBetween((changed, cases[NEW][0])).to_dict() == {
        "datasets": [
            {
                "dataset": "t/a",
                "status": "changed",
                "before": "t/a@1",
                "after": "t/a@2",
                "size_bytes": 2048,
                "paths": [
                    {
                        "change": "renamed",
                        "what": "file",
                        "path": "/b",
                        "old_path": "/a",
                        "links": 0,
                    }
                ],
            },
            {
                "dataset": "t/a",
                "status": "new",
                "before": None,
                "after": "t/a@2",
                "size_bytes": 4096,
                "paths": [],
            },
        ],
        "size_bytes": 6144,
    }


def test_the_order_of_two_snapshots() -> None:
    """The hint has the command in the right order; clones are ZFS's to judge."""
    old, new = Snapshot("t/a@1", 11, 1, 0, {}), Snapshot("t/a@2", 12, 2, 0, {})
    check_order(old, new)
    check_order(new, Snapshot("t/c@0", 13, 1, 0, {}))
    with pytest.raises(PlanError, match="the first is the newer one") as caught:
        check_order(new, old)
    assert caught.value.hint == "zfstune diff t/a@1 t/a@2"
    with pytest.raises(PlanError, match="cannot compare 't/a@1' with itself"):
        check_order(old, old)
