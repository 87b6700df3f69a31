"""The commands for a host that has zfs alone."""

from __future__ import annotations

import pytest

from zfstune.streams.remote import zfs_words
from zfstune.values.errors import InvalidName, InvalidValue


def test_reading() -> None:
    """Numbers are exact, columns are parted by tabs, and no more is listed than asked."""
    assert zfs_words.listing_words("tank/a", "bookmark")[:5] == [
        "zfs",
        "list",
        "-Hp",
        "-d",
        "1",
    ]
    assert "-r" in zfs_words.listing_words("tank", "snapshot", recursive=True)
    alone = zfs_words.properties_words("tank/a")
    assert alone[5:9] == ["-d", "0", "-t", "filesystem,volume"]
    assert zfs_words.properties_words("tank/a", snapshots=True)[5:9] == [
        *("-d", "1", "-t", "snapshot")
    ]
    assert zfs_words.properties_words("tank/a@1", snapshots=True)[5:7] == ["-d", "0"]
    assert zfs_words.value_words("guid", "tank/a@1")[-2:] == ["guid", "tank/a@1"]


def test_streams() -> None:
    """They are as the engine makes them; a receive is resumable and mounts nothing."""
    words = zfs_words.send_words("tank/a@2", "tank/a#1", raw=False)
    assert words == ["zfs", "send", "-L", "-c", "-i", "tank/a#1", "tank/a@2"]
    words = zfs_words.send_words("tank/a@2", "", raw=True, estimate=True)
    assert words == ["zfs", "send", "-n", "-P", "-w", "tank/a@2"]
    words = zfs_words.receive_words("b/a@2", "b/o@1", {"readonly": "on"})
    assert words == [
        *("zfs", "receive", "-s", "-u", "-o", "origin=b/o@1", "-o", "readonly=on", "b/a@2")
    ]
    assert "-F" not in words
    assert zfs_words.abort_words("b/a") == ["zfs", "receive", "-A", "b/a"]
    assert zfs_words.resume_words("1-a-b-c") == ["zfs", "send", "-t", "1-a-b-c"]


def test_properties() -> None:
    """What was set is read in two commands; all that changes is set at once, last."""
    native, user = zfs_words.own_words("tank/a", recursive=True)
    assert native[:-2] == user[:-2]
    assert native[5] == "-r"
    assert native[-4:-2] == ["-s", "local,received"]
    assert "recordsize" in native[-2].split(",")
    assert user[-2:] == ["all", "tank/a"]
    assert zfs_words.own_words("tank/a")[0][5:7] == ["-d", "0"]
    values = {"atime": "off", "com.x:y": "a b"}
    assert zfs_words.change_words("b/a", values, ["copies", "xattr"]) == [
        ["zfs", "inherit", "copies", "b/a"],
        ["zfs", "inherit", "xattr", "b/a"],
        ["zfs", "set", "atime=off", "com.x:y=a b", "b/a"],
    ]
    assert zfs_words.change_words("b/a", {}, []) == []


def test_bookmarks() -> None:
    """New ones first, of snapshots and of bookmarks; then the old ones go."""
    make = {"t/a#2": "t/a@2", "t/a#3": "t/a#1"}
    assert zfs_words.bookmark_words(make, ["t/a#1"]) == [
        ("t/a#2", ["zfs", "bookmark", "t/a@2", "t/a#2"]),
        ("t/a#3", ["zfs", "bookmark", "t/a#1", "t/a#3"]),
        ("t/a#1", ["zfs", "destroy", "t/a#1"]),
    ]


@pytest.mark.parametrize(
    "name", ["-r", "tank/a@1;x", "tank/../a@1", "tank/a@$(x)", "tank/a\n@1"]
)
def test_a_name_is_checked(name: str) -> None:
    """No option and nothing else takes the place of a name."""
    for call in (
        lambda: zfs_words.send_words(name, "", raw=False),
        lambda: zfs_words.send_words("tank/a@1", name, raw=False),
        lambda: zfs_words.receive_words(name, "", None),
        lambda: zfs_words.receive_words("tank/a@1", name, None),
        lambda: zfs_words.bookmark_words({name: "tank/a@1"}, ()),
        lambda: zfs_words.bookmark_words({"tank/a#1": name}, ()),
        lambda: zfs_words.bookmark_words({}, ["tank/a@1"]),  # would destroy a snapshot
        lambda: zfs_words.abort_words(name),
        lambda: zfs_words.notes_words(name),
        lambda: zfs_words.snapshot_words([name]),
        lambda: zfs_words.rename_words(name, "tank/a"),
        lambda: zfs_words.rename_words("tank/a", name),
        lambda: zfs_words.create_words(name, {}),
        lambda: zfs_words.note_words(name, 1, "far:back/a"),
        lambda: zfs_words.content_words(name, raw=False),
        lambda: zfs_words.listing_words(name, "snapshot"),
        lambda: zfs_words.value_words("guid", name),
        lambda: zfs_words.properties_words(name),
    ):
        with pytest.raises(InvalidName):
            call()
    with pytest.raises(InvalidValue):
        zfs_words.resume_words(f"1-a-b {name}")
