# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""What the command prints, as it is read: documents, errors and notes."""

from __future__ import annotations

import json

import pytest

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    Answer,
    DocumentError,
    as_value,
    assignments,
    last_line,
    one_line,
    read_document,
    read_talk,
    split,
)

ERROR = {
    "kind": "NotFound",
    "message": "cannot read 'tank/a': it does not exist",
    "hint": "see `zfstune list`",
}


def test_a_document_with_its_envelope():
    """The envelope is not part of what a verb found."""
    told = {"format": "zfstune.plan", "version": 1, "exit_status": 4, "pending": True}
    document = read_document(json.dumps(dict(told, notes=[], errors=[])))
    assert Answer(4, document, []).document == {"pending": True}


def test_a_document_without_an_envelope():
    """Any object is read, and no output is an empty document."""
    assert read_document('{"pending": true}') == {"pending": True}
    assert read_document("\n") == {}


@pytest.mark.parametrize(
    "text", ["usage: zfstune", "3", "[]", '{"format": "zfstune.plan", "version": 2}']
)
def test_what_is_no_document(text):
    """Anything else is refused, and so is a version that may mean something else."""
    with pytest.raises(DocumentError):
        read_document(text)


def test_errors_and_notes_of_a_document():
    """Both are told apart, and a hint that is null is none."""
    note = {"message": "the pool is nearly full", "hint": None}
    errors, notes = split({"errors": [ERROR], "notes": [note]}, "zfstune: something\n")
    assert errors == [("cannot read 'tank/a': it does not exist", "see `zfstune list`")]
    assert notes == [("the pool is nearly full", "")]


def test_errors_on_stderr():
    """Where the document has none, stderr has them, each with the hint behind it."""
    talk = "zfstune: one\nhint: do this\nprogress\nzfstune: two\n"
    assert read_talk(talk) == [("one", "do this"), ("two", "")]
    assert split({}, talk) == ([], [("one", "do this"), ("two", "")])
    assert read_talk("hint: of nothing\n") == []


def test_words_of_an_error():
    """A message has its hint behind it, and a killed command has its status."""
    assert one_line("cannot", "try") == "cannot (hint: try)"
    assert one_line("cannot", "") == "cannot"
    assert last_line("one\n\ntwo\n\n", 1) == "two"
    assert last_line("", 137) == "the command ended with status 137"


def test_values_as_yaml_has_them():
    """A truth value of YAML is on or off, and a number is its digits."""
    assert [as_value(value) for value in (True, False, 1048576, "1M")] == [
        "on",
        "off",
        "1048576",
        "1M",
    ]
    assert assignments({"b": 1, "a": True}) == ["-o", "a=on", "-o", "b=1"]
    assert assignments(None) == []
