"""The note of what zfstune set: written one way, and read whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.record import OWN_PREFIX, read_record, write_record


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_written_is_read(values: dict[str, str]) -> None:
    """A note comes back as it went in, and equal notes are equal text."""
    assert read_record(write_record(values)) == values
    assert write_record(dict(reversed(values.items()))) == write_record(values)


def test_a_note_is_compact() -> None:
    """Short, sorted, without spaces: a user property holds 8 KiB."""
    assert write_record({"b": "2", "a": "1"}) == '{"a":"1","b":"2"}'
    assert OWN_PREFIX == "org.zfstune:"


@pytest.mark.parametrize(
    "text", [None, "", "-", "{", "[]", '"x"', "null", "NaN", "[" * 100_000, '{"a":']
)
def test_nonsense_is_no_note(text: str | None) -> None:
    """Somebody else's text counts as nothing, without an error."""
    assert read_record(text) == {}


def test_what_is_no_text_is_passed_over() -> None:
    """A number in the note is not a value; the rest counts."""
    assert read_record('{"a":1,"b":"2","c":null,"d":["x"]}') == {"b": "2"}
