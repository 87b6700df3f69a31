"""The envelope around what a verb found, and errors as documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checked_documents import faults
from zfstune.cli.json_document import (
    Said,
    enveloped,
    error_objects,
    failure,
    json_line,
    json_text,
)
from zfstune.values.errors import (
    BatchError,
    Busy,
    NotFound,
    PlanError,
    PolicyError,
)

if TYPE_CHECKING:
    from zfstune.values.errors import ZfstuneError

GONE = NotFound(operation="read", target="tank/a", reason="it does not exist", hint="look")
BUSY = Busy(operation="destroy", target="tank/b@1", reason="it is held")


def test_the_envelope_stands_around_what_was_found() -> None:
    """A reader knows the document by its first key, and finds all talk at the end."""
    said = Said()
    said.note("it is late", "")
    assert enveloped(
        "prune", {"a": 1}, said, exit_status=3, dry_run=True, changed=False
    ) == {
        "format": "zfstune.prune",
        "version": 1,
        "exit_status": 3,
        "dry_run": True,
        "changed": False,
        "a": 1,
        "notes": [{"message": "it is late", "hint": None}],
        "errors": [],
    }
    assert list(enveloped("list", {}, Said(), exit_status=0)) == [
        *("format", "version", "exit_status", "notes", "errors")
    ]


@pytest.mark.parametrize("key", ["format", "dry_run", "changed", "notes", "errors"])
def test_a_verb_cannot_take_a_key_of_the_envelope(key: str) -> None:
    """Two meanings of one key would be a trap."""
    with pytest.raises(ValueError, match=f"'list' has keys .*'{key}'"):
        enveloped("list", {key: 1}, Said(), exit_status=0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            GONE,
            [("NotFound", "cannot read 'tank/a': it does not exist", "look", "tank/a")],
        ),
        (PlanError("cannot plan: x"), [("PlanError", "cannot plan: x", None, None)]),
        (
            PolicyError("cannot follow it", dataset="tank/c"),
            [("PolicyError", "cannot follow it", None, "tank/c")],
        ),
        (
            BatchError(operation="destroy", failures=[BUSY, GONE], suppressed=4),
            [
                ("Busy", "cannot destroy 'tank/b@1': it is held", None, "tank/b@1"),
                ("NotFound", "cannot read 'tank/a': it does not exist", "look", "tank/a"),
                ("BatchError", "cannot destroy 4 more that ZFS did not name", None, None),
            ],
        ),
        (
            BatchError(operation="destroy", failures=[]),
            [("BatchError", "", None, None)],
        ),
    ],
    ids=["engine", "plan", "policy", "batch", "nothing named"],
)
def test_errors_by_target(
    error: ZfstuneError, expected: list[tuple[str, str, str | None, str | None]]
) -> None:
    """Each target that failed is an object, with the class as its kind."""
    found = error_objects(error)
    assert [(e["kind"], e["message"], e["hint"], e["target"]) for e in found] == expected
    assert {len(each) for each in found} == {6}


def test_an_error_of_zfs_has_its_parts() -> None:
    """A program need not take the message apart."""
    [found] = error_objects(GONE)
    assert (found["operation"], found["reason"]) == ("read", "it does not exist")


def test_a_run_that_found_nothing() -> None:
    """Its errors are its document; a wrong command line was told in the last note."""
    said = Said()
    said.note("it is late", "")
    said.note("cannot list: no", "try this")
    found = failure("policy-show", said, exit_status=2)
    assert (found["format"], found["verb"]) == ("zfstune.error", "policy-show")
    assert found["notes"] == [{"message": "it is late", "hint": None}]
    assert found["errors"] == [
        {
            "kind": "UsageError",
            "message": "cannot list: no",
            "hint": "try this",
            "operation": None,
            "target": None,
            "reason": None,
        }
    ]
    said = Said()
    said.note("it is late", "")
    said.errors += error_objects(GONE)
    found = failure("", said, exit_status=1)
    assert (found["verb"], len(said.notes), found["errors"]) == (
        None,
        1,
        error_objects(GONE),
    )


def test_bytes_that_are_no_text_stay_ascii() -> None:
    """A name of ZFS is bytes; a surrogate stands for each that is no UTF-8."""
    assert json_line({"name": "tank/\udcff"}) == '{"name": "tank/\\udcff"}'
    assert json.loads(json_text({"name": "tank/\udcff"})) == {"name": "tank/\udcff"}


words = st.text(st.characters(codec=None), max_size=20)


@given(words, words, words, words, st.booleans())
def test_any_error_is_a_document(
    message: str,
    hint: str,
    target: str,
    verb: str,
    several: bool,  # noqa: FBT001 (drawn)
) -> None:
    """Names and messages may hold anything: the document is ASCII, whole and described."""
    gone = NotFound(operation="read", target=target, reason=message, hint=hint)
    error = BatchError(operation="read", failures=[gone, gone]) if several else gone
    said = Said()
    said.errors += error_objects(error)
    text = json_text(failure(verb, said, exit_status=1))
    assert text.isascii()
    assert faults(text) == []
    found = json.loads(text)["errors"]
    assert len(found) == 1 + several
    assert {(e["target"] or "", e["reason"], e["hint"] or "") for e in found} == {
        (target, message, hint)
    }
