"""The lines that `zpool history` shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine._history import (
    bookmark_line,
    create_line,
    holds_line,
    receive_line,
    set_line,
    targets_line,
)


def test_lines_read_like_commands() -> None:
    """A line has the form of the command that does the same; bookkeeping is left out."""
    values = {"recordsize": "8K", "org.zfstune:managed": "yes", "com.site:x": "1"}
    assert create_line("create", values, "tank/a") == (
        "zfstune create -o recordsize=8K -o com.site:x=1 tank/a"
    )
    assert create_line("clone", {}, "tank/a@x tank/b") == "zfstune clone tank/a@x tank/b"
    assert set_line(values, "tank/a") == "zfstune set recordsize=8K com.site:x=1 tank/a"
    left_out = ("atime", "org.zfstune:managed")
    assert receive_line(values, left_out, "tank/a@x") == (
        "zfstune receive -o recordsize=8K -o com.site:x=1 -x atime tank/a@x"
    )
    assert receive_line({}, (), "tank/a@x") == "zfstune receive tank/a@x"


def test_targets_are_grouped_by_dataset() -> None:
    """The snapshots of one dataset are one word, as `zfs destroy` takes them."""
    targets = ["tank/a@x", "tank/b@x", "tank/a@y"]
    line = targets_line("destroy snapshot", targets)
    assert line == "zfstune destroy tank/a@x,y tank/b@x"
    line = targets_line("destroy bookmark", ["tank/a#x", "tank/a#y"])
    assert line == "zfstune destroy tank/a#x,y"


def test_a_tag_stands_before_its_snapshots() -> None:
    """The words are those of `zfs hold`, for one tag after the other."""
    tags = {"tank/a@x": ["s", "t"], "tank/b@x": ["t"], "tank/a@y": ["t"]}
    assert holds_line("release", tags) == (
        "zfstune release s tank/a@x t tank/a@x,y tank/b@x"
    )


def test_a_bookmark_follows_its_source() -> None:
    """The words are those of `zfs bookmark`, one pair after the other."""
    sources = {"tank/a#x": "tank/a@x", "tank/a#y": "tank/a#x"}
    assert bookmark_line(sources) == (
        "zfstune bookmark tank/a@x tank/a#x tank/a#x tank/a#y"
    )


def test_a_value_stays_within_its_line() -> None:
    """Line ends and unprintable characters are escaped; other scripts are not."""
    assert set_line({"com.site:x": "1\n2026 zpool destroy"}, "tank") == (
        "zfstune set com.site:x=1\\n2026 zpool destroy tank"
    )
    assert set_line({"com.site:x": "\x1b[2J\udcff"}, "tank") == (
        "zfstune set com.site:x=\\x1b[2J\\udcff tank"
    )
    assert (
        set_line({"com.site:x": "Zo\u00eb"}, "tank")
        == "zfstune set com.site:x=Zo\u00eb tank"
    )


@given(st.lists(st.integers(0, 10**6).map("tank/dataset@{}".format), max_size=2000))
def test_lines_stay_short(targets: list[str]) -> None:
    """However many targets, the line fits a reader and says where it was cut."""
    line = targets_line("snapshot", targets)
    assert len(line) <= 4000
    assert line.startswith("zfstune snapshot")
    whole = targets_line("snapshot", targets[:1])
    assert line.endswith(" ...") or all(t.partition("@")[2] in line for t in targets)
    assert line.startswith(whole)
