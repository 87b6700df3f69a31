"""The table of properties against the one in the libzfs of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from libzfs_oracle import (
    BOOKMARK,
    FILESYSTEM,
    LIBZFS,
    SNAPSHOT,
    VOLUME,
    accepts,
    call,
    encoded,
    number_of,
    property_names,
    release,
    word_of,
)
from zfstune.values.errors import InvalidProperty
from zfstune.values.properties import TABLE, Limits, canonical, check, default_of, is_user
from zfstune.values.property_table import INDEX, NUMBER, STRING

if TYPE_CHECKING:
    from zfstune.values.properties import Property

KINDS = {
    "filesystem": FILESYSTEM,
    "volume": VOLUME,
    "snapshot": SNAPSHOT,
    "bookmark": BOOKMARK,
}
TYPES = {NUMBER: 0, STRING: 1, INDEX: 2}  # zprop_type_t
# Kept for other systems, or no longer used: zfstune does not know them.
UNKNOWN = {"iscsioptions", "stmf_sbd_lu", "remaptxg"}
# libzfs keeps 0 for what depends on the dataset.
DEPENDS = {"version"}


RELEASE = release()
EXPECTED = sorted(name for name, prop in TABLE.items() if prop.since <= RELEASE)


def number(name: str) -> int:
    """Give libzfs's own number of a property."""
    return call("zfs_name_to_prop", encoded(name))


def test_table_is_complete() -> None:
    """Each property of this release is in the table, and none that came later."""
    assert property_names() - UNKNOWN == set(EXPECTED)


def test_later_properties_are_unknown_here() -> None:
    """What the table dates later, and what is no property, this libzfs does not know."""
    later = {*TABLE, "zfstune"} - set(EXPECTED)
    assert {name for name in later if number(name) != -1} == set()


@pytest.mark.parametrize("name", EXPECTED)
def test_attributes_agree(name: str) -> None:
    """Type, kinds, who may set it and when, and visibility are as libzfs has them."""
    prop, mine = number(name), TABLE[name]
    assert call("zfs_prop_get_type", prop) == TYPES[mine.type]
    set_once = call("zfs_prop_setonce", prop) == 1
    assert set_once == mine.create_only
    assert (call("zfs_prop_readonly", prop) == 1) == (mine.readonly or set_once)
    assert (call("zfs_prop_inheritable", prop) == 1) == mine.inheritable
    assert (call("zfs_prop_visible", prop) == 0) == mine.hidden
    kinds = {
        kind
        for kind, bit in KINDS.items()
        if call("zfs_prop_valid_for_type", prop, bit, False)
    }
    if name == "special_small_blocks" and RELEASE < (2, 4):
        kinds |= {"volume"}
    assert kinds == mine.kinds


@pytest.mark.parametrize("name", EXPECTED)
def test_defaults_agree(name: str) -> None:
    """The default of what may be set is libzfs's."""
    prop, mine = number(name), TABLE[name]
    if mine.readonly or name in DEPENDS:
        return
    expected: object = default_of(name, RELEASE)
    if mine.type == STRING:
        assert LIBZFS.zfs_prop_default_string(prop).decode() == expected
    else:
        raw = LIBZFS.zfs_prop_default_numeric(prop)
        limits = Limits(release=RELEASE)
        shown = word_of(prop, raw) if mine.type == INDEX else str(raw)
        assert canonical(name, str(expected)) == canonical(name, str(shown), limits=limits)


def indexes() -> list[Property]:
    """Give the index properties of this release."""
    return [TABLE[name] for name in EXPECTED if TABLE[name].type == INDEX]


@pytest.mark.parametrize("mine", indexes(), ids=lambda prop: prop.name)
def test_words_and_numbers_agree(mine: Property) -> None:
    """Each word stands for the number, and each number prints as the word, of libzfs."""
    prop = number(mine.name)
    for word, raw in mine.words.items():
        expected: int | None = raw
        if mine.words_since.get(word, (0,)) > RELEASE:
            expected = None
        if mine.name == "xattr" and word == "on" and RELEASE < (2, 3):
            expected = mine.words["dir"]
        if mine.name == "mounted":
            word = {"no": "off", "yes": "on"}[word]  # noqa: PLW2901 (as libzfs has it)
        assert number_of(prop, word) == expected, word
    for raw, text in mine.texts.items():
        found = word_of(prop, raw)
        if mine.name == "xattr":
            # Prints "on" for one of the two up to 2.3; zfstune never does.
            assert found in {text, "on"}
        elif mine.name == "mounted":
            assert found == {"no": "off", "yes": "on"}[text]
        elif mine.words_since.get(text, (0,)) <= RELEASE:
            assert found == text


@pytest.mark.parametrize("mine", indexes(), ids=lambda prop: prop.name)
def test_no_word_is_missing(mine: Property) -> None:
    """Every number below 2**16 that libzfs has a word for is in the table."""
    prop = number(mine.name)
    known = {raw for raw in range(1 << 16) if word_of(prop, raw) is not None}
    # A word that came later may still be for a number that was there before.
    newer = {
        mine.words[word] for word, since in mine.words_since.items() if since > RELEASE
    }
    assert known == set(mine.texts) - newer


@pytest.mark.parametrize(
    "name", ["a:b", ":", "a", "A:b", "a:b@c", "a:é", "a b:c", "a:b_c.d-e", "", "a#:"]
)
def test_user_property_names_agree(name: str) -> None:
    """The same names pass for user properties as in zfs_prop_user."""
    assert is_user(name) == (call("zfs_prop_user", encoded(name)) == 1)


@pytest.mark.parametrize(
    "text",
    ["none", "prompt", "file:///", "file:///k", "file://k", "https://", "https://h/k", ""]
    + (["http://", "http://h"] if RELEASE >= (2, 1, 3) else []),
)
def test_keylocations_agree(text: str) -> None:
    """The same places for keys pass as in zfs_prop_valid_keylocation."""
    expected = call("zfs_prop_valid_keylocation", encoded(text), False) == 1
    try:
        check({"keylocation": text}, kind="filesystem", creating=False)
    except InvalidProperty:
        assert not expected
    else:
        assert expected


@pytest.mark.parametrize(
    "text", ["/", "/a/b/", "//a", "a", "", "/" + "x" * 255, "/" + "x" * 256]
)
def test_mountpoints_agree(text: str) -> None:
    """The same paths pass as in mountpoint_namecheck."""
    expected = accepts("mountpoint_namecheck", text)
    try:
        check({"mountpoint": text}, kind="filesystem", creating=False)
    except InvalidProperty:
        assert not expected
    else:
        assert expected
