"""The path that a filesystem mounts at: the cases of `zfs get mountpoint`, one by one."""

from __future__ import annotations

import pytest

from zfstune.values.mountpoint import (
    effective_mountpoint,
    inherited_mountpoint,
    mount_blocker,
    mount_table_field,
)
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue


def _filesystem(name: str, mountpoint: PropertyValue | None, **others: str) -> Dataset:
    properties = {n: PropertyValue(v, LOCAL) for n, v in others.items()}
    if mountpoint is not None:
        properties["mountpoint"] = mountpoint
    return Dataset(name, "filesystem", 1, 1, properties)


@pytest.mark.parametrize(
    ("name", "stored", "altroot", "path"),
    [
        ("tank", None, "", "/tank"),
        ("tank/a/b", None, "", "/tank/a/b"),
        ("tank/a", PropertyValue("/", DEFAULT), "/mnt", "/mnt/tank/a"),
        ("tank/a", PropertyValue("/srv", LOCAL), "", "/srv"),
        ("tank/a", PropertyValue("/srv", LOCAL), "/mnt", "/mnt/srv"),
        ("tank/a", PropertyValue("/srv", LOCAL), "/", "/srv"),
        ("tank/a", PropertyValue("/srv", LOCAL), "-", "/srv"),
        ("tank/a", PropertyValue("/", LOCAL), "", "/"),
        ("tank/a", PropertyValue("/", LOCAL), "/", "/"),
        ("tank/a", PropertyValue("/", LOCAL), "/mnt", "/mnt"),
        ("tank/a/b", PropertyValue("/srv", INHERITED, "tank/a"), "", "/srv/b"),
        ("tank/a/b/c", PropertyValue("/srv", INHERITED, "tank"), "/mnt", "/mnt/srv/a/b/c"),
        ("tank/a/b", PropertyValue("/", INHERITED, "tank/a"), "", "/b"),
        ("tank/a/b", PropertyValue("/", INHERITED, "tank/a"), "/", "/b"),
        ("tank/a/b", PropertyValue("/", INHERITED, "tank/a"), "/mnt", "/mnt/b"),
        ("tank/a", PropertyValue("/was", RECEIVED), "", "/was"),
        ("tank/a", PropertyValue("none", LOCAL), "/mnt", None),
        ("tank/a", PropertyValue("legacy", INHERITED, "tank"), "", None),
    ],
)
def test_the_path_is_the_one_zfs_shows(
    name: str, stored: PropertyValue | None, altroot: str, path: str | None
) -> None:
    """The alternate root, the value and the name below the ancestor make a path."""
    assert effective_mountpoint(_filesystem(name, stored), altroot) == path


def test_a_volume_mounts_nowhere() -> None:
    """A volume has no path, and the blocker says what it is."""
    volume = Dataset("tank/vol", "volume", 1, 1)
    assert effective_mountpoint(volume, "") is None
    assert mount_blocker(volume) == "it is a volume"


@pytest.mark.parametrize("source", [LOCAL, RECEIVED])
def test_children_inherit_what_the_parent_was_given(source: str) -> None:
    """A value set or received on the parent reaches the child with the parent's name."""
    parent = _filesystem("tank/a", PropertyValue("/srv", source))
    assert inherited_mountpoint(parent) == PropertyValue("/srv", INHERITED, "tank/a")


def test_inheritance_passes_through() -> None:
    """A child inherits a parent's inherited or default value from the same place."""
    from_pool = PropertyValue("/srv", INHERITED, "tank")
    assert inherited_mountpoint(_filesystem("tank/a", from_pool)) == from_pool
    default = inherited_mountpoint(_filesystem("tank/a", None))
    child = _filesystem("tank/a/b", default)
    assert effective_mountpoint(child, "") == "/tank/a/b"


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({}, None),
        ({"canmount": "on", "zoned": "off", "redacted": "0", "inconsistent": "0"}, None),
        ({"canmount": "noauto", "keystatus": "available"}, None),
        ({"canmount": "off"}, "canmount is off"),
        ({"zoned": "on"}, "container"),
        ({"redacted": "1"}, "redacted"),
        ({"keystatus": "unavailable"}, "key is not loaded"),
        ({"inconsistent": "1"}, None),
        ({"inconsistent": "1", "receive_resume_token": "1-a-b"}, "receive"),
    ],
)
def test_what_stands_in_the_way(others: dict[str, str], words: str | None) -> None:
    """Each obstacle that `zfs mount` knows is named, and nothing else is one."""
    reason = mount_blocker(_filesystem("tank/a", None, **others))
    assert (reason is None) if words is None else (words in (reason or ""))


@pytest.mark.parametrize("value", ["none", "legacy"])
def test_none_and_legacy_are_named(value: str) -> None:
    """A mountpoint that is no path is the reason given."""
    dataset = _filesystem("tank/a", PropertyValue(value, LOCAL))
    assert mount_blocker(dataset) == f"its mountpoint is {value}"


def test_a_field_of_the_mount_table() -> None:
    """Octal numbers stand for four characters, and a backslash for no more than itself."""
    assert mount_table_field(b"/a\\040b\\011\\012") == b"/a b\t\n"
    assert mount_table_field(b"/a\\134040") == b"/a\\040"
    assert mount_table_field(b"/a\xff") == b"/a\xff"
