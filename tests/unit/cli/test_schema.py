"""``zfstune schema``: a whole JSON Schema for each document."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from checked_documents import faults, inner_schemas, strict
from source_tree import ROOT
from zfstune.cli.json_document import Said, enveloped, error_objects, failure
from zfstune.cli.schema import load_schema, schema_names
from zfstune.values.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

# Numbers that a program might round.
TEXTS = {"guid", "base_guid", "dataset_guid", "createtxg"}


def test_documents_are_listed(run: Run) -> None:
    """A line each, with what it is."""
    status, out, err = run("schema")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == schema_names()
    assert "policy-set " in out


def test_one_is_printed(run: Run) -> None:
    """By the name of its document, or by its format as it stands there."""
    status, out, _ = run("schema", "prune")
    assert (status, json.loads(out)) == (0, load_schema("prune"))
    assert run("schema", "zfstune.prune") == (0, out, "")


def test_a_name_that_is_none(run: Run) -> None:
    """The nearest one is told; a path is no name."""
    status, out, err = run("schema", "policy-sett")
    assert (status, out) == (1, "")
    assert "did you mean 'policy-set'?" in err
    for name in ("envelope", "../schemas/prune", ""):
        with pytest.raises(InvalidValue, match="there is no such document"):
            load_schema(name)


@pytest.mark.parametrize("name", schema_names())
def test_each_is_sound_and_whole(name: str) -> None:
    """It is a schema of its draft, refers to nothing outside, and leaves nothing unsaid."""
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["format"] == {"const": f"zfstune.{name}"}
    assert set(schema["required"]) == set(schema["properties"])
    assert references(schema) == set(schema["$defs"])


def references(schema: dict[str, Any]) -> set[str]:
    """Give the definitions that are referred to."""
    found = (inner.get("$ref", "") for inner in inner_schemas(schema))
    return {reference.removeprefix("#/$defs/") for reference in found if reference}


@pytest.mark.parametrize("name", schema_names())
def test_values_are_spelled_one_way(name: str) -> None:
    """Guids are text, bytes end in `_bytes`, and no key spells out a unit."""
    named = [
        pair
        for inner in inner_schemas(load_schema(name))
        for pair in inner.get("properties", {}).items()
    ]
    for key, kind in named:
        if key in TEXTS:
            assert "guid" in str(kind) or "txg" in str(kind), key
        assert not key.endswith("_seconds"), key
        if key.endswith("_bytes"):
            assert "bytes" in str(kind), key
        if kind.get("$ref") == "#/$defs/bytes":
            assert key.endswith("_bytes"), key


def test_what_ships_takes_keys_of_tomorrow() -> None:
    """A reader with today's schema takes a new key; the tests' own form does not."""
    said = Said()
    said.note("it is late", "try this")
    said.errors += error_objects(NotFound(operation="read", target="tank/a", reason="no"))
    body = {"name": "tank/a", "policy": "keep=1", "replaces": None}
    found = enveloped("policy-set", body, said, exit_status=0, dry_run=False, changed=True)
    schema = load_schema("policy-set")
    assert Draft202012Validator(schema).is_valid(found)
    assert Draft202012Validator(strict(schema)).is_valid(found)
    found["more"] = 1
    assert Draft202012Validator(schema).is_valid(found)
    assert not Draft202012Validator(strict(schema)).is_valid(found)
    del found["policy"]
    assert not Draft202012Validator(schema).is_valid(found)


def test_a_failure_has_a_schema_too() -> None:
    """With a verb and without one."""
    for verb in ("prune", ""):
        found = failure(verb, Said(), exit_status=130)
        assert Draft202012Validator(strict(load_schema("error"))).is_valid(found)


def test_the_documents_on_the_page_are_sound() -> None:
    """A reader who copies one finds all keys there."""
    page = (ROOT / "docs/reference/json.md").read_text(encoding="utf-8")
    shown = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 2
    assert [faults(text) for text in shown] == [[], []]
