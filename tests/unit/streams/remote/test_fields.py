"""Fields of messages: of the right type, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given

from remote_messages import JSON
from zfstune.streams.remote import fields
from zfstune.streams.remote.fields import BadMessageError, parse_json, write_json


@given(JSON)
def test_there_and_back(value: object) -> None:
    """A message is read as it was written, in ASCII."""
    assert parse_json(write_json(value)) == value
    assert write_json(value).isascii()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"1.5", b"NaN", b"1e9", b"9" * 5000, b"[" * 100_000]
)
def test_what_is_no_message(data: bytes) -> None:
    """Neither a broken document nor a fraction is taken, and no depth is too much."""
    with pytest.raises(BadMessageError):
        parse_json(data)


@given(JSON)
def test_a_field_has_its_type(value: object) -> None:
    """Each check gives the value itself or refuses it."""
    for check, kind in (
        (fields.text_in, str),
        (fields.list_in, list),
        (fields.flag_in, bool),
    ):
        if isinstance(value, kind):
            assert check(value) == value
        else:
            with pytest.raises(BadMessageError):
                check(value)
    if type(value) is int and 0 <= value <= 9:
        assert fields.whole_in(value, 9) == value
    else:
        with pytest.raises(BadMessageError):
            fields.whole_in(value, 9)


def test_an_object_has_its_keys() -> None:
    """No key is missing, and none is passed over."""
    assert fields.object_in({"a": 1}, ("a",)) == {"a": 1}
    wrong: tuple[object, ...] = ({}, {"a": 1, "b": 2}, [], "a")
    for value in wrong:
        with pytest.raises(BadMessageError, match="keys a"):
            fields.object_in(value, ("a",))
