"""Manifests: read as they were written, and refused in any other form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.export_manifest import Manifest, parse_manifest
from zfstune.values.errors import InvalidValue

MADE = Manifest(
    name="tank/a",
    snapshot="golden",
    kind="volume",
    guid=7,
    raw=False,
    digest="zfstune-content-1:00",
    stream_bytes=1000,
    stream_sha256="0" * 64,
    properties={"compression": "zstd"},
)

FIELDS = json.loads(MADE.to_json())


def text(**changes: Any) -> str:
    """Give the text of a manifest with some values changed; None: left out."""
    values = {**FIELDS, **changes}
    return json.dumps({name: value for name, value in values.items() if value is not None})


def test_it_is_read_as_it_was_written() -> None:
    """Whole; for other programs the guid is text, as in all documents."""
    assert parse_manifest(text(), "m") == MADE
    assert MADE.to_dict()["guid"] == str(MADE.guid)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "zfstune-golden-2"}, "not of format zfstune-golden-1"),
        ({"digest": None}, "the key 'digest' is missing or not known"),
        ({"more": 1}, "the key 'more' is missing or not known"),
        ({"guid": "7"}, "'guid' has a value of the wrong type"),
        ({"guid": True}, "'guid' has a value of the wrong type"),
        ({"raw": 0}, "'raw' has a value of the wrong type"),
        ({"properties": []}, "'properties' has a value of the wrong type"),
        ({"properties": {"a": 1}}, "a property has a value that is no text"),
        ({"kind": "snapshot"}, "its kind, its guid or its length cannot be"),
        ({"guid": 1 << 64}, "its kind, its guid or its length cannot be"),
        ({"stream_bytes": -1}, "its kind, its guid or its length cannot be"),
        ({"stream_sha256": "0" * 63}, "'stream_sha256' is no SHA-256"),
        ({"stream_sha256": "0" * 63 + "\n"}, "'stream_sha256' is no SHA-256"),
        ({"snapshot": "a/../b"}, "cannot use"),
        ({"snapshot": ""}, "cannot use"),
    ],
)
def test_another_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidValue, match=f"cannot read manifest 'm': .*{reason}"):
        parse_manifest(text(**changes), "m")


@pytest.mark.parametrize("wrong", ["", "x", "[]", "null", "1", "[" * 100_000])
def test_what_is_no_manifest(wrong: str) -> None:
    """However it is broken."""
    with pytest.raises(InvalidValue, match="cannot read manifest 'm'"):
        parse_manifest(wrong, "m")


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_value_of_any_key_is_read_or_refused(value: object) -> None:
    """Nothing but a manifest, or zfstune's own error."""
    for name in FIELDS:
        try:
            found = parse_manifest(json.dumps({**FIELDS, name: value}), "m")
        except InvalidValue:
            continue
        assert json.loads(found.to_json())[name] == value
