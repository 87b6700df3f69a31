"""Names: those that pass, those that are refused, and the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values import names
from zfstune.values.errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS: list[Callable[..., str]] = [
    names.check_pool,
    names.check_dataset,
    names.check_snapshot,
    names.check_bookmark,
    names.check_component,
    names.check_hold_tag,
]
PARTS = st.text(st.sampled_from("abzAZ09-_.: "), min_size=1, max_size=8).filter(
    lambda part: part not in {".", ".."}
)
PATHS = st.builds(
    lambda parts: "/".join(["tank", *parts]), st.lists(PARTS, min_size=0, max_size=10)
)


def complaint(check: Callable[..., str], name: str, **more: bool) -> str:
    """Return the message with which a check refuses a name."""
    with pytest.raises(InvalidName) as caught:
        check(name, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["t", "Tank", "tank-1_2.3:4 5", "t" * 239, "log", "mirrors"]
)
def test_pool_passes(name: str) -> None:
    """A name that pool_namecheck takes is returned unchanged."""
    assert names.check_pool(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("t" * 240, "it has 240 bytes, and 239 are allowed"),
        ("tank/x", "character '/' at position 5 is not allowed"),
        ("ta%k", "character '%' at position 3 is not allowed"),
        ("1tank", "it begins with '1', not with a letter"),
        (" tank", "it begins with ' ', not with a letter"),
        ("mirror", "ZFS reserves that word for a kind of vdev"),
        ("raidz", "ZFS reserves that word for a kind of vdev"),
        ("draid", "ZFS reserves that word for a kind of vdev"),
    ],
)
def test_pool_is_refused(name: str, reason: str) -> None:
    """Each rule of pool_namecheck has a message that names the fault."""
    assert (
        complaint(names.check_pool, name) == f"cannot use '{name}' as a pool name: {reason}"
    )


@pytest.mark.parametrize("name", ["log", "mirrored", "raidz1", "draid-a", "spares"])
def test_new_pool_is_refused_more_words(name: str) -> None:
    """Words that libzfs keeps for vdevs are refused to new pools only."""
    assert names.check_pool(name) == name
    assert "reserves" in complaint(names.check_pool, name, creating=True)


@pytest.mark.parametrize(
    "name", ["tank", "tank/a b:c", "tank/...", "tank/ a ", "t" * 239 + "/" + "x" * 15]
)
def test_dataset_passes(name: str) -> None:
    """Spaces, colons, dots and a length of 255 bytes are allowed."""
    assert names.check_dataset(name, creating=True) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("/tank", "it begins with a slash"),
        ("tank/", "it ends with a slash"),
        ("tank//x", "it has an empty part after 'tank/'"),
        ("tank/./x", "'.' cannot be a part of a name"),
        ("tank/..", "'..' cannot be a part of a name"),
        ("tank/a@b", "character '@' at position 7 is not allowed"),
        ("tank/a#b", "character '#' at position 7 is not allowed"),
        ("tank/a\tb", "character '\\t' at position 7 is not allowed"),
        ("tank/ab/c\td", "character '\\t' at position 10 is not allowed"),
        ("tank/\xe9", "character '\xe9' at position 6 is not allowed"),
        ("tank/\udcff", "character '\\udcff' at position 6 is not allowed"),
        ("tank/\0", "character '\\x00' at position 6 is not allowed"),
        (
            "1tank/x",
            "its first part cannot be a pool: it begins with '1', not with a letter",
        ),
        (
            "mirror/x",
            "its first part cannot be a pool: ZFS reserves that word for a kind of vdev",
        ),
        (
            "t" * 240 + "/x",
            "its first part cannot be a pool: it has 240 bytes, and 239 are allowed",
        ),
        ("tank/" + "x" * 251, "it has 256 bytes, and 255 are allowed"),
    ],
)
def test_dataset_is_refused(name: str, reason: str) -> None:
    """Each rule of entity_namecheck has a message that names the fault and its place."""
    message = complaint(names.check_dataset, name)
    assert message.endswith(f" as a dataset name: {reason}")
    assert message.isprintable()


@pytest.mark.parametrize("name", ["", "tank/", "tank//x", "tank/..", "t" * 256])
def test_a_refusal_that_needs_no_advice(name: str) -> None:
    """Where the reason says it all there is no hint."""
    with pytest.raises(InvalidName) as refused:
        names.check_dataset(name)
    assert refused.value.hint == ""


def test_new_dataset_is_held_to_more() -> None:
    """Percent signs and deep nesting are refused in new names alone."""
    assert names.check_dataset("tank/%recv") == "tank/%recv"
    assert "'%'" in complaint(names.check_dataset, "tank/%recv", creating=True)
    deepest = "t" + "/a" * 49
    assert names.check_dataset(deepest, creating=True) == deepest
    assert names.check_dataset(deepest + "/a") == deepest + "/a"
    message = complaint(names.check_dataset, deepest + "/a", creating=True)
    assert message.endswith("50 levels below its pool, and 49 are allowed")


@pytest.mark.parametrize(
    ("check", "mark", "what"),
    [
        (names.check_snapshot, "@", "a snapshot name"),
        (names.check_bookmark, "#", "a bookmark name"),
    ],
)
def test_delimited_names(check: Callable[..., str], mark: str, what: str) -> None:
    """Snapshots and bookmarks have one delimiter, with a name on either side."""
    assert check(f"tank/a{mark}b c:d") == f"tank/a{mark}b c:d"
    assert check(f"tank{mark}%recv") == f"tank{mark}%recv"
    wrong = {
        "tank/a": f"it has no '{mark}'",
        f"tank/a{mark}": f"it has an empty part after 'tank/a{mark}'",
        f"{mark}a": "the dataset is missing",
        f"tank{mark}a@b": f"a second delimiter, '@', follows '{mark}'",
        f"tank{mark}a#b": f"a second delimiter, '#', follows '{mark}'",
        f"tank{mark}a/b": f"a slash follows '{mark}'",
        f"tank{mark}..": "'..' cannot be a part of a name",
        f"tank/..{mark}a": "'..' cannot be a part of a name",
        f"tank{mark}\n": "character '\\n' at position 6 is not allowed",
        f"tank{mark}" + "a" * 251: "it has 256 bytes, and 255 are allowed",
    }
    for name, reason in wrong.items():
        assert complaint(check, name).endswith(f" as {what}: {reason}")
    assert "'%'" in complaint(check, f"tank{mark}%recv", creating=True)


def test_component() -> None:
    """A component has no delimiters, and is not empty."""
    for name in ("a b", "a" * 255):
        assert names.check_component(name) == name
    for name in (".", "..", "a@b", "a#b", "a%", "a" * 256):
        assert complaint(names.check_component, name)
    wrong = {
        "": "it has an empty part",
        "a/b": "character '/' at position 2 is not allowed",
    }
    for name, reason in wrong.items():
        message = complaint(names.check_component, name)
        assert message.partition("\n")[0].endswith(f" as part of a name: {reason}")


@pytest.mark.parametrize("short", ["X", "x" * 250])
def test_short_names_that_pass(short: str) -> None:
    """A snapshot and a bookmark may have any letter, and 255 bytes in all."""
    for check, sign in ((names.check_snapshot, "@"), (names.check_bookmark, "#")):
        name = f"tank{sign}{short}"
        assert check(name, creating=True) == name
        if len(name) == 255:
            assert "it has 256 bytes" in complaint(check, f"{name}x")


def hint_for(check: Callable[..., str], name: str) -> str:
    """Return the hint with which a check refuses a name."""
    with pytest.raises(InvalidName) as caught:
        check(name)
    return caught.value.hint


def test_hints_for_signs_that_mean_something() -> None:
    """Each sign of ZFS' own has a hint; the hint for all others has the letters."""
    assert [hint_for(names.check_pool, f"tank{sign}b") for sign in "@#/!"] == [
        "'@' begins the name of a snapshot",
        "'#' begins the name of a bookmark",
        "'/' separates a dataset from its parent",
        "letters, digits and the characters - _ . : and space are allowed",
    ]


def test_hold_tag() -> None:
    """A tag is any text of 1 to 255 bytes; tags that begin with a period are libzfs's."""
    for tag in ("a/b@c#d \n", "\udcff" * 255, ".send-1"):
        assert names.check_hold_tag(tag) == tag
    wrong = {
        "": "it is empty",
        "a\0": "it holds a NUL",
        "\ud800": "it holds a lone surrogate",
        "\xe9" * 128: "it has 256 bytes, and 255 are allowed",
    }
    for tag, reason in wrong.items():
        assert complaint(names.check_hold_tag, tag).endswith(f" as a hold tag: {reason}")
    assert "for itself" in complaint(names.check_hold_tag, ".send-1", creating=True)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("value", [b"tank", None, 1, ["tank"]])
def test_only_text_is_a_name(check: Callable[..., str], value: object) -> None:
    """Bytes and other things are refused by their type, never shown as b'...'."""
    with pytest.raises(InvalidName) as caught:
        check(value)
    assert f"of type {type(value).__name__} " in str(caught.value)


def test_the_role_of_what_is_no_text() -> None:
    """The message says which name it was that should have been text."""
    value: Any = b"tank"
    roles = []
    for check in CHECKS:
        message = complaint(check, value)
        assert message.startswith("cannot use a value of type bytes as ")
        assert message.endswith(": names are text")
        roles.append(message.partition(" as ")[2].partition(":")[0])
    assert roles == [
        "a pool name",
        "a dataset name",
        "a snapshot name",
        "a bookmark name",
        "part of a name",
        "a hold tag",
    ]


@given(st.text())
def test_any_text_is_taken_or_refused(text: str) -> None:
    """No text makes a check fail in another way, and each message can be printed."""
    for check in CHECKS:
        try:
            assert check(text) == text
        except InvalidName as error:
            assert str(error).isprintable()  # noqa: PT017 (both outcomes are fine)


def test_long_names_do_not_fill_the_screen() -> None:
    """A message quotes only the beginning of a very long name."""
    assert len(complaint(names.check_dataset, "x" * 100_000)) < 200


@given(PATHS)
def test_ancestors_lead_to_the_name(path: str) -> None:
    """Ancestors go from the pool to the parent, each with one component more."""
    ancestors = names.ancestors_of(path)
    assert [name.count("/") for name in ancestors] == list(range(path.count("/")))
    assert all(path.startswith(name + "/") for name in ancestors)
    assert names.parent_of(path) == (ancestors[-1] if ancestors else None)
    assert names.pool_of(path) == "tank"


def test_parent_of_a_snapshot_is_its_dataset() -> None:
    """The parent of a snapshot or bookmark is its dataset."""
    assert names.parent_of("tank/a@b") == "tank/a"
    assert names.parent_of("tank#b") == "tank"
    assert names.ancestors_of("tank/a/b@c") == ("tank", "tank/a", "tank/a/b")
    assert names.pool_of("tank@a") == names.pool_of("tank#a") == "tank"


def test_the_default_root_is_a_dataset_of_the_pool() -> None:
    """Profiles hang below ``POOL/data`` where no root is given."""
    assert names.default_root("tank") == "tank/data"
