"""The options of a mount by its properties, and the obstacles on its path."""

from __future__ import annotations

import pytest

from zfstune.values.mountpoint import (
    in_the_way,
    mount_differs,
    mount_words,
    with_inherited,
)
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    RECEIVED,
    Dataset,
    Place,
    PropertyValue,
)

PLAIN = {
    "atime": "on",
    "relatime": "off",
    "devices": "on",
    "exec": "on",
    "readonly": "off",
    "setuid": "on",
    "nbmand": "off",
}


def filesystem(**values: str) -> Dataset:
    """Return a filesystem with the plainest values, but for these."""
    all_values = {**PLAIN, **values}
    properties = {n: PropertyValue(v, LOCAL) for n, v in all_values.items()}
    return Dataset("tank/a", "filesystem", 1, 1, properties)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, {"strictatime"}),
        ({"relatime": "on"}, {"relatime"}),
        ({"atime": "off"}, {"noatime"}),
        ({"atime": "off", "relatime": "on"}, {"noatime"}),
        ({"devices": "off"}, {"strictatime", "nodev"}),
        ({"exec": "off"}, {"strictatime", "noexec"}),
        ({"readonly": "on"}, {"strictatime", "ro"}),
        ({"setuid": "off"}, {"strictatime", "nosuid"}),
        ({"nbmand": "on"}, {"strictatime", "mand"}),
    ],
)
def test_the_words_of_mount(values: dict[str, str], words: set[str]) -> None:
    """Each property that mount has a word for is one, and a read-only pool is another."""
    assert mount_words(filesystem(**values)) == words
    assert mount_words(filesystem(**values), readonly_pool=True) == words | {"ro"}


@pytest.mark.parametrize(
    ("values", "options", "differs"),
    [
        ({}, {"rw", "lazytime"}, ""),
        ({}, {"relatime", "noexec"}, "-noexec -relatime"),
        ({"exec": "off", "devices": "off"}, {"rw"}, "+nodev +noexec"),
        ({"atime": "off", "setuid": "off"}, {"relatime"}, "+noatime +nosuid -relatime"),
        ({"nbmand": "on"}, set(), ""),
        ({}, {"mand", "strictatime"}, ""),
        ({"readonly": "on"}, {"ro"}, ""),
    ],
)
def test_a_mount_that_differs(
    values: dict[str, str], options: set[str], differs: str
) -> None:
    """Only words that the kernel shows count; missing ones come before surplus ones."""
    assert mount_differs(filesystem(**values), frozenset(options)) == differs


def test_a_mount_of_a_read_only_pool() -> None:
    """Such a mount is read-only whatever the property says."""
    assert mount_differs(filesystem(), frozenset({"ro"}), readonly_pool=True) == ""
    assert mount_differs(filesystem(), frozenset(), readonly_pool=True) == "+ro"
    assert mount_differs(filesystem(), frozenset({"ro"})) == "-ro"


def test_a_mount_whose_values_were_not_read() -> None:
    """Nothing is said of a dataset whose properties nobody asked for."""
    bare = Dataset("tank/a", "filesystem", 1, 1)
    assert mount_differs(bare, frozenset({"ro", "noexec"})) == ""


def test_the_values_that_a_dataset_would_inherit() -> None:
    """Values of mounts and shares come from the parent, unless they are set here."""
    parent = Dataset(
        "tank/a",
        "filesystem",
        1,
        1,
        {
            "mountpoint": PropertyValue("/srv", LOCAL),
            "sharenfs": PropertyValue("on", RECEIVED),
            "atime": PropertyValue("off", LOCAL),
            "exec": PropertyValue("off", LOCAL),
            "devices": PropertyValue("off", INHERITED, "tank"),
            "setuid": PropertyValue("on", DEFAULT),
            "recordsize": PropertyValue("8192", LOCAL),
        },
    )
    own = {
        "atime": PropertyValue("on", LOCAL),
        "exec": PropertyValue("on", RECEIVED),
        "devices": PropertyValue("on", DEFAULT),
        "recordsize": PropertyValue("131072", DEFAULT),
        "readonly": PropertyValue("off", DEFAULT),
    }
    dataset = Dataset("tank/a/b", "filesystem", 1, 1, own)
    assert with_inherited(dataset, parent) == {
        **own,
        "mountpoint": PropertyValue("/srv", INHERITED, "tank/a"),
        "sharenfs": PropertyValue("on", INHERITED, "tank/a"),
        "devices": PropertyValue("off", INHERITED, "tank"),
        "setuid": PropertyValue("on", DEFAULT),
    }
    mounted = {**own, "mountpoint": PropertyValue("/x", LOCAL)}
    dataset = Dataset("tank/a/b", "filesystem", 1, 1, mounted)
    assert with_inherited(dataset, parent)["mountpoint"] == mounted["mountpoint"]


ELSEWHERE = "or mount it elsewhere with -o mountpoint=... or --root"


@pytest.mark.parametrize(
    ("obstacle", "reason", "hint"),
    [
        (
            "file",
            "'/my data' is in the way: it is no directory",
            f"move it aside: `mv -T '/my data' '/my data.before-zfs'`; {ELSEWHERE}",
        ),
        (
            "dangling",
            "'/my data' is a link to a path that does not exist",
            "create the directory that it points to, or remove the link: `rm '/my data'`",
        ),
        (
            "link",
            (
                "'/my data' is a link that users other than root could change: the link, "
                "or a directory of its path, has another owner or is writable by others"
            ),
            f"`namei -l '/my data'` shows the owners; remove the link, {ELSEWHERE}",
        ),
        (
            "read-only",
            "'/my data' is on a file system that is mounted read-only",
            "make that file system writable (`findmnt -T '/my data'` shows it), "
            + ELSEWHERE,
        ),
    ],
)
def test_obstacles(obstacle: str, reason: str, hint: str) -> None:
    """Each obstacle has its reason, and commands that can be pasted."""
    place = Place("/my data/a", "/my data/a", obstacle, "/my data")
    assert in_the_way(place) == (reason, hint)


def test_content_that_a_mount_would_hide() -> None:
    """Content comes before other obstacles; what cannot be seen is none."""
    place = Place("/my/a", "/my data/a", "denied", "/my data")
    assert in_the_way(place) is None
    full = Place("/my/a", "/my data/a", "link", "/my data", holds="x")
    assert in_the_way(full) == (
        "'/my data/a' is not empty, and the mount would hide its content (x)",
        (
            "stop the programs that use it and move it aside: "
            "`mv -T '/my data/a' '/my data/a.before-zfs'`; apply, then copy its content "
            "back: `cp -a '/my data/a.before-zfs/.' '/my data/a'/`"
        ),
    )
    assert in_the_way(Place("/my/a", "/my/a")) is None
