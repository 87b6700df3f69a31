"""The plan of a restore: the path below a mountpoint, names aside, and the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.snapshots.restore_plan import PathPlan, RestoredPath, name_aside, names_below
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

PLAN = PathPlan("tank/a@x", "/a/b", "/a/b", "file", 1, 0, 12_000)
SNAPSHOT = "tank/a@x"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("b", ("b",)),
        ("./b//c/", ("b", "c")),
        ("/a/b/c", ("b", "c")),
        ("/a", ()),
        ("/a/", ()),
        (".", ()),
        ("a", ("a",)),
    ],
)
def test_a_path_below_the_mountpoint(path: str, names: tuple[str, ...]) -> None:
    """It may be absolute or relative to the mountpoint."""
    assert names_below(path, "/a", SNAPSHOT) == names


def test_a_filesystem_at_the_root() -> None:
    """Each absolute path lies in it."""
    assert names_below("/etc/passwd", "/", SNAPSHOT) == ("etc", "passwd")
    assert names_below("/", "/", SNAPSHOT) == ()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/ab/c", "does not lie in 'tank/a', which is mounted at '/a'"),
        ("/", "does not lie in"),
        ("b/../../etc", "leads out of the dataset"),
        ("/a/../etc", "leads out of the dataset"),
        ("", "the path is empty"),
    ],
)
def test_a_path_elsewhere(path: str, words: str) -> None:
    """It is refused, whatever is there."""
    with pytest.raises(PlanError, match=words):
        names_below(path, "/a", SNAPSHOT)


@given(
    name=st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=255),
    taken=st.integers(0, 5),
)
def test_a_name_aside_is_new_and_fits(name: str, taken: int) -> None:
    """It begins as the name does, is no longer than a name may be, and nothing has it."""
    name = name.encode("utf-8", "surrogatepass")[:255].decode("utf-8", "surrogateescape")
    there: set[str] = set()
    for _ in range(taken + 1):
        found = name_aside(name, "20261123T030000Z", there)
        assert found not in there
        there.add(found)
        data = found.encode("utf-8", "surrogateescape")
        assert len(data) <= 255
        start, _, end = data.partition(b".before-restore-20261123T030000Z")
        assert name.encode("utf-8", "surrogateescape").startswith(start)
        assert start
        assert end in {b"", *(b"-%d" % n for n in range(1, 6))}


def test_the_words() -> None:
    """What comes back, what is made for it, and where that goes which is there."""
    assert PLAN.lines() == ["restore /a/b from tank/a@x: 11.7K"]
    full = replace(PLAN, aside="/a/b.old", makes=("/a/m",), kind="folder", folders=2)
    assert full.lines(dry_run=True) == [
        "would restore /a/b from tank/a@x: 2 folders, 1 file, 11.7K",
        "  would make the folder /a/m",
        "  would keep what is there now as /a/b.old",
    ]
    other = replace(PLAN, kind="folder", folders=1, files=3)
    assert other.lines() == ["restore /a/b from tank/a@x: 1 folder, 3 files, 11.7K"]
    assert replace(PLAN, kind="link").lines() == ["restore /a/b from tank/a@x: a link"]
    special = replace(PLAN, kind="special").lines()
    assert special == ["restore /a/b from tank/a@x: a special file"]
    same = replace(PLAN, same=True).lines()
    assert same == ["nothing to do: /a/b is as tank/a@x has it"]


def test_as_json() -> None:
    """All of it is there for programs."""
    found = RestoredPath(replace(PLAN, aside="/a/b.old"), done=True).to_dict()
    assert found == {
        "snapshot": "tank/a@x",
        "path": "/a/b",
        "target": "/a/b",
        "kind": "file",
        "files": 1,
        "folders": 0,
        "size_bytes": 12_000,
        "aside": "/a/b.old",
        "makes": [],
        "same": False,
        "cautions": [],
        "done": True,
        "recovered": [],
    }
    assert RestoredPath(PLAN).to_dict()["aside"] is None
