"""Fields of a profile's file: each one read, or refused with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.profiles.file_fields import FieldReader
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Callable

READER = FieldReader("app.toml")


def test_sound_fields_are_read() -> None:
    """A sound field comes out as the reader of the whole file needs it."""
    table = {"why": " Two\n lines. ", "owner": "www-data", "mode": "0750"}
    assert READER.text(table, "x", "owner") == "www-data"
    assert READER.prose(table, "x", "why") == "Two lines."
    assert READER.account(table, "x", "owner") == "www-data"
    assert READER.account(table, "x", "group") is None
    assert READER.mode(table, "x") == 0o750
    assert READER.mode({}, "x") is None
    assert READER.path("logs/nginx", "x") == "logs/nginx"
    assert READER.word("vm-images", "x", "name") == "vm-images"
    assert READER.table(table, "x") is table
    READER.only(table, "x", ("why", "owner", "mode"))
    READER.check({"recordsize": "16M"}, "x")


@pytest.mark.parametrize(
    ("read", "reason", "hint"),
    [
        (lambda: READER.text({"vale": "x"}, "x", "value"),
         "key 'value' is missing", "is 'vale' a misspelling of it?"),
        (lambda: READER.text({"value": 1}, "x", "value"), "it must be text in quotes", ""),
        (lambda: READER.text({"value": " "}, "x", "value"), "key 'value' is empty", ""),
        (lambda: READER.prose({"why": "a\x1bb"}, "x", "why"), "cannot be printed", ""),
        (lambda: READER.account({"owner": "a:b"}, "x", "owner"), "not an account's", ""),
        (lambda: READER.mode({"mode": "10000"}, "x"), "not an octal mode", ""),
        (lambda: READER.path("/app", "x"), "'/app' is absolute", "relative to the root"),
        (lambda: READER.path("a/../b", "x"), "'..' part", ""),
        (lambda: READER.word("-app", "x", "name"), "name: '-app' must be lowercase", ""),
        (lambda: READER.word("a" * 65, "x", "name"), "must be lowercase", ""),
        (lambda: READER.table(1, "x", "{}"), "it must be a table", "as in {}"),
        (lambda: READER.only({"onwer": 1}, "x", ("owner",)),
         "unknown key 'onwer'", "did you mean 'owner'?"),
        (lambda: READER.check({"recordsize": "32M"}, "x"), "recordsize=32M", ""),
    ],
)  # fmt: skip
def test_each_fault_has_its_place(
    read: Callable[[], object], reason: str, hint: str
) -> None:
    """The message names file and place, and the hint helps where there is one."""
    with pytest.raises(ProfileError) as caught:
        read()
    assert caught.value.message.startswith("cannot load profile 'app.toml': x")
    assert reason in caught.value.message
    assert hint in caught.value.hint
