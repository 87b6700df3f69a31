"""The note of what zfstune set: written one way, and read whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.datasets.applied import (
    passes_on,
    read_given,
    read_record,
    standing_record,
    write_record,
)


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_written_is_read(values: dict[str, str]) -> None:
    """A note comes back as it went in, and equal notes are equal text."""
    assert read_record(write_record(values)) == values
    assert write_record(dict(reversed(values.items()))) == write_record(values)


def test_a_note_is_compact() -> None:
    """The text is short, sorted and without spaces: a user property holds 8 KiB."""
    assert write_record({"b": "2", "a": "1"}) == '{"a":"1","b":"2"}'


@pytest.mark.parametrize(
    "text", [None, "", "-", "{", "[]", '"x"', "null", "NaN", "[" * 100_000, '{"a":']
)
def test_nonsense_is_no_note(text: str | None) -> None:
    """Somebody else's text counts as nothing, without an error."""
    assert read_record(text) == {}


def test_what_is_no_text_is_passed_over() -> None:
    """A number in the note is not a value; the rest counts."""
    assert read_record('{"a":1,"b":"2","c":null,"d":["x"]}') == {"b": "2"}


def test_what_was_given() -> None:
    """The note tells values of the call from those of the profile, and names no others."""
    note = write_record({"atime": "off", "quota": "1"}, ["quota", "exec"])
    assert note == '{"-o":"quota","atime":"off","quota":"1"}'
    assert read_record(note) == {"atime": "off", "quota": "1"}
    assert read_given(note) == {"quota": "1"}
    assert read_given('{"-o":"quota,exec","atime":"off"}') == {}
    assert read_given('{"-o":["quota"],"quota":"1"}') == {}
    assert read_given(None) == {}


def test_a_change_that_failed_half_way() -> None:
    """The note then names the values noted before and those that were set, no others."""
    before = write_record({"atime": "off", "quota": "1"}, ["quota"])
    meant = write_record(
        {"atime": "on", "exec": "off", "reservation": "9"}, ["exec", "reservation"]
    )
    local = {"atime": "off", "exec": "off", "quota": "1"}
    note = standing_record(before, meant, local.get)
    assert read_record(note) == {"atime": "off", "exec": "off", "quota": "1"}
    assert read_given(note) == {"exec": "off", "quota": "1"}
    assert standing_record(None, meant, lambda _: None) == "{}"


def test_what_is_meant_for_below() -> None:
    """Values that are inherited are; limits, mountpoints and zfstune's notes are not."""
    assert [
        name
        for name in (
            "recordsize",
            "org.example:note",
            "quota",
            "canmount",
            "mountpoint",
            "org.zfstune:schedule",
            "casesensitivity",
            "used",
            "nonsense",
        )
        if passes_on(name)
    ] == ["recordsize", "org.example:note"]
